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
  CHECK(desk.list("registry", {{"e.com", kNow + hours(24)}}, true).value().missing == 0);
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
  CHECK(desk.open_cases(engine::CaseKind::missing_from_list) == 0);  // closed by themselves, and said
  CHECK(desk.events(engine::EventKind::case_closed) == 2);
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

namespace {

std::vector<std::pair<const char*, engine::UtcTime>> all_at(engine::UtcTime drop,
                                                            std::initializer_list<const char*> names) {
  std::vector<std::pair<const char*, engine::UtcTime>> rows;
  for (const char* name : names) rows.emplace_back(name, drop);
  return rows;
}

// A list with the instant of its publication.
engine::Result<ListReport> published(TestLedger& desk, engine::UtcTime at, std::vector<engine::ListRow> rows) {
  std::ranges::sort(rows, {}, &engine::ListRow::name);
  return import_list(desk.context(), {.source = "registry", .date_is = engine::DateIs::drop, .published_at = at}, rows,
                     {});
}

}  // namespace

TEST_CASE("lists: a day that only a moved row touches is not covered") {
  TestLedger desk;
  const engine::UtcTime fifth = kNow + hours(100), sixth = kNow + hours(124);
  REQUIRE(bool(desk.list("registry", all_at(fifth, {"a5.com", "b5.com", "c5.com"}))));
  REQUIRE(bool(desk.list("registry", all_at(sixth, {"a6.com", "b6.com", "c6.com"}))));
  for (const char* name : {"a5.com", "b5.com", "a6.com", "b6.com"}) REQUIRE(bool(desk.place("alice", name)));
  // The corrected list of the fifth: a5 moves to the sixth, b5 is gone.
  const auto report = desk.list("registry", {{"a5.com", sixth}, {"c5.com", fifth}});
  REQUIRE(bool(report));
  CHECK(report.value().missing == 1);
  CHECK(desk.open_cases(engine::CaseKind::missing_from_list) == 1);
  CHECK(desk.backorder(1).drop->drop_at == sixth);
  const auto lists = desk.store->lists(desk.store->source("registry")->id);
  REQUIRE(lists.front().coverage.size() == 2);
  CHECK(lists.front().coverage[0].covers);
  CHECK_FALSE(lists.front().coverage[1].covers);
}

TEST_CASE("lists: a case of a missing name closes when its backorder has ended") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", all_at(kNow + hours(70), {"a.com", "b.com"}))));
  REQUIRE(bool(desk.place("alice", "a.com")));
  CHECK(desk.list("registry", all_at(kNow + hours(70), {"b.com"})).value().unlisted == 1);
  REQUIRE(desk.open_cases(engine::CaseKind::missing_from_list) == 1);
  desk.sweep();
  desk.now = kNow + hours(75);
  desk.sweep();
  REQUIRE(is_final(desk.backorder(1).state));
  CHECK(desk.open_cases(engine::CaseKind::missing_from_list) == 0);
  desk.verify();
}

TEST_CASE("lists: where the binding listing goes missing, the other source's date binds, and the deposit stays") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", all_at(kNow + hours(70), {"a.com", "b.com"}))));
  REQUIRE(bool(desk.list("provider", all_at(kNow + hours(400), {"a.com"}))));
  REQUIRE(bool(desk.place("alice", "a.com")));
  CHECK(desk.events(engine::EventKind::date_conflict) == 1);  // they disagreed before it was placed
  desk.sweep_without_provider();
  REQUIRE(desk.backorder(1).state == State::active);
  const auto without = desk.list("registry", all_at(kNow + hours(70), {"b.com"}));
  REQUIRE(bool(without));
  CHECK(without.value().backorders_moved == 1);
  CHECK(without.value().rescheduled == 0);
  CHECK(desk.backorder(1).drop->drop_at == kNow + hours(400));
  CHECK(desk.backorder(1).state == State::active);
  // Whoever places now waits for the same date.
  desk.open("bob");
  REQUIRE(bool(desk.place("bob", "a.com")));
  CHECK(desk.backorder(2).drop->drop_at == kNow + hours(400));
  desk.verify();
}

TEST_CASE("lists: a schedule that is set reaches open backorders and what lists gave by day") {
  TestLedger desk;
  const engine::Day day = engine::parse_day("2026-08-10").value();
  REQUIRE(bool(desk.import_list("registry", {{support::domain("a.com"), day}, {support::domain("b.pl"), day}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("alice", "b.pl")));
  CHECK(desk.backorder(1).drop->drop_at == at("2026-08-10T18:00:00Z"));
  engine::ZoneSchedule com = desk.store->schedules().of("a.com");
  com.job_lead = hours(6);
  com.time_zone = "UTC";
  com.batch_times = {hours(12)};
  REQUIRE(bool(set_schedule(desk.context(), {}, com)));
  CHECK(desk.backorder(1).drop->drop_at == at("2026-08-10T12:00:00Z"));
  CHECK(desk.backorder(1).drop->deadline == at("2026-08-10T06:00:00Z"));
  CHECK(desk.backorder(2).drop->drop_at == at("2026-08-10T06:10:00Z"));  // another zone
  CHECK(desk.store->listings(support::domain("a.com")).at(0).drop_at == at("2026-08-10T12:00:00Z"));
  CHECK(desk.import_list("registry", {{support::domain("a.com"), day}, {support::domain("b.pl"), day}})
            .value()
            .unchanged == 2);
}

TEST_CASE("lists: an older list that comes late moves nothing back, and what a newer one lacks stays out") {
  TestLedger desk;
  const engine::UtcTime early = kNow + hours(200), late = kNow + hours(300);
  const auto a = support::domain("a.com"), b = support::domain("b.com"), c = support::domain("c.com"),
             d = support::domain("d.pl");
  REQUIRE(bool(published(desk, kNow - hours(2), {{a, early}, {b, late}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.now = kNow + hours(1);
  const auto old = published(desk, kNow - hours(30), {{a, late}, {c, late}, {d, late}});
  REQUIRE(bool(old));
  CHECK(old.value().superseded == 2);  // a, and c, which the newer list of that day does not name
  CHECK(old.value().added == 1);       // d: no newer list speaks of .pl
  CHECK(old.value().missing == 0);     // b is named by the newer one
  CHECK(desk.backorder(1).drop->drop_at == early);
  CHECK(desk.store->listings(c).empty());
  // The same, newer: it counts.
  CHECK(published(desk, kNow - hours(1), {{a, late}, {b, late}}).value().moved == 1);
  CHECK(desk.backorder(1).drop->drop_at == late);
  // One that says that it is of tomorrow outranks nothing that comes until then.
  REQUIRE(bool(published(desk, kNow + hours(48), {{a, early}, {b, late}})));
  desk.now = kNow + hours(2);
  REQUIRE(bool(desk.list("registry", {{"a.com", late}, {"b.com", late}})));
  CHECK(desk.backorder(1).drop->drop_at == late);
}

TEST_CASE("lists: a torn list is refused unless forced, and then it covers nothing") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", all_at(kNow + hours(70), {"a.com", "b.com", "c.com"}))));
  ListImport torn{.source = "registry", .date_is = {}, .torn = "it ends in the middle of line 3"};
  const std::vector<engine::ListRow> rows = {{support::domain("a.com"), kNow + hours(70)},
                                             {support::domain("b.com"), kNow + hours(71)}};
  CHECK(import_list(desk.context(), torn, rows, {}).error().code == ErrorCode::list_too_short);
  torn.force = true;
  const auto report = import_list(desk.context(), torn, rows, {});
  REQUIRE(bool(report));
  CHECK(report.value().moved == 1);
  CHECK(report.value().missing == 0);
}

TEST_CASE("lists: rows that cannot be dated are named by line, and their names are not missing") {
  TestLedger desk;
  const auto x = support::domain("x.de"), y = support::domain("y.de");
  REQUIRE(bool(operations::set_prices(desk.context(), {}, {{"de", "standard", eur(1000), kNow, {}}})));
  REQUIRE(bool(desk.import_list("registry", {{x, kNow + hours(100)}, {y, kNow + hours(100)}})));
  REQUIRE(bool(desk.place("alice", "x.de")));
  const engine::Day day = engine::day_of(kNow + hours(100));
  const auto report = desk.import_list("registry", {{x, day, 7}, {y, kNow + hours(100), 8}});
  REQUIRE(bool(report));
  CHECK(report.value().undatable == 1);
  REQUIRE(report.value().undatable_rows.size() == 1);
  CHECK(report.value().undatable_rows[0].line == 7);
  CHECK(report.value().undatable_rows[0].zone == "de");
  CHECK(report.value().missing == 0);
  CHECK(desk.backorder(1).drop->drop_at == kNow + hours(100));
  const auto none = desk.import_list("other", {{x, day}});
  CHECK(none.error().code == ErrorCode::invalid_list);
  CHECK(none.error().detail.find(".de") != std::string::npos);
}

TEST_CASE("lists: a name that may be purged from an instant on drops at the next batch") {
  TestLedger desk;
  struct Row {
    const char* name;
    const char* eligible;
    const char* drop;
  };
  std::vector<engine::ListRow> rows;
  const Row expected[] = {{"a.net.au", "2026-08-04T15:04:50Z", "2026-08-05T03:00:00Z"},
                          {"b.com.au", "2026-08-05T02:10:11Z", "2026-08-05T03:00:00Z"},
                          {"c.com.au", "2026-08-05T03:00:00Z", "2026-08-05T03:00:00Z"},
                          {"d.com.au", "2026-08-05T03:32:31Z", "2026-08-06T03:00:00Z"}};
  for (const Row& row : expected) rows.push_back({support::domain(row.name), engine::EligibleFrom{at(row.eligible)}});
  REQUIRE(bool(desk.import_list("au", rows)));
  for (const Row& row : expected) {
    CAPTURE(row.name);
    CHECK(desk.store->listings(support::domain(row.name)).at(0).drop_at == at(row.drop));
  }
}

TEST_CASE("placing: one label under a priced zone is sold; zones that lists have shown have no other zone's price") {
  TestLedger desk;
  const auto refused = [&](const char* name) {
    const auto reply = desk.place("alice", name);
    REQUIRE_FALSE(bool(reply));
    return reply.error();
  };
  CHECK(refused("www.dune.com").code == ErrorCode::invalid_domain);
  CHECK(refused("shop.www.dune.com").detail.find("dune.com is meant") != std::string::npos);
  CHECK(refused("las.com.pl").code == ErrorCode::invalid_domain);
  REQUIRE(bool(desk.list("registry", all_at(kNow + hours(200), {"other.com.pl"}))));
  CHECK(refused("las.com.pl").code == ErrorCode::unknown_zone);
  CHECK(refused("com.pl").code == ErrorCode::unknown_zone);
  CHECK(refused("www.las.com.pl").code == ErrorCode::unknown_zone);
  REQUIRE(bool(operations::set_prices(desk.context(), {}, {{"com.pl", "standard", eur(1000), kNow, {}}})));
  CHECK(bool(desk.place("alice", "las.com.pl")));
  CHECK(refused("www.las.com.pl").code == ErrorCode::invalid_domain);
}

TEST_CASE("placing: what becomes of ß is the registry's rule") {
  TestLedger desk;
  REQUIRE(bool(desk.place("alice", "fa\xC3\x9F.com")));
  CHECK(desk.backorder(1).name.ace() == "xn--fa-hia.com");
  engine::ZoneSchedule pl = desk.store->schedules().of("a.pl");
  pl.sharp_s = engine::SharpS::becomes_ss;
  REQUIRE(bool(set_schedule(desk.context(), {}, pl)));
  REQUIRE(bool(desk.place("alice", "FA\xE1\xBA\x9E.pl")));
  CHECK(desk.backorder(2).name.ace() == "fass.pl");
  CHECK(desk.place("alice", "fa\xC3\x9F.pl").value().fact("already_open") == "yes");
}
