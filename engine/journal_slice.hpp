// The journal as it is exported: a slice of it, what stands before the slice and what after. A cursor is a transfer's
// id: ids ascend without gaps in the order of recording, so what was exported once never changes, and the next slice
// begins where the last one ended.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/domain_name.hpp"
#include "engine/transfer.hpp"

namespace engine {

// A transfer with what a journal says about it.
struct JournalRow {
  Transfer transfer;
  std::optional<DomainName> domain{};           // of its backorder
  std::string request_sender{}, request_key{};  // both empty: a sweep's, known by backorder and attempt
};

// Where rows come from. One thread asks at a time; another thread asks what parallel() gives, which is this book's too.
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
  // UTC days of its first and last transfer; of an empty one: of the last transfer before it
  Day first_day, last_day;
  bool begins_within_day = false;          // the transfer before it was recorded on first_day too
  std::vector<JournalAccount> accounts{};  // every one that was moved up to `through`, by key
  std::vector<std::string> customers{};    // their names, by id

  // Whose an account is: the customer's name, or the source of cash; empty for the others. REQUIRES: one of `accounts`,
  // or of a transfer up to `through`.
  std::string_view of(const LedgerAccountKey& account) const {
    return account.customer ? std::string_view(customers.at(static_cast<std::size_t>(account.customer->value())))
                            : std::string_view(account.source);
  }
};

}  // namespace engine
