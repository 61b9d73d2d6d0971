#include "apps/ics/policy_edit.h"

#include <cstdlib>

#include "apps/ics/arguments.h"
#include "apps/ics/files.h"
#include "apps/ics/own_policy.h"
#include "base/budgets.h"

namespace cm4it::ics {
namespace {

namespace fs = std::filesystem;

std::string editor() {
  for (const char* name : {"VISUAL", "EDITOR"})
    if (const char* set = std::getenv(name); set && *set) return set;
  return "vi";
}

// The draft of an earlier time, policy.toml if it was edited and not signed, else the newest version; the next version's number in it.
Result<std::string> text_to_edit(const Context& context, const OwnPolicy& own, const fs::path& draft) {
  if (auto saved = read_file(draft, budget::descriptor_bytes)) {
    context.console.note("goes on with what was edited and not signed: " + draft.string());
    return *saved;
  }
  std::string text = own.newest().text;
  const auto edited = read_file(own.directory().policy_text(), budget::descriptor_bytes);
  if (edited && !own.is_a_version(*edited)) {
    context.console.note("begins with " + own.directory().policy_text().string() + ", which was edited and not signed");
    text = *edited;
  }
  auto next = policy::DescriptorEdit::start(text);
  if (!next) return text;  // whoever broke it mends it in the editor
  CHECK_OK(next->set_version(own.newest().version + 1));
  return next->text();
}

// Does it say what the newest version says, but for its number.
bool says_nothing_new(const OwnPolicy& own, const std::string& text) {
  auto edit = policy::DescriptorEdit::start(text);
  return edit && edit->set_version(own.newest().version) && edit->text() == own.newest().text;
}

Result<void> run_editor(const fs::path& file) {
  const std::string command = editor() + " " + shell_quoted(file.string());
  if (std::system(command.c_str()) == 0) return {};
  return fail(Code::unavailable, "the editor ended with an error: " + command, "set EDITOR, or edit policy.toml and `ics policy sign` it");
}

}  // namespace

Result<int> edit_policy_text(Context& context) {
  if (context.options.dir.empty()) return context.misuse("no ICS directory given", "--dir DIR, or set ICS_DIR");
  const std::string directory = context.options.dir;
  TRY(const auto own, OwnPolicy::open_to_edit(context, directory));
  const fs::path draft = fs::path(directory) / "policy.draft.toml";
  TRY(auto text, text_to_edit(context, own, draft));
  std::error_code ignored;
  for (;;) {
    CHECK_OK(write_file(draft, view(text)));
    if (auto edited = run_editor(draft); !edited) {
      fs::remove(draft, ignored);
      return tl::unexpected(edited.error());
    }
    TRY(text, read_file(draft, budget::descriptor_bytes));
    if (says_nothing_new(own, text)) {
      fs::remove(draft, ignored);
      context.console.line("nothing changes, so nothing is signed");
      return exit_yes;
    }
    auto next = OwnPolicy::open_to_sign(context, directory, text);
    if (next) {
      auto outcome = next->sign();
      if (!outcome) return fail(outcome.error().code, outcome.error().message, "the text is kept: " + draft.string() + "; `ics policy edit` goes on with it");
      if (!context.options.dry_run) fs::remove(draft, ignored);
      return outcome;
    }
    context.console.note("ics policy edit: " + next.error().message + (next.error().detail.empty() ? "" : " → " + next.error().detail));
    const auto again = context.console.ask("Edit it again?", "");
    if (!again || !*again) return fail(next.error().code, "not signed", "the text is kept: " + draft.string() + "; `ics policy edit` goes on with it");
  }
}

}  // namespace cm4it::ics
