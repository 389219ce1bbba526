// --help as people read it in a terminal.
#pragma once

#include <string>

#include "tools/cli/help/command_page.hpp"

namespace cli {

// The columns that help takes: the terminal's, 40 to 100; 80 where there is no terminal.
std::size_t help_width();

// The help of a command: purpose, usage, examples, arguments, options; for a noun its commands. Ends with a line end.
std::string help_text(const CommandPage& page, std::size_t width);

// Every command with its arguments, options and examples, as Markdown: tools/cli/commands.md.
std::string help_markdown(const CLI::App& root);

}  // namespace cli
