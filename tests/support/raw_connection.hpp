// A connection to a server on this machine that says exactly what it is told to say.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

namespace support {

constexpr auto kPatience = std::chrono::seconds(60);  // then whatever a test waits for has failed

class RawConnection {
 public:
  explicit RawConnection(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(port));
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
      REQUIRE(::setsockopt(socket_, SOL_SOCKET, option, &patience, sizeof patience) == 0);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0);
  }
  ~RawConnection() { close(); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  bool say(const std::string& text) const {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  std::string hear(std::string_view until = "") const {  // the server closes, or has said that
    std::string text;
    char bytes[4096];
    while (until.empty() || text.find(until) == std::string::npos) {
      const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
      CHECK_MESSAGE((got >= 0 || errno != EAGAIN),
                    "the server neither answers nor closes; heard so far: '" << text << "'");
      if (got <= 0) return text;
      text.append(bytes, static_cast<std::size_t>(got));
    }
    return text;
  }
  bool has_answer() const {
    pollfd arriving{socket_, POLLIN, 0};
    return ::poll(&arriving, 1, 0) == 1;
  }
  void await_answer() const {  // which is left where it is
    pollfd arriving{socket_, POLLIN, 0};
    REQUIRE(::poll(&arriving, 1, std::chrono::milliseconds(kPatience).count()) == 1);
  }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

 private:
  int socket_;
};

}  // namespace support
