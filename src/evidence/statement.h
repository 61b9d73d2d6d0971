// The statement model: one issuer, about one subject, at one time (docs/formats/statement.md).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/key.h"
#include "evidence/subject.h"

namespace cm4it::evidence {

// The encodings of evidence. The numbers are on the wire and in the store.
enum class Format : std::uint8_t { cose = 1, openpgp = 2, x509 = 3, crl = 4, sums = 5, manifest = 6 };

// Native statements name their issuer's key, and may say everything that is said here.
inline constexpr Format native_format = Format::cose;
// Certificates of authorities. A role that may write these is lent to whatever its key certifies.
inline constexpr Format certificate_format = Format::x509;

// malformed: a word that is none of those that are known.
tl::unexpected<Error> none_of(const char* what, std::string_view text, const std::vector<std::string_view>& known);

const char* to_string(Format format);
Result<Format> parse_format(std::string_view text);

enum class Kind : std::uint8_t { identity = 1, endorse, status, transfer, assign, withdraw, policy };

const char* to_string(Kind kind);
Result<Kind> parse_kind(std::string_view text);

enum class Type : std::uint8_t { device = 1, gateway, service, code, server, party, model };

const char* to_string(Type type);
Result<Type> parse_type(std::string_view text);

// Life cycle first, then alarms from the mildest to the worst: a greater alarm is a worse one.
enum class Status : std::uint8_t {
  planned = 1, in_stock, in_use, retired,
  deprecated = 10, suspended, lost, destroyed, stolen, revoked, compromised
};

const char* to_string(Status status);
Result<Status> parse_status(std::string_view text);
constexpr bool is_alarm(Status status) { return status >= Status::deprecated; }

// SHA-256 over (format octet ‖ issuer key id ‖ the bytes that the signature covers): what is not
// signed makes no new statement.
struct StatementId {
  Digest digest{};

  auto operator<=>(const StatementId&) const = default;
  std::string text() const { return to_hex(digest); }
};

StatementId statement_id(Format format, const KeyId& issuer, View signed_bytes);

struct Identity {
  Type type = Type::device;
  Bytes spki;  // canonical; key subjects only
  std::string name, maker, model, serial, version;
  std::vector<std::string> uris;
  std::map<std::string, std::string> attributes;
};
struct Endorse { std::string label, note; };
struct StatusChange { Status status = Status::planned; std::string reason; };
struct Transfer { std::string domain; KeyId owner; };
struct Assign { std::string cloud; };
struct Withdraw {
  StatementId statement;  // zeros where `component` is set
  std::string reason;
  // All earlier ones of this issuer that are said of the component with this digest (OpenPGP: signatures of types 0x28 and 0x30).
  // A revocation list names no statement either: SHA-256 of its issuer's name.
  std::optional<Digest> component = {};
};
struct PolicyText { std::string descriptor; };

// In the order of Kind: index() + 1 is the kind.
using Body = std::variant<Identity, Endorse, StatusChange, Transfer, Assign, Withdraw, PolicyText>;

class Credential;  // evidence/credential.h
using CredentialPtr = std::shared_ptr<const Credential>;
struct RevocationList;

// What a statement is said of, where it concerns one component of the subject's certificate: the key itself, one of its user ids, a
// subkey. Filled by formats whose certificates are signed component by component (OpenPGP); a format that signs all at once has none.
struct Component {
  // Which one: what a later statement of the same issuer may take back or supersede; none: not said of a component.
  // OpenPGP: SHA-256 over the primary key's body ‖ the component's packet type and body.
  std::optional<Digest> digest;
  // The user id that it is, where the statement's body has no place for it: so that it can be searched for.
  std::string user_id;
  // The statement proves that the component belongs to its certificate (a subkey's binding, a signature of the key over itself), and
  // says nothing of who the subject is.
  bool supporting = false;
  // Over a hash that is believed no more (OpenPGP: SHA-1), and carried for clients that read it: a newer one of these supersedes
  // nothing that can be believed (docs/decisions/0034). Such a one is supporting too.
  bool weak = false;
  // A revocation of it for a reason other than "superseded" and "retired" (RFC 9580 section 5.2.3.31), which puts in doubt all that
  // its key signs.
  bool hard_revocation = false;
};

// Names of other keys that, by this evidence, belong to the subject: subkeys of a certificate, other slots of a secure element.
// Anybody can say so of anybody's key, so they lead to the subject only where no subject bears them as its own.
struct OtherKeys {
  std::vector<std::string> names;
  bool agreed = false;  // a signature by that key confirms it (OpenPGP's back-signature)
};

struct Statement {
  StatementId id;
  Format format = Format::cose;
  KeyId issuer;
  // The component of its issuer's certificate whose key signed this; none: the certificate's first key. Beside the issuer and not in
  // `component`: it tells who says it, of whatever subject (a list of files that an OpenPGP subkey signed).
  std::optional<Digest> signing_component;
  SubjectId subject;
  Component component;  // of the subject's certificate
  Time issued_at;
  std::optional<Time> not_before, expires;
  std::vector<std::string> domains;  // sorted; native: 1 to 4; foreign evidence names none (OpenPGP: by a notation, up to 4)
  Body body;
  std::vector<std::string> aliases;  // further names of the subject that the evidence gives
  OtherKeys other_keys;
  // The certificate that this is, or those that came along with it, its issuer's own first (x5chain, CMS). What a right may lead over
  // is judged by the octets themselves.
  std::vector<CredentialPtr> credentials;
  // A list that takes certificates back, as far as it concerns the subject.
  std::shared_ptr<const RevocationList> revocations;

  bool is_native() const { return format == native_format; }
  bool is_certificate() const { return format == certificate_format; }
  Kind kind() const { return static_cast<Kind>(body.index() + 1); }
};

inline bool is_alarm(const Statement& statement) {
  const auto* change = std::get_if<StatusChange>(&statement.body);
  return change && is_alarm(change->status);
}

// A key's own word that it, or a component of its certificate, is compromised: nobody but the key can say so, and it can only lower.
bool is_self_compromise(const Statement& statement, const KeyId& issuer);
// Of such a word: the component whose key is compromised (OpenPGP: a subkey); none: the certificate's first key, and with it all.
std::optional<Digest> compromised_component(const Statement& self_compromise);

// "acme.example": 1 to 253 octets of lowercase letters, digits, '-' and '.', labels as in RFC 1123 2.1.
bool is_domain_name(std::string_view text);

}  // namespace cm4it::evidence

template <>
struct std::hash<cm4it::evidence::StatementId> {
  std::size_t operator()(const cm4it::evidence::StatementId& id) const { return cm4it::DigestHash{}(id.digest); }
};
