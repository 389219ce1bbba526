// Hands notices over on this machine: to a program's standard input, or to the end of a file.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/result.hpp"

namespace delivery {

// Runs a program without a shell: its words as they are, `input` on standard input, what it prints goes to our stderr,
// and `environment` ("NAME=value") is added to ours. Nothing when it ended with 0 in time, else what went wrong. It and
// what it started are killed when the time is over.
std::optional<std::string> run_with_input(const std::vector<std::string>& words,
                                          const std::vector<std::string>& environment, const std::string& input,
                                          std::chrono::milliseconds timeout);

// Appends one line, whole or not at all as far as the system allows, and makes sure that it is on the disk.
std::optional<std::string> append_line(const std::string& path, const std::string& line);

// Reads a file that only its owner may read (mode 600 or stricter), without the last line end; 16 characters or more.
// Refuses with credentials_unusable or file_not_found.
engine::Result<std::string> read_secret(const std::string& path);

}  // namespace delivery
