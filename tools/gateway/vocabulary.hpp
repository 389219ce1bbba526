// The words of the protocol for things of ours: classes, statuses, patterns, windows of lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api_client/command.hpp"
#include "api_client/response.hpp"
#include "engine/backorder.hpp"

namespace gateway {

using api_client::Answer;
using api_client::Command;

Answer refuse(int code, std::string detail = {});

// "com" → "COM", "com.pl" → "COMPL": as classes and price relations name zones.
std::string zone_word(std::string_view zone);
std::string class_of_zone(std::string_view zone);  // "COM_BACKORDER"

// VOID is FAILED on the wire, with its reason beside it.
std::string_view status_word(engine::State state);

// A pattern of the protocol, where only * means something, in any case.
bool matches(std::string_view pattern, std::string_view text);
// As SQLite's GLOB wants it, in lower case.
std::string glob_of(std::string_view pattern);

// "" and "0" are no, "1" is yes.
bool is_set(const Command& command, std::string_view parameter);

// FIRST and LIMIT as asked; what is not given has the list's defaults.
struct Window {
  std::int64_t first = 0;
  std::int64_t limit = 0;
  bool first_given = false;
};
inline constexpr std::int64_t kLongestPage = 10'000;  // a larger LIMIT is answered with this one
std::optional<Window> window_of(const Command& command, std::int64_t default_limit);

// FIRST, LAST, COUNT, TOTAL, LIMIT as every list has them. An empty window has LAST = FIRST.
void add_window(Answer& answer, const Window& window, std::int64_t count, std::optional<std::int64_t> total);

// "STATUSDESC" → STATUS, descending. An empty text where nothing was asked.
std::pair<std::string, bool> order_of(const Command& command);

}  // namespace gateway
