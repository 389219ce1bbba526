#include "tools/operations/sweep.hpp"

#include <algorithm>

#include "engine/enum_names.hpp"
#include "engine/funding_plan.hpp"
#include "engine/placing.hpp"
#include "engine/settlement.hpp"
#include "tools/operations/job_costs.hpp"
#include "tools/operations/jobs.hpp"
#include "tools/operations/sweep_run.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::BackorderQuery;
using engine::Changes;
using engine::Customer;
using engine::State;
using engine::to_string;

constexpr engine::Named<Stage> kStageWords[] = {{Stage::reserve, "reserve"}, {Stage::voids, "void"},
                                                {Stage::submit, "submit"},   {Stage::sync, "sync"},
                                                {Stage::settle, "settle"},   {Stage::warn, "warn"}};

void each_account(SweepRun& run, Stage stage, const BackorderQuery& query, Deciding where,
                  const std::function<void(Decided&, Customer&, std::span<Backorder>)>& decide) {
  each_chunk(run, stage, query, where, [&](Decided& decided, engine::AccountRows& rows) {
    for_each_customer(rows,
                      [&](Customer& customer, std::span<Backorder> theirs) { decide(decided, customer, theirs); });
  });
}

void reserve_due(SweepRun& run) {
  BackorderQuery due;
  due.states = {State::requested};
  due.due_by = run.context.now;
  const engine::FundingDefaults defaults = run.context.store.settings().funding;
  const engine::PriceList prices = run.context.store.price_list();
  each_account(run, Stage::reserve, due, Deciding::prefetched,
               [&](Decided& decided, Customer& customer, std::span<Backorder> theirs) {
                 const engine::FundingPlan plan =
                     engine::plan_funding(customer, theirs, prices, defaults, run.context.now, run.context.now);
                 const engine::Result<engine::PlanOutcome> done =
                     engine::commit_plan(decided.changes, plan, theirs, customer, run.context.now);
                 ENSURE(bool(done),
                        done ? "" : done.error().detail);  // a plan is made from the facts it is committed to
                 decided.report.add(Stage::reserve, "reserved", done.value().funded);
                 decided.report.add(Stage::reserve, "voided", done.value().voided);
                 decided.report.add(Stage::reserve, "waiting", done.value().waiting);
               });
}

void void_missed(SweepRun& run) {
  BackorderQuery missed = held_without_job();
  missed.deadline_before = run.context.now;
  each_account(run, Stage::voids, missed, Deciding::prefetched,
               [&](Decided& decided, Customer& customer, std::span<Backorder> theirs) {
                 for (Backorder& backorder : theirs) {
                   run.require(engine::void_missed(decided.changes, backorder, customer, run.context.now));
                   decided.report.add(Stage::voids, "voided", 1);
                 }
               });
}

// Cases of what had no outcome in time, and has one now: nobody has to decide them any more.
void close_answered(SweepRun& run) {
  engine::CaseQuery overdue;
  overdue.kind = engine::CaseKind::overdue;
  UnitOfWork work(run.context);
  Changes changes;
  for (const engine::Case& open : run.context.store.cases(overdue)) {
    const Backorder backorder = run.context.store.backorder(open.backorder.value()).value();
    const bool waits = backorder.state == State::active ? backorder.open_call.has_value() : !is_final(backorder.state);
    if (waits) continue;
    const std::string how = "answered by itself: " + std::string(to_word(backorder.state));
    changes.closed_cases.push_back({open.id, how});
    changes.events.push_back({engine::EventKind::case_closed,
                              open.customer,
                              open.backorder,
                              {},
                              {},
                              {},
                              std::string(to_word(open.kind)) + " " + how});
    run.add(Stage::settle, "cases answered", 1);
  }
  run.commit(work, changes);
}

void settle_outcomes(SweepRun& run) {
  BackorderQuery with_job;
  with_job.states = {State::processing, State::auction_pending};
  with_job.with_job = true;
  const engine::Settings settings = run.context.store.settings();
  const std::vector<engine::TaxRate> rates = run.context.store.tax_rates();
  each_account(run, Stage::settle, with_job, Deciding::prefetched,
               [&](Decided& decided, Customer& customer, std::span<Backorder> theirs) {
                 for (Backorder& backorder : theirs) {
                   const std::int64_t tax_bp = engine::tax_rate_bp(rates, customer.country, run.context.now);
                   const engine::Result<bool> settled = engine::settle(
                       decided.changes, backorder, customer, {settings, tax_bp, std::nullopt, run.context.now});
                   run.require(settled);
                   if (settled.value()) {
                     decided.report.add(Stage::settle, to_word(backorder.state), 1);
                     ++decided.settled;
                   }
                   if (engine::check_overdue(decided.changes, backorder, settings, run.context.now))
                     decided.report.add(Stage::settle, "overdue", 1);
                 }
               });
  BackorderQuery unknown;
  unknown.states = {State::active};
  unknown.with_open_call = true;
  unknown.deadline_before = run.context.now;
  each_account(run, Stage::settle, unknown, Deciding::prefetched,
               [&](Decided& decided, Customer&, std::span<Backorder> theirs) {
                 for (const Backorder& backorder : theirs) {
                   if (engine::check_overdue(decided.changes, backorder, settings, run.context.now))
                     decided.report.add(Stage::settle, "overdue", 1);
                 }
               });
  close_answered(run);
}

// Warns if our balance at the provider does not cover the jobs that will be created until the horizon.
void warn_of_provider_balance(SweepRun& run, engine::BackorderProvider& provider, JobCosts& costs) {
  BackorderQuery held = held_without_job();
  held.after_customer = engine::CustomerId(0);
  for (engine::AccountRows rows;
       rows = run.context.store.next_page(held, run.options.chunk), !rows.backorders.empty();) {
    held.after_customer = rows.backorders.back().customer;
    for_each_customer(rows, [&](const Customer& customer, std::span<Backorder> theirs) {
      for (const Backorder& backorder : theirs) costs.add(backorder, customer, run.context.now);
    });
  }
  const engine::Result<engine::ProviderBalance> provider_balance = provider.balance();
  if (!provider_balance) {
    run.report.errors.push_back(provider_balance.error());
    return;
  }
  const engine::Money spendable = provider_balance.value().spendable();
  const ProviderBalanceShortage shortage = shortage_of(costs.days(), spendable);
  UnitOfWork work(run.context);
  engine::Money warned = engine::Money::zero(spendable.currency());
  for (const engine::Money& one : run.context.store.provider_balance_warnings()) {
    if (one.currency() == warned.currency()) warned = one;
  }
  Changes changes;
  const std::string figures = "jobs need " + to_string_with_code(shortage.needed) + ", our balance there holds " +
                              to_string_with_code(spendable);
  if (shortage.missing > warned) {
    changes.events.push_back({engine::EventKind::provider_balance_short,
                              {},
                              {},
                              {},
                              {},
                              engine::Reason::operator_float,
                              figures + ": short by " + to_string_with_code(shortage.missing) +
                                  ", pay in there before " + to_string(*shortage.by)});
    run.add(Stage::warn, "provider balance short", 1);
  } else if (shortage.missing.is_zero() && warned.is_positive()) {
    changes.events.push_back({engine::EventKind::provider_balance_covered, {}, {}, {}, {}, {}, figures});
  }
  if (shortage.missing != warned) changes.provider_balance_warnings.push_back(shortage.missing);
  run.commit(work, changes);
}

void warn_ahead(SweepRun& run, engine::BackorderProvider* provider) {
  const engine::Settings settings = run.context.store.settings();
  const engine::UtcTime horizon = run.context.now + settings.warn_ahead;
  BackorderQuery prefetched;
  prefetched.states = {State::requested};
  prefetched.due_by = horizon;
  std::vector<engine::CustomerId> seen;
  JobCosts costs(run.context.store, run.context.now, horizon);
  const auto announce = [&](Changes& changes, Customer& customer, const engine::Money& shortfall,
                            std::optional<engine::UtcTime> until) {
    if (shortfall > customer.warned) {
      changes.events.push_back({engine::EventKind::shortfall,
                                customer.id,
                                {},
                                {},
                                {},
                                engine::Reason::insufficient_available,
                                "short by " + to_string_with_code(shortfall) + " for what is due until " +
                                    to_string(horizon) + ": top up by " + to_string(until.value_or(horizon))});
      run.add(Stage::warn, "warned", 1);
    } else if (shortfall.is_zero() && customer.warned.is_positive()) {
      changes.events.push_back({engine::EventKind::shortfall_over,
                                customer.id,
                                {},
                                {},
                                {},
                                {},
                                "what is due until " + to_string(horizon) + " is covered"});
    } else if (shortfall == customer.warned) {
      return;
    }
    customer.warned = shortfall;
    changes.customers.push_back(customer);
  };
  each_account(run, Stage::warn, prefetched, Deciding::in_turn,
               [&](Decided& decided, Customer& customer, std::span<Backorder> theirs) {
                 seen.push_back(customer.id);
                 const engine::FundingPlan plan = engine::plan_funding(customer, theirs, run.context.store.price_list(),
                                                                       settings.funding, run.context.now, horizon);
                 announce(decided.changes, customer, plan.shortfall, plan.top_up_by);
                 if (costs.knows_any()) costs.add(plan, theirs, customer);
               });
  // Accounts that were warned and have nothing due any more.
  UnitOfWork work(run.context);
  Changes changes;
  for (Customer& customer : run.context.store.customers()) {
    if (customer.warned.is_zero() || std::ranges::binary_search(seen, customer.id)) continue;
    announce(changes, customer, engine::Money::zero(customer.currency), std::nullopt);
  }
  run.commit(work, changes);
  if (provider != nullptr && costs.knows_any()) warn_of_provider_balance(run, *provider, costs);
}

}  // namespace

std::string_view to_word(Stage stage) { return engine::word_of(kStageWords, stage); }
std::optional<Stage> parse_stage(std::string_view text) { return engine::value_of(kStageWords, text); }

void SweepReport::add(Stage stage, std::string_view what, std::int64_t count) {
  for (StageCount& row : counts) {
    if (row.stage == stage && row.what == what) {
      row.count += count;
      return;
    }
  }
  counts.push_back({stage, std::string(what), count});
}

std::int64_t SweepReport::count(std::string_view what) const {
  std::int64_t sum = 0;
  for (const StageCount& row : counts) {
    if (row.what == what) sum += row.count;
  }
  return sum;
}

SweepReport sweep(const Context& context, engine::BackorderProvider* provider, const SweepOptions& options) {
  SweepRun run{context, options, {}};
  for (const Stage stage : kStages) {
    if (std::ranges::find(options.stages, stage) == options.stages.end()) continue;
    if (run.interrupted()) break;
    switch (stage) {
      case Stage::reserve:
        reserve_due(run);
        break;
      case Stage::voids:
        void_missed(run);
        break;
      case Stage::settle:
        settle_outcomes(run);
        break;
      case Stage::warn:
        warn_ahead(run, provider);
        break;
      case Stage::submit:
      case Stage::sync:
        if (provider == nullptr) {
          run.report.errors.push_back(
              {engine::ErrorCode::provider_unreachable, "no provider is configured: '" + std::string(to_word(stage)) +
                                                            "' was left out; see --provider and --registry"});
        } else if (stage == Stage::submit) {
          submit_jobs(run, *provider);
        } else {
          sync_jobs(run, *provider);
        }
        break;
    }
  }
  std::erase_if(run.report.counts, [](const StageCount& row) { return row.count == 0; });
  return std::move(run.report);
}

}  // namespace operations
