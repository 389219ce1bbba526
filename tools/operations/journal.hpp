// Slices of the journal, as engine/journal_slice.hpp describes them.
#pragma once

#include "engine/ports.hpp"

namespace operations {

// The slice that follows a cursor and lies in [from, to). invalid_argument where the book has no such cursor.
engine::Result<engine::JournalSlice> journal_slice(engine::LedgerReader& store, engine::TransferId after,
                                                   std::optional<engine::UtcTime> from,
                                                   std::optional<engine::UtcTime> to);

// The rows of the store's book, which must outlive them.
engine::JournalRows journal_rows(engine::LedgerReader& store);

}  // namespace operations
