// Limits how fast the provider is asked. Pure: instants are arguments, measured from any fixed moment by a clock that
// never goes back. Nothing here sleeps.
#pragma once

#include <cstdint>

#include "engine/time.hpp"

namespace api_client {

using engine::Milliseconds;

// At most `per_second` requests on average, and `burst` at once after a rest. per_second 0: no limit.
class RateLimit {
 public:
  RateLimit(int per_second, int burst)
      : per_second_(per_second), burst_(burst), tokens_milli_(std::int64_t{burst} * 1000) {}
  // Takes one request, and returns how long to wait before sending it.
  Milliseconds take(Milliseconds now);

 private:
  std::int64_t per_second_, burst_;
  std::int64_t tokens_milli_;  // thousandths of a request; negative: already promised
  Milliseconds filled_at_{0};
};

}  // namespace api_client
