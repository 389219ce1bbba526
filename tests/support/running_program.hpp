// A program that goes on running while the test talks to it: a server. Killed when the test is over, whatever happened;
// what it keeps waiting for a minute throws.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace support {

class RunningProgram {
 public:
  // Starts dropledger with these arguments; its standard error goes to `error_file`. Throws std::system_error.
  RunningProgram(const std::vector<std::string>& arguments, const std::string& error_file);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  std::string read_line();        // of its standard output; empty when it ends without one
  void signal(int number) const;  // SIGTERM, SIGHUP …
  std::optional<int> wait();      // until it has ended: its exit status; nothing where a signal ended it
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

}  // namespace support
