#include "tools/cli/help/wrap.hpp"

#include <algorithm>

#include "tools/render/text.hpp"

namespace cli {

void append_wrapped(std::string& out, std::string_view text, std::size_t at, std::size_t indent, std::size_t width) {
  bool begins = true;
  while (!text.empty()) {
    const std::size_t blanks = std::min(text.find_first_not_of(" \n"), text.size());
    text.remove_prefix(blanks);
    if (text.empty()) break;
    const std::string_view word = text.substr(0, std::min(text.find_first_of(" \n"), text.size()));
    const std::size_t columns = render::display_width(word);
    if (!begins && at + 1 + columns > width) {
      out += "\n" + std::string(indent, ' ');
      at = indent;
    } else if (!begins) {
      out += ' ';
      ++at;
    }
    out += word;
    at += columns;
    begins = false;
    text.remove_prefix(word.size());
  }
}

}  // namespace cli
