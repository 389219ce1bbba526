#include "tools/cli/config_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "tools/cli/help/command_page.hpp"
#include "tools/cli/usage_error.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

constexpr const char* kMachineFile = "/etc/dropledger/config.toml";

// Options of a single call, which a file must not set for all calls.
constexpr std::string_view kOfOneCall[] = {"help", "version", "now",     "request", "dry-run",
                                           "json", "csv",     "section", "config",  "force"};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string key_of(const CLI::Option& option) { return option.get_lnames().empty() ? "" : option.get_lnames().front(); }

bool is_key(const CLI::Option& option) {
  const std::string key = key_of(option);
  return !option.get_positional() && !option.get_group().empty() && !key.empty() &&
         std::ranges::find(kOfOneCall, key) == std::end(kOfOneCall);
}

std::string variable_of(const std::string& key) {
  std::string name = "DROPLEDGER_" + key;
  std::ranges::transform(name, name.begin(), [](char c) {
    return c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// The values are taken as if they had been given, but what is given on the command line later replaces them.
std::optional<std::string> give(CLI::Option& option, std::vector<std::string> values) {
  try {
    option.add_result(std::move(values));
    option.run_callback();
    option.clear();
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    option.clear();
    return std::string(error.what());
  }
}

// The values applied so far, by key. A provider and a simulated registry take each other's place.
class Applied {
 public:
  void set(const std::string& key, const std::string& value, const std::string& origin) {
    if (key == "registry") values_.erase("provider");
    if (key == "provider") values_.erase("registry");
    values_[key] = {key, value, origin};
  }
  std::vector<ConfigValue> list() const {
    std::vector<ConfigValue> all;
    for (const auto& [key, value] : values_) all.push_back(value);
    return all;
  }

 private:
  std::map<std::string, ConfigValue> values_;
};

class FileReader {
 public:
  FileReader(std::string path, Applied& applied) : path_(std::move(path)), applied_(applied) {}

  std::optional<Error> read(CLI::App& root) {
    try {
      const toml::table table = toml::parse_file(path_);
      if (table.contains("registry") && table.contains("provider"))
        refuse(*table.get("registry"), "registry and provider exclude each other: jobs go to one provider");
      if (!error_) take(table, root, "");
    } catch (const toml::parse_error& error) {
      if (std::error_code failed; !std::filesystem::is_regular_file(path_, failed))
        return Error{ErrorCode::file_not_found, "cannot read the configuration '" + path_ + "'"};
      return Error{ErrorCode::invalid_argument,
                   path_ + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description())};
    }
    return error_;
  }

 private:
  std::string place(const toml::node& node) const { return path_ + ":" + std::to_string(node.source().begin.line); }
  void refuse(const toml::node& node, const std::string& why) {
    if (!error_) error_ = Error{ErrorCode::invalid_argument, place(node) + ": " + why};
  }

  void take(const toml::table& table, CLI::App& command, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      if (error_) return;
      const std::string key(name.str());
      if (node.is_table()) {
        CLI::App* below = nullptr;
        for (CLI::App* one : command.get_subcommands([&](CLI::App* it) { return it->get_name() == key; })) below = one;
        if (below == nullptr || below->get_group().empty())
          refuse(node, "there is no command '" + prefix + key + "' that a table [" + prefix + key + "] could be for");
        else
          take(*node.as_table(), *below, prefix + key + ".");
      } else {
        take_value(node, command, prefix, key);
      }
    }
  }

  void take_value(const toml::node& node, CLI::App& command, const std::string& prefix, const std::string& key) {
    CLI::Option* option = command.get_option_no_throw("--" + key);
    if (option == nullptr || !is_key(*option)) {
      std::vector<Choice> known;
      for (const CLI::Option* one : command.get_options()) {
        if (is_key(*one)) known.push_back({key_of(*one), key_of(*one)});
      }
      const bool is_of_call = option != nullptr;
      refuse(node, is_of_call ? "'" + prefix + key + "' belongs to a single call, not into a file"
                              : "unknown key '" + prefix + key + "'" + suggestion(key, known));
      return;
    }
    const std::optional<std::vector<std::string>> values = words_of(node);
    if (!values) {
      refuse(node, "'" + prefix + key + "' is a text, a whole number, true or false, or a list of these");
      return;
    }
    if (const auto trouble = give(*option, *values)) {
      refuse(node, "'" + prefix + key + "': " + *trouble);
      return;
    }
    applied_.set(prefix + key, joined(*values), place(node));
  }

  static std::optional<std::string> word_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
    return std::nullopt;
  }
  static std::optional<std::vector<std::string>> words_of(const toml::node& node) {
    std::vector<std::string> words;
    const toml::array* list = node.as_array();
    if (list == nullptr) {
      const auto word = word_of(node);
      return word ? std::optional(std::vector{*word}) : std::nullopt;
    }
    for (const toml::node& one : *list) {
      const auto word = word_of(one);
      if (!word) return std::nullopt;
      words.push_back(*word);
    }
    return words;
  }

  std::string path_;
  Applied& applied_;
  std::optional<Error> error_;
};

std::string user_file() {
  const std::string folder = variable("XDG_CONFIG_HOME"), home = variable("HOME");
  if (!folder.empty() && folder.starts_with('/')) return folder + "/dropledger/config.toml";
  return home.empty() ? "" : home + "/.config/dropledger/config.toml";
}

}  // namespace

std::vector<std::string> config_files(const CLI::App& root, const std::vector<std::string>& arguments) {
  std::string chosen = variable("DROPLEDGER_CONFIG");
  for (std::size_t at = 0; at < arguments.size() && arguments[at] != "--"; ++at) {
    const std::string& argument = arguments[at];
    if (argument.starts_with("--config=")) {
      chosen = argument.substr(9);
    } else if (argument == "--config") {
      if (at + 1 < arguments.size()) chosen = arguments[++at];
    } else if (argument.starts_with("--") && argument.find('=') == std::string::npos) {
      // an option's value is not looked at: `--actor --config` names an actor
      const CLI::Option* option = root.get_option_no_throw(argument);
      if (option != nullptr && option->get_items_expected_min() > 0) ++at;
    }
  }
  if (chosen == "none") return {};
  if (!chosen.empty()) return {chosen};
  std::vector<std::string> files;
  for (const std::string& path : {std::string(kMachineFile), user_file()}) {
    std::error_code failed;
    if (!path.empty() && std::filesystem::exists(path, failed)) files.push_back(path);
  }
  return files;
}

Result<std::vector<ConfigValue>> apply_config(CLI::App& root, const std::vector<std::string>& files) {
  Applied applied;
  for (const std::string& file : files) {
    if (const auto error = FileReader(file, applied).read(root)) return *error;
  }
  if (!variable("DROPLEDGER_PROVIDER").empty() && !variable("DROPLEDGER_REGISTRY").empty()) {
    return Error{ErrorCode::invalid_argument,
                 "DROPLEDGER_PROVIDER and DROPLEDGER_REGISTRY are both set: jobs go to one provider"};
  }
  for (CLI::Option* option : root.get_options()) {
    if (!is_key(*option)) continue;
    const std::string name = variable_of(key_of(*option)), value = variable(name.c_str());
    if (value.empty()) continue;
    if (const auto trouble = give(*option, {value}))
      return Error{ErrorCode::invalid_argument, name + " in the environment: " + *trouble};
    applied.set(key_of(*option), value, "environment " + name);
  }
  return applied.list();
}

std::vector<ConfigValue> effective_config(const CLI::App& root, const std::vector<ConfigValue>& applied) {
  std::vector<ConfigValue> all;
  const auto is_given = [&root](const std::string& key) {
    const CLI::Option* option = root.get_option_no_throw("--" + key);
    return option != nullptr && option->count() > 0;
  };
  for (const CLI::Option* option : root.get_options()) {
    if (!is_key(*option)) continue;
    ConfigValue value{key_of(*option), option->get_default_str(), "default"};
    if (option->get_items_expected_max() == 0) value.value = "false";
    const auto found = std::ranges::find(applied, value.key, &ConfigValue::key);
    const bool displaced =
        (value.key == "registry" && is_given("provider")) || (value.key == "provider" && is_given("registry"));
    if (option->count() > 0)
      value = {value.key, joined(option->results()), "option"};
    else if (found != applied.end() && !displaced)
      value = *found;
    all.push_back(std::move(value));
  }
  for (const ConfigValue& value : applied) {
    if (value.key.find('.') != std::string::npos) all.push_back(value);
  }
  return all;
}

std::string config_file_page(const CLI::App& root) {
  std::string out = R"(# The configuration file

## DESCRIPTION

Options that stay the same from call to call can stand in a file, in TOML:

```
db = "/var/lib/dropledger/ledger.db"
provider = "live"
credentials = "/etc/dropledger/credentials"
wait = "30s"

[serve]
listen = "127.0.0.1:8080"

[notices.send]
limit = 500
```

A key is the long name of an option. A table holds options of one command: `[serve]`, `[notices.send]`. A value is a text, a whole number, true or false, or a list of these. An unknown key is refused with its file and line. Passwords never stand in this file, only the name of the credentials file.

What comes first: an option of the command line, then the environment, then the file of the user, then the file of the machine. `dropledger config show --origin` prints every value and where it comes from.

## FILES

| file | read |
| --- | --- |
| `--config FILE` | this file alone; `none` reads no file |
| `DROPLEDGER_CONFIG` | the same, from the environment |
| `$XDG_CONFIG_HOME/dropledger/config.toml` | the file of the user; without XDG_CONFIG_HOME it is `~/.config/dropledger/config.toml` |
| `/etc/dropledger/config.toml` | the file of the machine |

## KEYS

| key | meaning |
| --- | --- |
)";
  for (const CLI::Option* option : root.get_options()) {
    if (!is_key(*option)) continue;
    out += "| `" + key_of(*option) + "` | " + option->get_description() + " (" + variable_of(key_of(*option)) +
           " in the environment) |\n";
  }
  out += R"(
## ENVIRONMENT

`DROPLEDGER_LOGIN`, `DROPLEDGER_PASSWORD`, `DROPLEDGER_OTP` and `DROPLEDGER_SUBUSER` are the credentials at the provider where no credentials file is given. They have no options, because everyone on the machine can see the arguments of a program. `NO_COLOR` turns colours off.

## POLICIES

Policies are kept in the book, not in this file, so that every program that opens the book decides alike. `dropledger config list` prints them, `dropledger config set NAME VALUE` changes one.

| policy | meaning |
| --- | --- |
)";
  for (const operations::SettingInfo& setting : operations::list_settings(engine::Settings{})) {
    std::string meaning = setting.meaning;
    for (std::size_t at = 0; (at = meaning.find('|', at)) != std::string::npos; at += 2) meaning.insert(at, "\\");
    out += "| `" + setting.name + "` | " + meaning + " (default: " + setting.value + ") |\n";
  }
  return out;
}

}  // namespace cli
