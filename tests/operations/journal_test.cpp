// The exported journal is taken by the programs it is written for, and they come to our balances.
#include "tools/operations/journal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "engine/payments.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/ten_days.hpp"
#include "tools/operations/reports.hpp"
#include "tools/render/plain_text_accounting.hpp"

using namespace operations;
using render::JournalSyntax;

namespace {

using tests::hours;
using tests::kBegin;

struct Books : tests::TenDays {
  // Runs `journal export` as a user would, and returns the file.
  std::string exported(const std::string& syntax, std::vector<std::string> more = {}) {
    const std::string file = folder.file("journal." + syntax + std::to_string(++files_));
    std::vector<std::string> arguments{"--db", path(), "journal", "export", "--syntax", syntax, "--output", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const support::ProgramResult result = support::run_program(arguments);
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
    REQUIRE(result.output.empty());
    return file;
  }
  // Closing balances that are not zero, under the names of a syntax: "assets:cash:bank" → "12.00 EUR".
  std::map<std::string, std::set<std::string>> trial_balance(JournalSyntax syntax) {
    std::map<std::string, std::set<std::string>> balances;
    operations::each_trial_balance_row(*store, {}, [&](const TrialBalanceRow& row) {
      const engine::Money balance = row.closing_debit - row.closing_credit;
      if (balance.is_zero()) return;
      balances[journal_account(syntax, row.account,
                               row.customer.empty() ? std::string_view(row.account.source) : row.customer)]
          .insert(to_string_with_code(balance));
    });
    return balances;
  }

 private:
  int files_ = 0;
};

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

support::ProgramResult run(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program);
  return support::run(
      "/usr/bin/env", arguments,
      {.environment = {{"LC_ALL", "C.UTF-8"}, {"LEDGER_FILE", "/dev/null"}, {"PYTHONWARNINGS", "ignore"}}});
}
void accepts(const std::string& program, std::vector<std::string> arguments) {
  CAPTURE(program);
  const support::ProgramResult result = run(program, std::move(arguments));
  CHECK(result.status == 0);
  CHECK(result.error == "");
  CHECK(result.output == "");
}

void hledger_accepts(const std::string& file) {
  accepts("hledger", {"check", "--strict", "ordereddates", "payees", "-f", file});
}
void ledger_accepts(const std::string& file) {
  const support::ProgramResult result =
      run("ledger", {"--args-only", "--pedantic", "--check-payees", "-f", file, "stats"});
  CHECK(result.status == 0);
  CHECK(result.error == "");
}
void beancount_accepts(const std::string& file) { accepts("bean-check", {file}); }

// hledger and ledger can both print "account,commodity,amount"-like lines; each is asked in its own way.
// One line per balance, so that a difference can be read.
std::string shown(const std::map<std::string, std::set<std::string>>& balances) {
  std::string text;
  for (const auto& [account, amounts] : balances) {
    for (const std::string& amount : amounts) text += account + "  " + amount + "\n";
  }
  return text;
}

// A slice opens with what income and expenses of before came to, as retained earnings: with the slice's own they sum up
// to those of the books.
std::map<std::string, std::set<std::string>> earnings_in_one(const std::map<std::string, std::set<std::string>>& all) {
  std::map<std::string, std::set<std::string>> folded;
  std::map<std::string, engine::Money> earned;
  for (const auto& [account, amounts] : all) {
    const bool is_earned =
        account.starts_with("income") || account.starts_with("expenses") || account == "equity:retained-earnings";
    if (!is_earned) {
      folded.emplace(account, amounts);
      continue;
    }
    for (const std::string& text : amounts) {
      const std::string code = text.substr(text.size() - 3);
      const engine::Money amount =
          engine::parse_money(text.substr(0, text.size() - 4), support::currency(code.c_str())).value();
      const auto [found, inserted] = earned.try_emplace(code, amount);
      if (!inserted) found->second += amount;
    }
  }
  for (const auto& [code, amount] : earned) {
    if (!amount.is_zero()) folded["earnings"].insert(to_string_with_code(amount));
  }
  return folded;
}

std::map<std::string, std::set<std::string>> hledger_balances(const std::string& file) {
  const support::ProgramResult result =
      run("hledger", {"-f", file, "balance", "--flat", "--no-total", "--layout", "tidy", "-O", "csv"});
  REQUIRE(result.status == 0);
  std::map<std::string, std::set<std::string>> balances;
  std::istringstream lines(result.output);
  // "account","period","start_date","end_date","commodity","value"
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream parts(line);
    for (std::string part; std::getline(parts, part, ',');) fields.push_back(part.substr(1, part.size() - 2));
    if (fields.size() < 6 || fields[0] == "account" || fields[5] == "0") continue;
    balances[fields[0]].insert(
        to_string_with_code(engine::parse_money(fields[5], support::currency(fields[4].c_str())).value()));
  }
  return balances;
}
std::map<std::string, std::set<std::string>> ledger_balances(const std::string& file) {
  const support::ProgramResult result = run("ledger", {"--args-only", "-f", file, "balance", "--flat", "--no-total",
                                                       "--balance-format", "%(account)\t%(join(display_total))\n"});
  REQUIRE(result.status == 0);
  std::map<std::string, std::set<std::string>> balances;
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream amounts(line.substr(line.find('\t') + 1));
    std::string number, code;
    const std::string account = line.substr(0, line.find('\t'));
    std::string rest = line.substr(line.find('\t') + 1);
    for (std::size_t begin = 0; (begin = rest.find("\\n")) != std::string::npos;) rest.replace(begin, 2, " ");
    std::istringstream words(rest);
    while (words >> number >> code)
      balances[account].insert(
          to_string_with_code(engine::parse_money(number, support::currency(code.c_str())).value()));
  }
  return balances;
}
std::map<std::string, std::set<std::string>> beancount_balances(const std::string& file) {
  const support::ProgramResult result =
      run("bean-query",
          {"-q", "-f", "csv", file, "SELECT account, currency, str(sum(number)) AS n GROUP BY account, currency"});
  REQUIRE(result.status == 0);
  std::map<std::string, std::set<std::string>> balances;
  std::istringstream lines(result.output);
  std::string line;
  std::getline(lines, line);  // the titles
  while (std::getline(lines, line)) {
    std::erase_if(line, [](char c) { return c == ' ' || c == '\r'; });
    std::istringstream parts(line);
    std::string account, code, number;
    std::getline(parts, account, ',');
    std::getline(parts, code, ',');
    std::getline(parts, number, ',');
    // Decimal('12.345'); as a number it would be shown with the decimals of most
    number = number.substr(number.find('\'') + 1);
    number.resize(number.find('\''));
    const engine::Money money = engine::parse_money(number, support::currency(code.c_str())).value();
    if (!money.is_zero()) balances[account].insert(to_string_with_code(money));
  }
  return balances;
}

}  // namespace

TEST_CASE("journal: hledger, ledger and beancount take it without complaint and come to our balances") {
  Books books;
  REQUIRE(books.trial_balance(JournalSyntax::ledger).size() > 12);
  SUBCASE("hledger") {
    const std::string file = books.exported("hledger");
    hledger_accepts(file);
    CHECK(shown(hledger_balances(file)) == shown(books.trial_balance(JournalSyntax::hledger)));
  }
  SUBCASE("ledger") {
    const std::string file = books.exported("ledger");
    ledger_accepts(file);
    CHECK(shown(ledger_balances(file)) == shown(books.trial_balance(JournalSyntax::ledger)));
  }
  SUBCASE("beancount") {
    const std::string file = books.exported("beancount");
    beancount_accepts(file);
    CHECK(shown(beancount_balances(file)) == shown(books.trial_balance(JournalSyntax::beancount)));
  }
}

TEST_CASE("journal: each slice loads alone; slices that follow each other load as one, to the same balances") {
  Books books;
  // a midnight, as beancount wants for --append
  const std::int64_t middle = books.store->last_transfer_before(kBegin + hours(72)).value();
  REQUIRE(middle > 10);
  REQUIRE(middle < books.store->last_transfer_before({}).value());
  const std::string cursor = std::to_string(middle);
  const std::vector<std::string> first{"--to", "2026-08-04"}, second{"--after", cursor},
      appended{"--after", cursor, "--append"};
  const auto joined = [&](const std::string& syntax) {
    const std::string file = books.folder.file("joined." + syntax);
    std::ofstream(file, std::ios::binary)
        << text_of(books.exported(syntax, first)) << text_of(books.exported(syntax, appended));
    return file;
  };
  SUBCASE("hledger") {
    hledger_accepts(books.exported("hledger", first));
    hledger_accepts(books.exported("hledger", second));
    CHECK(shown(earnings_in_one(hledger_balances(books.exported("hledger", second)))) ==
          shown(earnings_in_one(books.trial_balance(JournalSyntax::hledger))));
    hledger_accepts(joined("hledger"));
    CHECK(shown(hledger_balances(joined("hledger"))) == shown(books.trial_balance(JournalSyntax::hledger)));
  }
  SUBCASE("ledger") {
    ledger_accepts(books.exported("ledger", first));
    ledger_accepts(books.exported("ledger", second));
    ledger_accepts(joined("ledger"));
    CHECK(shown(ledger_balances(joined("ledger"))) == shown(books.trial_balance(JournalSyntax::ledger)));
  }
  SUBCASE("beancount") {
    beancount_accepts(books.exported("beancount", first));
    beancount_accepts(books.exported("beancount", second));
    beancount_accepts(joined("beancount"));
    CHECK(shown(beancount_balances(joined("beancount"))) == shown(books.trial_balance(JournalSyntax::beancount)));
  }
}

TEST_CASE("journal: a balance that is off by one minor unit is seen by each program") {
  Books books;
  const auto tampered = [&](const std::string& syntax) {
    const std::string file = books.exported(syntax);
    std::string text = text_of(file);
    const std::size_t place = text.find("59.99 EUR");
    REQUIRE(place != std::string::npos);
    text.replace(place, 5, "59.98");
    const std::size_t other = text.find("-59.99 EUR", place);
    REQUIRE(other != std::string::npos);
    text.replace(other, 6, "-59.98");
    std::ofstream(file, std::ios::binary) << text;
    return file;
  };
  CHECK(run("hledger", {"check", "-f", tampered("hledger")}).status != 0);
  CHECK(run("ledger", {"--args-only", "-f", tampered("ledger"), "stats"}).status != 0);
  CHECK(run("bean-check", {tampered("beancount")}).status != 0);
}

TEST_CASE("journal: the programs read tags as we wrote them, whatever a memo holds") {
  Books books;
  const support::ProgramResult forged = run("hledger", {"-f", books.exported("hledger"), "print", "tag:order=99"});
  CHECK(forged.output == "");
  const support::ProgramResult of_order = run("hledger", {"-f", books.exported("hledger"), "print", "tag:order=^3$"});
  CHECK(of_order.output.find("reserve") != std::string::npos);
  const support::ProgramResult memo = run("ledger", {"--args-only", "-f", books.exported("ledger"), "register", "expr",
                                                     "code == '1'", "--format", "%(tag('memo'))\n"});
  CHECK(memo.output.find("wire 8841; not a comment") != std::string::npos);
}

TEST_CASE("journal: CSV and JSON Lines hold one line per fact, opening and closing included") {
  Books books;
  const std::int64_t last = books.store->last_transfer_before({}).value();
  std::istringstream lines(text_of(books.exported("jsonl", {"--after", "5"})));
  std::map<std::string, std::int64_t> counts;
  std::map<std::pair<std::string, std::string>, std::int64_t> balance, closing;
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    const std::string record = row["record"];
    ++counts[record];
    auto& into = record == "closing" ? closing : balance;
    const std::string code = row["amount"]["currency"];
    for (const auto& [side, sign] : {std::pair("debit", 1), std::pair("credit", -1)}) {
      if (row[side] != "") into[{row[side], code}] += sign * row["amount"]["minor"].get<std::int64_t>();
    }
  }
  CHECK(counts["transfer"] == last - 5);
  CHECK(counts["opening"] > 0);
  CHECK(counts["closing"] == static_cast<std::int64_t>(closing.size()));
  CHECK(balance == closing);

  const std::string csv = text_of(books.exported("csv", {"--after", "5"}));
  CHECK(
      csv.starts_with("record,transfer,recorded_at,effective_at,kind,debit,credit,amount,amount_currency,account,"
                      "backorder,domain,domain_unicode,"));
  CHECK(csv.find("\nopening,,,,") != std::string::npos);
}

TEST_CASE("journal: a long one, read and written by two threads, holds every transfer in its order") {
  Books books;
  constexpr std::int64_t kMore = 13'000;  // several parts, the last of them short
  {
    engine::Customer alice = books.store->customer("alice").value();
    engine::Changes changes;
    changes.requests = {{"api", "many", "", "{}"}};
    for (std::int64_t i = 1; i <= kMore; ++i)
      REQUIRE(bool(engine::pay_in(changes, alice, {.amount = support::eur(i)})));
    books.store->begin();
    REQUIRE(bool(books.store->apply(changes, {books.now, "tester"})));
    books.store->commit();
  }
  const std::int64_t last = books.store->last_transfer_before({}).value();
  REQUIRE(last > kMore);
  std::istringstream csv(text_of(books.exported("csv")));
  std::int64_t id = 0;
  for (std::string line; std::getline(csv, line);) {
    if (!line.starts_with("transfer,")) continue;
    CAPTURE(line);
    REQUIRE(line.starts_with("transfer," + std::to_string(++id) + ","));
    if (const std::int64_t i = id - (last - kMore); i > 0)
      REQUIRE(line.find("," + to_string(support::eur(i)) + ",EUR,alice,") != std::string::npos);
  }
  CHECK(id == last);
  const auto ids_in = [&](const std::string& syntax, const std::string& before, char after) {
    std::istringstream text(text_of(books.exported(syntax, {"--after", "100"})));
    std::int64_t found = 100;
    for (std::string line; std::getline(text, line);) {
      if (const std::size_t place = line.find(before); place != std::string::npos) {
        const std::size_t begin = place + before.size();
        REQUIRE(line.substr(begin, line.find(after, begin) - begin) == std::to_string(++found));
      }
    }
    return found;
  };
  CHECK(ids_in("beancount", "  transfer: ", '\n') == last);
  CHECK(ids_in("ledger", " * (", ')') == last);
  const std::string file = books.exported("hledger");
  hledger_accepts(file);
  CHECK(shown(hledger_balances(file)) == shown(books.trial_balance(JournalSyntax::hledger)));
}

TEST_CASE("journal: an empty book, and a cursor at the end, give slices that load") {
  support::TemporaryDirectory folder;
  storage::create_book(folder.file("book.db"), kBegin, true);
  const auto exported = [&](const std::string& db, const std::string& syntax, const std::string& after) {
    const std::string file = folder.file("empty." + syntax);
    const support::ProgramResult result =
        support::run_program({"--db", db, "journal", "export", "--syntax", syntax, "--after", after, "--output", file});
    CHECK(result.status == 0);
    CHECK(result.error.find("next cursor: " + after) != std::string::npos);
    return file;
  };
  hledger_accepts(exported(folder.file("book.db"), "hledger", "0"));
  beancount_accepts(exported(folder.file("book.db"), "beancount", "0"));
  Books books;
  const std::string last = std::to_string(books.store->last_transfer_before({}).value());
  const std::string file = exported(books.path(), "hledger", last);
  hledger_accepts(file);
  CHECK(shown(earnings_in_one(hledger_balances(file))) ==
        shown(earnings_in_one(books.trial_balance(JournalSyntax::hledger))));
  ledger_accepts(exported(books.path(), "ledger", last));
  beancount_accepts(exported(books.path(), "beancount", last));
}

TEST_CASE("journal: what cannot be exported is refused and leaves no file") {
  Books books;
  const std::string file = books.folder.file("out");
  const auto refused = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"--db", books.path(), "journal", "export", "--output", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const support::ProgramResult result = support::run_program(arguments);
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK_FALSE(std::filesystem::exists(file + ".part"));
    CHECK(result.status != 0);
    return result.error;
  };
  CHECK(refused({"--syntax", "hledger", "--after", "999999"}).find("is this the book it came from") !=
        std::string::npos);
  CHECK(refused({"--syntax", "hledger", "--from", "2026-08-02", "--to", "2026-08-01"}).find("invalid_time") !=
        std::string::npos);
  CHECK(refused({"--syntax", "excel"}).find("excel") != std::string::npos);
  CHECK(refused({"--syntax", "beancount", "--after", "3", "--append"}).find("midnight") != std::string::npos);
  const support::ProgramResult nowhere = support::run_program(
      {"--db", books.path(), "journal", "export", "--syntax", "csv", "--output", books.folder.file("no/such/out")});
  CHECK(nowhere.status == 4);
  CHECK(nowhere.error.find("cannot write") != std::string::npos);
}

TEST_CASE("journal: names become valid components, and no two become one") {
  const std::vector<std::string> names{"alice", "Alice", "ALICE", "a.b-c_1",  "a-b-c-1",  "a--b", "a-db",
                                       "a.b",   "a-d",   "1st",   "X-calice", "x-calice", "-",    "_",
                                       ".",     "X",     "x",     "a_",       "a-u"};
  std::set<std::string> beancount;
  for (const std::string& name : names) {
    const std::string component = render::beancount_component(name);
    CAPTURE(component);
    CHECK(component.front() >= 'A');
    CHECK(component.front() <= 'Z');
    CHECK(component.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
          std::string::npos);
    CHECK(beancount.insert(component).second);
  }
  CHECK(render::beancount_component("alice") == "Alice");
  CHECK(render::beancount_component("a.b-c_1") == "A-db--c-u1");
  const engine::LedgerAccountKey cash{engine::AccountKind::cash, support::currency("EUR"), {}, "PSP: x"};
  CHECK(render::journal_account(JournalSyntax::hledger, cash, "PSP: x") == "assets:cash:PSP%3A%20x");
}
