// What guessing passwords costs, and that it costs nobody else anything.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/gateway/served_book.hpp"

using namespace support;
using gateway::Instant;
using gateway::LoginFailures;
using gateway::VerifyQueue;

namespace {

Instant at_second(int second) { return Instant(std::chrono::seconds(10'000 + second)); }

}  // namespace

TEST_CASE("logins: after five failures of a login from an address each pause is twice the one before") {
  LoginFailures failures;
  int second = 0;
  for (int failure = 1; failure <= 4; ++failure) {
    REQUIRE(failures.allows("bob", "192.0.2.1", at_second(second)));
    failures.failed("bob", "192.0.2.1", at_second(second));
  }
  for (const int pause : {1, 2, 4, 8, 16}) {
    CAPTURE(pause);
    REQUIRE(failures.allows("bob", "192.0.2.1", at_second(second)));
    failures.failed("bob", "192.0.2.1", at_second(second));
    CHECK_FALSE(failures.allows("bob", "192.0.2.1", at_second(second)));
    second += pause;
  }
  CHECK(failures.allows("bob", "192.0.2.1", at_second(second)));
  CHECK(failures.allows("alice", "192.0.2.1", at_second(second)));
  CHECK(failures.allows("bob", "192.0.2.2", at_second(second)));
}

TEST_CASE("logins: whoever has failed less comes first, and whoever succeeded before others") {
  LoginFailures failures;
  failures.succeeded("bob", "198.51.100.1", at_second(0));
  for (int i = 0; i < 200; ++i) failures.failed("bob", "192.0.2." + std::to_string(i), at_second(0));
  for (int i = 0; i < 30; ++i) failures.failed("login" + std::to_string(i), "198.51.100.1", at_second(0));
  CHECK(failures.allows("bob", "203.0.113.1", at_second(0)));
  CHECK(failures.rank("bob", "198.51.100.1") == 0);
  CHECK(failures.rank("bob", "203.0.113.1") == 0);
  CHECK(failures.rank("alice", "198.51.100.1") > 0);
  CHECK(failures.rank("bob", "192.0.2.7") > failures.rank("alice", "198.51.100.1"));
  CHECK(failures.is_guessing("198.51.100.1", at_second(0)));
  CHECK_FALSE(failures.is_guessing("198.51.100.1", at_second(3'700)));
  CHECK_FALSE(failures.is_guessing("192.0.2.7", at_second(0)));
}

TEST_CASE("logins: failures are forgotten after a quiet hour, and at a success") {
  LoginFailures failures;
  for (int i = 0; i < 12; ++i) failures.failed("bob", "192.0.2.1", at_second(0));
  failures.failed("bob", "192.0.2.1", at_second(3'700));
  CHECK(failures.allows("bob", "192.0.2.1", at_second(3'700)));
  for (int i = 0; i < 3; ++i) failures.failed("bob", "192.0.2.1", at_second(3'700));
  failures.succeeded("bob", "192.0.2.1", at_second(3'700));
  failures.failed("bob", "192.0.2.1", at_second(3'700));
  CHECK(failures.allows("bob", "192.0.2.1", at_second(3'700)));
}

TEST_CASE("logins: what is kept of failures does not grow with them, nor with what is written") {
  LoginFailures failures;
  const std::string long_login(1'000, 'x');
  for (int i = 0; i < 160'000; ++i)
    failures.failed(i % 100 == 0 ? long_login : "x", std::to_string(i), at_second(i / 1'000));
  CHECK(failures.kept() <= 100'000);
  CHECK(failures.rank("x", "159999") > 0);  // the newest are not those that go
}

TEST_CASE("logins: the queue lets in the best, refuses the worst, and strangers hold nobody up") {
  VerifyQueue queue({.at_once = 1, .waiting = 2, .strangers_waiting = 1});
  REQUIRE(queue.enter(false, 0));
  std::atomic<int> refused{0};
  std::vector<int> order;  // written by whoever's turn it is
  const auto waiter = [&](bool stranger, std::uint32_t rank) {
    return std::thread([&, stranger, rank] {
      if (!queue.enter(stranger, rank)) {
        ++refused;
        return;
      }
      order.push_back(static_cast<int>(rank));
      queue.leave(stranger);
    });
  };
  const auto await_waiting = [&](std::size_t number) {
    while (queue.waiting() < number) std::this_thread::yield();
  };
  std::thread stranger = waiter(true, 0);
  await_waiting(1);
  CHECK_FALSE(queue.enter(true, 0));  // one of them waits already
  std::thread guesser = waiter(false, 100);
  await_waiting(2);
  std::thread bob = waiter(false, 1);  // in the stranger's place
  while (refused < 1) std::this_thread::yield();
  CHECK_FALSE(queue.enter(false, 200));
  queue.leave(false);
  for (std::thread* each : {&stranger, &guesser, &bob}) each->join();
  CHECK(order == std::vector{1, 100});
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

TEST_CASE("gateway: with right passwords others get in, whatever is guessed beside them and on their logins") {
  ServedBook world;
  for (const char* name : {"bob", "alice"}) world.open_account(name, 0);
  const auto log_in = [&](const std::string& login, const std::string& password, const std::string& address) {
    return world.call("command=StatusAccount", "s_login=" + login + "&s_pw=" + password, address).code();
  };
  // all behind one proxy: somebody tries logins that nobody has, and bob's
  for (int i = 0; i < 21; ++i) log_in("nobody" + std::to_string(i), "guess", "192.0.2.1");
  for (int i = 0; i < 4; ++i) CHECK(log_in("bob", "guess", "192.0.2.1") == 530);
  CHECK(log_in("bob", "bob.secret", "192.0.2.1") == 200);
  CHECK(log_in("alice", "alice.secret", "192.0.2.1") == 200);
  CHECK(log_in("nobody", "guess", "192.0.2.1") == 425);
  // who has logged in before is known by the password, even where its own address guesses
  for (int i = 0; i < 7; ++i) log_in("alice", "guess", "192.0.2.1");
  CHECK(log_in("alice", "guess", "192.0.2.1") == 425);
  CHECK(log_in("alice", "alice.secret", "192.0.2.1") == 200);
  // many addresses try one login
  for (int i = 0; i < 20; ++i) log_in("bob", "guess", "198.51.100." + std::to_string(i));
  CHECK(log_in("bob", "bob.secret", "203.0.113.1") == 200);
}

TEST_CASE("gateway: sixty-four that log in at once after a restart all get in") {
  ServedBook world;
  for (int i = 0; i < 4; ++i) world.open_account("bob" + std::to_string(i), 0);
  world.options.log = {};
  world.begin();
  std::vector<std::thread> clients;
  std::atomic<int> in{0};
  for (int i = 0; i < 64; ++i) {
    clients.emplace_back([&, i] {
      const std::string answer = world.served->answer("s_entity=1234&" + ServedBook::as("bob" + std::to_string(i % 4)),
                                                      "command=StartSession", "192.0.2." + std::to_string(i));
      if (answer.find("code = 200") != std::string::npos || answer.find("CODE=200") != std::string::npos) ++in;
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(in == 64);
}

TEST_CASE("gateway: of a login's hundred sessions the one idle longest gives way") {
  ServedBook world;
  std::vector<std::string> sessions;
  const auto is_open = [&](std::size_t which) {
    return world.call("command=StatusAccount", "s_session=" + sessions.at(which)).code() == 200;
  };
  for (int i = 0; i < 100; ++i) {
    sessions.emplace_back(world.call("command=StartSession&timeout=600").value("SESSION"));
    world.seconds += 1;
  }
  CHECK(is_open(0));  // not the one idle longest any more
  sessions.emplace_back(world.call("command=StartSession&timeout=600").value("SESSION"));
  CHECK(is_open(0));
  CHECK_FALSE(is_open(1));
  CHECK(is_open(2));
  CHECK(is_open(100));
  CHECK(world.call("command=EndSession", "s_session=" + sessions[100]).code() == 200);
  CHECK_FALSE(is_open(100));
}

TEST_CASE("gateway: a disabled user's sessions end, and do not live again") {
  ServedBook world;
  world.open_account("bob", 0);
  const std::string session(world.call("command=StartSession", ServedBook::as("bob")).value("SESSION"));
  const auto asks = [&] { return world.call("command=StatusAccount", "s_session=" + session).code(); };
  CHECK(asks() == 200);
  for (const bool enabled : {false, true}) {
    world.set_now(world.now() + std::chrono::minutes(1));
    const auto store = world.store();
    REQUIRE(bool(operations::enable_user({*store, world.now(), "test"}, {}, "bob", enabled)));
  }
  CHECK(asks() == 530);
  CHECK(world.call("command=StatusAccount", ServedBook::as("bob")).code() == 200);
}

TEST_CASE("gateway: two identities in one request are refused") {
  ServedBook world;
  world.open_account("bob", 0);
  const std::string session(world.call("command=StartSession", ServedBook::as("bob")).value("SESSION"));
  CHECK(world.call("command=StatusAccount", "s_session=" + session + "&s_login=bob").code() == 200);
  CHECK(world.call("command=StatusAccount", "s_session=" + session + "&s_login=test.user&s_pw=test.passw0rd").code() ==
        531);
}

TEST_CASE("gateway: what a client sends is bounded before anything of it is kept") {
  ServedBook world;
  const auto code = [&](const std::string& body, const std::string& more = "") {
    return world.call(body, "s_login=test.user&s_pw=test.passw0rd" + more).code();
  };
  const std::string order = "command=AddDomainApplication&class=BACKORDER&domain=john.com";
  CHECK(code(order + "&x-request-id=" + std::string(257, 'x')) == 505);
  CHECK(code(order + "&x-request-id=" + std::string(256, 'x')) == 200);
  CHECK(code("command=StatusAccount&x=" + std::string(300'000, 'x')) == 505);
  CHECK(code("command=StatusAccount&" + std::string(65, 'x') + "=1") == 505);
  std::string many = "command=StatusAccount";
  for (int i = 0; i < 1'001; ++i) many += "&x" + std::to_string(i) + "=1";
  CHECK(code(many) == 505);
  CHECK(code("command=StatusAccount", "&s_user=" + std::string(300, 'x')) == 505);
  CHECK(code("command=QueryDomainApplicationList&domain=*" + std::string(255, 'x')) == 505);
  std::string patterns = "command=QueryDomainApplicationList", keywords = "command=QueryDomainPendingDeleteList";
  for (int i = 0; i < 101; ++i) {
    patterns += "&class" + std::to_string(i) + "=X" + std::to_string(i) + "*";
    keywords += "&keyword" + std::to_string(i) + "=x";
  }
  CHECK(code(patterns) == 505);
  CHECK(code(keywords) == 505);
  CHECK(world.call("command=StatusAccount", "s_login=" + std::string(4'000, 'x') + "&s_pw=guess").code() == 530);
  for (const int names : {1, 3, 100, 900}) {  // and those within are answered
    std::string list = "command=QueryDomainApplicationList&domain0=john.com";
    for (int i = 1; i < names; ++i) list += "&domain" + std::to_string(i) + "=n" + std::to_string(i) + ".com";
    CHECK(world.call(list).value("TOTAL") == "1");
  }
}

TEST_CASE("gateway: an account places so much a minute, keeps so much a day, and has so many open") {
  ServedBook world;
  world.open_account("bob", 0);
  int name = 0;
  const auto place = [&](const std::string& as = "s_login=test.user&s_pw=test.passw0rd") {
    return world.call("command=AddDomainApplication&class=BACKORDER&domain=n" + std::to_string(++name) + ".com", as)
        .code();
  };
  world.options.quota = {.open_backorders = 0, .placements_per_minute = 3, .bytes_per_day = 0};
  world.begin();
  for (int i = 0; i < 3; ++i) CHECK(place() == 200);
  CHECK(place() == 549);
  CHECK(place(ServedBook::as("bob")) == 200);
  world.seconds += 20;
  CHECK(place() == 200);
  CHECK(place() == 549);
  world.options.quota = {.open_backorders = 6, .placements_per_minute = 0, .bytes_per_day = 0};
  world.begin();
  CHECK(place() == 200);
  CHECK(place() == 200);
  CHECK(place() == 549);
  CHECK(place(ServedBook::as("bob")) == 200);
  world.options.quota = {.open_backorders = 0, .placements_per_minute = 0, .bytes_per_day = 2'500};
  world.begin();
  CHECK(place() == 200);
  CHECK(place() == 200);
  CHECK(place() == 549);
  world.seconds += 86'400;
  CHECK(place() == 200);
}
