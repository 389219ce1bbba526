// The lifecycle of a backorder: states, the triggers that move it, and the effect of each transition on the deposit.
// Nothing outside kTransitions changes a state. A test tries every state × trigger.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/domain_name.hpp"
#include "engine/drop.hpp"
#include "engine/id.hpp"
#include "engine/money.hpp"
#include "engine/time.hpp"

namespace engine {

enum class State : std::uint8_t {
  requested,        // placed, deposit not yet due: no money
  active,           // deposit reserved, job not yet confirmed at the provider
  processing,       // job exists at the provider
  auction_pending,  // caught, several backorders, auction running
  successful,       // registered: captured, no refund ever
  auction_won,      // registered through the auction: captured
  failed,           // not registered: refunded
  auction_lost,     // somebody else won: refunded
  cancelled,        // by the customer until the deadline, or by the operator
  voided,           // not processed; printed VOID
};
inline constexpr State kStates[] = {State::requested,  State::active,      State::processing, State::auction_pending,
                                    State::successful, State::auction_won, State::failed,     State::auction_lost,
                                    State::cancelled,  State::voided};
std::string_view to_word(State state);  // "REQUESTED", "AUCTION-PENDING", "VOID"
std::optional<State> parse_state(std::string_view text);
bool is_final(State state);
bool holds_deposit(State state);  // active, processing, auction_pending

enum class Trigger : std::uint8_t {
  funded,       // the funding plan covers it
  voided,       // it will not be processed
  rescheduled,  // its drop moved far away while the deposit was held
  job_created,  // the provider confirmed an application
  job_dropped,  // a person decided to submit again after the job vanished
  won,          // the provider says registered
  lost,         // the provider says not registered
  auction_started,
  auction_won,
  auction_lost,
  cancelled,  // with a job: only after its deletion is confirmed or its absence proven
};
inline constexpr Trigger kEvents[] = {Trigger::funded,       Trigger::voided,          Trigger::rescheduled,
                                      Trigger::job_created,  Trigger::job_dropped,     Trigger::won,
                                      Trigger::lost,         Trigger::auction_started, Trigger::auction_won,
                                      Trigger::auction_lost, Trigger::cancelled};
std::string_view to_word(Trigger event);

enum class MoneyEffect : std::uint8_t { none, reserve_deposit, refund_deposit, capture_deposit };

struct Transition {
  State from;
  Trigger event;
  State to;
  MoneyEffect money;
};
std::span<const Transition> transitions();
// Empty if the state table has no such transition.
std::optional<Transition> step(State from, Trigger event);
// The shortest path of transitions from `from` to the outcome `to`, e.g. requested → successful is funded, job_created,
// won. Empty if no path of provider triggers leads there.
std::optional<std::vector<Transition>> path_to(State from, State to);

enum class Reason : std::uint8_t {
  insufficient_available,
  no_price,
  price_above_cap,
  deadline_missed,
  provider_refused,
  operator_float,
  provider_deleted,
  account_frozen,
  chargeback,
  account_closed,
  rescheduled,
  by_customer,
  by_operator,
  not_registered,
  auction_lost,
};
std::string_view to_word(Reason reason);
std::optional<Reason> parse_reason(std::string_view text);

struct Backorder {
  BackorderId id;
  CustomerId customer;
  DomainName name;
  int sequence = 1;    // 2, 3 … for further backorders of one account on one name
  std::string zone{};  // of the price list, fixed at placing
  State state = State::requested;
  std::optional<Reason> reason{};  // of the last void, cancel, refund or reschedule
  UtcTime placed_at;
  int priority = 100;                        // the customer's own: lower is funded first
  Money quoted;                              // price at placing
  Money max_price;                           // cap: the quote unless the customer named another
  std::optional<Drop> drop{};                // absent: undated
  std::optional<Money> deposit{};            // held while holds_deposit(state); afterwards what was held last
  int attempt = 0;                           // how often a deposit was reserved
  bool underfunded = false;                  // attempted without success, void waits for the deadline
  bool cancelling = false;                   // deletion of the job asked for, not yet confirmed
  bool provider_balance_empty = false;       // the provider refused for lack of our own money (546)
  int refusals = 0;                          // answers 549 so far
  std::optional<std::int64_t> open_call{};   // provider call without a known outcome: a job may exist
  std::optional<std::string> application{};  // the provider's id of the job
  // an application that may be this one's, as long as nobody knows: a job may exist
  std::optional<std::string> in_doubt{};
  std::string provider_status{};  // verbatim, as last read
  std::optional<UtcTime> provider_status_at{};
  std::optional<UtcTime> gone_since{};  // first look that did not find the job
  std::optional<UtcTime> reserved_at{}, submitted_at{}, ended_at{};
  std::optional<UtcTime> auction_ends_at{};
  std::string auction_price{};  // as the provider wrote it, with currency

  bool job_may_exist() const { return application || open_call || in_doubt; }
};

// The funding order within an account: deposit due, drop, the customer's priority, time of placing, id. Undated
// backorders come last. A strict weak order; preview and sweep use the same one (domain rule: deposits, order).
bool funded_before(const Backorder& a, const Backorder& b);

}  // namespace engine
