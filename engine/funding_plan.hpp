// Which of an account's backorders its money covers. One function decides both the preview and the sweep: the preview prints the
// plan, the sweep commits the verdicts at `now`.
// Pure: the caller passes the account, its backorders, prices and `now`.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/account.hpp"
#include "engine/backorder.hpp"
#include "engine/price_list.hpp"

namespace engine {

enum class Verdict : std::uint8_t { funded, underfunded, no_price, price_above_cap, undated, frozen, too_late };
std::string_view name(Verdict verdict);

struct FundingDefaults {
  FundingPolicy policy = FundingPolicy::each;
  VoidTiming timing = VoidTiming::at_due;
};

struct FundingVerdict {
  BackorderId backorder;
  Verdict verdict;
  std::optional<UtcTime> decided_at{};  // `now` for what is due, its due instant (or deadline) for what will be; absent: undated
  std::optional<Money> amount{};        // price at that instant, where there is one
  Money spendable_before;
  Money spendable_after;
  Money shortfall;                    // above zero exactly for underfunded: what is missing for this one
  std::optional<Reason> voids{};        // set where this verdict ends the backorder at decided_at
};

struct FundingPlan {
  std::vector<FundingVerdict> verdicts{};  // one per REQUESTED backorder: by decided_at, then funding order; undated last
  Money shortfall;                       // what to pay in so that nothing is underfunded; zero exactly when nothing is
  std::optional<UtcTime> top_up_by{};      // the instant of the first underfunded verdict
};

// REQUIRES: all backorders are the customer's and REQUESTED (others are ignored).
// Sweep: horizon == now. Preview: a later horizon; what falls due after `now` is decided as an on-time sweep at its due instant would.
// What is due after the horizon is left out.
FundingPlan plan_funding(const Customer& customer, std::span<const Backorder> backorders, const PriceList& prices,
                         FundingDefaults defaults, UtcTime now, UtcTime horizon);

}  // namespace engine
