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
using engine::to_string;

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

// The jobs of one complete list, by name.
struct JobsByName {
  std::map<DomainName, std::vector<ProviderJob>> jobs{};
  std::vector<engine::UnreadJob> unread{};
  std::optional<engine::Milliseconds> clock_ahead{};

  explicit JobsByName(const engine::JobList& list) : unread(list.unread), clock_ahead(list.clock_ahead) {
    for (const ProviderJob& job : list.jobs) jobs[job.name].push_back(job);
  }
  std::span<const ProviderJob> of(const DomainName& name) const {
    const auto found = jobs.find(name);
    return found == jobs.end() ? std::span<const ProviderJob>() : found->second;
  }
  bool may_be_unread(const DomainName& name) const {
    return std::ranges::any_of(unread, [&](const engine::UnreadJob& row) { return row.may_be(name); });
  }
};

// Rows that cannot be read are said once a run.
void note_unread(SweepRun& run, engine::BackorderProvider& provider, const engine::JobList& list) {
  if (list.unread.empty()) return;
  const std::string rows = list.unread.size() == 1 ? "a row" : std::to_string(list.unread.size()) + " rows, the first";
  run.report.notes.push_back(provider.environment() + ": " + rows +
                             " of the list of jobs cannot be read and was passed over: " + list.unread.front().what);
}

// The list of this run, or one of the names alone; nothing when the provider does not answer.
std::optional<JobsByName> read_jobs(SweepRun& run, engine::BackorderProvider& provider,
                                    const std::vector<DomainName>& names) {
  if (run.listed) return JobsByName(*run.listed);
  const engine::Result<engine::JobList> listed = provider.jobs(names);
  if (!listed) {
    run.report.errors.push_back(listed.error());
    return std::nullopt;
  }
  note_unread(run, provider, listed.value());
  return JobsByName(listed.value());
}

// Applications at the provider that are not this backorder's: other backorders' of its name, open or ended.
std::vector<std::string> bound_elsewhere(engine::LedgerStore& store, const Backorder& backorder,
                                         std::span<const ProviderJob> jobs) {
  std::vector<std::string> bound;
  for (const ProviderJob& job : jobs) {
    const std::optional<Backorder> owner = store.backorder_of_application(job.application);
    if (owner && owner->id != backorder.id) bound.push_back(job.application);
  }
  return bound;
}

// Applications of which a person said that they are not this backorder's.
std::vector<std::string> disowned(engine::LedgerStore& store, engine::BackorderId backorder) {
  std::vector<std::string> subjects;
  for (const engine::CaseKind kind : {engine::CaseKind::doubtful_job, engine::CaseKind::surplus_job}) {
    engine::CaseQuery query;
    query.kind = kind;
    query.backorder = backorder;
    query.open_only = false;
    const std::string_view acknowledged = to_word(engine::Resolution::acknowledge);
    for (engine::Case& one : store.cases(query)) {
      if (one.closed_at && one.resolution.starts_with(acknowledged)) subjects.push_back(std::move(one.subject));
    }
  }
  return subjects;
}

void note_wrong_answer(SweepRun& run, engine::BackorderId id, const std::string& asked, const std::string& instead,
                       const std::string& raw) {
  run.contradicted.insert(id);
  UnitOfWork work(run.context);
  const Backorder backorder = run.context.store.backorder(id).value();
  engine::CaseQuery open;
  open.kind = engine::CaseKind::wrong_answer;
  open.backorder = id;
  if (!run.context.store.cases(open).empty()) return;  // the first one says it
  Changes changes;
  engine::note_wrong_answer(changes, backorder, asked, instead, raw);
  run.commit(work, changes);
  run.add(Stage::sync, "wrong answers", 1);
}

// ---- orders whose outcome is unknown ----

// A job beyond the one each backorder needs: deleted before the deadline where we ordered it, again at each sweep while
// the provider gives no certain answer; a case for a person after it, or where the provider refuses.
void remove_surplus(SweepRun& run, engine::BackorderProvider& provider, const Backorder& backorder,
                    const std::string& application, bool is_ours) {
  if (run.context.dry_run) return;
  engine::LedgerStore& store = run.context.store;
  const std::optional<Backorder> needed = store.backorder_of_application(application);
  if (needed && !is_final(needed->state)) return;  // found and adopted since
  if (is_ours && backorder.drop && run.context.now <= backorder.drop->deadline) {
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
      case engine::Meaning::provider_balance:
        break;
    }
  }
  engine::CaseQuery open;
  open.kind = engine::CaseKind::surplus_job;
  open.backorder = backorder.id;
  const std::vector<std::string> known = disowned(store, backorder.id);
  if (!store.cases(open).empty() || std::ranges::find(known, application) != known.end()) return;
  UnitOfWork work(run.context);
  Changes changes;
  changes.cases.push_back(
      {engine::CaseKind::surplus_job, backorder.customer, backorder.id, application,
       "application " + application + " for " + backorder.name.ace() + " exists beside the one that is needed"});
  run.commit(work, changes);
  run.add(Stage::submit, "surplus", 1);
}

bool is_ordered_by_us(SweepRun& run, const Backorder& backorder, std::span<const ProviderJob> jobs,
                      const std::string& application, std::optional<engine::Milliseconds> clock_ahead) {
  const auto job = std::ranges::find(jobs, application, &ProviderJob::application);
  if (job == jobs.end()) return false;
  for (const Backorder& one : on_name(run.context.store, backorder.name)) {
    if (engine::is_ordered_by_us(*job, run.context.store.calls(one.id), clock_ahead,
                                 run.context.store.settings().absence_wait))
      return true;
  }
  return false;
}

void look_up_one(SweepRun& run, const ProviderCall& call, const JobsByName& listed, Backorder& surplus_of,
                 std::vector<std::string>& surplus) {
  engine::LedgerStore& store = run.context.store;
  UnitOfWork work(run.context);
  Backorder backorder = store.backorder(call.backorder).value();
  if (backorder.open_call != call.id) return;  // another sweep has looked it up meanwhile
  Customer customer = customer_of(store, backorder);
  const std::span<const ProviderJob> jobs = listed.of(backorder.name);
  Changes changes;
  if (call.command == CallCommand::add) {
    const std::vector<std::string> bound = bound_elsewhere(store, backorder, jobs),
                                   strange = disowned(store, backorder.id);
    const auto looked = engine::look_up_add(changes, backorder, customer, call,
                                            {.jobs = jobs,
                                             .may_be_unread = listed.may_be_unread(backorder.name),
                                             .clock_ahead = listed.clock_ahead,
                                             .bound = bound,
                                             .disowned = strange,
                                             .absence_wait = store.settings().absence_wait,
                                             .ask = store.settings().ask_to_adopt,
                                             .now = run.context.now});
    run.require(looked);
    surplus = looked.value().surplus;
    run.add(Stage::sync,
            !looked.value().settled            ? "unknown"
            : backorder.application            ? "found"
            : backorder.state == State::voided ? "refused"
                                               : "absent",
            1);
  } else if (run.context.now >= call.intent_at + store.settings().absence_wait &&
             !listed.may_be_unread(backorder.name)) {
    const bool absent =
        std::ranges::none_of(jobs, [&](const ProviderJob& job) { return job.application == call.application; });
    // Absent: deleted. Present: the deletion did not happen, and may be ordered again.
    const ProviderAnswer answer{.delivery = absent ? engine::Delivery::answered : engine::Delivery::not_sent,
                                .code = absent ? 545 : 0,
                                .text = absent ? "absent from the list" : ""};
    const auto deletion = engine::answer_remove(changes, backorder, customer, call, answer, absent, run.context.now);
    run.require(deletion);
    if (deletion.value() == engine::Deletion::confirmed) run.add(Stage::sync, "cancelled", 1);
  }
  surplus_of = backorder;
  run.commit(work, changes);
}

void look_up_unknown(SweepRun& run, engine::BackorderProvider& provider) {
  if (std::exchange(run.has_looked_up, true)) return;
  engine::LedgerStore& store = run.context.store;
  std::vector<ProviderCall> open;
  std::vector<DomainName> names;
  for (const ProviderCall& call : store.open_calls()) {
    const Backorder backorder = store.backorder(call.backorder).value();
    if (backorder.open_call == call.id) {
      open.push_back(call);
      names.push_back(backorder.name);
    } else {  // the deletion of a surplus job that was cut off or got no certain answer: once more, it is harmless
      if (call.command == CallCommand::remove) remove_surplus(run, provider, backorder, call.application, true);
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
  if (!run.listed) run.move_on();  // the instant of the list that is read now
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  const std::optional<JobsByName> listed = read_jobs(run, provider, names);
  if (!listed) return;
  for (const ProviderCall& call : open) {
    std::vector<std::string> surplus;
    Backorder backorder = store.backorder(call.backorder).value();
    look_up_one(run, call, *listed, backorder, surplus);
    const std::span<const ProviderJob> jobs = listed->of(backorder.name);
    for (const std::string& application : surplus)
      remove_surplus(run, provider, backorder, application,
                     is_ordered_by_us(run, backorder, jobs, application, listed->clock_ahead));
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

// Facts outside the backorder that may prevent its job.
struct NameFacts {
  bool blocked = false;          // another order for this name is open, or an earlier placed one comes first
  bool allow_duplicate = false;  // one of our jobs for this name exists
};
NameFacts facts_of_name(engine::LedgerStore& store, const Backorder& backorder) {
  NameFacts facts;
  for (const Backorder& other : on_name(store, backorder.name)) {
    if (other.id == backorder.id || is_final(other.state)) continue;
    if (other.open_call || other.in_doubt) facts.blocked = true;
    if (other.application) facts.allow_duplicate = true;
  }
  return facts;
}

// Between two tries: so that a sweep at the same instant does nothing, and a refusal is not asked for by the second.
bool pauses(const Backorder& backorder, std::span<const ProviderCall> calls, engine::UtcTime now) {
  if (calls.empty() || !calls.back().answered_at) return false;
  const engine::UtcTime last = *calls.back().answered_at;
  if (backorder.refusals > 0 && now < last + engine::kRefusedPause) return true;
  return backorder.provider_balance_empty && now < last + engine::kProviderBalancePause;
}

struct Order {
  Backorder backorder;
  ProviderCall call;
  engine::AddJob job;
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
    const std::vector<ProviderCall> calls = store.calls(backorder.id);
    if (pauses(backorder, calls, run.context.now)) continue;
    const NameFacts facts = facts_of_name(store, backorder);
    if (facts.blocked) continue;
    ProviderCall call = engine::intend(changes, backorder, CallCommand::add, store.next_call_id(),
                                       next_attempt(calls, CallCommand::add), run.context.now);
    // Sent within half of the absence wait or not at all, and answered within the other half or given up: so an order
    // has ended before a list that lacks it can prove anything, whoever reads that list.
    const engine::UtcTime not_after =
        std::min(backorder.drop->deadline, run.context.now + store.settings().absence_wait / 2);
    orders.push_back({backorder, std::move(call), {backorder.name, facts.allow_duplicate, not_after}});
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
  std::unordered_set<std::string> given;                 // applications that this batch binds
  std::unordered_map<std::int64_t, Customer> customers;  // one account may have several orders in this batch
  for (std::size_t i = 0; i < orders.size(); ++i) {
    taken = taken || answers[i].delivery != engine::Delivery::not_sent;
    Backorder backorder = run.context.store.backorder(orders[i].backorder.id).value();
    // another sweep looked it up meanwhile; what it did not find is found by the next reading
    if (backorder.open_call != orders[i].call.id) continue;
    auto customer = customers.find(backorder.customer.value());
    if (customer == customers.end())
      customer = customers.emplace(backorder.customer.value(), customer_of(run.context.store, backorder)).first;
    bool elsewhere = false;
    if (answers[i].job) {
      const std::optional<Backorder> owner = run.context.store.backorder_of_application(answers[i].job->application);
      elsewhere = (owner && owner->id != backorder.id) || given.contains(answers[i].job->application);
    }
    run.require(engine::answer_add(changes, backorder, customer->second, orders[i].call, answers[i], elsewhere,
                                   run.context.now));
    if (backorder.application) given.insert(*backorder.application);
    const char* what = backorder.state == State::processing ? "submitted"
                       : backorder.state == State::voided   ? "refused"
                       : backorder.open_call                ? "unknown"
                                                            : "postponed";
    run.add(Stage::submit, what, 1);
    if (answers[i].delivery == engine::Delivery::not_sent && run.report.count("not sent") == 0) {
      run.report.errors.push_back(
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
    run.report.errors.push_back(
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

// Reads the status of jobs that the list lacks, or about which it says too little.
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
  } else if (gone && backorder.state == State::requested) {  // found at the provider before its deposit was due
    backorder.application = std::nullopt;
    backorder.provider_status.clear();
    changes.backorders.push_back(backorder);
  } else if (gone) {
    run.require(engine::job_gone(changes, backorder, customer, charged, answer.raw, run.context.now));
    run.add(Stage::sync, backorder.state == State::cancelled ? "cancelled" : "gone", 1);
  }
  run.commit(work, changes);
}

struct Look {
  engine::BackorderId id;
  std::string application;
  DomainName name;
  const ProviderJob* listed = nullptr;  // where the list has it, too
  bool may_be_unread = false;           // or a row of it that cannot be read
};
void look_singly(SweepRun& run, engine::BackorderProvider& provider, std::span<const Look> looks) {
  std::vector<std::string> applications;
  for (const Look& look : looks) applications.push_back(look.application);
  std::vector<ProviderAnswer> answers(looks.size());
  provider.statuses(applications, [&](std::size_t index, const ProviderAnswer& answer) { answers.at(index) = answer; });
  std::size_t silent = 0;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const std::string instead = engine::about_another(answers[i], looks[i].application, looks[i].name);
    if (!instead.empty()) {
      note_wrong_answer(run, looks[i].id, "StatusDomainApplication " + looks[i].application, instead, answers[i].raw);
      continue;
    }
    const bool gone = answers[i].delivery == engine::Delivery::answered && answers[i].code == 545;
    // it is there all the same
    if (looks[i].listed != nullptr && gone) answers[i].job = *looks[i].listed;
    const bool definite = answers[i].job || (gone && !looks[i].may_be_unread);
    if (definite)
      note_single_look(run, provider, looks[i].id, answers[i]);
    else if (++silent == 1)
      run.report.errors.push_back(
          {engine::ErrorCode::provider_unreachable, provider.environment() + ": " + answers[i].text});
  }
  if (silent > 0) run.add(Stage::sync, "not read", static_cast<std::int64_t>(silent));
}

// A job whose backorder ended already: news of it may contradict what was settled.
void note_ended_job(SweepRun& run, Backorder ended, const ProviderJob& job) {
  engine::LedgerStore& store = run.context.store;
  if (job.name != ended.name) {
    note_wrong_answer(run, ended.id, "application " + job.application,
                      job.name.ace() + " instead of " + ended.name.ace(), job.raw);
    return;
  }
  if (ended.provider_status == job.status) return;
  UnitOfWork work(run.context);
  Customer customer = customer_of(store, ended);
  Changes changes;
  engine::observe(changes, ended, job, run.context.now);
  run.require(engine::settle(changes, ended, customer, {store.settings(), {}, std::nullopt, run.context.now}));
  run.commit(work, changes);
  run.add(Stage::sync, "news", 1);
}

// Binds what an open backorder wants, and says what of it is a person's to decide. The backorders as they are then.
std::vector<Backorder> bind_claims(SweepRun& run, std::span<const ProviderJob> unbound,
                                   std::optional<engine::UtcTime> since,
                                   std::optional<engine::Milliseconds> clock_ahead, std::set<std::string>& bound) {
  engine::LedgerStore& store = run.context.store;
  UnitOfWork work(run.context);
  std::vector<Backorder> rows = on_name(store, unbound.front().name);
  Changes changes;
  std::map<engine::CustomerId, Customer> customers;
  for (const engine::Claim& claim : engine::claims(rows, unbound, since, clock_ahead)) {
    Backorder& backorder = *std::ranges::find(rows, claim.backorder->id, &Backorder::id);
    const std::vector<std::string> strange = disowned(store, backorder.id);
    if (std::ranges::find(strange, claim.job->application) != strange.end()) continue;
    bound.insert(claim.job->application);
    if (store.settings().ask_to_adopt &&
        !engine::is_ordered_by_us(*claim.job, store.calls(backorder.id), clock_ahead, store.settings().absence_wait)) {
      if (backorder.in_doubt == claim.job->application) continue;
      engine::doubt(changes, backorder, *claim.job,
                    "this book did not order it, and provider.adopt is 'ask'; the deposit stays");
      run.add(Stage::sync, "in doubt", 1);
      continue;
    }
    Customer& customer = customers.try_emplace(backorder.customer, customer_of(store, backorder)).first->second;
    run.require(engine::bind_job(changes, backorder, customer, *claim.job, "found at the provider", run.context.now));
    changes.backorders.push_back(backorder);
    run.add(Stage::sync, "adopted", 1);
  }
  run.commit(work, changes);
  return rows;
}

// Jobs of our account for one name that no backorder is bound to. REQUIRES: not empty.
void note_strange_jobs(SweepRun& run, engine::BackorderProvider& provider, std::span<const ProviderJob> unbound,
                       std::optional<engine::Milliseconds> clock_ahead) {
  engine::LedgerStore& store = run.context.store;
  std::set<std::string> bound;
  const std::vector<Backorder> rows = bind_claims(run, unbound, std::nullopt, clock_ahead, bound);
  // it may be this one's: the next look-up tells
  if (std::ranges::any_of(rows, [](const Backorder& row) { return row.open_call && !row.application; })) return;
  for (const ProviderJob& job : unbound) {
    if (bound.contains(job.application) || !engine::is_of_our_class(job)) continue;
    const engine::StatusMeaning meaning = engine::meaning_of_status(job.status);
    std::optional<Backorder> orderer, open;
    for (const Backorder& row : rows) {
      if (engine::is_ordered_by_us(job, store.calls(row.id), clock_ahead, store.settings().absence_wait)) orderer = row;
      if (!is_final(row.state)) open = row;
    }
    if (meaning.lives) {
      if (orderer || open)
        remove_surplus(run, provider, orderer ? *orderer : *open, job.application, orderer.has_value());
      continue;
    }
    if (meaning.outcome != State::successful && meaning.outcome != State::auction_won) continue;
    if (open && !open->application && !open->in_doubt &&
        engine::age_against(open->placed_at, job.created_at, clock_ahead) != engine::Age::before) {
      // nobody ordered it as far as this book knows, and the name is ours: its deposit stays until a person decides
      const std::vector<std::string> strange = disowned(store, open->id);
      if (std::ranges::find(strange, job.application) != strange.end()) continue;
      UnitOfWork work(run.context);
      Backorder wanting = store.backorder(open->id).value();
      Changes changes;
      engine::doubt(changes, wanting, job, "the name is registered by an application that no order of this book made");
      run.commit(work, changes);
      run.add(Stage::sync, "in doubt", 1);
    } else if (orderer && is_final(orderer->state)) {
      // we ordered it, its deposit went back, and the name is ours all the same
      engine::CaseQuery before;
      before.kind = engine::CaseKind::late_success;
      before.backorder = orderer->id;
      before.open_only = false;
      if (!store.cases(before).empty()) continue;
      UnitOfWork work(run.context);
      Changes changes;
      changes.cases.push_back({engine::CaseKind::late_success, orderer->customer, orderer->id, job.application,
                               "settled as " + std::string(to_word(orderer->state)) + ", the provider says " +
                                   job.status + " of application " + job.application + ", which nobody was bound to"});
      changes.evidence.push_back({orderer->id, job.status, job.raw});
      run.commit(work, changes);
      run.add(Stage::sync, "late", 1);
    }
  }
}

// Doubts that the list answers: the application is gone, or ended without the name.
void end_doubts(SweepRun& run, const std::unordered_map<std::string_view, const ProviderJob*>& listed) {
  engine::CaseQuery query;
  query.kind = engine::CaseKind::doubtful_job;
  for (const engine::Case& one : run.context.store.cases(query)) {
    UnitOfWork work(run.context);
    Backorder backorder = run.context.store.backorder(one.backorder.value()).value();
    const auto found = listed.find(one.subject);
    const bool lasts =
        found != listed.end() && (engine::meaning_of_status(found->second->status).lives ||
                                  engine::meaning_of_status(found->second->status).outcome == State::successful);
    if (backorder.in_doubt != one.subject || lasts) continue;
    if (run.listed && std::ranges::any_of(run.listed->unread,
                                          [&](const engine::UnreadJob& row) { return row.may_be(backorder.name); }))
      continue;
    if (found != listed.end() && backorder.open_call) continue;  // its age is still in doubt
    backorder.in_doubt = std::nullopt;
    Changes changes;
    changes.backorders.push_back(backorder);
    run.commit(work, changes);
  }
}

// A book that was put back from a copy has now read what the provider knows.
void note_read(SweepRun& run) {
  const engine::BookInfo info = run.context.store.book();
  if (!info.must_be_read() || run.context.dry_run) return;
  UnitOfWork work(run.context);
  Changes changes;
  changes.restoration = info.restoration;
  changes.restoration->read_at = run.context.now;
  changes.events.push_back({engine::EventKind::restored,
                            {},
                            {},
                            {},
                            {},
                            {},
                            "the provider's jobs were read and adopted after the book was put back from a copy of " +
                                to_string(info.restoration->copied_at) + "; see 'restore --report'"});
  run.commit(work, changes);
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
  ProviderAnswer answer = provider.remove(application);
  if (const std::string instead = engine::about_another(answer, application, backorder.name); !instead.empty()) {
    answer.delivery = engine::Delivery::unknown;  // of another question
    answer.text = "about " + instead;
  }
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
    const engine::Result<bool> looked = is_job_absent(store, provider, backorder);
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

engine::Result<bool> is_job_absent(engine::LedgerStore& store, engine::BackorderProvider& provider,
                                   const Backorder& backorder) {
  const DomainName names[] = {backorder.name};
  const engine::Result<engine::JobList> listed = provider.jobs(names);
  if (!listed) return listed.error();
  const JobsByName list(listed.value());
  if (list.may_be_unread(backorder.name)) return false;
  const std::vector<std::string> bound = bound_elsewhere(store, backorder, list.of(backorder.name));
  for (const ProviderJob& job : list.of(backorder.name)) {
    if (job.application == backorder.application) return false;
    // one that nobody is bound to may be this one's
    if (engine::is_of_our_class(job) && std::ranges::find(bound, job.application) == bound.end()) return false;
  }
  if (!backorder.application) return true;
  const ProviderAnswer answer = provider.status(*backorder.application);
  const std::string instead = engine::about_another(answer, *backorder.application, backorder.name);
  if (answer.delivery != engine::Delivery::answered || !instead.empty()) {
    return engine::Error{
        engine::ErrorCode::provider_unreachable,
        provider.environment() + ": " + (instead.empty() ? answer.text : "an answer about " + instead)};
  }
  return answer.code == 545;
}

void submit_jobs(SweepRun& run, engine::BackorderProvider& provider) {
  if (!run.context.dry_run) look_up_unknown(run, provider);
  delete_cancelled(run, provider);
  create_jobs(run, provider);
}

void sync_jobs(SweepRun& run, engine::BackorderProvider& provider) {
  engine::LedgerStore& store = run.context.store;
  run.move_on();
  engine::Result<engine::JobList> read = provider.jobs({});
  if (!read) {
    run.report.errors.push_back(read.error());
    look_up_unknown(run, provider);  // by name, where that is answered
    return;
  }
  note_unread(run, provider, read.value());
  run.listed = std::move(read).value();
  const std::vector<ProviderJob>& jobs = run.listed->jobs;
  std::pmr::monotonic_buffer_resource nodes;  // one after the other: made and dropped by the hundred thousand
  std::pmr::unordered_map<std::string_view, std::size_t> by_application(&nodes);
  by_application.reserve(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) by_application.emplace(jobs[i].application, i);
  std::vector<bool> is_bound(jobs.size(), false);
  std::vector<Look> looks;
  struct Wrong {
    engine::BackorderId id;
    const ProviderJob* job;
    std::string instead;
  };
  std::vector<Wrong> wrong;
  const auto may_be_unread = [&](const Backorder& backorder) {
    return std::ranges::any_of(run.listed->unread, [&](const engine::UnreadJob& row) {
      return row.application == backorder.application || (row.application.empty() && row.may_be(backorder.name));
    });
  };
  const auto read_bound = [&](Decided& decided, engine::AccountRows& rows) {
    std::vector<std::size_t> bound;
    std::vector<Look> closer;
    std::vector<Wrong> strange;
    for (Backorder& backorder : rows.backorders) {
      const auto found = by_application.find(*backorder.application);
      if (found == by_application.end()) {
        closer.push_back({backorder.id, *backorder.application, backorder.name, nullptr, may_be_unread(backorder)});
        continue;
      }
      const ProviderJob& job = jobs[found->second];
      bound.push_back(found->second);
      if (job.name != backorder.name) {
        strange.push_back({backorder.id, &job, job.name.ace() + " instead of " + backorder.name.ace()});
        closer.push_back({backorder.id, *backorder.application, backorder.name, nullptr, true});
      } else if (engine::needs_a_closer_look(job)) {
        closer.push_back({backorder.id, *backorder.application, backorder.name, &job});
      } else if (engine::observe(decided.changes, backorder, job, run.context.now)) {
        decided.report.add(Stage::sync, "news", 1);
      }
    }
    decided.kept = [&, bound = std::move(bound), closer = std::move(closer), strange = std::move(strange)] {
      for (const std::size_t job : bound) is_bound[job] = true;
      looks.insert(looks.end(), closer.begin(), closer.end());
      wrong.insert(wrong.end(), strange.begin(), strange.end());
    };
  };
  BackorderQuery query;
  query.states = {State::processing, State::auction_pending};
  query.with_job = true;
  each_chunk(run, Stage::sync, query, Deciding::prefetched, read_bound);
  query.states = {State::requested};
  each_chunk(run, Stage::sync, query, Deciding::prefetched, read_bound);
  for (const Wrong& one : wrong)
    note_wrong_answer(run, one.id, "application " + one.job->application, one.instead, one.job->raw);
  std::erase_if(by_application, [&](const auto& job) { return is_bound[job.second]; });
  // A provider lists for ever what ended; only what it says anew about one of those is looked at.
  if (!by_application.empty()) {
    store.each_ended_application([&](std::string_view application, std::string_view status) {
      const auto found = by_application.find(application);
      if (found != by_application.end() && jobs[found->second].status == status) by_application.erase(found);
    });
  }
  const engine::BookInfo info = store.book();
  const std::optional<engine::UtcTime> since =
      info.must_be_read() ? std::optional(info.restoration->copied_at) : std::nullopt;
  std::map<DomainName, std::vector<ProviderJob>> unbound;
  for (const ProviderJob& job : jobs) {
    if (run.interrupted()) return;
    if (!by_application.contains(job.application)) continue;
    if (std::optional<Backorder> owner = store.backorder_of_application(job.application)) {
      if (is_final(owner->state)) note_ended_job(run, *std::move(owner), job);
      continue;
    }
    unbound[job.name].push_back(job);
  }
  // In a book that was put back from a copy everything is bound before anything is sent or given back.
  std::set<std::string> bound;
  if (since) {
    for (const auto& [name, theirs] : unbound) bind_claims(run, theirs, since, run.listed->clock_ahead, bound);
    if (run.interrupted()) return;
    note_read(run);
  }
  look_singly(run, provider, looks);
  std::unordered_map<std::string_view, const ProviderJob*> listed;
  for (auto& [name, theirs] : unbound) {
    if (run.interrupted()) return;
    std::erase_if(theirs, [&](const ProviderJob& job) { return bound.contains(job.application); });
    if (theirs.empty()) continue;
    note_strange_jobs(run, provider, theirs, run.listed->clock_ahead);
    for (const ProviderJob& job : theirs) listed.emplace(job.application, &job);
  }
  end_doubts(run, listed);
  look_up_unknown(run, provider);
}

}  // namespace operations
