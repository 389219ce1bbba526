// What a reader may rely on in every file of ours: its size, the length of its lines, where it is compiled, which test
// is its.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/run_program.hpp"

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = support::source_folder();

// Tracked by git; where there is no git (an archive of the sources), what lies in our folders.
std::vector<std::string> tracked() {
  std::vector<std::string> files;
  const support::ProgramResult git =
      support::run("/usr/bin/env", {"git", "-c", "safe.directory=*", "-C", kRoot.string(), "ls-files", "-z"});
  if (git.status == 0) {
    for (std::size_t begin = 0, end; (end = git.output.find('\0', begin)) != std::string::npos; begin = end + 1)
      files.push_back(git.output.substr(begin, end - begin));
    // a file that was deleted and is not committed yet
    std::erase_if(files, [](const std::string& file) { return !fs::exists(fs::symlink_status(kRoot / file)); });
    return files;
  }
  for (const char* folder : {"engine", "storage", "api_client", "tools", "tests"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), kRoot).generic_string());
    }
  }
  return files;
}

bool is_source(const std::string& file) { return file.ends_with(".cpp") || file.ends_with(".hpp"); }

// Of UTF-8 text: every character as one column.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.is_open(), path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("form: no line of code is longer than 120 columns, no tracked file larger than 128 KiB") {
  const std::vector<std::string> files = tracked();
  CHECK(files.size() > 300);
  CHECK(files.size() <= 600);
  for (const std::string& name : files) {
    CHECK_MESSAGE(fs::file_size(kRoot / name) <= 128 * 1024, name);
    if (!is_source(name)) continue;
    std::ifstream file(kRoot / name);
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      if (columns(line) > 120) FAIL_CHECK(name << ":" << number << " has " << columns(line) << " columns");
    }
  }
}

TEST_CASE("form: at the top level stands what a reader expects there") {
  const std::set<std::string> expected{"CMakeLists.txt", "README.md", "api_client", "engine",
                                       "storage",        "tests",     "tools"};
  std::set<std::string> found;
  for (const std::string& name : tracked()) {
    if (!name.starts_with('.')) found.insert(name.substr(0, name.find('/')));
  }
  CHECK(found == expected);
}

TEST_CASE("form: every source is compiled once: in one library, as one program's main, or in one program of tests") {
  // What this build compiles, as CMake wrote it down for tools.
  const fs::path list = support::build_folder() / "compile_commands.json";
  if (!fs::exists(list)) return;  // built as part of another project
  const std::string text = content(list), key = "\"file\": \"" + kRoot.string() + "/";
  std::map<std::string, int> compiled;
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
    at += key.size();
    ++compiled[text.substr(at, text.find('"', at) - at)];
  }
  for (const std::string& name : tracked()) {
    // clang alone builds these; another project of its own
    if (!name.ends_with(".cpp") || name.starts_with("tests/fuzz/") || name.starts_with("tests/package/consumer/"))
      continue;
    CHECK_MESSAGE(compiled[name] == 1, name, " is compiled ", compiled[name], " times");
  }
}

TEST_CASE("form: a test is named after what it tests, in the folder of its room") {
  const std::vector<std::string> files = tracked();
  const std::set<std::string> rooms = [] {
    std::set<std::string> names{"engine", "storage", "api_client"};
    for (const fs::directory_entry& entry : fs::directory_iterator(kRoot / "tools")) {
      if (entry.is_directory()) names.insert(entry.path().filename().string());
    }
    return names;
  }();
  // Folders of tests that are no room's, with the reason.
  const std::set<std::string> others{"support",     // the tests' own tools
                                     "tidy",        // reads our sources
                                     "simulation",  // all rooms together
                                     "fuzz",        // built by clang alone
                                     "package"};    // the Debian packages
  for (const std::string& name : files) {
    if (!name.starts_with("tests/") || !name.ends_with("_test.cpp")) continue;
    const std::string folder = name.substr(6, name.find('/', 6) - 6);
    CHECK_MESSAGE((rooms.contains(folder) || others.contains(folder)), name, ": no room is called ", folder);
  }
  // Every source of the rules is found by the name of its test. Where it is not, this says where.
  const std::map<std::string, std::string> elsewhere{
      {"account", "tests/operations/book_money_test.cpp"},      // opening and closing, as they meet the book
      {"case", "tests/engine/settlement_test.cpp"},             // decisions of persons
      {"changes", "tests/storage/forbidden_writes_test.cpp"},   // what a store takes
      {"ensure", "tests/engine/money_test.cpp"},                // what ENSURE throws
      {"event", "tests/engine/notice_test.cpp"},                // every kind is a notice or none
      {"notice_channel", "tests/operations/notices_test.cpp"},  // filters, and what waits
      {"provider_call", "tests/operations/provider_cases_test.cpp"},
      {"settings", "tests/operations/book_money_test.cpp"},
      {"submission", "tests/engine/settlement_test.cpp"},
      {"transfer", "tests/engine/lifecycle_test.cpp"},
  };
  const std::set<std::string> known(files.begin(), files.end());
  for (const std::string& name : files) {
    if (!name.starts_with("engine/") || !name.ends_with(".cpp")) continue;
    const std::string stem = fs::path(name).stem().string();
    const auto other = elsewhere.find(stem);
    if (other == elsewhere.end())
      CHECK_MESSAGE(known.contains("tests/engine/" + stem + "_test.cpp"), name, " has no test of its name");
    else
      CHECK_MESSAGE(known.contains(other->second), name, ": its test ", other->second, " is not there");
  }
}
