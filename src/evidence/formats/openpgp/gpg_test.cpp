// What GnuPG makes is read, verified and given back so that GnuPG takes it. Skipped where there is none.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "base/needs_for_test.h"
#include "evidence/formats/openpgp/openpgp.h"

namespace cm4it::evidence::openpgp {
namespace {

namespace fs = std::filesystem;

// A directory of its own, with a key ring and an agent that end with it.
class GnuPg {
 public:
  GnuPg() {
    char name[] = "/tmp/cm4it-gpg-XXXXXX";  // short: the agent's socket lies in it
    if (mkdtemp(name)) home_ = name;
    fs::permissions(home_, fs::perms::owner_all);
  }
  ~GnuPg() {
    run("gpgconf --kill all");
    std::error_code gone;  // its agent ends at the same time, and takes its sockets along
    fs::remove_all(home_, gone);
  }
  GnuPg(const GnuPg&) = delete;
  GnuPg& operator=(const GnuPg&) = delete;

  static bool there() { return std::system("gpg --version >/dev/null 2>&1 && gpgconf --version >/dev/null 2>&1") == 0; }

  bool run(const std::string& command, const std::string& input = {}) const {
    put("in", input);
    return std::system(("cd '" + home_ + "' && GNUPGHOME='" + home_ + "' LC_ALL=C " + command + " <in >out 2>err").c_str()) == 0;
  }
  bool gpg(const std::string& arguments, const std::string& input = {}) const {
    return run("gpg --batch --yes --no-tty --pinentry-mode loopback --passphrase '' " + arguments, input);
  }
  std::string output() const { return get("out"); }
  std::string errors() const { return get("err"); }
  void put(const std::string& name, std::string_view content) const { std::ofstream(home_ + "/" + name, std::ios::binary) << content; }
  std::string get(const std::string& name) const {
    std::ifstream file(home_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string exported(const std::string& name) const {
    EXPECT_TRUE(gpg("--export " + name)) << errors();
    return output();
  }

 private:
  std::string home_;
};

struct Seen { std::vector<Bytes> pieces; std::vector<Verified> verified; SplitCertificates split; };

// Everything in it decodes, and all that is by one of `keys` verifies.
Seen accept_all(const std::string& bytes, const std::vector<crypto::PublicKey>& others = {}) {
  Seen seen;
  auto split = split_certificates(view(bytes));
  EXPECT_TRUE(split) << split.error().message;
  if (!split) return seen;
  for (const auto& dropped : split->dropped) ADD_FAILURE() << dropped.what << ": " << dropped.why;
  seen.split = std::move(*split);
  for (const Piece& piece : seen.split.pieces) {
    const auto decoded = decode(piece.format, piece.bytes);
    EXPECT_TRUE(decoded) << decoded.error().message;
    if (!decoded) continue;
    std::vector<crypto::PublicKey> keys = others;
    if (decoded->carried_key()) keys = {*decoded->carried_key()};
    bool holds = false;
    for (const auto& key : keys) {
      auto verified = verify(*decoded, key);
      if (!verified) continue;
      holds = true;
      seen.verified.push_back(std::move(*verified));
    }
    EXPECT_TRUE(holds);
    seen.pieces.push_back(piece.bytes);
  }
  return seen;
}

std::vector<Bytes> shuffled(std::vector<Bytes> pieces, unsigned seed) {
  std::mt19937 random(seed);
  std::shuffle(pieces.begin(), pieces.end(), random);
  return pieces;
}

std::vector<std::string> lines_of(const std::string& text, const std::string& begin) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (text.compare(at, begin.size(), begin) == 0) found.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return found;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields{""};
  for (const char c : line) {
    if (c == ':') fields.emplace_back();
    else fields.back() += c;
  }
  return fields;
}

// What does not depend on whose key ring it is: sizes, algorithms, ids, times, uses, curves. In any order.
std::multiset<std::string> facts_of(const std::string& listing) {
  std::multiset<std::string> facts;
  for (const char* record : {"pub:", "sub:"})
    for (const std::string& line : lines_of(listing, record)) {
      std::string fields = record;
      for (const std::size_t field : {2u, 3u, 4u, 5u, 6u, 11u, 16u}) fields += fields_of(line).at(field) + ":";
      facts.insert(fields);
    }
  return facts;
}

TEST(WithGnuPg, KeysOfEveryAlgorithm) {
  CM4IT_NEEDS(GnuPg::there(), "gpg");
  const GnuPg gnupg;
  struct Case { const char* primary; const char* sign; const char* encrypt; };
  const Case cases[] = {{"ed25519", "ed25519", "cv25519"}, {"nistp256", "nistp256/ecdsa", "nistp256"},
                        {"nistp384", "nistp384/ecdsa", "nistp384"}, {"rsa2048", "rsa2048", "rsa2048"},
                        {"ed25519", "", "brainpoolP256r1"}};  // a curve that is not read: carried, as long as it signs nothing
  for (const auto& [primary, sign, encrypt] : cases) {
    const std::string name = std::string("key-") + primary + encrypt;
    ASSERT_TRUE(gnupg.gpg("--quick-generate-key '" + name + "' " + primary + " cert 2y")) << gnupg.errors();
    ASSERT_TRUE(gnupg.gpg("--with-colons --list-keys " + name));
    const std::string fingerprint = fields_of(lines_of(gnupg.output(), "fpr:").at(0)).at(9);
    const bool odd = sign[0] == '\0';
    ASSERT_TRUE(gnupg.gpg("--quick-add-key " + fingerprint + " " + encrypt + " encr")) << gnupg.errors();
    ASSERT_TRUE(odd || gnupg.gpg("--quick-add-key " + fingerprint + " " + sign + " sign 1y")) << gnupg.errors();

    const Seen seen = accept_all(gnupg.exported(name));
    ASSERT_EQ(seen.split.certificates.size(), 1u);
    EXPECT_EQ(seen.split.certificates[0].text(), fingerprint);
    EXPECT_EQ(seen.pieces.size(), odd ? 2u : 3u);
    const Bytes whole = assemble(seen.pieces, seen.split.certificates[0]).value();
    for (unsigned seed = 0; seed < 5; ++seed) EXPECT_EQ(assemble(shuffled(seen.pieces, seed), seen.split.certificates[0]).value(), whole);

    // The same key, to GnuPG too: its own fields of key and subkeys.
    const GnuPg other;
    ASSERT_TRUE(other.gpg("--import", armor(ArmorKind::public_key_block, whole))) << other.errors();
    ASSERT_TRUE(gnupg.gpg("--with-colons --list-keys " + name));
    ASSERT_TRUE(other.gpg("--with-colons --list-keys " + name));
    EXPECT_EQ(facts_of(other.output()), facts_of(gnupg.output()));
    // And what our index would show of it.
    const auto info = describe(seen.pieces, seen.split.certificates[0], Time{seen.verified.at(0).statements()[0].issued_at.seconds + 3600}).value();
    const auto pub = fields_of(lines_of(other.output(), "pub:").at(0));
    EXPECT_EQ(std::to_string(info.bits), pub.at(2)) << primary;
    EXPECT_EQ(std::to_string(info.algorithm), pub.at(3));
    EXPECT_EQ(std::to_string(info.created.seconds), pub.at(5));
    EXPECT_EQ(std::to_string(info.expires.value().seconds), pub.at(6));
    EXPECT_EQ(info.user_ids.at(0).text, name);
    for (const auto& subkey : info.subkeys) {
      const auto records = lines_of(other.output(), "sub:");
      const auto found = std::find_if(records.begin(), records.end(), [&](const std::string& record) {
        return fields_of(record).at(4) == subkey.fingerprint.text().substr(24);
      });
      ASSERT_NE(found, records.end());
      const auto sub = fields_of(*found);
      EXPECT_EQ(odd ? sub.at(2) : std::to_string(subkey.bits), sub.at(2)) << primary;
      EXPECT_EQ(std::to_string(subkey.algorithm), sub.at(3));
      EXPECT_EQ(subkey.expires ? std::to_string(subkey.expires->seconds) : "", sub.at(6));
    }
  }
}

const Statement* statement_of(const Seen& seen, const crypto::PublicKey& issuer, Kind kind) {
  const Statement* found = nullptr;
  for (const auto& verified : seen.verified)
    if (verified.issuer() == issuer.id() && verified.statements()[0].kind() == kind) found = &verified.statements()[0];
  return found;
}

TEST(WithGnuPg, CertificationsWithNotations) {
  CM4IT_NEEDS(GnuPg::there(), "gpg");
  const GnuPg gnupg;
  for (const char* name : {"maker", "device-1"}) ASSERT_TRUE(gnupg.gpg(std::string("--quick-generate-key ") + name + " ed25519 cert,sign 0")) << gnupg.errors();
  const auto fingerprint_of = [&](const char* name) {
    EXPECT_TRUE(gnupg.gpg(std::string("--with-colons --list-keys ") + name));
    return fields_of(lines_of(gnupg.output(), "fpr:").at(0)).at(9);
  };
  const std::string device = fingerprint_of("device-1");
  const Seen maker = accept_all(gnupg.exported("maker"));
  const auto maker_key = decode(Format::openpgp, maker.pieces.at(0))->carried_key().value();
  const auto certify = [&](const std::string& notations) {
    EXPECT_TRUE(gnupg.gpg("--force-sign-key -u maker " + notations + " --quick-sign-key " + device)) << gnupg.errors();
  };
  certify("--cert-notation manu@cm4it.org=Acme --cert-notation model@cm4it.org=thermo-2000 --cert-notation serial@cm4it.org=0042 "
          "--cert-notation loc@cm4it.org='hall 3' --cert-notation '!domain@cm4it.org=acme.example'");
  certify("--cert-notation status@cm4it.org=in-use --cert-notation reason@cm4it.org='put to work'");
  certify("--cert-notation label@cm4it.org=approved");
  const Seen seen = accept_all(gnupg.exported(device), {maker_key});
  EXPECT_EQ(seen.split.certificates.at(0).text(), device);
  const auto* identity = statement_of(seen, maker_key, Kind::identity);
  ASSERT_TRUE(identity);
  const auto& body = std::get<Identity>(identity->body);
  EXPECT_EQ(std::tie(body.name, body.maker, body.model, body.serial), std::make_tuple("device-1", "Acme", "thermo-2000", "0042"));
  EXPECT_EQ(body.attributes.at("loc"), "hall 3");
  EXPECT_EQ(identity->domains, std::vector<std::string>{"acme.example"});
  const auto* status = statement_of(seen, maker_key, Kind::status);
  ASSERT_TRUE(status);
  EXPECT_EQ(std::get<StatusChange>(status->body).status, Status::in_use);
  EXPECT_EQ(std::get<StatusChange>(status->body).reason, "put to work");
  const auto* endorse = statement_of(seen, maker_key, Kind::endorse);
  ASSERT_TRUE(endorse);
  EXPECT_EQ(std::get<Endorse>(endorse->body).label, "approved");

  // Taken back, all of them, on that user id.
  ASSERT_TRUE(gnupg.gpg("--quick-revoke-sig " + device + " " + fingerprint_of("maker"))) << gnupg.errors();
  const Seen after = accept_all(gnupg.exported(device), {maker_key});
  const auto* withdraw = statement_of(after, maker_key, Kind::withdraw);
  ASSERT_TRUE(withdraw);
  EXPECT_EQ(std::get<Withdraw>(withdraw->body).component, identity->component.digest);
  EXPECT_EQ(withdraw->subject, identity->subject);
}

TEST(WithGnuPg, Revocations) {
  CM4IT_NEEDS(GnuPg::there(), "gpg");
  const GnuPg gnupg;
  ASSERT_TRUE(gnupg.gpg("--quick-generate-key old ed25519 cert,sign 0")) << gnupg.errors();
  ASSERT_TRUE(gnupg.gpg("--with-colons --list-keys old"));
  const std::string fingerprint = fields_of(lines_of(gnupg.output(), "fpr:").at(0)).at(9);
  ASSERT_TRUE(gnupg.gpg("--quick-add-uid " + fingerprint + " older")) << gnupg.errors();
  ASSERT_TRUE(gnupg.gpg("--quick-revoke-uid " + fingerprint + " older")) << gnupg.errors();
  const Seen before = accept_all(gnupg.exported("old"));
  const auto name = before.split.certificates.at(0);
  auto info = describe(before.pieces, name, Time{4'000'000'000}).value();
  ASSERT_EQ(info.user_ids.size(), 2u);
  EXPECT_FALSE(info.user_ids[0].revoked);
  EXPECT_TRUE(info.user_ids[1].revoked);

  // The certificate that was made with the key, for the day it is lost; its armor is blunted by a colon.
  std::string revocation = gnupg.get("openpgp-revocs.d/" + fingerprint + ".rev");
  revocation.erase(revocation.find(":-----BEGIN"), 1);
  ASSERT_TRUE(gnupg.gpg("--import", revocation)) << gnupg.errors();
  const Seen after = accept_all(gnupg.exported("old"));
  const auto key = decode(Format::openpgp, after.pieces.at(0))->carried_key().value();
  const auto* status = statement_of(after, key, Kind::status);
  ASSERT_TRUE(status);
  EXPECT_EQ(std::get<StatusChange>(status->body).status, Status::revoked);
  info = describe(after.pieces, name, Time{4'000'000'000}).value();
  EXPECT_TRUE(info.revoked);
  EXPECT_EQ(info.user_ids.size(), 2u);
  const Bytes reduced = assemble(after.pieces, name).value();

  // GnuPG learns of it from the reduced form, whether it had the key or not.
  for (const bool known : {true, false}) {
    const GnuPg other;
    if (known) ASSERT_TRUE(other.gpg("--import", std::string(text(assemble(before.pieces, name).value())))) << other.errors();
    ASSERT_TRUE(other.gpg("--import", armor(ArmorKind::public_key_block, reduced))) << other.errors();
    ASSERT_TRUE(other.gpg("--with-colons --list-keys " + fingerprint)) << other.errors();
    EXPECT_EQ(fields_of(lines_of(other.output(), "pub:").at(0)).at(1), "r");
  }
}

}  // namespace
}  // namespace cm4it::evidence::openpgp
