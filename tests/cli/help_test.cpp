// The manual inside the program: --help, help, commands.md, the pages, and man pages from the same text.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using Words = std::vector<std::string>;

support::ProgramResult dropledger(const Words& words) {
  return support::run_program(words, {.environment = {{"COLUMNS", "80"}, {"SOURCE_DATE_EPOCH", "1782864000"}}});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string file(const std::string& path) {
  std::ifstream in(support::source_folder() / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// "account open" and so on, from the headings of commands.md.
std::vector<Words> commands() {
  std::vector<Words> all;
  for (const std::string& line : lines_of(file("tools/cli/commands.md"))) {
    if (!line.starts_with("### ") && !line.starts_with("#### ")) continue;
    std::istringstream in(line.substr(line.find(' ') + 1));
    Words words;
    for (std::string word; in >> word;) words.push_back(word);
    all.push_back(words);
  }
  return all;
}

}  // namespace

TEST_CASE("help: commands.md is what the program prints") {
  const support::ProgramResult printed = dropledger({"help", "--markdown"});
  CHECK(printed.status == 0);
  CHECK(printed.output.size() > 10'000);
  const bool is_same = printed.output == file("tools/cli/commands.md");
  CHECK_MESSAGE(is_same, "run: dropledger help --markdown > tools/cli/commands.md");
}

TEST_CASE("help: every command has a summary, an example and lines that fit 80 columns") {
  const std::vector<Words> all = commands();
  CHECK(all.size() > 60);
  for (Words words : all) {
    const std::string name = words.size() > 1 ? words[0] + " " + words[1] : words[0];
    CAPTURE(name);
    Words asked = words;
    asked.insert(asked.begin(), "help");
    const std::string text = dropledger(asked).output;
    words.push_back("--help");
    CHECK(text.starts_with(dropledger(words).output));  // a page of the manual may follow
    const bool is_group = has(text, "\nCommands:\n");
    CHECK(has(text, "Usage: dropledger " + name));
    if (!is_group) CHECK(has(text, "\nExamples:\n  "));
    CHECK(!has(text, "  Whose"));
    CHECK(!has(text, "  Of "));
    for (const std::string& line : lines_of(text)) {
      CAPTURE(line);
      const bool is_example =
          has(text, "Examples:\n") && line.starts_with("  ") && text.find(line) > text.find("Examples:");
      const bool is_long_word = line.find(' ', 40) == std::string::npos;
      CHECK((line.size() <= 84 || is_example || is_long_word));
    }
  }
}

TEST_CASE("help: the program's own page has groups, then options; help adds the pages of the manual") {
  const std::string text = dropledger({"--help"}).output;
  std::size_t at = 0;
  for (const char* group : {"\nBooks:\n", "\nAccounts and money:\n", "\nBackorders:\n", "\nReports:\n",
                            "\nProvider and gateway:\n", "\nRehearsal:\n", "\nOptions of every command:\n"}) {
    CAPTURE(group);
    REQUIRE(text.find(group, at) != std::string::npos);
    at = text.find(group, at);
  }
  CHECK(!has(text, "complete "));  // for scripts
  for (const std::string& line : lines_of(text)) {
    CAPTURE(line);
    CHECK(line.size() <= 84);
  }
  const std::string with_topics = dropledger({"help"}).output;
  CHECK(with_topics.starts_with(text));
  CHECK(has(with_topics, "dropledger help TOPIC"));
}

TEST_CASE("help: each page of the manual is shown, without marks of Markdown") {
  const std::string text = dropledger({"help"}).output;
  std::string topics = text.substr(text.find("help TOPIC): ") + 13);
  std::ranges::replace(topics, '\n', ' ');
  std::istringstream in(topics);
  int shown = 0;
  for (std::string topic; std::getline(in, topic, ',');) {
    topic.erase(0, topic.find_first_not_of(' '));
    topic.resize(topic.find_last_not_of(' ') + 1);
    CAPTURE(topic);
    const support::ProgramResult page = dropledger({"help", topic});
    CHECK(page.status == 0);
    CHECK(page.output.size() > 200);
    CHECK(!has(page.output, "]("));
    CHECK(!has(page.output, "| --- |"));
    ++shown;
  }
  CHECK(shown >= 2);
}

TEST_CASE("help: what is unknown is refused with a guess, behind --help too") {
  struct Row {
    Words words;
    std::string guess;
  };
  for (const Row& row : {Row{{"help", "acount"}, "dropledger help account"}, Row{{"help", "formts"}, "help formats"},
                         Row{{"acount", "--help"}, "did you mean 'account'"},
                         Row{{"account", "opne", "--help"}, "did you mean 'account open'"}}) {
    CAPTURE(row.guess);
    const support::ProgramResult result = dropledger(row.words);
    CHECK(result.status == 2);
    CHECK(result.output.empty());
    CHECK(has(result.error, row.guess));
  }
}

TEST_CASE("help: man pages for the program, each noun, formats and configuration") {
  const std::vector<std::string> names = lines_of(dropledger({"help", "--man-list"}).output);
  for (const char* wanted : {"dropledger.1", "dropledger-account.1", "dropledger-backorder.1", "dropledger-serve.1",
                             "dropledger-formats.5", "dropledger-config.5"}) {
    CAPTURE(wanted);
    CHECK(std::ranges::find(names, wanted) != names.end());
  }
  const support::TemporaryDirectory folder;
  const bool has_mandoc = support::run("/bin/sh", {"-c", "command -v mandoc"}).status == 0;
  const bool has_man = support::run("/bin/sh", {"-c", "command -v man"}).status == 0;
  for (const std::string& name : names) {
    CAPTURE(name);
    const support::ProgramResult page = dropledger({"help", "--man", name});
    CHECK(page.status == 0);
    CHECK(has(page.output, ".TH DROPLEDGER"));
    CHECK(has(page.output, "2026-07-01"));
    CHECK(has(page.output, "\n.SH NAME\n"));
    const std::string path = folder.file(name);
    std::ofstream(path) << page.output;
    if (has_mandoc) {
      const support::ProgramResult lint = support::run("/bin/sh", {"-c", "mandoc -Tlint -W warning '" + path + "'"});
      CHECK_MESSAGE(lint.output.empty(), lint.output);
    }
    if (has_man) {
      const support::ProgramResult lint = support::run(
          "/bin/sh", {"-c", "LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l '" + path + "' 2>&1 >/dev/null"});
      CHECK_MESSAGE(lint.output.empty(), lint.output);
    }
  }
  CHECK(dropledger({"help", "--man", "nothing.1"}).status == 2);
}
