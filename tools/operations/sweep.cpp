#include "tools/operations/sweep.hpp"

#include <algorithm>
#include <map>
#include <set>

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

constexpr engine::Named<Stage> kStageWords[] = {{Stage::sync, "sync"},       {Stage::settle, "settle"},
                                                {Stage::reserve, "reserve"}, {Stage::voids, "void"},
                                                {Stage::submit, "submit"},   {Stage::warn, "warn"}};

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
                   if (backorder.job_may_exist()) continue;  // in doubt
                   run.require(engine::void_missed(decided.changes, backorder, customer, run.context.now));
                   decided.report.add(Stage::voids, "voided", 1);
                 }
               });
}

// Cases whose cause has ended: nobody has to decide them any more.
void close_ended_cases(SweepRun& run) {
  engine::LedgerStore& store = run.context.store;
  UnitOfWork work(run.context);
  const std::vector<engine::Case> open = store.cases({});
  std::set<std::string_view> lives;  // of the applications that cases are about
  if (run.listed) {
    for (const engine::Case& one : open) {
      if (one.kind == engine::CaseKind::surplus_job) lives.insert(one.subject);
    }
    std::set<std::string_view> found;
    for (const engine::ProviderJob& job : run.listed->jobs) {
      const engine::StatusMeaning meaning = engine::meaning_of_status(job.status);
      const bool matters =
          meaning.lives || meaning.outcome == State::successful || meaning.outcome == State::auction_won;
      if (matters && lives.contains(job.application)) found.insert(job.application);
    }
    lives = std::move(found);
  }
  const std::vector<std::string> stopped = store.stopped_zones();
  std::map<engine::SourceId, std::string> sources;
  for (const engine::Source& source : store.sources()) sources.emplace(source.id, source.name);
  Changes changes;
  for (const engine::Case& one : open) {
    std::optional<Backorder> backorder = one.backorder ? store.backorder(*one.backorder) : std::nullopt;
    engine::CaseFacts facts{
        .one = one, .backorder = backorder ? &*backorder : nullptr, .has_read = run.listed.has_value()};
    if (backorder && one.kind == engine::CaseKind::missing_from_list) {
      facts.is_listed = std::ranges::any_of(store.listings(backorder->name), [&](const engine::Listing& listing) {
        return one.subject.empty() || sources[listing.source] == one.subject;
      });
    }
    facts.is_contradicted = one.backorder && run.contradicted.contains(*one.backorder);
    if (run.listed) facts.job_lives = lives.contains(one.subject);
    const std::string zone = one.subject == "environment" ? "" : one.subject;
    facts.is_stopped = std::ranges::find(stopped, zone) != stopped.end();
    if (one.customer && one.kind == engine::CaseKind::auction_price_short)
      facts.owed = store.customer(*one.customer).value().owed;
    const std::optional<std::string> ended = engine::what_ended(facts);
    if (!ended) continue;
    const std::string how = "ended by itself: " + *ended;
    changes.closed_cases.push_back({one.id, how});
    changes.events.push_back({engine::EventKind::case_closed,
                              one.customer,
                              one.backorder,
                              {},
                              {},
                              {},
                              std::string(to_word(one.kind)) + " " + how});
    run.add(Stage::settle, "cases ended", 1);
  }
  run.commit(work, changes);
}

void settle_outcomes(SweepRun& run) {
  BackorderQuery with_job;
  with_job.with_job = true;
  const engine::Settings settings = run.context.store.settings();
  const std::vector<engine::TaxRate> rates = run.context.store.tax_rates();
  const engine::PriceList prices = run.context.store.price_list();
  const auto settle = [&](Decided& decided, Customer& customer, std::span<Backorder> theirs) {
    for (Backorder& backorder : theirs) {
      engine::TaxDecision tax = engine::decide_tax(settings, rates, customer, run.context.now);
      std::optional<engine::Money> price;  // of a job that was found before its deposit was due
      if (backorder.state == State::requested)
        price = prices.price(backorder.zone, customer.tier, customer.currency, run.context.now);
      const engine::Result<bool> settled =
          engine::settle(decided.changes, backorder, customer, {settings, std::move(tax), price, run.context.now});
      run.require(settled);
      if (settled.value()) {
        decided.report.add(Stage::settle, to_word(backorder.state), 1);
        ++decided.settled;
      }
      if (engine::check_overdue(decided.changes, backorder, settings, run.context.now))
        decided.report.add(Stage::settle, "overdue", 1);
    }
  };
  with_job.states = {State::processing, State::auction_pending};
  each_account(run, Stage::settle, with_job, Deciding::prefetched, settle);
  with_job.states = {State::requested};
  each_account(run, Stage::settle, with_job, Deciding::prefetched, settle);
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
  close_ended_cases(run);
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

// The result of the sweep, for people: "reserved 3, submitted 2".
std::string in_words(const std::vector<StageCount>& counts) {
  std::string text;
  for (const StageCount& row : counts) text += (text.empty() ? "" : ", ") + row.what + " " + std::to_string(row.count);
  return text;
}
// The first few errors; a provider that is down gives one per job.
std::string in_words(const std::vector<engine::Error>& errors) {
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < errors.size() && i < kMost; ++i)
    text += (i == 0 ? "" : "; ") + std::string(to_word(errors[i].code)) + ": " + errors[i].detail;
  if (errors.size() > kMost) text += "; and " + std::to_string(errors.size() - kMost) + " more";
  return text;
}

// The sweep is on record, and whoever keeps the ledger hears of what fails from now on.
void conclude(SweepRun& run) {
  const bool whole = run.options.stages.size() == std::size(kStages);
  std::string stages;
  if (!whole) {
    for (const Stage stage : run.options.stages) stages += (stages.empty() ? "" : " ") + std::string(to_word(stage));
  }
  const engine::UtcTime now = run.context.now;
  const engine::UtcTime ended = run.options.clock ? std::max(now, run.options.clock()) : now;
  record_run(run.context, {.kind = engine::RunKind::sweep,
                           .started_at = now,
                           .ended_at = ended,
                           .complete = whole && !run.interrupted() && run.report.errors.empty(),
                           .subject = std::move(stages),
                           .counts = in_words(run.report.counts),
                           .errors = in_words(run.report.errors)});
  if (whole && !run.interrupted()) watch_health(run.context, run.options.machine);
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

namespace {

// One stage; the provider may be null.
void run_stage(SweepRun& run, Stage stage, engine::BackorderProvider* provider) {
  switch (stage) {
    case Stage::reserve:
      reserve_due(run);
      return;
    case Stage::voids:
      void_missed(run);
      return;
    case Stage::settle:
      settle_outcomes(run);
      return;
    case Stage::warn:
      warn_ahead(run, provider);
      return;
    case Stage::submit:
    case Stage::sync:
      break;
  }
  if (provider == nullptr) {
    const std::string left_out =
        "no provider is configured: '" + std::string(to_word(stage)) + "' was left out; see --provider and --registry";
    if (std::ranges::find(run.report.errors, left_out, &engine::Error::detail) == run.report.errors.end())
      run.report.errors.push_back({engine::ErrorCode::provider_unreachable, left_out});
  } else if (stage == Stage::submit) {
    submit_jobs(run, *provider);
  } else {
    sync_jobs(run, *provider);
  }
}

// The money that went back to customers so far; accounts that get money are attempted again.
std::int64_t given_back(SweepRun& run) {
  return run.report.count("voided") + run.report.count("cancelled") + run.report.count("refused");
}

}  // namespace

SweepReport sweep(const Context& context, engine::BackorderProvider* provider, const SweepOptions& options) {
  SweepRun run{context, options, {}};
  const auto wanted = [&](Stage stage) { return std::ranges::find(options.stages, stage) != options.stages.end(); };
  const bool must_be_read = context.store.book().must_be_read();
  if (provider != nullptr && !must_be_read) provider->limit_reading(options.learnt_enough);
  constexpr Stage kLearning[] = {Stage::sync, Stage::settle}, kActing[] = {Stage::reserve, Stage::voids, Stage::submit};
  // A book that was put back from a copy learns whatever else is wanted of it.
  for (const Stage stage : kLearning) {
    if ((wanted(stage) || (must_be_read && stage == Stage::sync)) && !run.interrupted())
      run_stage(run, stage, provider);
    if (stage == Stage::sync && context.store.book().must_be_read()) {
      run.report.errors.push_back({engine::ErrorCode::restored_unread,
                                   "the book was put back from a copy, and what the provider knows since was not "
                                   "read: nothing is sent, voided, "
                                   "refunded or paid out until a sweep has read all of its jobs"});
      if (provider != nullptr) provider->limit_reading({});
      std::erase_if(run.report.counts, [](const StageCount& row) { return row.count == 0; });
      return std::move(run.report);
    }
  }
  if (provider != nullptr) provider->limit_reading({});
  run.listed.reset();  // acting takes time: what it looks at is read then
  for (std::int64_t before = -1; before != given_back(run) && !run.interrupted();) {
    const bool is_first = before < 0;
    for (const Stage stage : kActing) {
      // void and submit may give back what funds others
      if (stage == Stage::voids || (stage == Stage::reserve && is_first)) before = given_back(run);
      if (wanted(stage) && !run.interrupted()) run_stage(run, stage, provider);
    }
  }
  if (wanted(Stage::warn) && !run.interrupted()) run_stage(run, Stage::warn, provider);
  std::erase_if(run.report.counts, [](const StageCount& row) { return row.count == 0; });
  conclude(run);
  return std::move(run.report);
}

}  // namespace operations
