// The log of everything that happened.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/period_options.hpp"
#include "tools/operations/reports.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

struct Events {
  std::string account, backorder, kind, from, to;
  std::int64_t after = 0, limit = 200;
  void bind(CLI::App& app) {
    app.add_option("--account", account, "Only this account's")->type_name("NAME");
    app.add_option("--backorder", backorder, "Only this backorder's")->type_name("ID");
    app.add_option("--kind", kind, "Only of this kind, e.g. shortfall, stepped, moved")->type_name("KIND");
    app.add_option("--from", from, "Recorded at or after")->type_name("TIME");
    app.add_option("--to", to, "Recorded before")->type_name("TIME");
    app.add_option("--after", after, "Only with a higher number: the cursor for the next call")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--limit", limit, "At most so many; 0 is all")->check(CLI::NonNegativeNumber)->capture_default_str();
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    engine::EventQuery query;
    query.customer = only_account(session, account);
    if (!backorder.empty()) query.backorder = engine::BackorderId(session.number(backorder, "backorder"));
    if (!kind.empty()) {
      const auto wanted = engine::parse_event_kind(kind);
      if (!wanted)
        throw CommandError{Error{ErrorCode::invalid_argument,
                                 "'" + kind + "' is no kind of event, such as stepped, shortfall or moved"}};
      query.kinds = {*wanted};
    }
    if (!from.empty()) query.from = session.instant(from);
    if (!to.empty()) query.to = session.instant(to);
    query.after_id = after;
    query.limit = limit == 0 ? 0 : limit + 1;
    render::Table table;
    table.schema = "dropledger.events/1";
    table.columns = {{"event", "", render::Kind::number},
                     {"at", "", render::Kind::time},
                     {"kind"},
                     {"account"},
                     {"backorder", "", render::Kind::number},
                     {"from"},
                     {"to"},
                     {"reason"},
                     {"actor"},
                     {"detail", "", render::Kind::text, true}};
    table.when_empty = "Nothing happened that matches.";
    operations::AccountNames accounts(store);
    store.each_event(query, [&](const engine::LoggedEvent& event) {
      if (limit != 0 && table.rows.size() == static_cast<std::size_t>(limit)) {
        table.truncated = true;
        return;
      }
      table.add(event.id, event.at, to_word(event.kind), event.customer ? accounts.of(*event.customer) : "",
                event.backorder, event.from ? to_word(*event.from) : "", event.to ? to_word(*event.to) : "",
                event.reason ? to_word(*event.reason) : "", event.actor, event.detail);
    });
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_event_commands(CommandLine& line) {
  add_command<Events>(line, line.app, "events", "Everything that happened, in order",
                      "  dropledger events --backorder 17\n  dropledger events --kind shortfall --format jsonl");
}

}  // namespace cli
