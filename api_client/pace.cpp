#include "api_client/pace.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <thread>

namespace api_client {

Timing machine_timing(std::function<bool()> interrupted) {
  static constexpr Milliseconds kSlice(250);
  const auto began = std::chrono::steady_clock::now();
  const auto random = std::make_shared<std::minstd_rand>(std::random_device{}());
  return {.elapsed = [began] { return std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now() - began); },
          .pause =
              [interrupted = std::move(interrupted)](Milliseconds span) {
                for (; span > Milliseconds(0) && !(interrupted && interrupted()); span -= kSlice)
                  std::this_thread::sleep_for(std::min(span, kSlice));
              },
          .jitter = [random] { return std::uniform_real_distribution<double>(0, 1)(*random); }};
}

Milliseconds RateLimit::take(Milliseconds now) {
  if (per_second_ == 0) return Milliseconds(0);
  // n a second are n thousandths a millisecond
  tokens_milli_ = std::min(burst_ * 1000, tokens_milli_ + (now - filled_at_).count() * per_second_);
  filled_at_ = now;
  tokens_milli_ -= 1000;
  return Milliseconds(tokens_milli_ >= 0 ? 0 : (-tokens_milli_ + per_second_ - 1) / per_second_);
}

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
