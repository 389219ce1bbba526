// Decides which backorders of an account its money covers. Preview and sweep use the same function: the preview prints
// the plan, the sweep commits the verdicts at `now`. Pure: account, backorders, prices and `now` are arguments.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/account.hpp"
#include "engine/backorder.hpp"
#include "engine/price_list.hpp"

namespace engine {

enum class Verdict : std::uint8_t { funded, underfunded, no_price, price_above_cap, undated, frozen, too_late };
std::string_view to_word(Verdict verdict);

struct FundingDefaults {
  FundingPolicy policy = FundingPolicy::each;
  VoidPolicy void_policy = VoidPolicy::at_due;
};

struct FundingVerdict {
  BackorderId backorder;
  Verdict verdict;
  // `now` for what is due, its due instant (or deadline) for what will be; absent: undated
  std::optional<UtcTime> decided_at{};
  std::optional<Money> amount{};  // price at that instant, where there is one
  Money spendable_before;
  Money spendable_after;
  Money shortfall;                // above zero exactly for underfunded: what is missing for this one
  std::optional<Reason> voids{};  // set where this verdict ends the backorder at decided_at
  // Set for underfunded verdicts: a backorder whose cancellation would fund this one. If several would, the last in
  // funding order. Empty does not prove that none exists: money freed by some cancellations goes to other backorders
  // first.
  std::optional<BackorderId> funded_without{};
};

struct FundingPlan {
  // one per REQUESTED backorder: by decided_at, then funding order; undated last
  std::vector<FundingVerdict> verdicts{};
  // The smallest single payment that funds everything that money can still save, if it arrives by `top_up_by`. It
  // includes what the customer owes, which is repaid first. Zero exactly if nothing can be saved that way. With
  // void_policy at_deadline less may suffice if a price falls or a `pay_ins` arrives before the deadline.
  Money shortfall;
  // the instant of the first underfunded verdict that money could have changed
  std::optional<UtcTime> top_up_by{};
};

// Money that will come in. The plan treats it as a sweep right after it would: it repays what the customer owes first.
struct PayIn {
  UtcTime at;
  Money amount;  // not negative
};

// Plans the REQUESTED backorders; others are ignored. A sweep passes horizon == now. A preview passes a later horizon:
// a backorder that falls due after `now` is decided as an on-time sweep at its due instant would decide it. For
// accounts with `all_or_nothing` and `at_deadline`, the plan also simulates a sweep just after each deadline, because
// the remaining set may then be affordable. Backorders that are due after the horizon are left out. REQUIRES: all
// backorders are the customer's; pay_ins are ordered by time.
FundingPlan plan_funding(const Customer& customer, std::span<const Backorder> backorders, const PriceList& prices,
                         FundingDefaults defaults, UtcTime now, UtcTime horizon, std::span<const PayIn> pay_ins = {});

}  // namespace engine
