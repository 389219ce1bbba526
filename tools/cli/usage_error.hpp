// Messages about a command line that cannot be parsed. They say what the user can do instead.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cli {

// CLI11's error in our words, with a guess at what was meant.
std::string usage_text(const CLI::App& root, const CLI::ParseError& error);

// The format that the arguments ask for, where the command line could not be read to its end; else `format`.
std::string format_wanted(const std::vector<std::string>& arguments, std::string format);

}  // namespace cli
