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

// The decision about one chunk of rows. Nothing of it has happened before it is written.
struct Decided {
  engine::Changes changes{};
  SweepReport report{};
  std::int64_t settled = 0;      // each is a Milestone::in_settlement
  std::function<void()> kept{};  // called if this decision is kept
};
// in_turn: on the sweep's thread, one chunk after the other. prefetched: on the thread that reads the rows, while the
// chunk before is written; only for decisions that depend on the rows alone.
enum class Deciding : bool { in_turn, prefetched };

struct SweepRun {
  Context context;
  const SweepOptions& options;
  SweepReport report;
  // The facts that this run has read: the complete list of the provider's jobs, if it was read, and of whom it was told
  // something about somebody else.
  std::optional<engine::JobList> listed{};
  std::set<engine::BackorderId> contradicted{};
  bool has_looked_up = false;  // what became of orders of unknown outcome

  // Advances a long run to the clock's instant, never back.
  void move_on() {
    if (options.clock) context.now = std::max(context.now, options.clock());
  }
  bool interrupted() const { return options.interrupted && options.interrupted(); }

  void reach(Milestone milestone) const {
    if (options.reached) options.reached(milestone);
  }
  void add(Stage stage, std::string_view what, std::int64_t count) { report.add(stage, what, count); }
  // Writes the changes. The facts were read inside the unit of work, so a refusal is a bug: a rule and the store
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

// Processes a query in chunks of whole accounts. A commit holds several chunks, up to SweepOptions::batch; it ends
// early when another writer is waiting. Each chunk is read inside the unit of work, while the one before is written.
// `decide` changes the rows and returns what is to be written and counted. With Deciding::prefetched it may run ahead
// on another thread; its result is discarded if the commit ends first, and computed again in the next one. REQUIRES:
// with Deciding::prefetched, `decide` uses neither the store nor anything else that changes.
template <typename Decide>
void each_chunk(SweepRun& run, Stage stage, engine::BackorderQuery query, Deciding where, const Decide& decide) {
  engine::LedgerStore& store = run.context.store;
  const std::size_t wanted = run.options.chunk;
  query.after_customer = engine::CustomerId(0);
  std::size_t done = 0;
  for (bool left = true; left;) {
    // outlives the unit of work: its end waits for the thread that fills this
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
