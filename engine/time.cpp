#include "engine/time.hpp"

#include <date/tz.h>

#include <optional>

namespace engine {
namespace {

constexpr int kFirstYear = 1970, kLastYear = 9999;

Error not_a_time(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, 40)) safe += c >= ' ' && c < 127 ? c : '?';
  return {ErrorCode::invalid_time,
          "'" + safe + "' is not an instant: write 2026-08-01T06:10:00Z, '2026-08-01 06:10:00' (UTC) or 2026-08-01"};
}

// Reads fixed-width fields from the front; no locale, no allocation: lists have hundreds of thousands of instants.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool skip(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::optional<Day> read_day(Reader& in) {
  const auto year = in.digits(4);
  if (!year || !in.skip('-')) return std::nullopt;
  const auto month = in.digits(2);
  if (!month || !in.skip('-')) return std::nullopt;
  const auto day = in.digits(2);
  if (!day || *year < kFirstYear || *year > kLastYear) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return Day(date);
}

// "HH:MM[:SS[.fff…]]"; a leap second is the next second.
std::optional<Milliseconds> read_time_of_day(Reader& in) {
  const auto hour = in.digits(2);
  if (!hour || *hour > 23 || !in.skip(':')) return std::nullopt;
  const auto minute = in.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  Milliseconds time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (!in.skip(':')) return time;
  const auto second = in.digits(2);
  if (!second || *second > 60 || (*second == 60 && *minute != 59)) return std::nullopt;
  time += std::chrono::seconds(*second);
  if (!in.skip('.')) return time;
  int count = 0, millis = 0;
  for (; const auto digit = in.digits(1); ++count) {
    if (count < 3) millis = millis * 10 + *digit;
  }
  if (count == 0) return std::nullopt;
  for (; count < 3; ++count) millis *= 10;
  return time + Milliseconds(millis);
}

// "Z", nothing, or "±HH:MM": minutes east of UTC.
std::optional<std::chrono::minutes> read_offset(Reader& in) {
  if (in.done() || in.skip('Z') || in.skip('z')) return std::chrono::minutes(0);
  const bool west = in.rest().front() == '-';
  if (!in.skip('+') && !in.skip('-')) return std::nullopt;
  const auto hours = in.digits(2);
  if (!hours || !in.skip(':')) return std::nullopt;
  const auto minutes = in.digits(2);
  if (!minutes || *hours > 18 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -offset : offset;
}

void append_two(std::string& text, int value) {
  text += static_cast<char>('0' + value / 10);
  text += static_cast<char>('0' + value % 10);
}

std::string date_and_time(UtcTime time, char between) {
  const Day day = std::chrono::floor<std::chrono::days>(time);
  std::string text = to_string(day);
  const std::chrono::hh_mm_ss<Milliseconds> clock(time - day);
  text += between;
  append_two(text, static_cast<int>(clock.hours().count()));
  text += ':';
  append_two(text, static_cast<int>(clock.minutes().count()));
  text += ':';
  append_two(text, static_cast<int>(clock.seconds().count()));
  return text;
}

}  // namespace

Result<UtcTime> parse_time(std::string_view text) {
  Reader in(text);
  const std::optional<Day> day = read_day(in);
  if (!day) return not_a_time(text);
  if (in.done()) return UtcTime(*day);
  if (!in.skip('T') && !in.skip('t') && !in.skip(' ')) return not_a_time(text);
  const std::optional<Milliseconds> time = read_time_of_day(in);
  if (!time) return not_a_time(text);
  const std::optional<std::chrono::minutes> offset = read_offset(in);
  if (!offset || !in.done()) return not_a_time(text);
  return UtcTime(*day) + *time - *offset;
}

Result<Day> parse_day(std::string_view text) {
  Reader in(text);
  const std::optional<Day> day = read_day(in);
  if (!day || !in.done()) return not_a_time(text);
  return *day;
}

std::string to_string(UtcTime time) {
  std::string text = date_and_time(time, 'T');
  const auto millis = static_cast<int>((time - std::chrono::floor<std::chrono::seconds>(time)).count());
  if (millis != 0) {
    text += '.';
    text += static_cast<char>('0' + millis / 100);
    append_two(text, millis % 100);
  }
  return text + 'Z';
}

std::string to_wire_string(UtcTime time) { return date_and_time(time, ' '); }

std::string to_string(Day day) {
  const std::chrono::year_month_day date(day);
  const int year = static_cast<int>(date.year());
  std::string text;
  append_two(text, year / 100);
  append_two(text, year % 100);
  text += '-';
  append_two(text, static_cast<int>(static_cast<unsigned>(date.month())));
  text += '-';
  append_two(text, static_cast<int>(static_cast<unsigned>(date.day())));
  return text;
}

std::string to_string(Milliseconds span) {
  if (span < Milliseconds(0)) return "-" + to_string(-span);
  if (span < std::chrono::seconds(1)) return span == Milliseconds(0) ? "0s" : std::to_string(span.count()) + "ms";
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(span).count();
  const std::pair<std::int64_t, const char*> units[] = {
      {seconds / 86'400, "d"}, {seconds / 3'600 % 24, "h"}, {seconds / 60 % 60, "m"}, {seconds % 60, "s"}};
  std::string text;
  int shown = 0;
  for (const auto& [count, unit] : units) {
    if (shown == 0 && count == 0) continue;
    if (shown < 2 && count != 0) text += (text.empty() ? "" : " ") + std::to_string(count) + unit;
    ++shown;
  }
  return text;
}

Result<Milliseconds> parse_span(std::string_view text) {
  const Error refused{ErrorCode::invalid_time, "'" + std::string(text.substr(0, 40)) +
                                                   "' is not a span of time: write 72h, 3d, 90m, 45s or '1d 12h'"};
  std::int64_t seconds = 0, number = -1;
  bool any = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      number = (number < 0 ? 0 : number) * 10 + (c - '0');
      if (number > 100'000'000) return refused;
      continue;
    }
    if (c == ' ' && number < 0) continue;
    const std::int64_t unit = c == 'd' ? 86'400 : c == 'h' ? 3'600 : c == 'm' ? 60 : c == 's' ? 1 : 0;
    if (unit == 0 || number < 0) return refused;
    seconds += number * unit;
    number = -1;
    any = true;
  }
  if (!any || number >= 0 || seconds > std::int64_t{100} * 366 * 86'400) return refused;
  return Milliseconds(std::chrono::seconds(seconds));
}

Day day_of(UtcTime time) { return std::chrono::floor<std::chrono::days>(time); }

bool is_time_zone(std::string_view zone) {
  try {
    date::locate_zone(std::string(zone));
    return true;
  } catch (const std::runtime_error&) {  // how the library says that it has no such zone
    return false;
  }
}

UtcTime resolve_local(std::string_view zone, Day local_day, std::chrono::seconds since_midnight) {
  const date::local_time<std::chrono::seconds> local{local_day.time_since_epoch() + since_midnight};
  const date::local_info info = date::locate_zone(std::string(zone))->get_info(local);
  // Twice: the first instant. Skipped: the first instant after the gap, which is where the new offset begins.
  if (info.result == date::local_info::nonexistent) return UtcTime(info.second.begin);
  return UtcTime(local.time_since_epoch() - info.first.offset);
}

std::string to_local_string(std::string_view zone, UtcTime time) {
  const date::sys_info info =
      date::locate_zone(std::string(zone))->get_info(std::chrono::floor<std::chrono::seconds>(time));
  const std::string clock = to_wire_string(time + info.offset);
  const bool whole_minute = clock.ends_with(":00");
  return (whole_minute ? clock.substr(0, clock.size() - 3) : clock) + " " + info.abbrev;
}

}  // namespace engine
