// GET /pks/lookup and GET /pks/v2/…: who is looked for, and in which form the answer goes.
#include <algorithm>

#include "evidence/openpgp.h"
#include "frontends/hkp/impl.h"

namespace cm4it::hkp {
namespace {

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  return result;
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

Result<Search> parse_search(std::string_view text, bool exact) {
  if (text.empty()) return fail(Code::malformed, "search: what to look for is missing");
  Search search;
  search.exact = exact;
  search.text = text;
  if (!text.starts_with("0x") && !text.starts_with("0X")) return search;
  const auto digits = text.substr(2);
  if (!is_hex(digits)) return fail(Code::malformed, "search: hex digits expected behind 0x");
  switch (digits.size()) {
    case 8:
    case 16: search.alias = "keyid:" + lower(digits); break;
    case 40:
    case 64: search.alias = "fpr:" + lower(digits); break;
    default: return fail(Code::malformed, "search: 8, 16, 40 or 64 hex digits expected behind 0x, found " + std::to_string(digits.size()));
  }
  return search;
}

Result<std::vector<Certificate>> find(Hkp::Impl& hkp, const Search& search, const service::Principal& who) {
  using Match = service::Certificates::Match;
  TRY(auto found, search.alias.empty()
                      ? hkp.certificates.with_user_id(search.text, search.exact ? Match::exact : Match::anywhere, who)
                      : hkp.certificates.named(search.alias, who));
  // A whole fingerprint is one certificate's, whoever else may have bound that key as a subkey.
  const auto own = std::find_if(found.begin(), found.end(), [&](const auto& one) { return search.alias == "fpr:" + to_hex(one.fingerprint.octets); });
  if (own != found.end()) found = {std::move(*own)};
  if (search.v4_only) std::erase_if(found, [](const auto& one) { return one.fingerprint.version > 4; });
  if (found.empty()) return none();
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.fingerprint.octets < b.fingerprint.octets; });
  return found;
}

Result<Bytes> bundle(const std::vector<Certificate>& certificates) {
  Bytes all;
  for (const auto& certificate : certificates) {
    TRY(const auto bytes, evidence::openpgp::assemble(certificate.pieces, certificate.fingerprint));
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
    const auto before = hkp.before(search);
    TRY(const auto found, find(hkp, search, call.who));
    TRY(const auto bytes, bundle(found));
    auto answer = plain(200, evidence::openpgp::armor(evidence::openpgp::ArmorKind::public_key_block, bytes), "application/pgp-keys");
    answer.headers.emplace_back("Content-Disposition", "attachment; filename=openpgpkey.asc");
    return hkp.kept(target, before, found, std::move(answer));
  }
  const bool machine = has(options, "mr");
  const auto found = find(hkp, search, call.who);
  if (!found && found.error().code != Code::not_found) return tl::unexpected(found.error());
  if (!found && !machine) return plain(404, page({}, search.text, now), "text/html; charset=utf-8");
  TRY(const auto infos, describe(found ? *found : std::vector<Certificate>{}, now));
  if (machine) return plain(infos.empty() ? 404 : 200, machine_index(infos, now));
  return plain(200, page(infos, search.text, now), "text/html; charset=utf-8");
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
  search.alias = "fpr:" + lower(text.substr(2));
  return search;
}

Result<Search> by_key_id(const std::string& text) {
  if (!is_hex(text) || text.size() != 16) return fail(Code::malformed, "keyid: 16 hex digits expected");
  Search search;
  search.alias = "keyid:" + lower(text);
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
  const std::string& category = call.path.at(1);
  const std::size_t at = category == "certs" ? 3 : 2;
  if (category == "canonical") return fail(Code::unsupported, "canonical: nobody here proves whose a mail address is", "certs/by-identity");
  if (category != "certs" && category != "index") return fail(Code::unsupported, "path: no such category");
  if (call.path.size() <= at || rest_of(call, at).empty()) return fail(Code::not_permitted, "path: an identifier is needed");
  const std::string identifier = rest_of(call, at);
  if (category != "certs") return by_identity(identifier);
  if (call.path[2] == "by-vfingerprint") return versioned(identifier);
  if (call.path[2] == "by-keyid") return by_key_id(identifier);
  if (call.path[2] == "by-identity") return by_identity(identifier);
  return fail(Code::unsupported, "path: no such category");
}

}  // namespace

Answer v2_get(Hkp::Impl& hkp, const Call& call, const std::string& target) {
  if (call.path.size() < 2) return fail(Code::unsupported, "path: no such category");
  TRY(const auto search, v2_search(call));
  const auto before = hkp.before(search);
  TRY(const auto found, find(hkp, search, call.who));
  if (call.path[1] == "index") {
    TRY(const auto infos, describe(found, hkp.service.now()));
    return plain(200, json_index(infos), "application/json");
  }
  TRY(const auto bytes, bundle(found));
  return hkp.kept(target, before, found, plain(200, std::string(text(bytes)), "application/pgp-keys;armor=no"));
}

}  // namespace cm4it::hkp
