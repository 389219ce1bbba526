// A rehearsal book's clock, moved on purpose and not by the way: a running 'serve --rehearsal' follows and does what
// became due.
#include "tools/cli/commands/commands.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::to_string;

struct Show {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    const engine::BookInfo info = session.book_read_only().book();
    render::Table record;
    record.schema = "dropledger.clock/1";
    record.add_fact("now", session.now());
    record.add_fact("clock", info.rehearsal ? "the book's own, moved by commands" : "the system's");
    session.print(record);
    return 0;
  }
};

int move_clock(Session& session, const std::function<engine::UtcTime(engine::UtcTime)>& target) {
  operations::Context context = session.context();
  const engine::BookInfo info = context.store.book();
  if (!info.rehearsal)
    throw CommandError{
        Error{ErrorCode::clock_not_movable,
              "this book is live: its clock is the system's; 'init --rehearsal' makes one to try things in"}};
  const engine::UtcTime before = info.last_recorded.value_or(info.made_at);
  const engine::UtcTime to = target(before);
  if (to < before) {
    throw CommandError{Error{ErrorCode::clock_not_movable, to_string(to) + " is earlier than the book's clock, " +
                                                               to_string(before) + ": time in a book never goes back"}};
  }
  context.now = to;  // the request itself, recorded then, is what moves the clock
  const operations::Reply reply = value_or_throw(
      operations::run_request(context, session.request(), {{"request", "clock"}, {"to", to_string(to)}},
                              [&](engine::Changes&) -> engine::Result<operations::Facts> {
                                return operations::Facts{{"before", to_string(before)}, {"now", to_string(to)}};
                              }));
  session.answer(reply, "dropledger.clock-change/1", "the book's clock stands at " + to_string(to));
  return 0;
}

struct Advance {
  std::string span;
  void bind(CLI::App& app) {
    app.add_option("span", span, "Span, e.g. 6h, 1d or 2d12h")->type_name("SPAN")->required();
  }
  int run(Session& session) const {
    const engine::Milliseconds by = value_or_throw(engine::parse_span(span));
    return move_clock(session, [by](engine::UtcTime before) { return before + by; });
  }
};

struct Set {
  std::string time;
  void bind(CLI::App& app) { app.add_option("time", time, "Instant, UTC")->type_name("TIME")->required(); }
  int run(Session& session) const {
    const engine::UtcTime to = session.instant(time);
    return move_clock(session, [to](engine::UtcTime) { return to; });
  }
};

}  // namespace

void add_clock_commands(CommandLine& line) {
  CLI::App* group = add_group(line.app, "clock", "Clock of a rehearsal book, which stands still until it is moved");
  add_command<Show>(line, *group, "show", "Shows the time in the book", "  dropledger clock show");
  add_command<Advance>(line, *group, "advance",
                       "Moves the clock on; what fell due in between is done late, as after an outage",
                       "  dropledger clock advance 1d");
  add_command<Set>(line, *group, "set", "Moves the clock to an instant", "  dropledger clock set 2026-08-05T18:30:00Z");
}

}  // namespace cli
