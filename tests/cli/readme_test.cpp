// The tour of README.md, as it is written there: every command, in its order, by a shell.
#include "cli/running.h"

namespace cm4it::cli::test {
namespace {

// The commands of the chapter's code blocks, without prompt and comment.
std::vector<std::string> tour() {
  std::ifstream in(CM4IT_SOURCE "/README.md");
  std::vector<std::string> commands;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) inside = line == "## Five minutes by hand";
    if (!inside || !line.starts_with("$ ")) continue;
    const auto comment = line.find("  #");
    auto command = line.substr(2, comment == line.npos ? line.npos : comment - 2);
    while (command.ends_with(' ')) command.pop_back();
    commands.push_back(std::move(command));
  }
  return commands;
}

// A person reads, compares an id and waits a moment: what stands for that here.
std::string as_a_person_does(const std::string& command) {
  const std::string wait = "; for i in $(seq 600); do ";
  if (command.starts_with("export PATH=")) return "true";  // the test's own directory and programs
  if (command.ends_with("icsd.toml &")) {
    const auto directory = command.substr(14, command.find('/') - 14);
    return command + " for i in $(seq 600); do test -s " + directory + "/address && break; sleep .05; done";
  }
  if (command.starts_with("ics trust plant")) return command + " --owner $(ics key id acme/owner.key) --yes";
  if (command.starts_with("ics trust field"))
    return command + " --owner $(ics key id plant/owner.key) > said; $(sed -n 's/^  ics server add HOME/ics server add plant/p' said) --yes";
  if (command.starts_with("ics transfer")) return command + wait + "ics --dir plant show 42 | grep -q 'holder *plant7' && break; sleep .05; done";
  if (command.starts_with("ics why 42")) return command;
  if (command.starts_with("ics status 42 stolen")) return command + wait + "ics --dir field why 42 > /dev/null || break; sleep .05; done";
  if (command.starts_with("ics --dir field why 42")) return command + " && exit 9 || test $? = 1";
  if (command.starts_with("kill ")) return command.substr(0, command.find(';'));
  return command;
}

TEST_F(Shell, TheTourOfReadme) {
  const auto commands = tour();
  ASSERT_GT(commands.size(), 15u);
  std::string script = "set -e -o pipefail; export PATH=$(dirname $ICS):$PATH; unset -f ics; trap 'kill $(jobs -p) 2>/dev/null' EXIT\n";
  for (const auto& command : commands) script += "echo " + std::string("'$ ") + command.substr(0, command.find('\'')) + "'\n" + as_a_person_does(command) + "\n";
  const auto said = sh(script);
  EXPECT_EQ(said.exit, 0) << said.out << said.err;
  EXPECT_THAT(said.out, testing::AllOf(HasSubstr("is admitted in plant7.example"), HasSubstr("is not admitted in plant7.example"), HasSubstr("van broken into")));
}

}  // namespace
}  // namespace cm4it::cli::test
