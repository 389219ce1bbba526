// --from, --to and --month of every list and report: [from, to), as people say days and months.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tools/cli/session.hpp"

namespace cli {

// An instant, or what people say for one: now, today, yesterday, tomorrow, 2026-08 (its first day), -7d and +7d (from
// now). Days begin at midnight UTC. Throws CommandError: invalid_time.
engine::UtcTime spoken_instant(Session& session, const std::string& text);

struct RangeOptions {
  std::string from{}, to{}, month{};

  void bind(CLI::App& app, const std::string& from_meaning, const std::string& to_meaning);
  // Both ends; notes where the exclusive end cuts off the very day that it names. Throws CommandError: invalid_time,
  // where an end cannot be read or does not lie after the beginning.
  std::pair<std::optional<engine::UtcTime>, std::optional<engine::UtcTime>> range(Session& session) const;
};

}  // namespace cli
