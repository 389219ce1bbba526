#include "engine/changes.hpp"

#include <iterator>

namespace engine {
namespace {

template <typename T>
void move_to_end(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

bool Changes::empty() const {
  return requests.empty() && new_customers.empty() && customers.empty() && new_backorders.empty() &&
         backorders.empty() && transfers.empty() && events.empty() && cases.empty() && closed_cases.empty() &&
         causes_gone.empty() && new_calls.empty() && calls.empty() && evidence.empty() && prices.empty() &&
         schedules.empty() && tax_rates.empty() && settings.empty() && stopped_zones.empty() && resumed_zones.empty() &&
         !closed_until && !restoration && users.empty() && removed_users.empty() && events_done.empty() &&
         references.empty() && dropped_references.empty() && line_bindings.empty() &&
         provider_balance_warnings.empty() && invoices.empty() && runs.empty() && !health_alerts;
}

void Changes::append(Changes&& other) {
  move_to_end(requests, std::move(other.requests));
  if (other.closed_until) closed_until = other.closed_until;
  if (other.restoration) restoration = other.restoration;
  move_to_end(new_customers, std::move(other.new_customers));
  move_to_end(customers, std::move(other.customers));
  move_to_end(new_backorders, std::move(other.new_backorders));
  move_to_end(backorders, std::move(other.backorders));
  move_to_end(transfers, std::move(other.transfers));
  move_to_end(events, std::move(other.events));
  move_to_end(cases, std::move(other.cases));
  move_to_end(closed_cases, std::move(other.closed_cases));
  move_to_end(causes_gone, std::move(other.causes_gone));
  move_to_end(new_calls, std::move(other.new_calls));
  move_to_end(calls, std::move(other.calls));
  move_to_end(evidence, std::move(other.evidence));
  move_to_end(prices, std::move(other.prices));
  move_to_end(schedules, std::move(other.schedules));
  move_to_end(tax_rates, std::move(other.tax_rates));
  move_to_end(settings, std::move(other.settings));
  move_to_end(stopped_zones, std::move(other.stopped_zones));
  move_to_end(resumed_zones, std::move(other.resumed_zones));
  move_to_end(users, std::move(other.users));
  move_to_end(removed_users, std::move(other.removed_users));
  move_to_end(events_done, std::move(other.events_done));
  move_to_end(references, std::move(other.references));
  move_to_end(dropped_references, std::move(other.dropped_references));
  move_to_end(line_bindings, std::move(other.line_bindings));
  move_to_end(runs, std::move(other.runs));
  if (other.health_alerts) health_alerts = std::move(other.health_alerts);
  move_to_end(provider_balance_warnings, std::move(other.provider_balance_warnings));
  move_to_end(invoices, std::move(other.invoices));
}

}  // namespace engine
