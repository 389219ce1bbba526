// Commands that show what a book holds beside its backorders: its clock, its sources of lists, its notices' texts.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using nlohmann::json;
using support::ProgramResult;

class TestLedger {
 public:
  explicit TestLedger(bool rehearsal = true) {
    std::vector<std::string> init{"init"};
    if (rehearsal) init.insert(init.end(), {"--rehearsal", "--now", "2026-08-01T06:00:00Z"});
    REQUIRE(run(init).status == 0);
  }
  std::string file(const std::string& name) const { return folder_.file(name); }
  ProgramResult run(std::vector<std::string> words, const std::string& input = "") const {
    words.insert(words.begin(), {"--db", file("book.db")});
    return support::run_program(words, {.input = input});
  }
  json read(std::vector<std::string> words) const {
    words.emplace_back("--json");
    const ProgramResult result = run(std::move(words));
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
    return json::parse(result.output);
  }

 private:
  support::TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("clock show: a rehearsal's clock stands where commands left it; a live book has the system's") {
  const TestLedger desk;
  CHECK(desk.read({"clock", "show"})["now"] == "2026-08-01T06:00:00Z");
  REQUIRE(desk.run({"clock", "advance", "1d6h"}).status == 0);
  json shown = desk.read({"clock", "show"});
  CHECK(shown["now"] == "2026-08-02T12:00:00Z");
  CHECK(shown["clock"] == "the book's own, moved by commands");
  CHECK(desk.run({"clock", "set", "2026-08-02"}).status == 5);
  CHECK(desk.read({"clock", "show"})["now"] == "2026-08-02T12:00:00Z");
  CHECK(TestLedger(false).read({"clock", "show"})["clock"] == "the system's");
}

TEST_CASE("droplist sources: each source with how many lists it gave, and the last of them") {
  const TestLedger desk;
  const ProgramResult none = desk.run({"droplist", "sources"});
  CHECK(none.status == 0);
  CHECK(none.output.find("No list was imported yet") != std::string::npos);
  const auto import = [&](const char* source, const char* date_is, const char* names) {
    const ProgramResult result =
        desk.run({"droplist", "import", "-", "--source", source, "--date-is", date_is, "--date", "2026-08-20"}, names);
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
  };
  import("registry", "drop", "dune-market.com\ntern-court.com\n");
  REQUIRE(desk.run({"clock", "advance", "1d"}).status == 0);
  import("registry", "drop", "dune-market.com\ntern-court.com\nfell-house.com\n");
  import("provider", "finalization", "dune-market.com\n");
  const json rows = desk.read({"droplist", "sources"})["rows"];
  REQUIRE(rows.size() == 2);
  for (const json& row : rows) {
    const bool registry = row["source"] == "registry";
    CHECK(row["date_is"] == (registry ? "drop" : "finalization"));
    CHECK(row["lists"] == (registry ? 2 : 1));
    CHECK(row["names"] == (registry ? 3 : 1));
    CHECK(row["last_import"] == "2026-08-02T06:00:00Z");
  }
}

TEST_CASE("notices templates: the text of every kind, and a file made of one is taken by a channel") {
  const TestLedger desk;
  const json rows = desk.read({"notices", "templates"})["rows"];
  CHECK(rows.size() > 10);
  const std::filesystem::path folder = desk.file("templates");
  std::filesystem::create_directory(folder);
  for (const json& row : rows) {
    const std::string kind = row["kind"];
    CAPTURE(kind);
    const ProgramResult text = desk.run({"notices", "templates", kind});
    REQUIRE(text.status == 0);
    CHECK(text.output == row["text"].get<std::string>());
    CHECK(text.output.starts_with("Subject: "));
    CHECK(row["variables"].get<std::string>().find("notice kind at") == 0);
    std::ofstream(folder / (kind + ".txt")) << text.output;
  }
  CHECK(desk.run({"notices", "add", "all", "--file", desk.file("out.jsonl"), "--templates", folder.string()}).status ==
        0);
  const ProgramResult unknown = desk.run({"notices", "templates", "rumour"});
  CHECK(unknown.status == 2);
  CHECK(unknown.error.find("invalid_argument (101): 'rumour' is no kind of notice") != std::string::npos);
}
