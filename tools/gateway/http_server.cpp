#include "tools/gateway/http_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <httplib.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <thread>
#include <tuple>

#include "tools/gateway/tls_certificate.hpp"

namespace gateway {
namespace {

using engine::Error;
using engine::ErrorCode;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kSentAsOne = 16 * 1024;
// how soon an idle connection notices that it is to give way
constexpr auto kIdleSlice = std::chrono::milliseconds(50);
// while others wait a connection that never idles is served for so long, then it is to come again
constexpr auto kTurn = std::chrono::milliseconds(500);
// for the peer to take the last bytes before the socket is closed
constexpr auto kLingering = std::chrono::milliseconds(200);
constexpr auto kLongLingering = std::chrono::seconds(2);  // where they have not arrived by then

SteadyTime now() { return std::chrono::steady_clock::now(); }

int milliseconds_until(SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

bool wait_for(int socket, short events, SteadyTime deadline) {
  pollfd waiting{socket, events, 0};
  for (;;) {
    const int ready = ::poll(&waiting, 1, milliseconds_until(deadline));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// The connection that this thread serves.
struct Serving {
  int socket = -1;
  bool last_request = false;             // nobody may read on behind this one
  std::shared_ptr<Delivery> delivery{};  // of the last answer, once there is one
};
thread_local Serving* serving = nullptr;

// One accepted connection, plain or TLS, over a socket that never blocks: whoever waits, waits until the deadline and
// no longer.
class Wire final : public httplib::Stream {
 public:
  Wire(int socket, SSL_CTX* tls, engine::Milliseconds answer_time) : socket_(socket), answer_time_(answer_time) {
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    if (ssl_ != nullptr) SSL_set_fd(ssl_, socket);
  }
  ~Wire() override {
    if (ssl_ != nullptr) SSL_free(ssl_);
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool shake_hands() {
    for (;;) {
      ERR_clear_error();
      const int done = SSL_accept(ssl_);
      if (done == 1) return true;
      if (!wait_for_tls(done)) return false;
    }
  }
  void say_goodbye() {
    if (ssl_ != nullptr) SSL_shutdown(ssl_);
  }

  void set_deadline(SteadyTime deadline) { deadline_ = deadline; }
  void set_budget(std::size_t bytes) { budget_ = bytes; }  // of what may still be read
  bool has_buffered() const { return at_ < end_ || (ssl_ != nullptr && SSL_pending(ssl_) > 0); }

  bool is_readable() const override { return has_buffered() || wait_for(socket_, POLLIN, deadline_); }
  bool is_writable() const override { return wait_for(socket_, POLLOUT, deadline_); }

  ssize_t read(char* into, std::size_t size) override {
    if (!flush()) return -1;
    answering_ = false;
    if (budget_ == 0) return -1;
    if (at_ == end_ && !fill()) return got_;
    const std::size_t taken = std::min({size, end_ - at_, budget_});
    std::copy_n(buffer_.data() + at_, taken, into);
    at_ += taken;
    budget_ -= taken;
    return static_cast<ssize_t>(taken);
  }

  // The library hands over head and body apart: what is short goes together, in one packet.
  ssize_t write(const char* from, std::size_t size) override {
    if (out_.size() + size <= kSentAsOne) {
      out_.append(from, size);
      return static_cast<ssize_t>(size);
    }
    return flush() && send_all(from, size) ? static_cast<ssize_t>(size) : -1;
  }
  // Sends what was written so far. Before the next reading it happens by itself.
  bool flush() {
    const bool sent = send_all(out_.data(), out_.size());
    out_.clear();
    return sent;
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const override { tell(::getpeername, peer_, ip, port); }
  void get_local_ip_and_port(std::string& ip, int& port) const override { tell(::getsockname, ours_, ip, port); }
  socket_t socket() const override { return socket_; }

 private:
  bool fill() {
    at_ = end_ = 0;
    for (;;) {
      if (ssl_ != nullptr) {
        ERR_clear_error();
        const int part = SSL_read(ssl_, buffer_.data(), static_cast<int>(buffer_.size()));
        got_ = part > 0 ? part : SSL_get_error(ssl_, part) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
        if (part <= 0 && got_ != 0 && wait_for_tls(part)) continue;
      } else {
        got_ = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
        if (got_ < 0 && errno == EINTR) continue;
        if (got_ < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && wait_for(socket_, POLLIN, deadline_)) continue;
      }
      if (got_ <= 0) return false;
      end_ = static_cast<std::size_t>(got_);
      return true;
    }
  }

  bool send_all(const char* from, std::size_t size) {
    if (size == 0) return true;
    if (!answering_) deadline_ = now() + answer_time_;  // however long the answer took to find
    answering_ = true;
    std::size_t sent = 0;
    while (sent < size) {
      ERR_clear_error();
      const ssize_t part = send_some(from + sent, size - sent);
      if (part > 0)
        sent += static_cast<std::size_t>(part);
      else if (ssl_ != nullptr ? !wait_for_tls(static_cast<int>(part)) : !wait_to_send())
        return false;
    }
    return true;
  }

  ssize_t send_some(const char* from, std::size_t size) {
    const auto send = [&]() -> ssize_t {
      return ssl_ != nullptr ? SSL_write(ssl_, from, static_cast<int>(std::min<std::size_t>(size, 1U << 20U)))
                             : ::send(socket_, from, size, MSG_NOSIGNAL);
    };
    return serving->delivery ? serving->delivery->hand_over(send) : send();
  }
  bool wait_to_send() const { return errno == EINTR || (errno == EAGAIN && wait_for(socket_, POLLOUT, deadline_)); }

  bool wait_for_tls(int result) {
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return wait_for(socket_, POLLIN, deadline_);
      case SSL_ERROR_WANT_WRITE:
        return wait_for(socket_, POLLOUT, deadline_);
      default:
        return false;
    }
  }

  // They are asked for with every request.
  void tell(int (*of)(int, sockaddr*, socklen_t*), std::pair<std::string, int>& known, std::string& ip,
            int& port) const {
    if (known.first.empty()) address(of, known.first, known.second);
    std::tie(ip, port) = known;
  }
  void address(int (*of)(int, sockaddr*, socklen_t*), std::string& ip, int& port) const {
    sockaddr_storage place{};
    socklen_t length = sizeof place;
    if (of(socket_, reinterpret_cast<sockaddr*>(&place), &length) != 0) return;
    char text[INET6_ADDRSTRLEN] = {};
    if (place.ss_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in&>(place);
      ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
      port = ntohs(v4.sin_port);
    } else if (place.ss_family == AF_INET6) {
      const auto& v6 = reinterpret_cast<const sockaddr_in6&>(place);
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
      port = ntohs(v6.sin6_port);
    }
    ip = text;
    if (ip.starts_with("::ffff:")) ip.erase(0, 7);
  }

  int socket_;
  SSL* ssl_ = nullptr;
  engine::Milliseconds answer_time_;
  SteadyTime deadline_ = SteadyTime::max();
  bool answering_ = false;
  std::size_t budget_ = 0;
  std::string out_{};                                    // written, not yet sent
  mutable std::pair<std::string, int> peer_{}, ours_{};  // address and port, once asked for
  std::array<char, 8192> buffer_{};
  std::size_t at_ = 0, end_ = 0;
  ssize_t got_ = 0;
};

thread_local bool turning_away = false;  // the task that runs on this thread is to be turned away, not served

// Of what was sent, by the other machine's kernel; our own end of the stream counts as one byte.
bool is_acknowledged(int socket) {
  int left = 0;
  return ::ioctl(socket, SIOCOUTQ, &left) == 0 && left <= 1;
}
bool has_arrived(int socket) {  // anything but the end
  char next = 0;
  return ::recv(socket, &next, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}
short state_of(int socket, short events) {
  pollfd asked{socket, events, 0};
  return ::poll(&asked, 1, 0) > 0 ? asked.revents : static_cast<short>(0);
}
bool is_sent_in_vain(int socket) {  // more than once, and still without an echo
  tcp_info info{};
  socklen_t length = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_retransmits > 0;
}

// The library's queue grows without end; this one turns away what it cannot take.
class BoundedQueue final : public httplib::TaskQueue {
 public:
  BoundedQueue(std::size_t threads, std::size_t waiting, std::atomic<std::size_t>& in_line)
      : most_(waiting), in_line_(in_line), free_(threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }

  void enqueue(std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.size() < free_ + most_) {  // a thread that has not woken up yet is free nevertheless
        tasks_.push_back(std::move(task));
        count();
        task = nullptr;
      }
    }
    if (task) {
      turning_away = true;
      task();
      turning_away = false;
    } else {
      ready_.notify_one();
    }
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    ready_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void work() {
    // OpenSSL writes with write(2): a peer that has gone must not end the program.
    sigset_t pipe_broken;
    sigemptyset(&pipe_broken);
    sigaddset(&pipe_broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_broken, nullptr);
    for (;;) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
        --free_;
        count();
      }
      task();
      const std::lock_guard lock(mutex_);
      ++free_;
      count();
    }
  }
  void count() { in_line_ = tasks_.size() - std::min(tasks_.size(), free_); }

  const std::size_t most_;
  std::atomic<std::size_t>& in_line_;
  std::size_t free_;  // threads without a task
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  bool ending_ = false;
};

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

}  // namespace

bool Delivery::caller_has_gone() const {
  const std::lock_guard lock(mutex_);
  return socket_ < 0 || (state_of(socket_, POLLRDHUP) & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool Delivery::failed() const {
  const std::lock_guard lock(mutex_);
  if (socket_ < 0 || failed_) return failed_;
  const short state = state_of(socket_, POLLRDHUP);
  if ((state & POLLERR) != 0) return true;
  return (!sent_ || !is_acknowledged(socket_)) && ((state & (POLLRDHUP | POLLHUP)) != 0 || is_sent_in_vain(socket_));
}

ssize_t Delivery::hand_over(const std::function<ssize_t()>& send) {
  const std::lock_guard lock(mutex_);
  sent_ = true;
  errno = 0;
  const ssize_t part = send();
  if (part <= 0 && errno != 0 && errno != EAGAIN && errno != EINTR) failed_ = true;
  return part;
}

void Delivery::end(bool has_more) {
  const std::lock_guard lock(mutex_);
  const bool broken = failed_ || (state_of(socket_, 0) & POLLERR) != 0;
  failed_ = !has_more && (broken || !sent_ || (!has_arrived(socket_) && !is_acknowledged(socket_)));
  socket_ = -1;
}

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  return host == "::1" || host == "localhost";
}

class HttpServer::Listener final : public httplib::Server {
 public:
  explicit Listener(HttpServer& owner) : owner_(owner), limits_(owner.limits_) {
    // the library deletes it
    new_task_queue = [this] { return new BoundedQueue(limits_.threads, limits_.waiting, in_line_); };
    set_keep_alive_max_count(limits_.requests_per_connection);
    set_keep_alive_timeout(std::chrono::ceil<std::chrono::seconds>(limits_.idle_time).count());
    set_payload_max_length(limits_.body_bytes);
    set_tcp_nodelay(true);
    Get(owner.path_,
        [this](const httplib::Request& request, httplib::Response& response) { answer(request, "", response); });
    Post(owner.path_,
         [this](const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& read) {
           std::string body;
           bool too_long = false;
           // unpacked, where it came packed: the limit is for what is held here
           const bool complete = read([&](const char* bytes, std::size_t size) {
             too_long = too_long || body.size() + size > limits_.body_bytes;
             if (!too_long) body.append(bytes, size);
             return !too_long;
           });
           if (too_long) response.status = 413;
           if (complete && !too_long) answer(request, body, response);
         });
    set_post_routing_handler(
        [](const httplib::Request&, httplib::Response& response) { response.set_header("Date", http_date()); });
    set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
      // the library would have the command done as by GET
      if (request.method == "HEAD") response.status = 405;
      if (!is_framed(request)) response.status = 400;
      return response.status == -1 ? HandlerResponse::Unhandled : HandlerResponse::Handled;
    });
    // What is refused may have been read in part only, and what is left of it must never be taken for another request.
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      response.set_header("Connection", "close");
      serving->last_request = true;
      if (response.body.empty())
        response.set_content("HTTP " + std::to_string(response.status) + ": the gateway answers at /api/call.cgi\n",
                             "text/plain");
    });
  }

  engine::Status use_certificate(const std::string& certificate, const std::string& key) {
    engine::Result<std::unique_ptr<TlsCertificate>> loaded = TlsCertificate::load(certificate, key);
    if (!loaded) return loaded.error();
    tls_ = std::move(loaded).value();
    return engine::Unit{};
  }
  engine::Status reload_certificate() { return tls_ == nullptr ? engine::Status{engine::Unit{}} : tls_->reload(); }

  engine::Result<int> begin(const HttpListen& listen) {
    const int port = listen.port == 0                         ? bind_to_any_port(listen.host)
                     : bind_to_port(listen.host, listen.port) ? listen.port
                                                              : -1;
    if (port < 0) {
      return Error{ErrorCode::invalid_argument,
                   "cannot listen at " + listen.host + ":" + std::to_string(listen.port) +
                       ": another program listens there, or the address is not this machine's"};
    }
    ::listen(svr_sock_, 128);  // the library asks for a backlog of 5
    thread_ = std::thread([this] { listen_after_bind(); });
    while (!is_running()) std::this_thread::yield();  // before that, stop() would not stop it
    return port;
  }

  void end() {
    stopping_ = true;
    stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void answer(const httplib::Request& request, const std::string& body, httplib::Response& response) {
    serving->delivery = std::make_shared<Delivery>(serving->socket);
    const std::size_t mark = request.target.find('?');
    const HttpCall call{request.method, mark == std::string::npos ? "" : request.target.substr(mark + 1), body,
                        request.remote_addr, serving->delivery};
    response.set_content(owner_.handler_(call), "text/plain; charset=UTF-8");
  }

  // Headers that would make the library read the body in its own way, or pack or cut the answer.
  static void take_as_it_comes(httplib::Request& request) {
    request.headers.erase("Content-Type");
    request.headers.erase("Accept-Encoding");
    request.ranges.clear();
    const bool has_body = request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
    if (request.method == "POST") {
      // or it would be read until the connection ends
      if (!has_body) request.set_header("Content-Length", "0");
    } else if (has_body) {  // which the library leaves unread
      serving->last_request = true;
      request.headers.erase("Connection");
      request.set_header("Connection", "close");
    }
  }

  // Whether everybody on the way agrees where the request ends (RFC 9112, 6.3).
  static bool is_framed(const httplib::Request& request) {
    const std::string length = request.get_header_value("Content-Length"),
                      coding = request.get_header_value("Transfer-Encoding");
    return request.get_header_value_count("Content-Length") + request.get_header_value_count("Transfer-Encoding") <=
               1 &&
           length.find_first_not_of("0123456789") == std::string::npos &&
           (coding.empty() || ::strcasecmp(coding.c_str(), "chunked") == 0);
  }

  // The library's own loop (Server::process_and_close_socket) with our limits.
  bool process_and_close_socket(socket_t socket) override {
    if (turning_away) {
      turn_away(socket);
    } else {
      const std::shared_ptr<SSL_CTX> tls = tls_ == nullptr ? nullptr : tls_->context();
      Wire wire(socket, tls.get(), limits_.request_time);
      wire.set_deadline(now() + limits_.request_time);
      Serving connection{socket};
      serving = &connection;
      const bool answer_on_its_way = (tls_ == nullptr || wire.shake_hands()) && serve(wire);
      wire.say_goodbye();
      if (answer_on_its_way) linger(socket);
      if (connection.delivery) connection.delivery->end(false);
    }
    ::close(socket);
    return true;
  }

  // Whether it ended with an answer, which may still be on its way.
  bool serve(Wire& wire) {
    const SteadyTime turn_ends = now() + kTurn;
    for (std::size_t left = limits_.requests_per_connection;; --left) {
      if (!wait_for_request(wire)) return false;
      if (serving->delivery) serving->delivery->end(wire.has_buffered());
      serving->delivery.reset();
      wire.set_deadline(now() + limits_.request_time);
      wire.set_budget(limits_.head_bytes);
      serving->last_request = left <= 1 || stopping_ || (in_line_ > 0 && now() >= turn_ends);
      bool closed = false;
      const bool served = process_request(wire, serving->last_request, closed, [&](httplib::Request& request) {
        take_as_it_comes(request);
        // chunks have marks of their own
        wire.set_budget(limits_.body_bytes + limits_.body_bytes / 4 + 1024);
      });
      const bool sent = wire.flush();  // what is said of a request that could not be served, too
      if (!served || !sent || closed || serving->last_request || stopping_) return true;
    }
  }

  bool wait_for_request(Wire& wire) {
    if (wire.has_buffered()) return true;
    const SteadyTime until = now() + limits_.idle_time;
    bool first = true;
    for (;;) {
      if (wait_for(wire.socket(), POLLIN, std::min(until, now() + kIdleSlice))) return true;
      const bool must_leave = stopping_ || in_line_ > 0;
      if (now() >= until || (must_leave && !first)) return false;
      first = false;  // a request on its way when others began to wait is still taken
    }
  }

  void turn_away(int socket) {
    if (tls_ == nullptr) {
      const std::string& body = owner_.turned_away_;
      const std::string text =
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nConnection: close\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
      ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    ::shutdown(socket, SHUT_WR);
    discard(socket, now() + std::chrono::milliseconds(5));
  }

  // Bytes that nobody reads would make the kernel reset the connection, and the answer on its way would be lost.
  static void linger(int socket) {
    ::shutdown(socket, SHUT_WR);
    discard(socket, now() + kLingering);
    if (!is_acknowledged(socket)) discard(socket, now() + kLongLingering);
  }
  static void discard(int socket, SteadyTime until) {
    char bytes[4096];
    for (int part = 0; part < 256; ++part) {
      // A broken connection's error stays where it is: whether the answer arrived is still to be asked.
      if (!wait_for(socket, POLLIN, until) || (state_of(socket, 0) & POLLERR) != 0) return;
      const ssize_t got = ::recv(socket, bytes, sizeof bytes, MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
    }
  }

  HttpServer& owner_;
  const HttpLimits& limits_;
  std::unique_ptr<TlsCertificate> tls_{};
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> in_line_ = 0;  // connections that wait for a thread
  std::thread thread_;
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
