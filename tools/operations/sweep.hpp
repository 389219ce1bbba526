// The unattended work: everything due and not done, whenever it is called and however often. Bounded chunks, whole
// accounts at a time, each chunk one commit; killed at any instruction it loses nothing and repeats nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/provider.hpp"
#include "tools/operations/context.hpp"
#include "tools/operations/health.hpp"

namespace operations {

// In this order: a sweep learns before it acts. `sync` reads the provider, binds jobs that are ours and resolves
// unknown calls; `settle` applies what was read and closes cases whose cause has ended; `reserve` commits the funding
// plan of every account with something due; `voids` ends what its deadline has passed; `submit` deletes what is being
// cancelled and creates jobs; `warn` announces shortfalls. Where void or submit give money back, the three acting
// stages are repeated. Swept again at the same instant, nothing is done.
enum class Stage : std::uint8_t { sync, settle, reserve, voids, submit, warn };
inline constexpr Stage kStages[] = {Stage::sync,  Stage::settle, Stage::reserve,
                                    Stage::voids, Stage::submit, Stage::warn};
std::string_view to_word(Stage stage);  // "reserve", "void", "submit", ...
std::optional<Stage> parse_stage(std::string_view text);

// Points a test may stop at, between which nothing is half done.
enum class Milestone : std::uint8_t { before_commit, after_intent, after_answer, in_settlement };

struct SweepOptions {
  std::vector<Stage> stages{kStages, kStages + std::size(kStages)};
  // backorders decided at once, whole accounts at a time, at least one: a commit follows where another writer waits
  std::size_t chunk = 500;
  std::size_t batch = 10'000;  // backorders of one commit where nobody does
  // intents per commit: so many are on their way before the first answer is on file
  std::size_t orders = 100;
  // The time as it goes on while orders are sent, so that no intent is older than its order seems; absent: it stands
  // still.
  std::function<engine::UtcTime()> clock{};
  std::function<bool()> interrupted{};  // true: stops where nothing is half done
  // what the machine says of its disk, for the health that a whole sweep looks at
  MachineFacts machine{};
  // true: enough was read, the stages go on with what is known. A slow provider makes nobody miss a deadline. Not asked
  // in a book that was put back from a copy.
  std::function<bool()> learnt_enough{};
  std::function<void(Milestone)> reached{};
  std::function<void(Stage, std::size_t done)> progress{};
};

struct StageCount {
  Stage stage;
  std::string what;  // "reserved", "voided", "waiting", "submitted", "unknown", "refused", "captured", ...
  std::int64_t count;
};
struct SweepReport {
  std::vector<StageCount> counts;  // in stage order; zero counts left out
  // the provider did not answer, a case was opened … : the rest of the work went on
  std::vector<engine::Error> errors;
  std::vector<std::string> notes;                   // what was passed over, and takes nothing away from the rest
  std::int64_t count(std::string_view what) const;  // summed over stages
  void add(Stage stage, std::string_view what, std::int64_t count);
};

// `provider` may be null: then submit and sync are left out with a trouble. Storage failures are thrown; what was
// committed stays.
SweepReport sweep(const Context& context, engine::BackorderProvider* provider, const SweepOptions& options);

}  // namespace operations
