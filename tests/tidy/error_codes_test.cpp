// Every code that the program can answer with is expected by a test. Read from our sources, as only they know all
// places: that a test names a code does not prove that it provokes it, but a code no test names is certainly not
// provoked.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = support::source_folder();

std::string content(const fs::path& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.is_open(), path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

// Codes that the files under these folders name: `ErrorCode::too_late`, and for tests, which meet the program's output,
// "too_late" in quotes.
std::set<std::string> named_under(const std::vector<const char*>& folders, const std::string& pattern,
                                  const std::set<std::string>& but_not) {
  const std::regex code(pattern);
  std::set<std::string> names;
  for (const char* folder : folders) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if ((entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") ||
          but_not.contains(entry.path().filename().string()))
        continue;
      const std::string text = content(entry.path());
      for (auto found = std::sregex_iterator(text.begin(), text.end(), code); found != std::sregex_iterator(); ++found)
        names.insert((*found)[1].str());
    }
  }
  return names;
}

}  // namespace

TEST_CASE("codes: each is answered somewhere, and a test expects it") {
  const std::string list = content(kRoot / "engine/error_code.hpp");
  const std::regex line("\n  ([a-z_]+) = ([1-9][0-9]{2}),");
  const std::set<std::string> answered = named_under({"engine", "storage", "api_client", "tools"},
                                                     "ErrorCode::([a-z_]+)", {"error_code.cpp", "error_code.hpp"});
  // The two tests of the names and classes themselves expect nothing from anybody.
  const std::set<std::string> expected =
      named_under({"tests"}, "(?:ErrorCode::|\")([a-z_]+)", {"error_code_test.cpp", "error_test.cpp"});
  // An order without a readable answer is a state of its call here, not a refusal; the code is what the gateway's
  // callers may be told.
  const std::set<std::string> not_ours{"outcome_unknown"};
  int codes = 0;
  for (auto found = std::sregex_iterator(list.begin(), list.end(), line); found != std::sregex_iterator();
       ++found, ++codes) {
    const std::string code = (*found)[1];
    if (not_ours.contains(code)) continue;
    CHECK_MESSAGE(answered.contains(code), code, " is answered by nothing");
    CHECK_MESSAGE(expected.contains(code), code, " is expected by no test");
  }
  CHECK(codes > 40);
}
