#include "apps/icsd/own_evidence.h"

#include <algorithm>
#include <fstream>
#include <future>
#include <sstream>
#include <tuple>

#include "base/log.h"
#include "base/text.h"
#include "policy/descriptor.h"
#include "service/access.h"
#include "service/intake.h"

namespace cm4it::icsd {
namespace {

namespace fs = std::filesystem;

struct Own {
  std::string file;
  evidence::Piece piece;
  std::string policy_of;  // a domain; empty: no policy
  std::uint64_t version = 0;
  std::optional<Error> error{};  // why it was not taken the last time
};

Result<std::string> content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream content;
  content << in.rdbuf();
  if (!in || content.bad()) return fail(Code::unavailable, file.string() + ": cannot be read");
  return content.str();
}

// What cannot be read as a policy is refused where it is submitted, with the reason.
Own own_piece(const std::string& file, evidence::Piece piece) {
  Own own{file, std::move(piece), {}, 0};
  if (own.piece.format != evidence::native_format) return own;
  const auto decoded = evidence::decode(own.piece.format, own.piece.bytes);
  if (!decoded || decoded->statements().empty()) return own;
  const auto& statement = decoded->statements()[0];
  const auto* text = std::get_if<evidence::PolicyText>(&statement.body);
  if (!text || statement.domains.empty()) return own;
  own.policy_of = statement.domains[0];
  if (const auto descriptor = policy::parse_descriptor(text->descriptor, policy::Homes::several)) own.version = descriptor->version;
  return own;
}

Result<std::vector<Own>> read_all(const fs::path& directory) {
  std::error_code failed;
  std::vector<fs::path> files;
  if (!fs::exists(directory, failed)) return std::vector<Own>{};
  for (fs::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed))
    if (at->path().extension() == ".cose") files.push_back(at->path());
  if (failed) return fail(Code::unavailable, directory.string() + ": " + failed.message());
  std::sort(files.begin(), files.end());
  std::vector<Own> all;
  for (const auto& file : files) {
    TRY(const auto content, content_of(file));
    auto pieces = evidence::split("application/cbor-seq", view(content));
    if (!pieces) return within(file.string(), std::move(pieces).error());
    for (auto& piece : *pieces) all.push_back(own_piece(file.string(), std::move(piece)));
  }
  return all;
}

// Together; those that were taken are gone from the list, of the others it is known why not. Their number.
Result<std::size_t> submit(service::Service& service, std::vector<Own*> pieces) {
  std::vector<evidence::Piece> bytes;
  for (const Own* own : pieces) bytes.push_back(own->piece);
  std::promise<std::vector<service::ItemResult>> done;
  CHECK_OK(service.intake().submit(std::move(bytes), {}, [&](auto results) { done.set_value(std::move(results)); }, {},
                          service::Intake::Whose::own));
  const auto results = done.get_future().get();
  std::size_t taken = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    pieces[i]->error = results[i].error;
    taken += !results[i].error.has_value();
  }
  return taken;
}

// A version waits for the one before it, and another domain's policy for the one that pins that domain: again as long as
// something was taken. Of what nothing pins only a few versions are stored, so that comes last.
Result<void> take_policies(service::Service& service, std::vector<Own*> policies) {
  std::sort(policies.begin(), policies.end(), [](const Own* a, const Own* b) {
    return std::tie(a->policy_of, a->version, a->file) < std::tie(b->policy_of, b->version, b->file);
  });
  std::vector<Own*> left;
  for (bool progress = true; progress; policies.swap(left)) {
    progress = false;
    left.clear();
    for (Own* own : policies) {
      std::size_t taken = 0;
      if (service.access().policies()->chain(own->policy_of)) {
        TRY(taken, submit(service, {own}));
      }
      if (taken == 0) left.push_back(own);
      progress |= taken > 0;
    }
  }
  for (Own* own : policies)
    if (!own->error) CHECK_OK(submit(service, {own}));
  return {};
}

Result<void> check(const std::vector<Own>& all, const std::vector<std::string>& homes) {
  // A home that signs nothing at present takes nothing new either, and must come up to say so.
  const bool takes = std::none_of(all.begin(), all.end(), [](const Own& own) { return own.error && own.error->code == Code::unavailable; });
  for (const Own& own : all) {
    if (!own.error) continue;
    if (!takes || !contains(homes, own.policy_of)) {
      log_warn("own evidence: " + own.file + " is not taken: " + own.error->message);
      continue;
    }
    const std::string which = own.version ? "version " + std::to_string(own.version) + " of the policy" : "a policy";
    return fail(own.error->code, own.file + ": " + which + " of " + own.policy_of + " is not taken, and an older one would apply: " + own.error->message,
                "put right what is missing, or move the file away if it was never meant to apply");
  }
  return {};
}

}  // namespace

Result<void> take_own_evidence(service::Service& service, const fs::path& directory, const std::vector<std::string>& homes) {
  TRY(auto all, read_all(directory));
  if (all.empty()) return {};
  std::vector<Own*> policies, others;
  for (Own& own : all) (own.policy_of.empty() ? others : policies).push_back(&own);
  CHECK_OK(take_policies(service, std::move(policies)));
  if (!others.empty()) CHECK_OK(submit(service, std::move(others)));
  CHECK_OK(check(all, homes));
  const auto taken = std::count_if(all.begin(), all.end(), [](const Own& own) { return !own.error; });
  log_info("own evidence: " + std::to_string(taken) + " of " + std::to_string(all.size()) + " pieces are kept");
  return {};
}

}  // namespace cm4it::icsd
