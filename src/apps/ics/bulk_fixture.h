// Import and export against a server that keeps what it is given.
#pragma once

#include <gmock/gmock.h>

#include <mutex>
#include <set>

#include "apps/ics/json.h"
#include "apps/ics/piece_reader.h"
#include "apps/ics/scripted_server_for_test.h"

namespace cm4it::ics {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

inline const std::string domain = "acme.example";

// COSE_Sign1 in shape; only the server would look closer.
inline std::string piece(unsigned number) {
  const std::string payload = "payload " + std::to_string(number);
  return std::string("\xd2\x84\x40\xa0", 4) + static_cast<char>(0x40 + payload.size()) + payload + '\x40';
}

inline std::string sequence(unsigned from, unsigned to) {
  std::string all;
  for (unsigned i = from; i < to; ++i) all += piece(i);
  return all;
}

// A server that keeps what it is given, and says of each piece what `judge` says.
class Keeper {
 public:
  std::function<std::string(const std::string& piece)> judge = [](const std::string&) { return "received"; };
  std::vector<std::string> pieces;
  std::set<std::string> stored;
  std::size_t requests = 0, most_requests = SIZE_MAX;

  Result<net::Reply> post(const std::string& content_type, const std::string& body) {
    const std::lock_guard lock(mutex_);  // certificates come over several connections
    if (requests++ >= most_requests) return fail(Code::unavailable, "connection refused");
    const auto split = evidence::split(content_type, view(body));
    if (!split) return reply(400, R"({"title": "malformed", "detail": "body"})");
    json::array items;
    for (const auto& one : *split) {
      const std::string bytes(text(one.bytes));
      pieces.push_back(bytes);
      const auto result = judge(bytes);
      json::object item{{"result", result}};
      if (result == "received") item["new"] = stored.insert(bytes).second;
      if (result == "refused")
        item["error"] = {{"title", "not-permitted"}, {"detail", "issuer key:" + to_hex(view(bytes)).substr(0, 64) + " has no role"},
                         {"hint", "ics role add"}};
      if (result == "busy") {
        item["result"] = "refused";
        item["error"] = {{"title", "unavailable"}, {"detail", "a quota is used up"}};
      }
      if (result == "not-yet") item["error"] = {{"title", "not-yet"}, {"detail", "its issuer is not known yet"}};
      items.push_back(std::move(item));
    }
    return reply(200, json::serialize(json::object{{"items", std::move(items)}}));
  }

 private:
  std::mutex mutex_;
};

class Bulk : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    server_ = [this](const Sent& sent) { return keeper_.post(sent.content_type, sent.body); };
  }
  Outcome bulk(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), {"--domain", domain});
    return ics(words, input);
  }
  json::object file_of(const Outcome& outcome) {
    const auto document = json::parse(outcome.out).as_object();
    return array_at(document, "files").at(0).as_object();
  }
  void forget() {
    keeper_.judge = [](const std::string&) { return "received"; };
    keeper_.pieces.clear();
    keeper_.stored.clear();
    keeper_.requests = 0;
    keeper_.most_requests = SIZE_MAX;
  }
  Keeper keeper_;
};

}  // namespace cm4it::ics
