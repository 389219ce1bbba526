// Corrections, entries and tax as they meet the book.
#include "tools/operations/corrections.hpp"

#include "tests/support/desk.hpp"
#include "tools/operations/accounting.hpp"
#include "tools/operations/entries.hpp"
#include "tools/operations/invoices.hpp"

using namespace operations;
using engine::ErrorCode;
using support::at;
using support::eur;
using support::hours;
using support::kNow;
using support::TestLedger;

namespace {

engine::Transfer newest(TestLedger& desk) { return desk.store->transfer(desk.last_transfer()).value(); }

}  // namespace

TEST_CASE("refund: what comes back to a customer who owes repays the debt, in the sweep itself") {
  TestLedger desk([](auto& world) { world.catch_percent = 0; });
  desk.open("eve", 0);
  const engine::TransferId payment = desk.pay_in("eve", 1000);
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("eve", "a.com")));
  desk.sweep();
  REQUIRE(bool(charge_back(desk.context(), {}, payment, std::nullopt, {"disputed"})));
  CHECK(desk.customer("eve").owed == eur(1000));
  desk.now += hours(100);
  desk.sweep();
  CHECK(desk.customer("eve").owed.is_zero());
  CHECK(desk.customer("eve").available.is_zero());
  CHECK(newest(desk).kind == engine::TransferKind::set_off);
  desk.verify();
}

TEST_CASE("chargeback: won, it is reversed though it voided deposits, and lost again it is booked again") {
  TestLedger desk;
  desk.open("bob", 0);
  const engine::TransferId payment = desk.pay_in("bob", 1500);
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("bob", "a.com")));
  REQUIRE(bool(charge_back(desk.context(), {}, payment, std::nullopt, {"disputed"})));
  const engine::TransferId taken = desk.last_transfer();
  CHECK(desk.backorder(1).state == engine::State::voided);
  REQUIRE(bool(reverse(desk.context(), {}, taken, {"won"})));
  CHECK(desk.customer("bob").available == eur(1500));
  REQUIRE(bool(charge_back(desk.context(), {}, payment, "5.00", {"lost, a part", kNow - hours(48)})));
  CHECK(newest(desk).effective_at == kNow - hours(48));
  CHECK(desk.customer("bob").available == eur(1000));
  CHECK(charge_back(desk.context(), {}, payment, "10.01", {"more"}).error().code == ErrorCode::invalid_amount);
  desk.verify();
}

TEST_CASE("moved payment: in the book, charged back from where it went, and moved back") {
  TestLedger desk;
  desk.open("bob", 0);
  const engine::TransferId payment = desk.pay_in("alice", 700);
  const auto moved = move_payment(desk.context(), {}, payment, "bob", {"bob's"});
  REQUIRE(bool(moved));
  CHECK(desk.customer("bob").available == eur(700));
  CHECK(desk.customer("alice").available == eur(10'000));
  const engine::TransferId there = desk.last_transfer();
  CHECK(charge_back(desk.context(), {}, payment, std::nullopt, {"x"}).error().code == ErrorCode::already_reversed);
  REQUIRE(bool(move_payment(desk.context(), {}, there, "alice", {"no, alice's"})));
  CHECK(desk.customer("bob").available.is_zero());
  REQUIRE(bool(charge_back(desk.context(), {}, desk.last_transfer(), std::nullopt, {"disputed"})));
  CHECK(desk.customer("alice").available == eur(10'000));
  CHECK(newest(desk).credit.kind == engine::AccountKind::cash);
  desk.verify();
}

TEST_CASE("entries: named accounts, money in suspense by its case, an opening balance") {
  TestLedger desk;
  const engine::Currency euro = support::currency("EUR");
  for (const char* known : {"fees", "5100", "cash", "cash:stripe", "interest", "transit"}) {
    CAPTURE(known);
    CHECK(bool(operator_account_named(known, euro)));
  }
  for (const char* unknown : {"", "fees:x", "nothing", "9999", "cash:"}) {
    CAPTURE(unknown);
    CHECK(operator_account_named(unknown, euro).error().code == ErrorCode::invalid_argument);
  }
  REQUIRE(bool(fund_unidentified(desk.context(), {}, {.amount = eur(10), .memo = "interest"})));
  const auto interest = operator_account_named("interest", euro).value();
  CHECK(book_unidentified(desk.context(), {}, interest, eur(11), "bank", {}, {}).error().code ==
        ErrorCode::case_not_found);
  REQUIRE(bool(book_unidentified(desk.context(), {}, interest, eur(10), "bank", {}, {})));
  CHECK(desk.open_cases(engine::CaseKind::unidentified_payment) == 0);
  REQUIRE(bool(open_balance(desk.context(), {}, "alice", {.amount = eur(5), .memo = "old books"})));
  CHECK(newest(desk).debit.kind == engine::AccountKind::opening);
  desk.verify();
}

TEST_CASE("untaxed: a capture without a country is a case, and its decision splits the tax on the capture's own date") {
  TestLedger desk;
  desk.open("nomad", 5'000, {.country = ""});
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("nomad", "a.com")));
  desk.sweep();
  desk.now += hours(100);
  desk.sweep();
  REQUIRE(desk.backorder(1).state == engine::State::successful);
  REQUIRE(desk.open_cases(engine::CaseKind::untaxed) == 1);
  const engine::UtcTime captured = newest(desk).effective_at;
  engine::CaseQuery query;
  query.kind = engine::CaseKind::untaxed;
  const std::int64_t number = desk.store->cases(query).front().id.value();
  const auto decide = [&] {
    return resolve(desk.context(), {}, number, engine::Resolution::tax, "address found", {}, nullptr);
  };
  CHECK(decide().error().code == ErrorCode::invalid_argument);
  desk.now += hours(24);
  REQUIRE(bool(change_terms(desk.context(), {}, "nomad", {.country = "DE"})));
  REQUIRE(bool(set_tax_rate(desk.context(), {}, {"DE", 1900, captured})));
  REQUIRE(bool(decide()));
  CHECK(newest(desk).kind == engine::TransferKind::tax_split);
  CHECK(newest(desk).amount == eur(160));
  CHECK(newest(desk).effective_at == captured);
  CHECK(desk.open_cases(engine::CaseKind::untaxed) == 0);
  const std::vector<VatRow> rows = vat(*desk.store, {});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].tax_amount.is_zero());
  CHECK(rows[1].tax_amount == eur(160));
  CHECK(rows[1].net_amount == eur(-160));
  // and one invoice says both
  CHECK(issue_invoices(desk.context(), {}, {}, {}).error().code == ErrorCode::invalid_argument);  // who sells?
  REQUIRE(bool(set_setting(desk.context(), {}, "seller.name", "We")));
  REQUIRE(bool(set_setting(desk.context(), {}, "seller.address", "Town")));
  desk.now += hours(24 * 31);
  REQUIRE(issue_invoices(desk.context(), {}, {}, {}).value().fact("invoices") == "1");
  const engine::Invoice invoice = invoice_numbered(*desk.store, "I2026-00001").value();
  CHECK(invoice.net() == eur(840));
  CHECK(invoice.tax() == eur(160));
  CHECK(issue_invoices(desk.context(), {}, {}, {}).value().fact("invoices") == "0");
  CHECK(invoice_numbered(*desk.store, "I2026-00002").error().code == ErrorCode::invoice_not_found);
  desk.verify();
}
