// Signed lists of files, as real projects publish them: SHA256SUMS and SHA256SUMS.asc, or one file with both.
#include <fstream>

#include "apps/ics/bulk.h"
#include "apps/ics/files.h"
#include "apps/ics/say.h"
#include "base/budgets.h"
#include "base/der.h"
#include "crypto/pem.h"
#include "evidence/formats/openpgp/openpgp.h"
#include "evidence/formats/sums/sums.h"

namespace cm4it::ics {
namespace {

constexpr std::string_view inline_mark = "-----BEGIN PGP SIGNED MESSAGE-----", signature_mark = "-----BEGIN PGP SIGNATURE-----";

std::string beginning_of(const std::string& file) {
  std::string begin(64, '\0');
  std::ifstream opened(file, std::ios::binary);
  opened.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<std::size_t>(std::max<std::streamsize>(opened.gcount(), 0)));
  return begin;
}

// OpenPGP, armored or a packet of type 2 with a header of either form (RFC 9580 section 4.2); or CMS.
bool begins_like_a_signature(const std::string& begin) {
  if (begin.empty()) return false;
  const auto first = static_cast<unsigned char>(begin[0]);
  if (first == der::sequence) return crypto::looks_like_bundle(view(begin));  // of what is DER some other file may be, too
  return begin.starts_with(signature_mark) || (first & 0xfc) == 0x88 || first == 0xc2 || evidence::sums::looks_like_cms(view(begin));
}

// The certificate under the name that the signature gives, out of the server's own key server.
Result<Bytes> stored_certificate(const Api& server, const std::string& alias) {
  const std::string hex = alias.substr(alias.find(':') + 1);
  auto reply = server.get(target({"pks", "lookup"}, {{"op", "get"}, {"search", "0x" + hex}}));
  if (reply) return to_bytes(view(reply->body));
  if (reply.error().code != Code::not_found) return tl::unexpected(std::move(reply).error());
  return fail(Code::not_found, "signature: the server has no certificate of its maker, " + hex,
              "its key needs a role: ics role add DIR developer NAME --key CERTIFICATE --formats openpgp,sums\nthen: ics import CERTIFICATE, or give it with --cert CERTIFICATE");
}

Result<std::vector<evidence::Piece>> read_pieces(const Api& server, const std::vector<std::string>& files, const std::string& certificate) {
  TRY(const auto list, read_file(files[0], budget::evidence_bytes));
  std::string signature;
  if (files.size() == 2) {
    TRY(signature, read_file(files[1], budget::evidence_bytes));
  }
  TRY(const auto lists, evidence::sums::read_signed(view(list), view(signature)));
  std::vector<evidence::Piece> pieces;
  for (const auto& one : lists) {
    Bytes keys;
    if (one.cms) {
      // Its certificates are in the message.
    } else if (certificate.empty()) {
      TRY(keys, stored_certificate(server, one.issuer.names.at(0)));
    } else {
      TRY(const auto given, read_file(certificate, budget::http_body_bytes));
      keys = to_bytes(view(given));
    }
    TRY(auto piece, evidence::sums::complete(one, keys));
    // What the server would refuse is refused here, and nothing is sent.
    CHECK_OK(evidence::decode(piece.format, piece.bytes));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace

bool are_signed_sums(const std::vector<std::string>& files) {
  if (files.size() == 1) return beginning_of(files[0]).starts_with(inline_mark);
  return files.size() == 2 && begins_like_a_signature(beginning_of(files[1]));
}

Result<int> import_sums(Context& context, const std::vector<std::string>& files, const std::string& certificate) {
  TRY(const auto domain, context.own_domain());
  TRY(const auto* server, context.api());
  TRY(const auto pieces, read_pieces(*server, files, certificate));
  TRY(auto items, server->submit(pieces, domain));
  for (auto& item : items)
    if (!item.entered() && item.error.code == Code::not_permitted && item.error.detail.empty())
      item.error.detail = "a role for it, at the home of " + domain + ": ics role add DIR developer NAME --key CERTIFICATE --formats openpgp,sums";
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    labels.push_back(pieces.size() == 1 ? files[0] : files[0] + ", signature " + std::to_string(i + 1));
  return report(context, "list", labels, items);
}

}  // namespace cm4it::ics
