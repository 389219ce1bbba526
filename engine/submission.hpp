// Creates the job of a funded backorder at the provider exactly once: records an intent before the call and the answer
// after it, and resolves unknown outcomes by reading. Pure: the caller sends the call after the intent is committed,
// and passes the answer back.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/lifecycle.hpp"
#include "engine/provider.hpp"

namespace engine {

// True if the job of this ACTIVE backorder is to be created now: the account allows it, no job exists or may exist, the
// deadline has not passed, the zone's submit_lead is reached, and neither zone nor environment is stopped.
bool may_submit(const Backorder& backorder, AccountState account, const ZoneSchedule& schedule,
                std::span<const std::string> stopped_zones, UtcTime now);

// After this many answers "command failed" (549) the job is refused for good; the pause between the tries.
inline constexpr int kRefusedTries = 3;
inline constexpr Milliseconds kRefusedPause = std::chrono::minutes(5);

// The provider's clock may be this far behind ours. A job that seems older than its order by less belongs to the order;
// else it would be taken for absent, and ordered again.
inline constexpr Milliseconds kClockSkew = std::chrono::seconds(30);

// Records the intent to send this call. Until its outcome is known, a job may exist.
ProviderCall intend(Changes& changes, Backorder& backorder, CallCommand command, std::int64_t call_id, int attempt,
                    UtcTime now);

// Applies the answer to AddDomainApplication. Success adopts the job (PROCESSING). A permanent refusal voids and
// refunds. Everything else keeps the deposit. `unknown_before`: an earlier attempt of this backorder had no readable
// answer, so a refusal is looked up before anything is voided.
Status answer_add(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                  const ProviderAnswer& answer, bool unknown_before, UtcTime now);

// The result of looking a call of unknown outcome up in a complete list.
struct LookUp {
  bool settled = false;  // the open call is resolved
  // further unbound applications: to be deleted before the deadline, else a case
  std::vector<std::string> surplus;
};
// `jobs`: every application at the provider for this name, from a complete list read at `now`. `bound`: ids that belong
// to other backorders. An unbound one no older than the attempt, give or take kClockSkew, is ours: adopted, the
// earliest if several. Lost, deleted and failed ones do not count; a registered one does. None: proves absence once
// `absence_wait` has passed since the attempt; a job that was refused then ends VOID, any other may be tried again.
Result<LookUp> look_up_add(Changes& changes, Backorder& backorder, Customer& customer, const ProviderCall& call,
                           std::span<const ProviderJob> jobs, std::span<const std::string> bound,
                           Milliseconds absence_wait, UtcTime now);

// The effect of an answer to DeleteDomainApplication on a backorder marked `cancelling`.
enum class Deletion : std::uint8_t {
  confirmed,  // CANCELLED and refunded
  refused,    // too late at the provider: the mark is taken off, the job runs on
  unknown,    // looked up by a later sweep
};
// `absent`: a complete list that was read after the call lacks the application. Needed if the answer is 545, which
// alone does not prove the deletion.
Result<Deletion> answer_remove(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                               const ProviderAnswer& answer, bool absent, UtcTime now);

// Voids an ACTIVE backorder whose deadline has passed and whose job was certainly never created. The reason is what
// prevented the submission. REQUIRES: now > deadline, state ACTIVE, !job_may_exist().
Status void_missed(Changes& changes, Backorder& backorder, Customer& customer, UtcTime now);

}  // namespace engine
