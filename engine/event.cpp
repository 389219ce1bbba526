#include "engine/event.hpp"

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
                                            {EventKind::provider_balance_empty, "purse-empty"},
                                            {EventKind::provider_balance_short, "purse-short"},
                                            {EventKind::provider_balance_covered, "purse-covered"},
                                            {EventKind::status_unknown, "status-unknown"},
                                            {EventKind::period_closed, "period-closed"},
                                            {EventKind::period_reopened, "period-reopened"},
                                            {EventKind::setting_changed, "setting-changed"},
                                            {EventKind::money_moved, "money-moved"},
                                            {EventKind::verify_failed, "verify-failed"},
                                            {EventKind::health_failed, "health-failed"},
                                            {EventKind::health_recovered, "health-recovered"},
                                            {EventKind::adopted, "adopted"},
                                            {EventKind::restored, "restored"}};

}  // namespace

std::string_view to_word(EventKind kind) { return word_of(kEventKinds, kind); }
std::optional<EventKind> parse_event_kind(std::string_view text) { return value_of(kEventKinds, text); }
std::span<const EventKind> events_for_customers() {
  static constexpr EventKind kKinds[] = {EventKind::placed,           EventKind::stepped,      EventKind::moved,
                                         EventKind::cancel_requested, EventKind::price_notice, EventKind::shortfall,
                                         EventKind::shortfall_over,   EventKind::money_moved};
  return kKinds;
}

}  // namespace engine
