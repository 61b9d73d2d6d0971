// What a journal entry is about, as rows of the feed tell it.
#include "ledger/feed_row.h"

#include "ledger/test_support.h"

namespace cm4it::ledger {
namespace {

using namespace test;

std::vector<evidence::Statement> about(std::size_t subjects, evidence::Body body = Endorse{"good", ""}) {
  std::vector<evidence::Statement> statements(subjects);
  for (std::size_t i = 0; i < subjects; ++i) {
    statements[i].subject = code("file " + std::to_string(i));
    statements[i].body = body;
  }
  return statements;
}

FeedRow told(const std::vector<evidence::Statement>& statements) {
  const StatementId id{crypto::sha256(view("entry"))};
  const auto row = decode_feed_row(encode(feed_row_of(id, statements)));
  EXPECT_TRUE(row) << row.error().message;
  EXPECT_EQ(row->id, id);
  return row.value_or(FeedRow{});
}

TEST(FeedRows, NameTheirSubjectsOnce) {
  auto statements = about(3);
  statements.push_back(statements[1]);
  const auto row = told(statements);
  EXPECT_EQ(row.subjects.size(), 3u);
  EXPECT_FALSE(row.everything || row.too_many);
}

// A long list of files changes no verdict but theirs: whoever signs lists may not stale what is known of everything else.
TEST(FeedRows, OfManySubjectsSayNothingOfOthers) {
  EXPECT_EQ(told(about(256)).subjects.size(), 256u);
  const auto row = told(about(257));
  EXPECT_TRUE(row.too_many);
  EXPECT_FALSE(row.everything);
  EXPECT_TRUE(row.subjects.empty());
}

TEST(FeedRows, OfPoliciesAndModelsSayThatAnythingMayHaveChanged) {
  EXPECT_TRUE(told(about(1, evidence::PolicyText{"domain = \"a\""})).everything);
  auto of_model = about(1);
  of_model[0].subject = SubjectId::model_of("acme.example", "thermo").value();
  EXPECT_TRUE(told(of_model).everything);
  EXPECT_TRUE(told(of_model).subjects.empty());
}

TEST(FeedRows, ThatAreCutOffAreRefused) {
  const Bytes row = encode(feed_row_of({}, about(2)));
  EXPECT_FALSE(decode_feed_row(View(row).first(32)));
  EXPECT_FALSE(decode_feed_row(View(row).first(row.size() - 1)));
  EXPECT_TRUE(decode_feed_row(View(row).first(33)));
}

}  // namespace
}  // namespace cm4it::ledger
