// ENSURE checks invariants where data crosses an edge, in release builds too. Bad input is refused with an Error
// (result.hpp), never with ENSURE. A broken invariant is a bug of this program; stopping the command is cheaper than
// wrong money.
#pragma once

#include <stdexcept>
#include <string>

namespace engine {

class InvariantError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void invariant_failed(const char* condition, const char* file, int line, const std::string& why);

}  // namespace engine

// Checked in release builds too. `why` is only built when the condition fails.
#define ENSURE(condition, why)                                                           \
  do {                                                                                   \
    if (!(condition)) ::engine::invariant_failed(#condition, __FILE__, __LINE__, (why)); \
  } while (false)
