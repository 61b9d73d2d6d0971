// log verify and log audit against a home that is honest, one that changed its past, and one that hides its entries.
#include <gmock/gmock.h>

#include <map>

#include "apps/ics/first_policy.h"
#include "apps/ics/json.h"
#include "apps/ics/scripted_server_for_test.h"
#include "tlog/checkpoint.h"
#include "tlog/tiles.h"

namespace cm4it::ics {
namespace {

using ::testing::HasSubstr;

crypto::SignerPtr key_of(std::uint8_t seed, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  auto key = crypto::from_seed(algorithm, Bytes(32, seed));
  EXPECT_TRUE(key);
  return *key;
}

// What a home serves of its log.
class FakeLog {
 public:
  FakeLog() { policy = version(1); }

  Bytes version(int number) const {
    auto text = first_policy({"manufacturer", "acme.example", "acme", "main", "https://acme.example", owner->public_key(),
                              key_of(2, crypto::Algorithm::es256)->public_key(), log->public_key()});
    text.replace(text.find("version = 1"), 11, "version = " + std::to_string(number));
    return *evidence::sign({evidence::SubjectId::key(owner->public_key().id()), {"acme.example"}, evidence::PolicyText{text},
                            Time{1'700'000'000}, {}, {}}, *owner);
  }
  void change_log_key(const crypto::SignerPtr& key) {
    log = key;
    append(policy, version(2));
  }

  void add(const std::string& entry) { entries.push_back(to_bytes(view(entry))); }
  void grow(std::size_t to) {
    while (entries.size() < to) add("entry " + std::to_string(entries.size()));
  }
  tlog::CompactRange range() const {
    tlog::CompactRange all;
    for (const auto& entry : entries) all.append(tlog::leaf_hash(entry));
    return all;
  }
  std::string note() const {
    return *tlog::sign_checkpoint({"main/acme.example", entries.size(), range().root(), Time{1'750'000'000}}, *log);
  }

  Result<net::Reply> answer(const std::string& target) const {
    if (target == "/v1/domains") return reply(200, R"({"domains": [{"domain": "acme.example", "home": true}]})");
    if (target.starts_with("/v1/domains/acme.example/policy")) return reply(200, std::string(text(policy)), "application/cbor-seq");
    if (target == "/log/acme.example/checkpoint") return reply(200, served_note.empty() ? note() : served_note, "text/plain");
    const std::string prefix = "/log/acme.example/";
    if (!target.starts_with(prefix)) return reply(404, "{}");
    const auto path = tlog::parse_tile_path(target.substr(prefix.size()));
    if (!path || (!path->level && hides_entries)) return reply(404, "{}");
    return path->level ? hashes(*path) : bundle(*path);
  }

  const crypto::SignerPtr owner = key_of(1);
  crypto::SignerPtr log = key_of(3);
  std::vector<Bytes> entries;
  std::string served_note;
  Bytes policy;
  bool hides_entries = false;

 private:
  net::Reply bundle(const tlog::TilePath& path) const {
    Bytes bytes;
    for (std::uint64_t i = path.index * 256; i < path.index * 256 + path.width; ++i) {
      if (i >= entries.size()) return reply(404, "{}");
      tlog::append_entry(bytes, entries[i]);
    }
    return reply(200, std::string(text(bytes)));
  }
  net::Reply hashes(const tlog::TilePath& path) const {
    std::map<std::pair<unsigned, std::uint64_t>, Digest> nodes;
    tlog::CompactRange all;
    for (const auto& entry : entries)
      all.append(tlog::leaf_hash(entry), [&](unsigned level, std::uint64_t index, const Digest& hash) { nodes[{level, index}] = hash; });
    std::string bytes;
    for (std::uint64_t i = path.index * 256; i < path.index * 256 + path.width; ++i) {
      const auto node = nodes.find({*path.level * 8, i});
      if (node == nodes.end()) return reply(404, "{}");
      bytes += text(node->second);
    }
    return reply(200, bytes);
  }
};

class LogVerbs : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    server_ = [this](const Sent& sent) { return log_.answer(sent.target); };
    write("icsd.toml", "name = \"main\"\ndomain = \"acme.example\"\nhomes = [\"acme.example\"]\nlisten = [\"127.0.0.1:1\"]\n"
                       "[[pin]]\ndomain = \"acme.example\"\nowner = \"" + log_.owner->public_key().id().text() + "\"\n");
  }
  Outcome log(std::vector<std::string> words) {
    words.insert(words.begin(), {"--dir", directory_.string(), "log"});
    return ics(words);
  }
  std::size_t heads() const {
    std::size_t count = 0;
    if (!std::filesystem::exists(directory_ / "heads")) return 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "heads")) count += entry.path().extension() == ".note";
    return count;
  }
  FakeLog log_;
};

TEST_F(LogVerbs, VerifyHashesEveryEntryUpToTheRoot) {
  for (const std::size_t size : {0u, 1u, 255u, 256u, 257u, 600u}) {
    log_.grow(size);
    const auto outcome = log({"verify"});
    EXPECT_EQ(outcome.code, exit_yes) << size << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("every entry hashed"));
    EXPECT_THAT(outcome.out, HasSubstr("main/acme.example"));
    EXPECT_EQ(outcome.out.find("as the server says"), std::string::npos) << "the owner is pinned here";
  }
  EXPECT_EQ(heads(), 6u);
}

TEST_F(LogVerbs, AnEntryThatIsAnotherOneIsSaidLoudly) {
  log_.grow(300);
  log_.served_note = log_.note();
  log_.entries[123] = to_bytes(view("another entry"));
  const auto outcome = log({"verify"});
  EXPECT_EQ(outcome.code, exit_no);
  EXPECT_THAT(outcome.out, HasSubstr("NO: "));
  EXPECT_THAT(outcome.out, HasSubstr("another root"));
}

TEST_F(LogVerbs, HiddenEntriesAreRecomputedFromTheirHashes) {
  log_.grow(700);
  log_.hides_entries = true;
  const auto outcome = log({"verify"});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("may not be read"));
  const auto document = json::parse(log({"verify", "--json"}).out).as_object();
  EXPECT_EQ(number_at(document, "hashes_taken"), 700u);
  EXPECT_EQ(number_at(document, "entries_hashed"), 0u);
}

TEST_F(LogVerbs, AnEntryTooLongForABundleIsTakenByItsHash) {
  log_.grow(3);
  log_.add(std::string(70'000, 'x'));
  log_.grow(6);
  const auto document = json::parse(log({"verify", "--json"}).out).as_object();
  EXPECT_EQ(number_at(document, "entries_hashed"), 5u);
  EXPECT_EQ(number_at(document, "hashes_taken"), 1u);
}

TEST_F(LogVerbs, ANoteOfAnotherKeyIsRefusedAndNotRemembered) {
  log_.grow(5);
  log_.log = key_of(9);
  for (const char* verb : {"verify", "audit"}) {
    const auto outcome = log({verb});
    EXPECT_EQ(outcome.code, exit_no) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("NO: "));
  }
  EXPECT_EQ(heads(), 0u);
}

// A log key that the newest version struck out may be a thief's: what it signs is no present head. What was seen earlier stays.
TEST_F(LogVerbs, ARetiredKeySignsNoPresentHead) {
  log_.grow(5);
  ASSERT_EQ(log({"audit"}).code, exit_yes);
  const auto retired = log_.log;
  log_.change_log_key(key_of(9));
  log_.grow(9);
  ASSERT_EQ(log({"verify"}).code, exit_yes);
  const auto outcome = log({"audit"});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("goes on from"));
  const auto seen = heads();
  log_.log = retired;
  log_.grow(12);
  for (const char* verb : {"verify", "audit"}) EXPECT_EQ(log({verb}).code, exit_no) << verb;
  EXPECT_EQ(heads(), seen);
}

TEST_F(LogVerbs, APolicyOfAnotherOwnerIsNotBelieved) {
  FakeLog impostor;
  write("icsd.toml", "name = \"main\"\ndomain = \"acme.example\"\nhomes = [\"acme.example\"]\nlisten = [\"127.0.0.1:1\"]\n"
                     "[[pin]]\ndomain = \"acme.example\"\nowner = \"" + key_of(8)->public_key().id().text() + "\"\n");
  EXPECT_EQ(log({"verify"}).code, exit_failed);
}

TEST_F(LogVerbs, AnOwnerPinnedByOurOwnPolicyIsKnown) {
  const auto ours = key_of(20);
  auto text = first_policy({"certifier", "tuev.example", "tuev", "main", "https://tuev.example", ours->public_key(),
                            key_of(21, crypto::Algorithm::es256)->public_key(), key_of(22)->public_key()});
  text += "\n[[copy]]\ndomain = \"acme.example\"\nowner = \"" + log_.owner->public_key().id().text() +
          "\"\nfrom = \"https://acme.example\"\nselect = {}\n";
  const auto signed_text = evidence::sign({evidence::SubjectId::key(ours->public_key().id()), {"tuev.example"},
                                           evidence::PolicyText{text}, Time{1'700'000'000}, {}, {}}, *ours);
  ASSERT_TRUE(signed_text);
  write("icsd.toml", "name = \"main\"\ndomain = \"tuev.example\"\nhomes = [\"tuev.example\"]\nlisten = [\"127.0.0.1:1\"]\n"
                     "[[pin]]\ndomain = \"tuev.example\"\nowner = \"" + ours->public_key().id().text() + "\"\n");
  std::filesystem::create_directories(directory_ / "evidence");
  write("evidence/0001-policy-1.cose", cm4it::text(*signed_text));
  log_.grow(5);
  auto outcome = log({"verify", "--domain", "acme.example"});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  EXPECT_EQ(outcome.out.find("as the server says"), std::string::npos) << outcome.out;
}

TEST_F(LogVerbs, WithoutADirectoryTheOwnerIsSaidToBeTheServersWord) {
  log_.grow(5);
  const auto outcome = ics({"log", "verify", "--domain", "acme.example"});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("as the server says"));
}

TEST_F(LogVerbs, AuditGoesOnFromEveryHeadThatWasSeen) {
  EXPECT_THAT(log({"audit"}).out, HasSubstr("no earlier head"));
  for (const std::size_t size : {1u, 200u, 256u, 300u, 513u, 700u}) {
    log_.grow(size);
    const auto outcome = log({"audit"});
    EXPECT_EQ(outcome.code, exit_yes) << size << " " << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("goes on from"));
  }
  const auto document = json::parse(log({"audit", "--json"}).out).as_object();
  EXPECT_EQ(array_at(document, "compared").size(), 7u);
}

TEST_F(LogVerbs, AuditConvictsALogThatChangedItsPast) {
  log_.grow(300);
  ASSERT_EQ(log({"audit"}).code, exit_yes);
  log_.entries[7] = to_bytes(view("rewritten"));
  log_.grow(400);
  const auto outcome = log({"audit"});
  EXPECT_EQ(outcome.code, exit_no);
  EXPECT_THAT(outcome.out, HasSubstr("the first 300 entries are not what they were"));
  EXPECT_THAT(outcome.out, HasSubstr("convict"));
  EXPECT_EQ(heads(), 2u) << "both notes are kept";
}

TEST_F(LogVerbs, AuditConvictsALogThatShrankOrForked) {
  log_.grow(300);
  write("seen.note", log_.note());
  log_.entries[299] = to_bytes(view("the other branch"));
  auto outcome = ics({"log", "audit", "--domain", "acme.example", "--since", file("seen.note")});
  EXPECT_EQ(outcome.code, exit_no) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("different roots"));
  EXPECT_EQ(contents("seen.note.present"), log_.note());
  log_.entries.resize(100);
  outcome = log({"audit", "--since", file("seen.note")});
  EXPECT_EQ(outcome.code, exit_no);
  EXPECT_THAT(outcome.out, HasSubstr("had 300 entries, and has 100 now"));
}

TEST_F(LogVerbs, AFileThatIsNoNoteIsAFailure) {
  log_.grow(3);
  write("garbage", "hello\n");
  EXPECT_EQ(log({"audit", "--since", file("garbage")}).code, exit_failed);
  EXPECT_EQ(log({"audit", "--since", file("absent")}).code, exit_failed);
}

TEST_F(LogVerbs, RebuildNeedsAStore) {
  const auto outcome = ics({"rebuild", directory_.string()});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_THAT(outcome.err, HasSubstr("no store yet"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "store"));
}

}  // namespace
}  // namespace cm4it::ics
