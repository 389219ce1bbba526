// Loads both sides of each loop and lets the engine compare them. Changes nothing. If the other side cannot be read,
// the loop is reported as not done.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/provider.hpp"
#include "engine/reconciliation.hpp"
#include "tools/operations/context.hpp"

namespace operations {

struct ReconcileOptions {
  std::vector<engine::Loop> loops{engine::kLoops, engine::kLoops + std::size(engine::kLoops)};
  std::string source{};  // of the bank loop; empty: every cash account and every imported statement
  std::function<void(std::int64_t done, std::int64_t total)> progress{};  // of verify
};

// In the order of engine::kLoops. `provider` may be null: then jobs and provider balance are not done.
std::vector<engine::LoopReport> reconcile(engine::LedgerReader& store, engine::BackorderProvider* provider,
                                          const ReconcileOptions& options, engine::UtcTime now);

}  // namespace operations
