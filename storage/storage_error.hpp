// Thrown if storage cannot work: a file that is missing, locked, read-only, newer than the program or not a database; a
// full disk; a corrupt row. No rule can handle it. Unwinding rolls the transaction back, and main prints the code.
#pragma once

#include <stdexcept>

#include "engine/result.hpp"

namespace storage {

class StorageError : public std::runtime_error {
 public:
  explicit StorageError(engine::Error error) : std::runtime_error(error.detail), error_(std::move(error)) {}
  const engine::Error& error() const { return error_; }

 private:
  engine::Error error_;
};

}  // namespace storage
