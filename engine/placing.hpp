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
  bool allow_duplicate = false;      // a further backorder beside an open one of the same account and name
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
};

struct Placement {
  Backorder backorder;        // REQUESTED; inside the window the caller runs fund_placement
  bool already_open = false;  // the open one, answered again
};

// Refused: account_frozen, account_closing, account_closed, unknown_zone, no_price, price_above_cap (the cap is below
// the price), too_late (from the deadline until two days after the drop), currency_mismatch, invalid_argument.
Result<Placement> place(const PlaceOrder& order, const PlaceFacts& facts, UtcTime now);

bool is_inside_window(const Backorder& backorder, UtcTime now);  // dated, and the deposit is due

// Placing inside the window: the funding plan over everything due of the account plus the new one. Committed whole when
// the new one is funded; otherwise insufficient_available and nothing. `due` are the account's REQUESTED ones without
// the new one. On success `placed` is ACTIVE and `customer` carries the new balances.
Result<Changes> fund_placement(Backorder& placed, std::span<const Backorder> due, Customer& customer,
                               const PriceList& prices, FundingDefaults defaults, UtcTime now);

// The verdicts of a sweep's plan as changes: reserve what is funded, void what the plan voids, mark what waits
// underfunded. Counts for people.
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

// A list moved the date of this drop (or gave one to an undated backorder). Instants move with it; a deposit held
// without a job stays held while the new T is within `keep` of now, else it is refunded and the backorder waits again.
// Where a job may exist no money moves.
Status move_drop(Changes& changes, Backorder& backorder, Customer& customer, const Drop& drop, Milliseconds keep,
                 UtcTime now);

}  // namespace engine
