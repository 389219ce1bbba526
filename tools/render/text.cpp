#include "tools/render/text.hpp"

#include <unistr.h>
#include <uniwidth.h>

#include <algorithm>
#include <cstdint>

namespace render {
namespace {

const std::uint8_t* bytes(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

bool is_plain(char c) { return c >= 0x20 && c < 0x7f; }

}  // namespace

bool is_unprintable(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point <= 0x9f)  // C0, DEL, C1
         || point == 0x2028 ||
         point == 0x2029  // line and paragraph separator
         // embeddings and overrides of direction (Unicode TR 36, "Bidirectional")
         || (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);  // isolates
}

Decoded decode(std::string_view text) {
  ucs4_t point = 0;
  const int length = u8_mbtouc(&point, bytes(text), text.size());
  return {static_cast<char32_t>(point), static_cast<std::size_t>(length)};
}

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t plain =
        static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const Decoded next = decode(text);
    if (next.point == '\n') {
      out += "\\n";
    } else if (next.point == '\r') {
      out += "\\r";
    } else if (next.point == '\t') {
      out += "\\t";
    } else if (is_unprintable(next.point)) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out += next.point < 0x100 ? "\\x" : "\\u";
      for (int shift = next.point < 0x100 ? 4 : 12; shift >= 0; shift -= 4) out += kHex[(next.point >> shift) & 0xf];
    } else if (next.point == 0xfffd) {
      out += "\xEF\xBF\xBD";
    } else {
      out.append(text.substr(0, next.length));
    }
    text.remove_prefix(next.length);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

std::size_t display_width(std::string_view printable_text) {
  if (std::all_of(printable_text.begin(), printable_text.end(), is_plain)) return printable_text.size();
  return static_cast<std::size_t>(std::max(0, u8_width(bytes(printable_text), printable_text.size(), "UTF-8")));
}

std::string_view prefix_of_width(std::string_view printable_text, std::size_t width) {
  std::size_t taken = 0;
  std::size_t end = 0;
  while (end < printable_text.size()) {
    const Decoded next = decode(printable_text.substr(end));
    const std::size_t columns =
        static_cast<std::size_t>(std::max(0, uc_width(static_cast<ucs4_t>(next.point), "UTF-8")));
    if (taken + columns > width) break;
    taken += columns;
    end += next.length;
  }
  return printable_text.substr(0, end);
}

}  // namespace render
