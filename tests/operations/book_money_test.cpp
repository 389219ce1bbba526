// Accounts, money and terms as they meet the book: requests, periods, prices, warnings, closing.
#include "tests/support/desk.hpp"
#include "tools/operations/corrections.hpp"
#include "tools/operations/refunds.hpp"

using namespace operations;
using engine::ErrorCode;
using engine::State;
using support::at;
using support::eur;
using support::hours;
using support::kNow;
using support::TestLedger;

TEST_CASE("requests: the same request answers again; with other content it is refused, naming the difference") {
  TestLedger desk;
  const RequestKey key{"api", "one"};
  const auto first = desk.place("alice", "a.com", key);
  const auto again = desk.place("alice", "a.com", key);
  REQUIRE(bool(again));
  CHECK(again.value().replayed);
  CHECK(again.value().fact("backorder") == first.value().fact("backorder"));
  const auto other = desk.place("alice", "b.com", key);
  CHECK(other.error().code == ErrorCode::request_id_reused);
  CHECK(other.error().detail.find("b.com") != std::string::npos);
  CHECK(desk.place("alice", "a.com").value().fact("already_open") == "yes");
  // A refusal for reasons of state is that request's answer for ever.
  CHECK(withdraw(desk.context(), {"api", "two"}, "alice", {.amount = eur(20'000)}).error().code ==
        ErrorCode::insufficient_available);
  REQUIRE(bool(fund(desk.context(), {}, "alice", {.amount = eur(20'000)})));
  CHECK(withdraw(desk.context(), {"api", "two"}, "alice", {.amount = eur(20'000)}).error().code ==
        ErrorCode::insufficient_available);
  CHECK(withdraw(desk.context(), {"api", "two"}, "alice", {.amount = eur(5)}).error().code ==
        ErrorCode::request_id_reused);
}

TEST_CASE("account: closing cancels what can be cancelled, waits for the rest, pays out last") {
  TestLedger desk;
  const engine::UtcTime drop = kNow + hours(70);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}, {"b.com", kNow + hours(300)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("alice", "b.com")));
  desk.sweep();
  const RequestKey wire{"operator", "wire 7"};
  REQUIRE(bool(fund(desk.context(), wire, "alice", {.amount = eur(100)})));
  auto closing = close_account(desk.context(), {}, "alice", "leaving", "bank");
  REQUIRE(bool(closing));
  CHECK(closing.value().fact("state") == "closing");
  CHECK(desk.backorder(2).state == State::cancelled);
  CHECK(desk.place("alice", "c.com").error().code == ErrorCode::account_closing);
  desk.sweep();  // the job is deleted at the provider, the deposit returns
  CHECK(desk.backorder(1).state == State::cancelled);
  closing = close_account(desk.context(), {}, "alice", "leaving", "bank");
  CHECK(closing.value().fact("state") == "closed");
  CHECK(desk.customer("alice").available.is_zero());
  // answered before: the account's state now does not matter
  const auto again = fund(desk.context(), wire, "alice", {.amount = eur(100)});
  REQUIRE(bool(again));
  CHECK(again.value().replayed);
  CHECK(again.value().fact("account") == "alice");
  CHECK(desk.open_cases(engine::CaseKind::unidentified_payment) == 0);
  const auto late = fund(desk.context(), {"operator", "wire 8"}, "alice", {.amount = eur(100)});
  REQUIRE(bool(late));
  CHECK(late.value().fact("account") == "suspense");
  CHECK(desk.open_cases(engine::CaseKind::unidentified_payment) == 1);
  CHECK(fund(desk.context(), {"operator", "wire 8"}, "alice", {.amount = eur(100)}).value().replayed);
  CHECK(desk.open_cases(engine::CaseKind::unidentified_payment) == 1);
  desk.verify();
}

TEST_CASE("periods: closed periods take nothing; two times are kept and both can be asked") {
  TestLedger desk;
  desk.now = kNow + hours(48);
  REQUIRE(bool(fund(desk.context(), {}, "alice", {.amount = eur(500), .effective_at = kNow + hours(1)})));
  Period effective{kNow, kNow + hours(2), true}, recorded{kNow, kNow + hours(2), false};
  CHECK(statement(*desk.store, desk.customer("alice"), effective).closing_available == eur(10'500));
  CHECK(statement(*desk.store, desk.customer("alice"), recorded).closing_available == eur(10'000));
  REQUIRE(bool(close_period(desk.context(), {}, kNow + hours(24))));
  CHECK(fund(desk.context(), {}, "alice", {.amount = eur(500), .effective_at = kNow + hours(1)}).error().code ==
        ErrorCode::period_closed);
  CHECK(close_period(desk.context(), {}, kNow + hours(49)).error().code == ErrorCode::invalid_argument);
  REQUIRE(bool(reopen_period(desk.context(), {}, {}, "late statement")));
  CHECK(bool(fund(desk.context(), {}, "alice", {.amount = eur(500), .effective_at = kNow + hours(1)})));
}

TEST_CASE("a warning comes once, again when it grows, and an end when it is over") {
  TestLedger desk;
  desk.open("bob", 500);
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(100)}, {"b.com", kNow + hours(100)}})));
  REQUIRE(bool(desk.place("bob", "a.com")));
  desk.sweep();
  desk.sweep();
  CHECK(desk.events(engine::EventKind::shortfall) == 1);
  REQUIRE(bool(desk.place("bob", "b.com")));
  desk.sweep();
  CHECK(desk.events(engine::EventKind::shortfall) == 2);
  REQUIRE(bool(fund(desk.context(), {}, "bob", {.amount = eur(2000)})));
  desk.sweep();
  CHECK(desk.events(engine::EventKind::shortfall_over) == 1);
}

TEST_CASE(
    "our balance at the provider: what the jobs ahead will cost is known before they are refused; said once, again "
    "when "
    "it grows, and when it is covered") {
  TestLedger desk([](simulated_registry::World& world) { world.balance_minor = 1'000; });
  REQUIRE(bool(set_setting(desk.context(), {}, "cost.com", "6.00 USD")));
  REQUIRE(bool(desk.list("registry",
                         {{"a.com", kNow + hours(100)}, {"b.com", kNow + hours(110)}, {"c.com", kNow + hours(120)}})));
  const auto events = [&] {
    return std::pair(desk.events(engine::EventKind::provider_balance_short),
                     desk.events(engine::EventKind::provider_balance_covered));
  };
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.sweep();
  CHECK(events() == std::pair(0, 0));
  REQUIRE(bool(desk.place("alice", "b.com")));
  desk.sweep();
  desk.sweep();
  CHECK(events() == std::pair(1, 0));
  REQUIRE(bool(desk.place("alice", "c.com")));
  desk.sweep();
  CHECK(events() == std::pair(2, 0));
  for (const int id : {2, 3})
    REQUIRE(bool(cancel(desk.context(), {}, id, engine::By::customer, "", desk.registry.get())));
  desk.sweep();
  CHECK(events() == std::pair(2, 1));
  std::string detail;
  desk.store->each_event({.kinds = {engine::EventKind::provider_balance_short}},
                         [&](const engine::LoggedEvent& event) { detail = event.detail; });
  CHECK(detail == "jobs need 18.00 USD, our balance there holds 10.00 USD: short by 8.00 USD, pay in there before " +
                      engine::to_string(kNow + hours(28)));
}

TEST_CASE("prices: those whose cap a new price exceeds hear it when the price changes") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(200)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  CHECK(set_prices(desk.context(), {}, {{"com", "standard", eur(1500), kNow, {}}}).value().fact("notices") == "1");
  desk.now = kNow + hours(130);
  desk.sweep();
  CHECK(desk.backorder(1).reason == engine::Reason::price_above_cap);
}

TEST_CASE("dry run: the same path, and nothing stays") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  Context dry = desk.context();
  dry.dry_run = true;
  CHECK(bool(fund(dry, {}, "alice", {.amount = eur(5)})));
  CHECK(bool(place(dry, {}, "alice", {.name = support::domain("a.com"), .max_price = {}})));
  CHECK(desk.customer("alice").available == eur(10'000));
  CHECK(desk.store->backorders({}).empty());
}

TEST_CASE("money: a pay-in and a sweep in the same instant count in the order in which they are written") {
  TestLedger desk;
  desk.open("before", 0);
  desk.open("after", 0);
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(100)}, {"b.com", kNow + hours(100)}})));
  REQUIRE(bool(desk.place("before", "a.com")));
  REQUIRE(bool(desk.place("after", "b.com")));
  desk.now = kNow + hours(28);
  desk.pay_in("before", 1000);
  desk.sweep();
  desk.pay_in("after", 1000);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::processing);
  CHECK(desk.backorder(2).state == State::voided);
}

TEST_CASE("money: only what is available is paid out while deposits are held, and other charges take no deposit") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  CHECK(withdraw(desk.context(), {}, "alice", {.amount = eur(9'001)}).error().code ==
        ErrorCode::insufficient_available);
  CHECK(adjust(desk.context(), {}, "alice", eur(9'001), engine::Direction::debit, false, "fee", {}).error().code ==
        ErrorCode::insufficient_available);
  REQUIRE(bool(withdraw(desk.context(), {}, "alice", {.amount = eur(9'000)})));
  CHECK(desk.customer("alice").reserved == eur(1000));
  desk.verify();
}

TEST_CASE("credit: a limit may be reserved but not paid out, and is not taken away while it is used") {
  TestLedger desk;
  desk.open("bob", 0, {.credit_limit = eur(1000)});
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  CHECK(withdraw(desk.context(), {}, "bob", {.amount = eur(1)}).error().code == ErrorCode::insufficient_available);
  CHECK(desk.place("bob", "a.com").value().fact("state") == "ACTIVE");
  CHECK(desk.customer("bob").available == eur(-1000));
  CHECK(change_terms(desk.context(), {}, "bob", {.credit_limit = eur(999)}).error().code == ErrorCode::limit_below_use);
  REQUIRE(bool(change_terms(desk.context(), {}, "bob", {.credit_limit = eur(2000)})));
  desk.pay_in("bob", 1500);
  CHECK(desk.customer("bob").available == eur(500));
  REQUIRE(bool(change_terms(desk.context(), {}, "bob", {.credit_limit = eur(0)})));
  desk.verify();
}

TEST_CASE(
    "chargeback: deposits without a job return in reverse order as far as needed, those with one stay, the rest is "
    "owed") {
  TestLedger desk;
  desk.open("bob", 0);
  const engine::TransferId payment = desk.pay_in("bob", 3000);
  REQUIRE(bool(
      desk.list("registry", {{"a.com", kNow + hours(70)}, {"b.com", kNow + hours(70)}, {"c.com", kNow + hours(71)}})));
  REQUIRE(bool(desk.place("bob", "a.com")));
  desk.sweep();  // a has a job
  REQUIRE(bool(desk.place("bob", "b.com")));
  REQUIRE(bool(desk.place("bob", "c.com")));
  REQUIRE(bool(charge_back(desk.context(), {}, payment, std::nullopt, {"card stolen"})));
  CHECK(desk.backorder(1).state == State::processing);
  for (const std::int64_t id : {2, 3}) {
    CHECK(desk.backorder(id).state == State::voided);
    CHECK(desk.backorder(id).reason == engine::Reason::chargeback);
  }
  CHECK(desk.customer("bob").available.is_zero());
  CHECK(desk.customer("bob").reserved == eur(1000));
  CHECK(desk.customer("bob").owed == eur(1000));
  CHECK(desk.customer("bob").state == engine::AccountState::frozen);
  CHECK(desk.place("bob", "d.pl").error().code == ErrorCode::account_frozen);
  CHECK(charge_back(desk.context(), {}, payment, std::nullopt, {"again"}).error().code == ErrorCode::already_reversed);
  desk.pay_in("bob", 1200);  // repays first
  CHECK(desk.customer("bob").owed.is_zero());
  CHECK(desk.customer("bob").available == eur(200));
  desk.verify();
}

TEST_CASE("reversal: a pay-in, a pay-out that came back and an adjustment are undone once; deposits never") {
  TestLedger desk;
  const engine::TransferId payment = desk.pay_in("alice", 500);
  REQUIRE(bool(reverse(desk.context(), {}, payment, {"wrong account"})));
  CHECK(desk.customer("alice").available == eur(10'000));
  CHECK(reverse(desk.context(), {}, payment, {"again"}).error().code == ErrorCode::already_reversed);
  REQUIRE(bool(withdraw(desk.context(), {}, "alice", {.amount = eur(700)})));
  REQUIRE(bool(reverse(desk.context(), {}, desk.last_transfer(), {"the bank sent it back"})));
  CHECK(desk.customer("alice").available == eur(10'000));
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  engine::TransferQuery reserved;
  reserved.kinds = {engine::TransferKind::reserve};
  std::optional<engine::TransferId> deposit;
  desk.store->each_transfer(reserved, [&](const engine::Transfer& one) { deposit = one.id; });
  CHECK(reverse(desk.context(), {}, deposit.value(), {"please"}).error().code == ErrorCode::not_reversible);
  CHECK(reverse(desk.context(), {}, engine::TransferId(9'999), {"what"}).error().code == ErrorCode::transfer_not_found);
  desk.verify();
}

TEST_CASE(
    "frozen: nothing is reserved, what has a job runs on, refunds and captures post, the rest is void at its "
    "deadline") {
  TestLedger desk;
  const engine::UtcTime drop = kNow + hours(100);
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}, {"b.com", drop}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("alice", "b.com")));
  desk.sweep();
  REQUIRE(bool(freeze_account(desk.context(), {}, "alice", "under review")));
  desk.now = kNow + hours(80);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::successful);
  CHECK(desk.backorder(2).state == State::requested);
  CHECK(withdraw(desk.context(), {}, "alice", {.amount = eur(1)}).error().code == ErrorCode::account_frozen);
  desk.now = drop - hours(3) + engine::Milliseconds(1);
  desk.sweep();
  CHECK(desk.backorder(2).reason == engine::Reason::account_frozen);
  REQUIRE(bool(unfreeze_account(desk.context(), {}, "alice", "cleared")));
  REQUIRE(bool(withdraw(desk.context(), {}, "alice", {.amount = eur(9'000)})));
  desk.verify();
}

TEST_CASE("tax: the rate on the day of the capture counts, and the parts are the deposit") {
  TestLedger desk;
  desk.open("bob", 1'000, {.country = "DE"});
  REQUIRE(bool(set_tax_rate(desk.context(), {}, {"DE", 1900, kNow})));
  REQUIRE(bool(set_tax_rate(desk.context(), {}, {"DE", 700, kNow + hours(60)})));
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("bob", "a.com")));
  desk.sweep();
  desk.now = kNow + hours(80);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::successful);
  engine::TransferQuery captures;
  captures.kinds = {engine::TransferKind::capture, engine::TransferKind::capture_tax};
  std::vector<std::int64_t> parts;
  desk.store->each_transfer(captures, [&](const engine::Transfer& one) { parts.push_back(one.amount.minor()); });
  CHECK(parts == std::vector<std::int64_t>{935, 65});  // 1000 × 700 / 10700 = 65.42
  desk.verify();
}

TEST_CASE("goodwill: after a capture nothing is refunded; a gift stands in a column of its own") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.sweep();
  desk.now = kNow + hours(80);
  desk.sweep();
  CHECK(cancel(desk.context(), {}, 1, engine::By::operator_, "customer asks", desk.registry.get()).error().code ==
        ErrorCode::impossible_step);
  CHECK(adjust(desk.context(), {}, "alice", eur(400), engine::Direction::credit, true, "", {}).error().code ==
        ErrorCode::invalid_argument);
  REQUIRE(bool(adjust(desk.context(), {}, "alice", eur(400), engine::Direction::credit, true, "long wait", {})));
  CHECK(desk.customer("alice").available == eur(9'400));
  CHECK(refund_report(*desk.store, {.now = desk.now}).value().refunds.empty());
  desk.verify();
}

TEST_CASE(
    "auction: its price is recorded, or charged in the account's currency; what is not there is owed and a case") {
  struct Result {
    std::int64_t won = 0, prices = 0, charged = 0, owed = 0, short_cases = 0, foreign_cases = 0;
  };
  // Twelve names, an auction for each; prices at auction are in USD.
  const auto season = [](bool on_account, const char* code, std::int64_t money) {
    TestLedger desk([](simulated_registry::World& world) {
      world.competitor_percent = 100;
      world.no_bids_percent = 0;
    });
    const engine::Currency currency = support::currency(code);
    REQUIRE(
        bool(set_prices(desk.context(), {}, {{"com", "standard", engine::Money::of_minor(1000, currency), kNow, {}}})));
    REQUIRE(bool(open_account(desk.context(), {}, "carol", currency, {})));
    REQUIRE(bool(fund(desk.context(), {}, "carol", {.amount = engine::Money::of_minor(money, currency)})));
    if (on_account) REQUIRE(bool(set_setting(desk.context(), {}, "auction.price", "on-account")));
    std::vector<std::string> texts;
    for (int i = 0; i < 12; ++i) texts.push_back("name" + std::to_string(i) + ".com");
    std::vector<std::pair<const char*, engine::UtcTime>> names;
    for (const std::string& text : texts) names.emplace_back(text.c_str(), kNow + hours(70));
    REQUIRE(bool(desk.list("registry", names)));
    for (const std::string& text : texts) REQUIRE(bool(desk.place("carol", text)));
    for (int hour = 0; hour < 15 * 24; hour += 6) {
      desk.now = kNow + hours(hour);
      desk.sweep();
    }
    desk.verify();
    Result result;
    for (const engine::Backorder& one : desk.store->backorders({})) {
      CHECK(is_final(one.state));
      if (one.state != State::auction_won) continue;
      ++result.won;
      REQUIRE(one.auction_price.ends_with(" USD"));
      result.prices +=
          engine::parse_money(one.auction_price.substr(0, one.auction_price.size() - 4), support::currency("USD"))
              .value()
              .minor();
    }
    engine::TransferQuery charges;
    charges.kinds = {engine::TransferKind::auction_price, engine::TransferKind::auction_receivable};
    desk.store->each_transfer(charges, [&](const engine::Transfer& one) { result.charged += one.amount.minor(); });
    result.owed = desk.customer("carol").owed.minor();
    result.short_cases = static_cast<std::int64_t>(desk.open_cases(engine::CaseKind::auction_price_short));
    result.foreign_cases = static_cast<std::int64_t>(desk.open_cases(engine::CaseKind::auction_price_other_currency));
    return result;
  };
  const Result recorded = season(false, "USD", 1'000'000);
  REQUIRE(recorded.won > 0);
  CHECK(recorded.prices > 0);
  CHECK(recorded.charged == 0);
  const Result charged = season(true, "USD", 1'000'000);
  CHECK(charged.won == recorded.won);
  CHECK(charged.charged == charged.prices);
  CHECK(charged.owed == 0);
  const Result poor = season(true, "USD", 12'000);
  CHECK(poor.charged == poor.prices);
  CHECK(poor.owed > 0);
  CHECK(poor.short_cases > 0);
  const Result foreign = season(true, "EUR", 1'000'000);
  CHECK(foreign.charged == 0);
  CHECK(foreign.foreign_cases == foreign.won);
}

TEST_CASE("provider: what it refuses as a whole stops submitting loudly, until a person resumes") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  {
    const Context context = desk.context();
    UnitOfWork work(context);
    engine::Changes changes;
    changes.stopped_zones = {"com"};
    REQUIRE(bool(desk.store->apply(changes, context.stamp())));
    work.keep();
  }
  const SweepReport stopped = desk.sweep();
  REQUIRE(stopped.errors.size() == 1);
  CHECK(stopped.errors.front().code == ErrorCode::provider_stopped);
  CHECK(desk.backorder(1).state == State::active);
  REQUIRE(bool(resume_submitting(desk.context(), {}, "com")));
  CHECK(desk.sweep().errors.empty());
  CHECK(desk.backorder(1).state == State::processing);
}

TEST_CASE(
    "suspense: assigning closes the case of that payment; where several are of one amount a person says which, and "
    "another amount leaves the cases open") {
  TestLedger desk;
  for (const char* memo : {"from J. Smith", "no name", "no name either"}) {
    REQUIRE(bool(fund_unidentified(desk.context(), {}, {.amount = eur(memo[0] == 'f' ? 700 : 800), .memo = memo})));
  }
  const auto open = [&] { return desk.open_cases(engine::CaseKind::unidentified_payment); };
  REQUIRE(open() == 3);
  CHECK(bool(assign_unidentified(desk.context(), {}, "alice", eur(700), "invoice found")));
  CHECK(open() == 2);
  CHECK(bool(assign_unidentified(desk.context(), {}, "alice", eur(300), "a part")));
  CHECK(open() == 2);
  const auto several = assign_unidentified(desk.context(), {}, "alice", eur(800), "which?");
  CHECK(several.error().code == engine::ErrorCode::invalid_argument);
  CHECK(several.error().detail.find("--case 2, 3") != std::string::npos);
  CHECK(assign_unidentified(desk.context(), {}, "alice", eur(800), "gone", 1).error().code ==
        engine::ErrorCode::case_not_found);
  CHECK(bool(assign_unidentified(desk.context(), {}, "alice", eur(800), "the second", 2)));
  CHECK(bool(assign_unidentified(desk.context(), {}, "alice", eur(500), "what is left of the third", 3)));
  CHECK(open() == 0);
  desk.verify();
}
