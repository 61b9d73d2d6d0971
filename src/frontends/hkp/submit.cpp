// Uploads: POST /pks/add (legacy) and POST /pks/v2/certs. What the domain's policy admits enters; the rest is told of.
#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>

#include "evidence/formats/openpgp/openpgp.h"
#include "frontends/hkp/impl.h"
#include "net/http/multipart.h"
#include "service/intake.h"

namespace cm4it::hkp {
namespace {

namespace json = boost::json;
using evidence::openpgp::Fingerprint;
using evidence::openpgp::SplitCertificates;
using service::ItemResult;

// The outcome of the evidence of one certificate.
struct Outcome {
  Fingerprint fingerprint;
  std::size_t fresh = 0, known = 0, refused = 0;
  std::string why;  // of the first refusal
};

bool entered(const ItemResult& result) {
  return result.outcome == ItemResult::Outcome::received || result.outcome == ItemResult::Outcome::provisional;
}

// `of`: the certificate of each result's piece. Certificates of which no piece could be made come last.
std::vector<Outcome> outcomes(const std::vector<Fingerprint>& of, const std::vector<ItemResult>& results, const SplitCertificates& split) {
  std::vector<Outcome> list;
  std::map<Fingerprint, std::size_t> places;
  const auto place_of = [&](const Fingerprint& certificate) {
    const auto [place, first] = places.emplace(certificate, list.size());
    if (first) list.push_back({certificate, 0, 0, 0, {}});
    return place->second;
  };
  for (std::size_t i = 0; i < results.size(); ++i) {
    Outcome& one = list[place_of(of[i])];
    if (!entered(results[i])) {
      ++one.refused;
      if (one.why.empty() && results[i].error) one.why = results[i].error->message;
    } else {
      ++(results[i].is_new ? one.fresh : one.known);
    }
  }
  const std::size_t with_pieces = list.size();
  for (const auto& certificate : split.certificates) (void)place_of(certificate);
  for (std::size_t i = with_pieces; i < list.size(); ++i) list[i].why = "no signature in it that can be kept";
  return list;
}

// Busy, full or over a quota: the client should come again.
const Error* unavailable(const std::vector<ItemResult>& results) {
  for (const auto& result : results)
    if (result.error && result.error->code == Code::unavailable) return &*result.error;
  return nullptr;
}

std::string report(const std::vector<Outcome>& list, const SplitCertificates& split) {
  std::string text;
  for (const auto& one : list) {
    text += one.fingerprint.text() + ": " + std::to_string(one.fresh) + " new, " + std::to_string(one.known) + " known, " +
            std::to_string(one.refused) + " refused";
    text += one.why.empty() ? "\n" : " (" + one.why + ")\n";
  }
  if (split.dropped_count > 0) text += std::to_string(split.dropped_count) + " packets not understood\n";
  for (const auto& dropped : split.dropped) text += "  " + dropped.what + ": " + dropped.why + "\n";
  return text;
}

// gpg takes nothing but 200 for success.
net::Response legacy_answer(const std::vector<Outcome>& list, const SplitCertificates& split, const std::vector<ItemResult>& results) {
  const bool any = std::any_of(list.begin(), list.end(), [](const Outcome& one) { return one.fresh + one.known > 0; });
  if (any) return plain(200, report(list, split));
  if (const auto* busy = unavailable(results)) return error_answer(*busy, false);
  return plain(422, "nothing of it entered\n" + report(list, split));
}

json::object certificate_json(const Outcome& one) {
  return {{"version", one.fingerprint.version}, {"fingerprint", to_hex(one.fingerprint.octets)}};
}

net::Response v2_answer(const std::vector<Outcome>& list, const std::vector<bool>& was_here, const std::vector<ItemResult>& results) {
  if (const auto* busy = unavailable(results)) return error_answer(*busy, true);
  json::array inserted, updated, ignored, invalid;
  for (std::size_t i = 0; i < list.size(); ++i) {
    json::object shown = certificate_json(list[i]);
    if (list[i].fresh > 0) {
      (was_here[i] ? updated : inserted).push_back(std::move(shown));
    } else if (list[i].known > 0) {
      shown["comment"] = "nothing new";
      ignored.push_back(std::move(shown));
    } else {
      shown["comment"] = list[i].why;
      invalid.push_back(std::move(shown));
    }
  }
  const json::object shown{{"inserted", inserted}, {"updated", updated}, {"deleted", json::array()}, {"ignored", ignored}, {"invalid", invalid}};
  return plain(inserted.empty() && updated.empty() && ignored.empty() ? 422 : 200, json::serialize(shown) + "\n", "application/json");
}

// What splitting an upload leaves for its answer.
struct Upload {
  net::Body body;
  std::string content_type;
  SplitCertificates split;
  std::vector<Fingerprint> of;   // the certificate of each piece
  std::vector<bool> was_here;    // v2: of each certificate, whether something was stored of it before
};

// About which of these certificates something was stored before.
std::vector<bool> were_here(const Hkp::Impl& hkp, const std::vector<Fingerprint>& of, const service::Principal& who) {
  std::set<Fingerprint> distinct;
  std::vector<bool> was_here;
  for (const auto& one : of) {
    if (!distinct.insert(one).second) continue;
    const auto found = hkp.certificates.named("fpr:" + to_hex(one.octets), who);
    was_here.push_back(found && !found->certificates.empty());
  }
  return was_here;
}

bool is_form(std::string_view content_type) {
  return net::equal_ignoring_case(content_type.substr(0, content_type.find(';')), "application/x-www-form-urlencoded");
}

// The certificates in a legacy upload: a form's field, or the body itself where no form is said.
Result<Bytes> keytext(std::string_view content_type, View body) {
  const auto missing = [] { return fail(Code::malformed, "keytext: missing", "a form field with the certificate"); };
  if (net::is_multipart(content_type)) {
    TRY(const auto parts, net::read_multipart(content_type, body));
    const auto part = parts.find("keytext");
    if (part == parts.end()) return missing();
    return to_bytes(part->second);
  }
  if (!content_type.empty() && !is_form(content_type)) return to_bytes(body);
  TRY(const auto form, net::Query::parse(text(body)));
  if (!form.has("keytext")) return missing();
  return to_bytes(view(*form.get("keytext")));
}

Result<std::vector<evidence::Piece>> split_upload(const Hkp::Impl& hkp, Upload& upload, const service::Principal& who, bool v2) {
  const net::Body body = std::exchange(upload.body, {});
  if (v2) {
    TRY(upload.split, evidence::openpgp::split_certificates(body.view()));
  } else {
    TRY(const Bytes certificates, keytext(upload.content_type, body.view()));
    TRY(upload.split, evidence::openpgp::split_certificates(certificates));
  }
  for (const auto& piece : upload.split.pieces) {
    TRY(auto fingerprint, evidence::openpgp::certificate_of(piece.bytes));
    upload.of.push_back(std::move(fingerprint));
  }
  if (v2) upload.was_here = were_here(hkp, upload.of, who);
  return std::move(upload.split.pieces);
}

// A certificate may have thousands of parts, and a form thousands of escapes: a worker splits it, as it verifies the pieces.
void take_in(Hkp::Impl& hkp, const Call& call, bool v2, net::Responder respond) {
  const std::size_t octets = call.request->body.size();
  auto upload = std::make_shared<Upload>();
  upload->body = call.request->take_body();
  upload->content_type = call.content_type;
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  const auto pieces_of = [self = hkp.shared_from_this(), upload, who = call.who, v2] { return split_upload(*self, *upload, who, v2); };
  auto accepted = hkp.service.intake().submit(pieces_of, octets, {}, [shared, upload, v2](const Result<std::vector<ItemResult>>& results) {
    if (!results) return (*shared)(error_answer(results.error(), v2));
    const auto list = outcomes(upload->of, *results, upload->split);
    (*shared)(v2 ? v2_answer(list, upload->was_here, *results) : legacy_answer(list, upload->split, *results));
  }, call.caller);
  if (!accepted) (*shared)(error_answer(accepted.error(), v2));
}

}  // namespace

void submit(Hkp::Impl& hkp, const Call& call, net::Responder respond) { take_in(hkp, call, false, std::move(respond)); }

void v2_submit(Hkp::Impl& hkp, const Call& call, net::Responder respond) {
  if (!call.content_type.empty() && !net::equal_ignoring_case(std::string_view(call.content_type).substr(0, call.content_type.find(';')), "application/pgp-keys"))
    return respond(error_answer({Code::unsupported, "Content-Type: application/pgp-keys expected", ""}, true));
  take_in(hkp, call, true, std::move(respond));
}

}  // namespace cm4it::hkp
