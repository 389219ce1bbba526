// What the rules are fed with: prices, registries' schedules, tax rates, closed periods.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

#include "tools/cli/session.hpp"
#include "tools/formats/csv.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

constexpr const char* kSchema = "dropledger.terms-change/1";

std::optional<engine::UtcTime> instant_or(const std::string& text, const Session& session) {
  if (text.empty()) return std::nullopt;
  return session.instant(text);
}

// Where validity begins unless said otherwise: the instant this request is recorded, and that of its first time where
// it is repeated, or the repetition would ask for something else.
engine::UtcTime default_start(const Session& session, const operations::Context& context) {
  const operations::RequestKey request = session.request();
  if (!request.key.empty()) {
    if (const auto before = context.store.request(request.sender, request.key)) return before->recorded_at;
  }
  return std::max(context.now, context.store.book().last_recorded.value_or(context.now));
}

// ---- prices ----

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
    app.add_option("zone", text.zone, "com, com.pl, …")->type_name("ZONE")->required();
    app.add_option("amount", text.amount, "What the customer pays, tax included; above zero")
        ->type_name("AMOUNT")
        ->required();
    app.add_option("currency", text.currency, "e.g. EUR")->type_name("CUR")->required();
    app.add_option("--tier", text.tier, "For customers of this tier (default: standard)")->type_name("NAME");
    app.add_option("--from", text.valid_from, "Valid from (default: now)")->type_name("TIME");
    app.add_option("--to", text.valid_to, "Valid until, not included (default: until a later price begins)")
        ->type_name("TIME");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Price price = value_or_throw(read_price(text, default_start(session, context)));
    const operations::Reply reply = value_or_throw(operations::set_prices(context, session.request(), {price}));
    session.answer(reply, kSchema,
                   "." + price.zone + " costs " + to_string_with_code(price.amount) + " for tier " + price.tier +
                       " from " + engine::to_string(price.valid_from) +
                       (price.valid_to ? " to " + engine::to_string(*price.valid_to) : "") + notices(reply));
    return 0;
  }
};

struct PriceImport {
  std::string file;
  void bind(CLI::App& app) {
    app.add_option("file", file, "CSV with a header: zone,tier,currency,amount[,valid_from[,valid_to]]; - is stdin")
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
    session.answer(reply, kSchema, "imported " + std::to_string(prices.size()) + " prices" + notices(reply));
    return 0;
  }
};

struct PriceListing {
  std::string zone, at;
  void bind(CLI::App& app) {
    app.add_option("--zone", zone, "Only this zone")->type_name("ZONE");
    app.add_option("--at", at, "Only what is in force at this instant; 'now' is one")->type_name("TIME");
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

// ---- schedules ----

constexpr const char* kEveryZone = "*";  // the row for every zone without one of its own

std::string schedule_zone(const std::string& text) {
  return text == kEveryZone ? "" : value_or_throw(engine::parse_zone(text));
}

engine::ZoneSchedule in_force(engine::LedgerReader& store, const std::string& zone) {
  return store.schedules().of(zone.empty() ? std::string() : "name." + zone);
}

std::string time_of_day(std::chrono::seconds since_midnight) {
  const std::int64_t seconds = since_midnight.count();
  char text[16];
  std::snprintf(text, sizeof text, seconds % 60 == 0 ? "%02d:%02d" : "%02d:%02d:%02d",
                static_cast<int>(seconds / 3600 % 100), static_cast<int>(seconds / 60 % 60),
                static_cast<int>(seconds % 60));
  return text;
}

Result<std::chrono::seconds> parse_time_of_day(const std::string& text) {
  const auto digits = [&text](std::size_t at) -> int {
    if (at + 1 >= text.size() || text[at] < '0' || text[at] > '9' || text[at + 1] < '0' || text[at + 1] > '9')
      return -1;
    return (text[at] - '0') * 10 + text[at + 1] - '0';
  };
  const bool shaped = (text.size() == 5 || text.size() == 8) && text[2] == ':' && (text.size() == 5 || text[5] == ':');
  const int hours = digits(0), minutes = digits(3), seconds = text.size() == 8 ? digits(6) : 0;
  if (!shaped || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) {
    return Error{ErrorCode::invalid_time, "'" + text + "' is no time of day; write HH:MM, such as 14:30"};
  }
  return std::chrono::seconds(hours * 3600 + minutes * 60 + seconds);
}

void add_schedule(render::Table& table, const std::string& zone, const engine::ZoneSchedule& row) {
  std::string times;
  for (const std::chrono::seconds time : row.batch_times) times += (times.empty() ? "" : " ") + time_of_day(time);
  table.add(zone, to_word(row.kind), row.time_zone, times.empty() ? render::Cell() : render::cell(times),
            engine::to_string(row.job_lead), engine::to_string(row.deposit_lead), engine::to_string(row.deposit_gap),
            engine::to_string(row.finalization_lead), row.submit_lead ? engine::to_string(*row.submit_lead) : "at once",
            row.confidence, row.source);
}

struct ScheduleList {
  std::string zone;
  void bind(CLI::App& app) { app.add_option("zone", zone, "Only the row in force for this zone")->type_name("ZONE"); }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    render::Table table;
    table.schema = "dropledger.schedules/1";
    table.columns = {{"zone"},
                     {"kind"},
                     {"time_zone"},
                     {"batches"},
                     {"job_lead"},
                     {"deposit_lead"},
                     {"deposit_gap"},
                     {"finalization_lead"},
                     {"submit_lead"},
                     {"confidence"},
                     {"source", "", render::Kind::text, true}};
    if (zone.empty()) {
      for (const engine::ZoneSchedule& row : store.schedules().rows())
        add_schedule(table, row.zone.empty() ? kEveryZone : row.zone, row);
    } else {
      const engine::ZoneSchedule row = in_force(store, schedule_zone(zone));
      add_schedule(table, row.zone.empty() ? kEveryZone : row.zone, row);
    }
    session.print(table);
    return 0;
  }
};

struct ScheduleSet {
  std::string zone, time_zone, kind, job_lead, deposit_lead, deposit_gap, finalization_lead, submit_lead,
      source = "operator";
  std::vector<std::string> times;
  void bind(CLI::App& app) {
    app.add_option("zone", zone, "The zone; '*' is every zone without a row of its own")->type_name("ZONE")->required();
    app.add_option("--kind", kind, "How names drop")
        ->check(CLI::IsMember({"instant", "batch", "window", "random", "unknown"}));
    app.add_option("--time-zone", time_zone, "IANA name, e.g. Europe/Warsaw: the zone of --at")->type_name("ZONE");
    app.add_option("--at", times, "Local start of a batch, once per batch; 'none': not known")->type_name("HH:MM");
    app.add_option("--job-lead", job_lead, "The job must exist this long before the drop, e.g. 3h")->type_name("SPAN");
    app.add_option("--deposit-lead", deposit_lead, "The deposit is attempted this long before the drop, e.g. 72h")
        ->type_name("SPAN");
    app.add_option("--deposit-gap", deposit_gap, "and at least this long before the deadline, e.g. 24h")
        ->type_name("SPAN");
    app.add_option("--finalization-lead", finalization_lead,
                   "Where a list gives only the finalization date: drop = that + this")
        ->type_name("SPAN");
    app.add_option("--submit-lead", submit_lead,
                   "Hold a funded job back until this long before the deadline; 'none': submit at once")
        ->type_name("SPAN");
    app.add_option("--source", source, "Where this is known from")->type_name("TEXT")->capture_default_str();
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const std::string ace = schedule_zone(zone);
    engine::ZoneSchedule row = in_force(context.store, ace);
    row.zone = ace;
    row.source = source;
    row.confidence = "operator";
    if (!kind.empty()) row.kind = value_or_throw(engine::parse_drop_kind(kind));
    if (!time_zone.empty()) row.time_zone = time_zone;
    if (!times.empty()) {
      std::set<std::chrono::seconds> starts;
      for (const std::string& text : times) {
        if (text != "none") starts.insert(value_or_throw(parse_time_of_day(text)));
      }
      row.batch_times.assign(starts.begin(), starts.end());
    }
    const auto take = [](const std::string& text, engine::Milliseconds& into) {
      if (!text.empty()) into = value_or_throw(engine::parse_span(text));
    };
    take(job_lead, row.job_lead);
    take(deposit_lead, row.deposit_lead);
    take(deposit_gap, row.deposit_gap);
    take(finalization_lead, row.finalization_lead);
    if (submit_lead == "none") {
      row.submit_lead.reset();
    } else if (!submit_lead.empty()) {
      row.submit_lead = value_or_throw(engine::parse_span(submit_lead));
    }
    session.answer(value_or_throw(operations::set_schedule(context, session.request(), row)), kSchema,
                   "schedule of " + (ace.empty() ? std::string("every other zone") : "." + ace) + ": jobs " +
                       engine::to_string(row.job_lead) + ", deposits " + engine::to_string(row.deposit_lead) +
                       " before the drop; drops known from lists keep their dates until the next list");
    return 0;
  }
};

// ---- tax ----

// "19", "8.1", "21.25" → basis points.
Result<std::int64_t> parse_percent(const std::string& text) {
  const Error refused{
      ErrorCode::invalid_argument,
      "'" + text + "' is no tax rate: per cent from 0 to 100 with at most two decimals, such as 19 or 8.1"};
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string whole = text.substr(0, dot);
  std::string decimals = dot < text.size() ? text.substr(dot + 1) : "0";
  const auto is_digits = [](const std::string& part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!is_digits(whole) || whole.size() > 3 || !is_digits(decimals) || decimals.size() > 2) return refused;
  decimals.resize(2, '0');
  const std::int64_t basis_points = std::stoll(whole) * 100 + std::stoll(decimals);
  if (basis_points > 10'000) return refused;
  return basis_points;
}
std::string percent(std::int64_t basis_points) {
  const std::string decimals = std::to_string(100 + basis_points % 100).substr(1);
  return std::to_string(basis_points / 100) + "." + decimals;
}

struct TaxSet {
  std::string country, rate, from;
  bool force = false;
  void bind(CLI::App& app) {
    app.add_option("country", country, "Two capital letters, e.g. DE")->type_name("CC")->required();
    app.add_option("percent", rate, "e.g. 19 or 8.1")->type_name("PERCENT")->required();
    app.add_flag("--force", force, "Also a rate that is neither 0 nor from 1 to 35 per cent");
    app.add_option("--from", from, "Valid from (default: now)")->type_name("TIME");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    if (country.size() != 2 || !std::ranges::all_of(country, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      throw CommandError{Error{ErrorCode::invalid_argument,
                               "country '" + country + "' is not two capital letters of ISO 3166-1, such as DE"}};
    }
    const engine::TaxRate set{country, value_or_throw(parse_percent(rate)),
                              instant_or(from, session).value_or(default_start(session, context))};
    session.answer(
        value_or_throw(operations::set_tax_rate(context, session.request(), set, force)), kSchema,
        "tax in " + country + " is " + percent(set.rate_bp) + " % from " + engine::to_string(set.valid_from));
    return 0;
  }
};

struct TaxList {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    render::Table table;
    table.schema = "dropledger.tax-rates/1";
    table.columns = {{"country"}, {"percent", "", render::Kind::number}, {"valid_from", "", render::Kind::time}};
    table.when_empty = "No tax rates: a capture is posted untaxed, and a case asks for its rate.";
    for (const engine::TaxRate& rate : session.book_read_only().tax_rates())
      table.add(rate.country, percent(rate.rate_bp), rate.valid_from);
    session.print(table);
    return 0;
  }
};

// ---- periods ----

struct PeriodClose {
  std::string until;
  void bind(CLI::App& app) {
    app.add_option("until", until, "Effective dates before this are refused from now on; not later than now")
        ->type_name("TIME")
        ->required();
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::UtcTime instant = session.instant(until);
    session.answer(value_or_throw(operations::close_period(context, session.request(), instant)), kSchema,
                   "closed until " + engine::to_string(instant));
    return 0;
  }
};

struct PeriodReopen {
  std::string until, reason;
  void bind(CLI::App& app) {
    app.add_option("until", until, "Stays closed until here (default: nothing is closed any more)")->type_name("TIME");
    app.add_option("--reason", reason, "Why; kept")->type_name("TEXT")->required();
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const std::optional<engine::UtcTime> instant = instant_or(until, session);
    session.answer(value_or_throw(operations::reopen_period(context, session.request(), instant, reason)), kSchema,
                   instant ? "closed until " + engine::to_string(*instant) + " only" : "nothing is closed any more");
    return 0;
  }
};

}  // namespace

void add_terms_commands(CommandLine& line) {
  CLI::App* price = add_group(line.app, "price", "What a backorder costs, by zone, tier and currency");
  add_command<PriceSet>(line, *price, "set", "Sets one price; open backorders with a lower cap get a notice",
                        "  dropledger price set com 59.00 EUR\n"
                        "  dropledger price set com.pl 39.00 EUR --tier gold --from 2026-08-01 --to 2026-09-01");
  add_command<PriceImport>(
      line, *price, "import", "Sets many prices, all or none",
      "  dropledger price import prices.csv\n"
      "  printf 'zone,tier,currency,amount\\ncom,standard,EUR,59.00\\n' | dropledger price import -");
  add_command<PriceListing>(line, *price, "list", "The price list, with its past and its future",
                            "  dropledger price list --zone com\n  dropledger price list --at now");
  CLI::App* schedule =
      add_group(line.app, "schedule", "When registries delete, and how long before that money and jobs must be ready");
  add_command<ScheduleList>(line, *schedule, "list", "Every row, or the one in force for a zone",
                            "  dropledger schedule list com.pl");
  add_command<ScheduleSet>(line, *schedule, "set", "Sets a zone's row, starting from the one in force",
                           "  dropledger schedule set it --kind batch --time-zone Europe/Rome --at 09:00 --at 16:00\n"
                           "  dropledger schedule set com --submit-lead 12h");
  CLI::App* tax = add_group(line.app, "tax", "Tax contained in prices, by country");
  add_command<TaxSet>(line, *tax, "set", "Sets a country's rate", "  dropledger tax set DE 19 --from 2026-01-01");
  add_command<TaxList>(line, *tax, "list", "Every rate", "  dropledger tax list");
  CLI::App* period = add_group(line.app, "period", "Closing the books");
  add_command<PeriodClose>(line, *period, "close", "Refuses effective dates before an instant",
                           "  dropledger period close 2026-07-01");
  add_command<PeriodReopen>(line, *period, "reopen", "Moves the closing back, or away",
                            "  dropledger period reopen 2026-06-01 --reason 'late bank statement'");
}

}  // namespace cli
