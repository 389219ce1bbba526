// Accounting reports: outcomes by zone, adjustments by actor, and VAT. Models without output format; every total is the
// sum of its rows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/ports.hpp"
#include "tools/operations/reports.hpp"

namespace operations {

// Counts of the backorders of one zone, or of all zones if `zone` is empty.
struct Outcomes {
  std::string zone{};
  std::int64_t placed = 0;
  std::int64_t reserved = 0;    // a deposit was held at least once
  std::int64_t submitted = 0;   // a job was created
  std::int64_t auctions = 0;    // went into an auction
  std::int64_t registered = 0;  // SUCCESSFUL, AUCTION-WON
  std::int64_t failed = 0;      // FAILED, AUCTION-LOST
  std::int64_t cancelled = 0;
  std::int64_t missed = 0;  // VOID (deadline_missed), counted in `voided` too
  std::int64_t voided = 0;
  std::int64_t open = 0;                                  // placed = registered + failed + cancelled + voided + open
  std::map<engine::Reason, std::int64_t> void_reasons{};  // their sum is `voided`
  // from the job's creation to the drop; of an even number: the mean of the middle two
  std::optional<engine::Milliseconds> median_submit_lead{};

  std::int64_t decided() const { return registered + failed; }
};
// Counts backorders whose drop lies in [from, to), or with by_placed those placed in it. Undated ones count only
// without bounds or with by_placed. Ordered by zone; the last row is the total.
std::vector<Outcomes> outcomes(engine::LedgerReader& store, std::optional<engine::UtcTime> from,
                               std::optional<engine::UtcTime> to, bool by_placed);

// The percentage with one decimal, half-even: 12 of 34 is "35.3". Empty if `of` is zero.
std::optional<std::string> percentage(std::int64_t part, std::int64_t whole);

// A correcting transfer: adjustment, goodwill or reversal.
struct Adjustment {
  engine::Transfer transfer;
  std::string account;  // empty: none of a customer's
};
std::vector<Adjustment> adjustments(engine::LedgerReader& store, const Period& period);  // by actor, then id

// One supply: its tax point is its capture (or the late charge); or the tax that was split off one later. What was
// decided and posted then, whatever the account and the table say today.
struct VatRow {
  engine::Transfer document;  // the transfer of its net part, or the split
  engine::TaxPoint tax_point;
  engine::Backorder backorder;
  std::string account;
  engine::Money net_amount, tax_amount, gross;
};
std::vector<VatRow> vat(engine::LedgerReader& store, const Period& period);  // by id

}  // namespace operations
