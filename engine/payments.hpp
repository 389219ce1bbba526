// Money in and out, and the operator's own accounts: decisions that post transfers under a request. What undoes them is
// in engine/corrections.hpp.
// Amounts are above zero and in the account's currency (currency_mismatch else).
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
// Only from available above zero, never from the credit limit, and never while the customer owes.
Status pay_out(Changes& changes, Customer& customer, const Payment& payment);

enum class Direction : std::uint8_t { credit, debit };  // to the customer, from the customer
// Posts a correction. invalid_argument without a reason. A debit may not take available below its minimum balance.
Status adjust(Changes& changes, Customer& customer, Money amount, Direction direction, const std::string& reason,
              std::optional<UtcTime> effective_at);
Status grant_goodwill(Changes& changes, Customer& customer, Money amount, const std::string& reason,
                      std::optional<UtcTime> effective_at = {});

// Money whose owner is not known, and its assignment by a person.
void pay_in_unidentified(Changes& changes, const Payment& payment);
// Repays what the customer owes first, as any pay-in does.
Status assign_unidentified(Changes& changes, Customer& customer, Money amount, Money suspense_balance,
                           const std::string& reason, std::optional<UtcTime> effective_at = {});

// The balance of a customer who moves in from other books, as those closed: repays what is owed, the rest becomes
// available.
Status open_balance(Changes& changes, Customer& customer, const Payment& balance);
// Writes off debt by a person's decision: at most what the customer owes.
Status write_off(Changes& changes, Customer& customer, Money amount, const std::string& reason,
                 std::optional<UtcTime> effective_at);

// A bank's fee, interest, a payout on its way: an entry between two of the operator's accounts, with its reason.
// Refused: customers' accounts, and suspense, whose money belongs to its case (invalid_argument).
struct GeneralEntry {
  LedgerAccountKey debit, credit;
  Money amount;
  std::optional<UtcTime> effective_at{};
  std::string reason{};
  bool answers_case = false;  // it is the decision about money in suspense, which it may then move
};
Status post_general(Changes& changes, const GeneralEntry& entry);

// A payment of ours to the provider; a charge of the provider for a success.
void pay_provider(Changes& changes, const Payment& payment);
void book_provider_cost(Changes& changes, Money amount, std::optional<UtcTime> effective_at, const std::string& memo);

// limit_below_use if more credit than `limit` is in use.
Status set_credit_limit(Changes& changes, Customer& customer, Money limit);

// A success after the refund, charged to the customer: from what is spendable, the rest owed.
void charge_late(Changes& changes, Customer& customer, const Backorder& backorder, Money gross, const TaxDecision& tax);

}  // namespace engine
