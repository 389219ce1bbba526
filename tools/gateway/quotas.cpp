#include "tools/gateway/quotas.hpp"

#include <algorithm>

namespace gateway {
namespace {

constexpr std::size_t kListsAtOnce = 2, kWaitingOfAccount = 64, kWaitingOfAll = 96;
constexpr auto kLongestWait = std::chrono::seconds(20);
constexpr auto kAskAgain = std::chrono::minutes(1);

}  // namespace

std::optional<std::string> Quotas::place(engine::CustomerId account, std::size_t bytes, Instant now,
                                         const std::function<std::int64_t()>& count_open) {
  const std::lock_guard lock(mutex_);
  Use& use = uses_[account];
  if (limits_.open_backorders != 0) {
    if (use.open < 0 || now - use.asked >= kAskAgain) {
      use.open = count_open();
      use.asked = now;
    }
    if (use.open >= limits_.open_backorders)
      return "this account has " + std::to_string(use.open) + " open applications, and may have " +
             std::to_string(limits_.open_backorders);
  }
  const double minutes = std::chrono::duration<double, std::ratio<60>>(now - use.filled).count();
  use.filled = now;
  use.placements = std::max(0.0, use.placements - minutes * static_cast<double>(limits_.placements_per_minute));
  use.bytes = std::max(0.0, use.bytes - minutes / 1440 * static_cast<double>(limits_.bytes_per_day));
  if (limits_.placements_per_minute != 0 && use.placements + 1 > static_cast<double>(limits_.placements_per_minute))
    return "this account may place " + std::to_string(limits_.placements_per_minute) + " applications a minute";
  if (limits_.bytes_per_day != 0 && use.bytes + static_cast<double>(bytes) > static_cast<double>(limits_.bytes_per_day))
    return "this account may have " + std::to_string(limits_.bytes_per_day) + " bytes kept a day";
  use.placements += 1;
  use.bytes += static_cast<double>(bytes);
  ++use.open;
  return std::nullopt;
}

bool ListTurns::try_take(engine::CustomerId account) {
  const std::lock_guard lock(mutex_);
  std::size_t& running = running_[account];
  if (running >= kListsAtOnce) return false;
  ++running;
  return true;
}

bool ListTurns::take(engine::CustomerId account) {
  std::unique_lock lock(mutex_);
  if (waiting_[account] >= kWaitingOfAccount || all_waiting_ >= kWaitingOfAll) return false;
  ++waiting_[account];
  ++all_waiting_;
  const bool taken = back_.wait_for(lock, kLongestWait, [&] { return running_[account] < kListsAtOnce; });
  if (taken) ++running_[account];
  if (--waiting_[account] == 0) waiting_.erase(account);
  --all_waiting_;
  return taken;
}

void ListTurns::give_back(engine::CustomerId account) {
  {
    const std::lock_guard lock(mutex_);
    if (--running_[account] == 0 && !waiting_.contains(account)) running_.erase(account);
  }
  back_.notify_all();
}

}  // namespace gateway
