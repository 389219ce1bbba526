// Ten days of a small business: three currencies, accounts with awkward names, catches, failures, voids, corrections,
// and memos that programs trip over.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/operations/corrections.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/sweep.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace tests {

inline const engine::UtcTime kBegin = support::at("2026-08-01T00:00:00Z");
inline constexpr auto hours = [](int count) { return std::chrono::hours(count); };

// What people may write into a memo, and what programs may trip over.
inline constexpr const char* kHostileMemos[] = {
    "wire 8841; not a comment",
    "say \"hello\" \\ back\\slash",
    "[2026-99-99] [=2026/13/13] no date",
    "a, order:99, date:2026-13-99",
    "two\nlines\n2026-01-01 * forged\n  a  1 EUR",
    "tab\there  two blanks",
    "memo:: 1/0",
    ":tag: (1+1) {3} @ 2 EUR = 5",
    "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7 \xE4\xB8\x96\xE7\x95\x8C \xE2\x80\xAE",
    "\xFF\xFE no UTF-8",
    "100% | done #x ^y !"};

struct TenDays {
  support::TemporaryDirectory folder{};
  std::unique_ptr<engine::LedgerStore> store{};
  engine::UtcTime now = kBegin;

  TenDays() {
    storage::create_book(path(), kBegin, true);
    store = storage::open_book(path(), {});
    simulated_registry::World world;
    world.refused_percent = world.withdrawn_percent = world.slow_percent = world.competitor_percent = 0;
    world.catch_percent = 50;
    REQUIRE(bool(simulated_registry::SimulatedRegistry::create(folder.file("registry.db"), world)));
    const auto registry =
        simulated_registry::SimulatedRegistry::open(folder.file("registry.db"), [this] { return now; }).value();
    REQUIRE(bool(operations::set_tax_rate(context(), {}, {"DE", 1900, kBegin})));
    std::vector<engine::Price> prices;
    for (const char* code : {"EUR", "JPY", "KWD"})
      prices.push_back({"com", "standard", money(5'999, code), kBegin, {}});
    REQUIRE(bool(operations::set_prices(context(), {}, prices)));
    int memo = 0;
    const auto customer = [&](const std::string& name, const char* code, std::int64_t minor = 20'000) {
      operations::AccountTerms terms;
      terms.country = "DE";
      REQUIRE(bool(operations::open_account(context(), {}, name, support::currency(code), terms)));
      REQUIRE(bool(operations::fund(
          context(), {"api", name + "-1"}, name,
          {money(minor, code), memo % 2 == 0 ? "bank" : "PSP \"x\"; y: \xC3\xA9", {}, kHostileMemos[memo]})));
      ++memo;
    };
    for (const char* name : {"alice", "Alice", "a.b-c_1", "a-b-c-1", "1st", "X-calice"}) customer(name, "EUR");
    customer("yen", "JPY");
    customer("fils", "KWD");
    customer("poor", "EUR", 1'000);
    for (; memo < static_cast<int>(std::size(kHostileMemos)); ++memo) {
      REQUIRE(
          bool(operations::fund(context(), {}, "alice", {money(100 + memo, "EUR"), "bank", {}, kHostileMemos[memo]})));
    }
    REQUIRE(bool(operations::fund_unidentified(context(), {}, {money(777, "EUR"), "bank", {}, "who?"})));
    REQUIRE(bool(operations::pay_provider(context(), {}, {money(50'000, "EUR"), "bank", {}, "float"})));
    std::vector<engine::ListRow> rows;
    std::vector<simulated_registry::NameDrop> drops;
    for (int i = 0; i < 12; ++i) {
      const engine::DomainName name = i == 0 ? support::domain("\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7.com")
                                             : support::domain("name" + std::to_string(i) + ".com");
      rows.push_back({name, kBegin + hours(100)});
      drops.push_back({name, kBegin + hours(100), {}});
    }
    std::ranges::sort(rows, {}, &engine::ListRow::name);
    REQUIRE(bool(registry->learn(drops)));
    REQUIRE(bool(operations::import_list(
        context(), {.source = "registry", .date_is = engine::DateIs::drop, .declared = {}}, rows, {})));
    for (int i = 0; i < 12; ++i) {
      const char* who[] = {"alice", "a.b-c_1", "yen", "fils", "1st", "Alice"};
      REQUIRE(bool(operations::place(context(), {}, who[i % 6],
                                     {.name = rows[static_cast<std::size_t>(i)].name, .max_price = {}})));
    }
    REQUIRE(bool(operations::place(context(), {}, "poor", {.name = rows[1].name, .max_price = {}})));
    for (int hour = 24; hour <= 240; hour += 6) {
      now = kBegin + hours(hour);
      operations::sweep(context(), registry.get(), {});
      if (hour == 48) {
        // Late: it happened the day before.
        REQUIRE(bool(operations::fund(context(), {}, "yen", {money(5, "JPY"), "bank", kBegin + hours(20), "late"})));
        REQUIRE(bool(operations::adjust(context(), {}, "alice", money(1, "EUR"), engine::Direction::debit, false,
                                        "correction", {})));
        REQUIRE(bool(operations::reverse(context(), {}, engine::TransferId(6), {"returned"})));
      }
    }
    CHECK(store->verify({}).findings.empty());
  }
  std::string path() { return folder.file("book.db"); }
  operations::Context context() { return {*store, now, "te\"st;er"}; }
  static engine::Money money(std::int64_t minor, const char* code) {
    return engine::Money::of_minor(minor, support::currency(code));
  }
};

}  // namespace tests
