// What a service tells the service manager that started it (sd_notify(3)): that it is ready, that it is alive, that it
// ends. Without a manager ($NOTIFY_SOCKET is not set) nothing is sent.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace cli {

// `status` is one line for people, shown by `systemctl status`.
void notify_ready(const std::string& status);
void notify_reloading();
void notify_stopping();
void notify_alive();

// How often notify_alive() is due: half the time after which the manager's watchdog ends this process ($WATCHDOG_USEC).
// Nothing where there is no watchdog, or it is another process's.
std::optional<std::chrono::nanoseconds> watchdog_interval();

}  // namespace cli
