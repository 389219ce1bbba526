// The least HTTP there is, over 127.0.0.1 and kept connections: the other end of what is measured, and the baselines.
// It understands what our own programs and libcurl send and nothing more. And the process beside the measuring one in
// which that other end runs, so that memory and processor time are counted apart.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// One end of the line between two processes: texts without line breaks. Both throw std::runtime_error where the other
// end is gone.
class Line {
 public:
  explicit Line(int socket) : socket_(socket) {}
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  void say(const std::string& text);
  std::string hear();
  int socket() const { return socket_; }  // readable once there is something to hear

 private:
  int socket_;
  std::string heard_{};
};

// A process that does `work` beside this one. What it throws is thrown here, by the next hear(). REQUIRES: made while
// this process has one thread.
class ChildProcess {
 public:
  explicit ChildProcess(const std::function<void(Line&)>& work);
  ~ChildProcess();  // waits for its end
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  void say(const std::string& text) { line_->say(text); }
  std::string hear();
  int socket() const { return line_->socket(); }

 private:
  std::unique_ptr<Line> line_{};
  pid_t child_ = -1;
};

// A POST that has arrived whole, and the place for its answer.
struct Asked {
  std::string_view body;
  std::string_view answer{};  // `room`, or anything that stays until the next call
  std::string& room;
};

class BareServer {
 public:
  BareServer();  // listens at 127.0.0.1
  ~BareServer();
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;
  int port() const { return port_; }
  // Answers with status 200 until there is something to read at `until`. What has arrived in the meantime is handed
  // over together.
  void serve(int until, const std::function<void(std::span<Asked>)>& answer);

 private:
  struct Connection {
    std::string in{}, room{};
  };
  void take_one();
  bool take_bytes(int socket);

  int listener_, epoll_, port_ = 0;
  std::vector<Connection> connections_{};  // by socket
};

// Clients of /api/call.cgi, each with one request on its way at a time.
class BareClients {
 public:
  BareClients(int port, std::size_t clients);
  ~BareClients();
  BareClients(const BareClients&) = delete;
  BareClients& operator=(const BareClients&) = delete;

  // One client's request and its answer's body.
  std::string exchange(std::size_t client, std::string_view body);
  // All of them at once; `body_of` gives a client's next request, an empty one where it has none left. Throws where an
  // answer is not of code 200. Where the server has closed a connection before anything of an answer came, the client
  // connects and asks again. In ms, the 99th percentile of the time from request to answer, of the client that waited
  // longest: of all requests together, a client that is hardly ever served would not show.
  double run(const std::function<std::string(std::size_t client)>& body_of);

 private:
  struct Client {
    int socket = -1;
    std::string request{}, in{};  // the request is empty where none is on its way
    std::chrono::steady_clock::time_point sent_at{};
  };
  void connect(Client& client);
  void send(Client& client);
  bool receive(Client& client);  // false: what came so far is not all

  int port_, epoll_;
  std::vector<Client> clients_;
};

// Reads a parameter of a command block: the text behind NAME%3D, up to the next line.
std::string_view block_value(std::string_view body, std::string_view name);

}  // namespace bench
