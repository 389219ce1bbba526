// Which of an account's backorders its money covers. One function decides both the preview and the sweep: the preview
// prints the plan, the sweep commits the verdicts at `now`. Pure: the caller passes the account, its backorders, prices
// and `now`.
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
  // Underfunded: one backorder of the account without which this one would be funded, the one that money is given to
  // last of several. Where there is one, the plan without it says so; where none is named, there may still be one whose
  // place others would take before this one.
  std::optional<BackorderId> funded_without{};
};

struct FundingPlan {
  // one per REQUESTED backorder: by decided_at, then funding order; undated last
  std::vector<FundingVerdict> verdicts{};
  // What to pay in, once and by `top_up_by`, so that nothing is underfunded that money can still save; zero exactly
  // when there is no such thing. What the customer owes is paid first and so contained. The least that suffices; but
  // where voids wait for the deadline, and until then a price falls or a `pay_ins` comes, less might.
  Money shortfall;
  // the instant of the first underfunded verdict that money could have changed
  std::optional<UtcTime> top_up_by{};
};

// Money that will come in: planned with as a sweep right after it would. What the customer owes is paid first.
struct PayIn {
  UtcTime at;
  Money amount;  // not negative
};

// REQUIRES: all backorders are the customer's and REQUESTED (others are ignored).
// Sweep: horizon == now. Preview: a later horizon; what falls due after `now` is decided as an on-time sweep at its due
// instant would; where the account is funded whole or not at all and voids wait for the deadline, as a sweep right
// after each deadline would, too. What is due after the horizon is left out. REQUIRES: pay_ins by time.
FundingPlan plan_funding(const Customer& customer, std::span<const Backorder> backorders, const PriceList& prices,
                         FundingDefaults defaults, UtcTime now, UtcTime horizon, std::span<const PayIn> pay_ins = {});

}  // namespace engine
