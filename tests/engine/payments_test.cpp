#include "engine/payments.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");

Payment payment(std::int64_t minor) { return {.amount = eur(minor)}; }

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
  CHECK(customer.owed.is_zero());
  CHECK(customer.available == eur(400));  // what was there repays what was owed
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
