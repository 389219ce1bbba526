// The independent audit finds nothing off in a season, and names every defect that is planted in a copy of its book.
#include "tests/support/audit.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/drill/season.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/corrections.hpp"
#include "tools/operations/entries.hpp"
#include "tools/operations/invoices.hpp"

namespace {

template <typename Value>
Value must(engine::Result<Value> result) {
  REQUIRE_MESSAGE(bool(result), (result ? "" : result.error().detail));
  return std::move(result).value();
}

// A season of two days with everything that an accountant adds to it.
std::string season_in(const std::string& folder) {
  std::vector<std::vector<engine::ListRow>> lists(1);
  for (int i = 0; i < 240; ++i) {
    lists[0].push_back({support::domain("name" + std::to_string(i) + (i % 2 == 0 ? ".com" : ".pl")),
                        support::at("2026-08-10T06:10:00Z") + std::chrono::hours(i % 30)});
  }
  drill::SeasonOptions options;
  options.folder = folder;
  options.accounts = 20;
  options.every = 1;
  options.world.busy_percent = 5;
  drill::Season season = drill::Season::make(options, std::move(lists));
  for (engine::UtcTime now = season.start(); now <= season.end(); now += std::chrono::hours(6)) {
    season.move_dates(now);
    if (now == season.start() + std::chrono::hours(36)) season.top_up(now);
    season.sweep(now);
  }
  const auto store = season.book();
  const operations::Context context{*store, season.end() + std::chrono::hours(24 * 40), "auditor"};
  must(operations::set_setting(context, {}, "seller.name", "We"));
  must(operations::set_setting(context, {}, "seller.address", "1 High Street, Town"));
  must(operations::issue_invoices(context, {}, std::nullopt, std::nullopt));
  must(operations::open_account(context, {}, "debtor", support::currency("EUR"), {}));
  must(operations::fund(context, {}, "debtor", {.amount = support::eur(1'000)}));
  const engine::TransferId payment = store->last_transfer_before({});
  must(operations::withdraw(context, {}, "debtor", {.amount = support::eur(700)}));
  must(operations::charge_back(context, {}, payment, "4.00", {"a part"}));
  must(operations::adjust(context, {}, "debtor", support::eur(60), engine::Direction::credit, true, "sorry", {}));
  must(operations::reverse(context, {}, store->last_transfer_before({}), {"mistake"}));
  must(operations::write_off(context, {}, "debtor", support::eur(10), "never mind", {}));
  return season.book_path();
}

}  // namespace

TEST_CASE("audit: nothing is off in a season, and every check proves something") {
  const support::TemporaryDirectory folder;
  const std::string book = season_in(folder.path().string());
  const support::ProgramResult sound = support::audit(book);
  CHECK_MESSAGE(sound.status == 0, sound.output, sound.error);
  for (const char* check :
       {"balances", "deposits", "funding", "windows", "set-offs", "tax", "reversals", "invoices", "seals"}) {
    CAPTURE(check);
    CHECK(sound.output.find(std::string(check) + ": ") != std::string::npos);
    CHECK(sound.output.find(std::string(check) + ": 0 proved") == std::string::npos);
  }

  struct Row {
    const char *check, *sql;
  };
  const Row rows[] = {
      {"balances", "UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE kind = 2010 AND customer_id = 1"},
      {"deposits", "DELETE FROM transfer WHERE id = (SELECT max(id) FROM transfer WHERE kind = 'refund')"},
      {"deposits",
       "UPDATE transfer SET amount_minor = amount_minor - 1 WHERE id = (SELECT max(id) FROM transfer WHERE "
       "kind = 'capture')"},
      {"funding", "UPDATE backorder SET deposit_due_at = -deposit_due_at WHERE deposit_due_at IS NOT NULL"},
      {"funding",
       "UPDATE transfer SET amount_minor = 100000000000 WHERE id = (SELECT max(id) FROM transfer WHERE kind = "
       "'reserve')"},
      {"windows", "UPDATE backorder SET deadline_at = reserved_at - 1 WHERE reserved_at IS NOT NULL"},
      {"set-offs", "DELETE FROM transfer WHERE kind = 'set-off'"},
      {"tax", "UPDATE tax_point SET rate_bp = rate_bp + 100 WHERE tax_minor > 0"},
      {"tax", "DELETE FROM tax_point WHERE transfer_id = (SELECT max(transfer_id) FROM tax_point)"},
      {"tax", "UPDATE tax_point SET treatment = 'untaxed' WHERE tax_minor = 0"},
      {"reversals",
       "INSERT INTO transfer SELECT (SELECT max(id) FROM transfer) + 1, kind, debit_id, credit_id, "
       "amount_minor, recorded_at, effective_at, customer_id, backorder_id, attempt, reverses_id, request_id, "
       "actor, memo FROM transfer WHERE kind = 'reversal' LIMIT 1"},
      {"reversals", "UPDATE transfer SET amount_minor = 100000 WHERE kind = 'chargeback'"},
      {"invoices", "UPDATE invoice SET number = number + 1 WHERE id = (SELECT max(id) FROM invoice)"},
      {"invoices", "UPDATE invoice_line SET net_minor = net_minor + 1"},
      {"seals", "UPDATE transfer SET memo = 'x' WHERE id = 1"},
      {"seals", "UPDATE request SET answer = 'x' WHERE id = 2"},
      {"seals", "DELETE FROM seal WHERE id = 2"},
  };
  SQLite::Database(book, SQLite::OPEN_READWRITE).exec("VACUUM INTO '" + folder.file("sound.db") + "'");
  int planted = 0;
  for (const Row& row : rows) {
    CAPTURE(row.check);
    CAPTURE(row.sql);
    const std::string copy = folder.file("planted" + std::to_string(++planted) + ".db");
    SQLite::Database(folder.file("sound.db"), SQLite::OPEN_READWRITE).exec("VACUUM INTO '" + copy + "'");
    {
      SQLite::Database db(copy, SQLite::OPEN_READWRITE);
      std::vector<std::string> triggers;
      SQLite::Statement names(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
      while (names.executeStep()) triggers.push_back(names.getColumn(0).getString());
      names.reset();
      for (const std::string& trigger : triggers) db.exec("DROP TRIGGER " + trigger);
      REQUIRE(db.exec(row.sql) > 0);
    }
    const support::ProgramResult found = support::audit(copy);
    CHECK(found.status == 1);
    CHECK_MESSAGE(found.output.find(std::string("DEFECT ") + row.check + ": ") != std::string::npos, found.output);
  }
}
