// The sweep that keeps what the preview promises, and the state of the provider.
#include "tools/operations/sweep.hpp"

#include <algorithm>

#include "tools/cli/interruption.hpp"
#include "tools/cli/session.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::to_string;

struct Sweep {
  std::vector<std::string> stages;
  void bind(CLI::App& app) {
    app.add_option("stages", stages, "Only these (default: all): reserve void submit sync settle warn")
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
    engine::BackorderProvider* provider = session.provider();
    stop_on_signals();
    options.interrupted = interrupted;
    options.clock = session.clock();
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

struct Resume {
  std::string zone;
  void bind(CLI::App& app) {
    app.add_option("zone", zone, "Only this zone (default: the whole environment)")->type_name("ZONE");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const std::string ace = zone.empty() ? "" : value_or_throw(engine::parse_zone(zone));
    const operations::Reply reply = value_or_throw(operations::resume_submitting(context, session.request(), ace));
    session.answer(reply, "dropledger.resumed/1", "submitting goes on: " + std::string(reply.fact("resumed")));
    return 0;
  }
};

struct Status {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_read_only();
    engine::BackorderProvider* provider = session.provider();
    render::Table record;
    record.schema = "dropledger.provider/1";
    record.add_fact("environment", provider == nullptr ? "none configured" : provider->environment());
    if (provider != nullptr) {
      const engine::Result<engine::ProviderBalance> provider_balance = provider->balance();
      record.add_fact("amount", provider_balance ? std::optional(provider_balance.value().amount) : std::nullopt);
      record.add_fact("deposit", provider_balance ? std::optional(provider_balance.value().deposit) : std::nullopt);
      record.add_fact("spendable",
                      provider_balance ? std::optional(provider_balance.value().spendable()) : std::nullopt);
      if (!provider_balance) session.note(provider_balance.error().detail);
    }
    std::string stopped;
    for (const std::string& one : store.stopped_zones())
      stopped += (stopped.empty() ? "" : ", ") + (one.empty() ? "everything" : "." + one);
    record.add_fact("stopped", stopped);
    record.add_fact("unanswered_calls", store.open_calls().size());
    session.print(record);
    return 0;
  }
};

}  // namespace

void add_sweep_commands(CommandLine& line) {
  add_command<Sweep>(line, line.app, "sweep", "Does everything that is due: reserve, void, submit, sync, settle, warn",
                     "  dropledger sweep --registry registry.db\n  dropledger sweep reserve --dry-run");
  CLI::App* provider = add_group(line.app, "provider", "The provider that catches the names, and our balance there");
  add_command<Status>(line, *provider, "status", "Where jobs go, our balance there, what is stopped",
                      "  dropledger provider status --registry registry.db");
  add_command<Resume>(line, *provider, "resume", "Goes on submitting after a person mended what was refused",
                      "  dropledger provider resume com");
}

}  // namespace cli
