// The cached answers of all front ends. Each event loop has a cache of its own, so that none waits for another; together they keep
// within one budget of the process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/answer_cache.h"
#include "service/verdicts.h"

namespace cm4it::service {

// The calls, of all front ends, whose answers are cached.
enum class AnswerKind : std::uint8_t { http_summary = 1, http_verdict, hkp_lookup, ocsp_post, ocsp_get };

class ReadyAnswers {
 public:
  // `loops`: how many event loops there are (net::Request::loop), all listeners together. `verdicts` outlive it.
  ReadyAnswers(const Verdicts& verdicts, std::size_t most_bytes, unsigned loops);

  // Call it on that loop's thread. Null: no valid answer is cached. The key's kind is an AnswerKind.
  std::shared_ptr<const std::string> find(unsigned loop, const AnswerKey& key);
  void put(unsigned loop, const AnswerKey& key, Answer answer);

  std::size_t bytes() const { return budget_.used(); }  // of all loops; any thread

 private:
  const Verdicts& verdicts_;
  CacheBudget budget_;
  std::vector<std::unique_ptr<AnswerCache>> caches_;  // one a loop
};
using ReadyAnswersPtr = std::shared_ptr<ReadyAnswers>;

}  // namespace cm4it::service
