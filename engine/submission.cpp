#include "engine/submission.hpp"

#include <algorithm>

namespace engine {
namespace {

void complete(Changes& changes, Backorder& backorder, ProviderCall& call, CallState state, const ProviderAnswer& answer,
              UtcTime now) {
  call.state = state;
  call.answered_at = now;
  call.code = answer.code;
  call.text = answer.text;
  if (answer.job && call.command == CallCommand::add) call.application = answer.job->application;
  changes.calls.push_back(call);
  if (state != CallState::unknown) backorder.open_call = std::nullopt;
}

std::string code_and_text(const ProviderAnswer& answer) { return std::to_string(answer.code) + " " + answer.text; }

void take_job(Backorder& backorder, const ProviderJob& job, UtcTime now) {
  backorder.application = job.application;
  backorder.provider_status = job.status;
  backorder.provider_status_at = now;
  backorder.provider_balance_empty = false;
  backorder.in_doubt = std::nullopt;
}

std::string described(const ProviderJob& job) {
  return "application " + job.application + " for " + job.name.ace() + ", " + job.status + ", created " +
         (job.created_at ? to_string(*job.created_at) : "at an unreadable date");
}

bool is_older(const ProviderJob* a, const ProviderJob* b) {
  const UtcTime last = UtcTime::max();
  return std::tuple(a->created_at.value_or(last), a->application.size(), a->application) <
         std::tuple(b->created_at.value_or(last), b->application.size(), b->application);
}

bool won(const ProviderJob& job) {
  const std::optional<State> outcome = meaning_of_status(job.status).outcome;
  return outcome == State::successful || outcome == State::auction_won;
}

void stop_submitting(Changes& changes, const Backorder& backorder, const ProviderAnswer& answer) {
  // 510: this class is not on offer; the others concern us as a whole
  const std::string zone = answer.code == 510 ? backorder.zone : "";
  // said already, by an order of the same batch
  if (std::ranges::find(changes.stopped_zones, zone) != changes.stopped_zones.end()) return;
  const std::string what = zone.empty() ? "the whole environment" : "zone ." + zone;
  changes.stopped_zones.push_back(zone);
  changes.events.push_back({EventKind::submitting_stopped,
                            {},
                            backorder.id,
                            {},
                            {},
                            {},
                            "submitting stopped for " + what + ": " + code_and_text(answer)});
  changes.cases.push_back({CaseKind::submitting_stopped,
                           {},
                           {},
                           zone.empty() ? "environment" : zone,
                           code_and_text(answer) + "; mend the configuration, then 'provider resume'"});
}

}  // namespace

bool may_submit(const Backorder& backorder, AccountState account, const ZoneSchedule& schedule,
                std::span<const std::string> stopped_zones, UtcTime now) {
  if (backorder.state != State::active || backorder.job_may_exist() || backorder.cancelling || !backorder.drop)
    return false;
  if (forbidden(account, AccountOperation::submit) || now > backorder.drop->deadline) return false;
  if (schedule.submit_lead && now < backorder.drop->deadline - *schedule.submit_lead) return false;
  return std::ranges::none_of(stopped_zones,
                              [&](const std::string& zone) { return zone.empty() || zone == backorder.zone; });
}

ProviderCall intend(Changes& changes, Backorder& backorder, CallCommand command, std::int64_t call_id, int attempt,
                    UtcTime now) {
  ENSURE(!backorder.open_call, "one open call per backorder");
  ProviderCall call{.id = call_id,
                    .backorder = backorder.id,
                    .command = command,
                    .attempt = attempt,
                    .intent_at = now,
                    .application = backorder.application.value_or("")};
  backorder.open_call = call_id;
  changes.new_calls.push_back(call);
  changes.backorders.push_back(backorder);
  return call;
}

Age age_against(UtcTime attempt, const std::optional<UtcTime>& created_at, std::optional<Milliseconds> clock_ahead) {
  if (!created_at) return Age::in_doubt;
  // Both of its instants have whole seconds: the date of the exchange, and that of the job.
  constexpr Milliseconds kWholeSeconds = std::chrono::seconds(2);
  const Milliseconds later =
      *created_at - std::chrono::floor<std::chrono::seconds>(attempt + clock_ahead.value_or(Milliseconds(0)));
  if (later >= (clock_ahead ? -kWholeSeconds : -kClockSkew)) return Age::after;
  return later >= (clock_ahead ? -kClockSkew : -kClockDoubt) ? Age::in_doubt : Age::before;
}

bool is_ordered_by_us(const ProviderJob& job, std::span<const ProviderCall> calls,
                      std::optional<Milliseconds> clock_ahead, Milliseconds wait) {
  return std::ranges::any_of(calls, [&](const ProviderCall& call) {
    if (call.command != CallCommand::add || call.state == CallState::not_sent) return false;
    if (call.application == job.application) return true;
    // certainly not before the call, and not after it had ended
    return age_against(call.intent_at, job.created_at, clock_ahead) == Age::after &&
           age_against(call.intent_at + wait + kClockSkew, job.created_at, clock_ahead) != Age::after;
  });
}

void note_wrong_answer(Changes& changes, const Backorder& backorder, const std::string& asked,
                       const std::string& instead, const std::string& raw) {
  changes.cases.push_back({CaseKind::wrong_answer,
                           backorder.customer,
                           backorder.id,
                           {},
                           asked + " for " + backorder.name.ace() + " was answered about " + instead +
                               ": nothing is settled by that answer"});
  changes.evidence.push_back({backorder.id, "wrong answer", raw});
}

void note_failure(Changes& changes, const Backorder& backorder) {
  const CaseKind kind =
      backorder.reason == Reason::operator_float ? CaseKind::operator_float : CaseKind::deadline_missed;
  if (kind == CaseKind::deadline_missed && backorder.reason != Reason::deadline_missed) return;
  changes.cases.push_back(
      {kind,
       backorder.customer,
       backorder.id,
       {},
       backorder.name.ace() + " was not processed for a cause that is ours, not the customer's: " +
           (kind == CaseKind::operator_float ? "our own money at the provider did not suffice until the deadline"
                                             : "its deadline passed without a job")});
}

Status bind_job(Changes& changes, Backorder& backorder, Customer& customer, const ProviderJob& job,
                const std::string& how, UtcTime now) {
  take_job(backorder, job, now);
  changes.events.push_back({EventKind::adopted, customer.id, backorder.id, {}, {}, {}, how + ": " + described(job)});
  if (!job.raw.empty()) changes.evidence.push_back({backorder.id, "adopted", job.raw});
  if (backorder.state != State::active) return Unit{};
  return apply_transition(changes, backorder, customer, Trigger::job_created,
                          {.now = now, .detail = how + ", application " + job.application});
}

void doubt(Changes& changes, Backorder& backorder, const ProviderJob& job, const std::string& why) {
  changes.cases.push_back(
      {CaseKind::doubtful_job, backorder.customer, backorder.id, job.application, described(job) + ": " + why});
  if (backorder.in_doubt == job.application) return;
  backorder.in_doubt = job.application;
  if (!job.raw.empty()) changes.evidence.push_back({backorder.id, "in doubt", job.raw});
  changes.backorders.push_back(backorder);
}

std::vector<Claim> claims(std::span<const Backorder> open, std::span<const ProviderJob> unbound,
                          std::optional<UtcTime> since, std::optional<Milliseconds> clock_ahead) {
  std::vector<const Backorder*> wanting;
  for (const Backorder& backorder : open) {
    if (is_final(backorder.state) || backorder.application) continue;
    if (backorder.open_call) return {};
    wanting.push_back(&backorder);
  }
  std::ranges::sort(wanting, [](const Backorder* a, const Backorder* b) {
    return std::tie(a->placed_at, a->id) < std::tie(b->placed_at, b->id);
  });
  std::vector<const ProviderJob*> jobs;
  for (const ProviderJob& job : unbound) {
    if (!is_of_our_class(job)) continue;
    if (meaning_of_status(job.status).lives ||
        (since && age_against(*since, job.created_at, clock_ahead) != Age::before))
      jobs.push_back(&job);
  }
  std::ranges::sort(jobs, is_older);
  if (jobs.size() > wanting.size()) {
    // more than are wanted: those that may still register the name, or did, before those that are lost
    std::ranges::stable_partition(
        jobs, [](const ProviderJob* job) { return meaning_of_status(job->status).lives || won(*job); });
    jobs.resize(wanting.size());
    std::ranges::sort(jobs, is_older);
  }
  std::vector<Claim> claimed;
  for (std::size_t i = 0; i < jobs.size(); ++i) claimed.push_back({wanting[i], jobs[i]});
  return claimed;
}

Status answer_add(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                  const ProviderAnswer& answer, bool bound_elsewhere, UtcTime now) {
  Meaning meaning = meaning_of_order(answer);
  if (meaning == Meaning::refused_after_tries) {
    backorder.refusals += 1;
    if (backorder.refusals >= kRefusedTries) meaning = Meaning::refused;
  }
  std::string instead = meaning == Meaning::success ? about_another(answer, {}, backorder.name) : "";
  if (instead.empty() && bound_elsewhere && answer.job)
    instead = "application " + answer.job->application + ", which belongs to another backorder";
  if (!instead.empty()) {
    note_wrong_answer(changes, backorder, "AddDomainApplication", instead, answer.raw);
    ProviderAnswer nobodys = answer;
    nobodys.job = std::nullopt;
    nobodys.text = "about " + instead;
    complete(changes, backorder, call, CallState::unknown, nobodys, now);
    changes.backorders.push_back(backorder);
    return Unit{};
  }
  Status done = Unit{};
  switch (meaning) {
    case Meaning::success:
      if (!answer.job) {  // says yes but does not say which: ask
        complete(changes, backorder, call, CallState::unknown, answer, now);
        break;
      }
      complete(changes, backorder, call, CallState::answered, answer, now);
      take_job(backorder, *answer.job, now);
      done = apply_transition(changes, backorder, customer, Trigger::job_created,
                              {.now = now, .detail = "submitted, application " + answer.job->application});
      break;
    case Meaning::refused:
      complete(changes, backorder, call, CallState::unknown, answer, now);
      changes.evidence.push_back({backorder.id, "refused", answer.raw});
      changes.events.push_back({EventKind::job_refused,
                                customer.id,
                                backorder.id,
                                {},
                                {},
                                {},
                                code_and_text(answer) + ": voided once a list proves that there is no job"});
      break;
    case Meaning::refused_after_tries:
      complete(changes, backorder, call, CallState::answered, answer, now);
      changes.events.push_back({EventKind::job_refused,
                                customer.id,
                                backorder.id,
                                {},
                                {},
                                {},
                                code_and_text(answer) + ", try " + std::to_string(backorder.refusals) + " of " +
                                    std::to_string(kRefusedTries)});
      break;
    case Meaning::stop:
      complete(changes, backorder, call, CallState::answered, answer, now);
      stop_submitting(changes, backorder, answer);
      break;
    case Meaning::provider_balance:
      complete(changes, backorder, call, CallState::answered, answer, now);
      if (!backorder.provider_balance_empty) {
        backorder.provider_balance_empty = true;
        changes.events.push_back({EventKind::provider_balance_empty,
                                  customer.id,
                                  backorder.id,
                                  {},
                                  {},
                                  {},
                                  "our own money at the provider does not cover this job: " + code_and_text(answer) +
                                      "; repeated until " + to_string(backorder.drop->deadline)});
      }
      break;
    case Meaning::not_sent:
      complete(changes, backorder, call, CallState::not_sent, answer, now);
      break;
    case Meaning::look_up:
    case Meaning::gone:
    case Meaning::unknown:
      complete(changes, backorder, call, CallState::unknown, answer, now);
      changes.events.push_back({EventKind::job_unknown,
                                customer.id,
                                backorder.id,
                                {},
                                {},
                                {},
                                "no certain answer (" + (answer.code == 0 ? "none" : code_and_text(answer)) +
                                    "): the provider is asked before anything else"});
      break;
  }
  if (done) changes.backorders.push_back(backorder);
  return done;
}

Result<LookUp> look_up_add(Changes& changes, Backorder& backorder, Customer& customer, const ProviderCall& looked_up,
                           const LookUpFacts& facts) {
  const ProviderCall call = looked_up;  // which may stand in `changes`, that grow
  std::vector<const ProviderJob*> living, ended;
  const ProviderJob* doubtful = nullptr;
  for (const ProviderJob& job : facts.jobs) {
    if (job.name != backorder.name || !is_of_our_class(job)) continue;
    if (std::ranges::find(facts.bound, job.application) != facts.bound.end()) continue;
    if (std::ranges::find(facts.disowned, job.application) != facts.disowned.end()) continue;
    const Age age = age_against(call.intent_at, job.created_at, facts.clock_ahead);
    const bool lives = meaning_of_status(job.status).lives;
    if (lives && facts.ask && age != Age::after)
      doubtful = &job;
    else if (lives)
      living.push_back(&job);
    else if (age == Age::after)
      ended.push_back(&job);
    else if (age == Age::in_doubt)
      doubtful = &job;
  }
  std::ranges::sort(living, is_older);
  std::ranges::sort(ended, is_older);
  std::ranges::stable_partition(ended, [](const ProviderJob* job) { return won(*job); });
  LookUp result;
  ProviderCall resolved = call;
  const ProviderAnswer as_answered{.delivery = Delivery::answered, .code = call.code, .text = call.text};
  if (!living.empty() || !ended.empty()) {
    const ProviderJob& ours = living.empty() ? *ended.front() : *living.front();
    resolved.application = ours.application;
    complete(changes, backorder, resolved, CallState::resolved, as_answered, facts.now);
    const Status done = bind_job(changes, backorder, customer, ours, "found at the provider", facts.now);
    if (!done) return done.error();
    changes.backorders.push_back(backorder);
    for (std::size_t i = 1; i < living.size(); ++i) result.surplus.push_back(living[i]->application);
    result.settled = true;
    return result;
  }
  if (doubtful != nullptr) {
    doubt(changes, backorder, *doubtful,
          facts.ask ? "this book did not order it, and provider.adopt is 'ask'; the deposit stays"
                    : "whether it is older than our order at " + to_string(call.intent_at) +
                          " cannot be told; the deposit stays, and nothing is ordered again");
    return result;
  }
  if (facts.may_be_unread || facts.now < call.intent_at + facts.absence_wait) return result;
  complete(changes, backorder, resolved, CallState::resolved, as_answered, facts.now);
  backorder.in_doubt = std::nullopt;
  const Meaning meaning = call.code == 0 ? Meaning::unknown : meaning_of_order(as_answered);
  // "exists already", yet nothing of ours does: a refusal, and tried as often as a bare one
  if (meaning == Meaning::look_up) backorder.refusals += 1;
  const bool refused = meaning == Meaning::refused ||
                       (meaning == Meaning::look_up && backorder.refusals >= kRefusedTries) ||
                       (meaning == Meaning::refused_after_tries && backorder.refusals >= kRefusedTries);
  if (refused) {
    const Status done = apply_transition(changes, backorder, customer, Trigger::voided,
                                         {.now = facts.now,
                                          .reason = Reason::provider_refused,
                                          .detail = code_and_text(as_answered) + ", absence proven"});
    if (!done) return done.error();
  }
  changes.backorders.push_back(backorder);
  result.settled = true;
  return result;
}

Result<Deletion> answer_remove(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                               const ProviderAnswer& answer, bool absent, UtcTime now) {
  const std::string instead = about_another(answer, call.application, backorder.name);
  if (!instead.empty()) note_wrong_answer(changes, backorder, "DeleteDomainApplication", instead, answer.raw);
  const Meaning meaning = instead.empty() ? meaning_of_order(answer) : Meaning::unknown;
  Deletion deletion = Deletion::unknown;
  if (meaning == Meaning::success || (absent && (meaning == Meaning::gone || meaning == Meaning::unknown))) {
    complete(changes, backorder, call, CallState::answered, answer, now);
    const Status done = apply_transition(
        changes, backorder, customer, Trigger::cancelled,
        {.now = now, .reason = backorder.reason, .detail = "job deleted at the provider: " + code_and_text(answer)});
    if (!done) return done.error();
    changes.evidence.push_back({backorder.id, "deleted", answer.raw});
    deletion = Deletion::confirmed;
  } else if (meaning == Meaning::refused) {
    complete(changes, backorder, call, CallState::answered, answer, now);
    backorder.cancelling = false;
    backorder.reason = std::nullopt;
    changes.events.push_back(
        {EventKind::marked,
         customer.id,
         backorder.id,
         {},
         {},
         {},
         "the provider does not delete the job any more: " + code_and_text(answer) + "; it runs on"});
    deletion = Deletion::refused;
  } else {
    const bool certainly_open =
        meaning == Meaning::not_sent || meaning == Meaning::stop || meaning == Meaning::refused_after_tries;
    complete(changes, backorder, call, certainly_open ? CallState::not_sent : CallState::unknown, answer, now);
  }
  changes.backorders.push_back(backorder);
  return deletion;
}

Status void_missed(Changes& changes, Backorder& backorder, Customer& customer, UtcTime now) {
  ENSURE(backorder.state == State::active && backorder.drop && now > backorder.drop->deadline,
         "the deadline of an ACTIVE backorder passed");
  Reason reason = Reason::deadline_missed;
  if (backorder.provider_balance_empty) reason = Reason::operator_float;
  if (forbidden(customer.state, AccountOperation::submit)) reason = Reason::account_frozen;
  const Status done = apply_transition(
      changes, backorder, customer, Trigger::voided,
      {.now = now, .reason = reason, .detail = "no job was created until " + to_string(backorder.drop->deadline)});
  if (done) changes.backorders.push_back(backorder);
  if (done) note_failure(changes, backorder);
  return done;
}

}  // namespace engine
