#include "tools/cli/help/help_text.hpp"

#include <unistd.h>

#include <algorithm>

#include "tools/cli/help/wrap.hpp"
#include "tools/render/terminal.hpp"
#include "tools/render/text.hpp"

namespace cli {
namespace {

constexpr std::size_t kWidestLeft = 24;  // a longer name has a line of its own

std::size_t left_width(std::size_t widest) { return std::min(widest, kWidestLeft); }

// "  --quiet   Suppress …" with the meanings in one column.
void append_pair(std::string& out, const std::string& left, const std::string& right, std::size_t column,
                 std::size_t width) {
  out += "  " + left;
  const std::size_t indent = 2 + column + 2;
  const std::size_t taken = 2 + render::display_width(left);
  if (taken + 2 > indent)
    out += "\n" + std::string(indent, ' ');
  else
    out += std::string(indent - taken, ' ');
  append_wrapped(out, right, indent, indent, width);
  out += '\n';
}

std::string title_of(const std::string& group) { return group.empty() ? "Options" : group; }

void append_options(std::string& out, const std::vector<OptionText>& options, std::size_t column, std::size_t width) {
  std::vector<std::string> groups;
  for (const OptionText& option : options) {
    if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
  }
  for (const std::string& group : groups) {
    out += "\n" + title_of(group) + ":\n";
    for (const OptionText& option : options) {
      if (option.group == group) append_pair(out, option.left(), option.meaning, column, width);
    }
  }
}

void append_commands(std::string& out, const std::vector<CommandText>& commands, std::size_t width) {
  std::size_t column = 0;
  for (const CommandText& command : commands) column = std::max(column, render::display_width(command.name));
  std::string group = "\n";  // none has this
  for (const CommandText& command : commands) {
    if (command.group != group) out += "\n" + (command.group == "Subcommands" ? "Commands" : command.group) + ":\n";
    group = command.group;
    append_pair(out, command.name, command.summary, left_width(column), width);
  }
}

// ---- Markdown

constexpr std::size_t kMarkdownWidth = 100;

void append_item(std::string& out, const std::string& left, const std::string& right) {
  out += "- ";
  append_wrapped(out, "`" + left + "`: " + right, 2, 2, kMarkdownWidth);
  out += '\n';
}

void append_command(std::string& out, const CLI::App& command) {
  const CommandPage page = page_of(command);
  out += (page.path.find(' ') == std::string::npos ? "\n### " : "\n#### ") + page.path + "\n\n";
  append_wrapped(out, page.summary + ".", 0, 0, kMarkdownWidth);
  out += '\n';
  if (page.commands.empty()) {
    out += "\n```\n" + page.usage() + "\n```\n";
    std::string items;
    for (const OptionText& argument : page.arguments) append_item(items, argument.names, argument.meaning);
    for (const OptionText& option : page.options) {
      if (option.names != "-h, --help") append_item(items, option.left(), option.meaning);
    }
    if (!items.empty()) out += "\n" + items;
    if (!page.examples.empty()) out += "\n```\n" + page.examples + "\n```\n";
  }
  for (const CLI::App* below : commands_below(command)) append_command(out, *below);
}

}  // namespace

std::size_t help_width() {
  const int columns = render::terminal_width(STDOUT_FILENO);
  return columns == 0 ? 80 : static_cast<std::size_t>(std::clamp(columns, 40, 100));
}

std::string help_text(const CommandPage& page, std::size_t width) {
  std::string out;
  append_wrapped(out, page.summary, 0, 0, width);
  out += "\n\nUsage: ";
  append_wrapped(out, page.usage(), 7, 9, width);
  out += '\n';
  const bool is_program = page.path.empty();
  if (!is_program && !page.examples.empty()) out += "\nExamples:\n" + page.examples + "\n";
  append_commands(out, page.commands, width);
  std::size_t column = 0;
  for (const auto* list : {&page.arguments, &page.options}) {
    for (const OptionText& option : *list) column = std::max(column, render::display_width(option.left()));
  }
  column = left_width(column);
  if (!page.arguments.empty()) {
    out += "\nArguments:\n";
    for (const OptionText& argument : page.arguments) append_pair(out, argument.names, argument.meaning, column, width);
  }
  append_options(out, page.options, column, width);
  if (is_program) {
    out += "\n" + page.examples + "\n";
  } else {
    out += "\n";
    append_wrapped(out, "Options of every command (--db, --now, --format, --dry-run, …): dropledger --help", 0, 0,
                   width);
    out += "\n";
  }
  return out;
}

std::string help_markdown(const CLI::App& root) {
  const CommandPage page = page_of(root);
  std::string out = "# Commands\n\n";
  append_wrapped(out,
                 "Printed by `dropledger help --markdown`; a test holds this page against the program. `dropledger "
                 "COMMAND --help` says the same in a terminal, and `man dropledger-NOUN` on an installed system.",
                 0, 0, kMarkdownWidth);
  out += "\n\n```\n" + page.usage() + "\n```\n\n## Options of every command\n\n";
  for (const OptionText& option : page.options) append_item(out, option.left(), option.meaning);
  std::string group;
  for (const CLI::App* command : commands_below(root)) {
    if (command->get_group() != group) out += "\n## " + command->get_group() + "\n";
    group = command->get_group();
    append_command(out, *command);
  }
  return out;
}

}  // namespace cli
