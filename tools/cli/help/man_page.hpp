// Man pages: roff with the man macros, from the same text as --help and the manual.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/help/command_page.hpp"

namespace cli {

// "dropledger.1", "dropledger-account.1" …, "dropledger-formats.5", "dropledger-config.5".
std::vector<std::string> man_page_names(const CLI::App& root);

// The page of that name, dated `date` (YYYY-MM-DD); nothing where there is none.
std::optional<std::string> man_page(const CLI::App& root, std::string_view name, std::string_view date);

}  // namespace cli
