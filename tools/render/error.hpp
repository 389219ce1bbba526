// Prints the error of a failed command on stderr, and maps its code to the exit status.
#pragma once

#include <iosfwd>
#include <string_view>

#include "engine/error_code.hpp"
#include "engine/result.hpp"
#include "tools/render/format.hpp"

namespace render {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFinding = 1;  // a check found something, and the check was asked to say so
inline constexpr int kExitInternal = 70;
inline constexpr int kExitInterrupted = 130;

int exit_status(engine::ErrorCode code);  // that of its class: 2 to 8

// table, csv:  error: insufficient_available (201): acme has 12.30 EUR available, 59.00 EUR are needed
// json, jsonl: {"error":{"code":"insufficient_available","number":201,"message":"acme has
// …","retryable":true,"exit_status":5}} One line, whatever the detail holds.
void write_error(std::ostream& err, const engine::Error& error, Format format, bool color = false);

// For what no code names: a broken invariant, an exception from below. Code "internal_error", number 0, exit status 70.
void write_internal_error(std::ostream& err, std::string_view what, Format format, bool color = false);

}  // namespace render
