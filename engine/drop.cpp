#include "engine/drop.hpp"

#include <algorithm>
#include <tuple>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<DateIs> kDateWords[] = {{DateIs::finalization, "finalization"}, {DateIs::drop, "drop"}};

bool binds_before(const Drop& a, const Drop& b) {
  return std::tie(a.deadline, a.drop_at, a.source) < std::tie(b.deadline, b.drop_at, b.source);
}

}  // namespace

std::string_view to_word(DateIs date_is) { return word_of(kDateWords, date_is); }

Result<DateIs> parse_date_is(std::string_view text) {
  if (const auto found = value_of(kDateWords, text)) return *found;
  return Error{ErrorCode::invalid_argument,
               "a list's dates are 'finalization' or 'drop', not '" + std::string(text) + "'"};
}

std::optional<Listing> listing_of(SourceId source, const ListDate& date, DateIs date_is, const ZoneSchedule& schedule) {
  Listing listing{source, {}, {}};
  if (const UtcTime* instant = std::get_if<UtcTime>(&date)) {
    (date_is == DateIs::finalization ? listing.finalization_at : listing.drop_at) = *instant;
    return listing;
  }
  const Day* day = std::get_if<Day>(&date);
  listing.drop_at =
      day != nullptr ? batch_start(schedule, *day) : next_batch(schedule, std::get<EligibleFrom>(date).at);
  return listing.drop_at ? std::optional(listing) : std::nullopt;
}

Drop drop_of(const Listing& listing, const ZoneSchedule& schedule) {
  ENSURE(listing.drop_at || listing.finalization_at, "a listing has a date");
  const UtcTime drop_at = listing.drop_at ? *listing.drop_at : *listing.finalization_at + schedule.finalization_lead;
  UtcTime deadline = drop_at - schedule.job_lead;
  if (listing.finalization_at) deadline = std::min(deadline, *listing.finalization_at);
  const UtcTime deposit_due = std::min(drop_at - schedule.deposit_lead, deadline - schedule.deposit_gap);
  return {drop_at, listing.finalization_at, deadline, deposit_due, listing.source};
}

BindingDrop binding_drop(std::span<const Listing> listings, const ZoneSchedule& schedule, UtcTime now) {
  BindingDrop binding;
  for (const Listing& listing : listings) {
    const Drop drop = drop_of(listing, schedule);
    if (now >= drop.drop_at + kDropCycle) continue;
    if (binding.drop && binding.drop->deadline != drop.deadline) binding.conflict = true;
    if (!binding.drop || binds_before(drop, *binding.drop)) binding.drop = drop;
  }
  return binding;
}

}  // namespace engine
