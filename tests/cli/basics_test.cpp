// The program as people and scripts meet it: help, mistakes, statuses, repetition, clocks, dry runs. Each case runs
// build/dropledger.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/older_book.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/running_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using nlohmann::json;

using Words = std::vector<std::string>;

struct Ended {
  int status;  // -1: ended by a signal
  std::string out, err;
};
Ended ended(const support::ProgramResult& result) { return {result.status.value_or(-1), result.output, result.error}; }
Ended dropledger(const Words& words, const std::string& input = "") {
  return ended(support::run_program(words, {.input = input}));
}

// A book with an account, a price and some money.
class Book {
 public:
  explicit Book(bool rehearsal = true) {
    Words init{"init"};
    if (rehearsal) init = {"init", "--rehearsal", "--now", "2026-07-01"};
    REQUIRE(run(init).status == 0);
    REQUIRE(run({"price", "set", "com", "59.00", "EUR"}).status == 0);
    REQUIRE(run({"account", "open", "alice", "--currency", "EUR"}).status == 0);
    REQUIRE(run({"fund", "alice", "100.00", "--request", "first"}).status == 0);
  }
  std::string path() const { return folder_.file("book.db"); }
  const support::TemporaryDirectory& folder() const { return folder_; }
  Ended run(Words words, const std::string& input = "") const {
    words.insert(words.begin(), {"--db", path()});
    return dropledger(std::move(words), input);
  }
  json read(Words words) const {
    words.insert(words.end(), {"--format", "json"});
    const Ended result = run(words);
    CAPTURE(result.err);
    REQUIRE(result.status == 0);
    return json::parse(result.out);
  }
  std::string available() const { return read({"account", "show", "alice"})["available"]["amount"]; }
  // Everything that a changing command could have left behind.
  std::string content() const {
    json verified = read({"verify"}), doctor = read({"doctor"});
    for (const char* volatile_key : {"now", "rows", "health"}) doctor.erase(volatile_key);  // of the machine
    return verified.dump() + doctor.dump() + read({"account", "list"}).dump() + read({"price", "list"}).dump() +
           read({"config", "list"}).dump() + read({"tax", "list"}).dump() + read({"schedule", "list"}).dump();
  }

 private:
  support::TemporaryDirectory folder_;
};

// The error object of a refused command.
json error_of(const Ended& result) {
  CAPTURE(result.err);
  const json parsed = json::parse(result.err, nullptr, false);
  REQUIRE(parsed.is_object());
  return parsed["error"];
}

void set_byte(const std::string& path, std::streamoff at, char value) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file.put(value);
  REQUIRE(file.good());
}

}  // namespace

TEST_CASE("help teaches the first steps and goes to stdout") {
  const Ended help = dropledger({"--help"});
  CHECK(help.status == 0);
  CHECK(help.err.empty());
  for (const char* word : {"First steps", "init --rehearsal", "backorder place", "DROPLEDGER_DB", "--dry-run"}) {
    CAPTURE(word);
    CHECK(help.out.find(word) != std::string::npos);
  }
  const Ended fund = dropledger({"fund", "--help"});
  CHECK(fund.status == 0);
  CHECK(fund.out.find("Examples:") != std::string::npos);
  CHECK(fund.out.find("--effective") != std::string::npos);
}

TEST_CASE("version is one line") {
  for (const char* option : {"--version", "-V"}) {
    const Ended version = dropledger({option});
    CHECK(version.status == 0);
    CHECK(version.out.starts_with("dropledger "));
    CHECK(std::count(version.out.begin(), version.out.end(), '\n') == 1);
  }
}

TEST_CASE("a mistyped command or option is a usage error that names the nearest") {
  struct Row {
    Words words;
    const char* says;
  };
  for (const Row& row :
       {Row{{"fnud", "alice", "10"}, "'fund'"}, Row{{"acount", "list"}, "'account'"},
        Row{{"account", "lst"}, "'account list'"}, Row{{"explain", "account", "alice"}, "'dropledger account explain'"},
        Row{{"fund", "alice", "10", "--efective", "2026-07-01"}, "'--effective'"},
        Row{{"verify", "--dryrun"}, "'--dry-run'"}, Row{{}, "no command given"},
        Row{{"account"}, "'account' needs a command"}, Row{{"verify", "now"}, "unexpected argument 'now'"},
        Row{{"fund", "alice"}, "amount"}, Row{{"account", "freeze", "alice"}, "--reason"},
        Row{{"verify", "--format", "xml"}, "xml"}, Row{{"adjust", "alice", "5", "--reason", "x"}, "--credit"},
        Row{{"account", "set", "alice"}, "--tier"}}) {
    const Ended result = dropledger(row.words);
    CAPTURE(result.err);
    CAPTURE(row.says);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK(result.err.find(row.says) != std::string::npos);
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  }
  const json error = error_of(dropledger({"--format", "json", "fnud"}));
  CHECK(error["exit_status"] == 2);
}

TEST_CASE("an account may be called like a command") {
  const Book book;
  for (const char* name : {"list", "fund", "account"}) {
    CAPTURE(name);
    CHECK(book.run({"account", "open", name, "--currency", "EUR"}).status == 0);
    CHECK(book.run({"fund", name, "1.00"}).status == 0);
    CHECK(book.run({"account", "show", name}).status == 0);
  }
}

TEST_CASE("global options are understood before and after the command") {
  const Book book;
  const Ended before = dropledger({"--db", book.path(), "--format", "json", "account", "show", "alice"});
  const Ended after = dropledger({"account", "show", "alice", "--format=json", "--db", book.path()});
  const Ended between = dropledger({"account", "--json", "show", "--db", book.path(), "alice"});
  CHECK(before.status == 0);
  CHECK(after.out == before.out);
  CHECK(between.out == before.out);
}

TEST_CASE("bad input is refused with its code and changes nothing") {
  const Book book;
  const std::string before = book.content();
  REQUIRE(book.run({"account", "open", "yuki", "--currency", "JPY", "--dry-run"}).status == 0);
  struct Row {
    Words words;
    const char* code;
    int status;
  };
  for (const Row& row : {
           Row{{"fund", "alice", "-5"}, "invalid_amount", 3},
           Row{{"fund", "alice", "0"}, "invalid_amount", 3},
           Row{{"fund", "alice", "0.00"}, "invalid_amount", 3},
           Row{{"fund", "alice", "1,5"}, "invalid_amount", 3},
           Row{{"fund", "alice", "1e3"}, "invalid_amount", 3},
           Row{{"fund", "alice", "1.234"}, "invalid_amount", 3},
           Row{{"fund", "alice", "1.234 EUR"}, "invalid_amount", 3},
           Row{{"fund", "alice", "ten"}, "invalid_amount", 3},
           Row{{"fund", "alice", ""}, "invalid_amount", 3},
           Row{{"fund", "alice", "0x10"}, "invalid_amount", 3},
           Row{{"fund", "alice", "١٠"}, "invalid_amount", 3},
           Row{{"fund", "alice", "10000000000000.01"}, "amount_out_of_range", 3},
           Row{{"fund", "alice", "99999999999999999999999999"}, "amount_out_of_range", 3},
           Row{{"fund", "bob", "10"}, "account_not_found", 4},
           Row{{"fund", "alice", "10", "--effective", "yesterday"}, "invalid_time", 3},
           Row{{"fund", "alice", "10", "--effective", "2062-07-01"}, "invalid_time", 3},
           Row{{"withdraw", "alice", "100.01"}, "insufficient_available", 5},
           Row{{"adjust", "alice", "100.01", "--debit", "--reason", "x"}, "insufficient_available", 5},
           Row{{"reverse", "999", "--reason", "x"}, "transfer_not_found", 4},
           Row{{"reverse", "seventeen", "--reason", "x"}, "invalid_argument", 2},
           Row{{"reverse", "0", "--reason", "x"}, "invalid_argument", 2},
           Row{{"reverse", "99999999999999999999", "--reason", "x"}, "invalid_argument", 2},
           Row{{"account", "open", "alice", "--currency", "EUR"}, "account_exists", 6},
           Row{{"account", "open", "carol", "--currency", "XXX"}, "unknown_currency", 3},
           Row{{"account", "open", "carol", "--currency", "euro"}, "unknown_currency", 3},
           Row{{"account", "open", "two words", "--currency", "EUR"}, "invalid_argument", 2},
           Row{{"account", "limit", "alice", "-1"}, "invalid_amount", 3},
           Row{{"account", "show", "bob"}, "account_not_found", 4},
           Row{{"price", "set", "com", "0", "EUR"}, "invalid_amount", 3},
           Row{{"price", "set", "com", "59.00", "ABC"}, "unknown_currency", 3},
           Row{{"price", "set", "com", "59.00", "JPY"}, "invalid_amount", 3},
           Row{{"price", "list", "--zone", "museum"}, "unknown_zone", 3},
           Row{{"backorder", "place", "alice", "example.museum"}, "unknown_zone", 3},
           Row{{"registry", "show", "--registry", "/no/such/world.db"}, "database_missing", 4},
           Row{{"schedule", "set", "com", "--deposit-lead", "1h"}, "invalid_schedule", 3},
           Row{{"schedule", "set", "com", "--time-zone", "Mars/Olympus"}, "unknown_time_zone", 3},
           Row{{"schedule", "set", "com", "--at", "25:00"}, "invalid_time", 3},
           Row{{"tax", "set", "DE", "101"}, "invalid_argument", 2},
           Row{{"tax", "set", "DE", "-1"}, "invalid_argument", 2},
           Row{{"config", "set", "funding.void", "never"}, "invalid_argument", 2},
           Row{{"config", "set", "no.such", "1"}, "invalid_argument", 2},
           Row{{"period", "close", "2027-01-01"}, "invalid_argument", 2},
           Row{{"price", "import", "/no/such/file"}, "file_not_found", 4},
       }) {
    Words words = row.words;
    words.push_back("--json");
    const Ended result = book.run(words);
    CAPTURE(row.words.front());
    CAPTURE(row.words.back());
    const json error = error_of(result);
    CAPTURE(error.dump());
    CHECK(error["code"] == row.code);
    CHECK(error["exit_status"] == row.status);
    CHECK(result.status == row.status);
    CHECK(result.out.empty());
  }
  CHECK(book.content() == before);
}

TEST_CASE("a price file is taken whole or not at all, and every bad line is named") {
  const Book book;
  const std::string header = "zone,tier,currency,amount,valid_from,valid_to\n";
  const Ended refused =
      book.run({"price", "import", "-", "--json"},
               header + "net,standard,EUR,49.00,,\norg,standard,EUR,0,,\nde,standard,EUR\nnet,standard,EUR,48.00,,\n");
  CHECK(refused.status == 3);
  const std::string detail = error_of(refused)["message"];
  CAPTURE(detail);
  for (const char* line : {"line 3:", "line 4:", "line 5:"}) CHECK(detail.find(line) != std::string::npos);
  CHECK(book.read({"price", "list"})["count"] == 1);

  const Ended taken =
      book.run({"price", "import", "-"},
               "\xEF\xBB\xBF# our "
               "prices\r\nAmount,Zone,Tier,Currency\r\n49.00,net,standard,EUR\r\n\r\n\"39.00\",.com.pl,gold,EUR\r\n");
  CAPTURE(taken.err);
  CHECK(taken.status == 0);
  CHECK(book.read({"price", "list"})["count"] == 3);
  CHECK(book.run({"price", "import", "-"}, "").status == 3);
  CHECK(book.run({"price", "import", "-"}, "zone,tier,currency\n").status == 3);
}

TEST_CASE("a book that cannot be opened is refused by its own code") {
  const support::TemporaryDirectory folder;
  const Book book;
  struct Row {
    std::string path;
    const char* code;
  };
  const std::string text = folder.file("text.db"), newer = folder.file("newer.db"), empty = folder.file("empty.db");
  std::ofstream(text) << "This is no database, but it is longer than a hundred bytes, so that nobody can take it for a "
                         "header that was cut off in the middle.";
  std::ofstream(empty).flush();
  REQUIRE(book.run({"backup", newer}).status == 0);
  // PRAGMA user_version, bytes 60 to 63 of the header (SQLite, "Database File Format", 1.3)
  set_byte(newer, 62, 0x7f);
  for (const Row& row :
       {Row{folder.file("missing.db"), "database_missing"}, Row{text, "not_a_database"}, Row{newer, "database_newer"},
        Row{empty, "not_a_database"}, Row{folder.path().string(), "not_a_database"}}) {
    for (const Words& words :
         {Words{"verify"}, Words{"fund", "alice", "1.00"}, Words{"fund", "alice", "1.00", "--dry-run"}}) {
      Words all{"--db", row.path, "--json"};
      all.insert(all.end(), words.begin(), words.end());
      const Ended result = dropledger(all);
      CAPTURE(row.path);
      const json error = error_of(result);
      CAPTURE(error.dump());
      CHECK(error["code"] == row.code);
      CHECK(result.status == error["exit_status"]);
      CHECK(result.status != 0);
    }
  }
  CHECK_FALSE(std::filesystem::exists(folder.file("missing.db")));
  const Ended again = book.run({"init", "--json"});
  CHECK(error_of(again)["code"] == "database_exists");
  CHECK(error_of(book.run({"backup", newer, "--json"}))["code"] == "database_exists");
}

TEST_CASE(
    "an older book is brought forward by what writes, which says so: a command, or serve; what reads leaves it as it "
    "is") {
  const support::TemporaryDirectory folder;
  struct Row {
    const char* name;
    Words writes;
  };
  for (const Row& row : {Row{"written.db", {"account", "open", "alice", "--currency", "EUR"}},
                         Row{"served.db", {"serve", "--listen", "127.0.0.1:0"}},
                         Row{"rehearsed.db", {"serve", "--listen", "127.0.0.1:0", "--rehearsal"}}}) {
    CAPTURE(row.name);
    const std::string path = folder.file(row.name), log = folder.file("log");
    const int schema = support::make_book_before(path, "deposit_in_its_index", support::at("2026-07-01T00:00:00Z"));
    const Ended read = dropledger({"--db", path, "verify", "--json"});
    CHECK(error_of(read)["code"] == "database_read_only");
    Words all{"--db", path};
    all.insert(all.end(), row.writes.begin(), row.writes.end());
    std::string said;
    if (row.writes.front() == "serve") {
      support::RunningProgram server(all, log);
      CHECK(server.read_line().starts_with("listening on "));
      server.signal(SIGTERM);
      CHECK(server.wait() == 0);
      std::ifstream stream(log);
      said.assign(std::istreambuf_iterator<char>(stream), {});
    } else {
      said = dropledger(all).err;
    }
    CAPTURE(said);
    CHECK(said.find("is brought forward from schema " + std::to_string(schema)) != std::string::npos);
    CHECK(std::filesystem::exists(path + ".before-" + std::to_string(schema)));
    CHECK(dropledger({"--db", path, "verify"}).status == 0);
  }
}

TEST_CASE("a book that another program writes to is busy, and can still be read") {
  const Book book;
  const auto other = storage::open_book(book.path(), {});
  other->begin();
  const Ended result = book.run({"fund", "alice", "1.00", "--wait", "0s", "--json"});
  CHECK(result.status == 8);
  CHECK(error_of(result)["code"] == "database_busy");
  CHECK(error_of(result)["retryable"] == true);
  CHECK(book.available() == "100.00");
  other->rollback();
  CHECK(book.run({"fund", "alice", "1.00"}).status == 0);
}

TEST_CASE("a user who may not write gets a refusal, not a broken book") {
  const Book book;
  const std::string program = book.folder().file("dropledger");
  std::filesystem::copy_file(support::program_path(), program);
  const auto all_may_read =
      std::filesystem::perms::owner_read | std::filesystem::perms::group_read | std::filesystem::perms::others_read;
  const auto all_may_run = all_may_read | std::filesystem::perms::owner_exec | std::filesystem::perms::group_exec |
                           std::filesystem::perms::others_exec;
  std::filesystem::permissions(program, all_may_run);
  std::filesystem::permissions(book.path(), all_may_read);
  std::filesystem::permissions(book.folder().path(), all_may_run);
  Words words{"--db", book.path(), "--json", "fund", "alice", "1.00"};
  Ended result;
  if (geteuid() == 0) {  // root may write everything: become nobody
    words.insert(words.begin(), {"--reuid=65534", "--regid=65534", "--clear-groups", program});
    result = ended(support::run("/usr/bin/setpriv", words));
  } else {
    result = dropledger(words);
  }
  CHECK(result.out.empty());
  const json error = error_of(result);
  CHECK(error["code"] == "database_read_only");
  CHECK(result.status == error["exit_status"]);
  std::filesystem::permissions(book.folder().path(), std::filesystem::perms::owner_all);
  std::filesystem::permissions(book.path(), std::filesystem::perms::owner_all);
  CHECK(book.available() == "100.00");
}

TEST_CASE("a repeated request answers again; another content under its id is refused") {
  const Book book;
  const json first = book.read({"fund", "alice", "10.00", "--request", "r1", "--memo", "invoice 7"});
  const json again = book.read({"fund", "alice", "10.00", "--request", "r1", "--memo", "invoice 7"});
  CHECK(first["replayed"] == false);
  CHECK(again["replayed"] == true);
  CHECK(again["transfer"] == first["transfer"]);
  CHECK(again["available"] == first["available"]);
  CHECK(book.available() == "110.00");

  const Ended other = book.run({"fund", "alice", "10.01", "--request", "r1", "--memo", "invoice 7", "--json"});
  CHECK(error_of(other)["code"] == "request_id_reused");
  CHECK(other.status == 6);
  CHECK(error_of(other)["message"].get<std::string>().find("10.00") != std::string::npos);
  // ids are unique per sender
  CHECK(book.run({"fund", "alice", "10.00", "--request", "r1", "--sender", "bank"}).status == 0);
  CHECK(book.available() == "120.00");

  // A refusal for reasons of state is the answer for ever, even when money has arrived since.
  CHECK(book.run({"withdraw", "alice", "500.00", "--request", "r2"}).status == 5);
  CHECK(book.run({"fund", "alice", "1000.00"}).status == 0);
  CHECK(book.run({"withdraw", "alice", "500.00", "--request", "r2"}).status == 5);
  CHECK(book.available() == "1120.00");

  // What the clock fills in is no part of what was asked.
  for (const Words& words : {Words{"price", "set", "net", "49.00", "EUR", "--request", "r3"},
                             Words{"tax", "set", "DE", "19", "--request", "r4"}}) {
    Words later = words;
    CHECK(book.run(words).status == 0);
    later.insert(later.end(), {"--now", "2026-07-02"});
    const Ended repeated = book.run(later);
    CAPTURE(repeated.err);
    CHECK(repeated.status == 0);
  }
}

TEST_CASE("a live book's clock is the machine's; --now is for reading and dry runs") {
  const Book book(false);
  const Ended refused = book.run({"fund", "alice", "1.00", "--now", "2030-01-01", "--json"});
  CHECK(error_of(refused)["code"] == "clock_not_movable");
  CHECK(refused.status != 0);
  CHECK(book.run({"fund", "alice", "1.00", "--now", "2030-01-01", "--dry-run"}).status == 0);
  CHECK(book.run({"account", "show", "alice", "--now", "2030-01-01"}).status == 0);
  CHECK(book.available() == "100.00");
  const support::TemporaryDirectory folder;
  CHECK(error_of(dropledger({"--db", folder.file("b.db"), "init", "--now", "2030-01-01", "--json"}))["code"] ==
        "clock_not_movable");
}

TEST_CASE("a rehearsal book's clock stands still until --now moves it, and never goes back") {
  const Book book;
  CHECK(book.read({"doctor"})["now"] == "2026-07-01T00:00:00Z");
  CHECK(book.run({"fund", "alice", "1.00", "--now", "2026-07-03T12:00:00Z"}).status == 0);
  CHECK(book.read({"doctor"})["now"] == "2026-07-03T12:00:00Z");
  CHECK(book.run({"fund", "alice", "1.00"}).status == 0);
  CHECK(book.read({"doctor"})["last_recorded"] == "2026-07-03T12:00:00Z");
  const Ended back = book.run({"fund", "alice", "1.00", "--now", "2026-07-02", "--json"});
  CHECK(error_of(back)["code"] == "clock_not_movable");
  CHECK(error_of(back)["message"].get<std::string>().find("2026-07-03T12:00:00Z") != std::string::npos);
  CHECK(book.run({"account", "show", "alice", "--now", "2026-07-02"}).status == 0);
  CHECK(error_of(book.run({"fund", "alice", "1.00", "--now", "soon", "--json"}))["code"] == "invalid_time");
  CHECK(book.available() == "102.00");
}

TEST_CASE("a dry run answers like the real thing and leaves nothing behind") {
  const Book book;
  const std::string before = book.content();
  const json funded = book.read({"fund", "alice", "10.00", "--dry-run"});
  CHECK(funded["available"]["amount"] == "110.00");
  CHECK(funded["dry_run"] == true);
  for (const Words& words :
       {Words{"withdraw", "alice", "1.00"}, Words{"adjust", "alice", "1.00", "--credit", "--reason", "x"},
        Words{"account", "open", "bob", "--currency", "USD"}, Words{"account", "freeze", "alice", "--reason", "x"},
        Words{"account", "limit", "alice", "5.00"}, Words{"account", "set", "alice", "--tier", "gold"},
        Words{"account", "close", "alice", "--reason", "x", "--pay-out-to", "bank"},
        Words{"reverse", "1", "--reason", "x"}, Words{"chargeback", "1", "--reason", "x"},
        Words{"suspense", "add", "5.00", "EUR", "--memo", "x"}, Words{"provider", "fund", "5.00", "USD"},
        Words{"provider", "cost", "5.00", "USD", "--memo", "x"}, Words{"price", "set", "net", "5.00", "EUR"},
        Words{"schedule", "set", "net", "--submit-lead", "12h"}, Words{"tax", "set", "DE", "19"},
        Words{"config", "set", "warn.ahead", "14d"}, Words{"period", "close", "2026-07-01"},
        Words{"fund", "alice", "1.00", "--request", "dry"}}) {
    Words dry = words;
    dry.push_back("--dry-run");
    const Ended result = book.run(dry);
    CAPTURE(words.front());
    CAPTURE(result.err);
    CHECK(result.status == 0);
    CHECK(result.err.find("nothing was changed") != std::string::npos);
  }
  CHECK(book.content() == before);
  // nor did it take the id
  CHECK(book.read({"fund", "alice", "2.00", "--request", "dry"})["replayed"] == false);
  const support::TemporaryDirectory folder;
  CHECK(dropledger({"--db", folder.file("b.db"), "init", "--dry-run"}).status == 0);
  CHECK_FALSE(std::filesystem::exists(folder.file("b.db")));
}

TEST_CASE("a change says one line, or a record, or nothing") {
  const Book book;
  const Ended line = book.run({"fund", "alice", "10.00", "--request", "r9"});
  CHECK(line.out.starts_with("funded alice 10.00 EUR: available 110.00 EUR, reserved 0.00 EUR (transfer "));
  CHECK(line.out.ends_with("request r9)\n"));
  CHECK(line.err.empty());
  CHECK(book.run({"fund", "alice", "10.00", "--quiet"}).out.empty());
  const json record = book.read({"fund", "alice", "10.00"});
  CHECK(record["available"] == json{{"amount", "130.00"}, {"minor", 13000}, {"currency", "EUR"}});
  CHECK(record["request"].get<std::string>().size() >= 16);
  const Ended csv = book.run({"fund", "alice", "10.00", "--csv"});
  CHECK(csv.out.starts_with("account,available,available_currency,"));
}

TEST_CASE("corrections name the transfer that the answer named") {
  const Book book;
  const std::string transfer = book.read({"fund", "alice", "10.00"})["transfer"];
  CHECK(book.run({"reverse", transfer, "--reason", "wrong customer"}).status == 0);
  CHECK(error_of(book.run({"reverse", transfer, "--reason", "again", "--json"}))["code"] == "already_reversed");
  CHECK(book.available() == "100.00");
}

TEST_CASE("an answer that cannot be written is not passed over in silence") {
  const Book book;
  const Ended result = ended(support::run(
      "/bin/sh", {"-c", "exec \"$0\" --db \"$1\" account list > /dev/full", support::program_path(), book.path()}));
  CHECK(result.status == 74);
  CHECK(result.err.find("could not be written") != std::string::npos);
  // A reader that leaves early is no error of ours.
  const Ended piped = ended(
      support::run("/bin/sh", {"-c", "\"$0\" --db \"$1\" schedule list | true", support::program_path(), book.path()}));
  CHECK(piped.status == 0);
  CHECK(piped.err.empty());
}

TEST_CASE("the environment names the book; the option comes first") {
  const Book book;
  const support::TemporaryDirectory folder;
  const Ended named =
      ended(support::run_program({"doctor", "--json"}, {.environment = {{"DROPLEDGER_DB", book.path()}}}));
  CHECK(named.status == 0);
  CHECK(json::parse(named.out)["book"] == book.path());
  const Ended other = ended(support::run_program({"doctor", "--db", folder.file("x.db"), "--json"},
                                                 {.environment = {{"DROPLEDGER_DB", book.path()}}}));
  CHECK(error_of(other)["code"] == "database_missing");
}

TEST_CASE("verify proves the book, and says so") {
  const Book book;
  const json verified = book.read({"verify"});
  CHECK(verified["findings"] == 0);
  CHECK(verified["transfers"] == 1);
  CHECK(verified["count"] == 0);
}

TEST_CASE("verify finds what somebody changed behind the program's back") {
  const Book book;
  REQUIRE(book.run({"fund", "alice", "10.00", "--memo", "invoice-4711"}).status == 0);
  std::ifstream file(book.path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  std::size_t changed = 0;
  for (std::size_t at = bytes.find("invoice-4711"); at != std::string::npos;
       at = bytes.find("invoice-4711", at + 1), ++changed) {
    set_byte(book.path(), static_cast<std::streamoff>(at), 'I');
  }
  REQUIRE(changed > 0);
  const Ended result = book.run({"verify", "--json"});
  CHECK(result.status == 5);
  CHECK(error_of(result)["code"] == "books_differ");
  CHECK(json::parse(result.out)["findings"] >= 1);
}
