// Decisions that post money under a request: payments in and out, corrections, and our balance at the provider. Amounts
// are above zero and in the account's currency, else currency_mismatch.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/lifecycle.hpp"

namespace engine {

struct Payment {
  Money amount;
  std::string source = "bank";            // which cash account
  std::optional<UtcTime> effective_at{};  // when the bank booked it; absent: now
  std::string memo{};
};

// Repays what the customer owes first; the rest becomes available. account_closed: the caller posts the money to
// suspense.
Status pay_in(Changes& changes, Customer& customer, const Payment& payment);
// Pays out from available above zero, never from the credit limit.
Status pay_out(Changes& changes, Customer& customer, const Payment& payment);

enum class Direction : std::uint8_t { credit, debit };  // to the customer, from the customer
// Posts a correction. invalid_argument without a reason. A debit may not take available below its minimum balance.
Status adjust(Changes& changes, Customer& customer, Money amount, Direction direction, const std::string& reason,
              std::optional<UtcTime> effective_at);
Status grant_goodwill(Changes& changes, Customer& customer, Money amount, const std::string& reason);

// Money whose owner is not known, and its assignment by a person.
void pay_in_unidentified(Changes& changes, const Payment& payment);
Status assign_unidentified(Changes& changes, Customer& customer, Money amount, Money suspense_balance,
                           const std::string& reason);

// Reverses every transfer of one request. `posted`: the transfers of that request. `already`: transfers that name one
// of them (reversals, chargebacks). `customer`: the customer whose accounts they touch, or null if only operator
// accounts are. Refuses with not_reversible (reserve, refund, capture …), already_reversed, or insufficient_available
// if the money is spent.
Status reverse(Changes& changes, Customer* customer, std::span<const Transfer> posted,
               std::span<const Transfer> already, const std::string& reason);

// The bank takes a pay-in back. Voids ACTIVE backorders without a job, last in funding order first, until the spendable
// balance covers the amount. The rest becomes a receivable, and the account is frozen. `backorders`: the customer's
// open ones, changed in place (domain rule: chargeback).
Status charge_back(Changes& changes, Customer& customer, std::span<const Transfer> posted,
                   std::span<const Transfer> already, std::span<Backorder> backorders, const std::string& reason,
                   UtcTime now);

// A payment of ours to the provider; a charge of the provider for a success.
void pay_provider(Changes& changes, const Payment& payment);
void book_provider_cost(Changes& changes, Money amount, std::optional<UtcTime> effective_at, const std::string& memo);

// limit_below_use if more credit than `limit` is in use.
Status set_credit_limit(Changes& changes, Customer& customer, Money limit);

// Charges the customer for a success that came after the refund: from the spendable balance first, the rest is owed.
void charge_late(Changes& changes, Customer& customer, const Backorder& backorder, Money gross, std::int64_t tax_bp);

}  // namespace engine
