// One step at a time: what every row of the table does to the balances, the transfers and the log.
#include "engine/lifecycle.hpp"

#include <doctest/doctest.h>

#include <iterator>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");

// A backorder in `state`, its deposit of 10.00 where the state holds one, and its customer with 90.00 left.
struct TestLedger {
  Customer customer = support::customer(9000);
  Backorder backorder = support::backorder(1, kNow + std::chrono::hours(60));
  Changes changes{};

  explicit TestLedger(State state) {
    backorder.state = state;
    if (!holds_deposit(state)) return;
    backorder.deposit = eur(1000);
    backorder.attempt = 1;
    customer.reserved = eur(1000);
  }
  Status take(Trigger trigger, const TransitionFacts& facts) {
    return apply_transition(changes, backorder, customer, trigger, facts);
  }
  Money posted(TransferKind kind) const {
    Money sum = eur(0);
    for (const NewTransfer& one : changes.transfers) {
      if (one.kind == kind) sum += one.amount;
    }
    return sum;
  }
};

}  // namespace

TEST_CASE("steps: each row of the table moves exactly the money that it names, and is logged") {
  for (const Transition& row : transitions()) {
    CAPTURE(to_word(row.from));
    CAPTURE(to_word(row.event));
    TestLedger desk(row.from);
    REQUIRE(bool(
        desk.take(row.event, {.now = kNow, .reason = Reason::by_operator, .detail = "why", .deposit = eur(1000)})));
    CHECK(desk.backorder.state == row.to);
    const bool reserves = row.money == MoneyEffect::reserve_deposit, refunds = row.money == MoneyEffect::refund_deposit,
               captures = row.money == MoneyEffect::capture_deposit;
    CHECK(desk.posted(TransferKind::reserve) == eur(reserves ? 1000 : 0));
    CHECK(desk.posted(TransferKind::refund) == eur(refunds ? 1000 : 0));
    CHECK(desk.posted(TransferKind::capture) == eur(captures ? 1000 : 0));
    CHECK(desk.changes.transfers.size() == (row.money == MoneyEffect::none ? 0 : 1));
    CHECK(desk.customer.available == eur(reserves ? 8000 : refunds ? 10'000 : 9000));
    CHECK(desk.customer.reserved == eur(holds_deposit(row.to) ? 1000 : 0));
    REQUIRE(desk.changes.events.size() == 1);
    const NewEvent& logged = desk.changes.events.front();
    CHECK(logged.kind == EventKind::stepped);
    CHECK(logged.from == row.from);
    CHECK(logged.to == row.to);
    CHECK(logged.detail == "why");
    CHECK(desk.backorder.ended_at.has_value() == is_final(row.to));
  }
}

TEST_CASE("steps: what the table does not have is impossible, and changes nothing") {
  int impossible = 0;
  for (const State from : kStates) {
    for (const Trigger trigger : kEvents) {
      if (step(from, trigger)) continue;
      CAPTURE(to_word(from));
      CAPTURE(to_word(trigger));
      TestLedger desk(from);
      CHECK(desk.take(trigger, {.now = kNow, .deposit = eur(1000)}).error().code == ErrorCode::impossible_step);
      CHECK(desk.changes.empty());
      CHECK(desk.backorder.state == from);
      CHECK(desk.customer.available == eur(9000));
      ++impossible;
    }
  }
  CHECK(impossible + transitions().size() == std::size(kStates) * std::size(kEvents));
}

TEST_CASE("steps: no decision of ours releases a deposit while a job exists or may exist") {
  for (const Trigger trigger : {Trigger::voided, Trigger::rescheduled}) {
    for (const bool known : {true, false}) {
      CAPTURE(to_word(trigger));
      CAPTURE(known);
      TestLedger desk(State::active);
      if (known)
        desk.backorder.application = "77";
      else
        desk.backorder.open_call = 5;
      CHECK(desk.take(trigger, {.now = kNow}).error().code == ErrorCode::job_may_exist);
      CHECK(desk.changes.empty());
      CHECK(desk.customer.reserved == eur(1000));
    }
  }
}

TEST_CASE("steps: a deposit above what the customer can spend is refused; the credit limit counts") {
  TestLedger desk(State::requested);
  desk.customer.available = eur(999);
  CHECK(desk.take(Trigger::funded, {.now = kNow, .deposit = eur(1000)}).error().code ==
        ErrorCode::insufficient_available);
  CHECK(desk.changes.empty());
  CHECK(desk.backorder.attempt == 0);
  desk.customer.credit_limit = eur(1);
  CHECK(bool(desk.take(Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
  CHECK(desk.customer.available == eur(-1));
  CHECK(desk.backorder.attempt == 1);
}

TEST_CASE("steps: a capture is split into net and tax of the gross deposit; nothing is lost between them") {
  struct Row {
    std::int64_t tax_bp, net, tax;
  };
  for (const Row& row : {Row{0, 1000, 0}, Row{1900, 840, 160}, Row{2000, 833, 167}, Row{700, 935, 65}}) {
    CAPTURE(row.tax_bp);
    TestLedger desk(State::processing);
    REQUIRE(bool(desk.take(Trigger::won, {.now = kNow, .tax_bp = row.tax_bp})));
    CHECK(desk.posted(TransferKind::capture) == eur(row.net));
    CHECK(desk.posted(TransferKind::capture_tax) == eur(row.tax));
  }
}

TEST_CASE("steps: the rate in force is the latest of the country that began; none is zero") {
  const TaxRate rates[] = {{"DE", 1900, at("2020-01-01")}, {"DE", 2000, at("2026-01-01")}, {"FR", 2, at("2026-01-01")}};
  CHECK(tax_rate_bp(rates, "DE", at("2019-12-31")) == 0);
  CHECK(tax_rate_bp(rates, "DE", at("2025-12-31")) == 1900);
  CHECK(tax_rate_bp(rates, "DE", at("2026-01-01")) == 2000);
  CHECK(tax_rate_bp(rates, "IT", kNow) == 0);
}
