#include "engine/placing.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");

struct Shop {
  Customer customer = support::customer(10'000);
  std::vector<Backorder> open{};
  std::vector<Listing> listings{};
  PriceList prices = support::price_list(1000);
  Schedules schedules{std::span<const ZoneSchedule>{}};

  Result<Placement> place(const PlaceOrder& order, UtcTime now = kNow) {
    return engine::place(order, {customer, open, listings, prices, schedules, {}, BackorderId(7)}, now);
  }
  void list(UtcTime drop) { listings = {Listing{SourceId(1), drop, {}}}; }
};

Backorder held(UtcTime drop, Customer& customer) {
  Backorder one = support::backorder(1, drop);
  Changes changes;
  REQUIRE(bool(apply_transition(changes, one, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
  return one;
}

ErrorCode code_of(const Result<Placement>& placed) { return placed.error().code; }

}  // namespace

TEST_CASE("placing is free: no money moves, the quote is the cap") {
  Shop shop;
  shop.customer.available = eur(0);
  shop.list(kNow + std::chrono::hours(200));
  const Result<Placement> placed = shop.place({.name = support::domain("a.com")});
  REQUIRE(bool(placed));
  CHECK(placed.value().backorder.state == State::requested);
  CHECK(placed.value().backorder.quoted == eur(1000));
  CHECK(placed.value().backorder.max_price == eur(1000));
  CHECK_FALSE(is_inside_window(placed.value().backorder, kNow));
}

TEST_CASE("placing: a name no list names is placed undated") {
  Shop shop;
  const Result<Placement> placed = shop.place({.name = support::domain("a.com")});
  REQUIRE(bool(placed));
  CHECK_FALSE(placed.value().backorder.drop.has_value());
}

TEST_CASE("placing: inside the window a placement is funded at once or not placed at all") {
  Shop shop;
  shop.list(kNow + std::chrono::hours(50));
  Backorder backorder = shop.place({.name = support::domain("a.com")}).value().backorder;
  REQUIRE(is_inside_window(backorder, kNow));
  SUBCASE("covered") {
    const Result<Changes> funded = fund_placement(backorder, {}, shop.customer, shop.prices, {}, kNow);
    REQUIRE(bool(funded));
    CHECK(backorder.state == State::active);
    CHECK(shop.customer.reserved == eur(1000));
    CHECK(funded.value().backorders.empty());  // the new row is the caller's
  }
  SUBCASE("not covered") {
    shop.customer.available = eur(999);
    const Result<Changes> refused = fund_placement(backorder, {}, shop.customer, shop.prices, {}, kNow);
    REQUIRE_FALSE(bool(refused));
    CHECK(refused.error().code == ErrorCode::insufficient_available);
  }
  SUBCASE("covered alone, but an earlier one of the account is due and comes first") {
    shop.customer.available = eur(1500);
    const std::vector<Backorder> due{support::backorder(1, kNow + std::chrono::hours(40))};
    CHECK_FALSE(bool(fund_placement(backorder, due, shop.customer, shop.prices, {}, kNow)));
  }
  SUBCASE("the earlier one is reserved in the same unit of work") {
    const std::vector<Backorder> due{support::backorder(1, kNow + std::chrono::hours(40))};
    const Result<Changes> funded = fund_placement(backorder, due, shop.customer, shop.prices, {}, kNow);
    REQUIRE(bool(funded));
    CHECK(funded.value().backorders.size() == 1);
    CHECK(shop.customer.reserved == eur(2000));
  }
}

TEST_CASE(
    "placing: from the deadline until two days after the drop it is too late; then it is the next drop, undated") {
  Shop shop;
  const UtcTime drop = kNow + std::chrono::hours(3);
  shop.list(drop);
  CHECK(bool(shop.place({.name = support::domain("a.com")}, kNow)));  // the deadline itself is in time
  CHECK(code_of(shop.place({.name = support::domain("a.com")}, kNow + Milliseconds(1))) == ErrorCode::too_late);
  CHECK(code_of(shop.place({.name = support::domain("a.com")}, drop + kDropCycle - Milliseconds(1))) ==
        ErrorCode::too_late);
  const Result<Placement> next = shop.place({.name = support::domain("a.com")}, drop + kDropCycle);
  REQUIRE(bool(next));
  CHECK_FALSE(next.value().backorder.drop.has_value());
}

TEST_CASE("placing: the same name again answers the open one; --another makes a copy") {
  Shop shop;
  shop.open = {support::backorder(1, kNow + std::chrono::hours(200))};
  const Result<Placement> again = shop.place({.name = shop.open[0].name});
  REQUIRE(bool(again));
  CHECK(again.value().already_open);
  CHECK(again.value().backorder.id == BackorderId(1));
  const Result<Placement> another = shop.place({.name = shop.open[0].name, .allow_duplicate = true});
  REQUIRE(bool(another));
  CHECK_FALSE(another.value().already_open);
  CHECK(another.value().backorder.sequence == 2);
}

TEST_CASE("placing: the longest suffix decides, and an unknown one is refused") {
  Shop shop;
  shop.prices = PriceList({{"pl", "standard", eur(1000), at("2020-01-01"), {}},
                           {"com.pl", "standard", eur(300), at("2020-01-01"), at("2021-01-01")}});
  // never the price of .pl
  CHECK(code_of(shop.place({.name = support::domain("x.com.pl")})) == ErrorCode::no_price);
  // net.pl is no zone of the price list, so this is a host under net.pl and not a name under .pl
  CHECK(code_of(shop.place({.name = support::domain("x.net.pl")})) == ErrorCode::invalid_domain);
  CHECK(code_of(shop.place({.name = support::domain("x.org")})) == ErrorCode::unknown_zone);
}

TEST_CASE("placing: no price in the account's currency is refused, and so is a cap below the price") {
  Shop shop;
  shop.prices = PriceList({{"com", "standard", Money::of_minor(1000, support::currency("USD")), at("2020-01-01"), {}}});
  CHECK(code_of(shop.place({.name = support::domain("a.com")})) == ErrorCode::no_price);
  shop.prices = support::price_list(1000);
  CHECK(code_of(shop.place({.name = support::domain("a.com"), .max_price = eur(999)})) == ErrorCode::price_above_cap);
  CHECK(code_of(shop.place(
            {.name = support::domain("a.com"), .max_price = Money::of_minor(5000, support::currency("USD"))})) ==
        ErrorCode::currency_mismatch);
}

TEST_CASE("account states: only an open account places") {
  Shop shop;
  for (const auto& [state, code] : {std::pair{AccountState::frozen, ErrorCode::account_frozen},
                                    std::pair{AccountState::closing, ErrorCode::account_closing},
                                    std::pair{AccountState::closed, ErrorCode::account_closed}}) {
    shop.customer.state = state;
    CHECK(code_of(shop.place({.name = support::domain("a.com")})) == code);
  }
}

TEST_CASE("cancel: allowed or not by state and time") {
  Customer customer = support::customer(10'000);
  const UtcTime drop = kNow + std::chrono::hours(50);
  Changes changes;
  SUBCASE("72: REQUESTED moves no money") {
    Backorder one = support::backorder(1, drop);
    CHECK(cancel(changes, one, customer, By::customer, "", kNow).value() == Cancelling::done);
    CHECK(one.state == State::cancelled);
    CHECK(changes.transfers.empty());
  }
  SUBCASE("73: ACTIVE without a job is refunded at once") {
    Backorder one = held(drop, customer);
    CHECK(cancel(changes, one, customer, By::customer, "", one.drop->deadline).value() == Cancelling::done);
    CHECK(customer.available == eur(10'000));
    CHECK(one.reason == Reason::by_customer);
  }
  SUBCASE("74: with a job nothing is released before its deletion is confirmed") {
    Backorder one = held(drop, customer);
    REQUIRE(bool(apply_transition(changes, one, customer, Trigger::job_created, {.now = kNow})));
    one.application = "77";
    changes = {};
    CHECK(cancel(changes, one, customer, By::customer, "", kNow).value() == Cancelling::needs_deletion);
    CHECK(one.state == State::processing);
    CHECK(one.cancelling);
    CHECK(changes.transfers.empty());
  }
  SUBCASE("a call without an answer counts as a job") {
    Backorder one = held(drop, customer);
    one.open_call = 5;
    CHECK(cancel(changes, one, customer, By::operator_, "", kNow).value() == Cancelling::needs_deletion);
    CHECK(changes.transfers.empty());
  }
  SUBCASE("75: the customer is too late after the deadline, the operator is not") {
    Backorder one = held(drop, customer);
    const UtcTime late = one.drop->deadline + Milliseconds(1);
    CHECK(cancel(changes, one, customer, By::customer, "", late).error().code == ErrorCode::too_late);
    CHECK(cancel(changes, one, customer, By::operator_, "", late).value() == Cancelling::done);
  }
  SUBCASE("a final one cannot be cancelled") {
    Backorder one = support::backorder(1, drop);
    one.state = State::successful;
    CHECK(cancel(changes, one, customer, By::operator_, "", kNow).error().code == ErrorCode::impossible_step);
  }
}

TEST_CASE("refunds: no deposit is released while a job exists or may exist, whoever asks") {
  Customer customer = support::customer(10'000);
  for (const bool job : {false, true}) {
    for (const Trigger event : {Trigger::voided, Trigger::rescheduled}) {
      Backorder one = held(kNow + std::chrono::hours(50), customer);
      (job ? one.application.emplace("1") : std::to_string(one.open_call.emplace(1)));
      Changes changes;
      const Status done = apply_transition(changes, one, customer, event, {.now = kNow});
      REQUIRE_FALSE(bool(done));
      CHECK(done.error().code == ErrorCode::job_may_exist);
      CHECK(changes.transfers.empty());
      CHECK(one.state == State::active);
    }
  }
}
