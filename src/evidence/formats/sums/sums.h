// Signed lists of files (SHA256SUMS): an identity of code for each (docs/formats/sums.md). A piece of evidence of Format::sums
// carries the text, its signature, and the signer's key with what binds it to its certificate: it proves itself.
#pragma once

#include <vector>

#include "evidence/evidence.h"

namespace cm4it::evidence::sums {

// A list and one signature over it, as people publish them.
struct Signed {
  Bytes text;        // as it was signed, without what a cleartext message wraps it in
  Bytes signature;   // an OpenPGP signature packet's body, of type 0x00 or 0x01; or CMS, DER
  bool cms = false;  // the signer's certificates are in it
  IssuerHint issuer;  // else: whose key is not in there; its one name is an alias of its certificate
};
// Does it begin like CMS: PEM, or DER of anything?
bool looks_like_cms(View signature);
// One for each signature: detached OpenPGP, armored or binary (gpg --detach-sign), or CMS, PEM or DER (openssl cms -sign); or,
// where `signature` is empty, inline (gpg --clearsign; RFC 9580 section 7). malformed, unsupported, too_large; not_permitted:
// a secret key; bad_signature: a CMS signature over another text.
Result<std::vector<Signed>> read_signed(View text, View signature);

// The evidence. Of OpenPGP: with the key out of certificates, armored or binary, that made the signature, and where it is a
// subkey with the newest binding. not_found: no such key in them. Nothing is verified.
Result<Piece> complete(const Signed& list, View certificates);

}  // namespace cm4it::evidence::sums
