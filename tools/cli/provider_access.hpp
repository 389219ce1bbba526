// Connects a command to the provider: to the simulated registry's file, or over HTTP with its environment,
// credentials, limits and log, from the options of every command and the environment.
#pragma once

#include <memory>

#include "api_client/provider.hpp"
#include "tools/cli/session.hpp"

namespace cli {

// Opened when it is first asked for; lives no longer than its session.
class ProviderConnection {
 public:
  explicit ProviderConnection(Session& session) : session_(session) {}

  // Null where none is configured, and in a dry run: what is ordered there cannot be rolled back. Throws CommandError:
  // invalid_argument, credentials_unusable, file_not_found, clock_not_movable.
  engine::BackorderProvider* get();
  // The provider over HTTP, for what the simulated registry does not have; invalid_argument where --provider is not
  // given. Also in a dry run: it only reads.
  api_client::HttpProvider& http();

 private:
  void open_http();

  Session& session_;
  std::unique_ptr<api_client::ExchangeLog> log_;  // outlives the provider that writes to it
  std::unique_ptr<engine::BackorderProvider> provider_;
  api_client::HttpProvider* http_ = nullptr;  // provider_, where it is one
  bool noted_ = false;
};

}  // namespace cli
