// Deletion lists as they meet the book: dates that move, names that go missing, sources that disagree.
#include "tests/support/desk.hpp"
#include "tools/operations/refunds.hpp"

using namespace operations;
using engine::ErrorCode;
using engine::State;
using support::at;
using support::eur;
using support::hours;
using support::kNow;
using support::TestLedger;

TEST_CASE("moved date: a later list moves open backorders") {
  TestLedger desk;
  REQUIRE(bool(
      desk.list("registry", {{"a.com", kNow + hours(200)}, {"b.com", kNow + hours(70)}, {"c.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("alice", "b.com")));
  // no provider: b is held without a job
  REQUIRE(bool(sweep(desk.context(), nullptr, {}).errors.size() == 2));
  REQUIRE(bool(desk.place("alice", "c.com")));
  desk.sweep();  // now b and c have jobs
  CHECK(desk.backorder(3).state == State::processing);
  const auto moved =
      desk.list("registry", {{"a.com", kNow + hours(60)}, {"b.com", kNow + hours(400)}, {"c.com", kNow + hours(71)}});
  REQUIRE(bool(moved));
  CHECK(moved.value().backorders_moved == 3);
  CHECK(moved.value().rescheduled == 0);  // jobs exist: no money moves
  CHECK(desk.backorder(2).drop->drop_at == kNow + hours(400));
  desk.sweep();
  CHECK(desk.backorder(1).state == State::processing);  // earlier into the window: due at once
  desk.verify();
}

TEST_CASE(
    "moved date: a deposit without a job is given back when the drop moves far away, and reserved again in time") {
  TestLedger desk;
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
  CHECK(refund_report(*desk.store, {.now = desk.now}).value().refunds.at(0).cause == "rescheduled");
  desk.verify();
}

TEST_CASE(
    "lists: undated ones wait for a list; a name missing from a list of its day is an event and a case, no money") {
  TestLedger desk;
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
  // another zone says nothing about .com
  CHECK(desk.list("registry", {{"z.pl", kNow + hours(70)}}, true).value().missing == 0);
}

TEST_CASE("lists: less than half of the last list is refused unless forced; the same list again changes nothing") {
  TestLedger desk;
  const engine::UtcTime drop = kNow + hours(70);
  REQUIRE(bool(
      desk.list("registry", {{"a.com", drop}, {"b.com", drop}, {"c.com", drop}, {"d.com", drop}, {"e.com", drop}})));
  CHECK(desk.list("registry", {{"a.com", drop}, {"b.com", drop}}).error().code == ErrorCode::list_too_short);
  CHECK(desk.store->lists(desk.store->source("registry")->id).size() == 1);
  CHECK(bool(desk.list("registry", {{"a.com", drop}, {"b.com", drop}}, true)));
  CHECK(desk.list("registry", {{"a.com", drop}, {"b.com", drop}}).value().repeated);
  CHECK(import_list(desk.context(), {.source = "new", .date_is = {}, .declared = {}},
                    {{support::domain("a.com"), drop}}, {})
            .error()
            .code == ErrorCode::invalid_argument);
}

TEST_CASE("lists: two sources disagree: the earlier deadline binds and the conflict is an event") {
  TestLedger desk;
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.list("one", {{"a.com", kNow + hours(200)}})));
  CHECK(desk.list("two", {{"a.com", kNow + hours(150)}}).value().conflicts == 1);
  CHECK(desk.backorder(1).drop->drop_at == kNow + hours(150));
}

TEST_CASE("lists: the same name listed again later is another drop, and needs another backorder") {
  TestLedger desk;
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

TEST_CASE("moved date: earlier than three hours from now, nothing is reserved any more") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(200)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(2)}})));
  desk.sweep();
  CHECK(desk.backorder(1).state == State::voided);
  CHECK(desk.backorder(1).reason == engine::Reason::deadline_missed);
  CHECK(desk.customer("alice").available == eur(10'000));
  CHECK(desk.backorder(1).attempt == 0);
}

TEST_CASE("moved date: by a few hours the deposit stays as it is, and the deadlines move") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.sweep_without_provider();
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(75)}})));
  CHECK(desk.backorder(1).state == State::active);
  CHECK(desk.backorder(1).attempt == 1);
  CHECK(desk.backorder(1).deposit == eur(1000));
  CHECK(desk.backorder(1).drop->deadline == kNow + hours(72));
}

TEST_CASE("lists: a name missing before or after its deposit moves no money; a list of another day says nothing") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(200)},
                                      {"b.com", kNow + hours(70)},
                                      {"c.com", kNow + hours(70)},
                                      {"d.com", kNow + hours(200)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("alice", "b.com")));
  desk.sweep_without_provider();
  CHECK(desk.list("registry", {{"e.com", kNow + hours(24)}}).value().missing == 0);
  CHECK(desk.list("registry", {{"c.com", kNow + hours(70)}, {"d.com", kNow + hours(200)}}).value().missing == 2);
  CHECK(desk.open_cases(engine::CaseKind::missing_from_list) == 2);
  CHECK(desk.events(engine::EventKind::missing) == 2);
  CHECK(desk.backorder(1).state == State::requested);
  CHECK(desk.backorder(2).state == State::active);
  CHECK(desk.customer("alice").reserved == eur(1000));
  // It comes back: the same date as before, and it is dated again.
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(200)},
                                      {"b.com", kNow + hours(70)},
                                      {"c.com", kNow + hours(70)},
                                      {"d.com", kNow + hours(200)}})));
  CHECK(desk.backorder(1).drop->drop_at == kNow + hours(200));
  desk.verify();
}

TEST_CASE("lists: a dry import says what it would date and changes nothing") {
  TestLedger desk;
  REQUIRE(bool(desk.place("alice", "a.com")));
  operations::Context dry = desk.context();
  dry.dry_run = true;
  const auto report = import_list(dry, {.source = "registry", .date_is = engine::DateIs::drop},
                                  {{support::domain("a.com"), kNow + hours(70)}}, {});
  REQUIRE(bool(report));
  CHECK(report.value().dated == 1);
  CHECK_FALSE(desk.backorder(1).drop.has_value());
  CHECK(desk.store->sources().empty());
}
