#include "tools/operations/lists.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/placing.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::Changes;
using engine::Coverage;
using engine::Customer;
using engine::DateIs;
using engine::Error;
using engine::ErrorCode;
using engine::ListedDrop;
using engine::Listing;
using engine::ListRow;
using engine::Result;
using engine::SourceId;
using engine::to_string;
using engine::UtcTime;

// Rows by zone and day. Looked up once per row, so without a copy of the zone.
struct ByZoneDay {
  using is_transparent = void;
  template <typename A, typename B>
  bool operator()(const std::pair<A, engine::Day>& a, const std::pair<B, engine::Day>& b) const {
    return a.second != b.second ? a.second < b.second : std::string_view(a.first) < std::string_view(b.first);
  }
};
using Covered = std::map<std::pair<std::string, engine::Day>, std::int64_t, ByZoneDay>;

// As long as the schedule and the name live.
std::string_view zone_of(const engine::ZoneSchedule& schedule, std::string_view ace) {
  return schedule.zone.empty() ? engine::parent_zone(ace) : std::string_view(schedule.zone);
}

// What a row says in its source's terms. Nothing where it gives a bare day and the zone's batch time is not known.
std::optional<Listing> listing_of(const ListRow& row, DateIs date_is, const engine::ZoneSchedule& schedule) {
  Listing listing{SourceId(1), {}, {}};
  if (const engine::Day* day = std::get_if<engine::Day>(&row.date)) {
    listing.drop_at = engine::batch_start(schedule, *day);
    if (!listing.drop_at) return std::nullopt;
  } else if (date_is == DateIs::finalization) {
    listing.finalization_at = std::get<UtcTime>(row.date);
  } else {
    listing.drop_at = std::get<UtcTime>(row.date);
  }
  return listing;
}

// How many rows the day of a typical row has: Σ rows² / Σ rows over days. A few names moved to odd days hardly count, a
// file cut in half counts half.
double typical_day(const std::vector<Coverage>& coverage, const std::vector<std::string>& zones) {
  std::map<engine::Day, double> per_day;
  for (const Coverage& row : coverage) {
    if (std::ranges::binary_search(zones, row.zone)) per_day[row.day] += static_cast<double>(row.rows);
  }
  double sum = 0, squares = 0;
  for (const auto& [day, rows] : per_day) {
    sum += rows;
    squares += rows * rows;
  }
  return sum == 0 ? 0 : squares / sum;
}

engine::Status check_size(const std::vector<engine::ImportedList>& before, const std::vector<Coverage>& coverage) {
  std::vector<std::string> zones;
  for (const Coverage& row : coverage) {
    if (row.rows > 0) zones.push_back(row.zone);
  }
  std::ranges::sort(zones);
  zones.erase(std::unique(zones.begin(), zones.end()), zones.end());
  for (const engine::ImportedList& last : before) {
    const double was = typical_day(last.coverage, zones);
    if (was == 0) continue;  // speaks for other zones
    const double is = typical_day(coverage, zones);
    if (is * 2 >= was) return engine::Unit{};
    return Error{ErrorCode::list_too_short,
                 "the list has about " + std::to_string(static_cast<long>(is)) + " names a day where list " +
                     std::to_string(last.id) + " of " + to_string(last.imported_at) + " had " +
                     std::to_string(static_cast<long>(was)) + ": cut off? Nothing was imported; --force accepts it"};
  }
  return engine::Unit{};
}

struct Merge {
  std::vector<ListedDrop> changed;          // to be put, by name
  std::vector<engine::DomainName> dated;    // added or with another date, by name
  std::vector<engine::DomainName> missing;  // newly missing, by name
};

// Walks yesterday's word of this source beside today's, both by name.
Merge merge(engine::LedgerStore& store, SourceId source, DateIs date_is, const std::vector<ListRow>& rows,
            const Covered& covered, UtcTime now, ListReport& report, const std::function<void(std::size_t)>& progress) {
  Merge merged;
  const engine::Schedules& schedules = store.schedules();
  std::size_t next = 0;
  const auto listing = [&](const ListRow& row) { return listing_of(row, date_is, schedules.of(row.name.ace())); };
  const auto put = [&](const ListRow& row, const Listing& dates) {
    merged.changed.push_back({row.name, dates.drop_at, dates.finalization_at, report.list, false});
    merged.dated.push_back(row.name);
  };
  const auto add_until = [&](const engine::DomainName* end) {
    for (; next < rows.size() && (end == nullptr || rows[next].name < *end); ++next) {
      const std::optional<Listing> dates = listing(rows[next]);
      if (!dates) continue;
      put(rows[next], *dates);
      ++report.added;
      if (progress) progress(next);
    }
  };
  store.each_listed(source, [&](const ListedDrop& old) {
    add_until(&old.name);
    const bool listed_again = next < rows.size() && rows[next].name == old.name;
    const std::optional<Listing> dates = listed_again ? listing(rows[next]) : std::nullopt;
    if (listed_again) ++next;
    if (dates) {
      const ListRow& row = rows[next - 1];
      const bool same = dates->drop_at == old.drop_at && dates->finalization_at == old.finalization_at;
      if (same && !old.missing) {
        ++report.unchanged;
        return;
      }
      put(row, *dates);
      ++(same ? report.unchanged : report.moved);
      return;
    }
    if (old.missing) return;
    const engine::ZoneSchedule& schedule = schedules.of(old.name.ace());
    const UtcTime drop_at = engine::drop_of({source, old.drop_at, old.finalization_at}, schedule).drop_at;
    if (now >= drop_at) return;  // it dropped: a list of what is to come no longer names it
    if (!covered.contains(std::pair(zone_of(schedule, old.name.ace()), engine::day_of(drop_at)))) return;
    ListedDrop gone = old;
    gone.missing = true;
    merged.missing.push_back(old.name);
    merged.changed.push_back(std::move(gone));
    ++report.missing;
  });
  add_until(nullptr);
  return merged;
}

// Open backorders whose name is among `names` (sorted), by name.
std::vector<Backorder> open_among(engine::LedgerStore& store, const std::vector<engine::DomainName>& names) {
  if (names.empty()) return {};
  engine::BackorderQuery query;
  query.open = true;
  query.order = engine::BackorderQuery::Order::name;
  std::vector<Backorder> open = store.backorders(query);
  std::erase_if(open, [&](const Backorder& row) { return !std::ranges::binary_search(names, row.name); });
  return open;
}

class Mover {
 public:
  Mover(const Context& context, Changes& changes, ListReport& report)
      : store_(context.store), now_(context.now), changes_(changes), report_(report) {}

  engine::Status move(Backorder& backorder) {
    const engine::BindingDrop binding =
        engine::binding_drop(store_.listings(backorder.name), store_.schedules().of(backorder.name.ace()), now_);
    if (!binding.drop || backorder.drop == binding.drop) return engine::Unit{};
    if (binding.conflict) {
      ++report_.conflicts;
      changes_.events.push_back(
          {engine::EventKind::date_conflict,
           backorder.customer,
           backorder.id,
           {},
           {},
           {},
           "sources disagree; the earliest deadline binds: " + to_string(binding.drop->deadline)});
    }
    // another drop of the name
    if (backorder.drop && now_ >= backorder.drop->drop_at + engine::kDropCycle) return engine::Unit{};
    ++(backorder.drop ? report_.backorders_moved : report_.dated);
    Customer& customer =
        customers_.try_emplace(backorder.customer.value(), store_.customer(backorder.customer).value()).first->second;
    const std::size_t transfers = changes_.transfers.size();
    const engine::Status moved =
        engine::move_drop(changes_, backorder, customer, *binding.drop, store_.settings().reschedule_keep, now_);
    if (changes_.transfers.size() > transfers) ++report_.rescheduled;
    return moved;
  }

 private:
  engine::LedgerStore& store_;
  UtcTime now_;
  Changes& changes_;
  ListReport& report_;
  std::unordered_map<std::int64_t, Customer> customers_;
};

}  // namespace

Result<ListReport> import_list(const Context& context, const ListImport& import, const std::vector<ListRow>& rows,
                               const std::function<void(std::size_t)>& progress) {
  engine::LedgerStore& store = context.store;
  UnitOfWork work(context);
  const std::optional<engine::Source> known = store.source(import.source);
  if (!known && !import.date_is) {
    return Error{
        ErrorCode::invalid_argument,
        "source '" + import.source + "' is new: say what its dates are, --date-is drop or --date-is finalization"};
  }
  if (known && import.date_is && *import.date_is != known->date_is) {
    return Error{ErrorCode::invalid_argument, "the dates of source '" + import.source + "' are " +
                                                  std::string(to_word(known->date_is)) +
                                                  " dates; another kind of list needs a source of its own"};
  }
  const DateIs date_is = known ? known->date_is : *import.date_is;

  ListReport report;
  Covered covered;
  const engine::Schedules& schedules = store.schedules();  // inside the unit of work nobody changes them
  for (const ListRow& row : rows) {
    const engine::ZoneSchedule& schedule = schedules.of(row.name.ace());
    const std::optional<Listing> dates = listing_of(row, date_is, schedule);
    if (!dates) {
      ++report.undatable;
      continue;
    }
    ++report.rows;
    const std::pair<std::string_view, engine::Day> zone_day(zone_of(schedule, row.name.ace()),
                                                            engine::day_of(engine::drop_of(*dates, schedule).drop_at));
    if (const auto known_day = covered.find(zone_day); known_day != covered.end())
      ++known_day->second;
    else
      covered.emplace(zone_day, 1);
  }
  if (report.rows == 0) {
    return Error{ErrorCode::invalid_list,
                 "no row of the list can be dated: it gives days only, and the schedule has no batch time for its "
                 "zones; see 'schedule set'"};
  }
  for (const Coverage& row : import.declared) covered.try_emplace({row.zone, row.day}, 0);
  std::vector<Coverage> coverage;
  for (const auto& [zone_day, count] : covered) coverage.push_back({zone_day.first, zone_day.second, count});
  std::ranges::sort(coverage);  // as lists() gives them

  const std::vector<engine::ImportedList> before = known ? store.lists(known->id) : std::vector<engine::ImportedList>{};
  if (!import.force) {
    const engine::Status sound = check_size(before, coverage);
    if (!sound) return sound.error();
  }
  report.list = store.add_list(import.source, date_is, context.now, coverage, report.rows);
  const SourceId source = store.source(import.source).value().id;
  const Merge merged = merge(store, source, date_is, rows, covered, context.now, report, progress);
  if (merged.changed.empty() && !before.empty() && before.front().coverage == coverage) {
    report.repeated = true;
    report.list = before.front().id;
    return report;  // nothing new: the unit of work is dropped with its list row
  }
  store.put_listed(source, merged.changed);

  Changes changes;
  Mover mover(context, changes, report);
  for (Backorder& backorder : open_among(store, merged.dated)) {
    const engine::Status moved = mover.move(backorder);
    if (!moved) return moved.error();
  }
  for (const Backorder& backorder : open_among(store, merged.missing)) {
    const std::string detail = backorder.name.ace() + " is missing from list " + std::to_string(report.list) + " of " +
                               import.source + ", which covers its day";
    changes.events.push_back({engine::EventKind::missing, backorder.customer, backorder.id, {}, {}, {}, detail});
    changes.cases.push_back({engine::CaseKind::missing_from_list, backorder.customer, backorder.id, {}, detail});
  }
  changes.events.push_back({engine::EventKind::list_imported,
                            {},
                            {},
                            {},
                            {},
                            {},
                            import.source + " list " + std::to_string(report.list) + ": " +
                                std::to_string(report.rows) + " rows, " + std::to_string(report.added) + " new, " +
                                std::to_string(report.moved) + " moved, " + std::to_string(report.missing) +
                                " missing"});
  const engine::Status applied = store.apply(changes, context.stamp());
  if (!applied) return applied.error();
  work.keep();
  return report;
}

}  // namespace operations
