// gpg-notations: the gpg commands that make a certification which an ICS reads as a statement (docs/openpgp.md). The key may
// lie on a card: gpg signs, not `ics`.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "apps/ics/arguments.h"
#include "apps/ics/bulk.h"
#include "apps/ics/json.h"
#include "apps/ics/verbs.h"
#include "base/budgets.h"
#include "evidence/formats/openpgp/openpgp.h"

namespace cm4it::ics {
namespace {

// An option of the verb, and the notation it becomes. Names without '@' are those of device certificates
// (draft-atkins-openpgp-device-certificates); gpg lets them through only with --expert.
struct Notation { const char* option; const char* name; const char* what; };

constexpr Notation identity_notations[] = {
    {"--maker", "manu", "who made the device"},
    {"--brand", "make", "under which name it is sold"},
    {"--model", "model", "model"},
    {"--product-id", "prodid", "product id"},
    {"--version", "pvers", "version of the product"},
    {"--lot", "lot", "lot"},
    {"--quantity", "qty", "how many"},
    {"--location", "loc", "where it was made"},
    {"--destination", "dest", "where it goes"},
    {"--hash", "hash", "of what it runs"},
    {"--serial", "serial@cm4it.org", "serial number"},
    {"--type", "type@cm4it.org", "device (default), gateway, service, server, party"},
};
constexpr Notation single_notations[] = {
    {"--label", "label@cm4it.org", "vouches for it: approved, certified, …"},
    {"--status", "status@cm4it.org", "its status from now on: in-stock, in-use, stolen, …"},
    {"--cloud", "cloud@cm4it.org", "assigns it to a cloud"},
};

struct GivenGpg {
  std::string fingerprint, signer, reason;
  std::vector<std::string> identity = std::vector<std::string>(std::size(identity_notations));
  std::vector<std::string> single = std::vector<std::string>(std::size(single_notations));
  bool run = false;
};

Result<std::vector<std::pair<std::string, std::string>>> notations_of(const Context& context, const GivenGpg& given) {
  std::vector<std::pair<std::string, std::string>> list;
  std::size_t kinds = 0;
  for (std::size_t i = 0; i < given.identity.size(); ++i)
    if (!given.identity[i].empty()) list.emplace_back(identity_notations[i].name, given.identity[i]);
  kinds += !list.empty();
  for (std::size_t i = 0; i < given.single.size(); ++i)
    if (!given.single[i].empty()) {
      list.emplace_back(single_notations[i].name, given.single[i]);
      ++kinds;
    }
  if (kinds == 0) return fail(Code::malformed, "nothing to say", "--maker …, or --label, --status, --cloud");
  if (kinds > 1)
    return fail(Code::malformed, "one certification says one thing: an identity, a label, a status or a cloud", "run it once for each");
  if (!given.single[1].empty()) CHECK_OK(evidence::parse_status(given.single[1]));
  if (!given.reason.empty()) {
    if (given.single[1].empty()) return fail(Code::malformed, "--reason: goes with --status");
    list.emplace_back("reason@cm4it.org", given.reason);
  }
  for (const auto& domain : context.options.domains) list.emplace_back("domain@cm4it.org", domain);
  return list;
}

// gpg asks whether to sign again what it has signed once; --quick-sign-key would refuse.
std::string sign_command(const GivenGpg& given, const std::vector<std::pair<std::string, std::string>>& notations) {
  std::string command = "gpg --expert --no-ask-cert-level";
  for (const auto& [name, value] : notations) command += " --cert-notation " + shell_quoted(name + "=" + value);
  if (!given.signer.empty()) command += " --local-user " + shell_quoted(given.signer);
  return command + " --sign-key " + shell_quoted(given.fingerprint);
}

// The pieces of a certificate as gpg's key ring has it; none: it is not there.
Result<std::vector<evidence::Piece>> exported(const std::string& fingerprint) {
  const std::string command = "gpg --export " + shell_quoted(fingerprint);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "re"), [](std::FILE* file) { return pclose(file); });
  if (!pipe) return fail(Code::unavailable, command + ": cannot be run");
  std::string output;
  std::array<char, 65'536> buffer;
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) {
    output.append(buffer.data(), got);
    if (output.size() > budget::http_body_bytes) return fail(Code::too_large, command + ": more than a submission may hold");
  }
  if (output.empty()) return fail(Code::not_found, command + ": gpg has no such certificate");
  TRY(auto split, evidence::openpgp::split_certificates(view(output)));
  return std::move(split.pieces);
}

// What gpg made, and nothing else of the certificate: that may have no role here, and was not asked for.
Result<int> sign_and_submit(Context& context, const GivenGpg& given, const std::string& sign) {
  TRY(const auto before, exported(given.fingerprint));
  // "y" to signing again, and to signing at all.
  const std::string command = "printf 'y\ny\n' | " + sign.substr(0, 4) + "--no-tty --command-fd 0 " + sign.substr(4);
  context.console.note(sign);
  if (const int code = std::system(command.c_str()); code != 0) return fail(Code::unavailable, "gpg ended with an error", "run it by hand: " + sign);
  TRY(auto pieces, exported(given.fingerprint));
  std::erase_if(pieces, [&](const auto& piece) {
    return std::any_of(before.begin(), before.end(), [&](const auto& old) { return old.bytes == piece.bytes; });
  });
  if (pieces.empty()) return fail(Code::conflict, "gpg made no certification", "run it by hand: " + sign);
  return push_pieces(context, pieces, std::vector(pieces.size(), given.fingerprint));
}

Result<int> gpg_notations(Context& context, const GivenGpg& given) {
  TRY(const auto notations, notations_of(context, given));
  const std::string sign = sign_command(given, notations);
  const std::string send = "gpg --export " + shell_quoted(given.fingerprint) + " | ics push -";
  if (!given.run) {
    if (context.options.json) context.print_json(json::object{{"commands", json::array{sign, send}}});
    else context.console.line(sign), context.console.line(send);
    return exit_yes;
  }
  return sign_and_submit(context, given, sign);
}

}  // namespace

void add_gpg_verb(CLI::App& app, Context& context) {
  auto given = std::make_shared<GivenGpg>();
  auto* verb = add_verb(app, context, "gpg-notations", "the gpg commands that certify a device, or say its status, as an ICS reads it",
                        [&context, given] { return gpg_notations(context, *given); });
  verb->add_option("FINGERPRINT", given->fingerprint, "of the OpenPGP certificate that is spoken of")->required();
  verb->add_option("--local-user", given->signer, "the key to sign with; default: gpg's");
  for (std::size_t i = 0; i < given->identity.size(); ++i)
    verb->add_option(identity_notations[i].option, given->identity[i], identity_notations[i].what)->group("Identity");
  for (std::size_t i = 0; i < given->single.size(); ++i)
    verb->add_option(single_notations[i].option, given->single[i], single_notations[i].what)->group("Or one of");
  verb->add_option("--reason", given->reason, "of the status");
  verb->add_flag("--run", given->run, "run gpg and submit what it made, rather than print what to run");
}

}  // namespace cm4it::ics
