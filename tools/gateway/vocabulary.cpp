#include "tools/gateway/vocabulary.hpp"

#include <algorithm>
#include <charconv>

namespace gateway {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

Answer refuse(int code, std::string detail) { return {.code = code, .detail = std::move(detail)}; }

std::string zone_word(std::string_view zone) {
  std::string word;
  for (const char c : zone) {
    if (c != '.') word += upper(c);
  }
  return word;
}
std::string class_of_zone(std::string_view zone) { return zone_word(zone) + "_BACKORDER"; }

std::string_view status_word(engine::State state) {
  return to_word(state == engine::State::voided ? engine::State::failed : state);
}

bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && upper(pattern[p]) == upper(text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string glob_of(std::string_view pattern) {
  std::string glob;
  for (const char c : pattern) {
    if (c == '?' || c == '[')
      glob += std::string("[") + c + "]";
    else
      glob += lower(c);
  }
  return glob;
}

bool is_set(const Command& command, std::string_view parameter) {
  const auto value = command.find(parameter);
  return value && !value->empty() && *value != "0";
}

std::optional<Window> window_of(const Command& command, std::int64_t default_limit) {
  Window window{.limit = default_limit};
  if (const auto first = command.find("FIRST"); first && !first->empty()) {
    const auto number = whole_number(*first);
    if (!number) return std::nullopt;
    window.first = *number;
    window.first_given = true;
  }
  if (const auto limit = command.find("LIMIT"); limit && !limit->empty()) {
    const auto number = whole_number(*limit);
    if (!number) return std::nullopt;
    window.limit = std::min(*number, kLongestPage);
  }
  return window;
}

void add_window(Answer& answer, const Window& window, std::int64_t count, std::optional<std::int64_t> total) {
  answer.add("COUNT", std::to_string(count));
  answer.add("FIRST", std::to_string(window.first));
  answer.add("LAST", std::to_string(count > 0 ? window.first + count - 1 : window.first));
  answer.add("LIMIT", std::to_string(window.limit));
  if (total) answer.add("TOTAL", std::to_string(*total));
}

std::pair<std::string, bool> order_of(const Command& command) {
  std::string order;
  for (const char c : command.find("ORDERBY").value_or("")) order += upper(c);
  const bool descending = order.ends_with("DESC");
  if (descending) order.resize(order.size() - 4);
  if (order.ends_with("ASC")) order.resize(order.size() - 3);
  while (order.ends_with(' ')) order.pop_back();
  return {order, descending};
}

}  // namespace gateway
