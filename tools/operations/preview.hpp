// The funding preview: what the sweeps until a horizon will do, from the function that they commit; what to pay in by
// when; and what our balance at the provider must hold by when. With a what-if the same over facts that are only
// imagined. Changes nothing.
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
  // The first that is underfunded and that money could still save: plan.top_up_by is its instant.
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
// What the previewed accounts make together.
struct FundingOutlook {
  std::vector<CalendarDay> calendar{};  // days with deposits, by currency and day
  // by currency and day; jobs of funded backorders that have none yet, at the setting cost.ZONE
  std::vector<JobsDay> jobs{};
  std::vector<UncostedJobs> uncosted{};  // by zone: no cost is set, and none is guessed
};
// Accounts with at least one REQUESTED backorder, by id, one after the other: what is visited may be taken, and is gone
// afterwards. A million backorders are never held at once but as packed rows. The next are read on another thread
// meanwhile. REQUIRES: `visit` does not use the store. backorder_not_found, impossible_step (it has ended),
// job_may_exist (its deposit returns only with the provider's word).
engine::Result<FundingOutlook> each_preview(engine::LedgerReader& store, const PreviewQuery& query,
                                            const std::function<void(AccountPreview&&)>& visit);

struct FundingPreview : FundingOutlook {
  std::vector<AccountPreview> accounts{};
};
// All of them at once: for one account, or a small book.
engine::Result<FundingPreview> preview(engine::LedgerReader& store, const PreviewQuery& query);

}  // namespace operations
