// The options that every command knows.
#pragma once

#include "tools/cli/session.hpp"

namespace cli {

// Reads DROPLEDGER_… from the environment; options come first.
void take_environment(Globals& globals);
void add_global_options(CLI::App& app, Globals& globals);

}  // namespace cli
