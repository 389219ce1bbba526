#include "engine/health.hpp"

#include <algorithm>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<HealthLevel> kLevels[] = {
    {HealthLevel::ok, "ok"}, {HealthLevel::warning, "warning"}, {HealthLevel::failing, "failing"}};
constexpr Named<HealthCheck> kChecks[] = {{HealthCheck::deadlines, "deadlines"},
                                          {HealthCheck::sweeps, "sweeps"},
                                          {HealthCheck::due_work, "due-work"},
                                          {HealthCheck::provider_balance, "provider-balance"},
                                          {HealthCheck::provider, "provider"},
                                          {HealthCheck::provider_calls, "provider-calls"},
                                          {HealthCheck::lists, "lists"},
                                          {HealthCheck::cases, "cases"},
                                          {HealthCheck::notices, "notices"},
                                          {HealthCheck::verification, "verification"},
                                          {HealthCheck::backup, "backup"},
                                          {HealthCheck::disk, "disk"},
                                          {HealthCheck::log, "log"},
                                          {HealthCheck::clock, "clock"},
                                          {HealthCheck::users, "users"},
                                          {HealthCheck::terms, "terms"}};

using Level = HealthLevel;

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}
std::string mebibytes(std::int64_t bytes) {
  constexpr std::int64_t kCoarseFrom = 10LL << 30;
  return bytes >= kCoarseFrom ? std::to_string(bytes >> 30) + " GiB" : std::to_string(bytes >> 20) + " MiB";
}

// How long ago, in the unit that people would say.
std::string ago(UtcTime then, UtcTime now) { return to_string(std::max(now - then, Milliseconds{0})) + " ago"; }

HealthRow check_deadlines(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::deadlines};
  if (facts.without_job == 0) {
    row.figure = "every funded backorder whose deadline is within 4 hours has its job";
    return row;
  }
  row.level = Level::failing;
  row.figure = counted(facts.without_job, "funded backorder has", "funded backorders have") +
               " no job, and the next deadline is " + to_string(facts.next_deadline.value());
  row.help = "dropledger sweep submit; then dropledger provider status";
  return row;
}

HealthRow check_sweeps(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::sweeps};
  if (facts.rehearsal) {
    row.figure = "a rehearsal is swept by hand";
    return row;
  }
  const UtcTime last = facts.last_complete_sweep.value_or(facts.made_at);
  const Milliseconds age = facts.now - last;
  row.figure = facts.last_complete_sweep ? "the last complete sweep ended " + ago(last, facts.now)
                                         : "no complete sweep is on record";
  if (age <= kSweepLate) return row;
  row.level = age > kSweepSilent ? Level::failing : Level::warning;
  row.since = last;
  row.help = "run 'dropledger sweep' from a timer, or 'dropledger serve'; see its errors with 'dropledger runs'";
  return row;
}

HealthRow check_due_work(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::due_work};
  for (const Backlog& backlog : facts.backlog) {
    if (backlog.count == 0) continue;
    row.figure += (row.figure.empty() ? "" : ", ") + backlog.stage + " " + std::to_string(backlog.count);
    if (backlog.oldest && (!row.since || *backlog.oldest < *row.since)) row.since = backlog.oldest;
  }
  if (row.figure.empty()) {
    row.figure = "nothing is due and not done";
    return row;
  }
  row.figure = "due and not done: " + row.figure;
  const Milliseconds age = row.since ? facts.now - *row.since : Milliseconds{0};
  if (age > kSweepSilent)
    row.level = Level::failing;
  else if (age > kDueLate)
    row.level = Level::warning;
  if (row.level != Level::ok) row.help = "dropledger sweep";
  return row;
}

HealthRow check_provider_balance(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::provider_balance};
  for (const Money& missing : facts.provider_short) {
    if (missing.is_positive()) row.figure += (row.figure.empty() ? "" : ", ") + to_string_with_code(missing);
  }
  if (row.figure.empty()) {
    row.figure = "our balance at the provider covers what is due there, as far as costs are set";
    return row;
  }
  row.level = Level::failing;
  row.figure = "our balance at the provider is short by " + row.figure;
  row.help = "pay in at the provider, then book it; 'dropledger preview' says how much by when";
  return row;
}

HealthRow check_provider(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::provider, .figure = "jobs are submitted"};
  if (facts.stopped_zones.empty()) return row;
  std::vector<std::string> names;
  for (const std::string& zone : facts.stopped_zones) names.push_back(zone.empty() ? "every zone" : "." + zone);
  row.level = Level::failing;
  row.figure = "submitting is stopped for " + joined(names);
  row.help = "mend the configuration ('dropledger cases' says what), then 'dropledger provider resume'";
  return row;
}

HealthRow check_calls(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::provider_calls, .figure = "every order has its answer"};
  if (facts.unanswered_calls == 0 || !facts.oldest_call) return row;
  row.since = facts.oldest_call;
  row.figure = counted(facts.unanswered_calls, "order has", "orders have") +
               " no certain answer, the oldest was sent " + ago(*facts.oldest_call, facts.now);
  const Milliseconds age = facts.now - *facts.oldest_call;
  if (age <= kCallLate) return row;
  row.level = age > kCallSilent ? Level::failing : Level::warning;
  row.help = "dropledger sweep submit looks them up; 'dropledger provider status' says whether the provider answers";
  return row;
}

HealthRow check_lists(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::lists};
  std::vector<std::string> late;
  for (const ListAge& list : facts.lists) {
    const UtcTime expected = list.last + list.rhythm + kListGrace;
    if (facts.now <= expected) continue;
    late.push_back(list.source + " (its last list came " + ago(list.last, facts.now) + ")");
    row.level = std::max(row.level, facts.now > expected + list.rhythm ? Level::failing : Level::warning);
    if (!row.since || expected < *row.since) row.since = expected;
  }
  if (late.empty()) {
    row.figure =
        facts.lists.empty()
            ? "no source of lists is known"
            : counted(static_cast<std::int64_t>(facts.lists.size()), "source is", "sources are") + " as young as usual";
    return row;
  }
  if (facts.rehearsal) row.level = Level::ok;
  row.figure = "late: " + joined(late);
  if (row.level != Level::ok) row.help = "dropledger droplist fetch, or import the list by hand";
  return row;
}

HealthRow check_cases(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::cases, .figure = "no case is open"};
  if (facts.open_cases == 0) return row;
  row.since = facts.oldest_case;
  row.figure = counted(facts.open_cases, "case waits", "cases wait") + " for a decision";
  row.level = facts.oldest_case && facts.now - *facts.oldest_case > kCaseOld ? Level::failing : Level::warning;
  row.help = "dropledger cases, then dropledger backorder resolve";
  return row;
}

HealthRow check_notices(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::notices, .figure = "no notice waits for another try"};
  if (facts.channels.empty()) return row;
  row.figure.clear();
  for (const ChannelTrouble& channel : facts.channels) {
    row.figure += (row.figure.empty() ? "" : "; ") + channel.channel + ": " + std::to_string(channel.waiting) +
                  " undelivered (" + channel.error + ")";
    row.level = std::max(row.level, facts.now - channel.since > kNoticeStuck ? Level::failing : Level::warning);
    if (!row.since || channel.since < *row.since) row.since = channel.since;
  }
  row.help = "dropledger notices channels; dropledger notices send";
  return row;
}

HealthRow check_verification(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::verification};
  if (!facts.verification_errors.empty()) {
    row.level = Level::failing;
    row.since = facts.last_verification;
    row.figure = "the books did not prove: " + facts.verification_errors;
    row.help = "stop changing this book, keep a copy, compare with the last backup that proves";
    return row;
  }
  const UtcTime last = facts.last_verification.value_or(facts.made_at);
  row.figure = facts.last_verification ? "the books proved " + ago(last, facts.now) : "the books were never proven";
  if (facts.rehearsal || facts.now - last <= kVerifyLate) return row;
  row.level = Level::warning;
  row.since = last;
  row.help = "dropledger verify, from a timer";
  return row;
}

HealthRow check_backup(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::backup};
  const UtcTime last = facts.last_backup.value_or(facts.made_at);
  row.figure = facts.last_backup ? "the last backup was made " + ago(last, facts.now) : "no backup is on record";
  if (facts.rehearsal || facts.now - last <= kBackupLate) return row;
  row.level = facts.now - last > kBackupMissing ? Level::failing : Level::warning;
  row.since = last;
  row.help = "dropledger backup FILE, from a timer, to another disk";
  return row;
}

HealthRow check_disk(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::disk, .figure = "not looked at"};
  if (!facts.free_bytes) return row;
  const std::int64_t book = facts.book_bytes.value_or(0);
  row.figure = "there is room beside the book";
  if (*facts.free_bytes < kFreeBytesCritical)
    row.level = Level::failing;
  else if (*facts.free_bytes < std::max(kFreeBytesLow, book))
    row.level = Level::warning;
  if (row.level != Level::ok) {
    row.figure = mebibytes(*facts.free_bytes) + " free beside a book of " + mebibytes(book);
    row.help = "make room: a migration and a backup need the book's size once more";
  }
  return row;
}

HealthRow check_log(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::log, .figure = "not looked at"};
  if (!facts.log_bytes) return row;
  row.figure = "the write-ahead log is small";
  if (*facts.log_bytes <= kLogBytesLarge) return row;
  row.figure = "the write-ahead log holds " + mebibytes(*facts.log_bytes);
  row.level = Level::warning;
  row.help = "a reader that does not end keeps it from shrinking: end long exports";
  return row;
}

HealthRow check_clock(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::clock, .figure = "the clock agrees with the book"};
  if (!facts.rehearsal && facts.last_recorded && *facts.last_recorded > facts.now + Milliseconds{1000}) {
    row.level = *facts.last_recorded > facts.now + kClockApart ? Level::failing : Level::warning;
    row.figure = "the clock is " +
                 to_string(std::chrono::floor<std::chrono::seconds>(*facts.last_recorded - facts.now)) +
                 " behind the last record";
  } else if (facts.provider_skew && std::chrono::abs(*facts.provider_skew) > kClockApart) {
    row.level = Level::failing;
    row.figure = "the clock is " + to_string(std::chrono::abs(*facts.provider_skew)) + " apart from the provider's";
  }
  if (row.level != Level::ok) row.help = "set the machine's clock (NTP)";
  return row;
}

HealthRow check_users(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::users, .figure = "no user is disabled"};
  if (facts.users_disabled == 0) return row;
  row.level = Level::warning;
  row.figure = counted(facts.users_disabled, "user is", "users are") + " disabled";
  row.help = "dropledger user list; enable or remove them";
  return row;
}

HealthRow check_terms(const HealthFacts& facts) {
  HealthRow row{.check = HealthCheck::terms};
  const auto add = [&](const std::string& what) { row.figure += (row.figure.empty() ? "" : "; ") + what; };
  if (facts.accounts_without_country > 0)
    add(counted(facts.accounts_without_country, "account has", "accounts have") + " no country");
  if (!facts.zones_without_price.empty()) add("no price: ." + joined(facts.zones_without_price));
  if (!facts.zones_without_cost.empty()) add("no cost: ." + joined(facts.zones_without_cost));
  if (!facts.zones_without_schedule.empty()) add("no schedule: ." + joined(facts.zones_without_schedule));
  if (row.figure.empty()) {
    row.figure = "accounts and zones have what they need";
    return row;
  }
  row.level = Level::warning;
  row.help = "dropledger account set --country, price set, config set cost.ZONE, schedule set";
  return row;
}

constexpr HealthRow (*kAssess[])(const HealthFacts&) = {
    check_deadlines, check_sweeps,       check_due_work, check_provider_balance,
    check_provider,  check_calls,        check_lists,    check_cases,
    check_notices,   check_verification, check_backup,   check_disk,
    check_log,       check_clock,        check_users,    check_terms};

}  // namespace

std::string_view to_word(HealthLevel level) { return word_of(kLevels, level); }
std::string_view to_word(HealthCheck check) { return word_of(kChecks, check); }
std::optional<HealthCheck> parse_health_check(std::string_view text) { return value_of(kChecks, text); }

std::span<const HealthCheck> health_checks() {
  static const std::vector<HealthCheck> kAll = [] {
    std::vector<HealthCheck> all;
    for (const auto& row : kChecks) all.push_back(row.value);
    return all;
  }();
  return kAll;
}

std::vector<HealthRow> assess_health(const HealthFacts& facts) {
  std::vector<HealthRow> rows;
  for (const auto assess : kAssess) rows.push_back(assess(facts));
  return rows;
}

HealthLevel worst_level(std::span<const HealthRow> rows) {
  HealthLevel worst = HealthLevel::ok;
  for (const HealthRow& row : rows) worst = std::max(worst, row.level);
  return worst;
}

HealthNews health_news(std::span<const HealthRow> rows, std::span<const HealthAlert> alerts, UtcTime now) {
  HealthNews news;
  for (const HealthRow& row : rows) {
    const auto told = std::ranges::find(alerts, row.check, &HealthAlert::check);
    if (row.level == HealthLevel::failing) {
      if (told != alerts.end()) {
        news.alerts.push_back(*told);
      } else {
        news.failed.push_back(row);
        news.alerts.push_back({row.check, row.since.value_or(now), row.figure});
      }
    } else if (told != alerts.end()) {
      news.recovered.push_back(*told);
    }
  }
  return news;
}

}  // namespace engine
