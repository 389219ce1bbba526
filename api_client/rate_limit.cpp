#include "api_client/rate_limit.hpp"

#include <algorithm>

namespace api_client {

Milliseconds RateLimit::take(Milliseconds now) {
  if (per_second_ == 0) return Milliseconds(0);
  // n a second are n thousandths a millisecond
  tokens_milli_ = std::min(burst_ * 1000, tokens_milli_ + (now - filled_at_).count() * per_second_);
  filled_at_ = now;
  tokens_milli_ -= 1000;
  return Milliseconds(tokens_milli_ >= 0 ? 0 : (-tokens_milli_ + per_second_ - 1) / per_second_);
}

}  // namespace api_client
