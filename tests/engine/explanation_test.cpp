#include "engine/explanation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "engine/funding_plan.hpp"
#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

constexpr auto hours = [](int count) { return std::chrono::hours(count); };
const UtcTime kDrop = at("2026-08-05T18:00:00Z");

constexpr Reason kReasons[] = {Reason::insufficient_available,
                               Reason::no_price,
                               Reason::price_above_cap,
                               Reason::deadline_missed,
                               Reason::provider_refused,
                               Reason::operator_float,
                               Reason::provider_deleted,
                               Reason::account_frozen,
                               Reason::chargeback,
                               Reason::account_closed,
                               Reason::rescheduled,
                               Reason::by_customer,
                               Reason::by_operator,
                               Reason::not_registered,
                               Reason::auction_lost};

// A backorder with its surroundings; tests change one thing and ask again.
struct Scene {
  Customer customer = support::customer(10'000);
  std::vector<Backorder> backorders{support::backorder(1, kDrop)};
  PriceList prices = support::price_list(1000);
  Settings settings{};
  ZoneSchedule schedule{};
  std::vector<std::string> stopped{};
  std::vector<Case> cases{};
  UtcTime now = kDrop - hours(100);

  Backorder& one() { return backorders.front(); }
  Outlook ask() {
    const FundingPlan plan = plan_funding(customer, backorders, prices, settings.funding, now, kDrop + hours(1000));
    return outlook(one(), {customer, plan, settings, schedule, stopped, cases, now});
  }
};

bool says(const Outlook& outlook, const std::string& text) {
  if (outlook.next.find(text) != std::string::npos) return true;
  return std::ranges::any_of(outlook.changes,
                             [&](const std::string& change) { return change.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("explain: every state, reason, account state and verdict has a sentence of its own") {
  std::set<std::string_view> said;
  const auto check = [&](std::string_view text) {
    CAPTURE(text);
    CHECK(text.size() > 5);
    CHECK(text.back() == '.');
    said.insert(text);
  };
  for (const State state : kStates) check(sentence(state));
  CHECK(said.size() == std::size(kStates));
  said.clear();
  for (const Reason reason : kReasons) {
    CHECK(parse_reason(to_word(reason)) == reason);
    check(sentence(reason));
  }
  CHECK(said.size() == std::size(kReasons));
  for (const AccountState state :
       {AccountState::open, AccountState::frozen, AccountState::closing, AccountState::closed})
    check(sentence(state));
  for (const Verdict verdict : {Verdict::funded, Verdict::underfunded, Verdict::no_price, Verdict::price_above_cap,
                                Verdict::undated, Verdict::frozen, Verdict::too_late})
    check(sentence(verdict));
}

TEST_CASE("explain: every state says what happens next, before and after every instant that matters") {
  for (const State state : kStates) {
    for (const int hour : {-200, -72, -10, -3, 0, 5, 60}) {
      for (const bool dated : {true, false}) {
        Scene scene;
        scene.one().state = state;
        scene.one().deposit = eur(1000);
        if (state == State::processing || state == State::auction_pending) scene.one().application = "A1";
        if (!dated) scene.one().drop = std::nullopt;
        scene.now = kDrop + hours(hour);
        const Outlook outlook = scene.ask();
        CAPTURE(to_word(state));
        CAPTURE(hour);
        CHECK(outlook.next.size() > 10);
        if (is_final(state)) {
          CHECK(outlook.next.starts_with("Ended"));
          CHECK_FALSE(outlook.next_at);
        }
        CHECK(says(outlook, "cancel") ==
              (!is_final(state) && state != State::auction_pending && (!dated || hour <= -3)));
      }
    }
  }
}

TEST_CASE("explain: what is short names the sum and the instant") {
  Scene scene;
  scene.customer = support::customer(300);
  Outlook outlook = scene.ask();
  CHECK(outlook.next == "At 2026-08-02T18:00:00Z it is VOID (insufficient_available): short by 7.00 EUR of 10.00 EUR.");
  CHECK(outlook.next_at == kDrop - hours(72));
  CHECK(says(outlook, "top up 7.00 EUR before 2026-08-02T18:00:00Z"));
  CHECK(says(outlook, "cancel until 2026-08-05T15:00:00Z"));
  CHECK_FALSE(says(outlook, "all backorders of the account"));
  scene.backorders.push_back(support::backorder(2, kDrop + hours(1)));
  outlook = scene.ask();
  CHECK(says(outlook, "top up 17.00 EUR before 2026-08-02T18:00:00Z: then all backorders of the account are funded"));
  scene.customer = support::customer(10'000);
  outlook = scene.ask();
  CHECK(
      outlook.next.starts_with("At 2026-08-02T18:00:00Z a deposit of 10.00 EUR is reserved (cap 1000.00 EUR); 90.00 "
                               "EUR can then still be spent."));
}

TEST_CASE("explain: each thing that holds a backorder up is named with who can change it") {
  Scene scene;
  scene.prices = PriceList(std::vector<Price>{});
  CHECK(says(scene.ask(), "a price for .com, tier standard"));
  scene = Scene{};
  scene.one().max_price = eur(999);
  CHECK(says(scene.ask(), "above its cap of 9.99 EUR"));
  scene = Scene{};
  scene.customer.state = AccountState::frozen;
  CHECK(says(scene.ask(), "unfreeze the account before 2026-08-05T15:00:00Z"));
  scene = Scene{};
  scene.now = kDrop - hours(2);
  CHECK(says(scene.ask(), "VOID (deadline_missed)"));

  scene = Scene{};
  scene.one().state = State::active;
  scene.one().deposit = eur(1000);
  scene.now = kDrop - hours(70);
  CHECK(says(scene.ask(), "The next sweep creates the job"));
  scene.one().provider_balance_empty = true;
  CHECK(says(scene.ask(), "deposit money at the provider before 2026-08-05T15:00:00Z"));
  scene.one().provider_balance_empty = false;
  scene.stopped = {"com"};
  CHECK(says(scene.ask(), "provider resume"));
  scene.stopped = {"net"};
  scene.schedule.submit_lead = hours(12);
  CHECK(scene.ask().next_at == kDrop - hours(15));
  scene.one().open_call = 7;
  CHECK(says(scene.ask(), "no known outcome"));
  scene.one().open_call = std::nullopt;
  scene.customer.state = AccountState::frozen;
  CHECK(says(scene.ask(), "VOID (account_frozen)"));
  scene.now = kDrop;
  CHECK(says(scene.ask(), "has passed without a job"));

  scene = Scene{};
  scene.one().state = State::processing;
  scene.one().application = "A1";
  CHECK(scene.ask().next_at == kDrop);
  CHECK(says(scene.ask(), "the job is deleted at the provider first"));
  scene.now = kDrop + hours(1);
  CHECK(scene.ask().next_at == kDrop + hours(48));
  scene.one().cancelling = true;
  CHECK(says(scene.ask(), "returns when that is confirmed"));
  scene.one().cancelling = false;
  scene.one().gone_since = scene.now;
  CHECK(says(scene.ask(), "does not know the job any more"));
  scene.cases.push_back({{.kind = CaseKind::gone}, CaseId(4), scene.now});
  CHECK(says(scene.ask(), "case 4 (gone): 'backorder resolve 4"));
}

TEST_CASE("explain: an account says what is due next and what is missing until when") {
  Scene scene;
  scene.customer = support::customer(300);
  const FundingPlan plan = plan_funding(scene.customer, scene.backorders, scene.prices, {}, scene.now, kDrop);
  Outlook account = outlook(scene.customer, plan, scene.now);
  CHECK(account.next == "At 2026-08-02T18:00:00Z the next deposit is due, for backorder 1. Not covered.");
  CHECK(says(account, "top up 7.00 EUR before 2026-08-02T18:00:00Z"));
  scene.customer.owed = eur(55);
  scene.customer.state = AccountState::frozen;
  account = outlook(scene.customer, plan, scene.now);
  CHECK(says(account, "pay 0.55 EUR that are owed"));
  CHECK(says(account, "account unfreeze alice"));
  CHECK(outlook(scene.customer, FundingPlan{{}, eur(0), {}}, scene.now).next == "No backorder waits for its deposit.");
}

TEST_CASE("time: a registry's clock on the wall, summer and winter") {
  CHECK(to_local_string("Europe/Warsaw", at("2026-08-05T18:00:00Z")) == "2026-08-05 20:00 CEST");
  CHECK(to_local_string("Europe/Warsaw", at("2026-12-05T18:00:07Z")) == "2026-12-05 19:00:07 CET");
  CHECK(to_local_string("UTC", at("2026-12-05T18:00:00Z")) == "2026-12-05 18:00 UTC");
}
