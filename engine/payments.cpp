#include "engine/payments.hpp"

#include <algorithm>

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

std::optional<Error> undone_already(std::span<const Transfer> already) {
  if (already.empty()) return std::nullopt;
  return Error{ErrorCode::already_reversed, "transfer " + std::to_string(already.front().reverses->value()) +
                                                " was undone by transfer " +
                                                std::to_string(already.front().id.value()) + " (" +
                                                std::string(to_word(already.front().kind)) + ")"};
}

// A balance of the customer as moved by one side of a transfer.
void move(Customer& customer, const LedgerAccountKey& account, Money credit) {
  if (account.customer != customer.id) return;
  if (account.kind == AccountKind::available) customer.available += credit;
  if (account.kind == AccountKind::reserved) customer.reserved += credit;
  if (account.kind == AccountKind::receivable) customer.owed -= credit;
}

}  // namespace

Status pay_in(Changes& changes, Customer& customer, const Payment& payment) {
  if (auto error = unusable(customer, payment.amount, AccountOperation::pay_in)) return *error;
  const Money repaid = std::min(payment.amount, customer.owed);
  const Money rest = payment.amount - repaid;
  if (repaid.is_positive()) {
    post(changes, TransferKind::pay_in_receivable, cash_of(payment), receivable_of(customer), repaid,
         payment.effective_at, payment.memo);
    customer.owed -= repaid;
  }
  if (rest.is_positive()) {
    post(changes, TransferKind::pay_in, cash_of(payment), available_of(customer), rest, payment.effective_at,
         payment.memo);
    customer.available += rest;
  }
  return Unit{};
}

Status pay_out(Changes& changes, Customer& customer, const Payment& payment) {
  if (auto error = unusable(customer, payment.amount, AccountOperation::pay_out)) return *error;
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
    return Unit{};
  }
  if (amount > customer.spendable()) return not_covered(customer, amount, customer.spendable());
  post(changes, TransferKind::adjustment, available_of(customer), other, amount, effective_at, reason);
  customer.available -= amount;
  return Unit{};
}

Status grant_goodwill(Changes& changes, Customer& customer, Money amount, const std::string& reason) {
  if (auto error = unusable(customer, amount, AccountOperation::settle)) return *error;
  if (reason.empty()) return Error{ErrorCode::invalid_argument, "goodwill needs a reason"};
  post(changes, TransferKind::goodwill, operator_account(AccountKind::goodwill, customer.currency),
       available_of(customer), amount, {}, reason);
  customer.available += amount;
  return Unit{};
}

void pay_in_unidentified(Changes& changes, const Payment& payment) {
  post(changes, TransferKind::suspense_in, cash_of(payment),
       operator_account(AccountKind::suspense, payment.amount.currency()), payment.amount, payment.effective_at,
       payment.memo);
}

Status assign_unidentified(Changes& changes, Customer& customer, Money amount, Money suspense_balance,
                           const std::string& reason) {
  if (auto error = unusable(customer, amount, AccountOperation::pay_in)) return *error;
  if (amount > suspense_balance) {
    return Error{ErrorCode::insufficient_available, "suspense holds " + to_string_with_code(suspense_balance) +
                                                        ", asked for " + to_string_with_code(amount)};
  }
  post(changes, TransferKind::suspense_out, operator_account(AccountKind::suspense, amount.currency()),
       available_of(customer), amount, {}, reason);
  customer.available += amount;
  return Unit{};
}

Status reverse(Changes& changes, Customer* customer, std::span<const Transfer> posted,
               std::span<const Transfer> already, const std::string& reason) {
  ENSURE(!posted.empty(), "a request with transfers");
  if (auto error = undone_already(already)) return *error;
  for (const Transfer& transfer : posted) {
    if (is_reversible(transfer.kind)) continue;
    return Error{ErrorCode::not_reversible, "transfer " + std::to_string(transfer.id.value()) + " (" +
                                                std::string(to_word(transfer.kind)) +
                                                ") is never reversed; correct it with 'adjust'"};
  }
  for (const Transfer& transfer : posted) {
    post(changes, TransferKind::reversal, transfer.credit, transfer.debit, transfer.amount, {}, reason, transfer.id,
         transfer.backorder);
    if (customer == nullptr) continue;
    move(*customer, transfer.credit, -transfer.amount);
    move(*customer, transfer.debit, transfer.amount);
  }
  if (customer != nullptr && customer->spendable().is_negative()) {
    return Error{ErrorCode::insufficient_available,
                 of_account(*customer) + ": the money is spent, " + to_string_with_code(-customer->spendable()) +
                     " are missing; a payment that the bank took back is a 'chargeback'"};
  }
  return Unit{};
}

Status charge_back(Changes& changes, Customer& customer, std::span<const Transfer> posted,
                   std::span<const Transfer> already, std::span<Backorder> backorders, const std::string& reason,
                   UtcTime now) {
  ENSURE(!posted.empty(), "a request with transfers");
  if (auto error = undone_already(already)) return *error;
  Money amount = Money::zero(customer.currency);
  for (const Transfer& transfer : posted) {
    if (transfer.kind != TransferKind::pay_in && transfer.kind != TransferKind::pay_in_receivable) {
      return Error{ErrorCode::not_reversible, "transfer " + std::to_string(transfer.id.value()) + " (" +
                                                  std::string(to_word(transfer.kind)) +
                                                  ") is not a payment that a bank could take back"};
    }
    amount += transfer.amount;
  }
  std::vector<Backorder*> unsubmitted;
  for (Backorder& backorder : backorders) {
    if (backorder.state == State::active && !backorder.job_may_exist()) unsubmitted.push_back(&backorder);
  }
  std::ranges::sort(unsubmitted, [](const Backorder* a, const Backorder* b) { return funded_before(*b, *a); });
  for (Backorder* backorder : unsubmitted) {
    if (customer.spendable() >= amount) break;
    const Status taken = apply_transition(changes, *backorder, customer, Trigger::voided,
                                          {.now = now, .reason = Reason::chargeback, .detail = reason});
    if (!taken) return taken.error();
    changes.backorders.push_back(*backorder);
  }
  const LedgerAccountKey cash = posted.front().debit;
  const Money zero = Money::zero(customer.currency);
  const Money from_available = std::clamp(customer.spendable(), zero, amount);
  const Money owed = amount - from_available;
  if (from_available.is_positive()) {
    post(changes, TransferKind::chargeback, available_of(customer), cash, from_available, {}, reason,
         posted.front().id);
    customer.available -= from_available;
  }
  if (owed.is_positive()) {
    post(changes, TransferKind::chargeback_receivable, receivable_of(customer), cash, owed, {}, reason,
         posted.front().id);
    customer.owed += owed;
  }
  if (customer.state == AccountState::open) {
    customer.state = AccountState::frozen;
    changes.customers.push_back(customer);
    changes.events.push_back(
        {EventKind::account_changed, customer.id, {}, {}, {}, Reason::chargeback, "frozen: " + reason});
  }
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

void charge_late(Changes& changes, Customer& customer, const Backorder& backorder, Money gross, std::int64_t tax_bp) {
  const Money zero = Money::zero(customer.currency);
  const Money owed = gross - std::clamp(customer.spendable(), zero, gross);
  const NetAndTax parts = split_gross(gross, tax_bp);
  const std::string memo = "registered after the refund: " + backorder.name.ace();
  if (owed.is_positive()) {
    post(changes, TransferKind::late_receivable, receivable_of(customer), available_of(customer), owed, {}, memo, {},
         backorder.id);
    customer.owed += owed;
    customer.available += owed;
  }
  post(changes, TransferKind::late_charge, available_of(customer),
       operator_account(AccountKind::revenue, customer.currency), parts.net, {}, memo, {}, backorder.id);
  if (parts.tax.is_positive()) {
    post(changes, TransferKind::late_charge_tax, available_of(customer),
         operator_account(AccountKind::tax, customer.currency), parts.tax, {}, memo, {}, backorder.id);
  }
  customer.available -= gross;
}

}  // namespace engine
