// Row 17: doors under load. What those who ask for more than their share cost others: alarms, look-ups, memory.
#include <fmt/format.h>

#include <chrono>

#include "flood.h"
#include "row_17.h"
#include "tlog/tiles.h"

namespace cm4it::bench {
namespace {

constexpr std::size_t devices = 20'000, statements_of_one = 2000, alarms = 20;
constexpr double obeyed_within_ms = 1000;
using evidence::SubjectId;

// Identities of some 60 KiB, so that a bundle of 256 entries has 16 MB.
Result<std::vector<Bytes>> large_identities(const Doors& doors) {
  std::vector<Bytes> pieces;
  for (std::size_t i = 0; i < 512; ++i) {
    evidence::Identity identity;
    identity.type = evidence::Type::code;
    for (int j = 0; j < 30; ++j) identity.attributes[fmt::format("a{:02}", j)] = std::string(2048, 'x');
    SubjectId subject;
    subject.kind = evidence::SubjectKind::code;
    subject.digest = crypto::sha256(view(fmt::format("large {}", i)));
    TRY(auto statement, evidence::sign({subject, {doors.plant.home.domain}, std::move(identity), system_time(), {}, {}}, *doors.owner));
    pieces.push_back(std::move(statement));
  }
  return pieces;
}

Result<void> post(const Doors& doors, const std::vector<Bytes>& pieces) {
  net::HttpClient client;
  for (std::size_t begin = 0; begin < pieces.size(); begin += 128) {
    std::string body;
    for (std::size_t i = begin; i < std::min(begin + 128, pieces.size()); ++i) body += text(pieces[i]);
    net::ClientRequest request{"POST", doors.url("/v1/evidence"), "application/cbor-seq", body, {}, {}};
    TRY(const auto reply, client.send(request));
    if (reply.status != 200) return fail(Code::unavailable, "the home takes nothing: " + reply.body.substr(0, 500));
  }
  return {};
}

// One device after another is said to be stolen at the home; the slowest of them to be obeyed infield.
Result<void> alarms_beside(const Setup& setup, Doors& doors, const std::string& flood) {
  std::vector<double> times;
  net::HttpClient home(speaking_to(doors.plant.home.directory)), field(speaking_to(doors.plant.field));
  for (std::size_t i = 0; i < alarms; ++i) {
    const auto& id = doors.ids.at(doors.next++);
    TRY(const auto subject, SubjectId::parse("key:" + id));
    TRY(const auto stolen, evidence::sign({subject, {doors.plant.home.domain}, evidence::StatusChange{evidence::Status::stolen, {}}, system_time(), {}, {}},
                                          *doors.owner));
    TRY(const double passed, obeyed_after(home, field, doors.plant, id, stolen));
    times.push_back(passed);
  }
  setup.report({17, "an alarm is obeyed infield beside " + flood + ": median", "ms", median(times), "", {}, {}, {}});
  setup.report(Row{17, "… the slowest", "ms", quantile(times, 1), "", {}, {}, {}}.at_most(obeyed_within_ms));
  return {};
}

Result<void> look_ups_beside(const Setup& setup, const Doors& doors, const std::string& flood) {
  TRY(const auto times, answer_times(doors.url("/v1/subjects/key:" + doors.ids.back() + "/verdict"), setup.seconds));
  setup.report(Row{17, "a verdict beside " + flood + ": p99", "ms", quantile(times, 0.99), "", {}, {}, {}}.at_most(answered_within_ms));
  return {};
}

net::ClientRequest get(std::string url) {
  net::ClientRequest request;
  request.url = std::move(url);
  request.timeout = std::chrono::seconds(60);
  return request;
}

Result<void> floods_of_requests(const Setup& setup, Doors& doors) {
  const auto search = [&](std::size_t) { return get(doors.url("/v1/subjects?q=acme&status=lost&limit=1000")); };
  CHECK_OK(alarms_beside(setup, doors, "nothing"));
  for (const std::size_t clients : {64, 400}) {
    const Flood flood(clients, {}, search);
    CHECK_OK(alarms_beside(setup, doors, fmt::format("{} anonymous connections that search and find nothing", clients)));
  }
  std::string forged;
  for (std::size_t i = 0; i < 20'000; ++i) {
    SubjectId subject;
    TRY(auto statement, evidence::sign({subject, {doors.plant.home.domain}, evidence::Endorse{fmt::format("forged {}", i), {}}, system_time(), {}, {}},
                                       *doors.owner));
    statement.back() ^= 1;
    forged += text(statement);
  }
  const Flood flood(16, {}, [&](std::size_t) {
    auto request = get(doors.url("/v1/evidence"));
    request.method = "POST";
    request.content_type = "application/cbor-seq";
    request.body = forged;
    return request;
  });
  return alarms_beside(setup, doors, "16 requests of 20,000 bad signatures, again and again");
}

Result<void> long_histories(const Setup& setup, const Doors& doors) {
  SubjectId subject;
  subject.kind = evidence::SubjectKind::code;
  subject.digest = crypto::sha256(view("of whom much is said"));
  TRY(const auto pieces, long_history(*doors.owner, doors.plant.home.domain, subject, statements_of_one));
  CHECK_OK(post(doors, pieces));
  const std::string path = "/v1/subjects/" + subject.text();
  for (const std::string& rest : {std::string("/history"), std::string("/verdict?at=2020-01-01T00:00:00Z")}) {
    const Flood flood(32, {}, [&](std::size_t) { return get(doors.url(path + rest)); });
    TRY(const auto times, answer_times(doors.url("/healthz"), setup.seconds));
    setup.report(Row{17, "/healthz beside 32 clients of …" + rest.substr(0, rest.find('?')) + " of 2,000 statements: p99", "ms", quantile(times, 0.99), "", {}, {}, {}}
                     .at_most(answered_within_ms));
    CHECK_OK(look_ups_beside(setup, doors, "the same"));
  }
  return {};
}

// Whether there is so much to read: else nobody is slow.
Result<void> is_large(const std::string& url, std::size_t octets) {
  net::ClientOptions options;
  options.max_body = 64 << 20;
  net::HttpClient client(options);
  TRY(const auto reply, client.get(url));
  if (reply.status == 200 && reply.body.size() >= octets) return {};
  return fail(Code::internal, fmt::format("{}: status {}, {} octets", url, reply.status, reply.body.size()));
}

Result<void> slow_readers(const Setup& setup, const Doors& doors, std::size_t clients, const std::string& target, const std::string& what) {
  const double before = resident_mib(doors.home->pid());
  {
    TRY(const auto readers, SlowReaders::start(clients, doors.plant.home.http, target));
    CHECK_OK(look_ups_beside(setup, doors, fmt::format("{} clients that ask for {} and do not read", clients, what)));
    setup.report(Row{17, "… memory more than before", "MiB", resident_mib(doors.home->pid()) - before, "", {}, {}, {}}.at_most(300));
  }
  std::this_thread::sleep_for(std::chrono::seconds(3));
  setup.report({17, "… after they left", "MiB", resident_mib(doors.home->pid()) - before, "", {}, {}, {}});
  return {};
}

Result<void> large_answers(const Setup& setup, const Doors& doors) {
  TRY(const auto pieces, large_identities(doors));
  CHECK_OK(post(doors, pieces));
  // The last whole bundle of the log: of large identities alone.
  const std::size_t bundle = (3 * devices + statements_of_one + alarms * 4 + pieces.size()) / 256 - 1;
  const std::string entries = fmt::format("/log/{}/{}", doors.plant.home.domain, tlog::format_tile_path({{}, bundle, tlog::tile_width}));
  CHECK_OK(is_large(doors.url(entries), 15'000'000));
  CHECK_OK(is_large(doors.url("/v1/feed?from=0"), 300'000));
  CHECK_OK(slow_readers(setup, doors, 150, entries, "an entry bundle of 16 MB"));
  CHECK_OK(slow_readers(setup, doors, 300, "/v1/feed?from=0", "the feed from its beginning"));
  for (const std::size_t clients : {1, 4}) {
    net::ClientOptions options;
    options.max_body = 64 << 20;
    const Flood flood(clients, options, [&](std::size_t) { return get(doors.url(entries)); });
    CHECK_OK(look_ups_beside(setup, doors, fmt::format("{} that fetch{} entry bundles of 16 MB", clients, clients == 1 ? "es" : "")));
  }
  return {};
}

}  // namespace

Result<std::vector<Bytes>> long_history(const crypto::Signer& owner, const std::string& domain, const SubjectId& subject, std::size_t statements) {
  std::vector<Bytes> pieces;
  for (std::size_t i = 0; i < statements; ++i) {
    TRY(auto statement, evidence::sign({subject, {domain}, evidence::Endorse{fmt::format("label {}", i), {}}, system_time(), {}, {}}, owner));
    pieces.push_back(std::move(statement));
  }
  return pieces;
}

Result<void> row_17(const Setup& setup) {
  Doors doors;
  TRY(doors.plant, make_plant(setup, "plant-17", devices));
  TRY(doors.home, start_icsd(setup, doors.plant.home.directory));
  TRY(doors.field, start_icsd(setup, doors.plant.field));
  TRY(doors.owner, crypto::load_key_file(doors.plant.home.directory / "owner.key"));
  TRY(doors.ids, read_ids(doors.plant.home, devices));
  net::HttpClient field(speaking_to(doors.plant.field));
  CHECK_OK(await_admitted(field, doors.plant, doors.ids.back(), 600));
  CHECK_OK(floods_of_requests(setup, doors));
  CHECK_OK(long_histories(setup, doors));
  CHECK_OK(hellos(setup, doors));
  CHECK_OK(look_ups_beside_uploads(setup, doors));
  CHECK_OK(large_answers(setup, doors));
  doors.home->stop();
  doors.field->stop();
  return hidden_subjects(setup);
}

}  // namespace cm4it::bench
