// The two calls that may wait for news: the feed of a domain, for copies, and the changes, for clients that watch verdicts.
#include <boost/json.hpp>

#include <charconv>

#include "base/budgets.h"
#include "frontends/http/impl.h"
#include "service/feed.h"
#include "service/feed_wire.h"

namespace cm4it::http {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

Result<std::uint64_t> number(const Call& call, std::string_view name, std::uint64_t absent, std::uint64_t most) {
  const auto text = call.query.get(name);
  if (!text) return absent;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value > most)
    return fail(Code::malformed, std::string(name) + ": a number of at most " + std::to_string(most) + " expected");
  return value;
}

struct Wait { std::uint64_t from; std::chrono::seconds wait; };

// The caller and the domain that the request is about.
struct Asker { service::Caller caller; std::string domain; };

Result<Wait> wait_of(const Call& call) {
  TRY(const auto from, number(call, "from", 0, UINT64_MAX));
  TRY(const auto wait, number(call, "wait", 0, budget::feed_wait_seconds));
  return Wait{from, std::chrono::seconds(wait)};
}

using Attempt = std::function<bool(Poll&, bool)>;

// Asks again after each commit until `attempt` answers or the time is up.
void wait_for(Door::Impl& door, const Asker& asker, std::uint64_t position, std::chrono::seconds wait, std::shared_ptr<net::Responder> respond,
              Attempt attempt) {
  auto poll = std::make_shared<Poll>();
  poll->caller = asker.caller;
  poll->domain = asker.domain;
  poll->refuse = [respond](const Error& error) { (*respond)(problem(error)); };
  poll->position = position;
  poll->deadline = steady_clock::now() + wait;
  poll->attempt = [respond, attempt = std::move(attempt)](Poll& self, bool time_is_up) {
    return respond->gone() || attempt(self, time_is_up || respond->half_closed());
  };
  poll->half_closed = [respond] { return respond->half_closed() || respond->gone(); };
  if (!door.polls.add(std::move(poll)))
    (*respond)(problem({Code::unavailable, "too many requests wait for changes", "try again later"}));
}

// The first attempt: many records may wait to be read.
void begin(Door::Impl& door, const Asker& asker, std::uint64_t position, std::chrono::seconds wait, std::shared_ptr<net::Responder> respond,
           Attempt attempt) {
  answer_in_turn(door, asker.caller, respond, [&door, asker, position, wait, respond, attempt = std::move(attempt)] {
    Poll now;
    now.position = position;
    if (!attempt(now, wait.count() == 0 || respond->half_closed())) wait_for(door, asker, now.position, wait, respond, attempt);
  });
}

}  // namespace

void get_feed(Door::Impl& door, const Call& call, net::Responder respond) {
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  const auto wait = wait_of(call);
  if (!wait) return (*shared)(problem(wait.error()));
  service::FeedRequest request{call.get("domain"), wait->from, {}};
  if (const auto text = call.query.get("select")) {
    auto select = policy::Selectors::parse(*text);
    if (!select) return (*shared)(problem(select.error()));
    request.select = std::move(*select);
  }
  const auto attempt = [&door, shared, request, who = call.who](Poll& poll, bool time_is_up) {
    auto page = door.service.feed().page(request, who);
    if (page && page->records.empty() && !page->more && !time_is_up) {
      poll.position = page->seen;  // what came did not concern this asker
      return false;
    }
    (*shared)(page ? bytes_answer(service::encode_feed(*page), service::feed_media_type) : problem(page.error()));
    return true;
  };
  begin(door, {call.caller, request.domain}, service::journal_position(wait->from), wait->wait, shared, attempt);
}

void get_changes(Door::Impl& door, const Call& call, net::Responder respond) {
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  const auto wait = wait_of(call);
  if (!wait) return (*shared)(problem(wait.error()));
  const bool first = !call.query.has("from");
  const auto attempt = [&door, shared, first, from = wait->from, domain = call.get("domain"), who = call.who](Poll& poll, bool time_is_up) {
    const auto asked = door.service.feed().changes(first ? std::nullopt : std::optional(from), domain, who);
    if (!asked) {
      (*shared)(problem(asked.error()));
      return true;
    }
    const auto& page = *asked;
    if (page.subjects.empty() && !page.everything && !time_is_up && !first) {
      poll.position = std::max(page.seen, from);
      return false;
    }
    json::array subjects;
    for (const auto& subject : page.subjects) subjects.push_back(json::string(subject.text()));
    (*shared)(json_answer(json::serialize(
        json::object{{"subjects", std::move(subjects)}, {"all", page.everything}, {"next", std::to_string(page.next)}})));
    return true;
  };
  begin(door, {call.caller, call.get("domain")}, wait->from, wait->wait, shared, attempt);
}

}  // namespace cm4it::http
