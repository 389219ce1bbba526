// Decides when the client stops asking a provider that fails, and how long it pauses between tries. Pure: instants are
// arguments, measured from any fixed moment by a clock that never goes back. Nothing here sleeps.
#pragma once

#include <cstdint>

#include "engine/time.hpp"

namespace api_client {

using engine::Milliseconds;

// Opens after kFailures failures of transport in a row: nothing is sent for a while, then one probe. A failed probe
// doubles the while.
class CircuitBreaker {
 public:
  static constexpr int kFailures = 5;
  static constexpr Milliseconds kFirstRest = std::chrono::seconds(5), kLongestRest = std::chrono::minutes(5);

  enum class State : std::uint8_t { closed, open, half_open };
  State state(Milliseconds now) const;
  // True if a request may be sent now. While half open, one probe may.
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

// The pause before try number `tries` + 1. The full pause is 0.5 s, 1 s, 2 s … up to 30 s; `jitter` in [0, 1) chooses
// between half and all of it, so that many clients do not come back at once.
Milliseconds pause_after(int tries, double jitter);

}  // namespace api_client
