// The arrows of the architecture, proved on our #include lines: one include root lets any file see any other, so only a
// reader can tell.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/run_program.hpp"

namespace {

struct Rule {
  std::string_view folder;
  std::vector<std::string_view> may_include;  // beginnings of "quoted" includes
};
const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {"engine/", {"engine/"}},
      {"storage/", {"engine/", "storage/"}},
      {"api_client/", {"engine/", "api_client/"}},
      // What embeds the ledger links operations, so they stand on the engine alone; render and formats know no book.
      {"tools/operations/", {"engine/", "tools/operations/"}},
      {"tools/render/", {"engine/", "tools/render/"}},
      {"tools/formats/", {"engine/", "tools/formats/"}},
      {"tools/delivery/", {"engine/", "api_client/", "tools/delivery/"}},
      {"tools/faults/", {"engine/", "api_client/", "tools/faults/"}},
      {"tools/simulated_registry/", {"engine/", "tools/simulated_registry/"}},
      {"tools/gateway/",
       {"engine/", "storage/store.hpp", "storage/storage_error.hpp", "api_client/", "tools/operations/",
        "tools/simulated_registry/", "tools/gateway/"}},
      // The benchmark compares with the bare engine, so it alone may look behind storage's front.
      {"tools/bench/", {"engine/", "storage/", "api_client/", "tools/"}},
      {"tools/", {"engine/", "storage/store.hpp", "storage/storage_error.hpp", "api_client/", "tools/"}},
  };
  return kRules;
}

// Libraries that stay behind our .cpp files, so that no user of a header needs them.
constexpr std::string_view kHiddenFromHeaders[] = {"sqlite", "curl/", "pqxx/", "libpq", "httplib", "openssl/"};

bool one_begins(auto&& beginnings, std::string_view text) {
  return std::ranges::any_of(beginnings, [text](std::string_view beginning) { return text.starts_with(beginning); });
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

struct Include {
  bool quoted;
  std::string name;
};
// `#include "engine/money.hpp"`, `# include <vector> // why`; anything else is no include.
std::optional<Include> parse_include(std::string_view line) {
  const auto skip_blanks = [&line] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
  skip_blanks();
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include")) return std::nullopt;
  line.remove_prefix(7);
  skip_blanks();
  if (line.empty() || (line.front() != '"' && line.front() != '<')) return std::nullopt;
  const bool quoted = line.front() == '"';
  const std::size_t end = line.find(quoted ? '"' : '>', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return Include{quoted, std::string(line.substr(1, end - 1))};
}

// What is wrong with this line of this file, whose path begins at the repository; empty when nothing is.
std::string violation(std::string_view file, std::string_view line) {
  const std::optional<Include> include = parse_include(line);
  if (!include) return "";
  const auto rule = std::ranges::find_if(rules(), [file](const Rule& each) { return file.starts_with(each.folder); });
  if (rule == rules().end()) return std::string(file) + ": in no folder of ours";
  if (file.ends_with(".hpp") && one_begins(kHiddenFromHeaders, lower(include->name))) {
    return std::string(file) + ": a header shows its users " + include->name;
  }
  const bool ours = include->quoted ||
                    one_begins(std::initializer_list<std::string_view>{"engine/", "storage/", "api_client/", "tools/"},
                               include->name);
  const bool winding = include->name.find("..") != std::string::npos;  // "engine/../storage/seal.hpp"
  if (winding || (ours && !one_begins(rule->may_include, include->name)))
    return std::string(file) + ": must not include " + include->name;
  return "";
}

}  // namespace

TEST_CASE("include directions: every include of ours points inward") {
  namespace fs = std::filesystem;
  const fs::path root = support::source_folder();
  std::size_t files = 0;
  for (const char* folder : {"engine", "storage", "api_client", "tools"}) {
    if (!fs::exists(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp") continue;
      ++files;
      const std::string name = fs::relative(entry.path(), root).generic_string();
      std::ifstream stream(entry.path());
      REQUIRE_MESSAGE(stream.is_open(), name);
      for (std::string line; std::getline(stream, line);) CHECK(violation(name, line) == "");
    }
  }
  CHECK(files > 50);  // else the test looked in the wrong place
}

TEST_CASE("include directions: the reader tells good lines from bad ones") {
  struct Row {
    const char* file;
    const char* line;
    bool allowed;
  };
  for (const Row& row : {
           Row{"engine/money.cpp", "#include \"engine/money.hpp\"", true},
           Row{"engine/money.cpp", "#include <boost/multiprecision/cpp_int.hpp>", true},
           Row{"engine/money.cpp", "// #include \"storage/book/seal.hpp\" would be wrong", true},
           Row{"engine/money.cpp", "#include \"storage/book/seal.hpp\"", false},
           Row{"engine/money.cpp", "  #  include \"tools/cli/session.hpp\"  // a reason", false},
           Row{"engine/money.cpp", "#include <storage/book/seal.hpp>", false},
           Row{"engine/money.cpp", "#include \"money.hpp\"", false},
           Row{"engine/money.cpp", "#include \"../storage/seal.hpp\"", false},
           Row{"engine/money.cpp", "#include \"engine/../storage/seal.hpp\"", false},
           Row{"storage/book/seal.cpp", "#include \"engine/money.hpp\"", true},
           Row{"storage/book/seal.cpp", "#include <SQLiteCpp/Database.h>", true},
           Row{"storage/book/seal.hpp", "#include <SQLiteCpp/Database.h>", false},
           Row{"storage/book/seal.hpp", "#include <sqlite3.h>", false},
           Row{"storage/book/seal.cpp", "#include \"api_client/command.hpp\"", false},
           Row{"api_client/transport.cpp", "#include <curl/curl.h>", true},
           Row{"api_client/transport.hpp", "#include <curl/curl.h>", false},
           Row{"api_client/transport.hpp", "#include \"storage/book/migrate.hpp\"", false},
           Row{"tools/operations/sweep.cpp", "#include \"tools/render/table.hpp\"", false},
           Row{"tools/render/table.cpp", "#include \"storage/store.hpp\"", false},
           Row{"tools/cli/session.cpp", "#include \"storage/store.hpp\"", true},
           Row{"tools/cli/session.cpp", "#include \"tests/support/run_program.hpp\"", false},
           Row{"elsewhere/file.cpp", "#include <vector>", false},
       }) {
    CAPTURE(row.file);
    CAPTURE(row.line);
    CHECK(violation(row.file, row.line).empty() == row.allowed);
  }
}
