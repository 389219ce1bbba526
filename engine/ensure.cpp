#include "engine/ensure.hpp"

namespace engine {

void invariant_failed(const char* condition, const char* file, int line, const std::string& why) {
  throw InvariantError(std::string(file) + ":" + std::to_string(line) + ": " + condition +
                       (why.empty() ? "" : ": " + why));
}

}  // namespace engine
