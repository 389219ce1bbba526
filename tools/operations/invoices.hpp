// Invoices and credit notes over what was captured. A document is issued once, numbered without gaps, and shown ever
// after as it was issued.
#pragma once

#include <optional>
#include <string>

#include "engine/invoice.hpp"
#include "tools/operations/context.hpp"

namespace operations {

// Issues documents for every supply up to `to` (excluded; default: now) that stands on none: all of an account and
// currency in a capture, day or month, as the setting invoice.period says; a day or month only once it is over. A
// supply whose tax waits for a decision (case untaxed) waits too. `account`: only its own. Refused without the seller's
// name and address (settings). Facts: invoices, credit_notes, first, last.
engine::Result<Reply> issue_invoices(const Context& context, const RequestKey& request,
                                     const std::optional<std::string>& account, std::optional<engine::UtcTime> to);

// By its number, "I2026-00017". invoice_not_found
engine::Result<engine::Invoice> invoice_numbered(engine::LedgerReader& store, const std::string& title);

}  // namespace operations
