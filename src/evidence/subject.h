// What a statement is about.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/key.h"

namespace cm4it::evidence {

enum class SubjectKind : std::uint8_t { key = 1, code = 2, model = 3 };

// key:HEX64 · code:HEX64 · model:DOMAIN/NAME
struct SubjectId {
  SubjectKind kind = SubjectKind::key;
  Digest digest{};    // key and code: the id; model: SHA-256 of the text form
  std::string model;  // model only: "acme.example/thermo-2000"

  static SubjectId key(const KeyId& id) { return {SubjectKind::key, id.digest, {}}; }
  static SubjectId code(const Digest& sha256) { return {SubjectKind::code, sha256, {}}; }
  // malformed: the domain is no domain name, the name is empty, over budget::text_field or not clean text.
  static Result<SubjectId> model_of(std::string_view domain, std::string_view name);
  // Its text, whatever the two are: to look for one that is known already.
  static std::string model_text(std::string_view domain, std::string_view name);
  // A whole id; a prefix or an alias is not_found here (the service resolves those).
  static Result<SubjectId> parse(std::string_view text);

  std::string text() const;
  // 33 octets: kind, digest. What stores and caches key on.
  std::array<std::uint8_t, 33> row() const;

  bool operator==(const SubjectId& other) const { return kind == other.kind && digest == other.digest; }
  auto operator<=>(const SubjectId& other) const {
    if (auto order = kind <=> other.kind; order != 0) return order;
    return digest <=> other.digest;
  }
};

struct SubjectIdHash {
  std::size_t operator()(const SubjectId& id) const { return DigestHash{}(id.digest); }
};

// Whether a text stands in one of the name spaces whose names evidence proves: ids of subjects, fingerprints and key ids of
// OpenPGP certificates, those of X.509 certificates, CAs. What a statement gives freely (a URI) may not claim one of them.
bool is_proved_name(std::string_view text);

}  // namespace cm4it::evidence
