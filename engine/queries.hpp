// Queries to a store, and answers that are more than one stored row.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/account.hpp"
#include "engine/backorder.hpp"
#include "engine/case.hpp"
#include "engine/changes.hpp"
#include "engine/event.hpp"
#include "engine/listing.hpp"
#include "engine/transfer.hpp"

namespace engine {

struct BookInfo {
  UtcTime made_at;
  bool rehearsal = false;  // its clock may be moved by --now
  std::optional<UtcTime> last_recorded{};
  std::optional<UtcTime> closed_until{};  // effective dates before it are refused
  int schema = 0;
  std::optional<Restoration> restoration{};
  // Put back from a copy, and the provider was not read since: nothing is sent, refunded or paid out.
  bool must_be_read() const { return restoration && !restoration->read_at; }
};

// All given conditions must hold. Ordered by `order`; limit 0 is no limit.
struct BackorderQuery {
  std::optional<CustomerId> customer{};
  std::optional<CustomerId> after_customer{};  // above this one
  std::vector<State> states{};                 // empty: any
  std::optional<std::string> name{};           // ACE
  std::optional<UtcTime> due_by{};             // dated, deposit_due <= this
  std::optional<UtcTime> deadline_before{};    // dated, deadline < this
  std::optional<UtcTime> drop_before{};        // dated, T < this
  std::optional<bool> with_job{};              // application known
  std::optional<bool> with_open_call{};
  std::optional<bool> cancelling{};
  std::optional<bool> open{};                 // not final
  std::string name_pattern{};                 // glob on ACE, empty: any
  std::vector<std::string> names{}, zones{};  // any of these; empty: any
  bool without_cancelled = false;
  // then by id; changed: the last step
  enum class Order : std::uint8_t { id, customer, name, zone, changed } order = Order::id;
  bool descending = false;
  std::int64_t limit = 0;
  std::int64_t offset = 0;  // with a limit

  bool operator==(const BackorderQuery&) const = default;
};
// Accounts with their matching backorders. Both are ordered by customer, backorders then by id.
struct AccountRows {
  std::vector<Customer> customers{};
  std::vector<Backorder> backorders{};
};
struct TransferQuery {
  std::optional<CustomerId> customer{};
  std::optional<BackorderId> backorder{};
  std::optional<RequestId> request{};
  std::vector<TransferKind> kinds{};
  std::optional<UtcTime> from{}, to{};  // [from, to)
  bool by_effective = false;            // else by recorded time
  std::int64_t after_id = 0;
  std::int64_t limit = 0;
  std::optional<TransferId> reverses{};  // its reversal and its chargebacks only
};
struct EventQuery {
  std::optional<CustomerId> customer{};
  std::optional<BackorderId> backorder{};
  std::vector<EventKind> kinds{};
  std::optional<UtcTime> from{}, to{};
  std::int64_t after_id = 0;
  std::int64_t limit = 0;
  std::int64_t offset = 0;  // with a limit
  // only the events that this user has not deleted from the queue. REQUIRES: customer is the user's
  std::optional<std::int64_t> queue_of{};
};
struct CaseQuery {
  std::optional<CaseId> id{};
  std::optional<CaseKind> kind{};
  std::optional<BackorderId> backorder{};
  bool open_only = true;
};
struct ListedQuery {
  std::optional<SourceId> source{};
  std::string pattern{};                // glob on ACE, empty: any
  std::string zone{};                   // suffix, empty: any
  std::optional<UtcTime> from{}, to{};  // T or F in [from, to)
  std::int64_t limit = 0;
  std::function<bool(const DomainName&)> accepts{};  // asked of what the others let through, before the limit counts
};
struct ListedRow {
  Source source;
  ListedDrop listed;
};

// The columns of a backorder that concern its deposits, for reports that visit every backorder. The texts are valid
// until the next visit.
struct BackorderDeposit {
  BackorderId id;
  CustomerId customer;
  std::string_view name, zone;  // name: ACE
  State state;
  std::optional<Money> deposit{};
  int attempt;
  std::string_view provider_status;
  std::optional<UtcTime> provider_status_at{};
};

// A transfer that reserved, refunded or captured a deposit, for reports that visit all of them.
struct DepositTransfer {
  TransferId id;
  TransferKind kind;  // moves_deposit()
  BackorderId backorder;
  int attempt;
  Money amount;
  UtcTime recorded_at, effective_at;
  std::string_view actor;
};

// Debit and credit turnover of one ledger account, before `from` and in [from, to).
struct AccountTurnover {
  LedgerAccountKey account;
  std::int64_t opening_debit_minor, opening_credit_minor, debit_minor, credit_minor;
};

struct Finding {
  std::string check{};  // "balances", "deposits", "seals", "currency", "states"
  std::string what{};   // the first difference, with ids and both figures
};
struct Verification {
  std::int64_t transfers = 0, accounts = 0, backorders = 0, seals = 0;
  std::vector<Finding> findings{};  // empty: clean; else the first of each check
};

}  // namespace engine
