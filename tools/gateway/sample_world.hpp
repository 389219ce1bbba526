// The world of `serve --rehearsal`: a sample book and a simulated registry in which the quick start's own call works.
#pragma once

#include <string>

#include "engine/result.hpp"
#include "engine/time.hpp"

namespace gateway {

// Makes the book and the registry (where one is named) where they are missing, and leaves what is there. In a new book
// test.user (password test.passw0rd, the public demo account of the provider's test system) has an account of that name
// with 500.00 EUR, and john.com drops in four days, among others. Refused: clock_not_movable where the book is a live
// one. Throws storage::StorageError.
engine::Status make_rehearsal(const std::string& book, const std::string& registry, engine::UtcTime now);

}  // namespace gateway
