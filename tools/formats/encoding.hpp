// Text of files as UTF-8. The encoding is what a byte order mark says, else what was declared, else UTF-8; it is never
// guessed. What does not fit is refused with its line: no character is replaced or dropped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/result.hpp"

namespace formats {

// Names as of the IANA character sets; `latin-1` is ISO-8859-1 (bytes 80 to 9F are control characters),
// `windows-1252` has quotes, dashes and € there.
enum class Encoding : std::uint8_t {
  utf8,
  utf16,  // with a byte order mark; without one it is refused, say utf-16le or utf-16be
  utf16le,
  utf16be,
  latin1,
  latin2,
  latin9,
  windows1250,
  windows1252,
  cp850,
};
std::string_view to_word(Encoding encoding);
// "utf-8", "utf-16", "utf-16le", "utf-16be", "latin-1" or "iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250",
// "windows-1252" or "cp1252", "cp850"; in any case. invalid_argument else.
engine::Result<Encoding> parse_encoding(std::string_view text);

struct Decoded {
  std::string text;  // UTF-8 without byte order mark
  Encoding encoding;
};
// Refused with `code`: bytes that are none of this encoding (with the line), NUL characters (binary data). A byte order
// mark counts before what was declared.
engine::Result<Decoded> decode(std::string bytes, std::optional<Encoding> declared, engine::ErrorCode code);

}  // namespace formats
