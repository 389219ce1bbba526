// Every health check is driven to failing and back by the one fact that it is about.
#include "engine/health.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-10T12:00:00Z");

// A live book that is worked through as it should be.
HealthFacts sound() {
  HealthFacts facts;
  facts.now = kNow;
  facts.made_at = kNow - std::chrono::hours(24 * 30);
  facts.last_complete_sweep = kNow - std::chrono::minutes(1);
  facts.last_backup = kNow - std::chrono::hours(5);
  facts.last_verification = kNow - std::chrono::hours(30);
  facts.last_recorded = kNow - std::chrono::minutes(1);
  facts.lists = {{"registry", kNow - std::chrono::hours(20), std::chrono::hours(24)}};
  facts.book_bytes = 100LL << 20;
  facts.log_bytes = 16LL << 20;
  facts.free_bytes = 50LL << 30;
  return facts;
}

HealthRow row_of(const std::vector<HealthRow>& rows, HealthCheck check) {
  for (const HealthRow& row : rows) {
    if (row.check == check) return row;
  }
  FAIL("the check is missing");
  return {};
}

}  // namespace

TEST_CASE("health: every check has its row, in order, and a sound book is well") {
  const std::vector<HealthRow> rows = assess_health(sound());
  REQUIRE(rows.size() == health_checks().size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(to_word(rows[i].check));
    CHECK(rows[i].check == health_checks()[i]);
    CHECK(rows[i].level == HealthLevel::ok);
    CHECK_FALSE(rows[i].figure.empty());
    CHECK(rows[i].help.empty());
    CHECK(parse_health_check(to_word(rows[i].check)) == rows[i].check);
  }
  CHECK(worst_level(rows) == HealthLevel::ok);
}

TEST_CASE("health: each fact moves its own check, and no other") {
  using std::chrono::hours;
  using std::chrono::minutes;
  struct Row {
    HealthCheck check;
    HealthLevel level;
    std::function<void(HealthFacts&)> change;
  };
  const Row rows[] = {
      {HealthCheck::deadlines, HealthLevel::failing,
       [](HealthFacts& facts) {
         facts.without_job = 3;
         facts.next_deadline = kNow + hours(2);
       }},
      {HealthCheck::sweeps, HealthLevel::ok, [](HealthFacts& facts) { facts.last_complete_sweep = kNow - kSweepLate; }},
      {HealthCheck::sweeps, HealthLevel::warning,
       [](HealthFacts& facts) { facts.last_complete_sweep = kNow - kSweepLate - minutes(1); }},
      {HealthCheck::sweeps, HealthLevel::failing,
       [](HealthFacts& facts) { facts.last_complete_sweep = kNow - kSweepSilent - minutes(1); }},
      {HealthCheck::sweeps, HealthLevel::failing, [](HealthFacts& facts) { facts.last_complete_sweep.reset(); }},
      {HealthCheck::due_work, HealthLevel::ok,
       [](HealthFacts& facts) {
         facts.backlog = {{"reserve", 5, kNow - minutes(10)}};
       }},
      {HealthCheck::due_work, HealthLevel::warning,
       [](HealthFacts& facts) {
         facts.backlog = {{"reserve", 5, kNow - minutes(40)}};
       }},
      {HealthCheck::due_work, HealthLevel::failing,
       [](HealthFacts& facts) {
         facts.backlog = {{"reserve", 5, kNow - minutes(40)}, {"submit", 1, kNow - hours(30)}};
       }},
      {HealthCheck::provider_balance, HealthLevel::failing,
       [](HealthFacts& facts) { facts.provider_short = {eur(221'550)}; }},
      {HealthCheck::provider, HealthLevel::failing, [](HealthFacts& facts) { facts.stopped_zones = {""}; }},
      {HealthCheck::provider_calls, HealthLevel::ok,
       [](HealthFacts& facts) {
         facts.unanswered_calls = 1;
         facts.oldest_call = kNow - minutes(1);
       }},
      {HealthCheck::provider_calls, HealthLevel::warning,
       [](HealthFacts& facts) {
         facts.unanswered_calls = 1;
         facts.oldest_call = kNow - minutes(20);
       }},
      {HealthCheck::provider_calls, HealthLevel::failing,
       [](HealthFacts& facts) {
         facts.unanswered_calls = 1;
         facts.oldest_call = kNow - hours(3);
       }},
      {HealthCheck::lists, HealthLevel::warning,
       [](HealthFacts& facts) { facts.lists.front().last = kNow - hours(27); }},
      {HealthCheck::lists, HealthLevel::failing,
       [](HealthFacts& facts) { facts.lists.front().last = kNow - hours(51); }},
      {HealthCheck::cases, HealthLevel::warning,
       [](HealthFacts& facts) {
         facts.open_cases = 1;
         facts.oldest_case = kNow - hours(1);
       }},
      {HealthCheck::cases, HealthLevel::failing,
       [](HealthFacts& facts) {
         facts.open_cases = 1;
         facts.oldest_case = kNow - hours(73);
       }},
      {HealthCheck::notices, HealthLevel::warning,
       [](HealthFacts& facts) {
         facts.channels = {{"ops", 2, kNow - minutes(5), "connection refused"}};
       }},
      {HealthCheck::notices, HealthLevel::failing,
       [](HealthFacts& facts) {
         facts.channels = {{"ops", 2, kNow - hours(2), "connection refused"}};
       }},
      {HealthCheck::verification, HealthLevel::failing,
       [](HealthFacts& facts) { facts.verification_errors = "balances: account 1"; }},
      {HealthCheck::verification, HealthLevel::warning,
       [](HealthFacts& facts) { facts.last_verification = kNow - kVerifyLate - hours(1); }},
      {HealthCheck::backup, HealthLevel::warning, [](HealthFacts& facts) { facts.last_backup = kNow - hours(27); }},
      {HealthCheck::backup, HealthLevel::failing, [](HealthFacts& facts) { facts.last_backup.reset(); }},
      {HealthCheck::disk, HealthLevel::warning, [](HealthFacts& facts) { facts.free_bytes = 500LL << 20; }},
      {HealthCheck::disk, HealthLevel::failing, [](HealthFacts& facts) { facts.free_bytes = 100LL << 20; }},
      {HealthCheck::log, HealthLevel::warning, [](HealthFacts& facts) { facts.log_bytes = 300LL << 20; }},
      {HealthCheck::clock, HealthLevel::warning, [](HealthFacts& facts) { facts.last_recorded = kNow + minutes(1); }},
      {HealthCheck::clock, HealthLevel::failing, [](HealthFacts& facts) { facts.last_recorded = kNow + hours(1); }},
      {HealthCheck::clock, HealthLevel::failing, [](HealthFacts& facts) { facts.provider_skew = -minutes(6); }},
      {HealthCheck::users, HealthLevel::warning, [](HealthFacts& facts) { facts.users_disabled = 1; }},
      {HealthCheck::terms, HealthLevel::warning, [](HealthFacts& facts) { facts.accounts_without_country = 2; }},
      {HealthCheck::terms, HealthLevel::warning, [](HealthFacts& facts) { facts.zones_without_cost = {"com"}; }},
  };
  for (const Row& row : rows) {
    HealthFacts facts = sound();
    row.change(facts);
    for (const HealthRow& found : assess_health(facts)) {
      CAPTURE(to_word(row.check));
      CAPTURE(to_word(found.check));
      CAPTURE(found.figure);
      CHECK(found.level == (found.check == row.check ? row.level : HealthLevel::ok));
      CHECK(found.help.empty() == (found.level == HealthLevel::ok));
    }
  }
}

TEST_CASE("health: nobody expects timers of a rehearsal's book") {
  HealthFacts facts = sound();
  facts.rehearsal = true;
  facts.last_complete_sweep.reset();
  facts.last_backup.reset();
  facts.last_verification.reset();
  facts.lists.front().last = kNow - std::chrono::hours(500);
  CHECK(worst_level(assess_health(facts)) == HealthLevel::ok);
}

TEST_CASE("health: a failure is told once, and its end once") {
  HealthFacts facts = sound();
  facts.last_backup.reset();
  std::vector<HealthAlert> told;
  HealthNews news = health_news(assess_health(facts), told, kNow);
  REQUIRE(news.failed.size() == 1);
  CHECK(news.failed.front().check == HealthCheck::backup);
  CHECK(news.recovered.empty());
  told = news.alerts;

  news = health_news(assess_health(facts), told, kNow + std::chrono::hours(1));
  CHECK(news.failed.empty());
  CHECK(news.recovered.empty());
  CHECK(news.alerts.size() == 1);

  // a warning is no failure: what was told is over
  facts.last_backup = kNow - std::chrono::hours(30);
  CHECK(row_of(assess_health(facts), HealthCheck::backup).level == HealthLevel::warning);
  news = health_news(assess_health(facts), told, kNow);
  CHECK(news.failed.empty());
  REQUIRE(news.recovered.size() == 1);
  CHECK(news.recovered.front().check == HealthCheck::backup);
  CHECK(news.alerts.empty());
}
