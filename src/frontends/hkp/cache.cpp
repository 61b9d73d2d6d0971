// Ready answers. A fingerprint is that of one key for ever, so a target leads to its subject, whose stamp tells whether the
// answer is still good.
#include <map>

#include "crypto/digest.h"
#include "frontends/hkp/impl.h"
#include "ledger/brief.h"

namespace cm4it::hkp {
namespace {

enum CachedKind : std::uint8_t { subject_of_target = 1, answer_of_target = 2 };

service::AnswerCache::Key key_of(std::string_view target, CachedKind kind) {
  service::AnswerCache::Key key;
  key.subject.digest = crypto::sha256(view(target));
  key.kind = kind;
  return key;
}

bool may_be_kept(std::string_view target) {
  return target.size() < 256 && (target.starts_with("/pks/lookup?") || target.starts_with("/pks/v2/certs/by-vfingerprint/"));
}

}  // namespace

service::AnswerCache& Hkp::Impl::cache() {
  thread_local std::map<const Impl*, std::unique_ptr<service::AnswerCache>> caches;
  auto& mine = caches[this];
  if (!mine) mine = std::make_unique<service::AnswerCache>(options.cache_bytes);
  return *mine;
}

std::shared_ptr<const std::string> Hkp::Impl::cached(const net::Request& request) {
  if (request.method != "GET" || !may_be_kept(request.target)) return {};
  auto key = key_of(request.target, subject_of_target);
  const auto* own = cache().find(key, {}, service.now());
  const auto subject = own ? *own : long_answers.find(key, {}, service.now());
  if (!subject) return {};
  service::SubjectId id;
  id.kind = evidence::SubjectKind::key;
  std::copy(subject->begin(), subject->end(), id.digest.begin());
  key.kind = answer_of_target;
  const auto stamp = service.stamp(id);
  const Time now = service.now();
  if (const auto* answer = cache().find(key, stamp, now)) return *answer;
  return long_answers.find(key, stamp, now);
}

Hkp::Impl::Before Hkp::Impl::before(const Search& search) const {
  if (!search.alias.starts_with("fpr:")) return {};
  const auto reader = service.ledger().reader();
  if (!reader) return {};
  Before before{search.alias, {}, {}};
  std::size_t count = 0;
  (void)reader->named(search.alias, [&](const service::SubjectId& subject, ledger::Rank rank) {
    if (rank != ledger::Rank::own) return false;
    before.subject = subject;
    return ++count < 2;
  });
  if (count != 1) return {};
  before.stamp = service.stamp(*before.subject);
  return before;
}

net::Response Hkp::Impl::kept(const std::string& target, const Before& before, const std::vector<Certificate>& found,
                              net::Response response) {
  if (!may_be_kept(target) || !before.subject || found.size() != 1 || !found[0].open || found[0].subject != *before.subject)
    return response;
  // Of a subkey: a certificate of its own would come under another subject, and go before this one.
  if (before.alias != "fpr:" + to_hex(found[0].fingerprint.octets)) return response;
  const auto& digest = before.subject->digest;
  auto ready = net::serialize(response);
  const auto put = [&](auto& into) {
    into.put(key_of(target, subject_of_target), {}, Time::never(), std::make_shared<const std::string>(digest.begin(), digest.end()));
    into.put(key_of(target, answer_of_target), before.stamp, Time::never(), ready);
  };
  if (ledger::Brief::here()) put(cache());
  else put(long_answers);
  response.ready = std::move(ready);
  return response;
}

}  // namespace cm4it::hkp
