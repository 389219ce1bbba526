// Money in and out, corrections, and the operator's balance at the provider: decisions that post transfers under a
// request. Amounts are above zero and in the account's currency (currency_mismatch else).
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

// What is owed is repaid first, the rest becomes available. To a closed account: account_closed; such money goes to
// suspense.
Status pay_in(Changes& changes, Customer& customer, const Payment& payment);
// Only from available above zero, never from the credit limit.
Status pay_out(Changes& changes, Customer& customer, const Payment& payment);

enum class Direction : std::uint8_t { credit, debit };  // to the customer, from the customer
// A reason is obligatory (invalid_argument). A debit may not take available below its minimum balance.
Status adjust(Changes& changes, Customer& customer, Money amount, Direction direction, const std::string& reason,
              std::optional<UtcTime> effective_at);
Status grant_goodwill(Changes& changes, Customer& customer, Money amount, const std::string& reason);

// Money whose owner is not known, and its assignment by a person.
void pay_in_unidentified(Changes& changes, const Payment& payment);
Status assign_unidentified(Changes& changes, Customer& customer, Money amount, Money suspense_balance,
                           const std::string& reason);

// Undoes every transfer of one request. `posted` are that request's transfers; `already` those that name them
// (reversals, chargebacks). Refused: not_reversible (reserve, refund, capture …), already_reversed,
// insufficient_available where the money is spent. `customer` is the one whose accounts they touch; nothing where only
// operator accounts are.
Status reverse(Changes& changes, Customer* customer, std::span<const Transfer> posted,
               std::span<const Transfer> already, const std::string& reason);

// The bank takes a pay-in back. ACTIVE backorders without a job are voided in reverse funding order until the spendable
// balance covers it; the rest is owed. The account is frozen. `backorders` are the customer's open ones, changed in
// place.
Status charge_back(Changes& changes, Customer& customer, std::span<const Transfer> posted,
                   std::span<const Transfer> already, std::span<Backorder> backorders, const std::string& reason,
                   UtcTime now);

// We pay the provider; the provider charges a success.
void pay_provider(Changes& changes, const Payment& payment);
void book_provider_cost(Changes& changes, Money amount, std::optional<UtcTime> effective_at, const std::string& memo);

// A credit limit below the credit in use: limit_below_use.
Status set_credit_limit(Changes& changes, Customer& customer, Money limit);

// A success after the refund, charged to the customer: from what is spendable, the rest owed.
void charge_late(Changes& changes, Customer& customer, const Backorder& backorder, Money gross, std::int64_t tax_bp);

}  // namespace engine
