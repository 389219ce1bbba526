#include "tools/cli/provider_access.hpp"

#include <cstdlib>

#include "tools/cli/exchange_log.hpp"
#include "tools/cli/interruption.hpp"
#include "tools/simulated_registry/adversary.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

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
        Error{ErrorCode::credentials_unusable,
              sound.error().detail +
                  ": give --credentials FILE, or DROPLEDGER_LOGIN and DROPLEDGER_PASSWORD in the environment"}};
  }
  return from_environment;
}

// The details that an order carries by the book's settings, if the provider accepts them.
std::vector<api_client::Parameter> details_of(const api_client::Dialect& dialect, const engine::Settings& settings) {
  constexpr std::pair<std::string_view, std::string_view> kDetails[] = {{"order.owner-contact", "OWNERCONTACT0"},
                                                                        {"order.admin-contact", "ADMINCONTACT0"},
                                                                        {"order.tech-contact", "TECHCONTACT0"},
                                                                        {"order.billing-contact", "BILLINGCONTACT0"},
                                                                        {"order.period", "PERIOD"}};
  std::vector<api_client::Parameter> details;
  if (!dialect.order_takes_details) return details;
  for (const auto& [setting, parameter] : kDetails) {
    const auto given = settings.order_details.find(setting);
    if (given != settings.order_details.end())
      details.push_back({std::string(parameter), given->second});
    else if (parameter == "PERIOD")
      details.push_back({std::string(parameter), "1"});
  }
  return details;
}

struct Access {
  api_client::SessionOptions options;
  std::unique_ptr<api_client::ExchangeLog> log;  // options.log; null where nothing is written
};
// An order's time limit is half of the book's absence wait, so that what was sent in time has ended long before its
// absence can be proven.
Access access_of(const Globals& globals, const engine::Settings& settings) {
  Access access{.options = {.environment = value_or_throw(
                                api_client::resolve_environment(globals.provider, globals.entity, globals.dialect)),
                            .credentials = credentials_of(globals)},
                .log = globals.log.empty() ? nullptr : open_exchange_log(globals.log)};
  api_client::SessionOptions& options = access.options;
  options.connections = globals.connections;
  // on this machine it is a gateway or relay of ours
  options.per_second = options.environment.loopback ? 0 : options.environment.dialect->most_per_second;
  options.order_limit = std::min<engine::Milliseconds>(options.order_limit, settings.absence_wait / 2);
  options.patience = value_or_throw(engine::parse_span(globals.patience));
  options.ca_file = globals.ca;
  options.interrupted = interrupted;
  options.timing = api_client::machine_timing(interrupted);
  options.log = access.log.get();
  return access;
}

}  // namespace

engine::BackorderProvider* ProviderConnection::get() {
  const Globals& globals = session_.globals();
  if (!session_.has_provider()) return nullptr;
  if (globals.dry_run) {
    if (!noted_) session_.note("dry run: the provider is not asked");
    noted_ = true;
    return nullptr;
  }
  if (!globals.provider.empty()) {
    open_http();
  } else if (!provider_) {
    provider_ = value_or_throw(
        simulated_registry::Adversary::open(globals.registry, [&session = session_] { return session.now(); }));
  }
  return provider_.get();
}

api_client::HttpProvider& ProviderConnection::http() {
  if (session_.globals().provider.empty())
    throw CommandError{Error{ErrorCode::invalid_argument, "this needs a provider over HTTP: --provider NAME|URL"}};
  open_http();
  return *http_;
}

void ProviderConnection::open_http() {
  if (http_ != nullptr) return;
  const Globals& globals = session_.globals();
  const engine::BookInfo info = session_.book_read_only().book();
  Access access = access_of(globals, session_.book_read_only().settings());
  if (access.options.environment.live && (info.rehearsal || !globals.now.empty())) {
    throw CommandError{Error{ErrorCode::clock_not_movable,
                             std::string(info.rehearsal ? "a rehearsal book" : "--now") +
                                 " and a live provider do not go together: " + access.options.environment.label() +
                                 " lives in real time, and orders there cost real money"}};
  }
  log_ = std::move(access.log);
  if (!info.rehearsal && globals.now.empty()) {  // a clock that is moved by hand is nobody's fault
    access.options.clock = system_now;
    access.options.warn = [&session = session_](const std::string& line) { session.note(line); };
  }
  const api_client::Dialect& dialect = *access.options.environment.dialect;
  std::vector<api_client::Parameter> details = details_of(dialect, session_.book_read_only().settings());
  if (const engine::Status sound = api_client::check_details(dialect, details); !sound)
    session_.note(sound.error().detail + ". Until then no order is sent");
  auto made =
      std::make_unique<api_client::HttpProvider>(std::move(access.options), session_.clock(), std::move(details));
  http_ = made.get();
  provider_ = std::move(made);
}

}  // namespace cli
