#include "engine/dating.hpp"

namespace engine {
namespace {

std::string reason_of(DatingCause cause) {
  switch (cause) {
    case DatingCause::listed:
      return "";
    case DatingCause::unlisted:
      return "; the listing that bound went missing, another source's date binds";
    case DatingCause::schedule:
      return "; the zone's schedule was set";
  }
  invariant_failed("a cause of dating", __FILE__, __LINE__, "");
}

}  // namespace

Result<Dating> date_backorder(Changes& changes, Backorder& backorder, Customer& customer, const DatingFacts& facts,
                              UtcTime now) {
  Dating dating;
  if (is_final(backorder.state)) return dating;
  // A drop that is over is this backorder's for ever; what lists name later is another one.
  if (backorder.drop && now >= backorder.drop->drop_at + kDropCycle) return dating;
  const BindingDrop before = binding_drop(facts.listings_before, facts.schedule_before, now);
  const BindingDrop binding = binding_drop(facts.listings, facts.schedule, now);
  if (binding.conflict && !before.conflict) {
    dating.conflict = true;
    changes.events.push_back({EventKind::date_conflict,
                              customer.id,
                              backorder.id,
                              {},
                              {},
                              {},
                              "sources disagree; the earliest deadline binds: " + to_string(binding.drop->deadline)});
  }
  if (!binding.drop) {
    dating.unlisted = backorder.drop && before.drop;
    if (facts.cause != DatingCause::schedule || !backorder.drop) return dating;
    // No list names it: the last date stays, and the zone's leads hold for it too.
    Drop kept =
        drop_of({backorder.drop->source, backorder.drop->drop_at, backorder.drop->finalization_at}, facts.schedule);
    if (kept == *backorder.drop) return dating;
    dating.moved = true;
    const Status moved =
        move_drop(changes, backorder, customer, kept, {facts.keep, false, reason_of(facts.cause)}, now);
    if (!moved) return moved.error();
    return dating;
  }
  if (backorder.drop == binding.drop) return dating;
  (backorder.drop ? dating.moved : dating.dated) = true;
  const std::size_t transfers = changes.transfers.size();
  const Status moved = move_drop(changes, backorder, customer, *binding.drop,
                                 {facts.keep, facts.cause != DatingCause::unlisted, reason_of(facts.cause)}, now);
  if (!moved) return moved.error();
  dating.rescheduled = changes.transfers.size() > transfers;
  return dating;
}

Status move_drop(Changes& changes, Backorder& backorder, Customer& customer, const Drop& drop, const MoveRule& rule,
                 UtcTime now) {
  if (is_final(backorder.state) || backorder.drop == drop) return Unit{};
  const std::string before = backorder.drop ? to_string(backorder.drop->drop_at) : "undated";
  const bool later = backorder.drop && drop.drop_at > backorder.drop->drop_at;
  backorder.drop = drop;
  changes.events.push_back({EventKind::moved,
                            customer.id,
                            backorder.id,
                            {},
                            {},
                            {},
                            "drop " + before + " -> " + to_string(drop.drop_at) + ", deposit due " +
                                to_string(drop.deposit_due) + ", deadline " + to_string(drop.deadline) + rule.why});
  if (rule.may_release && later && backorder.state == State::active && !backorder.job_may_exist() &&
      drop.drop_at > now + rule.keep) {
    const Status taken = apply_transition(
        changes, backorder, customer, Trigger::rescheduled,
        {.now = now, .reason = Reason::rescheduled, .detail = "drop moved to " + to_string(drop.drop_at)});
    if (!taken) return taken.error();
  }
  changes.backorders.push_back(backorder);
  return Unit{};
}

bool is_unlisted(const Backorder& backorder, std::span<const Listing> listings, const ZoneSchedule& schedule,
                 UtcTime now) {
  return !is_final(backorder.state) && backorder.drop && now < backorder.drop->drop_at + kDropCycle &&
         !binding_drop(listings, schedule, now).drop;
}

}  // namespace engine
