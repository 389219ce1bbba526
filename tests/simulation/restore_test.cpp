// The book is lost and put back from a backup, at every point of a season and some sweeps later: what had a job at the
// provider ends as it does without the loss.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/support/desk.hpp"

using namespace operations;
using namespace std::chrono_literals;
using engine::Backorder;
using engine::State;
using support::at;
using support::domain;
using support::eur;
using support::kNow;

namespace {

namespace fs = std::filesystem;

constexpr int kNames = 24;
constexpr auto kStep = 8h;
const engine::UtcTime kFirstDrop = kNow + 100h, kEnd = kNow + 16 * 24h;

engine::UtcTime drop_of(int name) { return kFirstDrop + (name % 3) * 7h; }

// A book and the registry beside it, opened anew for each sweep as commands do.
struct Place {
  support::TemporaryDirectory folder{};
  std::string book() const { return folder.file("book.db"); }
  std::string registry() const { return folder.file("registry.db"); }
  std::unique_ptr<engine::LedgerStore> open() const { return storage::open_book(book(), {}); }

  SweepReport sweep(engine::UtcTime now) const {
    const auto store = open();
    const auto provider = simulated_registry::SimulatedRegistry::open(registry(), [now] { return now; }).value();
    return operations::sweep({*store, now, "season"}, provider.get(), {});
  }
  void copy_registry_from(const Place& other) const {
    for (const char* suffix : {"", "-wal"}) {
      if (fs::exists(other.registry() + suffix)) fs::copy_file(other.registry() + suffix, registry() + suffix);
    }
  }
  // States, reasons and deposit transfers by backorder.
  std::map<std::int64_t, std::string> ends() const {
    const auto store = open();
    std::map<std::int64_t, std::string> found;
    for (const Backorder& backorder : store->backorders({})) {
      std::string& end = found[backorder.id.value()];
      end = to_word(backorder.state);
      if (backorder.reason) end += " " + std::string(to_word(*backorder.reason));
    }
    store->each_transfer({}, [&](const engine::Transfer& transfer) {
      if (transfer.backorder) found[transfer.backorder->value()] += " " + std::string(to_word(transfer.kind));
    });
    return found;
  }
};

void make(const Place& place) {
  storage::create_book(place.book(), kNow, true);
  simulated_registry::World world;
  world.slow_percent = 10;
  world.withdrawn_percent = 5;
  world.competitor_percent = 40;
  REQUIRE(bool(simulated_registry::SimulatedRegistry::create(place.registry(), world)));
  const auto store = place.open();
  const Context context{*store, kNow, "season"};
  REQUIRE(bool(set_prices(context, {}, {{"com", "standard", eur(1000), kNow, {}}})));
  std::vector<engine::ListRow> rows;
  std::vector<simulated_registry::NameDrop> drops;
  for (int i = 0; i < kNames; ++i) {
    rows.push_back({domain("name" + std::to_string(i) + ".com"), drop_of(i)});
    drops.push_back({rows.back().name, drop_of(i), {}});
  }
  std::ranges::sort(rows, {}, &engine::ListRow::name);
  REQUIRE(bool(import_list(context, {.source = "r", .date_is = engine::DateIs::drop, .declared = {}, .force = false},
                           rows, {})));
  REQUIRE(
      bool(simulated_registry::SimulatedRegistry::open(place.registry(), [] { return kNow; }).value()->learn(drops)));
  // the last cannot pay for all of hers, and waits until the deadline
  for (const auto& [name, minor] : {std::pair{"alice", 20'000}, {"bob", 20'000}, {"eve", 4'000}}) {
    AccountTerms terms;
    if (minor < 20'000) terms.void_policy = engine::VoidPolicy::at_deadline;
    REQUIRE(bool(open_account(context, {}, name, support::currency("EUR"), terms)));
    REQUIRE(bool(fund(context, {}, name, {.amount = eur(minor)})));
  }
  for (int i = 0; i < kNames; ++i) {
    const char* account = i % 3 == 0 ? "alice" : i % 3 == 1 ? "bob" : "eve";
    REQUIRE(bool(operations::place(context, {}, account,
                                   {.name = domain("name" + std::to_string(i) + ".com"), .max_price = {}})));
    if (i % 6 == 0)  // two customers want it
      REQUIRE(bool(operations::place(context, {}, "bob",
                                     {.name = domain("name" + std::to_string(i) + ".com"), .max_price = {}})));
  }
}

}  // namespace

TEST_CASE("restore: at every point of a season, what had a job ends as without the loss") {
  const Place whole;
  make(whole);
  struct Copy {
    engine::UtcTime at;
    std::string file;
  };
  std::vector<Copy> copies;
  struct Loss {
    std::unique_ptr<Place> place;
    engine::UtcTime at;
    std::vector<std::int64_t> with_job;
  };
  std::vector<Loss> losses;
  for (engine::UtcTime now = kNow + 20h; now < kEnd;
       now += now < kFirstDrop + 60h ? engine::Milliseconds(kStep) : 48h) {
    copies.push_back({now, whole.folder.file("copy" + std::to_string(copies.size()))});
    storage::back_up_book(whole.book(), copies.back().file);
    whole.sweep(now);
    for (const std::size_t lost : {1u, 3u}) {  // sweeps
      if (copies.size() < lost) continue;
      Loss loss{std::make_unique<Place>(), now, {}};
      loss.place->copy_registry_from(whole);
      storage::restore_book(copies[copies.size() - lost].file, loss.place->book(), {now, "season"});
      for (const Backorder& backorder : whole.open()->backorders({})) {
        if (backorder.application) loss.with_job.push_back(backorder.id.value());
      }
      losses.push_back(std::move(loss));
    }
  }
  const auto expected = whole.ends();
  int compared = 0;
  for (const Loss& loss : losses) {
    CAPTURE(engine::to_string(loss.at));
    for (engine::UtcTime now = loss.at + 1h; now < kEnd + 72h;
         now += now < kFirstDrop + 60h ? engine::Milliseconds(kStep) : 48h)
      loss.place->sweep(now);
    const auto ends = loss.place->ends();
    for (const std::int64_t id : loss.with_job) {
      CAPTURE(id);
      CHECK(ends.at(id) == expected.at(id));
      ++compared;
    }
    CHECK(loss.place->open()->verify({}).findings.empty());
  }
  CHECK(compared > 300);
}

TEST_CASE("restore: the marked book reads before it sends, refunds, voids or pays out, and says so") {
  Place place;
  make(place);
  storage::back_up_book(place.book(), place.folder.file("copy"));
  fs::remove(place.book());
  const storage::Restored restored =
      storage::restore_book(place.folder.file("copy"), place.book(), {kNow + 1h, "anna"});
  CHECK(restored.kept_as.empty());
  {
    const auto store = place.open();
    CHECK(store->book().must_be_read());
    CHECK(store->verify({}).findings.empty());
    const Context context{*store, kNow + 40h, "anna"};
    const SweepReport report = operations::sweep(context, nullptr, {});
    REQUIRE_FALSE(report.errors.empty());
    CHECK(report.errors.back().code == engine::ErrorCode::restored_unread);
    CHECK(report.counts.empty());
    CHECK(store->customer("alice")->reserved.is_zero());
    CHECK(withdraw(context, {}, "alice", {.amount = eur(100)}).error().code == engine::ErrorCode::restored_unread);
  }
  CHECK(place.sweep(kNow + 40h).errors.empty());
  const auto store = place.open();
  CHECK_FALSE(store->book().must_be_read());
  CHECK(store->book().restoration->read_at == kNow + 40h);
  CHECK(bool(withdraw({*store, kNow + 41h, "anna"}, {}, "alice", {.amount = eur(100)})));
}

TEST_CASE(
    "restore: refuses a backup with a log beside it, one that does not verify, and the book itself; keeps what was "
    "there") {
  Place place;
  make(place);
  const std::string copy = place.folder.file("copy");
  storage::back_up_book(place.book(), copy);
  const auto code = [&](const std::string& backup) {
    try {
      storage::restore_book(backup, place.book(), {kNow, "anna"});
    } catch (const storage::StorageError& refused) {
      return refused.error().code;
    }
    return engine::ErrorCode::invalid_time;
  };
  CHECK(code(place.book()) == engine::ErrorCode::invalid_argument);
  CHECK(code(place.folder.file("nothing")) == engine::ErrorCode::database_missing);
  {
    std::ofstream log(copy + "-wal");
    log << "a log of some other book";
  }
  CHECK(code(copy) == engine::ErrorCode::database_failed);
  fs::remove(copy + "-wal");
  const storage::Restored restored = storage::restore_book(copy, place.book(), {kNow, "anna"});
  CHECK(restored.kept_as == place.book() + ".replaced");
  CHECK(fs::exists(restored.kept_as));
  CHECK(place.open()->book().must_be_read());
}
