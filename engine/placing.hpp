// Placing, cancelling and moving backorders: free of charge until the deposit is due.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/lifecycle.hpp"

namespace engine {

struct PlaceOrder {
  DomainName name;
  bool allow_duplicate = false;      // place a further backorder although one for this account and name is open
  std::optional<Money> max_price{};  // absent: the price quoted now
  int priority = 100;                // lower is funded first; 1 to 999
};

struct PlaceFacts {
  const Customer& customer;
  std::span<const Backorder> open_on_name;  // the customer's, not final
  std::span<const Listing> listings;        // of the name, from every source
  const PriceList& prices;
  const Schedules& schedules;
  FundingDefaults defaults;
  BackorderId next_id;
  // suffixes of the name, or itself, that lists have shown to be zones of two labels or more: "com.pl"
  std::span<const std::string> listed_zones{};
};

struct Placement {
  Backorder backorder;        // REQUESTED; inside the window the caller runs fund_placement
  bool already_open = false;  // the open one, answered again
  bool conflict = false;      // the name's current listings disagree: an event
};

// The name that a registry would register for it, by its zone's rule for ß.
DomainName sold_name(const DomainName& name, const Schedules& schedules);

// Refused: account_frozen, account_closing, account_closed, unknown_zone, invalid_domain (more than one label under its
// zone: the detail names what is meant), no_price, price_above_cap (the cap is below
// the price), too_late (from the deadline until two days after the drop), currency_mismatch, invalid_argument.
Result<Placement> place(const PlaceOrder& order, const PlaceFacts& facts, UtcTime now);

bool is_inside_window(const Backorder& backorder, UtcTime now);  // dated, and the deposit is due

// Placing inside the window: plans everything that is due in the account and the new backorder. If the plan funds the
// new one, all of it is committed: `placed` is ACTIVE and `customer` has the new balances. Else insufficient_available
// and no change. `due`: the account's REQUESTED backorders without the new one.
Result<Changes> fund_placement(Backorder& placed, std::span<const Backorder> due, Customer& customer,
                               const PriceList& prices, FundingDefaults defaults, UtcTime now);

// Turns the verdicts of a sweep's plan into changes: reserves the funded, voids what the plan voids, and marks the
// underfunded that wait. The counts are for reports.
struct PlanOutcome {
  int funded = 0, voided = 0, waiting = 0;
};
// `backorders` are changed in place. REQUIRES: `plan` was made from them with horizon == now.
Result<PlanOutcome> commit_plan(Changes& changes, const FundingPlan& plan, std::span<Backorder> backorders,
                                Customer& customer, UtcTime now);

enum class By : std::uint8_t { customer, operator_ };

enum class Cancelling : std::uint8_t {
  done,  // cancelled here and now
  // a job exists or may exist: marked `cancelling`; the deposit follows the confirmed deletion
  needs_deletion,
};
// Refused: too_late (by the customer after the deadline, and always in an auction), impossible_step (final already).
Result<Cancelling> cancel(Changes& changes, Backorder& backorder, Customer& customer, By by, const std::string& why,
                          UtcTime now);

}  // namespace engine
