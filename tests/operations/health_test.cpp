// Health and runs of a real book.
#include "tools/operations/health.hpp"

#include "tests/support/desk.hpp"

using namespace engine;
using support::hours;
using support::kNow;
using support::TestLedger;

namespace {

struct Watched : TestLedger {
  HealthFacts facts() { return operations::health_facts(*store, now); }
  HealthRow check(HealthCheck wanted) {
    for (const HealthRow& row : assess_health(facts())) {
      if (row.check == wanted) return row;
    }
    throw std::logic_error("no such check");
  }
  operations::SweepReport sweep(engine::BackorderProvider* provider) {
    return operations::sweep(context(), provider, {});
  }
};

}  // namespace

TEST_CASE("runs: a sweep leaves a run, and sweeps that did nothing are one row") {
  Watched book;
  REQUIRE(bool(book.list("registry", {{"dune.com", kNow + hours(60)}})));
  REQUIRE(bool(book.place("alice", "dune.com")));
  CHECK(book.store->runs({}).empty());
  book.sweep(book.registry.get());
  std::vector<Run> runs = book.store->runs({});
  REQUIRE(runs.size() == 1);
  CHECK(runs.front().kind == RunKind::sweep);
  CHECK(runs.front().complete);
  CHECK(runs.front().counts.find("submitted 1") != std::string::npos);
  CHECK(runs.front().actor == "tester");

  for (int i = 1; i <= 3; ++i) {
    book.now = kNow + std::chrono::minutes(i);
    book.sweep(book.registry.get());
  }
  runs = book.store->runs({});
  REQUIRE(runs.size() == 2);
  CHECK(runs.front().quiet());
  CHECK(runs.front().times == 3);
  CHECK(runs.front().started_at == kNow + std::chrono::minutes(1));
  CHECK(runs.front().ended_at == kNow + std::chrono::minutes(3));
  CHECK(book.facts().last_complete_sweep == kNow + std::chrono::minutes(3));

  // one that left something out is no complete one, and says what
  book.now = kNow + std::chrono::minutes(4);
  book.sweep(nullptr);
  runs = book.store->runs({});
  REQUIRE(runs.size() == 3);
  CHECK_FALSE(runs.front().complete);
  CHECK(runs.front().errors.find("no provider is configured") != std::string::npos);
  CHECK(book.facts().last_complete_sweep == kNow + std::chrono::minutes(3));
}

TEST_CASE("runs: they are kept for 400 days") {
  Watched book;
  const auto run_at = [&](UtcTime when) {
    book.now = when;
    operations::record_run(book.context(),
                           {.kind = RunKind::backup, .started_at = when, .ended_at = when, .counts = "copied"});
  };
  run_at(kNow);
  run_at(kNow + hours(24 * 399));
  CHECK(book.store->runs({}).size() == 2);
  run_at(kNow + hours(24 * 401));
  CHECK(book.store->runs({}).size() == 2);
}

TEST_CASE("health: funded work without a job, then with it") {
  Watched book;
  REQUIRE(bool(book.list("registry", {{"dune.com", kNow + hours(60)}})));
  REQUIRE(bool(book.place("alice", "dune.com")));  // inside the window: funded at once
  CHECK(book.check(HealthCheck::deadlines).level == HealthLevel::ok);
  book.now = kNow + hours(54);  // the deadline is three hours away
  CHECK(book.check(HealthCheck::deadlines).level == HealthLevel::failing);
  CHECK(book.check(HealthCheck::due_work).level == HealthLevel::failing);
  book.sweep(book.registry.get());
  CHECK(book.check(HealthCheck::deadlines).level == HealthLevel::ok);
  CHECK(book.check(HealthCheck::due_work).level == HealthLevel::ok);
}

TEST_CASE("health: what a frozen account holds back is not late") {
  Watched book;
  REQUIRE(bool(book.list("registry", {{"dune.com", kNow + hours(80)}})));
  REQUIRE(bool(book.place("alice", "dune.com")));
  REQUIRE(bool(operations::freeze_account(book.context(), {}, "alice", "a dispute")));
  book.now = kNow + hours(20);
  CHECK(book.check(HealthCheck::due_work).level == HealthLevel::ok);
}

TEST_CASE("health: the operator is told of a failure once, and once that it is over") {
  Watched book;
  REQUIRE(bool(book.list("registry", {{"dune.com", kNow + hours(60)}})));
  REQUIRE(bool(book.place("alice", "dune.com")));
  book.now = kNow + hours(54);
  operations::watch_health(book.context());
  operations::watch_health(book.context());
  // the deadline, and the work that has been due for two days
  CHECK(book.events(EventKind::health_failed) == 2);
  CHECK(book.store->health_alerts().size() == 2);
  book.sweep(book.registry.get());
  CHECK(book.events(EventKind::health_recovered) == 2);
  CHECK(book.store->health_alerts().empty());
  book.verify();
}
