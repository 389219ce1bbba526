// Compares our records with theirs: takes the items of two sides and returns every difference, each in exactly one
// class. Pure. Matches are counted too, so that "no difference" is a number.
// Matching is exact: first by shared reference, then by named rules over equal amounts and subjects within a window of
// time. Nothing is compared by likeness, and no amount is rounded. If two candidates fit a rule, none is taken. Time is
// n log n in the number of items.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backorder.hpp"
#include "engine/external_line.hpp"
#include "engine/provider.hpp"

namespace engine {

enum class Loop : std::uint8_t {
  self,              // ours against ourselves
  jobs,              // our backorders against the provider's applications
  provider_balance,  // our 1200 and 1210 against its account, deposits and bookings
  bank,              // our cash accounts against imported statements
};
inline constexpr Loop kLoops[] = {Loop::self, Loop::jobs, Loop::provider_balance, Loop::bank};
std::string_view to_word(Loop loop);
std::optional<Loop> parse_loop(std::string_view text);

enum class DifferenceClass : std::uint8_t {
  match,          // agrees; nothing to do
  timing,         // differs within the grace period: it will agree
  missing_here,   // they have it, we do not
  missing_there,  // we have it, they do not
  amount,
  currency,
  state,            // both have it, in states that contradict each other
  duplicate,        // one of the sides has it twice
  unknown_outcome,  // an order without a readable answer
  unparsed,         // theirs cannot be understood
};
inline constexpr DifferenceClass kDifferenceClasses[] = {
    DifferenceClass::match,         DifferenceClass::timing,    DifferenceClass::missing_here,
    DifferenceClass::missing_there, DifferenceClass::amount,    DifferenceClass::currency,
    DifferenceClass::state,         DifferenceClass::duplicate, DifferenceClass::unknown_outcome,
    DifferenceClass::unparsed};
std::string_view to_word(DifferenceClass difference);  // "missing_here"
bool is_open(DifferenceClass difference);              // neither match nor timing: a person has to act

struct Difference {
  Loop loop;
  DifferenceClass kind;
  std::string rule{};     // the rule that matched the two, or the check that failed
  std::string subject{};  // domain, account or payer, for people
  std::string here{};     // ours: "transfer 17", "backorder 3"
  std::string there{};    // theirs: its id
  std::optional<Money> ours{}, theirs{};
  std::optional<UtcTime> since{};  // the older side's instant: its age is now - since
  std::string detail{};
  std::string command{};  // the command that would correct it; empty if none would, or only a person can know
  // theirs - ours if both have it in one currency; the whole amount if only one side has it; empty for a match without
  // two figures.
  std::optional<Money> gap() const;
};

// The line that an accountant signs, of one account and day: balance per bank - what only the bank has + what only the
// books have = balance per books. Whatever is left is a difference that no item explains.
struct BankBalance {
  std::string source{}, account{};
  Day day;
  bool stated = true;  // by the bank; else the sum of its lines
  Money per_bank, only_bank, only_books, per_books;
  std::int64_t bank_items = 0, book_items = 0;  // how many are outstanding on either side
  Money difference() const { return per_bank - only_bank + only_books - per_books; }
};
std::string to_string(const BankBalance& one);  // the whole line, with "holds" or the difference

struct LoopReport {
  Loop loop;
  std::string not_done{};  // what could not be read of the other side, and why; then the loop is not clean
  std::vector<Difference> differences{};  // matches too
  std::vector<BankBalance> balances{};    // of the bank: what an accountant signs
  std::int64_t proved = 0;                // matches without a row of their own: transfers, balances, seals
  std::int64_t count(DifferenceClass kind) const;
  bool is_clean() const;  // done, and nothing open
};

// ---- matching ----

// One movement of money on one side. Amounts with the sign of our account.
struct MoneyItem {
  std::string id{};
  std::vector<std::string> references{};  // whole words by which the other side may know it
  std::string subject{};                  // a domain, where it is about one
  std::string owner{};                    // the account it belongs to, ours only
  Money amount;
  UtcTime at;
  std::optional<std::string> undoes{};  // the id of the item of the same side that this one reverses
};
struct MatchedPair {
  std::size_t ours, theirs;
  std::string_view rule;
};
// An unmatched item of ours that repeats a matched one.
struct Repetition {
  std::size_t ours, of;
  std::string_view rule;  // "same reference", "same subject", "same owner"
};
struct Matching {
  std::vector<MatchedPair> pairs{};
  // pairs of ours: the second reverses the first, and the other side has neither
  std::vector<std::pair<std::size_t, std::size_t>> undone{};
  std::vector<Repetition> repetitions{};
  std::vector<std::size_t> ours_left{}, theirs_left{};
};
// Rules, each over what the ones before left:
//   reference                a shared reference and equal amounts; the nearest in time, where several fit
//   reference, other amount  a reference that exactly one item of each side bears, with the same sign
//   subject and amount       equal subject and amount, at most `window` apart
//   subject                  a subject that exactly one item of each side bears, at most `window` apart, with the same
//   sign amount and day           equal amounts without subjects, at most `window` apart, ours all of one owner and at
//   least as many as theirs
// Before all of them, ours that take each other back are set aside, and after them those come back whose two movements
// the other side knows both; then repetitions: a left-over of ours with the
// amount and a reference, the subject or (within the window) the owner of a matched one.
Matching match_money(std::span<const MoneyItem> ours, std::span<const MoneyItem> theirs, Milliseconds window);

// ---- the loops ----

// (b) `jobs` is a complete list.
std::vector<Difference> reconcile_jobs(std::span<const Backorder> ours, std::span<const ProviderJob> jobs,
                                       Milliseconds lag, UtcTime now);

// (a) Checks that verify() does not make: a capture needs a registered outcome and a job, and no deposit was refunded
// although the name was registered. Looks at ended backorders.
std::vector<Difference> reconcile_outcomes(std::span<const Backorder> backorders);

// (c)
struct ProviderBalanceFacts {
  ProviderBalance provider_balance;
  std::vector<ProviderDeposit> deposits{};
  // from the beginning of our books, its opening balance as of `since`
  ProviderAccounting accounting;
  UtcTime since;
  std::vector<ProviderJob> jobs{};      // a complete list: tells which of them are funded there
  std::vector<MoneyItem> ours{};        // movements of 1200 and 1210
  std::vector<Backorder> backorders{};  // with a job now or before
};
std::vector<Difference> reconcile_provider_balance(const ProviderBalanceFacts& facts, Milliseconds lag,
                                                   Milliseconds window, UtcTime now);

// (d) one source. `lines` and `statements` are that source's, as imported; `ours` the movements of its cash account.
// `balances`, where asked for, gets the reconciliation statement of each day on which a statement closes. Where the
// last of them does not hold, that is the first difference.
std::vector<Difference> reconcile_bank(std::string_view source, std::span<const MoneyItem> ours,
                                       std::span<const ExternalLine> lines,
                                       std::span<const ExternalStatement> statements, Milliseconds window, UtcTime now,
                                       std::vector<BankBalance>* balances = nullptr);
inline constexpr std::string_view kBalanceRule = "balance per bank and per books";

// Quotes a command's argument for a shell if it needs quotes.
std::string shell_word(std::string_view text);

}  // namespace engine
