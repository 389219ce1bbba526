#include "engine/payments.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");

Payment payment(std::int64_t minor) { return {.amount = eur(minor)}; }

// The transfers of some changes as they stand in the book.
std::vector<Transfer> posted(const Changes& changes, std::int64_t first_id = 1) {
  std::vector<Transfer> transfers;
  for (const NewTransfer& one : changes.transfers) {
    transfers.push_back({TransferId(first_id++), one.kind, one.debit, one.credit, one.amount, kNow, kNow, one.backorder,
                         one.attempt, one.reverses, RequestId(1), "", one.memo});
  }
  return transfers;
}

// Debits and credits of everything posted, by account kind: credits − debits.
Money change_of(const Changes& changes, AccountKind kind) {
  Money sum = eur(0);
  for (const NewTransfer& one : changes.transfers) {
    if (one.credit.kind == kind) sum += one.amount;
    if (one.debit.kind == kind) sum -= one.amount;
  }
  return sum;
}

Backorder held(std::int64_t id, Customer& customer, int hours) {
  Backorder one = support::backorder(id, kNow + std::chrono::hours(hours));
  Changes changes;
  REQUIRE(bool(apply_transition(changes, one, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
  return one;
}

}  // namespace

TEST_CASE("pay-in: cash to available; what is owed is repaid first; more than owed is balance") {
  Customer customer = support::customer(0);
  Changes changes;
  REQUIRE(bool(pay_in(changes, customer, payment(500))));
  CHECK(customer.available == eur(500));
  customer.owed = eur(300);
  changes = {};
  REQUIRE(bool(pay_in(changes, customer, payment(200))));
  CHECK(customer.owed == eur(100));
  CHECK(customer.available == eur(500));
  REQUIRE(bool(pay_in(changes, customer, payment(200))));
  CHECK(customer.owed.is_zero());
  CHECK(customer.available == eur(600));
  CHECK(change_of(changes, AccountKind::cash) == eur(-400));
}

TEST_CASE("pay-out: only what is available can be paid out, never the credit limit nor a deposit") {
  Customer customer = support::customer(1500, 5000);
  held(1, customer, 50);
  Changes changes;
  CHECK(pay_out(changes, customer, payment(501)).error().code == ErrorCode::insufficient_available);
  CHECK(changes.transfers.empty());
  CHECK(bool(pay_out(changes, customer, payment(500))));
  CHECK(customer.available.is_zero());
  CHECK(customer.reserved == eur(1000));
}

TEST_CASE("pay-in: a frozen account takes money and pays none out; a closed one takes none") {
  Customer customer = support::customer(1000);
  Changes changes;
  customer.state = AccountState::frozen;
  CHECK(bool(pay_in(changes, customer, payment(1))));
  CHECK(pay_out(changes, customer, payment(1)).error().code == ErrorCode::account_frozen);
  customer.state = AccountState::closed;
  CHECK(pay_in(changes, customer, payment(1)).error().code == ErrorCode::account_closed);
}

TEST_CASE("amounts: another currency, zero and less are refused everywhere") {
  Customer customer = support::customer(1000);
  Changes changes;
  const Money yen = Money::of_minor(5, support::currency("JPY"));
  CHECK(pay_in(changes, customer, {.amount = yen}).error().code == ErrorCode::currency_mismatch);
  for (const std::int64_t minor : {std::int64_t{0}, std::int64_t{-5}}) {
    CHECK(pay_in(changes, customer, payment(minor)).error().code == ErrorCode::invalid_amount);
    CHECK(pay_out(changes, customer, payment(minor)).error().code == ErrorCode::invalid_amount);
    CHECK(adjust(changes, customer, eur(minor), Direction::credit, "why", {}).error().code ==
          ErrorCode::invalid_amount);
  }
  CHECK(changes.transfers.empty());
}

TEST_CASE("adjustment: adjustments need a reason and cannot take what is not there") {
  Customer customer = support::customer(100);
  Changes changes;
  CHECK(adjust(changes, customer, eur(50), Direction::debit, "", {}).error().code == ErrorCode::invalid_argument);
  CHECK(adjust(changes, customer, eur(101), Direction::debit, "fee", {}).error().code ==
        ErrorCode::insufficient_available);
  CHECK(bool(adjust(changes, customer, eur(100), Direction::debit, "fee", {})));
  CHECK(bool(adjust(changes, customer, eur(30), Direction::credit, "mistake", {})));
  CHECK(customer.available == eur(30));
  CHECK(change_of(changes, AccountKind::adjustment) == eur(70));
}

TEST_CASE("reversal: a reversal mirrors the whole request, once") {
  Customer customer = support::customer(0);
  customer.owed = eur(300);
  Changes payment_changes;
  REQUIRE(bool(pay_in(payment_changes, customer, payment(500))));
  const std::vector<Transfer> transfers = posted(payment_changes);
  REQUIRE(transfers.size() == 2);
  Changes changes;
  REQUIRE(bool(reverse(changes, &customer, transfers, {}, "wrong account")));
  CHECK(customer.available.is_zero());
  CHECK(customer.owed == eur(300));
  CHECK(change_of(changes, AccountKind::cash) == eur(500));
  const std::vector<Transfer> answers = posted(changes, 10);
  CHECK(reverse(changes, &customer, transfers, answers, "again").error().code == ErrorCode::already_reversed);
}

TEST_CASE("reserve, refund and capture are never reversed; spent money is not either") {
  Customer customer = support::customer(0);
  Changes payment_changes;
  REQUIRE(bool(pay_in(payment_changes, customer, payment(1000))));
  Backorder one = support::backorder(1, kNow + std::chrono::hours(50));
  Changes reserve_changes;
  REQUIRE(bool(apply_transition(reserve_changes, one, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
  Changes changes;
  CHECK(reverse(changes, &customer, posted(reserve_changes), {}, "why").error().code == ErrorCode::not_reversible);
  CHECK(reverse(changes, &customer, posted(payment_changes), {}, "why").error().code ==
        ErrorCode::insufficient_available);
}

TEST_CASE(
    "chargeback: a chargeback voids unsubmitted deposits in reverse order as far as needed, owes the rest, freezes") {
  Customer customer = support::customer(0);
  Changes payment_changes;
  REQUIRE(bool(pay_in(payment_changes, customer, payment(3500))));
  std::vector<Backorder> backorders{held(1, customer, 40), held(2, customer, 50), held(3, customer, 60)};
  backorders[2].open_call = 7;  // may exist at the provider: stays
  SUBCASE("covered by one of them") {
    Changes changes;
    std::vector<Transfer> transfers = posted(payment_changes);
    transfers[0].amount = eur(1500);
    REQUIRE(bool(charge_back(changes, customer, transfers, {}, backorders, "bank", kNow)));
    CHECK(backorders[0].state == State::active);
    CHECK(backorders[1].state == State::voided);
    CHECK(backorders[1].reason == Reason::chargeback);
    CHECK(customer.available.is_zero());
    CHECK(customer.owed.is_zero());
    CHECK(customer.state == AccountState::frozen);
  }
  SUBCASE("more than all of them: the rest is owed") {
    Changes changes;
    REQUIRE(bool(charge_back(changes, customer, posted(payment_changes), {}, backorders, "bank", kNow)));
    CHECK(backorders[0].state == State::voided);
    CHECK(backorders[2].state == State::active);
    CHECK(customer.available.is_zero());
    CHECK(customer.owed == eur(1000));
    CHECK(change_of(changes, AccountKind::cash) == eur(3500));
    SUBCASE("won later, it is reversed, and nothing is reserved again") {
      std::vector<Transfer> taken;
      for (const Transfer& one : posted(changes, 50)) {
        if (one.kind == TransferKind::chargeback || one.kind == TransferKind::chargeback_receivable)
          taken.push_back(one);
      }
      Changes won;
      REQUIRE(bool(reverse(won, &customer, taken, {}, "won")));
      CHECK(customer.owed.is_zero());
      CHECK(customer.available == eur(2500));
      CHECK(backorders[0].state == State::voided);
    }
  }
  SUBCASE("only a payment can be charged back") {
    Changes adjustment, changes;
    REQUIRE(bool(adjust(adjustment, customer, eur(5), Direction::credit, "x", {})));
    CHECK(charge_back(changes, customer, posted(adjustment), {}, backorders, "bank", kNow).error().code ==
          ErrorCode::not_reversible);
  }
}

TEST_CASE("a chargeback uses the credit limit down to the minimum balance before anything is owed") {
  Customer customer = support::customer(0, 400);
  Changes payment_changes, changes;
  REQUIRE(bool(pay_in(payment_changes, customer, payment(1000))));
  customer.available = eur(0);  // spent
  REQUIRE(bool(charge_back(changes, customer, posted(payment_changes), {}, {}, "bank", kNow)));
  CHECK(customer.available == eur(-400));
  CHECK(customer.owed == eur(600));
}

TEST_CASE("credit limit: not below what is in use, not below zero") {
  Customer customer = support::customer(-300, 500);
  Changes changes;
  CHECK(set_credit_limit(changes, customer, eur(299)).error().code == ErrorCode::limit_below_use);
  CHECK(set_credit_limit(changes, customer, eur(-1)).error().code == ErrorCode::invalid_amount);
  CHECK(bool(set_credit_limit(changes, customer, eur(300))));
  CHECK(customer.spendable().is_zero());
}

TEST_CASE("suspense: unidentified money waits in suspense until a person assigns it") {
  Customer customer = support::customer(0);
  Changes changes;
  pay_in_unidentified(changes, payment(700));
  CHECK(change_of(changes, AccountKind::suspense) == eur(700));
  CHECK(assign_unidentified(changes, customer, eur(701), eur(700), "letter").error().code ==
        ErrorCode::insufficient_available);
  CHECK(bool(assign_unidentified(changes, customer, eur(700), eur(700), "letter")));
  CHECK(customer.available == eur(700));
  CHECK(change_of(changes, AccountKind::suspense).is_zero());
}

TEST_CASE("account states: the table of acts") {
  const AccountState states[] = {AccountState::open, AccountState::frozen, AccountState::closing, AccountState::closed};
  struct Row {
    AccountOperation act;
    const char* allowed;  // in the order open, frozen, closing, closed
  };
  for (const Row& row : {Row{AccountOperation::place, "y---"}, Row{AccountOperation::reserve, "y---"},
                         Row{AccountOperation::submit, "y---"}, Row{AccountOperation::cancel, "yyy-"},
                         Row{AccountOperation::pay_in, "yyy-"}, Row{AccountOperation::pay_out, "y-y-"},
                         Row{AccountOperation::settle, "yyyy"}, Row{AccountOperation::configure, "yyy-"}}) {
    for (int i = 0; i < 4; ++i) {
      CAPTURE(static_cast<int>(row.act));
      CAPTURE(to_word(states[i]));
      CHECK(!forbidden(states[i], row.act).has_value() == (row.allowed[i] == 'y'));
    }
  }
}
