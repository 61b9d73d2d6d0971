// What `ics` says about itself: help, topics, examples, the manual page, completion.
#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "apps/ics/command_tree.h"
#include "apps/ics/completion.h"
#include "apps/ics/documents.h"
#include "apps/ics/examples.h"
#include "apps/ics/scripted_server_for_test.h"
#include "apps/ics/topics.h"

namespace cm4it::ics {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The words of a line, as a shell takes them: up to a pipe, another command, a redirection or a comment.
std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false, begun = false;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    const char c = i < line.size() ? line[i] : ' ';
    if (c == '\'') quoted = !quoted, begun = true;
    else if (c == ' ' && !quoted) {
      if (word == "|" || word == "&&" || word == ">" || (!begun && word.empty() && i < line.size() && line.substr(i).starts_with(" #"))) break;
      if (begun) words.push_back(word);
      word.clear();
      begun = false;
    } else {
      word += c;
      begun = true;
    }
  }
  return words;
}

class Help : public CommandLine {
 protected:
  // The tree, as it would be built for this very process.
  struct Tree {
    std::istringstream in;
    std::ostringstream out, err;
    Context context{{in, out, err, false, false, false}, [] { return Time{1'800'000'000}; }, {}};
    CLI::App app;
    Tree() { build_command_line(app, context); }
  };
};

void collect(const CLI::App& verb, std::vector<std::string>& leaves) {
  const auto below = verbs_of(verb);
  if (below.empty()) leaves.push_back(name_of(verb));
  for (const auto* one : below) collect(*one, leaves);
}

TEST_F(Help, EveryVerbHasExamplesAndEveryExampleCanBeTyped) {
  std::vector<std::string> leaves;
  collect(Tree().app, leaves);
  EXPECT_GT(leaves.size(), 40u);
  for (const auto& verb : leaves) {
    const auto* known = examples_of(verb);
    EXPECT_TRUE(known && !known->lines.empty()) << verb;
  }
  for (const auto& one : examples()) {
    EXPECT_NE(find_verb(Tree().app, shell_words(one.verb)), nullptr) << one.verb;
    EXPECT_TRUE(one.topic.empty() || find_topic(one.topic)) << one.verb << " " << one.topic;
    for (const auto line : one.lines) {
      auto words = shell_words(line);
      if (words.empty() || words[0] != "ics") continue;
      Tree tree;
      EXPECT_NO_THROW(tree.app.parse(std::vector<std::string>(words.rbegin(), words.rend() - 1))) << line;
      EXPECT_TRUE(std::string_view(line).starts_with("ics " + std::string(one.verb)) || tree.context.verb != "") << line;
    }
  }
}

TEST_F(Help, OfAVerbAndOfAll) {
  const auto outcome = ics({"help", "key", "new"});
  EXPECT_EQ(outcome.code, exit_yes);
  EXPECT_THAT(outcome.out, HasSubstr("ics key new"));
  EXPECT_THAT(outcome.out, HasSubstr("EXAMPLES\n  ics key new volta.key"));
  EXPECT_THAT(outcome.out, HasSubstr("ics help keys"));
  EXPECT_EQ(ics({"key", "new", "--help"}).out.substr(0, 40), outcome.out.substr(0, 40));
  const auto all = ics({"help"});
  for (const char* group : {"Begin", "Say", "Ask", "Rule", "glossary", "exit-codes"}) EXPECT_THAT(all.out, HasSubstr(group));
  EXPECT_THAT(ics({"version"}).out, HasSubstr("ics " CM4IT_VERSION));
}

// Every topic is a chapter that is there, and reads as text: no links, no marks of tables.
TEST_F(Help, EveryTopicIsThere) {
  for (const auto& topic : topics()) {
    const auto outcome = ics({"help", std::string(topic.name)});
    EXPECT_EQ(outcome.code, exit_yes) << topic.name;
    EXPECT_GT(outcome.out.size(), 150u) << topic.name << ": " << topic.path << " has no chapter \"" << topic.chapter << "\"";
    EXPECT_THAT(outcome.out, Not(HasSubstr("](")));
    EXPECT_THAT(outcome.out, Not(HasSubstr("| --- |")));
  }
  EXPECT_THAT(ics({"help", "statuses"}).out, HasSubstr("compromised"));
  EXPECT_THAT(ics({"help", "glossary"}).out, HasSubstr("holder"));
  EXPECT_THAT(ics({"help", "exit-codes"}).out, HasSubstr("2"));
}

TEST(Markdown, IsFilledAndItsMarksGo) {
  const auto lines = as_lines("## Of *things*\nOne [link](x.md), `a | *b*`\nand **more**.\n- an item that is\n  long\n```\n  code **stays**\n```\n"
                              "| word | is |\n| --- | --- |\n| a `|` b | [c](d) |\n", 20);
  EXPECT_THAT(lines, ElementsAre("OF THINGS", "One link, `a | *b*`", "and more.", "- an item that is", "  long", "      code **stays**", "  a `|` b  c"));
}

TEST(Markdown, LinksToDocumentsAreTopics) {
  EXPECT_THAT(as_lines("See [x509.md](../x509.md#crls), [formats/sums.md](formats/sums.md), ([0027](decisions/0027-what-lifts-an-alarm.md)) and [verdicts](docs/verdict.md).", 200),
              ElementsAre("See ics help x509, ics help sums, (decision 0027) and verdicts."));
}

TEST(Markdown, AChapterEndsWhereTheNextOfItsLevelBegins) {
  const std::string text = "# a\n## b\n1\n```\n## c\n```\n### d\n2\n## e\n3\n";
  EXPECT_EQ(chapter_of(text, "b"), "## b\n1\n```\n## c\n```\n### d\n2\n");
  EXPECT_EQ(chapter_of(text, "e"), "## e\n3\n");
  EXPECT_EQ(chapter_of(text, "c"), "");
}

TEST_F(Help, TheManualPageHasAllItsChapters) {
  const auto man = ics({"man"}).out;
  for (const char* chapter : {"NAME", "SYNOPSIS", "DESCRIPTION", "VERBS", "EXAMPLES", "FILES", "ENVIRONMENT", "EXIT STATUS", "SEE ALSO"})
    EXPECT_THAT(man, HasSubstr(std::string(".SH ") + chapter + "\n")) << chapter;
  for (const char* verb : {"find", "why", "import", "log verify", "policy check", "identify", "init", "key new"})
    EXPECT_THAT(man, HasSubstr(std::string(".SS ics ") + verb)) << verb;
  EXPECT_THAT(man, HasSubstr("ed25519"));
  EXPECT_THAT(man, Not(HasSubstr("\n'")));
  EXPECT_THAT(ics({"man", "icsd"}).out, HasSubstr(".SH SIGNALS"));
}

class Completion : public Help {
 protected:
  std::vector<std::string> completed(std::vector<std::string> words) {
    words.insert(words.begin(), {"completion", "words"});
    std::istringstream in;
    std::ostringstream out, err;
    const Connect connect = [this](const crypto::SignerPtr&, const std::optional<KeyId>&) {
      return [this](const net::ClientRequest& request) { return server_({request.method, request.url, "", "", ""}); };
    };
    Context context({in, out, err, false, false, false}, [] { return Time{1'800'000'000}; }, connect);
    words.insert(words.begin(), "ics");
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    EXPECT_EQ(run(static_cast<int>(argv.size()), argv.data(), context), exit_yes);
    std::vector<std::string> lines;
    std::istringstream shown(out.str());
    for (std::string line; std::getline(shown, line);) lines.push_back(line);
    return lines;
  }
  void make_plant() {
    ASSERT_EQ(ics({"init", file("plant"), "--role", "maintenance", "--domain", "plant7.example", "--listen", "127.0.0.1:8441"}).code, exit_yes);
    ::setenv("ICS_DIR", file("plant").c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("ICS_DIR");
    CommandLine::TearDown();
  }
};

TEST_F(Completion, VerbsOptionsAndWords) {
  EXPECT_THAT(completed({"wh"}), ElementsAre("why"));
  EXPECT_THAT(completed({"key", ""}), Contains("new"));
  EXPECT_THAT(completed({"find", "--sta"}), ElementsAre("--status"));
  EXPECT_THAT(completed({"find", "--status", "sto"}), ElementsAre("stolen"));
  EXPECT_THAT(completed({"key", "new", "x", "--alg", "p"}), ElementsAre("p256", "p384"));
  EXPECT_THAT(completed({"status", "A-1", "sto"}), ElementsAre("stolen"));
  EXPECT_THAT(completed({"help", "gloss"}), ElementsAre("glossary"));
  EXPECT_THAT(completed({"trust", "plant", "--as", "certi"}), ElementsAre("certifier"));
  EXPECT_THAT(completed({"push", ""}), IsEmpty()) << "a file: the shell knows those";
}

TEST_F(Completion, WhatTheDirectoryAndItsServerKnow) {
  make_plant();
  server_ = [](const Sent& sent) {
    EXPECT_THAT(sent.target, HasSubstr("/v1/subjects"));
    return reply(200, R"-({"subjects": [{"subject": "key:aabbccddeeff00112233", "identity": {"serial": "A-1"}, "cloud": "hall-3"},
      {"subject": "key:0123456789abcdef0123", "identity": {"name": "gw-1"}}, {"subject": "key:99887766554433221100"},
      {"subject": "key:1", "identity": {"serial": "A;reboot"}}, {"subject": "key:2", "identity": {"serial": "A$(reboot)"}}]})-");
  };
  EXPECT_THAT(completed({"why", "A"}), ElementsAre("A-1")) << "nothing that a shell would run";
  EXPECT_THAT(completed({"show", ""}), ElementsAre("9988776655443322", "A-1", "gw-1"));
  EXPECT_THAT(completed({"assign", "A-1", "--cloud", ""}), ElementsAre("hall-3"));
  EXPECT_THAT(completed({"endorse", "A-1", "appr"}), ElementsAre("approved"));
  EXPECT_THAT(completed({"role", "add", file("plant"), "inte"}), ElementsAre("integrator"));
  EXPECT_THAT(completed({"role", "add", "inte"}), ElementsAre("integrator"));
  EXPECT_THAT(completed({"role", "end", file("plant"), "integrator", ""}), ElementsAre("plant7"));
  EXPECT_THAT(completed({"transfer", "A-1", "--to", "pl"}), ElementsAre("plant7.example"));
  server_ = [](const Sent&) { return fail(Code::unavailable, "connection refused"); };
  EXPECT_THAT(completed({"why", ""}), IsEmpty());
}

TEST_F(Completion, TheDirectoryMayBeLeftOut) {
  make_plant();
  server_ = [](const Sent&) { return fail(Code::unavailable, "connection refused"); };
  const auto list = ics({"role", "list"});
  EXPECT_EQ(list.code, exit_yes) << list.err;
  EXPECT_EQ(list.out, ics({"role", "list", file("plant")}).out);
  EXPECT_THAT(ics({"role", "end", "integrator", "nobody", "--until", "now"}).err, HasSubstr("\"nobody\" is not in it"));
  ::unsetenv("ICS_DIR");
  EXPECT_EQ(ics({"role", "list"}).code, exit_usage);
}

}  // namespace
}  // namespace cm4it::ics
