// A server on 127.0.0.1 that answers every POST as a script says, for tests of what speaks HTTP: right, wrong, torn,
// silent, late. Each connection has its own thread; nothing here sleeps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace support {

struct Heard {
  int number = 0;                                // of the request, from 1, over all connections
  int connection = 0;                            // from 1
  int on_connection = 0;                         // of the request on its connection, from 1
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string body{};                            // as it came
  std::string target{};                          // /api/call.cgi?…
};

struct Said {
  std::string body{};
  int status = 200;
  std::vector<std::string> headers{};      // whole lines, besides Content-Length
  bool close_before = false;               // the connection, without a byte of an answer
  std::size_t cut_at = std::string::npos;  // the connection is closed after so many bytes of the body
  bool hold = false;                       // no answer until the client has gone
  bool close_after = false;
};

class LoopbackServer {
 public:
  using Script = std::function<Said(const Heard&)>;  // called by several threads at once

  explicit LoopbackServer(Script script);
  // With a certificate for "localhost", signed by itself, when `certificate` is PEM of both key and certificate.
  LoopbackServer(Script script, const std::string& certificate_file);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& scheme = "http", const std::string& host = "127.0.0.1") const;
  std::vector<Heard> heard() const;  // so far, in the order of arrival
  int connections() const { return connections_; }

 private:
  struct Tls;
  void listen_on_any_port();
  void accept_all();
  void serve(int socket, int connection);

  Script script_;
  std::shared_ptr<Tls> tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0, requests_ = 0;
  mutable std::mutex mutex_;
  std::vector<Heard> heard_;
  std::vector<int> sockets_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

// PEM of a fresh key and of a certificate for this host name, signed by itself; written to one file.
void write_certificate(const std::string& file, const std::string& host);

// A port of this machine on which nobody listens.
int closed_port();

}  // namespace support
