// For the operator of the server: peers, health, metrics.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <boost/json.hpp>

#include "frontends/http/impl.h"
#include "frontends/http/views.h"
#include "service/access.h"
#include "service/health.h"
#include "service/log_view.h"
#include "service/queues.h"

namespace cm4it::http {
namespace {

namespace json = boost::json;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

class Metrics {
 public:
  void counter(const std::string& name, const std::string& help, double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    family(name, help, MetricType::Counter).metric.push_back(std::move(metric));
  }
  void gauge(const std::string& name, const std::string& help, double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    family(name, help, MetricType::Gauge).metric.push_back(std::move(metric));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  MetricFamily& family(const std::string& name, const std::string& help, MetricType type) {
    for (auto& known : families_)
      if (known.name == name) return known;
    families_.push_back({name, help, type, {}});
    return families_.back();
  }
  std::vector<MetricFamily> families_;
};

// How many things the default domain admits, for callers who may read verdicts there. Left out until the first count is complete.
void add_things(Door::Impl& door, const Call& call, Metrics& metrics) {
  const auto& domain = door.service.default_domain();
  const auto counted = door.census->newest();
  if (!counted || !door.service.access().reads_log(domain, call.who) ||
      !door.service.access().may_read(*door.service.access().policies(), domain, std::nullopt, {}, call.who))
    return;
  for (const auto& [type, verdicts] : counted->types)
    for (const auto& [admitted, number] : {std::pair{"yes", verdicts.yes}, {"no", verdicts.no}, {"unknown", verdicts.unknown}})
      metrics.gauge("cm4it_things", "Things that are kept, by type and by whether they are admitted, as they were last counted.",
                    static_cast<double>(number),
                    {{"domain", domain}, {"type", evidence::to_string(type)}, {"admitted", admitted}});
  metrics.gauge("cm4it_things_counted_seconds", "How long ago things were counted.",
                static_cast<double>(door.service.now() - counted->at), {{"domain", domain}});
}

// Which clock is wrong, and by how much.
std::string clock_words(const service::Service& service, const std::string& domain) {
  if (auto doubt = service.health().clocks().doubt(domain); !doubt.empty()) return doubt;
  for (const auto& reading : service.health().clocks().readings())
    if (reading.domain == domain && reading.ahead > service::HomeClocks::skew) return service.health().clocks().behind_homes();
  return {};
}

void add_service(const Door::Impl& door, Metrics& metrics) {
  const auto counters = door.service.counters();
  const auto outcome = [](const char* name) { return Labels{{"outcome", name}}; };
  const std::string submissions = "cm4it_submissions_total", help = "Pieces of evidence submitted, by outcome.";
  metrics.counter(submissions, help, static_cast<double>(counters.received), outcome("received"));
  metrics.counter(submissions, help, static_cast<double>(counters.provisional), outcome("provisional"));
  metrics.counter(submissions, help, static_cast<double>(counters.not_yet), outcome("not-yet"));
  metrics.counter(submissions, help, static_cast<double>(counters.refused), outcome("refused"));
  metrics.counter("cm4it_commits_total", "Batches made durable.", static_cast<double>(counters.commits));
  metrics.gauge("cm4it_unpinned_owners", "Owners of domains that nothing pins, whose policies are kept.",
                static_cast<double>(counters.unpinned));
  metrics.counter("cm4it_unpinned_dropped_total", "Policies of domains that nothing pins that went for newer ones.",
                  static_cast<double>(counters.unpinned_dropped));
  metrics.counter("cm4it_look_ups_total", "Subjects folded anew, not answered from a cache.",
                  static_cast<double>(counters.look_ups));
  metrics.gauge("cm4it_damaged_statements",
                "Statements whose evidence in the store is not what was kept, as far as it was found.",
                static_cast<double>(door.service.health().damaged()));
  metrics.gauge("cm4it_clock_behind_seconds", "How far this server's clock is taken to be behind; 0: it is not.",
                static_cast<double>(door.service.health().clocks().behind()));
}

void add_clocks(Door::Impl& door, const Call& call, Metrics& metrics) {
  for (const auto& reading : door.service.health().clocks().readings())
    if (door.service.access().reads_log(reading.domain, call.who)) {
      const Labels labels{{"domain", reading.domain}, {"origin", reading.origin}};
      metrics.gauge("cm4it_home_clock_seconds", "By how much a home's clock is ahead of this server's, by its newest head.",
                    static_cast<double>(reading.ahead), labels);
      metrics.gauge("cm4it_home_clock_doubted", "1: so far that what its domain says is in doubt.", reading.doubted ? 1 : 0,
                    labels);
    }
}

void add_queues(const Door::Impl& door, Metrics& metrics) {
  for (const auto& load : door.service.queues().loads()) {
    const Labels labels{{"queue", load.queue}, {"rank", load.rank}};
    metrics.counter("cm4it_turns_total", "Parts of requests that had their turn.", static_cast<double>(load.counters.done),
                    labels);
    metrics.counter("cm4it_turns_refused_total", "Requests refused because too many of their rank or address waited.",
                    static_cast<double>(load.counters.refused), labels);
    metrics.gauge("cm4it_turns_waiting", "Requests that wait or are worked on.", static_cast<double>(load.counters.waiting),
                  labels);
  }
}

void add_domains(Door::Impl& door, const Call& call, Metrics& metrics) {
  for (const auto& domain : door.service.logs().domains(call.who)) {
    const Labels labels{{"domain", domain.domain}};
    if (domain.home)
      metrics.gauge("cm4it_not_signing", "1: this home takes nothing into its log; GET /v1/domains says why.",
                    domain.not_signing.empty() ? 0 : 1, labels);
    metrics.gauge("cm4it_policy_version", "Version of the policy that applies.", static_cast<double>(domain.version), labels);
    metrics.gauge("cm4it_policy_forked", "1: two descriptors of one version were signed.", domain.forked ? 1 : 0, labels);
    if (domain.size) metrics.gauge("cm4it_log_size", "Leaves of a home's log.", static_cast<double>(*domain.size), labels);
    if (domain.newest_head)
      metrics.gauge("cm4it_head_age_seconds", "Age of the newest home head.",
                    static_cast<double>(door.service.now() - *domain.newest_head), labels);
  }
}

void add_peers(Door::Impl& door, const Call& call, Metrics& metrics) {
  if (!door.options.peers) return;
  for (const auto& peer : door.options.peers()) {
    const Labels labels{{"domain", peer.domain}, {"url", peer.url}};
    metrics.gauge("cm4it_peer_following", "1: followed; 0: backing off or broken.", peer.state == "following" ? 1 : 0, labels);
    metrics.gauge("cm4it_peer_broken", "1: it contradicted itself and is no longer followed.", peer.state == "broken" ? 1 : 0,
                  labels);
    metrics.gauge("cm4it_peer_missed_records", "Records of its feed that could not be taken: this copy is not fresh.",
                  static_cast<double>(peer.missed), labels);
    if (!door.service.access().reads_log(peer.domain, call.who)) continue;
    metrics.gauge("cm4it_peer_pending", "Statements still to be forwarded there.", static_cast<double>(peer.pending), labels);
    if (peer.behind)
      metrics.gauge("cm4it_peer_behind", "Entries of its home's log that have not come yet.", static_cast<double>(*peer.behind),
                    labels);
    metrics.gauge("cm4it_peer_refused", "Statements that will not be received there.", static_cast<double>(peer.refused), labels);
  }
}

}  // namespace

Answer get_peers(Door::Impl& door, const Call& call) {
  json::array peers;
  if (door.options.peers)
    for (auto& peer : door.options.peers()) {
      if (!door.service.access().reads_log(peer.domain, call.who)) {  // what else tells that something came
        peer.newest_head.reset();
        peer.position = 0;
        peer.behind.reset();
        peer.pending = 0;
        peer.last_error.clear();
        peer.since.reset();
        peer.refused = 0;
        peer.last_refusal.clear();
      } else {
        peer.clock = clock_words(door.service, peer.domain);
      }
      peers.push_back(peer_json(peer));
    }
  return json_answer(json::serialize(json::object{{"peers", std::move(peers)}}));
}

Answer get_health(Door::Impl&, const Call&) { return bytes_answer(view("ok\n"), "text/plain"); }

Answer get_metrics(Door::Impl& door, const Call& call) {
  Metrics metrics;
  add_service(door, metrics);
  add_clocks(door, call, metrics);
  add_queues(door, metrics);
  add_domains(door, call, metrics);
  add_peers(door, call, metrics);
  if (door.options.delegates_until)
    for (const auto& [ca, until] : door.options.delegates_until())
      if (until != Time::never())
        metrics.gauge("cm4it_ocsp_delegate_seconds_left",
                      "Until the certificate of a CA's OCSP delegate expires; negative: since.",
                      static_cast<double>(until - door.service.now()), {{"ca", ca}});
  add_things(door, call, metrics);
  if (door.options.extra_metrics)
    for (const auto& [name, value] : door.options.extra_metrics()) metrics.gauge(name, "See docs/configuration.md.", value);
  return bytes_answer(view(metrics.text()), "text/plain; version=0.0.4");
}

}  // namespace cm4it::http
