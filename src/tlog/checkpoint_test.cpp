#include "tlog/checkpoint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "crypto/digest.h"
#include "tlog/merkle.h"

namespace cm4it::tlog {
namespace {

crypto::SignerPtr note_key(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return crypto::from_seed(algorithm, crypto::sha256(view(name))).value();
}

const Head head{"main/acme.example", 12345, crypto::sha256(view("root")), Time{1'800'000'000}};

const crypto::Signer& log_key() {
  static const auto key = note_key("log");
  return *key;
}
std::string good_note() { return sign_checkpoint(head, log_key()).value(); }

std::string edited(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

TEST(Checkpoint, ComesBack) {
  const std::string note = good_note();
  EXPECT_TRUE(note.starts_with("main/acme.example\n12345\n" + to_base64(head.root) + "\n\n\u2014 main/acme.example "));
  const auto opened = open_checkpoint(note, log_key().public_key());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, head);
  const auto body = read_checkpoint_body(note);
  ASSERT_TRUE(body);
  EXPECT_EQ(std::tie(body->origin, body->size, body->root), std::tie(head.origin, head.size, head.root));
  EXPECT_TRUE(verify_note_signature(note, head.origin, log_key().public_key()));
}

TEST(Checkpoint, EmptyLog) {
  const Head empty{"main/acme.example", 0, empty_root(), Time{1}};
  EXPECT_EQ(open_checkpoint(sign_checkpoint(empty, log_key()).value(), log_key().public_key()).value(), empty);
}

// C2SP tlog-cosignature: key id, timestamp and message word for word.
TEST(Checkpoint, CosignatureIsC2sps) {
  const auto signatures = signatures_of(good_note()).value();
  ASSERT_EQ(signatures.size(), 2u);
  const View raw = log_key().public_key().spki().last(32);
  const auto id = [&](std::uint8_t type) {
    Bytes hashed = to_bytes(view(head.origin));
    hashed.insert(hashed.end(), {'\n', type});
    append(hashed, raw);
    return to_hex(View(crypto::sha256(hashed)).first(4));
  };
  EXPECT_EQ(to_hex(signatures[0].key_id), id(1));
  EXPECT_EQ(to_hex(signatures[1].key_id), id(4));
  EXPECT_EQ(signatures[0].bytes.size(), 64u);
  ASSERT_EQ(signatures[1].bytes.size(), 72u);
  EXPECT_EQ(read_u64(View(signatures[1].bytes).first(8)), 1'800'000'000u);
  EXPECT_TRUE(log_key().public_key().verify(view("cosignature/v1\ntime 1800000000\n" + signatures[0].body),
                                            View(signatures[1].bytes).subspan(8)));
}

TEST(Checkpoint, OtherWitnessesArePassedOver) {
  const std::string note = good_note();
  const std::string line = "\u2014 witness.example/w1 " + to_base64(Bytes(76, 5)) + "\n";
  EXPECT_EQ(open_checkpoint(note + line, log_key().public_key()).value(), head);
  EXPECT_EQ(open_checkpoint(edited(note, "\n\n", "\n\n" + line), log_key().public_key()).value(), head);
}

TEST(Checkpoint, RefusesAnotherKeyAndChangedBodies) {
  const std::string note = good_note();
  EXPECT_EQ(open_checkpoint(note, note_key("another")->public_key()).error().code, Code::bad_signature);
  EXPECT_EQ(open_checkpoint(edited(note, "\n12345\n", "\n12346\n"), log_key().public_key()).error().code, Code::bad_signature);
  EXPECT_EQ(open_checkpoint(edited(note, "main/", "mine/"), log_key().public_key()).error().code, Code::bad_signature);
  EXPECT_EQ(open_checkpoint(edited(note, "\n\n", "\nextension\n\n"), log_key().public_key()).error().code, Code::bad_signature);
  // Each line alone is not enough: one for any log's reader, one for the time.
  const std::string body = note.substr(0, note.find("\n\n") + 2), lines = note.substr(body.size());
  const auto second = lines.find("\u2014", 1);
  EXPECT_EQ(open_checkpoint(body + lines.substr(0, second), log_key().public_key()).error().code, Code::bad_signature);
  EXPECT_EQ(open_checkpoint(body + lines.substr(second), log_key().public_key()).error().code, Code::bad_signature);
  // The time is signed: another cosignature's time is not taken.
  Head later = head;
  later.time = head.time + 60;
  const std::string other = sign_checkpoint(later, log_key()).value();
  const auto times = signatures_of(note).value(), others = signatures_of(other).value();
  Bytes mixed = others[1].key_id;
  append(mixed, View(others[1].bytes).first(8));
  append(mixed, View(times[1].bytes).subspan(8));
  EXPECT_EQ(open_checkpoint(body + lines.substr(0, second) + "\u2014 main/acme.example " + to_base64(mixed) + "\n",
                            log_key().public_key()).error().code, Code::bad_signature);
}

TEST(Checkpoint, RefusesWhatIsNoNote) {
  const std::string note = good_note(), root = to_base64(head.root);
  const std::string signature = note.substr(note.find("\n\n") + 2);
  const std::string bad[] = {
      "", "\n", "\n\n", note.substr(0, note.find("\n\n") + 2), note.substr(0, note.size() - 1), "\n" + note,
      edited(note, "\n\n", "\n"), edited(note, "\n\n", "\n\n\n"), note + "no signature\n", note + "\n",
      "main/acme.example\n12345\n\n" + signature, "main/acme.example\n12345\n" + root.substr(1) + "\n\n" + signature,
      "main/acme.example\n012345\n" + root + "\n\n" + signature, "main/acme.example\n-1\n" + root + "\n\n" + signature,
      "main/acme.example\n\n" + root + "\n\n" + signature, "main/acme.example\n18446744073709551616\n" + root + "\n\n" + signature,
      "main/acme.example\n12345 \n" + root + "\n\n" + signature, "\n12345\n" + root + "\n\n" + signature,
      edited(note, "\u2014 main", "- main"), edited(note, "\u2014 main/acme.example ", "\u2014 "), note + "\u2014 x AAAA\n",
      edited(note, "main", "ma\rin"), edited(note, "main", "ma\xff" "in")};
  for (const auto& text : bad) {
    const auto opened = open_checkpoint(text, log_key().public_key());
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().code, Code::malformed) << text;
  }
  for (std::size_t size = 0; size < note.size(); ++size) EXPECT_FALSE(open_checkpoint(note.substr(0, size), log_key().public_key())) << size;
  EXPECT_EQ(open_checkpoint(std::string(70'000, 'x'), log_key().public_key()).error().code, Code::too_large);
  std::string crowd = note;
  for (int i = 0; i < 100; ++i) crowd += "\u2014 w " + to_base64(Bytes(68, 1)) + "\n";
  EXPECT_EQ(open_checkpoint(crowd, log_key().public_key()).error().code, Code::too_large);
}

TEST(Checkpoint, IsSignedWithEd25519Alone) {
  EXPECT_EQ(sign_checkpoint(head, *note_key("log", crypto::Algorithm::es256)).error().code, Code::unsupported);
}

// A log that others wrote, with its published verifier key.
TEST(Checkpoint, SignaturesOfAnotherLog) {
  const std::string verifier = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
  const auto raw = from_base64(verifier.substr(verifier.rfind('+', verifier.find("AeHT")) + 1)).value();
  const auto key = crypto::PublicKey::from_ed25519(View(raw).subspan(1)).value();
  EXPECT_EQ(verifier_key("example.com/log/testdata", key), verifier);
  for (int size = 1; size <= 15; ++size) {
    std::ifstream file(std::string(CM4IT_SHARED) + "/vectors/tlog/log/checkpoint." + std::to_string(size));
    if (!file) GTEST_SKIP() << "vectors/tlog is not there";
    const std::string note{std::istreambuf_iterator<char>(file), {}};
    const auto verified = verify_note_signature(note, "example.com/log/testdata", key);
    EXPECT_TRUE(verified) << size << ": " << verified.error().message;
    EXPECT_EQ(read_checkpoint_body(note)->size, static_cast<std::uint64_t>(size));
    EXPECT_FALSE(verify_note_signature(edited(note, "testdata\n" + std::to_string(size), "testdata\n" + std::to_string(size + 1)),
                                       "example.com/log/testdata", key));
    EXPECT_EQ(open_checkpoint(note, key).error().code, Code::bad_signature);  // it bears no time
  }
}

}  // namespace
}  // namespace cm4it::tlog
