// Reconciling: our ledger with itself, the provider's jobs and account, and the bank's statements.
#include "tools/operations/reconcile.hpp"

#include <algorithm>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::DifferenceClass;
using engine::to_string;

render::Tone tone_of(DifferenceClass kind) {
  if (kind == DifferenceClass::match) return render::Tone::good;
  return engine::is_open(kind) ? render::Tone::bad : render::Tone::warn;
}

struct Reconcile {
  std::vector<std::string> only;
  std::string source;
  bool all = false, exit_code = false;
  void bind(CLI::App& app) {
    app.add_option("--only", only, "Comparisons to make, separated by commas (default: all)")
        ->delimiter(',')
        ->check(CLI::IsMember({"self", "jobs", "provider", "bank"}));
    app.add_option("--source", source, "Only the statements of this cash account, in the comparison with the bank")
        ->type_name("NAME");
    app.add_flag("--all", all, "List what agrees too");
    app.add_flag("--exit-code", exit_code, "Exit with status 1 where a difference is open");
  }

  int run(Session& session) const {
    operations::ReconcileOptions options;
    options.source = source;
    if (!only.empty()) options.loops.clear();
    for (const std::string& word : only) options.loops.push_back(*engine::parse_loop(word));
    std::optional<render::Progress> progress;
    options.progress = [&](std::int64_t done, std::int64_t total) {
      if (session.globals().quiet) return;
      if (!progress) progress.emplace("verify", static_cast<std::uint64_t>(total));
      progress->at(static_cast<std::uint64_t>(done));
    };
    engine::LedgerReader& store = session.book_snapshot();
    const engine::UtcTime now = session.now();
    const auto asks = [&](engine::Loop loop) { return std::ranges::find(options.loops, loop) != options.loops.end(); };
    ProviderConnection connection(session);
    engine::BackorderProvider* provider =
        asks(engine::Loop::jobs) || asks(engine::Loop::provider_balance) ? connection.get() : nullptr;
    const std::vector<engine::LoopReport> reports = operations::reconcile(store, provider, options, now);
    progress.reset();
    session.print(table_of(reports, provider, now));
    bool open = false, left_out = false;
    for (const engine::LoopReport& report : reports) {
      if (!report.not_done.empty())
        session.note(std::string(to_word(report.loop)) + " is not done: " + report.not_done);
      left_out = left_out || !report.not_done.empty();
      open = open || std::ranges::any_of(report.differences,
                                         [](const engine::Difference& one) { return engine::is_open(one.kind); });
    }
    session.record_run(engine::RunKind::reconciliation, "", open ? "differences are open" : "nothing differs",
                       left_out ? "not every comparison could be done" : "");
    if (exit_code && open) return 1;
    // what was not looked at is never clean
    return left_out ? static_cast<int>(engine::ErrorClass::provider) : 0;
  }

 private:
  render::Table table_of(const std::vector<engine::LoopReport>& reports, const engine::BackorderProvider* provider,
                         engine::UtcTime now) const {
    render::Table table;
    table.schema = "dropledger.reconciliation/2";
    table.title = "Reconciliation";
    table.columns = {{"loop"},
                     {"class"},
                     {"subject"},
                     {"here"},
                     {"there"},
                     {"ours", "", render::Kind::money},
                     {"theirs", "", render::Kind::money},
                     {"difference", "", render::Kind::money},
                     {"age"},
                     {"rule"},
                     {"detail", "", render::Kind::text, true},
                     {"command"}};
    // What an accountant signs comes first: of each account its last day; all days are a section.
    render::Table balances = balances_of(reports);
    for (const engine::LoopReport& report : reports) {
      for (std::size_t i = 0; i < report.balances.size(); ++i) {
        const engine::BankBalance& one = report.balances[i];
        const bool last = i + 1 == report.balances.size() || report.balances[i + 1].source != one.source ||
                          report.balances[i + 1].per_bank.currency() != one.per_bank.currency();
        if (last)
          table.add_fact("balance_" + one.source + "_" + std::string(one.per_bank.currency().code()), to_string(one));
      }
    }
    table.add_fact("as_of", now);
    if (provider != nullptr) table.add_fact("environment", provider->environment());
    std::int64_t open = 0;
    render::Table classes;
    classes.name = "classes";
    classes.title = "Classes at a glance";
    classes.columns = {{"loop"},
                       {"done", "", render::Kind::flag},
                       {"class"},
                       {"count", "", render::Kind::number},
                       {"open", "", render::Kind::flag},
                       {"not_done"}};
    for (const engine::LoopReport& report : reports) {
      const std::string loop(to_word(report.loop));
      std::string line = report.not_done.empty() ? "" : "NOT DONE: " + report.not_done;
      render::Tiles tiles{.title = loop};
      if (!report.not_done.empty()) tiles.tiles.push_back({"not done", "?", report.not_done, render::Tone::warn});
      for (const DifferenceClass kind : engine::kDifferenceClasses) {
        const std::int64_t count = report.count(kind);
        if (engine::is_open(kind)) open += count;
        if (count == 0 && (kind != DifferenceClass::match || !report.not_done.empty())) continue;
        const std::string word(to_word(kind));
        line += (line.empty() ? "" : ", ") + std::to_string(count) + " " + word;
        classes.add(loop, report.not_done.empty(), word, count, engine::is_open(kind), report.not_done);
        tiles.tiles.push_back({word, std::to_string(count), "", tone_of(kind)});
      }
      if (report.differences.empty() && !report.not_done.empty())
        classes.add(loop, false, "", 0, false, report.not_done);
      table.add_fact(loop, line);
      table.charts.push_back(std::move(tiles));
      add_rows(table, report, now);
    }
    table.add_fact("open", open);
    table.when_empty = "Nothing differs in what was compared.";
    if (!balances.rows.empty()) table.sections.push_back(std::move(balances));
    table.sections.push_back(std::move(classes));
    return table;
  }

  static render::Table balances_of(const std::vector<engine::LoopReport>& reports) {
    render::Table table;
    table.name = "balances";
    table.title = "Balance per bank and per books";
    table.columns = {{"source"},
                     {"account"},
                     {"day", "", render::Kind::day},
                     {"stated", "", render::Kind::flag},
                     {"per_bank", "", render::Kind::money},
                     {"only_bank", "", render::Kind::money},
                     {"only_books", "", render::Kind::money},
                     {"per_books", "", render::Kind::money},
                     {"difference", "", render::Kind::money},
                     {"holds", "", render::Kind::flag}};
    for (const engine::LoopReport& report : reports) {
      for (const engine::BankBalance& one : report.balances)
        table.add(one.source, one.account, one.day, one.stated, one.per_bank, one.only_bank, one.only_books,
                  one.per_books, one.difference(), one.difference().is_zero());
    }
    return table;
  }

  void add_rows(render::Table& table, const engine::LoopReport& report, engine::UtcTime now) const {
    std::vector<const engine::Difference*> rows;
    for (const engine::Difference& one : report.differences) {
      if (all || one.kind != DifferenceClass::match) rows.push_back(&one);
    }
    std::ranges::stable_sort(rows, {}, [](const engine::Difference* one) {
      return std::pair(one->rule != engine::kBalanceRule, one->kind);
    });
    for (const engine::Difference* one : rows) {
      table.add(to_word(report.loop), to_word(one->kind), one->subject, one->here, one->there, one->ours, one->theirs,
                one->gap(), one->since && *one->since <= now ? to_string(now - *one->since) : "", one->rule,
                one->detail, one->command);
    }
  }
};

}  // namespace

void add_reconcile_commands(CommandLine& line) {
  add_command<Reconcile>(
      line, line.app, "reconcile",
      "Compares the ledger with itself, with the provider's jobs and account, and with bank statements",
      "  dropledger reconcile\n"
      "  dropledger reconcile --only self,bank --exit-code\n"
      "  dropledger reconcile --only provider --all --format html > provider.html\n"
      "  dropledger reconcile --section classes --format csv");
}

}  // namespace cli
