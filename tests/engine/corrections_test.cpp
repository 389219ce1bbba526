#include "engine/corrections.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "engine/payments.hpp"
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

Dispute dispute(std::optional<std::int64_t> minor = {}) {
  Dispute one{.cash = operator_account(AccountKind::cash, Currency::parse("EUR").value(), "bank"), .now = kNow};
  if (minor) one.amount = eur(*minor);
  return one;
}

// Posts what a decision gives, as a book would: numbered on, for later decisions to answer.
struct Ledger {
  std::vector<Transfer> all{};
  std::vector<Transfer> add(const Changes& changes) {
    const std::vector<Transfer> now = posted(changes, static_cast<std::int64_t>(all.size()) + 1);
    all.insert(all.end(), now.begin(), now.end());
    return now;
  }
};

}  // namespace

TEST_CASE("reversal: a reversal mirrors the whole request, once") {
  Customer customer = support::customer(0);
  customer.owed = eur(300);
  Changes payment_changes;
  REQUIRE(bool(pay_in(payment_changes, customer, payment(500))));
  const std::vector<Transfer> transfers = posted(payment_changes);
  REQUIRE(transfers.size() == 2);
  Changes changes;
  REQUIRE(bool(reverse(changes, {&customer, 1}, transfers, {}, {"wrong account"})));
  CHECK(customer.available.is_zero());
  CHECK(customer.owed == eur(300));
  CHECK(change_of(changes, AccountKind::cash) == eur(500));
  const std::vector<Transfer> answers = posted(changes, 10);
  CHECK(reverse(changes, {&customer, 1}, transfers, answers, {"again"}).error().code == ErrorCode::already_reversed);
}

TEST_CASE("reserve, refund and capture are never reversed; spent money is not either") {
  Customer customer = support::customer(0);
  Changes payment_changes;
  REQUIRE(bool(pay_in(payment_changes, customer, payment(1000))));
  Backorder one = support::backorder(1, kNow + std::chrono::hours(50));
  Changes reserve_changes;
  REQUIRE(bool(apply_transition(reserve_changes, one, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
  Changes changes;
  CHECK(reverse(changes, {&customer, 1}, posted(reserve_changes), {}, {"why"}).error().code ==
        ErrorCode::not_reversible);
  CHECK(reverse(changes, {&customer, 1}, posted(payment_changes), {}, {"why"}).error().code ==
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
    REQUIRE(bool(charge_back(changes, customer, transfers, {}, backorders, dispute(), {"bank"})));
    CHECK(backorders[0].state == State::active);
    CHECK(backorders[1].state == State::voided);
    CHECK(backorders[1].reason == Reason::chargeback);
    CHECK(customer.available.is_zero());
    CHECK(customer.owed.is_zero());
    CHECK(customer.state == AccountState::frozen);
  }
  SUBCASE("more than all of them: the rest is owed") {
    Changes changes;
    REQUIRE(bool(charge_back(changes, customer, posted(payment_changes), {}, backorders, dispute(), {"bank"})));
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
      REQUIRE(bool(reverse(won, {&customer, 1}, taken, {}, {"won"})));
      CHECK(customer.owed.is_zero());
      CHECK(customer.available == eur(2500));
      CHECK(backorders[0].state == State::voided);
    }
  }
  SUBCASE("only a payment can be charged back") {
    Changes adjustment, changes;
    REQUIRE(bool(adjust(adjustment, customer, eur(5), Direction::credit, "x", {})));
    CHECK(charge_back(changes, customer, posted(adjustment), {}, backorders, dispute(), {"bank"}).error().code ==
          ErrorCode::not_reversible);
  }
}

TEST_CASE("a chargeback uses the credit limit down to the minimum balance before anything is owed") {
  Customer customer = support::customer(0, 400);
  Changes payment_changes, changes;
  REQUIRE(bool(pay_in(payment_changes, customer, payment(1000))));
  customer.available = eur(0);  // spent
  REQUIRE(bool(charge_back(changes, customer, posted(payment_changes), {}, {}, dispute(), {"bank"})));
  CHECK(customer.available == eur(-400));
  CHECK(customer.owed == eur(600));
}

TEST_CASE("set-off: whatever raises available repays a debt first, and its reversal takes the set-off back first") {
  struct Row {
    const char* name;
    std::function<Status(Changes&, Customer&)> act;
  };
  const Row rows[] = {
      {"goodwill",
       [](Changes& changes, Customer& customer) { return grant_goodwill(changes, customer, eur(60), "x"); }},
      {"adjustment", [](Changes& changes,
                        Customer& customer) { return adjust(changes, customer, eur(60), Direction::credit, "x", {}); }},
      {"suspense", [](Changes& changes,
                      Customer& customer) { return assign_unidentified(changes, customer, eur(60), eur(60), "x"); }},
      {"pay-in", [](Changes& changes, Customer& customer) { return pay_in(changes, customer, payment(60)); }},
      {"opening balance",
       [](Changes& changes, Customer& customer) { return open_balance(changes, customer, payment(60)); }},
      {"refund",
       [](Changes& changes, Customer& customer) {
         Backorder one = support::backorder(1, kNow + std::chrono::hours(50));
         one.state = State::processing;
         one.deposit = eur(60);
         one.attempt = 1;
         customer.reserved = eur(60);
         return apply_transition(changes, one, customer, Trigger::lost,
                                 {.now = kNow, .reason = Reason::not_registered});
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const std::int64_t owed : {0, 40, 60, 100}) {
      CAPTURE(owed);
      Customer customer = support::customer(0);
      customer.owed = eur(owed);
      Changes changes;
      REQUIRE(bool(row.act(changes, customer)));
      CHECK(customer.owed == eur(std::max<std::int64_t>(owed - 60, 0)));
      CHECK(customer.available == eur(std::max<std::int64_t>(60 - owed, 0)));
      CHECK(change_of(changes, AccountKind::receivable) == eur(std::min<std::int64_t>(owed, 60)));
      if (std::string_view(row.name) == "refund") continue;
      Changes back;
      REQUIRE(bool(reverse(back, {&customer, 1}, posted(changes), {}, {"mistake"})));
      CHECK(customer.owed == eur(owed));
      CHECK(customer.available.is_zero());
      const bool set_off = std::ranges::any_of(
          changes.transfers, [](const NewTransfer& one) { return one.kind == TransferKind::set_off; });
      CHECK(back.transfers.front().debit.kind ==
            (set_off || owed >= 60 ? AccountKind::receivable : AccountKind::available));
    }
  }
}

TEST_CASE("pay-out: refused while the customer owes") {
  Customer customer = support::customer(100);
  customer.owed = eur(1);
  Changes changes;
  CHECK(pay_out(changes, customer, payment(50)).error().code == ErrorCode::insufficient_available);
}

TEST_CASE("reversal: a reversal can be reversed, then what it undid stands and can be reversed again") {
  Customer customer = support::customer(0);
  Ledger ledger;
  Changes changes;
  REQUIRE(bool(pay_in(changes, customer, payment(500))));
  const std::vector<Transfer> paid = ledger.add(changes);
  std::vector<Transfer> last = paid;
  for (int round = 0; round < 5; ++round) {
    CAPTURE(round);
    Changes undone;
    REQUIRE(bool(reverse(undone, {&customer, 1}, last, ledger.all, {"again"})));
    last = ledger.add(undone);
    CHECK(customer.available == eur(round % 2 == 0 ? 0 : 500));
    CHECK(in_force(paid[0], ledger.all) == (round % 2 == 1));
    Changes twice;
    CHECK(bool(reverse(twice, {&customer, 1}, paid, ledger.all, {"twice"})) == (round % 2 == 1));
    customer.available = eur(round % 2 == 0 ? 0 : 500);
  }
}

TEST_CASE("chargeback: in parts up to the payment, and again after it was won") {
  Customer customer = support::customer(0);
  Ledger ledger;
  Changes changes;
  REQUIRE(bool(pay_in(changes, customer, payment(100))));
  const std::vector<Transfer> paid = ledger.add(changes);
  const auto charge = [&](std::optional<std::int64_t> minor) {
    Changes taken;
    const Status done = charge_back(taken, customer, paid, ledger.all, {}, dispute(minor), {"disputed"});
    if (done) ledger.add(taken);
    return done ? std::optional<ErrorCode>() : std::optional(done.error().code);
  };
  CHECK(charge(30) == std::nullopt);
  CHECK(customer.available == eur(70));
  CHECK(charge(71) == ErrorCode::invalid_amount);
  CHECK(charge(0) == ErrorCode::invalid_amount);
  CHECK(charge(std::nullopt) == std::nullopt);  // all that is left
  CHECK(customer.available.is_zero());
  CHECK(charge(1) == ErrorCode::already_reversed);
  Changes never;
  CHECK(reverse(never, {&customer, 1}, paid, ledger.all, {"no"}).error().code == ErrorCode::already_reversed);
  Changes won;
  REQUIRE(bool(reverse(won, {&customer, 1}, {&ledger.all[1], 1}, ledger.all, {"the part was won"})));
  ledger.add(won);
  CHECK(customer.available == eur(30));
  CHECK(charge(31) == ErrorCode::invalid_amount);
  CHECK(charge(30) == std::nullopt);  // and lost after all
  CHECK(customer.available.is_zero());
}

TEST_CASE("chargeback: won after the debt was repaid, the money is the customer's") {
  Customer customer = support::customer(0);
  Ledger ledger;
  Changes changes;
  REQUIRE(bool(pay_in(changes, customer, payment(100))));
  const std::vector<Transfer> paid = ledger.add(changes);
  customer.available = eur(0);  // spent
  Changes taken, repaid, won;
  REQUIRE(bool(charge_back(taken, customer, paid, ledger.all, {}, dispute(), {"disputed"})));
  const std::vector<Transfer> chargeback = ledger.add(taken);
  CHECK(customer.owed == eur(100));
  REQUIRE(bool(pay_in(repaid, customer, payment(100))));
  ledger.add(repaid);
  REQUIRE(bool(reverse(won, {&customer, 1}, chargeback, ledger.all, {"won"})));
  CHECK(customer.owed.is_zero());
  CHECK(customer.available == eur(100));
}

TEST_CASE("moved payment: one act, cash stays, the debts of both are seen to; and it can be charged back where it is") {
  Customer alice = support::customer(0), bob = support::customer(0);
  bob.id = CustomerId(2);
  bob.name = "bob";
  bob.owed = eur(30);
  Ledger ledger;
  Changes changes, moved;
  REQUIRE(bool(pay_in(changes, alice, payment(100))));
  const std::vector<Transfer> paid = ledger.add(changes);
  REQUIRE(bool(move_payment(moved, alice, bob, paid, ledger.all, {"bob's"})));
  CHECK(alice.available.is_zero());
  CHECK(bob.available == eur(70));
  CHECK(bob.owed.is_zero());
  CHECK(change_of(moved, AccountKind::cash).is_zero());
  CHECK(change_of(moved, AccountKind::suspense).is_zero());
  const std::vector<Transfer> move = ledger.add(moved);
  Changes again;
  CHECK(move_payment(again, alice, bob, paid, ledger.all, {"again"}).error().code == ErrorCode::already_reversed);
  CHECK(charge_back(again, alice, paid, ledger.all, {}, dispute(), {"bank"}).error().code ==
        ErrorCode::already_reversed);
  Changes taken;
  REQUIRE(bool(charge_back(taken, bob, move, ledger.all, {}, dispute(), {"bank"})));
  CHECK(bob.owed == eur(30));
  CHECK(bob.available.is_zero());
  SUBCASE("undone, it is where it was") {
    Customer two[] = {support::customer(0), bob};
    two[1].available = eur(70);
    two[1].owed = eur(0);
    Changes back;
    REQUIRE(bool(reverse(back, two, move, ledger.all, {"alice's after all"})));
    CHECK(two[0].available == eur(100));
    CHECK(two[1].available.is_zero());
    CHECK(two[1].owed == eur(30));
  }
  SUBCASE("spent money is not moved, other currencies are not, an account to itself is not") {
    Customer spender = support::customer(0), yen = support::customer(0);
    yen.id = CustomerId(3);
    yen.currency = Currency::parse("JPY").value();
    Changes none;
    CHECK(move_payment(none, spender, bob, paid, {}, {"x"}).error().code == ErrorCode::insufficient_available);
    CHECK(move_payment(none, alice, yen, paid, {}, {"x"}).error().code == ErrorCode::currency_mismatch);
    CHECK(move_payment(none, alice, alice, paid, {}, {"x"}).error().code == ErrorCode::invalid_argument);
  }
}

TEST_CASE("general entry: between operator's accounts with a reason; customers' and suspense are refused") {
  const Currency euro = Currency::parse("EUR").value();
  const LedgerAccountKey fees = operator_account(AccountKind::fees, euro),
                         cash = operator_account(AccountKind::cash, euro, "bank"),
                         suspense = operator_account(AccountKind::suspense, euro);
  const Customer customer = support::customer(0);
  Changes changes;
  CHECK(bool(post_general(changes, {.debit = fees, .credit = cash, .amount = eur(490), .reason = "charges"})));
  CHECK(change_of(changes, AccountKind::fees) == eur(-490));
  struct Row {
    LedgerAccountKey debit, credit;
    std::int64_t minor;
    const char* reason;
    ErrorCode code;
  };
  for (const Row& row :
       {Row{fees, cash, 490, "", ErrorCode::invalid_argument}, Row{fees, cash, 0, "x", ErrorCode::invalid_amount},
        Row{fees, fees, 1, "x", ErrorCode::invalid_argument}, Row{fees, suspense, 1, "x", ErrorCode::invalid_argument},
        Row{available_of(customer), cash, 1, "x", ErrorCode::invalid_argument},
        Row{cash, receivable_of(customer), 1, "x", ErrorCode::invalid_argument}}) {
    CAPTURE(row.reason);
    CHECK(post_general(changes,
                       {.debit = row.debit, .credit = row.credit, .amount = eur(row.minor), .reason = row.reason})
              .error()
              .code == row.code);
  }
  CHECK(bool(post_general(
      changes, {.debit = suspense, .credit = fees, .amount = eur(1), .reason = "decided", .answers_case = true})));
}

TEST_CASE("write-off: at most what is owed, and it can be undone") {
  Customer customer = support::customer(0);
  customer.owed = eur(50);
  Changes changes, back;
  CHECK(write_off(changes, customer, eur(51), "gone", {}).error().code == ErrorCode::insufficient_available);
  CHECK(write_off(changes, customer, eur(5), "", {}).error().code == ErrorCode::invalid_argument);
  REQUIRE(bool(write_off(changes, customer, eur(50), "gone", {})));
  CHECK(customer.owed.is_zero());
  CHECK(change_of(changes, AccountKind::bad_debts) == eur(-50));
  REQUIRE(bool(reverse(back, {&customer, 1}, posted(changes), {}, {"paid after all"})));
  CHECK(customer.owed == eur(50));
}
