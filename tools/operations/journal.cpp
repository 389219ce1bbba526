#include "tools/operations/journal.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace operations {

using engine::Error;
using engine::ErrorCode;
using engine::Money;
using engine::TransferId;

engine::Result<engine::JournalSlice> journal_slice(engine::LedgerReader& store, TransferId after,
                                                   std::optional<engine::UtcTime> from,
                                                   std::optional<engine::UtcTime> to) {
  const TransferId last = store.last_transfer_before({});
  if (after > last) {
    return Error{ErrorCode::invalid_argument, "cursor " + std::to_string(after.value()) +
                                                  " lies after the last transfer, " + std::to_string(last.value()) +
                                                  ": is this the book it came from?"};
  }
  engine::JournalSlice slice{.after = after,
                             .through = to ? store.last_transfer_before(to) : last,
                             .from = from,
                             .to = to,
                             .first_day = {},
                             .last_day = {}};
  if (from) slice.after = std::max(slice.after, store.last_transfer_before(from));
  // nothing lies between: an empty slice, its cursor stays
  slice.through = std::max(slice.through, slice.after);
  const auto day_at = [&](TransferId id) {
    const auto transfer = store.transfer(id);
    return engine::day_of(transfer ? transfer->recorded_at : store.book().made_at);
  };
  slice.last_day = day_at(slice.through);
  slice.first_day = slice.after < slice.through ? day_at(TransferId(slice.after.value() + 1)) : slice.last_day;
  slice.begins_within_day = slice.after.value() > 0 && day_at(slice.after) == slice.first_day;

  slice.accounts = store.journal_accounts(slice.after, slice.through);
  slice.customers = store.names_of_customers();
  return slice;
}

namespace {

engine::JournalRows rows_of(engine::LedgerReader& store, const std::shared_ptr<engine::LedgerReader>& owned) {
  return {.each = [&store, owned](TransferId after, TransferId through,
                                  const auto& visit) { store.each_journal_row(after, through, visit); },
          .parallel =
              [&store] {
                const std::shared_ptr<engine::LedgerReader> reader = store.open_reader();
                return rows_of(*reader, reader);
              }};
}

}  // namespace

engine::JournalRows journal_rows(engine::LedgerReader& store) { return rows_of(store, nullptr); }

}  // namespace operations
