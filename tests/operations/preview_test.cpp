// The preview is a promise: what it says is what the sweeps then do, with a what-if once it has come true as well.
#include "tools/operations/preview.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/support/desk.hpp"
#include "tests/support/report_book.hpp"

using namespace operations;
using engine::ErrorCode;
using support::eur;

namespace {

struct Promise {
  bool funded;
  engine::UtcTime at;
  std::optional<engine::Money> amount;
  std::optional<engine::Reason> reason;
};

// Sweeps at every instant that the preview names, money coming in on the way, and compares. Returns how many were kept.
int keep(ReportBook& book, const FundingPreview& preview, engine::UtcTime horizon,
         const std::vector<std::pair<std::string, engine::PayIn>>& money) {
  std::map<std::int64_t, Promise> promises;
  std::set<engine::UtcTime> instants{horizon};
  for (const AccountPreview& account : preview.accounts) {
    for (const PreviewRow& row : account.rows) {
      if (!row.verdict.decided_at) continue;
      instants.insert(*row.verdict.decided_at);
      if (row.verdict.voids) instants.insert(*row.verdict.decided_at + std::chrono::milliseconds(1));
      if (row.backorder.drop->deposit_due <= horizon) instants.insert(row.backorder.drop->deposit_due);
      const bool funded = row.verdict.verdict == engine::Verdict::funded;
      if (funded || row.verdict.voids)
        promises.emplace(row.backorder.id.value(),
                         Promise{funded, *row.verdict.decided_at, row.verdict.amount, row.verdict.voids});
    }
  }
  for (const auto& [account, pay_in] : money) instants.insert(pay_in.at);
  SweepOptions reserve;
  reserve.stages = {Stage::reserve};
  for (const engine::UtcTime instant : instants) {
    book.now = instant;
    for (const auto& [account, pay_in] : money) {
      if (pay_in.at == instant) REQUIRE(bool(fund(book.context(), {}, account, {.amount = pay_in.amount})));
    }
    sweep(book.context(), nullptr, reserve);
  }
  for (const auto& [id, promise] : promises) {
    CAPTURE(id);
    const engine::Backorder done = book.store->backorder(engine::BackorderId(id)).value();
    if (promise.funded) {
      CHECK(done.state == engine::State::active);
      CHECK(done.deposit == promise.amount);
      CHECK(done.reserved_at == promise.at);
    } else {
      CHECK(done.state == engine::State::voided);
      CHECK(done.reason == promise.reason);
    }
  }
  return static_cast<int>(promises.size());
}

}  // namespace

TEST_CASE("preview: the sweeps do what it says, to the instant and the amount; and it changed nothing") {
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    ReportBook book(seed, 8, 40);
    const engine::UtcTime horizon = book.now + std::chrono::hours(220);
    const std::int64_t transfers = book.store->verify({}).transfers;
    const FundingPreview said = preview(*book.store, {.now = book.now, .horizon = horizon}).value();
    CHECK(book.store->verify({}).transfers == transfers);
    CHECK(book.store->backorder(engine::BackorderId(1)).value().state == engine::State::requested);
    kept += keep(book, said, horizon, {});
  }
  CHECK(kept > 200);
}

TEST_CASE(
    "preview: a what-if that comes true is kept like any other: money on a day, a backorder dropped, a priority "
    "changed") {
  for (std::uint64_t seed = 11; seed <= 15; ++seed) {
    CAPTURE(seed);
    ReportBook book(seed, 6, 30);
    const engine::UtcTime horizon = book.now + std::chrono::hours(220);
    PreviewQuery query{.now = book.now, .horizon = horizon};
    std::vector<std::pair<std::string, engine::PayIn>> money;
    for (const char* name : {"account0", "account1", "account2"}) {
      const engine::Customer customer = book.store->customer(name).value();
      const engine::PayIn pay_in{book.now + std::chrono::hours(book.pick(0, 90)),
                                 engine::Money::of_minor(book.pick(1, 3'000), customer.currency)};
      query.what_if.top_ups.push_back({customer.id, pay_in});
      money.emplace_back(name, pay_in);
    }
    query.what_if.without = {engine::BackorderId(3), engine::BackorderId(9)};
    query.what_if.priorities = {{engine::BackorderId(5), 1}, {engine::BackorderId(6), 999}};
    const FundingPreview said = preview(*book.store, query).value();
    for (const engine::BackorderId id : query.what_if.without)
      REQUIRE(bool(cancel(book.context(), {}, id.value(), engine::By::customer, "", nullptr)));
    engine::Changes changes;
    for (const auto& [id, priority] : query.what_if.priorities) {
      changes.backorders.push_back(book.store->backorder(id).value());
      changes.backorders.back().priority = priority;
    }
    {
      const Context context = book.context();
      UnitOfWork work(context);
      REQUIRE(bool(book.store->apply(changes, context.stamp())));
      work.keep();
    }
    CHECK(keep(book, said, horizon, money) > 15);
  }
}

TEST_CASE(
    "preview: a deposit that is held and dropped funds others at once; one with a job is refused, as is what has ended "
    "or is not there") {
  ReportBook book(3, 2, 12);
  std::optional<engine::Backorder> held;
  for (int hour = 0; hour < 200 && !held; ++hour) {
    book.now += std::chrono::hours(1);
    SweepOptions reserve;
    reserve.stages = {Stage::reserve};
    sweep(book.context(), nullptr, reserve);
    engine::BackorderQuery active;
    active.states = {engine::State::active};
    if (const auto rows = book.store->backorders(active); !rows.empty()) held = rows.front();
  }
  REQUIRE(held);
  PreviewQuery query{.customer = held->customer, .now = book.now, .horizon = book.now + std::chrono::hours(300)};
  const engine::Money before = book.store->customer(held->customer)->spendable();
  query.what_if.without = {held->id};
  const FundingPreview without = preview(*book.store, query).value();
  for (const AccountPreview& account : without.accounts) CHECK(account.customer.spendable() == before + *held->deposit);
  CHECK(book.store->customer(held->customer)->spendable() == before);
  query.what_if.without = {engine::BackorderId(999)};
  CHECK(preview(*book.store, query).error().code == ErrorCode::backorder_not_found);
  query.what_if.without = {};
  query.what_if.priorities = {{held->id, 1}};
  CHECK(preview(*book.store, query).error().code == ErrorCode::impossible_step);
  sweep(book.context(), book.registry.get(), {});
  query.what_if.priorities = {};
  query.what_if.without = {held->id};
  if (book.store->backorder(held->id)->job_may_exist())
    CHECK(preview(*book.store, query).error().code == ErrorCode::job_may_exist);
  REQUIRE(book.store->backorder(held->id)->state != engine::State::requested);
}

TEST_CASE(
    "preview: jobs are counted when they are to be created, at the cost that is set, and where none is set it says "
    "so") {
  ReportBook book(4, 4, 24);
  REQUIRE(bool(set_setting(book.context(), {}, "cost.com", "7.85 USD")));
  REQUIRE(bool(set_setting(book.context(), {}, "cost.net", "10.00 USD")));
  CHECK(set_setting(book.context(), {}, "cost.pl", "7.85").error().code == ErrorCode::invalid_argument);
  CHECK(set_setting(book.context(), {}, "cost.pl", "-7.85 USD").error().code == ErrorCode::invalid_argument);
  const FundingPreview said =
      preview(*book.store, {.now = book.now, .horizon = book.now + std::chrono::hours(220)}).value();
  std::map<std::string, std::int64_t> funded;
  for (const AccountPreview& account : said.accounts) {
    for (const PreviewRow& row : account.rows)
      funded[row.backorder.zone] += row.verdict.verdict == engine::Verdict::funded;
  }
  REQUIRE(funded["pl"] > 0);
  REQUIRE(said.jobs.size() > 1);
  CHECK(said.jobs.back().in_all.minor() == funded["com"] * 785 + funded["net"] * 1'000);
  REQUIRE(said.uncosted.size() == 1);
  CHECK(said.uncosted[0].zone == "pl");
  CHECK(said.uncosted[0].jobs == funded["pl"]);
  std::int64_t jobs = 0;
  for (const JobsDay& day : said.jobs) {
    jobs += day.jobs;
    CHECK(engine::day_of(day.by) == day.day);
  }
  CHECK(jobs == funded["com"] + funded["net"]);
  // The calendar counts the same deposits, and ends at what is left.
  std::int64_t on_calendar = 0;
  for (const CalendarDay& day : said.calendar) on_calendar += day.funded;
  CHECK(on_calendar == funded["com"] + funded["net"] + funded["pl"]);
  std::map<std::string, std::int64_t> left;
  for (const AccountPreview& account : said.accounts) {
    engine::Money after = account.customer.spendable();
    for (const PreviewRow& row : account.rows) after = row.verdict.spendable_after;
    left[std::string(after.currency().code())] += after.minor();
  }
  for (std::size_t i = 0; i < said.calendar.size(); ++i) {
    if (i + 1 < said.calendar.size() && said.calendar[i + 1].currency == said.calendar[i].currency) continue;
    CHECK(said.calendar[i].left.minor() == left[std::string(said.calendar[i].currency.code())]);
  }
}

TEST_CASE("backorders: one after the other, by account, they are those that come all at once") {
  ReportBook book(25, 12, 90);
  book.play(book.now + std::chrono::hours(24 * 6));
  using Query = engine::BackorderQuery;
  for (const std::vector<engine::State>& states : {std::vector<engine::State>{},
                                                   {engine::State::requested},
                                                   {engine::State::active, engine::State::processing},
                                                   {engine::State::failed}}) {
    for (const bool of_one : {false, true}) {
      Query query;
      query.states = states;
      query.order = Query::Order::customer;
      if (of_one) query.customer = book.store->customer("account1").value().id;
      const std::vector<engine::Backorder> all = book.store->backorders(query);
      std::size_t next = 0;
      book.store->each_backorder(query, [&](const engine::Backorder& one) {
        REQUIRE(next < all.size());
        const engine::Backorder& same = all[next++];
        CHECK(one.id == same.id);
        CHECK(one.customer == same.customer);
        CHECK(one.name == same.name);
        CHECK(one.zone == same.zone);
        CHECK(one.state == same.state);
        CHECK(one.reason == same.reason);
        CHECK(one.placed_at == same.placed_at);
        CHECK(one.priority == same.priority);
        CHECK(one.quoted == same.quoted);
        CHECK(one.max_price == same.max_price);
        CHECK(one.drop == same.drop);
        CHECK(one.deposit == same.deposit);
        CHECK(one.attempt == same.attempt);
        CHECK(one.underfunded == same.underfunded);
        CHECK(one.open_call == same.open_call);
        CHECK(one.application == same.application);
        CHECK(one.provider_status == same.provider_status);
        CHECK(one.provider_status_at == same.provider_status_at);
        CHECK(one.reserved_at == same.reserved_at);
        CHECK(one.submitted_at == same.submitted_at);
        CHECK(one.ended_at == same.ended_at);
        CHECK(one.auction_price == same.auction_price);
      });
      CHECK(next == all.size());
      if (states.empty() && !of_one) CHECK(next > 50);
    }
  }
}

TEST_CASE(
    "preview: of many accounts each is planned whole and in order; who stops in the middle leaves the store as it "
    "was") {
  support::TestLedger desk;
  std::vector<std::string> names;
  std::vector<std::pair<const char*, engine::UtcTime>> listed;
  for (int i = 0; i < 8'000; ++i) names.push_back("n" + std::to_string(i) + ".com");
  for (const std::string& name : names) listed.emplace_back(name.c_str(), support::kNow + support::hours(100));
  REQUIRE(bool(desk.list("registry", listed)));
  for (int i = 0; i < 80; ++i) desk.open("c" + std::to_string(i), 50'000);
  std::vector<ImportRow> rows;
  for (std::size_t i = 0; i < names.size(); ++i) rows.push_back({i + 2, "c" + std::to_string(i % 80), names[i]});
  bool kept = false;
  import_backorders(desk.context(), "op", "file", rows, false, {}, kept);
  REQUIRE(kept);
  const PreviewQuery query{.now = desk.now, .horizon = desk.now + support::hours(200)};
  engine::CustomerId last(0);
  std::size_t planned = 0;
  REQUIRE(bool(each_preview(*desk.store, query, [&](const AccountPreview& account) {
    CHECK(account.customer.id > last);
    CHECK(account.rows.size() == 100);
    last = account.customer.id;
    planned += account.rows.size();
  })));
  CHECK(planned == names.size());
  struct Enough {};
  for (const int stop_at : {1, 40, 80}) {
    int visited = 0;
    CHECK_THROWS_AS((void)each_preview(*desk.store, query,
                                       [&](const AccountPreview&) {
                                         if (++visited == stop_at) throw Enough{};
                                       }),
                    Enough);
    CHECK(visited == stop_at);
  }
  desk.verify();
}
