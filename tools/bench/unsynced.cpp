#include "tools/bench/unsynced.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <stdexcept>

namespace bench {
namespace {

sqlite3_vfs* synced = nullptr;  // SQLite's own layer

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  const int opened = synced->xOpen(synced, name, file, flags, flags_out);
  if (file->pMethods == nullptr) return opened;
  static std::mutex mutex;
  static std::map<const sqlite3_io_methods*, sqlite3_io_methods> unsynced;
  const std::lock_guard lock(mutex);
  const auto [at, first] = unsynced.try_emplace(file->pMethods, *file->pMethods);
  if (first) at->second.xSync = [](sqlite3_file*, int) { return SQLITE_OK; };
  file->pMethods = &at->second;
  return opened;
}

}  // namespace

void sync_nothing() {
  // as the ledger does; SQLite takes it only before anything else is asked of it
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  synced = sqlite3_vfs_find(nullptr);
  if (synced == nullptr) throw std::runtime_error("SQLite has no access to files");
  static sqlite3_vfs unsynced = *synced;
  unsynced.zName = "unsynced";
  unsynced.xOpen = open;
  if (sqlite3_vfs_register(&unsynced, 1) != SQLITE_OK)
    throw std::runtime_error("SQLite takes no other access to files");
}

void sync_all(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = descriptor >= 0 && ::syncfs(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!done) throw std::runtime_error(folder + ": cannot be brought to the disk");
}

}  // namespace bench
