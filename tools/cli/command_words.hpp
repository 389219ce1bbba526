// The words of a command line that name its command, before CLI11 has read it.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cli {

// The positions of the first `most` arguments that are neither options nor their values; none after "--". `app` tells
// which options take a value.
std::vector<std::size_t> words_of(const std::vector<std::string>& arguments, const CLI::App& app, std::size_t most = 2);

// Replaces words that people type first: `status` is `doctor`, `list accounts` is `account list`. Returns
// the arguments with the command's own words; the others stay as they are.
std::vector<std::string> resolve_aliases(std::vector<std::string> arguments, const CLI::App& app);

}  // namespace cli
