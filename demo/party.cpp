#include "party.h"

#include <fmt/format.h>

#include "apps/ics/key_source.h"
#include "base/text.h"

namespace cm4it::demo {
namespace {

constexpr std::chrono::seconds start_up{20};

std::string first_lines(const std::string& text) { return text.size() <= 600 ? text : text.substr(0, 600) + "…"; }

}  // namespace

Party::Party(World& world, std::string name_given, std::string role_given, std::string domain_given)
    : name(std::move(name_given)),
      role(std::move(role_given)),
      domain(std::move(domain_given)),
      directory(world.directory / name),
      world_(world) {}

void Party::found() {
  const std::string address = fmt::format("127.0.0.1:{}", free_port().value_or(0));
  url = "https://" + address;
  does(fmt::format("{} has an ICS: {} at {}", domain, role, url),
       {"init", directory, "--role", role, "--domain", domain, "--listen", address});
}

void Party::start() {
  auto started = Process::start({world_.programs / "icsd", "--config", file("icsd.toml")}, world_.directory / (name + ".log"));
  if (!started) {
    world_.stage.expect(domain + ": icsd starts", started.error().message);
    return;
  }
  server_ = std::move(*started);
  world_.stage.await(name + " serves", start_up, [&] {
    return holds(ready(), server_->running() ? "not ready" : "icsd has ended, see " + server_->log().string());
  });
}

void Party::stop() { server_->stop(); }
void Party::kill() { server_->kill(); }

Output Party::ics(Arguments arguments, const std::string& input) const {
  arguments.insert(arguments.begin(), world_.programs / "ics");
  const bool has_directory = contains(arguments, directory.string());
  if (!has_directory) arguments.insert(arguments.end(), {"--dir", directory.string()});
  arguments.emplace_back("--yes");
  auto output = run(arguments, input);
  return output ? std::move(*output) : Output{127, "", output.error().message};
}

bool Party::does(const std::string& what, Arguments arguments, int exit) const {
  const Output output = ics(std::move(arguments));
  return world_.stage.expect(what, holds(output.exit == exit, fmt::format("exit {}: {}{}", output.exit, first_lines(output.err),
                                                                          first_lines(output.out))));
}

json::value Party::asks(Arguments arguments) const {
  arguments.emplace_back("--json");
  boost::system::error_code failed;
  return json::parse(ics(std::move(arguments)).out, failed);
}

json::object Party::get(const std::string& path) const {
  net::ClientRequest request;
  request.url = url + path;
  const auto reply = client().send(request);
  if (!reply) return {};
  boost::system::error_code failed;
  auto value = json::parse(reply->body, failed);
  return value.is_object() ? std::move(value.get_object()) : json::object();
}

unsigned Party::status_of(const std::string& path) const {
  const auto reply = client().get(url + path);
  return reply ? reply->status : 0;
}

net::HttpClient& Party::client() const {
  if (!client_) {
    net::ClientOptions options;
    if (const auto key = ics::public_key_at(file("server.key"))) options.server_key = key->id();
    client_ = std::make_unique<net::HttpClient>(options);
  }
  return *client_;
}

std::string Party::key_id(const std::string& file_name) const {
  const auto key = ics::public_key_at(file(file_name));
  return key ? key->id().text() : std::string();
}

std::string at(const json::object& object, std::string_view path) {
  const auto dot = path.find('.');
  const auto* found = object.if_contains(path.substr(0, dot));
  if (!found) return {};
  if (dot != std::string_view::npos) return found->is_object() ? at(found->get_object(), path.substr(dot + 1)) : std::string();
  return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

std::string reasons(const json::object& verdict) {
  std::string text;
  const auto* found = verdict.if_contains("reasons");
  if (!found || !found->is_array()) return "no answer";
  for (const auto& each : found->get_array())
    if (each.is_object() && at(each.get_object(), "outcome") != "met")
      text += (text.empty() ? "" : "; ") + at(each.get_object(), "rule") + ": " + at(each.get_object(), "text");
  return text;
}

}  // namespace cm4it::demo
