#include "storage/sqlite/connection.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "storage/sqlite/buffered_wal.hpp"
#include "storage/store.hpp"

namespace storage {
namespace {

using engine::ErrorCode;

// queries are put together from few parts; beyond this the cache starts again
constexpr std::size_t kMostPrepared = 256;
// a longer one asks for hundreds of values: seldom, and its program is as long
constexpr std::size_t kLongestKept = 4'096;

// SQLite counts every allocation under one lock of the whole process. A host that has opened a database of its own
// before keeps its setting.
void leave_out_statistics() {
  static const int tried = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)tried;
}

}  // namespace

void throw_storage_error(int code, const std::string& message, const std::string& path) {
  const auto error = [&](ErrorCode kind, const std::string& advice) {
    throw StorageError({kind, path + ": " + message + "; " + advice});
  };
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error(ErrorCode::database_busy, "another process is writing: try again, or wait longer for it");
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      error(ErrorCode::database_read_only, "this user may not write the file or its folder: run as the book's owner");
      break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      error(ErrorCode::not_a_database, "not a book, or a damaged one: restore the last backup if it was one");
      break;
    case SQLITE_FULL:
      error(ErrorCode::database_failed, "the disk is full: nothing of this command was written");
      break;
    case SQLITE_CANTOPEN:
      error(ErrorCode::database_read_only,
            "SQLite keeps two files beside the book (-wal, -shm) and this user cannot make them there: run as the "
            "book's owner, or read a "
            "copy made with 'backup'");
      break;
    default:
      error(ErrorCode::database_failed, "check the disk and the folder; nothing of this command was written");
      break;
  }
  throw StorageError({ErrorCode::database_failed, path + ": " + message});  // not reached: error() throws
}

// ---- Statement ----

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), handle_(other.handle_), in_use_(other.in_use_) {
  other.handle_ = nullptr;
}

Statement::~Statement() {
  if (handle_ == nullptr) return;
  if (in_use_ == nullptr) {
    sqlite3_finalize(handle_);
    return;
  }
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  *in_use_ = false;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_->fail(code);
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() { sqlite3_reset(handle_); }

std::int64_t Statement::integer(int column) const {
  const std::int64_t value = sqlite3_column_int64(handle_, column);
  if (value == 0 && is_null(column))
    connection_->fail_corrupt(std::string(sqlite3_column_name(handle_, column)) + " is empty in a row that needs it");
  return value;
}

std::string_view Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_, column);
  if (bytes == nullptr)
    connection_->fail_corrupt(std::string(sqlite3_column_name(handle_, column)) + " is empty in a row that needs it");
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::span<const unsigned char> Statement::blob(int column) const {
  if (is_null(column))
    connection_->fail_corrupt(std::string(sqlite3_column_name(handle_, column)) + " is empty in a row that needs it");
  const void* bytes = sqlite3_column_blob(handle_, column);
  return {static_cast<const unsigned char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  const std::int64_t value = sqlite3_column_int64(handle_, column);
  if (value == 0 && is_null(column)) return std::nullopt;
  return value;
}
std::optional<engine::UtcTime> Statement::optional_time(int column) const {
  if (const auto value = optional_integer(column)) return engine::UtcTime(engine::Milliseconds(*value));
  return std::nullopt;
}
std::optional<std::string> Statement::optional_string(int column) const {
  if (is_null(column)) return std::nullopt;
  return string(column);
}

void Statement::put(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(handle_, index, value); code != SQLITE_OK) connection_->fail(code);
}
void Statement::put(int index, std::string_view value) {
  // A view of nothing may point nowhere, and SQLite reads that as NULL.
  const char* bytes = value.data() == nullptr ? "" : value.data();
  if (const int code = sqlite3_bind_text64(handle_, index, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8);
      code != SQLITE_OK) {
    connection_->fail(code);
  }
}
void Statement::put(int index, std::span<const unsigned char> value) {
  if (const int code = sqlite3_bind_blob64(handle_, index, value.data(), value.size(), SQLITE_STATIC);
      code != SQLITE_OK)
    connection_->fail(code);
}
void Statement::put(int index, std::nullopt_t) {
  if (const int code = sqlite3_bind_null(handle_, index); code != SQLITE_OK) connection_->fail(code);
}

// ---- Connection ----

Connection::Connection(std::string path, Access access, engine::Milliseconds busy_timeout) : path_(std::move(path)) {
  leave_out_statistics();
  try {
    const int flags =
        (access == Access::read_only ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE) | SQLite::OPEN_NOMUTEX;
    database_ =
        std::make_unique<SQLite::Database>(path_, flags, static_cast<int>(busy_timeout.count()), joined_log_vfs());
  } catch (const SQLite::Exception& error) {
    throw_storage_error(error.getErrorCode(), error.getErrorStr(), path_);
  }
  handle_ = database_->getHandle();
  sqlite3_extended_result_codes(handle_, 1);
  execute("PRAGMA foreign_keys = ON");
  execute("PRAGMA recursive_triggers = ON");
  execute("PRAGMA trusted_schema = OFF");
  execute("PRAGMA synchronous = FULL");  // which the joined log requires as well
  execute("PRAGMA cache_size = -65536");
  execute("PRAGMA temp_store = MEMORY");
  // In place of SQLite's own checkpoints, which are part of a COMMIT: whoever waits for the turn would wait for them
  // too.
  sqlite3_wal_hook(
      handle_,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &wal_pages_);
}

Connection::~Connection() {
  for (const auto& [sql, prepared] : prepared_) sqlite3_finalize(prepared->handle);
}

void Connection::checkpoint_when_due() {
  if (wal_pages_ < kCheckpointPages) return;
  wal_pages_ = 0;
  sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

sqlite3_stmt* Connection::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &handle, nullptr);
  if (code != SQLITE_OK) fail(code);
  return handle;
}

Statement Connection::statement(std::string_view sql) {
  const auto found = prepared_.find(sql);
  if (found != prepared_.end()) {
    Prepared& prepared = *found->second;
    // a visitor that asks the same again
    if (prepared.in_use) return Statement(*this, prepare(sql), nullptr);
    prepared.in_use = true;
    return Statement(*this, prepared.handle, &prepared.in_use);
  }
  if (sql.size() > kLongestKept) return Statement(*this, prepare(sql), nullptr);
  if (prepared_.size() >= kMostPrepared) {
    std::erase_if(prepared_, [](const auto& entry) {
      if (entry.second->in_use) return false;
      sqlite3_finalize(entry.second->handle);
      return true;
    });
  }
  auto made = std::make_unique<Prepared>();
  made->handle = prepare(sql);
  made->in_use = true;
  Prepared& prepared = *made;
  prepared_.emplace(std::string(sql), std::move(made));
  return Statement(*this, prepared.handle, &prepared.in_use);
}

void RowWriter::take_statement() {
  constexpr std::size_t kTogether = 32;  // more gains nothing
  together_ = left_ >= kTogether ? kTogether : 1;
  std::string row = " (?", sql(into_);
  for (std::size_t i = 1; i < columns_; ++i) row += ", ?";
  row += ")";
  sql += " VALUES" + row;
  for (std::size_t i = 1; i < together_; ++i) sql += "," + row;
  sql += then_;
  statement_.emplace(db_->statement(sql));
}

void RowWriter::write() {
  statement_->run();
  bound_ = 0;
  left_ -= together_;
  if (left_ < together_) statement_.reset();
}

Snapshot::~Snapshot() {
  try {
    if (db_.in_transaction()) db_.execute("ROLLBACK");
  } catch (const std::exception&) {  // nothing was written: closing the connection ends it as well
    return;
  }
}

void Connection::execute(const std::string& sql) {
  if (const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK) fail(code);
}

std::int64_t Connection::integer(std::string_view sql) {
  Statement query = statement(sql);
  if (!query.step()) fail_corrupt("no row where one must be: " + std::string(sql));
  return query.integer(0);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
std::int64_t Connection::changed_rows() const { return sqlite3_changes64(handle_); }

void Connection::fail(int code) const {
  const std::string message = sqlite3_errmsg(handle_);
  if ((code & 0xff) == SQLITE_CONSTRAINT) {
    throw engine::InvariantError(path_ + ": the book refuses what the program wanted to write: " + message);
  }
  throw_storage_error(code, message, path_);
}

void Connection::fail_corrupt(const std::string& what) const {
  throw StorageError({ErrorCode::database_failed, path_ + ": " + what + "; run 'verify', or restore the last backup"});
}

}  // namespace storage
