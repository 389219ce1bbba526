#include "engine/corrections.hpp"

#include <algorithm>
#include <ranges>

#include "engine/set_off.hpp"

namespace engine {
namespace {

bool is_chargeback(TransferKind kind) {
  return kind == TransferKind::chargeback || kind == TransferKind::chargeback_receivable;
}
bool is_payment(TransferKind kind) {
  return kind == TransferKind::pay_in || kind == TransferKind::pay_in_receivable || kind == TransferKind::moved_in;
}

std::string title(const Transfer& transfer) {
  return "transfer " + std::to_string(transfer.id.value()) + " (" + std::string(to_word(transfer.kind)) + ")";
}

// The answer in force to any of these, of the kinds that `counts` takes.
template <typename Counts>
const Transfer* answer_to(std::span<const Transfer> posted, std::span<const Transfer> answers, Counts counts) {
  for (const Transfer& one : posted) {
    for (const Transfer& answer : answers) {
      if (answer.reverses == one.id && counts(answer.kind) && in_force(answer, answers)) return &answer;
    }
  }
  return nullptr;
}

Error undone_by(const Transfer& answer) {
  return {ErrorCode::already_reversed, "transfer " + std::to_string(answer.reverses->value()) +
                                           " was undone by transfer " + std::to_string(answer.id.value()) + " (" +
                                           std::string(to_word(answer.kind)) + ")"};
}
bool undoes(TransferKind kind) { return kind == TransferKind::reversal || kind == TransferKind::moved_out; }

// A balance of the customer as moved by one side of a transfer.
void move(Customer& customer, const LedgerAccountKey& account, Money credit) {
  if (account.customer != customer.id) return;
  if (account.kind == AccountKind::available) customer.available += credit;
  if (account.kind == AccountKind::reserved) customer.reserved += credit;
  if (account.kind == AccountKind::receivable) customer.owed -= credit;
}

void post(Changes& changes, TransferKind kind, const LedgerAccountKey& debit, const LedgerAccountKey& credit,
          Money amount, const Correction& how, TransferId reverses, std::optional<BackorderId> backorder = {}) {
  changes.transfers.push_back({kind, debit, credit, amount, how.effective_at, backorder, 0, reverses, how.reason});
}

void mirror(Changes& changes, std::span<Customer> customers, const Transfer& transfer, const Correction& how) {
  post(changes, TransferKind::reversal, transfer.credit, transfer.debit, transfer.amount, how, transfer.id,
       transfer.backorder);
  for (Customer& customer : customers) {
    move(customer, transfer.credit, -transfer.amount);
    move(customer, transfer.debit, transfer.amount);
  }
}

// After a correction: nobody's debt is repaid twice, nobody falls under the minimum balance, and what is there repays
// what is owed.
Status settle_balances(Changes& changes, std::span<Customer> customers, const Correction& how) {
  for (Customer& customer : customers) {
    if (customer.owed.is_negative()) {
      const Money returned = -customer.owed;
      changes.transfers.push_back({TransferKind::debt_returned,
                                   receivable_of(customer),
                                   available_of(customer),
                                   returned,
                                   how.effective_at,
                                   {},
                                   0,
                                   {},
                                   "the debt that was repaid is gone: " + how.reason});
      customer.owed += returned;
      customer.available += returned;
    }
    if (customer.spendable().is_negative()) {
      return Error{ErrorCode::insufficient_available,
                   "account " + customer.name + ": the money is spent, " + to_string_with_code(-customer.spendable()) +
                       " are missing; a payment that the bank took back is a 'chargeback'"};
    }
    set_off(changes, customer, {.effective_at = how.effective_at});
  }
  return Unit{};
}

Status need_reason(const Correction& how, std::string_view what) {
  if (!how.reason.empty()) return Unit{};
  return Error{ErrorCode::invalid_argument, std::string(what) + " needs a reason"};
}

}  // namespace

bool in_force(const Transfer& transfer, std::span<const Transfer> answers) {
  return std::ranges::none_of(answers, [&](const Transfer& answer) {
    return answer.reverses == transfer.id && undoes(answer.kind) && in_force(answer, answers);
  });
}

Status reverse(Changes& changes, std::span<Customer> customers, std::span<const Transfer> posted,
               std::span<const Transfer> answers, const Correction& how) {
  ENSURE(!posted.empty(), "a request with transfers");
  if (Status given = need_reason(how, "a reversal"); !given) return given;
  const auto any = [](TransferKind kind) { return undoes(kind) || is_chargeback(kind); };
  if (const Transfer* answer = answer_to(posted, answers, any)) return undone_by(*answer);
  // What a chargeback voided, and what was set off of that, stays as it is: nothing is reserved again.
  std::vector<Transfer> undone;
  std::ranges::copy_if(posted, std::back_inserter(undone), [](const Transfer& one) { return one.attempt == 0; });
  const auto never = std::ranges::find_if(undone, [](const Transfer& one) { return !is_reversible(one.kind); });
  if (undone.empty() || never != undone.end()) {
    return Error{ErrorCode::not_reversible,
                 title(undone.empty() ? posted.front() : *never) + " is never reversed; correct it with 'adjust'"};
  }
  for (const Transfer& transfer : undone | std::views::reverse) mirror(changes, customers, transfer, how);
  return settle_balances(changes, customers, how);
}

Status charge_back(Changes& changes, Customer& customer, std::span<const Transfer> posted,
                   std::span<const Transfer> answers, std::span<Backorder> backorders, const Dispute& dispute,
                   const Correction& how) {
  ENSURE(!posted.empty(), "a request with transfers");
  if (Status given = need_reason(how, "a chargeback"); !given) return given;
  if (const Transfer* answer = answer_to(posted, answers, undoes)) return undone_by(*answer);
  Money left = Money::zero(customer.currency);
  std::optional<TransferId> payment;
  for (const Transfer& transfer : posted) {
    if (!is_payment(transfer.kind)) continue;
    left += transfer.amount;
    if (!payment) payment = transfer.id;
  }
  if (!payment) {
    return Error{ErrorCode::not_reversible, title(posted.front()) + " is not a payment that a bank could take back"};
  }
  const Transfer* last = nullptr;
  for (const Transfer& answer : answers) {
    if (!is_chargeback(answer.kind) || !in_force(answer, answers)) continue;
    left -= answer.amount;
    last = &answer;
  }
  if (last != nullptr && !left.is_positive()) return undone_by(*last);
  const Money amount = dispute.amount.value_or(left);
  if (amount.currency() != customer.currency) {
    return Error{ErrorCode::currency_mismatch,
                 "account " + customer.name + " is in " + std::string(customer.currency.code())};
  }
  if (!amount.is_positive() || amount > left) {
    return Error{ErrorCode::invalid_amount, "a chargeback of " + to_string_with_code(amount) +
                                                " is not above zero and at most " + to_string_with_code(left) +
                                                ", what is left of the payment"};
  }
  std::vector<Backorder*> unsubmitted;
  for (Backorder& backorder : backorders) {
    if (backorder.state == State::active && !backorder.job_may_exist()) unsubmitted.push_back(&backorder);
  }
  std::ranges::sort(unsubmitted, [](const Backorder* a, const Backorder* b) { return funded_before(*b, *a); });
  for (Backorder* backorder : unsubmitted) {
    if (customer.spendable() >= amount) break;
    const Status taken = apply_transition(changes, *backorder, customer, Trigger::voided,
                                          {.now = dispute.now, .reason = Reason::chargeback, .detail = how.reason});
    if (!taken) return taken.error();
    changes.backorders.push_back(*backorder);
  }
  const Money from_available = std::clamp(customer.spendable(), Money::zero(customer.currency), amount);
  const Money owed = amount - from_available;
  if (from_available.is_positive()) {
    post(changes, TransferKind::chargeback, available_of(customer), dispute.cash, from_available, how, *payment);
    customer.available -= from_available;
  }
  if (owed.is_positive()) {
    post(changes, TransferKind::chargeback_receivable, receivable_of(customer), dispute.cash, owed, how, *payment);
    customer.owed += owed;
  }
  if (customer.state == AccountState::open) {
    customer.state = AccountState::frozen;
    changes.customers.push_back(customer);
    changes.events.push_back(
        {EventKind::account_changed, customer.id, {}, {}, {}, Reason::chargeback, "frozen: " + how.reason});
  }
  return Unit{};
}

Status move_payment(Changes& changes, Customer& from, Customer& to, std::span<const Transfer> posted,
                    std::span<const Transfer> answers, const Correction& how) {
  ENSURE(!posted.empty(), "a request with transfers");
  if (Status given = need_reason(how, "moving a payment"); !given) return given;
  if (from.id == to.id) return Error{ErrorCode::invalid_argument, "the payment is in account " + to.name + " already"};
  if (from.currency != to.currency) {
    return Error{ErrorCode::currency_mismatch, "account " + from.name + " is in " + std::string(from.currency.code()) +
                                                   ", account " + to.name + " in " + std::string(to.currency.code())};
  }
  if (const std::optional<ErrorCode> refused = forbidden(to.state, AccountOperation::pay_in))
    return Error{*refused, "account " + to.name + " is " + std::string(to_word(to.state))};
  const auto any = [](TransferKind kind) { return undoes(kind) || is_chargeback(kind); };
  if (const Transfer* answer = answer_to(posted, answers, any)) return undone_by(*answer);
  const LedgerAccountKey suspense = operator_account(AccountKind::suspense, from.currency);
  Money amount = Money::zero(from.currency);
  std::optional<TransferId> payment;
  Customer* const both[] = {&from, &to};
  for (const Transfer& transfer : posted | std::views::reverse) {
    if (transfer.customer() != from.id) continue;
    if (transfer.kind == TransferKind::set_off || transfer.kind == TransferKind::debt_returned) {
      mirror(changes, {&from, 1}, transfer, how);
      continue;
    }
    if (!is_payment(transfer.kind) && transfer.kind != TransferKind::suspense_out)
      return Error{ErrorCode::not_reversible, title(transfer) + " is not a payment: only payments are moved"};
    post(changes, TransferKind::moved_out, transfer.credit, suspense, transfer.amount, how, transfer.id);
    move(from, transfer.credit, -transfer.amount);
    amount += transfer.amount;
    payment = transfer.id;
  }
  if (!payment) return Error{ErrorCode::not_reversible, title(posted.front()) + " is not a payment of " + from.name};
  const Money repaid = std::min(amount, to.owed);
  if (repaid.is_positive()) {
    post(changes, TransferKind::moved_in, suspense, receivable_of(to), repaid, how, *payment);
    to.owed -= repaid;
  }
  if (amount > repaid) {
    post(changes, TransferKind::moved_in, suspense, available_of(to), amount - repaid, how, *payment);
    to.available += amount - repaid;
  }
  for (Customer* customer : both) {
    if (Status settled = settle_balances(changes, {customer, 1}, how); !settled) return settled;
  }
  return Unit{};
}

}  // namespace engine
