// Corrections of what was posted: reversals, chargebacks, payments that go to the right account. Each takes the day to
// which it belongs.
#pragma once

#include <optional>
#include <string>

#include "engine/corrections.hpp"
#include "tools/operations/context.hpp"

namespace operations {

// Reverses the whole request that the transfer belongs to; of a reversal: what it undid stands again. Facts: reversed,
// and where customers' accounts are touched, account and balances. transfer_not_found, not_reversible,
// already_reversed.
engine::Result<Reply> reverse(const Context& context, const RequestKey& request, engine::TransferId transfer,
                              const engine::Correction& how);

// The bank took a payment back, or `amount` of it. Without an effective date, the day on which one imported line of the
// bank shows it: of that cash account and amount, not before the payment, with a reference of the payment or the
// reason. Facts: account, state, voided, effective, balances.
engine::Result<Reply> charge_back(const Context& context, const RequestKey& request, engine::TransferId payment,
                                  const std::optional<std::string>& amount, engine::Correction how);

// A payment posted to the wrong account goes to the right one. Facts: from, account and its balances.
engine::Result<Reply> move_payment(const Context& context, const RequestKey& request, engine::TransferId payment,
                                   const std::string& account, const engine::Correction& how);

}  // namespace operations
