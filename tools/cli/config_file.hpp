// The configuration file: the options of every command, and in tables those of single commands, as TOML. An option on
// the command line comes first, then the environment (DROPLEDGER_DB for db), then the file of the user, then that of
// the machine. The policies kept in the book ('config list') are something else: every program that opens the book
// obeys those, whatever stands here.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/result.hpp"

namespace cli {

// A value that was given, and where.
struct ConfigValue {
  std::string key;     // "db", "serve.listen"
  std::string value;   // as the option takes it
  std::string origin;  // "/etc/dropledger/config.toml:3", "environment DROPLEDGER_DB", "option", "default"
};

// The files that are read, the more important one last: --config or DROPLEDGER_CONFIG alone, else those of the machine
// and of the user that exist. "none" is no file.
std::vector<std::string> config_files(const CLI::App& root, const std::vector<std::string>& arguments);

// Gives the options of `root` and of its commands the values of the files and of the environment, before the command
// line is parsed. file_not_found, and invalid_argument with file and line: no TOML, an unknown key, a value the option
// does not take.
engine::Result<std::vector<ConfigValue>> apply_config(CLI::App& root, const std::vector<std::string>& files);

// Every option of every command with its value and where it comes from, after the command line was parsed.
std::vector<ConfigValue> effective_config(const CLI::App& root, const std::vector<ConfigValue>& applied);

// The keys of the file, as a page of the manual.
std::string config_file_page(const CLI::App& root);

}  // namespace cli
