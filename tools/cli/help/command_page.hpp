// The description of one command, taken from CLI11: the one source of --help, `dropledger help`,
// commands.md, the man pages and completion. Holds no layout.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cli {

struct OptionText {
  std::string names;                   // "-q, --quiet"; of an argument "DOMAIN..."
  std::string value{};                 // "FILE", "table|csv"; empty for a flag or an argument
  std::string meaning{};               // a sentence, with its range and its default
  std::vector<std::string> choices{};  // the words it takes, where there are only these
  bool required = false;
  std::string group{};
  std::string left() const { return value.empty() ? names : names + " " + value; }
};

struct CommandText {
  std::string name, summary, group;
};

struct CommandPage {
  std::string path;     // "account open"; empty for the program itself
  std::string summary;  // what it does
  std::vector<OptionText> arguments, options;
  std::vector<CommandText> commands;  // below it, in their groups
  std::string examples;               // lines to paste, indented by two blanks; of the program itself its whole footer
  std::string usage() const;          // "dropledger account open [OPTIONS] ACCOUNT"
};

// Hidden options and commands (those of the group "") are left out.
CommandPage page_of(const CLI::App& command);

// The commands below, without the hidden ones.
std::vector<const CLI::App*> commands_below(const CLI::App& command);

// The words that an option takes, where there are only these.
std::vector<std::string> choices_of(const CLI::Option& option);

// The command that the words name, or null.
const CLI::App* find_command(const CLI::App& root, const std::vector<std::string>& words);

}  // namespace cli
