#include "tools/render/error.hpp"

#include <ostream>
#include <string>

#include "tools/render/text.hpp"
#include "tools/render/writers.hpp"

namespace render {
namespace {

struct Refusal {
  std::string_view code;
  int number;
  std::string_view message;
  bool retryable;
  int exit_status;
};

void write_refusal(std::ostream& err, const Refusal& refusal, Format format, bool color) {
  std::string line;
  if (is_json(format)) {
    line += "{\"error\":{\"code\":";
    append_json_string(line, refusal.code);
    line += ",\"number\":" + std::to_string(refusal.number) + ",\"message\":";
    append_json_string(line, refusal.message);
    line += ",\"retryable\":";
    line += refusal.retryable ? "true" : "false";
    line += ",\"exit_status\":" + std::to_string(refusal.exit_status) + "}}\n";
  } else {
    line += color ? "\x1b[1;31merror:\x1b[0m " : "error: ";
    line += refusal.code;
    if (refusal.number != 0) line += " (" + std::to_string(refusal.number) + ")";
    line += ": ";
    append_printable(line, refusal.message);
    line += '\n';
  }
  // one write: lines of two programs do not mix
  err.write(line.data(), static_cast<std::streamsize>(line.size()));
  err.flush();
}

}  // namespace

int exit_status(engine::ErrorCode code) { return static_cast<int>(engine::error_class(code)); }

void write_error(std::ostream& err, const engine::Error& error, Format format, bool color) {
  write_refusal(err,
                {engine::to_word(error.code), static_cast<int>(error.code), error.detail, engine::retryable(error.code),
                 exit_status(error.code)},
                format, color);
}

void write_internal_error(std::ostream& err, std::string_view what, Format format, bool color) {
  write_refusal(err, {"internal_error", 0, what, false, kExitInternal}, format, color);
}

}  // namespace render
