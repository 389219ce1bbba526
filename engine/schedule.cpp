#include "engine/schedule.hpp"

#include <algorithm>

#include "engine/domain_name.hpp"
#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<DropKind> kKinds[] = {{DropKind::instant, "instant"},
                                      {DropKind::batch, "batch"},
                                      {DropKind::window, "window"},
                                      {DropKind::random, "random"},
                                      {DropKind::unknown, "unknown"}};

constexpr Named<SharpS> kSharpSWords[] = {{SharpS::keeps, "keep"}, {SharpS::becomes_ss, "ss"}};

std::chrono::seconds hhmm(int hour, int minute = 0) { return std::chrono::hours(hour) + std::chrono::minutes(minute); }

ZoneSchedule row(std::string zone, DropKind kind, std::string time_zone, std::vector<std::chrono::seconds> times,
                 std::string source, std::string confidence) {
  ZoneSchedule schedule;
  schedule.zone = std::move(zone);
  schedule.kind = kind;
  schedule.time_zone = std::move(time_zone);
  schedule.batch_times = std::move(times);
  schedule.source = std::move(source);
  schedule.confidence = std::move(confidence);
  return schedule;
}

std::vector<ZoneSchedule> make_builtin() {
  using enum DropKind;
  std::vector<ZoneSchedule> rows;
  rows.push_back(row("", unknown, "UTC", {}, "no source: leads of the 2011 quick start", "low"));
  for (const char* zone : {"com", "net"})
    rows.push_back(
        row(zone, window, "America/New_York", {hhmm(14)}, "registry: window begins 14:00 US Eastern", "medium"));
  rows.push_back(row("org", window, "UTC", {hhmm(14, 30)}, "third-party measurement: 14:30 to 15:30 UTC", "low"));
  rows.push_back(row("info", window, "UTC", {hhmm(10)}, "third-party measurement: 10:00 to 10:30 UTC", "low"));
  rows.push_back(row("me", window, "UTC", {hhmm(2, 30)}, "third-party measurement: 02:30 to 03:00 UTC", "low"));
  for (const char* zone : {"se", "nu"})
    rows.push_back(row(zone, batch, "UTC", {hhmm(4)}, "registry: released from 04:00 UTC on the release day", "high"));
  rows.push_back(row("ca", batch, "UTC", {hhmm(19)}, "registry: weekly session, Wednesday 19:00 UTC", "medium"));
  rows.push_back(row("au", batch, "Australia/Brisbane", {hhmm(13), hhmm(13, 30)},
                     "registry: 13:00 and 13:30 AEST without daylight saving", "medium"));
  rows.push_back(row("it", batch, "Europe/Rome", {hhmm(9), hhmm(16)}, "registry: 09:00 and 16:00 local", "medium"));
  rows.push_back(row("pl", batch, "Europe/Warsaw", {hhmm(8, 10)},
                     "measured: the registry's daily lists are stamped 08:10 Warsaw", "medium"));
  rows.push_back(row("es", window, "Etc/GMT-2", {hhmm(4, 40)}, "third-party measurement: about 04:40 GMT+2", "low"));
  rows.push_back(row("nz", window, "UTC", {hhmm(2)}, "registry: one-hour registrar window from 02:00 UTC", "high"));
  rows.push_back(row("nl", random, "UTC", {}, "registry: end of quarantine plus up to an hour at random", "high"));
  for (const char* zone : {"uk", "co.uk", "org.uk", "me.uk"})
    rows.push_back(row(zone, instant, "UTC", {}, "registry: drop time per name in its daily file", "high"));
  for (const char* zone : {"app", "dev", "page"})
    rows.push_back(row(zone, instant, "UTC", {}, "registry software: each name at its own second", "medium"));
  for (const char* zone : {"de", "eu", "fr", "ch", "li", "at", "co", "io", "biz", "us", "mobi", "asia", "cc", "tv"}) {
    rows.push_back(row(zone, unknown, "UTC", {}, "not published", "low"));
  }
  return rows;
}

bool by_zone(const ZoneSchedule& a, const ZoneSchedule& b) { return a.zone < b.zone; }

}  // namespace

std::string_view to_word(DropKind kind) { return word_of(kKinds, kind); }

Result<DropKind> parse_drop_kind(std::string_view text) {
  if (const auto found = value_of(kKinds, text)) return *found;
  return Error{ErrorCode::invalid_argument,
               "a schedule's kind is instant, batch, window, random or unknown, not '" + std::string(text) + "'"};
}

std::string_view to_word(SharpS rule) { return word_of(kSharpSWords, rule); }

Result<SharpS> parse_sharp_s(std::string_view text) {
  if (const auto found = value_of(kSharpSWords, text)) return *found;
  return Error{ErrorCode::invalid_argument, "ß is kept ('keep') or becomes 'ss', not '" + std::string(text) + "'"};
}

Status check(const ZoneSchedule& schedule) {
  const auto refused = [&](const std::string& why) {
    return Error{ErrorCode::invalid_schedule, "schedule of ." + schedule.zone + ": " + why};
  };
  const Milliseconds none{0};
  if (schedule.job_lead < none || schedule.deposit_lead < none || schedule.deposit_gap < none ||
      schedule.finalization_lead < none || (schedule.submit_lead && *schedule.submit_lead < none)) {
    return refused("a lead is negative");
  }
  if (schedule.deposit_lead < schedule.job_lead) {
    return refused("the deposit would be due (" + to_string(schedule.deposit_lead) +
                   " before the drop) after the deadline (" + to_string(schedule.job_lead) + ")");
  }
  for (const std::chrono::seconds time : schedule.batch_times) {
    if (time < std::chrono::seconds(0) || time >= std::chrono::hours(24))
      return refused("a batch time lies outside the day");
  }
  if (!std::ranges::is_sorted(schedule.batch_times)) return refused("batch times must ascend");
  if (!is_time_zone(schedule.time_zone)) {
    return Error{ErrorCode::unknown_time_zone,
                 "'" + schedule.time_zone + "' is not a time zone of the IANA database, such as Europe/Warsaw"};
  }
  return Unit{};
}

std::span<const ZoneSchedule> builtin_schedules() {
  static const std::vector<ZoneSchedule> rows = make_builtin();
  return rows;
}

Schedules::Schedules(std::span<const ZoneSchedule> own) : rows_(own.begin(), own.end()) {
  std::ranges::sort(rows_, by_zone);
  const std::size_t count = rows_.size();
  for (const ZoneSchedule& builtin : builtin_schedules()) {
    if (!std::ranges::binary_search(std::span(rows_).first(count), builtin, by_zone)) rows_.push_back(builtin);
  }
  std::ranges::sort(rows_, by_zone);
}

const ZoneSchedule& Schedules::of(std::string_view ace_name) const {
  for (std::string_view zone = ace_name;; zone = parent_zone(zone)) {
    const auto found =
        std::ranges::lower_bound(rows_, zone, {}, [](const ZoneSchedule& one) { return std::string_view(one.zone); });
    if (found != rows_.end() && found->zone == zone) return *found;
    if (zone.empty()) break;
  }
  invariant_failed("the schedule has a row for every zone", __FILE__, __LINE__, std::string(ace_name));
}

std::optional<UtcTime> batch_start(const ZoneSchedule& schedule, Day local_day) {
  if (schedule.batch_times.empty()) return std::nullopt;
  return resolve_local(schedule.time_zone, local_day, schedule.batch_times.front());
}

std::optional<UtcTime> next_batch(const ZoneSchedule& schedule, UtcTime eligible_at) {
  // The local day may be the one before or after the UTC day.
  for (int days = -1; days <= 2; ++days) {
    const std::optional<UtcTime> start = batch_start(schedule, day_of(eligible_at) + std::chrono::days(days));
    if (!start) return std::nullopt;
    if (*start >= eligible_at) return start;
  }
  invariant_failed("a batch runs every day", __FILE__, __LINE__, schedule.zone);
}

}  // namespace engine
