// Runs: what works unattended leaves a row in the book each time, so that its silence can be seen. A run changes no
// money and is under no seal. Runs are kept for 400 days.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/time.hpp"

namespace engine {

enum class RunKind : std::uint8_t { sweep, list_import, reconciliation, backup, verification, notices };
std::string_view to_word(RunKind kind);  // "sweep", "list-import", "reconciliation", …
std::optional<RunKind> parse_run_kind(std::string_view text);

struct NewRun {
  RunKind kind;
  UtcTime started_at;  // by the clock of the one who ran; never after the end
  UtcTime ended_at;
  bool complete = true;   // nothing was left out and nothing failed
  std::string subject{};  // what it was about: a source, a file, stages; empty: everything
  std::string counts{};   // what was done, for people: "reserved 3, submitted 2"; empty: nothing was to do
  std::string errors{};   // what went wrong, one line; empty: nothing
};

// Runs of one kind and subject that did nothing and met no error, one after the other, are one row: `times` counts
// them, `started_at` is that of the first, `ended_at` that of the last. A sweep a minute would fill the book otherwise.
struct Run : NewRun {
  std::int64_t id;
  std::int64_t times = 1;
  std::string actor{};
  bool quiet() const { return counts.empty() && errors.empty() && complete; }
};

struct RunQuery {
  std::optional<RunKind> kind{};
  std::optional<bool> complete{};
  std::int64_t limit = 0;                // of the newest; 0: all
  std::optional<std::string> subject{};  // exactly this one
};

inline constexpr Milliseconds kRunsKept = std::chrono::hours(400 * 24);

}  // namespace engine
