// The sweep that keeps what the preview promises.
#include "tools/operations/sweep.hpp"

#include <algorithm>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/interruption.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::to_string;

struct Sweep {
  std::vector<std::string> stages;
  void bind(CLI::App& app) {
    app.add_option("stages", stages, "Stages to run (default: all): reserve, void, submit, sync, settle or warn")
        ->type_name("STAGE");
  }
  int run(Session& session) const {
    operations::SweepOptions options;
    if (!stages.empty()) {
      options.stages.clear();
      for (const std::string& word : stages) {
        const auto stage = operations::parse_stage(word);
        if (!stage)
          throw CommandError{Error{ErrorCode::invalid_argument,
                                   "'" + word + "' is no stage: reserve, void, submit, sync, settle, warn"}};
        options.stages.push_back(*stage);
      }
    }
    const operations::Context context = session.context();
    std::optional<render::Progress> progress;
    std::optional<operations::Stage> shown;
    options.progress = [&](operations::Stage stage, std::size_t done) {
      if (shown != stage) {
        progress.reset();
        progress.emplace("sweep " + std::string(to_word(stage)), 0);
        shown = stage;
      }
      progress->at(done);
    };
    ProviderConnection connection(session);
    engine::BackorderProvider* provider = connection.get();
    stop_on_signals();
    options.interrupted = interrupted;
    options.clock = session.clock();
    options.machine = session.machine_facts();
    const operations::SweepReport report = operations::sweep(context, provider, options);
    progress.reset();
    render::Table table;
    table.schema = "dropledger.sweep/1";
    table.columns = {{"stage"}, {"what"}, {"count", "", render::Kind::number}};
    table.when_empty = "Nothing was due.";
    table.add_fact("at", context.now);
    table.add_fact("provider", provider == nullptr ? "" : provider->environment());
    table.add_fact("dry_run", context.dry_run);
    for (const operations::StageCount& row : report.counts) table.add(to_word(row.stage), row.what, row.count);
    session.print(table);
    if (context.dry_run) session.note("dry run: nothing was changed, and the provider was not asked");
    int status = 0;
    for (const Error& error : report.errors) {
      if (context.dry_run) continue;
      session.note("trouble: " + std::string(to_word(error.code)) + ": " + error.detail + "; what was done stays");
      status = static_cast<int>(engine::error_class(error.code));
    }
    if (interrupted()) {
      session.note("interrupted: what was done stays, the next sweep goes on");
      status = interrupted_status();
    }
    return status;
  }
};

}  // namespace

void add_sweep_commands(CommandLine& line) {
  add_command<Sweep>(line, line.app, "sweep",
                     "Does everything that is due: reserves, voids, submits, syncs, settles, warns",
                     "  dropledger sweep --registry registry.db\n  dropledger sweep reserve --dry-run");
}

}  // namespace cli
