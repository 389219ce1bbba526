// Corrections: reversals, chargebacks, and payments moved to the right account. Nothing is changed or deleted: each is
// a new transfer that names the one it answers. All take an effective date.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "engine/lifecycle.hpp"

namespace engine {

// True if the transfer is in force: no reversal and no move that is in force names it. `answers` are the transfers
// that name it, those that name these, and so on.
bool in_force(const Transfer& transfer, std::span<const Transfer> answers);

// The reason, which is obligatory, and the effective date.
struct Correction {
  std::string reason{};
  std::optional<UtcTime> effective_at{};  // absent: now
};

// Undoes every transfer of one request, the last first, so a set-off before what fed it. `posted` are that request's
// transfers, `customers` all whose accounts they touch, changed in place. Deposits that a chargeback voided stay void.
// Where a debt was repaid meanwhile, what the reversal would repay again becomes available. Refused: not_reversible
// (reserve, refund, capture …), already_reversed, insufficient_available where the money is spent.
Status reverse(Changes& changes, std::span<Customer> customers, std::span<const Transfer> posted,
               std::span<const Transfer> answers, const Correction& how);

struct Dispute {
  LedgerAccountKey cash;          // where the money leaves
  std::optional<Money> amount{};  // absent: all that no chargeback in force took yet
  UtcTime now;
};
// The bank takes a pay-in back, or a part of it; again, after it was won (reversed) and then lost. ACTIVE backorders
// without a job are voided in reverse funding order until the spendable balance covers it; the rest is owed. The
// account is frozen. `backorders` are the customer's open ones, changed in place. Refused: not_reversible (no payment),
// already_reversed (nothing is left of it), invalid_amount (more than is left).
Status charge_back(Changes& changes, Customer& customer, std::span<const Transfer> posted,
                   std::span<const Transfer> answers, std::span<Backorder> backorders, const Dispute& dispute,
                   const Correction& how);

// A payment posted to the wrong account goes to the right one, through suspense: cash does not move, so the line of the
// bank that it answers stays bound to it. Refused as a reversal is, and where the two accounts differ in currency.
Status move_payment(Changes& changes, Customer& from, Customer& to, std::span<const Transfer> posted,
                    std::span<const Transfer> answers, const Correction& how);

}  // namespace engine
