// What guessing passwords costs, and that it costs nobody else anything.
#include <doctest/doctest.h>

#include "tests/gateway/served_book.hpp"

using namespace support;
using gateway::Instant;
using gateway::Throttle;

namespace {

Instant at_second(int second) { return Instant(std::chrono::seconds(10'000 + second)); }

}  // namespace

TEST_CASE("throttle: after five failures of a login from an address each pause is twice the one before") {
  Throttle throttle;
  int second = 0;
  for (int failure = 1; failure <= 4; ++failure) {
    REQUIRE(throttle.allows("bob", "192.0.2.1", at_second(second)));
    throttle.failed("bob", "192.0.2.1", at_second(second));
  }
  for (const int pause : {1, 2, 4, 8, 16}) {
    CAPTURE(pause);
    REQUIRE(throttle.allows("bob", "192.0.2.1", at_second(second)));
    throttle.failed("bob", "192.0.2.1", at_second(second));
    CHECK_FALSE(throttle.allows("bob", "192.0.2.1", at_second(second)));
    second += pause;
  }
  CHECK(throttle.allows("bob", "192.0.2.1", at_second(second)));
  CHECK(throttle.allows("alice", "192.0.2.1", at_second(second)));
  CHECK(throttle.allows("bob", "192.0.2.2", at_second(second)));
}

TEST_CASE("throttle: an address that tries many logins waits for all of them") {
  Throttle throttle;
  for (int i = 0; i < 20; ++i) throttle.failed("login" + std::to_string(i), "192.0.2.1", at_second(0));
  CHECK_FALSE(throttle.allows("another", "192.0.2.1", at_second(0)));
  CHECK(throttle.allows("another", "192.0.2.2", at_second(0)));
}

TEST_CASE(
    "throttle: many addresses that try one login slow each other down, but not where the login succeeded before") {
  Throttle throttle;
  throttle.succeeded("bob", "198.51.100.1", at_second(0));
  for (int i = 0; i < 200; ++i) throttle.failed("bob", "192.0.2." + std::to_string(i), at_second(0));
  CHECK_FALSE(throttle.allows("bob", "203.0.113.1", at_second(0)));
  // never longer, so bob gets in from a new place as well
  CHECK(throttle.allows("bob", "203.0.113.1", at_second(30)));
  CHECK(throttle.allows("bob", "198.51.100.1", at_second(0)));
}

TEST_CASE("throttle: failures are forgotten after a quiet hour, and at a success") {
  Throttle throttle;
  for (int i = 0; i < 12; ++i) throttle.failed("bob", "192.0.2.1", at_second(0));
  throttle.failed("bob", "192.0.2.1", at_second(3'700));
  CHECK(throttle.allows("bob", "192.0.2.1", at_second(3'700)));
  for (int i = 0; i < 3; ++i) throttle.failed("bob", "192.0.2.1", at_second(3'700));
  throttle.succeeded("bob", "192.0.2.1", at_second(3'700));
  throttle.failed("bob", "192.0.2.1", at_second(3'700));
  CHECK(throttle.allows("bob", "192.0.2.1", at_second(3'700)));
}

TEST_CASE("gateway: a guesser is made to wait by 425, the right password included, and others are not") {
  ServedBook world;
  world.open_account("bob", 0);
  const auto try_password = [&](const std::string& password, const std::string& address) {
    return world.call("command=StatusAccount", "s_login=bob&s_pw=" + password, address).code();
  };
  for (int i = 0; i < 5; ++i) CHECK(try_password("guess" + std::to_string(i), "192.0.2.66") == 530);
  CHECK(try_password("guess5", "192.0.2.66") == 425);
  CHECK(try_password("bob.secret", "192.0.2.66") == 425);
  CHECK(try_password("bob.secret", "192.0.2.1") == 200);
  CHECK(world.call("command=StatusAccount", "s_login=test.user&s_pw=test.passw0rd", "192.0.2.66").code() == 200);
  world.seconds += 1;
  CHECK(try_password("bob.secret", "192.0.2.66") == 200);
}

TEST_CASE("gateway: a login has at most a hundred sessions at once") {
  ServedBook world;
  std::string last;
  for (int i = 0; i < 100; ++i) {
    const auto begun = world.call("command=StartSession&timeout=60");
    REQUIRE(begun.code() == 200);
    last = begun.value("SESSION");
  }
  CHECK(world.call("command=StartSession").code() == 521);
  CHECK(world.call("command=EndSession", "s_session=" + last).code() == 200);
  CHECK(world.call("command=StartSession&timeout=60").code() == 200);
  world.seconds += 60;  // all idle: they make room
  CHECK(world.call("command=StartSession").code() == 200);
}
