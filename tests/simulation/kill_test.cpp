// Sweeps killed with SIGKILL at any instant, and started again, end in the same books as an undisturbed run of the same season.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <new>
#include <random>

#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/drill/season.hpp"

namespace {

using operations::Milestone;

// Where a killed sweep stood, by the last milestone it had reached when it died.
constexpr std::array kStages{"before a commit", "between the intent's commit and the provider's answer", "between the answer and its commit", "in settlement"};

#ifdef DROPLEDGER_LONG_TESTS
constexpr int kKills = 5'000, kNamesADay = 1'800, kLeast = 20;
#elif defined(DROPLEDGER_SANITIZED)  // a process under the sanitizers takes ten times as long to fork
constexpr int kKills = 100, kNamesADay = 45, kLeast = 1;
#else
constexpr int kKills = 1'000, kNamesADay = 340, kLeast = 20;
#endif

// Three days of made-up names in three zones.
std::vector<std::vector<operations::ListRow>> small_lists() {
  std::vector<std::vector<operations::ListRow>> lists;
  for (int day = 0; day < 3; ++day) {
    auto& list = lists.emplace_back();
    for (int i = 0; i < kNamesADay; ++i) {
      const char* const zones[] = {".com", ".pl", ".com.pl"};
      const std::string name = "name" + std::to_string(day) + "x" + std::to_string(i) + zones[i % 3];
      list.push_back({support::domain(name), support::at("2026-08-10T06:10:00Z") + std::chrono::hours(24 * day + i % 5)});
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

// What the child tells the parent before it dies.
struct Trace {
  std::atomic<int> stage;      // index into kStages; −1 before the first milestone
  std::atomic<int> milestones;
};

class Killer {
 public:
  Killer() : trace_(new (mmap(nullptr, sizeof(Trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Trace) {}
  ~Killer() { munmap(trace_, sizeof(Trace)); }
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;

  // Runs a sweep in a process of its own that is killed: at its n-th milestone, or by us from outside after a while. True when it was.
  bool run_and_kill(drill::Season& season, engine::UtcTime now, int at_milestone, int after_microseconds) {
    trace_->stage = -1;
    trace_->milestones = 0;
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      operations::SweepOptions options;
      options.chunk = 1;  // as many commits, and so as many places to die, as there can be
      options.reached = [this, at_milestone](Milestone milestone) {
        trace_->stage = static_cast<int>(milestone);
        if (++trace_->milestones == at_milestone) std::raise(SIGKILL);
      };
      try {
        season.sweep(now, options);
        _exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "sweep failed: %s\n", error.what());
        _exit(1);
      }
    }
    if (after_microseconds > 0) {
      usleep(static_cast<useconds_t>(after_microseconds));
      kill(child, SIGKILL);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    if (!WIFSIGNALED(status)) return false;
    if (trace_->stage >= 0) ++killed_[static_cast<std::size_t>(trace_->stage)];
    return true;
  }
  const std::array<int, kStages.size()>& killed() const { return killed_; }
  int total() const {
    int sum = 0;
    for (const int count : killed_) sum += count;
    return sum;
  }
  int last_milestones() const { return trace_->milestones; }

 private:
  Trace* trace_;
  std::array<int, kStages.size()> killed_{};
};

}  // namespace

TEST_CASE("kill: 1,000 killed sweeps end in the books of an undisturbed run") {
  const support::TemporaryDirectory calm_folder, rough_folder;
  drill::Season calm = drill::Season::make(options_in(calm_folder.path().string()), small_lists());
  drill::Season rough = drill::Season::make(options_in(rough_folder.path().string()), small_lists());
  Killer killer;
  std::mt19937_64 random(4711);
  int outside = 0;
  // Half past the instants at which deposits fall due and deadlines pass, so that starting again two minutes later decides the same.
  const engine::UtcTime first = calm.start() + std::chrono::minutes(30);
  for (engine::UtcTime now = first; now <= calm.end(); now += std::chrono::hours(1)) {
    calm.move_dates(now);
    rough.move_dates(now);
    if (now == first + std::chrono::hours(36)) {
      calm.top_up(now);
      rough.top_up(now);
    }
    const engine::UtcTime again = now + std::chrono::minutes(2);  // when a list may prove what an unanswered call did
    calm.sweep(now);
    calm.sweep(again);
    // Busy hours are killed often: at each next milestone, as long as the sweep gets there, and by a stranger at any instant between.
    while (killer.run_and_kill(rough, now, 1 + static_cast<int>(random() % 3), 0)) {
      if (random() % 4 == 0 && killer.run_and_kill(rough, now, 0, 500 + static_cast<int>(random() % 20'000))) ++outside;
    }
    rough.sweep(now);
    rough.sweep(again);
  }
  for (std::size_t i = 0; i < kStages.size(); ++i) MESSAGE(killer.killed()[i], " killed ", std::string(kStages[i]));
  MESSAGE(outside, " of the sweeps were killed from outside, at no milestone of their own");
  CHECK(killer.total() >= kKills);
  for (const int count : killer.killed()) CHECK(count >= kLeast);
  const auto calm_book = calm.book(), rough_book = rough.book();
  CHECK(rough_book->verify({}).findings.empty());
  CHECK(calm_book->verify({}).findings.empty());
  const std::vector<std::string> calm_lines = drill::fingerprint(*calm_book), rough_lines = drill::fingerprint(*rough_book);
  REQUIRE(calm_lines.size() == rough_lines.size());
  for (std::size_t i = 0; i < calm_lines.size(); ++i) CHECK(calm_lines[i] == rough_lines[i]);
  for (const engine::Backorder& backorder : rough_book->backorders({})) CHECK(is_final(backorder.state));
  for (const engine::Case& open : rough_book->cases({})) FAIL_CHECK(name(open.kind), ": ", open.detail);
}
