// Settles backorders by the provider's status of their jobs: captures, refunds, and a case for a person if the status
// contradicts what is settled. Nothing is settled by a guess.
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

// True if the row of a list lacks a fact that settling needs: the end of a running auction, or the price of a won one.
bool needs_a_closer_look(const ProviderJob& job);

// Records what was read about the job of this backorder. Returns true if it is new (another status, or another auction
// date). An unknown status opens the case unknown_status.
bool observe(Changes& changes, Backorder& backorder, const ProviderJob& job, UtcTime now);

// Applies the status that observe() kept on the backorder. An outcome that skips states applies the transitions
// between. In a final state the same outcome changes nothing; another one opens late_success or late_failure and moves
// no money. An unknown status settles nothing. Returns true if anything changed.
Result<bool> settle(Changes& changes, Backorder& backorder, Customer& customer, const SettlementFacts& facts);

// Opens the case `overdue` if there is no outcome two days after the drop (ten days after the end of an auction), or if
// the deadline has passed and it is unknown whether the job exists. Returns true if it is overdue.
bool check_overdue(Changes& changes, const Backorder& backorder, const Settings& settings, UtcTime now);

// Handles a job that is neither in a complete list nor found by a single status query (545). A second look, ten minutes
// later at the earliest, must confirm it. In an auction, or before the deadline, it opens the case `gone`. Four hours
// after the drop, if the provider's accounting shows no charge, the backorder is CANCELLED (provider_deleted) and
// refunded. A backorder marked `cancelling` is CANCELLED with its own reason (domain rule: application gone).
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
// Refuses with resolution_not_allowed; the detail lists the allowed ones.
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
// Applies the person's decision and closes the case. job_may_exist if the decision is a refund and the job is not
// proven absent.
Status resolve_case(Changes& changes, const Case& open_case, Backorder& backorder, Customer& customer,
                    const ResolutionFacts& facts);

}  // namespace engine
