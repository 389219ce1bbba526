// Applies one transition of one backorder: its state, the customer's balances, the transfers and the log entry.
// Deposits are reserved, refunded and captured here and nowhere else.
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
  TaxDecision tax{};               // capture: frozen with it; untaxed, it opens a case
};

// Changes `backorder` and the customer's balances in place, and appends the transfers and the event to `changes`. The
// caller puts the final row of the backorder into `changes`, once, after the last transition. Refuses and changes
// nothing: impossible_step (not in the table), insufficient_available, job_may_exist (a refund while a job exists or
// may exist at the provider; `cancelled` and the provider's outcomes have answered that before). REQUIRES: the
// backorder is the customer's; `funded` comes with a deposit above zero.
Status apply_transition(Changes& changes, Backorder& backorder, Customer& customer, Trigger event,
                        const TransitionFacts& facts);

// A supply was posted whose tax nobody could decide: a case asks for it.
void ask_for_tax(Changes& changes, const Backorder& backorder, const TaxDecision& tax, Money gross);

// The keys of ledger accounts.
LedgerAccountKey available_of(const Customer& customer);
LedgerAccountKey reserved_of(const Customer& customer);
LedgerAccountKey receivable_of(const Customer& customer);
LedgerAccountKey operator_account(AccountKind kind, Currency currency, std::string source = {});

}  // namespace engine
