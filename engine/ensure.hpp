// Invariants that must hold where data crosses an edge. Input is refused with an Error (result.hpp), never with ENSURE:
// a broken invariant means that this program is wrong, and a stopped command is cheaper than wrong money.
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
