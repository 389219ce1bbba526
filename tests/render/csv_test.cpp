#include <doctest/doctest.h>

#include <sstream>

#include "tools/render/format.hpp"

namespace {

using render::Kind;

engine::Money money(const char* text, const char* currency) {
  return engine::parse_money(text, engine::Currency::parse(currency).value()).value();
}

std::string csv(const render::Table& table, render::Options options = {}) {
  options.format = render::Format::csv;
  std::ostringstream out;
  render::write(out, table, options);
  return out.str();
}

}  // namespace

TEST_CASE("render csv: money and domains are two columns, every currency with its own decimals") {
  render::Table table{
      .columns = {
          {"id"}, {"domain", {}, Kind::domain}, {"price", {}, Kind::money}, {"placed_at"}, {"billed_on"}, {"open"}}};
  table.add_fact("account", "acme");
  const engine::UtcTime time = engine::parse_time("2026-08-04T18:00:00Z").value();
  const engine::Day day = engine::parse_day("2026-08-05").value();
  table.add(1, engine::DomainName::parse("例子.com").value(), money("59.00", "EUR"), time, day, true);
  table.add(2, engine::DomainName::parse("a.com").value(), money("12000", "JPY"), time, day, false);
  table.add(3, std::optional<engine::DomainName>(), money("-0.005", "KWD"), render::Cell(), render::Cell(),
            render::Cell());
  table.add(4, "all", "unlimited", render::Cell(), render::Cell(), render::Cell());
  table.add_total("Total", render::Cell(), render::Cell(), render::Cell(), render::Cell(), render::Cell());
  CHECK(csv(table) ==
        "id,domain,domain_unicode,price,price_currency,placed_at,billed_on,open\n"
        "1,xn--fsqu00a.com,例子.com,59.00,EUR,2026-08-04T18:00:00Z,2026-08-05,true\n"
        "2,a.com,a.com,12000,JPY,2026-08-04T18:00:00Z,2026-08-05,false\n"
        "3,,,-0.005,KWD,,,\n"
        "4,all,,unlimited,,,,\n");
}

TEST_CASE("render csv: a list has one header, empty or full") {
  const render::Table empty{.columns = {{"id"}, {"domain", {}, Kind::domain}, {"price", {}, Kind::money}}};
  CHECK(csv(empty) == "id,domain,domain_unicode,price,price_currency\n");
  CHECK(csv(empty, {.header = false}).empty());
  render::Table found{.columns = {{"price"}}};
  found.add(render::Cell());
  found.add(money("1.00", "EUR"));
  CHECK(csv(found) == "price,price_currency\n,\n1.00,EUR\n");
}

TEST_CASE("render csv: quotes where RFC 4180 wants them, and text that stays what it was") {
  struct Case {
    const char* text;
    const char* field;
  };
  for (const Case& row :
       {Case{"plain text", "plain text"}, Case{"a,b", "\"a,b\""}, Case{"say \"hi\"", "\"say \"\"hi\"\"\""},
        Case{"\"", "\"\"\"\""}, Case{"two\nlines", "\"two\nlines\""}, Case{"cr\r", "\"cr\r\""}, Case{"", "\"\""},
        Case{"=1+1", "=1+1"}, Case{"-5", "-5"}, Case{" x ", " x "}, Case{"\x1b[1m", "\x1b[1m"}, Case{"مثال", "مثال"}}) {
    CAPTURE(row.text);
    render::Table table{.columns = {{"note"}, {"n"}}};
    table.add(row.text, 1);
    CHECK(csv(table, {.header = false}) == std::string(row.field) + ",1\n");
  }
}

TEST_CASE("render csv: on a terminal control characters are shown, line breaks stay") {
  render::Table table{.columns = {{"note"}}};
  table.add("\x1b[1m\nb\r");
  CHECK(csv(table, {.header = false, .terminal = true}) == "\"\\x1b[1m\nb\\r\"\n");
}

TEST_CASE("render csv: a record is one row, with or without its values") {
  render::Table record{};
  record.add_fact("name", "acme");
  record.add_fact("limit", std::optional<engine::Money>());
  record.add_fact("available", money("1.00", "EUR"));
  CHECK(csv(record) == "name,limit,limit_currency,available,available_currency\nacme,,,1.00,EUR\n");
  CHECK(csv(record, {.header = false}) == "acme,,,1.00,EUR\n");
  CHECK(csv(render::Table{}).empty());
}
