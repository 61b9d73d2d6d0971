// GET /pks/lookup and GET /pks/v2/…: parses what is searched for and in which form the answer is wanted.
#include <algorithm>

#include "base/text.h"
#include "evidence/formats/openpgp/openpgp.h"
#include "frontends/hkp/impl.h"
#include "frontends/hkp/user_ids.h"
#include "service/certificates.h"

namespace cm4it::hkp {
namespace {

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

tl::unexpected<Error> none() { return fail(Code::not_found, "no certificate matches"); }

bool has(std::string_view list, std::string_view option) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == option) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool is_on(const net::Query& query, std::string_view name) { return query.get(name).value_or("") == "on"; }

}  // namespace

// An id of a key: behind "0x", or 16 digits or more without it, in groups or not, as people copy them.
Result<Search> parse_search(std::string_view text, bool exact) {
  constexpr std::string_view blanks = " \t\r\n";
  while (!text.empty() && blanks.find(text.front()) != blanks.npos) text.remove_prefix(1);
  while (!text.empty() && blanks.find(text.back()) != blanks.npos) text.remove_suffix(1);
  if (text.empty()) return fail(Code::malformed, "search: what to look for is missing");
  Search search;
  search.exact = exact;
  search.text = text;
  std::string digits(text);
  std::erase_if(digits, [&](char c) { return blanks.find(c) != blanks.npos; });
  const bool marked = digits.starts_with("0x") || digits.starts_with("0X");
  if (marked) digits.erase(0, 2);
  const bool whole = digits.size() == 16 || digits.size() == 40 || digits.size() == 64;
  if (!marked && !(whole && is_hex(digits))) return search;
  if (!is_hex(digits)) return fail(Code::malformed, "search: hex digits expected behind 0x");
  if (digits.size() == 32) return none();  // of v3 keys, which are not stored
  if (!whole && digits.size() != 8)
    return fail(Code::malformed, "search: 8, 16, 40 or 64 hex digits expected behind 0x, found " + std::to_string(digits.size()));
  search.alias = (digits.size() <= 16 ? "keyid:" : "fpr:") + lowercase(digits);
  return search;
}

Result<Found> find(Hkp::Impl& hkp, const Search& search, const service::Principal& who) {
  Found found;
  if (search.alias.empty()) {
    TRY(found, with_user_id(hkp.service.certificates(), search.text, search.exact ? Match::exact : Match::anywhere, hkp.service.now(), who));
  } else {
    TRY(auto named, hkp.certificates.named(search.alias, who));
    found.certificates = std::move(named.certificates);
    found.stamp = named.stamp;
  }
  auto& list = found.certificates;
  if (search.v4_only) std::erase_if(list, [](const auto& one) { return one.fingerprint.version > 4; });
  if (list.empty()) return none();
  // GnuPG 2.2 reads no further than the first v6 certificate.
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.fingerprint < b.fingerprint; });
  return found;
}

net::Response said_that_there_are_more(net::Response response, const Found& found) {
  if (found.more) response.headers.emplace_back("X-HKP-Results-More", "yes");
  return response;
}

Result<Bytes> bundle(const std::vector<Certificate>& certificates) {
  Bytes all;
  for (const auto& certificate : certificates) {
    TRY(auto bytes, evidence::openpgp::assemble(certificate.pieces, certificate.fingerprint));
    if (certificates.size() == 1) return bytes;
    append(all, bytes);
  }
  return all;
}

Result<Infos> describe(const std::vector<Certificate>& certificates, Time at) {
  Infos infos;
  for (const auto& certificate : certificates) {
    TRY(auto info, evidence::openpgp::describe(certificate.pieces, certificate.fingerprint, at));
    infos.push_back(std::move(info));
  }
  return infos;
}

Answer lookup(Hkp::Impl& hkp, const Call& call, const std::string& target) {
  const auto operation = call.query.get("op");
  if (!operation) return fail(Code::malformed, "op: missing; get, index, vindex or stats");
  if (*operation == "stats") return plain(200, statistics(hkp.service), "text/html; charset=utf-8");
  if (*operation != "get" && *operation != "index" && *operation != "vindex")
    return fail(Code::unsupported, "op: " + std::string(operation->substr(0, 32)) + "; get, index, vindex and stats are known");
  const auto options = call.query.get("options").value_or("");
  TRY(auto search, parse_search(call.query.get("search").value_or(""), is_on(call.query, "exact")));
  search.v4_only = *operation == "get";
  const Time now = hkp.service.now();
  if (*operation == "get") {
    TRY(const auto found, find(hkp, search, call.who));
    TRY(const auto bytes, bundle(found.certificates));
    auto answer = plain(200, evidence::openpgp::armor(evidence::openpgp::ArmorKind::public_key_block, bytes), "application/pgp-keys");
    answer.headers.emplace_back("Content-Disposition", "attachment; filename=openpgpkey.asc");
    return hkp.cache_answer(target, search.alias, found, said_that_there_are_more(std::move(answer), found));
  }
  const bool machine = has(options, "mr");
  const auto found = find(hkp, search, call.who);
  if (!found && found.error().code != Code::not_found) return tl::unexpected(found.error());
  if (!found && !machine) return plain(404, page({}, search.text, now, false), "text/html; charset=utf-8");
  TRY(const auto infos, describe(found ? found->certificates : std::vector<Certificate>{}, now));
  if (machine && infos.empty()) return plain(404, machine_index(infos, now));
  return said_that_there_are_more(machine ? plain(200, machine_index(infos, now))
                                          : plain(200, page(infos, search.text, now, found->more), "text/html; charset=utf-8"), *found);
}

namespace {

// "04<fpr>" or "04/<fpr>": a fingerprint with its version before it, which says how long it is.
Result<Search> versioned(std::string text) {
  if (text.size() > 2 && text[2] == '/') text.erase(2, 1);
  if (!is_hex(text) || text.size() < 4 || text.size() % 2 != 0) return fail(Code::malformed, "vfingerprint: hex digits of whole octets expected");
  const std::size_t size = text.starts_with("04") ? 42 : text.starts_with("06") ? 66 : 0;
  if (size == 0) return none();  // of a version that no certificate here has
  if (text.size() != size) return fail(Code::malformed, "vfingerprint: " + std::to_string(size - 2) + " hex digits expected behind " + text.substr(0, 2));
  Search search;
  search.alias = "fpr:" + lowercase(text.substr(2));
  return search;
}

Result<Search> by_key_id(const std::string& text) {
  if (!is_hex(text) || text.size() != 16) return fail(Code::malformed, "keyid: 16 hex digits expected");
  Search search;
  search.alias = "keyid:" + lowercase(text);
  search.v4_only = true;
  return search;
}

Search by_identity(const std::string& text) {
  Search search;
  search.text = text;
  search.exact = true;
  return search;
}

std::string rest_of(const Call& call, std::size_t from) {
  std::string rest;
  for (std::size_t i = from; i < call.path.size(); ++i) rest += (i > from ? "/" : "") + call.path[i];
  return rest;
}

// v2 look-ups name a category and an identifier; one without the other may not be browsed.
Result<Search> v2_search(const Call& call) {
  const std::string& category = call.path.at(2);
  const std::size_t at = category == "certs" ? 4 : 3;
  if (category == "canonical") return fail(Code::unsupported, "canonical: nobody here proves whose a mail address is", "certs/by-identity");
  if (call.path.size() <= at || rest_of(call, at).empty()) return fail(Code::not_permitted, "path: an identifier is needed");
  const std::string identifier = rest_of(call, at);
  if (category != "certs") return by_identity(identifier);
  if (call.path[3] == "by-vfingerprint") return versioned(identifier);
  if (call.path[3] == "by-keyid") return by_key_id(identifier);
  if (call.path[3] == "by-identity") return by_identity(identifier);
  return fail(Code::unsupported, "path: no such category");
}

}  // namespace

Answer v2_get(Hkp::Impl& hkp, const Call& call, const std::string& target) {
  TRY(const auto search, v2_search(call));
  TRY(const auto found, find(hkp, search, call.who));
  if (call.path[2] == "index") {
    TRY(const auto infos, describe(found.certificates, hkp.service.now()));
    return said_that_there_are_more(plain(200, json_index(infos), "application/json"), found);
  }
  TRY(const auto bytes, bundle(found.certificates));
  return hkp.cache_answer(target, search.alias, found,
                  said_that_there_are_more(plain(200, std::string(text(bytes)), "application/pgp-keys;armor=no"), found));
}

}  // namespace cm4it::hkp
