// One run of a sweep: what its stages share.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/operations/sweep.hpp"

namespace operations {

struct SweepRun {
  Context context;
  const SweepOptions& options;
  SweepReport report;

  // A long run's next step: its instant is the clock's, never an earlier one.
  void move_on() {
    if (options.clock) context.now = std::max(context.now, options.clock());
  }
  bool interrupted() const { return options.interrupted && options.interrupted(); }

  void reach(Milestone milestone) const {
    if (options.reached) options.reached(milestone);
  }
  void add(Stage stage, std::string_view what, std::int64_t count) {
    for (StageCount& row : report.counts) {
      if (row.stage == stage && row.what == what) {
        row.count += count;
        return;
      }
    }
    report.counts.push_back({stage, std::string(what), count});
  }
  // Writes what was decided. The facts were read inside the unit of work, so a refusal means that a rule and the store disagree.
  void write(const engine::Changes& changes) {
    if (changes.empty()) return;
    require(context.store.apply(changes, context.stamp()));
    reach(Milestone::before_commit);
  }
  // The same, and keeps the unit of work.
  void commit(Work& work, const engine::Changes& changes) {
    write(changes);
    work.keep();
  }
  template <typename T>
  static void require(const engine::Result<T>& done) {
    ENSURE(bool(done), std::string(name(done.error().code)) + ": " + done.error().detail);
  }
};

// Visits the rows of a query chunk by chunk, whole accounts at a time; as many chunks to a commit as there are before another writer waits, or SweepOptions::together.
// Which accounts have any is read once; their rows are read inside the unit of work, so that nothing moves under the decision. `visit` changes the rows and fills the
// changes.
template <typename Visit>
void each_chunk(SweepRun& run, Stage stage, engine::BackorderQuery query, const Visit& visit) {
  query.order = engine::BackorderQuery::Order::customer;
  const auto counts = run.context.store.count_by_customer(query);
  std::size_t done = 0, committed = 0;
  std::optional<Work> work;
  for (std::size_t at = 0; at < counts.size();) {
    query.customers.clear();
    for (std::size_t size = 0; at < counts.size() && (size == 0 || size + counts[at].second <= run.options.chunk); ++at) {
      query.customers.push_back(counts[at].first);
      size += counts[at].second;
    }
    if (!work) work.emplace(run.context);
    std::vector<engine::Backorder> rows = run.context.store.backorders(query);
    done += rows.size();
    engine::Changes changes;
    visit(changes, std::span(rows));
    run.write(changes);
    if (at < counts.size() && done - committed < run.options.together && !run.context.store.is_awaited()) continue;
    work->keep();
    work.reset();
    committed = done;
    if (run.options.progress) run.options.progress(stage, done);
  }
}

// Calls `visit` with each customer and their rows. REQUIRES: `rows` lie together by customer.
template <typename Visit>
void for_each_customer(engine::LedgerStore& store, std::span<engine::Backorder> rows, const Visit& visit) {
  std::vector<engine::CustomerId> ids;
  for (const engine::Backorder& row : rows) {
    if (ids.empty() || ids.back() != row.customer) ids.push_back(row.customer);
  }
  std::ranges::sort(ids);
  std::vector<engine::Customer> customers = store.customers(ids);
  while (!rows.empty()) {
    const engine::CustomerId id = rows.front().customer;
    const auto end = std::ranges::find_if(rows, [id](const engine::Backorder& row) { return row.customer != id; });
    const auto count = static_cast<std::size_t>(end - rows.begin());
    const auto customer = std::ranges::lower_bound(customers, id, {}, &engine::Customer::id);
    ENSURE(customer != customers.end() && customer->id == id, "every backorder has its customer");
    visit(*customer, rows.first(count));
    rows = rows.subspan(count);
  }
}

}  // namespace operations
