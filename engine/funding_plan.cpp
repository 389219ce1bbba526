#include "engine/funding_plan.hpp"

#include <algorithm>
#include <unordered_map>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<Verdict> kVerdicts[] = {{Verdict::funded, "funded"}, {Verdict::underfunded, "underfunded"}, {Verdict::no_price, "no_price"},
                                        {Verdict::price_above_cap, "price_above_cap"}, {Verdict::undated, "undated"},
                                        {Verdict::frozen, "frozen"}, {Verdict::too_late, "too_late"}};

// One account's sweeps, played forward from `now` to the horizon.
class Planner {
 public:
  Planner(const Customer& customer, const PriceList& prices, FundingDefaults defaults)
      : customer_(customer),
        prices_(prices),
        policy_(customer.policy.value_or(defaults.policy)),
        timing_(customer.timing.value_or(defaults.timing)),
        spendable_(customer.spendable()),
        plan_{{}, Money::zero(customer.currency), std::nullopt} {}

  FundingPlan run(std::span<const Backorder> backorders, UtcTime now, UtcTime horizon) {
    std::vector<const Backorder*> order = requested_in_funding_order(backorders);
    std::size_t next = 0;
    for (UtcTime instant = now; next < order.size() && order[next]->drop; instant = order[next]->drop->deposit_due) {
      while (next < order.size() && order[next]->drop && order[next]->drop->deposit_due <= instant) pending_.push_back(order[next++]);
      sweep(instant);
      if (next == order.size() || !order[next]->drop || order[next]->drop->deposit_due > horizon) break;
    }
    for (const Backorder* left : pending_) leave_pending(*left, now, horizon);
    if (horizon > now) {
      for (; next < order.size(); ++next) {
        if (!order[next]->drop) decide(*order[next], Verdict::undated, std::nullopt, price_of(*order[next], now), std::nullopt);
      }
    }
    finish();
    return std::move(plan_);
  }

 private:
  static std::vector<const Backorder*> requested_in_funding_order(std::span<const Backorder> backorders) {
    std::vector<const Backorder*> order;
    for (const Backorder& backorder : backorders) {
      if (backorder.state == State::requested) order.push_back(&backorder);
    }
    std::ranges::sort(order, [](const Backorder* a, const Backorder* b) { return funded_before(*a, *b); });
    return order;
  }

  std::optional<Money> price_of(const Backorder& backorder, UtcTime at) const {
    return prices_.price(backorder.zone, customer_.tier, customer_.currency, at);
  }

  // One sweep at this instant over everything pending: what cannot be decided by money first, then the money.
  void sweep(UtcTime instant) {
    std::vector<const Backorder*> stay, candidates;
    std::vector<Money> amounts;
    for (const Backorder* backorder : pending_) {
      if (instant > backorder->drop->deadline) {
        miss(*backorder, instant);
      } else if (forbidden(customer_.state, AccountAct::reserve)) {
        stay.push_back(backorder);
      } else if (const std::optional<Money> price = price_of(*backorder, instant); !price) {
        decide(*backorder, Verdict::no_price, instant, std::nullopt, Reason::no_price);
      } else if (*price > backorder->max_price) {
        decide(*backorder, Verdict::price_above_cap, instant, price, Reason::price_above_cap);
      } else {
        candidates.push_back(backorder);
        amounts.push_back(*price);
      }
    }
    const std::vector<const Backorder*> short_ones = fund(candidates, amounts, instant);
    stay.insert(stay.end(), short_ones.begin(), short_ones.end());
    std::ranges::sort(stay, [](const Backorder* a, const Backorder* b) { return funded_before(*a, *b); });
    pending_ = std::move(stay);
  }

  // Returns those that wait, underfunded, for a later sweep.
  std::vector<const Backorder*> fund(const std::vector<const Backorder*>& candidates, const std::vector<Money>& amounts, UtcTime instant) {
    std::vector<const Backorder*> waiting;
    Money total = Money::zero(customer_.currency);
    for (const Money amount : amounts) total += amount;
    const bool all_refused = policy_ == FundingPolicy::all_or_nothing && total > spendable_;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Backorder& backorder = *candidates[i];
      if (!all_refused && amounts[i] <= spendable_) {
        decide(backorder, Verdict::funded, instant, amounts[i], std::nullopt);
        continue;
      }
      const Money missing = (all_refused ? total : amounts[i]) - spendable_;
      if (timing_ == VoidTiming::at_due) {
        decide(backorder, Verdict::underfunded, instant, amounts[i], Reason::insufficient_available, missing);
      } else {
        waiting.push_back(&backorder);
        short_by_.insert_or_assign(backorder.id.value(), Short{amounts[i], missing});
      }
    }
    return waiting;
  }

  // The deadline passed without a deposit: why depends on what held it up.
  void miss(const Backorder& backorder, UtcTime instant) {
    if (forbidden(customer_.state, AccountAct::reserve)) {
      decide(backorder, Verdict::frozen, instant, std::nullopt, Reason::account_frozen);
    } else if (const Short* row = last_short(backorder.id)) {
      decide(backorder, Verdict::underfunded, backorder.drop->deadline, row->amount, Reason::insufficient_available, row->missing);
    } else if (backorder.underfunded) {
      const std::optional<Money> price = price_of(backorder, instant);
      const Money amount = price.value_or(backorder.quoted);
      const Money missing = amount > spendable_ ? amount - spendable_ : amount;  // the money that came too late does not count
      decide(backorder, Verdict::underfunded, instant, amount, Reason::insufficient_available, missing);
    } else {
      decide(backorder, Verdict::too_late, instant, std::nullopt, Reason::deadline_missed);
    }
  }

  // Still waiting when the last sweep before the horizon is done.
  void leave_pending(const Backorder& backorder, UtcTime now, UtcTime horizon) {
    const UtcTime due = std::max(now, backorder.drop->deposit_due);
    const bool ends = horizon > backorder.drop->deadline;
    if (const Short* row = last_short(backorder.id)) {
      decide(backorder, Verdict::underfunded, ends ? backorder.drop->deadline : due, row->amount,
             ends ? std::optional(Reason::insufficient_available) : std::nullopt, row->missing);
    } else {
      decide(backorder, Verdict::frozen, ends ? backorder.drop->deadline : due, price_of(backorder, due),
             ends ? std::optional(Reason::account_frozen) : std::nullopt);
    }
  }

  void decide(const Backorder& backorder, Verdict verdict, std::optional<UtcTime> at, std::optional<Money> amount,
              std::optional<Reason> voids, std::optional<Money> missing = std::nullopt) {
    const Money before = spendable_;
    if (verdict == Verdict::funded) spendable_ -= *amount;
    plan_.verdicts.push_back({backorder.id, verdict, at, amount, before, spendable_, missing.value_or(Money::zero(customer_.currency)), voids});
  }

  void finish() {
    std::ranges::stable_sort(plan_.verdicts, [](const FundingVerdict& a, const FundingVerdict& b) {
      if (a.decided_at.has_value() != b.decided_at.has_value()) return a.decided_at.has_value();
      return a.decided_at && *a.decided_at < *b.decided_at;
    });
    Money needed = Money::zero(customer_.currency);
    bool is_short = false;
    for (const FundingVerdict& row : plan_.verdicts) {
      if (row.verdict == Verdict::funded || row.verdict == Verdict::underfunded) needed += *row.amount;
      if (row.verdict != Verdict::underfunded) continue;
      is_short = true;
      if (!plan_.top_up_by || *row.decided_at < *plan_.top_up_by) plan_.top_up_by = row.decided_at;
    }
    if (is_short) plan_.shortfall = std::max(needed - customer_.spendable(), Money::of_minor(1, customer_.currency));
  }

  struct Short {
    Money amount, missing;
  };
  const Short* last_short(BackorderId id) const {
    const auto found = short_by_.find(id.value());
    return found == short_by_.end() ? nullptr : &found->second;
  }

  const Customer& customer_;
  const PriceList& prices_;
  FundingPolicy policy_;
  VoidTiming timing_;
  Money spendable_;
  FundingPlan plan_;
  std::vector<const Backorder*> pending_;
  std::unordered_map<std::int64_t, Short> short_by_;  // of those that wait: as last attempted
};

}  // namespace

std::string_view name(Verdict verdict) { return word_of(kVerdicts, verdict); }

FundingPlan plan_funding(const Customer& customer, std::span<const Backorder> backorders, const PriceList& prices, FundingDefaults defaults,
                         UtcTime now, UtcTime horizon) {
  return Planner(customer, prices, defaults).run(backorders, now, horizon);
}

}  // namespace engine
