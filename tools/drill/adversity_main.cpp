// Plays a season against a provider that errs and deceives, and prints what came of it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tools/drill/adversity.hpp"

int main(int argc, char** argv) {
  CLI::App app(
      "Plays a season of backorders against an adversarial provider, with the book lost and put back now and then.\n"
      "Prints how often each trick was played and what became of everything; exit status 1 when a rule was broken.",
      "dropledger-adversity");
  drill::AdversityOptions options;
  app.add_option("--backorders", options.backorders, "How many")
      ->check(CLI::Range(50, 1'000'000))
      ->capture_default_str();
  app.add_option("--percent", options.percent, "Of the answers, for each trick")
      ->check(CLI::Range(1, 40))
      ->capture_default_str();
  app.add_option("--restores", options.restores, "How often the book is lost")
      ->check(CLI::Range(0, 20))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "The same seed is the same season")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::string folder = (std::filesystem::temp_directory_path() / "dropledger-adversity-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "error: cannot make a folder under %s\n", std::filesystem::temp_directory_path().c_str());
    return 3;
  }
  options.folder = folder;
  try {
    const drill::AdversityReport report = drill::play_adversity(options);
    for (const std::string& line : report.figures) std::printf("%s\n", line.c_str());
    for (const std::string& line : report.violations) std::printf("OFF  %s\n", line.c_str());
    std::printf("%s; the book is in %s\n", report.violations.empty() ? "every rule held" : "a rule was broken",
                folder.c_str());
    return report.violations.empty() && report.every_trick_was_played ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 3;
  }
}
