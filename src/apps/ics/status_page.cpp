#include "apps/ics/status_page.h"

#include <filesystem>
#include <sstream>

#include "apps/ics/answers.h"
#include "apps/ics/arguments.h"
#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "base/budgets.h"
#include "base/disk.h"
#include "crypto/certificate.h"
#include "crypto/pem.h"

namespace cm4it::ics {
namespace {

constexpr Seconds old_head = 10 * 60;        // homes sign one every minute
constexpr Seconds soon = 30 * 86'400;        // a certificate that ends by then is told
constexpr std::size_t most_looked_at = 16;
constexpr std::uintmax_t little_room = std::uintmax_t{1} << 30;

class Page {
 public:
  explicit Page(Context& context) : context_(context), now_(context.clock()) {}

  Result<int> show() {
    TRY(const auto* server, context_.api());
    TRY(const auto domains, server->get_json("/v1/domains"));
    const auto ready = server->get("/readyz");
    const auto peers = server->get_json("/v1/peers");
    const auto& itself = object_at(domains, "server");
    say("server", text_at(itself, "name") + (text_at(itself, "domain").empty() ? "" : " of " + text_at(itself, "domain")) + ", at " + server->url());
    say("key", text_at(itself, "key"));
    const auto version = text_at(itself, "version");
    say("icsd", version.empty() ? "an earlier version, which does not tell" : version);
    say("ics", CM4IT_VERSION);
    readiness(ready);
    if (!context_.options.dir.empty() && context_.options.server.empty()) CHECK_OK(place());
    if (context_.options.json) {
      context_.print_json(json::object{{"server", itself}, {"domains", array_at(domains, "domains")}, {"peers", peers ? array_at(*peers, "peers") : json::array{}},
                                       {"facts", std::move(facts_)}, {"troubles", std::move(troubles_)}});
      return trouble_ ? exit_no : exit_yes;
    }
    table_.print(context_.console);
    context_.console.line();
    show_domains(array_at(domains, "domains"));
    if (peers) show_peers(array_at(*peers, "peers"));
    return trouble_ ? exit_no : exit_yes;
  }

 private:
  void say(const std::string& what, const std::string& text, Tone tone = Tone::plain) {
    table_.add({what, {text, tone}});
    facts_.push_back({{"what", what}, {"is", text}});
    if (tone == Tone::bad || tone == Tone::warn) trouble_ = true, troubles_.push_back(json::string(what + ": " + text));
  }

  void readiness(const Result<net::Reply>& ready) {
    if (!ready) return say("ready", "no: " + ready.error().message + (ready.error().detail.empty() ? "" : " → " + ready.error().detail), Tone::bad);
    std::istringstream lines(ready->body);
    bool warned = false;
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("warning: ")) say("ready", line.substr(9), Tone::warn), warned = true;
    if (!warned) say("ready", "yes", Tone::good);
  }

  // What only its own machine knows.
  Result<void> place() {
    TRY(const auto directory, context_.directory());
    certificate(directory.config().certificate);
    const auto disk = disk_use(directory.config().store);
    if (!disk) return {};
    const bool tight = disk->available < std::max(little_room, disk->used / 10);
    say("store", in_words(disk->used) + " of at most " + in_words(directory.config().map_bytes) + "; " + in_words(disk->available) + " free on its disk",
        tight || disk->used > directory.config().map_bytes / 10 * 9 ? Tone::warn : Tone::plain);
    return {};
  }

  void certificate(const std::filesystem::path& file) {
    if (file.empty()) return say("certificate", "self-signed, without end");
    const auto text = read_file(file, budget::http_body_bytes);
    const auto all = text ? crypto::certificates_in_file(*text, most_looked_at) : tl::unexpected(text.error());
    if (!all) return say("certificate", all.error().message, Tone::bad);
    std::optional<Time> end;
    for (const auto& der : *all)
      if (const auto one = crypto::Certificate::from_der(der); one && one->fields().not_after)
        if (const auto its = *one->fields().not_after; !end || its < *end) end = its;
    if (!end) return say("certificate", "without end");
    say("certificate", (*end <= now_ ? "expired at " : "expires at ") + to_rfc3339(*end), *end <= now_ ? Tone::bad : *end <= now_ + soon ? Tone::warn : Tone::plain);
  }

  Cell age_cell(const std::string& head) {
    const auto time = from_rfc3339(head);
    if (!time) return {"-"};
    const bool old = now_ - *time > old_head;
    trouble_ |= old;
    return {age_of(*time, now_), old ? Tone::warn : Tone::plain};
  }

  void show_domains(const json::array& domains) {
    Table table({"DOMAIN", "KEPT AS", "POLICY", "NEWEST HEAD", "LEAVES"});
    for (const auto& entry : domains) {
      if (!entry.is_object()) continue;
      const auto& one = entry.get_object();
      const auto why = text_at(one, "not_signing");
      trouble_ |= !why.empty() || flag_at(one, "forked");
      table.add({text_at(one, "domain"), held_as(one), policy_cell(one), why.empty() ? age_cell(text_at(one, "newest_head")) : Cell("signs nothing: " + why, Tone::bad),
                 one.contains("size") ? grouped(number_at(one, "size")) : "-"});
    }
    table.print(context_.console);
  }

  void show_peers(const json::array& peers) {
    if (peers.empty()) return;
    Table table({"PEER", "URL", "STATE", "NEWEST HEAD", "TO FORWARD", "LAST ERROR"});
    for (const auto& entry : peers) {
      if (!entry.is_object()) continue;
      const auto& one = entry.get_object();
      const auto state = text_at(one, "state");
      trouble_ |= state != "following" && state != "forwarding";
      table.add({text_at(one, "domain"), text_at(one, "url"), {state, tone_of_link(state)}, age_cell(text_at(one, "newest_head")), grouped(number_at(one, "pending")),
                 trouble_of_link(one)});
    }
    context_.console.line();
    table.print(context_.console);
  }

  static std::string in_words(std::uintmax_t octets) {
    const char* const units[] = {"octets", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (; octets >= 10'240 && unit + 1 < std::size(units); ++unit) octets /= 1024;
    return grouped(octets) + " " + units[unit];
  }

  Context& context_;
  const Time now_;
  Table table_{{"", ""}};
  json::array facts_, troubles_;
  bool trouble_ = false;
};

}  // namespace

Result<int> status_page(Context& context) { return Page(context).show(); }

}  // namespace cm4it::ics
