// Reading subjects, among them the two calls whose answers are cached.
#include <boost/json.hpp>
#include <charconv>

#include "frontends/http/impl.h"
#include "frontends/http/views.h"
#include "service/queues.h"
#include "service/verdicts.h"

namespace cm4it::http {
namespace {

namespace json = boost::json;
using evidence::SubjectId;
using service::AnswerKind, service::SubjectView;

constexpr std::uint8_t of_code = 0x80;  // in a key of the cache, beside the kind

constexpr std::size_t fewest_digits = 16;  // of a prefix, in a request

Result<SubjectId> subject_of(const Door::Impl& door, const Call& call, const std::string& name) {
  if (auto whole = SubjectId::parse(name); whole && whole->kind != evidence::SubjectKind::key) return whole;
  for (const std::string_view kind : {"key:", "code:"})
    if (name.starts_with(kind) && name.size() < kind.size() + fewest_digits)
      return fail(Code::malformed, "subject: a prefix needs at least 16 hex digits here");
  return door.service.verdicts().resolve(name, call.get("domain"), call.who);
}

struct Found { SubjectId subject; service::Stamp stamp; SubjectView looked; };

Result<Found> find(Door::Impl& door, const Call& call, bool must_be_known) {
  TRY(auto subject, subject_of(door, call, call.path[2]));
  const auto stamp = door.service.verdicts().stamp(subject);  // before looking: what changes meanwhile makes the answer stale
  TRY(auto looked, door.service.verdicts().look_up(subject, call.get("domain"), call.who));
  if (must_be_known && !looked.known)
    return fail(Code::not_found, "no subject " + subject.text() + " is known here");
  if (!add_link_errors(door, call.who, looked.verdict.reasons)) looked.open = false;
  return Found{std::move(subject), stamp, std::move(looked)};
}

// The digest of a key and that of code are of different kinds; so are their answers.
service::AnswerKey key_of(const SubjectId& subject, AnswerKind kind, std::uint32_t domain) {
  service::AnswerKey key{subject.digest, static_cast<std::uint8_t>(kind), domain};
  if (subject.kind == evidence::SubjectKind::code) key.kind |= of_code;
  return key;
}

// Answers whose verdict anyone may have are cached for the next asker.
net::Response cache_answer(Door::Impl& door, const Call& call, AnswerKind kind, const Found& found, net::Response response) {
  if (!door.options.ready || !found.looked.open || call.path[2] != found.subject.text()) return response;
  const auto key = key_of(found.subject, kind, door.domain_number(call.get("domain")));
  const service::Answer answer{net::serialize(response), found.stamp, found.looked.verdict.valid_until};
  response.ready = answer.octets;
  response.on_loop = [answers = door.options.ready, key, answer](unsigned loop) { answers->put(loop, key, answer); };
  return response;
}

}  // namespace

// GET /v1/subjects/{whole id}[/verdict], without a query or with domain= alone, and without conditions.
std::shared_ptr<const std::string> Door::Impl::cached(const net::Request& request) const {
  constexpr std::string_view prefix = "/v1/subjects/";
  constexpr std::size_t key_digits = 64;
  if (!options.ready || request.method != "GET" || !request.path.starts_with(prefix)) return {};
  std::string_view rest = request.path.substr(prefix.size());
  SubjectId subject;
  if (rest.starts_with("key:")) subject.kind = evidence::SubjectKind::key, rest.remove_prefix(4);
  else if (rest.starts_with("code:")) subject.kind = evidence::SubjectKind::code, rest.remove_prefix(5);
  else return {};
  if (rest.size() < key_digits || !digest_from_lowercase_hex(rest.substr(0, key_digits), subject.digest)) return {};
  rest.remove_prefix(key_digits);
  if ((!rest.empty() && rest != "/verdict") || !request.header("If-None-Match").empty()) return {};
  const auto kind = rest.empty() ? AnswerKind::http_summary : AnswerKind::http_verdict;
  if (kind == AnswerKind::http_verdict && request.header("Accept").find("cwt") != std::string_view::npos) return {};
  std::uint32_t domain = 0;
  if (!request.query.empty()) {
    if (!request.query.starts_with("domain=") || request.query.find_first_of("&%+") != std::string_view::npos) return {};
    domain = known_domain_number(request.query.substr(7));
    if (domain == UINT32_MAX) return {};
  }
  return options.ready->find(request.loop, key_of(subject, kind, domain));
}

// Numbers are given to domains that answers were made for, which are those that are held here: a name that is only asked for
// leaves nothing behind.
std::uint32_t Door::Impl::domain_number(const std::string& domain) {
  if (const auto known = known_domain_number(domain); known != UINT32_MAX) return known;
  return given_numbers.with([&](DomainNumbers& numbers) {
    const auto [given, fresh] = numbers.emplace(domain, static_cast<std::uint32_t>(numbers.size() + 1));
    if (fresh) domain_numbers.replace(std::make_shared<const DomainNumbers>(numbers));
    return given->second;
  });
}

std::uint32_t Door::Impl::known_domain_number(std::string_view domain) const {
  if (domain.empty()) return 0;
  const auto numbers = domain_numbers.get();
  const auto known = numbers->find(domain);
  return known == numbers->end() ? UINT32_MAX : known->second;
}

Answer get_subject(Door::Impl& door, const Call& call) {
  TRY(const auto found, find(door, call, true));
  auto response = revalidated(json_answer(json::serialize(summary_json(found.looked))), call);
  return response.status == 200 ? cache_answer(door, call, AnswerKind::http_summary, found, std::move(response)) : response;
}

namespace {

Answer token(Door::Impl& door, const Call& call) {
  TRY(const auto nonce, from_hex(call.get("nonce")));
  if (nonce.size() > 64) return fail(Code::too_large, "nonce: more than 64 octets");
  TRY(const auto subject, subject_of(door, call, call.path[2]));
  TRY(const auto made, door.service.verdicts().token(subject, call.get("domain"), nonce, call.who));
  return bytes_answer(made, "application/cwt");
}

Answer verdict(Door::Impl& door, const Call& call) {
  if (call.query.has("nonce")) return fail(Code::malformed, "nonce: only tokens bear one; ask with Accept: application/cwt");
  if (call.query.has("at")) {
    TRY(const auto subject, subject_of(door, call, call.path[2]));
    auto at = from_rfc3339(call.get("at"));
    if (!at) return within("at", std::move(at).error());
    TRY(const auto looked, door.service.verdicts().look_up(subject, call.get("domain"), call.who, *at));
    return json_answer(json::serialize(verdict_json(looked.verdict)));
  }
  TRY(const auto found, find(door, call, false));
  auto response = revalidated(json_answer(json::serialize(verdict_json(found.looked.verdict))), call);
  return response.status == 200 ? cache_answer(door, call, AnswerKind::http_verdict, found, std::move(response)) : response;
}

}  // namespace

void get_verdict(Door::Impl& door, const Call& call, net::Responder respond) {
  if (call.accept.find("application/cwt") == std::string::npos) return door.answer(verdict, call, std::move(respond));
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  const auto accepted = door.service.queues().sign_in_turn(call.caller, [self = door.shared_from_this(), later = call.detached(), shared] {
    if (shared->gone()) return;
    auto made = token(*self, later);
    (*shared)(made ? std::move(*made) : problem(made.error()));
  });
  if (!accepted) (*shared)(problem(accepted.error()));
}

Answer get_history(Door::Impl& door, const Call& call) {
  TRY(const auto found, find(door, call, true));
  return revalidated(json_answer(json::serialize(history_json(found.looked))), call);
}

namespace {

Result<service::SearchQuery> search_query(const Call& call) {
  service::SearchQuery query;
  query.words = call.get("q");
  query.type = call.get("type");
  query.maker = call.get("maker");
  query.model = call.get("model");
  query.status = call.get("status");
  query.holder = call.get("holder");
  query.issuer = call.get("issuer");
  query.domain = call.get("domain");
  query.cursor = call.get("cursor");
  if (const auto limit = call.query.get("limit")) {
    const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), query.limit);
    if (error != std::errc{} || end != limit->data() + limit->size()) return fail(Code::malformed, "limit: a number expected");
  }
  if (!query.type.empty()) CHECK_OK(evidence::parse_type(query.type));
  if (!query.status.empty()) CHECK_OK(evidence::parse_status(query.status));
  return query;
}

net::Response found_answer(const service::SearchPage& page) {
  json::array subjects;
  for (const auto& looked : page.subjects) subjects.push_back(summary_json(looked));
  json::object shown{{"subjects", std::move(subjects)}};
  if (!page.cursor.empty()) shown["cursor"] = page.cursor;
  return json_answer(json::serialize(shown));
}

}  // namespace

namespace {

// A search, made in parts: `found` is what the parts before have found.
struct Search {
  service::SearchQuery query;
  service::Principal who;
  service::SearchPage found;
};

// False: it is answered.
bool search_part(Door::Impl& door, Search& search, net::Responder& respond) {
  service::SearchQuery part = search.query;
  service::SearchPage& found = search.found;
  part.limit = search.query.limit - found.subjects.size();
  part.most_examined = std::min(budget::part_rows, search.query.most_examined - found.examined);
  part.most_folded = std::min(budget::part_folded, search.query.most_folded - found.folded);
  auto page = door.service.verdicts().search(part, search.who);
  if (!page) {
    respond(problem(page.error()));
    return false;
  }
  found.examined += page->examined;
  found.folded += page->folded;
  std::move(page->subjects.begin(), page->subjects.end(), std::back_inserter(found.subjects));
  found.cursor = search.query.cursor = page->cursor;
  if (!found.cursor.empty() && found.subjects.size() < search.query.limit && found.examined < search.query.most_examined &&
      found.folded < search.query.most_folded)
    return true;
  respond(found_answer(found));
  return false;
}

}  // namespace

void search_subjects(Door::Impl& door, const Call& call, net::Responder respond) {
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  auto query = search_query(call);
  if (!query) return (*shared)(problem(query.error()));
  auto search = std::make_shared<Search>(Search{std::move(*query), call.who, {}});
  answer_in_parts(door, call.caller, shared, [&door, shared, search] { return search_part(door, *search, *shared); });
}

Answer get_may(Door::Impl& door, const Call& call) {
  if (!call.query.has("from") || !call.query.has("to")) return fail(Code::malformed, "from, to: both subjects are required");
  TRY(const auto from, subject_of(door, call, call.get("from")));
  TRY(const auto to, subject_of(door, call, call.get("to")));
  TRY(auto answer, door.service.verdicts().may(from, to, call.get("domain"), call.who));
  add_link_errors(door, call.who, answer.may.reasons);
  return json_answer(json::serialize(may_json(from, to, answer)));
}

}  // namespace cm4it::http
