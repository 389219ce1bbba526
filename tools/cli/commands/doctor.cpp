// Health at a glance: the state of the book, and every check with what helps.
#include "engine/health.hpp"
#include "storage/store.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/operations/health.hpp"

namespace cli {
namespace {

struct Doctor {
  bool exit_code = false;
  void bind(CLI::App& app) { app.add_flag("--exit-code", exit_code, "Exit 1 when a check fails"); }

  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const engine::UtcTime now = session.now();
    const std::vector<engine::HealthRow> rows =
        engine::assess_health(operations::health_facts(store, now, session.machine_facts()));
    const engine::HealthLevel worst = engine::worst_level(rows);
    render::Table table = state_of(session, store, now);
    table.add_fact("health", to_word(worst));
    table.columns = {{"check"},
                     {"level"},
                     {"finding", "", render::Kind::text},
                     {"since", "", render::Kind::time},
                     {"help", "", render::Kind::text}};
    for (const engine::HealthRow& row : rows) {
      table.add(to_word(row.check), to_word(row.level), row.figure, row.since,
                row.help.empty() ? render::Cell() : render::cell(row.help));
    }
    session.print(table);
    return exit_code && worst == engine::HealthLevel::failing ? 1 : 0;
  }

 private:
  static render::Table state_of(Session& session, engine::LedgerReader& store, engine::UtcTime now) {
    const engine::BookInfo info = store.book();
    render::Table table;
    table.schema = "dropledger.doctor/2";
    table.add_fact("book", session.globals().book);
    table.add_fact("kind", info.rehearsal ? "rehearsal" : "live");
    table.add_fact("schema_version", info.schema);
    table.add_fact("now", now);
    table.add_fact("made_at", info.made_at);
    table.add_fact("last_recorded", info.last_recorded);
    table.add_fact("closed_until", info.closed_until);
    table.add_fact("accounts", store.customers().size());
    table.add_fact("prices", store.price_list().rows().size());
    const storage::LibraryInfo library = storage::library_info();
    table.add_fact("sqlite", library.version);
    table.add_fact("sqlite_defects", library.defects.empty() ? render::Cell() : render::cell(library.defects.front()));
    return table;
  }
};

}  // namespace

void add_doctor_commands(CommandLine& line) {
  add_command<Doctor>(line, line.app, "doctor", "Checks the health of the book: what is late, short, full or silent",
                      "  dropledger doctor\n  dropledger doctor --exit-code --format json");
}

}  // namespace cli
