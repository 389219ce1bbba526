#include "tools/cli/usage_error.hpp"

#include <algorithm>
#include <string_view>

#include "tools/cli/help/command_page.hpp"

namespace cli {
namespace {

// Letters to insert, delete, replace or swap with their neighbour: Damerau's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const bool same = a[i - 1] == b[j - 1];
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

void add_commands_below(const CLI::App& app, const std::string& path, std::vector<Choice>& choices) {
  for (const CLI::App* command : commands_below(app)) {
    choices.push_back({command->get_name(), path + command->get_name()});
    add_commands_below(*command, path + command->get_name() + " ", choices);
  }
}

}  // namespace

std::string suggestion(std::string_view typed, const std::vector<Choice>& choices) {
  const Choice* best = nullptr;
  std::size_t least = std::max<std::size_t>(2, typed.size() / 3) + 1;
  for (const Choice& choice : choices) {
    const bool begins = typed.size() >= 2 && choice.word.starts_with(typed);
    const std::size_t d = begins ? 1 : distance(typed, choice.word);
    if (d < least) least = d, best = &choice;
  }
  return best == nullptr ? "" : "; did you mean '" + best->shown + "'?";
}

bool has_unknown_command(const CLI::App& root) {
  const CLI::App* at = &root;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const std::vector<std::string> left = root.remaining(true);
  return !commands_below(*at).empty() && !left.empty() && !left.front().starts_with('-');
}

std::string usage_text(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App* at = &root;
  std::string path;  // "account open "
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    path += at->get_name() + " ";
  }
  const std::string help = " (see 'dropledger " + path + "--help')";
  const bool is_group = !commands_below(*at).empty();
  std::vector<std::string> left = root.remaining(true);
  if (!left.empty() && left.front().starts_with("-") && left.front() != "-") {
    const std::string typed = left.front().substr(0, left.front().find('='));
    std::vector<Choice> choices;
    for (const CLI::App* app : {at, &root}) {
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames()) choices.push_back({"--" + name, "--" + name});
      }
    }
    return "unknown option '" + typed + "'" + suggestion(typed, choices) + help;
  }
  if (!left.empty() && is_group) {
    const auto below =
        at->get_subcommands([&](const CLI::App* command) { return command->get_name() == left.front(); });
    if (!below.empty()) return "the words stand in another order: 'dropledger " + path + left.front() + "'" + help;
    std::vector<Choice> choices;
    add_commands_below(*at, path, choices);
    return "unknown command '" + path + left.front() + "'" + suggestion(left.front(), choices) + help;
  }
  if (!left.empty()) return "unexpected argument '" + left.front() + "'" + help;
  if (is_group) {
    std::string names;
    for (const CLI::App* command : commands_below(*at)) names += (names.empty() ? "" : ", ") + command->get_name();
    return (path.empty() ? "no command given" : "'" + path.substr(0, path.size() - 1) + "' needs a command") + ": " +
           names + help;
  }
  std::string text = error.what();
  std::ranges::replace(text, '\n', ' ');
  return text + help;
}

std::string format_wanted(const std::vector<std::string>& arguments, std::string format) {
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string_view argument = arguments[at];
    if (argument == "--json") format = "json";
    if (argument == "--csv") format = "csv";
    if (argument == "--format" && at + 1 < arguments.size()) format = arguments[at + 1];
    if (argument.starts_with("--format=")) format = argument.substr(9);
  }
  return format;
}

}  // namespace cli
