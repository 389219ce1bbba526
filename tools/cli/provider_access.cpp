#include "tools/cli/provider_access.hpp"

#include <cstdlib>

#include "tools/cli/exchange_log.hpp"
#include "tools/cli/interruption.hpp"
#include "tools/cli/session.hpp"

namespace cli {
namespace {

// requests to others' machines; the provider names no limit, and answers too many with 425
constexpr int kPerSecond = 50;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

api_client::Credentials credentials_of(const Globals& globals) {
  if (!globals.credentials.empty()) return value_or_throw(api_client::read_credentials(globals.credentials));
  api_client::Credentials from_environment{.login = variable("DROPLEDGER_LOGIN"),
                                           .password = variable("DROPLEDGER_PASSWORD"),
                                           .otp = variable("DROPLEDGER_OTP"),
                                           .user = variable("DROPLEDGER_SUBUSER")};
  if (const engine::Status sound = api_client::check(from_environment); !sound) {
    throw CommandError{
        engine::Error{engine::ErrorCode::credentials_unusable,
                      sound.error().detail +
                          ": give --credentials FILE, or DROPLEDGER_LOGIN and DROPLEDGER_PASSWORD in the environment"}};
  }
  return from_environment;
}

}  // namespace

ProviderAccess provider_access(const Globals& globals, const engine::Settings& settings) {
  ProviderAccess access{
      .options = {.environment = value_or_throw(api_client::resolve_environment(globals.provider, globals.entity)),
                  .credentials = credentials_of(globals)},
      .log = globals.log.empty() ? nullptr : open_exchange_log(globals.log)};
  api_client::SessionOptions& options = access.options;
  options.connections = globals.connections;
  // on this machine it is a gateway or relay of ours
  options.per_second = options.environment.loopback ? 0 : kPerSecond;
  options.order_limit = std::min<engine::Milliseconds>(options.order_limit, settings.absence_wait / 2);
  options.patience = value_or_throw(engine::parse_span(globals.patience));
  options.ca_file = globals.ca;
  options.interrupted = interrupted;
  options.timing = api_client::machine_timing(interrupted);
  options.log = access.log.get();
  return access;
}

}  // namespace cli
