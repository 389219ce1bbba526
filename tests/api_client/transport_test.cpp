// What travels, and what is said about what did not. Time limits are real here and short; nothing waits for anything
// but a socket.
#include "api_client/transport.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include "tests/support/loopback_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using api_client::Post;
using api_client::Reception;
using api_client::Transport;
using api_client::TransportOptions;
using engine::Delivery;
using support::Heard;
using support::LoopbackServer;
using support::Said;

constexpr engine::Milliseconds kLong = 30s;

std::vector<Reception> exchange(Transport& transport, std::size_t count, engine::Milliseconds limit = kLong,
                                const std::string& body = "s_entity=1234") {
  std::vector<Reception> receptions(count);
  std::vector<int> times(count);
  std::size_t next = 0;
  transport.exchange(
      [&]() {
        return next < count ? std::optional(Post{next++, body, limit}) : std::nullopt;
      },
      [&](std::size_t id, Reception reception) {
        receptions.at(id) = std::move(reception);
        ++times.at(id);
      });
  CHECK(std::ranges::count(times, 1) == static_cast<std::ptrdiff_t>(count));
  return receptions;
}

Reception one(const TransportOptions& options, engine::Milliseconds limit = kLong) {
  Transport transport(options);
  return exchange(transport, 1, limit).front();
}

}  // namespace

TEST_CASE("transport: a body arrives as a form, without Expect, and its answer comes back whole") {
  LoopbackServer server([](const Heard& heard) { return Said{.body = "heard " + heard.body}; });
  const Reception reception = one({.url = server.url()});
  CHECK(reception.delivery == Delivery::answered);
  CHECK(reception.body == "heard s_entity=1234");
  CHECK(reception.trouble.empty());
  const Heard heard = server.heard().at(0);
  CHECK(heard.headers.at("content-type") == "application/x-www-form-urlencoded");
  CHECK(heard.headers.at("content-length") == "13");
  CHECK_FALSE(heard.headers.contains("expect"));
  CHECK(heard.headers.at("accept-encoding").find("gzip") != std::string::npos);
}

TEST_CASE("transport: a body of a megabyte, an empty answer and one of a megabyte arrive") {
  const std::string megabyte(1 << 20, 'x');
  LoopbackServer server([&](const Heard& heard) { return Said{.body = heard.number == 1 ? "" : megabyte}; });
  Transport transport({.url = server.url()});
  CHECK(exchange(transport, 1, kLong, megabyte).front().body.empty());
  CHECK(exchange(transport, 1).front().body == megabyte);
  CHECK(server.heard().at(0).body == megabyte);
  CHECK_FALSE(server.heard().at(0).headers.contains("expect"));
}

TEST_CASE("transport: a kept connection is used again") {
  LoopbackServer server([](const Heard&) { return Said{.body = "yes"}; });
  Transport transport({.url = server.url(), .connections = 1});
  for (int i = 0; i < 3; ++i) exchange(transport, 5);
  CHECK(server.heard().size() == 15);
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: as many go at once as there are connections, and no more") {
  // The server answers nobody before four have come: with fewer at once this would hang, with more the count would show
  // it.
  constexpr int kAtOnce = 4;
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0, generation = 0, most = 0;
  LoopbackServer server([&](const Heard&) {
    std::unique_lock lock(mutex);
    most = std::max(most, ++waiting);
    const int mine = generation;
    if (waiting == kAtOnce) {
      waiting = 0;
      ++generation;
      changed.notify_all();
    } else {
      changed.wait(lock, [&] { return generation != mine; });
    }
    return Said{.body = "yes"};
  });
  Transport transport({.url = server.url(), .connections = kAtOnce});
  for (const Reception& reception : exchange(transport, 5 * kAtOnce)) CHECK(reception.delivery == Delivery::answered);
  CHECK(most == kAtOnce);
  CHECK(server.connections() == kAtOnce);
}

TEST_CASE("transport: where nobody listens nothing was sent") {
  const Reception reception = one({.url = "http://127.0.0.1:" + std::to_string(support::closed_port()) + "/"});
  CHECK(reception.delivery == Delivery::not_sent);
  CHECK(reception.trouble.find("onnect") != std::string::npos);
}

TEST_CASE("transport: once the connection stands, whatever goes wrong leaves it open whether something happened") {
  struct Row {
    const char* what;
    Said said;
    const char* trouble;
  };
  const Row rows[] = {
      {"closes without answer", {.close_before = true}, ""},
      {"closes within the answer", {.body = "0123456789", .cut_at = 4}, ""},
      {"HTTP 500", {.body = "CODE=200", .status = 500}, "HTTP status 500"},
      {"HTTP 204", {.status = 204}, "HTTP status 204"},
      {"a redirect is not followed",
       {.status = 302, .headers = {"Location: http://127.0.0.1:1/elsewhere"}},
       "HTTP status 302"},
      {"a body that is too long", {.body = std::string(5000, 'x')}, "longer than 4096 bytes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    LoopbackServer server([&](const Heard&) { return row.said; });
    const Reception reception = one({.url = server.url(), .max_body = 4096});
    CHECK(reception.delivery == Delivery::unknown);
    CHECK_FALSE(reception.trouble.empty());
    CHECK(reception.trouble.find(row.trouble) != std::string::npos);
    CHECK(reception.body.empty());
    CHECK(server.heard().size() == 1);
  }
}

TEST_CASE("transport: no answer within the time limit is an unknown outcome") {
  LoopbackServer server([](const Heard&) { return Said{.hold = true}; });
  const Reception reception = one({.url = server.url()}, 150ms);
  CHECK(reception.delivery == Delivery::unknown);
  CHECK(server.heard().size() == 1);
}

TEST_CASE("transport: where a kept connection dies under a body it is not quietly sent again") {
  LoopbackServer server(
      [](const Heard& heard) { return Said{.body = "yes", .close_before = heard.on_connection == 2}; });
  Transport transport({.url = server.url(), .connections = 1});
  CHECK(exchange(transport, 1).front().delivery == Delivery::answered);
  // on the same connection, which the server then closes
  CHECK(exchange(transport, 1).front().delivery == Delivery::unknown);
  REQUIRE(server.heard().size() == 2);
  CHECK(server.heard()[1].on_connection == 2);
  CHECK(exchange(transport, 1).front().delivery == Delivery::answered);
  CHECK(server.heard().size() == 3);
}

TEST_CASE("transport: a connection the server closed while it was idle costs nothing") {
  LoopbackServer server(
      [](const Heard&) { return Said{.body = "yes", .headers = {"Connection: close"}, .close_after = true}; });
  Transport transport({.url = server.url(), .connections = 1});
  for (int i = 0; i < 3; ++i) CHECK(exchange(transport, 1).front().delivery == Delivery::answered);
  CHECK(server.heard().size() == 3);
}

TEST_CASE("transport: a certificate is verified, by authority and by name; without, nothing was sent") {
  const support::TemporaryDirectory directory;
  const std::string file = directory.file("localhost.pem"), other = directory.file("other.pem");
  support::write_certificate(file, "localhost");
  support::write_certificate(other, "elsewhere.example");
  LoopbackServer server([](const Heard&) { return Said{.body = "yes"}; }, file);
  LoopbackServer stranger([](const Heard&) { return Said{.body = "yes"}; }, other);
  CHECK(one({.url = server.url("https", "localhost"), .ca_file = file}).body == "yes");

  struct Row {
    const char* what;
    TransportOptions options;
  };
  for (const Row& row : {Row{"signed by nobody we trust", {.url = server.url("https", "localhost")}},
                         Row{"another's certificate", {.url = stranger.url("https", "localhost"), .ca_file = file}},
                         Row{"another name", {.url = stranger.url("https", "localhost"), .ca_file = other}},
                         Row{"TLS asked of a plain server's port", {.url = server.url("http", "127.0.0.1")}}}) {
    CAPTURE(row.what);
    const Reception reception = one(row.options);
    CHECK(reception.delivery != Delivery::answered);
    if (row.options.url.starts_with("https")) CHECK(reception.delivery == Delivery::not_sent);
  }
  CHECK(server.heard().size() == 1);
  CHECK(stranger.heard().empty());
}

TEST_CASE("transport: a proxy named by the environment is not used") {
  LoopbackServer server([](const Heard&) { return Said{.body = "direct"}; });
  LoopbackServer proxy([](const Heard&) { return Said{.body = "by proxy"}; });
  for (const char* variable : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"})
    setenv(variable, proxy.url().c_str(), 1);
  const Reception reception = one({.url = server.url()});
  for (const char* variable : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(variable);
  CHECK(reception.body == "direct");
  CHECK(proxy.heard().empty());
}

TEST_CASE("transport: interrupted, it sends nothing more and brings home what is on its way") {
  std::atomic<bool> stop = false;
  LoopbackServer server([&](const Heard&) {
    stop = true;
    return Said{.body = "yes"};
  });
  Transport transport({.url = server.url(), .connections = 1, .interrupted = [&] { return stop.load(); }});
  std::size_t given = 0;
  std::vector<Reception> receptions;
  transport.exchange(
      [&] {
        return std::optional(Post{given++, "x", kLong});
      },
      [&](std::size_t, Reception reception) { receptions.push_back(std::move(reception)); });
  CHECK(receptions.size() == given);
  for (const Reception& reception : receptions) CHECK(reception.delivery == Delivery::answered);
  CHECK(server.heard().size() == given);
}

TEST_CASE("transport: what a callback throws leaves nothing on its way, and the transport usable") {
  LoopbackServer server([](const Heard& heard) { return Said{.body = "yes", .hold = heard.body == "hold"}; });
  Transport transport({.url = server.url(), .connections = 2});
  std::vector<Post> posts{{1, "hold", kLong}, {0, "x", kLong}};
  CHECK_THROWS_AS(transport.exchange(
                      [&]() -> std::optional<Post> {
                        if (posts.empty()) return std::nullopt;
                        Post post = posts.back();
                        posts.pop_back();
                        return post;
                      },
                      [](std::size_t, const Reception&) { throw 7; }),
                  int);
  CHECK(exchange(transport, 2).back().delivery == Delivery::answered);
}
