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
  std::optional<Money> price;  // in force now; asked for only by an outcome for a REQUESTED backorder
  UtcTime now;
};

// True if the row of a list lacks a fact that settling needs: the end of a running auction, or the price of a won one.
bool needs_a_closer_look(const ProviderJob& job);

// Records what was read about the job of this backorder. Returns true if it is new (another status, or another auction
// date). An unknown status opens the case unknown_status.
bool observe(Changes& changes, Backorder& backorder, const ProviderJob& job, UtcTime now);

// Applies the status kept on the backorder. A REQUESTED one whose job was found is funded by the way, where the price,
// its cap, the account's state and its money allow it: else a success is the case late_success, and a failure takes the
// job off it. An outcome that skips states walks the states between. After a final state: the same outcome changes
// nothing, a contradiction opens late_success or late_failure and moves no money. Unknown words settle nothing. True
// when the row or anything else changed.
Result<bool> settle(Changes& changes, Backorder& backorder, Customer& customer, const SettlementFacts& facts);

// No outcome two days after the drop (ten days after an auction's end; one that the provider does not say is taken to
// be three days after the drop), or the deadline passed while nobody knows whether the job exists: the case `overdue`.
// True when it is a case.
inline constexpr Milliseconds kAuctionAfterDrop = std::chrono::hours(72);
bool check_overdue(Changes& changes, const Backorder& backorder, const Settings& settings, UtcTime now);

// Handles a job that is neither in a complete list nor found by a single status query (545). A second look, ten minutes
// later at the earliest, must confirm it. In an auction, or before the deadline, it opens the case `gone`. Four hours
// after the drop, if the provider's accounting shows no charge, the backorder is CANCELLED (provider_deleted) and
// refunded. A backorder marked `cancelling` is CANCELLED with its own reason (domain rule: application gone).
inline constexpr Milliseconds kSecondLook = std::chrono::minutes(10);
inline constexpr Milliseconds kGoneAfterDrop = std::chrono::hours(4);
Status job_gone(Changes& changes, Backorder& backorder, Customer& customer, bool charged, const std::string& raw,
                UtcTime now);

// ---- cases end with their cause ----

struct CaseFacts {
  const Case& one;
  const Backorder* backorder;       // where the case has one
  bool is_listed = false;           // missing_from_list: its source lists the name
  bool has_read = false;            // this sweep read a complete list of the provider's jobs
  bool is_contradicted = false;     // this sweep met a wrong answer about the backorder
  std::optional<bool> job_lives{};  // surplus_job: the subject, in that list
  bool is_stopped = true;           // submitting_stopped: the subject still is
  std::optional<Money> owed{};      // of the customer
};
// The event that closes a case of this kind by itself, for people: "the provider answers, or the backorder has ended".
std::string_view ends_by(CaseKind kind);
// The event that ended the cause of this case; empty while it lasts.
std::optional<std::string> what_ended(const CaseFacts& facts);

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
  adopt,
  tax  // of a supply that was posted untaxed: as the account's country and the table say for its tax point
};
std::string_view to_word(Resolution resolution);
std::optional<Resolution> parse_resolution(std::string_view text);
// resolution_not_allowed with the list of those that are. For each kind one is always accepted, whatever the state of
// the backorder and whoever does not answer: acknowledge, keep or operator-keeps.
Status check_resolution(CaseKind kind, Resolution resolution);

// The amount that was captured without tax.
struct UntaxedSupply {
  TransferId transfer;
  Money gross;
  UtcTime tax_point;  // the instant to which its split belongs: its own, or now where that period is closed
};
struct ResolutionFacts {
  Resolution resolution;
  std::string why;              // the person's reason, or the evidence they saw; never empty
  std::optional<Money> amount;  // goodwill
  bool job_absent = false;      // the job's deletion is confirmed or its absence proven
  // adopt: the job in doubt as the provider shows it, and the order that may have made it
  std::optional<ProviderJob> job{};
  std::optional<ProviderCall> open_call{};
  TaxDecision tax{};                       // of the customer, at `now`; for the case `untaxed`, at the tax point
  std::optional<UntaxedSupply> untaxed{};  // for that case
  UtcTime now;
};
// Applies the person's decision and closes the case. job_may_exist if the decision is a refund and the job is not
// proven absent.
Status resolve_case(Changes& changes, const Case& open_case, Backorder& backorder, Customer& customer,
                    const ResolutionFacts& facts);

}  // namespace engine
