// The period that reports speak for: [from, to), by recorded time unless --by effective.
#pragma once

#include <string>
#include <tuple>

#include "tools/cli/range_options.hpp"
#include "tools/operations/reports.hpp"

namespace cli {

struct PeriodOptions {
  RangeOptions ends{};
  std::string by = "recorded";

  void bind(CLI::App& app) {
    ends.bind(app, "Beginning, inclusive (default: the beginning of the book)", "End, exclusive (default: none)");
    app.add_option("--by", by, "Instant of a transfer that counts")
        ->check(CLI::IsMember({"recorded", "effective"}))
        ->capture_default_str();
  }
  operations::Period period(Session& session) const {
    operations::Period period;
    std::tie(period.from, period.to) = ends.range(session);
    period.by_effective = by == "effective";
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
