#include "tools/bench/bare_http.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "tools/bench/measure.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

void no_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void watch(int epoll, int socket) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
  must(::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0, "epoll_ctl");
}

bool send_all(int socket, std::span<iovec> parts) {
  while (!parts.empty()) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0) return false;
    while (!parts.empty() && static_cast<std::size_t>(sent) >= parts.front().iov_len) {
      sent -= static_cast<ssize_t>(parts.front().iov_len);
      parts = parts.subspan(1);
    }
    if (parts.empty()) break;
    parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + sent;
    parts.front().iov_len -= static_cast<std::size_t>(sent);
  }
  return true;
}

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

// The body where head and body are complete, else nothing.
std::optional<std::string_view> complete_body(std::string_view message) {
  const std::size_t head = message.find("\r\n\r\n");
  if (head == std::string_view::npos) return std::nullopt;
  constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = message.substr(0, head).find(name);
  std::size_t length = 0;
  if (at != std::string_view::npos) std::from_chars(message.data() + at + name.size(), message.data() + head, length);
  if (message.size() < head + 4 + length) return std::nullopt;
  return message.substr(head + 4, length);
}

std::string request_of(std::string_view body) {
  return "POST /api/call.cgi HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
         "application/x-www-form-urlencoded\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
bool closes(std::string_view answer) {
  return answer.substr(0, answer.find("\r\n\r\n")).find("\r\nConnection: close") != std::string_view::npos;
}

}  // namespace

// ---- two processes ----

Line::~Line() { ::close(socket_); }

void Line::say(const std::string& text) {
  const std::string line = text + "\n";
  if (::send(socket_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error("the process beside is gone");
}

std::string Line::hear() {
  for (;;) {
    if (const std::size_t end = heard_.find('\n'); end != std::string::npos) {
      std::string text = heard_.substr(0, end);
      heard_.erase(0, end + 1);
      return text;
    }
    char bytes[4096];
    const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) throw std::runtime_error("the process beside is gone");
    heard_.append(bytes, static_cast<std::size_t>(got));
  }
}

ChildProcess::ChildProcess(const std::function<void(Line&)>& work) {
  int ends[2];
  must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  std::fflush(nullptr);  // or the child would print it again
  child_ = ::fork();
  must(child_ >= 0, "fork");
  ::close(ends[child_ == 0 ? 0 : 1]);
  if (child_ != 0) {
    line_ = std::make_unique<Line>(ends[0]);
    return;
  }
  Line line(ends[1]);
  try {
    work(line);
  } catch (const std::exception& error) {
    try {
      line.say(std::string("!") + error.what());
    } catch (const std::exception&) {  // nobody is there to be told
    }
  }
  ::_exit(0);
}

ChildProcess::~ChildProcess() {
  line_.reset();
  ::waitpid(child_, nullptr, 0);
}

std::string ChildProcess::hear() {
  std::string text = line_->hear();
  if (text.starts_with('!')) throw std::runtime_error(text.substr(1));
  return text;
}

// ---- server ----

BareServer::BareServer()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  must(listener_ >= 0 && epoll_ >= 0, "socket");
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  must(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0 && ::listen(listener_, 256) == 0,
       "listen");
  must(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  watch(epoll_, listener_);
}

BareServer::~BareServer() {
  ::close(listener_);
  ::close(epoll_);
}

void BareServer::take_one() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return;
  no_delay(socket);
  const auto place = static_cast<std::size_t>(socket);
  if (place >= connections_.size()) connections_.resize(place + 1);
  connections_[place] = {};
  watch(epoll_, socket);
}

bool BareServer::take_bytes(int socket) {
  char bytes[16'384];
  const ssize_t got = ::recv(socket, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got <= 0) {
    ::close(socket);
    return false;
  }
  connections_[static_cast<std::size_t>(socket)].in.append(bytes, static_cast<std::size_t>(got));
  return true;
}

void BareServer::serve(int until, const std::function<void(std::span<Asked>)>& answer) {
  watch(epoll_, until);
  std::vector<Asked> asked;
  std::vector<int> sockets;
  for (bool over = false; !over;) {
    epoll_event events[256];
    const int count = ::epoll_wait(epoll_, events, 256, -1);
    must(count >= 0 || errno == EINTR, "epoll_wait");
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listener_) take_one();
    }
    asked.clear();
    sockets.clear();
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      over = over || socket == until;
      if (socket == until || socket == listener_ || !take_bytes(socket)) continue;
      Connection& connection = connections_[static_cast<std::size_t>(socket)];
      if (const auto body = complete_body(connection.in)) {
        asked.push_back({*body, {}, connection.room});
        sockets.push_back(socket);
      }
    }
    if (!asked.empty()) answer(asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      char head[128];
      const int length =
          std::snprintf(head, sizeof head,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: %zu\r\n\r\n",
                        asked[i].answer.size());
      iovec parts[] = {part_of({head, static_cast<std::size_t>(length)}), part_of(asked[i].answer)};
      connections_[static_cast<std::size_t>(sockets[i])].in.clear();
      send_all(sockets[i], parts);  // who has gone is noticed by the next reading
    }
  }
  must(::epoll_ctl(epoll_, EPOLL_CTL_DEL, until, nullptr) == 0, "epoll_ctl");
}

// ---- clients ----

BareClients::BareClients(int port, std::size_t clients)
    : port_(port), epoll_(::epoll_create1(EPOLL_CLOEXEC)), clients_(clients) {
  must(epoll_ >= 0, "epoll_create1");
  for (Client& client : clients_) connect(client);
}

BareClients::~BareClients() {
  for (const Client& client : clients_) {
    if (client.socket >= 0) ::close(client.socket);
  }
  ::close(epoll_);
}

void BareClients::connect(Client& client) {
  if (client.socket >= 0) ::close(client.socket);
  client.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port_);
  must(client.socket >= 0 && ::connect(client.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
       "connect");
  no_delay(client.socket);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint64_t>(&client - clients_.data())}};
  must(::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket, &event) == 0, "epoll_ctl");
}

void BareClients::send(Client& client) {
  iovec parts[] = {part_of(client.request)};
  client.in.clear();
  if (!send_all(client.socket, parts)) {
    connect(client);
    iovec again[] = {part_of(client.request)};
    must(send_all(client.socket, again), "send");
  }
}

bool BareClients::receive(Client& client) {
  char bytes[16'384];
  const ssize_t got = ::recv(client.socket, bytes, sizeof bytes, 0);
  if (got <= 0) {
    if (client.request.empty()) {  // it has asked all it wanted
      ::close(client.socket);
      client.socket = -1;
      return false;
    }
    if (!client.in.empty()) throw std::runtime_error("the server closed a connection within an answer");
    connect(client);
    send(client);
    return false;
  }
  client.in.append(bytes, static_cast<std::size_t>(got));
  return complete_body(client.in).has_value();
}

std::string BareClients::exchange(std::size_t number, std::string_view body) {
  Client& client = clients_.at(number);
  client.request = request_of(body);
  send(client);
  while (!receive(client)) {
  }
  std::string answer(complete_body(client.in).value());
  if (closes(client.in)) connect(client);
  client.request.clear();
  return answer;
}

double BareClients::run(const std::function<std::string(std::size_t)>& body_of) {
  std::vector<std::vector<std::chrono::nanoseconds>> times(clients_.size());
  std::size_t asking = 0;
  const auto ask = [&](std::size_t number) {
    const std::string body = body_of(number);
    if (body.empty()) return;
    Client& client = clients_[number];
    client.request = request_of(body);
    client.sent_at = Clock::now();
    send(client);
    ++asking;
  };
  for (std::size_t number = 0; number < clients_.size(); ++number) ask(number);
  while (asking > 0) {
    epoll_event events[256];
    const int count = ::epoll_wait(epoll_, events, 256, -1);
    must(count >= 0 || errno == EINTR, "epoll_wait");
    for (int i = 0; i < count; ++i) {
      const auto number = static_cast<std::size_t>(events[i].data.u64);
      Client& client = clients_[number];
      if (!receive(client)) continue;
      times[number].push_back(Clock::now() - client.sent_at);
      const std::string_view body = complete_body(client.in).value();
      if (body.find("\nCODE=200\n") == std::string_view::npos)
        throw std::runtime_error("the gateway's answer: " + std::string(body.substr(0, body.find("\n\n"))));
      if (closes(client.in)) connect(client);
      client.request.clear();
      --asking;
      ask(number);
    }
  }
  double latest = 0;
  for (auto& of_client : times) latest = std::max(latest, p99_ms(std::move(of_client)));
  return latest;
}

std::string_view block_value(std::string_view body, std::string_view name) {
  const std::string begin = std::string(name) + "%3D";
  std::size_t at = body.find(begin);
  while (at != std::string_view::npos && at >= 3 && body.substr(at - 3, 3) != "%0A" && body[at - 1] != '=')
    at = body.find(begin, at + 1);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = body.substr(at + begin.size());
  return rest.substr(0, rest.find("%0A"));
}

}  // namespace bench
