#include "engine/backorder.hpp"

#include <algorithm>
#include <deque>
#include <tuple>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<State> kStateWords[] = {{State::requested, "REQUESTED"},   {State::active, "ACTIVE"},
                                        {State::processing, "PROCESSING"}, {State::auction_pending, "AUCTION-PENDING"},
                                        {State::successful, "SUCCESSFUL"}, {State::auction_won, "AUCTION-WON"},
                                        {State::failed, "FAILED"},         {State::auction_lost, "AUCTION-LOST"},
                                        {State::cancelled, "CANCELLED"},   {State::voided, "VOID"}};
constexpr Named<Trigger> kEventWords[] = {{Trigger::funded, "funded"},
                                          {Trigger::voided, "voided"},
                                          {Trigger::rescheduled, "rescheduled"},
                                          {Trigger::job_created, "job-created"},
                                          {Trigger::job_dropped, "job-dropped"},
                                          {Trigger::won, "won"},
                                          {Trigger::lost, "lost"},
                                          {Trigger::auction_started, "auction-started"},
                                          {Trigger::auction_won, "auction-won"},
                                          {Trigger::auction_lost, "auction-lost"},
                                          {Trigger::cancelled, "cancelled"}};
constexpr Named<Reason> kReasonWords[] = {{Reason::insufficient_available, "insufficient_available"},
                                          {Reason::no_price, "no_price"},
                                          {Reason::price_above_cap, "price_above_cap"},
                                          {Reason::deadline_missed, "deadline_missed"},
                                          {Reason::provider_refused, "provider_refused"},
                                          {Reason::operator_float, "operator_float"},
                                          {Reason::provider_deleted, "provider_deleted"},
                                          {Reason::account_frozen, "account_frozen"},
                                          {Reason::chargeback, "chargeback"},
                                          {Reason::account_closed, "account_closed"},
                                          {Reason::rescheduled, "rescheduled"},
                                          {Reason::by_customer, "by_customer"},
                                          {Reason::by_operator, "by_operator"},
                                          {Reason::not_registered, "not_registered"},
                                          {Reason::auction_lost, "auction_lost"}};

constexpr MoneyEffect none = MoneyEffect::none, reserve = MoneyEffect::reserve_deposit,
                      refund = MoneyEffect::refund_deposit, capture = MoneyEffect::capture_deposit;

constexpr Transition kTransitions[] = {
    {State::requested, Trigger::funded, State::active, reserve},
    {State::requested, Trigger::voided, State::voided, none},
    {State::requested, Trigger::cancelled, State::cancelled, none},
    {State::active, Trigger::job_created, State::processing, none},
    {State::active, Trigger::voided, State::voided, refund},
    {State::active, Trigger::rescheduled, State::requested, refund},
    {State::active, Trigger::cancelled, State::cancelled, refund},
    {State::processing, Trigger::won, State::successful, capture},
    {State::processing, Trigger::lost, State::failed, refund},
    {State::processing, Trigger::auction_started, State::auction_pending, none},
    {State::processing, Trigger::cancelled, State::cancelled, refund},
    {State::processing, Trigger::job_dropped, State::active, none},
    {State::auction_pending, Trigger::auction_won, State::auction_won, capture},
    {State::auction_pending, Trigger::auction_lost, State::auction_lost, refund},
    {State::auction_pending, Trigger::won, State::successful, capture},
    {State::auction_pending, Trigger::lost, State::failed, refund},
    // given up by a person: the job is gone
    {State::auction_pending, Trigger::cancelled, State::cancelled, refund},
};

// Steps that the provider's answers may lead through; the others are our own or a person's decisions.
bool is_outcome_step(Trigger event) {
  switch (event) {
    case Trigger::funded:
    case Trigger::job_created:
    case Trigger::won:
    case Trigger::lost:
    case Trigger::auction_started:
    case Trigger::auction_won:
    case Trigger::auction_lost:
      return true;
    case Trigger::voided:
    case Trigger::rescheduled:
    case Trigger::job_dropped:
    case Trigger::cancelled:
      return false;
  }
  invariant_failed("the event is known", __FILE__, __LINE__, "event");
}

}  // namespace

std::string_view to_word(State state) { return word_of(kStateWords, state); }
std::optional<State> parse_state(std::string_view text) { return value_of(kStateWords, text); }
std::string_view to_word(Trigger event) { return word_of(kEventWords, event); }
std::string_view to_word(Reason reason) { return word_of(kReasonWords, reason); }
std::optional<Reason> parse_reason(std::string_view text) { return value_of(kReasonWords, text); }

bool is_final(State state) {
  return std::ranges::none_of(kTransitions, [state](const Transition& row) { return row.from == state; });
}
bool holds_deposit(State state) {
  return state == State::active || state == State::processing || state == State::auction_pending;
}

std::span<const Transition> transitions() { return kTransitions; }

std::optional<Transition> step(State from, Trigger event) {
  for (const Transition& row : kTransitions) {
    if (row.from == from && row.event == event) return row;
  }
  return std::nullopt;
}

std::optional<std::vector<Transition>> path_to(State from, State to) {
  if (from == to) return std::vector<Transition>{};
  // breadth first: the table has ten states and no cycle of outcome steps
  std::deque<std::vector<Transition>> paths{{}};
  while (!paths.empty()) {
    const std::vector<Transition> path = std::move(paths.front());
    paths.pop_front();
    const State at = path.empty() ? from : path.back().to;
    for (const Transition& row : kTransitions) {
      if (row.from != at || !is_outcome_step(row.event)) continue;
      std::vector<Transition> longer = path;
      longer.push_back(row);
      if (row.to == to) return longer;
      paths.push_back(std::move(longer));
    }
  }
  return std::nullopt;
}

bool funded_before(const Backorder& a, const Backorder& b) {
  if (a.drop.has_value() != b.drop.has_value()) return a.drop.has_value();
  if (a.drop && a.drop->deposit_due != b.drop->deposit_due) return a.drop->deposit_due < b.drop->deposit_due;
  if (a.drop && a.drop->drop_at != b.drop->drop_at) return a.drop->drop_at < b.drop->drop_at;
  return std::tie(a.priority, a.placed_at, a.id) < std::tie(b.priority, b.placed_at, b.id);
}

}  // namespace engine
