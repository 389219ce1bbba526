// The log of everything that happened.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>
#include <tuple>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/named.hpp"
#include "tools/cli/interruption.hpp"
#include "tools/cli/period_options.hpp"
#include "tools/operations/reports.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

struct Events {
  std::string account, backorder, kind;
  RangeOptions ends;
  std::int64_t after = 0, limit = 200;
  bool oldest_first = false, follow = false;

  void bind(CLI::App& app) {
    app.add_option("--account", account, "Only this account")->type_name("NAME");
    app.add_option("--backorder", backorder, "Only this backorder: its number or domain name")->type_name("ID");
    app.add_option("--kind", kind, "Only this kind, e.g. shortfall, stepped or moved")->type_name("KIND");
    ends.bind(app, "Recorded at or after", "Recorded before");
    app.add_option("--after", after, "Only higher numbers, oldest first: the cursor of the last call")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--limit,--last", limit, "Largest number of rows; 0 is all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_flag("--oldest-first", oldest_first, "List the oldest events first instead of the newest");
    app.add_flag("--follow", follow, "Print new events as they happen, until interrupted");
  }

  int run(Session& session) const {
    engine::LedgerReader& store = follow ? session.book_read_only() : session.book_snapshot();
    engine::EventQuery query = query_of(session);
    const bool newest = after == 0 && !oldest_first && !follow;
    render::Table table = heading();
    if (newest || follow) {
      skip_to_newest(store, query, table);
    } else {
      query.limit = limit == 0 ? 0 : limit + 1;
    }
    std::int64_t last = add_rows(store, query, table);
    if (newest) std::ranges::reverse(table.rows);
    session.print(table);
    if (!follow) return 0;
    stop_on_signals();
    query.offset = query.limit = 0;
    for (query.after_id = std::max(last, after); !interrupted(); query.after_id = std::max(query.after_id, last)) {
      std::cout.flush();
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      table.rows.clear();
      last = add_rows(store, query, table);
      if (!table.rows.empty()) session.print_further(table);
    }
    return interrupted_status();
  }

 private:
  static render::Table heading() {
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
    return table;
  }

  engine::EventQuery query_of(Session& session) const {
    engine::EventQuery query;
    query.customer = only_account(session, account);
    if (!backorder.empty()) query.backorder = backorder_named(session.book_read_only(), backorder).id;
    if (!kind.empty()) {
      const auto wanted = engine::parse_event_kind(kind);
      if (!wanted)
        throw CommandError{Error{ErrorCode::invalid_argument,
                                 "'" + kind + "' is no kind of event, such as stepped, shortfall or moved"}};
      query.kinds = {*wanted};
    }
    std::tie(query.from, query.to) = ends.range(session);
    query.after_id = after;
    return query;
  }

  void skip_to_newest(engine::LedgerReader& store, engine::EventQuery& query, render::Table& table) const {
    if (limit == 0) return;
    const std::int64_t all = store.count_events(query);
    table.truncated = all > limit;
    query.offset = std::max<std::int64_t>(all - limit, 0);
    query.limit = limit;
  }

  // The number of the last one.
  std::int64_t add_rows(engine::LedgerReader& store, const engine::EventQuery& query, render::Table& table) const {
    std::int64_t last = 0;
    operations::AccountNames accounts(store);
    store.each_event(query, [&](const engine::LoggedEvent& event) {
      if (query.limit > limit && table.rows.size() == static_cast<std::size_t>(limit)) {
        table.truncated = true;
        return;
      }
      last = event.id;
      table.add(event.id, event.at, to_word(event.kind), event.customer ? accounts.of(*event.customer) : "",
                event.backorder, event.from ? to_word(*event.from) : "", event.to ? to_word(*event.to) : "",
                event.reason ? to_word(*event.reason) : "", event.actor, event.detail);
    });
    return last;
  }
};

}  // namespace

void add_event_commands(CommandLine& line) {
  add_command<Events>(line, line.app, "events", "Lists everything that happened, newest first",
                      "  dropledger events --backorder example.com\n  dropledger events --from yesterday --kind "
                      "shortfall\n  dropledger events --after 4711 --format jsonl   # what is new since the last call");
}

}  // namespace cli
