// Answers a request and signs the answer.
#include <algorithm>

#include "base/log.h"
#include "frontends/ocsp/impl.h"

namespace cm4it::ocsp {
namespace {

using crypto::ocsp::CertId;
using crypto::ocsp::Refusal;
using crypto::ocsp::Request;
using crypto::ocsp::Single;

// The authority that answers: that of the first certificate in the request whose CA is known here.
const Authority* authority_for(const std::vector<Authority>& authorities, const Request& request) {
  for (const CertId& id : request.asked)
    for (const Authority& authority : authorities)
      if (authority.responder.is_issuer(id) && authority.responder.names_ca(id)) return &authority;
  for (const CertId& id : request.asked)
    for (const Authority& authority : authorities)
      if (authority.responder.is_issuer(id)) return &authority;
  return nullptr;
}

// max-age ends before nextUpdate, so that an answer from a shared cache is still valid for a while (RFC 5019 section 6).
Seconds max_age_of(const Authority& authority) { return std::max<Seconds>(1, authority.lifetime / 4); }

class Answering {
 public:
  Answering(service::Service& service, const Authority& authority, const service::Principal& who)
      : service_(service), authority_(authority), who_(who), now_(service.now()), next_(std::min(now_ + authority.lifetime, authority.responder.valid_until())) {}

  Result<Outcome> answer(View der, const Request& request) {
    // Clients reject a signature by an expired certificate, or one not valid yet (RFC 6960 section 3.2).
    if (now_ < authority_.responder.valid_from() || now_ >= authority_.responder.valid_until())
      return fail(Code::unavailable, "the certificate of the delegate of " + authority_.responder.ca_text() + " does not hold at this time");
    std::vector<Single> singles;
    CertificateStatus last;
    for (const CertId& id : request.asked) {
      TRY(last, status_of(id));
      next_ = std::clamp(last.valid_until, now_ + 1, next_);
      singles.push_back({id.encoded, last.status, last.revocation, now_, {}});
    }
    for (Single& single : singles) single.next_update = next_;
    Outcome outcome;
    TRY(outcome.der, authority_.responder.answer(singles, now_, request.nonce));
    if (singles.size() != 1 || !request.nonce.empty() || !last.subject || who_) return outcome;
    outcome.max_age = std::min<Seconds>(max_age_of(authority_), next_ - now_);
    const Time fresh_until{std::max(next_.seconds - outcome.max_age, now_.seconds + 1)};
    outcome.cacheable = CachedResponse{to_bytes(der), *last.subject, last.stamp, fresh_until, {}, {}};
    return outcome;
  }

 private:
  // Certificates of another CA are unknown here.
  Result<CertificateStatus> status_of(const CertId& id) const {
    if (!authority_.responder.is_issuer(id)) return CertificateStatus{};
    const auto& responder = authority_.responder;
    const auto so_written = [&](View name) { return responder.names_ca(id) || crypto::ocsp::has_name(id, name); };
    return certificate_status(service_, {responder.ca_key().id(), responder.ca_name(), id.serial, so_written}, authority_.domain, who_);
  }

  service::Service& service_;
  const Authority& authority_;
  const service::Principal& who_;
  const Time now_;
  Time next_;
};

Outcome refused(Refusal why) { return {crypto::ocsp::refuse(why), 0, {}}; }

}  // namespace

Outcome Ocsp::Impl::answer(View der, const service::Principal& who) const {
  const auto request = crypto::ocsp::parse_request(der);
  if (!request) return refused(Refusal::malformed_request);
  const std::uint32_t signers = replaced_.load(std::memory_order_acquire);  // first: what is replaced meanwhile is not taken for newer
  const auto all = authorities();
  const Authority* authority = authority_for(*all, *request);
  if (!authority) return refused(Refusal::unauthorized);  // RFC 5019 section 2.2.3: not capable of answering for it
  auto outcome = Answering(service, *authority, who).answer(der, *request);
  if (outcome && outcome->cacheable) outcome->cacheable->signers = signers;
  if (outcome) return std::move(*outcome);
  if (outcome.error().code != Code::unavailable) log_warn("ocsp: " + outcome.error().message);
  return refused(outcome.error().code == Code::unavailable ? Refusal::try_later : Refusal::internal_error);
}

}  // namespace cm4it::ocsp
