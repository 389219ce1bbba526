// Entries that are no customer's payment: between the operator's accounts, opening balances, debts written off.
#pragma once

#include <optional>
#include <string>

#include "engine/payments.hpp"
#include "tools/operations/context.hpp"

namespace operations {

// An operator's account by its word, with its source for cash ("cash:stripe"), or by its code ("5100"); cash without a
// source is "bank". invalid_argument names those there are.
engine::Result<engine::LedgerAccountKey> operator_account_named(const std::string& text, engine::Currency currency);

// Facts: debit, credit, amount.
engine::Result<Reply> post_general(const Context& context, const RequestKey& request,
                                   const engine::GeneralEntry& entry);
// Money in suspense that is no customer's: interest, a payout of a payment service. Closes the case that asked whose it
// is, as assign_unidentified() does.
engine::Result<Reply> book_unidentified(const Context& context, const RequestKey& request,
                                        const engine::LedgerAccountKey& credit, engine::Money amount,
                                        const std::string& reason, std::optional<std::int64_t> case_id,
                                        std::optional<engine::UtcTime> effective_at);
// Facts: account and its balances.
engine::Result<Reply> open_balance(const Context& context, const RequestKey& request, const std::string& account,
                                   const engine::Payment& balance);
engine::Result<Reply> write_off(const Context& context, const RequestKey& request, const std::string& account,
                                engine::Money amount, const std::string& reason,
                                std::optional<engine::UtcTime> effective_at);

}  // namespace operations
