#include "tools/operations/dating.hpp"

#include <algorithm>

namespace operations {

using engine::Backorder;
using engine::Changes;
using engine::ListedDrop;
using engine::Listing;
using engine::Result;
using engine::Schedules;
using engine::UtcTime;
using engine::ZoneSchedule;

Result<engine::Dating> Dater::date(Backorder& backorder, engine::DatingCause cause, std::span<const Listing> before,
                                   std::span<const Listing> listings, const ZoneSchedule& schedule_before,
                                   const ZoneSchedule& schedule) {
  const std::int64_t key = backorder.customer.value();
  auto customer = customers_.find(key);
  if (customer == customers_.end())
    customer = customers_.emplace(key, store_.customer(backorder.customer).value()).first;
  const engine::DatingFacts facts{before,   listings, schedule_before,
                                  schedule, cause,    store_.settings().reschedule_keep};
  const Result<engine::Dating> dating = engine::date_backorder(changes_, backorder, customer->second, facts, now_);
  if (!dating) return dating.error();
  counts_.dated += dating.value().dated;
  counts_.moved += dating.value().moved;
  counts_.rescheduled += dating.value().rescheduled;
  counts_.conflicts += dating.value().conflict;
  counts_.unlisted += dating.value().unlisted;
  return dating;
}

namespace {

// Of one source: what days and instants of eligibility mean by the new row. Written to the store.
void resolve_again(engine::LedgerStore& store, const engine::Source& source, const Schedules& before,
                   const Schedules& after) {
  std::vector<ListedDrop> changed;
  store.each_listed(source.id, [&](const ListedDrop& listed) {
    if (!listed.day && !listed.eligible_at) return;
    const ZoneSchedule& schedule = after.of(listed.name.ace());
    if (schedule == before.of(listed.name.ace())) return;
    const engine::ListDate date =
        listed.day ? engine::ListDate(*listed.day) : engine::ListDate(engine::EligibleFrom{*listed.eligible_at});
    const std::optional<Listing> resolved = engine::listing_of(source.id, date, source.date_is, schedule);
    if (!resolved || resolved->drop_at == listed.drop_at) return;  // without a batch time the last one stays
    ListedDrop moved = listed;
    moved.drop_at = resolved->drop_at;
    changed.push_back(std::move(moved));
  });
  if (!changed.empty()) store.put_listed(source.id, changed);
}

}  // namespace

Result<DatedCounts> date_by_schedule(engine::LedgerStore& store, UtcTime now, const ZoneSchedule& row,
                                     Changes& changes) {
  const Schedules before = store.schedules();
  std::vector<ZoneSchedule> rows = before.rows();
  std::erase_if(rows, [&](const ZoneSchedule& one) { return one.zone == row.zone; });
  rows.push_back(row);
  const Schedules after{rows};

  struct Affected {
    Backorder backorder;
    std::vector<Listing> listings;
  };
  std::vector<Affected> affected;
  engine::BackorderQuery query;
  query.open = true;
  for (Backorder& backorder : store.backorders(query)) {
    const std::string& name = backorder.name.ace();
    if (after.of(name) == before.of(name)) continue;
    std::vector<Listing> listings = store.listings(backorder.name);
    affected.push_back({std::move(backorder), std::move(listings)});
  }
  for (const engine::Source& source : store.sources()) resolve_again(store, source, before, after);
  Dater dater(store, now, changes);
  for (Affected& one : affected) {
    const std::string& name = one.backorder.name.ace();
    const Result<engine::Dating> dating =
        dater.date(one.backorder, engine::DatingCause::schedule, one.listings, store.listings(one.backorder.name),
                   before.of(name), after.of(name));
    if (!dating) return dating.error();
  }
  return dater.counts();
}

}  // namespace operations
