// What one account may make the gateway keep, and how much of its work it may take: placing is free of charge, so only
// this keeps an account without money from filling the disk, or taking everybody's turn. In memory, from the program's
// start on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "engine/id.hpp"
#include "tools/gateway/login_failures.hpp"

namespace gateway {

// 0: no limit.
struct QuotaLimits {
  std::int64_t open_backorders = 100'000;
  std::int64_t placements_per_minute = 3'000;
  std::int64_t bytes_per_day = 64 * 1024 * 1024;  // of what stays in the book for ever
};

class Quotas {
 public:
  explicit Quotas(const QuotaLimits& limits) : limits_(limits) {}

  // Notes an attempt to place that keeps so many bytes; what is exceeded, where it is refused. `count_open` tells how
  // many backorders the account has open: asked once, and again after a minute.
  std::optional<std::string> place(engine::CustomerId account, std::size_t bytes, Instant now,
                                   const std::function<std::int64_t()>& count_open);

 private:
  struct Use {
    Instant filled{};  // when the two below were reckoned
    double placements = 0, bytes = 0;
    std::int64_t open = -1;  // -1: not asked yet
    Instant asked{};
  };
  const QuotaLimits limits_;
  std::mutex mutex_;
  std::map<engine::CustomerId, Use> uses_;
};

// Lists are read for two requests of an account at once, the others of it wait: one that asks for everything on all its
// connections takes as much as two would. Few enough wait that threads are left for everybody else.
class ListTurns {
 public:
  class Turn {
   public:
    explicit Turn(ListTurns& turns, engine::CustomerId account) : turns_(&turns), account_(account) {}
    ~Turn() { turns_->give_back(account_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    ListTurns* turns_;
    engine::CustomerId account_;
  };
  // Whether there is a turn at once; then a Turn is to be made of it.
  bool try_take(engine::CustomerId account);
  // Waits for it. False: too many wait already, or it took too long.
  bool take(engine::CustomerId account);

 private:
  void give_back(engine::CustomerId account);

  std::mutex mutex_;
  std::condition_variable back_;
  std::map<engine::CustomerId, std::size_t> running_;
  std::map<engine::CustomerId, std::size_t> waiting_;
  std::size_t all_waiting_ = 0;
};

}  // namespace gateway
