// The options that every command knows.
#pragma once

#include "tools/cli/session.hpp"

namespace cli {

void add_global_options(CLI::App& app, Globals& globals);

}  // namespace cli
