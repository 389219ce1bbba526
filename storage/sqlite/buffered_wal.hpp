// SQLite's own access to files, with one difference: what a transaction appends to the -wal file goes to the kernel in
// pieces of 64 KiB, the last just before it is synced. SQLite hands every page over in two calls, of 24 bytes and of
// 4,096, and a commit of fifty placements writes 215 pages: the calls took a quarter of the processor time.
//
// Nothing is promised earlier or later for it. SQLite says that a transaction is there after the sync has returned, and
// so do we: a sync writes what waits and then syncs. Whoever asks this file for anything that waits (a transaction
// larger than the cache reads its own pages back) gets it from the kernel after it was written. A write that fails is
// told to the sync, or the read, that needed it, and what waited is forgotten: SQLite rolls back, and writes the next
// transaction to the same place. What a program that dies leaves unwritten was never promised.
//
// REQUIRES of connections that use it: synchronous = FULL, or a commit would show others what is not written yet.
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
