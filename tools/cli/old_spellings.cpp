#include "tools/cli/old_spellings.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace cli {
namespace {

// An option's or a value's old spelling names the command it belongs to; a command's names none.
struct OldSpelling {
  std::string_view command, option, was, is;
};
// Entries leave this table in the version after the one that added them (tools/cli/changelog.md).
constexpr OldSpelling kOldSpellings[] = {
    {"", "", "purse fund", "provider fund"},
    {"", "", "purse cost", "provider cost"},
    {"registry init", "", "--purse", "--balance"},
    {"reconcile", "--only", "purse", "provider"},
};

bool takes_value(const CLI::App& app, const std::string& option) {
  const CLI::Option* known = app.get_option_no_throw(option);
  return known != nullptr && known->get_expected_min() > 0;
}

// The positions of the noun and the verb: the first two arguments that are neither options nor their values.
std::vector<std::size_t> words_of(const std::vector<std::string>& arguments, const CLI::App& app) {
  std::vector<std::size_t> words;
  for (std::size_t at = 0; at < arguments.size() && words.size() < 2; ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--") break;
    if (!argument.starts_with("-") || argument == "-")
      words.push_back(at);
    else if (argument.find('=') == std::string::npos && takes_value(app, argument))
      ++at;
  }
  return words;
}

std::string note_of(std::string_view was, std::string_view is) {
  return "'" + std::string(was) + "' is now '" + std::string(is) + "'; the old spelling ends with the next version";
}

// Replaces a word of a list that commas separate. True where it was there.
bool replace_item(std::string& list, std::string_view was, std::string_view is) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (std::string_view(list).substr(begin, end - begin) == was) {
      list.replace(begin, end - begin, is);
      return true;
    }
    begin = end + 1;
  }
  return false;
}

// Applies one spelling of an option or of a value to the arguments behind the command.
bool apply(const OldSpelling& spelling, std::vector<std::string>& arguments, std::size_t from) {
  bool found = false;
  for (std::size_t at = from; at < arguments.size() && arguments[at] != "--"; ++at) {
    std::string& argument = arguments[at];
    const std::size_t equals = std::min(argument.find('='), argument.size());
    const std::string_view name = std::string_view(argument).substr(0, equals);
    if (spelling.option.empty()) {
      if (name != spelling.was) continue;
      argument.replace(0, equals, spelling.is);
      found = true;
    } else if (name == spelling.option) {
      std::string value = equals < argument.size()    ? argument.substr(equals + 1)
                          : at + 1 < arguments.size() ? arguments[at + 1]
                                                      : "";
      if (!replace_item(value, spelling.was, spelling.is)) continue;
      if (equals < argument.size())
        argument.replace(equals + 1, std::string::npos, value);
      else
        arguments[at + 1] = value;
      found = true;
    }
  }
  return found;
}

}  // namespace

Respelled respell(std::vector<std::string> arguments, const CLI::App& app) {
  Respelled result{std::move(arguments), {}};
  const std::vector<std::size_t> words = words_of(result.arguments, app);
  if (words.empty()) return result;
  std::string command = result.arguments[words[0]];
  const std::string pair = words.size() > 1 ? command + " " + result.arguments[words[1]] : "";
  for (const OldSpelling& spelling : kOldSpellings) {
    if (spelling.command.empty() && spelling.was == pair) {
      const std::size_t space = spelling.is.find(' ');
      result.arguments[words[0]] = spelling.is.substr(0, space);
      result.arguments[words[1]] = spelling.is.substr(space + 1);
      result.notes.push_back(note_of(spelling.was, spelling.is));
    } else if (!spelling.command.empty() && (spelling.command == command || spelling.command == pair) &&
               apply(spelling, result.arguments, words[0] + 1)) {
      result.notes.push_back(
          note_of(spelling.option.empty() ? std::string(spelling.was)
                                          : std::string(spelling.option) + " " + std::string(spelling.was),
                  spelling.option.empty() ? std::string(spelling.is)
                                          : std::string(spelling.option) + " " + std::string(spelling.is)));
    }
  }
  return result;
}

}  // namespace cli
