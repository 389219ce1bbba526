// storage/schema.md is what the migrations make: every table, index and trigger is on it, and its worked example is
// what a book really holds.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "engine/payments.hpp"
#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/rows_of.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace engine;
using support::at;
using support::eur;
using support::rows_of;

namespace {

std::string page() {
  std::ifstream file(support::source_folder() / "storage/schema.md");
  REQUIRE(file.is_open());
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(LedgerStore& store, UtcTime now, const std::function<void(Changes&)>& fill) {
  store.begin();
  Changes changes;
  fill(changes);
  const Status applied = store.apply(changes, {now, "anna"});
  REQUIRE_MESSAGE(bool(applied), (applied ? "" : applied.error().detail));
  store.commit();
}

}  // namespace

TEST_CASE("schema page: names every table, index and trigger of the newest schema") {
  const support::TemporaryDirectory folder;
  storage::create_book(folder.file("book.db"), at("2026-08-01T06:00:00Z"), true);
  SQLite::Database db(folder.file("book.db"), SQLite::OPEN_READWRITE);
  const std::string text = page();
  int names = 0;
  SQLite::Statement objects(db, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'");
  while (objects.executeStep()) {
    const std::string name = objects.getColumn(0);
    ++names;
    CHECK_MESSAGE(text.find("`" + name + "`") != std::string::npos, "storage/schema.md does not mention `", name, "`");
  }
  CHECK(names > 60);
}

TEST_CASE("schema page: its worked example is what a book holds") {
  const support::TemporaryDirectory folder;
  const UtcTime now = at("2026-08-01T06:00:00Z");
  storage::create_book(folder.file("book.db"), now, true);
  {
    const auto store = storage::open_book(folder.file("book.db"), {});
    Customer customer = support::customer(0);
    customer.opened_at = now;
    write(*store, now, [&](Changes& changes) {
      changes.new_customers.push_back(customer);
      changes.requests = {{"operator", "r1", "request=\"fund\"\n", "{}"}};
      REQUIRE(bool(pay_in(changes, customer, {.amount = eur(10'000), .memo = "wire 8841"})));
    });
    store->begin();
    (void)store->add_list("registry", DateIs::drop, now, {}, 0);
    store->commit();
    write(*store, now, [&](Changes& changes) {
      Backorder one = support::backorder(1, now + std::chrono::hours(60));
      one.name = support::domain("dune-market.com");
      REQUIRE(bool(apply_transition(changes, one, customer, Trigger::funded, {.now = now, .deposit = eur(6'900)})));
      changes.new_backorders.push_back(one);
    });
  }
  SQLite::Database db(folder.file("book.db"), SQLite::OPEN_READWRITE);
  const std::string example =
      "ledger_account: id | kind | currency | customer_id | source | balance_minor | floor_minor\n" +
      rows_of(db,
              "SELECT id, kind, currency, customer_id, source, balance_minor, floor_minor FROM ledger_account ORDER BY "
              "id") +
      "transfer: id | kind | debit_id | credit_id | amount_minor | recorded_at | backorder_id | attempt | request_id | "
      "actor | memo\n" +
      rows_of(db,
              "SELECT id, kind, debit_id, credit_id, amount_minor, recorded_at, backorder_id, attempt, request_id, "
              "actor, memo FROM transfer ORDER BY id") +
      "backorder: id | name | copy | open_copy | state | deposit_minor | attempt\n" +
      rows_of(db, "SELECT id, name, copy, open_copy, state, deposit_minor, attempt FROM backorder ORDER BY id") +
      "event: id | kind | from_state | to_state\n" +
      rows_of(db, "SELECT id, kind, from_state, to_state FROM event ORDER BY id") +
      "seal: id | first_request_id | last_request_id | first_transfer_id | last_transfer_id | previous_hash | hash\n" +
      rows_of(db,
              "SELECT id, first_request_id, last_request_id, first_transfer_id, last_transfer_id, "
              "lower(hex(previous_hash)), lower(hex(hash)) FROM seal ORDER BY id");
  const std::string text = page();
  CHECK_MESSAGE(text.find("```\n" + example + "```\n") != std::string::npos,
                "storage/schema.md is out of date; its worked example is now:\n", example);
}
