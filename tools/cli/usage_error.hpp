// Messages about a command line that cannot be parsed. They say what the user can do instead.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

// True if a word stands in the place of a command and no command has this name.
bool has_unknown_command(const CLI::App& root);

// CLI11's error in our words, with a guess at what was meant.
std::string usage_text(const CLI::App& root, const CLI::ParseError& error);

// A word that could have been meant, and how it is shown.
struct Choice {
  std::string word;
  std::string shown;
};
// "; did you mean 'account open'?", or nothing where no choice is near.
std::string suggestion(std::string_view typed, const std::vector<Choice>& choices);

// The format that the arguments ask for, where the command line could not be read to its end; else `format`.
std::string format_wanted(const std::vector<std::string>& arguments, std::string format);

}  // namespace cli
