#include "engine/funding_plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "engine/placing.hpp"
#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");
const UtcTime kDue = kNow + std::chrono::hours(71);  // T of a backorder that is due

FundingPlan sweep_plan(const Customer& customer, const std::vector<Backorder>& backorders, std::int64_t price,
                       UtcTime now = kNow) {
  return plan_funding(customer, backorders, support::price_list(price), {}, now, now);
}

std::vector<Verdict> verdicts_of(const FundingPlan& plan) {
  std::vector<Verdict> verdicts;
  for (const FundingVerdict& row : plan.verdicts) verdicts.push_back(row.verdict);
  return verdicts;
}

}  // namespace

TEST_CASE("plan: available that equals the price exactly is enough") {
  const FundingPlan plan = sweep_plan(support::customer(1000), {support::backorder(1, kDue)}, 1000);
  CHECK(verdicts_of(plan) == std::vector{Verdict::funded});
  CHECK(plan.verdicts[0].spendable_after.is_zero());
  CHECK(plan.shortfall.is_zero());
}

TEST_CASE("plan: one minor unit short is void at once, with the shortage") {
  const FundingPlan plan = sweep_plan(support::customer(999), {support::backorder(1, kDue)}, 1000);
  REQUIRE(verdicts_of(plan) == std::vector{Verdict::underfunded});
  CHECK(plan.verdicts[0].voids == Reason::insufficient_available);
  CHECK(plan.verdicts[0].shortfall == eur(1));
  CHECK(plan.shortfall == eur(1));
  CHECK(plan.top_up_by == kNow);
}

TEST_CASE("plan: at-deadline is attempted again until the deadline, then void") {
  Customer customer = support::customer(999);
  customer.void_policy = VoidPolicy::at_deadline;
  std::vector<Backorder> backorders{support::backorder(1, kDue)};
  FundingPlan plan = sweep_plan(customer, backorders, 1000);
  REQUIRE(verdicts_of(plan) == std::vector{Verdict::underfunded});
  CHECK_FALSE(plan.verdicts[0].voids.has_value());
  backorders[0].underfunded = true;
  SUBCASE("a top-up in time funds it") {
    customer.available = eur(1000);
    CHECK(verdicts_of(sweep_plan(customer, backorders, 1000, kNow + std::chrono::hours(1))) ==
          std::vector{Verdict::funded});
  }
  SUBCASE("the deadline itself is still in time") {
    customer.available = eur(1000);
    CHECK(verdicts_of(sweep_plan(customer, backorders, 1000, backorders[0].drop->deadline)) ==
          std::vector{Verdict::funded});
  }
  SUBCASE("after the deadline the money comes too late") {
    customer.available = eur(100'000);
    plan = sweep_plan(customer, backorders, 1000, backorders[0].drop->deadline + Milliseconds(1));
    REQUIRE(verdicts_of(plan) == std::vector{Verdict::underfunded});
    CHECK(plan.verdicts[0].voids == Reason::insufficient_available);
  }
}

TEST_CASE("plan: money for one of three takes what fits and goes on") {
  std::vector<Backorder> backorders{support::backorder(1, kDue), support::backorder(2, kDue),
                                    support::backorder(3, kDue)};
  backorders[0].zone = "dear";
  const PriceList prices(
      {{"com", "standard", eur(400), at("2020-01-01"), {}}, {"dear", "standard", eur(900), at("2020-01-01"), {}}});
  const FundingPlan plan = plan_funding(support::customer(800), backorders, prices, {}, kNow, kNow);
  CHECK(verdicts_of(plan) == std::vector{Verdict::underfunded, Verdict::funded, Verdict::funded});
  CHECK(plan.verdicts[0].shortfall == eur(100));
  CHECK(plan.shortfall == eur(900));  // everything funded would have needed this much more
}

TEST_CASE("all-or-nothing: what does not cover everything due covers nothing (the quick start read strictly)") {
  Customer customer = support::customer(2999);
  customer.policy = FundingPolicy::all_or_nothing;
  std::vector<Backorder> backorders{support::backorder(1, kDue), support::backorder(2, kDue),
                                    support::backorder(3, kDue)};
  const FundingPlan plan = sweep_plan(customer, backorders, 1000);
  CHECK(verdicts_of(plan) == std::vector(3, Verdict::underfunded));
  CHECK(plan.shortfall == eur(1));
  customer.available = eur(3000);
  CHECK(verdicts_of(sweep_plan(customer, backorders, 1000)) == std::vector(3, Verdict::funded));
}

TEST_CASE("plan: nothing is funded in part") {
  const FundingPlan plan =
      sweep_plan(support::customer(1500), {support::backorder(1, kDue), support::backorder(2, kDue)}, 1000);
  CHECK(verdicts_of(plan) == std::vector{Verdict::funded, Verdict::underfunded});
  CHECK(plan.verdicts[1].spendable_after == eur(500));
}

TEST_CASE("plan: the price of the day counts, up to the cap") {
  CHECK(verdicts_of(sweep_plan(support::customer(9000), {support::backorder(1, kDue, 1000)}, 1000)) ==
        std::vector{Verdict::funded});
  const FundingPlan above = sweep_plan(support::customer(9000), {support::backorder(1, kDue, 1000)}, 1001);
  CHECK(verdicts_of(above) == std::vector{Verdict::price_above_cap});
  CHECK(above.verdicts[0].voids == Reason::price_above_cap);
  const FundingPlan below = sweep_plan(support::customer(9000), {support::backorder(1, kDue, 1000)}, 400);
  CHECK(below.verdicts[0].amount == eur(400));
}

TEST_CASE("plan: a price that is gone at reservation voids; so does one missing in the currency") {
  Backorder of_lost_zone = support::backorder(1, kDue);
  of_lost_zone.zone = "gone";
  const FundingPlan plan = sweep_plan(support::customer(9000), {of_lost_zone}, 1000);
  CHECK(verdicts_of(plan) == std::vector{Verdict::no_price});
  CHECK(plan.verdicts[0].voids == Reason::no_price);
}

TEST_CASE("plan: undated backorders are shown in the preview and never decided") {
  const std::vector<Backorder> backorders{support::backorder(1, std::nullopt)};
  CHECK(sweep_plan(support::customer(9000), backorders, 1000).verdicts.empty());
  const FundingPlan preview = plan_funding(support::customer(9000), backorders, support::price_list(1000), {}, kNow,
                                           kNow + std::chrono::hours(240));
  CHECK(verdicts_of(preview) == std::vector{Verdict::undated});
  CHECK_FALSE(preview.verdicts[0].decided_at.has_value());
}

TEST_CASE("plan: the credit limit may be used by reservations") {
  CHECK(verdicts_of(sweep_plan(support::customer(0, 1000), {support::backorder(1, kDue)}, 1000)) ==
        std::vector{Verdict::funded});
  CHECK(verdicts_of(sweep_plan(support::customer(-1, 1000), {support::backorder(1, kDue)}, 1000)) ==
        std::vector{Verdict::underfunded});
}

TEST_CASE("plan: a frozen account reserves nothing, stays, and is void at the deadline") {
  Customer customer = support::customer(9000);
  customer.state = AccountState::frozen;
  const std::vector<Backorder> backorders{support::backorder(1, kDue)};
  FundingPlan plan = sweep_plan(customer, backorders, 1000);
  CHECK(verdicts_of(plan) == std::vector{Verdict::frozen});
  CHECK_FALSE(plan.verdicts[0].voids.has_value());
  plan = sweep_plan(customer, backorders, 1000, backorders[0].drop->deadline + Milliseconds(1));
  CHECK(plan.verdicts[0].voids == Reason::account_frozen);
}

TEST_CASE("plan: whatever falls due later, a frozen or late verdict bears its own deadline") {
  const std::vector<Backorder> backorders{support::backorder(1, kDue),
                                          support::backorder(2, kDue + std::chrono::hours(72))};
  for (const bool frozen : {true, false}) {
    for (const VoidPolicy void_policy : {VoidPolicy::at_due, VoidPolicy::at_deadline}) {
      CAPTURE(frozen);
      Customer customer = support::customer(0);
      customer.void_policy = void_policy;
      if (frozen) customer.state = AccountState::frozen;
      const FundingPlan plan =
          plan_funding(customer, backorders, support::price_list(1000), {}, kNow, kNow + std::chrono::hours(24 * 30));
      for (const FundingVerdict& row : plan.verdicts) {
        const Drop& drop = *backorders[static_cast<std::size_t>(row.backorder.value() - 1)].drop;
        const bool at_once = !frozen && void_policy == VoidPolicy::at_due;
        CHECK(row.decided_at == (at_once ? std::max(kNow, drop.deposit_due) : drop.deadline));
        CHECK(row.voids == (frozen ? Reason::account_frozen : Reason::insufficient_available));
      }
    }
  }
}

TEST_CASE("plan: a job that was found at the provider is funded after the deadline as well, or its backorder ends") {
  Backorder found = support::backorder(1, kDue);
  found.application = "9";
  const UtcTime late = found.drop->deadline + Milliseconds(1);
  for (const VoidPolicy void_policy : {VoidPolicy::at_due, VoidPolicy::at_deadline}) {
    for (const std::int64_t available : {1000, 999}) {
      Customer customer = support::customer(available);
      customer.void_policy = void_policy;
      const FundingPlan plan = plan_funding(customer, std::vector{found}, support::price_list(1000), {}, late, late);
      REQUIRE(plan.verdicts.size() == 1);
      CHECK(plan.verdicts[0].verdict == (available == 1000 ? Verdict::funded : Verdict::underfunded));
      if (available < 1000) CHECK(plan.verdicts[0].voids == Reason::insufficient_available);
    }
  }
}

TEST_CASE("first seen after its deadline: void, nothing reserved") {
  const FundingPlan plan =
      sweep_plan(support::customer(9000), {support::backorder(1, kNow + std::chrono::hours(2))}, 1000);
  CHECK(verdicts_of(plan) == std::vector{Verdict::too_late});
  CHECK(plan.verdicts[0].voids == Reason::deadline_missed);
}

// ---- the plan against a brute-force model over random books ----

namespace {

struct Fate {
  bool funded = false;
  std::optional<Reason> reason{};
  std::int64_t amount = 0;
  friend bool operator==(const Fate&, const Fate&) = default;
};

struct Book {
  Customer customer = support::customer(0);
  std::vector<Backorder> backorders{};
  std::vector<Price> prices{};
};

Book random_book(std::mt19937_64& random) {
  const auto pick = [&random](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  Book book;
  book.customer = support::customer(pick(0, 6) * 500, pick(0, 3) == 0 ? pick(0, 4) * 300 : 0);
  if (pick(0, 9) == 0) book.customer.state = AccountState::frozen;
  book.customer.policy = pick(0, 1) == 0 ? FundingPolicy::each : FundingPolicy::all_or_nothing;
  book.customer.void_policy = pick(0, 1) == 0 ? VoidPolicy::at_due : VoidPolicy::at_deadline;
  const char* const zones[] = {"com", "net", "pl"};
  for (const char* zone : zones) {
    book.prices.push_back({zone, "standard", eur(pick(1, 12) * 100), at("2020-01-01"), {}});
    if (pick(0, 2) == 0)
      book.prices.push_back({zone, "standard", eur(pick(1, 12) * 100), kNow + std::chrono::hours(pick(0, 200)), {}});
    if (pick(0, 5) == 0) book.prices.back().valid_to = kNow + std::chrono::hours(pick(-50, 200));
  }
  const std::int64_t count = pick(0, 9);
  for (std::int64_t id = 1; id <= count; ++id) {
    Backorder one = support::backorder(
        id, pick(0, 8) == 0 ? std::nullopt : std::optional(kNow + std::chrono::hours(pick(-2, 20) * 12)),
        pick(3, 14) * 100);
    one.zone = zones[pick(0, 2)];
    one.priority = static_cast<int>(pick(1, 3));
    one.placed_at += std::chrono::hours(pick(0, 3));
    if (pick(0, 6) == 0 && one.drop && one.drop->deposit_due < kNow) one.underfunded = true;
    book.backorders.push_back(one);
  }
  return book;
}

// The rules once more, as slowly and plainly as possible: one sweep, deciding each backorder by looking at everything
// again.
void model_sweep(Book& book, std::map<std::int64_t, Fate>& fates, UtcTime now) {
  std::vector<Backorder*> due;
  for (Backorder& one : book.backorders) {
    if (!fates.contains(one.id.value()) && one.drop && one.drop->deposit_due <= now) due.push_back(&one);
  }
  std::sort(due.begin(), due.end(), [](const Backorder* a, const Backorder* b) {
    return std::tuple(a->drop->deposit_due, a->drop->drop_at, a->priority, a->placed_at, a->id) <
           std::tuple(b->drop->deposit_due, b->drop->drop_at, b->priority, b->placed_at, b->id);
  });
  const auto price_at = [&](const Backorder& one) -> std::optional<std::int64_t> {
    std::optional<std::int64_t> price;
    UtcTime from = UtcTime::min();
    for (const Price& row : book.prices) {
      if (row.zone != one.zone || row.valid_from > now || (row.valid_to && *row.valid_to <= now) ||
          row.valid_from < from)
        continue;
      price = row.amount.minor();
      from = row.valid_from;
    }
    return price;
  };
  std::vector<Backorder*> able;
  std::int64_t total = 0;
  for (Backorder* one : due) {
    if (now > one->drop->deadline) {
      const bool frozen = book.customer.state == AccountState::frozen;
      fates[one->id.value()] = {false,
                                frozen             ? Reason::account_frozen
                                : one->underfunded ? Reason::insufficient_available
                                                   : Reason::deadline_missed,
                                0};
    } else if (book.customer.state == AccountState::frozen) {
      continue;
    } else if (!price_at(*one)) {
      fates[one->id.value()] = {false, Reason::no_price, 0};
    } else if (*price_at(*one) > one->max_price.minor()) {
      fates[one->id.value()] = {false, Reason::price_above_cap, 0};
    } else {
      able.push_back(one);
      total += *price_at(*one);
    }
  }
  std::int64_t available = book.customer.available.minor();
  const std::int64_t limit = book.customer.credit_limit.minor();
  const bool strict = book.customer.policy == FundingPolicy::all_or_nothing && total > available + limit;
  for (Backorder* one : able) {
    const std::int64_t price = *price_at(*one);
    if (!strict && price <= available + limit) {
      available -= price;
      fates[one->id.value()] = {true, {}, price};
    } else if (book.customer.void_policy == VoidPolicy::at_due) {
      fates[one->id.value()] = {false, Reason::insufficient_available, 0};
    } else {
      one->underfunded = true;
    }
  }
  book.customer.available = eur(available);
}

// Whether something is underfunded at an instant when money would have funded it.
bool can_be_saved(const FundingPlan& plan, const Book& book) {
  return std::ranges::any_of(plan.verdicts, [&](const FundingVerdict& row) {
    const auto one = std::ranges::find(book.backorders, row.backorder, &Backorder::id);
    return row.verdict == Verdict::underfunded && *row.decided_at <= one->drop->deadline;
  });
}

std::map<std::int64_t, Fate> fates_of(const FundingPlan& plan) {
  std::map<std::int64_t, Fate> fates;
  for (const FundingVerdict& row : plan.verdicts) {
    if (row.verdict == Verdict::funded) fates[row.backorder.value()] = {true, {}, row.amount->minor()};
    if (row.voids) fates[row.backorder.value()] = {false, row.voids, 0};
  }
  return fates;
}

}  // namespace

TEST_CASE("plan: equals a brute-force model over random books, and the preview equals the sweeps it announces") {
  std::mt19937_64 random(20260801);
  std::map<Verdict, int> seen;
  int previews_with_future = 0;
  for (int round = 0; round < 20'000; ++round) {
    CAPTURE(round);
    const Book start = random_book(random);
    const PriceList prices(start.prices);
    const UtcTime horizon = kNow + std::chrono::hours(400);

    // One sweep: the plan is the model.
    Book model = start;
    std::map<std::int64_t, Fate> expected;
    model_sweep(model, expected, kNow);
    const FundingPlan sweep = plan_funding(start.customer, start.backorders, prices, {}, kNow, kNow);
    REQUIRE(fates_of(sweep) == expected);
    for (const FundingVerdict& row : sweep.verdicts) ++seen[row.verdict];

    // The committed plan leaves the balance the model has.
    Book committed = start;
    Changes changes;
    const Result<PlanOutcome> done = commit_plan(changes, sweep, committed.backorders, committed.customer, kNow);
    REQUIRE(bool(done));
    REQUIRE(committed.customer.available == model.customer.available);

    // The preview is what sweeps at every due instant, past each deadline of a set that was refused whole, and at the
    // horizon then do.
    std::set<UtcTime> instants{horizon}, smaller_sets;
    for (const Backorder& one : start.backorders) {
      if (one.drop && one.drop->deposit_due > kNow && one.drop->deposit_due <= horizon)
        instants.insert(one.drop->deposit_due);
      if (one.drop && one.drop->deadline >= kNow && one.drop->deadline < horizon)
        smaller_sets.insert(one.drop->deadline + Milliseconds(1));
    }
    const bool shrinks =
        start.customer.policy == FundingPolicy::all_or_nothing && start.customer.void_policy == VoidPolicy::at_deadline;
    if (shrinks) instants.insert(smaller_sets.begin(), smaller_sets.end());
    for (const UtcTime instant : instants) {
      const bool is_left_out = std::ranges::any_of(model.backorders, [&](const Backorder& one) {
        return one.drop && one.drop->deadline + Milliseconds(1) == instant && !expected.contains(one.id.value());
      });
      const bool is_due = instant == horizon || std::ranges::any_of(model.backorders, [&](const Backorder& one) {
                            return one.drop && one.drop->deposit_due == instant;
                          });
      if (is_due || is_left_out) model_sweep(model, expected, instant);
    }
    const FundingPlan preview = plan_funding(start.customer, start.backorders, prices, {}, kNow, horizon);
    REQUIRE(fates_of(preview) == expected);
    previews_with_future += instants.size() > 1 ? 1 : 0;

    // The shortfall is zero exactly when nothing is underfunded that money can still save.
    REQUIRE(preview.shortfall.is_positive() == can_be_saved(preview, start));
    REQUIRE(preview.top_up_by.has_value() == preview.shortfall.is_positive());
  }
  for (const Verdict verdict : {Verdict::funded, Verdict::underfunded, Verdict::no_price, Verdict::price_above_cap,
                                Verdict::frozen, Verdict::too_late}) {
    CAPTURE(to_word(verdict));
    CHECK(seen[verdict] > 100);
  }
  CHECK(previews_with_future > 10'000);
}

TEST_CASE(
    "plan: the shortfall paid in by its instant saves everything that money can save; one minor unit less, or a moment "
    "later, does not") {
  std::mt19937_64 random(7);
  int topped = 0, late = 0, waiting_for_change = 0;
  for (int round = 0; round < 8'000; ++round) {
    CAPTURE(round);
    Book book = random_book(random);
    if (round % 3 == 0) book.customer.owed = eur(1 + round % 700);
    std::vector<PayIn> pay_ins;
    if (round % 4 == 0)
      pay_ins = {{kNow + std::chrono::hours(30), eur(300)}, {kNow + std::chrono::hours(90), eur(450)}};
    const PriceList prices(book.prices);
    const UtcTime horizon = kNow + std::chrono::hours(400);
    const auto plan = [&](const std::vector<PayIn>& money) {
      return plan_funding(book.customer, book.backorders, prices, {}, kNow, horizon, money);
    };
    const auto with = [&](UtcTime when, Money amount) {
      std::vector<PayIn> money = pay_ins;
      money.push_back({when, amount});
      std::ranges::stable_sort(money, {}, &PayIn::at);
      return plan(money);
    };
    const FundingPlan before = plan(pay_ins);
    if (before.shortfall.is_zero()) continue;
    ++topped;
    // Where voids wait for the deadline, a price that changes or money that comes meanwhile may ask for less.
    const bool waits = book.customer.void_policy == VoidPolicy::at_deadline;
    const bool still =
        std::ranges::none_of(book.prices, [](const Price& price) { return price.valid_from > kNow || price.valid_to; });
    if (waits && (!still || !pay_ins.empty())) {
      ++waiting_for_change;
      continue;
    }
    REQUIRE_FALSE(can_be_saved(with(kNow, before.shortfall), book));
    REQUIRE_FALSE(can_be_saved(with(*before.top_up_by, before.shortfall), book));
    const FundingPlan less = with(*before.top_up_by, before.shortfall - eur(1));
    REQUIRE(can_be_saved(less, book));
    if (!waits) REQUIRE(less.shortfall == eur(1));
    if (*before.top_up_by == kNow) continue;
    ++late;
    REQUIRE(can_be_saved(with(*before.top_up_by + Milliseconds(1), before.shortfall), book));
  }
  CHECK(topped > 1'500);
  CHECK(late > 500);
  CHECK(waiting_for_change > 100);
}

TEST_CASE(
    "plan: the one named to be dropped does fund the other, and one is named wherever a single one is enough in the "
    "simple case") {
  std::mt19937_64 random(11);
  int named = 0, could = 0;
  for (int round = 0; round < 6'000; ++round) {
    CAPTURE(round);
    const Book book = random_book(random);
    std::vector<PayIn> pay_ins;
    if (round % 4 == 0)
      pay_ins = {{kNow + std::chrono::hours(30), eur(300)}, {kNow + std::chrono::hours(90), eur(450)}};
    const PriceList prices(book.prices);
    const UtcTime horizon = kNow + std::chrono::hours(400);
    const FundingPlan plan = plan_funding(book.customer, book.backorders, prices, {}, kNow, horizon, pay_ins);
    const auto is_funded_without = [&](BackorderId id, BackorderId without) {
      std::vector<Backorder> rest = book.backorders;
      std::erase_if(rest, [&](const Backorder& one) { return one.id == without; });
      const FundingPlan other = plan_funding(book.customer, rest, prices, {}, kNow, horizon, pay_ins);
      return std::ranges::any_of(other.verdicts, [&](const FundingVerdict& row) {
        return row.backorder == id && row.verdict == Verdict::funded;
      });
    };
    for (const FundingVerdict& row : plan.verdicts) {
      if (row.verdict != Verdict::underfunded) {
        REQUIRE_FALSE(row.funded_without);
        continue;
      }
      if (row.funded_without) {
        ++named;
        REQUIRE(is_funded_without(row.backorder, *row.funded_without));
      }
      could += std::ranges::any_of(book.backorders, [&](const Backorder& one) {
        return one.id != row.backorder && is_funded_without(row.backorder, one.id);
      });
    }
  }
  CHECK(named > 500);
  // the rest: one drop lets others in first, or whole sets wait for their deadlines
  CHECK(named * 10 > could * 6);
}

TEST_CASE("plan: five thousand backorders at different prices in one account are planned at once") {
  std::vector<Price> prices;
  std::vector<Backorder> backorders;
  for (std::int64_t id = 1; id <= 5'000; ++id) {
    const std::string zone = "z" + std::to_string(id);
    prices.push_back({zone, "standard", eur(1'000 + id % 4'999), at("2020-01-01"), {}});
    backorders.push_back(support::backorder(id, kDue + std::chrono::minutes(id)));
    backorders.back().zone = zone;
  }
  const FundingPlan plan = plan_funding(support::customer(4'000'000), backorders, PriceList(prices), {}, kNow,
                                        kNow + std::chrono::hours(400));
  CHECK(plan.verdicts.size() == 5'000);
  CHECK(std::ranges::count_if(plan.verdicts,
                              [](const FundingVerdict& row) { return row.verdict == Verdict::underfunded; }) > 2'500);
  const auto first = std::ranges::find(plan.verdicts, Verdict::underfunded, &FundingVerdict::verdict);
  // of many that would do, the one that money is given to last
  CHECK(first->funded_without == std::prev(first)->backorder);
}
