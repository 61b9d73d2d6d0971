// Which of many CRLs counts at a time: those made ahead, those of long ago, those of other domains.
#include "service/revoking_fixture.h"

namespace cm4it::service {
namespace {

using namespace fixture;
using namespace evidence::x509::test;
using policy::Admitted;
using testing::HasSubstr;

struct CrlTimes : Revoking {
  CrlTimes() : Revoking("[admit.device]\nidentified_by = [\"manufacturer\"]\nstatus = []\n") {}
  policy::Verdict at(Seconds later) {
    auto looked = a.service->verdicts().look_up(device, "", {}, Time{1'800'000'000 + later});
    EXPECT_TRUE(looked) << looked.error().message;
    facts = looked->facts;  // judgements point there
    return looked->verdict;
  }
  std::shared_ptr<const policy::Facts> facts;
};

// A CA that is rarely switched on makes the CRLs of a year in one go.
TEST_F(CrlTimes, ThoseMadeAheadHideNothing) {
  expect_taken(take_certificate(a, 7));
  expect_taken(take(a, crl(1, {{{7}}})));
  for (std::uint64_t n = 2; n < 40; ++n) expect_taken(take(a, crl(n, {}, static_cast<Seconds>(n) * 1000)));
  EXPECT_EQ(at(0).admitted, Admitted::no);
  EXPECT_EQ(at(0).valid_until, Time{1'800'002'000}) << "when the next one counts";
  *a.clock = Time{1'800'002'000};
  EXPECT_EQ(at(2000).admitted, Admitted::yes);
  *a.clock = Time{1'800'050'000};
  EXPECT_EQ(at(50'000).admitted, Admitted::yes);
}

TEST_F(CrlTimes, APastVerdictKnowsThoseOfThatTime) {
  expect_taken(take_certificate(a, 7));
  for (std::uint64_t n = 1; n <= 40; ++n) {
    *a.clock = Time{1'800'000'000 + static_cast<Seconds>(n) * 1000};
    std::vector<CrlDraft::Entry> entries;
    if (n <= 20) entries.push_back({{7}, RevocationReason::certificate_hold});
    expect_taken(take(a, crl(n, entries, static_cast<Seconds>(n) * 1000)));
  }
  EXPECT_EQ(at(40'000).admitted, Admitted::yes);
  EXPECT_EQ(at(20'999).admitted, Admitted::no);
  EXPECT_EQ(at(1000).admitted, Admitted::no);
  EXPECT_EQ(at(999).admitted, Admitted::yes);
}

// Where so many are stored that the one of that time is not found, nobody says yes.
TEST_F(CrlTimes, WhatIsNotFoundIsNotKnown) {
  expect_taken(take_certificate(a, 7));
  std::vector<Bytes> lists;
  for (std::uint64_t n = 1; n <= budget::crl_rows + 2; ++n) lists.push_back(crl(n, {}, static_cast<Seconds>(n)).encode());
  for (std::size_t begin = 0; begin < lists.size(); begin += 1000)
    for (const auto& item : a.submit(std::vector<Bytes>(lists.begin() + static_cast<std::ptrdiff_t>(begin),
                                                        lists.begin() + static_cast<std::ptrdiff_t>(std::min(begin + 1000, lists.size()))), Format::crl))
      expect_taken(item);
  *a.clock = Time{1'800'010'000};
  EXPECT_EQ(at(10'000).admitted, Admitted::yes);
  const auto verdict = at(1);
  EXPECT_EQ(verdict.admitted, Admitted::unknown);
  EXPECT_THAT(verdict.reasons.at(0).text, HasSubstr("is not known"));
}

}  // namespace
}  // namespace cm4it::service
