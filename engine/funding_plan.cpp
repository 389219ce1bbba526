#include "engine/funding_plan.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/ensure.hpp"
#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<Verdict> kVerdicts[] = {{Verdict::funded, "funded"},     {Verdict::underfunded, "underfunded"},
                                        {Verdict::no_price, "no_price"}, {Verdict::price_above_cap, "price_above_cap"},
                                        {Verdict::undated, "undated"},   {Verdict::frozen, "frozen"},
                                        {Verdict::too_late, "too_late"}};

// Above every sum of prices: with it a plan funds whatever money can fund.
constexpr std::int64_t kEndlessMinor = 4'000'000'000'000'000'000;

// Which funded backorder, if it were not there, would leave enough for a later one. Each funded one is followed as the
// money that its absence would leave over: more money changes nothing for what is funded anyway, and the first
// underfunded one it covers takes it. Equal sums lead to equal plans from there on, so the later backorder stands for
// both, and following all costs no more than the different prices of the account.
class FreedMoney {
 public:
  FreedMoney(bool follows, bool spends_on) : follows_(follows), spends_on_(spends_on) {}

  void fund(BackorderId id, std::int64_t amount) {
    if (follows_) keep(amount, {++funded_, id});
  }
  // Whatever covers `missing` is spent on `amount`. The one that was funded last of those, where there is one.
  std::optional<BackorderId> cover(std::int64_t missing, std::int64_t amount) {
    const auto first = left_over_.lower_bound(missing);
    if (first == left_over_.end()) return std::nullopt;
    const std::vector<std::pair<std::int64_t, Funded>> covering(first, left_over_.end());
    left_over_.erase(first, left_over_.end());
    Funded last = covering.front().second;
    for (const auto& [minor, funded] : covering) {
      last = std::max(last, funded);
      if (spends_on_ && minor > amount) keep(minor - amount, funded);
    }
    return last.second;
  }

 private:
  using Funded = std::pair<std::int64_t, BackorderId>;  // in which order, which
  // a bound on the work where all prices differ: the smallest sums help least
  static constexpr std::size_t kFollowed = 256;

  void keep(std::int64_t minor, Funded funded) {
    const auto [found, inserted] = left_over_.try_emplace(minor, funded);
    if (!inserted) found->second = std::max(found->second, funded);
    if (left_over_.size() > kFollowed) left_over_.erase(left_over_.begin());
  }

  bool follows_;
  // what is left after covering one is followed further; false where an underfunded one is attempted again, and may be
  // covered twice
  bool spends_on_;
  std::int64_t funded_ = 0;
  std::map<std::int64_t, Funded> left_over_;
};

// One account's sweeps, played forward from `now` to the horizon.
class Planner {
 public:
  Planner(const Customer& customer, const PriceList& prices, FundingDefaults defaults, std::span<const PayIn> pay_ins,
          bool endless = false)
      : customer_(customer),
        prices_(prices),
        policy_(customer.policy.value_or(defaults.policy)),
        void_policy_(customer.void_policy.value_or(defaults.void_policy)),
        pay_ins_(pay_ins),
        endless_(endless),
        owed_(customer.owed),
        spendable_(endless ? Money::of_minor(kEndlessMinor, customer.currency) : customer.spendable()),
        // Sets that are refused whole and attempted again change with everything: nothing is said of them.
        names_others_(void_policy_ == VoidPolicy::at_due || policy_ == FundingPolicy::each),
        freed_(names_others_, void_policy_ == VoidPolicy::at_due),
        plan_{{}, Money::zero(customer.currency), std::nullopt},
        needed_(Money::zero(customer.currency)),
        paid_(Money::zero(customer.currency)) {}

  FundingPlan run(std::span<const Backorder> backorders, UtcTime now, UtcTime horizon) {
    now_ = now;
    std::vector<const Backorder*> order = requested_in_funding_order(backorders);
    std::size_t next = 0;
    for (UtcTime instant = now;;) {
      take_in(instant);
      while (next < order.size() && order[next]->drop && order[next]->drop->deposit_due <= instant)
        pending_.push_back(order[next++]);
      sweep(instant);
      UtcTime following = UtcTime::max();
      if (next < order.size() && order[next]->drop) following = order[next]->drop->deposit_due;
      if (!pending_.empty() && !pay_ins_.empty()) following = std::min(following, pay_ins_.front().at);
      following = std::min(following, next_smaller_set());
      if (following > horizon) break;
      instant = following;
    }
    for (const Backorder* left : pending_) leave_pending(*left, now, horizon);
    if (horizon > now) {
      for (; next < order.size(); ++next) {
        if (!order[next]->drop)
          decide(*order[next], Verdict::undated, std::nullopt, price_of(*order[next], now), std::nullopt);
      }
    }
    std::ranges::stable_sort(plan_.verdicts, [](const FundingVerdict& a, const FundingVerdict& b) {
      if (a.decided_at.has_value() != b.decided_at.has_value()) return a.decided_at.has_value();
      return a.decided_at && *a.decided_at < *b.decided_at;
    });
    return std::move(plan_);
  }
  // The shortfall of everything that money can fund. REQUIRES: run with endless money.
  Money shortfall() const { return short_of_.value_or(Money::zero(customer_.currency)); }

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

  // A set that was refused whole is attempted again without the one whose deadline has passed.
  UtcTime next_smaller_set() const {
    UtcTime soonest = UtcTime::max();
    if (policy_ != FundingPolicy::all_or_nothing || forbidden(customer_.state, AccountOperation::reserve))
      return soonest;
    for (const Backorder* backorder : pending_)
      soonest = std::min(soonest, backorder->drop->deadline + Milliseconds(1));
    return soonest;
  }

  void take_in(UtcTime instant) {
    while (!pay_ins_.empty() && pay_ins_.front().at <= instant) {
      const Money repaid = std::min(pay_ins_.front().amount, owed_);
      owed_ -= repaid;
      spendable_ += pay_ins_.front().amount - repaid;
      paid_ += pay_ins_.front().amount;
      pay_ins_ = pay_ins_.subspan(1);
    }
  }

  // One sweep at this instant over everything pending: what cannot be decided by money first, then the money.
  void sweep(UtcTime instant) {
    std::vector<const Backorder*> stay, candidates;
    std::vector<Money> amounts;
    for (const Backorder* backorder : pending_) {
      const bool is_late = instant > backorder->drop->deadline;
      // After the deadline nothing is processed any more, but a job that was found at the provider runs all the same.
      if (is_late && (!backorder->application || forbidden(customer_.state, AccountOperation::reserve))) {
        miss(*backorder, instant);
      } else if (forbidden(customer_.state, AccountOperation::reserve)) {
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
  std::vector<const Backorder*> fund(const std::vector<const Backorder*>& candidates, const std::vector<Money>& amounts,
                                     UtcTime instant) {
    std::vector<const Backorder*> waiting;
    Money total = Money::zero(customer_.currency);
    for (const Money amount : amounts) total += amount;
    const bool all_refused = policy_ == FundingPolicy::all_or_nothing && total > spendable_;
    if (all_refused) return refuse_all(candidates, amounts, total, instant);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (amounts[i] <= spendable_) {
        decide(*candidates[i], Verdict::funded, instant, amounts[i], std::nullopt);
        freed_.fund(candidates[i]->id, amounts[i].minor());
        continue;
      }
      const Money missing = amounts[i] - spendable_;
      refuse(*candidates[i], amounts[i], missing, instant, freed_.cover(missing.minor(), amounts[i].minor()), waiting);
    }
    return waiting;
  }

  std::vector<const Backorder*> refuse_all(const std::vector<const Backorder*>& candidates,
                                           const std::vector<Money>& amounts, Money total, UtcTime instant) {
    std::vector<const Backorder*> waiting;
    const Money missing = total - spendable_;
    const std::optional<BackorderId> earlier = freed_.cover(missing.minor(), total.minor());
    // those without which the others are covered; the last two: one for all but itself
    std::vector<BackorderId> enough;
    for (std::size_t i = candidates.size(); names_others_ && i-- > 0 && enough.size() < 2;) {
      if (amounts[i] >= missing) enough.push_back(candidates[i]->id);
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto other = std::ranges::find_if(enough, [&](BackorderId id) { return id != candidates[i]->id; });
      refuse(*candidates[i], amounts[i], missing, instant, other == enough.end() ? earlier : std::optional(*other),
             waiting);
    }
    return waiting;
  }

  void refuse(const Backorder& backorder, Money amount, Money missing, UtcTime instant,
              std::optional<BackorderId> without, std::vector<const Backorder*>& waiting) {
    if (void_policy_ == VoidPolicy::at_due || instant > backorder.drop->deadline) {
      decide(backorder, Verdict::underfunded, instant, amount, Reason::insufficient_available, missing, without);
      return;
    }
    waiting.push_back(&backorder);
    // Attempted again: without the other there might be no sweep at this instant. What its first attempt said stays.
    if (const Short* before = last_short(backorder.id)) without = before->without;
    short_by_.insert_or_assign(backorder.id.value(), Short{amount, missing, without});
  }

  // The deadline passed without a deposit: why depends on what held it up.
  void miss(const Backorder& backorder, UtcTime instant) {
    // of the sweep right after the deadline, whichever later one finds it
    const UtcTime ends_at = std::max(now_, backorder.drop->deadline);
    if (forbidden(customer_.state, AccountOperation::reserve)) {
      decide(backorder, Verdict::frozen, ends_at, std::nullopt, Reason::account_frozen);
    } else if (const Short* row = last_short(backorder.id)) {
      decide(backorder, Verdict::underfunded, backorder.drop->deadline, row->amount, Reason::insufficient_available,
             row->missing, row->without);
    } else if (backorder.underfunded) {
      const std::optional<Money> price = price_of(backorder, instant);
      const Money amount = price.value_or(backorder.quoted);
      // the money that came too late does not count
      const Money missing = amount > spendable_ ? amount - spendable_ : amount;
      decide(backorder, Verdict::underfunded, ends_at, amount, Reason::insufficient_available, missing);
    } else {
      decide(backorder, Verdict::too_late, ends_at, std::nullopt, Reason::deadline_missed);
    }
  }

  // Still waiting when the last sweep before the horizon is done.
  void leave_pending(const Backorder& backorder, UtcTime now, UtcTime horizon) {
    const UtcTime due = std::max(now, backorder.drop->deposit_due);
    const bool ends = horizon > backorder.drop->deadline;
    if (const Short* row = last_short(backorder.id)) {
      decide(backorder, Verdict::underfunded, ends ? backorder.drop->deadline : due, row->amount,
             ends ? std::optional(Reason::insufficient_available) : std::nullopt, row->missing, row->without);
    } else {
      decide(backorder, Verdict::frozen, ends ? backorder.drop->deadline : due, price_of(backorder, due),
             ends ? std::optional(Reason::account_frozen) : std::nullopt);
    }
  }

  void decide(const Backorder& backorder, Verdict verdict, std::optional<UtcTime> at, std::optional<Money> amount,
              std::optional<Reason> voids, std::optional<Money> missing = std::nullopt,
              std::optional<BackorderId> without = std::nullopt) {
    const Money before = spendable_;
    if (verdict == Verdict::funded) spendable_ -= *amount;
    if (verdict == Verdict::funded && endless_) need(*amount);
    // After the deadline no money helps.
    if (verdict == Verdict::underfunded && *at <= backorder.drop->deadline &&
        (!plan_.top_up_by || *at < *plan_.top_up_by))
      plan_.top_up_by = at;
    plan_.verdicts.push_back({backorder.id, verdict, at, amount, before, spendable_,
                              missing.value_or(Money::zero(customer_.currency)), voids, without});
  }

  // With endless money: how much of it the account's own would not have covered so far.
  void need(Money amount) {
    needed_ += amount;
    const Money own = customer_.spendable() + std::max(paid_ - customer_.owed, Money::zero(customer_.currency));
    if (needed_ <= own) return;
    const Money lacking = needed_ - customer_.spendable() + customer_.owed - paid_;
    if (!short_of_ || *short_of_ < lacking) short_of_ = lacking;
  }

  struct Short {
    Money amount, missing;
    std::optional<BackorderId> without;
  };
  const Short* last_short(BackorderId id) const {
    const auto found = short_by_.find(id.value());
    return found == short_by_.end() ? nullptr : &found->second;
  }

  const Customer& customer_;
  const PriceList& prices_;
  FundingPolicy policy_;
  VoidPolicy void_policy_;
  std::span<const PayIn> pay_ins_;  // those still to come
  bool endless_;
  Money owed_;
  Money spendable_;
  bool names_others_;
  FreedMoney freed_;
  FundingPlan plan_;
  UtcTime now_{};
  Money needed_, paid_;
  std::optional<Money> short_of_;
  std::vector<const Backorder*> pending_;
  std::unordered_map<std::int64_t, Short> short_by_;  // of those that wait: as last attempted
};

}  // namespace

std::string_view to_word(Verdict verdict) { return word_of(kVerdicts, verdict); }

FundingPlan plan_funding(const Customer& customer, std::span<const Backorder> backorders, const PriceList& prices,
                         FundingDefaults defaults, UtcTime now, UtcTime horizon, std::span<const PayIn> pay_ins) {
  FundingPlan plan = Planner(customer, prices, defaults, pay_ins).run(backorders, now, horizon);
  if (plan.top_up_by) {
    Planner rich(customer, prices, defaults, pay_ins, true);
    rich.run(backorders, now, horizon);
    plan.shortfall = rich.shortfall();
    ENSURE(plan.shortfall.is_positive(), "what is underfunded needs money");
  }
  return plan;
}

}  // namespace engine
