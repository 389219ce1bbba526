// Letters as the protocol compares them: ASCII only, whatever the locale. Other bytes are themselves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace api_client {

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

inline bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return upper(x) == upper(y); });
}

inline std::string to_upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = upper(c);
  return result;
}

// Without blanks, tabs and CRs around it: a line read up to its LF loses its line end too.
constexpr std::string_view trimmed(std::string_view text) {
  constexpr auto outer = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && outer(text.front())) text.remove_prefix(1);
  while (!text.empty() && outer(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace api_client
