// For whoever runs the server: peers, health, metrics.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <boost/json.hpp>

#include "frontends/http/impl.h"
#include "frontends/http/views.h"

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

}  // namespace

Answer get_peers(Door::Impl& door, const Call& call) {
  json::array peers;
  if (door.options.peers)
    for (auto& peer : door.options.peers()) {
      const bool reads = door.service.reads_log(peer.domain, call.who);
      if (!reads) peer.newest_head.reset();
      if (!reads && door.service.ledger().published()->policies->newest(peer.domain)) peer.last_refusal.clear();
      peers.push_back(peer_json(peer));
    }
  return json_answer(json::serialize(json::object{{"peers", std::move(peers)}}));
}

Answer get_health(Door::Impl&, const Call&) { return bytes_answer(view("ok\n"), "text/plain"); }

// Ready: the store can be read, and the default domain has a policy that counts.
Answer get_ready(Door::Impl& door, const Call&) {
  CHECK_OK(door.service.ledger().reader());
  for (const auto& domain : door.service.domains({}))
    if (domain.domain == door.service.default_domain() && domain.version > 0)
      return bytes_answer(view("ok\n"), "text/plain");
  return fail(Code::unavailable, "no policy of " + door.service.default_domain() + " counts here yet");
}

Answer get_metrics(Door::Impl& door, const Call& call) {
  Metrics metrics;
  const auto counters = door.service.counters();
  const auto outcome = [](const char* name) { return Labels{{"outcome", name}}; };
  const std::string submissions = "cm4it_submissions_total", help = "Pieces of evidence submitted, by outcome.";
  metrics.counter(submissions, help, static_cast<double>(counters.received), outcome("received"));
  metrics.counter(submissions, help, static_cast<double>(counters.provisional), outcome("provisional"));
  metrics.counter(submissions, help, static_cast<double>(counters.not_yet), outcome("not-yet"));
  metrics.counter(submissions, help, static_cast<double>(counters.refused), outcome("refused"));
  metrics.counter("cm4it_commits_total", "Batches made durable.", static_cast<double>(counters.commits));
  metrics.counter("cm4it_look_ups_total", "Subjects folded anew, not answered from a cache.", static_cast<double>(counters.look_ups));
  for (const auto& domain : door.service.domains(call.who)) {
    const Labels labels{{"domain", domain.domain}};
    metrics.gauge("cm4it_policy_version", "Version of the policy that applies.", static_cast<double>(domain.version), labels);
    metrics.gauge("cm4it_policy_forked", "1: two descriptors of one version were signed.", domain.forked ? 1 : 0, labels);
    if (domain.size) metrics.gauge("cm4it_log_size", "Leaves of a home's log.", static_cast<double>(*domain.size), labels);
    if (domain.newest_head)
      metrics.gauge("cm4it_head_age_seconds", "Age of the newest home head.",
                    static_cast<double>(door.service.now() - *domain.newest_head), labels);
  }
  if (door.options.peers)
    for (const auto& peer : door.options.peers()) {
      const Labels labels{{"domain", peer.domain}, {"url", peer.url}};
      metrics.gauge("cm4it_peer_following", "1: followed; 0: backing off or broken.", peer.state == "following" ? 1 : 0, labels);
      metrics.gauge("cm4it_peer_broken", "1: it contradicted itself and is no longer followed.", peer.state == "broken" ? 1 : 0, labels);
      metrics.gauge("cm4it_peer_pending", "Statements still to be forwarded there.", static_cast<double>(peer.pending), labels);
      metrics.gauge("cm4it_peer_refused", "Statements that will not be received there.", static_cast<double>(peer.refused), labels);
    }
  if (door.options.delegates_until)
    for (const auto& [ca, until] : door.options.delegates_until())
      if (until != Time::never())
        metrics.gauge("cm4it_ocsp_delegate_seconds_left", "Until the certificate of a CA's OCSP delegate expires; negative: since.",
                      static_cast<double>(until - door.service.now()), {{"ca", ca}});
  if (door.options.extra_metrics)
    for (const auto& [name, value] : door.options.extra_metrics()) metrics.gauge(name, "See docs/configuration.md.", value);
  return bytes_answer(view(metrics.text()), "text/plain; version=0.0.4");
}

}  // namespace cm4it::http
