// Who waits to have a password verified. Verifying takes a tenth of a second of a processor and 64 MiB (Argon2id), so
// two are verified at once and the others wait in line, of bounded length: by rank, then in the order of arrival.
// Logins that nobody has are verified as well, or they would be told from those that exist by the time it takes; but
// one at a time, behind all others, and not more often than a few times a second: a flood of them costs nobody else
// their turn.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>

namespace gateway {

class VerifyQueue {
 public:
  struct Limits {
    std::size_t at_once = 2;
    std::size_t waiting = 96;  // they hold a thread of the gateway each
    std::size_t strangers_waiting = 4;
    std::chrono::milliseconds longest{30'000};
    std::chrono::milliseconds between_strangers{200};
  };
  explicit VerifyQueue(const Limits& limits) : limits_(limits) {}

  // Waits for a turn. False: there is none for this one, now. `rank`: less is better, where not all can be taken.
  bool enter(bool stranger, std::uint32_t rank);
  void leave(bool stranger);
  std::size_t waiting() const;

 private:
  struct Waiting {
    bool stranger;
    std::uint32_t rank;
    enum class State : std::uint8_t { waits, goes, refused } state = State::waits;
  };
  using Clock = std::chrono::steady_clock;
  void admit();  // whoever may go now

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable moved_;
  std::list<Waiting*> line_;  // best first
  std::size_t busy_ = 0;
  bool stranger_busy_ = false;
  Clock::time_point next_stranger_{};
};

}  // namespace gateway
