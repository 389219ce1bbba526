// Closing the books: effective dates before an instant are refused.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/validity.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

struct PeriodClose {
  std::string until;
  void bind(CLI::App& app) {
    app.add_option("until", until, "Instant before which effective dates are refused; not later than now")
        ->type_name("TIME")
        ->required();
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::UtcTime instant = session.instant(until);
    session.answer(value_or_throw(operations::close_period(context, session.request(), instant)), kTermsSchema,
                   "closed until " + engine::to_string(instant));
    return 0;
  }
};

struct PeriodReopen {
  std::string until, reason;
  void bind(CLI::App& app) {
    app.add_option("until", until, "Instant until which the books stay closed (default: nothing is closed any more)")
        ->type_name("TIME");
    app.add_option("--reason", reason, "Reason, kept in the log")->type_name("TEXT")->required();
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const std::optional<engine::UtcTime> instant = instant_or(until, session);
    session.answer(value_or_throw(operations::reopen_period(context, session.request(), instant, reason)), kTermsSchema,
                   instant ? "closed until " + engine::to_string(*instant) + " only" : "nothing is closed any more");
    return 0;
  }
};

}  // namespace

void add_period_commands(CommandLine& line) {
  CLI::App* period = add_group(line.app, "period", "Closing of the books");
  add_command<PeriodClose>(line, *period, "close",
                           "Closes the books: effective dates before an instant are refused from then on",
                           "  dropledger period close 2026-07-01");
  add_command<PeriodReopen>(line, *period, "reopen", "Moves the closing back, or removes it",
                            "  dropledger period reopen 2026-06-01 --reason 'late bank statement'");
}

}  // namespace cli
