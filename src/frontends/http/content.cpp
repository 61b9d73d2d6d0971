#include "frontends/http/content.h"

#include <algorithm>
#include <numeric>

#include "base/budgets.h"
#include "service/queues.h"

namespace cm4it::http {
namespace {

class RecordsContent final : public net::Content, public std::enable_shared_from_this<RecordsContent> {
 public:
  RecordsContent(std::shared_ptr<Door::Impl> door, service::Caller caller, Records records)
      : door_(std::move(door)), caller_(std::move(caller)), records_(std::move(records)),
        size_(std::accumulate(records_.sizes.begin(), records_.sizes.end(), std::uint64_t{0})) {}

  std::uint64_t size() const override { return size_; }
  void next(Then then) override {
    door_->service.queues().read_on(caller_, [self = shared_from_this(), then = std::move(then)] { then(self->part(budget::whole_answer)); });
  }

  // The next part, of at most so many octets.
  Result<std::string> part(std::size_t most) {
    std::string part;
    while (part.size() < most && index_ < records_.sizes.size()) {
      TRY(const Bytes record, records_.read(door_->service, index_));
      if (record.size() != records_.sizes[index_]) return fail(Code::internal, "a record has not the length that was told");
      const std::size_t taken = std::min(record.size() - offset_, most - part.size());
      part += text(View(record).subspan(offset_, taken));
      offset_ += taken;
      if (offset_ < record.size()) continue;
      ++index_;
      offset_ = 0;
    }
    return part;
  }

 private:
  const std::shared_ptr<Door::Impl> door_;
  const service::Caller caller_;
  const Records records_;
  const std::uint64_t size_;
  std::size_t index_ = 0, offset_ = 0;  // of the record that comes next, and what of it has gone
};

}  // namespace

Result<net::Response> records_answer(Door::Impl& door, const Call& call, Records records, std::string content_type) {
  const auto content = std::make_shared<RecordsContent>(door.shared_from_this(), call.caller, std::move(records));
  auto response = bytes_answer({}, std::move(content_type));
  if (content->size() > budget::whole_answer) {
    response.content = content;
  } else {
    TRY(response.body, content->part(budget::whole_answer));
  }
  return response;
}

}  // namespace cm4it::http
