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
  if (answer.job) call.application = answer.job->application;
  changes.calls.push_back(call);
  if (state != CallState::unknown) backorder.open_call = std::nullopt;
}

Status adopt(Changes& changes, Backorder& backorder, Customer& customer, const ProviderJob& job, const std::string& how,
             UtcTime now) {
  backorder.application = job.application;
  backorder.provider_status = job.status;
  backorder.provider_status_at = now;
  backorder.provider_balance_empty = false;
  return apply_transition(changes, backorder, customer, Trigger::job_created,
                          {.now = now, .detail = how + ", application " + job.application});
}

std::string code_and_text(const ProviderAnswer& answer) { return std::to_string(answer.code) + " " + answer.text; }

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

Status answer_add(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                  const ProviderAnswer& answer, bool unknown_before, UtcTime now) {
  Meaning meaning = meaning_of_order(answer);
  if (meaning == Meaning::refused_after_tries) {
    backorder.refusals += 1;
    if (backorder.refusals >= kRefusedTries) meaning = Meaning::refused;
  }
  Status done = Unit{};
  switch (meaning) {
    case Meaning::success:
      if (!answer.job) {  // says yes but does not say which: ask
        complete(changes, backorder, call, CallState::unknown, answer, now);
        break;
      }
      complete(changes, backorder, call, CallState::answered, answer, now);
      done = adopt(changes, backorder, customer, *answer.job, "submitted", now);
      break;
    case Meaning::refused:
      if (unknown_before) {
        complete(changes, backorder, call, CallState::unknown, answer, now);
        break;
      }
      complete(changes, backorder, call, CallState::answered, answer, now);
      changes.evidence.push_back({backorder.id, "refused", answer.raw});
      done = apply_transition(changes, backorder, customer, Trigger::voided,
                              {.now = now, .reason = Reason::provider_refused, .detail = code_and_text(answer)});
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

Result<LookUp> look_up_add(Changes& changes, Backorder& backorder, Customer& customer, const ProviderCall& call,
                           std::span<const ProviderJob> jobs, std::span<const std::string> bound,
                           Milliseconds absence_wait, UtcTime now) {
  // the provider's instants have whole seconds
  const UtcTime not_before = std::chrono::floor<std::chrono::seconds>(call.intent_at) - kClockSkew;
  std::vector<const ProviderJob*> ours;
  for (const ProviderJob& job : jobs) {
    if (job.name != backorder.name || job.created_at < not_before ||
        std::ranges::find(bound, job.application) != bound.end())
      continue;
    const std::optional<State> outcome = meaning_of_status(job.status).outcome;
    const bool lives = !outcome || *outcome == State::auction_pending || *outcome == State::successful ||
                       *outcome == State::auction_won;
    if (lives) ours.push_back(&job);
  }
  std::ranges::sort(ours, [](const ProviderJob* a, const ProviderJob* b) {
    return std::tie(a->created_at, a->application) < std::tie(b->created_at, b->application);
  });
  LookUp result;
  ProviderCall resolved = call;
  const ProviderAnswer as_answered{.delivery = Delivery::answered, .code = call.code, .text = call.text};
  if (!ours.empty()) {
    resolved.application = ours.front()->application;
    complete(changes, backorder, resolved, CallState::resolved, as_answered, now);
    const Status done = adopt(changes, backorder, customer, *ours.front(), "found at the provider", now);
    if (!done) return done.error();
    changes.backorders.push_back(backorder);
    for (std::size_t i = 1; i < ours.size(); ++i) result.surplus.push_back(ours[i]->application);
    result.settled = true;
    return result;
  }
  if (now < call.intent_at + absence_wait) return result;
  complete(changes, backorder, resolved, CallState::resolved, as_answered, now);
  const Meaning meaning = call.code == 0 ? Meaning::unknown : meaning_of_order(as_answered);
  // "exists already", yet nothing of ours does: a refusal, and tried as often as a bare one
  if (meaning == Meaning::look_up) backorder.refusals += 1;
  const bool refused = meaning == Meaning::refused ||
                       (meaning == Meaning::look_up && backorder.refusals >= kRefusedTries) ||
                       (meaning == Meaning::refused_after_tries && backorder.refusals >= kRefusedTries);
  if (refused) {
    const Status done = apply_transition(
        changes, backorder, customer, Trigger::voided,
        {.now = now, .reason = Reason::provider_refused, .detail = code_and_text(as_answered) + ", absence proven"});
    if (!done) return done.error();
  }
  changes.backorders.push_back(backorder);
  result.settled = true;
  return result;
}

Result<Deletion> answer_remove(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                               const ProviderAnswer& answer, bool absent, UtcTime now) {
  const Meaning meaning = meaning_of_order(answer);
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
  return done;
}

}  // namespace engine
