#include "tools/cli/command_words.hpp"

#include <algorithm>
#include <string_view>

namespace cli {
namespace {

struct Alias {
  std::string_view typed, command;
};
// None begins with a command of ours, so that none hides one.
constexpr Alias kAliases[] = {
    {"status", "doctor"},
    {"info", "doctor"},
    {"health", "doctor"},
    {"check", "verify"},
    {"balance", "account show"},
    {"accounts", "account list"},
    {"customers", "account list"},
    {"open", "account open"},
    {"deposit", "fund"},
    {"pay", "fund"},
    {"payout", "withdraw"},
    {"refund", "reverse"},
    {"place", "backorder place"},
    {"order", "backorder place"},
    {"cancel", "backorder cancel"},
    {"resolve", "backorder resolve"},
    {"backorders", "backorder list"},
    {"orders", "backorder list"},
    {"prices", "price list"},
    {"schedules", "schedule list"},
    {"taxes", "tax list"},
    {"users", "user list"},
    {"notifications", "notices list"},
    {"case", "cases"},
    {"log", "events"},
    {"history", "events"},
    {"settings", "config list"},
    {"search", "droplist search"},
    {"drops", "droplist search"},
    {"drop list", "droplist search"},
    {"drop search", "droplist search"},
    {"drop import", "droplist import"},
    {"list accounts", "account list"},
    {"list customers", "account list"},
    {"list backorders", "backorder list"},
    {"list orders", "backorder list"},
    {"list drops", "droplist search"},
    {"list prices", "price list"},
    {"list schedules", "schedule list"},
    {"list users", "user list"},
    {"list notices", "notices list"},
    {"list cases", "cases"},
    {"list events", "events"},
    {"list settings", "config list"},
    {"list taxes", "tax list"},
    {"show account", "account show"},
    {"show backorder", "backorder show"},
    {"show balance", "account show"},
    {"add account", "account open"},
    {"create account", "account open"},
    {"add user", "user add"},
    {"add backorder", "backorder place"},
    {"export", "journal export"},
};

}  // namespace

std::vector<std::size_t> words_of(const std::vector<std::string>& arguments, const CLI::App& app, std::size_t most) {
  std::vector<std::size_t> words;
  for (std::size_t at = 0; at < arguments.size() && words.size() < most; ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--") break;
    if (!argument.starts_with("-") || argument == "-") {
      words.push_back(at);
    } else if (argument.find('=') == std::string::npos) {
      const CLI::Option* option = app.get_option_no_throw(argument);
      if (option != nullptr && option->get_expected_min() > 0) ++at;
    }
  }
  return words;
}

std::vector<std::string> resolve_aliases(std::vector<std::string> arguments, const CLI::App& app) {
  const std::vector<std::size_t> words = words_of(arguments, app);
  if (words.empty()) return arguments;
  const std::string first = arguments[words[0]];
  const std::string both = words.size() > 1 ? first + " " + arguments[words[1]] : "";
  for (const std::string& typed : {both, first}) {
    const auto* alias = std::ranges::find(kAliases, typed, &Alias::typed);
    if (alias == std::end(kAliases)) continue;
    if (typed == both) arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(words[1]));
    const std::size_t blank = alias->command.find(' ');
    arguments[words[0]] = alias->command.substr(0, blank);
    if (blank != std::string_view::npos)
      arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(words[0]) + 1,
                       std::string(alias->command.substr(blank + 1)));
    break;
  }
  return arguments;
}

}  // namespace cli
