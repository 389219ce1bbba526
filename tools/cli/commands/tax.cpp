// Tax rates: what is contained in prices, by country.
#include <algorithm>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/validity.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

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
    app.add_flag("--force", force, "Also a rate that is neither 0 nor from 1 to 35 per cent");
    app.add_option("country", country, "Country in two capital letters, e.g. DE")->type_name("CC")->required();
    app.add_option("percent", rate, "Rate in per cent, e.g. 19 or 8.1")->type_name("PERCENT")->required();
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
        value_or_throw(operations::set_tax_rate(context, session.request(), set, force)), kTermsSchema,
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

}  // namespace

void add_tax_commands(CommandLine& line) {
  CLI::App* tax = add_group(line.app, "tax", "Tax rates, by country");
  add_command<TaxSet>(line, *tax, "set", "Sets the tax rate of a country",
                      "  dropledger tax set DE 19 --from 2026-01-01");
  add_command<TaxList>(line, *tax, "list", "Lists the tax rates", "  dropledger tax list");
}

}  // namespace cli
