// PEM (RFC 7468), read as its section 3 has it leniently: white space between the digits, and text around the blocks, are passed
// over. And what lies in it: certificates and CRLs, also in bundles (PKCS #7).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cm4it::crypto {

// The label of a BEGIN line ("CERTIFICATE") with which the text begins; empty: it begins with none.
std::string_view pem_label(std::string_view text);

struct PemBlock {
  std::string_view label;   // "CERTIFICATE"
  std::size_t begin = 0;    // where its BEGIN line stands in the text
  std::size_t end = 0;      // behind its END line
  std::string_view base64;  // between those lines
};
// The next block that begins at `from` or behind it; what stands between blocks is passed over. malformed: one that does not end.
// None: there is no more.
Result<std::optional<PemBlock>> next_pem(std::string_view text, std::size_t from = 0);
// malformed: no base64.
Result<Bytes> der_of(const PemBlock& block);
// What is in the first block of this label, whatever others stand around it. None: there is no such block. malformed: a block does
// not end, or this one is no base64.
Result<std::optional<Bytes>> der_in_pem(std::string_view text, std::string_view label);
// Base64 with white space between its digits. malformed.
Result<Bytes> from_base64_lines(std::string_view text);

// "-----BEGIN LABEL-----" and base64 in lines of 64, as openssl writes it.
std::string pem_text(std::string_view label, View der);
inline std::string certificate_pem(View der) { return pem_text("CERTIFICATE", der); }

// One piece of what is for certificates: RFC 7468 sections 5, 6, 8 and 9, and older labels for the same.
enum class PkixKind { certificate, crl, bundle };
std::optional<PkixKind> pkix_kind(std::string_view label);
// Does a block of such a label begin here or later?
bool has_pkix_pem(std::string_view text);

struct PkixItem {
  bool crl = false;
  Bytes der;
};
// SignedData (RFC 5652 section 5, RFC 2315 section 9), DER or BER, of which only certificates and CRLs are looked at: what
// `openssl crl2pkcs7` makes, .p7b, EST's "certs-only". malformed; too_large: more than `most`.
Result<std::vector<PkixItem>> items_in_bundle(View encoded, std::size_t most);
// Does it begin like one?
bool looks_like_bundle(View encoded);
// DER or BER in base64 without PEM's lines, as EST has it (RFC 8951 section 3.1). None: it is something else.
std::optional<Bytes> bare_base64(std::string_view text);

// All certificates and CRLs of a text: PEM blocks of the labels above in their order, and what is in bundles. malformed,
// too_large: more than `most`; not_permitted: a private key is in it. `others`, where given: the labels of blocks that are none.
Result<std::vector<PkixItem>> items_in_pem(std::string_view text, std::size_t most, std::vector<std::string>* others = nullptr);

// The certificates of a file, for configurations and options: PEM, DER (one certificate or a bundle), or bare base64. One at
// least.
Result<std::vector<Bytes>> certificates_in_file(std::string_view content, std::size_t most);

}  // namespace cm4it::crypto
