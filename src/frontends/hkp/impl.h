// Internals of HKP that its routes share.
#pragma once

#include <string>
#include <vector>

#include "frontends/hkp/certificate_index.h"
#include "frontends/hkp/hkp.h"
#include "frontends/hkp/user_ids.h"
#include "routing/router.h"

namespace cm4it::hkp {

using routing::Call;
using service::Certificate;
using Answer = Result<net::Response>;

// What a client asked for, as certificates. Errors: malformed, unsupported, not_found.
struct Search {
  std::string alias;    // by name of a key: "fpr:…", "keyid:…"; empty: by text
  std::string text;
  bool exact = false;
  bool v4_only = false;  // key ids and legacy answers never show what is newer
};
Result<Search> parse_search(std::string_view text, bool exact);  // legacy: an id of a key, or text

struct Hkp::Impl : std::enable_shared_from_this<Hkp::Impl> {
  Impl(service::Service& given, HkpOptions options_given);

  void handle(const net::Request& request, net::Responder respond);
  void respond_to_lookup(const Call& call, net::Responder respond);  // GET /pks/lookup, /pks/v2/…
  // This event loop's cached answer to a look-up by whole fingerprint; null: it has none.
  std::shared_ptr<const std::string> cached(const net::Request& request) const;
  // The response to a look-up by that name, given again by the event loop that sends it where that may be.
  net::Response cache_answer(const std::string& target, const std::string& alias, const Matches& found, net::Response response);

  service::Service& service;
  const service::Certificates& certificates;
  CertificateIndex index;
  const HkpOptions options;
  const routing::Router router;
};

using Found = Matches;
Result<Found> find(Hkp::Impl& hkp, const Search& search, const service::Principal& who);
Answer lookup(Hkp::Impl& hkp, const Call& call, const std::string& target);
Answer v2_get(Hkp::Impl& hkp, const Call& call, const std::string& target);
void submit(Hkp::Impl& hkp, const Call& call, net::Responder respond);     // POST /pks/add
void hash_query(Hkp::Impl& hkp, const Call& call, net::Responder respond);  // POST /pks/hashquery
void prefix_log(Hkp::Impl& hkp, const Call& call, net::Responder respond);  // GET /pks/v2/prefixlog/DATE
void v2_submit(Hkp::Impl& hkp, const Call& call, net::Responder respond);  // POST /pks/v2/certs

// Representations. Pure.
Result<Bytes> bundle(const std::vector<Certificate>& certificates);  // concatenated, binary
using Infos = std::vector<evidence::openpgp::CertificateInfo>;
Result<Infos> describe(const std::vector<Certificate>& certificates, Time at);
std::string machine_index(const Infos& infos, Time at);
std::string page(const Infos& infos, const std::string& search, Time at, bool more);
std::string json_index(const Infos& infos);
std::string front_page();
std::string statistics(const service::Service& service);

net::Response plain(unsigned status, std::string body, std::string content_type = "text/plain; charset=utf-8");
net::Response error_answer(const Error& error, bool v2, unsigned status = 0);  // 0: as its code says

}  // namespace cm4it::hkp
