// Text on its way to a terminal: made harmless, and measured in columns, not bytes. Domain names, notes and provider
// messages come from strangers; an escape sequence in one must not repaint the screen, nor a direction override make
// one name look like another.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace render {

// Appends `text` with control characters (C0, DEL, C1), line and paragraph separators and direction overrides as
// escapes: \n \r \t \x1b \u202e; bytes that are not UTF-8 become U+FFFD. Everything else stays, backslashes too: this
// is for reading, not for parsing back.
void append_printable(std::string& out, std::string_view text);
std::string printable(std::string_view text);

// Columns that printable text takes: 1 for Arabic, 2 for Chinese, 0 for combining marks.
std::size_t display_width(std::string_view printable_text);

// The longest prefix that takes at most `width` columns.
std::string_view prefix_of_width(std::string_view printable_text, std::size_t width);

// The first character of text, and how many bytes it takes: at least one. U+FFFD for bytes that are not UTF-8.
// REQUIRES: text is not empty.
struct Decoded {
  char32_t point;
  std::size_t length;
};
Decoded decode(std::string_view text);

// The characters that append_printable and the JSON writer escape.
bool is_unprintable(char32_t point);

}  // namespace render
