// Cached answers to look-ups by whole fingerprint.
#include "crypto/digest.h"
#include "frontends/hkp/impl.h"
#include "service/certificates.h"
#include "service/verdicts.h"

namespace cm4it::hkp {
namespace {

service::AnswerKey key_of(std::string_view target) {
  return {crypto::sha256(view(target)), static_cast<std::uint8_t>(service::AnswerKind::hkp_lookup), 0};
}

bool is_cacheable(std::string_view target) {
  return target.size() < 256 && (target.starts_with("/pks/lookup?") || target.starts_with("/pks/v2/certs/by-vfingerprint/"));
}

}  // namespace

std::shared_ptr<const std::string> Hkp::Impl::cached(const net::Request& request) const {
  if (!options.ready || request.method != "GET" || !is_cacheable(request.target)) return {};
  return options.ready->find(request.loop, key_of(request.target));
}

net::Response Hkp::Impl::cache_answer(const std::string& target, const std::string& alias, const Matches& found, net::Response response) {
  if (!options.ready || !is_cacheable(target) || !found.stamp || found.certificates.size() != 1 || !found.certificates[0].open) return response;
  // Not cached for a subkey: if a certificate with that primary key came, it would be another subject's, and be the answer instead.
  if (alias != "fpr:" + to_hex(found.certificates[0].fingerprint.octets)) return response;
  const service::Answer answer{net::serialize(response), *found.stamp, Time::never()};
  response.ready = answer.octets;
  response.on_loop = [answers = options.ready, key = key_of(target), answer](unsigned loop) { answers->put(loop, key, answer); };
  return response;
}

}  // namespace cm4it::hkp
