// What must hold for every input. A failure ends the program, so that the fuzzer keeps the input that caused it.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#define MUST(condition)                                                                   \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

// A name as the protocol has them. What `without_secrets` makes of others does not matter: no client and no server of
// it takes them.
inline bool is_usual(std::string_view name) {
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}
inline bool is_hidden(std::string_view value) { return value.empty() || value == "***"; }
