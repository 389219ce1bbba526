// A small HTTP server around cpp-httplib that keeps to limits the library does not have: bytes of a request's head,
// time for a whole request whatever the pace at which it trickles in, connections that wait. A body is handed over as
// it is, whatever its content type claims. With a certificate it speaks TLS 1.2 and later.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "engine/result.hpp"
#include "engine/time.hpp"

namespace gateway {

struct HttpLimits {
  // Connections served at once. Where others wait an idle one gives way to them, and a busy one after its turn of half
  // a second. Best more than there are clients who keep theirs: 64 clients at 32 threads would wait for their turns.
  std::size_t threads = 128;
  std::size_t waiting = 128;           // connections that wait for a thread; those beyond are turned away
  std::size_t head_bytes = 32 * 1024;  // request line and headers; the line alone 8 KiB
  std::size_t body_bytes = 4 * 1024 * 1024;
  // for all of a request to arrive, and again for all of its answer to leave
  engine::Milliseconds request_time = std::chrono::seconds(30);
  engine::Milliseconds idle_time = std::chrono::seconds(15);  // between two requests of a connection
  std::size_t requests_per_connection = 10'000;
};

struct HttpListen {
  std::string host = "127.0.0.1";
  int port = 0;                      // 0: any free one
  std::string certificate{}, key{};  // PEM files; both or none
};

// What becomes of the answer to a call, as far as its connection tells. May be asked by any thread, also when the
// connection has long ended.
class Delivery {
 public:
  explicit Delivery(int socket) : socket_(socket) {}

  // Whether the caller has closed its end or is out of reach: it waits for no answer any more (or, seldom, it only said
  // that it has nothing more to ask).
  bool caller_has_gone() const;
  // Whether the answer did not arrive, or will not: the connection broke, or the caller closed it or let it end before
  // its machine had acknowledged every byte. While the answer is on its way: no.
  bool failed() const;

  // For the server. `send` hands bytes of the answer to the kernel without waiting, as send(2) does.
  ssize_t hand_over(const std::function<ssize_t()>& send);
  // Before the socket is closed, or the next request is read from it. `has_more`: some of that is here, so the answer
  // to the one before has arrived.
  void end(bool has_more);

 private:
  mutable std::mutex mutex_;
  int socket_;  // -1: ended
  bool sent_ = false, failed_ = false;
};

struct HttpCall {
  std::string method{};  // GET or POST
  std::string query{};   // as it stood in the request line, still encoded
  std::string body{};
  std::string address{};  // of the caller, without port
  std::shared_ptr<const Delivery> delivery{};
};

// Answers calls of one path; every other path is 404. Answers are text/plain with status 200.
class HttpServer {
 public:
  // called on many threads at once; throws nothing
  using Handler = std::function<std::string(const HttpCall&)>;
  // `turned_away` is the answer to connections beyond the limits.
  HttpServer(std::string path, const HttpLimits& limits, Handler handler, std::string turned_away);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens and answers from now on, on threads of its own; the port. invalid_argument where the address is taken or
  // none of ours, or certificate and key cannot be used.
  engine::Result<int> start(const HttpListen& listen);
  // Reads certificate and key again, for connections from now on. Where they cannot be used, those from before stay.
  engine::Status reload_certificate();
  // No new connections; requests that have begun to arrive are answered; returns when that is done. May be called
  // twice.
  void stop();

 private:
  class Listener;
  std::string path_;
  HttpLimits limits_;
  Handler handler_;
  std::string turned_away_;
  std::unique_ptr<Listener> listener_;
};

// 127.0.0.0/8, ::1, localhost.
bool is_loopback(const std::string& host);

}  // namespace gateway
