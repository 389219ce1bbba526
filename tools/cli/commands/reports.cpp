// Reports: what accountants and support read. None changes the book.
#include "tools/operations/reports.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/period_options.hpp"
#include "tools/render/totals.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Money;
using engine::to_string;

struct Statement {
  std::string account;
  PeriodOptions period;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    period.bind(app);
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const engine::Customer customer = session.account(account);
    const operations::Period chosen = period.period(session);
    const operations::Statement report = operations::statement(store, customer, chosen);
    render::Table table;
    table.schema = "dropledger.statement/1";
    table.columns = {{"transfer", "", render::Kind::number},
                     {"recorded_at", "", render::Kind::time},
                     {"effective_at", "", render::Kind::time},
                     {"kind"},
                     {"backorder", "", render::Kind::number},
                     {"domain", "", render::Kind::domain},
                     {"available", "Available ±", render::Kind::money},
                     {"reserved", "Reserved ±", render::Kind::money},
                     {"owed", "Owed ±", render::Kind::money},
                     {"available_after", "Available", render::Kind::money},
                     {"reserved_after", "Reserved", render::Kind::money},
                     {"memo", "", render::Kind::text, true}};
    table.when_empty = "No transfer in this period.";
    table.add_fact("account", customer.name);
    period.add_facts(table, chosen);
    table.add_fact("opening_available", report.opening_available);
    table.add_fact("opening_reserved", report.opening_reserved);
    table.add_fact("opening_owed", report.opening_owed);
    const auto changed = [](Money money) { return money.is_zero() ? std::optional<Money>() : std::optional(money); };
    for (const operations::StatementLine& row : report.lines) {
      table.add(row.transfer.id, row.transfer.recorded_at, row.transfer.effective_at, to_word(row.transfer.kind),
                row.transfer.backorder, row.domain, changed(row.available_change), changed(row.reserved_change),
                changed(row.owed_change), row.available_after, row.reserved_after, row.transfer.memo);
    }
    table.add_total(std::monostate{}, std::monostate{}, std::monostate{}, "closing", std::monostate{}, std::monostate{},
                    report.closing_available - report.opening_available,
                    report.closing_reserved - report.opening_reserved, report.closing_owed - report.opening_owed,
                    report.closing_available, report.closing_reserved,
                    report.closing_owed.is_zero() ? "" : "owed " + to_string_with_code(report.closing_owed));
    add_chart(table, report, chosen);
    session.print(table);
    return 0;
  }

 private:
  static void add_chart(render::Table& table, const operations::Statement& report, const operations::Period& chosen) {
    if (report.lines.empty()) return;
    const auto at = [&](const operations::StatementLine& line) {
      return chosen.by_effective ? line.transfer.effective_at : line.transfer.recorded_at;
    };
    const engine::UtcTime from = chosen.from.value_or(at(report.lines.front())),
                          to = chosen.to.value_or(at(report.lines.back()) + std::chrono::hours(1));
    render::Steps chart;
    chart.title = "Balances";
    chart.currency = report.customer.currency;
    chart.from = from;
    chart.to = to;
    chart.lines = {{"available", render::Tone::first, {{from, report.opening_available.minor()}}},
                   {"reserved", render::Tone::second, {{from, report.opening_reserved.minor()}}}};
    for (const operations::StatementLine& line : report.lines) {
      chart.lines[0].points.push_back({at(line), line.available_after.minor()});
      chart.lines[1].points.push_back({at(line), line.reserved_after.minor()});
    }
    table.charts.push_back(std::move(chart));
  }
};

// Rows as control accounts: of the customers' accounts of one kind and currency turnovers are added and balances
// netted; the operator's stay as they are.
class ControlAccounts {
 public:
  void add(const operations::TrialBalanceRow& row) {
    const auto same = [&](const operations::TrialBalanceRow& one) {
      return row.account.customer && one.account.kind == row.account.kind &&
             one.account.currency == row.account.currency;
    };
    const auto found = std::ranges::find_if(rows_, same);
    if (found == rows_.end()) {
      keys_.push_back(row.account);  // the visited one does not stay
      rows_.push_back({keys_.back(),
                       {},
                       row.opening_debit,
                       row.opening_credit,
                       row.debit,
                       row.credit,
                       row.closing_debit,
                       row.closing_credit});
      return;
    }
    found->debit += row.debit;
    found->credit += row.credit;
    net(found->opening_debit, found->opening_credit, row.opening_debit, row.opening_credit);
    net(found->closing_debit, found->closing_credit, row.closing_debit, row.closing_credit);
  }
  const std::vector<operations::TrialBalanceRow>& rows() const { return rows_; }

 private:
  static void net(Money& debit, Money& credit, Money more_debit, Money more_credit) {
    const Money zero = Money::zero(debit.currency());
    const Money sum = debit + more_debit - credit - more_credit;
    debit = std::max(sum, zero);
    credit = std::max(-sum, zero);
  }
  std::deque<engine::LedgerAccountKey> keys_;
  std::vector<operations::TrialBalanceRow> rows_;
};

struct TrialBalance {
  PeriodOptions period;
  bool folded = false;
  void bind(CLI::App& app) {
    period.bind(app);
    app.add_flag("--folded", folded,
                 "By control account: the customers' accounts of one kind and currency are one row");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const operations::Period chosen = period.period(session);
    render::Table table;
    table.schema = "dropledger.trial-balance/1";
    table.columns = {{"code", "", render::Kind::number},
                     {"ledger_account", "Account"},
                     {"of"},
                     {"currency"},
                     {"opening_debit", "", render::Kind::money},
                     {"opening_credit", "", render::Kind::money},
                     {"debit", "", render::Kind::money},
                     {"credit", "", render::Kind::money},
                     {"closing_debit", "", render::Kind::money},
                     {"closing_credit", "", render::Kind::money}};
    table.when_empty = "No ledger account yet.";
    period.add_facts(table, chosen);
    struct Total {
      Money opening_debit, opening_credit, debit, credit, closing_debit, closing_credit;
    };
    std::map<std::string, Total> totals;
    const auto print = [&](const operations::TrialBalanceRow& row) {
      const std::string code(row.account.currency.code());
      table.add(static_cast<int>(row.account.kind), to_word(row.account.kind),
                row.customer.empty() ? std::string_view(row.account.source) : row.customer, code, row.opening_debit,
                row.opening_credit, row.debit, row.credit, row.closing_debit, row.closing_credit);
      const Money zero = Money::zero(row.account.currency);
      Total& total = totals.try_emplace(code, Total{zero, zero, zero, zero, zero, zero}).first->second;
      total.opening_debit += row.opening_debit;
      total.opening_credit += row.opening_credit;
      total.debit += row.debit;
      total.credit += row.credit;
      total.closing_debit += row.closing_debit;
      total.closing_credit += row.closing_credit;
    };
    ControlAccounts controls;
    operations::each_trial_balance_row(store, chosen, [&](const operations::TrialBalanceRow& row) {
      if (!folded) return print(row);
      controls.add(row);
    });
    for (const operations::TrialBalanceRow& row : controls.rows()) print(row);
    for (const auto& [code, total] : totals) {
      if (total.debit != total.credit || total.closing_debit != total.closing_credit) {
        throw CommandError{Error{ErrorCode::books_differ, code + ": debits " + to_string(total.closing_debit) +
                                                              " and credits " + to_string(total.closing_credit) +
                                                              " do not agree; 'verify' names what is off"}};
      }
      table.add_total(std::monostate{}, "total", "", code, total.opening_debit, total.opening_credit, total.debit,
                      total.credit, total.closing_debit, total.closing_credit);
    }
    session.print(table);
    return 0;
  }
};

// The age of the deposits that we hold, oldest first.
class Ageing {
 public:
  void add(const operations::OpenDeposit& row) {
    std::size_t bucket = 0;
    while (bucket + 1 < std::size(kBuckets) && row.age >= kBuckets[bucket].below) ++bucket;
    rows_[{row.backorder.deposit->currency(), bucket, row.backorder.state}].add(*row.backorder.deposit);
    in_all_[row.backorder.deposit->currency()][bucket].add(*row.backorder.deposit);
  }
  void give(render::Table& table) const {
    render::Table section;
    section.name = "ageing";
    section.title = "By age";
    section.columns = {{"age"}, {"state"}, {"deposits", "", render::Kind::number}, {"amount", "", render::Kind::money}};
    section.when_empty = "No deposit is held.";
    render::Totals all;
    for (const auto& [key, totals] : rows_) {
      totals.each([&, bucket = std::get<1>(key), state = std::get<2>(key)](Money sum, std::int64_t count) {
        section.add(kBuckets[bucket].name, to_word(state), count, sum);
        all.add(sum, count);
      });
    }
    all.each([&](Money sum, std::int64_t count) { section.add_total("total", "", count, sum); });
    for (const auto& [currency, buckets] : in_all_) {
      render::Bars chart;
      chart.title = "Deposits held by age, " + std::string(currency.code());
      chart.currency = currency;
      for (std::size_t i = 0; i < std::size(kBuckets); ++i) {
        const auto found = buckets.find(i);
        const std::int64_t count = found == buckets.end() ? 0 : found->second.count(currency);
        chart.bars.push_back({kBuckets[i].name, found == buckets.end() ? 0 : found->second.sum(currency)->minor(),
                              std::to_string(count) + (count == 1 ? " deposit" : " deposits"),
                              i + 1 < std::size(kBuckets) ? render::Tone::first : render::Tone::warn});
      }
      table.charts.push_back(std::move(chart));
    }
    table.sections.push_back(std::move(section));
  }

 private:
  struct Bucket {
    const char* name;
    engine::Milliseconds below;
  };
  static constexpr Bucket kBuckets[] = {{"under 24 h", std::chrono::hours(24)},
                                        {"1 to 3 days", std::chrono::hours(72)},
                                        {"3 to 7 days", std::chrono::hours(168)},
                                        {"7 to 14 days", std::chrono::hours(336)},
                                        {"over 14 days", engine::Milliseconds::max()}};
  std::map<std::tuple<engine::Currency, std::size_t, engine::State>, render::Totals> rows_;
  std::map<engine::Currency, std::map<std::size_t, render::Totals>> in_all_;
};

struct Deposits {
  std::string account;
  bool overdue = false;
  void bind(CLI::App& app) {
    app.add_option("--account", account, "Only this account")->type_name("NAME");
    app.add_flag("--overdue", overdue, "Only deposits that should have ended");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    render::Table table;
    table.schema = "dropledger.deposits/1";
    table.columns = {{"account"},
                     {"backorder", "", render::Kind::number},
                     {"domain", "", render::Kind::domain},
                     {"state"},
                     {"deposit", "", render::Kind::money},
                     {"age"},
                     {"ends_by", "", render::Kind::time},
                     {"overdue", "", render::Kind::flag},
                     {"next", "", render::Kind::text, true}};
    table.when_empty = "No deposit is held.";
    table.add_fact("as_of", session.now());
    render::Totals sums;
    Ageing ageing;
    for (const operations::OpenDeposit& row :
         operations::open_deposits(store, only_account(session, account), session.now())) {
      if (overdue && !row.overdue) continue;
      table.add(row.account, row.backorder.id, row.backorder.name, to_word(row.backorder.state), *row.backorder.deposit,
                to_string(row.age), row.ends_by, row.overdue, row.next);
      sums.add(*row.backorder.deposit);
      ageing.add(row);
    }
    sums.each([&](Money amount, std::int64_t count) {
      table.add_total("total", std::monostate{}, std::monostate{}, std::to_string(count) + " held", amount, "",
                      std::monostate{}, std::monostate{}, "");
    });
    ageing.give(table);
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_report_commands(CommandLine& line) {
  add_command<Statement>(line, line.app, "statement", "Lists the transfers of one account with running balances",
                         "  dropledger statement alice --from 2026-08-01");
  add_command<TrialBalance>(line, line.app, "trial-balance",
                            "Lists all ledger accounts; debits equal credits in each currency",
                            "  dropledger trial-balance --to 2026-09-01");
  add_command<Deposits>(line, line.app, "deposits",
                        "Lists the deposits held now by age, with the time by which each must end",
                        "  dropledger deposits --overdue");
}

}  // namespace cli
