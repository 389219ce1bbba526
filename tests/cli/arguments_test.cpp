// What may stand where: aliases, several arguments, names for numbers, and times as people say them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using Words = std::vector<std::string>;
using nlohmann::json;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Book {
 public:
  Book() {
    REQUIRE(run({"init", "--rehearsal", "--now", "2026-07-31T12:00:00Z"}).status == 0);
    REQUIRE(run({"price", "set", "com", "59.00", "EUR"}).status == 0);
    for (const char* name : {"alice", "bob"}) REQUIRE(run({"account", "open", name, "--currency", "EUR"}).status == 0);
  }
  support::ProgramResult run(Words words) const {
    words.insert(words.begin(), {"--db", folder_.file("book.db")});
    return support::run_program(words);
  }
  json read(Words words) const {
    words.push_back("--json");
    const support::ProgramResult result = run(words);
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
    return json::parse(result.output);
  }
  std::size_t open() const { return read({"backorder", "list", "--open"})["rows"].size(); }

 private:
  support::TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("aliases: what people type first is understood, whatever options stand before it") {
  const Book book;
  REQUIRE(book.run({"fund", "alice", "100.00"}).status == 0);
  struct Row {
    Words typed, meant;
  };
  for (const Row& row : {Row{{"status"}, {"doctor"}}, Row{{"balance", "alice"}, {"account", "show", "alice"}},
                         Row{{"accounts"}, {"account", "list"}}, Row{{"list", "accounts"}, {"account", "list"}},
                         Row{{"--color", "never", "list", "accounts"}, {"account", "list"}},
                         Row{{"list", "--no-header", "prices"}, {"price", "list", "--no-header"}},
                         Row{{"prices"}, {"price", "list"}}, Row{{"drop", "list"}, {"droplist", "search"}}}) {
    CAPTURE(row.typed.back());
    const support::ProgramResult typed = book.run(row.typed), meant = book.run(row.meant);
    CHECK(typed.status == 0);
    CHECK(typed.output == meant.output);
  }
  CHECK(book.run({"frobnicate"}).status == 2);
}

TEST_CASE("several arguments: all or nothing, a line each, the same in a dry run") {
  const Book book;
  const Words all{"backorder", "place", "alice", "one.com", "two.com", "three.com"};
  Words tried = all;
  tried.push_back("--dry-run");
  json placed = book.read(tried);
  CHECK(placed["schema"] == "dropledger.placements/1");
  CHECK(placed["rows"].size() == 3);
  CHECK(placed["rows"][2]["result"] == "placed");
  CHECK(placed["kept"] == false);
  CHECK(book.open() == 0);
  // .org has no price: nothing is placed
  const support::ProgramResult refused =
      book.run({"backorder", "place", "alice", "one.com", "two.org", "three.com", "--json"});
  CHECK(refused.status != 0);
  const json rows = json::parse(refused.output);
  CHECK(rows["kept"] == false);
  REQUIRE(rows["rows"].size() == 3);
  CHECK(rows["rows"][0]["result"] == "placed");
  CHECK(rows["rows"][0]["backorder"] == "");
  CHECK(rows["rows"][1]["result"] != "placed");
  CHECK(rows["rows"][1]["detail"] != "");
  CHECK(has(refused.error, "nothing was placed"));
  CHECK(book.open() == 0);

  Words once = all;
  once.insert(once.end(), {"--request", "mine"});
  placed = book.read(once);
  CHECK(placed["kept"] == true);
  CHECK(book.open() == 3);
  CHECK(book.read(once)["rows"][1]["result"] == "replayed");
  CHECK(book.open() == 3);

  CHECK(book.run({"backorder", "cancel", "1", "99", "3"}).status == 4);
  CHECK(book.open() == 3);
  const json cancelled = book.read({"backorder", "cancel", "1", "two.com"});
  CHECK(cancelled["schema"] == "dropledger.cancellations/1");
  CHECK(cancelled["rows"].size() == 2);
  CHECK(cancelled["rows"][1]["domain"] == "two.com");
  CHECK(cancelled["rows"][1]["state"] == "CANCELLED");
  CHECK(book.open() == 1);
  CHECK(book.run({"backorder", "cancel", "3", "1"}).status != 0);  // 1 has ended
  CHECK(book.open() == 1);
}

TEST_CASE("names for numbers: one candidate is taken, several are listed, none is guessed") {
  const Book book;
  REQUIRE(book.run({"backorder", "place", "alice", "example.com"}).status == 0);
  CHECK(book.read({"backorder", "show", "EXAMPLE.com"})["backorder"] == 1);
  CHECK(book.read({"backorder", "explain", "example.com"})["backorder"] == 1);
  CHECK(book.read({"events", "--backorder", "example.com"})["rows"].size() == 1);
  REQUIRE(book.run({"backorder", "place", "bob", "example.com"}).status == 0);
  const support::ProgramResult two = book.run({"backorder", "show", "example.com"});
  CHECK(two.status == 2);
  CHECK(has(two.error, "1 (alice, REQUESTED), 2 (bob, REQUESTED)"));
  REQUIRE(book.run({"backorder", "cancel", "1"}).status == 0);
  CHECK(book.read({"backorder", "show", "example.com"})["backorder"] == 2);  // the open one
  CHECK(book.run({"backorder", "show", "other.com"}).status == 4);
  CHECK(book.run({"backorder", "show", "no name"}).status == 2);
  CHECK(book.run({"backorder", "resolve", "example.com", "--as", "keep", "--why", "x"}).status == 4);
}

TEST_CASE("lists: newest first, oldest on request, and a cursor goes forward") {
  const Book book;
  for (const char* name : {"one.com", "two.com", "three.com"})
    REQUIRE(book.run({"backorder", "place", "alice", name}).status == 0);
  const json newest = book.read({"events", "--last", "2"});
  REQUIRE(newest["rows"].size() == 2);
  CHECK(newest["truncated"] == true);
  CHECK(newest["rows"][0]["backorder"] == 3);
  CHECK(newest["rows"][1]["backorder"] == 2);
  const json oldest = book.read({"events", "--oldest-first"});
  CHECK(oldest["rows"][0]["event"] < oldest["rows"][1]["event"]);
  const json after = book.read({"events", "--after", "1"});
  CHECK(after["rows"][0]["event"] == 2);
  CHECK(book.read({"backorder", "list"})["rows"][0]["domain"] == "three.com");
  CHECK(book.read({"backorder", "list", "--oldest-first"})["rows"][0]["domain"] == "one.com");
  CHECK(book.read({"backorder", "list", "--last", "1"})["rows"][0]["domain"] == "three.com");
}

TEST_CASE("times: months, days and spans as people say them, and a day that an end cuts off is noted") {
  const Book book;  // its clock stands at noon of 31 July 2026
  REQUIRE(book.run({"fund", "alice", "10.00"}).status == 0);
  struct Row {
    Words range;
    std::string from, to, note;
  };
  for (const Row& row :
       {Row{{"--month", "2026-07"}, "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z", ""},
        Row{{"--month", "2026-12"}, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", ""},
        Row{{"--from", "2026-07", "--to", "2026-08-01"}, "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z", ""},
        Row{{"--from", "today"}, "2026-07-31T00:00:00Z", "", ""},
        Row{{"--from", "yesterday", "--to", "today"},
            "2026-07-30T00:00:00Z",
            "2026-07-31T00:00:00Z",
            "--to 2026-08-01 includes it"},
        Row{{"--from", "-7d"}, "2026-07-24T12:00:00Z", "", ""},
        Row{{"--from", "2026-07-01", "--to", "2026-07-31"},
            "2026-07-01T00:00:00Z",
            "2026-07-31T00:00:00Z",
            "--to 2026-08-01 includes it"},
        Row{{"--from", "2026-07-01", "--to", "2026-08"},
            "2026-07-01T00:00:00Z",
            "2026-08-01T00:00:00Z",
            "--to 2026-09-01 includes it"}}) {
    CAPTURE(row.range.back());
    Words words{"statement", "alice", "--json"};
    words.insert(words.end(), row.range.begin(), row.range.end());
    const support::ProgramResult result = book.run(words);
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
    const json report = json::parse(result.output);
    CHECK(report["from"] == row.from);
    CHECK((report["to"].is_null() ? "" : report["to"].get<std::string>()) == row.to);
    CHECK(has(result.error, row.note));
    CHECK(result.error.empty() == row.note.empty());
  }
  for (const Words& wrong :
       {Words{"--month", "July"}, Words{"--month", "2026-13"}, Words{"--from", "-7x"},
        Words{"--from", "today", "--to", "yesterday"}, Words{"--month", "2026-07", "--from", "today"}}) {
    Words words{"statement", "alice"};
    words.insert(words.end(), wrong.begin(), wrong.end());
    CAPTURE(wrong.back());
    CHECK(book.run(words).status != 0);
  }
}
