// Statements, payments in and reconciliation as people meet them: the program on a small book, and on copies of it that
// were damaged on purpose.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/bank.hpp"
#include "tools/operations/statements.hpp"

namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

struct Ended {
  int status;
  std::string out, err;
};

std::string entry(const std::string& id, const std::string& amount, const std::string& text,
                  const std::string& end_to_end = "", const std::string& currency = "EUR",
                  const std::string& sign = "CRDT") {
  return "<Ntry><Amt Ccy=\"" + currency + "\">" + amount + "</Amt><CdtDbtInd>" + sign +
         "</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-07-01</Dt></BookgDt>" +
         (id.empty() ? "" : "<AcctSvcrRef>" + id + "</AcctSvcrRef>") + "<NtryDtls><TxDtls><Refs><EndToEndId>" +
         (end_to_end.empty() ? "NOTPROVIDED" : end_to_end) +
         "</EndToEndId></Refs><RltdPties><Dbtr><Nm>Payer</Nm></Dbtr></RltdPties><RmtInf><Ustrd>" + text +
         "</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>";
}
std::string statement(const std::string& id, const std::string& entries, const std::string& balances = "") {
  return "<Document><BkToCstmrStmt><Stmt><Id>" + id + "</Id><Acct><Id><IBAN>DE1</IBAN></Id></Acct>" + balances +
         entries + "</Stmt></BkToCstmrStmt></Document>";
}
std::string balance(const char* kind, const char* amount) {
  return std::string("<Bal><Tp><CdOrPrtry><Cd>") + kind + "</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">" + amount +
         "</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>";
}

// Two accounts in EUR, one in USD; no provider until one is made.
class TestLedger {
 public:
  TestLedger() {
    good({"init", "--rehearsal", "--now", "2026-07-01"});
    for (const char* name : {"alice", "bob"}) good({"account", "open", name, "--currency", "EUR"});
    good({"account", "open", "carol", "--currency", "USD"});
    good({"payments", "reference", "alice", "DL-alice-7"});
  }
  const support::TemporaryDirectory& folder() const { return folder_; }
  std::string book() const { return folder_.file("book.db"); }
  std::string registry() const { return folder_.file("world.db"); }

  Ended run(Words words, const std::string& input = "") const {
    words.insert(words.begin(), {"--db", book()});
    if (with_registry_) words.insert(words.begin(), {"--registry", registry()});
    const support::ProgramResult result = support::run_program(words, {.input = input});
    return {result.status.value_or(-1), result.output, result.error};
  }
  void good(const Words& words, const std::string& input = "") const {
    const Ended result = run(words, input);
    CAPTURE(result.err);
    CAPTURE(words[0] + " " + (words.size() > 1 ? words[1] : ""));
    REQUIRE(result.status == 0);
  }
  json read(Words words, const std::string& input = "") const {
    words.insert(words.end(), {"--format", "json"});
    const Ended result = run(words, input);
    CAPTURE(result.err);
    REQUIRE((result.status == 0 || result.status == 7));
    return json::parse(result.out);
  }
  json import(const std::string& xml, Words more = {}) const {
    Words words{"payments", "import", "-", "--source", "bank"};
    words.insert(words.end(), more.begin(), more.end());
    return read(words, xml);
  }
  std::string available(const std::string& account) const {
    return read({"account", "show", account})["available"]["amount"];
  }

  // One name caught and charged, one still held, the charge booked: everything agrees at 2026-07-06 06:00.
  void with_provider() {
    with_registry_ = true;
    good({"registry", "init",        registry(), "--seed",     "7",  "--catch", "100", "--competitors",
          "0",        "--withdrawn", "0",        "--refused",  "0",  "--slow",  "0",   "--balance",
          "500.00",   "--job-price", "15.00",    "--currency", "USD"});
    good({"price", "set", "com", "59.00", "EUR"});
    good({"payments", "import", "-", "--source", "bank"},
         statement("s1", entry("B-1", "200.00", "DL-alice-7", "E2E-1")));
    const std::string list = "early.com;2026-07-05 18:00:00\nlater.com;2026-07-08 12:00:00\n";
    good({"droplist", "import", "-", "--source", "list", "--date-is", "drop"}, list);
    good({"registry", "learn", "-", "--date-is", "drop"}, list);
    good({"backorder", "place", "alice", "early.com", "later.com"});
    good({"sweep", "--now", "2026-07-02T18:00:00Z"});
    good({"sweep", "--now", "2026-07-05T12:00:00Z"});
    good({"sweep", "--now", "2026-07-06T06:00:00Z"});
    good(
        {"provider", "fund", "500.00", "USD", "--source", "dollars", "--memo", "opening", "--effective", "2026-07-01"});
    const json off = reconcile("provider");
    REQUIRE(off["rows"].size() == 1);
    shell(off["rows"][0]["command"]);
  }
  // Runs a command as it is printed.
  void shell(const std::string& command) const {
    const std::string folder = std::filesystem::path(support::program_path()).parent_path().string();
    const support::ProgramResult result =
        support::run("/bin/sh", {"-c", command},
                     {.environment = {{"PATH", folder + ":/usr/bin:/bin"},
                                      {"DROPLEDGER_DB", book()},
                                      {"DROPLEDGER_REGISTRY", with_registry_ ? registry() : ""}}});
    CAPTURE(command);
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
  }
  json reconcile(const std::string& only) const { return read({"reconcile", "--only", only}); }
  json lone(const std::string& only) const {
    const json found = reconcile(only);
    CAPTURE(found.dump(1));
    REQUIRE(found["open"] == 1);
    for (const json& row : found["rows"]) {
      if (row["class"] != "timing" && row["class"] != "match") return row;
    }
    return {};
  }
  // As somebody with SQL at hand would do it, triggers off.
  static void damage(const std::string& path, const std::string& sql) {
    SQLite::Database db(path, SQLite::OPEN_READWRITE);
    std::vector<std::string> triggers;
    SQLite::Statement list(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    while (list.executeStep()) triggers.push_back(list.getColumn(0).getString());
    for (const std::string& trigger : triggers) db.exec("DROP TRIGGER " + trigger);
    REQUIRE(db.exec(sql) > 0);
  }

 private:
  support::TemporaryDirectory folder_;
  bool with_registry_ = false;
};

}  // namespace

TEST_CASE(
    "payments: what names an account is posted to it; the rest goes to suspense with a case, or is listed and left "
    "alone") {
  const TestLedger desk;
  const std::string xml =
      statement("s1", entry("1", "50.00", "thanks, DL-Alice-7.") + entry("2", "20.00", "bob", "E2E-2") +
                          entry("3", "9.00", "bob", "alice") + entry("4", "8.00", "somebody") +
                          entry("5", "7.00", "carol") + entry("6", "6.00", "DL-alice-7 returned", "", "EUR", "DBIT"));
  const json dry = desk.import(xml, {"--dry-run"});
  CHECK(dry["posted"] == 2);
  CHECK(desk.available("alice") == "0.00");
  CHECK(desk.read({"bank", "statements"})["rows"].empty());

  const json first = desk.import(xml);
  CHECK(first["posted"] == 2);
  CHECK(first["unidentified"] == 2);
  CHECK(first["other_currency"] == 1);
  CHECK(first["outgoing"] == 1);
  CHECK(first["new_lines"] == 6);
  CHECK(desk.available("alice") == "50.00");
  CHECK(desk.available("bob") == "20.00");
  CHECK(desk.available("carol") == "0.00");
  CHECK(desk.read({"cases", "--kind", "unidentified_payment"})["rows"].size() == 3);
  CHECK(first["rows"][2]["detail"] == "names several accounts: alice, bob");

  SUBCASE("a repeat posts nothing and says so") {
    const Ended again = desk.run({"payments", "import", "-", "--source", "bank", "--format", "json"}, xml);
    const json report = json::parse(again.out);
    CHECK(report["repeated"] == 5);
    CHECK(report["posted"] == 0);
    CHECK(report["new_lines"] == 0);
    CHECK(report["known_lines"] == 6);
    CHECK(again.err.find("nothing was imported") != std::string::npos);
    CHECK(desk.available("alice") == "50.00");
    CHECK(desk.read({"bank", "statements"})["rows"].size() == 1);
  }
  SUBCASE("an overlapping statement adds only what is new") {
    const json report = desk.import(statement("s2", entry("2", "20.00", "bob", "E2E-2") + entry("7", "1.00", "bob")));
    CHECK(report["new_lines"] == 1);
    CHECK(report["posted"] == 1);
    CHECK(desk.available("bob") == "21.00");
  }
  SUBCASE("a statement that contradicts what is kept is refused") {
    const Ended report = desk.run({"payments", "import", "-", "--source", "bank"},
                                  statement("s3", entry("2", "2000.00", "bob", "E2E-2")));
    CHECK(report.status == 3);
    CHECK(report.err.find("reference 2 of 2026-07-01 is kept with 20.00 EUR, statement 's3' says 2000.00 EUR") !=
          std::string::npos);
    CHECK(desk.available("bob") == "20.00");
    CHECK(desk.read({"bank", "statements"})["rows"].size() == 1);
  }
  SUBCASE("another account's statement, and this one under another source, are refused") {
    std::string other = statement("s9", entry("9", "3.00", "bob"));
    other.replace(other.find("DE1"), 3, "DE2");
    Ended report = desk.run({"payments", "import", "-", "--source", "bank"}, other);
    CHECK(report.status == 3);
    CHECK(report.err.find("is of account DE2, source 'bank' is account DE1") != std::string::npos);
    report = desk.run({"payments", "import", "-", "--source", "bnak"}, xml);
    CHECK(report.status == 3);
    CHECK(report.err.find("is of account DE1, which is source 'bank', not 'bnak'") != std::string::npos);
    CHECK(desk.available("bob") == "20.00");
  }
  SUBCASE("a person assigns what was in suspense, and the bank still agrees") {
    desk.good({"suspense", "assign", "bob", "8.00", "--reason", "line 4"});
    CHECK(desk.available("bob") == "28.00");
    // its case is closed
    CHECK(desk.run({"cases", "--kind", "unidentified_payment", "--csv", "--no-header"}).out.find("8.00 EUR") ==
          std::string::npos);
    const json found = desk.reconcile("bank");
    CHECK(found["open"] == 1);  // what went out
    CHECK(found["rows"][0]["class"] == "missing_here");
    CHECK(found["rows"][0]["theirs"]["amount"] == "-6.00");
  }
  CHECK(desk.run({"verify"}).status == 0);
}

TEST_CASE("payments: kept first and posted later is the same; a closed period takes them today with their day noted") {
  const TestLedger desk;
  desk.good({"fund", "bob", "1.00"});
  desk.good({"period", "close", "2026-07-02", "--now", "2026-07-03"});
  desk.good({"bank", "import", "-", "--source", "bank"}, statement("s1", entry("1", "50.00", "DL-alice-7")));
  CHECK(desk.available("alice") == "0.00");
  desk.good({"payments", "post", "--source", "bank", "--now", "2026-07-03"});
  CHECK(desk.available("alice") == "50.00");
  const json line = desk.read({"statement", "alice"})["rows"][0];
  CHECK(line["effective_at"] == "2026-07-03T00:00:00Z");
  CHECK(std::string(line["memo"]).find("booked on 2026-07-01, in a closed period") != std::string::npos);
  CHECK(desk.run({"payments", "post", "--source", "nobody"}).status == 4);
}

TEST_CASE("payments: references are one account's each, and may be taken away") {
  const TestLedger desk;
  CHECK(desk.run({"payments", "reference", "bob", "dl-ALICE-7"}).status == 6);
  CHECK(desk.run({"payments", "reference", "bob", "bobby"}).status == 2);
  CHECK(desk.run({"payments", "reference", "nobody", "DL-1-2"}).status == 4);
  CHECK(desk.run({"payments", "reference", "bob", "DL-alice-7", "--drop"}).status == 2);
  desk.good({"payments", "reference", "alice", "DL-alice-7", "--drop"});
  desk.good({"payments", "reference", "bob", "DL-alice-7"});
  CHECK(desk.read({"payments", "references"})["rows"][0]["account"] == "bob");
}

TEST_CASE(
    "bank import: balances that do not add up are refused unless forced; files that are none, and CSV without a "
    "mapping, too") {
  const TestLedger desk;
  const std::string off =
      statement("s1", entry("1", "50.00", "alice"), balance("OPBD", "0.00") + balance("CLBD", "49.99"));
  const Ended refused = desk.run({"bank", "import", "-", "--source", "bank"}, off);
  CHECK(refused.status == 3);
  CHECK(refused.err.find("statement_not_balanced (116)") != std::string::npos);
  CHECK(desk.read({"bank", "statements"})["rows"].empty());
  desk.good({"bank", "import", "-", "--source", "bank", "--force"}, off);
  CHECK(desk.read({"bank", "statements"})["rows"].size() == 1);
  CHECK(desk.run({"bank", "import", "-", "--source", "bank"}, "<a/>").err.find("invalid_statement (115)") !=
        std::string::npos);
  CHECK(desk.run({"bank", "import", "-", "--source", "bank"}, "day,amount\n").status == 2);
  CHECK(desk.run({"bank", "import", "nowhere.xml", "--source", "bank"}).status == 4);
  const std::string mapping = desk.folder().file("bank.toml");
  std::ofstream(mapping)
      << "currency = \"EUR\"\n[columns]\nbooked = \"day\"\namount = \"amount\"\nreference = \"text\"\n";
  const Words csv_import{"payments", "import", "-", "--source", "paypal", "--mapping", mapping, "--format", "json"};
  Words forced = csv_import;
  forced.push_back("--force");
  const Ended unread = desk.run(csv_import, "day,amount,text\n2026-07-01,5.00,bob\n2026-07-01,five,bob\n");
  CHECK(unread.status == 3);  // nothing of it is kept
  CHECK(unread.err.find("nothing was imported") != std::string::npos);
  CHECK(desk.available("bob") == "0.00");
  const Ended csv =
      desk.run(forced, "day,amount,text\n2026-07-01,5.00,bob\n2026-07-01,5.00,bob\n2026-07-01,five,bob\n");
  CHECK(csv.err.find("-:4: 'five' is no amount") != std::string::npos);
  CHECK(csv.status == 3);                      // forced is not whole
  CHECK(json::parse(csv.out)["posted"] == 2);  // two equal rows are two payments
  CHECK(desk.available("bob") == "10.00");
  // What could not be read is kept, and open until it was.
  const std::string rows = "day,amount,text\n2026-07-01,5.00,bob\n2026-07-01,5.00,bob\n2026-07-01,five,bob\n";
  const json open = desk.read({"reconcile", "--only", "bank", "--source", "paypal"});
  REQUIRE(open["open"] == 1);
  CHECK(open["rows"][0]["class"] == "unparsed");
  CHECK(std::string(open["rows"][0]["detail"]).find("2026-07-01,five,bob") != std::string::npos);
  // again: nothing new
  CHECK(desk.run(forced, rows).status == 3);
  CHECK(desk.read({"reconcile", "--only", "bank", "--source", "paypal"})["open"] == 1);
  desk.good({"payments", "import", "-", "--source", "paypal", "--mapping", mapping},
            rows.substr(0, rows.find("five")) + "4.00,bob\n");
  CHECK(desk.read({"reconcile", "--only", "bank", "--source", "paypal"})["open"] == 0);
  CHECK(desk.available("bob") == "14.00");
}

TEST_CASE("reconcile: a loop without its other side is not done, and never clean") {
  const TestLedger desk;
  const Ended result = desk.run({"reconcile", "--format", "json"});
  CHECK(result.status == 7);
  const json found = json::parse(result.out);
  CHECK(std::string(found["jobs"]).starts_with("NOT DONE"));
  CHECK(std::string(found["provider"]).starts_with("NOT DONE"));
  CHECK(found["open"] == 0);
  CHECK(desk.run({"reconcile", "--only", "self", "--exit-code"}).status == 0);
  desk.good({"fund", "alice", "5.00"});
  const Ended bank = desk.run({"reconcile", "--only", "bank"});
  CHECK(bank.status == 7);
  CHECK(bank.err.find("no statement of 'bank' was imported") != std::string::npos);
  CHECK(desk.run({"reconcile", "--only", "money"}).status == 2);
}

TEST_CASE(
    "reconcile: a book, its provider and its bank that agree; then one thing is damaged at a time, and the right loop "
    "names it") {
  TestLedger desk;
  desk.with_provider();
  const json clean = desk.read({"reconcile", "--only", "self,jobs,provider", "--all"});
  CAPTURE(clean.dump(1));
  CHECK(clean["open"] == 0);
  for (const json& row : clean["sections"]["classes"]["rows"])
    CHECK((row["class"] == "match" || row["class"] == "timing"));
  CHECK(desk.read({"reconcile", "--only", "bank", "--source", "bank"})["open"] == 0);
  for (const char* format : {"table", "csv", "jsonl", "html"}) {
    CAPTURE(format);
    CHECK_FALSE(desk.run({"reconcile", "--only", "self,jobs", "--all", "--format", format}).out.empty());
  }

  SUBCASE("one row changed by SQL") {
    TestLedger::damage(desk.book(), "UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id = 1");
    const json found = desk.reconcile("self");
    CHECK(found["open"] > 0);
    std::set<std::string> rules;
    for (const json& row : found["rows"]) rules.insert(row["rule"]);
    CHECK(rules.contains("balances"));
    CHECK(rules.contains("seals"));
    CHECK(desk.run({"reconcile", "--only", "self", "--exit-code"}).status == 1);
  }
  SUBCASE("one capture whose outcome on file is another") {
    TestLedger::damage(desk.book(), "UPDATE backorder SET provider_status = 'FAILED' WHERE name = 'early.com'");
    const json row = desk.lone("self");
    CHECK(row["class"] == "state");
    CHECK(row["subject"] == "early.com");
    CHECK(desk.lone("jobs,self")["loop"] == "self");  // the provider itself still agrees
  }
  SUBCASE("one job and its deposit missing at the provider") {
    TestLedger::damage(desk.registry(), "DELETE FROM application WHERE name = 'later.com'");
    const json job = desk.lone("jobs"), deposit = desk.lone("provider");
    CHECK(job["class"] == "missing_there");
    CHECK(job["subject"] == "later.com");
    CHECK(deposit["class"] == "missing_there");
    CHECK(deposit["rule"] == "deposit for a job");
    CHECK(deposit["subject"] == "later.com");
  }
  SUBCASE("a job there that we know nothing of") {
    TestLedger::damage(desk.registry(),
                       "INSERT INTO application (name, cycle, created_at) SELECT 'strange.com', 1, created_at FROM "
                       "application LIMIT 1");
    CHECK(desk.lone("jobs")["class"] == "missing_here");
    CHECK(desk.lone("provider")["class"] == "missing_here");
  }
  SUBCASE("one charge off by a cent") {
    TestLedger::damage(desk.registry(), "UPDATE world SET job_price_minor = 1501");
    const json row = desk.lone("provider");
    CHECK(row["class"] == "amount");
    CHECK(row["subject"] == "early.com");
    CHECK(row["difference"]["amount"] == "-0.01");
    desk.shell(row["command"]);  // and the command it proposes mends it
    CHECK(desk.reconcile("provider")["open"] == 0);
  }
  SUBCASE("one payment posted twice") {
    const Words again{"fund", "alice", "200.00", "--memo", "E2E-1", "--effective", "2026-07-01"};
    const Ended refused = desk.run(again);
    CHECK(refused.status == 6);
    CHECK(refused.err.find("payment_repeated (215)") != std::string::npos);
    CHECK(refused.err.find("transfer 1;") != std::string::npos);
    Words further = again;
    further.push_back("--another");
    desk.good(further);
    const json row = desk.read({"reconcile", "--only", "bank", "--source", "bank"})["rows"][0];
    CHECK(row["class"] == "duplicate");
    CHECK(row["subject"] == "alice");
    desk.shell(row["command"]);
    CHECK(desk.read({"reconcile", "--only", "bank", "--source", "bank"})["open"] == 0);
  }
  SUBCASE("one payment of the bank not posted") {
    desk.good({"bank", "import", "-", "--source", "bank"}, statement("s2", entry("B-2", "10.00", "DL-alice-7")));
    const json row = desk.lone("bank");
    CHECK(row["class"] == "missing_here");
    desk.shell(row["command"]);
    CHECK(desk.read({"reconcile", "--only", "bank", "--source", "bank"})["open"] == 0);
  }
}

TEST_CASE("payments: a long statement is posted in chunks, every line once") {
#ifdef DROPLEDGER_LONG_TESTS
  constexpr int kLines = 50'000;
#else
  constexpr int kLines = 1'500;  // three chunks
#endif
  const support::TemporaryDirectory folder;
  const engine::UtcTime now = support::at("2026-08-02");
  storage::create_book(folder.file("book.db"), now, true);
  const auto store = storage::open_book(folder.file("book.db"), {});
  const operations::Context context{*store, now, "tester"};
  REQUIRE(bool(operations::open_account(context, {}, "alice", support::currency("EUR"), {})));
  std::vector<engine::ExternalLine> lines;
  for (int i = 0; i < kLines; ++i) {
    lines.push_back({.source = "bank",
                     .external_id = std::to_string(i),
                     .booked_on = engine::parse_day("2026-08-01").value(),
                     .amount = support::eur(100),
                     .reference = i % 10 == 0 ? "somebody" : "alice"});
  }
  const auto kept = operations::import_statements(context, "bank", {{{.name = "s1", .lines = kLines}, lines}});
  REQUIRE(bool(kept));
  CHECK(kept.value().added == kLines);
  lines = kept.value().lines;
  std::size_t last = 0;
  const operations::PostingReport report =
      operations::post_payments(context, "bank", lines, [&](std::size_t done) { last = done; });
  CHECK(last == kLines);
  CHECK(report.count(operations::Posting::posted) == kLines * 9 / 10);
  CHECK(report.count(operations::Posting::unidentified) == kLines / 10);
  CHECK(store->customer("alice")->available == support::eur(kLines * 90));
  CHECK(operations::post_payments(context, "bank", lines, {}).count(operations::Posting::repeated) == kLines);
  CHECK(store->verify({}).findings.empty());
}

TEST_CASE("payments: a pay-in that was typed by hand is bound to the bank's line, not posted again") {
  const TestLedger desk;
  desk.good({"fund", "alice", "50.00", "--memo", "wire 8841", "--effective", "2026-06-30"});
  SUBCASE("to the same customer, by amount and day") {
    const json report = desk.import(statement("s1", entry("1", "50.00", "DL-alice-7")));
    CHECK(report["bound"] == 1);
    CHECK(report["rows"][0]["detail"] == "typed by hand as transfer 1");
    CHECK(desk.available("alice") == "50.00");
    CHECK(desk.reconcile("bank")["open"] == 0);
    // Known again it stays what it is; and a second line is a second payment.
    CHECK(desk.import(statement("s1", entry("1", "50.00", "DL-alice-7")))["repeated"] == 1);
    CHECK(desk.import(statement("s2", entry("2", "50.00", "DL-alice-7")))["posted"] == 1);
    CHECK(desk.available("alice") == "100.00");
  }
  SUBCASE("nobody is named, but the words agree") {
    CHECK(desk.import(statement("s1", entry("1", "50.00", "Wire 8841 thanks")))["bound"] == 1);
    CHECK(desk.read({"cases"})["rows"].empty());
  }
  SUBCASE("nobody is named, and nothing agrees but the amount") {
    CHECK(desk.import(statement("s1", entry("1", "50.00", "hello")))["unidentified"] == 1);
  }
  SUBCASE("where two fit, a person says which") {
    desk.good({"fund", "alice", "50.00", "--memo", "wire 8842", "--effective", "2026-07-02", "--now", "2026-07-03"});
    CHECK(desk.import(statement("s1", entry("1", "50.00", "DL-alice-7")))["several"] == 1);
    CHECK(desk.available("alice") == "100.00");
    CHECK(desk.read({"cases"})["rows"].size() == 1);
    desk.good({"payments", "bind", "1", "2", "--source", "bank"});
    CHECK(desk.read({"cases"})["rows"].empty());
    const Ended again = desk.run({"payments", "bind", "1", "1", "--source", "bank"});
    CAPTURE(again.err);
    CHECK(again.status == 2);
    CHECK(desk.run({"verify"}).status == 0);
  }
}

TEST_CASE("statements: they chain; what does not is said at import and is the first open row") {
  const TestLedger desk;
  const auto page = [](const std::string& id, const std::string& from, const std::string& entries,
                       const std::string& to) {
    return statement(id, entries, balance("OPBD", from.c_str()) + balance("CLBD", to.c_str()));
  };
  const std::string same = entry("", "59.00", "DL-alice-7");
  desk.import(page("p1", "0.00", same, "59.00"));
  SUBCASE("two pages of one day with equal payments are two payments") {
    desk.import(page("p2", "59.00", same, "118.00"));
    CHECK(desk.available("alice") == "118.00");
    const json found = desk.reconcile("bank");
    CHECK(found["open"] == 0);
    CHECK(std::string(found["balance_bank_EUR"])
              .ends_with("balance per bank 118.00 EUR, less 0.00 that only the bank "
                         "has (0), plus 0.00 that only the books have (0), balance "
                         "per books 118.00: holds"));
    CHECK(desk.import(page("p9", "59.00", same, "118.00"))["new_lines"] == 0);  // under another id
  }
  SUBCASE("a page is missing between") {
    const Ended report = desk.run({"payments", "import", "-", "--source", "bank"},
                                  page("p3", "205.00", entry("", "5.00", "DL-alice-7", "E-5"), "210.00"));
    CHECK(report.status == 0);
    CHECK(report.err.find("146.00 EUR are missing") != std::string::npos);
    const json found = desk.reconcile("bank");
    CHECK(found["rows"][0]["rule"] == "balance per bank and per books");
    CHECK(found["rows"][0]["difference"]["amount"] == "146.00");
    CHECK(desk.run({"reconcile", "--only", "bank", "--exit-code"}).status == 1);
  }
  SUBCASE("one that fits neither way is refused") {
    const Ended report =
        desk.run({"payments", "import", "-", "--source", "bank"}, page("p3", "205.00", same, "264.00"));
    CHECK(report.status == 3);
    CHECK(report.err.find("its balances do not fit") != std::string::npos);
  }
  SUBCASE("another story of the same day is refused") {
    CHECK(desk.run({"payments", "import", "-", "--source", "bank"},
                   page("p4", "0.00", entry("", "50.00", "bob") + entry("", "9.00", "bob"), "59.00"))
              .status == 3);
    CHECK(desk.available("bob") == "0.00");
  }
}

TEST_CASE("statements: an amount above what a book can hold is refused with the file") {
  const TestLedger desk;
  const Ended report =
      desk.run({"payments", "import", "-", "--source", "bank"},
               statement("s1", entry("1", "9000000000000.00", "x") + entry("2", "9000000000000.00", "y")));
  CAPTURE(report.err);
  CHECK(report.status == 3);
  CHECK(report.err.find("more than a book can hold") != std::string::npos);
  CHECK(desk.read({"bank", "statements"})["rows"].empty());
}

TEST_CASE("statements: files that name no account are bound to a source that has one by a person, once") {
  const TestLedger desk;
  desk.import(statement("s1", entry("1", "1.00", "DL-alice-7")));
  const std::string mapping = desk.folder().file("m.toml");
  std::ofstream(mapping) << "currency = \"EUR\"\n[columns]\nbooked = \"day\"\namount = \"amount\"\n";
  const std::string rows = "day,amount\n2026-07-01,7.00\n";
  const Words import{"bank", "import", "-", "--source", "bank", "--mapping", mapping};
  CHECK(desk.run(import, rows).err.find("say so once with --account DE1") != std::string::npos);
  Words with_account = import;
  with_account.insert(with_account.end(), {"--account", "DE1"});
  desk.good(with_account, rows);
  desk.good(import, "day,amount\n2026-07-02,8.00\n");
  // The same rows under another source.
  const Ended twin = desk.run({"bank", "import", "-", "--source", "other", "--mapping", mapping}, rows);
  CHECK(twin.status == 3);
  CHECK(twin.err.find("is kept already, under source 'bank'") != std::string::npos);
}
