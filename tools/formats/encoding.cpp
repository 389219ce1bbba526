#include "tools/formats/encoding.hpp"

#include <iconv.h>
#include <unistr.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace formats {
namespace {

using engine::Error;
using engine::Result;

struct Name {
  std::string_view word;
  Encoding encoding;
  const char* iconv_name;
};
// The first of each encoding is what it is called; the others are understood.
constexpr Name kNames[] = {
    {"utf-8", Encoding::utf8, "UTF-8"},
    {"utf8", Encoding::utf8, "UTF-8"},
    {"utf-16", Encoding::utf16, ""},
    {"utf-16le", Encoding::utf16le, "UTF-16LE"},
    {"utf-16be", Encoding::utf16be, "UTF-16BE"},
    {"latin-1", Encoding::latin1, "ISO-8859-1"},
    {"latin1", Encoding::latin1, "ISO-8859-1"},
    {"iso-8859-1", Encoding::latin1, "ISO-8859-1"},
    {"iso-8859-2", Encoding::latin2, "ISO-8859-2"},
    {"iso-8859-15", Encoding::latin9, "ISO-8859-15"},
    {"windows-1250", Encoding::windows1250, "CP1250"},
    {"windows-1252", Encoding::windows1252, "CP1252"},
    {"cp1252", Encoding::windows1252, "CP1252"},
    {"cp850", Encoding::cp850, "CP850"},
};

const Name& name_of(Encoding encoding) { return *std::ranges::find(kNames, encoding, &Name::encoding); }

std::string line_of(std::string_view text_before) {
  return "line " + std::to_string(std::ranges::count(text_before, '\n') + 1);
}

struct CloseIconv {
  void operator()(void* descriptor) const { iconv_close(descriptor); }
};

Result<std::string> convert(std::string_view bytes, Encoding encoding, engine::ErrorCode code) {
  const iconv_t opened = iconv_open("UTF-8", name_of(encoding).iconv_name);
  if (opened == reinterpret_cast<iconv_t>(-1)) {  // NOLINT: how iconv says no
    return Error{code, "this system cannot convert from " + std::string(to_word(encoding)) + "; save it as UTF-8"};
  }
  const std::unique_ptr<void, CloseIconv> descriptor(opened);
  std::string text;
  char block[64 * 1024];
  char* from = const_cast<char*>(bytes.data());  // iconv does not write there
  std::size_t left = bytes.size();
  while (left > 0) {
    char* to = block;
    std::size_t room = sizeof block;
    const std::size_t converted = iconv(descriptor.get(), &from, &left, &to, &room);
    const int reason = errno;
    text.append(block, sizeof block - room);
    if (converted == static_cast<std::size_t>(-1) && reason != E2BIG) {
      return Error{code, line_of(text) + ": these bytes are not " + std::string(to_word(encoding)) +
                             "; say the encoding that the file has"};
    }
  }
  return text;
}

}  // namespace

std::string_view to_word(Encoding encoding) { return name_of(encoding).word; }

Result<Encoding> parse_encoding(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (const auto* found = std::ranges::find(kNames, small, &Name::word); found != std::end(kNames))
    return found->encoding;
  return Error{engine::ErrorCode::invalid_argument,
               "'" + std::string(text) + "' is no encoding that is read; use utf-8, utf-16le, latin-1, windows-1252 …"};
}

Result<Decoded> decode(std::string bytes, std::optional<Encoding> declared, engine::ErrorCode code) {
  Encoding encoding = declared.value_or(Encoding::utf8);
  std::size_t mark = 0;
  const std::string_view all(bytes);
  if (all.starts_with("\xEF\xBB\xBF")) {
    encoding = Encoding::utf8;
    mark = 3;
  } else if (all.starts_with("\xFF\xFE") || all.starts_with("\xFE\xFF")) {
    encoding = all.front() == '\xFF' ? Encoding::utf16le : Encoding::utf16be;
    mark = 2;
  } else if (encoding == Encoding::utf16) {
    return Error{code, "the file has no byte order mark; say utf-16le or utf-16be"};
  }
  Decoded decoded{{}, encoding};
  if (encoding == Encoding::utf8) {
    if (const std::uint8_t* at =
            u8_check(reinterpret_cast<const std::uint8_t*>(bytes.data()) + mark, bytes.size() - mark)) {
      const auto offset = static_cast<std::size_t>(at - reinterpret_cast<const std::uint8_t*>(bytes.data()));
      return Error{code, line_of(all.substr(0, offset)) +
                             ": these bytes are not UTF-8; say the encoding, such as latin-1 or windows-1252"};
    }
    bytes.erase(0, mark);
    decoded.text = std::move(bytes);
  } else {
    Result<std::string> text = convert(all.substr(mark), encoding, code);
    if (!text) return text.error();
    decoded.text = std::move(text).value();
  }
  if (const std::size_t nul = decoded.text.find('\0'); nul != std::string::npos) {
    return Error{code, line_of(std::string_view(decoded.text).substr(0, nul)) + ": it holds binary data" +
                           (encoding == Encoding::utf8 ? "; if it is UTF-16, say utf-16le" : "")};
  }
  return decoded;
}

}  // namespace formats
