#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "storage/store.hpp"

namespace storage {
namespace {

namespace fs = std::filesystem;
using engine::ErrorCode;
using engine::to_string;

[[noreturn]] void refuse(ErrorCode code, const std::string& path, const std::string& what) {
  throw StorageError({code, path + ": " + what});
}

bool holds_something(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error) && fs::file_size(path, error) > 0;
}

// Where SQLite keeps its locks: on the book's file from the pending byte on, in the index of the log on eight bytes
// (sqlite.org/walformat.html, "WAL Locks", and "File Locking And Concurrency"). A connection in WAL mode holds one as
// long as it is open, also on a book that is damaged.
bool is_open_elsewhere(const std::string& path) {
  struct Range {
    const char* suffix;
    off_t start, length;
  };
  for (const Range& range : {Range{"", 0x40000000, 512}, Range{"-shm", 120, 9}}) {
    const int file = ::open((path + range.suffix).c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) continue;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = range.start;
    lock.l_len = range.length;
    const bool held = ::fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    ::close(file);
    if (held) return true;
  }
  return false;
}

void remove_with_log(const std::string& path) {
  std::error_code ignored;  // what is not there need not go
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix, ignored);
}

// The copy, proven and marked, as PATH.part.
Restored prepare(const std::string& backup, const std::string& part, const engine::Authorship& stamp) {
  back_up_book(backup, part);
  // an older copy is brought forward here; the one it was made from stays as it is
  const auto book = open_book(part, {});
  const engine::Verification proof = book->verify({});
  if (!proof.findings.empty())
    refuse(ErrorCode::books_differ, backup,
           "is not put back: " + proof.findings.front().check + ": " + proof.findings.front().what);
  const engine::BookInfo info = book->book();
  const engine::UtcTime copied_at = info.last_recorded.value_or(info.made_at);
  engine::Changes changes;
  changes.restoration = engine::Restoration{std::max(stamp.now, copied_at), copied_at, {}};
  changes.events.push_back(
      {engine::EventKind::restored,
       {},
       {},
       {},
       {},
       {},
       "put back from " + fs::path(backup).filename().string() + ", which knows until " + to_string(copied_at)});
  book->begin();
  if (const engine::Status written = book->apply(changes, stamp); !written) throw StorageError(written.error());
  book->commit();
  return {copied_at, {}};
}

}  // namespace

Restored restore_book(const std::string& backup, const std::string& path, const engine::Authorship& stamp) {
  std::error_code error;
  if (fs::equivalent(backup, path, error)) refuse(ErrorCode::invalid_argument, backup, "is the book itself");
  if (holds_something(backup + "-wal")) {
    refuse(
        ErrorCode::database_failed, backup,
        "a log lies beside it (" + backup + "-wal): it is a book in use or cut off, no backup; make one with 'backup'");
  }
  if (is_open_elsewhere(path)) {
    refuse(ErrorCode::database_busy, path, "is open in another program: end 'serve' and every sweep first");
  }
  const std::string part = path + ".part";
  remove_with_log(part);
  Restored restored;
  try {
    restored = prepare(backup, part, stamp);
  } catch (...) {
    remove_with_log(part);
    throw;
  }
  // What was there stays, with its log: a log belongs to its own book, never to another.
  std::string aside = path + ".replaced";
  for (int i = 2; fs::exists(aside, error) || fs::exists(aside + "-wal", error); ++i)
    aside = path + ".replaced." + std::to_string(i);
  try {
    if (fs::exists(path + "-wal")) fs::rename(path + "-wal", aside + "-wal");
    fs::remove(path + "-shm");
    if (fs::exists(path)) {
      fs::rename(path, aside);
      restored.kept_as = aside;
    }
    fs::rename(part, path);
  } catch (const fs::filesystem_error& failed) {
    refuse(ErrorCode::database_failed, path, std::string("cannot be replaced: ") + failed.code().message());
  }
  remove_with_log(part);
  const int folder = ::open(fs::absolute(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    const int synced = ::fsync(folder);
    ::close(folder);
    if (synced != 0) refuse(ErrorCode::database_failed, path, std::string("its folder: ") + std::strerror(errno));
  }
  return restored;
}

}  // namespace storage
