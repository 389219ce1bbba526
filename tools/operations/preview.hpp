// The funding preview: what the sweeps until a horizon will do, computed by the function that they use; what to pay in
// by when; and what our balance at the provider must be by when. A what-if computes the same with assumed facts.
// Changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.hpp"
#include "tools/operations/job_costs.hpp"

namespace operations {

struct WhatIf {
  struct TopUp {
    engine::CustomerId customer;
    engine::PayIn pay_in;
  };
  std::vector<TopUp> top_ups{};
  // cancelled now; a deposit without a job returns at once
  std::vector<engine::BackorderId> without{};
  std::vector<std::pair<engine::BackorderId, int>> priorities{};
};

struct PreviewQuery {
  std::optional<engine::CustomerId> customer{};  // absent: every account
  engine::UtcTime now, horizon;
  WhatIf what_if{};
};

struct PreviewRow {
  engine::Backorder backorder;
  engine::FundingVerdict verdict;
};
struct AccountPreview {
  engine::Customer customer;
  engine::FundingPlan plan;
  std::vector<PreviewRow> rows;  // in funding order
  // The first underfunded backorder that money could still save; plan.top_up_by is its instant.
  const PreviewRow* first_short() const;
};

// Deposits of one UTC day and currency, of all accounts previewed.
struct CalendarDay {
  engine::Day day;
  engine::Currency currency;
  std::int64_t funded = 0, underfunded = 0;
  engine::Money funded_amount, underfunded_amount;
  engine::Money left;  // spendable of all these accounts after that day
};
// Sums over the previewed accounts.
struct FundingOutlook {
  std::vector<CalendarDay> calendar{};  // days with deposits, by currency and day
  // by currency and day; jobs of funded backorders that have none yet, at the setting cost.ZONE
  std::vector<JobsDay> jobs{};
  std::vector<UncostedJobs> uncosted{};  // by zone: no cost is set, and none is guessed
};
// Visits the accounts with at least one REQUESTED backorder by id, one after the other. `visit` may move from its
// argument. The next rows are read on another thread meanwhile, so a million backorders are not held in memory.
// REQUIRES: `visit` does not use the store. Refuses a what-if with backorder_not_found, impossible_step (it has ended)
// or job_may_exist (its deposit returns only after the provider's outcome).
engine::Result<FundingOutlook> each_preview(engine::LedgerReader& store, const PreviewQuery& query,
                                            const std::function<void(AccountPreview&&)>& visit);

struct FundingPreview : FundingOutlook {
  std::vector<AccountPreview> accounts{};
};
// All of them at once: for one account, or a small book.
engine::Result<FundingPreview> preview(engine::LedgerReader& store, const PreviewQuery& query);

}  // namespace operations
