// Statements of banks and payment services: importing them, and which are known.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/statement_import.hpp"

namespace cli {
namespace {

struct Statements {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    render::Table table;
    table.schema = "dropledger.bank-statements/1";
    table.columns = {{"statement", "", render::Kind::number},
                     {"source"},
                     {"name"},
                     {"account"},
                     {"first_day", "", render::Kind::day},
                     {"last_day", "", render::Kind::day},
                     {"opening", "", render::Kind::money},
                     {"closing", "", render::Kind::money},
                     {"lines", "", render::Kind::number},
                     {"imported_at", "", render::Kind::time},
                     {"actor"}};
    table.when_empty = "No statement was imported yet; see 'bank import --help'.";
    for (const engine::ExternalStatement& one : session.book_snapshot().external_statements()) {
      table.add(one.id, one.source, one.name, one.account, one.from, one.to, one.opening, one.closing, one.lines,
                one.imported_at, one.actor);
    }
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_bank_commands(CommandLine& line) {
  CLI::App* bank = add_group(line.app, "bank", "Statements of banks and payment services");
  add_command<StatementImport>(line, *bank, "import",
                               "Imports a statement without posting it; lines that are known already change nothing",
                               "  dropledger bank import camt053-2026-08-01.xml --source bank\n"
                               "  dropledger bank import august.csv --source bank --mapping bank.toml --dry-run");
  add_command<Statements>(line, *bank, "statements", "Lists the imported statements with their balances",
                          "  dropledger bank statements");
}

}  // namespace cli
