#include "tools/cli/help/markdown.hpp"

#include <algorithm>
#include <utility>

#include "tools/cli/help/wrap.hpp"
#include "tools/render/text.hpp"

namespace cli {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

std::vector<std::string> cells_of(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with('|')) line.remove_prefix(1);
  if (line.ends_with('|')) line.remove_suffix(1);
  std::vector<std::string> cells(1);
  bool in_code = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == '|') {
      cells.back() += line[++at];
      continue;
    }
    if (line[at] == '`') in_code = !in_code;
    if (line[at] == '|' && !in_code)
      cells.emplace_back();
    else
      cells.back() += line[at];
  }
  for (std::string& cell : cells) cell = std::string(trimmed(cell));
  return cells;
}

// The length of the list mark of a line ("- ", "12. "); 0 where it begins no item.
std::size_t list_mark(std::string_view line) {
  if (line.starts_with("- ") || line.starts_with("* ")) return 2;
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  return digits > 0 && line.substr(digits).starts_with(". ") ? digits + 2 : 0;
}

class Parser {
 public:
  std::vector<Block> parse(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      take(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(blocks_);
  }

 private:
  void take(std::string_view line) {
    const std::string_view content = trimmed(line);
    if (content.starts_with("```")) {
      in_code_ = !in_code_;
      if (in_code_) blocks_.push_back({.kind = Block::Kind::code});
      open_ = false;
    } else if (in_code_) {
      blocks_.back().text += std::string(line) + "\n";
    } else if (content.empty() || content.starts_with("<!--")) {
      open_ = false;
      in_table_ = false;
    } else if (content.starts_with('#')) {
      const std::size_t level = content.find_first_not_of('#');
      blocks_.push_back({.kind = Block::Kind::heading,
                         .level = static_cast<int>(level),
                         .text = std::string(trimmed(content.substr(std::min(level, content.size()))))});
      open_ = false;
    } else if (content.starts_with('|')) {
      take_row(content);
    } else if (const std::size_t mark = list_mark(content); mark > 0) {
      const std::size_t indent = line.find_first_not_of(' ');
      blocks_.push_back({.kind = Block::Kind::item,
                         .level = static_cast<int>(indent / 2),
                         .text = std::string(trimmed(content.substr(mark)))});
      open_ = true;
    } else if (open_) {
      blocks_.back().text += " " + std::string(content);
    } else {
      blocks_.push_back({.kind = Block::Kind::paragraph, .text = std::string(content)});
      open_ = true;
    }
  }

  void take_row(std::string_view line) {
    if (line.find_first_not_of("|-: ") == std::string_view::npos) return;  // the rule under the head
    blocks_.push_back({.kind = Block::Kind::table_row, .cells = cells_of(line), .first = !in_table_});
    in_table_ = true;
    open_ = false;
  }

  std::vector<Block> blocks_;
  bool in_code_ = false, in_table_ = false, open_ = false;  // open_: the next line goes on with the last block
};

std::string styled(const std::vector<Span>& spans, bool color) {
  std::string text;
  for (const Span& span : spans) {
    const bool bold = color && span.style != Span::Style::plain;
    text += (bold ? "\x1b[1m" : "") + span.text + (bold ? "\x1b[0m" : "");
  }
  return text;
}

// Escape sequences are never broken, and take no columns; so they are wrapped as part of their word.
void append_paragraph(std::string& out, std::string_view text, std::size_t at, std::size_t indent, std::size_t width,
                      bool color) {
  append_wrapped(out, styled(parse_spans(text), color), at, indent, width);
  out += '\n';
}

bool same_list(const Block& a, const Block& b) { return a.kind == Block::Kind::item && b.kind == Block::Kind::item; }

std::string roff_spans(std::string_view text) {
  std::string out;
  for (const Span& span : parse_spans(text))
    out += span.style == Span::Style::plain ? roff_text(span.text) : "\\fB" + roff_text(span.text) + "\\fR";
  return out;
}

// A line that begins with a dot or an apostrophe would be a command.
std::string roff_line(std::string_view text) {
  const std::string line = roff_spans(text);
  return (line.starts_with('.') || line.starts_with('\'') ? "\\&" : "") + line + "\n";
}

std::string rest_of_row(const Block& row) {
  std::string rest;
  for (std::size_t i = 1; i < row.cells.size(); ++i) {
    if (!row.cells[i].empty()) rest += (rest.empty() ? "" : "; ") + row.cells[i];
  }
  return rest;
}

std::string roff_code(std::string_view code) {
  std::string out = ".nf\n.RS 4\n";
  while (!code.empty()) {
    const std::size_t end = std::min(code.find('\n'), code.size());
    const std::string line = roff_text(code.substr(0, end));
    out += (line.starts_with('.') || line.starts_with('\'') ? "\\&" : "") + line + "\n";
    code.remove_prefix(std::min(end + 1, code.size()));
  }
  return out + ".RE\n.fi\n";
}

}  // namespace

std::vector<Block> parse_markdown(std::string_view text) { return Parser().parse(text); }

std::vector<Span> parse_spans(std::string_view text) {
  std::vector<Span> spans;
  const auto append = [&spans](Span::Style style, std::string_view piece) {
    if (piece.empty()) return;
    if (!spans.empty() && spans.back().style == style)
      spans.back().text += piece;
    else
      spans.push_back({style, std::string(piece)});
  };
  while (!text.empty()) {
    const std::string_view mark = text.starts_with("**") ? "**" : text.starts_with('`') ? "`" : "";
    if (const std::size_t end = mark.empty() ? std::string_view::npos : text.find(mark, mark.size());
        end != std::string_view::npos) {
      append(mark == "`" ? Span::Style::code : Span::Style::bold, text.substr(mark.size(), end - mark.size()));
      text.remove_prefix(end + mark.size());
      continue;
    }
    if (const std::size_t middle = text.starts_with('[') ? text.find("](") : std::string_view::npos;
        middle != std::string_view::npos && text.find(')', middle) != std::string_view::npos) {
      for (Span& span : parse_spans(text.substr(1, middle - 1))) append(span.style, span.text);
      text.remove_prefix(text.find(')', middle) + 1);
      continue;
    }
    const std::size_t next = std::min(text.find_first_of("*`[", 1), text.size());
    append(Span::Style::plain, text.substr(0, next));
    text.remove_prefix(next);
  }
  return spans;
}

std::string markdown_as_text(std::string_view text, std::size_t width, bool color) {
  std::string out;
  const Block* before = nullptr;
  const std::vector<Block> blocks = parse_markdown(text);
  for (const Block& block : blocks) {
    const bool in_row = before != nullptr && block.kind == Block::Kind::table_row && !block.first;
    if (before != nullptr && !same_list(*before, block) && !in_row) out += '\n';
    before = &block;
    switch (block.kind) {
      case Block::Kind::heading:
        out += (color ? "\x1b[1m" : "") + styled(parse_spans(block.text), false) + (color ? "\x1b[0m" : "") + "\n";
        break;
      case Block::Kind::paragraph:
        append_paragraph(out, block.text, 0, 0, width, color);
        break;
      case Block::Kind::item: {
        const std::size_t indent = 2 + 2 * static_cast<std::size_t>(block.level);
        out += std::string(indent, ' ') + "- ";
        append_paragraph(out, block.text, indent + 2, indent + 2, width, color);
        break;
      }
      case Block::Kind::code:
        for (std::string_view code = block.text; !code.empty();) {
          const std::size_t end = std::min(code.find('\n'), code.size());
          out += "    " + std::string(code.substr(0, end)) + "\n";
          code.remove_prefix(std::min(end + 1, code.size()));
        }
        break;
      case Block::Kind::table_row: {
        if (block.first) break;  // the entries say what they are
        out += "  ";
        append_paragraph(out, block.cells.front(), 2, 4, width, color);
        out += "      ";
        append_paragraph(out, rest_of_row(block), 6, 6, width, color);
        break;
      }
    }
  }
  return out;
}

std::string markdown_as_roff(std::string_view text, bool leave_title) {
  std::string out;
  bool begins = false;  // behind a heading, where a paragraph begins by itself
  for (const Block& block : parse_markdown(text)) {
    const bool is_first = std::exchange(begins, block.kind == Block::Kind::heading);
    switch (block.kind) {
      case Block::Kind::heading:
        if (block.level == 1 && leave_title) break;
        out += (block.level <= 2 ? ".SH \"" : ".SS \"") + roff_spans(block.text) + "\"\n";
        break;
      case Block::Kind::paragraph:
        out += (is_first ? "" : ".PP\n") + roff_line(block.text);
        break;
      case Block::Kind::item:
        out += ".IP \\(bu 3\n" + roff_line(block.text);
        break;
      case Block::Kind::code:
        out += (is_first ? "" : ".PP\n") + roff_code(block.text);
        break;
      case Block::Kind::table_row:
        if (!block.first) out += ".TP\n" + roff_line(block.cells.front()) + roff_line(rest_of_row(block));
        break;
    }
  }
  return out;
}

std::string roff_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '"')
      out += "\\(dq";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '~')
      out += "\\(ti";
    else
      out += c;
  }
  return out;
}

}  // namespace cli
