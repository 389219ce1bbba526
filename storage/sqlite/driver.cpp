#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "storage/book/book.hpp"
#include "storage/book/migrate.hpp"
#include "storage/store.hpp"

namespace storage {

using engine::ErrorCode;

namespace {

namespace fs = std::filesystem;

constexpr engine::Milliseconds kOwnTimeout = std::chrono::seconds(10);

[[noreturn]] void refuse(ErrorCode code, const std::string& path, const std::string& what) {
  throw StorageError({code, path + ": " + what});
}

int newest_schema() {
  const auto all = sqlite_migrations();
  ENSURE(!all.empty() && all.back().number == static_cast<int>(all.size()),
         "migrations are numbered from 1 without gaps");
  return all.back().number;
}

// Says what is wrong before SQLite is asked, which knows only "unable to open" and "not a database".
void look_at_file(const std::string& path, Access access) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
      refuse(ErrorCode::database_failed, path, error.message());
    }
    refuse(ErrorCode::database_missing, path,
           "there is no book here; make one with 'init', or say where it is with --db");
  }
  if (!fs::is_regular_file(status)) refuse(ErrorCode::not_a_database, path, "is not a file");
  if (::access(path.c_str(), R_OK) != 0)
    refuse(ErrorCode::database_failed, path, "this user may not read it: run as the book's owner");
  // Its beginning is left to SQLite to read. Whoever opens the file otherwise drops, on closing it, every lock of this
  // process on it (POSIX), and another program that finds none deletes the log under our open connections.
  const std::uintmax_t size = fs::file_size(path, error);
  if (size == 0) refuse(ErrorCode::not_a_database, path, "is empty; make a book with 'init'");
  // the smallest page there is
  if (size < 512) refuse(ErrorCode::not_a_database, path, "is not a SQLite database");
  if (access == Access::read_only) return;
  const fs::path folder = fs::absolute(path).parent_path();
  if (::access(path.c_str(), W_OK) != 0) {
    refuse(ErrorCode::database_read_only, path,
           "this user may not write it: run as the book's owner, or use a command that only reads");
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    refuse(ErrorCode::database_read_only, path,
           "this user may not write the folder " + folder.string() +
               ", where SQLite keeps two files beside the book: run as the book's owner");
  }
}

std::int64_t schema_of(Connection& db) {
  if (db.integer("PRAGMA application_id") != kApplicationId) {
    refuse(ErrorCode::not_a_database, db.path(), "is a SQLite database, but not a book of this program");
  }
  return db.integer("PRAGMA user_version");
}

void run_migrations(Connection& db, std::int64_t from) {
  for (const Migration& migration : sqlite_migrations()) {
    if (migration.number > from) db.execute(std::string(migration.sql));
  }
  db.execute("PRAGMA user_version = " + std::to_string(newest_schema()));
  Statement broken = db.statement("PRAGMA foreign_key_check");
  if (broken.step()) db.fail_corrupt("the migration leaves broken references in " + broken.string(0));
}

void copy_database(Connection& from, const std::string& target) {
  try {
    SQLite::Database to(target, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    SQLite::Backup backup(to, from.database());
    backup.executeStep(-1);
  } catch (const SQLite::Exception& error) {
    throw_storage_error(error.getErrorCode(), error.getErrorStr(), target);
  }
}

std::string free_name(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; fs::exists(name); ++i) name = wanted + "." + std::to_string(i);
  return name;
}

// From an older number to the newest, all or nothing. The writer's lock is taken first, so that of two programs one
// migrates and the other finds it done; the copy is read through a connection of its own meanwhile.
void migrate(Connection& db, const OpenOptions& options) {
  db.execute("PRAGMA foreign_keys = OFF");  // a migration may rebuild tables; foreign_key_check stands in
  db.execute("BEGIN IMMEDIATE");
  try {
    const std::int64_t from = schema_of(db);
    if (from < newest_schema()) {
      Connection reader(db.path(), Access::read_only, kOwnTimeout);
      const std::string copy = free_name(db.path() + ".before-" + std::to_string(from));
      if (options.note) {
        options.note(db.path() + " is brought forward from schema " + std::to_string(from) + " to " +
                     std::to_string(newest_schema()) + ", once; a large book takes a while. As it was it stays in " +
                     copy);
      }
      copy_database(reader, copy);
      run_migrations(db, from);
    }
    db.execute("COMMIT");
  } catch (...) {
    if (db.in_transaction()) db.execute("ROLLBACK");
    throw;
  }
  db.execute("PRAGMA foreign_keys = ON");
}

void sync_folder_of(const std::string& path) {
  const int folder = ::open(fs::absolute(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // the copy itself is on disk; a folder that cannot be opened cannot be synced
  ::fsync(folder);
  ::close(folder);
}

void check_copy(const std::string& path, std::int64_t schema) {
  Connection copy(path, Access::read_write, kOwnTimeout);
  if (schema_of(copy) != schema) refuse(ErrorCode::database_failed, path, "the copy has another schema than the book");
  Statement check = copy.statement("PRAGMA quick_check(1)");
  if (!check.step() || check.text(0) != "ok")
    refuse(ErrorCode::database_failed, path, "the copy is damaged: " + check.string(0));
}

}  // namespace

void create_book(const std::string& path, engine::UtcTime now, bool rehearsal) {
  std::error_code error;
  const bool existed = fs::exists(path, error);
  if (existed && (!fs::is_regular_file(path, error) || fs::file_size(path, error) > 0)) {
    refuse(ErrorCode::database_exists, path, "holds something already; a book is made in a new file");
  }
  if (!fs::is_directory(fs::absolute(path).parent_path(), error)) {
    refuse(ErrorCode::database_failed, path, "its folder does not exist");
  }
  // other people's money: not for everybody's eyes
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) refuse(ErrorCode::database_read_only, path, "this user cannot make a file here");
  ::close(file);
  try {
    Connection db(path, Access::read_write, kOwnTimeout);
    db.execute("BEGIN EXCLUSIVE");
    if (db.integer("SELECT count(*) FROM sqlite_schema") != 0)
      refuse(ErrorCode::database_exists, path, "somebody else made a book here");
    db.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
    run_migrations(db, 0);
    db.statement("INSERT INTO book (id, made_at, rehearsal) VALUES (1, ?, ?)").bind(now, rehearsal).run();
    db.execute("COMMIT");
    // After the commit, so that a creation that was cut off leaves an empty file and can be repeated.
    db.execute("PRAGMA journal_mode = WAL");
  } catch (...) {
    if (!existed && fs::file_size(path, error) == 0) fs::remove(path, error);
    throw;
  }
  sync_folder_of(path);
}

std::unique_ptr<engine::LedgerStore> open_book(const std::string& path, const OpenOptions& options) {
  look_at_file(path, options.access);
  auto db = std::make_unique<Connection>(path, options.access, options.busy_timeout);
  const std::int64_t schema = schema_of(*db);
  if (schema > newest_schema()) {
    refuse(ErrorCode::database_newer, path,
           "was made by a newer program (schema " + std::to_string(schema) + ", this one knows " +
               std::to_string(newest_schema()) + "): use that one");
  }
  if (schema < newest_schema()) {
    if (options.access == Access::read_only) {
      refuse(ErrorCode::database_read_only, path,
             "has the older schema " + std::to_string(schema) +
                 ": run any command that writes once, as the book's owner, to bring it forward");
    }
    migrate(*db, options);
  }
  if (options.access == Access::read_write) {
    Statement mode = db->statement("PRAGMA journal_mode = WAL");
    if (!mode.step() || mode.text(0) != "wal")
      refuse(ErrorCode::database_failed, path, "the file system does not allow SQLite's write-ahead log");
  }
  // reads through the log: says now, and not later, that this user cannot
  db->integer("SELECT count(*) FROM book");
  return std::make_unique<SqliteBook>(std::move(db), options);
}

std::unique_ptr<engine::LedgerReader> open_reader(const std::string& path, engine::Milliseconds busy_timeout) {
  return open_book(path, {.access = Access::read_only, .busy_timeout = busy_timeout});
}

void back_up_book(const std::string& path, const std::string& target) {
  look_at_file(path, Access::read_only);
  std::error_code error;
  if (fs::exists(target, error)) refuse(ErrorCode::database_exists, target, "exists; a backup never replaces a file");
  if (!fs::is_directory(fs::absolute(target).parent_path(), error))
    refuse(ErrorCode::database_failed, target, "its folder does not exist");
  const std::string part = target + ".part";
  fs::remove(part, error);  // of a backup that was cut off
  try {
    Connection db(path, Access::read_only, kOwnTimeout);
    const std::int64_t schema = schema_of(db);
    copy_database(db, part);
    check_copy(part, schema);
    if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
      if (errno == EEXIST) refuse(ErrorCode::database_exists, target, "exists; a backup never replaces a file");
      fs::rename(part, target);  // a file system without RENAME_NOREPLACE
    }
  } catch (const fs::filesystem_error& failed) {
    fs::remove(part, error);
    refuse(ErrorCode::database_failed, target, failed.code().message());
  } catch (...) {
    fs::remove(part, error);
    throw;
  }
  sync_folder_of(target);
}

}  // namespace storage
