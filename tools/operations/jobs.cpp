#include "tools/operations/jobs.hpp"

#include <algorithm>
#include <map>
#include <memory_resource>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engine/settlement.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::BackorderQuery;
using engine::CallCommand;
using engine::CallState;
using engine::Changes;
using engine::Customer;
using engine::DomainName;
using engine::ProviderAnswer;
using engine::ProviderCall;
using engine::ProviderJob;
using engine::State;

Customer customer_of(engine::LedgerStore& store, const Backorder& backorder) {
  return store.customer(backorder.customer).value();
}

int next_attempt(const std::vector<ProviderCall>& calls, CallCommand command) {
  return 1 + static_cast<int>(std::ranges::count(calls, command, &ProviderCall::command));
}

std::vector<Backorder> on_name(engine::LedgerStore& store, const DomainName& name) {
  BackorderQuery query;
  query.name = name.ace();
  return store.backorders(query);
}

// Jobs by name from one complete list, or nothing when the provider does not answer.
using JobsByName = std::map<DomainName, std::vector<ProviderJob>>;
std::optional<JobsByName> read_jobs(SweepRun& run, engine::BackorderProvider& provider,
                                    const std::vector<DomainName>& names) {
  engine::Result<std::vector<ProviderJob>> listed = provider.jobs(names);
  if (!listed) {
    run.report.troubles.push_back(listed.error());
    return std::nullopt;
  }
  JobsByName by_name;
  for (ProviderJob& job : listed.value()) by_name[job.name].push_back(std::move(job));
  return by_name;
}

// ---- orders whose outcome is unknown ----

// A job beyond the one each backorder needs: deleted before the deadline, again at each sweep while the provider gives
// no certain answer; a case for a person after it, or where the provider refuses.
void remove_surplus(SweepRun& run, engine::BackorderProvider& provider, const Backorder& backorder,
                    const std::string& application) {
  if (run.context.dry_run) return;
  const std::optional<Backorder> needed = run.context.store.backorder_of_application(application);
  if (needed && !is_final(needed->state)) return;  // found and adopted since
  if (backorder.drop && run.context.now <= backorder.drop->deadline) {
    switch (engine::meaning_of_order(order_removal(run.context, provider, backorder, application))) {
      case engine::Meaning::success:
      case engine::Meaning::gone:
        run.add(Stage::submit, "surplus deleted", 1);
        return;
      case engine::Meaning::not_sent:
      case engine::Meaning::unknown:
        run.add(Stage::submit, "surplus", 1);
        return;
      case engine::Meaning::refused:
      case engine::Meaning::refused_after_tries:
      case engine::Meaning::stop:
      case engine::Meaning::look_up:
      case engine::Meaning::purse:
        break;
    }
  }
  UnitOfWork work(run.context);
  Changes changes;
  changes.cases.push_back(
      {engine::CaseKind::surplus_job, backorder.customer, backorder.id, application,
       "application " + application + " for " + backorder.name.ace() + " exists beside the one that is needed"});
  run.commit(work, changes);
  run.add(Stage::submit, "surplus", 1);
}

void look_up_one(SweepRun& run, const ProviderCall& call, const JobsByName& jobs, Backorder& surplus_of,
                 std::vector<std::string>& surplus) {
  engine::LedgerStore& store = run.context.store;
  UnitOfWork work(run.context);
  Backorder backorder = store.backorder(call.backorder).value();
  Customer customer = customer_of(store, backorder);
  const auto listed = jobs.find(backorder.name);
  const std::vector<ProviderJob> none;
  const std::vector<ProviderJob>& of_name = listed == jobs.end() ? none : listed->second;
  Changes changes;
  if (call.command == CallCommand::add) {
    std::vector<std::string> bound;
    for (const Backorder& other : on_name(store, backorder.name)) {
      if (other.application && other.id != backorder.id) bound.push_back(*other.application);
    }
    const engine::Milliseconds wait = store.settings().absence_wait;
    const auto looked = engine::look_up_add(changes, backorder, customer, call, of_name, bound, wait, run.context.now);
    run.require(looked);
    surplus = looked.value().surplus;
    run.add(Stage::submit, !looked.value().settled ? "unknown" : backorder.application ? "found" : "absent", 1);
  } else if (run.context.now >= call.intent_at + store.settings().absence_wait) {
    const bool absent =
        std::ranges::none_of(of_name, [&](const ProviderJob& job) { return job.application == call.application; });
    // Absent: deleted. Present: the deletion did not happen, and may be ordered again.
    const ProviderAnswer answer{.delivery = absent ? engine::Delivery::answered : engine::Delivery::not_sent,
                                .code = absent ? 545 : 0,
                                .text = absent ? "absent from the list" : ""};
    const auto deletion = engine::answer_remove(changes, backorder, customer, call, answer, absent, run.context.now);
    run.require(deletion);
    if (deletion.value() == engine::Deletion::confirmed) run.add(Stage::submit, "cancelled", 1);
  }
  surplus_of = backorder;
  run.commit(work, changes);
}

void look_up_unknown(SweepRun& run, engine::BackorderProvider& provider) {
  engine::LedgerStore& store = run.context.store;
  std::vector<ProviderCall> open;
  std::vector<DomainName> names;
  for (const ProviderCall& call : store.open_calls()) {
    const Backorder backorder = store.backorder(call.backorder).value();
    if (backorder.open_call == call.id) {
      open.push_back(call);
      names.push_back(backorder.name);
    } else {  // the deletion of a surplus job that was cut off or got no certain answer: once more, it is harmless
      remove_surplus(run, provider, backorder, call.application);
      UnitOfWork work(run.context);
      ProviderCall resolved = call;
      resolved.state = CallState::resolved;
      resolved.answered_at = run.context.now;
      Changes changes;
      changes.calls.push_back(resolved);
      run.commit(work, changes);
    }
  }
  if (open.empty()) return;
  run.move_on();  // the instant of the list that is read now
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const std::optional<JobsByName> jobs = read_jobs(run, provider, names);
  if (!jobs) return;
  for (const ProviderCall& call : open) {
    std::vector<std::string> surplus;
    Backorder backorder = store.backorder(call.backorder).value();
    look_up_one(run, call, *jobs, backorder, surplus);
    for (const std::string& application : surplus) remove_surplus(run, provider, backorder, application);
  }
}

// ---- deleting the jobs of backorders being cancelled ----

void delete_cancelled(SweepRun& run, engine::BackorderProvider& provider) {
  BackorderQuery query;
  query.states = {State::processing};
  query.with_job = true;
  query.with_open_call = false;
  query.cancelling = true;
  for (const Backorder& backorder : run.context.store.backorders(query)) {
    if (run.context.dry_run) continue;
    const auto deletion = delete_job(run, provider, backorder.id);
    run.require(deletion);
    switch (deletion.value()) {
      case engine::Deletion::confirmed:
        run.add(Stage::submit, "cancelled", 1);
        break;
      case engine::Deletion::refused:
        run.add(Stage::submit, "cancel refused", 1);
        break;
      case engine::Deletion::unknown:
        run.add(Stage::submit, "unknown", 1);
        break;
    }
  }
}

// ---- creating jobs ----

// What stands in the way of a job for this one, besides its own state.
struct NameFacts {
  bool blocked = false;  // another order for this name is open, or an earlier placed one comes first
  bool another = false;  // one of our jobs for this name exists
};
NameFacts facts_of_name(engine::LedgerStore& store, const Backorder& backorder) {
  NameFacts facts;
  for (const Backorder& other : on_name(store, backorder.name)) {
    if (other.id == backorder.id || is_final(other.state)) continue;
    if (other.open_call) facts.blocked = true;
    if (other.application) facts.another = true;
  }
  return facts;
}

bool pauses_after_refusal(engine::LedgerStore& store, const Backorder& backorder, engine::UtcTime now) {
  if (backorder.refusals == 0) return false;
  const std::vector<ProviderCall> calls = store.calls(backorder.id);
  return !calls.empty() && calls.back().answered_at && now < *calls.back().answered_at + engine::kRefusedPause;
}

struct Order {
  Backorder backorder;
  ProviderCall call;
  engine::AddJob job;
  bool unknown_before;
};

// Commits the intents of the next orders: at most one per name, in order of placing.
std::vector<Order> intend_next(SweepRun& run, std::span<const Backorder> candidates) {
  engine::LedgerStore& store = run.context.store;
  const std::vector<std::string> stopped = store.stopped_zones();
  UnitOfWork work(run.context);
  std::vector<Order> orders;
  Changes changes;
  for (const Backorder& candidate : candidates) {
    Backorder backorder = store.backorder(candidate.id).value();
    const Customer customer = customer_of(store, backorder);
    if (!engine::may_submit(backorder, customer.state, store.schedules().of(backorder.name.ace()), stopped,
                            run.context.now))
      continue;
    if (pauses_after_refusal(store, backorder, run.context.now)) continue;
    const NameFacts facts = facts_of_name(store, backorder);
    if (facts.blocked) continue;
    const std::vector<ProviderCall> calls = store.calls(backorder.id);
    const bool unknown_before = std::ranges::any_of(calls, [](const ProviderCall& call) {
      return call.command == CallCommand::add && call.state == CallState::resolved;
    });
    ProviderCall call = engine::intend(changes, backorder, CallCommand::add, store.next_call_id(),
                                       next_attempt(calls, CallCommand::add), run.context.now);
    // Sent within half of the absence wait or not at all, and answered within the other half or given up: so an order
    // has ended before a list that lacks it can prove anything, whoever reads that list.
    const engine::UtcTime not_after =
        std::min(backorder.drop->deadline, run.context.now + store.settings().absence_wait / 2);
    orders.push_back({backorder, std::move(call), {backorder.name, facts.another, not_after}, unknown_before});
  }
  run.commit(work, changes);
  if (!orders.empty()) run.reach(Milestone::after_intent);
  return orders;
}

// True where the provider took at least one of them.
bool send(SweepRun& run, engine::BackorderProvider& provider, std::span<const Order> orders) {
  std::vector<engine::AddJob> jobs;
  for (const Order& order : orders) jobs.push_back(order.job);
  std::vector<ProviderAnswer> answers(orders.size());  // what gets no answer stays unknown
  provider.add(jobs, [&](std::size_t index, const ProviderAnswer& answer) {
    answers.at(index) = answer;
    run.reach(Milestone::after_answer);
  });
  run.move_on();
  UnitOfWork work(run.context);
  Changes changes;
  bool taken = false;
  std::unordered_map<std::int64_t, Customer> customers;  // one account may have several orders in this batch
  for (std::size_t i = 0; i < orders.size(); ++i) {
    taken = taken || answers[i].delivery != engine::Delivery::not_sent;
    Backorder backorder = run.context.store.backorder(orders[i].backorder.id).value();
    // another sweep looked it up meanwhile; what it did not find is found by the next reading
    if (backorder.open_call != orders[i].call.id) continue;
    auto customer = customers.find(backorder.customer.value());
    if (customer == customers.end())
      customer = customers.emplace(backorder.customer.value(), customer_of(run.context.store, backorder)).first;
    run.require(engine::answer_add(changes, backorder, customer->second, orders[i].call, answers[i],
                                   orders[i].unknown_before, run.context.now));
    const char* what = backorder.state == State::processing ? "submitted"
                       : backorder.state == State::voided   ? "refused"
                       : backorder.open_call                ? "unknown"
                                                            : "postponed";
    run.add(Stage::submit, what, 1);
    if (answers[i].delivery == engine::Delivery::not_sent && run.report.count("not sent") == 0) {
      run.report.troubles.push_back(
          {engine::ErrorCode::provider_unreachable, provider.environment() + ": " + answers[i].text});
      run.add(Stage::submit, "not sent", 1);
    }
  }
  run.commit(work, changes);
  return taken;
}

void create_jobs(SweepRun& run, engine::BackorderProvider& provider) {
  BackorderQuery query;
  query.states = {State::active};
  query.with_job = false;
  query.with_open_call = false;
  std::vector<Backorder> waiting = run.context.store.backorders(query);
  std::erase_if(waiting, [&](const Backorder& row) { return !row.drop || run.context.now > row.drop->deadline; });
  if (run.context.dry_run) {
    run.add(Stage::submit, "to submit", static_cast<std::int64_t>(waiting.size()));
    return;
  }
  for (const std::string& zone : run.context.store.stopped_zones()) {
    const auto held_up =
        std::ranges::count_if(waiting, [&](const Backorder& row) { return zone.empty() || row.zone == zone; });
    if (held_up == 0) continue;
    run.report.troubles.push_back(
        {engine::ErrorCode::provider_stopped, "submitting " + (zone.empty() ? std::string() : "in ." + zone + " ") +
                                                  "is stopped and " + std::to_string(held_up) +
                                                  " wait: see 'cases', mend it, then 'provider resume'"});
  }
  std::ranges::sort(waiting, [](const Backorder& a, const Backorder& b) {
    return std::tie(a.placed_at, a.id) < std::tie(b.placed_at, b.id);
  });
  std::size_t done = 0;
  while (!waiting.empty()) {
    std::vector<Backorder> round, later;
    std::set<DomainName> names;
    for (Backorder& row : waiting) (names.insert(row.name).second ? round : later).push_back(std::move(row));
    for (std::size_t at = 0; at < round.size(); at += run.options.orders) {
      if (run.interrupted()) return;
      const std::size_t count = std::min(run.options.orders, round.size() - at);
      run.move_on();
      const std::vector<Order> orders = intend_next(run, std::span(round).subspan(at, count));
      // nobody there: the next sweep tries again
      if (!orders.empty() && !send(run, provider, orders)) return;
      done += count;
      if (run.options.progress) run.options.progress(Stage::submit, done);
    }
    waiting = std::move(later);
  }
}

// ---- reading ----

// What a single look at a job says that the list lacks, or says too little of.
void note_single_look(SweepRun& run, engine::BackorderProvider& provider, engine::BackorderId id,
                      const ProviderAnswer& answer) {
  const Backorder seen = run.context.store.backorder(id).value();
  const bool gone = answer.delivery == engine::Delivery::answered && answer.code == 545;
  bool charged = false;
  if (gone && seen.gone_since) {
    const engine::Result<bool> asked = provider.charged(seen.name, seen.submitted_at.value_or(seen.placed_at));
    if (!asked) return;
    charged = asked.value();
  }
  UnitOfWork work(run.context);
  Backorder backorder = run.context.store.backorder(id).value();
  Customer customer = customer_of(run.context.store, backorder);
  Changes changes;
  if (answer.job) {
    if (engine::observe(changes, backorder, *answer.job, run.context.now)) run.add(Stage::sync, "news", 1);
  } else if (gone) {
    run.require(engine::job_gone(changes, backorder, customer, charged, answer.raw, run.context.now));
    run.add(Stage::sync, backorder.state == State::cancelled ? "cancelled" : "gone", 1);
  }
  run.commit(work, changes);
}

struct Look {
  engine::BackorderId id;
  std::string application;
  const ProviderJob* listed = nullptr;  // where the list has it, too
};
void look_singly(SweepRun& run, engine::BackorderProvider& provider, std::span<const Look> looks) {
  std::vector<std::string> applications;
  for (const Look& look : looks) applications.push_back(look.application);
  std::vector<ProviderAnswer> answers(looks.size());
  provider.statuses(applications, [&](std::size_t index, const ProviderAnswer& answer) { answers.at(index) = answer; });
  std::size_t silent = 0;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    // it is there all the same
    if (looks[i].listed != nullptr && answers[i].code == 545) answers[i].job = *looks[i].listed;
    const bool definite =
        answers[i].job || (answers[i].delivery == engine::Delivery::answered && answers[i].code == 545);
    if (definite)
      note_single_look(run, provider, looks[i].id, answers[i]);
    else if (++silent == 1)
      run.report.troubles.push_back(
          {engine::ErrorCode::provider_unreachable, provider.environment() + ": " + answers[i].text});
  }
  if (silent > 0) run.add(Stage::sync, "not read", static_cast<std::int64_t>(silent));
}

// A job whose backorder ended already: news of it may contradict what was settled. A living job nobody is bound to, for
// a name that we ordered: surplus.
void note_strange_job(SweepRun& run, engine::BackorderProvider& provider, const ProviderJob& job) {
  engine::LedgerStore& store = run.context.store;
  if (std::optional<Backorder> ended = store.backorder_of_application(job.application)) {
    if (ended->provider_status == job.status) return;
    UnitOfWork work(run.context);
    Customer customer = customer_of(store, *ended);
    Changes changes;
    engine::observe(changes, *ended, job, run.context.now);
    run.require(engine::settle(changes, *ended, customer, {store.settings(), 0, std::nullopt, run.context.now}));
    run.commit(work, changes);
    run.add(Stage::sync, "news", 1);
    return;
  }
  if (engine::meaning_of_status(job.status).outcome) return;
  std::optional<Backorder> orderer;
  for (const Backorder& backorder : on_name(store, job.name)) {
    if (backorder.open_call) return;  // it may be this one's: the next look-up tells
    for (const ProviderCall& call : store.calls(backorder.id)) {
      const engine::UtcTime earliest = std::chrono::floor<std::chrono::seconds>(call.intent_at) - engine::kClockSkew;
      if (call.command == CallCommand::add && earliest <= job.created_at) orderer = backorder;
    }
  }
  if (orderer) remove_surplus(run, provider, *orderer, job.application);
}

}  // namespace

ProviderAnswer order_removal(const Context& context, engine::BackorderProvider& provider, const Backorder& backorder,
                             const std::string& application) {
  engine::LedgerStore& store = context.store;
  ProviderCall call{.id = 0,
                    .backorder = backorder.id,
                    .command = CallCommand::remove,
                    .attempt = next_attempt(store.calls(backorder.id), CallCommand::remove),
                    .intent_at = context.now,
                    .application = application};
  const auto write = [&](std::vector<ProviderCall> Changes::*where) {
    UnitOfWork work(context);
    if (call.id == 0) call.id = store.next_call_id();
    Changes changes;
    (changes.*where).push_back(call);
    const engine::Status written = store.apply(changes, context.stamp());
    ENSURE(bool(written), "a call can be noted");
    work.keep();
  };
  write(&Changes::new_calls);
  const ProviderAnswer answer = provider.remove(application);
  const engine::Meaning meaning = engine::meaning_of_order(answer);
  call.state = meaning == engine::Meaning::not_sent  ? CallState::not_sent
               : meaning == engine::Meaning::unknown ? CallState::unknown
                                                     : CallState::answered;
  call.answered_at = context.now;
  call.code = answer.code;
  call.text = answer.text;
  write(&Changes::calls);
  return answer;
}

engine::Result<engine::Deletion> delete_job(SweepRun& run, engine::BackorderProvider& provider,
                                            engine::BackorderId id) {
  engine::LedgerStore& store = run.context.store;
  std::optional<ProviderCall> call;
  {
    run.move_on();
    UnitOfWork work(run.context);
    Backorder backorder = store.backorder(id).value();
    Changes changes;
    call = engine::intend(changes, backorder, CallCommand::remove, store.next_call_id(),
                          next_attempt(store.calls(id), CallCommand::remove), run.context.now);
    run.commit(work, changes);
    run.reach(Milestone::after_intent);
  }
  const ProviderAnswer answer = provider.remove(call->application);
  run.reach(Milestone::after_answer);
  bool absent = false;
  if (engine::meaning_of_order(answer) == engine::Meaning::gone) {
    const Backorder backorder = store.backorder(id).value();
    const engine::Result<bool> looked = is_job_absent(provider, backorder);
    absent = looked && looked.value();
  }
  UnitOfWork work(run.context);
  Backorder backorder = store.backorder(id).value();
  Customer customer = customer_of(store, backorder);
  Changes changes;
  const engine::Result<engine::Deletion> deletion =
      engine::answer_remove(changes, backorder, customer, *call, answer, absent, run.context.now);
  if (!deletion) return deletion;
  run.commit(work, changes);
  return deletion;
}

engine::Result<bool> is_job_absent(engine::BackorderProvider& provider, const Backorder& backorder) {
  const DomainName names[] = {backorder.name};
  const engine::Result<std::vector<ProviderJob>> listed = provider.jobs(names);
  if (!listed) return listed.error();
  if (std::ranges::any_of(listed.value(),
                          [&](const ProviderJob& job) { return job.application == backorder.application; }))
    return false;
  const ProviderAnswer answer = provider.status(backorder.application.value_or(""));
  if (answer.delivery != engine::Delivery::answered)
    return engine::Error{engine::ErrorCode::provider_unreachable, provider.environment() + ": " + answer.text};
  return answer.code == 545;
}

void submit_jobs(SweepRun& run, engine::BackorderProvider& provider) {
  if (!run.context.dry_run) look_up_unknown(run, provider);
  delete_cancelled(run, provider);
  create_jobs(run, provider);
}

void sync_jobs(SweepRun& run, engine::BackorderProvider& provider) {
  const engine::Result<std::vector<ProviderJob>> listed = provider.jobs({});
  if (!listed) {
    run.report.troubles.push_back(listed.error());
    return;
  }
  const std::vector<ProviderJob>& jobs = listed.value();
  std::pmr::monotonic_buffer_resource nodes;  // one after the other: made and dropped by the hundred thousand
  std::pmr::unordered_map<std::string_view, std::size_t> by_application(&nodes);
  by_application.reserve(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) by_application.emplace(jobs[i].application, i);
  BackorderQuery query;
  query.states = {State::processing, State::auction_pending};
  query.with_job = true;
  std::vector<bool> is_bound(jobs.size(), false);
  std::vector<Look> looks;
  each_chunk(run, Stage::sync, query, Deciding::ahead, [&](Decided& decided, engine::AccountRows& rows) {
    std::vector<std::size_t> bound;
    std::vector<Look> closer;
    for (Backorder& backorder : rows.backorders) {
      const auto found = by_application.find(*backorder.application);
      if (found == by_application.end()) {
        closer.push_back({backorder.id, *backorder.application});
        continue;
      }
      const ProviderJob& job = jobs[found->second];
      bound.push_back(found->second);
      if (engine::needs_a_closer_look(job))
        closer.push_back({backorder.id, *backorder.application, &job});
      else if (engine::observe(decided.changes, backorder, job, run.context.now))
        decided.report.add(Stage::sync, "news", 1);
    }
    decided.kept = [&, bound = std::move(bound), closer = std::move(closer)] {
      for (const std::size_t job : bound) is_bound[job] = true;
      looks.insert(looks.end(), closer.begin(), closer.end());
    };
  });
  look_singly(run, provider, looks);
  std::erase_if(by_application, [&](const auto& job) { return is_bound[job.second]; });
  if (by_application.empty()) return;
  // A provider lists for ever what ended; only what it says anew about one of those is looked at.
  run.context.store.each_ended_application([&](std::string_view application, std::string_view status) {
    const auto found = by_application.find(application);
    if (found != by_application.end() && jobs[found->second].status == status) by_application.erase(found);
  });
  for (const ProviderJob& job : jobs) {
    if (run.interrupted()) return;
    if (by_application.contains(job.application)) note_strange_job(run, provider, job);
  }
}

}  // namespace operations
