// The refund report: every deposit given back in a period, those captured beside it, and the proof that nothing is
// missing. Per account, zone and currency
//   opening reserved + reserved in the period = captured + refunded + closing reserved,
// where opening and closing are added up from the deposits that were held at both ends and the rest from the period's
// transfers. A report that is one minor unit off is not made.
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
  // What the provider said last about the job: "FAILED"; where it gave no status, the code and text of its answer to
  // the last order: "541 Invalid attribute value". Empty: it was never asked.
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

// report_not_balanced names the first row that is off, with both figures. It looks at the deposits of all times,
// whatever the period: an opening is only as good as what lies before it.
engine::Result<RefundReport> refund_report(engine::LedgerReader& store, const RefundQuery& query);

}  // namespace operations
