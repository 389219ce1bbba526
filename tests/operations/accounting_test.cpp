// Outcomes, adjustments and tax: the totals are the sums of the rows, and tie out with the books.
#include "tools/operations/accounting.hpp"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/run_program.hpp"
#include "tests/support/ten_days.hpp"
#include "tools/operations/refunds.hpp"

using namespace operations;
using engine::Money;
using nlohmann::json;

namespace {

json printed(tests::TenDays& books, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--db", books.path(), "--json"});
  const support::ProgramResult result = support::run_program(arguments);
  CAPTURE(result.error);
  REQUIRE(result.status == 0);
  return json::parse(result.output);
}

}  // namespace

TEST_CASE("outcomes: every backorder is counted once, and a total is the sum of its column") {
  tests::TenDays books;
  const auto rows = outcomes(*books.store, {}, {}, false);
  REQUIRE(rows.size() == 2);
  const Outcomes& all = rows.back();
  CHECK(all.placed == 13);
  CHECK(all.placed == all.registered + all.failed + all.cancelled + all.voided + all.open);
  CHECK(all.registered > 0);
  CHECK(all.failed > 0);
  CHECK(all.voided == 1);
  CHECK(all.void_reasons.at(engine::Reason::insufficient_available) == 1);
  CHECK(all.missed == 0);
  CHECK(all.submitted == 12);
  CHECK(all.median_submit_lead == tests::hours(70));  // swept every six hours: 100 h - 30 h

  const json report = printed(books, {"outcomes"});
  for (const char* column :
       {"placed", "reserved", "submitted", "auctions", "registered", "failed", "cancelled", "void", "missed", "open"}) {
    std::int64_t sum = 0;
    for (const json& row : report["rows"]) sum += row[column].get<std::int64_t>();
    CHECK(report["totals"][0][column] == sum);
  }
  CHECK(report["totals"][0]["catch_rate"] ==
        std::to_string(all.registered) + "/" + std::to_string(all.registered + all.failed));
  const json why = printed(books, {"outcomes", "--void-reasons"});
  std::int64_t voided = 0;
  for (const auto& [key, value] : why["totals"][0].items()) {
    if (key != "zone" && key != "void") voided += value.get<std::int64_t>();
  }
  CHECK(voided == why["totals"][0]["void"]);
}

TEST_CASE("outcomes: a period holds what dropped in it, or was placed in it") {
  tests::TenDays books;
  const auto placed_in = [&](engine::UtcTime from, engine::UtcTime to, bool by_placed) {
    return outcomes(*books.store, from, to, by_placed).back().placed;
  };
  const engine::UtcTime drop = tests::kBegin + tests::hours(100);
  CHECK(placed_in(drop, drop + tests::hours(1), false) == 13);
  CHECK(placed_in(tests::kBegin, drop, false) == 0);
  CHECK(placed_in(tests::kBegin, tests::kBegin + tests::hours(1), true) == 13);
  CHECK(printed(books, {"outcomes", "--to", "2020-01-01"})["rows"].empty());
}

TEST_CASE("outcomes: percentages have one exact decimal, half-even") {
  struct Row {
    std::int64_t part, whole;
    const char* text;
  };
  for (const Row& row : {Row{0, 7, "0.0"}, Row{7, 7, "100.0"}, Row{1, 3, "33.3"}, Row{2, 3, "66.7"},
                         Row{1, 2000, "0.0"}, Row{3, 2000, "0.2"}, Row{1, 8, "12.5"}}) {
    CAPTURE(row.part);
    CHECK(percentage(row.part, row.whole) == std::string(row.text));
  }
  CHECK_FALSE(percentage(0, 0));
}

TEST_CASE("adjustments: by actor, each with what it corrects; totals are the sums per currency") {
  tests::TenDays books;
  const Context mary{*books.store, books.now, "mary"};
  REQUIRE(bool(adjust(mary, {}, "alice", books.money(250, "EUR"), engine::Direction::credit, true, "sorry", {})));
  REQUIRE(bool(adjust(mary, {}, "yen", books.money(9, "JPY"), engine::Direction::credit, false, "found", {})));
  const auto rows = adjustments(*books.store, {});
  REQUIRE(rows.size() == 4);
  CHECK(rows.front().transfer.actor == "mary");
  CHECK(rows.front().transfer.kind == engine::TransferKind::goodwill);
  CHECK(rows.front().account == "alice");
  CHECK(rows.back().transfer.kind == engine::TransferKind::reversal);
  CHECK(rows.back().transfer.reverses == engine::TransferId(6));
  const json report = printed(books, {"adjustments"});
  std::map<std::string, std::int64_t> sums, totals;
  for (const json& row : report["rows"])
    sums[std::string(row["actor"]) + std::string(row["amount"]["currency"])] +=
        row["amount"]["minor"].get<std::int64_t>();
  for (const json& row : report["totals"]) {
    if (row["actor"] != "total")
      totals[std::string(row["actor"]) + std::string(row["amount"]["currency"])] =
          row["amount"]["minor"].get<std::int64_t>();
  }
  CHECK(sums == totals);
  CHECK(printed(books, {"adjustments", "--by-actor", "mary"})["rows"].size() == 2);
}

TEST_CASE("vat: net and tax are the deposit, the column's sum is what stands on the tax account") {
  tests::TenDays books;
  const auto rows = vat(*books.store, {});
  REQUIRE(rows.size() ==
          refund_report(*books.store, {.now = books.store->book().last_recorded.value()}).value().captures.size());
  std::map<std::string, std::int64_t> tax, net;
  for (const VatRow& row : rows) {
    CHECK(row.net_amount + row.tax_amount == row.gross);
    CHECK(row.gross == *row.backorder.deposit);
    CHECK(row.rate_bp == 1900);
    tax[std::string(row.gross.currency().code())] += row.tax_amount.minor();
    net[std::string(row.gross.currency().code())] += row.net_amount.minor();
  }
  each_trial_balance_row(*books.store, {}, [&](const TrialBalanceRow& row) {
    const std::string code(row.account.currency.code());
    if (row.account.kind == engine::AccountKind::tax) CHECK(row.credit.minor() == tax[code]);
    if (row.account.kind == engine::AccountKind::revenue) CHECK(row.credit.minor() == net[code]);
  });
  const json report = printed(books, {"vat"});
  for (const char* column : {"net", "vat", "gross"}) {
    std::map<std::string, std::int64_t> sums, by_rate, totals;
    for (const json& row : report["rows"]) sums[row[column]["currency"]] += row[column]["minor"].get<std::int64_t>();
    for (const json& row : report["totals"])
      (row["account"] == "total" ? totals : by_rate)[row[column]["currency"]] +=
          row[column]["minor"].get<std::int64_t>();
    CHECK(sums == totals);
    CHECK(sums == by_rate);
  }
}

TEST_CASE("vat: a rate that would not have given the posted split is not printed") {
  tests::TenDays books;
  AccountTerms moved;
  moved.country = "FR";
  for (const char* name : {"alice", "Alice", "a.b-c_1", "1st", "yen", "fils"})
    REQUIRE(bool(change_terms(books.context(), {}, name, moved)));
  for (const VatRow& row : vat(*books.store, {})) {
    CHECK_FALSE(row.rate_bp);
    CHECK(row.tax_amount.is_positive());
  }
}
