// What `serve` tells the service manager: ready, reloaded, alive, ending.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "tests/support/run_program.hpp"
#include "tests/support/running_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

// The manager's end: a socket of datagrams at a path, which the program finds in $NOTIFY_SOCKET.
class Manager {
 public:
  explicit Manager(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "200000", 1);
  }
  ~Manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::close(socket_);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  std::string next() const {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, 60'000) != 1) return "nothing for a minute";
    std::array<char, 4096> text{};
    const ssize_t length = ::recv(socket_, text.data(), text.size(), 0);
    return length < 0 ? "unreadable" : std::string(text.data(), static_cast<std::size_t>(length));
  }
  // The next that is no sign of life.
  std::string next_news() const {
    std::string text;
    do {
      text = next();
    } while (text == "WATCHDOG=1");
    return text;
  }

 private:
  int socket_;
};

}  // namespace

TEST_CASE("serve: a service manager hears that it is ready, alive, reloaded and ending") {
  const support::TemporaryDirectory folder;
  const Manager manager(folder.file("notify"));
  support::RunningProgram serve(
      {"serve", "--rehearsal", "--db", folder.file("book.db"), "--listen", "127.0.0.1:0", "--sweep-every", "0s"},
      folder.file("errors"));
  const std::string ready = manager.next_news();
  CHECK(ready.starts_with("READY=1\nSTATUS=answers at http://127.0.0.1:"));
  for (int i = 0; i < 3; ++i) CHECK(manager.next() == "WATCHDOG=1");
  serve.signal(SIGHUP);
  CHECK(manager.next_news() == "RELOADING=1");
  CHECK(manager.next_news() == ready);
  serve.signal(SIGTERM);
  CHECK(manager.next_news() == "STOPPING=1");
  CHECK(serve.wait() == 0);
}

TEST_CASE("serve: without a service manager nobody is told, and nothing is missed") {
  const support::TemporaryDirectory folder;
  support::RunningProgram serve(
      {"serve", "--rehearsal", "--db", folder.file("book.db"), "--listen", "127.0.0.1:0", "--sweep-every", "0s"},
      folder.file("errors"));
  CHECK(serve.read_line().starts_with("listening on "));
  serve.signal(SIGTERM);
  CHECK(serve.wait() == 0);
}
