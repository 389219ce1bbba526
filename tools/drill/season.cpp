#include "tools/drill/season.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>

#include "storage/store.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"

namespace drill {
namespace {

using engine::Money;
using engine::UtcTime;
using operations::Context;

// A number that depends on the seed and a text alone.
std::uint64_t draw(std::uint64_t seed, std::string_view text) {
  // FNV-1a over a seeded basis
  std::uint64_t hash = 14695981039346656037ull ^ (seed * 0x9E3779B97F4A7C15ull);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  hash ^= hash >> 29;
  hash *= 0xBF58476D1CE4E5B9ull;
  return hash ^ (hash >> 32);
}

template <typename T>
T must(engine::Result<T> result) {
  if (!result) throw std::runtime_error(std::string(to_word(result.error().code)) + ": " + result.error().detail);
  return std::move(result).value();
}

std::string account_name(int i) { return "account" + std::to_string(i); }
engine::Currency currency_of(int i) { return must(engine::Currency::parse(i % 10 == 9 ? "USD" : "EUR")); }

Context context_at(engine::LedgerStore& store, UtcTime now) { return {store, now, "season"}; }

}  // namespace

Season Season::make(const SeasonOptions& options, std::vector<std::vector<engine::ListRow>> lists) {
  Season season(options);
  // a name listed again later drops at its earliest date first; the season takes that one
  std::map<engine::DomainName, UtcTime> drops;
  for (const auto& list : lists) {
    for (const engine::ListRow& row : list) {
      const auto [found, inserted] = drops.emplace(row.name, std::get<UtcTime>(row.date));
      if (!inserted) found->second = std::min(found->second, std::get<UtcTime>(row.date));
    }
  }
  if (drops.empty()) throw std::runtime_error("no list gives a name with the instant of its drop");
  season.names_.assign(drops.begin(), drops.end());
  std::ranges::sort(season.names_, [](const auto& a, const auto& b) {
    return std::tie(a.second, a.first) < std::tie(b.second, b.first);
  });
  season.start_ = season.names_.front().second - std::chrono::hours(4 * 24);
  season.last_drop_ = season.names_.back().second;
  storage::create_book(season.book_path(), season.start_, true);
  must(simulated_registry::SimulatedRegistry::create(options.folder + "/registry.db", options.world));
  const auto store = season.book();
  season.make_accounts(*store);
  std::vector<engine::ListRow> rows;
  for (const auto& [name, drop] : drops) rows.push_back({name, drop});
  season.import(*store, rows, season.start_);
  season.place(*store);
  return season;
}

std::unique_ptr<engine::LedgerStore> Season::book() const { return storage::open_book(book_path(), {}); }

void Season::make_accounts(engine::LedgerStore& store) {
  const Context context = context_at(store, start_);
  std::vector<engine::Price> prices;
  std::vector<std::string> zones;
  for (const auto& [name, drop] : names_) zones.emplace_back(engine::parent_zone(name.ace()));
  std::ranges::sort(zones);
  zones.erase(std::unique(zones.begin(), zones.end()), zones.end());
  for (const std::string& zone : zones) {
    const auto minor = static_cast<std::int64_t>(2'000 + draw(options_.seed, zone) % 40 * 100);
    for (const int i : {0, 9}) prices.push_back({zone, "standard", Money::of_minor(minor, currency_of(i)), start_, {}});
  }
  must(operations::set_prices(context, {}, prices));
  must(operations::set_tax_rate(context, {}, {"DE", 1900, start_}));
  for (int i = 0; i < options_.accounts; ++i) {
    operations::AccountTerms terms;
    if (i % 7 == 3) terms.policy = engine::FundingPolicy::all_or_nothing;
    if (i % 5 == 4) terms.timing = engine::VoidTiming::at_deadline;
    if (i % 4 == 1) terms.country = "DE";
    if (i % 20 == 5) terms.credit_limit = Money::of_minor(10'000, currency_of(i));
    must(operations::open_account(context, {}, account_name(i), currency_of(i), terms));
  }
}

void Season::place(engine::LedgerStore& store) {
  const Context context = context_at(store, start_);
  std::vector<operations::ImportRow> rows;
  for (std::size_t i = 0; i < names_.size(); i += static_cast<std::size_t>(options_.every)) {
    const auto line = rows.size() + 1;
    rows.push_back({line, account_name(static_cast<int>(rows.size()) % options_.accounts), names_[i].first.ace()});
  }
  bool kept = false;
  for (const auto& result : operations::import_backorders(context, "season", "place", rows, false, {}, kept))
    must(result);
  std::vector<std::int64_t> needed(static_cast<std::size_t>(options_.accounts));
  for (const engine::Backorder& backorder : store.backorders({})) {
    const std::string name = store.customer(backorder.customer).value().name;
    needed[std::stoul(name.substr(7))] += backorder.quoted.minor();
  }
  for (int i = 0; i < options_.accounts; ++i) {
    const std::int64_t all = needed[static_cast<std::size_t>(i)];
    const std::int64_t minor = i % 3 == 0 ? all : i % 3 == 1 ? all / 2 : 0;
    if (minor > 0)
      must(operations::fund(context, {}, account_name(i), {.amount = Money::of_minor(minor, currency_of(i))}));
  }
}

void Season::import(engine::LedgerStore& store, const std::vector<engine::ListRow>& rows, UtcTime now) {
  // Forced: a season's lists run out towards its end, which the guard against cut-off files cannot tell from one.
  must(operations::import_list(context_at(store, now),
                               {.source = "registry", .date_is = engine::DateIs::drop, .declared = {}, .force = true},
                               rows, {}));
  const auto registry =
      must(simulated_registry::SimulatedRegistry::open(options_.folder + "/registry.db", [now] { return now; }));
  std::vector<simulated_registry::NameDrop> drops;
  for (const engine::ListRow& row : rows) drops.push_back({row.name, std::get<UtcTime>(row.date), {}});
  must(registry->learn(drops));
}

operations::SweepReport Season::sweep(UtcTime now, const operations::SweepOptions& options) {
  const auto store = book();
  const auto registry =
      must(simulated_registry::SimulatedRegistry::open(options_.folder + "/registry.db", [now] { return now; }));
  return operations::sweep(context_at(*store, now), registry.get(), options);
}

bool Season::move_dates(UtcTime now) {
  if (rounds_done_ >= options_.move_rounds || now < start_ + std::chrono::hours(24 * (rounds_done_ + 2))) return false;
  ++rounds_done_;
  constexpr std::chrono::hours kShifts[] = {std::chrono::hours(24), std::chrono::hours(-24), std::chrono::hours(240),
                                            std::chrono::hours(2)};
  std::vector<engine::ListRow> rows;
  std::ofstream file(options_.folder + "/later-" + std::to_string(rounds_done_) + ".csv");
  for (auto& [name, drop] : names_) {
    if (drop <= now) continue;  // dropped
    const std::uint64_t number = draw(options_.seed + static_cast<std::uint64_t>(rounds_done_), name.ace());
    if (number % static_cast<std::uint64_t>(options_.move_one_in) == 0 && drop > now + std::chrono::hours(4)) {
      const UtcTime moved = drop + kShifts[number / 1000 % std::size(kShifts)];
      if (moved > now + std::chrono::hours(4)) {
        drop = moved;
        last_drop_ = std::max(last_drop_, drop);
        ++moved_;
      }
    }
    rows.push_back({name, drop});
    file << name.ace() << ';' << engine::to_wire_string(drop) << '\n';
  }
  if (rows.empty()) return false;
  std::ranges::sort(rows, {}, &engine::ListRow::name);
  const auto store = book();
  import(*store, rows, now);
  return true;
}

void Season::top_up(UtcTime now) {
  const auto store = book();
  for (int i = 1; i < options_.accounts; i += 9) {
    if (i % 3 != 0)
      must(operations::fund(context_at(*store, now), {}, account_name(i),
                            {.amount = Money::of_minor(15'000, currency_of(i))}));
  }
}

std::vector<std::string> fingerprint(engine::LedgerStore& store) {
  std::map<std::int64_t, std::string> transfers;
  store.each_transfer({}, [&](const engine::Transfer& transfer) {
    if (transfer.backorder)
      transfers[transfer.backorder->value()] +=
          " " + std::string(to_word(transfer.kind)) + " " + to_string(transfer.amount);
  });
  std::map<std::int64_t, std::string> accounts;
  std::vector<std::string> lines;
  for (const engine::Customer& customer : store.customers()) {
    accounts[customer.id.value()] = customer.name;
    lines.push_back(customer.name + " " + std::string(to_word(customer.state)) + " " + to_string(customer.available) +
                    " " + to_string(customer.reserved) + " " + to_string(customer.owed));
  }
  for (const engine::Backorder& backorder : store.backorders({})) {
    lines.push_back(accounts[backorder.customer.value()] + " " + backorder.name.ace() + " " +
                    std::to_string(backorder.copy) + " " + std::string(to_word(backorder.state)) + " " +
                    (backorder.reason ? std::string(to_word(*backorder.reason)) : "-") +
                    transfers[backorder.id.value()]);
  }
  std::ranges::sort(lines);
  return lines;
}

}  // namespace drill
