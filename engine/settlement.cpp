#include "engine/settlement.hpp"

#include <algorithm>

#include "engine/enum_names.hpp"
#include "engine/payments.hpp"
#include "engine/submission.hpp"

namespace engine {
namespace {

constexpr Named<Resolution> kResolutions[] = {{Resolution::acknowledge, "acknowledge"},
                                              {Resolution::failed, "failed"},
                                              {Resolution::successful, "successful"},
                                              {Resolution::resubmit, "resubmit"},
                                              {Resolution::give_up, "give-up"},
                                              {Resolution::charge, "charge"},
                                              {Resolution::operator_keeps, "operator-keeps"},
                                              {Resolution::keep, "keep"},
                                              {Resolution::goodwill, "goodwill"},
                                              {Resolution::delete_job, "delete"},
                                              {Resolution::tax, "tax"},
                                              {Resolution::adopt, "adopt"}};

struct CaseRule {
  CaseKind kind;
  Resolution resolution;
};
// The decisions that each kind of case allows; all others are refused.
constexpr CaseRule kCaseRules[] = {
    {CaseKind::overdue, Resolution::failed},
    {CaseKind::overdue, Resolution::successful},
    {CaseKind::overdue, Resolution::acknowledge},
    {CaseKind::gone, Resolution::resubmit},
    {CaseKind::gone, Resolution::give_up},
    {CaseKind::gone, Resolution::acknowledge},
    {CaseKind::late_success, Resolution::charge},
    {CaseKind::late_success, Resolution::operator_keeps},
    {CaseKind::late_failure, Resolution::keep},
    {CaseKind::late_failure, Resolution::goodwill},
    {CaseKind::surplus_job, Resolution::delete_job},
    {CaseKind::surplus_job, Resolution::acknowledge},
    {CaseKind::missing_from_list, Resolution::acknowledge},
    {CaseKind::unknown_status, Resolution::acknowledge},
    {CaseKind::auction_price_other_currency, Resolution::acknowledge},
    {CaseKind::auction_price_short, Resolution::acknowledge},
    {CaseKind::unidentified_payment, Resolution::acknowledge},
    {CaseKind::submitting_stopped, Resolution::acknowledge},
    {CaseKind::untaxed, Resolution::tax},
    {CaseKind::untaxed, Resolution::acknowledge},
    {CaseKind::wrong_answer, Resolution::acknowledge},
    {CaseKind::doubtful_job, Resolution::adopt},
    {CaseKind::doubtful_job, Resolution::acknowledge},
    {CaseKind::deadline_missed, Resolution::acknowledge},
    {CaseKind::operator_float, Resolution::acknowledge},
};

struct EndingRule {
  CaseKind kind;
  std::string_view ends_by;
};
// The events that end each kind by themselves; what_ended() decides by the same rules.
constexpr EndingRule kEndings[] = {
    {CaseKind::overdue, "the provider answers, or the backorder has ended"},
    {CaseKind::gone, "the job is seen again, or the backorder has ended"},
    {CaseKind::late_success, "the provider says again what was settled"},
    {CaseKind::late_failure, "the provider says again what was settled"},
    {CaseKind::surplus_job, "the application is gone at the provider, has failed, or is bound"},
    {CaseKind::missing_from_list, "the name is listed again, or the backorder has ended"},
    {CaseKind::unknown_status, "the provider says a word that is known, or the backorder has ended"},
    {CaseKind::auction_price_other_currency, "a person alone"},
    {CaseKind::auction_price_short, "the customer owes nothing any more"},
    {CaseKind::unidentified_payment, "the payment is assigned, sent back or reversed"},
    {CaseKind::submitting_stopped, "submitting goes on"},
    {CaseKind::wrong_answer, "the provider answers what it is asked, or the backorder has ended"},
    {CaseKind::doubtful_job, "nothing is in doubt any more, or the backorder has ended"},
    {CaseKind::deadline_missed, "a person alone"},
    {CaseKind::operator_float, "a person alone"},
    {CaseKind::untaxed, "a person alone"},
};

bool is_success(State state) { return state == State::successful || state == State::auction_won; }

void open_case(Changes& changes, CaseKind kind, const Backorder& backorder, std::string detail) {
  changes.cases.push_back({kind, backorder.customer, backorder.id, {}, std::move(detail)});
}

TransitionFacts transition_facts(Trigger event, const Backorder& backorder, const SettlementFacts& facts) {
  TransitionFacts step{.now = facts.now,
                       .detail = "provider says " + backorder.provider_status,
                       .deposit = facts.price,
                       .tax = facts.tax};
  if (event == Trigger::lost) step.reason = Reason::not_registered;
  if (event == Trigger::auction_lost) step.reason = Reason::auction_lost;
  return step;
}

void charge_auction_price(Changes& changes, const Backorder& backorder, Customer& customer) {
  const std::size_t blank = backorder.auction_price.find(' ');
  const std::string amount_text = backorder.auction_price.substr(0, blank);
  const Result<Currency> currency =
      Currency::parse(blank == std::string::npos ? "" : backorder.auction_price.substr(blank + 1));
  if (!currency || currency.value() != customer.currency) {
    open_case(changes, CaseKind::auction_price_other_currency, backorder,
              "auction price '" + backorder.auction_price + "' cannot be charged to an account in " +
                  std::string(customer.currency.code()));
    return;
  }
  const Result<RoundedMoney> price = parse_provider_money(amount_text, currency.value());
  if (!price || !price.value().amount.is_positive()) return;  // nothing to charge
  const Money zero = Money::zero(customer.currency);
  const Money paid = std::clamp(customer.spendable(), zero, price.value().amount);
  const Money owed = price.value().amount - paid;
  const LedgerAccountKey clearing = operator_account(AccountKind::auction_clearing, customer.currency);
  const std::string memo = "auction price of " + backorder.name.ace();
  if (paid.is_positive()) {
    changes.transfers.push_back({TransferKind::auction_price,
                                 available_of(customer),
                                 clearing,
                                 paid,
                                 {},
                                 backorder.id,
                                 backorder.attempt,
                                 {},
                                 memo});
    customer.available -= paid;
  }
  if (owed.is_positive()) {
    changes.transfers.push_back({TransferKind::auction_receivable,
                                 receivable_of(customer),
                                 clearing,
                                 owed,
                                 {},
                                 backorder.id,
                                 backorder.attempt,
                                 {},
                                 memo});
    customer.owed += owed;
    open_case(changes, CaseKind::auction_price_short, backorder, memo + ": " + to_string_with_code(owed) + " are owed");
  }
}

Status follow_path(Changes& changes, Backorder& backorder, Customer& customer, State outcome,
                   const SettlementFacts& facts) {
  const auto path = path_to(backorder.state, outcome);
  ENSURE(path.has_value(), "every outcome can be reached from every open state");
  for (const Transition& row : *path) {
    const Status taken =
        apply_transition(changes, backorder, customer, row.event, transition_facts(row.event, backorder, facts));
    if (!taken) return taken;
  }
  if (outcome == State::auction_won && facts.settings.auction_on_account)
    charge_auction_price(changes, backorder, customer);
  return Unit{};
}

// The tax that a supply contains goes from revenue to tax, on the supply's own date.
Status split_tax(Changes& changes, const Customer& customer, const UntaxedSupply& supply, const TaxDecision& tax,
                 const std::string& why) {
  if (tax.treatment == TaxTreatment::untaxed) {
    return Error{ErrorCode::invalid_argument,
                 (tax.country.empty()
                      ? "account " + customer.name + " has no country: 'account set " + customer.name + " --country CC'"
                      : "no tax rate was in force for " + tax.country + " on " + to_string(supply.tax_point) +
                            ": 'tax set " + tax.country + " PERCENT --from TIME'") +
                     ", then decide again"};
  }
  const NetAndTax parts = split_gross(supply.gross, tax.rate_bp);
  if (!parts.tax.is_positive()) return Unit{};  // decided, and nothing to post
  changes.transfers.push_back({TransferKind::tax_split,
                               operator_account(AccountKind::revenue, customer.currency),
                               operator_account(AccountKind::tax, customer.currency),
                               parts.tax,
                               supply.tax_point,
                               {},
                               0,
                               supply.transfer,
                               why});
  changes.transfers.back().tax = tax;
  changes.transfers.back().tax_net_minor = -parts.tax.minor();
  changes.transfers.back().tax_minor = parts.tax.minor();
  return Unit{};
}

void contradict(Changes& changes, const Backorder& backorder, State outcome) {
  const std::string both =
      "settled as " + std::string(to_word(backorder.state)) + ", the provider now says " + backorder.provider_status;
  if (is_success(outcome) != is_success(backorder.state)) {
    open_case(changes, is_success(outcome) ? CaseKind::late_success : CaseKind::late_failure, backorder, both);
  }
}

}  // namespace

bool needs_a_closer_look(const ProviderJob& job) {
  const std::optional<State> outcome = meaning_of_status(job.status).outcome;
  return (outcome == State::auction_pending && !job.auction_ends_at) ||
         (outcome == State::auction_won && job.auction_price.empty());
}

bool observe(Changes& changes, Backorder& backorder, const ProviderJob& job, UtcTime now) {
  const bool seen_again = backorder.gone_since.has_value();
  backorder.gone_since = std::nullopt;
  // A list says less than a single answer: what it does not mention stays as it was.
  const std::optional<UtcTime> auction_ends_at = job.auction_ends_at ? job.auction_ends_at : backorder.auction_ends_at;
  const std::string& auction_price = job.auction_price.empty() ? backorder.auction_price : job.auction_price;
  if (backorder.provider_status == job.status && backorder.auction_ends_at == auction_ends_at &&
      backorder.auction_price == auction_price) {
    if (seen_again) changes.backorders.push_back(backorder);
    return false;
  }
  backorder.provider_status = job.status;
  backorder.provider_status_at = now;
  backorder.auction_ends_at = auction_ends_at;
  backorder.auction_price = std::string(auction_price);
  const StatusMeaning meaning = meaning_of_status(job.status);
  if (meaning.outcome || !meaning.known) changes.evidence.push_back({backorder.id, job.status, job.raw});
  if (!meaning.known) open_case(changes, CaseKind::unknown_status, backorder, "the provider says '" + job.status + "'");
  changes.backorders.push_back(backorder);
  return true;
}

Result<bool> settle(Changes& changes, Backorder& backorder, Customer& customer, const SettlementFacts& facts) {
  if (backorder.provider_status.empty()) return false;
  const StatusMeaning meaning = meaning_of_status(backorder.provider_status);
  if (!meaning.known || !meaning.outcome || *meaning.outcome == backorder.state) return false;
  if (is_final(backorder.state)) {
    contradict(changes, backorder, *meaning.outcome);
    return true;
  }
  const State outcome = *meaning.outcome;
  if (backorder.state == State::requested) {
    const bool may_be_funded = facts.price && *facts.price <= backorder.max_price &&
                               *facts.price <= customer.spendable() &&
                               !forbidden(customer.state, AccountOperation::reserve);
    if (!may_be_funded && (is_success(outcome) || outcome == State::auction_pending)) {
      open_case(changes, CaseKind::late_success, backorder,
                "the provider says " + backorder.provider_status + " for a job without a deposit");
      return false;
    }
    if (!may_be_funded) {  // nothing was held, and nothing came of it
      backorder.application = std::nullopt;
      backorder.provider_status.clear();
      changes.backorders.push_back(backorder);
      return true;
    }
  }
  const Status done = follow_path(changes, backorder, customer, outcome, facts);
  if (!done) return done.error();
  changes.backorders.push_back(backorder);
  return true;
}

bool check_overdue(Changes& changes, const Backorder& backorder, const Settings& settings, UtcTime now) {
  if (backorder.state == State::active && backorder.open_call && backorder.drop && now > backorder.drop->deadline) {
    open_case(changes, CaseKind::overdue, backorder,
              "its job was ordered, but the provider did not say whether it exists, and the deadline passed at " +
                  to_string(backorder.drop->deadline) + ": the deposit stays until the provider answers");
    return true;
  }
  std::optional<UtcTime> limit;
  if (backorder.state == State::processing && backorder.drop) limit = backorder.drop->drop_at + settings.overdue_after;
  // domain rule: an auction whose end is not said ends three days after the drop
  std::optional<UtcTime> ends_at = backorder.auction_ends_at;
  if (!ends_at && backorder.drop) ends_at = backorder.drop->drop_at + kAuctionAfterDrop;
  if (backorder.state == State::auction_pending && ends_at) limit = *ends_at + settings.auction_overdue_after;
  if (!limit || now <= *limit) return false;
  open_case(changes, CaseKind::overdue, backorder,
            "no outcome since " + to_string(*limit) + ", last status " +
                (backorder.provider_status.empty() ? "none" : backorder.provider_status));
  return true;
}

Status job_gone(Changes& changes, Backorder& backorder, Customer& customer, bool charged, const std::string& raw,
                UtcTime now) {
  if (is_final(backorder.state)) return Unit{};
  if (!backorder.gone_since) {
    backorder.gone_since = now;
    changes.evidence.push_back({backorder.id, "545", raw});
    changes.backorders.push_back(backorder);
    return Unit{};
  }
  if (now < *backorder.gone_since + kSecondLook) return Unit{};
  if (backorder.cancelling) {
    const Status done = apply_transition(
        changes, backorder, customer, Trigger::cancelled,
        {.now = now, .reason = backorder.reason, .detail = "job deleted: absent from the list, and 545 twice"});
    if (done) changes.backorders.push_back(backorder);
    return done;
  }
  const bool after_drop = backorder.drop && now >= backorder.drop->drop_at + kGoneAfterDrop;
  if (backorder.state == State::auction_pending || charged || (backorder.drop && now <= backorder.drop->deadline) ||
      !backorder.drop) {
    open_case(changes, CaseKind::gone, backorder,
              "application " + backorder.application.value_or("") + " is gone at the provider since " +
                  to_string(*backorder.gone_since) + (charged ? ", but was charged" : ""));
    return Unit{};
  }
  if (!after_drop) return Unit{};
  const Status done = apply_transition(
      changes, backorder, customer, Trigger::cancelled,
      {.now = now, .reason = Reason::provider_deleted, .detail = "application gone at the provider, nothing charged"});
  if (done) changes.backorders.push_back(backorder);
  return done;
}

std::string_view ends_by(CaseKind kind) {
  const auto* const rule = std::ranges::find(kEndings, kind, &EndingRule::kind);
  return rule == std::end(kEndings) ? "a person alone" : rule->ends_by;
}

std::optional<std::string> what_ended(const CaseFacts& facts) {
  const Backorder* backorder = facts.backorder;
  const auto now_is = [&] { return "the backorder is " + std::string(to_word(backorder->state)); };
  const bool has_ended = backorder != nullptr && is_final(backorder->state);
  const auto when = [](bool over, std::string how) { return over ? std::optional(std::move(how)) : std::nullopt; };
  switch (facts.one.kind) {
    case CaseKind::overdue:
      if (has_ended) return now_is();
      // the provider said that there is a job, or that there is none
      return when(backorder != nullptr && backorder->state == State::active && !backorder->open_call, now_is());
    case CaseKind::gone:
      if (has_ended) return now_is();
      return when(backorder != nullptr && !backorder->gone_since, "the job was seen again");
    case CaseKind::late_success:
    case CaseKind::late_failure: {
      if (!has_ended) return std::nullopt;
      const std::optional<State> outcome = meaning_of_status(backorder->provider_status).outcome;
      return when(outcome && is_success(*outcome) == is_success(backorder->state),
                  "the provider says " + backorder->provider_status + " again");
    }
    case CaseKind::surplus_job:
      if (!facts.has_read || facts.one.subject.empty()) return std::nullopt;
      if (backorder != nullptr && !has_ended && backorder->application == facts.one.subject)
        return "the application is bound to the backorder";
      return when(!facts.job_lives.value_or(false), "the application does not live any more at the provider");
    case CaseKind::missing_from_list:
      if (has_ended) return now_is();
      return when(facts.is_listed, "the name is listed again");
    case CaseKind::unknown_status:
      if (has_ended) return now_is();
      return when(backorder != nullptr && meaning_of_status(backorder->provider_status).known,
                  "the provider says " + (backorder == nullptr ? std::string() : backorder->provider_status));
    case CaseKind::auction_price_short:
      return when(facts.owed && facts.owed->is_zero(), "nothing is owed any more");
    case CaseKind::submitting_stopped:
      return when(!facts.is_stopped, "submitting goes on");
    case CaseKind::wrong_answer:
      if (has_ended) return now_is();
      return when(backorder != nullptr && facts.has_read && !facts.is_contradicted && !backorder->open_call,
                  "the provider answers what it is asked");
    case CaseKind::doubtful_job:
      if (has_ended) return now_is();
      return when(backorder != nullptr && !backorder->in_doubt, "nothing is in doubt any more");
    case CaseKind::auction_price_other_currency:
    case CaseKind::unidentified_payment:
    case CaseKind::deadline_missed:
    case CaseKind::operator_float:
    case CaseKind::untaxed:
      return std::nullopt;
  }
  invariant_failed("the kind is known", __FILE__, __LINE__, "case kind");
}

std::string_view to_word(Resolution resolution) { return word_of(kResolutions, resolution); }
std::optional<Resolution> parse_resolution(std::string_view text) { return value_of(kResolutions, text); }

Status check_resolution(CaseKind kind, Resolution resolution) {
  std::string allowed;
  for (const CaseRule& rule : kCaseRules) {
    if (rule.kind != kind) continue;
    if (rule.resolution == resolution) return Unit{};
    allowed += (allowed.empty() ? "" : ", ") + std::string(to_word(rule.resolution));
  }
  return Error{ErrorCode::resolution_not_allowed, "a case '" + std::string(to_word(kind)) + "' is not closed by '" +
                                                      std::string(to_word(resolution)) + "'; possible: " + allowed};
}

Status resolve_case(Changes& changes, const Case& open_case, Backorder& backorder, Customer& customer,
                    const ResolutionFacts& facts) {
  if (open_case.closed_at)
    return Error{ErrorCode::case_not_open, "case " + std::to_string(open_case.id.value()) + " is closed already"};
  if (Status allowed = check_resolution(open_case.kind, facts.resolution); !allowed) return allowed;
  if (facts.why.empty()) return Error{ErrorCode::invalid_argument, "a decision needs its reason or evidence"};
  const auto must_be_absent = [&]() -> Status {
    if (facts.job_absent) return Unit{};
    return Error{ErrorCode::job_may_exist, "backorder " + std::to_string(backorder.id.value()) +
                                               ": no deposit is released while its job exists or may exist; the "
                                               "provider still shows it or does not answer"};
  };
  TransitionFacts step{.now = facts.now, .detail = facts.why, .tax = facts.tax};
  Status done = Unit{};
  bool changed = true;
  switch (facts.resolution) {
    case Resolution::failed:
    case Resolution::successful: {
      const bool fails = facts.resolution == Resolution::failed;
      if (Status absent = fails ? must_be_absent() : Status(Unit{}); !absent) return absent;
      const State outcome = fails ? State::failed : State::successful;
      // an order that nobody answered: its job is taken for made, as the provider's own word would be
      const auto path = holds_deposit(backorder.state) ? path_to(backorder.state, outcome) : std::nullopt;
      if (!path) {
        return Error{ErrorCode::impossible_step, "backorder " + std::to_string(backorder.id.value()) + " is " +
                                                     std::string(to_word(backorder.state)) +
                                                     ": no outcome is open; 'acknowledge' closes the case"};
      }
      for (const Transition& row : *path) {
        if (row.event == Trigger::lost) step.reason = Reason::not_registered;
        done = apply_transition(changes, backorder, customer, row.event, step);
        if (!done) return done;
      }
      break;
    }
    case Resolution::resubmit:
      if (Status absent = must_be_absent(); !absent) return absent;
      done = apply_transition(changes, backorder, customer, Trigger::job_dropped, step);
      break;
    case Resolution::give_up:
      if (Status absent = must_be_absent(); !absent) return absent;
      step.reason = Reason::provider_deleted;
      done = apply_transition(changes, backorder, customer, Trigger::cancelled, step);
      break;
    case Resolution::adopt: {
      if (!facts.job || facts.job->name != backorder.name || is_final(backorder.state) || backorder.application) {
        return Error{ErrorCode::resolution_not_allowed,
                     "application " + open_case.subject + " cannot be adopted: " +
                         (is_final(backorder.state) ? "the backorder has ended"
                          : backorder.application   ? "the backorder has another job"
                                                    : "the provider does not show it for " + backorder.name.ace()) +
                         "; 'acknowledge' closes the case"};
      }
      if (facts.open_call) {
        ProviderCall resolved = *facts.open_call;
        resolved.state = CallState::resolved;
        resolved.answered_at = facts.now;
        resolved.application = facts.job->application;
        changes.calls.push_back(resolved);
        backorder.open_call = std::nullopt;
      }
      done = bind_job(changes, backorder, customer, *facts.job, "adopted by a person", facts.now);
      break;
    }
    case Resolution::charge:
      charge_late(changes, customer, backorder, backorder.deposit.value_or(backorder.quoted), facts.tax);
      changed = false;
      break;
    case Resolution::goodwill:
      done = grant_goodwill(changes, customer, facts.amount.value_or(backorder.deposit.value_or(backorder.quoted)),
                            facts.why);
      changed = false;
      break;
    case Resolution::tax:
      ENSURE(facts.untaxed.has_value(), "the decision about a supply's tax knows the supply");
      done = split_tax(changes, customer, *facts.untaxed, facts.tax, facts.why);
      changed = false;
      break;
    case Resolution::acknowledge:
      // a person says that the job in doubt is none of ours
      changed = open_case.kind == CaseKind::doubtful_job && backorder.in_doubt == open_case.subject;
      if (changed) backorder.in_doubt = std::nullopt;
      break;
    case Resolution::operator_keeps:
    case Resolution::keep:
    case Resolution::delete_job:
      changed = false;
      break;
  }
  if (!done) return done;
  if (changed) changes.backorders.push_back(backorder);
  changes.closed_cases.push_back({open_case.id, std::string(to_word(facts.resolution)) + ": " + facts.why});
  changes.events.push_back(
      {EventKind::case_closed,
       open_case.customer,
       open_case.backorder,
       {},
       {},
       {},
       std::string(to_word(open_case.kind)) + " " + std::string(to_word(facts.resolution)) + ": " + facts.why});
  return Unit{};
}

}  // namespace engine
