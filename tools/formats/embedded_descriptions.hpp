// The files of tools/formats/descriptions as the build put them into the program
// (tools/cmake/embed_descriptions.cmake).
#pragma once

#include <span>
#include <string_view>

namespace formats {

struct EmbeddedDescription {
  std::string_view name;  // of the file without .toml
  std::string_view toml;
};
std::span<const EmbeddedDescription> embedded_descriptions();

}  // namespace formats
