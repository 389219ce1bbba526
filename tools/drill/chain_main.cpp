// Plays a season through the chain of a reseller and a provider over HTTP, with faults between them, with and without
// kills, and prints what came of it. tools/chain-drill --help
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tools/drill/chain.hpp"
#include "tools/render/progress.hpp"

namespace {

int play(drill::ChainOptions options, int kills, const std::string& title) {
  std::string folder = (std::filesystem::temp_directory_path() / "dropledger-chain-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    throw std::runtime_error("cannot make a folder under " + std::filesystem::temp_directory_path().string());
  options.folder = folder;
  std::printf("== %s: %d jobs, %d %% of the exchanges spoiled, seed %lu\n", title.c_str(), options.jobs,
              options.percent, static_cast<unsigned long>(options.seed));
  std::fflush(stdout);  // before anything is forked
  const auto began = std::chrono::steady_clock::now();
  const auto chain = drill::Chain::make(options);
  drill::Killer killer;
  {
    render::Progress progress("instants", 0);
    chain->play(kills > 0 ? &killer : nullptr, kills, [&](std::size_t done, std::size_t) { progress.at(done); });
  }
  for (const std::string& line : chain->figures()) std::printf("%s\n", line.c_str());
  std::vector<drill::Chain::Check> checks = chain->checks(true);
  if (kills > 0) {
    std::printf("the submitting process was killed %d times:\n", killer.total());
    for (std::size_t i = 0; i < drill::Killer::kStages.size(); ++i)
      std::printf("%8d  %s\n", killer.killed()[i], std::string(drill::Killer::kStages[i]).c_str());
    std::printf("%8d  before any of these, from outside\n", killer.before_any());
    checks.push_back(
        {"killed " + std::to_string(kills) + " times, in each stage",
         killer.total() >= kills && std::ranges::all_of(killer.killed(), [](int count) { return count > 0; })});
  }
  int off = 0;
  for (const drill::Chain::Check& check : checks) {
    std::printf("%s  %s\n", check.holds ? "ok " : "OFF", check.what.c_str());
    off += check.holds ? 0 : 1;
  }
  std::printf("%.0f s; the books are in %s\n\n",
              std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(), folder.c_str());
  return off == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Plays a season through a reseller's book in front of a provider's, over HTTP on the loopback, with a relay of "
      "faults between them: "
      "once\n"
      "undisturbed but for the faults, once with the submitting process killed. Prints the figures and proves them; "
      "exit status 1 when one "
      "is off.",
      "tools/chain-drill");
  drill::ChainOptions options;
  int kills = 200;
  app.add_option("--jobs", options.jobs, "Backorders of the reseller's customers")
      ->check(CLI::Range(200, 1'000'000))
      ->capture_default_str();
  app.add_option("--kills", kills, "SIGKILLs in the second season; 0: only the first one")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  app.add_option("--percent", options.percent, "Of the exchanges that are spoiled")
      ->check(CLI::Range(1, 60))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "The same seed draws the same faults and kills")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    int status = play(options, 0, "faults");
    if (kills > 0) status = std::max(status, play(options, kills, "faults and kills"));
    return status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 3;
  }
}
