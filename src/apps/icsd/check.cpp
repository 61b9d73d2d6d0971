#include "apps/icsd/check.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "apps/icsd/authorities.h"
#include "apps/icsd/enrolment.h"
#include "apps/icsd/key_files.h"
#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/pem.h"
#include "evidence/evidence.h"
#include "net/tls.h"
#include "policy/descriptor.h"

namespace cm4it::icsd {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_certificates = 10;
constexpr Seconds expiry_warning = 30 * 86'400;


bool follows(const Config& config, const std::string& domain) {
  return std::any_of(config.follow.begin(), config.follow.end(), [&](const auto& follow) { return follow.domain == domain; });
}

bool pins(const Config& config, const std::string& domain) {
  return std::any_of(config.pins.begin(), config.pins.end(), [&](const auto& pin) { return pin.domain == domain; });
}

class Check {
 public:
  Check(const Config& config, Time now) : config_(config), now_(now) {}

  Findings run() {
    keys();
    names();
    lists();
    places();
    if (key_) own_policies();
    return std::move(found_);
  }

 private:
  void fault(const std::string& key, const Error& error) {
    found_.faults.push_back(key + ": " + error.message + (error.detail.empty() ? "" : " → " + error.detail));
  }
  void fault(const std::string& line) { found_.faults.push_back(line); }
  void remark(const std::string& line) { found_.remarks.push_back(line); }

  void keys() {
    if (auto key = load_tls_key(config_)) key_ = *key;
    else fault("key", key.error());
    if (key_ && key_->public_key().algorithm() != crypto::Algorithm::es256)
      fault("key: it is not a P-256 key, so no policy can name this server → ics key new FILE --alg p256");
    if (auto log = load_log_key(config_)) log_ = *log;
    else fault("log", log.error());
    if (log_ && log_->public_key().algorithm() != crypto::Algorithm::eddsa) fault("log: it is not an Ed25519 key, which heads are signed with");
    const auto chain = load_chain(config_);
    if (!chain) return fault("certificate", chain.error());
    if (!key_) return;
    if (const auto context = net::TlsContext::server(*key_, config_.name + "." + config_.domain, true, *chain); !context)
      return fault("certificate", context.error());
    dates(*chain);
  }

  // Of what is read only in part here (a certificate with a critical extension that we do not know) nothing is said.
  void dates(const std::string& chain) {
    const auto certificates = crypto::certificates_in_file(chain, most_certificates);
    if (!certificates) return;
    for (const auto& der : *certificates) {
      const auto certificate = crypto::Certificate::from_der(der);
      if (!certificate) continue;
      const auto& fields = certificate->fields();
      const std::string which = "certificate: that of " + fields.subject_text;
      if (fields.not_before > now_) fault(which + " holds only from " + to_rfc3339(fields.not_before) + " on");
      if (!fields.not_after) continue;
      if (*fields.not_after < now_) fault(which + " expired at " + to_rfc3339(*fields.not_after));
      else if (*fields.not_after < now_ + expiry_warning) remark(which + " expires at " + to_rfc3339(*fields.not_after));
    }
  }

  bool known(const std::string& domain) const { return domain == config_.domain || contains(config_.homes, domain) || follows(config_, domain); }

  void names() {
    if (!contains(config_.homes, config_.domain) && !follows(config_, config_.domain))
      remark("domain: " + config_.domain + " is neither among homes nor followed, so questions about it find nothing → ics trust DIR URL --as copy");
    for (const auto& home : config_.homes) {
      if (!pins(config_, home)) fault("homes: no [[pin]] says who owns " + home + ", so no policy of it counts");
      if (follows(config_, home)) fault("follow: " + home + " is among homes: its own log is kept here");
    }
    for (std::size_t i = 0; i < config_.follow.size(); ++i)
      if (const auto& domain = config_.follow[i].domain; config_.homes.empty() && !pins(config_, domain))
        fault("follow[" + std::to_string(i) + "].domain: no [[pin]] says who owns " + domain + ", so nothing that comes from there counts");
    for (std::size_t i = 0; i < config_.crls.size(); ++i)
      if (!known(config_.crls[i].domain)) fault("crl[" + std::to_string(i) + "].domain: " + config_.crls[i].domain + " is neither among homes nor followed");
    for (std::size_t i = 0; i < config_.ocsp.size(); ++i)
      if (!known(config_.ocsp[i].domain)) fault("ocsp[" + std::to_string(i) + "].domain: " + config_.ocsp[i].domain + " is neither among homes nor followed");
  }

  void lists() {
    if (const auto authorities = read_authorities(config_)) delegates(*authorities);
    else fault("ocsp", authorities.error());
    for (std::size_t i = 0; i < config_.crls.size(); ++i)
      if (const auto& file = config_.crls[i].file; !file.empty() && ::access(file.c_str(), R_OK) != 0)
        fault("crl[" + std::to_string(i) + "].file: " + file.string() + ": cannot be read");
  }

  void delegates(const std::vector<ocsp::Authority>& authorities) {
    for (const auto& [responder, domain, lifetime] : authorities) {
      const std::string which = "ocsp: the certificate of the delegate of " + responder.ca_text();
      if (responder.valid_from() > now_) fault(which + " holds only from " + to_rfc3339(responder.valid_from()) + " on");
      if (responder.valid_until() <= now_) fault(which + " expired at " + to_rfc3339(responder.valid_until()));
      else if (responder.valid_until() < now_ + expiry_warning) remark(which + " expires at " + to_rfc3339(responder.valid_until()));
    }
  }

  void places() {
    std::error_code none;
    if (fs::exists(config_.store, none) ? !fs::is_directory(config_.store, none) : !fs::is_directory(config_.store.parent_path(), none))
      fault("store: " + config_.store.string() + ": no directory, and none can be made there");
    else if (::access((fs::exists(config_.store, none) ? config_.store : config_.store.parent_path()).c_str(), W_OK | X_OK) != 0)
      fault("store: " + config_.store.string() + ": cannot be written");
    if (!config_.homes.empty() && !fs::is_directory(config_.evidence, none))
      fault("evidence: " + config_.evidence.string() + ": no directory; the policy of " + config_.domain + " is expected in it");
  }

  // The newest version of each domain's policy among the files that a start submits. Nothing is verified: what does not count is
  // told when icsd starts.
  void own_policies() {
    std::map<std::string, policy::Descriptor> newest;
    std::error_code failed;
    for (fs::directory_iterator at(config_.evidence, failed), end; !failed && at != end; at.increment(failed)) {
      if (at->path().extension() != ".cose") continue;
      std::ifstream in(at->path(), std::ios::binary);
      std::stringstream content;
      if (!in || !(content << in.rdbuf())) {
        fault("evidence: " + at->path().string() + ": cannot be read");
        continue;
      }
      const std::string bytes = content.str();
      const auto pieces = evidence::split("application/cbor-seq", view(bytes));
      if (!pieces) {
        fault("evidence: " + at->path().string(), pieces.error());
        continue;
      }
      for (const auto& piece : *pieces) keep_newest(newest, piece);
    }
    for (const auto& home : config_.homes)
      if (!newest.contains(home)) remark("evidence: no policy of " + home + " is among the files");
    for (const auto& [domain, descriptor] : newest)
      for (auto& line : unlike_policy(config_, descriptor, key_->public_key().id(), log_ ? std::optional(log_->public_key().id()) : std::nullopt))
        fault(line);
  }

  static void keep_newest(std::map<std::string, policy::Descriptor>& newest, const evidence::Piece& piece) {
    if (piece.format != evidence::native_format) return;
    const auto decoded = evidence::decode(piece.format, piece.bytes);
    if (!decoded) return;
    const auto* body = std::get_if<evidence::PolicyText>(&decoded->statements()[0].body);
    if (!body) return;
    auto descriptor = policy::parse_descriptor(body->descriptor, policy::Homes::several);  // whether it is taken is asked at start
    if (!descriptor) return;
    const auto known = newest.find(descriptor->domain);
    if (known == newest.end() || known->second.version < descriptor->version) newest.insert_or_assign(descriptor->domain, std::move(*descriptor));
  }

  const Config& config_;
  const Time now_;
  Findings found_;
  crypto::SignerPtr key_, log_;
};

}  // namespace

Findings check(const Config& config, Time now) { return Check(config, now).run(); }

}  // namespace cm4it::icsd
