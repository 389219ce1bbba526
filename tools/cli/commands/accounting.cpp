// Outcomes by zone, adjustments by actor, and VAT. Each total is the sum of the printed rows.
#include "tools/operations/accounting.hpp"

#include <map>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/period_options.hpp"

namespace cli {
namespace {

using engine::Money;
using engine::Reason;

constexpr Reason kVoidReasons[] = {Reason::insufficient_available, Reason::no_price,         Reason::price_above_cap,
                                   Reason::deadline_missed,        Reason::provider_refused, Reason::operator_float,
                                   Reason::account_frozen,         Reason::chargeback,       Reason::account_closed};

struct Outcomes {
  RangeOptions ends;
  std::string by = "drop";
  bool reasons = false;
  void bind(CLI::App& app) {
    ends.bind(app, "Beginning, inclusive", "End, exclusive");
    app.add_option("--by", by, "Instant of a backorder that counts")
        ->check(CLI::IsMember({"drop", "placed"}))
        ->capture_default_str();
    app.add_flag("--void-reasons", reasons, "Count the reasons of void backorders instead, one column each");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const auto [begin, end] = ends.range(session);
    render::Table table;
    table.schema = reasons ? "dropledger.void-reasons/1" : "dropledger.outcomes/1";
    const auto number = [](const char* key) { return render::Column{key, "", render::Kind::number}; };
    if (reasons) {
      table.columns = {{"zone"}};
      for (const Reason reason : kVoidReasons) table.columns.push_back(number(std::string(to_word(reason)).c_str()));
      table.columns.push_back(number("other"));
      table.columns.push_back(number("void"));
    } else {
      table.columns = {{"zone"},
                       number("placed"),
                       number("reserved"),
                       number("submitted"),
                       number("auctions"),
                       number("registered"),
                       number("failed"),
                       number("cancelled"),
                       number("void"),
                       number("missed"),
                       number("open"),
                       {"catch_rate"},
                       number("catch_percent"),
                       {"median_submit_lead"}};
    }
    table.when_empty = "No backorder matches.";
    table.add_fact("from", begin);
    table.add_fact("to", end);
    table.add_fact("by", by);
    std::vector<operations::Outcomes> rows = operations::outcomes(store, begin, end, by == "placed");
    if (rows.size() == 1) rows.clear();  // nothing but a total of nothing
    for (const operations::Outcomes& row : rows) {
      const bool is_total = &row == &rows.back();
      const std::string zone = is_total ? "total" : row.zone;
      (is_total ? table.totals : table.rows).push_back(reasons ? reasons_of(zone, row) : outcomes_of(zone, row));
    }
    session.print(table);
    return 0;
  }

 private:
  static render::Row outcomes_of(const std::string& zone, const operations::Outcomes& row) {
    const std::string rate = std::to_string(row.registered) + "/" + std::to_string(row.decided());
    return {zone,
            row.placed,
            row.reserved,
            row.submitted,
            row.auctions,
            row.registered,
            row.failed,
            row.cancelled,
            row.voided,
            row.missed,
            row.open,
            row.decided() == 0 ? render::Cell() : render::Cell(rate),
            render::cell(operations::percentage(row.registered, row.decided())),
            row.median_submit_lead ? render::Cell(engine::to_string(*row.median_submit_lead)) : render::Cell()};
  }
  static render::Row reasons_of(const std::string& zone, const operations::Outcomes& row) {
    render::Row cells{zone};
    std::int64_t named = 0;
    for (const Reason reason : kVoidReasons) {
      const auto found = row.void_reasons.find(reason);
      const std::int64_t count = found == row.void_reasons.end() ? 0 : found->second;
      cells.emplace_back(count);
      named += count;
    }
    cells.emplace_back(row.voided - named);
    cells.emplace_back(row.voided);
    return cells;
  }
};

// Sums per key and currency, in order.
using Sums = std::map<std::pair<std::string, std::string>, std::vector<Money>>;
void add(Sums& sums, const std::string& key, const std::vector<Money>& amounts) {
  const auto [found, is_new] = sums.try_emplace({key, std::string(amounts.front().currency().code())}, amounts);
  if (is_new) return;
  for (std::size_t i = 0; i < amounts.size(); ++i) found->second[i] += amounts[i];
}

std::string account_of(const engine::LedgerAccountKey& key) {
  return std::to_string(static_cast<int>(key.kind)) + " " + std::string(to_word(key.kind)) +
         (key.source.empty() ? "" : " " + key.source);
}

struct Adjustments {
  std::string actor;
  PeriodOptions period;
  void bind(CLI::App& app) {
    app.add_option("--by-actor", actor, "Only this person")->type_name("NAME");
    period.bind(app);
  }
  int run(Session& session) const {
    const operations::Period chosen = period.period(session);
    render::Table table;
    table.schema = "dropledger.adjustments/1";
    table.columns = {{"actor"},
                     {"at", "", render::Kind::time},
                     {"kind"},
                     {"account"},
                     {"debit"},
                     {"credit"},
                     {"amount", "", render::Kind::money},
                     {"original", "", render::Kind::number},
                     {"transfer", "", render::Kind::number},
                     {"reason", "", render::Kind::text, true}};
    table.when_empty = "Nothing was adjusted in this period.";
    period.add_facts(table, chosen);
    Sums by_actor, all;
    for (const operations::Adjustment& row : operations::adjustments(session.book_snapshot(), chosen)) {
      const engine::Transfer& transfer = row.transfer;
      if (!actor.empty() && transfer.actor != actor) continue;
      table.add(transfer.actor, chosen.by_effective ? transfer.effective_at : transfer.recorded_at,
                to_word(transfer.kind), row.account, account_of(transfer.debit), account_of(transfer.credit),
                transfer.amount, transfer.reverses, transfer.id, transfer.memo);
      add(by_actor, transfer.actor, {transfer.amount});
      add(all, "total", {transfer.amount});
    }
    for (const Sums* sums : {&by_actor, &all}) {
      for (const auto& [key, amounts] : *sums) {
        const std::monostate none;
        table.add_total(key.first, none, "", "", "", "", amounts.front(), none, none, "");
      }
    }
    session.print(table);
    return 0;
  }
};

std::string percent_of(std::int64_t rate_bp) {
  const std::string hundredths = std::to_string(rate_bp % 100);
  return std::to_string(rate_bp / 100) + "." + (hundredths.size() < 2 ? "0" : "") + hundredths;
}

struct Vat {
  PeriodOptions period;
  void bind(CLI::App& app) { period.bind(app); }
  int run(Session& session) const {
    const operations::Period chosen = period.period(session);
    render::Table table;
    table.schema = "dropledger.vat/1";
    table.columns = {{"tax_point", "", render::Kind::time},
                     {"document", "", render::Kind::number},
                     {"account"},
                     {"country"},
                     {"vat_id", "VAT id"},
                     {"backorder", "", render::Kind::number},
                     {"domain", "", render::Kind::domain},
                     {"net", "", render::Kind::money},
                     {"rate_percent", "Rate %", render::Kind::number},
                     {"vat", "VAT", render::Kind::money},
                     {"gross", "", render::Kind::money},
                     {"scheme"}};
    table.when_empty = "No deposit was captured in this period.";
    period.add_facts(table, chosen);
    table.add_fact("tax_point_is", "the capture");
    table.add_fact("rounding",
                   "VAT = gross x rate / (100 + rate), half-even to the minor unit, per capture; net = gross - VAT");
    Sums by_country, all;
    for (const operations::VatRow& row : operations::vat(session.book_snapshot(), chosen)) {
      const engine::TaxDecision& tax = row.tax_point.decision;
      const std::string rate = percent_of(tax.rate_bp);
      const std::string country = tax.country.empty() ? "-" : tax.country;
      table.add(chosen.by_effective ? row.document.effective_at : row.document.recorded_at, row.document.id,
                row.account, tax.country, tax.vat_id, row.backorder.id, row.backorder.name, row.net_amount, rate,
                row.tax_amount, row.gross, to_word(tax.treatment));
      add(by_country, country + "\t" + rate, {row.net_amount, row.tax_amount, row.gross});
      add(all, "total", {row.net_amount, row.tax_amount, row.gross});
    }
    const std::monostate none;
    for (const auto& [key, amounts] : by_country) {
      const std::size_t tab = key.first.find('\t');
      table.add_total(none, none, "", key.first.substr(0, tab), "", none, none, amounts[0], key.first.substr(tab + 1),
                      amounts[1], amounts[2], "");
    }
    for (const auto& [key, amounts] : all)
      table.add_total(none, none, "total", "", "", none, none, amounts[0], "", amounts[1], amounts[2], "");
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_accounting_commands(CommandLine& line) {
  add_command<Outcomes>(
      line, line.app, "outcomes", "Counts how backorders ended, by zone, with the catch rate",
      "  dropledger outcomes --from 2026-08-01 --to 2026-09-01\n  dropledger outcomes --void-reasons --format csv");
  add_command<Adjustments>(
      line, line.app, "adjustments", "Lists adjustments, goodwill and reversals by the person who made them",
      "  dropledger adjustments --from 2026-08-01 --to 2026-09-01\n  dropledger adjustments --by-actor mary");
  add_command<Vat>(line, line.app, "vat",
                   "Lists the tax on captured deposits: net, rate and VAT, with totals by country and rate",
                   "  dropledger vat --from 2026-08-01 --to 2026-09-01 --format csv\n  dropledger tax set DE 19 --from "
                   "2026-01-01   # the rates");
}

}  // namespace cli
