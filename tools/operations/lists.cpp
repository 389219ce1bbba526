#include "tools/operations/lists.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "tools/operations/dating.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::Changes;
using engine::Coverage;
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

// The zone that a list's names are counted under. As long as the schedule and the name live.
std::string_view zone_of(const engine::ZoneSchedule& schedule, std::string_view ace) {
  return schedule.zone.empty() ? engine::parent_zone(ace) : std::string_view(schedule.zone);
}

// Counts by zone and day. Looked up once per row, so without a copy of the zone, and the last one at once.
struct DayCount {
  std::int64_t rows = 0;    // of the new list
  std::int64_t before = 0;  // names that its source listed there and that have not dropped
  std::int64_t kept = 0;    // of these, in the new list, under whatever day
  bool declared = false;
  // Domain rule: declared, or at least half of the names that its source listed before; a day that only a moved row
  // touches is not covered.
  bool covers() const { return declared || ((rows > 0 || kept > 0) && 2 * kept >= before); }
};
class DayCounts {
 public:
  DayCount& of(std::string_view zone, engine::Day day) {
    if (last_ != days_.end() && last_->first.second == day && last_->first.first == zone) return last_->second;
    last_ = days_.find(std::pair(zone, day));
    if (last_ == days_.end()) last_ = days_.emplace(std::pair(std::string(zone), day), DayCount{}).first;
    return last_->second;
  }
  const auto& all() const { return days_; }

 private:
  struct ByDayZone {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const std::pair<A, engine::Day>& a, const std::pair<B, engine::Day>& b) const {
      return a.second != b.second ? a.second < b.second : std::string_view(a.first) < std::string_view(b.first);
    }
  };
  using Days = std::map<std::pair<std::string, engine::Day>, DayCount, ByDayZone>;
  Days days_{};
  Days::iterator last_ = days_.end();
};

// Of the lists of the source that were published after this one: which zones and days they speak of. An older list that
// comes late moves nothing there.
class NewerLists {
 public:
  NewerLists(const std::vector<engine::ImportedList>& lists, UtcTime stands_from) {
    for (const engine::ImportedList& list : lists) {
      if (list.stands_from() <= stands_from) continue;
      for (const Coverage& row : list.coverage) {
        bool& covers = days_[{row.zone, row.day}];
        covers = covers || row.covers;
      }
    }
  }
  bool any() const { return !days_.empty(); }
  bool touch(std::string_view zone, engine::Day day) const { return any() && days_.contains({std::string(zone), day}); }
  bool cover(std::string_view zone, engine::Day day) const {
    if (!any()) return false;
    const auto found = days_.find({std::string(zone), day});
    return found != days_.end() && found->second;
  }

 private:
  std::map<std::pair<std::string, engine::Day>, bool> days_{};
};

struct Merge {
  std::vector<ListedDrop> changed;           // to be put, by name
  std::vector<engine::DomainName> dated;     // added, with another date or listed again, by name
  std::vector<engine::DomainName> relisted;  // of these, listed again after they were missing, by name
  std::vector<engine::DomainName> missing;   // newly missing, by name
};

// Walks yesterday's word of this source beside today's, both by name.
class Merger {
 public:
  Merger(engine::LedgerStore& store, SourceId source, DateIs date_is, const ListImport& import, UtcTime now,
         const NewerLists& newer, ListReport& report)
      : store_(store),
        schedules_(store.schedules()),
        source_(source),
        date_is_(date_is),
        import_(import),
        now_(now),
        newer_(newer),
        report_(report) {
    for (const Coverage& row : import.declared) counts_.of(row.zone, row.day).declared = true;
  }

  Merge merge(const std::vector<ListRow>& rows, bool source_is_new, const std::function<void(std::size_t)>& progress) {
    std::size_t next = 0;
    const auto add_until = [&](const engine::DomainName* end) {
      for (; next < rows.size() && (end == nullptr || rows[next].name < *end); ++next) {
        if (progress && next % 1024 == 0) progress(next);
        add(rows[next]);
      }
    };
    if (!source_is_new) {
      store_.each_listed(source_, [&](const ListedDrop& old) {
        add_until(&old.name);
        const bool listed_again = next < rows.size() && rows[next].name == old.name;
        walk(old, listed_again ? &rows[next++] : nullptr);
      });
    }
    add_until(nullptr);
    mark_missing();
    return std::move(merged_);
  }

  std::vector<Coverage> coverage() const {
    std::vector<Coverage> coverage;
    for (const auto& [zone_day, count] : counts_.all()) {
      if (count.rows == 0 && !count.declared) continue;
      coverage.push_back({zone_day.first, zone_day.second, count.rows, count.covers() && import_.torn.empty()});
    }
    std::ranges::sort(coverage);  // as lists() gives them
    return coverage;
  }

 private:
  struct Seen {
    Listing listing;
    std::string_view zone;
    engine::Day day;
  };
  // The dates of the row. Empty if it cannot be dated; that is reported.
  std::optional<Seen> see(const ListRow& row) {
    const engine::ZoneSchedule& schedule = schedules_.of(row.name.ace());
    const std::optional<Listing> listing = engine::listing_of(source_, row.date, date_is_, schedule);
    if (!listing) {
      constexpr std::size_t kMaxNamed = 1'000;
      const std::string_view zone = engine::parent_zone(row.name.ace());
      if (report_.undatable_rows.size() < kMaxNamed)
        report_.undatable_rows.push_back({row.line, row.name.ace(), std::string(zone)});
      ++report_.undatable;
      return std::nullopt;
    }
    ++report_.rows;
    Seen seen{*listing, zone_of(schedule, row.name.ace()), engine::day_of(engine::drop_of(*listing, schedule).drop_at)};
    ++counts_.of(seen.zone, seen.day).rows;
    return seen;
  }

  // A day that was resolved by the schedule is not the same as an instant that the list gives.
  static bool is_written_alike(const ListedDrop& old, const engine::ListDate& date) {
    if (const engine::Day* day = std::get_if<engine::Day>(&date)) return old.day == *day;
    if (const auto* eligible = std::get_if<engine::EligibleFrom>(&date)) return old.eligible_at == eligible->at;
    return !old.day && !old.eligible_at;
  }

  void put(const ListRow& row, const Seen& seen) {
    ListedDrop listed{row.name, seen.listing.drop_at, seen.listing.finalization_at, report_.list, false};
    if (const engine::Day* day = std::get_if<engine::Day>(&row.date)) listed.day = *day;
    if (const auto* eligible = std::get_if<engine::EligibleFrom>(&row.date)) listed.eligible_at = eligible->at;
    listed.tentative = row.tentative;
    merged_.changed.push_back(std::move(listed));
    merged_.dated.push_back(row.name);
  }

  void add(const ListRow& row) {
    const std::optional<Seen> seen = see(row);
    if (!seen) return;
    if (newer_.cover(seen->zone, seen->day)) {  // a newer list of that day does not name it
      ++report_.superseded;
      return;
    }
    put(row, *seen);
    ++report_.added;
  }

  // A name that the source listed before, and its row now, if there is one.
  void walk(const ListedDrop& old, const ListRow* row) {
    const engine::ZoneSchedule& schedule = schedules_.of(old.name.ace());
    const UtcTime drop_at = engine::drop_of({source_, old.drop_at, old.finalization_at}, schedule).drop_at;
    const std::string_view zone = zone_of(schedule, old.name.ace());
    const engine::Day day = engine::day_of(drop_at);
    const bool awaited = now_ < drop_at && !old.missing;  // what dropped is named by no list of what is to come
    if (awaited) {
      DayCount& count = counts_.of(zone, day);
      ++count.before;
      if (row != nullptr) ++count.kept;
    }
    if (row == nullptr) {
      if (awaited && !newer_.touch(zone, day)) absent_.push_back(old);
      return;
    }
    const std::optional<Seen> seen = see(*row);
    if (!seen) return;  // listed, so not missing; its date stays
    const bool same = seen->listing.drop_at == old.drop_at && seen->listing.finalization_at == old.finalization_at;
    if (same && !old.missing && row->tentative == old.tentative && is_written_alike(old, row->date)) {
      ++report_.unchanged;
      return;
    }
    if (newer_.any() && (newer_.touch(zone, day) || (!same && newer_.cover(seen->zone, seen->day)))) {
      ++report_.superseded;
      return;
    }
    put(*row, *seen);
    if (old.missing) merged_.relisted.push_back(old.name);
    ++(same ? report_.unchanged : report_.moved);
  }

  void mark_missing() {
    if (!import_.torn.empty()) return;
    const std::size_t listed = merged_.changed.size();
    for (ListedDrop& one : absent_) {
      const engine::ZoneSchedule& schedule = schedules_.of(one.name.ace());
      const UtcTime drop_at = engine::drop_of({source_, one.drop_at, one.finalization_at}, schedule).drop_at;
      if (!counts_.of(zone_of(schedule, one.name.ace()), engine::day_of(drop_at)).covers()) continue;
      one.missing = true;
      merged_.missing.push_back(one.name);
      merged_.changed.push_back(std::move(one));
      ++report_.missing;
    }
    std::ranges::inplace_merge(merged_.changed, merged_.changed.begin() + static_cast<std::ptrdiff_t>(listed), {},
                               &ListedDrop::name);
  }

  engine::LedgerStore& store_;
  const engine::Schedules& schedules_;  // inside the unit of work nobody changes them
  SourceId source_;
  DateIs date_is_;
  const ListImport& import_;
  UtcTime now_;
  const NewerLists& newer_;
  ListReport& report_;
  DayCounts counts_{};
  std::vector<ListedDrop> absent_{};
  Merge merged_{};
};

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

struct Affected {
  Backorder backorder;
  std::vector<Listing> before;
  bool missing;
};

// Domain rule: a list with less than half the rows of the last one of its source is refused unless forced, whatever
// days it covers.
engine::Status check_size(const std::vector<engine::ImportedList>& before, std::int64_t rows, UtcTime stands_from) {
  const auto last =
      std::ranges::find_if(before, [&](const engine::ImportedList& list) { return list.stands_from() <= stands_from; });
  if (last == before.end() || rows * 2 >= last->rows) return engine::Unit{};
  return Error{ErrorCode::list_too_short, "the list has " + std::to_string(rows) + " names where list " +
                                              std::to_string(last->id) + " of " + to_string(last->imported_at) +
                                              " had " + std::to_string(last->rows) +
                                              ": cut off? Nothing was imported; --force accepts it"};
}

Error nothing_datable(const ListReport& report) {
  std::string zones;
  std::vector<std::string> named;
  for (const UndatableRow& row : report.undatable_rows) {
    if (std::ranges::find(named, row.zone) != named.end() || named.size() == 5) continue;
    named.push_back(row.zone);
    zones += (zones.empty() ? "." : ", .") + row.zone;
  }
  return {ErrorCode::invalid_list,
          "no row of the list can be dated: it gives days only, and the schedule has no batch time for " +
              (zones.empty() ? std::string("its zones") : zones) + "; say it: 'schedule set " +
              (named.empty() ? std::string("ZONE") : named.front()) + " --at HH:MM --time-zone ZONE'"};
}

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

  // A list that says that it is of tomorrow counts from its import: it may not outrank those that come until then.
  const std::optional<UtcTime> published =
      import.published_at && *import.published_at <= context.now ? import.published_at : std::nullopt;
  const UtcTime stands_from = published.value_or(context.now);
  if (!import.torn.empty() && !import.force) {
    return Error{ErrorCode::list_too_short, "the list is cut off: " + import.torn +
                                                ". Nothing was imported; --force accepts it, and then no name is "
                                                "missing from it"};
  }
  const std::vector<engine::ImportedList> before = known ? store.lists(known->id) : std::vector<engine::ImportedList>{};
  if (!import.force) {
    const engine::Status sound = check_size(before, static_cast<std::int64_t>(rows.size()), stands_from);
    if (!sound) return sound.error();
  }
  ListReport report;
  report.list = store.last_list() + 1;
  const NewerLists newer(before, stands_from);
  const SourceId source = known ? known->id : SourceId(1);  // a new source's number is not looked at before it is made
  Merger merger(store, source, date_is, import, context.now, newer, report);
  const Merge merged = merger.merge(rows, !known, progress);
  if (report.rows == 0) return nothing_datable(report);
  const std::vector<Coverage> coverage = merger.coverage();
  if (merged.changed.empty() && !before.empty() && before.front().coverage == coverage &&
      before.front().stands_from() >= published.value_or(UtcTime{})) {
    report.repeated = true;
    report.list = before.front().id;
    return report;  // nothing new: the unit of work is dropped
  }
  std::vector<engine::DomainName> touched;
  std::ranges::set_union(merged.dated, merged.missing, std::back_inserter(touched));
  std::vector<Affected> affected;
  for (Backorder& backorder : open_among(store, touched)) {
    const bool missing = std::ranges::binary_search(merged.missing, backorder.name);
    std::vector<Listing> listings = store.listings(backorder.name);
    affected.push_back({std::move(backorder), std::move(listings), missing});
  }
  const std::int64_t list = store.add_list(import.source, date_is, context.now, coverage, report.rows, published);
  ENSURE(list == report.list, "lists are numbered one after the other");
  store.put_listed(store.source(import.source).value().id, merged.changed);

  Changes changes;
  Dater dater(store, context.now, changes);
  for (Affected& one : affected) {
    Backorder& backorder = one.backorder;
    const engine::ZoneSchedule& schedule = store.schedules().of(backorder.name.ace());
    const Result<engine::Dating> dating =
        dater.date(backorder, one.missing ? engine::DatingCause::unlisted : engine::DatingCause::listed, one.before,
                   store.listings(backorder.name), schedule, schedule);
    if (!dating) return dating.error();
    if (one.missing) {
      std::string detail = backorder.name.ace() + " is missing from list " + std::to_string(report.list) + " of " +
                           import.source + ", which covers its day";
      if (dating.value().unlisted) detail += "; no list names it any more, its last date stays";
      if (dating.value().moved) detail += "; the date of another source binds, " + to_string(backorder.drop->drop_at);
      changes.events.push_back({engine::EventKind::missing, backorder.customer, backorder.id, {}, {}, {}, detail});
      changes.cases.push_back({engine::CaseKind::missing_from_list, backorder.customer, backorder.id, {}, detail});
    } else if (std::ranges::binary_search(merged.relisted, backorder.name) &&
               !store.is_listed_missing(backorder.name, context.now)) {
      changes.causes_gone.push_back({engine::CaseKind::missing_from_list, backorder.id,
                                     "listed again in list " + std::to_string(report.list) + " of " + import.source});
    }
  }
  report.dated = dater.counts().dated;
  report.backorders_moved = dater.counts().moved;
  report.rescheduled = dater.counts().rescheduled;
  report.conflicts = dater.counts().conflicts;
  report.unlisted = dater.counts().unlisted;
  changes.events.push_back(
      {engine::EventKind::list_imported,
       {},
       {},
       {},
       {},
       {},
       import.source + " list " + std::to_string(report.list) + ": " + std::to_string(report.rows) + " rows, " +
           std::to_string(report.added) + " new, " + std::to_string(report.moved) + " moved, " +
           std::to_string(report.missing) + " missing" +
           (report.superseded == 0 ? "" : ", " + std::to_string(report.superseded) + " older than what is known")});
  const engine::Status applied = store.apply(changes, context.stamp());
  if (!applied) return applied.error();
  work.keep();
  return report;
}

}  // namespace operations
