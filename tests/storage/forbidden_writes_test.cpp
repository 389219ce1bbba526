// The database itself refuses what must never happen, also to someone who writes SQL past this program. And what slips
// past a database whose triggers were taken away, verify finds and names.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "engine/payments.hpp"
#include "engine/submission.hpp"
#include "storage/book/migrate.hpp"
#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");

// A book with one customer who paid 100.00, one refunded, one captured and one held deposit of 10.00.
class Book {
 public:
  Book() {
    storage::create_book(path(), kNow, true);
    const auto store = open();
    store->begin();
    Customer customer = support::customer(0);
    customer.id = store->next_customer_id();
    write(*store, [&](Changes& changes) {
      changes.new_customers.push_back(customer);
      changes.requests = {{"operator", "pay-1", "amount=100\n", "{}"}};
      REQUIRE(bool(pay_in(changes, customer, {.amount = eur(10'000)})));
    });
    (void)store->add_list("registry", DateIs::drop, kNow, {}, 0);
    for (int i = 1; i <= 3; ++i) {
      write(*store, [&](Changes& changes) {
        Backorder one = support::backorder(i, kNow + std::chrono::hours(60));
        one.customer = customer.id;
        REQUIRE(bool(apply_transition(changes, one, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
        if (i == 1)
          REQUIRE(bool(apply_transition(changes, one, customer, Trigger::cancelled,
                                        {.now = kNow, .reason = Reason::by_customer})));
        if (i == 2) {
          REQUIRE(bool(apply_transition(changes, one, customer, Trigger::job_created, {.now = kNow})));
          REQUIRE(bool(apply_transition(changes, one, customer, Trigger::won,
                                        {.now = kNow, .tax = {TaxTreatment::standard, "DE", "", 1900}})));
        }
        changes.new_backorders.push_back(one);
        if (i == 3)
          changes.cases.push_back({CaseKind::unknown_status, customer.id, one.id, {}, "the provider says SOMETHING"});
        if (i == 3) changes.evidence.push_back({one.id, "SOMETHING", "raw"});
        if (i == 3)
          (void)intend(changes, changes.new_backorders.back(), CallCommand::add, store->next_call_id(), 1, kNow);
      });
    }
    write(*store, [&](Changes& changes) {
      changes.cases.push_back({CaseKind::unidentified_payment, {}, {}, "payment 7", "nobody's"});
    });
    store->commit();
  }
  std::string path() const { return folder_.file("book.db"); }
  std::unique_ptr<LedgerStore> open(storage::OpenOptions options = {}) const {
    return storage::open_book(path(), options);
  }
  // With SQLite's defaults neither setting is on, and INSERT OR REPLACE deletes without asking the DELETE triggers.
  SQLite::Database raw(bool with_our_settings = true) const {
    SQLite::Database db(path(), SQLite::OPEN_READWRITE);
    db.exec(with_our_settings ? "PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON"
                              : "PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = OFF");
    return db;
  }
  // Everything in every table, as text.
  std::string dump() const {
    SQLite::Database db = raw();
    std::string text;
    for (const char* table : {"request", "customer", "ledger_account", "backorder", "transfer", "seal", "event",
                              "case_file", "provider_call", "evidence", "book"}) {
      SQLite::Statement rows(db, std::string("SELECT * FROM ") + table);
      while (rows.executeStep()) {
        for (int i = 0; i < rows.getColumnCount(); ++i) text += rows.getColumn(i).getString() + "|";
        text += "\n";
      }
    }
    return text;
  }

 private:
  template <typename Fill>
  static void write(LedgerStore& store, const Fill& fill) {
    Changes changes;
    fill(changes);
    const Status applied = store.apply(changes, {kNow, "tester"});
    REQUIRE_MESSAGE(bool(applied), (applied ? "" : applied.error().detail));
  }
  support::TemporaryDirectory folder_;
};

ErrorCode opening(const std::string& path, storage::OpenOptions options = {}) {
  try {
    storage::open_book(path, options);
  } catch (const storage::StorageError& error) {
    return error.error().code;
  }
  return ErrorCode::books_differ;  // it opened, which no test here expects
}

}  // namespace

TEST_CASE("database: refuses each forbidden write, and stays as it was") {
  const Book book;
  const std::string before = book.dump();
  for (
      const char* sql : {
          "UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id = 1",
          "UPDATE transfer SET memo = 'x' WHERE id = 1",
          "DELETE FROM transfer WHERE id = 1",
          "INSERT OR REPLACE INTO transfer SELECT id, kind, debit_id, credit_id, 1, recorded_at, effective_at, "
          "customer_id, backorder_id, attempt, reverses_id, request_id, actor, memo FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, credit_id, 0, recorded_at, "
          "effective_at, customer_id, NULL, NULL, NULL, request_id, actor, memo FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, credit_id, -5, recorded_at, "
          "effective_at, customer_id, NULL, NULL, NULL, request_id, actor, memo FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, debit_id, 5, recorded_at, "
          "effective_at, customer_id, NULL, NULL, NULL, request_id, actor, memo FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, 999, 5, recorded_at, "
          "effective_at, customer_id, NULL, NULL, NULL, request_id, actor, memo FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, credit_id, 5, recorded_at, "
          "effective_at, customer_id, NULL, NULL, NULL, NULL, actor, memo FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'refund', credit_id, debit_id, 1000, "
          "recorded_at, effective_at, customer_id, 2, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = 'reserve' "
          "AND backorder_id = 2",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'refund', credit_id, debit_id, 2000, "
          "recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = 'reserve' "
          "AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, credit_id, amount_minor, "
          "recorded_at, effective_at, customer_id, backorder_id, attempt, NULL, NULL, actor, '' FROM transfer WHERE "
          "kind = 'refund'",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'refund', debit_id, credit_id, 1000, "
          "recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = 'reserve' "
          "AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'refund', credit_id, (SELECT id FROM "
          "ledger_account WHERE kind = 4000), 1000, recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, "
          "'' FROM transfer WHERE kind = 'reserve' AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'refund', credit_id, debit_id, 999, "
          "recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = 'reserve' "
          "AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture', credit_id, (SELECT id FROM "
          "ledger_account WHERE kind = 4000), 1001, recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, "
          "'' FROM transfer WHERE kind = 'reserve' AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture', credit_id, (SELECT id FROM "
          "ledger_account WHERE kind = 4000), 1000, recorded_at, effective_at, customer_id, 1, 1, NULL, NULL, actor, "
          "'' FROM transfer WHERE kind = 'reserve' AND backorder_id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture-tax', credit_id, (SELECT id FROM "
          "ledger_account WHERE kind = 2100), 1, recorded_at, effective_at, customer_id, 1, 1, NULL, NULL, actor, '' "
          "FROM transfer WHERE kind = 'reserve' AND backorder_id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture', credit_id, (SELECT id FROM "
          "ledger_account WHERE kind = 4000), 1, recorded_at, effective_at, customer_id, 2, 1, NULL, NULL, actor, '' "
          "FROM transfer WHERE kind = 'reserve' AND backorder_id = 2",
          "BEGIN; INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture', credit_id, (SELECT id "
          "FROM ledger_account WHERE kind = 4000), 600, recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, "
          "actor, '' FROM transfer WHERE kind = 'reserve' AND backorder_id = 3; INSERT INTO transfer SELECT (SELECT "
          "max(id) + 1 FROM transfer), 'capture-tax', credit_id, (SELECT id FROM ledger_account WHERE kind = 2100), "
          "401, recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = "
          "'reserve' AND backorder_id = 3",
          "BEGIN; INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture-tax', credit_id, (SELECT id "
          "FROM ledger_account WHERE kind = 2100), 160, recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, "
          "actor, '' FROM transfer WHERE kind = 'reserve' AND backorder_id = 3; INSERT INTO transfer SELECT (SELECT "
          "max(id) + 1 FROM transfer), 'capture', credit_id, (SELECT id FROM ledger_account WHERE kind = 4000), 840, "
          "recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = 'reserve' "
          "AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture-tax', credit_id, (SELECT id FROM "
          "ledger_account WHERE kind = 2100), 160, recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' "
          "FROM transfer WHERE kind = 'reserve' AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'reserve', debit_id, credit_id, 999, "
          "recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = 'reserve' "
          "AND backorder_id = 3",
          "INSERT OR REPLACE INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'reserve', debit_id, credit_id, "
          "amount_minor, recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' FROM transfer WHERE kind "
          "= 'reserve' AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture-tax', credit_id, (SELECT id FROM "
          "ledger_account WHERE kind = 2100), 1, recorded_at, effective_at, customer_id, 2, 1, NULL, NULL, actor, '' "
          "FROM transfer WHERE kind = 'reserve' AND backorder_id = 2",
          "BEGIN; INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'capture', credit_id, (SELECT id "
          "FROM ledger_account WHERE kind = 4000), 600, recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, "
          "actor, '' FROM transfer WHERE kind = 'reserve' AND backorder_id = 3; INSERT INTO transfer SELECT (SELECT "
          "max(id) + 1 FROM transfer), 'capture', credit_id, (SELECT id FROM ledger_account WHERE kind = 4000), 400, "
          "recorded_at, effective_at, customer_id, 3, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = 'reserve' "
          "AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, credit_id, 5, recorded_at, "
          "effective_at, customer_id, 3, 1, NULL, request_id, actor, '' FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, credit_id, 5, recorded_at - "
          "1, effective_at, customer_id, NULL, NULL, NULL, request_id, actor, '' FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 2 FROM transfer), kind, debit_id, credit_id, 5, recorded_at, "
          "effective_at, customer_id, NULL, NULL, NULL, request_id, actor, '' FROM transfer WHERE id = 1",
          "UPDATE ledger_account SET balance_minor = -1 WHERE kind = 2000",
          "UPDATE ledger_account SET balance_minor = -1 WHERE kind = 2010",
          "DELETE FROM ledger_account WHERE id = 1",
          "UPDATE ledger_account SET currency = 'USD' WHERE id = 1",
          "UPDATE seal SET hash = zeroblob(32) WHERE id = 1",
          "DELETE FROM seal",
          "INSERT OR REPLACE INTO seal SELECT id, sealed_at, first_request_id, last_request_id, first_transfer_id, "
          "last_transfer_id, previous_hash, zeroblob(32) FROM seal WHERE id = 1",
          "INSERT INTO seal SELECT id + 1, sealed_at, last_request_id + 1, last_request_id + 1, last_transfer_id + 1, "
          "last_transfer_id, zeroblob(32), hash FROM seal ORDER BY id DESC LIMIT 1",
          "INSERT INTO seal SELECT id + 1, sealed_at - 1, last_request_id + 1, last_request_id + 1, last_transfer_id + "
          "1, last_transfer_id, hash, hash FROM seal ORDER BY id DESC LIMIT 1",
          "INSERT INTO seal SELECT id + 1, sealed_at, last_request_id, last_request_id + 1, last_transfer_id + 1, "
          "last_transfer_id, hash, hash FROM seal ORDER BY id DESC LIMIT 1",
          "INSERT INTO seal SELECT id + 1, sealed_at, last_request_id + 1, last_request_id + 1, last_transfer_id + 2, "
          "last_transfer_id + 1, hash, hash FROM seal ORDER BY id DESC LIMIT 1",
          "INSERT INTO seal SELECT id + 2, sealed_at, last_request_id + 1, last_request_id + 1, last_transfer_id + 1, "
          "last_transfer_id, hash, hash FROM seal ORDER BY id DESC LIMIT 1",
          "INSERT OR REPLACE INTO request SELECT (SELECT max(id) + 1 FROM request), sender, key, 'other', "
          "content_hash, answer, actor, recorded_at FROM request",
          "UPDATE request SET answer = 'other'",
          "DELETE FROM request",
          "INSERT INTO request SELECT id + 1, sender, key, 'other', content_hash, answer, actor, recorded_at FROM "
          "request",
          "INSERT OR REPLACE INTO request SELECT id, sender, key, 'other', content_hash, answer, actor, recorded_at "
          "FROM request",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'reserve', debit_id, credit_id, 1000, "
          "recorded_at, effective_at, customer_id, 99, 1, NULL, NULL, actor, '' FROM transfer WHERE kind = 'reserve' "
          "AND backorder_id = 3",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, credit_id, 5, recorded_at, "
          "effective_at, customer_id, 99, NULL, NULL, request_id, actor, '' FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'provider-cost', debit_id, (SELECT id FROM "
          "ledger_account WHERE kind = 4000), 5, recorded_at, effective_at, NULL, 3, NULL, NULL, request_id, actor, '' "
          "FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'reversal', credit_id, debit_id, 5, "
          "recorded_at, effective_at, customer_id, NULL, NULL, 0, request_id, actor, '' FROM transfer WHERE id = 1",
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), 'reversal', credit_id, debit_id, 5, "
          "recorded_at, effective_at, customer_id, NULL, NULL, 99, request_id, actor, '' FROM transfer WHERE id = 1",
          "BEGIN; INSERT INTO customer SELECT 2, 'bob', currency, tier, state, policy, timing, country, vat_id, "
          "opened_at, warned_minor FROM customer;"
          "INSERT INTO ledger_account SELECT max(id) + 1, 2000, 'EUR', 2, '', 0, 0 FROM ledger_account;"
          "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, (SELECT max(id) FROM "
          "ledger_account), 5, recorded_at, effective_at, 2, 3, NULL, NULL, request_id, actor, '' FROM transfer WHERE "
          "id = 1; COMMIT",
          "BEGIN; INSERT INTO customer SELECT 2, 'bob', currency, tier, state, policy, timing, country, vat_id, "
          "opened_at, warned_minor FROM customer;"
          "INSERT INTO event SELECT (SELECT max(id) + 1 FROM event), recorded_at, 'marked', 2, 3, NULL, NULL, NULL, "
          "actor, '' FROM event WHERE id = 1; COMMIT",
          "INSERT INTO event SELECT (SELECT max(id) + 1 FROM event), recorded_at, 'marked', customer_id, 99, NULL, "
          "NULL, NULL, actor, '' FROM event WHERE id = 1",
          "INSERT INTO event SELECT (SELECT max(id) + 1 FROM event), recorded_at, 'marked', customer_id - 1, "
          "4294967299, NULL, NULL, NULL, actor, '' FROM event WHERE id = 1",
          "INSERT INTO event SELECT (SELECT max(id) + 1 FROM event), recorded_at, 'marked', 99, NULL, NULL, NULL, "
          "NULL, actor, '' FROM event WHERE id = 1",
          "INSERT INTO event SELECT (SELECT max(id) + 1 FROM event), recorded_at, 'invented', NULL, NULL, NULL, NULL, "
          "NULL, actor, '' FROM event WHERE id = 1",
          "INSERT INTO event SELECT (SELECT max(id) + 1 FROM event), recorded_at, 'stepped', customer_id, 3, 'FAILED', "
          "'SUCCESSFUL', NULL, actor, '' FROM event WHERE backorder_id = 3 LIMIT 1",
          "UPDATE event SET detail = 'x'",
          "DELETE FROM event",
          "DELETE FROM backorder WHERE id = 1",
          "UPDATE backorder SET state = 'ACTIVE', open_copy = copy WHERE id = 1",
          "UPDATE backorder SET state = 'REQUESTED', open_copy = copy WHERE id = 2",
          "UPDATE backorder SET customer_id = 2 WHERE id = 3",
          "UPDATE backorder SET name = 'other.com' WHERE id = 3",
          "UPDATE backorder SET state = 'LOST' WHERE id = 3",
          "INSERT INTO backorder SELECT by_customer + 1, id + 1, customer_id, name, copy, open_copy, zone, currency, "
          "state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at, finalization_at, deadline_at, "
          "deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, cancelling, purse_empty, refusals, "
          "open_call_id, application, provider_status, provider_status_at, gone_since, reserved_at, submitted_at, "
          "ended_at, auction_ends_at, auction_price, in_doubt FROM backorder WHERE id = 3",
          "INSERT INTO backorder SELECT by_customer + 2, id + 1, customer_id, 'other.com', copy, open_copy, zone, "
          "currency, state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at, finalization_at, "
          "deadline_at, deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, cancelling, purse_empty, "
          "refusals, open_call_id, application, provider_status, provider_status_at, gone_since, reserved_at, "
          "submitted_at, ended_at, auction_ends_at, auction_price, in_doubt FROM backorder WHERE id = 3",
          "INSERT INTO backorder SELECT by_customer + 4294967296, id + 4294967296, customer_id, 'other.com', copy, "
          "open_copy, zone, currency, state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at, "
          "finalization_at, deadline_at, deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, "
          "cancelling, purse_empty, refusals, open_call_id, application, provider_status, provider_status_at, "
          "gone_since, reserved_at, submitted_at, ended_at, auction_ends_at, auction_price, in_doubt FROM backorder "
          "WHERE id = 3",
          "INSERT INTO backorder SELECT by_customer + n, id + n, customer_id, 'other.com', copy, open_copy, zone, "
          "currency, state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at, finalization_at, "
          "deadline_at, deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, cancelling, purse_empty, "
          "refusals, open_call_id, application, provider_status, provider_status_at, gone_since, reserved_at, "
          "submitted_at, ended_at, auction_ends_at, auction_price, in_doubt FROM backorder, (SELECT 1 AS n UNION "
          "SELECT 2) WHERE "
          "id = 3",
          "UPDATE backorder SET by_customer = by_customer + 1 WHERE id = 3",
          "DELETE FROM customer",
          "UPDATE customer SET currency = 'USD'",
          "INSERT INTO allowed_step VALUES ('FAILED', 'SUCCESSFUL')",
          "DELETE FROM book",
          "INSERT OR REPLACE INTO book (id, made_at, rehearsal) VALUES (1, 0, 0)",
          "UPDATE book SET rehearsal = 0",
          "UPDATE OR REPLACE transfer SET id = 2 WHERE id = 1",
          "INSERT OR REPLACE INTO ledger_account SELECT id, kind, currency, customer_id, source, 1, floor_minor FROM "
          "ledger_account WHERE kind = 2000",
          "INSERT OR REPLACE INTO ledger_account SELECT (SELECT max(id) + 1 FROM ledger_account), kind, currency, "
          "customer_id, source, 0, floor_minor FROM ledger_account WHERE kind = 2000",
          "INSERT OR REPLACE INTO event SELECT id, recorded_at, kind, customer_id, backorder_id, from_state, to_state, "
          "reason, actor, 'other' FROM event WHERE id = 1",
          "INSERT OR REPLACE INTO backorder SELECT by_customer, id, customer_id, name, copy, open_copy, zone, "
          "currency, state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at, finalization_at, "
          "deadline_at, deposit_due_at, drop_source_id, 1, attempt, underfunded, cancelling, purse_empty, refusals, "
          "open_call_id, application, provider_status, provider_status_at, gone_since, reserved_at, submitted_at, "
          "ended_at, auction_ends_at, auction_price, in_doubt FROM backorder WHERE id = 3",
          "INSERT OR REPLACE INTO customer SELECT id, name, currency, tier, state, policy, timing, 'FR', vat_id, "
          "opened_at, warned_minor FROM customer",
          "INSERT OR REPLACE INTO customer SELECT id + 1, name, currency, tier, state, policy, timing, country, "
          "vat_id, opened_at, warned_minor FROM customer",
          "INSERT OR REPLACE INTO provider_call SELECT id, backorder_id, command, attempt, 'answered', intent_at, 0, "
          "200, 'done', application FROM provider_call",
          "INSERT OR REPLACE INTO provider_call SELECT id + 1, backorder_id, command, attempt, 'answered', intent_at, "
          "0, 200, 'done', application FROM provider_call",
          "DELETE FROM provider_call",
          "UPDATE provider_call SET attempt = 2",
          "INSERT OR REPLACE INTO evidence SELECT id, backorder_id, recorded_at, 'FAILED', raw FROM evidence",
          "UPDATE evidence SET status = 'FAILED'",
          "DELETE FROM evidence",
          "INSERT INTO provider_call SELECT id + 1, 99, command, attempt, state, intent_at, answered_at, code, text, "
          "application FROM provider_call",
          "INSERT INTO evidence SELECT id + 1, 99, recorded_at, status, raw FROM evidence",
          "INSERT INTO case_file SELECT 99, kind, customer_id, 99, subject, 'other', opened_at, NULL, '', '' FROM "
          "case_file WHERE backorder_id IS NOT NULL",
          "INSERT OR REPLACE INTO case_file SELECT id, kind, customer_id, backorder_id, subject, 'other', opened_at, "
          "closed_at, closed_by, resolution FROM case_file",
          "INSERT OR REPLACE INTO case_file SELECT 99, kind, customer_id, backorder_id, subject, 'other', opened_at, "
          "NULL, '', '' FROM case_file WHERE backorder_id IS NOT NULL",
          "INSERT OR REPLACE INTO case_file SELECT 99, kind, customer_id, backorder_id, subject, 'other', opened_at, "
          "NULL, '', '' FROM case_file WHERE backorder_id IS NULL",
          "UPDATE case_file SET detail = 'other'",
          "DELETE FROM case_file",
          "INSERT OR REPLACE INTO allowed_step VALUES ('REQUESTED', 'ACTIVE')",
          "UPDATE allowed_step SET to_state = 'SUCCESSFUL' WHERE from_state = 'REQUESTED' AND to_state = 'VOID'",
          "DELETE FROM allowed_step",
      }) {
    for (const bool with_our_settings : {true, false}) {
      CAPTURE(std::string(sql));
      CAPTURE(with_our_settings);
      SQLite::Database db = book.raw(with_our_settings);
      CHECK_THROWS_AS(db.exec(sql), SQLite::Exception);
    }
  }
  CHECK(book.dump() == before);
  CHECK(book.open()->verify({}).findings.empty());
}

TEST_CASE("verify: names a row that refers to nothing, which only a connection without foreign keys could write") {
  const Book book;
  book.raw(false).exec(
      "INSERT INTO transfer SELECT (SELECT max(id) + 1 FROM transfer), kind, debit_id, credit_id, 5, recorded_at, "
      "effective_at, customer_id, NULL, NULL, NULL, 999, actor, memo"
      " FROM transfer WHERE id = 1");
  CHECK_FALSE(book.open()->verify({}).findings.empty());
}

TEST_CASE("store: a snapshot sees one state of the book, whatever others write meanwhile") {
  const Book book;
  const auto reader = book.open({.access = storage::Access::read_only});
  reader->begin_snapshot();
  const auto writer = book.open();
  writer->begin();
  Customer customer = writer->customer("alice").value();
  Changes changes;
  changes.requests = {{"operator", "meanwhile", "", "{}"}};
  REQUIRE(bool(pay_in(changes, customer, {.amount = eur(500)})));
  REQUIRE(bool(writer->apply(changes, {kNow, "tester"})));
  writer->commit();
  CHECK(reader->customer("alice").value().available == eur(8'000));
  reader->end_snapshot();
  CHECK(reader->customer("alice").value().available == eur(8'500));
}

TEST_CASE("database: no effective date in a closed period") {
  const Book book;
  book.raw().exec("UPDATE book SET closed_until = " + std::to_string(kNow.time_since_epoch().count()));
  const auto store = book.open();
  store->begin();
  Customer customer = store->customer("alice").value();
  Changes changes;
  changes.requests = {{"operator", "late", "", "{}"}};
  REQUIRE(bool(pay_in(changes, customer, {.amount = eur(5), .effective_at = kNow - Milliseconds(1)})));
  CHECK(store->apply(changes, {kNow, "tester"}).error().code == ErrorCode::period_closed);
  store->rollback();
}

TEST_CASE("database: its table of steps is the engine's") {
  const Book book;
  SQLite::Database db = book.raw();
  std::set<std::pair<std::string, std::string>> theirs, ours;
  SQLite::Statement rows(db, "SELECT from_state, to_state FROM allowed_step");
  while (rows.executeStep()) theirs.emplace(rows.getColumn(0).getString(), rows.getColumn(1).getString());
  for (const Transition& row : transitions()) ours.emplace(to_word(row.from), to_word(row.to));
  CHECK(theirs == ours);
}

TEST_CASE(
    "store: a balance below its minimum balance is refused whole; a unit of work that is dropped leaves nothing") {
  const Book book;
  const std::string before = book.dump();
  const auto store = book.open();
  store->begin();
  Customer customer = store->customer("alice").value();
  Changes changes;
  changes.requests = {{"operator", "too-much", "", "{}"}};
  changes.transfers.push_back({TransferKind::pay_out,
                               available_of(customer),
                               operator_account(AccountKind::cash, customer.currency, "bank"),
                               eur(9'000),
                               {},
                               {},
                               0,
                               {},
                               {}});
  CHECK(store->apply(changes, {kNow, "tester"}).error().code == ErrorCode::insufficient_available);
  changes.transfers[0].amount = eur(100);
  CHECK(bool(store->apply(changes, {kNow, "tester"})));
  store->rollback();
  CHECK(book.dump() == before);
}

TEST_CASE("verify: names what was changed behind the triggers' back") {
  struct Row {
    const char* tampering;
    const char* check;  // one of the checks that must name it
  };
  for (const Row& row :
       {Row{"UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id = 1", "seals"},
        Row{"UPDATE transfer SET amount_minor = amount_minor + 1 WHERE kind = 'reserve' AND backorder_id = 3",
            "balances"},
        Row{"DELETE FROM transfer WHERE id = (SELECT max(id) FROM transfer)", "seals"},
        Row{"UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE kind = 2000", "balances"},
        Row{"UPDATE backorder SET deposit_minor = deposit_minor + 1 WHERE id = 3", "deposits"},
        Row{"UPDATE request SET actor = 'somebody'", "seals"},
        Row{"UPDATE transfer SET actor = 'somebody' WHERE id = 2", "seals"},
        Row{"DELETE FROM seal WHERE id = (SELECT max(id) FROM seal)", "seals"},
        // Rows that name what is not there, each reference on its own.
        Row{"UPDATE transfer SET backorder_id = 9999 WHERE kind = 'pay-in'", "references"},
        Row{"UPDATE transfer SET request_id = 9999 WHERE kind = 'pay-in'", "references"},
        Row{"UPDATE transfer SET reverses_id = -1 WHERE kind = 'pay-in'", "references"},
        Row{"UPDATE transfer SET debit_id = 9999 WHERE kind = 'pay-in'", "references"},
        Row{"UPDATE backorder SET currency = 'USD' WHERE id = 3", "references"},
        Row{"UPDATE backorder SET drop_source_id = 9999 WHERE id = 3", "references"},
        Row{"UPDATE backorder SET open_call_id = 9999 WHERE id = 3", "references"},
        Row{"UPDATE event SET kind = 'rumour' WHERE kind = 'case-opened'", "references"},
        Row{"UPDATE event SET customer_id = 9999 WHERE id = 1", "references"},
        Row{"UPDATE event SET backorder_id = 9999 WHERE kind = 'stepped'", "references"},
        Row{"UPDATE event SET to_state = 'AUCTION-WON' WHERE kind = 'stepped' AND to_state = 'ACTIVE'", "references"},
        Row{"UPDATE evidence SET backorder_id = 9999", "references"},
        Row{"UPDATE provider_call SET backorder_id = 9999", "references"},
        Row{"UPDATE case_file SET backorder_id = 9999 WHERE kind = 'unknown_status'", "references"},
        Row{"INSERT INTO backorder SELECT by_customer + 4294967296, id, customer_id + 1, 'twice.com', copy, open_copy, "
            "zone, currency, state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at, "
            "finalization_at, deadline_at, deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, "
            "cancelling, purse_empty, refusals, open_call_id, application, provider_status, provider_status_at, "
            "gone_since, reserved_at, submitted_at, ended_at, auction_ends_at, auction_price, in_doubt FROM backorder "
            "WHERE id "
            "= 3",
            "states"},
        Row{"INSERT INTO backorder SELECT by_customer + 1, id + 1, customer_id, name, copy, open_copy, zone, currency, "
            "state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at, finalization_at, deadline_at, "
            "deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, cancelling, purse_empty, refusals, "
            "open_call_id, application, provider_status, provider_status_at, gone_since, reserved_at, submitted_at, "
            "ended_at, auction_ends_at, auction_price, in_doubt FROM backorder WHERE id = 3",
            "states"},
        Row{"UPDATE ledger_account SET customer_id = 9999 WHERE kind = 2000", "references"}}) {
    CAPTURE(row.tampering);
    const Book book;
    CHECK(book.open()->verify({}).findings.empty());
    {
      SQLite::Database db(book.path(), SQLite::OPEN_READWRITE);
      std::vector<std::string> triggers;
      SQLite::Statement names(db, "SELECT name FROM sqlite_master WHERE type = 'trigger'");
      while (names.executeStep()) triggers.push_back(names.getColumn(0).getString());
      names.reset();
      for (const std::string& trigger : triggers) db.exec("DROP TRIGGER " + trigger);
      REQUIRE(db.exec(row.tampering) > 0);
    }
    const Verification found = book.open()->verify({});
    bool named = false;
    std::string all;
    for (const Finding& finding : found.findings) {
      named = named || finding.check == row.check;
      all += finding.check + ": " + finding.what + "\n";
    }
    CAPTURE(all);
    CHECK(named);
  }
}

TEST_CASE("opening: one clear code for each thing that is no book of ours") {
  const support::TemporaryDirectory folder;
  const auto file = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder.file(name), std::ios::binary) << bytes;
    return folder.file(name);
  };
  CHECK(opening(folder.file("missing.db")) == ErrorCode::database_missing);
  CHECK_FALSE(std::filesystem::exists(folder.file("missing.db")));
  CHECK(opening(file("text.db",
                     "this is a letter, not a database, and it is longer than a header of one hundred bytes would be, "
                     "dear reader")) == ErrorCode::not_a_database);
  CHECK(opening(file("empty.db", "")) == ErrorCode::not_a_database);
  CHECK(opening(file("rubbish.db", std::string(8192, '\x93'))) == ErrorCode::not_a_database);
  {
    SQLite::Database other(folder.file("other.db"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("CREATE TABLE t (a)");
  }
  CHECK(opening(folder.file("other.db")) == ErrorCode::not_a_database);
  const Book book;
  CHECK_THROWS_AS(storage::create_book(book.path(), kNow, false), storage::StorageError);
  book.raw().exec("PRAGMA user_version = 9999");
  CHECK(opening(book.path()) == ErrorCode::database_newer);
}

TEST_CASE("opening: a book that another process holds is busy") {
  const Book book;
  SQLite::Database other = book.raw();
  other.exec("BEGIN IMMEDIATE");
  const auto store = book.open({.busy_timeout = std::chrono::milliseconds(50)});
  try {
    store->begin();
    FAIL("two writers");
  } catch (const storage::StorageError& error) {
    CHECK(error.error().code == ErrorCode::database_busy);
  }
}

TEST_CASE("opening: a user who may not write gets a clear code and writes nothing") {
  if (geteuid() != 0) return;  // only root can become somebody else
  const Book book;
  const std::filesystem::path folder = std::filesystem::path(book.path()).parent_path();
  { const auto checkpointed = book.open(); }
  chmod(folder.c_str(), 0555);
  chmod(book.path().c_str(), 0444);
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(9);
    try {
      const auto store = book.open();
      store->begin();
      _exit(1);
    } catch (const storage::StorageError& error) {
      _exit(error.error().code == ErrorCode::database_read_only ? 0 : 2);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  chmod(folder.c_str(), 0755);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("backup: a copy that opens and verifies; never over something else") {
  const Book book;
  const support::TemporaryDirectory folder;
  storage::back_up_book(book.path(), folder.file("copy.db"));
  CHECK(storage::open_book(folder.file("copy.db"), {})->verify({}).findings.empty());
  CHECK_THROWS_AS(storage::back_up_book(book.path(), folder.file("copy.db")), storage::StorageError);
}
