// Tables of enumerators and their words, read in both directions: the word that is printed and stored is the word that
// is parsed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "engine/ensure.hpp"

namespace engine {

template <typename Enum>
struct Named {
  Enum value;
  std::string_view word;
};

template <typename Enum, std::size_t n>
std::string_view word_of(const Named<Enum> (&table)[n], Enum value) {
  for (const Named<Enum>& row : table) {
    if (row.value == value) return row.word;
  }
  invariant_failed("the enumerator has a word", __FILE__, __LINE__, std::to_string(static_cast<int>(value)));
}

template <typename Enum, std::size_t n>
std::optional<Enum> value_of(const Named<Enum> (&table)[n], std::string_view word) {
  for (const Named<Enum>& row : table) {
    if (row.word == word) return row.value;
  }
  return std::nullopt;
}

}  // namespace engine
