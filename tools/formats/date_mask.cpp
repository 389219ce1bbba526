#include "tools/formats/date_mask.hpp"

#include <algorithm>

namespace formats {
namespace {

using std::chrono::minutes;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::ranges::equal(text.substr(0, word.size()), word, [](char a, char b) { return upper(a) == b; });
}

constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

struct ZoneWord {
  std::string_view word;
  int hours;
};
// Longer words before those they begin with. Offsets: IANA database; a word means its own offset all year.
constexpr ZoneWord kZones[] = {{"CEST", 2}, {"MEST", 2}, {"EEST", 3}, {"AEST", 10}, {"UTC", 0},  {"GMT", 0},
                               {"CET", 1},  {"MET", 1},  {"EET", 2},  {"EST", -5},  {"EDT", -4}, {"CST", -6},
                               {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8},  {"PDT", -7}, {"Z", 0}};

// Takes `least` to `most` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t least, std::size_t most) {
  int number = 0;
  std::size_t digits = 0;
  while (digits < most && digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
    number = number * 10 + (text[digits++] - '0');
  if (digits < least) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

// "+02:00", "+0200", "+2": off the front.
std::optional<minutes> take_offset(std::string_view& text) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const std::optional<int> hours = take_number(text, 1, 2);
  if (!hours || *hours > 14) return std::nullopt;
  if (text.starts_with(':')) text.remove_prefix(1);
  const std::optional<int> rest = take_number(text, 2, 2);
  if (rest && *rest > 59) return std::nullopt;
  return sign * minutes(*hours * 60 + rest.value_or(0));
}

std::optional<minutes> take_zone(std::string_view& text) {
  for (const ZoneWord& zone : kZones) {
    if (!starts_with_word(text, zone.word)) continue;
    text.remove_prefix(zone.word.size());
    const bool takes_offset = zone.word == "UTC" || zone.word == "GMT";
    if (takes_offset && !text.empty() && (text.front() == '+' || text.front() == '-')) return take_offset(text);
    return std::chrono::hours(zone.hours);
  }
  return take_offset(text);
}

struct Parts {
  int year = 0, month = 0, day = 0;
  std::optional<int> hour{};
  int minute = 0, second = 0, milliseconds = 0;
  std::optional<bool> afternoon{};
  std::optional<minutes> offset{};
};

bool fill(std::optional<int> number, int& place) {
  if (number) place = *number;
  return number.has_value();
}

// The length of the first token of the mask: a run of the same letter that has a meaning, else one character.
std::string_view take_token(std::string_view& mask) {
  std::size_t size = 1;
  if (mask.starts_with("AM")) {
    size = 2;
  } else if (std::string_view("YMDhmsf").find(mask.front()) != std::string_view::npos) {
    size = std::min(mask.find_first_not_of(mask.front()), mask.size());
  }
  const std::string_view token = mask.substr(0, size);
  mask.remove_prefix(size);
  return token;
}

bool take(std::string_view token, std::string_view& text, Parts& parts) {
  if (token == "YYYY") return fill(take_number(text, 4, 4), parts.year);
  if (token == "YY") {
    const bool fits = fill(take_number(text, 2, 2), parts.year);
    parts.year += 2000;
    return fits;
  }
  if (token == "MM") return fill(take_number(text, 2, 2), parts.month);
  if (token == "M") return fill(take_number(text, 1, 2), parts.month);
  if (token == "MMM") {
    for (const std::string_view& month : kMonths) {
      if (!starts_with_word(text, month)) continue;
      parts.month = static_cast<int>(&month - kMonths) + 1;
      text.remove_prefix(month.size());
      return true;
    }
    return false;
  }
  if (token == "DD") return fill(take_number(text, 2, 2), parts.day);
  if (token == "D") return fill(take_number(text, 1, 2), parts.day);
  if (token == "hh" || token == "h") {
    parts.hour = take_number(text, token.size(), 2);
    return parts.hour.has_value();
  }
  if (token == "mm") return fill(take_number(text, 2, 2), parts.minute);
  if (token == "ss") return fill(take_number(text, 2, 2), parts.second);
  if (token.front() == 'f') {
    std::size_t digits = 0;
    int scale = 100;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits, scale /= 10)
      parts.milliseconds += (text[digits] - '0') * scale;
    text.remove_prefix(digits);
    return digits > 0;
  }
  if (token == "AM") {
    if (!starts_with_word(text, "AM") && !starts_with_word(text, "PM")) return false;
    parts.afternoon = upper(text.front()) == 'P';
    text.remove_prefix(2);
    return true;
  }
  if (token == "Z") {
    parts.offset = take_zone(text);
    return parts.offset.has_value();
  }
  if (token == " ") {
    const std::size_t blanks = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(blanks);
    return blanks > 0;
  }
  if (!text.starts_with(token)) return false;
  text.remove_prefix(token.size());
  return true;
}

bool match(std::string_view mask, std::string_view text, Parts& parts) {
  while (!mask.empty()) {
    if (mask.front() == '*') {
      mask.remove_prefix(1);
      if (mask.empty()) return true;
      for (std::size_t from = 0; from <= text.size(); ++from) {
        Parts tried = parts;
        if (!match(mask, text.substr(from), tried)) continue;
        parts = tried;
        return true;
      }
      return false;
    }
    if (!take(take_token(mask), text, parts)) return false;
  }
  return text.empty();
}

std::optional<WrittenDate> date_of(const Parts& parts, std::string_view time_zone) {
  const std::chrono::year_month_day date(std::chrono::year(parts.year),
                                         std::chrono::month(static_cast<unsigned>(parts.month)),
                                         std::chrono::day(static_cast<unsigned>(parts.day)));
  if (!date.ok() || parts.year < 1970 || parts.year > 9999) return std::nullopt;
  const engine::Day day(date);
  if (!parts.hour) return day;
  int hour = *parts.hour;
  if (parts.afternoon) {
    if (hour < 1 || hour > 12) return std::nullopt;
    hour = hour % 12 + (*parts.afternoon ? 12 : 0);
  }
  if (hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
  const std::chrono::seconds since_midnight =
      std::chrono::hours(hour) + minutes(parts.minute) + std::chrono::seconds(parts.second);
  const std::chrono::milliseconds fraction(parts.milliseconds);
  if (parts.offset) return engine::UtcTime(day) + since_midnight - *parts.offset + fraction;
  if (time_zone == "UTC") return engine::UtcTime(day) + since_midnight + fraction;
  return engine::resolve_local(time_zone, day, since_midnight) + fraction;
}

}  // namespace

std::optional<WrittenDate> read_masked(std::string_view text, std::string_view mask, std::string_view time_zone) {
  if (mask == "ISO") {
    if (text.size() == 10) {
      const engine::Result<engine::Day> day = engine::parse_day(text);
      return day ? std::optional<WrittenDate>(day.value()) : std::nullopt;
    }
    const engine::Result<engine::UtcTime> time = engine::parse_time(text);
    return time ? std::optional<WrittenDate>(time.value()) : std::nullopt;
  }
  Parts parts;
  if (!match(mask, text, parts)) return std::nullopt;
  return date_of(parts, time_zone);
}

engine::Result<WrittenDate> read_date(std::string_view text, const std::vector<std::string>& masks,
                                      std::string_view time_zone) {
  for (const std::string& mask : masks) {
    if (const std::optional<WrittenDate> date = read_masked(text, mask, time_zone)) return *date;
  }
  std::string known;
  for (const std::string& mask : masks) known += (known.empty() ? "" : " or ") + mask;
  return engine::Error{engine::ErrorCode::invalid_time,
                       "'" + std::string(text.substr(0, 40)) + "' is no date of the form " + known};
}

bool is_time_of_day(std::string_view text) {
  Parts parts;
  for (const std::string_view mask : {"h:mm:ss", "h:mm", "h:mm:ss.fff", "h:mm:ss AM", "h:mm AM", "h:mm:ssZ"}) {
    parts = {};
    if (match(mask, text, parts) && *parts.hour < 24 && parts.minute < 60) return true;
  }
  return false;
}

engine::Status check_mask(std::string_view mask) {
  const auto has = [&](char letter) { return mask.find(letter) != std::string_view::npos; };
  if (mask == "ISO" || (has('Y') && has('M') && has('D'))) return engine::Unit{};
  return engine::Error{engine::ErrorCode::invalid_argument,
                       "'" + std::string(mask) + "' is no date mask: it has YYYY, MM and DD, such as DD.MM.YYYY"};
}

}  // namespace formats
