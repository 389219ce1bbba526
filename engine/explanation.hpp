// Sentences for support: the meaning of states and reasons, what happens next and when, and what would change it. Every
// state and reason has a sentence; a test checks all of them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ports.hpp"

namespace engine {

std::string_view sentence(State state);
std::string_view sentence(Reason reason);
std::string_view sentence(AccountState state);
std::string_view sentence(Verdict verdict);

struct Outlook {
  std::string next{};  // what happens next by itself
  // not before this instant; absent: it depends on somebody else, or never happens
  std::optional<UtcTime> next_at{};
  std::vector<std::string> changes{};  // what would change it, each an act with its last instant
};

struct OutlookFacts {
  const Customer& customer;
  const FundingPlan& plan;  // of the customer's REQUESTED backorders, over a horizon that includes this one
  const Settings& settings;
  const ZoneSchedule& schedule;
  std::span<const std::string> stopped_zones;
  std::span<const Case> open_cases;  // of the backorder
  UtcTime now;
};
Outlook outlook(const Backorder& backorder, const OutlookFacts& facts);

// The outlook of a whole account, from its plan.
Outlook outlook(const Customer& customer, const FundingPlan& plan, UtcTime now);

}  // namespace engine
