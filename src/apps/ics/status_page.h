// `ics status` without a subject: an ICS on one page.
#pragma once

#include "apps/ics/context.h"

namespace cm4it::ics {

// Is it ready, what it keeps and how fresh, its peers, its certificate, its store. exit_no: something needs looking at.
Result<int> status_page(Context& context);

}  // namespace cm4it::ics
