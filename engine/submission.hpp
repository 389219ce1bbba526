// Getting a funded job to the provider exactly once: intents before calls, answers after, and what an unknown outcome
// turns out to be. Nothing here talks to anybody: the caller sends what was committed as an intent and brings the
// answer back.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/lifecycle.hpp"
#include "engine/provider.hpp"

namespace engine {

// Whether a job for this ACTIVE backorder is to be created now: its account allows it, no job exists or may exist, the
// deadline has not passed, the zone's submit_lead is reached, and neither the zone nor the environment is stopped.
bool may_submit(const Backorder& backorder, AccountState account, const ZoneSchedule& schedule,
                std::span<const std::string> stopped_zones, UtcTime now);

// Refused tries before a bare "command failed" (549) ends the job, and the pause between them.
inline constexpr int kRefusedTries = 3;
inline constexpr Milliseconds kRefusedPause = std::chrono::minutes(5);

// A provider's clock may be this far behind ours: a job that seems older than its order by less is the order's.
// Otherwise a job of ours would be taken for absent, and ordered again.
inline constexpr Milliseconds kClockSkew = std::chrono::seconds(30);

// Writes down that this call is about to be sent. Until its outcome is known a job may exist.
ProviderCall intend(Changes& changes, Backorder& backorder, CallCommand command, std::int64_t call_id, int attempt,
                    UtcTime now);

// What an answer to AddDomainApplication changes. `unknown_before`: an earlier attempt of this backorder had no
// readable answer, so a refusal is looked up before anything is voided. `completed` is the same call with its answer.
// A success adopts the job (PROCESSING); a permanent refusal voids and refunds; everything else keeps the deposit.
Status answer_add(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                  const ProviderAnswer& answer, bool unknown_before, UtcTime now);

// What a complete list says about a call whose outcome is unknown.
struct LookUp {
  bool settled = false;  // the open call is resolved
  // unbound applications beyond the adopted one: to be deleted before the deadline, else a case
  std::vector<std::string> surplus;
};
// `jobs`: every application at the provider for this name, from a complete list read at `now`. `bound`: ids that belong
// to other backorders. An unbound one no older than the attempt, give or take kClockSkew, is ours: adopted, the
// earliest if several. Lost, deleted and failed ones do not count; a registered one does. None: proves absence once
// `absence_wait` has passed since the attempt; a job that was refused then ends VOID, any other may be tried again.
Result<LookUp> look_up_add(Changes& changes, Backorder& backorder, Customer& customer, const ProviderCall& call,
                           std::span<const ProviderJob> jobs, std::span<const std::string> bound,
                           Milliseconds absence_wait, UtcTime now);

// The answer to DeleteDomainApplication for a backorder marked `cancelling`.
enum class Deletion : std::uint8_t {
  confirmed,  // CANCELLED and refunded
  refused,    // too late at the provider: the mark is taken off, the job runs on
  unknown,    // looked up by a later sweep
};
// `absent`: a complete list read after the call lacks the application; needed where the answer is 545 (nobody else's
// word is proof of a deletion).
Result<Deletion> answer_remove(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                               const ProviderAnswer& answer, bool absent, UtcTime now);

// An ACTIVE backorder whose deadline has passed and whose job was certainly never created: VOID with the reason that
// held it up. REQUIRES: now > deadline, state ACTIVE, !job_may_exist().
Status void_missed(Changes& changes, Backorder& backorder, Customer& customer, UtcTime now);

}  // namespace engine
