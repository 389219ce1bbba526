// The gateway: answers the provider's protocol at /api/call.cgi to customers' software, and works through everything
// that falls due while it runs. `dropledger serve` is this class with a command line; tests run it in their own
// process.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/provider.hpp"
#include "tools/gateway/authentication.hpp"
#include "tools/gateway/http_server.hpp"
#include "tools/gateway/quotas.hpp"
#include "tools/operations/sweep.hpp"

namespace gateway {

struct GatewayOptions {
  std::string book;      // its path
  std::string entity{};  // another s_entity is refused; empty: any is taken
  HttpListen listen{};
  HttpLimits limits{};
  QuotaLimits quota{};  // of each account
  // outlives the gateway, and is used by one thread at a time; null: no jobs are created
  engine::BackorderProvider* provider = nullptr;
  // unattended sweeps; 0: none, whoever runs the gateway sweeps
  engine::Milliseconds sweep_every{0};
  // The one `now` of a request. None: the system's clock, or a rehearsal book's own, which stands still until a command
  // moves it, and is swept as soon as it has been moved, before anything else is answered. Called on many threads.
  std::function<engine::UtcTime()> clock{};
  // How time passes for sessions and for pauses after wrong passwords, whatever the book's clock says.
  std::function<Instant()> monotonic = [] { return std::chrono::steady_clock::now(); };
  // gets one JSON object a line, without its end; called on one thread at a time; no secrets in it
  std::function<void(const std::string&)> log{};
};

class Gateway {
 public:
  // opens the book, whose schema is this program's; throws storage::StorageError
  explicit Gateway(GatewayOptions options);
  ~Gateway();  // stops
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  engine::Result<int> start();  // listens; the port
  void stop();                  // requests in flight are answered, a sweep's chunk is finished
  int port() const;
  // As HttpServer's.
  engine::Status reload_certificate();

  // One request, with or without HTTP around it: query string and body as they arrived.
  std::string answer(std::string_view query, std::string_view body, const std::string& address);

  // Everything that is due now, on the caller's thread.
  operations::SweepReport sweep();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gateway
