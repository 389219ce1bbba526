#include "tools/gateway/sample_world.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "storage/store.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/users.hpp"
#include "tools/simulated_registry/fate.hpp"

namespace gateway {
namespace {

namespace fs = std::filesystem;
using engine::Error;
using engine::UtcTime;

constexpr const char* kLogin = "test.user";
constexpr const char* kPassword = "test.passw0rd";
constexpr const char* kSource = "sample";

struct SampleDrop {
  const char* name;
  int days, hours;  // from the making of the book
};
constexpr SampleDrop kDrops[] = {{"john.com", 4, 0},          {"dune-market.com", 4, 0},     {"tern-court.com", 5, 0},
                                 {"tern-court.org", 5, 2},    {"xn--kse-rad-5wa.com", 6, 0}, {"north-wind.net", 7, 0},
                                 {"quiet-harbour.org", 8, 2}, {"plain-sail.com", 12, 0}};

engine::Money eur(std::int64_t minor) { return engine::Money::of_minor(minor, engine::Currency::parse("EUR").value()); }

template <typename T>
engine::Status done(const engine::Result<T>& result) {
  if (!result) return result.error();
  return engine::Unit{};
}

std::vector<engine::ListRow> sample_list(UtcTime now) {
  std::vector<engine::ListRow> rows;
  for (const SampleDrop& drop : kDrops) {
    rows.push_back(
        {engine::DomainName::parse(drop.name).value(), UtcTime(now + std::chrono::hours(24 * drop.days + drop.hours))});
  }
  std::ranges::sort(rows, {}, &engine::ListRow::name);
  return rows;
}

engine::Status fill_book(const std::string& path, UtcTime now) {
  const std::unique_ptr<engine::LedgerStore> store = storage::open_book(path, {});
  const operations::Context context{*store, now, "rehearsal"};
  const operations::RequestKey by_rehearsal{"rehearsal", ""};
  std::vector<engine::Price> prices;
  for (const auto& [zone, minor] : {std::pair{"com", 5900}, {"net", 5900}, {"org", 4900}, {"de", 3900}})
    prices.push_back({zone, "standard", eur(minor), now, {}});
  // Jobs are held back until a day before the deadline, so that an ACTIVE backorder is seen as one.
  engine::ZoneSchedule com = store->schedules().of("john.com");
  com.zone = "com";
  com.submit_lead = std::chrono::hours(24);
  const operations::ListImport list{.source = kSource, .date_is = engine::DateIs::drop};
  const std::function<engine::Status()> steps[] = {
      [&] { return done(operations::set_prices(context, by_rehearsal, prices)); },
      [&] { return done(operations::set_schedule(context, by_rehearsal, com)); },
      [&] { return done(operations::set_setting(context, by_rehearsal, "tax.charged", "no")); },
      [&] { return done(operations::open_account(context, by_rehearsal, kLogin, eur(0).currency(), {})); },
      [&] {
        return done(operations::fund(context, by_rehearsal, kLogin,
                                     {.amount = eur(50'000), .source = "bank", .memo = "sample money"}));
      },
      [&] { return done(operations::import_list(context, list, sample_list(now), {})); },
      [&] { return done(operations::add_user(context, by_rehearsal, kLogin, kLogin, kPassword)); }};
  for (const auto& step : steps) {
    if (const engine::Status taken = step(); !taken) return taken;
  }
  return engine::Unit{};
}

// The first world in which the quick start's name is caught by us alone, within hours; the others have the luck of the
// draw.
simulated_registry::World lucky_world(UtcTime now) {
  const SampleDrop& john = kDrops[0];
  const simulated_registry::DropDates dates{now + std::chrono::hours(24 * john.days + john.hours)};
  for (simulated_registry::World world{.seed = 7};; ++world.seed) {
    if (simulated_registry::refusal(world, john.name)) continue;
    if (standing(world, john.name, dates, 1, dates.drop_at + std::chrono::hours(2)).of(0) == engine::State::successful)
      return world;
  }
}

engine::Status make_registry(const std::string& path, UtcTime now) {
  if (const engine::Status made = simulated_registry::SimulatedRegistry::create(path, lucky_world(now)); !made)
    return made;
  auto registry = simulated_registry::SimulatedRegistry::open(path, [now] { return now; });
  if (!registry) return registry.error();
  std::vector<simulated_registry::NameDrop> drops;
  for (const engine::ListRow& row : sample_list(now)) drops.push_back({row.name, std::get<UtcTime>(row.date), {}});
  const auto learnt = registry.value()->learn(drops);
  if (!learnt) return learnt.error();
  return engine::Unit{};
}

}  // namespace

engine::Status make_rehearsal(const std::string& book, const std::string& registry, UtcTime now) {
  std::error_code failed;
  if (!fs::exists(book, failed)) {
    // Under another name until it is complete: a half made sample is never served.
    const std::string part = book + ".part";
    for (const char* end : {"", "-wal", "-shm"}) fs::remove(part + end, failed);
    storage::create_book(part, now, true);
    if (const engine::Status filled = fill_book(part, now); !filled) return filled;
    fs::rename(part, book);
  }
  const engine::BookInfo info = storage::open_reader(book)->book();
  if (!info.rehearsal) {
    return Error{engine::ErrorCode::clock_not_movable,
                 book + " is a live book: serve it without --rehearsal, or name another file with --db"};
  }
  if (registry.empty() || fs::exists(registry, failed)) return engine::Unit{};
  return make_registry(registry, info.made_at);
}

}  // namespace gateway
