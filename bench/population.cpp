#include "population.h"

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "apps/icsd/config.h"
#include "crypto/digest.h"
#include "net/http/client.h"
#include "service/intake.h"
#include "service/ledger_for_test.h"
#include "store/lmdb.h"

namespace cm4it::bench {
namespace {

constexpr std::size_t pieces_a_batch = 2'000;

Result<std::string> read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  if (!in || !(text << in.rdbuf())) return fail(Code::not_found, file.string() + ": cannot be read");
  return text.str();
}

Result<void> write_text(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) return fail(Code::unavailable, file.string() + ": cannot be written");
  return {};
}

// Keys and statements cost as much as taking them in: made on every core beforehand.
Result<std::vector<evidence::Piece>> identities(std::size_t first, std::size_t count, const std::string& domain,
                                                const crypto::Signer& owner, std::string& ids) {
  std::vector<evidence::Piece> pieces;
  for (std::size_t number = first; number < first + count; ++number) {
    evidence::SubjectId subject;
    TRY(auto bytes, device_identity(number, domain, owner, system_time(), subject));
    pieces.push_back({evidence::Format::cose, std::move(bytes)});
    ids += to_hex(subject.digest) + "\n";
  }
  return pieces;
}

Result<void> fill(const Setup& setup, const Home& home) {
  TRY(auto service, open_service(home));
  TRY(const auto owner, crypto::load_key_file(home.directory / "owner.key"));
  std::string ids;
  for (std::size_t made = 0; made < setup.size; made += pieces_a_batch) {
    TRY(auto pieces, identities(made, std::min(pieces_a_batch, setup.size - made), home.domain, *owner, ids));
    CHECK_OK(submit(*service, std::move(pieces)));
    if (made % 100'000 == 0) setup.note(fmt::format("{} of {} identities", made, setup.size));
  }
  service::LedgerForTest::ledger_of(*service).drain();
  return write_text(home.ids(), ids);
}

}  // namespace

Result<std::string> ics(const Setup& setup, demo::Arguments arguments) {
  arguments.insert(arguments.begin(), setup.programs / "ics");
  arguments.emplace_back("--yes");
  TRY(const auto output, demo::run(arguments));
  if (output.exit != 0) return fail(Code::unavailable, fmt::format("ics {}: exit {}: {}", arguments[1], output.exit, output.err));
  return output.out;
}

Result<void> configure(const fs::path& directory, const std::string& lines) {
  TRY(const auto config, read_text(directory / "icsd.toml"));
  return write_text(directory / "icsd.toml", lines + config);
}

Result<Home> make_home(const Setup& setup, const std::string& name, const std::string& role, const std::string& more,
                       demo::Arguments options) {
  Home home{setup.directory / name, name + ".example"};
  TRY(home.https, demo::free_port());
  demo::Arguments init{"init", home.directory, "--role", role, "--domain", home.domain, "--listen", fmt::format("127.0.0.1:{}", home.https)};
  init.insert(init.end(), options.begin(), options.end());
  CHECK_OK(ics(setup, std::move(init)));
  TRY(home.http, demo::free_port());
  CHECK_OK(configure(home.directory, fmt::format("http = [\"127.0.0.1:{}\"]\n{}", home.http, more)));
  return home;
}

Result<Home> open_home(const fs::path& directory, const std::string& domain) {
  TRY(const auto config, icsd::read_config(directory / "icsd.toml"));
  const auto port = [](const std::string& address) {
    return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  };
  if (config.http.empty() || config.listen.empty()) return fail(Code::malformed, directory.string() + ": made by something else");
  return Home{directory, domain, port(config.http[0]), port(config.listen[0])};
}

Result<std::unique_ptr<service::Service>> open_service(const Home& home) {
  TRY(const auto config, icsd::read_config(home.directory / "icsd.toml"));
  ledger::Options ledger_options;
  TRY(ledger_options.log_key, crypto::load_key_file(config.log));
  ledger_options.server_name = config.name;
  ledger_options.homes = config.homes;
  ledger_options.pins = config.pins;
  ledger_options.clock = system_time;
  store::LmdbOptions store_options;
  store_options.directory = config.store;
  store_options.map_bytes = config.map_bytes;
  TRY(auto store, store::open_lmdb(store_options));
  service::Options options;
  options.clock = system_time;
  TRY(options.server_key, crypto::load_key_file(config.key));
  options.default_domain = config.domain;
  options.workers = config.workers;
  TRY(auto service, service::Service::start(std::move(options), std::move(ledger_options), std::move(store)));
  std::vector<evidence::Piece> pieces;
  for (const auto& entry : fs::directory_iterator(config.evidence)) {
    TRY(const auto text, read_text(entry.path()));
    TRY(const auto own, evidence::split("application/cbor-seq", view(text)));
    pieces.insert(pieces.end(), own.begin(), own.end());
  }
  CHECK_OK(submit(*service, std::move(pieces)));
  return service;
}

Result<void> submit(service::Service& service, std::vector<evidence::Piece> pieces) {
  std::promise<std::vector<service::ItemResult>> done;
  CHECK_OK(service.intake().submit(std::move(pieces), {}, [&](auto results) { done.set_value(std::move(results)); }));
  for (const auto& result : done.get_future().get())
    if (result.error) return tl::unexpected(*result.error);
  return {};
}

Result<Bytes> device_identity(std::size_t number, const std::string& domain, const crypto::Signer& issuer, Time time,
                              evidence::SubjectId& subject, crypto::Algorithm algorithm) {
  const Digest seed = crypto::sha256(view(fmt::format("cm4it bench device {}", number)));
  TRY(const auto key, crypto::from_seed(algorithm, seed));
  subject = evidence::SubjectId::key(key->public_key().id());
  evidence::Identity identity;
  identity.type = evidence::Type::device;
  identity.spki = to_bytes(key->public_key().spki());
  identity.maker = "Acme";
  identity.model = "thermo-2000";
  identity.serial = fmt::format("{:08}", number);
  return evidence::sign({subject, {domain}, std::move(identity), time, {}, {}}, issuer);
}

Result<Home> populated_home(const Setup& setup) {
  const std::string name = fmt::format("home-{}", setup.size);
  if (fs::exists(setup.directory / name / "ids")) return open_home(setup.directory / name, name + ".example");
  // The whole population's answers fit into the cache of its one thread.
  TRY(auto home, make_home(setup, name, "manufacturer", "threads = 1\ncache = \"4G\"\n"));
  CHECK_OK(fill(setup, home));
  return home;
}

Result<std::vector<std::string>> read_ids(const Home& home, std::size_t count) {
  std::ifstream in(home.ids());
  std::vector<std::string> ids;
  for (std::string id; ids.size() < count && std::getline(in, id);) ids.push_back(id);
  if (ids.size() < count) return fail(Code::not_found, home.ids().string() + ": too few ids");
  return ids;
}

OnCore::OnCore(int core) {
  sched_getaffinity(0, sizeof before_, &before_);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

OnCore::~OnCore() { sched_setaffinity(0, sizeof before_, &before_); }

// With the allocator that the unit in docs/configuration.md gives it.
Result<std::unique_ptr<demo::Process>> start_icsd(const Setup& setup, const fs::path& directory) {
  return demo::Process::start({"/usr/bin/env", "LD_PRELOAD=libjemalloc.so.2", setup.programs / "icsd", "--config", directory / "icsd.toml"},
                              directory.string() + ".log");
}

namespace {

Result<double> until(const std::string& url, double most_seconds, const std::function<bool(unsigned)>& wanted) {
  const auto began = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  net::HttpClient client;
  while (passed() < most_seconds)
    if (const auto reply = client.get(url); reply && wanted(reply->status)) return passed();
  return fail(Code::unavailable, url + ": not ready in time");
}

}  // namespace

Result<double> until_ready(const std::string& url, double most_seconds) {
  return until(url, most_seconds, [](unsigned status) { return status == 200; });
}

Result<double> until_answered(const std::string& url, double most_seconds) {
  return until(url, most_seconds, [](unsigned) { return true; });
}

}  // namespace cm4it::bench
