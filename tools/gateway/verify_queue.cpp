#include "tools/gateway/verify_queue.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

void VerifyQueue::admit() {
  bool moved = false;
  for (auto each = line_.begin(); each != line_.end() && busy_ < limits_.at_once;) {
    Waiting& next = **each;
    if (next.stranger && (stranger_busy_ || Clock::now() < next_stranger_)) {
      ++each;
      continue;
    }
    next.state = Waiting::State::goes;
    ++busy_;
    stranger_busy_ = stranger_busy_ || next.stranger;
    each = line_.erase(each);
    moved = true;
  }
  if (moved) moved_.notify_all();
}

bool VerifyQueue::enter(bool stranger, std::uint32_t rank) {
  std::unique_lock lock(mutex_);
  Waiting own{stranger, rank};
  const auto is_worse = [&](const Waiting* other) {
    return std::pair(other->stranger, other->rank) > std::pair(stranger, rank);
  };
  const auto strangers = std::ranges::count_if(line_, [](const Waiting* other) { return other->stranger; });
  if (stranger && static_cast<std::size_t>(strangers) >= limits_.strangers_waiting) return false;
  if (line_.size() >= limits_.waiting) {
    Waiting* const worst = line_.back();
    if (!is_worse(worst)) return false;
    worst->state = Waiting::State::refused;
    line_.pop_back();
    moved_.notify_all();
  }
  line_.insert(std::ranges::find_if(line_, is_worse), &own);
  admit();
  const Clock::time_point until = Clock::now() + limits_.longest;
  while (own.state == Waiting::State::waits) {
    // a stranger's turn comes with the time, and nobody tells it
    const Clock::time_point look =
        stranger ? std::min(until, std::max(next_stranger_, Clock::now() + std::chrono::milliseconds(1))) : until;
    moved_.wait_until(lock, look);
    if (own.state != Waiting::State::waits) break;
    if (Clock::now() >= until) {
      line_.remove(&own);
      return false;
    }
    if (stranger) admit();
  }
  return own.state == Waiting::State::goes;
}

std::size_t VerifyQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return line_.size();
}

void VerifyQueue::leave(bool stranger) {
  const std::lock_guard lock(mutex_);
  --busy_;
  if (stranger) {
    stranger_busy_ = false;
    next_stranger_ = Clock::now() + limits_.between_strangers;
  }
  admit();
}

}  // namespace gateway
