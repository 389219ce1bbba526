// The refund report ties out, or is not printed.
#include "tools/operations/refunds.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <tuple>

#include "tests/support/report_book.hpp"

using namespace operations;
using engine::ErrorCode;

namespace {

engine::UtcTime start() { return support::at("2026-08-01T00:00:00Z"); }

// A copy of the book in which somebody changed something with the triggers off.
std::unique_ptr<engine::LedgerStore> damaged(const ReportBook& book, const std::string& name, const std::string& sql) {
  const std::string path = book.folder.file(name);
  SQLite::Database(book.folder.file("book.db"), SQLite::OPEN_READWRITE).exec("VACUUM INTO '" + path + "'");
  {
    SQLite::Database db(path, SQLite::OPEN_READWRITE);
    std::vector<std::string> triggers;
    SQLite::Statement names(db, "SELECT name FROM sqlite_master WHERE type = 'trigger'");
    while (names.executeStep()) triggers.push_back(names.getColumn(0).getString());
    names.reset();
    for (const std::string& trigger : triggers) db.exec("DROP TRIGGER " + trigger);
    REQUIRE(db.exec(sql) == 1);
  }
  return storage::open_book(path, {});
}

std::string first_id(const ReportBook& book, const std::string& sql) {
  SQLite::Database db(book.folder.file("book.db"), SQLite::OPEN_READONLY);
  SQLite::Statement row(db, sql);
  REQUIRE(row.executeStep());
  return row.getColumn(0).getString();
}

}  // namespace

TEST_CASE("refunds: opening and reserved are captured, refunded and closing, for every account, zone and cut of time") {
  ReportBook book(21, 12, 90);
  book.play(start() + std::chrono::hours(24 * 12));
  const auto report = [&](std::optional<engine::UtcTime> from, std::optional<engine::UtcTime> to) {
    return refund_report(*book.store, {.period = {from, to, false}, .now = book.now}).value();
  };
  const RefundReport whole = report({}, {});
  REQUIRE(whole.refunds.size() > 10);
  REQUIRE(whole.captures.size() > 10);
  CHECK(whole.exceptions.empty());
  for (const EndedDeposit& row : whole.refunds) {
    CHECK(row.reserved_at);
    CHECK(row.cause == std::string(to_word(*row.backorder.reason)));
    if (row.cause == "not_registered") {
      CHECK(row.outcome_at);
      CHECK_FALSE(row.evidence.empty());
      CHECK(row.latency);
    }
  }
  // Cut anywhere: what closes one part opens the next, and the parts are the whole.
  std::map<std::pair<std::string, std::string>, engine::Money> closing;
  std::size_t refunds = 0, captures = 0;
  for (int day = 0; day <= 12; ++day) {
    const engine::UtcTime from = start() + std::chrono::hours(24 * day);
    const RefundReport part = report(from, from + std::chrono::hours(24));
    refunds += part.refunds.size();
    captures += part.captures.size();
    std::map<std::pair<std::string, std::string>, engine::Money> closes;
    for (const DepositFlow& row : part.flows) {
      CHECK(row.opening + row.reserved == row.captured + row.refunded + row.closing);
      const auto before = closing.find({row.account, row.zone});
      CHECK(row.opening == (before == closing.end() ? engine::Money::zero(row.opening.currency()) : before->second));
      if (!row.closing.is_zero()) closes.emplace(std::pair(row.account, row.zone), row.closing);
    }
    closing = std::move(closes);
  }
  CHECK(refunds == whole.refunds.size());
  CHECK(captures == whole.captures.size());
  // One account's report is its part of everybody's.
  const engine::Customer one = book.store->customer("account1").value();
  const RefundReport own = refund_report(*book.store, {.customer = one.id, .period = {}, .now = book.now}).value();
  CHECK(own.refunds.size() ==
        static_cast<std::size_t>(std::ranges::count(whole.refunds, "account1", &EndedDeposit::account)));
}

TEST_CASE("refunds: one minor unit off, anywhere, and nothing is printed; the first row that is off is named") {
  ReportBook book(22, 6, 50);
  book.play(start() + std::chrono::hours(24 * 5));  // some have ended, some are held
  REQUIRE(bool(refund_report(*book.store, {.period = {}, .now = book.now})));
  const std::string refund = first_id(book, "SELECT id FROM transfer WHERE kind = 'refund' LIMIT 1");
  const std::string refunded = first_id(book, "SELECT backorder_id FROM transfer WHERE id = " + refund);
  const std::string capture = first_id(book, "SELECT id FROM transfer WHERE kind = 'capture' LIMIT 1");
  const std::string captured = first_id(book, "SELECT backorder_id FROM transfer WHERE id = " + capture);
  const std::string held = first_id(book, "SELECT id FROM backorder WHERE state IN ('ACTIVE', 'PROCESSING') LIMIT 1");
  const std::string reserve =
      first_id(book, "SELECT id FROM transfer WHERE kind = 'reserve' AND backorder_id = " + held);
  struct Row {
    std::string sql, names;
  };
  int number = 0;
  for (const Row& row :
       {Row{"UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id = " + refund, "backorder " + refunded + " ("},
        Row{"UPDATE transfer SET amount_minor = amount_minor - 1 WHERE id = " + capture,
            "backorder " + captured + " ("},
        Row{"UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id = " + reserve, "backorder " + held + " ("},
        Row{"UPDATE backorder SET deposit_minor = deposit_minor + 1 WHERE id = " + held, "backorder " + held + " ("},
        Row{"UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE id = (SELECT min(id) FROM "
            "ledger_account WHERE kind = 2010)",
            "account account0: its balance"},
        Row{"DELETE FROM transfer WHERE id = " + reserve, "no transfer reserved its deposit"},
        Row{"DELETE FROM transfer WHERE id = " + refund, "never ended"},
        Row{"DELETE FROM backorder WHERE id = " + refunded, "names no backorder"}}) {
    CAPTURE(row.sql);
    const auto store = damaged(book, "damaged" + std::to_string(++number) + ".db", row.sql);
    const auto report = refund_report(*store, {.period = {}, .now = book.now});
    REQUIRE_FALSE(report);
    CHECK(report.error().code == ErrorCode::report_not_balanced);
    CAPTURE(report.error().detail);
    CHECK(report.error().detail.find(row.names) != std::string::npos);
    // Whatever the period: an opening is only as good as what lies before it.
    CHECK_FALSE(refund_report(*store, {.period = {book.now, {}, false}, .now = book.now}));
  }
}

TEST_CASE("refunds: an outcome that nothing followed is an exception, and so is one that was followed too late") {
  ReportBook book(23, 6, 40);
  SweepOptions no_settling;
  no_settling.stages = {Stage::reserve, Stage::voids, Stage::submit, Stage::sync};
  for (; book.now < start() + std::chrono::hours(24 * 12); book.now += std::chrono::hours(6))
    sweep(book.context(), book.registry.get(), no_settling);
  RefundQuery query{.period = {}, .now = book.now};
  const RefundReport waiting = refund_report(*book.store, query).value();
  CHECK(std::ranges::count(waiting.exceptions, std::string("outcome without refund"), &DepositException::what) > 0);
  CHECK(std::ranges::count(waiting.exceptions, std::string("outcome without capture"), &DepositException::what) > 0);
  sweep(book.context(), book.registry.get(), {});
  const RefundReport late = refund_report(*book.store, query).value();
  CHECK(std::ranges::count(late.exceptions, std::string("refund later than outcome"), &DepositException::what) > 0);
  CHECK(std::ranges::count(late.exceptions, std::string("outcome without refund"), &DepositException::what) == 0);
  query.tolerance = std::chrono::hours(24 * 30);
  CHECK(refund_report(*book.store, query).value().exceptions.empty());
}

TEST_CASE(
    "refunds: the little that is read of every backorder and transfer says what the whole rows say, of all accounts "
    "and of one") {
  ReportBook book(24, 6, 50);
  book.play(start() + std::chrono::hours(24 * 5));
  for (const std::optional<engine::CustomerId> only :
       {std::optional<engine::CustomerId>(), std::optional(book.store->customer("account1").value().id)}) {
    engine::BackorderQuery all;
    all.customer = only;
    all.order = engine::BackorderQuery::Order::customer;
    const std::vector<engine::Backorder> backorders = book.store->backorders(all);
    std::size_t at = 0, held = 0;
    book.store->each_deposit(only, [&](const engine::BackorderDeposit& row) {
      REQUIRE(at < backorders.size());
      const engine::Backorder& whole = backorders[at++];
      CHECK(std::tie(row.id, row.customer, row.name, row.zone, row.state, row.deposit, row.attempt, row.provider_status,
                     row.provider_status_at) == std::tie(whole.id, whole.customer, whole.name.ace(), whole.zone,
                                                         whole.state, whole.deposit, whole.attempt,
                                                         whole.provider_status, whole.provider_status_at));
      held += row.deposit ? 1 : 0;
    });
    CHECK(at == backorders.size());
    CHECK(held > 0);

    engine::TransferQuery kinds{.customer = only,
                                .kinds = {engine::TransferKind::reserve, engine::TransferKind::refund,
                                          engine::TransferKind::capture, engine::TransferKind::capture_tax}};
    std::vector<engine::Transfer> transfers;
    book.store->each_transfer(kinds, [&](const engine::Transfer& transfer) { transfers.push_back(transfer); });
    at = 0;
    book.store->each_deposit_transfer(only, [&](const engine::DepositTransfer& row) {
      REQUIRE(at < transfers.size());
      const engine::Transfer& whole = transfers[at++];
      CHECK(std::tie(row.id, row.kind, row.attempt, row.amount, row.recorded_at, row.effective_at, row.actor) ==
            std::tie(whole.id, whole.kind, whole.attempt, whole.amount, whole.recorded_at, whole.effective_at,
                     whole.actor));
      CHECK(row.backorder == whole.backorder);
    });
    CHECK(at == transfers.size());
    CHECK(at > 0);
  }
}
