// A small HTTP/1.1 server whose connections cost next to nothing until a whole request has arrived: they wait in the
// kernel (epoll), not on a thread each. Whoever trickles, idles or says nothing takes a few KiB and nobody's turn.
// Limits on everything a client can make grow: bytes of a request, time for it to arrive and for its answer to be
// taken, connections in all and of one address, requests that wait, and bytes held for all connections together. A body
// is handed over as it is, whatever its content type claims. With a certificate it speaks TLS 1.2 and later.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "engine/result.hpp"
#include "engine/time.hpp"
#include "tools/gateway/delivery.hpp"

namespace gateway {

struct HttpLimits {
  std::size_t threads = 128;           // requests that are worked on at once
  std::size_t waiting = 128;           // whole requests that wait for a thread; those beyond are turned away
  std::size_t head_bytes = 32 * 1024;  // request line and headers; the line alone 8 KiB
  std::size_t body_bytes = 4 * 1024 * 1024;
  // for all of a request to arrive, and again for all of its answer to leave
  engine::Milliseconds request_time = std::chrono::seconds(30);
  engine::Milliseconds idle_time = std::chrono::seconds(15);  // between two requests of a connection
  std::size_t requests_per_connection = 10'000;
  // Open at once. Where there are as many, the one that has idled longest gives way to a new one. Fewer where the
  // system gives the program fewer files.
  std::size_t connections = 16'384;
  // Of one address; 0: no limit. At a loopback address there may be a proxy, for everybody.
  std::size_t connections_per_address = 2'048, connections_of_loopback = 0;
  // What requests and answers of all connections may hold together beyond 16 KiB each: more is turned away.
  std::size_t held_bytes = 256 * 1024 * 1024;
};

struct HttpListen {
  std::string host = "127.0.0.1";
  int port = 0;                      // 0: any free one
  std::string certificate{}, key{};  // PEM files; both or none
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
  // `turned_away` is the answer to requests and connections beyond the limits.
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
