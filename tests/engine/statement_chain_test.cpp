#include "engine/statement_chain.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/books.hpp"

using namespace engine;
using support::eur;

namespace {

Day day(const char* text) { return parse_day(text).value(); }

ExternalLine line(std::int64_t id, std::int64_t minor, const char* on, const char* text = "rent",
                  const char* reference = "") {
  return {.id = id,
          .source = "bank",
          .booked_on = day(on),
          .amount = eur(minor),
          .reference = text,
          .bank_reference = reference};
}
ExternalStatement statement(std::int64_t id, const char* from, const char* to, std::int64_t opening,
                            std::int64_t closing) {
  return {.id = id,
          .source = "bank",
          .name = "s" + std::to_string(id),
          .opening = eur(opening),
          .closing = eur(closing),
          .from = day(from),
          .to = day(to)};
}
ExternalStatement bag(std::int64_t id, const char* on) {
  ExternalStatement one = statement(id, on, on, 0, 0);
  one.opening = one.closing = std::nullopt;
  return one;
}

// "again", "new new", "1 new" (the ids of kept lines), or "refused".
std::string joined(ExternalStatement one, std::vector<ExternalLine> lines, const std::vector<KeptStatement>& kept) {
  for (ExternalLine& each : lines) each.id = 0;
  one.id = 0;
  one.name += "'";
  const auto result = join_statement(one, lines, kept);
  if (!result) return "refused";
  if (result.value().again) return "again";
  std::string text;
  for (const std::int64_t id : result.value().known)
    text += (text.empty() ? "" : " ") + (id == 0 ? std::string("new") : std::to_string(id));
  return text;
}

}  // namespace

TEST_CASE("placeholders are no references") {
  for (const char* none : {"", "NONREF", "nonref", "NOTPROVIDED", "NOT PROVIDED", "0", "0000", "-", "N/A", "XXXX"}) {
    CAPTURE(none);
    CHECK(is_placeholder(none));
  }
  for (const char* some : {"0101", "A1", "X", "NONREF1"}) CHECK_FALSE(is_placeholder(some));
}

TEST_CASE("statements: one that begins where another ends is new, whatever its lines look like") {
  const std::vector<KeptStatement> kept{
      {statement(1, "2026-08-03", "2026-08-03", 0, 5900), {line(1, 5900, "2026-08-03")}}};
  // a second page of the day, the page before, and the next day
  CHECK(joined(statement(2, "2026-08-03", "2026-08-03", 5900, 11800), {line(0, 5900, "2026-08-03")}, kept) == "new");
  CHECK(joined(statement(2, "2026-08-03", "2026-08-03", -5900, 0), {line(0, 5900, "2026-08-03")}, kept) == "new");
  CHECK(joined(statement(2, "2026-08-04", "2026-08-04", 5900, 11800), {line(0, 5900, "2026-08-04")}, kept) == "new");
  // by number alone
  ExternalStatement third = statement(3, "2026-08-03", "2026-08-03", 20000, 25900);
  CHECK(joined(third, {line(0, 5900, "2026-08-03")}, kept) == "refused");
  std::vector<KeptStatement> numbered = kept;
  numbered[0].statement.sequence = 1;
  third.sequence = 3;
  CHECK(joined(third, {line(0, 5900, "2026-08-03")}, numbered) == "new");
}

TEST_CASE(
    "statements: equal days, balances and lines are that statement again, under whatever id and in whatever words") {
  const std::vector<KeptStatement> kept{
      {statement(1, "2026-08-03", "2026-08-03", 0, 7000),
       {line(1, 5000, "2026-08-03", "alice", "A"), line(2, 2000, "2026-08-03", "bob")}}};
  const ExternalStatement same = statement(9, "2026-08-03", "2026-08-03", 0, 7000);
  CHECK(joined(same, {line(0, 5000, "2026-08-03", "alice", "A"), line(0, 2000, "2026-08-03", "bob")}, kept) == "again");
  CHECK(joined(same, {line(0, 2000, "2026-08-03", "bob"), line(0, 5000, "2026-08-03", "ALICE ", "")}, kept) == "again");
  // another format of the bank, with other words
  CHECK(joined(same, {line(0, 5000, "2026-08-03", "SEPA alice"), line(0, 2000, "2026-08-03", "x")}, kept) == "1 2");
  // other lines that add up to the same
  CHECK(joined(same, {line(0, 7000, "2026-08-03", "alice")}, kept) == "refused");
  // days of the statement and more
  CHECK(joined(statement(9, "2026-08-02", "2026-08-04", -100, 7300),
               {line(0, 100, "2026-08-02"), line(0, 5000, "2026-08-03", "alice"), line(0, 2000, "2026-08-03", "bob"),
                line(0, 300, "2026-08-04")},
               kept) == "new 1 2 new");
}

TEST_CASE("statements: two that share days agree on them, or one is refused") {
  const std::vector<KeptStatement> kept{
      {statement(1, "2026-08-01", "2026-08-05", 0, 600),
       {line(1, 100, "2026-08-01"), line(2, 200, "2026-08-03"), line(3, 300, "2026-08-05")}}};
  // exported at noon of the 5th, and again later
  CHECK(joined(statement(2, "2026-08-03", "2026-08-07", 100, 1400),
               {line(0, 200, "2026-08-03"), line(0, 300, "2026-08-05"), line(0, 300, "2026-08-05"),
                line(0, 500, "2026-08-07")},
               kept) == "2 3 new new");
  // a day in the middle with a line more, a line less, and other balances
  CHECK(joined(statement(2, "2026-08-01", "2026-08-06", 0, 650),
               {line(0, 100, "2026-08-01"), line(0, 200, "2026-08-03"), line(0, 50, "2026-08-04"),
                line(0, 300, "2026-08-05")},
               kept) == "refused");
  CHECK(joined(statement(2, "2026-08-01", "2026-08-06", 0, 400),
               {line(0, 100, "2026-08-01"), line(0, 300, "2026-08-05")}, kept) == "refused");
  CHECK(joined(statement(2, "2026-08-01", "2026-08-06", 50, 650),
               {line(0, 100, "2026-08-01"), line(0, 200, "2026-08-03"), line(0, 300, "2026-08-05")},
               kept) == "refused");
  // a month over the pages of one day
  const std::vector<KeptStatement> pages{
      {statement(1, "2026-08-03", "2026-08-03", 0, 5900), {line(1, 5900, "2026-08-03")}},
      {statement(2, "2026-08-03", "2026-08-03", 5900, 11800), {line(2, 5900, "2026-08-03")}}};
  CHECK(joined(statement(3, "2026-08-01", "2026-08-31", -100, 11800),
               {line(0, 100, "2026-08-01"), line(0, 5900, "2026-08-03"), line(0, 5900, "2026-08-03")},
               pages) == "new 1 2");
}

TEST_CASE("statements: without balances lines are known by day, content and the bank's reference as evidence") {
  const std::vector<KeptStatement> kept{
      {bag(1, "2026-08-03"), {line(1, 500, "2026-08-03", "alice", "A"), line(2, 500, "2026-08-03", "bob")}}};
  CHECK(joined(bag(2, "2026-08-03"), {line(0, 500, "2026-08-03", "alice", "A")}, kept) == "1");
  CHECK(joined(bag(2, "2026-08-03"), {line(0, 500, "2026-08-03", "reworded", "A")}, kept) == "1");
  CHECK(joined(bag(2, "2026-08-03"), {line(0, 500, "2026-08-03", "alice", "B")}, kept) == "new");
  CHECK(joined(bag(2, "2026-08-03"), {line(0, 500, "2026-08-03", "bob"), line(0, 500, "2026-08-03", "bob")}, kept) ==
        "2 new");
  // one reference, one text, one day, another amount
  CHECK(joined(bag(2, "2026-08-03"), {line(0, 600, "2026-08-03", "alice", "A")}, kept) == "refused");
  // the next day the bank gives the same reference to another payment
  CHECK(joined(bag(2, "2026-08-04"), {line(0, 600, "2026-08-04", "alice", "A")}, kept) == "new");
}

TEST_CASE("statements: the chain of a day is in the order of its balances, and its holes have an amount") {
  const std::vector<ExternalStatement> pages{
      statement(1, "2026-08-03", "2026-08-03", 20, 30), statement(2, "2026-08-03", "2026-08-03", 0, 10),
      statement(3, "2026-08-03", "2026-08-03", 10, 20), statement(4, "2026-08-05", "2026-08-05", 35, 35)};
  const auto order = chained(pages);
  REQUIRE(order.size() == 4);
  CHECK(order[0]->id == 2);
  CHECK(order[1]->id == 3);
  CHECK(order[2]->id == 1);
  const auto links = chain_links(pages);
  REQUIRE(links.size() == 3);
  CHECK(links[1].kind == ChainLink::Kind::holds);
  CHECK(links[2].kind == ChainLink::Kind::gap);
  CHECK(links[2].missing == eur(5));
}
