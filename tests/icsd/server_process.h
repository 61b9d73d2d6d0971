// A real icsd, home of plant.example, in a directory of its own: started, killed, started again.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/waiting_for_test.h"
#include "demo/process.h"
#include "net/http/client.h"
#include "service/network_fixture.h"

namespace cm4it::icsd::test {

using namespace service::fixture;
using testing::HasSubstr;
using namespace std::chrono_literals;
namespace json = boost::json;
namespace fs = std::filesystem;

inline json::object object_of(const std::string& body) {
  boost::system::error_code error;
  auto value = json::parse(body, error);
  return !error && value.is_object() ? value.as_object() : json::object{};
}
inline std::string at(const json::value& value, const std::string& path) {
  boost::system::error_code error;
  const auto* found = value.find_pointer("/" + path, error);
  return !found ? "" : found->is_string() ? std::string(found->as_string()) : json::serialize(*found);
}

class ServerProcess {
 public:
  ServerProcess() {
    std::string name = (fs::temp_directory_path() / "cm4it-icsd-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
    EXPECT_TRUE(crypto::save_key_file(*key_of("plant.example server", crypto::Algorithm::es256), directory / "server.key"));
    EXPECT_TRUE(crypto::save_key_file(*log_key(), directory / "log.key"));
    fs::create_directory(directory / "evidence");
    const Time before{1'700'000'000};
    const Bytes policy = policy_evidence("plant", "plant.example", plant_policy(), before);
    std::ofstream(directory / "evidence" / "policy.cose", std::ios::binary) << text(policy);
    configure();
  }
  ~ServerProcess() {
    process_.reset();
    std::error_code ignored;
    if (!testing::Test::HasFailure()) fs::remove_all(directory, ignored);
    else std::fprintf(stderr, "kept for inspection: %s\n", directory.c_str());
  }

  void configure(const std::string& more = {}) const {
    std::ofstream(directory / "icsd.toml")
        << "name = \"main\"\ndomain = \"plant.example\"\nhomes = [\"plant.example\"]\nhttp = [\"127.0.0.1:0\"]\nworkers = 2\nthreads = 1\n"
        << more << "[[pin]]\ndomain = \"plant.example\"\nowner = \"" << id_of("plant").text() << "\"\n";
  }
  demo::Arguments command() const { return {CM4IT_ICSD, "--config", (directory / "icsd.toml").string()}; }

  void start() {
    fs::remove(directory / "address");  // a killed server leaves it
    auto started = demo::Process::start(command(), directory / "log.txt");
    ASSERT_TRUE(started) << started.error().message;
    process_ = std::move(*started);
    ASSERT_TRUE(eventually([&] { return !process_->running() || !content_of(directory / "address").empty(); })) << log();
    ASSERT_TRUE(process_->running()) << log();
    ASSERT_TRUE(eventually([&] { return content_of(directory / "address").ends_with("\n"); }));
    url_ = content_of(directory / "address");
    url_.pop_back();
  }
  void kill() { process_->kill(); }
  void stop() { process_->stop(); }
  // Started where it should not start: its exit and what it says.
  demo::Output refused() const {
    auto arguments = command();
    arguments.insert(arguments.begin(), {"/usr/bin/timeout", "60"});
    auto output = demo::run(arguments);
    EXPECT_TRUE(output) << output.error().message;
    return output ? *output : demo::Output{};
  }

  const std::string& url() const { return url_; }
  std::string log() const { return content_of(directory / "log.txt"); }
  static crypto::SignerPtr log_key() { return key_of("plant.example log"); }

  net::Reply get(const std::string& path) const {
    net::HttpClient client;
    auto reply = client.get(url_ + path);
    EXPECT_TRUE(reply) << (reply ? "" : reply.error().message);
    return reply ? *reply : net::Reply{};
  }
  static Result<net::Reply> post(net::HttpClient& client, const std::string& url, const std::vector<Bytes>& pieces) {
    Bytes body;
    for (const auto& piece : pieces) append(body, piece);
    net::ClientRequest request;
    request.method = "POST";
    request.url = url + "/v1/evidence";
    request.content_type = "application/cbor-seq";
    request.body = text(body);
    return client.send(request);
  }

  fs::path directory;

 private:
  std::unique_ptr<demo::Process> process_;
  std::string url_;
};

// An endorsement of one of a hundred devices, as the plant's integrator signs it now.
inline Bytes endorsement(std::uint64_t number) {
  static const auto volta = key_of("volta");
  const auto device = SubjectId::key(KeyId{crypto::sha256(view("device " + std::to_string(number % 100)))});
  auto evidence = evidence::sign({device, {"plant.example"}, Endorse{"load " + std::to_string(number), ""}, system_time(), {}, {}}, *volta);
  EXPECT_TRUE(evidence) << (evidence ? "" : evidence.error().message);
  return evidence ? *evidence : Bytes{};
}

}  // namespace cm4it::icsd::test
