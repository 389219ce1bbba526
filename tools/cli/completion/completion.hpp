// Candidates that a shell offers when the tab key is pressed: commands, options, the words they take, and from the book
// account names, zones, open backorders and cases.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "engine/ports.hpp"

namespace cli {

struct Candidate {
  std::string word;
  std::string meaning{};  // shown beside it by zsh and fish
};

struct Completion {
  std::vector<Candidate> candidates{};
  bool files = false;  // the shell's own completion of file names goes on from here
};

// The kind of the values of an option or argument.
enum class ValueKind { none, file, choice, account, zone, backorder, open_case, user, source, setting, topic };
ValueKind value_kind(const CLI::Option& option);

// The candidates for the last of the words (those behind the program's name; the last may be empty or begun).
// `open_book` is asked only where values come from the book, and may throw: then there are none. At most `limit`.
struct BookOpener {
  virtual ~BookOpener() = default;
  // --db of the words typed so far; empty where there is none
  virtual engine::LedgerReader& open(const std::string& db) = 0;
};
Completion complete(const CLI::App& root, const std::vector<std::string>& words, BookOpener& book, std::size_t limit);

// The script that a shell evaluates; empty for a shell that is not known.
std::string completion_script(std::string_view shell);

}  // namespace cli
