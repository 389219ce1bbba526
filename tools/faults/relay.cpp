#include "tools/faults/relay.hpp"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <future>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "api_client/response.hpp"
#include "engine/enum_names.hpp"

namespace faults {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using engine::Error;
using engine::ErrorCode;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::size_t kConnections = 128;  // at once; more wait in the kernel's queue
constexpr std::uint32_t kHeadBytes = 64 * 1024;
// more than twice what the protocol's forms may hold
constexpr std::uint64_t kRequestBytes = 8 * 1024 * 1024;
constexpr std::uint64_t kAnswerBytes = 512 * 1024 * 1024;
// a connection without a word is closed; longer than the vendor's clients wait for an answer
constexpr std::chrono::minutes kIdle(10);
// how often a held answer looks whether its client is still there
constexpr std::chrono::milliseconds kLook(10);

constexpr engine::Named<Kind> kWords[] = {
    {Kind::lost_request, "lost-request"}, {Kind::lost_answer, "lost-answer"}, {Kind::torn, "torn"},
    {Kind::cut_at_line, "cut-at-line"},   {Kind::busy_before, "busy-before"}, {Kind::busy_after, "busy-after"},
    {Kind::html_page, "html-page"},       {Kind::duplicate, "duplicate"},     {Kind::late, "late"}};

// The n-th number of a seed (SplitMix64, Steele, Lea and Flood 2014).
std::uint64_t draw(std::uint64_t seed, std::uint64_t n) {
  std::uint64_t z = seed * 0xD1342543DE82EF95ull + (n + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

bool reaches_server(Kind kind, std::uint64_t drawn) {
  if (kind == Kind::html_page) return drawn % 2 == 0;
  return kind != Kind::lost_request && kind != Kind::busy_before;
}

Response busy(std::uint64_t drawn) {
  constexpr int kCodes[] = {420, 421, 423};
  Response answer(http::status::ok, 11);
  answer.set(http::field::content_type, "text/plain; charset=UTF-8");
  answer.body() = api_client::format({.code = kCodes[drawn % std::size(kCodes)]});
  return answer;
}

Response page(const std::string& text) {
  Response answer(http::status::bad_gateway, 11);
  answer.set(http::field::content_type, "text/html");
  answer.body() = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<h1>502 Bad Gateway</h1>\r\n<p>" +
                  text + "</p>\r\n</body>\r\n</html>\r\n";
  return answer;
}

// Up to the end of one of the lines before EOF; all of it but EOF at the longest.
std::string cut_at_line(const std::string& body, std::uint64_t drawn) {
  const std::size_t end = body.rfind("EOF");
  std::vector<std::size_t> ends{0};
  for (std::size_t at = 0; (at = body.find('\n', at)) < end && at != std::string::npos;) ends.push_back(++at);
  return body.substr(0, ends[drawn % ends.size()]);
}

// Head and body as they go over the wire, up to somewhere in the body; at least its last byte is missing.
std::string torn(const Response& answer, std::uint64_t drawn) {
  std::ostringstream whole;
  whole << answer;
  std::string text = whole.str();
  const std::size_t body = answer.body().empty() ? text.size() : answer.body().size();
  text.resize(text.size() - body + drawn % body);
  return text;
}

}  // namespace

std::string_view to_word(Kind kind) { return engine::word_of(kWords, kind); }
std::optional<Kind> parse_kind(std::string_view text) { return engine::value_of(kWords, text); }

engine::Result<Address> parse_address(std::string_view text) {
  const Error refused{ErrorCode::invalid_argument,
                      "'" + std::string(text) + "' is no address: write it as 127.0.0.1:8080 or [::1]:8080"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code no_address;
  asio::ip::make_address(std::string(host), no_address);
  std::uint16_t port = 0;
  const auto [stop, no_number] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (no_address || no_number != std::errc{} || stop != digits.data() + digits.size()) return refused;
  return Address{std::string(host), port};
}

std::string to_string(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::int64_t Tally::faults() const {
  std::int64_t sum = 0;
  for (const std::int64_t count : injected) sum += count;
  return sum;
}

struct Relay::Traffic {
  explicit Traffic(Options chosen) : options(std::move(chosen)) {}
  ~Traffic() {
    io.stop();
    if (thread.joinable()) thread.join();
  }

  // One side of an exchange. Known to the traffic while it is open, so that an outage can close it.
  struct Side {
    Side(Traffic& of, tcp::socket socket) : traffic(of), stream(std::move(socket)) { traffic.sides.insert(this); }
    ~Side() { traffic.sides.erase(this); }
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    // Whether the other end hung up. REQUIRES: nothing is to be read.
    bool is_over() {
      if (!stream.socket().is_open()) return true;
      char byte = 0;
      boost::system::error_code failed;
      stream.socket().non_blocking(true, failed);
      stream.socket().receive(asio::buffer(&byte, 1), tcp::socket::message_peek, failed);
      return failed && failed != asio::error::would_block;
    }

    Traffic& traffic;
    beast::tcp_stream stream;
    beast::flat_buffer buffer;
  };

  void start(tcp::endpoint near, tcp::endpoint far) {
    to = far;
    for (tcp::acceptor* socket : {&holder, &acceptor}) {
      socket->open(near.protocol());
      socket->set_option(tcp::acceptor::reuse_address(true));
      socket->bind(near);
      near = socket->local_endpoint();
    }
    listen_at = near;
    acceptor.listen();
    asio::co_spawn(io, accept(), asio::detached);
    thread = std::thread([this] { io.run(); });
  }

  void turn(bool to_dead) {
    if (dead == to_dead) return;
    dead = to_dead;
    boost::system::error_code ignored;
    if (dead) {
      ++outages;
      acceptor.close(ignored);
      for (Side* side : sides) side->stream.close();
    } else {
      acceptor.open(listen_at.protocol());
      acceptor.set_option(tcp::acceptor::reuse_address(true));
      acceptor.bind(listen_at);
      acceptor.listen();
      asio::co_spawn(io, accept(), asio::detached);
    }
  }

  awaitable<void> accept() {
    try {
      for (;;) {
        tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
        if (dead) co_return;  // it came in the instant of death
        ++connections;
        asio::co_spawn(io, session(std::move(socket)), asio::detached);
        while (sides.size() >= 2 * kConnections && !dead) {
          room.expires_after(kLook);
          co_await room.async_wait(use_awaitable);
        }
      }
    } catch (const boost::system::system_error&) {  // closed: an outage
    }
  }

  awaitable<void> session(tcp::socket socket) {
    Side near(*this, std::move(socket)), far(*this, tcp::socket(io));
    try {
      bool more = true;
      while (more) {
        http::request_parser<http::string_body> parser;
        parser.header_limit(kHeadBytes);
        parser.body_limit(kRequestBytes);
        near.stream.expires_after(kIdle);
        co_await http::async_read_header(near.stream, near.buffer, parser, use_awaitable);
        if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
          const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
          co_await asio::async_write(near.stream, asio::buffer(go_on), use_awaitable);
        }
        co_await http::async_read(near.stream, near.buffer, parser, use_awaitable);
        more = co_await exchange(near, far, parser.release());
      }
      boost::system::error_code ignored;
      near.stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
    } catch (const boost::system::system_error&) {  // the client hung up, said nothing, or speaks no HTTP
    }
  }

  // Whether the client's connection goes on.
  awaitable<bool> exchange(Side& near, Side& far, Request request) {
    const std::uint64_t number = exchanges++;
    const std::uint64_t drawn = draw(options.seed, 2 * number);
    const std::uint64_t how = draw(options.seed, 2 * number + 1);
    std::optional<Kind> fault;
    if (drawn % 100 < static_cast<std::uint64_t>(options.percent))
      fault = options.kinds[drawn / 100 % options.kinds.size()];
    bool keep = request.keep_alive();
    std::optional<Response> answer;
    if (!fault || reaches_server(*fault, how)) {
      answer = co_await forward(far, request);
      if (answer && fault == Kind::duplicate) answer = co_await forward(far, request);
      if (!answer) {
        ++unreachable;
        co_await give(near, page("the server behind the relay did not answer"), keep);
        co_return keep;
      }
    }
    if (!fault) {
      ++passed;
      co_await give(near, std::move(*answer), keep);
      co_return keep;
    }
    ++injected[static_cast<std::size_t>(*fault)];
    switch (*fault) {
      case Kind::lost_request:
      case Kind::lost_answer:
        co_return false;
      case Kind::torn: {
        answer->keep_alive(keep);
        answer->prepare_payload();
        const std::string part = torn(*answer, how);
        co_await asio::async_write(near.stream, asio::buffer(part), use_awaitable);
        co_return false;
      }
      case Kind::cut_at_line:
        answer->body() = cut_at_line(answer->body(), how);
        break;
      case Kind::busy_before:
      case Kind::busy_after:
        answer = busy(how / 2);
        // "Server closing connection"
        if (answer->body().find("CODE=420") != std::string::npos) keep = false;
        break;
      case Kind::html_page:
        answer = page("The server is overloaded.");
        break;
      case Kind::duplicate:
        break;
      case Kind::late:
        for (const auto until = std::chrono::steady_clock::now() + options.late_by;
             std::chrono::steady_clock::now() < until && !near.is_over();) {
          asio::steady_timer timer(io, kLook);
          co_await timer.async_wait(use_awaitable);
        }
        break;
    }
    co_await give(near, std::move(*answer), keep);
    co_return keep;
  }

  awaitable<void> give(Side& near, Response answer, bool keep) {
    answer.keep_alive(keep);
    answer.prepare_payload();
    near.stream.expires_after(kIdle);
    co_await http::async_write(near.stream, answer, use_awaitable);
  }

  // Nothing where the server cannot be reached or gives no whole answer. A connection that died while nobody used it is
  // replaced; one that dies under a request is not, for the server may have seen it.
  awaitable<std::optional<Response>> forward(Side& far, const Request& request) {
    Request sent = request;
    sent.version(11);
    for (const http::field hop :
         {http::field::accept_encoding, http::field::expect, http::field::connection, http::field::keep_alive,
          http::field::proxy_connection, http::field::te, http::field::upgrade}) {
      sent.erase(hop);
    }
    sent.prepare_payload();
    try {
      if (far.is_over()) {
        far.stream.close();
        far.buffer.clear();
        far.stream.expires_after(kIdle);
        co_await far.stream.async_connect(to, use_awaitable);
      }
      far.stream.expires_after(kIdle);
      co_await http::async_write(far.stream, sent, use_awaitable);
      http::response_parser<http::string_body> parser;
      parser.header_limit(kHeadBytes);
      parser.body_limit(kAnswerBytes);
      parser.skip(request.method() == http::verb::head);
      co_await http::async_read(far.stream, far.buffer, parser, use_awaitable);
      Response answer = parser.release();
      if (!answer.keep_alive()) far.stream.close();
      answer.version(11);
      for (const http::field hop : {http::field::connection, http::field::keep_alive, http::field::transfer_encoding})
        answer.erase(hop);
      co_return answer;
    } catch (const boost::system::system_error&) {
      far.stream.close();
    }
    co_return std::nullopt;
  }

  const Options options;
  std::set<Side*> sides;  // before io: what is destroyed with it still reports here
  asio::io_context io{1};
  // dead, it has nothing to do but to be woken
  asio::executor_work_guard<asio::io_context::executor_type> more_to_come{io.get_executor()};
  tcp::acceptor holder{io};  // bound, never listening: keeps the port while we are dead
  tcp::acceptor acceptor{io};
  asio::steady_timer room{io};
  tcp::endpoint listen_at, to;
  bool dead = false;
  std::atomic<std::uint64_t> exchanges{0};
  std::atomic<std::int64_t> connections{0}, passed{0}, unreachable{0}, outages{0};
  std::array<std::atomic<std::int64_t>, std::size(kKinds)> injected{};
  std::thread thread;
};

engine::Result<std::unique_ptr<Relay>> Relay::open(const Options& options) {
  if (options.percent < 0 || options.percent > 100)
    return Error{ErrorCode::invalid_argument, "a percentage is 0 to 100, not " + std::to_string(options.percent)};
  if (options.kinds.empty()) return Error{ErrorCode::invalid_argument, "no kind of fault is named"};
  auto traffic = std::make_unique<Traffic>(options);
  try {
    const auto endpoint = [](const Address& address) {
      return tcp::endpoint(asio::ip::make_address(address.host), address.port);
    };
    traffic->start(endpoint(options.listen), endpoint(options.to));
  } catch (const boost::system::system_error& failed) {
    return Error{ErrorCode::invalid_argument, "cannot relay from " + to_string(options.listen) + " to " +
                                                  to_string(options.to) + ": " + failed.code().message()};
  }
  return std::unique_ptr<Relay>(new Relay(std::move(traffic)));
}

Relay::Relay(std::unique_ptr<Traffic> traffic) : traffic_(std::move(traffic)) {}
Relay::~Relay() = default;

Address Relay::address() const { return {traffic_->listen_at.address().to_string(), traffic_->listen_at.port()}; }

void Relay::set_dead(bool dead) {
  std::promise<void> done;
  asio::post(traffic_->io, [&] {
    try {
      traffic_->turn(dead);
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

Tally Relay::tally() const {
  Tally tally{.connections = traffic_->connections,
              .exchanges = static_cast<std::int64_t>(traffic_->exchanges.load()),
              .passed = traffic_->passed,
              .unreachable = traffic_->unreachable,
              .outages = traffic_->outages};
  for (std::size_t i = 0; i < tally.injected.size(); ++i) tally.injected[i] = traffic_->injected[i];
  return tally;
}

}  // namespace faults
