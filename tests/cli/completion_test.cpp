// Completion: what the program offers at the cursor, and the scripts of the shells that are installed here.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using Words = std::vector<std::string>;

class Book {
 public:
  Book() {
    REQUIRE(run({"init", "--rehearsal", "--now", "2026-07-01"}).status == 0);
    REQUIRE(run({"price", "set", "com", "59.00", "EUR"}).status == 0);
    for (const char* name : {"alice", "albert", "bob"})
      REQUIRE(run({"account", "open", name, "--currency", "EUR"}).status == 0);
    REQUIRE(run({"backorder", "place", "alice", "example.com"}).status == 0);
    REQUIRE(run({"suspense", "add", "5.00", "EUR", "--memo", "unknown"}).status == 0);
  }
  std::string path() const { return folder_.file("book.db"); }
  const support::TemporaryDirectory& folder() const { return folder_; }
  support::ProgramResult run(Words words) const {
    words.insert(words.begin(), {"--db", path()});
    return support::run_program(words);
  }
  // The candidates without their meanings, separated by blanks.
  std::string offered(const Words& typed) const {
    Words words{"--db", path(), "complete", "--"};
    words.insert(words.end(), typed.begin(), typed.end());
    const support::ProgramResult result = support::run_program(words);
    CHECK(result.status == 0);
    CHECK(result.error.empty());
    std::string all;
    std::istringstream in(result.output);
    for (std::string line; std::getline(in, line);)
      all += (all.empty() ? "" : " ") + line.substr(0, std::min(line.find('\t'), line.size()));
    return all;
  }

 private:
  support::TemporaryDirectory folder_;
};

bool is_installed(const std::string& shell) {
  return support::run("/bin/sh", {"-c", "command -v " + shell}).status == 0;
}

std::string folder_of_program() { return std::filesystem::path(support::program_path()).parent_path().string(); }

}  // namespace

TEST_CASE("completion: commands, options, the words of options, and what the book holds") {
  const Book book;
  struct Row {
    Words typed;
    std::string offered;
  };
  for (const Row& row : {Row{{"acc"}, "account"},
                         Row{{"account", "o"}, "open"},
                         Row{{"--color", "never", "account", "fr"}, "freeze"},
                         Row{{"account", "show", ""}, "albert alice bob"},
                         Row{{"account", "show", "al"}, "albert alice"},
                         Row{{"fund", "b"}, "bob"},
                         Row{{"fund", "--source", "bank", "b"}, "bob"},
                         Row{{"fund", "alice", ""}, ""},
                         Row{{"statement", "alice", "--by", ""}, "recorded effective"},
                         Row{{"statement", "--by=e"}, "--by=effective"},
                         Row{{"--format", "js"}, "json jsonl"},
                         Row{{"statement", "alice", "--format=c"}, "--format=csv"},
                         Row{{"statement", "alice", "--fo"}, "--format"},
                         Row{{"account", "open", "x", "--polic"}, "--policy"},
                         Row{{"schedule", "list", "co."}, "co.uk"},
                         Row{{"backorder", "cancel", ""}, "1"},
                         Row{{"backorder", "resolve", ""}, "1"},
                         Row{{"refunds", "--account", "b"}, "bob"},
                         Row{{"config", "set", "warn"}, "warn.ahead"},
                         Row{{"help", "form"}, "formats"},
                         Row{{"backup", "x"}, ":files"},
                         Row{{"nothing", "here", ""}, ""},
                         Row{{"--", "acc"}, ""}}) {
    CAPTURE(row.typed.back());
    CAPTURE(row.offered);
    CHECK(book.offered(row.typed) == row.offered);
  }
}

TEST_CASE("completion: silent where the book cannot be read, and never makes one") {
  const support::TemporaryDirectory folder;
  for (const std::string& db : {folder.file("missing.db"), std::string("/proc/self/status")}) {
    const support::ProgramResult result =
        support::run_program({"complete", "--", "--db", db, "account", "show", ""}, {.directory = folder.file("")});
    CHECK(result.status == 0);
    CHECK(result.output.empty());
    CHECK(result.error.empty());
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("completion: --db among the words is the book that is asked") {
  const Book book;
  const support::ProgramResult result =
      support::run_program({"complete", "--", "--db", book.path(), "account", "show", "bo"});
  CHECK(result.output == "bob\n");
}

TEST_CASE("completion: bash") {
  const Book book;
  const std::string before = "PATH='" + folder_of_program() + "':$PATH; export DROPLEDGER_DB='" + book.path() +
                             "'; cd '" + book.folder().path().string() + "'; eval \"$(dropledger completion bash)\"; ";
  struct Row {
    const char* words;  // COMP_WORDS as bash breaks them
    const char* offered;
  };
  for (const Row& row : {Row{"dropledger account show al", "albert alice"}, Row{"dropledger acc", "account"},
                         Row{"dropledger statement --by = e", "effective"}, Row{"dropledger --format js", "json jsonl"},
                         Row{"dropledger backup boo", "book.db"}}) {
    CAPTURE(row.words);
    const std::string script = before + "COMP_WORDS=(" + row.words +
                               "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dropledger; echo \"${COMPREPLY[*]}\"";
    const support::ProgramResult result = support::run("/bin/bash", {"-c", script});
    CAPTURE(result.error);
    // the book's companions begin like it
    if (std::string(row.offered) == "book.db")
      CHECK(result.output.find("book.db") != std::string::npos);
    else
      CHECK(result.output == std::string(row.offered) + "\n");
  }
}

TEST_CASE("completion: zsh and fish read their scripts, and fish offers the same") {
  const Book book;
  if (is_installed("zsh")) {
    const support::ProgramResult result = support::run(
        "/bin/sh", {"-c", "'" + support::program_path() + "' completion zsh > '" + book.folder().file("_dropledger") +
                              "' && zsh -n '" + book.folder().file("_dropledger") + "'"});
    CHECK(result.status == 0);
    CHECK(result.error.empty());
  }
  if (is_installed("fish")) {
    const support::ProgramResult result = support::run(
        "/bin/sh", {"-c", "PATH='" + folder_of_program() + "':$PATH DROPLEDGER_DB='" + book.path() + "' HOME='" +
                              book.folder().path().string() +
                              "' fish -c 'dropledger completion fish | source; complete -C \"dropledger account show "
                              "al\"'"});
    CHECK(result.output == "albert\nalice\n");
  }
}
