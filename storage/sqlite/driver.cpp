#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

// As an URI wants a path (sqlite.org/uri.html, 3.1).
std::string escaped(const std::string& path) {
  std::string uri;
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%')
      uri += c == '?' ? "%3f" : c == '#' ? "%23" : "%25";
    else
      uri += c;
  }
  return uri;
}

std::string free_name(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; fs::exists(name); ++i) name = wanted + "." + std::to_string(i);
  return name;
}

void sync_folder_of(const std::string& path) {
  const int folder = ::open(fs::absolute(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // the copy itself is on disk; a folder that cannot be opened cannot be synced
  const bool failed = ::fsync(folder) != 0 && errno != EINVAL && errno != ENOSYS;  // file systems without it
  ::close(folder);
  if (failed)
    refuse(ErrorCode::outcome_unknown, path, "is there, but the disk failed to keep its name: look, and repeat it");
}

void check_copy(const std::string& path, std::int64_t schema) {
  Connection copy(path, Access::read_write, kOwnTimeout);
  if (schema_of(copy) != schema) refuse(ErrorCode::database_failed, path, "the copy has another schema than the book");
  Statement check = copy.statement("PRAGMA quick_check(1)");
  if (!check.step() || check.text(0) != "ok")
    refuse(ErrorCode::database_failed, path, "the copy is damaged: " + check.string(0));
}

// The copy has its name when it is whole and on the disk, and not before.
void copy_whole(Connection& from, std::int64_t schema, const std::string& target) {
  std::error_code error;
  const std::string part = target + ".part";
  fs::remove(part, error);  // of a copy that was cut off
  try {
    copy_database(from, part);
    check_copy(part, schema);
    if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
      if (errno == EEXIST) refuse(ErrorCode::database_exists, target, "exists; a copy never replaces a file");
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

// The files of creations that were cut off: BOOK.init-PID of programs that are not there any more.
void remove_cut_off(const std::string& path) {
  std::error_code error;
  const std::string beginning = fs::path(path).filename().string() + ".init-";
  for (const auto& entry : fs::directory_iterator(fs::absolute(path).parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(beginning)) continue;
    const int maker = std::atoi(name.c_str() + beginning.size());
    if (maker <= 0 || (::kill(maker, 0) != 0 && errno == ESRCH)) fs::remove(entry.path(), error);
  }
}

// A log that was left by a crash belongs to the state of the book that it was begun for, see note_log_base(). Where the
// book was replaced since, what SQLite reads is a mixture of both: refused, and nothing is touched.
void refuse_strange_log(Connection& db) {
  if (db.log_bytes() == 0) return;
  std::int64_t id = 0;
  std::string hash;
  {
    Statement base = db.statement("SELECT seal_id, seal_hash FROM log_base");
    if (!base.step()) return;
    id = base.integer(0);
    hash = hex(base.blob(1));
  }
  if (id == 0) return;  // begun in a book without seals
  std::string alone;
  try {
    // the file as it is, without its log
    SQLite::Database file("file:" + escaped(db.path()) + "?immutable=1", SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    SQLite::Statement seal(file, "SELECT lower(hex(hash)) FROM seal WHERE id = ?");
    seal.bind(1, id);
    if (seal.executeStep()) alone = seal.getColumn(0).getString();
  } catch (const SQLite::Exception&) {
    return;  // half copied from its own log when the program ended: only both together can be read
  }
  if (alone == hash) return;
  db.keep_log();
  refuse(ErrorCode::database_failed, db.path(),
         "was replaced by " + std::string(alone.empty() ? "an older state of it" : "another book") +
             " while the log of the newer one stayed beside it (" + db.path() + "-wal, begun at seal " +
             std::to_string(id) +
             "): put the book back that belongs to the log, or, if the newer records are to be given up, move the log "
             "away");
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
      copy_whole(reader, from, copy);
      run_migrations(db, from);
    }
    db.execute("COMMIT");
  } catch (...) {
    if (db.in_transaction()) db.execute("ROLLBACK");
    throw;
  }
  db.execute("PRAGMA foreign_keys = ON");
}

}  // namespace

void create_book(const std::string& path, engine::UtcTime now, bool rehearsal) {
  std::error_code error;
  if (path.empty() || path.starts_with(':') || path.starts_with("file:"))
    refuse(ErrorCode::database_failed, path, "is no name of a file for a book");
  const bool existed = fs::exists(path, error);
  if (existed && (!fs::is_regular_file(path, error) || fs::file_size(path, error) > 0)) {
    refuse(ErrorCode::database_exists, path, "holds something already; a book is made in a new file");
  }
  if (!fs::is_directory(fs::absolute(path).parent_path(), error)) {
    refuse(ErrorCode::database_failed, path, "its folder does not exist");
  }
  for (const char* beside : {"-wal", "-journal"}) {
    if (fs::exists(path + beside, error) && fs::file_size(path + beside, error) > 0)
      refuse(ErrorCode::database_exists, path + beside,
             "is left of another book, and a new one beside it would be mixed with it: move it away");
  }
  remove_cut_off(path);
  // Made under another name, and given its own when it is whole: whatever cuts this off, it can be repeated.
  const std::string part = path + ".init-" + std::to_string(::getpid());
  // other people's money: not for everybody's eyes
  const int file = ::open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (file < 0) refuse(ErrorCode::database_read_only, path, "this user cannot make a file here");
  ::close(file);
  const auto remove_part = [&] {
    for (const char* beside : {"", "-wal", "-shm", "-journal"}) fs::remove(part + beside, error);
  };
  try {
    {
      Connection db(part, Access::read_write, kOwnTimeout);
      db.execute("BEGIN EXCLUSIVE");
      db.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
      run_migrations(db, 0);
      db.statement("INSERT INTO book (id, made_at, rehearsal) VALUES (1, ?, ?)").bind(now, rehearsal).run();
      db.execute("COMMIT");
      db.execute("PRAGMA journal_mode = WAL");
    }
    const bool made = existed ? ::rename(part.c_str(), path.c_str()) == 0
                              : ::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0;
    if (!made && errno == EEXIST) refuse(ErrorCode::database_exists, path, "somebody else made a book here");
    if (!made && (existed || ::rename(part.c_str(), path.c_str()) != 0))  // a file system without RENAME_NOREPLACE
      refuse(ErrorCode::database_failed, path, std::string("the book cannot get its name: ") + std::strerror(errno));
  } catch (...) {
    remove_part();
    throw;
  }
  remove_part();
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
  refuse_strange_log(*db);
  return std::make_unique<SqliteBook>(std::move(db), options);
}

std::unique_ptr<engine::LedgerReader> open_reader(const std::string& path, engine::Milliseconds busy_timeout) {
  return open_book(path, {.access = Access::read_only, .busy_timeout = busy_timeout});
}

FileSizes file_sizes(const std::string& path) {
  const auto number = [](std::uintmax_t bytes) { return static_cast<std::int64_t>(bytes); };
  FileSizes sizes;
  std::error_code error;
  if (const std::uintmax_t bytes = fs::file_size(path, error); !error) sizes.book = number(bytes);
  const std::uintmax_t log = fs::file_size(path + "-wal", error);
  if (sizes.book) sizes.log = error ? 0 : number(log);
  if (const fs::space_info space = fs::space(path, error); !error) sizes.free = number(space.available);
  return sizes;
}

void back_up_book(const std::string& path, const std::string& target) {
  look_at_file(path, Access::read_only);
  std::error_code error;
  if (fs::exists(target, error)) refuse(ErrorCode::database_exists, target, "exists; a backup never replaces a file");
  if (!fs::is_directory(fs::absolute(target).parent_path(), error))
    refuse(ErrorCode::database_failed, target, "its folder does not exist");
  Connection db(path, Access::read_only, kOwnTimeout);
  const std::int64_t schema = schema_of(db);
  if (schema == newest_schema()) refuse_strange_log(db);
  copy_whole(db, schema, target);
}

std::optional<SealMark> mark_of(const std::string& path, const std::string& condition, const std::string& value) {
  look_at_file(path, Access::read_only);
  Connection db(path, Access::read_only, kOwnTimeout);
  schema_of(db);
  Statement row = db.statement("SELECT id, lower(hex(hash)), sealed_at FROM seal " + condition);
  if (!value.empty()) row.bind(value);
  if (!row.step()) return std::nullopt;
  return SealMark{row.integer(0), row.string(1), row.time(2)};
}
std::optional<SealMark> last_seal(const std::string& path) { return mark_of(path, "ORDER BY id DESC LIMIT 1", ""); }
std::optional<SealMark> find_seal(const std::string& path, const std::string& hash) {
  return mark_of(path, "WHERE lower(hex(hash)) = ?", hash);
}

std::vector<engine::Finding> prove_file(const std::string& path) {
  look_at_file(path, Access::read_only);
  Connection db(path, Access::read_only, kOwnTimeout);
  if (schema_of(db) != newest_schema())
    refuse(ErrorCode::database_read_only, path, "has an older schema: bring it forward before it is proven");
  std::vector<engine::Finding> findings;
  const Snapshot one_state(db);
  {
    Statement row = db.statement("PRAGMA integrity_check(20)");
    while (row.step()) {
      if (row.text(0) != "ok") findings.push_back({"pages and indexes", row.string(0)});
    }
  }
  // the schema that the migrations make, in memory
  SQLite::Database made(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  for (const Migration& migration : sqlite_migrations()) made.exec(std::string(migration.sql));
  constexpr const char* kObjects =
      "SELECT type || ' ' || name, ifnull(sql, ''), tbl_name FROM sqlite_schema ORDER BY 1";
  SQLite::Statement wanted(made, kObjects);
  Statement found = db.statement(kObjects);
  bool more = wanted.executeStep(), has = found.step();
  while (more || has) {
    const std::string name = more ? wanted.getColumn(0).getString() : "", other = has ? found.string(0) : "";
    if (!has || (more && name < other)) {
      findings.push_back({"schema", name + " is missing"});
      more = wanted.executeStep();
    } else if (!more || other < name) {
      // what ANALYZE keeps is no part of a book's rules
      if (!other.starts_with("table sqlite_")) findings.push_back({"schema", other + " is none of this program's"});
      has = found.step();
    } else {
      if (wanted.getColumn(1).getString() != found.text(1) || wanted.getColumn(2).getString() != found.text(2))
        findings.push_back({"schema", name + " reads otherwise than the migrations made it"});
      more = wanted.executeStep();
      has = found.step();
    }
  }
  return findings;
}

LibraryInfo library_info() {
  LibraryInfo info{.version = sqlite3_libversion()};
  const int number = sqlite3_libversion_number();
  if (number >= 3'007'000 && number < 3'051'003)
    info.defects.emplace_back(
        "WAL-reset (sqlite.org/wal.html#walresetbug, fixed in 3.51.3): two programs that copy the log at once can lose "
        "committed pages; dropledger copies it under its writers' turn only, so let no other program do it");
  return info;
}

}  // namespace storage
