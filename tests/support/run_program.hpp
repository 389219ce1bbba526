// Runs a program as a user would: arguments, standard input and environment in; both outputs and the exit status out.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace support {

// every default is written out, or -Wextra asks a designated initializer for all members
struct ProgramOptions {
  // all of its standard input; empty: end of file at once
  std::string input = {};
  // on top of PATH, HOME, TMPDIR and the sanitizers' options; no other is inherited
  std::map<std::string, std::string> environment = {};
  std::string directory = {};  // where it runs; empty: where the test runs
  // then it and all it started are killed: no test hangs
  std::chrono::milliseconds timeout{60'000};
};

struct ProgramResult {
  std::string output;         // standard output
  std::string error;          // standard error
  std::optional<int> status;  // exit status; empty when a signal ended it
  int signal = 0;             // that signal, else 0
  bool timed_out = false;     // it was killed by us
};

// dropledger, from $DROPLEDGER_PROGRAM, else the one this build made.
std::string program_path();

// Of this checkout, for tests that read our own pages and sources.
std::filesystem::path source_folder();

// Where this test was built.
std::filesystem::path build_folder();

// Throws std::system_error when the program cannot be started.
// dropledger
ProgramResult run_program(const std::vector<std::string>& arguments, const ProgramOptions& options = {});
ProgramResult run(const std::string& path, const std::vector<std::string>& arguments,
                  const ProgramOptions& options = {});

}  // namespace support
