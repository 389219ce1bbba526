#include "tools/formats/encoding.hpp"

#include <doctest/doctest.h>

using namespace formats;
using engine::ErrorCode;

TEST_CASE("encoding: what is declared or marked is converted, nothing else") {
  struct Row {
    std::string bytes;
    std::optional<Encoding> declared;
    const char* text;  // nullptr: refused
  };
  const std::string utf16(
      "\xFF\xFE"
      "k\0\xE4\0\n\0",
      8);
  for (const Row& row : {
           Row{"k\xC3\xA4se", {}, "k\xC3\xA4se"},
           Row{"\xEF\xBB\xBFk\xC3\xA4se", {}, "k\xC3\xA4se"},
           Row{"k\xE4se", Encoding::latin1, "k\xC3\xA4se"},
           Row{"5 \x80", Encoding::windows1252, "5 \xE2\x82\xAC"},
           Row{"5 \xA4", Encoding::latin9, "5 \xE2\x82\xAC"},
           Row{"k\xE4se", {}, nullptr},                                       // never guessed
           Row{"x\x81", Encoding::windows1252, nullptr},                      // no character there
           Row{"\xEF\xBB\xBFk\xC3\xA4", Encoding::windows1252, "k\xC3\xA4"},  // the mark counts first
           Row{utf16, {}, "k\xC3\xA4\n"},
           Row{utf16.substr(2), Encoding::utf16le, "k\xC3\xA4\n"},
           Row{utf16.substr(2), Encoding::utf16, nullptr},
           Row{utf16.substr(2, 3), Encoding::utf16le, nullptr},  // ends in the middle of a character
           Row{std::string("a\0b", 3), {}, nullptr},
           Row{"", {}, ""},
       }) {
    CAPTURE(row.bytes);
    const auto decoded = decode(row.bytes, row.declared, ErrorCode::invalid_statement);
    REQUIRE(bool(decoded) == (row.text != nullptr));
    if (row.text != nullptr)
      CHECK(decoded.value().text == row.text);
    else
      CHECK(decoded.error().code == ErrorCode::invalid_statement);
  }
  const auto bad = decode("a\nb\nc\xFF\n", {}, ErrorCode::invalid_list);
  REQUIRE_FALSE(bool(bad));
  CHECK(bad.error().detail.starts_with("line 3:"));
}

TEST_CASE("encoding: every name is understood in any case, others are refused") {
  for (const char* name : {"utf-8", "UTF-16LE", "latin-1", "ISO-8859-1", "Windows-1252", "cp1252", "cp850"})
    CHECK(bool(parse_encoding(name)));
  CHECK_FALSE(bool(parse_encoding("ebcdic")));
  CHECK(to_word(Encoding::windows1252) == "windows-1252");
}
