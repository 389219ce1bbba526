#include "tools/simulated_registry/fate.hpp"

#include <algorithm>

#include "engine/drop.hpp"

namespace simulated_registry {

using engine::State;
using engine::UtcTime;
using namespace std::chrono_literals;

namespace {

// the provider sets its own deposit aside three days before the last call
constexpr engine::Milliseconds kActiveBefore = 72h;
constexpr engine::Milliseconds kLastCallBeforeDrop = 1h;
constexpr engine::Milliseconds kSlowestOutcome = 20h;
constexpr engine::Milliseconds kAuctionHour = 20h;  // UTC
constexpr engine::Milliseconds kAuctionLength = 72h;
constexpr engine::Milliseconds kExtension = 2min;
constexpr engine::Milliseconds kLateBidBeforeEnd = 30s;
constexpr int kMostOrdinaryBids = 9, kMostLateBids = 4, kMostCompetitors = 3;
constexpr std::int64_t kFirstBidCents = 1000, kBidStepCents = 500;
// one of four attempts: never more than three busy ones in a row
constexpr std::int64_t kAnswersWithoutBusy = 4;

// The kinds of random draws. Never renumber: the numbers decide the outcome of every world.
enum class Draw : std::uint64_t {
  refused = 1,
  refusal_code,
  withdrawn,
  slow,
  delay,
  caught,
  competed,
  competitors,
  no_bids,
  competitor_first,
  ordinary_bids,
  late_bids,
  winner,
  busy,
  busy_after_effect,
  busy_how,
  removal_busy,
  removal_busy_after_effect,
  removal_busy_how,
  free_use,
};

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// One name's chances: about its whole life (which = 0), about one drop (which = T) or about one attempt.
class Chances {
 public:
  Chances(const World& world, std::string_view name, std::uint64_t which) {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    base_ = mix(mix(world.seed) ^ mix(hash) ^ mix(mix(which)));
  }
  std::uint64_t below(Draw draw, std::uint64_t limit) const {
    return mix(base_ ^ mix(static_cast<std::uint64_t>(draw))) % limit;
  }
  bool percent(Draw draw, int percent) const { return below(draw, 100) < static_cast<std::uint64_t>(percent); }
  int from_to(Draw draw, int least, int most) const {
    return least + static_cast<int>(below(draw, static_cast<std::uint64_t>(most - least + 1)));
  }

 private:
  std::uint64_t base_;
};

Chances chances_of(const World& world, std::string_view name, const DropDates& dates) {
  return {world, name, static_cast<std::uint64_t>(dates.drop_at.time_since_epoch().count())};
}

UtcTime outcome_at(const World& world, const Chances& chances, const DropDates& dates) {
  engine::Milliseconds least = std::chrono::minutes(world.delay_min_minutes),
                       most = std::chrono::minutes(world.delay_max_minutes);
  if (chances.percent(Draw::slow, world.slow_percent)) {
    least = most;
    most = std::max(most, kSlowestOutcome);
  }
  const auto span = std::chrono::duration_cast<std::chrono::seconds>(most - least).count();
  return dates.drop_at + least + std::chrono::seconds(chances.below(Draw::delay, static_cast<std::uint64_t>(span) + 1));
}

// The auction as it shows at `now` >= caught_at.
Auction auction_at(const World& world, const Chances& chances, UtcTime caught_at, int applicants, UtcTime now) {
  Auction auction;
  auction.starts_at = engine::day_of(caught_at) + kAuctionHour;
  if (auction.starts_at <= caught_at) auction.starts_at += 24h;
  auction.ends_at = auction.starts_at + kAuctionLength;
  auction.bidders = applicants;
  if (!chances.percent(Draw::no_bids, world.no_bids_percent)) {
    const int ordinary = chances.from_to(Draw::ordinary_bids, 1, kMostOrdinaryBids),
              late = chances.from_to(Draw::late_bids, 0, kMostLateBids);
    for (int i = 1; i <= ordinary; ++i) {
      if (auction.starts_at + kAuctionLength * i / (ordinary + 1) <= now) ++auction.bids;
    }
    for (int i = 0; i < late; ++i) {
      if (auction.ends_at - kLateBidBeforeEnd > now) break;
      ++auction.bids;
      auction.ends_at += kExtension;
    }
  }
  if (auction.bids > 0) auction.best_bid_cents = kFirstBidCents + (auction.bids - 1) * kBidStepCents;
  auction.over = auction.ends_at <= now;
  return auction;
}

}  // namespace

UtcTime last_call(const DropDates& dates) {
  return dates.finalization_at ? std::min(*dates.finalization_at, dates.drop_at) : dates.drop_at - kLastCallBeforeDrop;
}

UtcTime cycle_ends_at(const DropDates& dates) { return dates.drop_at + engine::kDropCycle; }

UtcTime outcome_at(const World& world, std::string_view name, const DropDates& dates) {
  return outcome_at(world, chances_of(world, name, dates), dates);
}

Standing standing(const World& world, std::string_view name, const std::optional<DropDates>& dates,
                  std::size_t applications, UtcTime now) {
  Standing standing;
  if (!dates || now < last_call(*dates) - kActiveBefore) return standing;
  standing.state = State::active;
  if (now <= last_call(*dates)) return standing;
  standing.state = State::processing;
  const Chances chances = chances_of(world, name, *dates);
  const UtcTime caught_at = outcome_at(world, chances, *dates);
  if (now < caught_at || applications == 0) return standing;
  standing.state = State::failed;
  standing.ended_at = caught_at;
  if (chances.percent(Draw::withdrawn, world.withdrawn_percent) || !chances.percent(Draw::caught, world.catch_percent))
    return standing;
  const int competitors = chances.percent(Draw::competed, world.competitor_percent)
                              ? chances.from_to(Draw::competitors, 1, kMostCompetitors)
                              : 0;
  const std::size_t applicants = applications + static_cast<std::size_t>(competitors);
  if (applicants == 1) {
    standing.winner = 0;
    standing.winner_state = State::successful;
    return standing;
  }
  standing.auction = auction_at(world, chances, caught_at, static_cast<int>(applicants), now);
  if (!standing.auction->over) {
    standing.state = State::auction_pending;
    standing.ended_at = std::nullopt;
    return standing;
  }
  standing.ended_at = standing.auction->ends_at;
  if (standing.auction->bids == 0) {  // the application created first gets the name: ours, or a competitor's
    if (competitors > 0 && chances.percent(Draw::competitor_first, 50)) return standing;
    standing.winner = 0;
    standing.winner_state = State::successful;
    return standing;
  }
  standing.state = State::auction_lost;
  const std::size_t winner = chances.below(Draw::winner, applicants);
  if (winner < applications) {
    standing.winner = winner;
    standing.winner_state = State::auction_won;
  }
  return standing;
}

std::optional<int> refusal(const World& world, std::string_view name) {
  const Chances chances(world, name, 0);
  if (!chances.percent(Draw::refused, world.refused_percent)) return std::nullopt;
  return chances.percent(Draw::refusal_code, 50) ? 541 : 552;
}

std::optional<BusyAnswer> busy_answer(const World& world, std::string_view name, bool removal, std::int64_t attempt) {
  if (attempt % kAnswersWithoutBusy == kAnswersWithoutBusy - 1) return std::nullopt;
  const Chances chances(world, name, static_cast<std::uint64_t>(attempt));
  if (!chances.percent(removal ? Draw::removal_busy : Draw::busy, world.busy_percent)) return std::nullopt;
  BusyAnswer answer;
  answer.after_effect = chances.percent(removal ? Draw::removal_busy_after_effect : Draw::busy_after_effect, 50);
  const Draw how = removal ? Draw::removal_busy_how : Draw::busy_how;
  // what had an effect was sent: not the last
  constexpr Busy kHow[] = {Busy::says_421, Busy::silent, Busy::torn, Busy::not_sent};
  answer.how = kHow[chances.below(how, answer.after_effect ? 3 : 4)];
  return answer;
}

std::uint64_t draw_below(const World& world, std::string_view name, std::uint64_t which, std::uint64_t limit) {
  return Chances(world, name, which).below(Draw::free_use, limit);
}

}  // namespace simulated_registry
