// Decides what happens to a name and to the applications for it, as a pure function. Every chance is drawn from a
// hash of the seed, the name and its drop T, so the same question has the same answer in every file, in every process,
// however often it is asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/backorder.hpp"
#include "engine/time.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace simulated_registry {

// When a name drops, as the lists told.
struct DropDates {
  engine::UtcTime drop_at;                           // T
  std::optional<engine::UtcTime> finalization_at{};  // F
  friend bool operator==(const DropDates&, const DropDates&) = default;
};

// The last moment to create and to remove an application: F, at most T; without F one hour before T.
engine::UtcTime last_call(const DropDates& dates);
// A date told from here on is another drop.
engine::UtcTime cycle_ends_at(const DropDates& dates);
// When the catch is decided: T and the drawn delay. Never before last_call.
engine::UtcTime outcome_at(const World& world, std::string_view name, const DropDates& dates);

// An auction as it shows at one instant: late bids move its end.
struct Auction {
  engine::UtcTime starts_at, ends_at;
  int bids = 0, bidders = 0;        // so far; bidders are all applicants, also before the start
  std::int64_t best_bid_cents = 0;  // USD; zero without bids
  bool over = false;
};

struct Standing {
  engine::State state = engine::State::requested;  // of every application …
  std::optional<std::size_t> winner{};             // … but this one, counted from 0 in the order of creation,
  engine::State winner_state{};                    // whose state this is
  std::optional<Auction> auction{};
  std::optional<engine::UtcTime> ended_at{};  // when the state became final

  engine::State of(std::size_t application) const { return winner == application ? winner_state : state; }
};
// The states of `applications` living applications for the same drop of this name. `dates`: empty if no list named the
// drop.
Standing standing(const World& world, std::string_view name, const std::optional<DropDates>& dates,
                  std::size_t applications, engine::UtcTime now);

// The code that this name is always refused with: 541 or 552.
std::optional<int> refusal(const World& world, std::string_view name);

// An answer that says nothing about an order.
enum class Busy : std::uint8_t { not_sent, says_421, silent, torn };
struct BusyAnswer {
  bool after_effect = false;
  Busy how = Busy::silent;
};
// Of the attempts of one command at one name, counted from 0, every fourth is always answered properly.
std::optional<BusyAnswer> busy_answer(const World& world, std::string_view name, bool removal, std::int64_t attempt);

// A number below `limit` for where to tear an answer and in which order overlapping ones arrive. REQUIRES: limit > 0.
std::uint64_t draw_below(const World& world, std::string_view name, std::uint64_t which, std::uint64_t limit);

}  // namespace simulated_registry
