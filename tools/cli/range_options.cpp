#include "tools/cli/range_options.hpp"

#include <algorithm>
#include <chrono>

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::UtcTime;

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "2026-08"
bool is_month(const std::string& text) {
  return text.size() == 7 && text[4] == '-' && is_digits(text.substr(0, 4)) && is_digits(text.substr(5));
}

// "2026-08-31", "today": a word that means a whole day
bool names_a_day(const std::string& text) {
  return text == "today" || text == "yesterday" || text == "tomorrow" ||
         (text.size() == 10 && is_month(text.substr(0, 7)) && text[7] == '-');
}

UtcTime next_month(UtcTime first) {
  const std::chrono::year_month_day day(engine::day_of(first));
  return std::chrono::sys_days((day.year() / day.month() + std::chrono::months(1)) / std::chrono::day(1));
}

bool begins_month(UtcTime at) { return std::chrono::year_month_day(engine::day_of(at)).day() == std::chrono::day(1); }

}  // namespace

UtcTime spoken_instant(Session& session, const std::string& text) {
  const auto day = [&](int offset) { return UtcTime(engine::day_of(session.now()) + std::chrono::days(offset)); };
  if (text == "now") return session.now();
  if (text == "today") return day(0);
  if (text == "yesterday") return day(-1);
  if (text == "tomorrow") return day(1);
  if (is_month(text)) return session.instant(text + "-01");
  if (text.size() > 1 && (text[0] == '-' || text[0] == '+')) {
    const engine::Milliseconds span = value_or_throw(engine::parse_span(text.substr(1)));
    return text[0] == '-' ? session.now() - span : session.now() + span;
  }
  return session.instant(text);
}

void RangeOptions::bind(CLI::App& app, const std::string& from_meaning, const std::string& to_meaning) {
  CLI::Option* begin = app.add_option("--from", from, from_meaning)->type_name("TIME");
  CLI::Option* end = app.add_option("--to", to, to_meaning)->type_name("TIME");
  app.add_option("--month", month, "Only this month, e.g. 2026-08; times may also be today, yesterday, -7d, 2026-08")
      ->type_name("MONTH")
      ->excludes(begin)
      ->excludes(end);
}

std::pair<std::optional<UtcTime>, std::optional<UtcTime>> RangeOptions::range(Session& session) const {
  if (!month.empty()) {
    if (!is_month(month))
      throw CommandError{Error{ErrorCode::invalid_time, "'" + month + "' is no month; write it like 2026-08"}};
    const UtcTime first = session.instant(month + "-01");
    return {first, next_month(first)};
  }
  std::optional<UtcTime> begin, end;
  if (!from.empty()) begin = spoken_instant(session, from);
  if (!to.empty()) end = spoken_instant(session, to);
  if (begin && end && *end <= *begin)
    throw CommandError{Error{ErrorCode::invalid_time, "--to " + to + " does not lie after --from " + from}};
  // The first of a month is a border that people mean as one.
  if (end && (is_month(to) || (names_a_day(to) && !begins_month(*end)))) {
    const UtcTime whole = is_month(to) ? next_month(*end) : *end + std::chrono::days(1);
    session.note("--to " + to + " is exclusive: " + (is_month(to) ? "that month" : "that day") +
                 " is not included; --to " + engine::to_string(engine::day_of(whole)) + " includes it");
  }
  return {begin, end};
}

}  // namespace cli
