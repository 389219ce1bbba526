// How fast the provider is asked, how long trouble is waited for, and when asking is given up for a while. Pure:
// instants come in as arguments, measured from any fixed moment by a clock that never goes back; nobody here sleeps.
#pragma once

#include <cstdint>
#include <functional>

#include "engine/time.hpp"

namespace api_client {

using engine::Milliseconds;

// Time as the client feels it: durations, never dates. Tests bring one that does not sleep.
struct Timing {
  std::function<Milliseconds()> elapsed;    // since a fixed moment; never goes back
  std::function<void(Milliseconds)> pause;  // may end early, when interrupted
  std::function<double()> jitter;           // evenly in [0, 1)
};
// The machine's; a pause ends within a quarter of a second after `interrupted` says so (it may be empty).
Timing machine_timing(std::function<bool()> interrupted);

// At most `per_second` requests on average, `burst` of them at once after a rest. per_second 0: no limit.
class RateLimit {
 public:
  RateLimit(int per_second, int burst)
      : per_second_(per_second), burst_(burst), tokens_milli_(std::int64_t{burst} * 1000) {}
  // Takes one, and says how long to wait before using it.
  Milliseconds take(Milliseconds now);

 private:
  std::int64_t per_second_, burst_;
  std::int64_t tokens_milli_;  // thousandths of a request; negative: promised already
  Milliseconds filled_at_{0};
};

// After this many failures of transport in a row nothing is sent for a while, then one probe; a failed probe doubles
// the while.
class CircuitBreaker {
 public:
  static constexpr int kFailures = 5;
  static constexpr Milliseconds kFirstRest = std::chrono::seconds(5), kLongestRest = std::chrono::minutes(5);

  enum class State : std::uint8_t { closed, open, half_open };
  State state(Milliseconds now) const;
  // Whether a request may go now; a probe may when none is on its way.
  bool may_send(Milliseconds now) const;
  Milliseconds rest_left(Milliseconds now) const;  // 0 unless open
  void sent(Milliseconds now);
  void succeeded();
  void failed(Milliseconds now);

 private:
  int failures_ = 0;
  int probes_ = 0;  // on their way while half open
  Milliseconds rest_{0}, open_until_{0};
};

// The pause before try number `tries` + 1: 0.5 s, 1 s, 2 s … up to 30 s, of which between half and all, so that many
// clients do not come back at once.
Milliseconds pause_after(int tries, double jitter);

}  // namespace api_client
