// The whole life of backorders through the program itself: from a deletion list to the refund report, as an operator
// types it.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

// A rehearsal book of 2026-08-01 with a price for .com, alice with 100.00 EUR, and a simulated registry that catches
// everything.
class TestLedger {
 public:
  TestLedger() {
    REQUIRE(run({"init", "--rehearsal", "--now", "2026-08-01"}).status == 0);
    REQUIRE(run({"registry", "init", registry(), "--seed", "7", "--catch", "100", "--competitors", "0", "--withdrawn",
                 "0", "--refused", "0"})
                .status == 0);
    REQUIRE(run({"price", "set", "com", "59.00", "EUR"}).status == 0);
    REQUIRE(run({"account", "open", "alice", "--currency", "EUR"}).status == 0);
    REQUIRE(run({"fund", "alice", "100.00"}).status == 0);
  }
  std::string file(const std::string& name) const { return folder_.file(name); }
  std::string registry() const { return folder_.file("registry.db"); }
  support::ProgramResult run(Words words, const std::string& input = "", bool with_registry = false) const {
    words.insert(words.begin(), {"--db", folder_.file("book.db")});
    if (with_registry) words.insert(words.begin(), {"--registry", registry()});
    return support::run_program(words, {.input = input});
  }
  json read(Words words, const std::string& input = "", bool with_registry = false) const {
    words.push_back("--json");
    const support::ProgramResult result = run(std::move(words), input, with_registry);
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
    return json::parse(result.output);
  }
  // The code of a refusal; checks that it is one line of JSON on stderr, and that nothing else was said.
  std::string refusal(Words words, const std::string& input = "", bool with_registry = false) const {
    words.push_back("--json");
    const support::ProgramResult result = run(std::move(words), input, with_registry);
    CAPTURE(result.error);
    const json parsed = json::parse(result.error, nullptr, false);
    REQUIRE(parsed.is_object());
    CHECK(result.output.empty());
    CHECK(result.status == parsed["error"]["exit_status"].get<int>());
    return parsed["error"]["code"];
  }
  // Everything a refused command could have left behind.
  std::string content() const {
    return read({"doctor"}).dump() + read({"droplist", "search", "--limit", "0"}).dump() +
           read({"backorder", "list", "--limit", "0"}).dump();
  }

 private:
  support::TemporaryDirectory folder_;
};

const Words kImport{"droplist", "import", "-", "--source", "registry", "--date-is", "drop"};
constexpr const char* kList = "dune-market.com;2026-08-05 18:00:00\ntern-court.com;2026-08-05 18:00:00\n";

}  // namespace

TEST_CASE(
    "life: list, placing, preview, top-up, sweep, outcome, statement, refund report, trial balance and proof agree") {
  const TestLedger desk;
  CHECK(desk.read(kImport, kList)["new"] == 2);
  REQUIRE(desk.run({"registry", "learn", "-", "--date-is", "drop"}, kList, true).status == 0);
  CHECK(desk.run({"backorder", "place", "alice", "dune-market.com", "tern-court.com"}).status == 0);
  CHECK(desk.read({"preview"})["rows"][1]["verdict"] == "underfunded");
  CHECK(desk.run({"preview", "--exit-code"}).status == 1);
  CHECK(desk.run({"fund", "alice", "18.00"}).status == 0);
  CHECK(desk.run({"preview", "--exit-code"}).status == 0);
  CHECK(desk.run({"sweep", "--now", "2026-08-02T18:00:00Z"}, "", true).status == 0);
  CHECK(desk.read({"account", "show", "alice"})["reserved"]["amount"] == "118.00");
  CHECK(desk.read({"backorder", "cancel", "2"}, "", true)["refunded"]["amount"] == "59.00");
  CHECK(desk.run({"sweep", "--now", "2026-08-07"}, "", true).status == 0);
  CHECK(desk.read({"backorder", "show", "1"})["state"] == "SUCCESSFUL");
  CHECK(desk.read({"backorder", "show", "2"})["state"] == "CANCELLED");
  CHECK(desk.read({"statement", "alice"}).dump().find("59.00") != std::string::npos);
  CHECK(desk.read({"refunds"})["count"] == 1);
  CHECK(desk.read({"refunds"}).dump().find("by_customer") != std::string::npos);
  CHECK(desk.read({"cases"})["count"] == 0);
  CHECK(desk.read({"deposits"})["count"] == 0);
  CHECK(desk.run({"trial-balance"}).status == 0);
  CHECK(desk.read({"verify"})["findings"] == 0);
}

TEST_CASE("life: every command teaches by example and every list speaks all formats") {
  for (const Words& words : {Words{"init"},
                             Words{"account", "open"},
                             Words{"account", "list"},
                             Words{"account", "show"},
                             Words{"account", "close"},
                             Words{"account", "freeze"},
                             Words{"account", "unfreeze"},
                             Words{"account", "limit"},
                             Words{"fund"},
                             Words{"withdraw"},
                             Words{"adjust"},
                             Words{"reverse"},
                             Words{"chargeback"},
                             Words{"period", "close"},
                             Words{"period", "reopen"},
                             Words{"schedule", "list"},
                             Words{"schedule", "set"},
                             Words{"backup"},
                             Words{"price", "set"},
                             Words{"price", "import"},
                             Words{"price", "list"},
                             Words{"droplist", "import"},
                             Words{"droplist", "search"},
                             Words{"backorder", "place"},
                             Words{"backorder", "import"},
                             Words{"backorder", "cancel"},
                             Words{"backorder", "list"},
                             Words{"backorder", "show"},
                             Words{"backorder", "explain"},
                             Words{"backorder", "resolve"},
                             Words{"preview"},
                             Words{"sweep"},
                             Words{"refunds"},
                             Words{"statement"},
                             Words{"trial-balance"},
                             Words{"deposits"},
                             Words{"cases"},
                             Words{"events"},
                             Words{"verify"}}) {
    CAPTURE(words.back());
    Words asked = words;
    asked.push_back("--help");
    const support::ProgramResult help = support::run_program(asked);
    CHECK(help.status == 0);
    const std::size_t examples = help.output.find("Examples:");
    REQUIRE(examples != std::string::npos);
    CHECK(help.output.find(words.back(), examples) != std::string::npos);
  }
  const TestLedger desk;
  REQUIRE(desk.run(kImport, kList).status == 0);
  REQUIRE(desk.run({"backorder", "place", "alice", "dune-market.com"}).status == 0);
  for (const Words& words :
       {Words{"account", "list"}, Words{"price", "list"}, Words{"schedule", "list"}, Words{"droplist", "search"},
        Words{"backorder", "list"}, Words{"backorder", "show", "1"}, Words{"backorder", "explain", "1"},
        Words{"preview"}, Words{"sweep", "reserve"}, Words{"refunds"}, Words{"statement", "alice"},
        Words{"trial-balance"}, Words{"deposits"}, Words{"cases"}, Words{"events"}, Words{"verify"}}) {
    for (const char* format : {"table", "csv", "json", "jsonl"}) {
      CAPTURE(words.front());
      CAPTURE(format);
      Words asked = words;
      asked.insert(asked.end(), {"--format", format});
      const support::ProgramResult result = desk.run(asked);
      CAPTURE(result.error);
      CHECK(result.status == 0);
      if (std::string_view(format) == "json") CHECK(json::accept(result.output));
    }
  }
}

TEST_CASE(
    "lists: windows line ends, a byte order mark and a last line cut off are read; what is no list is refused whole") {
  const TestLedger desk;
  const json read = desk.read(kImport,
                              "\xEF\xBB\xBF"
                              "dune-market.com;2026-08-05 18:00:00\r\ntern-court.com;2026-08-05 18:00:00\r\nlast-na");
  CHECK(read["names"] == 2);
  CHECK(read["unreadable"] == 1);
  const std::string before = desk.content();
  std::string rubbish(4096, '\0');
  for (std::size_t i = 0; i < rubbish.size(); ++i) rubbish[i] = static_cast<char>(i * 37 % 256);
  CHECK(desk.refusal(kImport, rubbish) == "invalid_list");
  CHECK(desk.refusal(kImport, "") == "invalid_list");
  CHECK(desk.refusal(kImport, std::string(10'000'000, ',')) == "invalid_list");  // ten million columns
  CHECK(desk.refusal(kImport, "PK\x03\x04 and then no archive") == "invalid_list");
  // a new source says what its dates are
  CHECK(desk.refusal({"droplist", "import", "-", "--source", "other"}, kList) == "invalid_argument");
  CHECK(desk.refusal({"droplist", "import", "-", "--source", "registry", "--date-is", "finalization"}, kList) ==
        "invalid_argument");
  CHECK(desk.refusal({"droplist", "import", "/no/such/list.csv", "--source", "registry"}) == "file_not_found");
  CHECK(desk.refusal({"droplist", "search", "--source", "nobody"}) == "source_not_found");
  CHECK(desk.content() == before);
}

TEST_CASE(
    "lists: bad rows are told by line on stderr, the others are taken; a list cut in half is refused unless forced") {
  const TestLedger desk;
  std::string list;
  for (int i = 0; i < 100; ++i) list += "name" + std::to_string(i) + ".com;2026-08-05 18:00:00\n";
  const support::ProgramResult read = desk.run(kImport, "no date.com\n" + list + "late.com;2026-13-05 18:00:00\n");
  CHECK(read.status == 0);
  CHECK(read.error.find("-:1: ") != std::string::npos);
  CHECK(read.error.find("-:102: ") != std::string::npos);
  const std::string half = list.substr(0, list.find("name40.com"));
  CHECK(desk.refusal(kImport, half) == "list_too_short");
  Words forced = kImport;
  forced.push_back("--force");
  CHECK(desk.read(forced, half)["missing"] == 60);
}

TEST_CASE(
    "import: a thousand backorders are told line by line; one bad line and nothing is placed, without or with "
    "--keep-going by choice") {
  const TestLedger desk;
  std::string rows = "account,domain,max_price\n";
  for (int i = 0; i < 1'000; ++i) rows += "alice,name" + std::to_string(i) + ".com,\n";
  const std::string bad = rows + "bob,x.com,\nalice,not a name,\nalice,y.com,-1\nalice,z.com,1.234\nalice,w.museum,\n";
  const support::ProgramResult refused = desk.run({"backorder", "import", "-", "--json"}, bad);
  CHECK(refused.status == 3);
  const json report = json::parse(refused.output);
  CHECK(report["count"] == 1'005);
  CHECK(report["placed"] == 0);
  const std::vector<std::string> codes{"account_not_found", "invalid_domain", "invalid_amount", "invalid_amount",
                                       "unknown_zone"};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    CHECK(report["rows"][1'000 + i]["line"] == 1'002 + i);
    CHECK(report["rows"][1'000 + i]["result"] == codes[i]);
  }
  CHECK(desk.read({"backorder", "list", "--limit", "0"})["count"] == 0);
  const support::ProgramResult kept = desk.run({"backorder", "import", "-", "--json", "--keep-going"}, bad);
  CHECK(kept.status == 3);
  CHECK(json::parse(kept.output)["placed"] == 1'000);
  CHECK(desk.read({"backorder", "list", "--limit", "0"})["count"] == 1'000);
}

TEST_CASE("refusals: what does not exist, what is decided already, and a provider that is not there") {
  const TestLedger desk;
  REQUIRE(desk.run(kImport, kList).status == 0);
  REQUIRE(desk.run({"backorder", "place", "alice", "dune-market.com"}).status == 0);
  CHECK(desk.refusal({"backorder", "show", "99"}) == "backorder_not_found");
  CHECK(desk.refusal({"backorder", "explain", "99"}) == "backorder_not_found");
  CHECK(desk.refusal({"backorder", "cancel", "99"}) == "backorder_not_found");
  CHECK(desk.refusal({"backorder", "resolve", "99", "--as", "acknowledge", "--why", "x"}) == "case_not_found");
  CHECK(desk.run({"user", "add", "north.user", "--account", "alice"}, "a long enough password\n").status == 0);
  CHECK(desk.refusal({"user", "add", "north.user", "--account", "alice"}, "a long enough password\n") == "user_exists");
  CHECK(desk.refusal({"user", "disable", "south.user"}) == "user_not_found");
  REQUIRE(desk.run({"account", "open", "bob", "--currency", "EUR"}).status == 0);
  REQUIRE(desk.run({"payments", "reference", "alice", "DL-7"}).status == 0);
  CHECK(desk.refusal({"payments", "reference", "bob", "DL-7"}) == "reference_taken");
  CHECK(desk.refusal({"backorder", "place", "alice", "other.museum"}) == "unknown_zone");
  CHECK(desk.refusal({"backorder", "place", "nobody", "other.com"}) == "account_not_found");
  CHECK(desk.refusal({"backorder", "place", "alice", "other.com", "--max-price", "1.00"}) == "price_above_cap");
  // The name vanishes from its list: a case, closed once.
  Words forced = kImport;
  forced.push_back("--force");
  REQUIRE(desk.run(forced, "tern-court.com;2026-08-05 18:00:00\n").status == 0);
  CHECK(desk.run({"backorder", "resolve", "1", "--as", "acknowledge", "--why", "seen"}).status == 0);
  CHECK(desk.refusal({"backorder", "resolve", "1", "--as", "acknowledge", "--why", "seen"}) == "case_not_open");
  const support::ProgramResult alone = desk.run({"sweep", "--now", "2026-08-02T18:00:00Z"});
  CHECK(alone.status == 7);
  CHECK(alone.error.find("provider_unreachable") != std::string::npos);
  CHECK(desk.read({"backorder", "show", "1"})["state"] == "ACTIVE");  // what needs no provider was done
}

TEST_CASE("a disk that is full: one clear error, nothing of the command stays, and the book is sound") {
  const TestLedger desk;
  const std::string before = desk.content();
  std::string list;
  for (int i = 0; i < 50'000; ++i) list += "a-rather-long-name-" + std::to_string(i) + ".com;2026-08-05 18:00:00\n";
  std::ofstream(desk.file("list.csv")) << list;
  // No file of this process may grow beyond 512 KiB, which SQLite meets as it would a full disk; SIGXFSZ ignored is the
  // error that write() then gives.
  const std::string script = "trap '' XFSZ; ulimit -f 512; exec " + support::program_path() + " --json --db " +
                             desk.file("book.db") + " droplist import " + desk.file("list.csv") +
                             " --source registry --date-is drop";
  const support::ProgramResult full = support::run("/bin/bash", {"-c", script});
  CAPTURE(full.error);
  CHECK(full.output.empty());
  const json error = json::parse(full.error, nullptr, false);
  REQUIRE(error.is_object());
  CHECK(error["error"]["code"] == "database_failed");
  CHECK(full.status == 3);
  CHECK(desk.content() == before);
  CHECK(desk.read({"verify"})["findings"] == 0);
}

TEST_CASE("dry run: of lists, backorders and sweeps too nothing stays, and the provider is not asked") {
  const TestLedger desk;
  REQUIRE(desk.run(kImport, kList).status == 0);
  REQUIRE(desk.run({"backorder", "place", "alice", "dune-market.com"}).status == 0);
  Words forced = kImport;
  forced.push_back("--force");
  // a case: dune-market.com is missing
  REQUIRE(desk.run(forced, "tern-court.com;2026-08-05 18:00:00\n").status == 0);
  const std::string before =
      desk.content() + desk.read({"cases"}).dump() + desk.read({"events", "--limit", "0"}).dump();
  struct Row {
    Words words;
    std::string input;
  };
  for (const Row& row : {Row{forced, kList}, Row{{"backorder", "place", "alice", "tern-court.com"}, ""},
                         Row{{"backorder", "import", "-"}, "account,domain\nalice,tern-court.com\n"},
                         Row{{"backorder", "cancel", "1"}, ""},
                         Row{{"backorder", "resolve", "1", "--as", "acknowledge", "--why", "x"}, ""},
                         Row{{"sweep", "--now", "2026-08-03"}, ""},
                         Row{{"price", "import", "-"}, "zone,tier,currency,amount\nnet,standard,EUR,5.00\n"}}) {
    Words dry = row.words;
    dry.push_back("--dry-run");
    const support::ProgramResult result = desk.run(dry, row.input, true);
    CAPTURE(row.words.front());
    CAPTURE(row.words.back());
    CAPTURE(result.error);
    CHECK(result.status == 0);
  }
  CHECK(desk.content() + desk.read({"cases"}).dump() + desk.read({"events", "--limit", "0"}).dump() == before);
}
