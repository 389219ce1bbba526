// The relay between a client and a server: what each kind of fault does to either of them, on real sockets.
#include "tools/faults/relay.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using faults::Kind;
using faults::Relay;

class Socket {
 public:
  explicit Socket(int number) : number_(number) {
    if (number_ < 0) throw std::runtime_error("no socket");
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(number_); }
  int number() const { return number_; }
  void send(const std::string& text) const {
    [[maybe_unused]] const ssize_t sent = ::send(number_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  // Appends what arrives; false when the other end is done.
  bool receive(std::string& text) const {
    char some[4096];
    const ssize_t count = ::recv(number_, some, sizeof some, 0);
    if (count > 0) text.append(some, static_cast<std::size_t>(count));
    return count > 0;
  }

 private:
  int number_;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::size_t body_length(const std::string& message) {
  const std::size_t head = message.find("\r\n\r\n");
  if (head == std::string::npos) return std::string::npos;
  std::string lower = message.substr(0, head);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::size_t at = lower.find("content-length:");
  return at == std::string::npos ? 0 : std::stoul(lower.substr(at + 15));
}
bool is_whole(const std::string& message) {
  const std::size_t length = body_length(message);
  return length != std::string::npos && message.size() >= message.find("\r\n\r\n") + 4 + length;
}

constexpr const char* kAnswer =
    "[RESPONSE]\r\nPROPERTY[APPLICATION][0]=40219\r\nDESCRIPTION=Command completed "
    "successfully\r\nCODE=200\r\n\r\nEOF\r\n";

// A server that counts: `n` in the answer is how many requests it had seen.
class Server {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_.number(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_.number(), 64) != 0 ||
        ::getsockname(listener_.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no port");
    }
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept(); });
  }
  ~Server() {
    ::shutdown(listener_.number(), SHUT_RDWR);
    accepting_.join();
    for (std::thread& one : serving_) one.join();
  }
  faults::Address address() const { return {"127.0.0.1", port_}; }
  int requests() const { return requests_; }
  int connections() const { return connections_; }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  void accept() {
    for (;;) {
      const int number = ::accept(listener_.number(), nullptr, nullptr);
      if (number < 0) return;
      ++connections_;
      serving_.emplace_back([this, number] { serve(Socket(number)); });
    }
  }
  void serve(const Socket& socket) {
    std::string request;
    while (socket.receive(request)) {
      if (!is_whole(request)) continue;
      const int n = ++requests_;
      {
        const std::lock_guard lock(mutex_);
        last_ = std::exchange(request, "");
      }
      const std::string body = kAnswer;
      socket.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Request: " + std::to_string(n) +
                  "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  }

  Socket listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0}, connections_{0};
  mutable std::mutex mutex_;
  std::string last_;
  std::thread accepting_;
  std::vector<std::thread> serving_;
};

// A connection to the relay, or none.
class Client {
 public:
  explicit Client(const faults::Address& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in to = loopback(address.port);
    connected_ = ::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  bool connected() const { return connected_; }
  struct Got {
    std::string text;  // head and body
    bool closed;       // by the relay, before the answer was whole
    int status() const { return text.size() > 12 ? std::stoi(text.substr(9, 3)) : 0; }
    std::string body() const { return text.substr(std::min(text.size(), text.find("\r\n\r\n") + 4)); }
  };
  Got ask(const std::string& body = "command=StatusAccount") {
    socket_.send("POST /api/call.cgi HTTP/1.1\r\nHost: provider\r\nAccept-Encoding: gzip\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
    Got got{.text = {}, .closed = false};
    while (!is_whole(got.text)) {
      if (!socket_.receive(got.text)) return {got.text, true};
    }
    return got;
  }
  // The relay closes after its answer.
  bool is_closed() const {
    std::string rest;
    return !socket_.receive(rest) && rest.empty();
  }
  void send(const std::string& text) const { socket_.send(text); }
  void hang_up() { ::shutdown(socket_.number(), SHUT_RDWR); }

 private:
  Socket socket_;
  bool connected_ = false;
};

std::unique_ptr<Relay> relay_to(const Server& server, int percent,
                                std::vector<Kind> kinds = {std::begin(faults::kKinds), std::end(faults::kKinds)},
                                std::uint64_t seed = 7) {
  faults::Options options{.to = server.address(), .percent = percent, .seed = seed, .kinds = std::move(kinds)};
  auto relay = Relay::open(options);
  REQUIRE(bool(relay));
  return std::move(relay).value();
}

}  // namespace

TEST_CASE("faults: without any, requests and answers pass on one kept connection a side") {
  const Server server;
  const auto relay = relay_to(server, 0);
  Client client(relay->address());
  for (int i = 1; i <= 3; ++i) {
    const Client::Got got = client.ask("command=StatusAccount&n=" + std::to_string(i));
    CHECK(got.status() == 200);
    CHECK(got.body() == kAnswer);
    CHECK(server.last().starts_with("POST /api/call.cgi HTTP/1.1"));
    CHECK(server.last().ends_with("command=StatusAccount&n=" + std::to_string(i)));
    CHECK(server.last().find("Accept-Encoding") == std::string::npos);  // so that a body can be cut at a line
  }
  CHECK(server.connections() == 1);
  const faults::Tally tally = relay->tally();
  CHECK(tally.connections == 1);
  CHECK(tally.exchanges == 3);
  CHECK(tally.passed == 3);
  CHECK(tally.faults() == 0);
}

TEST_CASE("faults: a lost request is not seen by the server, a lost answer is, and the client can't tell") {
  const Server server;
  for (const Kind kind : {Kind::lost_request, Kind::lost_answer}) {
    CAPTURE(std::string(to_word(kind)));
    const int before = server.requests();
    const auto relay = relay_to(server, 100, {kind});
    const Client::Got got = Client(relay->address()).ask();
    CHECK(got.closed);
    CHECK(got.text.empty());
    CHECK(server.requests() - before == (kind == Kind::lost_answer ? 1 : 0));
    CHECK(relay->tally().of(kind) == 1);
    CHECK(relay->tally().faults() == 1);
  }
}

TEST_CASE("faults: a torn answer breaks off in its body, one cut at a line looks whole but lacks EOF") {
  const Server server;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    {
      const auto relay = relay_to(server, 100, {Kind::torn}, seed);
      const Client::Got got = Client(relay->address()).ask();
      CHECK(got.closed);
      CHECK(got.status() == 200);
      CHECK(got.body().size() < std::strlen(kAnswer));
      CHECK(std::string(kAnswer).starts_with(got.body()));
      CHECK(relay->tally().of(Kind::torn) == 1);
    }
    const auto relay = relay_to(server, 100, {Kind::cut_at_line}, seed);
    Client client(relay->address());
    const Client::Got got = client.ask();
    CHECK_FALSE(got.closed);
    CHECK(got.status() == 200);
    CHECK((got.body().empty() || got.body().ends_with("\n")));
    CHECK(got.body().find("EOF") == std::string::npos);
    CHECK(std::string(kAnswer).starts_with(got.body()));
    CHECK_FALSE(client.ask().closed);  // the connection goes on
    CHECK(relay->tally().of(Kind::cut_at_line) == 2);
  }
  CHECK(server.requests() == 60);  // all of them were done
}

TEST_CASE("faults: 420, 421 and 423 come before the effect and after it, and 420 closes the connection") {
  const Server server;
  for (const Kind kind : {Kind::busy_before, Kind::busy_after}) {
    CAPTURE(std::string(to_word(kind)));
    const int before = server.requests();
    std::map<std::string, int> seen;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      const auto relay = relay_to(server, 100, {kind}, seed);
      Client client(relay->address());
      const Client::Got got = client.ask();
      REQUIRE_FALSE(got.closed);
      CHECK(got.status() == 200);
      CHECK(got.body().find("EOF") != std::string::npos);
      const std::string code = got.body().substr(got.body().find("CODE=") + 5, 3);
      ++seen[code];
      if (code == "420") CHECK(client.is_closed());
    }
    CHECK(seen.size() == 3);
    for (const char* code : {"420", "421", "423"}) CHECK(seen[code] > 0);
    CHECK(server.requests() - before == (kind == Kind::busy_after ? 30 : 0));
  }
}

TEST_CASE("faults: an HTML page with HTTP 502 comes in place of the request or of the answer") {
  const Server server;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto relay = relay_to(server, 100, {Kind::html_page}, seed);
    const Client::Got got = Client(relay->address()).ask();
    CHECK(got.status() == 502);
    CHECK(got.body().starts_with("<html>"));
  }
  CHECK(server.requests() > 0);
  CHECK(server.requests() < 20);
}

TEST_CASE("faults: a duplicate is delivered twice, and the second answer is given") {
  const Server server;
  const auto relay = relay_to(server, 100, {Kind::duplicate});
  const Client::Got got = Client(relay->address()).ask();
  CHECK(server.requests() == 2);
  CHECK(got.status() == 200);
  CHECK(got.text.find("X-Request: 2\r\n") != std::string::npos);
}

TEST_CASE("faults: a late answer is held back until the client gives up, though the server did it") {
  const Server server;
  faults::Options options{
      .to = server.address(), .percent = 100, .kinds = {Kind::late}, .late_by = std::chrono::hours(1)};
  const auto relay = Relay::open(options);
  REQUIRE(bool(relay));
  Client client(relay.value()->address());
  std::thread impatient([&] {
    while (server.requests() == 0 || relay.value()->tally().of(Kind::late) == 0) std::this_thread::yield();
    client.hang_up();
  });
  const Client::Got got = client.ask();
  impatient.join();
  CHECK(got.closed);
  CHECK(got.text.empty());
  CHECK(server.requests() == 1);
  SUBCASE("and given where the client is patient enough") {
    options.late_by = std::chrono::milliseconds(1);
    const auto soon = Relay::open(options);
    CHECK(Client(soon.value()->address()).ask().body() == kAnswer);
  }
}

TEST_CASE("faults: dead, nobody listens and what was open is cut; alive again, the port is the same") {
  const Server server;
  const auto relay = relay_to(server, 0);
  Client before(relay->address());
  CHECK(before.ask().status() == 200);
  for (int outage = 1; outage <= 2; ++outage) {
    relay->set_dead(true);
    relay->set_dead(true);  // no second outage
    CHECK(relay->tally().outages == outage);
    CHECK_FALSE(Client(relay->address()).connected());
    if (outage == 1) CHECK(before.is_closed());
    relay->set_dead(false);
    Client after(relay->address());
    CHECK(after.connected());
    CHECK(after.ask().status() == 200);
  }
}

TEST_CASE("faults: the share is the percentage, every kind comes, and the same seed spoils the same exchanges") {
  const Server server;
  constexpr int kExchanges = 900;
  // Each exchange on a connection of its own, so that the number of an exchange is its place in this row.
  const auto row_of = [&](std::uint64_t seed) {
    faults::Options options{
        .to = server.address(), .percent = 33, .seed = seed, .late_by = std::chrono::milliseconds(1)};
    const auto relay = Relay::open(options);
    REQUIRE(bool(relay));
    std::string row;
    for (int i = 0; i < kExchanges; ++i) {
      const faults::Tally before = relay.value()->tally();
      Client(relay.value()->address()).ask();
      const faults::Tally after = relay.value()->tally();
      char spoiled = '.';
      for (std::size_t kind = 0; kind < after.injected.size(); ++kind) {
        if (after.injected[kind] != before.injected[kind]) spoiled = static_cast<char>('a' + kind);
      }
      row += spoiled;
    }
    const faults::Tally tally = relay.value()->tally();
    CHECK(tally.exchanges == kExchanges);
    CHECK(tally.passed + tally.faults() == kExchanges);
    CHECK(tally.unreachable == 0);
    CHECK(tally.faults() > kExchanges * 28 / 100);
    CHECK(tally.faults() < kExchanges * 38 / 100);
    for (const Kind kind : faults::kKinds) {
      CAPTURE(std::string(to_word(kind)));
      CHECK(tally.of(kind) > 0);
    }
    return row;
  };
  const std::string first = row_of(7), other = row_of(8);
  CHECK(first == row_of(7));
  CHECK(first != other);
}

TEST_CASE("faults: a server that is not there is 502 to the client, and counted apart") {
  auto server = std::make_unique<Server>();
  const auto relay = relay_to(*server, 0);
  server.reset();
  CHECK(Client(relay->address()).ask().status() == 502);
  CHECK(relay->tally().unreachable == 1);
  CHECK(relay->tally().passed == 0);
}

TEST_CASE("faults: what is no HTTP, and bodies beyond all measure, end the connection") {
  const Server server;
  const auto relay = relay_to(server, 0);
  CHECK(Client(relay->address()).ask(std::string(9 * 1024 * 1024, 'x')).closed);
  Client garbage(relay->address());
  garbage.send("hello?\r\n\r\n");
  CHECK(garbage.is_closed());
  CHECK(server.requests() == 0);
  CHECK(Client(relay->address()).ask().status() == 200);
}

TEST_CASE("faults: what cannot be is refused") {
  const Server server;
  const auto refused = [](const faults::Options& options) {
    const auto relay = Relay::open(options);
    return !relay && relay.error().code == engine::ErrorCode::invalid_argument;
  };
  CHECK(refused({.to = server.address(), .percent = 101}));
  CHECK(refused({.to = server.address(), .percent = -1}));
  CHECK(refused({.to = server.address(), .kinds = {}}));
  CHECK(refused({.listen = server.address(), .to = server.address()}));  // taken
  for (const char* text :
       {"", "8080", "localhost:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x", ":80"}) {
    CAPTURE(text);
    CHECK_FALSE(bool(faults::parse_address(text)));
  }
  CHECK(to_string(faults::parse_address("127.0.0.1:8080").value()) == "127.0.0.1:8080");
  CHECK(to_string(faults::parse_address("[::1]:80").value()) == "[::1]:80");
  for (const Kind kind : faults::kKinds) CHECK(faults::parse_kind(to_word(kind)) == kind);
  CHECK_FALSE(faults::parse_kind("earthquake"));
}

TEST_CASE(
    "faults: the command listens, prints its counts when asked and at its end, and dies and comes back by signal") {
  // Nothing listens behind it, so that what passes is answered 502 and counted as unreachable.
  const std::string script = R"(
    set -eu
    coproc relay { exec "$0" faults --to 127.0.0.1:9 --percent 0 --seed 5 --format jsonl 2>&1; }
    id=$relay_PID
    exec 4<&"${relay[0]}"
    read -r line <&4
    port=${line#*listening on 127.0.0.1:}
    port=${port%%,*}
    ask() {
      exec 5<>"/dev/tcp/127.0.0.1/$port" && printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&5 &&
        head -n 1 <&5 && exec 5>&-
    }
    ask
    kill -USR1 "$id"
    read -r line <&4 && echo "$line"
    kill -USR2 "$id"
    while (exec 5<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    kill -USR2 "$id"
    until (exec 5<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    ask
    kill -TERM "$id"
    cat <&4 | grep -c lost-answer
    wait "$id"
  )";
  const support::ProgramResult result = support::run("/bin/bash", {"-c", script, support::program_path()});
  CAPTURE(result.output);
  CAPTURE(result.error);
  CHECK(result.status == 0);
  CHECK(result.output ==
        "HTTP/1.1 502 Bad Gateway\r\n{\"fault\":\"lost-request\",\"count\":0}\nHTTP/1.1 502 Bad Gateway\r\n2\n");
}

TEST_CASE("faults: the command is dead within its windows, by the clock of the rehearsal book") {
  const support::TemporaryDirectory folder;
  const std::string script = R"(
    set -eu
    book="$1/book.db"
    "$0" --db "$book" --quiet init --rehearsal --now 2026-08-01
    coproc relay { exec "$0" --db "$book" faults --to 127.0.0.1:9 --percent 0 --outage 2026-08-02/10m 2>&1; }
    id=$relay_PID
    exec 4<&"${relay[0]}"
    read -r line <&4
    port=${line#*listening on 127.0.0.1:}
    port=${port%%,*}
    at() { "$0" --db "$book" --quiet account open "$1" --currency EUR --now "$2"; }
    (exec 5<>"/dev/tcp/127.0.0.1/$port")
    at anna 2026-08-02T00:09:00Z
    while (exec 5<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    at bert 2026-08-02T00:10:00Z
    until (exec 5<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    kill -INT "$id"
    cat <&4 | grep -i outages
    wait "$id"
  )";
  const support::ProgramResult result =
      support::run("/bin/bash", {"-c", script, support::program_path(), folder.path().string()});
  CAPTURE(result.error);
  CHECK(result.status == 0);
  CHECK(result.output.find("1") != std::string::npos);  // one outage
}

TEST_CASE("faults: the command names what it cannot read") {
  const auto refused = [](std::vector<std::string> words, const std::string& by) {
    words.insert(words.begin(), {"faults", "--to", "127.0.0.1:9"});
    const support::ProgramResult result = support::run_program(words);
    CAPTURE(result.error);
    CHECK(result.output.empty());
    CHECK(result.error.find(by) != std::string::npos);
    return result.status.value_or(-1);
  };
  CHECK(refused({"--kinds", "torn,earthquake"}, "earthquake") == 2);
  CHECK(refused({"--percent", "101"}, "percent") == 2);
  CHECK(refused({"--outage", "10m"}, "2026-08-03T01:00:00Z/10m") == 2);
  CHECK(refused({"--outage", "2026-08-03T25:00:00Z/10m"}, "2026-08-03T25") == 3);
  CHECK(refused({"--listen", "localhost:1"}, "localhost:1") == 2);
}
