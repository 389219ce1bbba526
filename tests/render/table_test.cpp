// The face for people. Golden texts are inline, between R"( and )": what is read here is what is printed.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "engine/ensure.hpp"
#include "tools/render/format.hpp"
#include "tools/render/terminal.hpp"
#include "tools/render/text.hpp"

namespace {

using render::Kind;

engine::Money money(const char* text, const char* currency) {
  return engine::parse_money(text, engine::Currency::parse(currency).value()).value();
}
engine::DomainName domain(const char* text) { return engine::DomainName::parse(text).value(); }

std::string printed(const render::Table& table, const render::Options& options = {}) {
  std::ostringstream out;
  render::write(out, table, options);
  return "\n" + out.str();
}

render::Table backorders() {
  render::Table table{
      .schema = "dropledger.backorders/1",
      .columns = {{"id", "No."}, {"domain", {}, Kind::domain}, {"price", {}, Kind::money}, {"drops_at"}, {"paid"}}};
  table.add_fact("account", "acme");
  table.add_fact("as_of", engine::parse_time("2026-08-01T06:10:00Z").value());
  table.add(7, domain("example.com"), money("59.00", "EUR"), engine::parse_time("2026-08-04T18:00:00.250Z").value(),
            true);
  table.add(12345, domain("例子.com"), money("12000", "JPY"), std::optional<engine::UtcTime>(), false);
  table.add(8, domain("مثال.com"), money("-1.250", "KWD"), engine::parse_day("2026-08-05").value(), false);
  return table;
}

}  // namespace

TEST_CASE("render table: amounts to the right, Arabic and Chinese names aligned by what they take on the screen") {
  CHECK(printed(backorders()) == R"(
Account  acme
As of    2026-08-01T06:10:00Z

  No.  Domain            Price  Drops at                  Paid
─────  ───────────  ──────────  ────────────────────────  ────
    7  example.com   59.00 EUR  2026-08-04T18:00:00.250Z  yes
12345  例子.com      12000 JPY  -                         no
    8  مثال.com     -1.250 KWD  2026-08-05                no
)");
}

TEST_CASE("render table: ascii prints names in ACE and rules in ASCII") {
  CHECK(printed(backorders(), {.ascii = true, .header = false}) == R"(
    7  example.com       59.00 EUR  2026-08-04T18:00:00.250Z  yes
12345  xn--fsqu00a.com   12000 JPY  -                         no
    8  xn--mgbh0fb.com  -1.250 KWD  2026-08-05                no
)");
}

TEST_CASE("render table: totals stand below a second rule, blank where they have nothing to say") {
  render::Table table{.columns = {{"account"}, {"available", "Available", Kind::money}, {"note"}}};
  table.add("acme", money("10.05", "EUR"), "x");
  table.add("zeta", money("-3.40", "EUR"), render::Cell());
  table.add_total("Total", money("6.65", "EUR"), render::Cell());
  table.truncated = true;
  CHECK(printed(table) == R"(
Account  Available  Note
───────  ─────────  ────
acme     10.05 EUR  x
zeta     -3.40 EUR  -
───────  ─────────  ────
Total     6.65 EUR
… and more: the list was cut by its limit.
)");
}

TEST_CASE("render table: an empty list says so, and says nothing to a script") {
  render::Table table{.columns = {{"id"}}};
  CHECK(printed(table) == "\nNothing to show.\n");
  table.when_empty = "No backorders yet.";
  table.add_fact("account", "acme");
  CHECK(printed(table) == "\nAccount  acme\n\nNo backorders yet.\n");
  CHECK(printed(table, {.header = false}) == "\n");
}

TEST_CASE("render table: without columns it is a record, line by line") {
  render::Table record{.schema = "dropledger.account/1"};
  record.add_fact("name", "acme");
  record.add_fact("credit_limit", std::optional<engine::Money>());
  record.add_fact("available", money("-0.05", "EUR"));
  CHECK(printed(record) == "\nName          acme\nCredit limit  -\nAvailable     -0.05 EUR\n");
  CHECK(printed(record, {.header = false}) == printed(record));
  CHECK(printed(render::Table{}) == "\n");
}

TEST_CASE("render table: only prose gives way to a narrow terminal") {
  render::Table table{.columns = {{"name"}, {"price"}, {.key = "note", .may_shorten = true}}};
  table.add("a-rather-long-name.example", money("1234567.00", "EUR"), "会議の議事録を確認する");
  table.add("b", money("1.00", "EUR"), "short");
  CHECK(printed(table, {.width = 60, .header = false}) == R"(
a-rather-long-name.example  1234567.00 EUR  会議の議事録を…
b                                 1.00 EUR  short
)");
  CHECK(printed(table, {.ascii = true, .width = 60, .header = false}).find("会議の議事録...\n") != std::string::npos);
  CHECK(printed(table, {.width = 10, .header = false}).find("a-rather-long-name.example  1234567.00 EUR  会議の…\n") !=
        std::string::npos);
  CHECK(printed(table, {.header = false}).find("会議の議事録を確認する\n") != std::string::npos);
}

TEST_CASE("render table: what comes from strangers cannot drive the terminal") {
  render::Table table{.columns = {{"note"}}};
  table.add("\x1b[31mred\x1b[0m\a\r\nnext\tline");
  table.add(
      "c1 \xC2\x9B; \xE2\x80\xAE"
      "moc.elgoog; del \x7f; broken \xFF.");
  CHECK(printed(table, {.header = false}) == R"(
\x1b[31mred\x1b[0m\x07\r\nnext\tline
c1 \x9b; \u202emoc.elgoog; del \x7f; broken �.
)");
}

TEST_CASE("render table: colours only when asked for") {
  render::Table table{.columns = {{"name"}, {"amount"}}};
  table.add("a", money("-1.00", "EUR"));
  table.add_total("b", money("-1.00", "EUR"));
  CHECK(printed(table).find('\x1b') == std::string::npos);
  CHECK(printed(table, {.color = true}) ==
        "\n\x1b[1mName     Amount\x1b[22m\n\x1b[2m────  ─────────\x1b[22m\na     \x1b[31m-1.00 EUR\x1b[39m\n"
        "\x1b[2m────  ─────────\x1b[22m\n\x1b[1mb     \x1b[31m-1.00 EUR\x1b[39m\x1b[22m\n");
}

TEST_CASE("render: a table that contradicts itself is not printed at all") {
  const auto refuses = [](const render::Table& table) {
    for (const render::Format format :
         {render::Format::table, render::Format::csv, render::Format::json, render::Format::jsonl}) {
      std::ostringstream out;
      CHECK_THROWS_AS(render::write(out, table, {.format = format}), engine::InvariantError);
      CHECK(out.str().empty());
    }
  };
  refuses({.columns = {{"a"}, {"b"}}, .rows = {{std::string("one")}}});
  refuses({.columns = {{"a"}}, .totals = {{}}});
  refuses({.columns = {{"a"}, {"a"}}});
  refuses({.columns = {{"price", {}, Kind::money}, {"price_currency"}}});
  refuses({.columns = {{"domain", {}, Kind::domain}, {"domain_unicode"}}});
  refuses({.columns = {{"say \"a\""}}});
  refuses({.columns = {{"a"}}, .facts = {{"rows", std::int64_t{1}}}});
  refuses({.rows = {{}}});
}

TEST_CASE("render: formats by name") {
  CHECK(render::parse_format("table").value() == render::Format::table);
  CHECK(render::parse_format("csv").value() == render::Format::csv);
  CHECK(render::parse_format("json").value() == render::Format::json);
  CHECK(render::parse_format("jsonl").value() == render::Format::jsonl);
  for (const char* word : {"", "JSON", "xml", "csv "}) {
    CAPTURE(word);
    CHECK(render::parse_format(word).error().code == engine::ErrorCode::invalid_argument);
  }
}

TEST_CASE("render: colours on request, and never automatically into a pipe") {
  CHECK(render::use_color("always", -1).value());
  CHECK_FALSE(render::use_color("never", -1).value());
  CHECK_FALSE(render::use_color("auto", -1).value());
  CHECK(render::use_color("yes", -1).error().code == engine::ErrorCode::invalid_argument);
  CHECK(render::terminal_width(-1) == 0);
}

TEST_CASE("render text: width in columns") {
  struct Case {
    const char* text;
    std::size_t width;
  };
  for (const Case& row : {Case{"", 0}, Case{"abc", 3}, Case{"例子", 4}, Case{"مثال", 4}, Case{"مُحَمَّد", 4},
                          Case{"e\xCC\x81", 1}, Case{"ไทย", 3}}) {
    CAPTURE(row.text);
    CHECK(render::display_width(row.text) == row.width);
  }
  CHECK(render::prefix_of_width("例子x", 3) == "例");
  CHECK(render::prefix_of_width("e\xCC\x81x", 1) == "e\xCC\x81");
  CHECK(render::prefix_of_width("abc", 0).empty());
}

TEST_CASE(
    "render text: whatever bytes come in, what goes out is printable UTF-8 and stays as it is when printed again") {
  std::mt19937 random(20260801);  // the same bytes in every run
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 12, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? 0xe0 + random() % 32 : random() % 256);
    const std::string text = render::printable(bytes);
    CAPTURE(text);
    REQUIRE(std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }));
    REQUIRE(render::printable(text) == text);
    REQUIRE(render::prefix_of_width(text, render::display_width(text)).size() <= text.size());
  }
}
