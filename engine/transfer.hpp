// A transfer debits one account and credits another of the same currency by one positive amount, so it is always
// balanced. It is never changed or deleted. Several transfers of one event share a request and are committed together.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/tax.hpp"

namespace engine {

enum class TransferKind : std::uint8_t {
  pay_in,                 // cash → available
  pay_in_receivable,      // cash → receivable: repays what is owed first
  pay_out,                // available → cash
  reserve,                // available → reserved
  refund,                 // reserved → available
  capture,                // reserved → revenue, the net part
  capture_tax,            // reserved → tax
  adjustment,             // available ↔ adjustment
  goodwill,               // goodwill → available
  chargeback,             // available → cash
  chargeback_receivable,  // receivable → cash
  auction_price,          // available → auction clearing
  auction_receivable,     // receivable → auction clearing
  late_charge,            // available → revenue: success after the refund, charged by a person's decision
  late_charge_tax,        // available → tax
  late_receivable,        // receivable → available: what the customer could not pay of it
  suspense_in,            // cash → suspense
  suspense_out,           // suspense → receivable or available
  provider_pay_in,        // cash → provider prepaid
  provider_cost,          // provider prepaid → cost of sales
  reversal,               // mirror of the transfer it names
  set_off,                // available → receivable: what came in repays what is owed
  debt_returned,  // receivable → available: a debt that was repaid is gone, so the repayment is the customer's
  general,        // between two accounts of the operator's
  opening,        // equity, opening → available or receivable: the balance of a customer who moves in
  bad_debt,       // bad debts → receivable: written off
  moved_out,      // available or receivable → suspense: a payment leaves the wrong account
  moved_in,       // suspense → receivable or available: and reaches the right one
  tax_split,      // revenue → tax: of a capture that was posted untaxed
};
std::string_view to_word(TransferKind kind);
std::optional<TransferKind> parse_transfer_kind(std::string_view text);
bool moves_deposit(TransferKind kind);  // reserve, refund, capture, capture_tax
// Undone by a reversal that names it, as a reversal itself can be; reserve, refund and capture never are: what is wrong
// there is corrected by an adjustment.
bool is_reversible(TransferKind kind);

struct NewTransfer {
  TransferKind kind;
  LedgerAccountKey debit;
  LedgerAccountKey credit;
  Money amount;                           // above zero, in the currency of both accounts
  std::optional<UtcTime> effective_at{};  // absent: when it is recorded
  std::optional<BackorderId> backorder{};
  // with a backorder: the reservation this belongs to, from 1; (backorder, kind, attempt) is unique
  int attempt = 0;
  std::optional<TransferId> reverses{};  // reversal, chargeback, moved payment: the transfer it answers
  std::string memo{};
  // capture, late charge, tax split: what was decided, and how much of the supply is net; the rest of it is tax
  std::optional<TaxDecision> tax{};
  std::int64_t tax_net_minor = 0, tax_minor = 0;
};

// As written down.
struct Transfer {
  TransferId id;
  TransferKind kind;
  LedgerAccountKey debit;
  LedgerAccountKey credit;
  Money amount;
  UtcTime recorded_at;
  UtcTime effective_at;
  std::optional<BackorderId> backorder{};
  int attempt;
  std::optional<TransferId> reverses{};
  std::optional<RequestId> request{};
  std::string actor{};
  std::string memo{};

  // The customer whose account it moves; empty if both accounts are the operator's.
  std::optional<CustomerId> customer() const { return debit.customer ? debit.customer : credit.customer; }
};

}  // namespace engine
