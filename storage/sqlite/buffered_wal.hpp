// SQLite's own file layer (VFS) with one difference: what a transaction appends to the -wal file is buffered and
// written in pieces of 64 KiB, the last one just before the sync. SQLite itself writes every page in two calls, of 24
// and of 4,096 bytes; a commit of fifty placements writes 215 pages, and these calls took a quarter of the processor
// time.
// Durability is unchanged: xSync first writes the buffered pages and then syncs. A read of buffered bytes (a
// transaction larger than the cache reads its own pages) writes them first. If a write fails, the sync or read that
// needed it fails and the buffer is dropped: SQLite rolls back, and writes the next transaction to the same place.
// Bytes that a killed program leaves in the buffer were never promised.
// REQUIRES: connections that use it run with synchronous = FULL, else a commit would be visible before it is written.
#pragma once

#include <cstdint>

namespace storage {

struct LogState {
  bool moved = false;       // its name belongs to no file, or to another one
  std::uint64_t begun = 0;  // how often this connection has begun it anew
};
// Of the log that a connection writes. REQUIRES: `file` is what SQLITE_FCNTL_JOURNAL_POINTER gave for a connection of
// this layer.
LogState state_of_log(const void* file);

// Its name, for opening a connection; registers it when first asked. From any thread. Throws std::bad_alloc.
const char* joined_log_vfs();

}  // namespace storage
