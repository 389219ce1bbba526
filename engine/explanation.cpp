#include "engine/explanation.hpp"

#include <algorithm>

namespace engine {
namespace {

std::string until(const Backorder& backorder) { return to_string(backorder.drop->deadline); }

std::string state_word(const Customer& customer) { return std::string(to_word(customer.state)); }

void may_cancel(Outlook& outlook, const Backorder& backorder, UtcTime now) {
  if (!backorder.drop) {
    outlook.changes.push_back("cancel at any time");
  } else if (now <= backorder.drop->deadline) {
    outlook.changes.push_back(
        "cancel until " + until(backorder) +
        (backorder.job_may_exist() ? ": the job is deleted at the provider first, then the deposit returns" : ""));
  }
}

void of_requested(Outlook& outlook, const Backorder& backorder, const OutlookFacts& facts) {
  const auto verdict = std::ranges::find(facts.plan.verdicts, backorder.id, &FundingVerdict::backorder);
  if (!backorder.drop || verdict == facts.plan.verdicts.end()) {
    outlook.next = "Undated: nothing is reserved until a list names its drop.";
    outlook.changes.push_back("import a list that names it");
    return;
  }
  const std::string at = to_string(verdict->decided_at.value_or(facts.now));
  const std::string end = verdict->voids ? "it is VOID (" + std::string(to_word(*verdict->voids)) + ")" : "it waits on";
  outlook.next_at = verdict->decided_at;
  switch (verdict->verdict) {
    case Verdict::funded:
      outlook.next = "At " + at + " a deposit of " + to_string_with_code(*verdict->amount) + " is reserved (cap " +
                     to_string_with_code(backorder.max_price) + "); " + to_string_with_code(verdict->spendable_after) +
                     " can then still be spent.";
      if (backorder.drop->deposit_due > facts.now) {
        outlook.changes.push_back("less than " + to_string_with_code(*verdict->amount) + " left at " + at +
                                  " for this one: it would be void, or wait");
      }
      break;
    case Verdict::underfunded:
      outlook.next = "At " + at + " " + end + ": short by " + to_string_with_code(verdict->shortfall) + " of " +
                     to_string_with_code(*verdict->amount) + ".";
      outlook.changes.push_back("top up " + to_string_with_code(verdict->shortfall) + " before " + at);
      if (facts.plan.shortfall > verdict->shortfall && facts.plan.top_up_by) {
        outlook.changes.push_back("top up " + to_string_with_code(facts.plan.shortfall) + " before " +
                                  to_string(*facts.plan.top_up_by) + ": then all backorders of the account are funded");
      }
      outlook.changes.push_back("cancel another one that is funded before it, or give this one a higher priority");
      break;
    case Verdict::no_price:
      outlook.next = "At " + at + " " + end + ": there will be no price for ." + backorder.zone + " in " +
                     std::string(facts.customer.currency.code()) + ".";
      outlook.changes.push_back("a price for ." + backorder.zone + ", tier " + facts.customer.tier + ", before " + at);
      break;
    case Verdict::price_above_cap:
      outlook.next = "At " + at + " " + end + ": the price of " +
                     (verdict->amount ? to_string_with_code(*verdict->amount) : "then") + " is above its cap of " +
                     to_string_with_code(backorder.max_price) + ".";
      outlook.changes.push_back("cancel, and place again with a higher --max-price before " + until(backorder));
      break;
    case Verdict::frozen:
      outlook.next = "Account " + facts.customer.name + " is " + state_word(facts.customer) +
                     ": nothing is reserved, and after " + until(backorder) + " it is VOID (account_frozen).";
      outlook.next_at = backorder.drop->deadline;
      outlook.changes.push_back("unfreeze the account before " + until(backorder));
      break;
    case Verdict::too_late:
      outlook.next = "Its deadline of " + until(backorder) +
                     " has passed without a deposit: the next sweep makes it VOID (deadline_missed).";
      break;
    case Verdict::undated:
      outlook.next = "Undated: nothing is reserved until a list names its drop.";
      break;
  }
}

void of_active(Outlook& outlook, const Backorder& backorder, const OutlookFacts& facts) {
  const std::string deadline = backorder.drop ? until(backorder) : "its deadline";
  const bool stopped = std::ranges::any_of(
      facts.stopped_zones, [&](const std::string& zone) { return zone.empty() || zone == backorder.zone; });
  if (backorder.open_call) {
    outlook.next =
        "An order at the provider has no known outcome: the next sweep looks it up. The deposit stays until the "
        "provider has been asked.";
  } else if (backorder.drop && facts.now > backorder.drop->deadline) {
    outlook.next = "The deadline of " + deadline +
                   " has passed without a job: the next sweep makes it VOID and returns the deposit.";
  } else if (forbidden(facts.customer.state, AccountOperation::submit)) {
    outlook.next = "Account " + facts.customer.name + " is " + state_word(facts.customer) +
                   ": no job is created, and after " + deadline +
                   " it is VOID (account_frozen) and the deposit returns.";
    outlook.next_at = backorder.drop ? std::optional(backorder.drop->deadline) : std::nullopt;
    outlook.changes.push_back("unfreeze the account before " + deadline);
  } else if (stopped) {
    outlook.next =
        "Submitting is stopped there: no job is created; without one after " + deadline + " the deposit returns.";
    outlook.next_at = backorder.drop ? std::optional(backorder.drop->deadline) : std::nullopt;
    outlook.changes.push_back("'provider resume' before " + deadline + ", once the configuration is mended");
  } else if (backorder.provider_balance_empty) {
    outlook.next = "Our own money at the provider does not cover the job: every sweep tries again until " + deadline +
                   ", then it is VOID (operator_float) and the deposit returns.";
    outlook.changes.push_back("deposit money at the provider before " + deadline);
  } else if (facts.schedule.submit_lead && backorder.drop &&
             facts.now < backorder.drop->deadline - *facts.schedule.submit_lead) {
    outlook.next_at = backorder.drop->deadline - *facts.schedule.submit_lead;
    outlook.next = "The job is created at " + to_string(*outlook.next_at) + ", as the zone's submit lead says.";
  } else {
    outlook.next =
        "The next sweep creates the job at the provider; without one after " + deadline + " the deposit returns.";
  }
}

void of_processing(Outlook& outlook, const Backorder& backorder, const OutlookFacts& facts) {
  if (backorder.cancelling) {
    outlook.next =
        "Its deletion at the provider is asked for; the deposit returns when that is confirmed. An outcome before that "
        "still settles it.";
    return;
  }
  if (backorder.gone_since) {
    outlook.next = "The provider does not know the job any more since " + to_string(*backorder.gone_since) +
                   ": confirmed by a second look; long enough after the drop, and not charged, the deposit returns "
                   "(provider_deleted), else a person decides.";
    return;
  }
  if (backorder.drop && facts.now < backorder.drop->drop_at) {
    outlook.next_at = backorder.drop->drop_at;
    outlook.next = "The provider tries to register it at " + to_string(backorder.drop->drop_at) +
                   "; registered, the deposit is captured, else it returns by itself.";
    return;
  }
  outlook.next =
      "The drop is over: each sweep asks for the outcome; registered, the deposit is captured, else it returns by "
      "itself.";
  if (backorder.drop) {
    outlook.next_at = backorder.drop->drop_at + facts.settings.overdue_after;
    outlook.next += " Without an outcome by " + to_string(*outlook.next_at) + " a person decides (case overdue).";
  }
}

void of_auction(Outlook& outlook, const Backorder& backorder, const OutlookFacts& facts) {
  outlook.next = "Caught, and in an auction" +
                 (backorder.auction_ends_at ? " until " + to_string(*backorder.auction_ends_at) : std::string()) +
                 ": won, the deposit is captured; lost, it returns.";
  outlook.next_at = backorder.auction_ends_at;
  if (backorder.auction_ends_at) {
    outlook.next += " Without an outcome by " +
                    to_string(*backorder.auction_ends_at + facts.settings.auction_overdue_after) +
                    " a person decides (case overdue).";
  }
}

void of_ended(Outlook& outlook, const Backorder& backorder, const OutlookFacts& facts) {
  outlook.next = "Ended; nothing more happens by itself.";
  if (backorder.state == State::successful || backorder.state == State::auction_won) {
    outlook.changes.push_back(
        "nothing: a registered name is not refunded; what went wrong is corrected by an adjustment");
    return;
  }
  if (backorder.drop && facts.now < backorder.drop->deadline) {
    outlook.changes.push_back("place it again before " + until(backorder) +
                              "; placing is free, and inside the window it is funded at once or refused");
  } else {
    outlook.changes.push_back("place it again for its next drop; placing is free");
  }
}

}  // namespace

std::string_view sentence(State state) {
  switch (state) {
    case State::requested:
      return "Placed; its deposit is not reserved yet.";
    case State::active:
      return "Its deposit is reserved; no job is confirmed at the provider yet.";
    case State::processing:
      return "Its deposit is reserved, and a job exists at the provider.";
    case State::auction_pending:
      return "The name was caught, and an auction among those who wanted it decides; the deposit stays reserved.";
    case State::successful:
      return "The name was registered; the deposit is captured.";
    case State::auction_won:
      return "The name was registered through the auction; the deposit is captured.";
    case State::failed:
      return "The name was not registered; the deposit returned.";
    case State::auction_lost:
      return "Somebody else won the auction; the deposit returned.";
    case State::cancelled:
      return "Cancelled; what was reserved returned.";
    case State::voided:
      return "Not processed; what was reserved returned.";
  }
  invariant_failed("the state is known", __FILE__, __LINE__, "state");
}

std::string_view sentence(Reason reason) {
  switch (reason) {
    case Reason::insufficient_available:
      return "The account could not spend enough when the deposit was due.";
    case Reason::no_price:
      return "There was no price for its zone any more when the deposit was due.";
    case Reason::price_above_cap:
      return "The price had risen above its cap when the deposit was due.";
    case Reason::deadline_missed:
      return "No job could be created before the deadline.";
    case Reason::provider_refused:
      return "The provider refused the job for good.";
    case Reason::operator_float:
      return "The operator's own money at the provider did not cover the job in time.";
    case Reason::provider_deleted:
      return "The provider deleted the job, and charged nothing.";
    case Reason::account_frozen:
      return "The account was frozen, so it was not processed.";
    case Reason::chargeback:
      return "A payment was charged back, and its deposit was needed.";
    case Reason::account_closed:
      return "The account is being closed.";
    case Reason::rescheduled:
      return "Its drop moved too far away to hold the deposit; it is reserved again in time.";
    case Reason::by_customer:
      return "The customer cancelled it.";
    case Reason::by_operator:
      return "The operator cancelled it.";
    case Reason::not_registered:
      return "Somebody else was faster, or the name was not released.";
    case Reason::auction_lost:
      return "Somebody else won the auction.";
  }
  invariant_failed("the reason is known", __FILE__, __LINE__, "reason");
}

std::string_view sentence(AccountState state) {
  switch (state) {
    case AccountState::open:
      return "Open: everything is possible.";
    case AccountState::frozen:
      return "Frozen: nothing is placed, reserved, submitted or paid out; jobs run on, and refunds, captures and "
             "pay-ins post.";
    case AccountState::closing:
      return "Closing: nothing is placed; it is closed when the last backorder has ended and the balance is paid out.";
    case AccountState::closed:
      return "Closed: payments that still come in go to suspense.";
  }
  invariant_failed("the state is known", __FILE__, __LINE__, "account state");
}

std::string_view sentence(Verdict verdict) {
  switch (verdict) {
    case Verdict::funded:
      return "Covered.";
    case Verdict::underfunded:
      return "Not covered.";
    case Verdict::no_price:
      return "No price in force then.";
    case Verdict::price_above_cap:
      return "The price will be above its cap.";
    case Verdict::undated:
      return "No list names its drop.";
    case Verdict::frozen:
      return "The account is frozen.";
    case Verdict::too_late:
      return "Its deadline has passed.";
  }
  invariant_failed("the verdict is known", __FILE__, __LINE__, "verdict");
}

Outlook outlook(const Backorder& backorder, const OutlookFacts& facts) {
  Outlook outlook;
  switch (backorder.state) {
    case State::requested:
      of_requested(outlook, backorder, facts);
      break;
    case State::active:
      of_active(outlook, backorder, facts);
      break;
    case State::processing:
      of_processing(outlook, backorder, facts);
      break;
    case State::auction_pending:
      of_auction(outlook, backorder, facts);
      break;
    case State::successful:
    case State::auction_won:
    case State::failed:
    case State::auction_lost:
    case State::cancelled:
    case State::voided:
      of_ended(outlook, backorder, facts);
      break;
  }
  if (!is_final(backorder.state) && backorder.state != State::auction_pending && !backorder.cancelling)
    may_cancel(outlook, backorder, facts.now);
  for (const Case& open : facts.open_cases) {
    outlook.changes.push_back("a person's decision on case " + std::to_string(open.id.value()) + " (" +
                              std::string(to_word(open.kind)) + "): 'backorder resolve " +
                              std::to_string(open.id.value()) + " --as …'");
  }
  return outlook;
}

Outlook outlook(const Customer& customer, const FundingPlan& plan, UtcTime now) {
  Outlook outlook;
  const auto dated =
      std::ranges::find_if(plan.verdicts, [](const FundingVerdict& row) { return row.decided_at.has_value(); });
  if (dated == plan.verdicts.end()) {
    outlook.next = plan.verdicts.empty() ? "No backorder waits for its deposit."
                                         : "No backorder that waits for its deposit is dated.";
  } else {
    outlook.next_at = std::max(*dated->decided_at, now);
    outlook.next = "At " + to_string(*outlook.next_at) + " the next deposit is due, for backorder " +
                   std::to_string(dated->backorder.value()) + ". " + std::string(sentence(dated->verdict));
  }
  if (plan.shortfall.is_positive()) {
    outlook.changes.push_back("top up " + to_string_with_code(plan.shortfall) + " before " +
                              to_string(plan.top_up_by.value_or(now)) + ": then everything that is due is funded");
  }
  if (customer.state == AccountState::frozen) outlook.changes.push_back("'account unfreeze " + customer.name + "'");
  if (customer.owed.is_positive())
    outlook.changes.push_back("pay " + to_string_with_code(customer.owed) +
                              " that are owed: the next payment settles them first");
  return outlook;
}

}  // namespace engine
