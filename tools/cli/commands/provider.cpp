// The provider that catches the names: its state, and going on after a stop.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

struct Resume {
  std::string zone;
  void bind(CLI::App& app) { app.add_option("zone", zone, "Zone to resume (default: all)")->type_name("ZONE"); }
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
    ProviderConnection connection(session);
    engine::BackorderProvider* provider = connection.get();
    render::Table record;
    record.schema = "dropledger.provider/1";
    record.add_fact("environment", provider == nullptr ? "none configured" : provider->environment());
    if (provider != nullptr) {
      const engine::Result<engine::ProviderPurse> purse = provider->purse();
      record.add_fact("amount", purse ? std::optional(purse.value().amount) : std::nullopt);
      record.add_fact("deposit", purse ? std::optional(purse.value().deposit) : std::nullopt);
      record.add_fact("spendable", purse ? std::optional(purse.value().spendable()) : std::nullopt);
      if (!purse) session.note(purse.error().detail);
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

void add_provider_commands(CommandLine& line) {
  CLI::App* provider = add_group(line.app, "provider", "State of the provider that catches the names");
  add_command<Status>(line, *provider, "status", "Shows where jobs go, our balance there, and what is stopped",
                      "  dropledger provider status --registry registry.db");
  add_command<Resume>(line, *provider, "resume", "Resumes submitting after a person solved what the provider refused",
                      "  dropledger provider resume com");
}

}  // namespace cli
