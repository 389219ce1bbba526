// Facts about the terminal: whether there is one, its width, and whether colours are wanted. The
// only place that reads NO_COLOR, TERM and COLUMNS.
#pragma once

#include <string_view>

#include "engine/result.hpp"

namespace render {

bool is_terminal(int descriptor);
bool is_dumb_terminal();  // TERM is "dumb", empty or not set: no cursor movement, no colours

// auto: a terminal that is not dumb, and NO_COLOR (no-color.org) not set or empty. always, never: as said. Else
// invalid_argument.
engine::Result<bool> use_color(std::string_view choice, int descriptor);

// Columns of the terminal; COLUMNS overrides it. 0, no limit, where there is no terminal.
int terminal_width(int descriptor);

}  // namespace render
