// The independent audit of a finished season (tests/audit): what it printed, and whether nothing was off.
#pragma once

#include <string>

#include "tests/support/run_program.hpp"

namespace support {

// Runs the audit program over a book's file.
ProgramResult audit(const std::string& book);

}  // namespace support
