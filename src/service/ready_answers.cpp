#include "service/ready_answers.h"

namespace cm4it::service {

ReadyAnswers::ReadyAnswers(const Verdicts& verdicts, std::size_t most_bytes, unsigned loops) : verdicts_(verdicts), budget_(most_bytes) {
  for (unsigned loop = 0; loop < loops; ++loop) caches_.push_back(std::make_unique<AnswerCache>(budget_));
}

std::shared_ptr<const std::string> ReadyAnswers::find(unsigned loop, const AnswerKey& key) {
  if (loop >= caches_.size()) return {};
  const Answer* answer = caches_[loop]->find(key);
  if (!answer || !verdicts_.is_present(answer->stamp) || answer->valid_until <= verdicts_.now()) return {};
  return answer->octets;
}

void ReadyAnswers::put(unsigned loop, const AnswerKey& key, Answer answer) {
  if (loop < caches_.size()) caches_[loop]->put(key, std::move(answer));
}

}  // namespace cm4it::service
