// Submitting, and evidence, keys, policies and logs as they are stored.
#include <boost/json.hpp>

#include <charconv>

#include "evidence/codec.h"
#include "evidence/formats/openpgp/openpgp.h"
#include "evidence/formats/sums/sums.h"
#include "evidence/names.h"
#include "frontends/http/content.h"
#include "frontends/http/impl.h"
#include "frontends/http/views.h"
#include "net/http/multipart.h"
#include "service/access.h"
#include "service/certificates.h"
#include "service/feed.h"
#include "service/intake.h"
#include "service/log_view.h"
#include "service/verdicts.h"
#include "tlog/tiles.h"

namespace cm4it::http {
namespace {

namespace json = boost::json;
using service::ItemResult;

// 200 if anything was received, 202 if all that entered is provisional; else 503 if something may enter later (a quota, a
// full queue, a full disk), 421 if no named domain is held here, 422.
unsigned submission_status(const std::vector<ItemResult>& results) {
  bool received = false, provisional = false, misdirected = false, unavailable = false;
  for (const auto& result : results) {
    received |= result.outcome == ItemResult::Outcome::received;
    provisional |= result.outcome == ItemResult::Outcome::provisional;
    misdirected |= result.error && result.error->code == Code::misdirected;
    unavailable |= result.error && result.error->code == Code::unavailable;
  }
  return received ? 200 : provisional ? 202 : unavailable ? 503 : misdirected ? 421 : 422;
}

const char* media_type(evidence::Format format) {
  const auto* codec = evidence::find_codec(format);
  return codec ? codec->media_type : "application/octet-stream";
}

Result<evidence::StatementId> statement_of(const Call& call) {
  auto digest = digest_from_hex(call.path[2]);
  if (!digest) return fail(Code::malformed, "statement: 64 hex digits expected");
  return evidence::StatementId{*digest};
}

// `open`: anyone may read it, so shared caches may store it.
net::Response immutable(net::Response response, bool open) {
  response.headers.emplace_back("Cache-Control", std::string(open ? "public" : "private") + ", max-age=31536000, immutable");
  return response;
}

// The certificates stored here that bear the name of the one who signed.
Result<Bytes> certificates_of(Door::Impl& door, const std::string& alias, const service::Principal& who) {
  TRY(const auto found, door.service.certificates().named(evidence::case_folded(alias), who));
  if (found.certificates.empty())
    return fail(Code::not_yet, "signature: no certificate of its maker, " + alias.substr(alias.find(':') + 1) + ", is kept here",
                "send it along as the part \"certificate\", or submit it first");
  Bytes all;
  for (const auto& certificate : found.certificates) {
    TRY(const Bytes assembled, evidence::openpgp::assemble(certificate.pieces, certificate.fingerprint));
    append(all, assembled);
  }
  return all;
}

// A form: a list of files, its signature where it is not in the list itself, and the certificate where it is not stored here.
Result<std::vector<evidence::Piece>> read_form(Door::Impl& door, const Call& call, View body) {
  TRY(const auto parts, net::read_multipart(call.content_type, body));
  const auto part = [&](std::string_view name) {
    const auto found = parts.find(name);
    return found == parts.end() ? View{} : found->second;
  };
  for (const auto& [name, octets] : parts)
    if (name != "sums" && name != "signature" && name != "certificate")
      return fail(Code::unsupported, "body: multipart: the part \"" + name.substr(0, 64) + "\"; sums, signature and certificate are read");
  if (part("sums").empty()) return fail(Code::malformed, "body: multipart: the part \"sums\", the list of files, is missing", "docs/formats/sums.md");
  TRY(const auto lists, evidence::sums::read_signed(part("sums"), part("signature")));
  std::vector<evidence::Piece> pieces;
  for (const auto& list : lists) {
    Bytes certificates = to_bytes(part("certificate"));
    if (certificates.empty() && !list.cms) {
      TRY(certificates, certificates_of(door, list.issuer.names.at(0), call.who));
    }
    TRY(auto piece, evidence::sums::complete(list, certificates));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace

namespace {

net::Response submission_answer(const std::vector<ItemResult>& results) {
  const unsigned status = submission_status(results);
  auto shown = submission_json(results);
  if (status == 421)
    for (const auto& result : results)
      if (result.error && result.error->code == Code::misdirected) shown["home"] = result.error->detail;
  auto response = json_answer(json::serialize(shown), status);
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Result<std::vector<evidence::Piece>> pieces_of(Door::Impl& door, const Call& call, View body) {
  TRY(auto pieces, net::is_multipart(call.content_type) ? read_form(door, call, body) : evidence::split(call.content_type, body));
  if (pieces.empty()) return fail(Code::malformed, "body: no evidence in it");
  return pieces;
}

// Native statements are told apart by their lengths; what else is sent has to be read for that.
bool is_split_at_once(const Call& call) {
  return call.request->body.size() <= budget::brief_body && call.content_type.starts_with("application/c");  // cose, cbor-seq
}

}  // namespace

void post_evidence(Door::Impl& door, const Call& call, net::Responder respond) {
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  Result<void> accepted;
  if (is_split_at_once(call)) {
    auto pieces = pieces_of(door, call, call.request->body);
    if (!pieces) return (*shared)(problem(pieces.error()));
    accepted = door.service.intake().submit(std::move(*pieces), call.get("domain"), [shared](const auto& results) { (*shared)(submission_answer(results)); }, call.caller);
  } else {
    auto body = std::make_shared<net::Body>(call.request->take_body());
    const std::size_t octets = body->size();
    const auto split = [self = door.shared_from_this(), later = call.detached(), body = std::move(body)]() mutable {
      const auto mine = std::exchange(body, nullptr);  // let go as soon as its pieces are made
      return pieces_of(*self, later, mine->view());
    };
    accepted = door.service.intake().submit(split, octets, call.get("domain"), [shared](const auto& results) {
      (*shared)(results ? submission_answer(*results) : problem(results.error()));
    }, call.caller);
  }
  if (!accepted) (*shared)(problem(accepted.error()));
}

namespace {

Result<Bytes> evidence_of(service::Service& service, const evidence::StatementId& id) {
  TRY(auto record, service.feed().stored_record(id));
  return std::move(record.evidence);
}

}  // namespace

Answer get_evidence(Door::Impl& door, const Call& call) {
  TRY(const auto id, statement_of(call));
  TRY(const auto record, door.service.feed().evidence(id, call.who));
  Records records{{record.evidence.size()}, [id](service::Service& service, std::size_t) { return evidence_of(service, id); }};
  TRY(auto response, records_answer(door, call, std::move(records), media_type(record.format)));
  return immutable(std::move(response), !call.who || door.service.feed().evidence(id, {}));
}

Answer get_receipt(Door::Impl& door, const Call& call) {
  TRY(const auto id, statement_of(call));
  TRY(const auto receipt, door.service.feed().receipt(id, call.get("domain"), call.who));
  return bytes_answer(receipt, "application/cose");
}

Answer get_key(Door::Impl& door, const Call& call) {
  TRY(const auto id, KeyId::parse(call.path[2]));
  TRY(const auto key, door.service.verdicts().key(id, call.who));
  return immutable(bytes_answer(key.spki(), "application/octet-stream"), !call.who || door.service.verdicts().key(id, {}));
}

Answer get_domains(Door::Impl& door, const Call& call) {
  json::array domains;
  for (const auto& view : door.service.logs().domains(call.who)) domains.push_back(domain_json(view));
  const json::object server{{"name", door.options.server_name}, {"key", door.service.server_key().text()},
                            {"domain", door.service.default_domain()}, {"version", door.options.version}};
  return json_answer(json::serialize(json::object{{"server", server}, {"domains", std::move(domains)}}));
}

namespace {

// Every version, oldest first, as a sequence.
Answer all_versions(Door::Impl& door, const Call& call, const std::vector<evidence::StatementId>& versions) {
  Records records;
  for (const auto& id : versions) {
    TRY(const Bytes bytes, evidence_of(door.service, id));
    records.sizes.push_back(bytes.size());
  }
  records.read = [versions](service::Service& service, std::size_t index) { return evidence_of(service, versions.at(index)); };
  TRY(auto response, records_answer(door, call, std::move(records), "application/cbor-seq"));
  return response.content ? std::move(response) : revalidated(std::move(response), call);
}

}  // namespace

Answer get_policy(Door::Impl& door, const Call& call) {
  const std::string& domain = call.path[2];
  std::uint64_t version = 0;
  if (const auto text = call.query.get("version")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), version);
    if (error != std::errc{} || end != text->data() + text->size() || version == 0)
      return fail(Code::malformed, "version: a number of 1 or more expected");
  }
  TRY(const auto versions, door.service.feed().policy_versions(domain, version));
  if (call.query.has("all")) return all_versions(door, call, versions.all);
  TRY(const auto chosen, door.service.feed().stored_record(version == 0 && versions.counted ? *versions.counted : versions.all.back()));
  if (call.accept.find("text/plain") == std::string::npos)
    return revalidated(bytes_answer(chosen.evidence, "application/cose"), call);
  TRY(const auto statements, evidence::statements_of_stored(chosen.format, chosen.evidence, chosen.issuer, chosen.id));
  const auto& text = std::get<evidence::PolicyText>(statements.at(0).body).descriptor;
  return revalidated(bytes_answer(view(text), "text/plain; charset=utf-8"), call);
}

Answer get_checkpoint(Door::Impl& door, const Call& call) {
  TRY(const auto note, door.service.logs().checkpoint(call.path[1], call.who));
  return revalidated(bytes_answer(view(note), "text/plain; charset=utf-8"), call);
}

Answer get_tile(Door::Impl& door, const Call& call) {
  std::string rest;
  for (std::size_t i = 2; i < call.path.size(); ++i) rest += (i > 2 ? "/" : "") + call.path[i];
  TRY(const auto path, tlog::parse_tile_path(rest));
  // A tile of one width never changes.
  const auto& domain = call.path[1];
  if (path.level) {
    TRY(const auto hashes, door.service.logs().tile(domain, *path.level, path.index, path.width, call.who));
    return immutable(bytes_answer(hashes, "application/octet-stream"), door.service.access().reads_log(domain, {}));
  }
  Records records;
  TRY(records.sizes, door.service.logs().entry_sizes(domain, path.index, path.width, call.who));
  records.read = [domain, first = path.index * 256](service::Service& service, std::size_t index) { return service.logs().entry(domain, first + index); };
  TRY(auto response, records_answer(door, call, std::move(records), "application/octet-stream"));
  return immutable(std::move(response), door.service.access().reads_entries(domain, {}));
}

}  // namespace cm4it::http
