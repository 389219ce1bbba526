// The command line as CLI11 knows it: the options of every command, and every command in its group.
#pragma once

#include <memory>

#include "tools/cli/session.hpp"

namespace cli {

// The whole of it. A command that is parsed runs at once, and leaves its status in `exit_status`; both references
// outlive the program.
std::unique_ptr<CLI::App> make_program(Globals& globals, int& exit_status);

}  // namespace cli
