// What the provider's word about a job means for the backorder and the money: captures, refunds, and cases for a person
// where the word contradicts what is settled already. Nothing is settled by a guess.
#pragma once

#include <optional>
#include <string>

#include "engine/lifecycle.hpp"
#include "engine/provider.hpp"

namespace engine {

struct SettlementFacts {
  const Settings& settings;
  TaxDecision tax;             // of the customer, at `now`
  std::optional<Money> price;  // in force now; needed only by an outcome for a REQUESTED backorder
  UtcTime now;
};

// Whether a row of a list leaves open what settling this job needs: the end of an auction that runs, the price of one
// that was won.
bool needs_a_closer_look(const ProviderJob& job);

// Notes what was read about the job of this backorder. True when it is news (another status, or another auction date).
// A word nobody knows opens the case unknown_status.
bool observe(Changes& changes, Backorder& backorder, const ProviderJob& job, UtcTime now);

// Applies the status kept on the backorder. An outcome that skips states walks the states between. After a final state:
// the same outcome changes nothing, a contradiction opens late_success or late_failure and moves no money. Unknown
// words settle nothing. True when the row or anything else changed.
Result<bool> settle(Changes& changes, Backorder& backorder, Customer& customer, const SettlementFacts& facts);

// No outcome two days after the drop (ten days after an auction's end), or the deadline passed while nobody knows
// whether the job exists: the case `overdue`. True when it is a case.
bool check_overdue(Changes& changes, const Backorder& backorder, const Settings& settings, UtcTime now);

// The job is neither in a complete list nor known to a single look (545). Confirmed by a second look ten minutes later
// at the earliest. In an auction, or before the deadline: the case `gone`. Four hours after the drop and without a
// charge in the provider's accounting: CANCELLED (provider_deleted), refunded. A backorder marked `cancelling` is
// CANCELLED with its own reason.
inline constexpr Milliseconds kSecondLook = std::chrono::minutes(10);
inline constexpr Milliseconds kGoneAfterDrop = std::chrono::hours(4);
Status job_gone(Changes& changes, Backorder& backorder, Customer& customer, bool charged, const std::string& raw,
                UtcTime now);

// ---- a person's decisions on cases ----
enum class Resolution : std::uint8_t {
  acknowledge,
  failed,
  successful,
  resubmit,
  give_up,
  charge,
  operator_keeps,
  keep,
  goodwill,
  delete_job,
  tax  // of a supply that was posted untaxed: as the account's country and the table say for its tax point
};
std::string_view to_word(Resolution resolution);
std::optional<Resolution> parse_resolution(std::string_view text);
// resolution_not_allowed with the list of those that are.
Status check_resolution(CaseKind kind, Resolution resolution);

// What was captured without tax.
struct UntaxedSupply {
  TransferId transfer;
  Money gross;
  UtcTime tax_point;  // the instant to which its split belongs: its own, or now where that period is closed
};
struct ResolutionFacts {
  Resolution resolution;
  std::string why;                         // the person's reason, or the evidence they saw; never empty
  std::optional<Money> amount;             // goodwill
  bool job_absent = false;                 // the job's deletion is confirmed or its absence proven
  TaxDecision tax{};                       // of the customer, at `now`; for the case `untaxed`, at the tax point
  std::optional<UntaxedSupply> untaxed{};  // for that case
  UtcTime now;
};
// Closes the case with what the person decided. job_may_exist where a refund was asked for while the job's absence is
// not proven.
Status resolve_case(Changes& changes, const Case& open_case, Backorder& backorder, Customer& customer,
                    const ResolutionFacts& facts);

}  // namespace engine
