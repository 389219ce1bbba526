#include "engine/placing.hpp"

#include <algorithm>
#include <unordered_map>

#include "engine/submission.hpp"

namespace engine {
namespace {

// The job of a backorder that ended without a deposit: nobody pays for what it catches.
void leave_job(Changes& changes, const Backorder& backorder) {
  if (!backorder.application) return;
  changes.cases.push_back({CaseKind::surplus_job, backorder.customer, backorder.id, *backorder.application,
                           "application " + *backorder.application + " for " + backorder.name.ace() +
                               " lives at the provider, but its backorder is " + std::string(to_word(backorder.state)) +
                               " without a deposit"});
}

// Domain rule: what is sold is one label under a priced zone. A zone that lists have shown below the priced one has no
// price of its own, and that of the shorter suffix is none.
std::optional<Error> not_sold(const std::string& name, const std::string& zone,
                              std::span<const std::string> listed_zones) {
  for (const std::string& listed : listed_zones) {
    if (listed == name) {
      return Error{ErrorCode::unknown_zone,
                   name + " is a zone of its own, under which lists have names: it is not sold itself"};
    }
    if (listed.size() > zone.size() && name.ends_with("." + listed)) {
      return Error{ErrorCode::unknown_zone, name + " belongs to zone ." + listed + ", which has no price; that of ." +
                                                zone + " is not its price; see 'price set'"};
    }
  }
  const std::string_view before = std::string_view(name).substr(0, name.size() - zone.size() - 1);
  const std::size_t dot = before.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string meant = std::string(before.substr(dot + 1)) + "." + zone;
  return Error{ErrorCode::invalid_domain, name + ": one label under ." + zone + " is sold; " + meant +
                                              " is meant? Where ." + meant +
                                              " is a zone of its own, it needs a price of its own"};
}

}  // namespace

DomainName sold_name(const DomainName& name, const Schedules& schedules) {
  if (schedules.of(name.ace()).sharp_s == SharpS::keeps) return name;
  return name.with_ss();
}

Result<Placement> place(const PlaceOrder& order, const PlaceFacts& facts, UtcTime now) {
  const Customer& customer = facts.customer;
  if (const std::optional<ErrorCode> refused = forbidden(customer.state, AccountOperation::place)) {
    return Error{*refused, "account " + customer.name + " is " + std::string(to_word(customer.state)) +
                               ": it places nothing new"};
  }
  if (!facts.open_on_name.empty() && !order.allow_duplicate) {
    const auto first = std::ranges::min_element(facts.open_on_name, {}, &Backorder::sequence);
    return Placement{*first, true};
  }
  if (order.priority < 1 || order.priority > 999) {
    return Error{ErrorCode::invalid_argument,
                 "priority " + std::to_string(order.priority) + " is not between 1 (first) and 999"};
  }
  const std::optional<std::string> zone = facts.prices.zone_of(order.name);
  if (!zone)
    return Error{ErrorCode::unknown_zone,
                 order.name.ace() + ": the price list has no zone for this name; see 'price list'"};
  if (const std::optional<Error> refused = not_sold(order.name.ace(), *zone, facts.listed_zones)) return *refused;
  const std::optional<Money> price = facts.prices.price(*zone, customer.tier, customer.currency, now);
  if (!price) {
    return Error{ErrorCode::no_price, order.name.ace() + ": zone ." + *zone + " has no price for tier " +
                                          customer.tier + " in " + std::string(customer.currency.code()) + " now"};
  }
  if (order.max_price && order.max_price->currency() != customer.currency) {
    return Error{ErrorCode::currency_mismatch, "the cap is in " + std::string(order.max_price->currency().code()) +
                                                   ", account " + customer.name + " in " +
                                                   std::string(customer.currency.code())};
  }
  if (order.max_price && *order.max_price < *price) {
    return Error{ErrorCode::price_above_cap, order.name.ace() + ": the price is " + to_string_with_code(*price) +
                                                 ", above the cap of " + to_string_with_code(*order.max_price)};
  }
  const BindingDrop binding = binding_drop(facts.listings, facts.schedules.of(order.name.ace()), now);
  const std::optional<Drop>& drop = binding.drop;
  if (drop && now > drop->deadline) {
    return Error{ErrorCode::too_late, order.name.ace() + ": the deadline for its drop at " + to_string(drop->drop_at) +
                                          " was " + to_string(drop->deadline) +
                                          "; place it again two days after the drop"};
  }
  int sequence = 1;
  for (const Backorder& open : facts.open_on_name) sequence = std::max(sequence, open.sequence + 1);
  return Placement{Backorder{.id = facts.next_id,
                             .customer = customer.id,
                             .name = order.name,
                             .sequence = sequence,
                             .zone = *zone,
                             .placed_at = now,
                             .priority = order.priority,
                             .quoted = *price,
                             .max_price = order.max_price.value_or(*price),
                             .drop = drop},
                   false, binding.conflict};
}

bool is_inside_window(const Backorder& backorder, UtcTime now) {
  return backorder.drop && backorder.drop->deposit_due <= now;
}

Result<Changes> fund_placement(Backorder& placed, std::span<const Backorder> due, Customer& customer,
                               const PriceList& prices, FundingDefaults defaults, UtcTime now) {
  std::vector<Backorder> all(due.begin(), due.end());
  all.push_back(placed);
  const FundingPlan plan = plan_funding(customer, all, prices, defaults, now, now);
  const auto verdict = std::ranges::find(plan.verdicts, placed.id, &FundingVerdict::backorder);
  ENSURE(verdict != plan.verdicts.end(), "a backorder inside the window is in the plan");
  if (verdict->verdict != Verdict::funded) {
    return Error{ErrorCode::insufficient_available,
                 placed.name.ace() + " drops within the deposit window and is not covered: short by " +
                     to_string_with_code(verdict->shortfall) + "; account " + customer.name + " can spend " +
                     to_string_with_code(customer.spendable()) + ". Nothing was placed; pay in and place it again by " +
                     to_string(placed.drop->deadline)};
  }
  Changes changes;
  const Result<PlanOutcome> done = commit_plan(changes, plan, all, customer, now);
  if (!done) return done.error();
  placed = all.back();
  std::erase_if(changes.backorders, [&placed](const Backorder& row) { return row.id == placed.id; });
  return changes;
}

Result<PlanOutcome> commit_plan(Changes& changes, const FundingPlan& plan, std::span<Backorder> backorders,
                                Customer& customer, UtcTime now) {
  std::unordered_map<std::int64_t, Backorder*> by_id;
  by_id.reserve(backorders.size());
  for (Backorder& backorder : backorders) by_id.emplace(backorder.id.value(), &backorder);
  PlanOutcome outcome;
  for (const FundingVerdict& row : plan.verdicts) {
    Backorder& backorder = *by_id.at(row.backorder.value());
    if (row.verdict == Verdict::funded) {
      const bool late = backorder.drop && now > backorder.drop->deposit_due + std::chrono::hours(24);
      const Status taken =
          apply_transition(changes, backorder, customer, Trigger::funded,
                           {.now = now, .reason = {}, .detail = late ? "late reserve" : "", .deposit = row.amount});
      if (!taken) return taken.error();
      if (backorder.application) {  // its job was found at the provider before
        const Status goes_on =
            apply_transition(changes, backorder, customer, Trigger::job_created,
                             {.now = now, .detail = "adopted before, application " + *backorder.application});
        if (!goes_on) return goes_on.error();
      }
      ++outcome.funded;
    } else if (row.voids) {
      std::string detail(to_word(row.verdict));
      if (row.shortfall.is_positive()) detail = "short by " + to_string_with_code(row.shortfall);
      const Status taken = apply_transition(changes, backorder, customer, Trigger::voided,
                                            {.now = now, .reason = row.voids, .detail = detail});
      if (!taken) return taken.error();
      note_failure(changes, backorder);
      leave_job(changes, backorder);
      ++outcome.voided;
    } else {
      ++outcome.waiting;
      if (row.verdict != Verdict::underfunded || backorder.underfunded) continue;
      backorder.underfunded = true;
      changes.events.push_back({EventKind::marked,
                                customer.id,
                                backorder.id,
                                {},
                                {},
                                Reason::insufficient_available,
                                "underfunded: short by " + to_string_with_code(row.shortfall) +
                                    ", attempted again until " + to_string(backorder.drop->deadline)});
    }
    changes.backorders.push_back(backorder);
  }
  return outcome;
}

Result<Cancelling> cancel(Changes& changes, Backorder& backorder, Customer& customer, By by, const std::string& why,
                          UtcTime now) {
  const std::string what = "backorder " + std::to_string(backorder.id.value()) + " (" + backorder.name.ace() + ")";
  if (!step(backorder.state, Trigger::cancelled)) {
    return Error{ErrorCode::impossible_step,
                 what + " is " + std::string(to_word(backorder.state)) + " and cannot be cancelled"};
  }
  if (backorder.state == State::auction_pending) {
    return Error{ErrorCode::too_late, what + " is caught and in an auction: it cannot be cancelled"};
  }
  if (by == By::customer && backorder.drop && now > backorder.drop->deadline) {
    return Error{ErrorCode::too_late, what + ": cancelling was possible until " + to_string(backorder.drop->deadline)};
  }
  const Reason reason = by == By::customer ? Reason::by_customer : Reason::by_operator;
  if (holds_deposit(backorder.state) && backorder.job_may_exist()) {
    if (!backorder.cancelling) {
      backorder.cancelling = true;
      backorder.reason = reason;
      changes.events.push_back({EventKind::cancel_requested, customer.id, backorder.id, {}, {}, reason, why});
      changes.backorders.push_back(backorder);
    }
    return Cancelling::needs_deletion;
  }
  const Status taken =
      apply_transition(changes, backorder, customer, Trigger::cancelled, {.now = now, .reason = reason, .detail = why});
  if (!taken) return taken.error();
  leave_job(changes, backorder);
  changes.backorders.push_back(backorder);
  return Cancelling::done;
}

}  // namespace engine
