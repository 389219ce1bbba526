// A random book for tests of reports: accounts in currencies with 0, 2 and 3 decimals, some of whom can pay everything
// and some not, backorders whose names drop within days, and a simulated provider that catches half of them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/sweep.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

struct ReportBook {
  support::TemporaryDirectory folder{};
  std::unique_ptr<engine::LedgerStore> store{};
  std::unique_ptr<simulated_registry::SimulatedRegistry> registry{};
  engine::UtcTime now = support::at("2026-08-01T00:00:00Z");
  std::mt19937_64 random;

  ReportBook(std::uint64_t seed, int accounts, int names) : random(seed) {
    storage::create_book(folder.file("book.db"), now, true);
    store = storage::open_book(folder.file("book.db"), {});
    simulated_registry::World world;
    world.seed = seed;
    world.catch_percent = 50;
    REQUIRE(bool(simulated_registry::SimulatedRegistry::create(folder.file("registry.db"), world)));
    registry = simulated_registry::SimulatedRegistry::open(folder.file("registry.db"), [this] { return now; }).value();
    const char* const currencies[] = {"EUR", "EUR", "JPY", "KWD"};
    const char* const zones[] = {"com", "net", "pl"};
    std::vector<engine::Price> prices;
    for (const char* code : {"EUR", "JPY", "KWD"}) {
      for (const char* zone : zones)
        prices.push_back(
            {zone, "standard", engine::Money::of_minor(pick(1'001, 2'499), support::currency(code)), now, {}});
    }
    REQUIRE(bool(operations::set_prices(context(), {}, prices)));
    REQUIRE(bool(operations::set_tax_rate(context(), {}, {"DE", 1'900, now})));
    std::vector<engine::ListRow> rows;
    std::vector<simulated_registry::NameDrop> drops;
    for (int i = 0; i < names; ++i) {
      const std::string label = i % 7 == 3   ? "مثال" + std::to_string(i)
                                : i % 7 == 5 ? "例子" + std::to_string(i)
                                             : "name" + std::to_string(i);
      const engine::DomainName name = support::domain(label + "." + zones[pick(0, 2)]);
      const engine::UtcTime drop = now + std::chrono::minutes(pick(80 * 60, 200 * 60));
      rows.push_back({name, drop});
      drops.push_back({name, drop, {}});
    }
    std::ranges::sort(rows, {}, &engine::ListRow::name);
    REQUIRE(bool(registry->learn(drops)));
    REQUIRE(bool(operations::import_list(
        context(), {.source = "registry", .date_is = engine::DateIs::drop, .declared = {}, .force = false}, rows, {})));
    for (int i = 0; i < accounts; ++i) {
      const std::string account = "account" + std::to_string(i);
      const engine::Currency currency = support::currency(currencies[i % 4]);
      operations::AccountTerms terms;
      terms.policy = pick(0, 2) == 0 ? engine::FundingPolicy::all_or_nothing : engine::FundingPolicy::each;
      terms.void_policy = pick(0, 2) == 0 ? engine::VoidPolicy::at_deadline : engine::VoidPolicy::at_due;
      if (i % 3 == 0) terms.country = "DE";
      REQUIRE(bool(operations::open_account(context(), {}, account, currency, terms)));
      if (const std::int64_t money = pick(0, 8) * 1'111; money > 0) {
        REQUIRE(bool(operations::fund(
            context(), {}, account,
            {.amount = engine::Money::of_minor(money, currency), .memo = "wire, \"no\" " + std::to_string(i)})));
      }
    }
    for (const engine::ListRow& row : rows) {
      const std::string account = "account" + std::to_string(pick(0, accounts - 1));
      REQUIRE(bool(operations::place(context(), {}, account,
                                     {.name = row.name, .max_price = {}, .priority = static_cast<int>(pick(1, 3))})));
    }
  }
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }
  operations::Context context() { return {*store, now, "tester"}; }
  // Sweeps every few hours until then, with everything.
  void play(engine::UtcTime until, std::chrono::hours every = std::chrono::hours(6)) {
    for (; now < until; now += every) operations::sweep(context(), registry.get(), {});
  }
};
