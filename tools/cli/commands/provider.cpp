// The provider that catches the names: its state, going on after a stop, and our prepaid balance there.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/money_options.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/provider_costs.hpp"

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

struct Fund {
  std::string amount, code, source = "bank", effective, memo;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "What we paid the provider")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Its currency, e.g. USD")->type_name("CUR")->required();
    bind_source(app, source);
    bind_effective(app, effective);
    bind_memo(app, memo);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, currency(code));
    return answer_money(session, context,
                        operations::pay_provider(context, session.request(),
                                                 {money, source, cli::effective(effective, session, context), memo}),
                        "paid the provider " + to_string_with_code(money));
  }
};

struct Cost {
  std::string amount, code, effective, memo;
  bool matched = false;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "What the provider charged")->type_name("AMOUNT");
    app.add_option("currency", code, "Its currency, e.g. USD")->type_name("CUR");
    bind_effective(app, effective);
    bind_memo(app, memo);
    app.add_flag("--matched", matched,
                 "Instead of one amount: every charge in the provider's accounting that is for a capture of ours and "
                 "is not booked yet");
  }
  int run(Session& session) const {
    if (matched) return book_matched(session);
    if (amount.empty() || code.empty() || memo.empty())
      throw CLI::RequiredError("AMOUNT, CUR and --memo, or --matched");
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, currency(code));
    return answer_money(session, context,
                        operations::book_provider_cost(context, session.request(), money, memo,
                                                       cli::effective(effective, session, context)),
                        "booked " + to_string_with_code(money) + " as the provider's charge");
  }

 private:
  static int book_matched(Session& session) {
    const operations::Context context = session.context();
    ProviderConnection connection(session);
    const operations::BookedCosts done = value_or_throw(operations::book_matched_costs(context, connection.get()));
    std::string sum;
    for (const engine::Money& total : done.totals) sum += (sum.empty() ? " of " : ", ") + to_string_with_code(total);
    operations::Reply reply;
    reply.facts = {{"booked", std::to_string(done.booked)}, {"left", std::to_string(done.left)}};
    session.answer(reply, "dropledger.costs-booked/1",
                   "booked " + std::to_string(done.booked) + " charges" + sum + ", left " + std::to_string(done.left) +
                       " that are for no capture of ours");
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
  add_command<Fund>(line, *provider, "fund", "Books a payment of ours to the provider",
                    "  dropledger provider fund 5000.00 USD --memo 'wire of 2026-07-01'");
  add_command<Cost>(line, *provider, "cost", "Books what the provider charged for a success",
                    "  dropledger provider cost 39.00 USD --memo 'example.com'\n  dropledger provider cost --matched");
}

}  // namespace cli
