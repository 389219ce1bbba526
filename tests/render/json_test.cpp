#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/render/format.hpp"

namespace {

using render::Format;
using render::Kind;

engine::Money money(const char* text, const char* currency) {
  return engine::parse_money(text, engine::Currency::parse(currency).value()).value();
}

std::string printed(const render::Table& table, Format format) {
  std::ostringstream out;
  render::write(out, table, {.format = format});
  return out.str();
}

render::Table prices() {
  render::Table table{
      .schema = "dropledger.prices/1",
      .columns = {{"domain", {}, Kind::domain}, {"price", {}, Kind::money}, {"since"}, {"open"}, {"uses"}}};
  table.add_fact("account", "acme");
  table.add_fact("name", engine::DomainName::parse("例子.com").value());
  table.add(engine::DomainName::parse("مثال.com").value(), money("59.00", "EUR"),
            engine::parse_time("2026-08-04T18:00:00Z").value(), true, -3);
  table.add(render::Cell(), money("-12000", "JPY"), engine::parse_day("2026-08-05").value(), false, render::Cell());
  table.add_total("Total", money("0.005", "KWD"), render::Cell(), render::Cell(), 9007199254740993);
  return table;
}

}  // namespace

TEST_CASE("render json: one object, keys in order, amounts as text and minor units, absent is null") {
  CHECK(printed(prices(), Format::json) ==
        R"({"schema":"dropledger.prices/1","account":"acme","name":"xn--fsqu00a.com","name_unicode":"例子.com","rows":[
{"domain":"xn--mgbh0fb.com","domain_unicode":"مثال.com","price":{"amount":"59.00","minor":5900,"currency":"EUR"},)"
        R"("since":"2026-08-04T18:00:00Z","open":true,"uses":-3},
{"domain":null,"domain_unicode":null,"price":{"amount":"-12000","minor":-12000,"currency":"JPY"},)"
        R"("since":"2026-08-05","open":false,"uses":null}
],"count":2,"truncated":false,"totals":[
{"domain":"Total","domain_unicode":null,"price":{"amount":"0.005","minor":5,"currency":"KWD"},)"
        R"("since":null,"open":null,"uses":9007199254740993}
]}
)");
}

TEST_CASE("render json: any reader understands it, and finds no float") {
  const nlohmann::json read = nlohmann::json::parse(printed(prices(), Format::json));
  CHECK(read.at("rows").size() == read.at("count"));
  CHECK(read.at("rows")[0].at("price").at("minor").is_number_integer());
  CHECK(read.at("totals")[0].at("uses") == 9007199254740993);
}

TEST_CASE("render json: an empty list is a list; a record has its facts only") {
  render::Table list{.schema = "dropledger.accounts/1", .columns = {{"id"}}};
  list.truncated = true;
  CHECK(printed(list, Format::json) ==
        "{\"schema\":\"dropledger.accounts/1\",\"rows\":[],\"count\":0,\"truncated\":true,\"totals\":[]}\n");
  CHECK(printed(list, Format::jsonl).empty());
  render::Table record{.schema = "dropledger.account/1"};
  record.add_fact("limit", std::optional<engine::Money>());
  record.add_fact("watches", std::optional<engine::DomainName>());
  for (const Format format : {Format::json, Format::jsonl}) {
    CHECK(printed(record, format) ==
          "{\"schema\":\"dropledger.account/1\",\"limit\":null,\"watches\":null,\"watches_unicode\":null}\n");
  }
}

TEST_CASE("render jsonl: one row per line, nothing else") {
  std::istringstream lines(printed(prices(), Format::jsonl));
  std::string line;
  int rows = 0;
  while (std::getline(lines, line)) {
    CHECK(nlohmann::json::parse(line).at("price").contains("currency"));
    ++rows;
  }
  CHECK(rows == 2);
}

TEST_CASE("render json: text comes back as it went in, without a raw control character on the way") {
  for (const std::string& text :
       {std::string("quote \" backslash \\ slash /"), std::string("two\nlines\r\tand a tab"), std::string("\x1b[31m"),
        std::string("nul \0 inside", 12), std::string("c1 \xC2\x9B"), std::string("\xE2\x80\xAE rlo \xE2\x80\xA8 ls"),
        std::string("𝄞 例子 مثال"), std::string()}) {
    CAPTURE(text);
    render::Table table{.schema = "s", .columns = {{"note"}}};
    table.add(text);
    const std::string json = printed(table, Format::jsonl);
    CHECK(nlohmann::json::parse(json).at("note").get<std::string>() == text);
    CHECK(std::all_of(json.begin(), json.end() - 1,
                      [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; }));
    CHECK(json.find("\xC2\x9B") == std::string::npos);
    CHECK(json.find("\xE2\x80\xAE") == std::string::npos);
  }
  render::Table table{.schema = "s", .columns = {{"note"}}};
  table.add("broken \xFF\xC3");
  CHECK(nlohmann::json::parse(printed(table, Format::jsonl)).at("note") == "broken ��");
}

TEST_CASE("render: long lists go out in pieces and lose nothing between them") {
  render::Table table{.schema = "s", .columns = {{"n"}, {"note"}}};
  for (int i = 0; i < 20'000; ++i) table.add(i, "some text to fill a line");
  const nlohmann::json read = nlohmann::json::parse(printed(table, Format::json));
  REQUIRE(read.at("rows").size() == 20'000);
  CHECK(read.at("rows")[19'999].at("n") == 19'999);
  const std::string lines = printed(table, Format::csv);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 20'001);
}
