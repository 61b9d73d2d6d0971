#include "apps/ics/manual.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "apps/ics/command_tree.h"
#include "apps/ics/examples.h"
#include "apps/ics/topics.h"

namespace cm4it::ics {
namespace {

std::string troff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') escaped += "\\e";
    else if (c == '-') escaped += "\\-";
    else if ((c == '.' || c == '\'') && (escaped.empty() || escaped.back() == '\n')) escaped += std::string("\\&") + c;
    else escaped += c;
  }
  return escaped;
}

void write_option(std::ostream& out, const CLI::Option& option) {
  out << ".TP\n\\fB" << troff(option.get_positional() ? option.get_name(true) : option.get_name()) << "\\fR";
  const auto values = values_of(option);
  if (!option.get_positional() && option.get_items_expected_max() > 0 && values.empty())
    out << " \\fI" << troff(type_of(option)) << "\\fR";
  for (std::size_t i = 0; i < values.size(); ++i) out << (i == 0 ? " " : "|") << troff(values[i]);
  out << "\n" << troff(option.get_description());
  if (!option.get_default_str().empty()) out << " (default: " << troff(option.get_default_str()) << ")";
  out << "\n";
}

void write_lines(std::ostream& out, const std::vector<std::string_view>& lines) {
  if (lines.empty()) return;
  out << ".PP\n.nf\n";
  for (const auto line : lines) out << troff(line) << "\n";
  out << ".fi\n";
}

void write_verb(std::ostream& out, const CLI::App& verb) {
  const auto below = verbs_of(verb);
  if (below.empty() || !options_of(verb, true).empty()) {
    out << ".SS ics " << troff(name_of(verb));
    for (const auto* option : options_of(verb, true)) out << " " << troff(positional_usage(*option));
    out << "\n" << troff(verb.get_description()) << ".\n";
    for (const auto* option : options_of(verb, true)) write_option(out, *option);
    for (const auto* option : options_of(verb, false))
      if (option != verb.get_help_ptr()) write_option(out, *option);
    if (const auto* known = examples_of(name_of(verb))) write_lines(out, known->lines);
  }
  for (const auto* one : below) write_verb(out, *one);
}

// A chapter of the documents, as text: its heading stands above it already.
void write_topic(std::ostream& out, const char* name) {
  auto lines = as_lines(text_of(*find_topic(name)), 76);
  if (!lines.empty()) lines.erase(lines.begin());
  out << ".nf\n";
  for (const auto& line : lines) out << troff(line) << "\n";
  out << ".fi\n";
}

}  // namespace

void write_manual(const CLI::App& app, std::ostream& out) {
  out << ".TH ICS 1 \"\" \"CM4IT " << troff(CM4IT_VERSION) << "\" \"User Commands\"\n"
      << ".SH NAME\nics \\- make and sign statements about things, submit them, and ask\n"
      << ".SH SYNOPSIS\n\\fBics\\fR [\\fIOPTIONS\\fR] \\fIVERB\\fR …\n"
      << ".SH DESCRIPTION\nAn identity certificate server (ICS) keeps what people have signed about devices, gateways and code, and says whether they are admitted, "
         "and why.  \\fBics\\fR makes such statements, submits them to a server, and asks it.\n"
      << ".SH SUBJECTS, TIMES, SELECTORS\n";
  write_topic(out, "subjects");
  out << ".SH OPTIONS OF EVERY VERB\n";
  for (const auto* option : options_of(app, false)) write_option(out, *option);
  out << ".SH VERBS\n";
  for (const auto* verb : verbs_of(app)) write_verb(out, *verb);
  out << ".SH EXAMPLES\n.PP\nA maker of thermometers, from nothing:\n";
  write_lines(out, {"ics init acme --role manufacturer --domain acme.example --listen 127.0.0.1:8441", "icsd --config acme/icsd.toml &", "export ICS_DIR=acme",
                    "ics key new thermo.key", "ics identify thermo.key --type device --maker Acme --model thermo-2000 --serial 42", "ics show 42",
                    "ics status 42 stolen --reason 'van broken into'", "ics why 42        # exit 1: not admitted, and every reason"});
  out << ".SH FILES\n";
  write_topic(out, "files");
  out << ".SH ENVIRONMENT\n";
  write_topic(out, "environment");
  out << ".SH EXIT STATUS\n";
  write_topic(out, "exit-codes");
  out << ".SH SEE ALSO\n\\fBicsd\\fR(8), \\fBics help\\fR \\fITOPIC\\fR:\n.PP\n.nf\n";
  for (const auto& topic : topics()) out << "  " << topic.name << std::string(topic.name.size() < 15 ? 15 - topic.name.size() : 1, ' ') << troff(topic.is) << "\n";
  out << ".fi\n";
}

}  // namespace cm4it::ics
