// Tokens that are taken out of a running server, and put back.
#include <atomic>

#include "base/needs_for_test.h"
#include "crypto/digest.h"
#include "evidence/evidence.h"
#include "keys/running.h"
#include "net/http/client.h"

namespace cm4it::keys::test {
namespace {

class Unplugged : public Running {
 protected:
  void SetUp() override {
    CM4IT_NEEDS(crypto::SoftHsm::installed(), "softhsm2");
    Running::SetUp();
    hsm_.add_token("plant");
    ::setenv("UNPLUGGABLE_DIR", directory_.c_str(), 1);
    ok({"key", "new", key("server"), "--alg", "p256"});
    ok({"key", "new", key("log")});
    ok({"init", file("plant"), "--role", "maintenance", "--domain", "plant.example", "--listen", "127.0.0.1:0", "--tls-key",
        key("server"), "--log-key", key("log")});
    owner_ = crypto::load_key_file(directory_ / "plant" / "owner.key").value();
    start("plant");
  }
  std::string key(const std::string& name) const {
    return "pkcs11:token=plant;object=" + name + "?module-path=" + CM4IT_UNPLUGGABLE +
           "&pin-source=file:" + (hsm_.directory() / "pin").string();
  }
  void take_out() const { std::ofstream(directory_ / "out") << "\n"; }
  void put_back() const { fs::remove(directory_ / "out"); }
  std::size_t logins() const { return content_of(directory_ / "logins").size(); }

  static std::unique_ptr<net::HttpClient> client() { return std::make_unique<net::HttpClient>(); }
  // An endorsement that nobody made before.
  Result<net::Reply> submit(net::HttpClient& client) {
    const auto number = std::to_string(next_++);
    const auto device = evidence::SubjectId::key(KeyId{crypto::sha256(view("device " + number))});
    TRY(const Bytes bytes,
        evidence::sign({device, {"plant.example"}, evidence::Endorse{"approved", ""}, system_time(), {}, {}}, *owner_));
    net::ClientRequest request;
    request.method = "POST";
    request.url = url("plant") + "/v1/evidence";
    request.content_type = "application/cbor-seq";
    request.body = text(bytes);
    return client.send(request);
  }
  static bool received(const Result<net::Reply>& reply) { return reply && reply->status == 200; }
  std::size_t logged(const std::string& what) const {
    const auto all = log("plant");
    std::size_t count = 0;
    for (auto at = all.find(what); at != all.npos; at = all.find(what, at + 1)) ++count;
    return count;
  }

  const crypto::SoftHsm hsm_;
  crypto::SignerPtr owner_;
  std::atomic<unsigned> next_{0};
};

TEST_F(Unplugged, UnderLoadTheServiceGoesOnWhereItCan) {
  const auto known = client();  // its connection is there before the token goes
  ASSERT_TRUE(received(submit(*known)));
  std::atomic<bool> done{false};
  std::atomic<unsigned> connected{0}, entered{0}, refused{0}, lost{0};
  std::vector<std::thread> senders;
  for (int i = 0; i < 3; ++i)
    senders.emplace_back([&] {
      const auto own = client();
      if (received(submit(*own))) ++connected;
      while (!done) {
        const auto reply = submit(*own);
        if (received(reply)) ++entered;
        else if (reply && reply->body.find("token \\\"plant\\\"") != std::string::npos) ++refused;
        else ++lost;
        std::this_thread::yield();
      }
    });
  EXPECT_TRUE(eventually([&] { return connected == 3 && entered > 20; }));
  take_out();
  EXPECT_TRUE(eventually([&] { return refused > 20; })) << log("plant");

  const auto look_up = known->get(url("plant") + "/v1/domains");
  ASSERT_TRUE(look_up) << look_up.error().message;
  EXPECT_EQ(look_up->status, 200u) << "look-ups go on, over connections that were there";
  const auto answer = submit(*known);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(answer->body, HasSubstr("unavailable"));
  EXPECT_THAT(answer->body, HasSubstr("token \\\"plant\\\""));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(client()->get(url("plant") + "/healthz")) << "a new connection needs the server's key";
  EXPECT_EQ(logged("tls: connections fail: token \"plant\""), 1u) << log("plant");
  EXPECT_LE(logged("appender: nothing of"), 5u) << "once a minute for one reason, however many submissions: " << log("plant");

  put_back();
  const auto before = entered.load();
  EXPECT_TRUE(eventually([&] { return entered > before + 20; })) << log("plant");
  done = true;
  for (auto& sender : senders) sender.join();
  EXPECT_EQ(lost, 0u) << "each was received, or told why not";
  EXPECT_TRUE(client()->get(url("plant") + "/healthz"));
  const auto verified = ics({"--dir", file("plant"), "log", "verify"});
  EXPECT_EQ(verified.exit, 0) << verified.out << verified.err;
}

TEST_F(Unplugged, APinThatWasRefusedIsNotTriedAgain) {
  const auto known = client();
  ASSERT_TRUE(received(submit(*known)));
  take_out();
  EXPECT_FALSE(received(submit(*known)));
  hsm_.pin_file("pin", "4321\n");
  put_back();
  const auto refused = submit(*known);
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->body, HasSubstr("the PIN is wrong"));
  const auto tried = logins();
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(received(submit(*known)));
    EXPECT_FALSE(client()->get(url("plant") + "/healthz")) << "nor for another key of that token";
  }
  EXPECT_EQ(logins(), tried) << "the token would be locked by now";
  hsm_.pin_file("pin", "1234\n");
  EXPECT_TRUE(received(submit(*known))) << "another PIN is tried: " << log("plant");
  EXPECT_EQ(log("plant").find("4321"), std::string::npos);
}

TEST_F(Unplugged, AtTheStartItIsSaidWhichOneIsMissing) {
  icsd_.reset();
  fs::remove(directory_ / "plant" / "address");
  take_out();
  const auto refused = demo::run({"/usr/bin/timeout", "60", CM4IT_ICSD, "--config", file("plant/icsd.toml")});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->exit, 3);
  EXPECT_THAT(refused->err, HasSubstr("token \"plant\": it is not there"));
  put_back();
  start("plant");
}

}  // namespace
}  // namespace cm4it::keys::test
