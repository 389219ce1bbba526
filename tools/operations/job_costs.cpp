#include "tools/operations/job_costs.hpp"

#include <algorithm>

namespace operations {

using engine::Money;
using engine::UtcTime;

engine::BackorderQuery held_without_job() {
  engine::BackorderQuery query;
  query.states = {engine::State::active};
  query.with_job = false;
  query.with_open_call = false;
  return query;
}

JobCosts::JobCosts(engine::LedgerReader& store, UtcTime now, UtcTime horizon)
    : schedules_(store.schedules()), costs_(store.settings().expected_cost), now_(now), horizon_(horizon) {}

void JobCosts::add(const engine::Backorder& backorder, const engine::Customer& customer, UtcTime held_from) {
  if (!backorder.drop || forbidden(customer.state, engine::AccountOperation::submit)) return;
  UtcTime at = std::max(held_from, now_);
  if (const auto lead = schedules_.of(backorder.name.ace()).submit_lead)
    at = std::max(at, backorder.drop->deadline - *lead);
  if (at > backorder.drop->deadline || at > horizon_) return;
  const auto cost = costs_.find(backorder.zone);
  if (cost == costs_.end()) {
    UncostedJobs& jobs = uncosted_.try_emplace(backorder.zone, UncostedJobs{backorder.zone, 0, at}).first->second;
    ++jobs.jobs;
    jobs.by = std::min(jobs.by, at);
    return;
  }
  const engine::Currency currency = cost->second.currency();
  const Money zero = Money::zero(currency);
  JobsDay& day =
      days_.try_emplace({currency, engine::day_of(at)}, JobsDay{engine::day_of(at), currency, at, 0, zero, zero})
          .first->second;
  ++day.jobs;
  day.by = std::min(day.by, at);
  day.cost += cost->second;
}

void JobCosts::add(const engine::FundingPlan& plan, std::span<const engine::Backorder> rows,
                   const engine::Customer& customer) {
  for (const engine::FundingVerdict& verdict : plan.verdicts) {
    if (verdict.verdict != engine::Verdict::funded) continue;
    add(*std::ranges::lower_bound(rows, verdict.backorder, {}, &engine::Backorder::id), customer, *verdict.decided_at);
  }
}

std::vector<JobsDay> JobCosts::days() const {
  std::vector<JobsDay> rows;
  for (const auto& [key, day] : days_) {
    const bool same = !rows.empty() && rows.back().currency == day.currency;
    const Money before = same ? rows.back().in_all : Money::zero(day.currency);
    rows.push_back(day);
    rows.back().in_all = before + day.cost;
  }
  return rows;
}

std::vector<UncostedJobs> JobCosts::uncosted() const {
  std::vector<UncostedJobs> rows;
  for (const auto& [zone, jobs] : uncosted_) rows.push_back(jobs);
  return rows;
}

ProviderBalanceShortage shortage_of(const std::vector<JobsDay>& days, Money spendable) {
  ProviderBalanceShortage found{Money::zero(spendable.currency()), std::nullopt, Money::zero(spendable.currency())};
  for (const JobsDay& day : days) {
    if (day.currency != spendable.currency()) continue;
    found.needed = day.in_all;
    if (day.in_all <= spendable) continue;
    if (!found.by) found.by = day.by;
    found.missing = day.in_all - spendable;
  }
  return found;
}

}  // namespace operations
