#include "service/token.h"

#include "base/budgets.h"
#include "base/cbor.h"

namespace cm4it::service {
namespace {

// RFC 8392 and RFC 9711 claims, and our own (private use).
enum Claim : std::int64_t {
  sub = 2, exp = 4, iat = 6, cnf = 8, nonce_claim = 10, domain_claim = -70001, admitted_claim = -70002, status_claim = -70003
};
constexpr Seconds skew = budget::clock_skew_seconds;

// protected = { 1: alg, 4: kid, 16: typ }
Bytes protected_header(const crypto::PublicKey& server) {
  CborWriter out;
  out.map(3).uint(1).integer(crypto::cose_id(server.algorithm()));
  out.uint(4).bytes(server.id().digest);
  out.uint(16).text(token_type);
  return out.take();
}

// RFC 9052 section 4.4.
Bytes sig_structure(View protected_bytes, View payload) {
  CborWriter out;
  out.array(4).text("Signature1").bytes(protected_bytes).bytes({}).bytes(payload);
  return out.take();
}

Bytes claims(const policy::Verdict& verdict, const crypto::PublicKey& subject, Time issued_at, Time expires, View nonce) {
  CborWriter out;
  out.map(nonce.empty() ? 7 : 8);
  out.uint(sub).text(verdict.subject.text());
  out.uint(exp).integer(expires.seconds);
  out.uint(iat).integer(issued_at.seconds);
  out.uint(cnf).map(1).uint(1).raw(subject.cose_key());
  if (!nonce.empty()) out.uint(nonce_claim).bytes(nonce);
  out.integer(domain_claim).text(verdict.domain);
  out.integer(admitted_claim).boolean(verdict.admitted == policy::Admitted::yes);
  out.integer(status_claim).text(verdict.status ? evidence::to_string(*verdict.status) : "");
  return out.take();
}

Result<void> read_claim(std::int64_t key, CborReader& reader, Token& token) {
  switch (key) {
    case sub: {
      TRY(const auto text, reader.text());
      TRY(token.subject, evidence::SubjectId::parse(text));
      return {};
    }
    case exp: {
      TRY(token.expires.seconds, reader.integer());
      return {};
    }
    case iat: {
      TRY(token.issued_at.seconds, reader.integer());
      return {};
    }
    case cnf:
      return reader.int_map([&](std::int64_t member) -> Result<void> {
        if (member != 1) return fail(Code::unsupported, "cnf: only a COSE_Key (1) is read");
        TRY(const View key_bytes, reader.item());
        token.confirmation = to_bytes(key_bytes);
        return {};
      });
    case nonce_claim: {
      TRY(const View nonce, reader.bytes());
      token.nonce = to_bytes(nonce);
      return {};
    }
    case domain_claim: {
      TRY(token.domain, reader.text());
      return {};
    }
    case admitted_claim: {
      TRY(const bool admitted, reader.boolean());
      token.admitted = admitted ? policy::Admitted::yes : policy::Admitted::no;
      return {};
    }
    case status_claim: {
      TRY(token.status, reader.text());
      return {};
    }
    default: return fail(Code::malformed, "claim " + std::to_string(key) + ": not one of a verdict token");
  }
}

Result<void> expect_header(View protected_bytes, const crypto::PublicKey& signer) {
  // One signer, one algorithm, one type: the header is known to the octet.
  if (equal(protected_bytes, protected_header(signer))) return {};
  return fail(Code::not_permitted, "protected header: not a verdict token (alg, kid, typ) of the pinned server " +
              signer.id().text());
}

Result<void> check_claims(const Token& token, const TokenCheck& check) {
  if (token.domain != check.domain)
    return fail(Code::not_permitted, "domain: the token is for " + token.domain + ", not " + check.domain);
  if (!equal(token.confirmation, check.proven.cose_key()))
    return fail(Code::not_permitted, "cnf: the token belongs to another key than the one proven in the handshake");
  if (token.subject != evidence::SubjectId::key(check.proven.id()))
    return fail(Code::not_permitted, "sub: the token speaks of another subject than the key proven in the handshake");
  if (!check.now && check.nonce.empty())
    return fail(Code::not_permitted, "nonce: a checker without a clock needs one of its own");
  if (!check.nonce.empty() && !equal(token.nonce, check.nonce))
    return fail(Code::not_permitted, "nonce: not the one that was asked for");
  if (check.now && token.expires <= *check.now)
    return fail(Code::not_permitted, "exp: the token expired at " + to_rfc3339(token.expires));
  if (check.now && token.issued_at > *check.now + skew)
    return fail(Code::not_permitted, "iat: the token is from the future, " + to_rfc3339(token.issued_at));
  if (token.admitted != policy::Admitted::yes)
    return fail(Code::not_permitted, "admitted: the verdict was no; status " +
                (token.status.empty() ? std::string("unset") : token.status));
  return {};
}

}  // namespace

Result<Bytes> make_token(const policy::Verdict& verdict, const crypto::PublicKey& subject, Time issued_at, Seconds ttl,
                         View nonce, const crypto::Signer& server) {
  const Bytes header = protected_header(server.public_key());
  const Bytes payload =
      claims(verdict, subject, issued_at, std::min(verdict.valid_until, issued_at + ttl), nonce);
  TRY(const Bytes signature, server.sign(sig_structure(header, payload)));
  CborWriter out;
  out.tag(18).array(4).bytes(header).map(0).bytes(payload).bytes(signature);
  return out.take();
}

Result<Token> check_token(View cwt, const TokenCheck& check) {
  CborReader reader(cwt);
  TRY(const auto tag, reader.tag());
  TRY(const auto items, reader.array());
  if (tag != 18 || items != 4) return fail(Code::malformed, "token: not a COSE_Sign1 message");
  TRY(const View header, reader.bytes());
  CHECK_OK(reader.int_map([](std::int64_t) -> Result<void> {
    return fail(Code::malformed, "unprotected header: must be empty");
  }));
  TRY(const View payload, reader.bytes());
  TRY(const View signature, reader.bytes());
  CHECK_OK(reader.end());
  CHECK_OK(expect_header(header, check.signer));
  CHECK_OK(check.signer.verify(sig_structure(header, payload), signature));
  Token token;
  CborReader body(payload);
  CHECK_OK(body.int_map([&](std::int64_t key) { return read_claim(key, body, token); }));
  CHECK_OK(body.end());
  CHECK_OK(check_claims(token, check));
  return token;
}

}  // namespace cm4it::service
