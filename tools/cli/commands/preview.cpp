// The funding preview: what the sweeps will do, its calendar, and what the balances with us and
// at the provider must hold by when.
#include "tools/operations/preview.hpp"

#include <algorithm>
#include <map>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/render/chart_days.hpp"
#include "tools/render/totals.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Money;
using engine::to_string;
using render::Kind;

// "17=3" in two; invalid_argument otherwise.
std::pair<std::string, std::string> halves(const std::string& text, const std::string& option,
                                           const std::string& form) {
  const std::size_t middle = text.rfind('=');
  if (middle == std::string::npos || middle == 0 || middle + 1 == text.size()) {
    throw CommandError{Error{ErrorCode::invalid_argument, option + " '" + text + "': write " + form}};
  }
  return {text.substr(0, middle), text.substr(middle + 1)};
}

// The payment that each account needs.
class Accounts {
 public:
  Accounts() {
    table_.name = "accounts";
    table_.title = "What to pay in, and by when";
    table_.columns = {{"account"},
                      {"backorders", "", Kind::number},
                      {"funded", "", Kind::number},
                      {"underfunded", "", Kind::number},
                      {"spendable", "", Kind::money},
                      {"first_short_at", "", Kind::time},
                      {"first_short", "Backorder", Kind::number},
                      {"short_by", "", Kind::money},
                      {"top_up", "", Kind::money},
                      {"top_up_by", "", Kind::time}};
    table_.when_empty = "No backorder waits for its deposit.";
  }
  void add(const operations::AccountPreview& one) {
    const auto count = [&](engine::Verdict verdict) {
      return std::ranges::count_if(one.rows,
                                   [&](const operations::PreviewRow& row) { return row.verdict.verdict == verdict; });
    };
    const operations::PreviewRow* first = one.first_short();
    table_.add(one.customer.name, one.rows.size(), count(engine::Verdict::funded), count(engine::Verdict::underfunded),
               one.customer.spendable(), one.plan.top_up_by,
               first == nullptr ? std::nullopt : std::optional(first->backorder.id),
               first == nullptr ? std::nullopt : std::optional(first->verdict.shortfall),
               first == nullptr ? std::nullopt : std::optional(one.plan.shortfall), one.plan.top_up_by);
    spendable_.add(one.customer.spendable());
    if (first != nullptr) top_up_.add(one.plan.shortfall);
    is_any_short_ = is_any_short_ || one.plan.top_up_by;
  }
  bool is_any_short() const { return is_any_short_; }
  render::Table give() {
    spendable_.each([&](Money sum, std::int64_t) {
      table_.add_total("total", std::monostate{}, std::monostate{}, std::monostate{}, sum, std::monostate{},
                       std::monostate{}, std::monostate{}, top_up_.sum(sum.currency()), std::monostate{});
    });
    return std::move(table_);
  }

 private:
  render::Table table_;
  render::Totals spendable_, top_up_;
  bool is_any_short_ = false;
};

struct Preview {
  std::string account, until;
  int days = 7;
  bool exit_code = false;
  std::vector<std::string> top_ups, without, priorities;

  void bind(CLI::App& app) {
    app.add_option("--account", account, "Only this account")->type_name("NAME");
    app.add_option("--days", days, "How far ahead")->check(CLI::Range(0, 3660))->capture_default_str();
    app.add_option("--until", until, "How far ahead, as an instant")->type_name("TIME");
    app.add_flag("--exit-code", exit_code, "Exit status 1 where something is underfunded");
    app.add_option("--top-up", top_ups, "What if this much came in (now, or at that time)?")
        ->type_name("ACCOUNT=AMOUNT[@TIME]")
        ->allow_extra_args(false);
    app.add_option("--without", without, "What if this backorder were cancelled?")
        ->type_name("ID")
        ->allow_extra_args(false);
    app.add_option("--priority", priorities, "What if this backorder had that priority?")
        ->type_name("ID=N")
        ->allow_extra_args(false);
  }

  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    operations::PreviewQuery query{.now = session.now(), .horizon = session.now()};
    query.horizon = until.empty() ? query.now + std::chrono::hours(24 * days) : session.instant(until);
    if (query.horizon < query.now) {
      throw CommandError{
          Error{ErrorCode::invalid_time, "--until " + until + " lies before now, " + to_string(query.now)}};
    }
    if (!account.empty()) query.customer = session.account(account).id;
    query.what_if = what_if(session, query.now);

    render::Table table;
    table.schema = "dropledger.preview/3";
    table.title = "Funding preview";
    table.columns = {{"account"},
                     {"backorder", "", Kind::number},
                     {"domain", "", Kind::domain},
                     {"decided_at", "", Kind::time},
                     {"drop_at", "", Kind::time},
                     {"submit_by", "", Kind::time},
                     {"amount", "", Kind::money},
                     {"verdict"},
                     {"before", "", Kind::money},
                     {"after", "", Kind::money},
                     {"short_by", "", Kind::money},
                     {"ends_as"},
                     {"funded_without", "", Kind::number}};
    table.when_empty = "Nothing falls due until " + to_string(query.horizon) + ".";
    table.add_fact("as_of", query.now);
    table.add_fact("until", query.horizon);
    add_what_if(table);
    const bool with_rows = session.globals().section.empty();
    render::Totals amounts, shortages;
    Accounts accounts;
    const operations::FundingOutlook outlook =
        value_or_throw(operations::each_preview(store, query, [&](const operations::AccountPreview& one) {
          for (const operations::PreviewRow& row : one.rows) {
            const engine::FundingVerdict& verdict = row.verdict;
            const auto& drop = row.backorder.drop;
            const std::optional<Money> shortage =
                verdict.shortfall.is_zero() ? std::nullopt : std::optional(verdict.shortfall);
            if (verdict.amount) amounts.add(*verdict.amount);
            if (shortage) shortages.add(*shortage);
            if (!with_rows) continue;
            table.add(one.customer.name, row.backorder.id, row.backorder.name, verdict.decided_at,
                      drop ? std::optional(drop->drop_at) : std::nullopt,
                      drop ? std::optional(drop->deadline) : std::nullopt, verdict.amount, to_word(verdict.verdict),
                      verdict.spendable_before, verdict.spendable_after, shortage,
                      verdict.voids ? "VOID " + std::string(to_word(*verdict.voids)) : "", verdict.funded_without);
          }
          accounts.add(one);
          session.print_some(table);
        }));
    amounts.each([&](Money sum, std::int64_t count) {
      table.add_total("total", std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{},
                      sum, std::to_string(count) + " with a price", std::monostate{}, std::monostate{},
                      shortages.sum(sum.currency()), "", std::monostate{});
    });
    table.sections.push_back(accounts.give());
    add_calendar(table, outlook);
    add_jobs(session, table, outlook);
    session.print(table);
    return accounts.is_any_short() && exit_code ? 1 : 0;
  }

 private:
  operations::WhatIf what_if(Session& session, engine::UtcTime now) const {
    operations::WhatIf imagined;
    for (const std::string& text : top_ups) {
      auto [name, amount] =
          halves(text, "--top-up", "ACCOUNT=AMOUNT or ACCOUNT=AMOUNT@TIME, such as alice=20.00@2026-08-04");
      engine::UtcTime at = now;
      if (const std::size_t when = amount.find('@'); when != std::string::npos) {
        at = session.instant(amount.substr(when + 1));
        amount.resize(when);
      }
      if (at < now)
        throw CommandError{Error{ErrorCode::invalid_time, "--top-up " + text + " lies before now, " + to_string(now)}};
      const engine::Customer customer = session.account(name);
      imagined.top_ups.push_back({customer.id, {at, session.amount(amount, customer.currency)}});
    }
    for (const std::string& id : without) imagined.without.emplace_back(session.number(id, "backorder"));
    for (const std::string& text : priorities) {
      const auto [id, priority] = halves(text, "--priority", "ID=N, such as 17=1");
      const std::int64_t number = session.number(priority, "priority");
      if (number > 999)
        throw CommandError{Error{ErrorCode::invalid_argument, "--priority " + text + ": 1 is funded first, 999 last"}};
      imagined.priorities.emplace_back(engine::BackorderId(session.number(id, "backorder")), static_cast<int>(number));
    }
    return imagined;
  }

  void add_what_if(render::Table& table) const {
    std::string text;
    const auto add = [&](const char* what, const std::vector<std::string>& all) {
      for (const std::string& one : all) text += (text.empty() ? "" : ", ") + std::string(what) + one;
    };
    add("top-up ", top_ups);
    add("without ", without);
    add("priority ", priorities);
    if (!text.empty()) table.add_fact("what_if", text);
  }

  static void add_calendar(render::Table& table, const operations::FundingOutlook& report) {
    render::Table calendar;
    calendar.name = "calendar";
    calendar.title = "Deposits by day";
    calendar.columns = {{"day", "", Kind::day},
                        {"currency"},
                        {"funded", "", Kind::number},
                        {"funded_amount", "", Kind::money},
                        {"underfunded", "", Kind::number},
                        {"underfunded_amount", "", Kind::money},
                        {"left", "Spendable after", Kind::money}};
    calendar.when_empty = "No deposit falls due.";
    std::map<engine::Currency, std::vector<const operations::CalendarDay*>> by_currency;
    render::Totals funded, underfunded;
    for (const operations::CalendarDay& day : report.calendar) {
      calendar.add(day.day, day.currency.code(), day.funded, day.funded_amount, day.underfunded, day.underfunded_amount,
                   day.left);
      by_currency[day.currency].push_back(&day);
      funded.add(day.funded_amount, day.funded);
      underfunded.add(day.underfunded_amount, day.underfunded);
    }
    funded.each([&](Money sum, std::int64_t count) {
      const engine::Currency currency = sum.currency();
      calendar.add_total("total", currency.code(), count, sum, underfunded.count(currency), underfunded.sum(currency),
                         std::monostate{});
    });
    for (const auto& [currency, entries] : by_currency) table.charts.push_back(chart_of(currency, entries));
    table.sections.push_back(std::move(calendar));
  }
  static render::Columns chart_of(engine::Currency currency,
                                  const std::vector<const operations::CalendarDay*>& entries) {
    render::Columns chart;
    chart.title = "Deposits by day against the money that is left, " + std::string(currency.code());
    chart.currency = currency;
    chart.stacks = {{"funded", render::Tone::first, {}}, {"underfunded", render::Tone::bad, {}}};
    chart.line = render::Columns::Series{"spendable after", render::Tone::good, {}};
    const auto draw = [&](engine::Day day, Money good, Money bad, Money left) {
      chart.labels.push_back(to_string(day));
      chart.stacks[0].values.push_back(good.minor());
      chart.stacks[1].values.push_back(bad.minor());
      chart.line->values.push_back(left.minor());
    };
    std::vector<engine::Day> days;
    for (const operations::CalendarDay* entry : entries) days.push_back(entry->day);
    const Money zero = Money::zero(currency);
    auto next = entries.begin();
    for (const engine::Day day : render::chart_days(days)) {
      const bool has_entry = (*next)->day == day;
      const Money left = has_entry ? (*next)->left : Money::of_minor(chart.line->values.back(), currency);
      draw(day, has_entry ? (*next)->funded_amount : zero, has_entry ? (*next)->underfunded_amount : zero, left);
      if (has_entry) ++next;
    }
    return chart;
  }

  // Two balances must suffice: the customers' with us, and ours at the provider.
  static void add_jobs(Session& session, render::Table& table, const operations::FundingOutlook& report) {
    std::optional<engine::ProviderBalance> provider_balance;
    ProviderConnection connection(session);
    if (engine::BackorderProvider* provider = connection.get(); provider != nullptr) {
      const engine::Result<engine::ProviderBalance> read = provider->balance();
      if (read) provider_balance = read.value();
      if (!read) session.note("our balance at the provider is not known: " + read.error().detail);
    }
    table.add_fact("provider_balance", provider_balance ? std::optional(provider_balance->spendable()) : std::nullopt);
    render::Table jobs;
    jobs.name = "jobs";
    jobs.title = "What our balance at the provider must hold";
    jobs.columns = {{"by", "", Kind::time},       {"day", "", Kind::day},          {"zone"},
                    {"jobs", "", Kind::number},   {"cost", "", Kind::money},       {"in_all", "", Kind::money},
                    {"missing", "", Kind::money}, {"remark", "", Kind::text, true}};
    jobs.when_empty = "No job is to be created.";
    render::Totals costs;
    for (const operations::JobsDay& day : report.jobs) {
      const bool comparable = provider_balance && provider_balance->spendable().currency() == day.currency;
      const std::optional<Money> missing = comparable && day.in_all > provider_balance->spendable()
                                               ? std::optional(day.in_all - provider_balance->spendable())
                                               : std::nullopt;
      jobs.add(day.by, day.day, std::monostate{}, day.jobs, day.cost, day.in_all, missing,
               missing      ? "pay in before"
               : comparable ? ""
               : !provider_balance
                   ? "our balance there is not known"
                   : "our balance there is in " + std::string(provider_balance->spendable().currency().code()));
      costs.add(day.cost, day.jobs);
    }
    for (const operations::UncostedJobs& zone : report.uncosted) {
      jobs.add(zone.by, engine::day_of(zone.by), zone.zone, zone.jobs, std::monostate{}, std::monostate{},
               std::monostate{}, "cost unknown for ." + zone.zone + ": config set cost." + zone.zone + " '7.85 USD'");
    }
    costs.each([&](Money sum, std::int64_t count) {
      jobs.add_total(std::monostate{}, std::monostate{}, "total", count, sum, std::monostate{}, std::monostate{}, "");
    });
    table.sections.push_back(std::move(jobs));
  }
};

}  // namespace

void add_preview_commands(CommandLine& line) {
  add_command<Preview>(
      line, line.app, "preview", "Shows which backorders will be funded, before it happens; changes nothing",
      "  dropledger preview --days 10\n  dropledger preview --account alice --exit-code\n"
      "  dropledger preview --top-up alice=18.00@2026-08-02 --without 17 --priority 12=1\n"
      "  dropledger preview --days 30 --format html > preview.html\n  dropledger preview --section accounts --csv");
}

}  // namespace cli
