#include "engine/payments.hpp"

#include <algorithm>

#include "engine/set_off.hpp"

namespace engine {
namespace {

std::string of_account(const Customer& customer) { return "account " + customer.name; }

std::optional<Error> unusable(const Customer& customer, Money amount, AccountOperation operation) {
  if (amount.currency() != customer.currency) {
    return Error{ErrorCode::currency_mismatch, of_account(customer) + " is in " +
                                                   std::string(customer.currency.code()) + ", the amount in " +
                                                   std::string(amount.currency().code())};
  }
  if (!amount.is_positive())
    return Error{ErrorCode::invalid_amount, "the amount must be above zero, not " + to_string_with_code(amount)};
  if (const std::optional<ErrorCode> refused = forbidden(customer.state, operation)) {
    return Error{*refused, of_account(customer) + " is " + std::string(to_word(customer.state))};
  }
  return std::nullopt;
}

Error not_covered(const Customer& customer, Money amount, Money usable) {
  return {ErrorCode::insufficient_available, of_account(customer) + " can give " +
                                                 to_string_with_code(std::max(usable, Money::zero(usable.currency()))) +
                                                 ", asked for " + to_string_with_code(amount)};
}

LedgerAccountKey cash_of(const Payment& payment) {
  return operator_account(AccountKind::cash, payment.amount.currency(), payment.source);
}

void post(Changes& changes, TransferKind kind, LedgerAccountKey debit, LedgerAccountKey credit, Money amount,
          std::optional<UtcTime> effective_at, std::string memo, std::optional<TransferId> reverses = std::nullopt,
          std::optional<BackorderId> backorder = std::nullopt) {
  changes.transfers.push_back(
      {kind, std::move(debit), std::move(credit), amount, effective_at, backorder, 0, reverses, std::move(memo)});
}

// From `debit` to the customer: what is owed is repaid first, the rest becomes available.
void credit_debt_first(Changes& changes, TransferKind kind, const LedgerAccountKey& debit, Customer& customer,
                       Money amount, std::optional<UtcTime> effective_at, const std::string& memo) {
  const Money repaid = std::min(amount, customer.owed);
  const Money rest = amount - repaid;
  if (repaid.is_positive()) {
    post(changes, kind == TransferKind::pay_in ? TransferKind::pay_in_receivable : kind, debit, receivable_of(customer),
         repaid, effective_at, memo);
    customer.owed -= repaid;
  }
  if (rest.is_positive()) {
    post(changes, kind, debit, available_of(customer), rest, effective_at, memo);
    customer.available += rest;
  }
  set_off(changes, customer, {.effective_at = effective_at});
}

}  // namespace

Status pay_in(Changes& changes, Customer& customer, const Payment& payment) {
  if (auto error = unusable(customer, payment.amount, AccountOperation::pay_in)) return *error;
  credit_debt_first(changes, TransferKind::pay_in, cash_of(payment), customer, payment.amount, payment.effective_at,
                    payment.memo);
  return Unit{};
}

Status pay_out(Changes& changes, Customer& customer, const Payment& payment) {
  if (auto error = unusable(customer, payment.amount, AccountOperation::pay_out)) return *error;
  if (customer.owed.is_positive()) {
    return Error{ErrorCode::insufficient_available, of_account(customer) + " owes " +
                                                        to_string_with_code(customer.owed) +
                                                        ": nothing is paid out before that is repaid"};
  }
  if (payment.amount > customer.available) return not_covered(customer, payment.amount, customer.available);
  post(changes, TransferKind::pay_out, available_of(customer), cash_of(payment), payment.amount, payment.effective_at,
       payment.memo);
  customer.available -= payment.amount;
  return Unit{};
}

Status adjust(Changes& changes, Customer& customer, Money amount, Direction direction, const std::string& reason,
              std::optional<UtcTime> effective_at) {
  if (auto error = unusable(customer, amount, AccountOperation::settle)) return *error;
  if (reason.empty()) return Error{ErrorCode::invalid_argument, "an adjustment needs a reason"};
  const LedgerAccountKey other = operator_account(AccountKind::adjustment, customer.currency);
  if (direction == Direction::credit) {
    post(changes, TransferKind::adjustment, other, available_of(customer), amount, effective_at, reason);
    customer.available += amount;
    set_off(changes, customer, {.effective_at = effective_at});
    return Unit{};
  }
  if (amount > customer.spendable()) return not_covered(customer, amount, customer.spendable());
  post(changes, TransferKind::adjustment, available_of(customer), other, amount, effective_at, reason);
  customer.available -= amount;
  return Unit{};
}

Status grant_goodwill(Changes& changes, Customer& customer, Money amount, const std::string& reason,
                      std::optional<UtcTime> effective_at) {
  if (auto error = unusable(customer, amount, AccountOperation::settle)) return *error;
  if (reason.empty()) return Error{ErrorCode::invalid_argument, "goodwill needs a reason"};
  post(changes, TransferKind::goodwill, operator_account(AccountKind::goodwill, customer.currency),
       available_of(customer), amount, effective_at, reason);
  customer.available += amount;
  set_off(changes, customer, {.effective_at = effective_at});
  return Unit{};
}

void pay_in_unidentified(Changes& changes, const Payment& payment) {
  post(changes, TransferKind::suspense_in, cash_of(payment),
       operator_account(AccountKind::suspense, payment.amount.currency()), payment.amount, payment.effective_at,
       payment.memo);
}

Status assign_unidentified(Changes& changes, Customer& customer, Money amount, Money suspense_balance,
                           const std::string& reason, std::optional<UtcTime> effective_at) {
  if (auto error = unusable(customer, amount, AccountOperation::pay_in)) return *error;
  if (amount > suspense_balance) {
    return Error{ErrorCode::insufficient_available, "suspense holds " + to_string_with_code(suspense_balance) +
                                                        ", asked for " + to_string_with_code(amount)};
  }
  credit_debt_first(changes, TransferKind::suspense_out, operator_account(AccountKind::suspense, amount.currency()),
                    customer, amount, effective_at, reason);
  return Unit{};
}

Status open_balance(Changes& changes, Customer& customer, const Payment& balance) {
  if (auto error = unusable(customer, balance.amount, AccountOperation::pay_in)) return *error;
  credit_debt_first(changes, TransferKind::opening, operator_account(AccountKind::opening, customer.currency), customer,
                    balance.amount, balance.effective_at, balance.memo);
  return Unit{};
}

Status write_off(Changes& changes, Customer& customer, Money amount, const std::string& reason,
                 std::optional<UtcTime> effective_at) {
  if (auto error = unusable(customer, amount, AccountOperation::settle)) return *error;
  if (reason.empty()) return Error{ErrorCode::invalid_argument, "writing a debt off needs a reason"};
  if (amount > customer.owed) {
    return Error{ErrorCode::insufficient_available, of_account(customer) + " owes " +
                                                        to_string_with_code(customer.owed) + ", asked to write off " +
                                                        to_string_with_code(amount)};
  }
  post(changes, TransferKind::bad_debt, operator_account(AccountKind::bad_debts, customer.currency),
       receivable_of(customer), amount, effective_at, reason);
  customer.owed -= amount;
  return Unit{};
}

Status post_general(Changes& changes, const GeneralEntry& entry) {
  if (entry.reason.empty()) return Error{ErrorCode::invalid_argument, "an entry between accounts needs a reason"};
  if (!entry.amount.is_positive()) {
    return Error{ErrorCode::invalid_amount, "the amount must be above zero, not " + to_string_with_code(entry.amount) +
                                                ": exchange the debited and the credited account instead"};
  }
  for (const LedgerAccountKey* side : {&entry.debit, &entry.credit}) {
    if (belongs_to_customer(side->kind)) {
      return Error{ErrorCode::invalid_argument,
                   "account " + std::string(to_word(side->kind)) +
                       " is a customer's: 'fund', 'withdraw', 'adjust' and 'write-off' move it"};
    }
    if (side->kind == AccountKind::suspense && !entry.answers_case) {
      return Error{ErrorCode::invalid_argument,
                   "money in suspense belongs to its case: 'suspense assign' gives it to a "
                   "customer, 'suspense book' to an account of the operator's"};
    }
  }
  if (entry.debit == entry.credit)
    return Error{ErrorCode::invalid_argument, "an entry goes from one account to another"};
  post(changes, TransferKind::general, entry.debit, entry.credit, entry.amount, entry.effective_at, entry.reason);
  return Unit{};
}

void pay_provider(Changes& changes, const Payment& payment) {
  post(changes, TransferKind::provider_pay_in,
       operator_account(AccountKind::provider_prepaid, payment.amount.currency()), cash_of(payment), payment.amount,
       payment.effective_at, payment.memo);
}

void book_provider_cost(Changes& changes, Money amount, std::optional<UtcTime> effective_at, const std::string& memo) {
  post(changes, TransferKind::provider_cost, operator_account(AccountKind::cost_of_sales, amount.currency()),
       operator_account(AccountKind::provider_prepaid, amount.currency()), amount, effective_at, memo);
}

Status set_credit_limit(Changes& changes, Customer& customer, Money limit) {
  if (limit.currency() != customer.currency) {
    return Error{ErrorCode::currency_mismatch,
                 of_account(customer) + " is in " + std::string(customer.currency.code())};
  }
  if (limit.is_negative())
    return Error{ErrorCode::invalid_amount, "a credit limit is zero or more, not " + to_string_with_code(limit)};
  if (const std::optional<ErrorCode> refused = forbidden(customer.state, AccountOperation::configure)) {
    return Error{*refused, of_account(customer) + " is " + std::string(to_word(customer.state))};
  }
  if ((customer.available + limit).is_negative()) {
    return Error{ErrorCode::limit_below_use, of_account(customer) + " uses " +
                                                 to_string_with_code(-customer.available) +
                                                 " of its credit; the limit cannot be " + to_string_with_code(limit)};
  }
  const Money before = customer.credit_limit;
  customer.credit_limit = limit;
  changes.customers.push_back(customer);
  changes.events.push_back({EventKind::account_changed,
                            customer.id,
                            {},
                            {},
                            {},
                            {},
                            "credit limit " + to_string_with_code(before) + " -> " + to_string_with_code(limit)});
  return Unit{};
}

void charge_late(Changes& changes, Customer& customer, const Backorder& backorder, Money gross,
                 const TaxDecision& tax) {
  const Money zero = Money::zero(customer.currency);
  const Money owed = gross - std::clamp(customer.spendable(), zero, gross);
  const NetAndTax parts = split_gross(gross, tax.rate_bp);
  const std::string memo = "registered after the refund: " + backorder.name.ace();
  if (owed.is_positive()) {
    post(changes, TransferKind::late_receivable, receivable_of(customer), available_of(customer), owed, {}, memo, {},
         backorder.id);
    customer.owed += owed;
    customer.available += owed;
  }
  post(changes, TransferKind::late_charge, available_of(customer),
       operator_account(AccountKind::revenue, customer.currency), parts.net, {}, memo, {}, backorder.id);
  changes.transfers.back().tax = tax;
  changes.transfers.back().tax_net_minor = parts.net.minor();
  changes.transfers.back().tax_minor = parts.tax.minor();
  if (parts.tax.is_positive()) {
    post(changes, TransferKind::late_charge_tax, available_of(customer),
         operator_account(AccountKind::tax, customer.currency), parts.tax, {}, memo, {}, backorder.id);
  }
  customer.available -= gross;
  if (tax.treatment == TaxTreatment::untaxed) ask_for_tax(changes, backorder, tax, gross);
}

}  // namespace engine
