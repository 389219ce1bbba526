#include "tools/drill/adversity.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>

#include "storage/store.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/sweep.hpp"
#include "tools/simulated_registry/adversary.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace drill {
namespace {

using engine::Backorder;
using engine::State;
using engine::to_string;
using engine::UtcTime;
using simulated_registry::Adversary;
using simulated_registry::SimulatedRegistry;

constexpr int kAccounts = 40, kDrops = 3;
constexpr auto kBetweenSweeps = std::chrono::hours(2);

template <typename T>
T must(engine::Result<T> result) {
  if (!result) throw std::runtime_error(std::string(to_word(result.error().code)) + ": " + result.error().detail);
  return std::move(result).value();
}

class Adversity {
 public:
  explicit Adversity(const AdversityOptions& options)
      : options_(options), start_(must(engine::parse_time("2026-08-01T00:00:00Z"))), now_(start_) {
    make();
    registry_ = must(SimulatedRegistry::open(path("registry.db"), [this] { return now_; }));
    adversary_.emplace(*registry_, options_.seed, options_.percent, [this] { return now_; });
  }

  AdversityReport play() {
    // two weeks after the last drop everything has an outcome, or is a case
    const UtcTime end = drop(kDrops - 1) + std::chrono::hours(16 * 24);
    const int every = options_.restores == 0 ? 0 : std::max(3, 60 / options_.restores);
    for (int sweep = 0; now_<end; ++sweep, now_ += now_> drop(kDrops - 1) + std::chrono::hours(48)
                            ? std::chrono::hours(24)
                            : std::chrono::hours(kBetweenSweeps)) {
      operations::sweep({*book_, now_, "adversity"}, &*adversary_, {});
      check();
      if (every == 0 || restored_ >= options_.restores) continue;
      if (sweep % every == 0) back_up();
      // lost some sweeps later, at another distance each time
      if (sweep % every == 1 + static_cast<int>((options_.seed + static_cast<std::uint64_t>(restored_)) %
                                                static_cast<std::uint64_t>(every - 1)))
        restore();
    }
    decide_cases();
    const engine::Verification proof = book_->verify({});
    for (const engine::Finding& finding : proof.findings) off("verify: " + finding.check + ": " + finding.what);
    return report();
  }

 private:
  std::string path(const std::string& file) const { return options_.folder + "/" + file; }
  UtcTime drop(int i) const { return start_ + std::chrono::hours(5 * 24 + 18 + 24 * i); }
  void off(std::string what) {
    if (violations_.size() < 50) violations_.push_back(to_string(now_) + " " + std::move(what));
  }

  void make() {
    simulated_registry::World world;
    world.seed = options_.seed;
    must(SimulatedRegistry::create(path("registry.db"), world));
    storage::create_book(path("book.db"), start_, true);
    book_ = storage::open_book(path("book.db"), {});
    const operations::Context context{*book_, start_, "adversity"};
    const engine::Currency eur = must(engine::Currency::parse("EUR"));
    must(operations::set_prices(context, {}, {{"com", "standard", engine::Money::of_minor(1'000, eur), start_, {}}}));
    for (int i = 0; i < kAccounts; ++i) {
      operations::AccountTerms terms;
      if (i % 4 == 1) terms.void_policy = engine::VoidPolicy::at_deadline;
      must(operations::open_account(context, {}, "account" + std::to_string(i), eur, terms));
      const std::int64_t theirs = options_.backorders / kAccounts + 1;
      // one in five can pay for half of what it orders
      must(operations::fund(context, {}, "account" + std::to_string(i),
                            {.amount = engine::Money::of_minor(1'000 * (i % 5 == 4 ? theirs / 2 + 1 : theirs), eur)}));
    }
    std::vector<engine::ListRow> rows;
    std::vector<simulated_registry::NameDrop> drops;
    std::vector<operations::ImportRow> placed;
    for (int i = 0; i < options_.backorders; ++i) {
      const engine::DomainName name = must(engine::DomainName::parse("name" + std::to_string(i) + ".com"));
      rows.push_back({name, drop(i % kDrops)});
      drops.push_back({name, drop(i % kDrops), {}});
      placed.push_back({placed.size() + 1, "account" + std::to_string(i % kAccounts), name.ace()});
    }
    std::ranges::sort(rows, {}, &engine::ListRow::name);
    must(operations::import_list(
        context, {.source = "registry", .date_is = engine::DateIs::drop, .declared = {}, .force = true}, rows, {}));
    must(must(SimulatedRegistry::open(path("registry.db"), [this] { return now_; }))->learn(drops));
    bool kept = false;
    for (const auto& one : operations::import_backorders(context, "adversity", "place", placed, false, {}, kept))
      must(one);
  }

  void back_up() {
    std::error_code ignored;
    std::filesystem::remove(path("backup.db"), ignored);
    storage::back_up_book(path("book.db"), path("backup.db"));
  }
  void restore() {
    if (!std::filesystem::exists(path("backup.db"))) return;
    book_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path("book.db") + suffix);
    storage::restore_book(path("backup.db"), path("book.db"), {now_, "adversity"});
    book_ = storage::open_book(path("book.db"), {});
    ++restored_;
    settled_.clear();
  }

  // The rules, against what the registry behind knows.
  void check() {
    std::map<engine::DomainName, std::vector<engine::ProviderJob>> truth;
    for (engine::ProviderJob& job : must(registry_->jobs({})).jobs) truth[job.name].push_back(std::move(job));
    engine::BackorderQuery ended;
    ended.open = false;
    book_->each_backorder(ended, [&](const Backorder& backorder) {
      if (!settled_.insert(backorder.id).second) return;
      const std::vector<engine::ProviderJob>& jobs = truth[backorder.name];
      const std::string what = "backorder " + std::to_string(backorder.id.value()) + " (" + backorder.name.ace() +
                               ") is " + std::string(to_word(backorder.state));
      const bool captured = backorder.state == State::successful || backorder.state == State::auction_won;
      if (captured) {
        const auto job = std::ranges::find(jobs, backorder.application.value_or(""), &engine::ProviderJob::application);
        if (job == jobs.end() || engine::meaning_of_status(job->status).outcome != backorder.state)
          off(what + ", and its application " + backorder.application.value_or("(none)") + " is not");
        ++captures_;
      } else if (backorder.attempt > 0) {
        const auto lives = std::ranges::find_if(
            jobs, [](const engine::ProviderJob& job) { return engine::meaning_of_status(job.status).lives; });
        if (lives != jobs.end())
          off(what + ", its deposit went back, and application " + lives->application + " lives");
        ++refunds_;
      }
    });
    for (const engine::BackorderId id : settled_) {
      if (!proven_.insert(id).second) continue;
      const Backorder backorder = book_->backorder(id).value();
      if ((backorder.state == State::successful || backorder.state == State::auction_won) &&
          book_->evidence(id).empty())
        off("backorder " + std::to_string(id.value()) + " was captured without evidence");
    }
  }

  // Every case is closed by one decision or another.
  void decide_cases() {
    constexpr engine::Resolution kDecisions[] = {engine::Resolution::adopt,      engine::Resolution::failed,
                                                 engine::Resolution::give_up,    engine::Resolution::delete_job,
                                                 engine::Resolution::keep,       engine::Resolution::operator_keeps,
                                                 engine::Resolution::acknowledge};
    for (const engine::Case& one : book_->cases({})) {
      ++cases_[std::string(to_word(one.kind))];
      const bool closed = std::ranges::any_of(kDecisions, [&](engine::Resolution decision) {
        return bool(operations::resolve({*book_, now_, "adversity"},
                                        {.sender = "adversity", .key = {}, .keep_refusals = false}, one.id.value(),
                                        decision, "decided by the drill", {}, registry_.get()));
      });
      if (!closed)
        off("case " + std::to_string(one.id.value()) + " (" + std::string(to_word(one.kind)) + ") cannot be closed");
    }
    check();
  }

  AdversityReport report() {
    AdversityReport made;
    made.every_trick_was_played = true;
    for (const simulated_registry::Trick trick : simulated_registry::kTricks) {
      made.figures.push_back(std::string(to_word(trick)) + ": " + std::to_string(adversary_->count(trick)));
      made.every_trick_was_played = made.every_trick_was_played && adversary_->count(trick) > 0;
    }
    std::map<std::string, int> states;
    for (const Backorder& backorder : book_->backorders({}))
      ++states[std::string(to_word(backorder.state)) +
               (backorder.state == State::voided ? " " + std::string(to_word(*backorder.reason)) : "")];
    for (const auto& [state, count] : states) made.figures.push_back(state + ": " + std::to_string(count));
    for (const auto& [kind, count] : cases_) made.figures.push_back("case " + kind + ": " + std::to_string(count));
    int adopted = 0, closed = 0;
    engine::EventQuery events;
    events.kinds = {engine::EventKind::adopted, engine::EventKind::case_closed};
    book_->each_event(events, [&](const engine::LoggedEvent& event) {
      ++(event.kind == engine::EventKind::adopted ? adopted : closed);
    });
    made.figures.push_back("adopted: " + std::to_string(adopted));
    made.figures.push_back("cases closed: " + std::to_string(closed));
    made.figures.push_back("restores: " + std::to_string(restored_));
    made.figures.push_back("captures checked: " + std::to_string(captures_));
    made.figures.push_back("refunds checked: " + std::to_string(refunds_));
    made.violations = violations_;
    return made;
  }

  AdversityOptions options_;
  UtcTime start_, now_;
  std::unique_ptr<engine::LedgerStore> book_{};
  std::unique_ptr<SimulatedRegistry> registry_{};
  std::optional<Adversary> adversary_{};
  std::set<engine::BackorderId> settled_{}, proven_{};
  std::map<std::string, int> cases_{};
  std::vector<std::string> violations_{};
  int restored_ = 0, captures_ = 0, refunds_ = 0;
};

}  // namespace

AdversityReport play_adversity(const AdversityOptions& options) { return Adversity(options).play(); }

}  // namespace drill
