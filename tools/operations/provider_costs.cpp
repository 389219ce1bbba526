#include "tools/operations/provider_costs.hpp"

#include <algorithm>

#include "tools/operations/accounts.hpp"
#include "tools/operations/reconcile.hpp"

namespace operations {
namespace {

bool is_captured(engine::LedgerReader& store, const std::string& name) {
  engine::BackorderQuery query;
  query.name = name;
  query.states = {engine::State::successful, engine::State::auction_won};
  query.limit = 1;
  return !store.backorders(query).empty();
}

void add(std::vector<engine::Money>& totals, engine::Money amount) {
  const auto same = std::ranges::find(totals, amount.currency(), &engine::Money::currency);
  if (same == totals.end())
    totals.push_back(amount);
  else
    *same += amount;
}

}  // namespace

engine::Result<BookedCosts> book_matched_costs(const Context& context, engine::BackorderProvider* provider) {
  ReconcileOptions options;
  options.loops = {engine::Loop::provider_balance};
  const std::vector<engine::LoopReport> reports = reconcile(context.store, provider, options, context.now);
  if (!reports.front().not_done.empty())
    return engine::Error{engine::ErrorCode::provider_unreachable, reports.front().not_done};
  BookedCosts done;
  for (const engine::Difference& one : reports.front().differences) {
    if (one.kind != engine::DifferenceClass::missing_here || !one.theirs || !one.theirs->is_negative()) continue;
    if (!is_captured(context.store, one.subject)) {
      ++done.left;
      continue;
    }
    const engine::Result<Reply> booked = book_provider_cost(context, {.sender = "provider", .key = one.there},
                                                            -*one.theirs, one.subject + " " + one.there, one.since);
    if (!booked) return booked.error();
    ++done.booked;
    add(done.totals, -*one.theirs);
  }
  return done;
}

}  // namespace operations
