#include <doctest/doctest.h>
#include <sodium.h>

#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/ensure.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/render/format.hpp"

namespace {

using engine::Money;
using render::Format;
using render::Kind;
using render::Tone;

Money eur(std::int64_t minor) { return Money::of_minor(minor, engine::Currency::parse("EUR").value()); }

std::string printed(const render::Table& table, Format format = Format::html, bool ascii = false) {
  std::ostringstream out;
  render::write(out, table, {.format = format, .ascii = ascii});
  return out.str();
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  REQUIRE(from != std::string::npos);
  return text.substr(from + begin.size(), text.find(end, from + begin.size()) - from - begin.size());
}
bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

constexpr const char* kHostile =
    "</td></style><script>alert(1)</script><img src=x onerror='a()'> \" & \x1b[31m \u202egnp";

render::Table report(const std::string& text) {
  render::Table table{.schema = "dropledger.refunds/1",
                      .columns = {{"account", text},
                                  {"domain", {}, Kind::domain},
                                  {"amount", {}, Kind::money},
                                  {"at"},
                                  {"memo", {}, Kind::text, true}}};
  table.add_fact("note", text);
  table.add(text, engine::DomainName::parse("مثال.com").value(), eur(-340),
            engine::parse_time("2026-08-02T18:00:00Z").value(), text);
  table.add("bob", engine::DomainName::parse("tern-court.com").value(), eur(5900),
            engine::parse_time("2026-08-02T18:00:01Z").value(), render::Cell());
  table.add_total("2 deposits", render::Cell(), eur(5560), render::Cell(), "");
  table.charts.push_back(render::Columns{.title = text,
                                         .currency = eur(0).currency(),
                                         .labels = {text, "2026-08-02"},
                                         .stacks = {{text, Tone::first, {0, 5900}}},
                                         .line = render::Columns::Series{text, Tone::good, {10'000, -340}}});
  table.charts.push_back(
      render::Bars{.title = text, .currency = eur(0).currency(), .bars = {{text, 5900, text, Tone::bad}}});
  table.charts.push_back(render::Steps{
      .title = text,
      .currency = {},
      .from = engine::parse_time("2026-08-01").value(),
      .to = engine::parse_time("2026-08-03").value(),
      .lines = {{text,
                 Tone::first,
                 {{engine::parse_time("2026-08-01").value(), 1}, {engine::parse_time("2026-08-02").value(), 3}}}}});
  table.charts.push_back(render::Tiles{.title = text, .tiles = {{text, text, text, Tone::warn}}});
  render::Table section{.columns = {{"cause", text}, {"amount", {}, Kind::money}}};
  section.title = text;
  section.name = "by_cause";
  section.when_empty = text;
  table.sections.push_back(section);
  return table;
}

}  // namespace

TEST_CASE(
    "render html: nothing that a stranger wrote becomes markup, style, script or an address, wherever it stands") {
  const std::string page = printed(report(kHostile));
  for (const std::string forbidden :
       {"<script", "<img", "onerror='", "</style><script", "\x1b", "\u202e", "http:", "https:", "url(", "@import"}) {
    CAPTURE(forbidden);
    CHECK_FALSE(holds(page, forbidden));
  }
  CHECK(holds(page,
              "&lt;/td&gt;&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;a()&#39;&gt; "
              "&quot; &amp; \\x1b[31m \\u202egnp"));
  // The same page with a harmless text has the same tags in the same order.
  const auto tags = [](const std::string& text) {
    std::string all;
    for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1))
      all += text.substr(at, text.find_first_of(" >", at) - at) + "\n";
    return all;
  };
  CHECK(tags(page) == tags(printed(report("plain"))));
  const std::string plain = printed(report("plain"));
  for (const std::string attribute : {" src=", " href=", " style=", " on", "javascript:"}) {
    CAPTURE(attribute);
    CHECK_FALSE(holds(plain, attribute));
  }
}

TEST_CASE("render html: the policy names the hash of the one style, and allows nothing else") {
  const std::string page = printed(report(kHostile));
  const std::string style = between(page, "<style>", "</style>");
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  REQUIRE(sodium_init() >= 0);
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(style.data()), style.size());
  std::array<char, 64> text{};
  sodium_bin2base64(text.data(), text.size(), hash.data(), hash.size(), sodium_base64_VARIANT_ORIGINAL);
  CHECK(between(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"") ==
        "default-src 'none'; style-src 'sha256-" + std::string(text.data()) + "'; base-uri 'none'; form-action 'none'");
}

TEST_CASE(
    "render html: amounts stand to the right with their currency, names in Unicode with their ACE form, times without "
    "T and Z") {
  const std::string page = printed(report("memo"));
  CHECK(holds(page,
              "<td><bdi dir=ltr title=\"xn--mgbh0fb.com\">مثال.com</bdi><td><span "
              "class=n>-3.40&nbsp;EUR</span><td>2026-08-02 18:00<td>memo</tr>"));
  CHECK(holds(page, "<td>tern-court.com<td>59.00&nbsp;EUR<td>2026-08-02 18:00:01<td></tr>"));
  CHECK(holds(page, "<tfoot>\n<tr><td>2 deposits<td><td>55.60&nbsp;EUR"));
  CHECK(holds(page, "#t0 td:nth-child(3),#t0 th:nth-child(3){text-align:right}"));
  CHECK(holds(page, "#t1 td:nth-child(2),#t1 th:nth-child(2){text-align:right}"));
  CHECK_FALSE(holds(page, "#t0 td:nth-child(1),"));
  CHECK(holds(page, "<th scope=col>memo<th scope=col>Domain<th scope=col>Amount"));
  CHECK(holds(page, "dropledger.refunds/1 · 2 rows · all times are UTC"));
  CHECK(holds(printed(report("memo"), Format::html, true), "<td>xn--mgbh0fb.com<td>"));
}

TEST_CASE("render html: wide tables print on a page that lies, narrow ones on one that stands") {
  render::Table table{.schema = "dropledger.wide/1"};
  for (char c = 'a'; c <= 'g'; ++c) table.columns.push_back({std::string(1, c)});
  CHECK(holds(printed(table), "@page{size:A4;"));
  table.columns.push_back({"h"});
  CHECK(holds(printed(table), "@page{size:A4 landscape;"));
}

TEST_CASE("render html: an empty list says so, a record is its facts, and a title comes from the schema") {
  render::Table list{.schema = "dropledger.trial-balance/1", .columns = {{"code"}}};
  list.when_empty = "No ledger account <yet>.";
  CHECK(holds(printed(list), "<h1>Trial balance</h1>"));
  CHECK(holds(printed(list), "<p class=none>No ledger account &lt;yet&gt;.</p>"));
  CHECK_FALSE(holds(printed(list), "<table"));
  render::Table record{.schema = "dropledger.account/1"};
  record.add_fact("credit_limit", std::optional<Money>());
  CHECK(holds(printed(record), "<dl><dt>Credit limit</dt><dd>–</dd></dl>"));
  CHECK(holds(printed(record), "<footer>dropledger.account/1 · all times are UTC"));
}

TEST_CASE("render charts: columns stack upwards over a scale in whole steps, and say their figures") {
  render::Table table{.schema = "dropledger.chart/1", .columns = {{"a"}}};
  table.charts.push_back(
      render::Columns{.title = "Deposits",
                      .currency = eur(0).currency(),
                      .labels = {"one", "two"},
                      .stacks = {{"funded", Tone::first, {4000, 0}}, {"short", Tone::bad, {6000, 10'000}}},
                      .line = {}});
  const std::string page = printed(table);
  for (const char* step : {">0.00 EUR<", ">50.00 EUR<", ">100.00 EUR<"}) CHECK(holds(page, step));
  CHECK_FALSE(holds(page, ">150.00 EUR<"));
  // Bars of 76, 114 and 190 of 190 pixels, the second on top of the first.
  CHECK(holds(
      page,
      "<rect class=\"first\" x=\"1\" width=\"8\" y=\"126\" height=\"76\"><title>one · funded · 40.00 EUR</title>"));
  CHECK(holds(
      page, "<rect class=\"bad\" x=\"1\" width=\"8\" y=\"12\" height=\"114\"><title>one · short · 60.00 EUR</title>"));
  CHECK(holds(
      page,
      "<rect class=\"bad\" x=\"11\" width=\"8\" y=\"12\" height=\"190\"><title>two · short · 100.00 EUR</title>"));
  CHECK(holds(page, "role=\"img\" height=\"224\" aria-label=\"Deposits, one to two, highest 100.00 EUR\""));
}

TEST_CASE("render charts: any amount has a scale, from one unit to the largest, and none has no picture") {
  render::Table table{.schema = "dropledger.chart/1", .columns = {{"a"}}};
  table.charts.push_back(render::Columns{});
  table.charts.push_back(render::Bars{});
  table.charts.push_back(render::Tiles{});
  table.charts.push_back(render::Steps{.title = {}, .currency = {}, .from = {}, .to = {}, .lines = {}});
  CHECK_FALSE(holds(printed(table), "<figure"));
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, std::int64_t{999}, engine::kMaxAmountMinor,
                                   std::numeric_limits<std::int64_t>::max()}) {
    CAPTURE(value);
    table.charts = {
        render::Columns{
            .title = "x", .currency = {}, .labels = {"d"}, .stacks = {{"s", Tone::first, {value}}}, .line = {}},
        render::Columns{.title = "y",
                        .currency = {},
                        .labels = {"d"},
                        .stacks = {},
                        .line = render::Columns::Series{"l", Tone::first, {-value}}}};
    CHECK(holds(printed(table), "<figure"));
  }
  table.charts = {render::Columns{
      .title = "x", .currency = {}, .labels = {"d"}, .stacks = {{"s", Tone::first, {1, 2}}}, .line = {}}};
  CHECK_THROWS_AS(printed(table), engine::InvariantError);
  table.charts = {render::Bars{.title = "x", .currency = {}, .bars = {{"b", -1, "", Tone::first}}}};
  CHECK_THROWS_AS(printed(table), engine::InvariantError);
}

TEST_CASE(
    "render: sections follow the table, are members of the JSON object, stand alone when asked for, and pictures are "
    "HTML's alone") {
  render::Table table = report("memo");
  table.sections[0].add("by_customer", eur(5560));
  const nlohmann::json read = nlohmann::json::parse(printed(table, Format::json));
  CHECK(read.at("sections").at("by_cause").at("rows")[0].at("cause") == "by_customer");
  CHECK(read.at("sections").at("by_cause").at("count") == 1);
  CHECK_FALSE(holds(printed(table, Format::json), "Tone"));
  CHECK(printed(table, Format::csv) == printed(
                                           [&] {
                                             render::Table bare = table;
                                             bare.charts.clear();
                                             bare.sections.clear();
                                             return bare;
                                           }(),
                                           Format::csv));
  CHECK(holds(printed(table, Format::table), "\n\nmemo\nmemo            Amount\n"));
  const std::optional<render::Table> alone = table.section("by_cause");
  REQUIRE(alone);
  CHECK(printed(*alone, Format::csv) == "cause,amount,amount_currency\nby_customer,55.60,EUR\n");
  CHECK(alone->schema == "dropledger.refunds-by-cause/1");
  CHECK(alone->facts.size() == table.facts.size());
  CHECK_FALSE(table.section("by_day"));
  table.sections.push_back(table.sections[0]);
  CHECK_THROWS_AS(printed(table, Format::json), engine::InvariantError);
}

TEST_CASE("command line: every command prints HTML, and a section that is not there is refused with those that are") {
  const support::TemporaryDirectory folder;
  const auto run = [&](std::vector<std::string> arguments) {
    return support::run_program(arguments, {.directory = folder.path()});
  };
  REQUIRE(run({"init", "--rehearsal", "--now", "2026-08-01", "--format", "html"}).status == 0);
  REQUIRE(run({"account", "open", "alice", "--currency", "EUR"}).status == 0);
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"account", "list"},
                                             {"account", "show", "alice"},
                                             {"fund", "alice", "5.00", "--memo", "<b>wire</b>"},
                                             {"statement", "alice"},
                                             {"preview"},
                                             {"doctor"}}) {
    CAPTURE(command.front());
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--format", "html"});
    const support::ProgramResult result = run(arguments);
    CHECK(result.status == 0);
    CHECK(result.output.starts_with("<!DOCTYPE html>"));
    CHECK(result.output.ends_with("</html>\n"));
    CHECK_FALSE(holds(result.output, "<b>wire"));
  }
  const support::ProgramResult refused = run({"account", "list", "--section", "by_day"});
  CHECK(refused.status == 2);
  CHECK(holds(refused.error, "invalid_argument (101): there is no section 'by_day' here: this has none"));
}
