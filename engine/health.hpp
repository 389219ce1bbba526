// Health: whether this book is worked through as it should be, from facts and `now`. One function decides; `doctor`,
// /healthz, /readyz, /metrics and the notices to the operator print what it says.
// Pure: whoever asks gathers the facts, the disk's included.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/money.hpp"
#include "engine/run.hpp"
#include "engine/time.hpp"

namespace engine {

enum class HealthLevel : std::uint8_t { ok, warning, failing };
std::string_view to_word(HealthLevel level);  // "ok", "warning", "failing"

// Each is one check. The order is that of the report: what costs money first.
enum class HealthCheck : std::uint8_t {
  deadlines,         // funded backorders close to their deadline, and no job exists
  sweeps,            // the last complete sweep is too old
  due_work,          // something was due long ago and is not done
  provider_balance,  // our money at the provider does not cover the jobs that are due there
  provider,          // submitting is stopped
  provider_calls,    // orders without a certain answer
  lists,             // a source's list is later than its rhythm
  cases,             // decisions that wait
  notices,           // channels that do not deliver
  verification,      // the books were not proven lately, or did not prove
  backup,            // no recent copy
  disk,              // little room beside the book
  log,               // the write-ahead log is large
  clock,             // our clock is behind the book, or apart from the provider's
  users,             // users that are locked out
  terms,             // accounts without a country, zones without a price, a cost or a schedule
};
std::string_view to_word(HealthCheck check);  // "deadlines", "due-work", …
std::optional<HealthCheck> parse_health_check(std::string_view text);
std::span<const HealthCheck> health_checks();

// Work of one stage that is due and not done.
struct Backlog {
  std::string stage{};  // "reserve", "void", "submit", "settle"
  std::int64_t count = 0;
  std::optional<UtcTime> oldest{};  // since when the oldest of them is due
};
struct ListAge {
  std::string source{};
  UtcTime last;         // the import of its latest list
  Milliseconds rhythm;  // how far its lists lie apart
};
struct ChannelTrouble {
  std::string channel{};
  std::int64_t waiting = 0;  // notices that failed and wait for another try
  UtcTime since;             // of the oldest
  std::string error{};       // of the last try
};

struct HealthFacts {
  UtcTime now, made_at;
  bool rehearsal = false;  // nobody expects timers of a rehearsal's book: silence is no failure there
  std::vector<Backlog> backlog{};
  std::optional<UtcTime> last_complete_sweep{};
  std::int64_t without_job = 0;            // ACTIVE, no job, deadline within kDeadlineNear
  std::optional<UtcTime> next_deadline{};  // of those
  std::vector<Money> provider_short{};     // by currency, above zero, as the last sweep found
  std::vector<std::string> stopped_zones{};
  std::int64_t unanswered_calls = 0;
  std::optional<UtcTime> oldest_call{};
  std::vector<ListAge> lists{};
  std::int64_t open_cases = 0;
  std::map<std::string, std::int64_t, std::less<>> cases_by_kind{};
  std::optional<UtcTime> oldest_case{};
  std::vector<ChannelTrouble> channels{};
  std::optional<UtcTime> last_backup{}, last_verification{}, last_reconciliation{}, last_notices{};
  std::string verification_errors{};  // of the last verification; empty: it proved
  std::optional<UtcTime> last_recorded{};
  std::optional<Milliseconds> provider_skew{};  // ours minus theirs, where an answer told
  std::int64_t users_disabled = 0;
  std::int64_t accounts_without_country = 0;  // open accounts, where any tax rate is set
  std::vector<std::string> zones_without_price{}, zones_without_cost{}, zones_without_schedule{};
  // Of the machine; absent where the one who asks cannot know.
  std::optional<std::int64_t> book_bytes{}, log_bytes{}, free_bytes{};
};

struct HealthRow {
  HealthCheck check;
  HealthLevel level = HealthLevel::ok;
  std::string figure{};            // what was found, for people
  std::optional<UtcTime> since{};  // how long it has been so, where that is known
  std::string help{};              // the command or act that helps; empty where all is well
};

// The limits, each with its reason.
inline constexpr Milliseconds kDeadlineNear = std::chrono::hours(4);  // alert on unsent orders four hours ahead
inline constexpr Milliseconds kSweepLate = std::chrono::minutes(30);  // sweeps run every minute or few
inline constexpr Milliseconds kSweepSilent = std::chrono::hours(2);   // a deadline lies three hours before a drop
inline constexpr Milliseconds kDueLate = std::chrono::minutes(30);    // due work is done by the next sweep
inline constexpr Milliseconds kCallLate = std::chrono::minutes(15);   // an unknown call is looked up after a minute
inline constexpr Milliseconds kCallSilent = std::chrono::hours(2);
inline constexpr Milliseconds kCaseOld = std::chrono::hours(72);  // a case concerns a deposit that is held
inline constexpr Milliseconds kNoticeStuck = std::chrono::hours(1);
inline constexpr Milliseconds kBackupLate = std::chrono::hours(26);  // daily, with two hours of grace
inline constexpr Milliseconds kBackupMissing = std::chrono::hours(74);
inline constexpr Milliseconds kVerifyLate = std::chrono::hours(8 * 24);  // weekly, with a day of grace
inline constexpr Milliseconds kClockApart = std::chrono::seconds(300);
inline constexpr Milliseconds kListGrace = std::chrono::hours(2);
inline constexpr Milliseconds kListRhythm = std::chrono::hours(24);  // of a source with fewer than three lists
inline constexpr std::int64_t kFreeBytesLow = 1LL << 30;
inline constexpr std::int64_t kFreeBytesCritical = 256LL << 20;
inline constexpr std::int64_t kLogBytesLarge = 256LL << 20;  // checkpoints begin at 16 MiB

// One row per check, in the order of health_checks(). Equal facts give equal rows.
std::vector<HealthRow> assess_health(const HealthFacts& facts);
HealthLevel worst_level(std::span<const HealthRow> rows);

// The last alert about a check.
struct HealthAlert {
  HealthCheck check;
  UtcTime since;  // when it began to fail
  std::string figure{};
};
struct HealthNews {
  std::vector<HealthRow> failed{};       // fail now, and nobody was told
  std::vector<HealthAlert> recovered{};  // were told, and do not fail any more
  std::vector<HealthAlert> alerts{};     // what is told from now on
};
// A check is told once when it begins to fail, and once when it is well again. `alerts` is what was told before.
HealthNews health_news(std::span<const HealthRow> rows, std::span<const HealthAlert> alerts, UtcTime now);

}  // namespace engine
