#include "apps/ics/why_not.h"

#include "apps/ics/answers.h"
#include "apps/ics/arguments.h"
#include "apps/ics/misread.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t most_near = 3;  // candidates of one rule

class WhyNot {
 public:
  WhyNot(Context& context, std::string subject, std::string id) : context_(context), subject_(shell_quoted(subject)), id_(std::move(id)) {}

  std::vector<std::string> lines(const json::array& reasons) {
    const auto server = context_.api();
    const auto domain = context_.asked_domain();
    if (!server || !domain) return {};
    const auto history = (*server)->get_json(target({"v1", "subjects", id_, "history"}, {{"domain", *domain}}));
    if (history) statements_ = array_at(*history, "statements");
    for (const auto& reason : reasons) {
      if (!reason.is_object() || text_at(reason.get_object(), "outcome") == "met") continue;
      const auto rule = text_at(reason.get_object(), "rule"), text = text_at(reason.get_object(), "text");
      if (rule == "identified_by") identified();
      else if (rule.starts_with("endorsed_by.")) endorsed(rule.substr(12), text);
      else if (rule == "status") status(text, text_at(reason.get_object(), "statement"));
      else if (rule == "max_staleness") add("→ ics peers shows the links; how old heads may be, and of which domains: ics policy edit, max_staleness");
    }
    return std::move(lines_);
  }

 private:
  void add(const std::string& line) {
    if (!contains(lines_, line)) lines_.push_back(line);
  }

  static std::string why(const json::object& statement) {
    const auto decided = text_at(statement, "decided_by");
    return text_at(statement, "why_not") + (decided.empty() ? "" : ", by " + short_id(decided));
  }

  // The newest of a kind first: history begins with the oldest.
  template <class Use>
  void newest(const std::string& kind, const Use& use) const {
    std::size_t used = 0;
    for (std::size_t i = statements_.size(); i-- > 0 && used < most_near;)
      if (statements_[i].is_object() && text_at(statements_[i].get_object(), "kind") == kind && use(statements_[i].get_object())) ++used;
  }

  void identified() {
    bool expired = false, any = false;
    newest("identity", [&](const json::object& one) {
      any = true;
      if (flag_at(one, "counts")) return add("its identity by " + issuer_of(one) + " counts " + as_roles(one) + ", and not in a role that may identify"), true;
      expired = expired || why(one).starts_with("expired");
      add("its identity by " + issuer_of(one) + " does not count: " + why(one));
      return true;
    });
    if (expired) add("→ ics push NEW.pem, once its CA has made a new certificate");
    if (!any) add("→ ics identify, by its maker; or, where the maker has done so: ics peers");
  }

  static std::string as_roles(const json::object& one) {
    const auto roles = texts_at(one, "roles");
    return roles.empty() ? "" : "as " + joined(roles);
  }

  // The rule's text has the label between quotes.
  void endorsed(const std::string& role, const std::string& text) {
    const auto begin = text.find('"'), end = text.find('"', begin + 1);
    if (begin == text.npos || end == text.npos) return;
    const auto label = text.substr(begin + 1, end - begin - 1);
    newest("endorse", [&](const json::object& one) {
      const auto said = text_at(object_at(one, "body"), "label");
      const auto roles = texts_at(one, "roles");
      const bool in_role = contains(roles, role);
      const bool same = said == label;
      if (!same && !(in_role && !nearest(said, {label}).empty())) return false;
      const std::string who = issuer_of(one) + " endorsed it as \"" + said + "\"";
      if (!flag_at(one, "counts")) add(who + ", which does not count: " + why(one));
      else if (same && !in_role) add(who + " " + as_roles(one) + ", not as " + role);
      else if (!same) add(who + ": not the same label");
      return true;
    });
    add("→ ics endorse " + subject_ + " --label " + shell_quoted(label) + " --key FILE, the key of an " + role);
  }

  std::string issuer_of_statement(const std::string& id) const {
    for (const auto& one : statements_)
      if (one.is_object() && text_at(one.get_object(), "statement") == id && !id.empty()) return issuer_of(one.get_object());
    return "whoever said so";
  }

  void status(const std::string& text, const std::string& statement) {
    bool alarm = false;
    constexpr std::string_view before = "status is ";
    if (text.starts_with(before)) {
      const auto now = evidence::parse_status(text.substr(before.size(), text.find(',') - before.size()));
      alarm = now && evidence::is_alarm(*now);
    }
    if (alarm) {
      add("→ " + issuer_of_statement(statement) + " can lift it: ics status " + subject_ + " --lift");
      return;
    }
    const auto comma = text.find(", not ");
    const auto wanted = comma == text.npos ? "in-use" : text.substr(comma + 6, text.find(',', comma + 6) - comma - 6);
    newest("status", [&](const json::object& one) {
      if (flag_at(one, "counts")) return false;
      add(issuer_of(one) + " said " + said_by("status", object_at(one, "body")) + ", which does not count: " + why(one));
      return true;
    });
    add("→ ics status " + subject_ + " " + wanted);
  }

  Context& context_;
  const std::string subject_, id_;
  json::array statements_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> why_not(Context& context, const std::string& subject, const std::string& id, const json::array& reasons) {
  return WhyNot(context, subject, id).lines(reasons);
}

}  // namespace cm4it::ics
