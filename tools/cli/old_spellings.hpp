// Commands, options and words of options that were renamed. The old spelling works for one version, with a note.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cli {

struct Respelled {
  std::vector<std::string> arguments;
  std::vector<std::string> notes;  // one for each old spelling that was found, for stderr
};
// The arguments of a command line (without the program's name) in today's spelling. `app` tells which options that may
// stand before a command take a value.
Respelled respell(std::vector<std::string> arguments, const CLI::App& app);

}  // namespace cli
