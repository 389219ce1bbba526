// Long output on a terminal goes through a pager, so that its beginning can be read.
#pragma once

#include <memory>

namespace cli {

struct Globals;

// While it lives, what is written to std::cout goes to $DROPLEDGER_PAGER, else $PAGER, else less: where stdout is a
// terminal, and --no-pager was not given. The pager ends by itself where one screen is enough. Its destructor waits
// until the reader has finished.
class Pager {
 public:
  explicit Pager(const Globals& globals);
  ~Pager();
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

 private:
  class Child;
  std::unique_ptr<Child> child_;  // null where there is none
};

}  // namespace cli
