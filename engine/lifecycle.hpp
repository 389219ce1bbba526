// One step of one backorder with everything that belongs to it: the state, the customer's balances, the transfers and
// the log entry. The only place that posts deposits: reserve, refund, capture.
#pragma once

#include <optional>
#include <string>

#include "engine/ports.hpp"

namespace engine {

struct TransitionFacts {
  UtcTime now;
  std::optional<Reason> reason{};
  std::string detail{};
  std::optional<Money> deposit{};  // funded: the price at this moment, frozen from here on
  std::int64_t tax_bp = 0;         // capture: the customer's tax rate
};

// Takes the step: changes `backorder` and the customer's balances in place and appends transfers and the event to
// `changes`. The caller puts the backorder's final row into `changes` itself, once, after the last step. Refused, with
// nothing changed: impossible_step (not in the table), job_may_exist (a refund while a job exists or may exist at the
// provider: `cancelled` and the provider's own outcomes have settled that question before), insufficient_available.
// REQUIRES: the customer is the backorder's; funded comes with a deposit above zero.
Status apply_transition(Changes& changes, Backorder& backorder, Customer& customer, Trigger event,
                        const TransitionFacts& facts);

// The rate in force at an instant for the customer's country; zero without one.
std::int64_t tax_rate_bp(std::span<const TaxRate> rates, std::string_view country, UtcTime at);

// Keys of a customer's ledger accounts.
LedgerAccountKey available_of(const Customer& customer);
LedgerAccountKey reserved_of(const Customer& customer);
LedgerAccountKey receivable_of(const Customer& customer);
LedgerAccountKey operator_account(AccountKind kind, Currency currency, std::string source = {});

}  // namespace engine
