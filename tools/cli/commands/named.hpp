// Backorders and cases by number, or by the domain name that they are about: one candidate is taken, several are
// listed, and none is guessed.
#pragma once

#include <string>

#include "engine/ports.hpp"

namespace cli {

// Of a name with an open backorder the open one, else the ended one. Throws CommandError: backorder_not_found, and
// invalid_argument where the name has several, with their numbers.
engine::Backorder backorder_named(engine::LedgerReader& store, const std::string& text);

// Throws CommandError: case_not_found, and invalid_argument where several cases are open about the name.
std::int64_t open_case_named(engine::LedgerReader& store, const std::string& text);

}  // namespace cli
