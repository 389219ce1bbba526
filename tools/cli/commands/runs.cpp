// Lists unattended runs: sweeps, imports, reconciliations, backups, verifications, notices.
#include "engine/run.hpp"
#include "tools/cli/commands/commands.hpp"

namespace cli {
namespace {

struct Runs {
  std::string kind;
  std::int64_t limit = 20;
  void bind(CLI::App& app) {
    app.add_option("--kind", kind, "Only these: sweep, list-import, reconciliation, backup, verification, notices")
        ->check(CLI::IsMember({"sweep", "list-import", "reconciliation", "backup", "verification", "notices"}));
    app.add_option("--limit", limit, "The newest so many; 0 is all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
  }
  int run(Session& session) const {
    engine::RunQuery query;
    if (!kind.empty()) query.kind = engine::parse_run_kind(kind);
    query.limit = limit > 0 ? limit + 1 : 0;
    std::vector<engine::Run> runs = session.book_snapshot().runs(query);
    render::Table table;
    table.schema = "dropledger.runs/1";
    table.columns = {{"run"},
                     {"kind"},
                     {"subject"},
                     {"started_at"},
                     {"ended_at"},
                     {"times", "", render::Kind::number},
                     {"complete", "", render::Kind::flag},
                     {"done", "", render::Kind::text, true},
                     {"errors", "", render::Kind::text, true},
                     {"actor"}};
    table.when_empty = "Nothing has run yet.";
    if (limit > 0 && runs.size() > static_cast<std::size_t>(limit)) {
      runs.resize(static_cast<std::size_t>(limit));
      table.truncated = true;
    }
    for (const engine::Run& run : runs) {
      table.add(run.id, to_word(run.kind), run.subject, run.started_at, run.ended_at, run.times, run.complete,
                run.counts, run.errors, run.actor);
    }
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_run_commands(CommandLine& line) {
  add_command<Runs>(line, line.app, "runs", "Lists what ran, newest first: sweeps, imports, backups, verifications",
                    "  dropledger runs\n  dropledger runs --kind sweep --limit 5 --format json");
}

}  // namespace cli
