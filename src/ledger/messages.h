// What the appender's inbox takes.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <variant>

#include "ledger/ledger.h"

namespace cm4it::ledger {

struct AppendEvidence { Submission submission; AppendDone done; };
struct AppendHead { ForeignHead head; };
struct PutNote { std::string key; std::optional<Bytes> value; std::function<void(Result<void>)> done; };
struct NoteRefusal { StatementId statement; std::string domain; Bytes reason; };
struct AddPin { policy::Pin pin; std::function<void(Result<void>)> done; };
struct Drain { std::shared_ptr<std::promise<void>> reached; };
using Message = std::variant<AppendEvidence, AppendHead, PutNote, NoteRefusal, AddPin, Drain>;

}  // namespace cm4it::ledger
