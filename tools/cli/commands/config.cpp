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
    app.add_option("name", name, "See 'config list'")->required();
    app.add_option("value", value, "A word, or a span such as 72h, 7d, 90m")->required();
  }
  int run(Session& session) const {
    session.answer(value_or_throw(operations::set_setting(session.context(), session.request(), name, value)),
                   "dropledger.config-change/1", name + " is " + value);
    return 0;
  }
};

}  // namespace

void add_config_commands(CommandLine& line) {
  CLI::App* config = add_group(line.app, "config", "Policies kept in the book");
  add_command<ConfigList>(line, *config, "list", "Every setting with its value and meaning",
                          "  dropledger config list");
  add_command<ConfigSet>(line, *config, "set", "Changes a setting",
                         "  dropledger config set funding.void at-deadline\n  dropledger config set warn.ahead 14d");
}

}  // namespace cli
