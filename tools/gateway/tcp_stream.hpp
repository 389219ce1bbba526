// An accepted connection, plain or TLS, over a socket that never blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace gateway {

class Delivery;

class TcpStream {
 public:
  // Owns the socket. Without a context it is plain.
  TcpStream(int socket, std::shared_ptr<ssl_ctx_st> tls);
  ~TcpStream();
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  // `wants_…`: not now; again when the socket can be read or written. `ended`: the peer has nothing more to say.
  enum class Io : std::uint8_t { done, wants_read, wants_write, ended, broken };
  Io shake_hands();                                            // of TLS; done at once for a plain one
  Io receive(char* into, std::size_t size, std::size_t& got);  // some
  Io send(std::string_view& from, Delivery* delivery);         // all; what is sent is taken off the front
  // Says to the peer that nothing more will come.
  void end_sending();
  bool is_encrypted() const { return ssl_ != nullptr; }
  bool has_buffered() const;  // decrypted bytes that no event of the socket will tell of
  int socket() const { return socket_; }

 private:
  Io of_tls(int result) const;

  int socket_;
  std::shared_ptr<ssl_ctx_st> tls_;
  ssl_st* ssl_ = nullptr;
};

std::string address_of_peer(int socket);  // without port; an IPv4 address that came by IPv6 as itself

}  // namespace gateway
