// The manual: README and the pages beside the code. What they let people paste works as pasted, every page is reached
// from the README, and every link leads to a file.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(bool(file));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(
      std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// What a page lets people paste: its blocks marked "sh", one after the other.
std::string shell_blocks(const std::string& text) {
  std::string script;
  bool inside = false;
  for (const std::string& line : lines_of(text)) {
    if (line == "```sh")
      inside = true;
    else if (line.starts_with("```"))
      inside = false;
    else if (inside)
      script += line + "\n";
  }
  return script;
}

// Where the links and pictures of a page lead, without those to other sites. From the root of the tree.
std::vector<std::string> links_of(const fs::path& page) {
  std::vector<std::string> links;
  const std::string text = text_of(support::source_folder() / page);
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    const std::size_t end = text.find(')', at);
    REQUIRE(end != std::string::npos);
    std::string target = text.substr(at + 2, end - at - 2);
    target = target.substr(0, target.find('#'));
    if (target.empty() || target.find("://") != std::string::npos) continue;
    links.push_back((page.parent_path() / target).lexically_normal().string());
  }
  return links;
}

// Every page of the tree, from its root; builds and what Git keeps for itself are none of it.
std::vector<std::string> pages() {
  std::vector<std::string> found;
  const fs::path root = support::source_folder();
  for (const char* folder : {".github", "api_client", "engine", "storage", "tools"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() == ".md") found.push_back(fs::relative(entry.path(), root).string());
    }
  }
  std::ranges::sort(found);
  return found;
}

// Plays a page's blocks in an empty folder, with the program in the PATH and nothing else of ours.
support::ProgramResult played(const std::string& page, const support::TemporaryDirectory& folder) {
  fs::create_directory(folder.file("bin"));
  fs::create_symlink(support::program_path(), folder.file("bin/dropledger"));
  fs::create_directory(folder.file("empty"));
  const std::string script = "set -euo pipefail\nPATH=" + folder.file("bin") + ":$PATH\n" +
                             shell_blocks(text_of(support::source_folder() / page));
  return support::run("/bin/bash", {"-c", script}, {.directory = folder.file("empty")});
}

}  // namespace

TEST_CASE("manual: the README's blocks work as pasted: one capture with VAT, one refund, one void") {
  const support::TemporaryDirectory folder;
  const support::ProgramResult result = played("README.md", folder);
  CAPTURE(result.output);
  CAPTURE(result.error);
  REQUIRE(result.status == 0);
  for (const char* said : {"27.00 EUR", "9.42", "not_registered", "SUCCESSFUL", "Everything agrees"}) {
    CAPTURE(said);
    CHECK(result.output.find(said) != std::string::npos);
  }
  std::vector<std::string> states;
  const std::string listed = support::run_program({"--db", folder.file("empty/dropledger.db"), "backorder", "list",
                                                   "--format", "csv", "--no-header"})
                                 .output;
  for (const char* state : {"SUCCESSFUL", "FAILED", "VOID"}) {
    CAPTURE(state);
    CHECK(listed.find(state) != std::string::npos);
  }
}

TEST_CASE("manual: what other pages let people paste works as pasted") {
  int pasted = 0;
  for (const std::string& page : pages()) {
    if (shell_blocks(text_of(support::source_folder() / page)).empty()) continue;
    CAPTURE(page);
    const support::TemporaryDirectory folder;
    const support::ProgramResult result = played(page, folder);
    CAPTURE(result.output);
    CAPTURE(result.error);
    CHECK(result.status == 0);
    ++pasted;
  }
  CHECK(pasted > 0);
}

TEST_CASE("manual: the README is short") {
  const std::vector<std::string> lines = lines_of(text_of(support::source_folder() / "README.md"));
  CHECK(lines.size() <= 140);
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(columns(line) <= 100);
  }
}

TEST_CASE("manual: the README links to every page, and every link leads to a file") {
  const std::vector<std::string> from_readme = links_of("README.md");
  const std::set<std::string> reached(from_readme.begin(), from_readme.end());
  const std::vector<std::string> all = pages();
  CHECK(all.size() >= 15);
  for (const std::string& page : all) {
    CAPTURE(page);
    CHECK(reached.contains(page));
    for (const std::string& link : links_of(page)) {
      CAPTURE(link);
      CHECK(fs::exists(support::source_folder() / link));
    }
  }
  for (const std::string& link : from_readme) {
    CAPTURE(link);
    CHECK(fs::exists(support::source_folder() / link));
  }
}
