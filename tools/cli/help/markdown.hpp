// The Markdown of our manual's pages, as blocks: what `help TOPIC` and the man pages are made of. Knows headings,
// paragraphs, lists, code, tables, bold text, code words and links; everything else stays as it is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct Block {
  enum class Kind { heading, paragraph, item, code, table_row };
  Kind kind;
  int level = 0;                     // of a heading: 1 is the title; of an item: 0 is the outermost
  std::string text{};                // one line, but of code; in a table empty
  std::vector<std::string> cells{};  // of a table's row; the first row of a table is its head
  bool first = false;                // of a table: the head
};
std::vector<Block> parse_markdown(std::string_view text);

// A piece of a block's text: plain, bold or code.
struct Span {
  enum class Style { plain, bold, code };
  Style style;
  std::string text;
};
// Links are left with their text alone.
std::vector<Span> parse_spans(std::string_view text);

// For a terminal: paragraphs broken at `width`, headings and bold text bold where `color`.
std::string markdown_as_text(std::string_view text, std::size_t width, bool color);

// The blocks as roff with the man macros, below the level of .SH; `leave_title` drops the first heading.
std::string markdown_as_roff(std::string_view text, bool leave_title);

// Plain text for roff: escapes what roff reads as commands.
std::string roff_text(std::string_view text);

}  // namespace cli
