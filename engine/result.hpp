// A value or a refusal. A refusal is an expected failure (no funds, bad text, race lost). Broken invariants and broken
// disks are exceptions. Result is [[nodiscard]]: a forgotten check is a compiler warning, and warnings are errors.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "engine/ensure.hpp"
#include "engine/error_code.hpp"

namespace engine {

// `code` is for programs; `detail` for people: what, where, and what to do about it, in one line.
struct Error {
  ErrorCode code;
  std::string detail;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  explicit operator bool() const { return state_.index() == 0; }
  const T& value() const& {
    require();
    return *std::get_if<0>(&state_);
  }
  T& value() & {
    require();
    return *std::get_if<0>(&state_);
  }
  // by value: `for (x : f().value().rows)` outlives f()'s Result
  T value() && {
    require();
    return std::move(*std::get_if<0>(&state_));
  }
  // REQUIRES: !*this
  const Error& error() const {
    ENSURE(state_.index() == 1, "error() of a Result that holds a value");
    return *std::get_if<1>(&state_);
  }

 private:
  void require() const {
    if (state_.index() != 0)
      invariant_failed("Result holds a value", __FILE__, __LINE__, std::get_if<1>(&state_)->detail);
  }
  std::variant<T, Error> state_;
};

// Success without a value, or the reason for the refusal.
struct Unit {};
using Status = Result<Unit>;

}  // namespace engine
