#include "api_client/rate_limit.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using api_client::Milliseconds;
using api_client::RateLimit;

TEST_CASE("rate limit: a rest allows a burst, then each request waits its turn") {
  RateLimit rate(10, 3);
  for (int i = 0; i < 3; ++i) CHECK(rate.take(0ms) == 0ms);
  CHECK(rate.take(0ms) == 100ms);
  CHECK(rate.take(0ms) == 200ms);  // behind the one before
  CHECK(rate.take(300ms) == 0ms);
  CHECK(rate.take(10s) == 0ms);
  for (int i = 0; i < 2; ++i) CHECK(rate.take(10s) == 0ms);
  CHECK(rate.take(10s) == 100ms);  // a long rest is no larger burst
}

TEST_CASE("rate limit: over any stretch no more than burst and rate together") {
  RateLimit rate(50, 100);
  Milliseconds now = 0ms;
  int sent = 0;
  while (now < 20s) {
    now += rate.take(now);
    ++sent;
    CHECK(sent <= 100 + now.count() * 50 / 1000 + 1);
  }
  CHECK(sent >= 1000);
}

TEST_CASE("rate limit: 0 is none") {
  RateLimit rate(0, 1);
  for (int i = 0; i < 1000; ++i) CHECK(rate.take(0ms) == 0ms);
}
