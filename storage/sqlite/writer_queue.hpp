// Whose turn it is to write. SQLite lets a writer wait by asking again after ever longer pauses, so one that commits
// chunk after chunk keeps all others out between their questions. Two locks of the kernel on an empty file beside the
// book (BOOK-turn) put them in line: who writes holds the second; who wants to write holds the first until the second
// is free. So whoever comes back for the next chunk stands behind those who waited. The kernel frees the locks of a
// program that dies.
#pragma once

#include <string>

#include "engine/time.hpp"

namespace storage {

// Politeness between this program's processes and threads, not safety: that is SQLite's own lock, which a turn is
// followed by, and the only one for other programs.
class WriteTurn {
 public:
  explicit WriteTurn(const std::string& book_path) : path_(book_path) {}
  ~WriteTurn();
  WriteTurn(const WriteTurn&) = delete;
  WriteTurn& operator=(const WriteTurn&) = delete;

  // True: it is ours, until give_back(). False: not within `longest`. Where the file system or its rights allow no such
  // file, it is everybody's turn.
  bool take(engine::Milliseconds longest);
  void give_back();
  bool has_waiting_writer() const;  // somebody else stands in line

 private:
  bool open();
  std::string path_;  // of the book
  int file_ = -1;
  bool refused_ = false;  // no such file is possible here
};

}  // namespace storage
