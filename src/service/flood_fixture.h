// A thief who has a key says what he can with it, without end; what restricts has to enter all the same.
#pragma once

#include <functional>
#include <random>

#include "evidence/formats/openpgp/test_support.h"
#include "service/network_fixture.h"

namespace cm4it::service::fixture {

// `pieces` in one request.
inline std::vector<ItemResult> submit_pieces(Ics& ics, std::vector<Piece> pieces) {
  std::promise<std::vector<ItemResult>> done;
  EXPECT_TRUE(ics.service->intake().submit(std::move(pieces), {}, [&](auto results) { done.set_value(std::move(results)); }));
  return done.get_future().get();
}

// What of this kind was said first about a subject; nothing: zeros.
inline StatementId first_said(Ics& ics, const SubjectId& subject, Kind kind) {
  for (const auto& judgement : ics.verdict(subject).judgements)
    if (judgement.fact->statement.kind() == kind) return judgement.fact->statement.id;
  return {};
}

struct Restriction {
  std::string what;
  Piece piece;
};

// One way to speak about one subject.
struct Flood {
  std::function<std::unique_ptr<Ics>(Quotas)> start;
  std::function<std::vector<Piece>(Ics&)> first;  // what the restrictions are about
  std::function<std::vector<Piece>(Ics&, std::size_t count, std::mt19937& random)> flood;
  std::function<std::vector<Restriction>(Ics&)> restrictions;
};

// Each restriction enters, whatever quota is used up, whether the flood comes before it, with it or after it.
inline void expect_all_enter(const Flood& world) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr std::size_t flood_size = 60;
  const std::size_t count = world.restrictions(*world.start({})).size();
  for (const Quotas quotas : {Quotas{.subject_statements = 8}, Quotas{.issuer_per_minute = 8}, Quotas{.issuer_per_minute = 8, .subject_statements = 8}})
    for (const std::string order : {"before", "in one request", "after"})
      for (std::size_t which = 0; which < count; ++which) {
        const auto ics = world.start(quotas);
        for (const auto& item : submit_pieces(*ics, world.first(*ics))) ASSERT_EQ(item.outcome, ItemResult::Outcome::received) << why(item);
        auto flood = world.flood(*ics, flood_size, random);
        const auto [what, wanted] = world.restrictions(*ics).at(which);
        SCOPED_TRACE(what + ", flood " + order);
        ItemResult result;
        if (order == "in one request") {
          const std::size_t place = random() % flood.size();
          flood.insert(flood.begin() + static_cast<std::ptrdiff_t>(place), wanted);
          result = submit_pieces(*ics, std::move(flood)).at(place);
        } else {
          if (order == "before") submit_pieces(*ics, flood);
          result = submit_pieces(*ics, {wanted}).at(0);
          if (order == "after") submit_pieces(*ics, flood);
        }
        ASSERT_EQ(result.outcome, ItemResult::Outcome::received) << why(result);
      }
}

}  // namespace cm4it::service::fixture
