#include "evidence/formats/openpgp/meaning.h"

#include <algorithm>

#include "base/budgets.h"
#include "evidence/formats/openpgp/certificate.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {
namespace {

std::string lowercase(const Fingerprint& fingerprint) { return to_hex(fingerprint.octets); }

// "fpr:…", "keyid:…": what people and programs call a certificate by. The short ids of v4 keys are no names to trust, and
// still asked for; v6 keys have none.
void append_aliases(std::vector<std::string>& aliases, const Fingerprint& fingerprint) {
  const std::string hex = lowercase(fingerprint);
  aliases.push_back("fpr:" + hex);
  aliases.push_back("keyid:" + (fingerprint.version == 4 ? hex.substr(hex.size() - 16) : hex.substr(0, 16)));
  if (fingerprint.version == 4) aliases.push_back("keyid:" + hex.substr(hex.size() - 8));
}

Identity identity_of(const Said& said, const KeySubject& subject) {
  Identity identity;
  identity.type = said.typed ? said.type : said.identity ? Type::device : Type::party;
  identity.spki = subject.spki;
  identity.maker = said.maker;
  identity.model = said.model;
  identity.serial = said.serial;
  identity.version = said.version;
  identity.attributes = said.attributes;
  return identity;
}

bool says_nothing(const Said& said) { return !said.status && !said.label && !said.cloud && !said.identity; }

tl::unexpected<Error> out_of_place(const Signature& signature) {
  return fail(Code::malformed, "openpgp: notations: " + type_text(signature.type) + " says what its type says, and names domains at most",
              "docs/openpgp.md");
}

// RFC 9580 section 5.2.3.31: 2 is "compromised", whatever else is given the key is to be used no more.
StatusChange revocation(const Signature& signature) {
  constexpr std::uint8_t key_compromised = 2;
  return {signature.reason == key_compromised ? Status::compromised : Status::revoked,
          shown_text(view(signature.reason_text), budget::note_field)};
}

Body certification(const PieceParts& piece, const KeySubject& subject, Said said, bool& supporting) {
  if (said.status) return StatusChange{*said.status, std::move(said.reason)};
  if (said.cloud) return Assign{std::move(*said.cloud)};
  if (said.label) return Endorse{std::move(*said.label), {}};
  if (!said.identity && !piece.self()) return Endorse{};
  Identity identity = identity_of(said, subject);
  if (piece.component_tag == tag::user_id) identity.name = shown_text(piece.component, budget::text_field);
  // Without a name or a notation it proves only that the key owns an image, or itself.
  supporting = !said.identity && piece.component_tag != tag::user_id;
  return identity;
}

Result<Body> body_of(const PieceParts& piece, const KeySubject& subject, Said said, bool& supporting) {
  const Signature& signature = piece.signature;
  switch (signature.type) {
    case signature_type::key_revocation: return revocation(signature);
    case signature_type::certification_revocation:
    case signature_type::subkey_revocation:
      if (!says_nothing(said)) return out_of_place(signature);
      supporting = signature.type == signature_type::subkey_revocation;
      return Withdraw{{}, shown_text(view(signature.reason_text), budget::note_field), piece.component_digest()};
    case signature_type::subkey_binding:
      if (!says_nothing(said)) return out_of_place(signature);
      supporting = true;
      return identity_of(said, subject);
    default: break;
  }
  // A key's endorsement of itself would mean nothing, so it is read as an identity.
  if (said.label && piece.self()) return fail(Code::malformed, "openpgp: notation label: by the key about itself", "docs/openpgp.md");
  return certification(piece, subject, std::move(said), supporting);
}

// The signature's own end; where the key itself speaks, also that of the key it speaks of (RFC 9580 section 5.2.3.13).
std::optional<Time> expiry(const PieceParts& piece) {
  const Signature& signature = piece.signature;
  // Nothing makes good again what was given away.
  if (signature.type == signature_type::key_revocation) return {};
  std::optional<Time> end = signature.expires;
  if (signature.key_lifetime && piece.self()) {
    const Time key_end{(piece.subkey ? piece.subkey->created : piece.primary.created).seconds + *signature.key_lifetime};
    if (!end || key_end < *end) end = key_end;
  }
  return end;
}

}  // namespace

std::string shown_text(View octets, std::size_t most) {
  const std::string_view all = text(octets);
  std::string shown;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t size = 1;
    while (size <= 4 && !is_clean_text(all.substr(at, size))) ++size;  // the character that begins here
    const bool clean = size <= 4 && at + size <= all.size();
    const std::string piece = clean ? std::string(all.substr(at, size)) : "\\x" + to_hex(octets.subspan(at, 1));
    if (shown.size() + piece.size() > most) break;
    shown += piece;
    at += clean ? size : 1;
  }
  return shown;
}

Result<Statement> meaning_of(const PieceParts& piece, const KeySubject& subject) {
  const auto type = piece.signature.type;
  const bool of_a_key = type == signature_type::key_revocation || type == signature_type::subkey_revocation;
  Said said;
  if (of_a_key) {
    said.domains = domains_named(piece.signature.notations);
  } else {
    TRY(said, read_notations(piece.signature.notations));
  }
  if (piece.signature.weak && !says_nothing(said)) return too_weak(piece.signature);
  Statement statement;
  statement.format = Format::openpgp;
  statement.subject = SubjectId::key(subject.id);
  statement.issued_at = piece.signature.created;
  statement.expires = expiry(piece);
  statement.domains = said.domains;
  statement.component.digest = piece.component_digest();
  statement.component.hard_revocation = is_hard(piece.signature);
  append_aliases(statement.aliases, piece.primary.fingerprint);
  if (piece.signature.type == signature_type::subkey_binding) {
    append_aliases(statement.other_keys.names, piece.subkey->fingerprint);
    statement.other_keys.agreed = piece.back_signature.has_value();
    if (is_key_here(*piece.subkey)) {
      TRY(const KeySubject own, subject_of(*piece.subkey, true));
      statement.other_keys.names.push_back(own.id.text());
    }
  }
  TRY(statement.body, body_of(piece, subject, std::move(said), statement.component.supporting));
  statement.component.weak = piece.signature.weak;
  statement.component.supporting |= statement.component.weak;
  if (piece.component_tag == tag::user_id && statement.kind() != Kind::identity)
    statement.component.user_id = shown_text(piece.component, budget::text_field);
  return statement;
}

}  // namespace cm4it::evidence::openpgp
