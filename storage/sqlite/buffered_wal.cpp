#include "storage/sqlite/buffered_wal.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string>

namespace storage {
namespace {

// Bytes; a larger commit is written in several pieces. SQLite's own layer for Unix takes less than 128 KiB at once.
constexpr sqlite3_int64 kMostWaiting = 64 << 10;

// SQLite gives memory for this and behind it for the file as its own layer keeps it.
struct LogFile : sqlite3_file {
  sqlite3_file* real = nullptr;
  std::unique_ptr<char[]> waiting{};
  sqlite3_int64 begin = 0, size = 0;  // where in the file it will stand, and how much waits
  std::string name{};
  struct stat identity {};
  std::uint64_t begun = 0;

  sqlite3_int64 end() const { return begin + size; }
  int write_waiting() {
    if (size == 0) return SQLITE_OK;
    const int written = real->pMethods->xWrite(real, waiting.get(), static_cast<int>(size), begin);
    size = 0;
    return written;
  }
};
constexpr std::size_t kRealAt =
    (sizeof(LogFile) + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);

LogFile& log_of(sqlite3_file* file) { return *static_cast<LogFile*>(file); }

// Calls SQLite's own method: at once, or after what waits was written.
template <auto Method, typename... Arguments>
int at_once(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* const real = log_of(file).real;
  return (real->pMethods->*Method)(real, arguments...);
}
template <auto Method, typename... Arguments>
int after_waiting(sqlite3_file* file, Arguments... arguments) {
  const int written = log_of(file).write_waiting();
  return written != SQLITE_OK ? written : at_once<Method>(file, arguments...);
}

int read(sqlite3_file* file, void* into, int bytes, sqlite3_int64 at) {
  const LogFile& log = log_of(file);
  const bool waits = at < log.end() && at + bytes > log.begin;
  return waits ? after_waiting<&sqlite3_io_methods::xRead>(file, into, bytes, at)
               : at_once<&sqlite3_io_methods::xRead>(file, into, bytes, at);
}

int write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  LogFile& log = log_of(file);
  if (at == 0) ++log.begun;  // its header, with a new salt (SQLite, "WAL file format", 4)
  if (log.size > 0 && (at != log.end() || log.size + bytes > kMostWaiting)) {
    if (const int written = log.write_waiting(); written != SQLITE_OK) return written;
  }
  if (!log.waiting) log.waiting.reset(new (std::nothrow) char[kMostWaiting]);
  if (!log.waiting || bytes > kMostWaiting) return at_once<&sqlite3_io_methods::xWrite>(file, from, bytes, at);
  if (log.size == 0) log.begin = at;
  std::memcpy(log.waiting.get() + log.size, from, static_cast<std::size_t>(bytes));
  log.size += bytes;
  return SQLITE_OK;
}

int close(sqlite3_file* file) {  // what still waits belongs to no commit
  const int closed = at_once<&sqlite3_io_methods::xClose>(file);
  log_of(file).~LogFile();
  return closed;
}

constexpr sqlite3_io_methods kLogMethods = {
    .iVersion = 1,  // shared memory and mapping are the book's, not its log's
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = after_waiting<&sqlite3_io_methods::xTruncate, sqlite3_int64>,
    .xSync = after_waiting<&sqlite3_io_methods::xSync, int>,
    .xFileSize = after_waiting<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = at_once<&sqlite3_io_methods::xLock, int>,
    .xUnlock = at_once<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = at_once<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = at_once<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = at_once<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = at_once<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs* own_layer() {
  static sqlite3_vfs* const own = sqlite3_vfs_find(nullptr);
  return own;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  sqlite3_vfs* const own = own_layer();
  if ((flags & SQLITE_OPEN_WAL) == 0) return own->xOpen(own, name, file, flags, flags_out);
  LogFile* const log = new (file) LogFile;
  log->real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + kRealAt);
  log->real->pMethods = nullptr;
  const int opened = own->xOpen(own, name, log->real, flags, flags_out);
  // SQLite closes what has methods, opened or not
  log->pMethods = log->real->pMethods == nullptr ? nullptr : &kLogMethods;
  if (log->pMethods == nullptr) {
    log->~LogFile();
  } else if (name != nullptr) {
    log->name = name;
    if (::stat(name, &log->identity) != 0) log->name.clear();
  }
  return opened;
}

sqlite3_vfs made() {
  if (own_layer() == nullptr) throw std::bad_alloc();  // SQLite could not even begin
  sqlite3_vfs ours = *own_layer();                     // whose functions do everything else
  ours.szOsFile += static_cast<int>(kRealAt);
  ours.zName = "joined-log";
  ours.xOpen = open;
  return ours;
}

}  // namespace

LogState state_of_log(const void* file) {
  const auto* const log = static_cast<const LogFile*>(static_cast<const sqlite3_file*>(file));
  if (log == nullptr || log->pMethods != &kLogMethods) return {};
  struct stat now {};
  const bool moved = !log->name.empty() && (::stat(log->name.c_str(), &now) != 0 ||
                                            now.st_ino != log->identity.st_ino || now.st_dev != log->identity.st_dev);
  return {moved, log->begun};
}

const char* joined_log_vfs() {
  static sqlite3_vfs vfs = made();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  if (registered != SQLITE_OK) throw std::bad_alloc();
  return vfs.zName;
}

}  // namespace storage
