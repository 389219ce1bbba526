#include "api_client/circuit_breaker.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using api_client::CircuitBreaker;
using api_client::Milliseconds;

TEST_CASE("circuit breaker: opens after five failures in a row, lets one probe through, closes on its success") {
  CircuitBreaker breaker;
  for (int i = 0; i < 4; ++i) breaker.failed(0ms);
  breaker.succeeded();  // not in a row
  for (int i = 0; i < 4; ++i) breaker.failed(1s);
  CHECK(breaker.may_send(1s));
  breaker.failed(1s);
  CHECK(breaker.state(1s) == CircuitBreaker::State::open);
  CHECK_FALSE(breaker.may_send(5999ms));
  CHECK(breaker.rest_left(2s) == 4s);
  breaker.failed(2s);  // was on its way when it opened: no longer rest for it
  CHECK(breaker.rest_left(2s) == 4s);

  CHECK(breaker.state(6s) == CircuitBreaker::State::half_open);
  REQUIRE(breaker.may_send(6s));
  breaker.sent(6s);
  CHECK_FALSE(breaker.may_send(6s));  // one probe
  breaker.failed(7s);
  CHECK_FALSE(breaker.may_send(16999ms));  // twice as long
  REQUIRE(breaker.may_send(17s));
  breaker.sent(17s);
  breaker.succeeded();
  CHECK(breaker.state(17s) == CircuitBreaker::State::closed);
  CHECK(breaker.may_send(17s));
  CHECK(breaker.rest_left(17s) == 0ms);
}

TEST_CASE("circuit breaker: the rest grows to five minutes and no further") {
  CircuitBreaker breaker;
  Milliseconds now = 0ms;
  for (int i = 0; i < 5; ++i) breaker.failed(now);
  for (const Milliseconds expected : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    CHECK(breaker.rest_left(now) == expected);
    now += expected;
    breaker.sent(now);
    breaker.failed(now);
  }
}

TEST_CASE("pauses: they double up to half a minute, and jitter keeps at least half of each") {
  CHECK(api_client::pause_after(1, 0) == 250ms);
  CHECK(api_client::pause_after(1, 0.999999) < 500ms);
  CHECK(api_client::pause_after(2, 0) == 500ms);
  CHECK(api_client::pause_after(7, 0) == 15s);
  CHECK(api_client::pause_after(1000, 0) == 15s);
  CHECK(api_client::pause_after(1000, 0.999999) < 30s);
  CHECK(api_client::pause_after(3, 0.5) == 1500ms);
}
