// What may be said of which subject (docs/formats/statement.md).
#include "evidence/formats/native/rules.h"

#include "base/text.h"

namespace cm4it::evidence {

tl::unexpected<Error> bad_body(const std::string& path, const std::string& rule) {
  return fail(Code::malformed, path + ": " + rule, "docs/formats/statement.md");
}

namespace {

Result<void> check_identity(const Statement& statement, const Identity& identity, bool from_store) {
  switch (statement.subject.kind) {
    case SubjectKind::key: {
      if (identity.type == Type::code || identity.type == Type::model)
        return bad_body("payload.3.1", std::string("a key is no ") + to_string(identity.type));
      if (identity.spki.empty()) return bad_body("payload.3.2", "the identity of a key carries its SubjectPublicKeyInfo");
      if (from_store) return {};
      auto key = crypto::PublicKey::from_canonical_spki(identity.spki);
      if (!key) return within("payload.3.2", std::move(key).error());
      if (key->id().digest != statement.subject.digest)
        return bad_body("payload.3.2", "the SHA-256 of the SubjectPublicKeyInfo is not the subject (claim 2)");
      return {};
    }
    case SubjectKind::code:
      if (identity.type != Type::code) return bad_body("payload.3.1", "a code subject is of type code");
      break;
    case SubjectKind::model: {
      if (identity.type != Type::model) return bad_body("payload.3.1", "a model subject is of type model");
      const auto domain = statement.subject.model.substr(0, statement.subject.model.find('/'));
      if (!contains(statement.domains, domain))
        return bad_body("payload.1", "a model is identified in its own domain, " + domain);
      break;
    }
  }
  if (!identity.spki.empty()) return bad_body("payload.3.2", "only key subjects have a SubjectPublicKeyInfo");
  return {};
}

}  // namespace

Result<void> check_subject(const Statement& statement, bool from_store) {
  if (const auto* identity = std::get_if<Identity>(&statement.body)) return check_identity(statement, *identity, from_store);
  const SubjectKind kind = statement.subject.kind;
  switch (statement.kind()) {
    case Kind::transfer:
      if (kind == SubjectKind::model) return bad_body("claims.2", "a model is not handed over");
      return {};
    case Kind::assign:
      if (kind != SubjectKind::key) return bad_body("claims.2", "only keys (devices, gateways, services) work in a cloud");
      return {};
    case Kind::policy:
      if (kind != SubjectKind::key) return bad_body("claims.2", "the subject of a policy is the owner it names, a key");
      if (statement.domains.size() != 1) return bad_body("payload.1", "a policy is of exactly one domain");
      return {};
    default: return {};
  }
}

}  // namespace cm4it::evidence
