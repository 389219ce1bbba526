// Desks on a book of their own: operations on a real store, alone or with a simulated registry.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/reports.hpp"
#include "tools/operations/sweep.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace support {

inline const engine::UtcTime kNow = at("2026-08-01T00:00:00Z");
inline std::chrono::hours hours(int count) { return std::chrono::hours(count); }

// A book in which .com and .pl cost 10.00, and alice has 100.00.
struct BookDesk {
  TemporaryDirectory folder{};
  std::unique_ptr<engine::LedgerStore> store{};
  engine::UtcTime now = kNow;

  BookDesk() {
    storage::create_book(folder.file("book.db"), kNow, true);
    store = storage::open_book(folder.file("book.db"), {});
    REQUIRE(bool(operations::set_prices(
        context(), {}, {{"com", "standard", eur(1000), kNow, {}}, {"pl", "standard", eur(1000), kNow, {}}})));
    REQUIRE(bool(operations::set_tax_rate(context(), {}, {"US", 0, kNow})));
    open("alice");
  }
  operations::Context context() { return {*store, now, "tester"}; }
  void open(const std::string& name, std::int64_t minor = 10'000, operations::AccountTerms terms = {}) {
    if (!terms.country) terms.country = "US";  // without tax
    REQUIRE(bool(operations::open_account(context(), {}, name, support::currency("EUR"), terms)));
    if (minor > 0) pay_in(name, minor);
  }
  engine::TransferId last_transfer() {
    std::optional<engine::TransferId> last;
    store->each_transfer({}, [&](const engine::Transfer& transfer) { last = transfer.id; });
    return last.value();
  }
  engine::TransferId pay_in(const std::string& name, std::int64_t minor) {
    REQUIRE(bool(operations::fund(context(), {}, name, {.amount = eur(minor)})));
    return last_transfer();
  }
  engine::Result<operations::Reply> place(const std::string& account, const std::string& name,
                                          const operations::RequestKey& key = {}) {
    return operations::place(context(), key, account, {.name = support::domain(name), .max_price = {}});
  }
  engine::Result<operations::ListReport> import_list(const std::string& source, std::vector<engine::ListRow> rows,
                                                     bool force = false) {
    std::ranges::sort(rows, {}, &engine::ListRow::name);
    return operations::import_list(
        context(), {.source = source, .date_is = engine::DateIs::drop, .declared = {}, .force = force}, rows, {});
  }
  engine::Backorder backorder(std::int64_t id = 1) { return store->backorder(engine::BackorderId(id)).value(); }
  engine::Customer customer(const char* name) { return store->customer(name).value(); }
  std::size_t open_cases(engine::CaseKind kind) {
    engine::CaseQuery query;
    query.kind = kind;
    return store->cases(query).size();
  }
  int events(engine::EventKind kind) {
    engine::EventQuery query;
    query.kinds = {kind};
    int count = 0;
    store->each_event(query, [&](const engine::LoggedEvent&) { ++count; });
    return count;
  }
  void verify() { CHECK(store->verify({}).findings.empty()); }
};

// With a world behind it where every name is caught, unless `shape` says otherwise.
struct TestLedger : BookDesk {
  std::unique_ptr<simulated_registry::SimulatedRegistry> registry{};

  explicit TestLedger(const std::function<void(simulated_registry::World&)>& shape = {}) {
    simulated_registry::World world;
    world.refused_percent = world.withdrawn_percent = world.slow_percent = world.competitor_percent = 0;
    world.catch_percent = 100;
    if (shape) shape(world);
    REQUIRE(bool(simulated_registry::SimulatedRegistry::create(folder.file("registry.db"), world)));
    registry = simulated_registry::SimulatedRegistry::open(folder.file("registry.db"), [this] { return now; }).value();
  }
  engine::Result<operations::ListReport> list(const std::string& source,
                                              const std::vector<std::pair<const char*, engine::UtcTime>>& names,
                                              bool force = false) {
    std::vector<engine::ListRow> rows;
    std::vector<simulated_registry::NameDrop> drops;
    for (const auto& [name, drop] : names) {
      rows.push_back({support::domain(name), drop});
      drops.push_back({support::domain(name), drop, {}});
    }
    REQUIRE(bool(registry->learn(drops)));
    return import_list(source, std::move(rows), force);
  }
  operations::SweepReport sweep() { return operations::sweep(context(), registry.get(), {}); }
  // Deposits reserved, and no job: as when the provider cannot be reached.
  operations::SweepReport sweep_without_provider() { return operations::sweep(context(), nullptr, {}); }
};

}  // namespace support
