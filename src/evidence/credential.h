// Certificates and revocation lists of any format, as policy, ledger and service see them. Those of X.509 are
// in formats/x509; another format (C509, CWT, a status list) makes its own of these.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/key.h"
#include "crypto/revocation_reason.h"
#include "evidence/statement.h"

namespace cm4it::evidence {

// A certificate: an authority's word that a key is somebody's, and what it may be used for. Immutable; may be shared between threads.
class Credential {
 public:
  virtual ~Credential() = default;

  virtual View octets() const = 0;     // as it came
  virtual Bytes findings() const = 0;  // the results that are costliest to compute again, for Codec::known_credential
  virtual const KeyId& key_id() const = 0;
  virtual const crypto::PublicKey& key() const = 0;  // made when it is first asked for

  // Names as they are compared: the same octets, the same name. What they mean is the format's.
  virtual View issuer_name() const = 0;
  virtual View subject_name() const = 0;
  virtual const std::string& issuer_text() const = 0;  // for people
  virtual const std::string& subject_text() const = 0;
  // The alias in the index of the keys that have its issuer's name.
  virtual std::string issuer_alias() const = 0;
  // What its issuer calls it by in lists that take back (X.509: the serial number's octets).
  virtual View handle() const = 0;
  virtual Time not_before() const = 0;
  virtual std::optional<Time> not_after() const = 0;  // the last second at which it holds; none: no end
  // A hash of its issuer's key ("method1:HEX", evidence/issuer_hint.h), as it claims; empty: it claims none.
  virtual std::string issuer_key_name() const = 0;
  // The id of the statement that it is as evidence of its own, made by this key.
  virtual StatementId statement_id(const KeyId& issuer) const = 0;

  // Whether paths may lead over it, or its key may sign revocation lists.
  virtual bool is_authority() const = 0;
  virtual bool may_sign_lists() const = 0;
  // Is its key for signing statements? not_permitted says what it is for instead.
  virtual Result<void> check_signs_statements() const = 0;
  // Its signature. bad_signature, whatever the reason.
  virtual Result<void> verify(const crypto::PublicKey& issuer) const = 0;
  // The path rules of its format. `path`: this one, the certificate of its issuer, and so on; the last is by `anchor`, a key that is trusted
  // for reasons of its own. `own`: the certificate that this key made of itself, whose constraints bind too; null: it has none. Neither
  // signatures nor times are looked at. not_permitted: which certificate breaks what rule.
  virtual Result<void> check_path(std::span<const CredentialPtr> path, const crypto::PublicKey& anchor, const Credential* own) const = 0;

  bool is_self_issued() const { return equal(issuer_name(), subject_name()); }
};

// What a signed list revokes (X.509: a CRL), as far as it concerns one subject. Of the lists that one key signed in one name and of
// one scope the highest number counts, of those whose `this_update` has come.
struct RevocationList {
  virtual ~RevocationList() = default;

  Bytes issuer_name;   // as Credential::issuer_name() has it
  Digest scope{};      // lists of one scope are numbered together
  Bytes number;        // big-endian, from 0 up, in the fewest octets
  Time this_update;
  std::optional<Time> next_update;
  std::string name;    // for people: "CRL 1f of CN=ca"
  // What it says of the subject's certificates. Of the list's own statement: nothing.
  struct Entry {
    Bytes handle;
    Time at;
    crypto::RevocationReason reason;
  };
  std::vector<Entry> entries;
  // Older lists of its scope are stored and were not looked at: if none that was looked at counts, it is not known which one does.
  bool cut = false;

  // Is a certificate that was made in the list's name among those that it is about?
  enum class Coverage { no, perhaps, surely };
  virtual Coverage coverage_of(const Credential&) const { return Coverage::surely; }
  // In words, with its entries: which list, and what it says of the subject's certificates.
  virtual std::string reason() const { return name; }
  // What its format adds to the fields above, for Codec::known_list.
  virtual Bytes findings() const { return {}; }
  virtual std::shared_ptr<RevocationList> copy() const { return std::make_shared<RevocationList>(*this); }
};
// The list's own statement, made to speak of the subject's certificates: with what it says of them, and whether older ones were left out.
Statement with_entries(Statement list, std::vector<RevocationList::Entry> entries, bool cut);
// Which of two numbers is the higher.
bool list_number_less(View a, View b);

}  // namespace cm4it::evidence
