// OpenPGP certificates as evidence (docs/openpgp.md). A piece of evidence of Format::openpgp is, in canonical packets: the
// primary key, the one component it concerns (user id, user attribute or subkey; none when it is the key itself), and one
// signature. A certificate is the union of its pieces.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "evidence/evidence.h"
#include "evidence/formats/openpgp/armor.h"

namespace cm4it::evidence::openpgp {

// The name of one certificate: a key with two creation times is one subject, and two of these (RFC 9580 section 5.5.4).
struct Fingerprint {
  std::uint8_t version = 4;  // 4: SHA-1, 20 octets · 6: SHA-256, 32 octets
  Bytes octets;

  static Result<Fingerprint> parse(std::string_view hex);  // 40 or 64 digits of any case
  std::string text() const;                                // uppercase hex
  std::uint64_t key_id() const;                            // v4: its last 8 octets, v6: its first
  auto operator<=>(const Fingerprint&) const = default;
};

// How a signature names its maker's certificate: by its fingerprint, or, where that is not given (empty), by the 64-bit key id
// alone. A key has several of either: creation times are in them.
struct SignatureIssuer {
  Bytes fingerprint;
  std::uint64_t key_id = 0;

  auto operator<=>(const SignatureIssuer&) const = default;
  std::string text() const;  // uppercase hex of the longer one
  std::string alias() const; // "fpr:" or "keyid:" and that
  IssuerHint hint() const;
};

struct SplitCertificates {
  struct Dropped { std::string what, why; };

  std::vector<Piece> pieces;
  std::vector<Dropped> dropped;        // the first budget::openpgp_dropped of them
  std::size_t dropped_count = 0;       // all of them
  std::vector<Fingerprint> certificates;  // whose primary key could be read, in the order they came
};
// One or many transferable public keys (RFC 9580 section 10.1), armored or binary. What is bad takes along what hangs on
// it; the good parts are kept. Unhashed subpackets that say nothing of their own are left out, repeats are gone. A signature
// behind the wrong component is put where it belongs. A key's revocation that came without the key, as gpg and sq write them, is a
// piece that is the signature packet alone: complete() makes evidence of it.
// Errors, then nothing is taken: malformed (no OpenPGP at all, broken armor), not_permitted (a secret key).
Result<SplitCertificates> split_certificates(View armored_or_binary);

// Whose revocation a piece is that is such a signature packet alone. Absent: it is something else.
std::optional<SignatureIssuer> loose_revocation(View piece);
// The evidence that it is, once its key is at hand: that of a certificate or of a piece of one, binary. not_found: another's.
Result<Piece> complete(View revocation, View certificate);

// The certificate of that fingerprint out of pieces that were verified; others are passed over, repeats and twins of one
// signature are merged. Any order of the pieces gives the same octets. not_found: none of the pieces belongs to it.
Result<Bytes> assemble(std::span<const Bytes> pieces, const Fingerprint& fingerprint);

// What SKS key servers call a certificate by: MD5 over its packets in the order of type and body, each as type, length (32
// bits, most significant octet first) and body. malformed: no packets.
Result<crypto::Md5> sks_digest(View certificate);

// What an index shows of it.
struct CertificateInfo {
  struct UserId {
    std::string text;  // clean UTF-8: what is not, is shown escaped
    std::optional<Time> created, expires;  // of the newest certification by the key itself
    bool revoked = false;
  };
  struct Subkey {
    Fingerprint fingerprint;
    std::uint8_t algorithm = 0;
    unsigned bits = 0;  // 0: not known here
    Time created;
    std::optional<Time> expires;
    bool revoked = false;
  };

  Fingerprint fingerprint;
  std::uint8_t algorithm = 0;  // RFC 9580 section 9.1
  unsigned bits = 0;
  Time created;
  std::optional<Time> expires;
  bool revoked = false;
  std::vector<UserId> user_ids;  // in the order of assemble()
  std::vector<Subkey> subkeys;
};
// As of that time: signatures made later count for nothing yet. not_found as above.
Result<CertificateInfo> describe(std::span<const Bytes> pieces, const Fingerprint& fingerprint, Time at);

// Whose piece it is: the fingerprint of its primary key; of a revocation without its key what it calls it by, be that a key id
// alone. malformed, unsupported.
Result<Fingerprint> certificate_of(View piece);
// The piece's first packet, its header included: pieces that begin with the same are of one certificate. Empty: not a packet.
View first_packet(View piece);

// Of a piece of evidence: 2, a hard revocation of the key (RFC 9580 section 5.2.3.31: any reason but superseded and retired);
// 1, a soft one; 0, something else.
int revocation_weight(View piece);

// The primary key of a certificate, armored or binary. malformed, unsupported (no key of ours), not_permitted (a secret key).
Result<crypto::PublicKey> primary_key(View certificate);

// Octets of the first certificate of a binary stream of them: up to the next primary key. The whole of it where none
// comes; malformed where its packets cannot be told apart.
Result<std::size_t> first_certificate(View stream);

// Does it begin like OpenPGP key material, armored or binary?
bool looks_like_openpgp(View bytes);

}  // namespace cm4it::evidence::openpgp
