// Old spellings of commands, options and words work for one version, with a note on stderr.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using Words = std::vector<std::string>;

struct Row {
  Words was, is;
  const char* note;
};

}  // namespace

TEST_CASE("old spellings: each does what today's does, and says once what that is") {
  const support::TemporaryDirectory folder;
  const std::string book = folder.file("book.db"), registry = folder.file("registry.db");
  const auto run = [&](Words words) { return support::run_program(words, {.directory = folder.path().string()}); };
  REQUIRE(run({"--db", book, "init", "--rehearsal", "--now", "2026-08-01"}).status == 0);
  REQUIRE(run({"registry", "init", registry, "--seed", "1"}).status == 0);
  for (const Row& row : {
           Row{{"--db", book, "purse", "fund", "5.00", "USD", "--dry-run"},
               {"--db", book, "provider", "fund", "5.00", "USD", "--dry-run"},
               "note: 'purse fund' is now 'provider fund'"},
           Row{{"purse", "--db", book, "cost", "5.00", "USD", "--memo", "purse", "--dry-run"},
               {"provider", "--db", book, "cost", "5.00", "USD", "--memo", "purse", "--dry-run"},
               "note: 'purse cost' is now 'provider cost'"},
           Row{{"--db", book, "--registry", registry, "reconcile", "--only", "self,purse"},
               {"--db", book, "--registry", registry, "reconcile", "--only", "self,provider"},
               "note: '--only purse' is now '--only provider'"},
           Row{{"--db", book, "--registry", registry, "reconcile", "--only=purse"},
               {"--db", book, "--registry", registry, "reconcile", "--only=provider"},
               "note: '--only purse' is now '--only provider'"},
           Row{{"registry", "init", "no/such/folder.db", "--purse", "5.00"},
               {"registry", "init", "no/such/folder.db", "--balance", "5.00"},
               "note: '--purse' is now '--balance'"},
       }) {
    CAPTURE(row.note);
    const support::ProgramResult was = run(row.was), is = run(row.is);
    CAPTURE(was.error);
    CHECK(was.status == is.status);
    const auto without_request = [](const std::string& text) { return text.substr(0, text.find("request ")); };
    CHECK(without_request(was.output) == without_request(is.output));
    CHECK(was.error.starts_with(row.note));
    CHECK(was.error.find(row.note, 1) == std::string::npos);
    CHECK(is.error.find("is now") == std::string::npos);
    Words quiet = row.was;
    quiet.push_back("--quiet");
    CHECK(run(quiet).error.find("is now") == std::string::npos);
  }
}

TEST_CASE("old spellings: a name, a value or a memo that is spelled like one is left alone") {
  const support::TemporaryDirectory folder;
  const std::string book = folder.file("book.db");
  const auto run = [&](Words words) { return support::run_program(words, {.directory = folder.path().string()}); };
  REQUIRE(run({"--db", book, "init", "--rehearsal", "--now", "2026-08-01"}).status == 0);
  REQUIRE(run({"--db", book, "account", "open", "purse", "--currency", "EUR"}).status == 0);
  for (const Words& words : {Words{"--db", book, "fund", "purse", "5.00", "--memo", "purse fund"},
                             Words{"--db", book, "--actor", "purse", "account", "show", "purse"}}) {
    CAPTURE(words.back());
    const support::ProgramResult result = run(words);
    CHECK(result.status == 0);
    CHECK(result.error.find("is now") == std::string::npos);
  }
}
