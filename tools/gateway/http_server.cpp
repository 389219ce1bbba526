// Threads wait at one epoll for any connection; who is woken has that connection to itself (EPOLLONESHOT) until it is
// armed again, so a connection's state needs no lock. A whole request is worked on by the thread that read it, unless
// as many are worked on as may be: then it waits its turn. One more thread accepts, and ends what has run out of time:
// by shutting the socket down, which wakes whoever waits for it.
#include "tools/gateway/http_server.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <ctime>
#include <deque>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tools/gateway/http_request.hpp"
#include "tools/gateway/tcp_stream.hpp"
#include "tools/gateway/tls_certificate.hpp"

namespace gateway {
namespace {

using engine::Error;
using engine::ErrorCode;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;
using Io = TcpStream::Io;

// For the peer to take the last bytes before the socket is closed, or its machine would throw them away with what we
// left unread; longer where they have not arrived by then.
constexpr milliseconds kLingering{200}, kLongLingering{2'000};
constexpr milliseconds kTick{50};                 // how exactly time limits are kept
constexpr std::size_t kHeldFreely = 16 * 1024;    // of each connection
constexpr int kRequestsInARow = 16;               // of one connection that never pauses, then others are looked at
constexpr std::size_t kSpareThreads = 2;          // that read and refuse while all others work
constexpr std::size_t kTurnedAwayTogether = 256;  // beyond the limit of an address; more are closed without a word
constexpr rlim_t kOtherFiles = 512;               // of the book, the registry, the log

SteadyTime now() { return std::chrono::steady_clock::now(); }

const std::string& http_date() {  // RFC 9110, 5.6.7
  thread_local std::time_t written_for = -1;
  thread_local std::string date;
  const std::time_t seconds = std::time(nullptr);
  if (seconds != written_for) {
    std::tm utc{};
    char text[32];
    date.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&seconds, &utc)));
    written_for = seconds;
  }
  return date;
}

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Refused";
  }
}

struct Connection {
  Connection(int socket, std::shared_ptr<ssl_ctx_st> tls, std::string from, const RequestLimits& limits,
             std::size_t requests)
      : stream(socket, std::move(tls)), address(std::move(from)), parser(limits), requests_left(requests) {}

  enum class Phase : std::uint8_t { handshake, receiving, working, sending, lingering };

  TcpStream stream;
  const std::string address;
  RequestParser parser;
  std::string input{}, output{};  // read and not looked at yet; to be sent
  std::size_t sent = 0;           // of output
  std::shared_ptr<Delivery> delivery{};
  std::size_t requests_left;
  bool last = false;        // nothing is read behind the answer that is sent now
  bool permitted = false;   // its body was asked for
  bool asks = false;        // what is sent asks for it, and is no answer
  std::size_t counted = 0;  // of what it holds, in the server's sum
  // For the thread that keeps the time.
  std::atomic<Phase> phase = Phase::handshake;
  // Between two requests; at one; shut down for its time, or to make room.
  enum class Life : std::uint8_t { resting, busy, doomed };
  std::atomic<Life> life = Life::resting;
  std::atomic<SteadyTime> deadline = SteadyTime::max();
  SteadyTime lingers_since{};
};
using Phase = Connection::Phase;
using Life = Connection::Life;

// What a thread does with a connection when it cannot go on.
enum class Then : std::uint8_t { wait_to_read, wait_to_write, come_again, work, close };

int listen_at(const HttpListen& listen) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(listen.port);
  if (::getaddrinfo(listen.host.c_str(), port.c_str(), &wanted, &found) != 0) return -1;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int socket = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, each->ai_protocol);
    if (socket < 0) continue;
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket, each->ai_addr, each->ai_addrlen) == 0 && ::listen(socket, 4'096) == 0) return socket;
    ::close(socket);
  }
  return -1;
}

int port_of(int socket) {
  sockaddr_storage place{};
  socklen_t length = sizeof place;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&place), &length) != 0) return 0;
  return ntohs(place.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(place).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(place).sin_port);
}

// So many files as the connections need, where the system allows it; how many connections there is room for.
std::size_t make_room_for(std::size_t connections) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return connections;
  const rlim_t wanted = static_cast<rlim_t>(connections) + kOtherFiles;
  if (files.rlim_cur < wanted) {
    const rlimit more{std::min(wanted, files.rlim_max), files.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &more) == 0) files = more;
  }
  if (files.rlim_cur >= wanted) return connections;
  return std::max<std::size_t>(files.rlim_cur > 2 * kOtherFiles ? files.rlim_cur - kOtherFiles : files.rlim_cur / 2, 1);
}

}  // namespace

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  return host == "::1" || host == "localhost";
}

class HttpServer::Listener {
 public:
  explicit Listener(HttpServer& owner)
      : owner_(owner), limits_(owner.limits_), most_connections_(make_room_for(limits_.connections)) {
    request_limits_.head_bytes = limits_.head_bytes;
    request_limits_.body_bytes = limits_.body_bytes;
  }
  ~Listener() {
    end();
    for (const int descriptor : {listener_, poll_, end_, woken_}) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  engine::Status use_certificate(const std::string& certificate, const std::string& key) {
    engine::Result<std::unique_ptr<TlsCertificate>> loaded = TlsCertificate::load(certificate, key);
    if (!loaded) return loaded.error();
    tls_ = std::move(loaded).value();
    return engine::Unit{};
  }
  engine::Status reload_certificate() { return tls_ == nullptr ? engine::Status{engine::Unit{}} : tls_->reload(); }

  engine::Result<int> begin(const HttpListen& listen) {
    listener_ = listen_at(listen);
    if (listener_ < 0) {
      return Error{ErrorCode::invalid_argument,
                   "cannot listen at " + listen.host + ":" + std::to_string(listen.port) +
                       ": another program listens there, or the address is not this machine's"};
    }
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    end_ = ::eventfd(0, EFD_CLOEXEC);
    woken_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll_event the_end{.events = EPOLLIN, .data = {.ptr = nullptr}};
    ENSURE(poll_ >= 0 && end_ >= 0 && woken_ >= 0 && ::epoll_ctl(poll_, EPOLL_CTL_ADD, end_, &the_end) == 0,
           "the system has room for three more files");
    // OpenSSL writes with write(2): a peer that has gone must not end the program. The threads inherit it.
    sigset_t pipe_broken, before;
    sigemptyset(&pipe_broken);
    sigaddset(&pipe_broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_broken, &before);
    for (std::size_t i = 0; i < limits_.threads + kSpareThreads; ++i) threads_.emplace_back([this] { serve(); });
    keeper_ = std::thread([this] { accept_and_keep_time(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return port_of(listener_);
  }

  void end() {
    if (!keeper_.joinable()) return;
    stopping_ = true;
    signal(woken_);
    keeper_.join();  // when no connection is left
    signal(end_);
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  static void signal(int event) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event, &one, sizeof one);
  }

  // ---- threads that serve

  void serve() {
    for (;;) {
      epoll_event event{};
      if (::epoll_wait(poll_, &event, 1, -1) <= 0) continue;
      if (event.data.ptr == nullptr) return;
      Connection* connection = static_cast<Connection*>(event.data.ptr);
      Then then = go_on(*connection);
      while (then == Then::work) {
        if (!take_turn(*connection)) {
          then = Then::close;  // it is in line, and not ours any more
          connection = nullptr;
          break;
        }
        if (connection->phase != Phase::working) {  // turned away
          then = go_on(*connection);
          continue;
        }
        work(*connection);
        then = go_on(*connection);
        connection = next_in_line(connection, then);
        while (connection != nullptr && connection->phase == Phase::working) {
          work(*connection);
          then = go_on(*connection);
          connection = next_in_line(connection, then);
        }
      }
      if (connection != nullptr) settle(connection, then);
    }
  }

  void settle(Connection* connection, Then then) {
    if (then == Then::close) {
      close(connection);
      return;
    }
    epoll_event wanted{.events = EPOLLONESHOT | EPOLLRDHUP, .data = {.ptr = connection}};
    if (then != Then::wait_to_write) wanted.events |= EPOLLIN;
    if (then != Then::wait_to_read) wanted.events |= EPOLLOUT;
    if (connection->phase == Phase::sending) wanted.events &= ~static_cast<std::uint32_t>(EPOLLRDHUP);
    ::epoll_ctl(poll_, EPOLL_CTL_MOD, connection->stream.socket(), &wanted);
  }

  // False: it waits in line, and another thread goes on with it. True: it is worked on, or was turned away.
  bool take_turn(Connection& connection) {
    const std::lock_guard lock(turns_);
    if (busy_ < limits_.threads) {
      ++busy_;
      return true;
    }
    if (in_line_.size() < limits_.waiting) {
      in_line_.push_back(&connection);
      return false;
    }
    answer(connection, 200, owner_.turned_away_);
    return true;
  }

  // After one request was worked on: who is next. What was served is settled where it can be; where it has its next
  // request here already, it lines up behind the others.
  Connection* next_in_line(Connection* served, Then then) {
    Connection* next = nullptr;
    bool again = false;
    {
      const std::lock_guard lock(turns_);
      if (!in_line_.empty()) {
        next = in_line_.front();
        in_line_.pop_front();
        if (then == Then::work) in_line_.push_back(served);
      } else if (then == Then::work) {
        again = true;
      } else {
        --busy_;
      }
    }
    if (again) return served;
    if (then != Then::work) settle(served, then);
    return next;
  }

  // ---- one connection

  // As far as it goes without waiting.
  Then go_on(Connection& connection) {
    int requests = 0;
    for (;;) {
      switch (connection.phase.load()) {
        case Phase::handshake: {
          const Io io = is_doomed(connection) ? Io::broken : connection.stream.shake_hands();
          if (io == Io::wants_read) return Then::wait_to_read;
          if (io == Io::wants_write) return Then::wait_to_write;
          if (io != Io::done) return Then::close;
          connection.phase = Phase::receiving;
          connection.deadline = now() + limits_.idle_time;
          break;
        }
        case Phase::receiving: {
          if (requests > kRequestsInARow) return Then::come_again;
          const std::optional<Then> then = receive(connection);
          if (then) return *then;
          ++requests;
          break;
        }
        case Phase::working:
          return Then::work;
        case Phase::sending: {
          const std::optional<Then> then = send(connection);
          if (then) return *then;
          break;
        }
        case Phase::lingering:
          return linger(connection);
      }
    }
  }

  // Reads on until a request is whole, and sees to it. Nothing: another phase has begun.
  std::optional<Then> receive(Connection& connection) {
    thread_local std::array<char, 16 * 1024> buffer;
    for (;;) {
      if (!connection.input.empty()) {
        std::string_view left = connection.input;
        const RequestParser::State state = connection.parser.take(left);
        connection.input.erase(0, connection.input.size() - left.size());
        return_unused(connection.input);
        if (look_at(connection, state)) return std::nullopt;
        continue;
      }
      if (is_doomed(connection)) return Then::close;
      std::size_t got = 0;
      const Io io = connection.stream.receive(buffer.data(), buffer.size(), got);
      if (io == Io::wants_read) return Then::wait_to_read;
      if (io == Io::wants_write) return Then::wait_to_write;
      // What comes behind an answer shows that it has arrived.
      if (connection.delivery) connection.delivery->end(io == Io::done, io == Io::broken);
      connection.delivery.reset();
      if (io != Io::done || (!connection.parser.has_begun() && !begin_request(connection))) return Then::close;
      std::string_view left(buffer.data(), got);
      const RequestParser::State state = connection.parser.take(left);
      connection.input = left;
      if (look_at(connection, state)) return std::nullopt;
    }
  }

  static bool is_doomed(const Connection& connection) { return connection.life == Life::doomed; }

  // False: it was given up in this moment. So nothing is done for a request whose caller hears that it was too late.
  bool begin_request(Connection& connection) {
    Life expected = Life::resting;
    if (!connection.life.compare_exchange_strong(expected, Life::busy) && expected != Life::busy) return false;
    connection.permitted = false;
    connection.deadline = now() + limits_.request_time;
    return true;
  }

  // Whether the connection's phase has changed by what was read.
  bool look_at(Connection& connection, RequestParser::State state) {
    RequestParser& parser = connection.parser;
    if (state == RequestParser::State::refused) {
      connection.last = true;
      refuse(connection, parser.status(), parser.why());
      return true;
    }
    if (!count(connection, parser.held_bytes())) {
      connection.last = true;
      refuse(connection, 503, "too much is on its way to the gateway at once");
      return true;
    }
    if (state == RequestParser::State::complete) {
      take_up(connection);
      return true;
    }
    if (parser.waits_for_permission() && !connection.permitted) {
      connection.permitted = connection.asks = true;
      connection.output = "HTTP/1.1 100 Continue\r\n\r\n";
      connection.sent = 0;
      connection.phase = Phase::sending;
      return true;
    }
    return false;
  }

  void take_up(Connection& connection) {
    RequestParser& parser = connection.parser;
    const std::string& target = parser.target();
    const std::size_t mark = std::min(target.find('?'), target.size());
    connection.last = connection.requests_left <= 1 || stopping_ || !parser.keeps_connection();
    --connection.requests_left;
    if (parser.method() != "GET" && parser.method() != "POST") {
      // the library of a client may take HEAD for a GET that has no effect
      connection.last = true;
      refuse(connection, 405, "GET and POST are answered");
    } else if (std::string_view(target).substr(0, mark) != owner_.path_) {
      connection.last = true;
      refuse(connection, 404, "there is nothing");
    } else if (parser.is_packed()) {
      connection.last = true;
      refuse(connection, 415, "a body is not packed here");
    } else {
      // RFC 9110, 9.3.1: others may not have read the body of a GET, and take it for a request
      if (parser.method() == "GET" && parser.has_body()) connection.last = true;
      connection.deadline = SteadyTime::max();
      connection.phase = Phase::working;
    }
  }

  void work(Connection& connection) {
    RequestParser& parser = connection.parser;
    connection.delivery = std::make_shared<Delivery>(connection.stream.socket());
    const std::string& target = parser.target();
    const std::size_t mark = target.find('?');
    const HttpCall call{parser.method(), mark == std::string::npos ? "" : target.substr(mark + 1),
                        parser.method() == "POST" ? std::move(parser.body()) : std::string(), connection.address,
                        connection.delivery};
    std::string body = owner_.handler_(call);
    if (stopping_) connection.last = true;
    if (!count(connection, body.size())) body = owner_.turned_away_;
    answer(connection, 200, body);
  }

  void refuse(Connection& connection, int status, std::string_view why) {
    answer(
        connection, status,
        "HTTP " + std::to_string(status) + ": " + std::string(why) + "; the gateway answers at " + owner_.path_ + "\n");
  }

  void answer(Connection& connection, int status, std::string_view body) {
    std::string& out = connection.output;
    out.clear();
    out.reserve(body.size() + 256);
    out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_of(status));
    out.append("\r\nDate: ").append(http_date());
    out.append("\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ").append(std::to_string(body.size()));
    if (status == 405) out.append("\r\nAllow: GET, POST");
    if (connection.last)
      out.append("\r\nConnection: close");
    else if (connection.parser.is_old())
      out.append("\r\nConnection: keep-alive");
    out.append("\r\n\r\n").append(body);
    connection.sent = 0;
    connection.deadline = now() + limits_.request_time;
    connection.phase = Phase::sending;
  }

  std::optional<Then> send(Connection& connection) {
    std::string_view left = std::string_view(connection.output).substr(connection.sent);
    const Io io = connection.stream.send(left, connection.delivery.get());
    connection.sent = connection.output.size() - left.size();
    if (io == Io::wants_write) return Then::wait_to_write;
    if (io == Io::wants_read) return Then::wait_to_read;
    if (io != Io::done) return Then::close;
    connection.output.clear();
    return_unused(connection.output);
    connection.sent = 0;
    if (connection.asks) {
      connection.asks = false;
      connection.phase = Phase::receiving;
      return std::nullopt;
    }
    if (connection.last) {
      connection.stream.end_sending();
      connection.lingers_since = now();
      connection.deadline = now() + kLingering;
      connection.phase = Phase::lingering;
      return std::nullopt;
    }
    connection.parser.reset();
    count(connection, 0);
    connection.phase = Phase::receiving;
    if (!connection.input.empty()) {
      if (connection.delivery) connection.delivery->end(true, false);
      connection.delivery.reset();
      return begin_request(connection) ? std::nullopt : std::optional(Then::close);
    }
    connection.deadline = now() + limits_.idle_time;
    Life expected = Life::busy;
    if (!connection.life.compare_exchange_strong(expected, Life::resting)) return Then::close;
    if (connection.stream.has_buffered()) return std::nullopt;
    return Then::wait_to_read;
  }

  // Bytes that nobody reads would make the kernel reset the connection, and the answer on its way would be lost.
  static Then linger(Connection& connection) {
    char bytes[4096];
    for (int part = 0; part < 256; ++part) {
      // A broken connection's error stays where it is: whether the answer arrived is still to be asked.
      if (is_doomed(connection) || is_broken(connection.stream.socket())) return Then::close;
      const ssize_t got = ::recv(connection.stream.socket(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (got == 0) return Then::close;
      if (got < 0 && errno != EINTR) return errno == EAGAIN ? Then::wait_to_read : Then::close;
    }
    return Then::close;
  }

  static void return_unused(std::string& text) {
    if (text.empty() && text.capacity() > kHeldFreely) std::string().swap(text);
  }

  // Whether so much may be held for the connection.
  bool count(Connection& connection, std::size_t bytes) {
    const std::size_t beyond = bytes > kHeldFreely ? bytes : 0;
    if (beyond > connection.counted &&
        held_.fetch_add(beyond - connection.counted) + beyond - connection.counted > limits_.held_bytes) {
      held_ -= beyond - connection.counted;
      return false;
    }
    if (beyond < connection.counted) held_ -= connection.counted - beyond;
    connection.counted = beyond;
    return true;
  }

  void close(Connection* connection) {
    count(*connection, 0);
    if (connection->delivery) connection->delivery->end(false, false);
    const std::lock_guard lock(connections_mutex_);
    connections_.erase(connection);
    if (const auto of = of_address_.find(connection->address); of != of_address_.end() && --of->second == 0)
      of_address_.erase(of);
    delete connection;  // with the lock held, so that nobody shuts down a number that is another's by then
  }

  // ---- the thread that accepts and keeps the time

  void accept_and_keep_time() {
    SteadyTime next_look = now() + kTick;
    for (;;) {
      std::array<pollfd, 2> asked{pollfd{woken_, POLLIN, 0}, pollfd{listener_, POLLIN, 0}};
      const auto pause = std::chrono::ceil<milliseconds>(next_look - now()).count();
      ::poll(asked.data(), stopping_ ? 1 : 2, static_cast<int>(std::clamp<std::int64_t>(pause, 0, kTick.count())));
      if ((asked[0].revents & POLLIN) != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = ::read(woken_, &count, sizeof count);
      }
      if (stopping_ && listener_ >= 0) {
        ::close(listener_);
        listener_ = -1;
        next_look = now();
      }
      if (!stopping_ && (asked[1].revents & POLLIN) != 0) accept_some();
      if (now() < next_look) continue;
      next_look = now() + (stopping_ ? milliseconds(5) : kTick);
      if (end_overdue() == 0 && stopping_) return;
    }
  }

  void accept_some() {
    for (int i = 0; i < 256; ++i) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (socket < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
          if (!make_room()) std::this_thread::sleep_for(kTick);
        }
        if (errno != EINTR && errno != ECONNABORTED) return;
        continue;
      }
      take_in(socket);
    }
  }

  void take_in(int socket) {
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    std::string address = address_of_peer(socket);
    auto made = std::make_unique<Connection>(socket, tls_ == nullptr ? nullptr : tls_->context(), std::move(address),
                                             request_limits_, limits_.requests_per_connection);
    Connection* const connection = made.get();
    const std::size_t most =
        is_loopback(connection->address) ? limits_.connections_of_loopback : limits_.connections_per_address;
    bool turned_away = false, full = false;
    {
      const std::lock_guard lock(connections_mutex_);
      const std::size_t same = ++of_address_[connection->address];
      turned_away = most != 0 && same > most;
      if (turned_away && same > most + kTurnedAwayTogether) {
        --of_address_[connection->address];
        return;
      }
      connections_.insert(made.release());
      full = connections_.size() > most_connections_;
    }
    if (full) make_room();
    connection->deadline = now() + limits_.request_time;
    if (turned_away) {
      connection->last = true;
      connection->life = tls_ == nullptr ? Life::busy : Life::doomed;
      if (tls_ == nullptr) answer(*connection, 200, owner_.turned_away_);
    } else if (tls_ == nullptr) {
      connection->phase = Phase::receiving;
      connection->deadline = now() + limits_.idle_time;
    }
    epoll_event wanted{.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data = {.ptr = connection}};
    if (turned_away) wanted.events |= EPOLLOUT;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &wanted) != 0) close(connection);
  }

  // Ends the connection that has idled longest, or where none idles the one that has been at its request longest.
  bool make_room() {
    const std::lock_guard lock(connections_mutex_);
    Connection* least = nullptr;
    const auto rank = [](const Connection& connection) {
      return std::pair(connection.life.load(), connection.deadline.load());
    };
    for (Connection* connection : connections_) {
      const Phase phase = connection->phase;
      if (is_doomed(*connection) || (phase != Phase::receiving && phase != Phase::handshake)) continue;
      if (least == nullptr || rank(*connection) < rank(*least)) least = connection;
    }
    if (least == nullptr) return false;
    doom(*least, least->life);
    return true;
  }

  // Where it still lives as it was seen to. REQUIRES: connections_mutex_ is held
  static void doom(Connection& connection, Life seen) {
    if (!connection.life.compare_exchange_strong(seen, Life::doomed)) return;
    ::shutdown(connection.stream.socket(), SHUT_RDWR);
  }

  std::size_t end_overdue() {
    const SteadyTime at = now();
    const std::lock_guard lock(connections_mutex_);
    for (Connection* connection : connections_) {
      const Life seen = connection->life;
      if (seen == Life::doomed) continue;
      const bool leaves = stopping_ && seen == Life::resting;
      if (!leaves && at < connection->deadline.load()) continue;
      if (connection->phase == Phase::lingering && !is_acknowledged(connection->stream.socket()) &&
          at < connection->lingers_since + kLongLingering)
        continue;
      doom(*connection, seen);
    }
    return connections_.size();
  }

  HttpServer& owner_;
  const HttpLimits& limits_;
  RequestLimits request_limits_{};
  const std::size_t most_connections_;
  std::unique_ptr<TlsCertificate> tls_{};
  int listener_ = -1, poll_ = -1, end_ = -1, woken_ = -1;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> held_ = 0;
  std::mutex connections_mutex_;
  std::unordered_set<Connection*> connections_;
  std::unordered_map<std::string, std::size_t> of_address_;
  std::mutex turns_;
  std::size_t busy_ = 0;  // requests that are worked on
  std::deque<Connection*> in_line_;
  std::vector<std::thread> threads_;
  std::thread keeper_;
};

HttpServer::HttpServer(std::string path, const HttpLimits& limits, Handler handler, std::string turned_away)
    : path_(std::move(path)), limits_(limits), handler_(std::move(handler)), turned_away_(std::move(turned_away)) {}

HttpServer::~HttpServer() { stop(); }

engine::Result<int> HttpServer::start(const HttpListen& listen) {
  ENSURE(listener_ == nullptr, "started once");
  auto listener = std::make_unique<Listener>(*this);
  if (!listen.certificate.empty()) {
    if (const engine::Status usable = listener->use_certificate(listen.certificate, listen.key); !usable)
      return usable.error();
  }
  const engine::Result<int> port = listener->begin(listen);
  if (port) listener_ = std::move(listener);
  return port;
}

engine::Status HttpServer::reload_certificate() {
  return listener_ == nullptr ? engine::Status{engine::Unit{}} : listener_->reload_certificate();
}

void HttpServer::stop() {
  if (listener_) listener_->end();
  listener_.reset();
}

}  // namespace gateway
