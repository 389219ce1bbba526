// A fair queue of writers. SQLite makes a writer wait by asking again after growing pauses, so a program that commits
// chunk after chunk keeps the others out. Two kernel locks on an empty file next to the book (BOOK-turn) form the
// queue: the writer holds the second lock; the first in line holds the first until the second is free. A writer that
// comes back for the next chunk stands behind those who waited. The kernel frees the locks of a program that dies.
#pragma once

#include <string>

#include "engine/time.hpp"

namespace storage {

// This lock makes waiting fair; it does not protect the data. Mutual exclusion is SQLite's own lock, which is always
// taken next and which other programs respect too.
class WriteTurn {
 public:
  explicit WriteTurn(const std::string& book_path) : path_(book_path) {}
  ~WriteTurn();
  WriteTurn(const WriteTurn&) = delete;
  WriteTurn& operator=(const WriteTurn&) = delete;

  // Waits for the turn to write. True: it is ours until give_back(). False: not within `longest`. Always true if the
  // file cannot be made here.
  bool take(engine::Milliseconds longest);
  void give_back();
  bool has_waiting_writer() const;  // true if another writer stands in line

 private:
  bool open();
  std::string path_;  // of the book
  int file_ = -1;
  bool refused_ = false;  // no such file is possible here
};

}  // namespace storage
