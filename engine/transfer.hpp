// A transfer debits one account and credits another of the same currency by one positive amount, so it is always
// balanced. It is never changed or deleted. Several transfers of one event share a request and are committed together.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/account.hpp"

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
  suspense_out,           // suspense → available
  provider_pay_in,        // cash → provider prepaid
  provider_cost,          // provider prepaid → cost of sales
  reversal,               // mirror of the transfer it names
};
std::string_view to_word(TransferKind kind);
std::optional<TransferKind> parse_transfer_kind(std::string_view text);
bool moves_deposit(TransferKind kind);  // reserve, refund, capture, capture_tax
// True for kinds that a reversal may undo. Reserve, refund and capture are corrected by an adjustment instead.
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
  std::optional<TransferId> reverses{};  // reversal, chargeback: the transfer it answers
  std::string memo{};
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
