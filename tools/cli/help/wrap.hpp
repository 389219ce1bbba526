// Lines of at most so many columns, for help and manual pages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cli {

// Appends `text` to `out`, broken between words so that no line takes more than `width` columns; the first line begins
// at column `at`, where `out` already stands, the others are indented by `indent` blanks. Words longer than a line
// stay whole. No line end after the last.
void append_wrapped(std::string& out, std::string_view text, std::size_t at, std::size_t indent, std::size_t width);

}  // namespace cli
