#include "tools/render/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>

#include "tools/render/text.hpp"

namespace render {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing of ours sets variables
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

bool is_dumb_terminal() {
  const std::string_view kind = environment("TERM");
  return kind.empty() || kind == "dumb";
}

engine::Result<bool> use_color(std::string_view choice, int descriptor) {
  if (choice == "always") return true;
  if (choice == "never") return false;
  if (choice == "auto") return is_terminal(descriptor) && !is_dumb_terminal() && environment("NO_COLOR").empty();
  return engine::Error{engine::ErrorCode::invalid_argument,
                       "color \"" + printable(choice) + "\": auto, always or never"};
}

int terminal_width(int descriptor) {
  if (!is_terminal(descriptor)) return 0;
  const std::string_view wanted = environment("COLUMNS");
  int columns = 0;
  const auto [end, problem] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), columns);
  if (problem == std::errc() && end == wanted.data() + wanted.size() && columns > 0) return columns;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace render
