// Entries of the log, and the list of those that customers are told of.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/backorder.hpp"

namespace engine {

// The kinds of entries: each transition of a backorder, and everything that the operator or a customer must be told.
enum class EventKind : std::uint8_t {
  placed,
  stepped,
  moved,
  date_conflict,
  missing,
  late,
  cancel_requested,
  marked,
  price_notice,
  shortfall,
  shortfall_over,
  account_opened,
  account_changed,
  case_opened,
  case_closed,
  list_imported,
  job_refused,
  job_unknown,
  submitting_stopped,
  submitting_resumed,
  provider_balance_empty,
  provider_balance_short,
  provider_balance_covered,
  status_unknown,
  period_closed,
  period_reopened,
  setting_changed,
  money_moved,
  verify_failed,
  health_failed,
  health_recovered,
  adopted,   // a job at the provider was bound to a backorder
  restored,  // the book was put back from a copy, or has read what the provider knows since
};
std::string_view to_word(EventKind kind);
std::optional<EventKind> parse_event_kind(std::string_view text);
// The kinds that appear in customers' event queues. The others are between the operator and the provider.
std::span<const EventKind> events_for_customers();

struct NewEvent {
  EventKind kind;
  std::optional<CustomerId> customer{};
  std::optional<BackorderId> backorder{};
  std::optional<State> from{}, to{};  // of a step
  std::optional<Reason> reason{};
  std::string detail{};  // one line for people
};
struct LoggedEvent : NewEvent {
  std::int64_t id;
  UtcTime at;  // recorded
  std::string actor{};
};

}  // namespace engine
