#include "api_client/circuit_breaker.hpp"

#include <algorithm>

namespace api_client {

CircuitBreaker::State CircuitBreaker::state(Milliseconds now) const {
  if (failures_ < kFailures) return State::closed;
  return now < open_until_ ? State::open : State::half_open;
}

bool CircuitBreaker::may_send(Milliseconds now) const {
  const State is = state(now);
  return is == State::closed || (is == State::half_open && probes_ == 0);
}

Milliseconds CircuitBreaker::rest_left(Milliseconds now) const {
  return state(now) == State::open ? open_until_ - now : Milliseconds(0);
}

void CircuitBreaker::sent(Milliseconds now) {
  if (state(now) == State::half_open) ++probes_;
}

void CircuitBreaker::succeeded() {
  failures_ = 0;
  probes_ = 0;
  rest_ = Milliseconds(0);
}

void CircuitBreaker::failed(Milliseconds now) {
  const State before = state(now);
  ++failures_;
  // of those that were on their way when it opened
  if (before == State::open || failures_ < kFailures) return;
  probes_ = 0;
  rest_ = std::clamp(rest_ * 2, kFirstRest, kLongestRest);
  open_until_ = now + rest_;
}

Milliseconds pause_after(int tries, double jitter) {
  constexpr Milliseconds kFirst(500), kLongest(30'000);
  const Milliseconds whole = std::min(kLongest, kFirst * (std::int64_t{1} << std::clamp(tries - 1, 0, 10)));
  return whole / 2 + Milliseconds(static_cast<std::int64_t>(static_cast<double>(whole.count() / 2) * jitter));
}

}  // namespace api_client
