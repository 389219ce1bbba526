// The facts behind health, gathered from a book; runs written into it; and what the operator is told when a check
// begins to fail.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/health.hpp"
#include "tools/operations/context.hpp"

namespace operations {

// Figures that only the machine knows. Absent figures are not checked.
struct MachineFacts {
  std::optional<std::int64_t> book_bytes{}, log_bytes{}, free_bytes{};
  std::optional<engine::Milliseconds> provider_skew{};
};

// Reads what is due, open and old: its cost follows the open work, not the history.
engine::HealthFacts health_facts(engine::LedgerReader& store, engine::UtcTime now, const MachineFacts& machine = {});

// Keeps that something ran. A dry run leaves none.
void record_run(const Context& context, const engine::NewRun& run);

// Tells the operator, by an event that notices carry, of every check that began to fail or is well again since the last
// call. Checks that tell by events of their own (provider balance, submitting, cases, verification) are left to those.
// Returns the health it found.
std::vector<engine::HealthRow> watch_health(const Context& context, const MachineFacts& machine = {});

}  // namespace operations
