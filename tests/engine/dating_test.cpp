#include "engine/dating.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/placing.hpp"
#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");
const Milliseconds kKeep = std::chrono::hours(7 * 24);

Backorder held(UtcTime drop, Customer& customer) {
  Backorder one = support::backorder(1, drop);
  Changes changes;
  REQUIRE(bool(apply_transition(changes, one, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
  return one;
}

}  // namespace

TEST_CASE("moved date: it moves instants, and money only where no job can exist") {
  Customer customer = support::customer(10'000);
  Changes changes;
  SUBCASE("1: earlier into the window, the deposit is due at once") {
    Backorder one = support::backorder(1, kNow + std::chrono::hours(200));
    REQUIRE(bool(move_drop(changes, one, customer, support::drop_at(kNow + std::chrono::hours(60)), {kKeep}, kNow)));
    CHECK(is_inside_window(one, kNow));
    CHECK(changes.events.at(0).kind == EventKind::moved);
  }
  SUBCASE("2: later but within seven days, the deposit stays") {
    Backorder one = held(kNow + std::chrono::hours(60), customer);
    REQUIRE(bool(move_drop(changes, one, customer, support::drop_at(kNow + kKeep), {kKeep}, kNow)));
    CHECK(one.state == State::active);
    CHECK(customer.reserved == eur(1000));
  }
  SUBCASE("2: later than seven days away, it is refunded and waits again") {
    Backorder one = held(kNow + std::chrono::hours(60), customer);
    REQUIRE(bool(move_drop(changes, one, customer, support::drop_at(kNow + kKeep + Milliseconds(1)), {kKeep}, kNow)));
    CHECK(one.state == State::requested);
    CHECK(one.reason == Reason::rescheduled);
    CHECK(customer.reserved.is_zero());
    CHECK(changes.transfers.at(0).kind == TransferKind::refund);
  }
  SUBCASE("4: where a job exists or may exist no money moves") {
    Backorder one = held(kNow + std::chrono::hours(60), customer);
    one.open_call = 3;
    REQUIRE(bool(move_drop(changes, one, customer, support::drop_at(kNow + std::chrono::hours(999)), {kKeep}, kNow)));
    CHECK(one.state == State::active);
    CHECK(changes.transfers.empty());
    CHECK(one.drop->drop_at == kNow + std::chrono::hours(999));
  }
  SUBCASE("a second deposit after a reschedule is another attempt") {
    Backorder one = held(kNow + std::chrono::hours(60), customer);
    REQUIRE(bool(move_drop(changes, one, customer, support::drop_at(kNow + std::chrono::hours(400)), {kKeep}, kNow)));
    REQUIRE(bool(apply_transition(changes, one, customer, Trigger::funded, {.now = kNow, .deposit = eur(900)})));
    CHECK(one.attempt == 2);
    CHECK(changes.transfers.back().attempt == 2);
    CHECK_FALSE(one.reason.has_value());
  }
}

namespace {

// A held backorder of a name that `registry` (source 1) and `provider` (source 2) may list.
struct Scene {
  Customer customer = support::customer(10'000);
  Backorder backorder = held(kNow + std::chrono::hours(60), customer);
  Changes changes{};
  ZoneSchedule schedule{}, schedule_before{};

  static std::vector<Listing> lists(std::optional<int> registry_hours, std::optional<int> provider_hours = {}) {
    std::vector<Listing> listings;
    if (registry_hours) listings.push_back({SourceId(1), kNow + std::chrono::hours(*registry_hours), {}});
    if (provider_hours) listings.push_back({SourceId(2), kNow + std::chrono::hours(*provider_hours), {}});
    return listings;
  }
  Dating date(const std::vector<Listing>& before, const std::vector<Listing>& after, DatingCause cause,
              UtcTime now = kNow) {
    const auto dating =
        date_backorder(changes, backorder, customer, {before, after, schedule_before, schedule, cause, kKeep}, now);
    REQUIRE(bool(dating));
    return dating.value();
  }
  int count(EventKind kind) const {
    return static_cast<int>(std::ranges::count(changes.events, kind, &NewEvent::kind));
  }
};

}  // namespace

TEST_CASE("dating: the date that binds now, whatever happened to the lists") {
  struct Row {
    const char* what;
    std::vector<Listing> before, after;
    DatingCause cause;
    int hours;  // of T afterwards
    bool moved, rescheduled, conflict, unlisted;
    bool held;
  };
  for (const Row& row : {
           Row{"nothing changed", Scene::lists(60), Scene::lists(60), DatingCause::listed, 60, false, false, false,
               false, true},
           Row{"later within the keep", Scene::lists(60), Scene::lists(100), DatingCause::listed, 100, true, false,
               false, false, true},
           Row{"later beyond it", Scene::lists(60), Scene::lists(400), DatingCause::listed, 400, true, true, false,
               false, false},
           Row{"the binding listing goes missing: another source's date binds, the deposit stays",
               Scene::lists(60, 400), Scene::lists({}, 400), DatingCause::unlisted, 400, true, false, false, false,
               true},
           Row{"the other listing goes missing: nothing moves", Scene::lists(60, 400), Scene::lists(60),
               DatingCause::unlisted, 60, false, false, false, false, true},
           Row{"none is left: the last date stays and it is said",
               Scene::lists(60),
               {},
               DatingCause::unlisted,
               60,
               false,
               false,
               false,
               true,
               true},
           Row{"it was said already", {}, {}, DatingCause::unlisted, 60, false, false, false, false, true},
           Row{"sources begin to disagree", Scene::lists(60), Scene::lists(60, 80), DatingCause::listed, 60, false,
               false, true, false, true},
           Row{"they go on disagreeing: said once", Scene::lists(60, 80), Scene::lists(60, 90), DatingCause::listed, 60,
               false, false, false, false, true},
           Row{"they agree again", Scene::lists(60, 80), Scene::lists(60, 60), DatingCause::listed, 60, false, false,
               false, false, true},
           Row{"listed again by the first", Scene::lists({}, 400), Scene::lists(60, 400), DatingCause::listed, 60,
               false, false, true, false, true},
       }) {
    CAPTURE(row.what);
    Scene scene;
    const Dating dating = scene.date(row.before, row.after, row.cause);
    CHECK(scene.backorder.drop->drop_at == kNow + std::chrono::hours(row.hours));
    CHECK(dating.moved == row.moved);
    CHECK(dating.rescheduled == row.rescheduled);
    CHECK(dating.conflict == row.conflict);
    CHECK(dating.unlisted == row.unlisted);
    CHECK(scene.count(EventKind::date_conflict) == row.conflict);
    CHECK((scene.backorder.state == State::active) == row.held);
    CHECK(scene.changes.backorders.size() == (row.moved ? 1 : 0));
  }
}

TEST_CASE("dating: a schedule reaches an open backorder, also one that no list names any more") {
  for (const bool listed : {true, false}) {
    CAPTURE(listed);
    Scene scene;
    scene.schedule.job_lead = std::chrono::hours(6);
    scene.schedule.deposit_lead = std::chrono::hours(96);
    const auto listings = listed ? Scene::lists(60) : std::vector<Listing>{};
    const Dating dating = scene.date(listings, listings, DatingCause::schedule);
    CHECK(dating.moved);
    CHECK(scene.backorder.drop->deadline == kNow + std::chrono::hours(54));
    CHECK(scene.backorder.drop->deposit_due == kNow + std::chrono::hours(-36));
    CHECK(scene.backorder.state == State::active);
    CHECK(is_unlisted(scene.backorder, listings, scene.schedule, kNow) == !listed);
  }
}

TEST_CASE("dating: a lead that is set never gives a deposit back, however far away the drop is") {
  Scene scene;
  REQUIRE(scene.date(Scene::lists(60, 400), Scene::lists({}, 400), DatingCause::unlisted).moved);
  scene.schedule.job_lead = std::chrono::hours(6);
  const Dating dating = scene.date(Scene::lists({}, 400), Scene::lists({}, 400), DatingCause::schedule);
  CHECK(dating.moved);
  CHECK_FALSE(dating.rescheduled);
  CHECK(scene.backorder.state == State::active);
}

TEST_CASE("dating: a drop that is over stays as it was; an ended backorder says what closes its case") {
  Scene scene;
  const UtcTime over = scene.backorder.drop->drop_at + kDropCycle;
  CHECK_FALSE(scene.date(Scene::lists(60), Scene::lists(500), DatingCause::listed, over).moved);
  REQUIRE(bool(apply_transition(scene.changes, scene.backorder, scene.customer, Trigger::cancelled,
                                {.now = kNow, .reason = Reason::by_operator})));
  REQUIRE(scene.changes.causes_gone.size() == 1);
  CHECK(scene.changes.causes_gone[0].kind == CaseKind::missing_from_list);
  CHECK_FALSE(scene.date(Scene::lists(60), Scene::lists(500), DatingCause::listed).moved);
}
