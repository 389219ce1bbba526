// Posts bodies to one address by HTTP and receives the answers, by libcurl's multi interface. Connections are kept;
// their number is limited. TLS is verified, redirects are not followed, and proxies from the environment are not used.
// A body is sent once: if a kept connection breaks, it is not sent again silently, because it may be an order.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/provider.hpp"
#include "engine/time.hpp"

namespace api_client {

struct TransportOptions {
  std::string url{};
  int connections = 8;                                            // at once, and kept
  engine::Milliseconds connect_limit = std::chrono::seconds(10);  // name, TCP and TLS together
  std::size_t max_body = 64 * 1024 * 1024;                        // of an answer, unpacked
  std::string ca_file{};                                          // PEM of those trusted; empty: the system's
  // asked at least four times a second; true: nothing more is sent
  std::function<bool()> interrupted{};
};

struct Post {
  std::size_t id;              // the caller's, given back with the answer
  std::string body;            // application/x-www-form-urlencoded
  engine::Milliseconds limit;  // for the whole exchange
};

struct Reception {
  // not_sent only where no connection (TLS included) was established
  engine::Delivery delivery = engine::Delivery::unknown;
  std::string body{};     // where answered: HTTP status 200 and all of the body
  std::string trouble{};  // why not, for people; never holds what was sent
  engine::Milliseconds took{0};
  std::optional<engine::UtcTime> date{};  // of the header Date, where an answer came with one
};

class Transport {
 public:
  // An interrupted exchange waits this long for answers that are on their way.
  static constexpr engine::Milliseconds kGrace = std::chrono::seconds(5);

  explicit Transport(TransportOptions options);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Calls `next` whenever a connection is free, and sends the body that it returns. If it returns none, it is called
  // again after the next reception; the exchange is over when nothing is on its way. Calls `received` once per body, in
  // the order of arrival. Both run on the caller's thread.
  void exchange(const std::function<std::optional<Post>()>& next,
                const std::function<void(std::size_t, Reception)>& received);

 private:
  struct Multi;
  std::unique_ptr<Multi> multi_;
};

}  // namespace api_client
