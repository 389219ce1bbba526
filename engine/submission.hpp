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
// Between tries while our own money at the provider does not suffice (546).
inline constexpr Milliseconds kProviderBalancePause = std::chrono::minutes(1);

// The age of an application compared with an attempt of ours, by the provider's clock if the two clocks can be compared
// (clock_ahead). Else a job that seems older by up to kClockSkew belongs to the attempt, and one that seems older by up
// to kClockDoubt is in doubt.
inline constexpr Milliseconds kClockSkew = std::chrono::seconds(30), kClockDoubt = std::chrono::hours(1);
enum class Age : std::uint8_t { before, in_doubt, after };
Age age_against(UtcTime attempt, const std::optional<UtcTime>& created_at, std::optional<Milliseconds> clock_ahead);

// True if one of these calls ordered this job: the call names it, or the job was made while the call was under way
// (`wait`: the absence wait, within which an order has ended). A job that was made by hand or by another program is not
// ours to delete.
bool is_ordered_by_us(const ProviderJob& job, std::span<const ProviderCall> calls,
                      std::optional<Milliseconds> clock_ahead, Milliseconds wait);

// Records the intent to send this call. Until its outcome is known, a job may exist.
ProviderCall intend(Changes& changes, Backorder& backorder, CallCommand command, std::int64_t call_id, int attempt,
                    UtcTime now);

// Applies the answer to AddDomainApplication. A success binds the job (PROCESSING). A refusal is looked up before
// anything is voided: it may have been carried out. Everything else keeps the deposit. `bound_elsewhere`: the answer's
// application belongs to another backorder; that, and an answer about another name, is no evidence: the order is
// unknown, and the case wrong_answer keeps both.
Status answer_add(Changes& changes, Backorder& backorder, Customer& customer, ProviderCall call,
                  const ProviderAnswer& answer, bool bound_elsewhere, UtcTime now);

// Opens the case wrong_answer for an answer that is not about the question: `asked`, and what came instead.
void note_wrong_answer(Changes& changes, const Backorder& backorder, const std::string& asked,
                       const std::string& instead, const std::string& raw);

// Facts of a complete list for looking up a call of unknown outcome.
struct LookUpFacts {
  std::span<const ProviderJob> jobs;  // every application at the provider for this name, of a complete list
  bool may_be_unread = false;         // a row of the list that could not be read may be for this name
  std::optional<Milliseconds> clock_ahead{};
  std::span<const std::string> bound{};     // ids that belong to other backorders, open or ended
  std::span<const std::string> disowned{};  // ids of which a person said that they are not ours
  Milliseconds absence_wait;
  bool ask = false;  // provider.adopt: a person decides about jobs that this book did not order
  UtcTime now;       // of the list
};
struct LookUp {
  bool settled = false;  // the open call is resolved
  // living applications beyond the adopted one
  std::vector<std::string> surplus{};
};
// Of the unbound ones of our class: the oldest that lives is adopted, whoever made it and whenever; none that lives,
// but one that has ended and was certainly made after the attempt: it is the attempt's answer. One whose age is in
// doubt: the case doubtful_job, and no second order. None at all proves absence once `absence_wait` has passed since
// the attempt; a job that was refused then ends VOID, any other may be tried again.
Result<LookUp> look_up_add(Changes& changes, Backorder& backorder, Customer& customer, const ProviderCall& call,
                           const LookUpFacts& facts);

// Binds a job to an open backorder that has none: event adopted. ACTIVE goes to PROCESSING; REQUESTED stays, its
// deposit is attempted when due. The caller writes the row.
Status bind_job(Changes& changes, Backorder& backorder, Customer& customer, const ProviderJob& job,
                const std::string& how, UtcTime now);

// Jobs of our own account for one name that no backorder of this book is bound to, and the backorders that want them.
struct Claim {
  const Backorder* backorder;
  const ProviderJob* job;
};
// `open`: the open backorders on the name. Each that has no job, in order of placing, claims the oldest job that is
// left. Living jobs of our class; `since`: of a book that was put back from a copy then, also those that have ended and
// were made since. Nothing while an order for the name is unresolved: only its own backorder may adopt.
std::vector<Claim> claims(std::span<const Backorder> open, std::span<const ProviderJob> unbound,
                          std::optional<UtcTime> since, std::optional<Milliseconds> clock_ahead);

// An application that may be this backorder's: as long as a person has not said so, a job may exist.
void doubt(Changes& changes, Backorder& backorder, const ProviderJob& job, const std::string& why);

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

// The case that tells the operator of a failure of ours; nothing for other reasons.
void note_failure(Changes& changes, const Backorder& backorder);

// An ACTIVE backorder whose deadline has passed and whose job was certainly never created: VOID with the reason that
// held it up. REQUIRES: now > deadline, state ACTIVE, !job_may_exist().
Status void_missed(Changes& changes, Backorder& backorder, Customer& customer, UtcTime now);

}  // namespace engine
