// The options that every command knows.
#pragma once

#include "tools/cli/session.hpp"

namespace cli {

// What DROPLEDGER_… in the environment says; options come first.
void take_environment(Globals& globals);
void add_global_options(CLI::App& app, Globals& globals);

}  // namespace cli
