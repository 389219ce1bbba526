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
  std::string learn = "5m";
  void bind(CLI::App& app) {
    app.add_option("--learn", learn,
                   "Longest time for reading the provider; then the sweep acts on what is known (default 5m)")
        ->type_name("SPAN");
    app.add_option("stages", stages, "Stages to run (default: all): sync, settle, reserve, void, submit or warn")
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
                                   "'" + word + "' is no stage: sync, settle, reserve, void, submit, warn"}};
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
    const auto began = std::chrono::steady_clock::now();
    const engine::Milliseconds longest = value_or_throw(engine::parse_span(learn));
    options.learnt_enough = [began, longest] { return std::chrono::steady_clock::now() - began > longest; };
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
    for (const std::string& note : report.notes) session.note(note);
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
                     "Does everything that is due: syncs, settles, reserves, voids, submits, warns",
                     "  dropledger sweep --registry registry.db\n  dropledger sweep reserve --dry-run");
}

}  // namespace cli
