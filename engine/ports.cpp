#include "engine/ports.hpp"

#include <iterator>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<EventKind> kEventKinds[] = {{EventKind::placed, "placed"},
                                            {EventKind::stepped, "stepped"},
                                            {EventKind::moved, "moved"},
                                            {EventKind::date_conflict, "date-conflict"},
                                            {EventKind::missing, "missing"},
                                            {EventKind::late, "late"},
                                            {EventKind::cancel_requested, "cancel-requested"},
                                            {EventKind::marked, "marked"},
                                            {EventKind::price_notice, "price-notice"},
                                            {EventKind::shortfall, "shortfall"},
                                            {EventKind::shortfall_over, "shortfall-over"},
                                            {EventKind::account_opened, "account-opened"},
                                            {EventKind::account_changed, "account-changed"},
                                            {EventKind::case_opened, "case-opened"},
                                            {EventKind::case_closed, "case-closed"},
                                            {EventKind::list_imported, "list-imported"},
                                            {EventKind::job_refused, "job-refused"},
                                            {EventKind::job_unknown, "job-unknown"},
                                            {EventKind::submitting_stopped, "submitting-stopped"},
                                            {EventKind::submitting_resumed, "submitting-resumed"},
                                            {EventKind::purse_empty, "purse-empty"},
                                            {EventKind::purse_short, "purse-short"},
                                            {EventKind::purse_covered, "purse-covered"},
                                            {EventKind::status_unknown, "status-unknown"},
                                            {EventKind::period_closed, "period-closed"},
                                            {EventKind::period_reopened, "period-reopened"},
                                            {EventKind::setting_changed, "setting-changed"},
                                            {EventKind::money_moved, "money-moved"},
                                            {EventKind::verify_failed, "verify-failed"}};
constexpr Named<ChannelMethod> kChannelMethods[] = {
    {ChannelMethod::webhook, "webhook"}, {ChannelMethod::command, "command"}, {ChannelMethod::file, "file"}};
constexpr Named<CaseKind> kCaseKinds[] = {{CaseKind::overdue, "overdue"},
                                          {CaseKind::gone, "gone"},
                                          {CaseKind::late_success, "late_success"},
                                          {CaseKind::late_failure, "late_failure"},
                                          {CaseKind::surplus_job, "surplus_job"},
                                          {CaseKind::missing_from_list, "missing_from_list"},
                                          {CaseKind::unknown_status, "unknown_status"},
                                          {CaseKind::auction_price_other_currency, "auction_price_other_currency"},
                                          {CaseKind::auction_price_short, "auction_price_short"},
                                          {CaseKind::unidentified_payment, "unidentified_payment"},
                                          {CaseKind::submitting_stopped, "submitting_stopped"}};
constexpr Named<CallState> kCallStates[] = {{CallState::intent, "intent"},
                                            {CallState::not_sent, "not-sent"},
                                            {CallState::answered, "answered"},
                                            {CallState::unknown, "unknown"},
                                            {CallState::resolved, "resolved"}};
constexpr Named<CallCommand> kCallCommands[] = {{CallCommand::add, "AddDomainApplication"},
                                                {CallCommand::remove, "DeleteDomainApplication"}};

template <typename T>
void move_to_end(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::string_view name(EventKind kind) { return word_of(kEventKinds, kind); }
std::optional<EventKind> parse_event_kind(std::string_view text) { return value_of(kEventKinds, text); }
std::span<const EventKind> events_for_customers() {
  static constexpr EventKind kKinds[] = {EventKind::placed,           EventKind::stepped,      EventKind::moved,
                                         EventKind::cancel_requested, EventKind::price_notice, EventKind::shortfall,
                                         EventKind::shortfall_over,   EventKind::money_moved};
  return kKinds;
}
std::string_view name(CaseKind kind) { return word_of(kCaseKinds, kind); }
std::optional<CaseKind> parse_case_kind(std::string_view text) { return value_of(kCaseKinds, text); }
std::string_view name(CallState state) { return word_of(kCallStates, state); }
std::optional<CallState> parse_call_state(std::string_view text) { return value_of(kCallStates, text); }
std::string_view name(CallCommand command) { return word_of(kCallCommands, command); }
std::optional<CallCommand> parse_call_command(std::string_view text) { return value_of(kCallCommands, text); }
std::string_view name(ChannelMethod method) { return word_of(kChannelMethods, method); }
std::optional<ChannelMethod> parse_channel_method(std::string_view text) { return value_of(kChannelMethods, text); }

bool Changes::empty() const {
  return requests.empty() && new_customers.empty() && customers.empty() && new_backorders.empty() &&
         backorders.empty() && transfers.empty() && events.empty() && cases.empty() && closed_cases.empty() &&
         new_calls.empty() && calls.empty() && evidence.empty() && prices.empty() && schedules.empty() &&
         tax_rates.empty() && settings.empty() && stopped_zones.empty() && resumed_zones.empty() && !closed_until &&
         users.empty() && removed_users.empty() && events_done.empty() && references.empty() &&
         dropped_references.empty() && purse_warnings.empty();
}

void Changes::append(Changes&& other) {
  move_to_end(requests, std::move(other.requests));
  if (other.closed_until) closed_until = other.closed_until;
  move_to_end(new_customers, std::move(other.new_customers));
  move_to_end(customers, std::move(other.customers));
  move_to_end(new_backorders, std::move(other.new_backorders));
  move_to_end(backorders, std::move(other.backorders));
  move_to_end(transfers, std::move(other.transfers));
  move_to_end(events, std::move(other.events));
  move_to_end(cases, std::move(other.cases));
  move_to_end(closed_cases, std::move(other.closed_cases));
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
  move_to_end(purse_warnings, std::move(other.purse_warnings));
}

}  // namespace engine
