// A server key in a token that takes its time holds up nobody but those who want a signature of it.
#include "frontends/http/door_fixture.h"

namespace cm4it::http::fixture {
namespace {

// Signs when it is told to.
class HeldSigner final : public crypto::Signer {
 public:
  explicit HeldSigner(crypto::SignerPtr key) : key_(std::move(key)) {}
  const crypto::PublicKey& public_key() const override { return key_->public_key(); }
  Result<Bytes> sign(View message) const override {
    asked_.fetch_add(1);
    asked_.notify_all();
    until_.wait();
    return key_->sign(message);
  }
  void* native() const override { return key_->native(); }

  void wait_until_asked() const {
    while (asked_ == 0) asked_.wait(0);
  }
  void release() { done_.set_value(); }

 private:
  const crypto::SignerPtr key_;
  mutable std::atomic<int> asked_{0};
  std::promise<void> done_;
  const std::shared_future<void> until_ = done_.get_future().share();
};

TEST(SlowKey, TokensHoldUpNobodyElse) {
  const auto signer = std::make_shared<HeldSigner>(key_of("acme.example server", crypto::Algorithm::es256));
  Ics acme("acme.example", {{"acme.example", id_of("acme"), policy::Pin::Source::configuration}}, true, nullptr, {}, signer);
  const auto said = acme.submit({policy_evidence("acme", "acme.example", acme_policy(), *acme.clock),
                                 acme.say("acme", subject_of("sensor"), device_identity("sensor"))});
  for (const auto& one : said) ASSERT_EQ(one.outcome, Outcome::received);
  Site site(acme);
  const std::string verdict = "/v1/subjects/" + in_path(subject_of("sensor")) + "/verdict";
  std::vector<std::future<net::Reply>> tokens;
  for (unsigned i = 0; i < 2 * Ics::workers; ++i)
    tokens.push_back(std::async(std::launch::async, [&] { return site.ask({.path = verdict, .accept = "application/cwt"}); }));
  signer->wait_until_asked();
  // On the same event loop, and on the threads for long readings.
  EXPECT_EQ(site.get(verdict).status, 200u);
  EXPECT_EQ(site.get("/v1/subjects?q=sensor").status, 200u);
  EXPECT_EQ(site.get("/healthz").status, 200u);
  for (auto& token : tokens) EXPECT_EQ(token.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  signer->release();
  for (auto& token : tokens) EXPECT_EQ(token.get().status, 200u);
}

}  // namespace
}  // namespace cm4it::http::fixture
