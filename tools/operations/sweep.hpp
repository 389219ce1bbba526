// The unattended work: does everything that is due and not done, whenever and however often it is called. It works in
// bounded chunks of whole accounts. A kill at any instruction loses nothing and repeats nothing.
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

// Points at which a test may stop; nothing is half done there.
enum class Milestone : std::uint8_t { before_commit, after_intent, after_answer, in_settlement };

struct SweepOptions {
  std::vector<Stage> stages{kStages, kStages + std::size(kStages)};
  // backorders per chunk, whole accounts, at least one; a commit may end after each chunk if another writer waits
  std::size_t chunk = 500;
  std::size_t batch = 10'000;  // backorders per commit if nobody waits
  // intents per commit: as many orders may be on their way before the first answer is recorded
  std::size_t orders = 100;
  // The advancing clock while orders are sent, so that no intent seems older than its order; absent: the time stands
  // still.
  std::function<engine::UtcTime()> clock{};
  std::function<bool()> interrupted{};  // true: stops at the next point where nothing is half done
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
