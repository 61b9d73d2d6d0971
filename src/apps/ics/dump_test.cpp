// Key dumps: directories of files of OpenPGP certificates, imported as one.
#include "apps/ics/bulk_fixture.h"
#include "evidence/formats/openpgp/test_support.h"

namespace cm4it::ics {
namespace {

using namespace evidence::openpgp;
using namespace evidence::openpgp::test;

// A key, a user id, and the key's certification of it.
std::string certificate(const std::string& name, const std::vector<Bytes>& more = {}) {
  const PgpKey key = pgp_key(name);
  Bytes octets = packet(tag::public_key, key.body);
  append(octets, packet(tag::user_id, view(name)));
  append(octets, packet(tag::signature, sign_over(key, key, tag::user_id, view(name))));
  for (const Bytes& packets : more) append(octets, packets);
  return std::string(text(octets));
}

class Dump : public Bulk {
 protected:
  void SetUp() override {
    Bulk::SetUp();
    std::filesystem::create_directories(file("dump"));
  }
  // Certificates of those numbers in one file.
  void write_dump(const std::string& name, unsigned from, unsigned to) {
    std::string all;
    for (unsigned i = from; i < to; ++i) all += certificate("device " + std::to_string(i));
    write("dump/" + name, all);
  }
  Outcome import(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"import", file("dump")});
    return bulk(more);
  }
  std::size_t states() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(file("dump"))) count += entry.path().extension() == ".import-state";
    return count;
  }
};

TEST_F(Dump, IsReportedAsOne) {
  write_dump("a.pgp", 0, 700);
  write_dump("b.pgp", 700, 1500);
  const auto outcome = import();
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  EXPECT_EQ(keeper_.stored.size(), 1500u);
  EXPECT_THAT(outcome.out, HasSubstr("2 files, 1,500 pieces of evidence"));
  EXPECT_THAT(outcome.out, HasSubstr("1,500  received"));
  EXPECT_EQ(states(), 0u);
}

TEST_F(Dump, GoesOnInTheFileInWhichItStopped) {
  write_dump("a.pgp", 0, 600);
  write_dump("b.pgp", 600, 1800);
  write_dump("c.pgp", 1800, 1900);
  keeper_.most_requests = 3;  // all of a, and something of b
  const auto cut = import();
  EXPECT_EQ(cut.code, exit_failed);
  EXPECT_THAT(cut.err, HasSubstr("the same command goes on"));
  const auto before = keeper_.pieces.size();
  keeper_.most_requests = SIZE_MAX;
  const auto outcome = import({"--json"});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  EXPECT_EQ(keeper_.stored.size(), 1900u);
  EXPECT_LE(keeper_.pieces.size() - before, 1300u) << "no file that was through is sent again";
  std::uint64_t pieces = 0, answered = 0;
  const auto document = json::parse(outcome.out).as_object();
  for (const auto& one : array_at(document, "files")) {
    pieces += number_at(one.as_object(), "pieces");
    answered += number_at(one.as_object(), "received") + number_at(one.as_object(), "already_known");
  }
  EXPECT_EQ(pieces, 1900u) << "the report is of all files";
  EXPECT_EQ(answered, 1900u);
  EXPECT_EQ(states(), 0u);
}

TEST_F(Dump, OneBrokenFileDoesNotStopTheOthers) {
  write_dump("a.pgp", 0, 20);
  write("dump/b.pgp", certificate("device 20") + "\x99\x7f");
  write("dump/c.txt", "read me");
  write_dump("d.pgp", 21, 40);
  const auto outcome = import();
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_GE(keeper_.stored.size(), 39u);
  EXPECT_THAT(outcome.err, HasSubstr("b.pgp at octet "));
  EXPECT_THAT(outcome.err, HasSubstr("c.txt: neither"));
}

TEST_F(Dump, WhatIsLeftOutIsReportedByReason) {
  const PgpKey key = pgp_key("device 0");
  SignatureDraft md5;
  md5.hash = 1;
  const Bytes old = packet(tag::signature, sign_over(key, key, tag::user_id, view("device 0"), md5));
  write("dump/a.pgp", certificate("device 0", {old}) + certificate("device 1"));
  write_dump("b.pgp", 2, 4);
  const auto outcome = import();
  EXPECT_EQ(outcome.code, exit_yes) << outcome.out << outcome.err;
  EXPECT_EQ(keeper_.stored.size(), 4u);
  EXPECT_THAT(outcome.out, HasSubstr("left out: openpgp: signature: hash algorithm 1"));
  EXPECT_THAT(outcome.out, HasSubstr("the first at octet 0 of " + file("dump/a.pgp")));
}

TEST_F(Dump, WhatWaitsForALaterFileIsTriedAgain) {
  write_dump("a.pgp", 0, 3);
  write_dump("b.pgp", 3, 5);
  std::string needed;
  keeper_.judge = [&](const std::string& one) {
    if (one.find("device 4") != std::string::npos) needed = one;
    return keeper_.stored.contains(needed) || one == needed ? "received" : "not-yet";
  };
  const auto outcome = import();
  EXPECT_EQ(outcome.code, exit_yes) << outcome.out << outcome.err;
  EXPECT_EQ(keeper_.stored.size(), 5u);
}

TEST_F(Dump, WhatTheServerHasNoRoomForIsSentAgain) {
  write_dump("a.pgp", 0, 10);
  std::set<std::string> turned_away;
  keeper_.judge = [&](const std::string& one) { return turned_away.insert(one).second && turned_away.size() % 2 == 0 ? "busy" : "received"; };
  const auto outcome = import({"--json"});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.out;
  EXPECT_EQ(number_at(file_of(outcome), "received"), 10u);
}

}  // namespace
}  // namespace cm4it::ics
