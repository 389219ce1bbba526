// Policies kept in the book.
#include "tools/cli/commands/commands.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

struct ConfigList {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    render::Table table;
    table.schema = "dropledger.config/1";
    table.columns = {{"name"}, {"value"}, {"meaning", "", render::Kind::text, true}};
    for (const operations::SettingInfo& setting : operations::list_settings(session.book_read_only().settings())) {
      table.add(setting.name, setting.value, setting.meaning);
    }
    session.print(table);
    return 0;
  }
};

struct ConfigSet {
  std::string name, value;
  void bind(CLI::App& app) {
    app.add_option("name", name, "Policy, from 'config list'")->type_name("SETTING")->required();
    app.add_option("value", value, "Word, or a span such as 72h, 7d or 90m")->required();
  }
  int run(Session& session) const {
    session.answer(value_or_throw(operations::set_setting(session.context(), session.request(), name, value)),
                   "dropledger.config-change/1", name + " is " + value);
    return 0;
  }
};

struct ConfigShow {
  const CLI::App* root = nullptr;
  bool origin = false;
  void bind(CLI::App& app) {
    root = app.get_parent()->get_parent();
    app.add_flag("--origin", origin, "Print where each value comes from");
  }
  int run(Session& session) const {
    render::Table table;
    table.schema = "dropledger.configuration/1";
    table.columns = {{"key"}, {"value"}};
    if (origin) table.columns.push_back({"origin"});
    for (const ConfigValue& one : effective_config(*root, session.globals().applied)) {
      const render::Cell value = one.value.empty() ? render::Cell() : render::cell(one.value);
      if (origin)
        table.add(one.key, value, one.origin);
      else
        table.add(one.key, value);
    }
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_config_commands(CommandLine& line) {
  CLI::App* config = add_group(
      line.app, "config", "Policies kept in the book (list, set), and the options of the configuration file (show)");
  add_command<ConfigShow>(line, *config, "show", "Prints the options that files, environment and command line give",
                          "  dropledger config show --origin");
  add_command<ConfigList>(line, *config, "list", "Lists the policies kept in the book, with their values and meanings",
                          "  dropledger config list");
  add_command<ConfigSet>(line, *config, "set", "Changes a policy kept in the book",
                         "  dropledger config set funding.void at-deadline\n  dropledger config set warn.ahead 14d");
}

}  // namespace cli
