// A look-up costs no decoding: what evidence says was written down when it was taken in (decisions/0054).
#include <algorithm>
#include <thread>

#include "base/mutex.h"
#include "evidence/formats/x509/crl_test_support.h"
#include "service/disk_for_test.h"
#include "service/ready_answers.h"
#include "service/x509_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;

struct Cost {
  std::uint64_t pieces = evidence::pieces_decoded(), certificates = crypto::Certificate::read_by_openssl();
  Cost since() const {
    Cost now;
    return {now.pieces - pieces, now.certificates - certificates};
  }
};

struct LookUpCost : testing::Test, Pki {};

TEST_F(LookUpCost, OfNativeStatementsNoCodecIsAsked) {
  const SubjectId thing = SubjectId::key(id_of("thing"));
  for (const Body& body : {Body(Identity{evidence::Type::device, to_bytes(key_of("thing")->public_key().spki()), "thing", {}, {}, {}, {}, {}, {}}),
                           Body(StatusChange{evidence::Status::in_use, {}}), Body(evidence::Endorse{"checked", {}})})
    ASSERT_FALSE(submit_one(say("acme", thing, body)).error);
  const Cost before;
  EXPECT_EQ(verdict(thing).admitted, policy::Admitted::yes);
  EXPECT_EQ(before.since().pieces, 0u);
  EXPECT_EQ(before.since().certificates, 0u);
}

// The first device of a CA tells whether paths over it hold; the others are looked up without OpenSSL.
TEST_F(LookUpCost, OfCertificatesOpenSslReadsNone) {
  const Authority issuing = authority("Acme Issuing");
  take(root.itself());
  take(root.certifies(issuing));
  for (const char* name : {"one", "two", "three"}) take(device_by(issuing, name));
  EXPECT_EQ(verdict(device_of("one")).admitted, policy::Admitted::yes);
  const Cost before;
  for (const char* name : {"two", "three"}) {
    EXPECT_EQ(verdict(device_of(name)).admitted, policy::Admitted::yes);
    EXPECT_EQ(judged(device_of(name)), "counts");
  }
  EXPECT_EQ(before.since().pieces, 0u);
  EXPECT_EQ(before.since().certificates, 0u);
}

// What look-ups have in common is kept between them (ledger/authority_cache.h), and not a moment longer than it is true.
TEST_F(LookUpCost, WhatIsKnownOfCasIsReadAgainWhenAnyChanges) {
  const Authority issuing = authority("Acme Issuing");
  take(root.itself());
  CertificateDraft of_issuing = root.certifies(issuing);
  of_issuing.serial = {7};
  const StatementId first = take(of_issuing);
  for (const char* name : {"one", "two"}) take(device_by(issuing, name));
  const auto all = [&](const std::string& expected) {
    for (const char* name : {"one", "two"}) EXPECT_EQ(judged(device_of(name)) == "counts" ? "counts" : "does not", expected) << name;
  };
  all("counts");
  const auto said_by_root = [&](const SubjectId& subject, Body body) {
    return submit_one(evidence::sign({subject, {"acme.example"}, std::move(body), *clock, {}, {}}, *root.key).value());
  };
  ASSERT_FALSE(said_by_root(SubjectId::key(issuing.key->public_key().id()), evidence::Withdraw{first, "a mistake"}).error);
  all("does not");
  of_issuing.serial = {8};
  take(of_issuing);
  all("counts");
  const evidence::x509::test::CrlDraft crl{.by = root, .next_update = Time{1'800'086'400}, .entries = {{{8}, crypto::RevocationReason::superseded}}};
  ASSERT_FALSE(submit({crl.encode()}, Format::crl).at(0).error);
  all("does not");
  of_issuing.serial = {9};
  take(of_issuing);
  all("counts");
}

// Of a CRL, however long, the row of its head and one page of its entries are read: not the list itself.
TEST_F(LookUpCost, OfCrlsNoCodecIsAsked) {
  take(root.itself());
  for (const char* name : {"one", "two", "revoked"}) {
    auto draft = device_by(root, name);
    draft.serial = {2, static_cast<std::uint8_t>(name[0])};
    take(draft);
  }
  evidence::x509::test::CrlDraft crl{.by = root, .next_update = Time{1'800'086'400}, .entries = {{{2, 'r'}, crypto::RevocationReason::superseded}}};
  for (std::uint32_t i = 0; i < 500; ++i) crl.entries.push_back({{1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}});
  const auto taken = submit({crl.encode()}, Format::crl).at(0);
  ASSERT_FALSE(taken.error) << taken.error->message;
  EXPECT_TRUE(verdict(device_of("one")).identity);
  const Cost before;
  EXPECT_TRUE(verdict(device_of("two")).crl_due);
  const auto revoked = verdict(device_of("revoked"));
  EXPECT_FALSE(revoked.identity);
  ASSERT_TRUE(revoked.revoked);
  EXPECT_THAT(revoked.revoked->text, testing::HasSubstr("superseded"));
  EXPECT_EQ(before.since().pieces, 0u);
  EXPECT_EQ(before.since().certificates, 0u);
}

struct LookUpLocks : testing::Test, OnDisk, Pki {
  LookUpLocks() : Pki(store()) {}

  struct Seen {
    std::uint64_t ready = 0, folded = 0, not_admitted = 0, locks = 0;
  };

  // What an event loop does for each of these devices: its ready-made answer where it has one, else a fold; and a fold all the same.
  void ask(ReadyAnswers& answers, unsigned loop, const std::vector<SubjectId>& devices, Seen& seen) const {
    const Verdicts& verdicts = service->verdicts();
    for (const SubjectId& device : devices) {
      const AnswerKey key{device.digest, static_cast<std::uint8_t>(AnswerKind::http_verdict), 0};
      const Stamp stamp = verdicts.stamp(device);
      if (answers.find(loop, key)) ++seen.ready;
      const auto looked = verdicts.look_up(device, {}, {});
      ++seen.folded;
      if (!looked || looked->verdict.admitted != policy::Admitted::yes) ++seen.not_admitted;
      else answers.put(loop, key, {std::make_shared<const std::string>("a verdict"), stamp, looked->verdict.valid_until});
    }
  }
};

// As many event loops as there are processors answer at once, from what they have ready and anew, while others write: none of them takes
// a lock for that, so that none waits for another.
TEST_F(LookUpLocks, NoThreadTakesAny) {
  take(root.itself());
  std::vector<SubjectId> devices;
  for (const char* name : {"one", "two", "three", "four"}) {
    take(device_by(root, name));
    devices.push_back(device_of(name));
  }
  const unsigned loops = std::max(2u, std::thread::hardware_concurrency());
  ReadyAnswers answers(service->verdicts(), 1 << 20, loops);
  std::vector<Seen> seen(loops);
  std::atomic<unsigned> asking{0};
  std::atomic<bool> written{false};
  std::vector<std::thread> threads;
  for (unsigned loop = 0; loop < loops; ++loop)
    threads.emplace_back([&, loop] {
      Seen first;
      ask(answers, loop, devices, first);  // a thread's first snapshot is begun under a lock of LMDB's
      const std::uint64_t before = locks_taken;
      for (bool last = false; !last;) {
        last = written;  // then once more, of what was written last
        ask(answers, loop, devices, seen[loop]);
        if (seen[loop].folded == devices.size()) ++asking, asking.notify_all();
      }
      seen[loop].locks = locks_taken - before;
    });
  for (unsigned now = asking; now < loops; now = asking) asking.wait(now);
  for (int i = 0; i < 10; ++i) {
    take(device_by(root, "written " + std::to_string(i)));
    EXPECT_FALSE(submit_one(say("acme", devices[0], evidence::Endorse{"checked", std::to_string(i)})).error);
  }
  written = true;
  for (auto& thread : threads) thread.join();
  for (unsigned loop = 0; loop < loops; ++loop) {
    EXPECT_EQ(seen[loop].locks, 0u) << "loop " << loop;
    EXPECT_EQ(seen[loop].not_admitted, 0u);
    EXPECT_GT(seen[loop].ready, 0u);
    EXPECT_GT(seen[loop].folded, devices.size());
  }
}

}  // namespace
}  // namespace cm4it::service
