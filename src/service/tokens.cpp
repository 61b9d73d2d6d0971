#include "service/token.h"
#include "service/verdicts.h"

namespace cm4it::service {

Result<Bytes> Verdicts::token(const SubjectId& subject, std::string_view domain_name, View nonce,
                             const Principal& who) const {
  const std::string domain = access_.domain_or_default(domain_name);
  if (subject.kind != evidence::SubjectKind::key)
    return fail(Code::unsupported, "subject: a token is bound to a key, and " + subject.text() + " is none");
  TRY(const auto looked, look_up(subject, domain, who));
  TRY(const auto key, this->key(KeyId{subject.digest}, server_key_->public_key().id()));
  const auto* descriptor = looked.published->policies->newest(domain);
  if (!descriptor) return fail(Code::not_found, "no policy of " + domain + " counts here");
  return make_token(looked.verdict, key, now(), descriptor->token_ttl, nonce, *server_key_);
}

}  // namespace cm4it::service
