// The book on one SQLite file: WAL, synchronous=FULL (an acknowledged write survives power loss), foreign keys,
// recursive triggers (or INSERT OR REPLACE would slip past the append-only ones), BEGIN IMMEDIATE with a busy timeout,
// one writer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// Units of work that this process has committed so far, to any book: what stays where a later one fails.
std::uint64_t units_committed();

// A seal as whoever keeps it elsewhere needs it.
struct SealMark {
  std::int64_t id = 0;
  std::string hash{};  // hexadecimal
  engine::UtcTime sealed_at{};
};
std::optional<SealMark> last_seal(const std::string& path);
// The seal with this hash. Empty if the book has none: it is another book, or an older state of this one.
std::optional<SealMark> find_seal(const std::string& path, const std::string& hash);

// Checks that the ordinary verify() does not make: every index against its table, every page, and the text of the
// schema against the migrations.
std::vector<engine::Finding> prove_file(const std::string& path);

// SQLite as it is linked: version, and defects of it that are known to concern a book.
struct LibraryInfo {
  std::string version{};
  std::vector<std::string> defects{};
};
LibraryInfo library_info();
// Sizes of the book's files and the free space, in bytes. Empty if the system does not tell.
struct FileSizes {
  std::optional<std::int64_t> book{}, log{}, free{};
};
FileSizes file_sizes(const std::string& path);

// A consistent copy of a live book by SQLite's backup, verified by opening it. Throws StorageError (database_exists for
// the target).
void back_up_book(const std::string& path, const std::string& target);

struct Restored {
  engine::UtcTime copied_at;  // the last thing that the copy knows was recorded then
  std::string kept_as{};      // where the book is that stood there; empty: there was none
};
// Puts a copy of `backup`, which stays, in the place of the book, proven by verify() and marked: nothing is sent,
// refunded or paid out through it before the provider's jobs were read (BookInfo::must_be_read). A book that stood
// there is kept beside it with its log. Throws StorageError: database_busy where the book is open elsewhere;
// database_failed where a log lies beside the backup; books_differ where the backup does not verify; as open_book for a
// file that is no book.
Restored restore_book(const std::string& backup, const std::string& path, const engine::Authorship& stamp);

}  // namespace storage
