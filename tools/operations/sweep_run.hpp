// One run of a sweep: what its stages share.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/operations/sweep.hpp"

namespace operations {

// What was decided about some rows. None of it is done before it is written.
struct Decided {
  engine::Changes changes{};
  SweepReport report{};
  std::int64_t settled = 0;      // each is a Milestone::in_settlement
  std::function<void()> kept{};  // what else is to be remembered, called where this is not dropped
};
// Where: beside the store, one after the other; or, where the rows alone decide, on the thread that reads them, while
// those before are written.
enum class Deciding : bool { in_turn, prefetched };

struct SweepRun {
  Context context;
  const SweepOptions& options;
  SweepReport report;
  // What this run has learnt: the complete list of the provider's jobs, where it was read, and of whom it was told
  // something about somebody else.
  std::optional<engine::JobList> listed{};
  std::set<engine::BackorderId> contradicted{};
  bool has_looked_up = false;  // what became of orders of unknown outcome

  // A long run's next step: its instant is the clock's, never an earlier one.
  void move_on() {
    if (options.clock) context.now = std::max(context.now, options.clock());
  }
  bool interrupted() const { return options.interrupted && options.interrupted(); }

  void reach(Milestone milestone) const {
    if (options.reached) options.reached(milestone);
  }
  void add(Stage stage, std::string_view what, std::int64_t count) { report.add(stage, what, count); }
  // Writes what was decided. The facts were read inside the unit of work, so a refusal means that a rule and the store
  // disagree.
  void write(const engine::Changes& changes) {
    if (changes.empty()) return;
    require(context.store.apply(changes, context.stamp()));
    reach(Milestone::before_commit);
  }
  // The same, and keeps the unit of work.
  void commit(UnitOfWork& work, const engine::Changes& changes) {
    write(changes);
    work.keep();
  }
  template <typename T>
  static void require(const engine::Result<T>& done) {
    ENSURE(bool(done), std::string(to_word(done.error().code)) + ": " + done.error().detail);
  }
};

// Visits the rows of a query chunk by chunk, whole accounts at a time; as many chunks to a commit as there are before
// another writer waits, or SweepOptions::batch. They are read inside the unit of work, so that nothing moves under
// the decision: each chunk while the one before is written. `decide` changes the rows and says what is to be written
// and counted; what it decided ahead may be dropped, and is then decided again. REQUIRES: ahead, it uses neither the
// store nor anything else that changes.
template <typename Decide>
void each_chunk(SweepRun& run, Stage stage, engine::BackorderQuery query, Deciding where, const Decide& decide) {
  engine::LedgerStore& store = run.context.store;
  const std::size_t wanted = run.options.chunk;
  query.after_customer = engine::CustomerId(0);
  std::size_t done = 0;
  for (bool left = true; left;) {
    // lives longer than the unit of work, whose end waits for the thread that fills it
    std::optional<Decided> prefetched;
    UnitOfWork work(run.context);
    for (std::size_t batch = 0; left;) {
      engine::AccountRows rows = store.next_page(query, wanted);
      left = rows.backorders.size() >= wanted;
      if (rows.backorders.empty()) break;
      done += rows.backorders.size();
      batch += rows.backorders.size();
      query.after_customer = rows.backorders.back().customer;
      Decided decided;
      if (prefetched)
        decided = *std::exchange(prefetched, std::nullopt);
      else
        decide(decided, rows);
      const bool goes_on = left && batch < run.options.batch;
      std::function<void(engine::AccountRows&)> then{};
      if (where == Deciding::prefetched) then = [&](engine::AccountRows& next) { decide(prefetched.emplace(), next); };
      if (goes_on) store.prefetch(query, wanted, std::move(then));
      for (const StageCount& row : decided.report.counts) run.add(row.stage, row.what, row.count);
      for (std::int64_t i = 0; i < decided.settled; ++i) run.reach(Milestone::in_settlement);
      run.write(decided.changes);
      if (decided.kept) decided.kept();
      if (!goes_on || store.has_waiting_writer()) break;
    }
    work.keep();
    if (done > 0 && run.options.progress) run.options.progress(stage, done);
  }
}

// Calls `visit` with each customer and their rows.
template <typename Visit>
void for_each_customer(engine::AccountRows& rows, const Visit& visit) {
  std::span<engine::Backorder> rest(rows.backorders);
  for (engine::Customer& customer : rows.customers) {
    const auto end =
        std::ranges::find_if(rest, [&](const engine::Backorder& row) { return row.customer != customer.id; });
    const auto theirs = rest.first(static_cast<std::size_t>(end - rest.begin()));
    ENSURE(!theirs.empty(), "every customer of the rows has some, and every row its customer");
    visit(customer, theirs);
    rest = rest.subspan(theirs.size());
  }
  ENSURE(rest.empty(), "every row has its customer");
}

}  // namespace operations
