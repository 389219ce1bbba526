// The period that reports speak for: [from, to), by recorded time unless --by effective. A date alone is midnight UTC.
#pragma once

#include <string>

#include "tools/cli/session.hpp"
#include "tools/operations/reports.hpp"

namespace cli {

struct PeriodOptions {
  std::string from{}, to{}, by = "recorded";

  void bind(CLI::App& app) {
    app.add_option("--from", from, "Beginning, inclusive (default: the book's)")->type_name("TIME");
    app.add_option("--to", to, "End, exclusive (default: none)")->type_name("TIME");
    app.add_option("--by", by, "Which of a transfer's two instants counts")
        ->check(CLI::IsMember({"recorded", "effective"}))
        ->capture_default_str();
  }
  operations::Period period(const Session& session) const {
    operations::Period period;
    if (!from.empty()) period.from = session.instant(from);
    if (!to.empty()) period.to = session.instant(to);
    period.by_effective = by == "effective";
    if (period.from && period.to && *period.to <= *period.from) {
      throw CommandError{
          engine::Error{engine::ErrorCode::invalid_time, "--to " + to + " does not lie after --from " + from}};
    }
    return period;
  }
  // Both ends, printed with every report.
  void add_facts(render::Table& table, const operations::Period& period) const {
    table.add_fact("from", period.from);
    table.add_fact("to", period.to);
    table.add_fact("by", by);
  }
};

// The account that a report is narrowed to, or nothing.
inline std::optional<engine::CustomerId> only_account(Session& session, const std::string& name) {
  if (name.empty()) return std::nullopt;
  return session.account(name).id;
}

}  // namespace cli
