// push, import and export: any format by content, any length, interrupted and gone on with.
#include "apps/ics/bulk_fixture.h"
#include "evidence/formats/openpgp/armor.h"
#include "evidence/formats/openpgp/test_support.h"

namespace cm4it::ics {
namespace {

TEST_F(Bulk, PushKnowsTheFormatByItsContent) {
  write("one.cose", piece(1));
  write("two.any", sequence(2, 4));
  write("manifest", " [ {\"a\": \"]}\"} ,\n{\"b\": [1, {}]}\n] \n");
  const auto outcome = bulk({"push", file("one.cose"), file("two.any"), file("manifest")});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  EXPECT_THAT(keeper_.pieces, ElementsAre(piece(1), piece(2), piece(3), "{\"a\": \"]}\"}", "{\"b\": [1, {}]}"));
  EXPECT_THAT(outcome.out, HasSubstr("two.any:2"));
}

TEST_F(Bulk, PushOfSomethingRefusedFails) {
  write("one.cose", piece(1));
  keeper_.judge = [](const std::string&) { return "refused"; };
  const auto outcome = bulk({"push", file("one.cose")});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_THAT(outcome.out, HasSubstr("has no role"));
  EXPECT_THAT(outcome.err, HasSubstr("→ ics role add"));
}

TEST_F(Bulk, FilesThatAreNoEvidenceAreNotSent) {
  const std::vector<std::string> contents{"", "hello", "[", "[]x", "{\"a\": 1", "{\"a\": 1} {}", "[1]", "[{}, ", "[{} {}]",
                                          std::string("\xd2\x84"), "\xd2\xff"};
  for (const auto& content : contents) {
    write("file", content);
    const auto outcome = bulk({"push", file("file")});
    EXPECT_EQ(outcome.code, exit_failed) << content;
    EXPECT_THAT(outcome.err, HasSubstr("file")) << content;
  }
  EXPECT_EQ(bulk({"push", file("absent")}).code, exit_failed);
  EXPECT_EQ(keeper_.requests, 0u);
}

TEST_F(Bulk, AnUnfinishedFileIsImportedUpToItsBreak) {
  write("file", sequence(0, 700) + "\xd2\x84");
  const auto outcome = bulk({"import", file("file")});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_THAT(outcome.err, HasSubstr("at octet " + std::to_string(sequence(0, 700).size())));
  EXPECT_THAT(outcome.err, HasSubstr("700 pieces"));
  EXPECT_EQ(keeper_.stored.size(), 700u);
}

TEST_F(Bulk, ImportTakesSequencesAndManifestsOfAnyLength) {
  write("sequence", sequence(0, 1234));
  EXPECT_EQ(number_at(file_of(bulk({"import", file("sequence"), "--json"})), "received"), 1234u);
  std::string manifest = "[";
  const std::string filler(9'000, 'x');
  for (unsigned i = 0; i < 1100; ++i) manifest += (i ? ",\n" : "") + std::string("{\"n\": ") + std::to_string(i) + ", \"x\": \"" + filler + "\"}";
  write("manifest", manifest + "\n]\n");
  const auto outcome = bulk({"import", file("manifest"), "--json"});
  EXPECT_EQ(number_at(file_of(outcome), "received"), 1100u) << outcome.out << outcome.err;
  EXPECT_EQ(keeper_.stored.size(), 1234u + 1100u);
  EXPECT_FALSE(std::filesystem::exists(file("manifest.import-state")));
}

TEST_F(Bulk, ImportReadsStandardInput) {
  EXPECT_EQ(bulk({"import", "-"}, sequence(0, 3)).code, exit_yes);
  EXPECT_EQ(keeper_.stored.size(), 3u);
}

TEST_F(Bulk, AnInterruptedImportGoesOnWhereItStopped) {
  write("file", sequence(0, 1700));
  keeper_.most_requests = 2;
  auto outcome = bulk({"import", file("file")});
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_THAT(outcome.err, HasSubstr("the same command goes on"));
  EXPECT_EQ(keeper_.pieces.size(), 1000u);
  keeper_.most_requests = SIZE_MAX;
  outcome = bulk({"import", file("file"), "--json"});
  EXPECT_EQ(outcome.code, exit_yes);
  EXPECT_EQ(keeper_.pieces.size(), 1700u) << "nothing is sent twice";
  EXPECT_EQ(keeper_.stored.size(), 1700u);
  EXPECT_EQ(number_at(file_of(outcome), "received"), 1700u) << "the report is of the whole file";
  EXPECT_FALSE(std::filesystem::exists(file("file.import-state")));
}

TEST_F(Bulk, AManifestGoesOnToo) {
  std::string manifest = "[";
  for (unsigned i = 0; i < 1200; ++i) manifest += (i ? " , " : "") + std::string("{\"n\":") + std::to_string(i) + "}";
  write("file", manifest + "]");
  keeper_.most_requests = 1;
  ASSERT_EQ(bulk({"import", file("file")}).code, exit_failed);
  keeper_.most_requests = SIZE_MAX;
  EXPECT_EQ(bulk({"import", file("file")}).code, exit_yes);
  EXPECT_EQ(keeper_.pieces.size(), 1200u);
  EXPECT_EQ(keeper_.stored.size(), 1200u);
}

TEST_F(Bulk, AnotherFileOfThatNameBeginsAnew) {
  write("file", sequence(0, 1000));
  keeper_.most_requests = 1;
  ASSERT_EQ(bulk({"import", file("file")}).code, exit_failed);
  forget();
  write("file", sequence(5000, 5600));
  EXPECT_EQ(bulk({"import", file("file")}).code, exit_yes);
  EXPECT_EQ(keeper_.stored.size(), 600u);
  write("file.import-state", R"({"offset": "x", "put_off": [1e99, {}, -4], "refused": 5})");
  EXPECT_EQ(bulk({"import", file("file")}).code, exit_yes) << "a state that is none is passed over";
}

TEST_F(Bulk, WhatCouldNotCountYetIsTriedAgainAtTheEnd) {
  write("file", sequence(0, 600));
  const std::string needed = piece(599);
  keeper_.judge = [&](const std::string& one) {
    return one == needed || keeper_.stored.contains(needed) ? "received" : "not-yet";
  };
  const auto outcome = bulk({"import", file("file"), "--json"});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.out;
  EXPECT_EQ(keeper_.stored.size(), 600u);
  forget();
  keeper_.judge = [](const std::string&) { return "not-yet"; };
  const auto never = bulk({"import", file("file")});
  EXPECT_EQ(never.code, exit_failed);
  EXPECT_EQ(keeper_.requests, 4u) << "once more, and no further";
  EXPECT_THAT(never.out, HasSubstr("not-yet: its issuer"));
}

TEST_F(Bulk, RefusalsAreReportedByReason) {
  write("file", sequence(0, 900));
  keeper_.judge = [](const std::string& one) { return one.find('7') != std::string::npos ? "refused" : "received"; };
  const auto outcome = bulk({"import", file("file"), "--json"});
  EXPECT_EQ(outcome.code, exit_failed);
  const auto shown = file_of(outcome);
  ASSERT_EQ(array_at(shown, "refused").size(), 1u) << "keys differ, the reason is one";
  const auto& reason = array_at(shown, "refused")[0].as_object();
  EXPECT_EQ(text_at(reason, "reason"), "not-permitted: issuer key:… has no role");
  EXPECT_EQ(number_at(reason, "count") + number_at(shown, "received"), 900u);
  EXPECT_EQ(number_at(reason, "first_at"), sequence(0, 7).size());
}

TEST_F(Bulk, ImportingAgainChangesNothing) {
  write("file", sequence(0, 10));
  ASSERT_EQ(bulk({"import", file("file")}).code, exit_yes);
  EXPECT_EQ(number_at(file_of(bulk({"import", file("file"), "--json"})), "already_known"), 10u);
}

class Export : public Bulk {
 protected:
  void SetUp() override {
    Bulk::SetUp();
    server_ = [](const Sent& sent) -> Result<net::Reply> {
      const auto at = [&](const char* prefix) { return sent.target.starts_with(prefix); };
      if (at("/v1/subjects?"))
        return reply(200, sent.target.find("cursor=") == std::string::npos ? R"({"subjects": [{"subject": "key:1"}], "cursor": "key:1"})"
                                                                           : R"({"subjects": [{"subject": "key:2"}]})");
      if (at("/v1/subjects/key%3A1/history"))
        return reply(200, R"({"statements": [{"statement": "a1", "format": "cose"}, {"statement": "b1", "format": "manifest"}]})");
      if (at("/v1/subjects/key%3A2/history"))
        return reply(200, R"({"statements": [{"statement": "a1", "format": "cose"}, {"statement": "a2", "format": "cose"},
                                             {"statement": "b2", "format": "manifest"}]})");
      if (at("/v1/evidence/a1")) return reply(200, piece(1), "application/cose");
      if (at("/v1/evidence/a2")) return reply(200, piece(2), "application/cose");
      if (at("/v1/evidence/b1")) return reply(200, R"({"n": 1})", "application/jose+json");
      if (at("/v1/evidence/b2")) return reply(200, R"({"n": 2})", "application/jose+json");
      return reply(404, R"({"title": "not-found", "detail": "no"})");
    };
  }
};

TEST_F(Export, EachPieceIsWrittenOnceAsItCame) {
  const auto outcome = bulk({"export", "--out", file("out")});
  EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
  EXPECT_EQ(contents("out"), piece(1) + piece(2));
  EXPECT_THAT(outcome.err, HasSubstr("--format manifest"));
  EXPECT_EQ(bulk({"export", "--out", "-"}).out, piece(1) + piece(2));
}

TEST_F(Export, WhatIsExportedCanBeImported) {
  ASSERT_EQ(bulk({"export", "--format", "manifest", "--out", file("out")}).code, exit_yes);
  server_ = [this](const Sent& sent) { return keeper_.post(sent.content_type, sent.body); };
  EXPECT_EQ(bulk({"import", file("out")}).code, exit_yes);
  EXPECT_THAT(keeper_.pieces, ElementsAre(R"({"n": 1})", R"({"n": 2})"));
}

TEST_F(Export, ABrokenExportLeavesWhatWasThere) {
  write("out", "earlier");
  const auto whole = server_;
  server_ = [whole](const Sent& sent) -> Result<net::Reply> {
    if (sent.target.starts_with("/v1/evidence/a2")) return fail(Code::unavailable, "connection reset");
    return whole(sent);
  };
  EXPECT_EQ(bulk({"export", "--out", file("out")}).code, exit_failed);
  EXPECT_EQ(contents("out"), "earlier");
  EXPECT_FALSE(std::filesystem::exists(file("out.new")));
}

TEST_F(Export, NothingToExportIsAFailure) {
  server_ = [](const Sent&) { return reply(200, R"({"subjects": []})"); };
  EXPECT_EQ(bulk({"export", "--out", file("out")}).code, exit_failed);
  EXPECT_FALSE(std::filesystem::exists(file("out")));
}

// GnuPG 2.2 reads no further than the first certificate of v6: those come last, whichever subject is asked of first.
TEST_F(Export, CertificatesOfVersion6ComeLast) {
  using namespace evidence::openpgp::test;
  const PgpKey v6 = pgp_key("six", 6), v4 = pgp_key("four");
  server_ = [&](const Sent& sent) {
    const auto at = [&](std::string_view path) { return sent.target.starts_with(path); };
    if (at("/v1/subjects?")) return reply(200, R"({"subjects": [{"subject": "key:1"}, {"subject": "key:2"}]})");
    if (at("/v1/subjects/key%3A1/history")) return reply(200, R"({"statements": [{"statement": "a1", "format": "openpgp"}]})");
    if (at("/v1/subjects/key%3A2/history")) return reply(200, R"({"statements": [{"statement": "a2", "format": "openpgp"}]})");
    const auto& key = at("/v1/evidence/a1") ? v6 : v4;
    return reply(200, std::string(text(piece_over_user_id(key, key, "someone"))), "application/pgp-keys");
  };
  for (const char* to : {"-", "out"}) {
    const auto outcome = bulk({"export", "--format", "openpgp", "--out", to == std::string("-") ? to : file(to)});
    EXPECT_EQ(outcome.code, exit_yes) << outcome.err;
    const std::string written = to == std::string("-") ? outcome.out : contents(to);
    const auto blocks = evidence::openpgp::dearmor(view(written));
    ASSERT_TRUE(blocks) << blocks.error().message;
    ASSERT_EQ(blocks->size(), 2u);
    EXPECT_EQ(evidence::openpgp::certificate_of(blocks->at(0).data)->version, 4);
    EXPECT_EQ(evidence::openpgp::certificate_of(blocks->at(1).data)->version, 6);
  }
}

}  // namespace
}  // namespace cm4it::ics
