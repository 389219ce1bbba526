// Prices: what a backorder costs, by zone, tier and currency.
#include <algorithm>
#include <map>
#include <tuple>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/validity.hpp"
#include "tools/formats/csv.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

struct PriceText {
  std::string zone, tier, amount, currency, valid_from, valid_to;
};

Result<engine::Price> read_price(const PriceText& text, engine::UtcTime start) {
  const Result<std::string> zone = engine::parse_zone(text.zone);
  if (!zone) return zone.error();
  const Result<engine::Currency> currency = engine::Currency::parse(text.currency);
  if (!currency) return currency.error();
  const Result<engine::Money> amount = engine::parse_positive_money(text.amount, currency.value());
  if (!amount) return amount.error();
  engine::Price price{.zone = zone.value(),
                      .tier = text.tier.empty() ? "standard" : text.tier,
                      .amount = amount.value(),
                      .valid_from = start};
  if (!text.valid_from.empty()) {
    const Result<engine::UtcTime> from = engine::parse_time(text.valid_from);
    if (!from) return from.error();
    price.valid_from = from.value();
  }
  if (!text.valid_to.empty()) {
    const Result<engine::UtcTime> to = engine::parse_time(text.valid_to);
    if (!to) return to.error();
    if (to.value() <= price.valid_from) {
      return Error{ErrorCode::invalid_time, "the price ends at " + engine::to_string(to.value()) +
                                                ", not after its start at " + engine::to_string(price.valid_from)};
    }
    price.valid_to = to.value();
  }
  return price;
}

std::string notices(const operations::Reply& reply) {
  const std::string_view count = reply.fact("notices");
  return count.empty() || count == "0"
             ? ""
             : "; " + std::string(count) + " open backorders have a cap below it (see 'events')";
}

struct PriceSet {
  PriceText text;
  void bind(CLI::App& app) {
    app.add_option("zone", text.zone, "Zone, e.g. com or com.pl")->type_name("ZONE")->required();
    app.add_option("amount", text.amount, "Price to the customer, tax included; above zero")
        ->type_name("AMOUNT")
        ->required();
    app.add_option("currency", text.currency, "e.g. EUR")->type_name("CUR")->required();
    app.add_option("--tier", text.tier, "Tier of customers that the price is for (default: standard)")
        ->type_name("NAME");
    app.add_option("--from", text.valid_from, "Valid from (default: now)")->type_name("TIME");
    app.add_option("--to", text.valid_to, "Valid before (default: until a later price begins)")->type_name("TIME");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Price price = value_or_throw(read_price(text, default_start(session, context)));
    const operations::Reply reply = value_or_throw(operations::set_prices(context, session.request(), {price}));
    session.answer(reply, kTermsSchema,
                   "." + price.zone + " costs " + to_string_with_code(price.amount) + " for tier " + price.tier +
                       " from " + engine::to_string(price.valid_from) +
                       (price.valid_to ? " to " + engine::to_string(*price.valid_to) : "") + notices(reply));
    return 0;
  }
};

struct PriceImport {
  std::string file;
  void bind(CLI::App& app) {
    app.add_option("file", file,
                   "CSV file with the header zone,tier,currency,amount[,valid_from[,valid_to]]; - is stdin")
        ->type_name("FILE")
        ->required();
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    static constexpr formats::CsvColumn kColumns[] = {
        {"zone"}, {"tier"}, {"currency"}, {"amount"}, {"valid_from", false}, {"valid_to", false}};
    const formats::CsvRows csv = value_or_throw(formats::read_csv(session.read_input(file), kColumns));
    std::map<std::uint64_t, Error> refused;
    for (const formats::CsvFault& fault : csv.faults)
      refused.insert({fault.line, {ErrorCode::invalid_list, fault.what}});
    std::vector<engine::Price> prices;
    const engine::UtcTime start = default_start(session, context);
    std::map<std::tuple<std::string, std::string, std::string, engine::UtcTime>, std::uint64_t> seen;
    for (const formats::CsvRow& row : csv.rows) {
      const Result<engine::Price> price =
          read_price({row.fields[0], row.fields[1], row.fields[3], row.fields[2], row.fields[4], row.fields[5]}, start);
      if (!price) {
        refused.insert({row.line, price.error()});
        continue;
      }
      const engine::Price& one = price.value();
      const auto [first, fresh] =
          seen.insert({{one.zone, one.tier, std::string(one.amount.currency().code()), one.valid_from}, row.line});
      if (!fresh) {
        refused.insert({row.line,
                        {ErrorCode::invalid_list, "the price of ." + one.zone + " from the same instant is on line " +
                                                      std::to_string(first->second)}});
      }
      prices.push_back(one);
    }
    if (!refused.empty()) {
      std::string detail;
      std::size_t said = 0;
      for (const auto& [line, error] : refused) {
        if (++said > 20) break;
        detail += (detail.empty() ? "line " : "; line ") + std::to_string(line) + ": " + error.detail;
      }
      if (refused.size() > 20) detail += "; and " + std::to_string(refused.size() - 20) + " more lines";
      throw CommandError{Error{refused.begin()->second.code, detail + "; no price was changed"}};
    }
    if (prices.empty()) throw CommandError{Error{ErrorCode::invalid_list, "there are no rows below the header"}};
    const operations::Reply reply = value_or_throw(operations::set_prices(context, session.request(), prices));
    session.answer(reply, kTermsSchema, "imported " + std::to_string(prices.size()) + " prices" + notices(reply));
    return 0;
  }
};

struct PriceListing {
  std::string zone, at;
  void bind(CLI::App& app) {
    app.add_option("--zone", zone, "Only this zone")->type_name("ZONE");
    app.add_option("--at", at, "Only prices in force at this instant, or now")->type_name("TIME");
  }
  int run(Session& session) const {
    const std::string wanted = zone.empty() ? "" : value_or_throw(engine::parse_zone(zone));
    engine::LedgerReader& store = session.book_snapshot();
    std::optional<engine::UtcTime> instant;
    if (!at.empty()) instant = at == "now" ? session.now() : session.instant(at);
    if (!wanted.empty() && !store.price_list().knows_zone(wanted)) {
      throw CommandError{Error{ErrorCode::unknown_zone, "the price list has never known the zone ." + wanted}};
    }
    render::Table table;
    table.schema = "dropledger.prices/1";
    table.columns = {{"zone"},
                     {"tier"},
                     {"amount", "", render::Kind::money},
                     {"valid_from", "", render::Kind::time},
                     {"valid_to", "", render::Kind::time}};
    table.when_empty = instant ? "No price is in force then." : "No prices yet; see 'price set --help'.";
    if (instant) table.add_fact("at", *instant);
    const std::vector<engine::Price>& rows = store.price_list().rows();
    for (auto row = rows.begin(); row != rows.end(); ++row) {
      if (!wanted.empty() && row->zone != wanted) continue;
      if (instant) {
        // Rows are by zone, tier, currency and begin: of those that cover the instant the last one wins.
        const auto covers = [&](const engine::Price& price) {
          return price.valid_from <= *instant && (!price.valid_to || *instant < *price.valid_to);
        };
        if (!covers(*row)) continue;
        const bool beaten = std::any_of(row + 1, rows.end(), [&](const engine::Price& later) {
          return later.zone == row->zone && later.tier == row->tier &&
                 later.amount.currency() == row->amount.currency() && covers(later);
        });
        if (beaten) continue;
      }
      table.add(row->zone, row->tier, row->amount, row->valid_from, row->valid_to);
    }
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_price_commands(CommandLine& line) {
  CLI::App* price = add_group(line.app, "price", "Prices of backorders, by zone, tier and currency");
  add_command<PriceSet>(line, *price, "set", "Sets one price; open backorders with a lower cap get a notice",
                        "  dropledger price set com 59.00 EUR\n"
                        "  dropledger price set com.pl 39.00 EUR --tier gold --from 2026-08-01 --to 2026-09-01");
  add_command<PriceImport>(
      line, *price, "import", "Sets the prices of a file, all or none",
      "  dropledger price import prices.csv\n"
      "  printf 'zone,tier,currency,amount\\ncom,standard,EUR,59.00\\n' | dropledger price import -");
  add_command<PriceListing>(line, *price, "list", "Lists prices: past, present and future",
                            "  dropledger price list --zone com\n  dropledger price list --at now");
}

}  // namespace cli
