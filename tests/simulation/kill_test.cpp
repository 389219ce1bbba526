// Sweeps killed with SIGKILL at any instant, and started again, end in the same books as an undisturbed run of the same
// season.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/support/audit.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/drill/killer.hpp"
#include "tools/drill/season.hpp"

namespace {

using drill::Killer;

#ifdef DROPLEDGER_LONG_TESTS
constexpr int kKills = 5'000, kMostAnHour = 1'000, kNamesADay = 1'800, kLeast = 20;
#elif defined(DROPLEDGER_SANITIZED)  // a process under the sanitizers takes ten times as long to fork
constexpr int kKills = 100, kMostAnHour = 40, kNamesADay = 45, kLeast = 1;
#else
constexpr int kKills = 1'000, kMostAnHour = 40, kNamesADay = 300, kLeast = 20;
#endif

// Three days of made-up names in three zones.
std::vector<std::vector<engine::ListRow>> small_lists() {
  std::vector<std::vector<engine::ListRow>> lists;
  for (int day = 0; day < 3; ++day) {
    auto& list = lists.emplace_back();
    for (int i = 0; i < kNamesADay; ++i) {
      const char* const zones[] = {".com", ".pl", ".com.pl"};
      const std::string name = "name" + std::to_string(day) + "x" + std::to_string(i) + zones[i % 3];
      list.push_back(
          {support::domain(name), support::at("2026-08-10T06:10:00Z") + std::chrono::hours(24 * day + i % 5)});
    }
  }
  return lists;
}

drill::SeasonOptions options_in(const std::string& folder) {
  drill::SeasonOptions options;
  options.folder = folder;
  options.accounts = 30;
  options.every = 1;
  options.move_one_in = 20;
  options.world.busy_percent = 10;
  return options;
}

}  // namespace

TEST_CASE("kill: 1,000 killed sweeps end in the books of an undisturbed run") {
  const support::TemporaryDirectory calm_folder, rough_folder;
  drill::Season calm = drill::Season::make(options_in(calm_folder.path().string()), small_lists());
  drill::Season rough = drill::Season::make(options_in(rough_folder.path().string()), small_lists());
  Killer killer;
  std::mt19937_64 random(4711);
  int outside = 0;
  operations::SweepOptions small;
  // as many commits, and so as many places to die, as there can be
  small.chunk = small.batch = small.orders = 1;
  // Half past the instants at which deposits fall due and deadlines pass, so that starting again minutes later decides
  // the same.
  const engine::UtcTime first = calm.start() + std::chrono::minutes(30);
  for (engine::UtcTime now = first; now <= calm.end(); now += std::chrono::hours(1)) {
    calm.move_dates(now);
    rough.move_dates(now);
    if (now == first + std::chrono::hours(36)) {
      calm.top_up(now);
      rough.top_up(now);
    }
    // Two minutes after an order a list may prove what it did. Who was killed orders more often; a few rounds later
    // both have every answer of this hour, or the money of a refusal would come back an hour later here than there.
    const auto until_all_is_answered = [now](drill::Season& season) {
      for (int minutes = 0; minutes <= 8; minutes += 2) {
        const operations::SweepReport report = season.sweep(now + std::chrono::minutes(minutes));
        // Nothing was done but to wait for money: nothing is open either. So most hours are.
        if (report.errors.empty() &&
            std::ranges::all_of(report.counts, [](const auto& row) { return row.what == "waiting"; }))
          break;
      }
    };
    until_all_is_answered(calm);
    const auto sweep = [&](const operations::SweepOptions& options) { rough.sweep(now, options); };
    // Busy hours are killed often: at each next milestone, as long as the sweep gets there, and by a stranger at any
    // instant between, counted from a milestone, so that a fast machine gets hardly further in that time than a slow
    // one and is killed as often.
    const int enough = killer.total() + kMostAnHour;
    while (killer.total() < enough && killer.run(sweep, small, {.nth = 1 + static_cast<int>(random() % 3)})) {
      if (random() % 4 == 0 && killer.run(sweep, small,
                                          {.nth = static_cast<int>(random() % 6),
                                           .after_microseconds = 1 + static_cast<int>(random() % 2'000)}))
        ++outside;
    }
    until_all_is_answered(rough);
  }
  for (std::size_t i = 0; i < Killer::kStages.size(); ++i)
    MESSAGE(killer.killed()[i], " killed ", std::string(Killer::kStages[i]));
  MESSAGE(outside, " of the sweeps were killed from outside, at no milestone of their own");
  CHECK(killer.total() >= kKills);
  for (const int count : killer.killed()) CHECK(count >= kLeast);
  const auto calm_book = calm.book(), rough_book = rough.book();
  CHECK(rough_book->verify({}).findings.empty());
  CHECK(calm_book->verify({}).findings.empty());
  const std::vector<std::string> calm_lines = drill::fingerprint(*calm_book),
                                 rough_lines = drill::fingerprint(*rough_book);
  REQUIRE(calm_lines.size() == rough_lines.size());
  for (std::size_t i = 0; i < calm_lines.size(); ++i) CHECK(calm_lines[i] == rough_lines[i]);
  for (const drill::Season* season : {&calm, &rough}) {
    const support::ProgramResult audit = support::audit(season->book_path());
    CHECK_MESSAGE(audit.status == 0, audit.output, audit.error);
  }
  for (const engine::Backorder& backorder : rough_book->backorders({})) CHECK(is_final(backorder.state));
  for (const engine::Case& open : rough_book->cases({})) {
    // a failure of ours stays open until a person has acknowledged it
    if (open.kind != engine::CaseKind::deadline_missed) FAIL_CHECK(to_word(open.kind), ": ", open.detail);
  }
}
