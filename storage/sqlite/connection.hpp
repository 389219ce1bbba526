// One connection to one SQLite file with this program's pragmas, and its prepared statements, each compiled once.
// Every error of SQLite leaves here as storage::StorageError with the file's path and an advice, but for a broken
// constraint: the rules never ask for one, so it is an engine::InvariantError.
//
// Rows are read through Statement and not through SQLiteCpp's Column, which copies a shared pointer per value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/id.hpp"
#include "engine/money.hpp"
#include "engine/time.hpp"

struct sqlite3;
struct sqlite3_stmt;
namespace SQLite {
class Database;
}

namespace storage {

enum class Access : std::uint8_t;

class Connection;

// A borrowed statement; goes back to the connection, reset, when it is destroyed.
class Statement {
 public:
  Statement(Connection& connection, sqlite3_stmt* handle, bool* in_use)
      : connection_(&connection), handle_(handle), in_use_(in_use) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds 1, 2, 3 … in the order given. Texts are not copied: they must live until the statement has run.
  template <typename... Values>
  Statement& bind(const Values&... values) {
    int index = 0;
    (put(++index, values), ...);
    return *this;
  }
  template <typename T>
  void bind_at(int index, const T& value) {
    put(index, value);
  }

  bool step();  // true: there is a row
  void run();   // to the end, then ready for the next values
  void reset();

  // Columns from 0. The plain ones refuse NULL (a corrupt row).
  std::int64_t integer(int column) const;
  bool flag(int column) const { return integer(column) != 0; }
  std::string_view text(int column) const;  // until the next step
  std::string string(int column) const { return std::string(text(column)); }
  std::span<const unsigned char> blob(int column) const;
  engine::UtcTime time(int column) const { return engine::UtcTime(engine::Milliseconds(integer(column))); }
  bool is_null(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;
  std::optional<engine::UtcTime> optional_time(int column) const;
  std::optional<std::string> optional_string(int column) const;

 private:
  void put(int index, std::int64_t value);
  void put(int index, int value) { put(index, static_cast<std::int64_t>(value)); }
  void put(int index, bool value) { put(index, static_cast<std::int64_t>(value)); }
  void put(int index, std::string_view value);
  void put(int index, const std::string& value) { put(index, std::string_view(value)); }
  void put(int index, const char* value) { put(index, std::string_view(value)); }
  void put(int index, std::span<const unsigned char> value);
  void put(int index, std::nullopt_t);
  void put(int index, engine::UtcTime value) {
    put(index, static_cast<std::int64_t>(value.time_since_epoch().count()));
  }
  void put(int index, engine::Milliseconds value) { put(index, static_cast<std::int64_t>(value.count())); }
  void put(int index, engine::Money value) { put(index, value.minor()); }
  template <typename Tag>
  void put(int index, engine::Id<Tag> value) {
    put(index, value.value());
  }
  template <typename T>
  void put(int index, const std::optional<T>& value) {
    if (value)
      put(index, *value);
    else
      put(index, std::nullopt);
  }

  Connection* connection_;
  sqlite3_stmt* handle_;
  bool* in_use_;  // of the cache; null where the statement is this object's own
};

class Connection {
 public:
  // REQUIRES: the file exists. Nothing is created; what is not a database is found at the first read.
  Connection(std::string path, Access access, engine::Milliseconds busy_timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Statement statement(std::string_view sql);   // from the cache
  void execute(const std::string& sql);        // one or several statements without rows
  std::int64_t integer(std::string_view sql);  // first column of the first row. REQUIRES: there is one
  bool in_transaction() const;
  std::int64_t changed_rows() const;
  // Copies what was committed from the -wal file into the book, if there are so many pages of it (of 4 KiB: 16 MiB).
  // Pages that cannot be copied now stay in the -wal file and are read from there. A page that many commits wrote is
  // copied once: at SQLite's own 1,000 pages, placing for many accounts at once spent twice the time in it.
  static constexpr int kCheckpointPages = 4'000;
  void checkpoint_when_due();

  // True if the book or its log was deleted, moved or replaced since it was opened. Writes would then go to files that
  // nobody finds.
  bool has_moved() const;
  // The number of times this connection has begun the log again; the size of the log in bytes.
  std::uint64_t logs_begun() const;
  std::uint64_t log_bytes() const;
  // After a COMMIT that failed: commits something else to the place in the log where it may stand, so that it never
  // comes back. False: that failed too, and the disk alone knows.
  bool overwrite_failed_commit() noexcept;
  // From now on closing this connection leaves the log as it is, even where it is the last one.
  void keep_log();
  // The last failure was one of reading or writing files (SQLITE_IOERR).
  bool failed_at_the_disk() const { return failed_at_the_disk_; }

  const std::string& path() const { return path_; }
  SQLite::Database& database() { return *database_; }

  [[noreturn]] void fail(int code) const;                         // with the connection's last message
  [[noreturn]] void fail_corrupt(const std::string& what) const;  // database_failed

 private:
  struct Prepared {
    sqlite3_stmt* handle = nullptr;
    bool in_use = false;
  };
  sqlite3_stmt* prepare(std::string_view sql);

  std::string path_;
  std::unique_ptr<SQLite::Database> database_;
  sqlite3* handle_ = nullptr;
  int wal_pages_ = 0;  // after this connection's last commit
  struct Identity {
    std::uint64_t device = 0, inode = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  static std::optional<Identity> identity_of(const std::string& path);
  std::optional<Identity> identity_{};               // of the book's file
  mutable std::optional<Identity> shared_memory_{};  // of -shm, once it was seen
  mutable bool failed_at_the_disk_ = false;
  struct HashOfText {
    using is_transparent = void;
    // Statements that are as long and end alike are few.
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text.substr(text.size() - std::min<std::size_t>(text.size(), 24))) +
             text.size();
    }
  };
  std::unordered_map<std::string, std::unique_ptr<Prepared>, HashOfText, std::equal_to<>> prepared_;
};

// While it lives, all that the connection reads is of one state of the book: that of the first query. REQUIRES: no
// transaction on the connection.
class Snapshot {
 public:
  explicit Snapshot(Connection& db) : db_(db) { db_.execute("BEGIN"); }
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Connection& db_;
};

// Many rows of one table, several to a statement: what SQLite sets up for each statement, such as the journal by which
// it could take back that one alone, is set up once for them all. The rows are written one after the other, with their
// triggers, in the order given.
class RowWriter {
 public:
  // `into` is "INSERT INTO table (columns)", `then` what follows the values; as many add() as `rows` follow. Texts must
  // live until the end.
  RowWriter(Connection& db, std::string_view into, std::size_t columns, std::size_t rows, std::string_view then = "")
      : db_(&db), into_(into), then_(then), columns_(columns), left_(rows) {}

  template <typename... Values>
  void add(const Values&... values) {
    if (!statement_) take_statement();
    (statement_->bind_at(++bound_, values), ...);
    if (bound_ == static_cast<int>(columns_ * rows_at_once_)) write();
  }

 private:
  void take_statement();
  void write();

  Connection* db_;
  std::string_view into_, then_;
  std::size_t columns_, left_;
  std::size_t rows_at_once_ = 0;
  int bound_ = 0;
  std::optional<Statement> statement_{};
};

// Converts a result code of SQLite to an error for the user. REQUIRES: it is not a broken constraint.
[[noreturn]] void throw_storage_error(int code, const std::string& message, const std::string& path);

}  // namespace storage
