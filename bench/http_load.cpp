#include "http_load.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <charconv>
#include <fstream>
#include <random>

namespace cm4it::bench {
namespace {

constexpr unsigned connections = 64;

// The ids are one string: a table of a million strings would be the collector's work, not wrk's.
constexpr const char* script = R"(
local ids = io.open("{ids}"):read("*a")
local count = math.floor(#ids / {stride})
local turn = -1
math.randomseed({seed})
local function one()
  turn = (turn + 1) % count
  local at = ({in_turn} and turn or math.random(0, count - 1)) * {stride}
  return "GET {before}" .. ids:sub(at + 1, at + {stride} - 1) .. "{after} HTTP/1.1\r\nHost: bench\r\n\r\n"
end
function request()
  if {pipelined} == 1 then return one() end
  local list = {{}}
  for i = 1, {pipelined} do list[i] = one() end
  return table.concat(list)
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %f %f %f %d\n", summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
           latency:percentile(99) / 1e3, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
)";

Result<Measured> parse(const std::string& text) {
  Measured measured;
  const auto at = text.find("RESULT ");
  if (at == std::string::npos ||
      std::sscanf(text.c_str() + at, "RESULT %lf %lf %lf %lu", &measured.per_second, &measured.p50_ms, &measured.p99_ms, &measured.refused) != 4)
    return fail(Code::unavailable, "wrk: no result: " + text);
  return measured;
}

constexpr const char* configuration = R"(daemon off;
master_process off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max={open} inactive=1h;
  open_file_cache_valid 1h;
  keepalive_requests 1000000000;
  default_type {type};
  client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};
  server {{ listen 127.0.0.1:{port}{tls}; root {root}; }}
}}
)";

}  // namespace

Result<std::string> program(const std::string& name) {
  for (const char* directory : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/"})
    if (fs::exists(directory + name)) return directory + name;
  return fail(Code::not_found, name + ": not installed", "./dev setup bench");
}

Result<Measured> put_under_load(const Setup& setup, const Load& load, int core) {
  TRY(const auto wrk, program("wrk"));
  const fs::path file = setup.directory / "load.lua";
  std::ofstream(file, std::ios::trunc) << fmt::format(
      fmt::runtime(script), fmt::arg("ids", load.ids.string()), fmt::arg("seed", std::random_device()() % 1'000'000),
      fmt::arg("before", load.before), fmt::arg("after", load.after), fmt::arg("pipelined", load.pipelined),
      fmt::arg("in_turn", load.in_turn), fmt::arg("stride", load.digits + 1));
  const OnCore pinned(core);
  TRY(const auto output, demo::run({wrk, "-t1", fmt::format("-c{}", connections), fmt::format("-d{:.0f}s", std::max(1.0, load.seconds)),
                                    "--latency", "-s", file.string(), load.url}));
  return parse(output.out + output.err);
}

Result<void> Series::add(const Result<Measured>& measured) {
  if (!measured) return tl::unexpected(measured.error());
  if (measured->refused > 0) return fail(Code::unavailable, fmt::format("{} requests failed", measured->refused));
  per_second.push_back(measured->per_second);
  p99.push_back(measured->p99_ms);
  return {};
}

Result<fs::path> Nginx::one_file(const Setup& setup, std::size_t octets) {
  const fs::path root = setup.directory / "one-file";
  fs::create_directories(root);
  std::ofstream(root / "subject.json", std::ios::trunc) << std::string(octets, 'x');
  return root;
}

namespace {

constexpr std::size_t spare = 1000;  // descriptors for connections and logs

// How many files this process and those it starts may keep open: so many, if it may say so itself.
std::size_t allow_open(std::size_t files) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= files) return files;
  const rlimit wanted{files, std::max<rlim_t>(files, limit.rlim_max)};
  if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) return files;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(files, limit.rlim_cur);
}

}  // namespace

Result<Nginx> Nginx::start(const Setup& setup, const Options& options) {
  TRY(const auto nginx, program("nginx"));
  const fs::path directory = setup.directory / (options.tls ? "nginx-tls" : "nginx");
  fs::create_directories(directory);
  std::string tls;
  if (options.tls) {
    TRY(const auto openssl, program("openssl"));
    const auto certificate = (directory / "tls.crt").string(), key = (directory / "tls.key").string();
    TRY(const auto made, demo::run({openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bench",
                                    "-out", certificate, "-keyout", key}));
    if (made.exit != 0) return fail(Code::unavailable, "openssl req: " + made.err);
    tls = " ssl; ssl_protocols TLSv1.3; ssl_certificate " + certificate + "; ssl_certificate_key " + key;
  }
  TRY(const auto port, demo::free_port());
  std::ofstream(directory / "nginx.conf", std::ios::trunc)
      << fmt::format(fmt::runtime(configuration), fmt::arg("dir", directory.string()), fmt::arg("port", port), fmt::arg("tls", tls),
                     fmt::arg("root", options.root.string()), fmt::arg("open", allow_open(options.files + spare) - spare), fmt::arg("type", options.content_type));
  TRY(auto process, demo::Process::start({nginx, "-p", directory, "-c", directory / "nginx.conf"}, directory / "log"));
  Nginx started(std::move(process), port, options.tls);
  CHECK_OK(until_answered(started.url() + "/", 10));
  return started;
}

}  // namespace cm4it::bench
