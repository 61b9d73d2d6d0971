// Import and export: evidence in any amount, none of it all in memory.
#pragma once

#include <string>
#include <vector>

#include "apps/ics/context.h"

namespace cm4it::ics {

// Submits pieces of evidence, at most budget::submission_items, and reports each by its label.
Result<int> push_pieces(Context& context, const std::vector<evidence::Piece>& pieces, const std::vector<std::string>& labels);

Result<int> import_files(Context& context, const std::vector<std::string>& files);
// Signed lists of files: LIST SIGNATURE, or LIST alone where the signature is in it. `certificate`: a file with the signer's;
// empty: the server's copy of it.
bool are_signed_sums(const std::vector<std::string>& files);
Result<int> import_sums(Context& context, const std::vector<std::string>& files, const std::string& certificate);

struct ExportOptions {
  std::vector<std::string> subjects;  // as typed; empty: all
  std::string format = "cose", out = "-";
  bool pem = false;                   // certificates in PEM instead of DER
};
Result<int> export_evidence(Context& context, const ExportOptions& options);

}  // namespace cm4it::ics
