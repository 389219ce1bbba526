#include "tools/cli/service_notice.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace cli {
namespace {

// What the manager does not hear it misses: a ready service is then ended after its start-up time, a silent one by its
// watchdog. There is nobody else to tell.
void notify(const std::string& state) { (void)sd_notify(0, state.c_str()); }

}  // namespace

void notify_ready(const std::string& status) { notify("READY=1\nSTATUS=" + status); }
void notify_reloading() { notify("RELOADING=1"); }
void notify_stopping() { notify("STOPPING=1"); }
void notify_alive() { notify("WATCHDOG=1"); }

std::optional<std::chrono::nanoseconds> watchdog_interval() {
  std::uint64_t limit_us = 0;
  if (sd_watchdog_enabled(0, &limit_us) <= 0) return std::nullopt;
  return std::chrono::microseconds(limit_us / 2);
}

}  // namespace cli
