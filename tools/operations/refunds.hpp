// The refund report: every deposit that was refunded or captured in a period, and the proof that nothing is missing.
// Per account, zone and currency
//   opening reserved + reserved in the period = captured + refunded + closing reserved,
// Opening and closing are summed from the deposits held at both ends, the rest from the transfers of the period. If the
// equation fails by one minor unit, there is no report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ports.hpp"
#include "tools/operations/reports.hpp"

namespace operations {

// A deposit that ended in the period.
struct EndedDeposit {
  engine::TransferId transfer;  // the refund, or the capture of the net part
  engine::UtcTime at;           // recorded or effective, as the period counts
  std::string account;
  engine::Backorder backorder;
  engine::Money amount;  // of the whole deposit
  std::string cause;     // reason's word; "captured"
  std::string actor;
  std::optional<engine::UtcTime> reserved_at, outcome_at;  // outcome: when the provider's final word was read
  std::optional<engine::Milliseconds> held, latency;       // latency: from the outcome to here
  std::string evidence;                                    // the provider's raw answer that led here, newest
  // The last status of the job at the provider: "FAILED"; if it gave none, the code and text of its answer to the last
  // order: "541 Invalid attribute value". Empty: it was never asked.
  std::string provider_word{};
};

struct DepositFlow {
  std::string account, zone;
  engine::Money opening, reserved, captured, refunded, closing;
};

struct DepositException {
  std::string account;
  engine::Backorder backorder;
  engine::Money amount;
  // "outcome without refund", "outcome without capture", "refund later than outcome", "refunded but registered",
  // "captured but not registered"
  std::string what;
  std::optional<engine::UtcTime> outcome_at, ended_at;
  engine::Milliseconds late_by;
};

struct RefundReport {
  std::vector<EndedDeposit> refunds, captures;  // by transfer
  std::vector<DepositFlow> flows;               // by account, zone, currency; those with any amount
  std::vector<DepositException> exceptions;     // by backorder
};

struct RefundQuery {
  std::optional<engine::CustomerId> customer{};
  Period period{};
  engine::UtcTime now;
  engine::Milliseconds tolerance = std::chrono::hours(1);  // between the provider's word and the transfer
};

// Refuses with report_not_balanced, naming the first row that differs and both figures. The check covers the deposits
// of all times, because the opening depends on everything before it.
engine::Result<RefundReport> refund_report(engine::LedgerReader& store, const RefundQuery& query);

}  // namespace operations
