#include "apps/ics/topics.h"

#include <algorithm>

#include "apps/ics/documents.h"

namespace cm4it::ics {
namespace {

std::size_t level_of(std::string_view line) {
  const auto level = std::min(line.find_first_not_of('#'), line.size());
  return level < line.size() && line[level] == ' ' ? level : 0;
}

}  // namespace

const std::vector<Topic>& topics() {
  static const std::vector<Topic> all{
      {"glossary", "README.md", "Words", "what the words mean: home, copy, holder, cloud, …"},
      {"day-two", "docs/day-two.md", "", "what to type when something happens: all of the following"},
      {"stolen", "docs/day-two.md", "A device is stolen, and found again", "theft, and how an alarm is lifted"},
      {"integrator", "docs/day-two.md", "An integrator who is not the owner", "keys of others that sign for a plant"},
      {"moving", "docs/day-two.md", "A server moves", "a server gets another address"},
      {"off", "docs/day-two.md", "A server is off", "how long a copy that is cut off admits, and where to set it"},
      {"silence", "docs/formats/descriptor.md", "How long a domain may be silent", "max_staleness, by domain and by role"},
      {"expiry", "docs/day-two.md", "A certificate or a key", "certificates that expire; keys that are lost or stolen"},
      {"disk-full", "docs/day-two.md", "The disk is full", "what happens, and what to do"},
      {"broken", "docs/day-two.md", "A copy says `broken`", "a home showed two histories"},
      {"backup", "docs/day-two.md", "Backup, restore, upgrade", "and what may never be restored"},
      {"public", "docs/day-two.md", "What is public", "who may read, and how to close it"},
      {"code", "docs/day-two.md", "How code is used", "firmware: who asks, and how"},
      {"monitoring", "docs/day-two.md", "What to watch", "metrics to alert on"},
      {"cli", "docs/cli.md", "", "all of the command line"},
      {"exit-codes", "docs/cli.md", "Exit codes and messages", "0, 1, 2, 3, 141"},
      {"subjects", "docs/cli.md", "Subjects, times, selectors", "how they are written"},
      {"environment", "docs/cli.md", "Environment", "variables"},
      {"files", "docs/cli.md", "What is in a directory", "the files that init makes, and others add"},
      {"roles", "docs/cli.md", "Roles", "of servers (init), of peers (trust) and of keys (role)"},
      {"statuses", "docs/verdict.md", "Status", "the words, which of them are alarms, who lifts them"},
      {"verdict", "docs/verdict.md", "", "what counts, and what follows"},
      {"descriptor", "docs/formats/descriptor.md", "", "the policy: every key of policy.toml, and recipes"},
      {"selectors", "docs/formats/descriptor.md", "Selectors", "which subjects: type, model, cloud, …"},
      {"keys", "docs/keys.md", "", "in files, tokens and TPMs; TLS"},
      {"configuration", "docs/configuration.md", "", "icsd.toml, running a server, metrics, limits"},
      {"x509", "docs/x509.md", "", "certificates of a CA, CRLs, OCSP"},
      {"openpgp", "docs/openpgp.md", "", "certificates of gpg and sq; a key server"},
      {"sums", "docs/formats/sums.md", "", "signed SHA256SUMS: identities of code"},
      {"tokens", "docs/formats/token.md", "", "verdict tokens, and how a device checks one"},
      {"http-api", "docs/http-api.md", "", "what a server answers to whom"},
      {"statement", "docs/formats/statement.md", "", "the octets of a statement"},
      {"log", "docs/formats/log.md", "", "leaves, heads, receipts, the mark"},
      {"feed", "docs/formats/feed.md", "", "what copies are sent"},
      {"store", "docs/formats/store.md", "", "what lies on a server's disk"},
      {"architecture", "docs/architecture.md", "", "how it is built, on one page"}};
  return all;
}

const Topic* find_topic(std::string_view name) {
  const auto& all = topics();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Topic& topic) { return topic.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string_view text_of(const Topic& topic) {
  for (const auto& document : documents())
    if (document.path == topic.path) return topic.chapter.empty() ? document.text : chapter_of(document.text, topic.chapter);
  return {};
}

std::string with_topics(std::string message) {
  for (const auto& topic : topics())
    if (topic.chapter.empty())
      for (std::size_t at = 0; (at = message.find(topic.path, at)) != message.npos;)
        message.replace(at, topic.path.size(), "ics help " + std::string(topic.name));
  return message;
}

std::string_view chapter_of(std::string_view markdown, std::string_view heading) {
  std::size_t begin = markdown.npos, wanted = 0;
  bool code = false;
  for (std::size_t at = 0; at < markdown.size();) {
    const auto end = std::min(markdown.find('\n', at), markdown.size());
    const auto line = markdown.substr(at, end - at);
    if (line.starts_with("```")) code = !code;
    const auto level = code ? 0 : level_of(line);
    if (begin != markdown.npos && level > 0 && level <= wanted) return markdown.substr(begin, at - begin);
    if (begin == markdown.npos && level > 0 && line.substr(level + 1) == heading) begin = at, wanted = level;
    at = end + 1;
  }
  return begin == markdown.npos ? std::string_view() : markdown.substr(begin);
}

}  // namespace cm4it::ics
