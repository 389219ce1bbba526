// The manual's pages, which travel inside the program: tools/cmake/embed_pages.cmake makes manual_pages() from the
// list in CMakeLists.txt, and fails where a file is missing.
#pragma once

#include <span>
#include <string_view>

namespace cli {

struct ManualPage {
  std::string_view topic;  // "rules": what `help TOPIC` takes
  std::string_view path;   // "engine/rules.md": where it stands in the tree
  std::string_view text;   // Markdown
};
std::span<const ManualPage> manual_pages();

}  // namespace cli
