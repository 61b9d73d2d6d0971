// Certificates as indices: for machines (draft-ietf-openpgp-hkp), for people, and as JSON.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "frontends/hkp/impl.h"
#include "service/log_view.h"

namespace cm4it::hkp {
namespace {

namespace json = boost::json;
using evidence::openpgp::CertificateInfo;

// '%', ':' and everything that is no printable ASCII, as %XX.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet >= 0x7f || c == '%' || c == ':') result += fmt::format("%{:02X}", octet);
    else result += c;
  }
  return result;
}

std::string seconds(const std::optional<Time>& time) { return time ? std::to_string(time->seconds) : ""; }

std::string flags(bool revoked, const std::optional<Time>& expires, Time at) {
  return std::string(revoked ? "r" : "") + (expires && *expires <= at ? "e" : "");
}

std::string html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += c;
    }
  }
  return result;
}

// RFC 9580 section 9.1.
std::string algorithm_name(unsigned algorithm) {
  switch (algorithm) {
    case 1: return "RSA (Encrypt or Sign)";
    case 2: return "RSA Encrypt-Only";
    case 3: return "RSA Sign-Only";
    case 16: return "Elgamal";
    case 17: return "DSA";
    case 18: return "ECDH";
    case 19: return "ECDSA";
    case 22: return "EdDSALegacy";
    case 25: return "X25519";
    case 26: return "X448";
    case 27: return "Ed25519";
    case 28: return "Ed448";
    default: return fmt::format("algorithm {}", algorithm);
  }
}

constexpr std::string_view style =
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{font-size:.9em;overflow-wrap:anywhere}li{margin:.6rem 0}.no{color:#a00}</style>";

std::string document(std::string_view title, std::string_view body) {
  return fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                     "content=\"width=device-width\"><title>{}</title>{}</head>\n<body><h1>{}</h1>\n{}</body></html>\n",
                     title, style, title, body);
}

std::string state_of(bool revoked, const std::optional<Time>& expires, Time at) {
  if (revoked) return " <b class=\"no\">revoked</b>";
  if (expires && *expires <= at) return " <b class=\"no\">expired " + to_rfc3339(*expires).substr(0, 10) + "</b>";
  return expires ? " valid until " + to_rfc3339(*expires).substr(0, 10) : "";
}

std::string item(const CertificateInfo& info, Time at) {
  const std::string fingerprint = info.fingerprint.text();
  const bool v4 = info.fingerprint.version == 4;
  const std::string link = v4 ? "lookup?op=get&amp;search=0x" + fingerprint : "v2/certs/by-vfingerprint/06" + fingerprint;
  std::string text = fmt::format("<li><a href=\"/pks/{}\"><code>{}</code></a><br>{} of {} bits, made {}{}<ul>", link, fingerprint,
                                 algorithm_name(info.algorithm), info.bits, to_rfc3339(info.created).substr(0, 10),
                                 state_of(info.revoked, info.expires, at));
  for (const auto& user_id : info.user_ids)
    text += "<li>" + html(user_id.text) + state_of(user_id.revoked, user_id.expires, at) + "</li>";
  return text + "</ul></li>\n";
}

json::value time_json(const std::optional<Time>& time) { return time ? json::value(to_rfc3339(*time)) : json::value(nullptr); }

}  // namespace

// info:1:n, pub:fingerprint:algorithm:bits:created:expires:flags, uid:escaped:created:expires:flags
std::string machine_index(const Infos& infos, Time at) {
  std::string text = fmt::format("info:1:{}\n", infos.size());
  for (const auto& info : infos) {
    text += fmt::format("pub:{}:{}:{}:{}:{}:{}\n", info.fingerprint.text(), info.algorithm, info.bits, info.created.seconds,
                        seconds(info.expires), flags(info.revoked, info.expires, at));
    for (const auto& user_id : info.user_ids)
      text += fmt::format("uid:{}:{}:{}:{}\n", escaped(user_id.text), seconds(user_id.created), seconds(user_id.expires),
                          flags(user_id.revoked, user_id.expires, at));
  }
  return text;
}

std::string page(const Infos& infos, const std::string& search, Time at, bool more) {
  if (infos.empty()) return document("Nothing found", fmt::format("<p>No certificate matches <code>{}</code>.</p>\n", html(search)));
  std::string list;
  for (const auto& info : infos) list += item(info, at);
  return document(fmt::format("{} found", infos.size() == 1 ? "One certificate" : std::to_string(infos.size()) + " certificates"),
                  fmt::format("<p>Searched for <code>{}</code>.{}</p>\n<ul>{}</ul>\n", html(search),
                              more ? " There are more: give more words, or a whole mail address." : "", list));
}

std::string json_index(const Infos& infos) {
  json::array list;
  for (const auto& info : infos) {
    json::array user_ids, subkeys;
    for (const auto& user_id : info.user_ids)
      user_ids.push_back(json::object{{"uidString", user_id.text}, {"creation", time_json(user_id.created)},
                                      {"expiration", time_json(user_id.expires)}, {"isRevoked", user_id.revoked}});
    for (const auto& subkey : info.subkeys)
      subkeys.push_back(json::object{{"version", subkey.fingerprint.version}, {"fingerprint", to_hex(subkey.fingerprint.octets)},
                                     {"creation", time_json(subkey.created)}, {"isRevoked", subkey.revoked}});
    list.push_back(json::object{
        {"version", info.fingerprint.version}, {"fingerprint", to_hex(info.fingerprint.octets)},
        {"algorithm", json::object{{"code", info.algorithm}, {"name", algorithm_name(info.algorithm)}, {"bitLength", info.bits}}},
        {"creation", time_json(info.created)}, {"expiration", time_json(info.expires)}, {"isRevoked", info.revoked},
        {"userIDs", std::move(user_ids)}, {"subkeys", std::move(subkeys)}});
  }
  return json::serialize(list) + "\n";
}

std::string front_page() {
  return document("OpenPGP certificates", "<form action=\"/pks/lookup\"><input type=\"hidden\" name=\"op\" value=\"index\">"
                  "<label>Name, mail address, or 0x and a fingerprint or key id: <input name=\"search\" size=\"45\" autofocus></label> "
                  "<button>Search</button></form>\n<form action=\"/pks/add\" method=\"post\"><p><label>A certificate to add:<br>"
                  "<textarea name=\"keytext\" rows=\"8\" cols=\"66\"></textarea></label><br><button>Add</button></form>\n");
}

std::string statistics(const service::Service& service) {
  std::string rows;
  for (const auto& view : service.logs().domains({}))  // as anyone sees them
    rows += fmt::format("<li>{}: {}{}</li>\n", html(view.domain), view.home ? "home" : "copy",
                        view.size ? fmt::format(", {} entries in its log", *view.size) : "");
  return document("Key server", fmt::format("<p>Domains kept here:</p>\n<ul>{}</ul>\n", rows));
}

}  // namespace cm4it::hkp
