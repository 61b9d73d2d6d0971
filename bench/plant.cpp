#include "plant.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace cm4it::bench {
namespace {

using evidence::SubjectId;

Result<void> fill(const Home& home, std::size_t devices) {
  TRY(auto service, open_service(home));
  TRY(const auto owner, crypto::load_key_file(home.directory / "owner.key"));
  std::ofstream ids(home.ids());
  std::vector<evidence::Piece> pieces;
  for (std::size_t number = 0; number < devices; ++number) {
    SubjectId subject;
    TRY(auto identity, device_identity(number, home.domain, *owner, system_time(), subject));
    pieces.push_back({evidence::Format::cose, std::move(identity)});
    for (evidence::Body body : {evidence::Body(evidence::Endorse{"approved", {}}),
                                evidence::Body(evidence::StatusChange{evidence::Status::in_use, {}})}) {
      TRY(auto statement, evidence::sign({subject, {home.domain}, std::move(body), system_time(), {}, {}}, *owner));
      pieces.push_back({evidence::Format::cose, std::move(statement)});
    }
    ids << to_hex(subject.digest) << "\n";
  }
  return submit(*service, std::move(pieces));
}

}  // namespace

Result<Plant> make_plant(const Setup& setup, const std::string& name, std::size_t devices) {
  Plant plant;
  TRY(plant.home, make_home(setup, name, "maintenance"));
  CHECK_OK(ics(setup, {"role", "add", plant.home.directory, "manufacturer", "maker", "--key", plant.home.directory / "owner.key"}));
  CHECK_OK(fill(plant.home, devices));
  plant.field = setup.directory / (name + "-field");
  TRY(plant.field_https, demo::free_port());
  const std::string address = fmt::format("127.0.0.1:{}", plant.field_https);
  CHECK_OK(ics(setup, {"init", plant.field, "--role", "infield", "--domain", plant.home.domain, "--listen", address}));
  TRY(plant.field_http, demo::free_port());
  CHECK_OK(configure(plant.field, fmt::format("http = [\"127.0.0.1:{}\"]\n", plant.field_http)));
  TRY(const auto owner, crypto::load_key_file(plant.home.directory / "owner.key"));
  TRY(auto icsd, start_icsd(setup, plant.home.directory));
  CHECK_OK(until_ready(plant.home.url("/readyz")));
  CHECK_OK(ics(setup, {"trust", plant.field, fmt::format("https://127.0.0.1:{}", plant.home.https), "--as", "copy", "--owner",
                       owner->public_key().id().text()}));
  CHECK_OK(ics(setup, {"server", "add", plant.home.directory, "field", "--key", plant.field / "server.key", "--url",
                       "https://" + address}));
  icsd->stop();
  return plant;
}

net::ClientOptions speaking_to(const fs::path& directory) {
  net::ClientOptions options;
  if (const auto key = crypto::load_key_file(directory / "server.key")) options.server_key = (*key)->public_key().id();
  return options;
}

Result<double> obeyed_after(net::HttpClient& home, net::HttpClient& field, const Plant& plant, const std::string& id, View status) {
  net::ClientRequest post;
  post.method = "POST";
  post.url = fmt::format("https://127.0.0.1:{}/v1/evidence", plant.home.https);
  post.content_type = "application/cose";
  post.body = text(status);
  const auto began = std::chrono::steady_clock::now();
  TRY(const auto reply, home.send(post));
  if (reply.status != 200) return fail(Code::unavailable, "the home refuses the status: " + reply.body);
  for (;;) {
    TRY(const auto verdict, field.get(plant.devices_url(id)));
    const double passed = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
    if (admitted(verdict.body) == "no") return passed;
    if (passed > 10'000) return fail(Code::unavailable, "after 10 s the infield ICS still says: " + verdict.body);
  }
}

std::string admitted(const std::string& body) {
  constexpr std::string_view key = "\"admitted\":\"";
  const auto at = body.find(key);
  if (at == std::string::npos) return {};
  return body.substr(at + key.size(), body.find('"', at + key.size()) - at - key.size());
}

Result<void> await_admitted(net::HttpClient& client, const Plant& plant, const std::string& id, double most_seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(most_seconds);
  while (std::chrono::steady_clock::now() < until) {
    if (const auto reply = client.get(plant.devices_url(id)); reply && admitted(reply->body) == "yes") return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return fail(Code::unavailable, "the infield ICS does not admit " + id);
}

}  // namespace cm4it::bench
