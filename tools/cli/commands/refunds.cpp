// The refund report: what was given back and why, what was captured beside it, and the proof that the two and what is
// held make the whole.
#include "tools/operations/refunds.hpp"

#include <map>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/period_options.hpp"
#include "tools/render/chart_days.hpp"
#include "tools/render/totals.hpp"

namespace cli {
namespace {

using engine::Currency;
using engine::Money;
using engine::to_string;
using render::Kind;

std::string span_of(const std::optional<engine::Milliseconds>& span) { return span ? to_string(*span) : ""; }

// Subtotals under a key, per currency.
using Groups = std::map<std::string, render::Totals>;

struct Refunds {
  std::string account, tolerance = "1h";
  PeriodOptions period;
  bool captured = false, exit_code = false;

  void bind(CLI::App& app) {
    app.add_option("--account", account, "Only this account")->type_name("NAME");
    app.add_flag("--captured", captured, "Show captured deposits as the main table, and refunds as a section");
    app.add_option("--tolerance", tolerance,
                   "Time from the final answer of the provider to the refund that is no exception")
        ->type_name("SPAN")
        ->capture_default_str();
    app.add_flag("--exit-code", exit_code, "Exit with status 1 where there is an exception");
    period.bind(app);
  }

  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    operations::RefundQuery query{
        .customer = only_account(session, account), .period = period.period(session), .now = session.now()};
    query.tolerance = value_or_throw(engine::parse_span(tolerance));
    const operations::RefundReport report = value_or_throw(operations::refund_report(store, query));

    render::Table table = deposits(report, captured);
    table.schema = captured ? "dropledger.captures/2" : "dropledger.refunds/2";
    table.title = captured ? "Captured deposits" : "Refund report";
    if (!account.empty()) table.add_fact("account", account);
    period.add_facts(table, query.period);
    table.add_fact("as_of", query.now);
    table.add_fact("tolerance", tolerance);
    table.add_fact("exceptions", report.exceptions.size());
    const std::vector<operations::EndedDeposit>& rows = captured ? report.captures : report.refunds;
    add_charts(table, rows);
    add_groups(table, rows, "by_cause", "By cause", [](const operations::EndedDeposit& row) { return row.cause; });
    add_groups(table, rows, "by_day", "By day",
               [](const operations::EndedDeposit& row) { return to_string(engine::day_of(row.at)); });
    add_groups(table, rows, "by_zone", "By zone",
               [](const operations::EndedDeposit& row) { return row.backorder.zone; });
    add_groups(table, rows, "by_account", "By account",
               [](const operations::EndedDeposit& row) { return row.account; });
    render::Table beside = deposits(report, !captured);
    beside.name = captured ? "refunds" : "captures";
    beside.title = captured ? "Refunded" : "Captured, not refundable any more";
    table.sections.push_back(std::move(beside));
    table.sections.push_back(flows(report));
    table.sections.push_back(exceptions(report));
    session.print(table);
    return exit_code && !report.exceptions.empty() ? 1 : 0;
  }

 private:
  static render::Table deposits(const operations::RefundReport& report, bool captures) {
    render::Table table;
    table.columns = {{captures ? "captured_at" : "refunded_at", "", Kind::time},
                     {"account"},
                     {"backorder", "", Kind::number},
                     {"domain", "", Kind::domain},
                     {"zone"},
                     {"amount", "", Kind::money},
                     {"cause"},
                     {"application"},
                     {"provider_status"},
                     {"outcome_at", "", Kind::time},
                     {"latency"},
                     {"reserved_at", "", Kind::time},
                     {"held"},
                     {"actor"},
                     {"transfer", "", Kind::number},
                     {"evidence", "", Kind::text, false, true}};
    table.when_empty = captures ? "No deposit was captured in this period." : "No deposit was refunded in this period.";
    render::Totals sums;
    for (const operations::EndedDeposit& row : captures ? report.captures : report.refunds) {
      table.add(row.at, row.account, row.backorder.id, row.backorder.name, row.backorder.zone, row.amount, row.cause,
                row.backorder.application.value_or(""), row.provider_word, row.outcome_at, span_of(row.latency),
                row.reserved_at, span_of(row.held), row.actor, row.transfer, row.evidence);
      sums.add(row.amount);
    }
    sums.each([&](Money sum, std::int64_t count) {
      table.add_total(std::monostate{}, std::to_string(count) + (count == 1 ? " deposit" : " deposits"),
                      std::monostate{}, std::monostate{}, std::monostate{}, sum, "total", "", "", std::monostate{}, "",
                      std::monostate{}, "", "", std::monostate{}, "");
    });
    return table;
  }

  template <typename KeyOf>
  static void add_groups(render::Table& table, const std::vector<operations::EndedDeposit>& rows, const char* name,
                         const char* title, const KeyOf& key_of) {
    Groups groups;
    render::Totals all;
    for (const operations::EndedDeposit& row : rows) {
      groups[key_of(row)].add(row.amount);
      all.add(row.amount);
    }
    render::Table section;
    section.name = name;
    section.title = title;
    section.columns = {{std::string(name).substr(3)}, {"deposits", "", Kind::number}, {"amount", "", Kind::money}};
    section.when_empty = "None.";
    for (const auto& [key, totals] : groups) {
      totals.each([&, &group = key](Money sum, std::int64_t count) { section.add(group, count, sum); });
    }
    all.each([&](Money sum, std::int64_t count) { section.add_total("total", count, sum); });
    table.sections.push_back(std::move(section));
  }

  // Per currency: causes over time, and causes in all.
  static void add_charts(render::Table& table, const std::vector<operations::EndedDeposit>& rows) {
    // by currency, cause, day
    std::map<Currency, std::map<std::string, std::map<engine::Day, std::int64_t>>> minor;
    std::map<Currency, std::map<std::string, std::int64_t>> counts;
    for (const operations::EndedDeposit& row : rows) {
      minor[row.amount.currency()][row.cause][engine::day_of(row.at)] += row.amount.minor();
      ++counts[row.amount.currency()][row.cause];
    }
    for (const auto& [currency, causes] : minor) {
      std::map<engine::Day, bool> seen;
      for (const auto& [cause, days] : causes) {
        for (const auto& [day, sum] : days) seen[day] = true;
      }
      std::vector<engine::Day> with_something;
      for (const auto& [day, there] : seen) with_something.push_back(day);
      render::Columns over_time;
      over_time.title = "By day and cause, " + std::string(currency.code());
      over_time.currency = currency;
      render::Bars in_all;
      in_all.title = "By cause, " + std::string(currency.code());
      in_all.currency = currency;
      const std::vector<engine::Day> axis = render::chart_days(with_something);
      for (const engine::Day day : axis) over_time.labels.push_back(to_string(day));
      for (const auto& [cause, days] : causes) {
        const render::Tone tone = render::tone_of_series(over_time.stacks.size());
        render::Columns::Series series{cause, tone, {}};
        std::int64_t sum = 0;
        for (const engine::Day day : axis) {
          const auto found = days.find(day);
          series.values.push_back(found == days.end() ? 0 : found->second);
          sum += series.values.back();
        }
        over_time.stacks.push_back(std::move(series));
        const std::int64_t count = counts[currency][cause];
        in_all.bars.push_back({cause, sum, std::to_string(count) + (count == 1 ? " deposit" : " deposits"), tone});
      }
      table.charts.push_back(std::move(over_time));
      table.charts.push_back(std::move(in_all));
    }
  }

  static render::Table flows(const operations::RefundReport& report) {
    render::Table section;
    section.name = "proof";
    section.title = "Opening + reserved = captured + refunded + closing";
    section.columns = {{"account"},
                       {"zone"},
                       {"opening", "", Kind::money},
                       {"reserved", "", Kind::money},
                       {"captured", "", Kind::money},
                       {"refunded", "", Kind::money},
                       {"closing", "", Kind::money}};
    section.when_empty = "No deposit was held.";
    render::Totals opening, reserved, captured, refunded, closing;
    for (const operations::DepositFlow& row : report.flows) {
      section.add(row.account, row.zone, row.opening, row.reserved, row.captured, row.refunded, row.closing);
      opening.add(row.opening);
      reserved.add(row.reserved);
      captured.add(row.captured);
      refunded.add(row.refunded);
      closing.add(row.closing);
    }
    opening.each([&](Money sum, std::int64_t) {
      const Currency currency = sum.currency();
      section.add_total("total", "", sum, reserved.sum(currency), captured.sum(currency), refunded.sum(currency),
                        closing.sum(currency));
    });
    return section;
  }

  static render::Table exceptions(const operations::RefundReport& report) {
    render::Table section;
    section.name = "exceptions";
    section.title = "Exceptions";
    section.columns = {{"account"},
                       {"backorder", "", Kind::number},
                       {"domain", "", Kind::domain},
                       {"amount", "", Kind::money},
                       {"what"},
                       {"provider_status"},
                       {"outcome_at", "", Kind::time},
                       {"ended_at", "", Kind::time},
                       {"late_by"}};
    section.when_empty = "None: every outcome was followed by its refund or capture in time.";
    render::Totals sums;
    for (const operations::DepositException& row : report.exceptions) {
      section.add(row.account, row.backorder.id, row.backorder.name, row.amount, row.what,
                  row.backorder.provider_status, row.outcome_at, row.ended_at, to_string(row.late_by));
      sums.add(row.amount);
    }
    sums.each([&](Money sum, std::int64_t count) {
      section.add_total("total", std::monostate{}, std::monostate{}, sum, std::to_string(count) + " in all", "",
                        std::monostate{}, std::monostate{}, "");
    });
    return section;
  }
};

}  // namespace

void add_refund_commands(CommandLine& line) {
  add_command<Refunds>(
      line, line.app, "refunds",
      "Lists every deposit returned, with its cause; opening + reserved = captured + refunded + closing",
      "  dropledger refunds --from 2026-08-01 --to 2026-09-01\n  dropledger refunds --account alice --captured "
      "--format csv\n"
      "  dropledger refunds --section exceptions --exit-code\n  dropledger refunds --format html > refunds.html");
}

}  // namespace cli
