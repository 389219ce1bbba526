#include "tools/gateway/tcp_stream.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tools/gateway/delivery.hpp"

namespace gateway {

TcpStream::TcpStream(int socket, std::shared_ptr<ssl_ctx_st> tls) : socket_(socket), tls_(std::move(tls)) {
  if (tls_ == nullptr) return;
  ssl_ = SSL_new(tls_.get());
  if (ssl_ != nullptr) SSL_set_fd(ssl_, socket);
}

TcpStream::~TcpStream() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ::close(socket_);
}

TcpStream::Io TcpStream::of_tls(int result) const {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return Io::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return Io::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      return Io::ended;
    default:
      return Io::broken;
  }
}

TcpStream::Io TcpStream::shake_hands() {
  if (tls_ == nullptr) return Io::done;
  if (ssl_ == nullptr) return Io::broken;  // no memory for it
  ERR_clear_error();
  const int result = SSL_accept(ssl_);
  return result == 1 ? Io::done : of_tls(result);
}

bool TcpStream::has_buffered() const { return ssl_ != nullptr && SSL_pending(ssl_) > 0; }

TcpStream::Io TcpStream::receive(char* into, std::size_t size, std::size_t& got) {
  got = 0;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int part = SSL_read(ssl_, into, static_cast<int>(std::min<std::size_t>(size, 1U << 20U)));
    if (part <= 0) return of_tls(part);
    got = static_cast<std::size_t>(part);
    return Io::done;
  }
  for (;;) {
    const ssize_t part = ::recv(socket_, into, size, MSG_DONTWAIT);
    if (part < 0 && errno == EINTR) continue;
    if (part == 0) return Io::ended;
    if (part < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Io::wants_read : Io::broken;
    got = static_cast<std::size_t>(part);
    return Io::done;
  }
}

TcpStream::Io TcpStream::send(std::string_view& from, Delivery* delivery) {
  while (!from.empty()) {
    ERR_clear_error();
    const auto some = [&]() -> ssize_t {
      return ssl_ != nullptr
                 ? SSL_write(ssl_, from.data(), static_cast<int>(std::min<std::size_t>(from.size(), 1U << 20U)))
                 : ::send(socket_, from.data(), from.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    };
    const ssize_t part = delivery != nullptr ? delivery->hand_over(some) : some();
    if (part > 0) {
      from.remove_prefix(static_cast<std::size_t>(part));
      continue;
    }
    if (ssl_ != nullptr) return of_tls(static_cast<int>(part));
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Io::wants_write : Io::broken;
  }
  return Io::done;
}

void TcpStream::end_sending() {
  ERR_clear_error();
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  ::shutdown(socket_, SHUT_WR);
}

std::string address_of_peer(int socket) {
  sockaddr_storage place{};
  socklen_t length = sizeof place;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&place), &length) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (place.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(place).sin_addr, text, sizeof text);
  else if (place.ss_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(place).sin6_addr, text, sizeof text);
  const std::string_view address = text;
  return std::string(address.starts_with("::ffff:") ? address.substr(7) : address);
}

}  // namespace gateway
