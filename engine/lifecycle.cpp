#include "engine/lifecycle.hpp"

#include "engine/set_off.hpp"

namespace engine {
namespace {

NewTransfer deposit_transfer(TransferKind kind, LedgerAccountKey debit, LedgerAccountKey credit, Money amount,
                             const Backorder& backorder) {
  return {kind,         std::move(debit),  std::move(credit), amount, std::nullopt,
          backorder.id, backorder.attempt, std::nullopt,      {}};
}

void post_reserve(Changes& changes, Backorder& backorder, Customer& customer, Money deposit) {
  ENSURE(deposit.is_positive(), "a deposit is above zero");
  backorder.deposit = deposit;
  backorder.attempt += 1;
  customer.available -= deposit;
  customer.reserved += deposit;
  changes.transfers.push_back(
      deposit_transfer(TransferKind::reserve, available_of(customer), reserved_of(customer), deposit, backorder));
}

void post_refund(Changes& changes, const Backorder& backorder, Customer& customer) {
  const Money deposit = backorder.deposit.value();
  customer.reserved -= deposit;
  customer.available += deposit;
  changes.transfers.push_back(
      deposit_transfer(TransferKind::refund, reserved_of(customer), available_of(customer), deposit, backorder));
  set_off(changes, customer, {.backorder = backorder.id, .attempt = backorder.attempt});
}

void post_capture(Changes& changes, const Backorder& backorder, Customer& customer, const TaxDecision& tax) {
  const Money deposit = backorder.deposit.value();
  const NetAndTax parts = split_gross(deposit, tax.rate_bp);
  const std::size_t first = changes.transfers.size();
  customer.reserved -= deposit;
  if (parts.net.is_positive()) {
    changes.transfers.push_back(deposit_transfer(TransferKind::capture, reserved_of(customer),
                                                 operator_account(AccountKind::revenue, customer.currency), parts.net,
                                                 backorder));
  }
  if (parts.tax.is_positive()) {
    changes.transfers.push_back(deposit_transfer(TransferKind::capture_tax, reserved_of(customer),
                                                 operator_account(AccountKind::tax, customer.currency), parts.tax,
                                                 backorder));
  }
  NewTransfer& bearer = changes.transfers.at(first);
  bearer.tax = tax;
  bearer.tax_net_minor = parts.net.minor();
  bearer.tax_minor = parts.tax.minor();
  if (tax.treatment == TaxTreatment::untaxed) ask_for_tax(changes, backorder, tax, deposit);
}

// Our own decisions may not release a deposit while a job exists or may exist; the provider's word, or its confirmed
// absence, may. A REQUESTED one holds none: a job that was found for it binds nobody's money.
bool needs_absence_of_job(State from, Trigger event) {
  return holds_deposit(from) && (event == Trigger::voided || event == Trigger::rescheduled);
}

}  // namespace

Status apply_transition(Changes& changes, Backorder& backorder, Customer& customer, Trigger event,
                        const TransitionFacts& facts) {
  ENSURE(customer.id == backorder.customer, "the customer is the backorder's");
  const std::optional<Transition> row = step(backorder.state, event);
  const auto what = [&backorder] {
    return "backorder " + std::to_string(backorder.id.value()) + " (" + backorder.name.ace() + ")";
  };
  if (!row) {
    return Error{ErrorCode::impossible_step, what() + " is " + std::string(to_word(backorder.state)) + ": the step '" +
                                                 std::string(to_word(event)) + "' is not possible from there"};
  }
  if (needs_absence_of_job(backorder.state, event) && backorder.job_may_exist()) {
    return Error{ErrorCode::job_may_exist,
                 what() + ": a job exists or may exist at the provider; its deposit stays until that is settled"};
  }
  switch (row->money) {
    case MoneyEffect::none:
      break;
    case MoneyEffect::reserve_deposit:
      if (*facts.deposit > customer.spendable()) {
        return Error{ErrorCode::insufficient_available, what() + " needs " + to_string_with_code(*facts.deposit) +
                                                            ", account " + customer.name + " can spend " +
                                                            to_string_with_code(customer.spendable())};
      }
      post_reserve(changes, backorder, customer, *facts.deposit);
      break;
    case MoneyEffect::refund_deposit:
      post_refund(changes, backorder, customer);
      break;
    case MoneyEffect::capture_deposit:
      post_capture(changes, backorder, customer, facts.tax);
      break;
  }
  backorder.state = row->to;
  if (facts.reason) backorder.reason = facts.reason;
  if (event == Trigger::funded) {
    backorder.reserved_at = facts.now;
    backorder.reason = std::nullopt;
    backorder.underfunded = false;
  }
  if (event == Trigger::job_created) backorder.submitted_at = facts.now;
  if (event == Trigger::job_dropped) {
    backorder.application = std::nullopt;
    backorder.gone_since = std::nullopt;
    backorder.provider_status.clear();
  }
  if (is_final(row->to)) {
    backorder.ended_at = facts.now;
    backorder.cancelling = backorder.provider_balance_empty = backorder.underfunded = false;
    backorder.open_call = std::nullopt;
    changes.causes_gone.push_back({CaseKind::missing_from_list, backorder.id, {}});
    backorder.in_doubt = std::nullopt;
  }
  changes.events.push_back(
      {EventKind::stepped, customer.id, backorder.id, row->from, row->to, facts.reason, facts.detail});
  return Unit{};
}

void ask_for_tax(Changes& changes, const Backorder& backorder, const TaxDecision& tax, Money gross) {
  changes.cases.push_back(
      {CaseKind::untaxed,
       backorder.customer,
       backorder.id,
       {},
       to_string_with_code(gross) + " were posted untaxed: " +
           (tax.country.empty() ? "the account has no country" : "no tax rate is in force for " + tax.country)});
}

LedgerAccountKey available_of(const Customer& customer) {
  return {AccountKind::available, customer.currency, customer.id, {}};
}
LedgerAccountKey reserved_of(const Customer& customer) {
  return {AccountKind::reserved, customer.currency, customer.id, {}};
}
LedgerAccountKey receivable_of(const Customer& customer) {
  return {AccountKind::receivable, customer.currency, customer.id, {}};
}
LedgerAccountKey operator_account(AccountKind kind, Currency currency, std::string source) {
  return {kind, currency, std::nullopt, std::move(source)};
}

}  // namespace engine
