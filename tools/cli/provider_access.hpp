// How a command reaches the provider over HTTP: environment, credentials, limits and the log, from the options of every
// command and the environment.
#pragma once

#include <memory>

#include "api_client/session_client.hpp"
#include "engine/ports.hpp"

namespace cli {

struct Globals;

struct ProviderAccess {
  api_client::SessionOptions options;
  std::unique_ptr<api_client::ExchangeLog> log;  // options.log; null where nothing is written
};
// Throws CommandError: invalid_argument, credentials_unusable, file_not_found. An order's time limit is half of the
// book's absence wait, so that what was sent in time has ended long before its absence can be proven.
ProviderAccess provider_access(const Globals& globals, const engine::Settings& settings);

}  // namespace cli
