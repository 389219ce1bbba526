#include "tools/cli/help/command_page.hpp"

#include <algorithm>

namespace cli {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

bool is_list(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

// "domains" takes many: DOMAIN...
std::string argument_name(const CLI::Option& option) {
  std::string name = option.get_name(true);
  if (!is_list(option)) return upper(name);
  if (name.ends_with('s')) name.pop_back();
  return upper(name) + "...";
}

std::string option_names(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return joined(names, ", ");
}

// CLI11 says "TEXT:{table,csv}", "INT:INT in [1 - 64]", "FILE".
std::string value_name(const CLI::Option& option, const std::vector<std::string>& choices) {
  if (option.get_items_expected_max() == 0) return "";
  std::string name = option.get_type_name();
  name.resize(std::min(name.find(':'), name.size()));
  const bool is_number = name == "INT" || name == "UINT" || name == "FLOAT";
  if (!choices.empty() && (name == "TEXT" || name.empty())) return joined(choices, "|");
  return is_number ? "NUMBER" : name.empty() ? "TEXT" : name;
}

std::string range_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find("in ["), between = type.find(" - ", open), close = type.find(']', open);
  if (open == std::string::npos || between == std::string::npos || close == std::string::npos) return "";
  return type.substr(open + 4, between - open - 4) + " to " + type.substr(between + 3, close - between - 3);
}

OptionText text_of(const CLI::Option& option) {
  const bool is_argument = option.get_positional();
  OptionText text{.names = is_argument ? argument_name(option) : option_names(option)};
  text.choices = choices_of(option);
  if (!is_argument) text.value = value_name(option, text.choices);
  text.meaning = option.get_description();
  text.required = option.get_required();
  text.group = option.get_group();
  std::string limits = range_of(option);
  if (const std::string preset = option.get_default_str(); !preset.empty() && preset != "\"\"")
    limits += (limits.empty() ? "default: " : "; default: ") + preset;
  if (!is_argument && text.required) limits += limits.empty() ? "required" : "; required";
  if (!limits.empty()) text.meaning += " (" + limits + ")";
  return text;
}

}  // namespace

std::string CommandPage::usage() const {
  std::string line = "dropledger";
  if (!path.empty()) line += " " + path;
  for (const OptionText& option : options) {
    if (option.required) line += " " + option.left();
  }
  if (!options.empty()) line += " [OPTIONS]";
  for (const OptionText& argument : arguments)
    line += " " + (argument.required ? argument.names : "[" + argument.names + "]");
  if (!commands.empty()) line += " COMMAND";
  return line;
}

std::vector<const CLI::App*> commands_below(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  std::vector<std::string> choices;
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{'), close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (std::size_t at = open + 1; at < close;) {
    const std::size_t end = std::min(type.find(',', at), close);
    choices.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

CommandPage page_of(const CLI::App& command) {
  CommandPage page;
  for (const CLI::App* at = &command; at->get_parent() != nullptr; at = at->get_parent())
    page.path = page.path.empty() ? at->get_name() : at->get_name() + " " + page.path;
  page.summary = command.get_description();
  page.examples = command.get_footer();
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? page.arguments : page.options).push_back(text_of(*option));
  }
  const auto is_help = [](const OptionText& one) { return one.names == "-h, --help" || one.names == "-V, --version"; };
  std::ranges::stable_partition(page.options, [&](const OptionText& one) { return !is_help(one); });
  for (const CLI::App* below : commands_below(command))
    page.commands.push_back({below->get_name(), below->get_description(), below->get_group()});
  return page;
}

const CLI::App* find_command(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* at = &root;
  for (const std::string& word : words) {
    const auto below = commands_below(*at);
    const auto found = std::ranges::find_if(below, [&](const CLI::App* one) { return one->check_name(word); });
    if (found == below.end()) return nullptr;
    at = *found;
  }
  return at;
}

}  // namespace cli
