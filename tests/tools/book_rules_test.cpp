// The rules as they meet the book: lists, requests, placing and sweeping through operations on a real store.
#include <doctest/doctest.h>

#include <algorithm>

#include "storage/sqlite_store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/reports.hpp"
#include "tools/operations/sweep.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

using namespace operations;
using engine::ErrorCode;
using engine::State;
using support::at;
using support::eur;

namespace {

const engine::UtcTime kNow = at("2026-08-01T00:00:00Z");

// A book with prices for .com and .pl at 10.00, alice with 100.00, and a registry whose world everybody shares.
struct Desk {
  support::TemporaryDirectory folder{};
  std::unique_ptr<engine::LedgerStore> store{};
  std::unique_ptr<simulated_registry::SimulatedRegistry> registry{};
  engine::UtcTime now = kNow;

  Desk() {
    storage::create_book(folder.file("book.db"), kNow, true);
    store = storage::open_book(folder.file("book.db"), {});
    simulated_registry::World world;
    world.refused_percent = world.withdrawn_percent = world.slow_percent = world.competitor_percent = 0;
    world.catch_percent = 100;
    REQUIRE(bool(simulated_registry::SimulatedRegistry::create(folder.file("registry.db"), world)));
    registry = simulated_registry::SimulatedRegistry::open(folder.file("registry.db"), [this] { return now; }).value();
    REQUIRE(bool(set_prices(context(), {}, {{"com", "standard", eur(1000), kNow, {}}, {"pl", "standard", eur(1000), kNow, {}}})));
    open("alice", 10'000);
  }
  Context context() { return {*store, now, "tester"}; }
  void open(const std::string& name, std::int64_t minor) {
    REQUIRE(bool(open_account(context(), {}, name, support::currency("EUR"), {})));
    if (minor > 0) REQUIRE(bool(fund(context(), {}, name, {.amount = eur(minor)})));
  }
  engine::Result<Reply> place(const std::string& account, const std::string& domain, RequestKey key = {}) {
    return operations::place(context(), key, account, {.name = support::domain(domain), .max_price = {}});
  }
  engine::Result<ListReport> list(const std::string& source, std::vector<std::pair<const char*, engine::UtcTime>> names, bool force = false) {
    std::vector<ListRow> rows;
    std::vector<simulated_registry::NameDrop> drops;
    for (const auto& [name, drop] : names) {
      rows.push_back({support::domain(name), drop});
      drops.push_back({support::domain(name), drop, {}});
    }
    std::ranges::sort(rows, {}, &ListRow::name);
    REQUIRE(bool(registry->learn(drops)));
    return import_list(context(), {.source = source, .date_is = engine::DateIs::drop, .declared = {}, .force = force}, rows, {});
  }
  SweepReport sweep() { return operations::sweep(context(), registry.get(), {}); }
  engine::Backorder backorder(std::int64_t id) { return store->backorder(engine::BackorderId(id)).value(); }
  engine::Customer customer(const char* name) { return store->customer(name).value(); }
  std::size_t open_cases(engine::CaseKind kind) {
    engine::CaseQuery query;
    query.kind = kind;
    return store->cases(query).size();
  }
  void verify() { CHECK(store->verify({}).findings.empty()); }
};

constexpr auto hours = [](int count) { return std::chrono::hours(count); };

}  // namespace

TEST_CASE("a funded backorder lives to its end: reserved at T - 72 h, submitted, captured; preview says it before") {
  Desk desk;
  const engine::UtcTime drop = kNow + hours(100);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.now = drop - hours(72) - engine::Milliseconds(1);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::requested);
  desk.now = drop - hours(72);
  CHECK(preview(*desk.store, {}, desk.now, desk.now).at(0).rows.at(0).verdict.verdict == engine::Verdict::funded);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::processing);
  CHECK(desk.customer("alice").reserved == eur(1000));
  desk.now = drop + hours(3);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::successful);
  CHECK(desk.customer("alice").available == eur(9000));
  CHECK(desk.sweep().counts.empty());  // once more changes nothing
  desk.verify();
}

TEST_CASE("moved date: a later list moves open backorders") {
  Desk desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(200)}, {"b.com", kNow + hours(70)}, {"c.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("alice", "b.com")));
  REQUIRE(bool(sweep(desk.context(), nullptr, {}).troubles.size() == 2));  // no provider: b is held without a job
  REQUIRE(bool(desk.place("alice", "c.com")));
  desk.sweep();  // now b and c have jobs
  CHECK(desk.backorder(3).state == State::processing);
  const auto moved = desk.list("registry", {{"a.com", kNow + hours(60)}, {"b.com", kNow + hours(400)}, {"c.com", kNow + hours(71)}});
  REQUIRE(bool(moved));
  CHECK(moved.value().backorders_moved == 3);
  CHECK(moved.value().rescheduled == 0);  // jobs exist: no money moves
  CHECK(desk.backorder(2).drop->drop_at == kNow + hours(400));
  desk.sweep();
  CHECK(desk.backorder(1).state == State::processing);  // earlier into the window: due at once
  desk.verify();
}

TEST_CASE("moved date: a deposit without a job is given back when the drop moves far away, and reserved again in time") {
  Desk desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  CHECK(desk.backorder(1).state == State::active);  // reserved at placing
  const auto moved = desk.list("registry", {{"a.com", kNow + hours(300)}});
  CHECK(moved.value().rescheduled == 1);
  CHECK(desk.backorder(1).state == State::requested);
  CHECK(desk.customer("alice").reserved.is_zero());
  desk.now = kNow + hours(240);
  desk.sweep();
  CHECK(desk.backorder(1).attempt == 2);
  CHECK(refunds(*desk.store, {}, {}, false).at(0).cause == "rescheduled");
  desk.verify();
}

TEST_CASE("lists: undated ones wait for a list; a name missing from a list of its day is an event and a case, no money") {
  Desk desk;
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.sweep();
  CHECK(desk.backorder(1).state == State::requested);
  CHECK(desk.list("registry", {{"a.com", kNow + hours(70)}, {"b.com", kNow + hours(70)}}).value().dated == 1);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::processing);
  const auto without = desk.list("registry", {{"b.com", kNow + hours(70)}});
  CHECK(without.value().missing == 1);
  CHECK(desk.open_cases(engine::CaseKind::missing_from_list) == 1);
  CHECK(desk.customer("alice").reserved == eur(1000));
  CHECK(desk.list("registry", {{"z.pl", kNow + hours(70)}}, true).value().missing == 0);  // another zone says nothing about .com
}

TEST_CASE("lists: less than half of the last list is refused unless forced; the same list again changes nothing") {
  Desk desk;
  const engine::UtcTime drop = kNow + hours(70);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}, {"b.com", drop}, {"c.com", drop}, {"d.com", drop}, {"e.com", drop}})));
  CHECK(desk.list("registry", {{"a.com", drop}, {"b.com", drop}}).error().code == ErrorCode::list_too_short);
  CHECK(desk.store->lists(desk.store->source("registry")->id).size() == 1);
  CHECK(bool(desk.list("registry", {{"a.com", drop}, {"b.com", drop}}, true)));
  CHECK(desk.list("registry", {{"a.com", drop}, {"b.com", drop}}).value().repeated);
  CHECK(import_list(desk.context(), {.source = "new", .date_is = {}, .declared = {}}, {{support::domain("a.com"), drop}}, {}).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("lists: two sources disagree: the earlier deadline binds and the conflict is an event") {
  Desk desk;
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.list("one", {{"a.com", kNow + hours(200)}})));
  CHECK(desk.list("two", {{"a.com", kNow + hours(150)}}).value().conflicts == 1);
  CHECK(desk.backorder(1).drop->drop_at == kNow + hours(150));
}

TEST_CASE("lists: the same name listed again later is another drop, and needs another backorder") {
  Desk desk;
  const engine::UtcTime drop = kNow + hours(70);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.sweep();
  desk.now = drop + hours(3);
  desk.sweep();
  desk.now = drop + hours(49);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop + hours(500)}})));
  CHECK(desk.backorder(1).drop->drop_at == drop);
  const auto again = desk.place("alice", "a.com");
  REQUIRE(bool(again));
  CHECK(again.value().fact("backorder") == "2");
}

TEST_CASE("placing: void stays void; placing again inside the window reserves at once") {
  Desk desk;
  desk.open("bob", 0);
  const engine::UtcTime drop = kNow + hours(100);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}})));
  REQUIRE(bool(desk.place("bob", "a.com")));
  desk.now = drop - hours(71);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::voided);
  CHECK(desk.place("bob", "a.com").error().code == ErrorCode::insufficient_available);
  REQUIRE(bool(fund(desk.context(), {}, "bob", {.amount = eur(1000)})));
  desk.sweep();
  CHECK(desk.backorder(1).state == State::voided);
  CHECK(desk.place("bob", "a.com").value().fact("state") == "ACTIVE");
}

TEST_CASE("requests: the same request answers again; with other content it is refused, naming the difference") {
  Desk desk;
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
  CHECK(withdraw(desk.context(), {"api", "two"}, "alice", {.amount = eur(20'000)}).error().code == ErrorCode::insufficient_available);
  REQUIRE(bool(fund(desk.context(), {}, "alice", {.amount = eur(20'000)})));
  CHECK(withdraw(desk.context(), {"api", "two"}, "alice", {.amount = eur(20'000)}).error().code == ErrorCode::insufficient_available);
  CHECK(withdraw(desk.context(), {"api", "two"}, "alice", {.amount = eur(5)}).error().code == ErrorCode::request_id_reused);
}

TEST_CASE("submit: two accounts want one name: each has its own job, and at most one gets it") {
  Desk desk;
  desk.open("bob", 5'000);
  const engine::UtcTime drop = kNow + hours(70);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("bob", "a.com")));
  desk.sweep();
  CHECK(desk.backorder(1).application.has_value());
  CHECK(desk.backorder(2).application.has_value());
  CHECK(desk.backorder(1).application != desk.backorder(2).application);
  for (int hour = 1; hour <= 24 * 10; hour += 6) {
    desk.now = drop + hours(hour);
    desk.sweep();
  }
  int won = 0;
  for (const std::int64_t id : {1, 2}) {
    CHECK(is_final(desk.backorder(id).state));
    won += desk.backorder(id).state == State::auction_won || desk.backorder(id).state == State::successful ? 1 : 0;
  }
  CHECK(won <= 1);
  desk.verify();
}

TEST_CASE("cancel: with a job deletes it first, then refunds") {
  Desk desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.sweep();
  const auto cancelled = cancel(desk.context(), {}, 1, engine::By::customer, "", desk.registry.get());
  REQUIRE(bool(cancelled));
  CHECK(cancelled.value().fact("deletion") == "confirmed");
  CHECK(desk.backorder(1).state == State::cancelled);
  CHECK(desk.customer("alice").available == eur(10'000));
  CHECK(desk.registry->tally().value().removed == 1);
  desk.verify();
}

TEST_CASE("account: closing cancels what can be cancelled, waits for the rest, pays out last") {
  Desk desk;
  const engine::UtcTime drop = kNow + hours(70);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}, {"b.com", kNow + hours(300)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("alice", "b.com")));
  desk.sweep();
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
  REQUIRE(bool(fund(desk.context(), {}, "alice", {.amount = eur(100)})));  // to suspense
  CHECK(desk.open_cases(engine::CaseKind::unidentified_payment) == 1);
  desk.verify();
}

TEST_CASE("periods: closed periods take nothing; two times are kept and both can be asked") {
  Desk desk;
  desk.now = kNow + hours(48);
  REQUIRE(bool(fund(desk.context(), {}, "alice", {.amount = eur(500), .effective_at = kNow + hours(1)})));
  Period effective{kNow, kNow + hours(2), true}, recorded{kNow, kNow + hours(2), false};
  CHECK(statement(*desk.store, desk.customer("alice"), effective).closing_available == eur(10'500));
  CHECK(statement(*desk.store, desk.customer("alice"), recorded).closing_available == eur(10'000));
  REQUIRE(bool(close_period(desk.context(), {}, kNow + hours(24))));
  CHECK(fund(desk.context(), {}, "alice", {.amount = eur(500), .effective_at = kNow + hours(1)}).error().code == ErrorCode::period_closed);
  CHECK(close_period(desk.context(), {}, kNow + hours(49)).error().code == ErrorCode::invalid_argument);
  REQUIRE(bool(reopen_period(desk.context(), {}, {}, "late statement")));
  CHECK(bool(fund(desk.context(), {}, "alice", {.amount = eur(500), .effective_at = kNow + hours(1)})));
}

TEST_CASE("a warning comes once, again when it grows, and an end when it is over") {
  Desk desk;
  desk.open("bob", 500);
  const auto events = [&](engine::EventKind kind) {
    engine::EventQuery query;
    query.kinds = {kind};
    int count = 0;
    desk.store->each_event(query, [&](const engine::LoggedEvent&) { ++count; });
    return count;
  };
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(100)}, {"b.com", kNow + hours(100)}})));
  REQUIRE(bool(desk.place("bob", "a.com")));
  desk.sweep();
  desk.sweep();
  CHECK(events(engine::EventKind::shortfall) == 1);
  REQUIRE(bool(desk.place("bob", "b.com")));
  desk.sweep();
  CHECK(events(engine::EventKind::shortfall) == 2);
  REQUIRE(bool(fund(desk.context(), {}, "bob", {.amount = eur(2000)})));
  desk.sweep();
  CHECK(events(engine::EventKind::shortfall_over) == 1);
}

TEST_CASE("prices: those whose cap a new price exceeds hear it when the price changes") {
  Desk desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(200)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  CHECK(set_prices(desk.context(), {}, {{"com", "standard", eur(1500), kNow, {}}}).value().fact("notices") == "1");
  desk.now = kNow + hours(130);
  desk.sweep();
  CHECK(desk.backorder(1).reason == engine::Reason::price_above_cap);
}

TEST_CASE("sweep: a thousand due at once are swept in chunks, each account whole, the same as in one") {
  Desk desk;
  std::vector<std::pair<const char*, engine::UtcTime>> names;
  std::vector<std::string> texts;
  for (int i = 0; i < 1'000; ++i) texts.push_back("n" + std::to_string(i) + ".com");
  for (const std::string& text : texts) names.emplace_back(text.c_str(), kNow + hours(100));
  REQUIRE(bool(desk.list("registry", names)));
  for (int i = 0; i < 10; ++i) desk.open("c" + std::to_string(i), 1000 * (i + 1) * 10);
  std::vector<ImportRow> rows;
  for (std::size_t i = 0; i < texts.size(); ++i) rows.push_back({i + 2, "c" + std::to_string(i % 10), texts[i]});
  bool kept = false;
  import_backorders(desk.context(), "op", "file", rows, false, {}, kept);
  REQUIRE(kept);
  desk.now = kNow + hours(28);
  SweepOptions options;
  options.chunk = 7;
  options.stages = {Stage::reserve};
  const SweepReport report = sweep(desk.context(), nullptr, options);
  CHECK(report.count("reserved") == 550);
  CHECK(report.count("voided") == 450);
  desk.verify();
}

TEST_CASE("import: one bad line leaves nothing placed and every line is told; --keep-going places the rest; again places nothing twice") {
  Desk desk;
  std::vector<ImportRow> rows;
  for (std::uint64_t i = 0; i < 1'000; ++i) rows.push_back({i + 2, "alice", "n" + std::to_string(i) + ".com"});
  rows[500].domain = "not a name";
  rows[501].account = "nobody";
  rows[502].max_price = "-1";
  rows[503].domain = "x.org";
  bool kept = true;
  auto results = import_backorders(desk.context(), "op", "file", rows, false, {}, kept);
  CHECK_FALSE(kept);
  CHECK(results.size() == 1'000);
  CHECK(results[500].reply.error().code == ErrorCode::invalid_domain);
  CHECK(results[501].reply.error().code == ErrorCode::account_not_found);
  CHECK(results[502].reply.error().code == ErrorCode::invalid_amount);
  CHECK(results[503].reply.error().code == ErrorCode::unknown_zone);
  CHECK(desk.store->backorders({}).empty());
  import_backorders(desk.context(), "op", "file", rows, true, {}, kept);
  CHECK(kept);
  CHECK(desk.store->backorders({}).size() == 996);
  results = import_backorders(desk.context(), "op", "file", rows, true, {}, kept);
  CHECK(results[0].reply.value().replayed);
  CHECK(desk.store->backorders({}).size() == 996);
}

TEST_CASE("dry run: the same path, and nothing stays") {
  Desk desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  Context dry = desk.context();
  dry.dry_run = true;
  CHECK(bool(fund(dry, {}, "alice", {.amount = eur(5)})));
  CHECK(bool(place(dry, {}, "alice", {.name = support::domain("a.com"), .max_price = {}})));
  CHECK(desk.customer("alice").available == eur(10'000));
  CHECK(desk.store->backorders({}).empty());
}
