#include "evidence/formats/openpgp/notation.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {
namespace {

constexpr std::string_view ours = "@cm4it.org";

// Names of the draft, which stand alone or with our domain: GnuPG makes no notation without one.
constexpr std::string_view device_names[] = {"manu", "make", "model", "prodid", "pvers", "lot", "qty", "loc", "dest", "hash"};
// Names of ours alone.
constexpr std::string_view own_names[] = {"status", "reason", "label", "cloud", "domain", "serial", "type"};

// The name without our domain, or empty where it is none of ours.
std::string_view short_name(std::string_view name) {
  if (name.ends_with(ours)) {
    name.remove_suffix(ours.size());
    return contains(device_names, name) || contains(own_names, name) ? name : std::string_view{};
  }
  return contains(device_names, name) ? name : std::string_view{};
}

tl::unexpected<Error> wrong(std::string_view name, std::string_view rule) {
  return fail(Code::malformed, "openpgp: notation " + std::string(name) + ": " + std::string(rule), "docs/openpgp.md");
}

Result<std::string> text_of(const Notation& notation, std::string_view name, std::size_t most, std::string_view controls = {}) {
  if (!notation.readable) {
    // Octets can only be shown; what something is decided by is text.
    if (!contains(device_names, name)) return wrong(name, "text expected (the human-readable flag)");
    if (notation.value.size() > most / 2) return fail(Code::too_large, "openpgp: notation " + std::string(name) + ": too long");
    return to_hex(notation.value);
  }
  if (notation.value.size() > most)
    return fail(Code::too_large, "openpgp: notation " + std::string(name) + ": more than " + std::to_string(most) + " octets");
  const std::string_view value = text(notation.value);
  if (!is_clean_text(value, controls)) return wrong(name, "not UTF-8, or control characters");
  return std::string(value);
}

Result<void> take_own(Said& said, std::string_view name, const Notation& notation) {
  TRY(std::string value, name == "reason" ? text_of(notation, name, budget::note_field, "\n\t") : text_of(notation, name, budget::text_field));
  if (name == "cloud") {
    said.cloud = std::move(value);  // empty: in none
    return {};
  }
  if (value.empty()) return wrong(name, "empty");
  if (name == "status") {
    auto status = parse_status(value);
    if (!status) return within("openpgp: notation status@cm4it.org", std::move(status).error());
    // If given twice the later one counts, but an alarm stays, so that no mistake removes it.
    if (!said.status || !is_alarm(*said.status) || *status > *said.status) said.status = *status;
  } else if (name == "type") {
    auto type = parse_type(value);
    if (!type) return within("openpgp: notation type@cm4it.org", std::move(type).error());
    if (*type == Type::code || *type == Type::model) return wrong(name, "a key is no " + value);
    said.type = *type;
    said.typed = said.identity = true;
  } else if (name == "domain") {
    if (!is_domain_name(value)) return wrong(name, "\"" + value.substr(0, 64) + "\" is no domain name");
    if (said.domains.size() == budget::statement_domains)
      return fail(Code::too_large, "openpgp: notation domain: more than " + std::to_string(budget::statement_domains));
    said.domains.push_back(std::move(value));
  } else if (name == "serial") {
    said.serial = std::move(value);
    said.identity = true;
  } else {
    if (name == "label") said.label = std::move(value);
    else said.reason = std::move(value);
  }
  return {};
}

Result<void> take_device(Said& said, std::string_view name, const Notation& notation) {
  const bool attribute = name != "manu" && name != "model" && name != "pvers";
  TRY(std::string value, text_of(notation, name, attribute ? budget::note_field : budget::text_field));
  if (value.empty()) return wrong(name, "empty");
  said.identity = true;
  if (name == "manu") said.maker = std::move(value);
  else if (name == "model") said.model = std::move(value);
  else if (name == "pvers") said.version = std::move(value);
  else said.attributes.insert_or_assign(std::string(name), std::move(value));
  return {};
}

void sort(std::vector<std::string>& domains) {
  std::sort(domains.begin(), domains.end());
  domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
}

// One signature makes exactly one statement.
Result<void> check_alone(const Said& said) {
  std::string all;
  for (const auto& [given, what] : {std::pair{said.status.has_value(), "a status"}, std::pair{said.label.has_value(), "a label"},
                                    std::pair{said.cloud.has_value(), "a cloud"}, std::pair{said.identity, "an identity"}})
    if (given) all += (all.empty() ? "" : " and ") + std::string(what);
  if (all.find(" and ") != all.npos)
    return fail(Code::malformed, "openpgp: notations: " + all + " at once; one signature says one thing", "docs/openpgp.md");
  if (!said.reason.empty() && !said.status) return wrong("reason", "it goes with a status");
  return {};
}

}  // namespace

bool is_known_notation(std::string_view name) { return !short_name(name).empty(); }

Result<Said> read_notations(const std::vector<Notation>& notations) {
  Said said;
  for (const Notation& notation : notations) {
    const std::string_view name = short_name(notation.name);
    if (name.empty()) {
      // What a slip of the pen left would be read as an endorsement.
      if (notation.name.ends_with(ours)) return wrong(notation.name.substr(0, 64), "no such name");
      continue;
    }
    if (contains(own_names, name)) CHECK_OK(take_own(said, name, notation));
    else CHECK_OK(take_device(said, name, notation));
  }
  CHECK_OK(check_alone(said));
  sort(said.domains);
  return said;
}

std::vector<std::string> domains_named(const std::vector<Notation>& notations) {
  Said said;
  for (const Notation& notation : notations)
    if (short_name(notation.name) == "domain") (void)take_own(said, "domain", notation);
  sort(said.domains);
  return std::move(said.domains);
}

}  // namespace cm4it::evidence::openpgp
