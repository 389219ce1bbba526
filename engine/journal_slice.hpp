// A slice of the journal for export, with the balances before and after it. A cursor is the id of a transfer. Ids
// ascend without gaps in the order of recording, so an exported slice never changes, and the next one begins where it
// ended.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/domain_name.hpp"
#include "engine/transfer.hpp"

namespace engine {

// A transfer with the other facts that a journal prints.
struct JournalRow {
  Transfer transfer;
  std::optional<DomainName> domain{};           // of its backorder
  std::string request_sender{}, request_key{};  // both empty: a sweep's, known by backorder and attempt
};

// The source of rows. One thread uses it at a time. parallel() makes a second source of the same book for another
// thread.
struct JournalRows {
  // as LedgerStore::each_journal_row()
  std::function<void(TransferId after, TransferId through, const std::function<void(const JournalRow&)>& visit)> each;
  std::function<JournalRows()> parallel;
};

struct JournalAccount {
  LedgerAccountKey key;
  Money opening;        // debits minus credits before the slice
  Money closing;        // and after it
  bool is_new = false;  // first moved within the slice
};

struct JournalSlice {
  TransferId after{0}, through{0};      // (after, through]; through is the next cursor
  std::optional<UtcTime> from{}, to{};  // as asked, by recorded time
  // UTC days on which it begins, that of `from` where that is given, else of its first transfer; and of its last
  // transfer; of an empty one: of the last transfer before it
  Day first_day, last_day;
  bool begins_within_day = false;          // the transfer before it was recorded on first_day too
  std::vector<JournalAccount> accounts{};  // every one that was moved up to `through`, by key
  std::vector<std::string> customers{};    // their names, by id

  // The owner of a ledger account: the customer's name, or the source of cash; empty for the others. REQUIRES: the
  // account is one of `accounts`, or belongs to a transfer up to `through`.
  std::string_view of(const LedgerAccountKey& account) const {
    return account.customer ? std::string_view(customers.at(static_cast<std::size_t>(account.customer->value())))
                            : std::string_view(account.source);
  }
};

// The slice as a file of its own begins: with balance-sheet accounts only. What income and expenses came to before it
// is equity, retained earnings, and they begin at zero. (A slice that follows others in one file goes on with theirs.)
JournalSlice with_period_begun(JournalSlice slice);

}  // namespace engine
