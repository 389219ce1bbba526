// The book on one SQLite file: WAL, synchronous=FULL (an acknowledged write survives power loss), foreign keys,
// recursive triggers (or INSERT OR REPLACE would slip past the append-only ones), BEGIN IMMEDIATE with a busy timeout,
// one writer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/ports.hpp"
#include "storage/storage_error.hpp"

namespace storage {

enum class Access : std::uint8_t { read_only, read_write };

struct OpenOptions {
  Access access = Access::read_write;
  engine::Milliseconds busy_timeout = std::chrono::seconds(10);  // then database_busy
  // gets a line for the user before an older schema is migrated: a large book takes a while
  std::function<void(const std::string& line)> note{};
};

// Makes the file with the newest schema. Throws StorageError: database_exists if the file is not empty.
void create_book(const std::string& path, engine::UtcTime now, bool rehearsal);

// Throws StorageError: database_missing, not_a_database, database_newer (made by a newer program), database_busy,
// database_read_only. An older schema is migrated forward in one transaction when opened read_write, after a copy
// beside the file (PATH.before-N); read_only reads it through after the migration only (database_read_only with the
// hint to migrate).
std::unique_ptr<engine::LedgerStore> open_book(const std::string& path, const OpenOptions& options);

// Opens the book for reading only.
std::unique_ptr<engine::LedgerReader> open_reader(const std::string& path,
                                                  engine::Milliseconds busy_timeout = std::chrono::seconds(10));

// A consistent copy of a live book by SQLite's backup, verified by opening it. Throws StorageError (database_exists for
// the target).
void back_up_book(const std::string& path, const std::string& target);

}  // namespace storage
