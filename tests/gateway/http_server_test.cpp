// The HTTP server's limits, and TLS, over real sockets.
#include "tools/gateway/http_server.hpp"

#include <doctest/doctest.h>
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "tests/support/loopback_server.hpp"
#include "tests/support/raw_connection.hpp"
#include "tests/support/temporary_directory.hpp"

using gateway::HttpCall;
using gateway::HttpLimits;
using gateway::HttpServer;
using support::kPatience;
using support::RawConnection;

namespace {

std::string echo(const HttpCall& call) {
  return call.method + "|" + call.query + "|" + std::to_string(call.body.size()) + "|" + call.body.substr(0, 20);
}

struct Server {
  explicit Server(HttpLimits limits = {}, HttpServer::Handler handler = echo)
      : http("/path", limits, std::move(handler), "turned away") {
    port = http.start({}).value();
  }
  httplib::Client client() const {
    httplib::Client made("127.0.0.1", port);
    made.set_read_timeout(kPatience);
    return made;
  }
  HttpServer http;
  int port = 0;
};

// A door that a handler waits at until the test opens it.
class Door {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return open_; });
  }
  void await(int waiting) {
    std::unique_lock lock(mutex_);
    REQUIRE_MESSAGE(changed_.wait_for(lock, kPatience, [&] { return waiting_ >= waiting; }),
                    waiting_ << " of " << waiting << " requests reached the handler");
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

}  // namespace

TEST_CASE("http: a body arrives as it was sent, whatever its content type and however it is cut") {
  Server server;
  httplib::Client client = server.client();
  for (const char* type :
       {"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=b", "nonsense"}) {
    CHECK(client.Post("/path?q=%41", "a=b&c=d", type)->body == "POST|q=%41|7|a=b&c=d");
  }
  CHECK(client.Post("/path", std::string(100'000, 'x'), "application/x-www-form-urlencoded")->body ==
        "POST||100000|" + std::string(20, 'x'));
  RawConnection chunked(server.port);
  REQUIRE(
      chunked.say("POST /path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n3\r\na=b\r\n4\r\n&c=d\r\n0\r\n\r\n"));
  CHECK(chunked.hear().ends_with("POST||7|a=b&c=d"));
  RawConnection without(server.port);  // neither a length nor chunks: there is no body
  REQUIRE(without.say("POST /path?x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  CHECK(without.hear().ends_with("POST|x|0|"));
}

TEST_CASE("http: who waits to be asked for a body is asked at once") {
  Server server;
  RawConnection waiting(server.port);
  REQUIRE(waiting.say(
      "POST /path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n"));
  CHECK(waiting.hear("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(waiting.say("a=b&c=d"));
  CHECK(waiting.hear().ends_with("POST||7|a=b&c=d"));
}

TEST_CASE("http: what is too large is refused") {
  Server server({.head_bytes = 4096, .body_bytes = 10'000});
  httplib::Client client = server.client();
  CHECK(client.Post("/path", std::string(10'000, 'x'), "text/plain")->status == 200);
  CHECK(client.Post("/path", std::string(10'001, 'x'), "text/plain")->status == 413);
  std::string chunks = "POST /path HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) chunks += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
  RawConnection chunked(server.port);
  REQUIRE(chunked.say(chunks + "0\r\n\r\n"));
  CHECK(chunked.hear().find(" 200 ") == std::string::npos);
  RawConnection heads(server.port);
  std::string head = "GET /path HTTP/1.1\r\n";
  for (int i = 0; i < 200; ++i) head += "X-Header-" + std::to_string(i) + ": " + std::string(50, 'x') + "\r\n";
  heads.say(head + "\r\n");
  CHECK(heads.hear().find(" 200 ") == std::string::npos);
}

TEST_CASE("http: what follows a request whose end is in doubt is never taken for another request") {
  std::atomic<int> smuggled{0};
  Server server({.body_bytes = 1'000}, [&](const HttpCall& call) {
    if (call.query == "smuggled") ++smuggled;
    return echo(call);
  });
  const std::string hidden = "GET /path?smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
                    length = "Content-Length: " + std::to_string(hidden.size()) + "\r\n";
  struct Row {
    std::string request;
    const char* answer;
  };
  // the query is answered, the body left out
  for (const Row& row :
       {Row{"GET /path?x HTTP/1.1\r\nHost: x\r\n" + length + "\r\n", "GET|x|0|"},
        Row{"POST /path HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            " 400 "},
        Row{"POST /path HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + length + "\r\n", " 400 "},
        Row{"POST /path HTTP/1.1\r\nHost: x\r\nContent-Length: none\r\n\r\n", " 400 "},
        Row{"POST /path HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", " 400 "},
        Row{"POST /path HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(1'500, 'x'),
            " 413 "},
        Row{"HEAD /path?x HTTP/1.1\r\nHost: x\r\n\r\n", " 405 "}, Row{"no request\r\n", " 400 "}}) {
    CAPTURE(row.request);
    RawConnection connection(server.port);
    REQUIRE(connection.say(row.request + hidden));
    const std::string heard = connection.hear();
    CAPTURE(heard);
    CHECK(heard.find(row.answer) != std::string::npos);
    CHECK(heard.find("Connection: close\r\n") != std::string::npos);
  }
  CHECK(smuggled == 0);
}

TEST_CASE("http: every answer bears the machine's date, by which clients see how far their clock is off") {
  Server server;
  for (const char* path : {"/path", "/nowhere"}) {
    const std::string date = server.client().Get(path)->get_header_value("Date");
    CAPTURE(date);
    std::tm parsed{};
    const char* end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parsed);
    REQUIRE(end != nullptr);
    CHECK(*end == '\0');
    CHECK(std::abs(std::difftime(std::time(nullptr), ::timegm(&parsed))) < 3600);
  }
}

TEST_CASE("http: an answer is whole, whatever part of it is asked for") {
  Server server;
  const auto answer = server.client().Get("/path?x", {{"Range", "bytes=0-2"}});
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "GET|x|0|");
}

TEST_CASE("http: a request that trickles in is cut off when its time is over, however lively it is") {
  Server server({.request_time = std::chrono::milliseconds(300)});
  RawConnection slow(server.port);
  REQUIRE(slow.say("POST /path HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"));
  std::thread trickle([&] {
    while (slow.say("x")) std::this_thread::yield();  // until the server has closed
  });
  CHECK(slow.hear().find(" 200 ") == std::string::npos);
  trickle.join();
}

TEST_CASE("http: connections beyond the limit are turned away with an answer, and those within are served") {
  Door door;
  Server server({.threads = 2, .waiting = 1}, [&](const HttpCall&) {
    door.pass();
    return std::string("served");
  });
  const std::string request = "GET /path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  RawConnection first(server.port), second(server.port);
  REQUIRE(first.say(request));
  REQUIRE(second.say(request));
  door.await(2);  // both threads are busy
  std::vector<std::unique_ptr<RawConnection>> more;
  std::string heard;
  while (heard.find("turned away") == std::string::npos) {  // one waits, the next is turned away
    more.push_back(std::make_unique<RawConnection>(server.port));
    REQUIRE(more.back()->say(request));
    if (more.size() == 1) continue;
    heard = more.back()->hear();
    REQUIRE(more.size() < 10);
  }
  CHECK(heard.starts_with("HTTP/1.1 200 OK\r\n"));
  door.open();
  CHECK(first.hear().ends_with("served"));
  CHECK(second.hear().ends_with("served"));
  CHECK(more.front()->hear().ends_with("served"));
}

TEST_CASE("http: a connection that never idles gives way to one that waits, with its answer and a word") {
  Server server({.threads = 1, .requests_per_connection = 1'000'000'000});
  std::atomic<bool> served{false};
  std::atomic<int> refused{0};
  bool waited_in_vain = false;
  std::promise<void> busy;
  std::thread busy_one([&] {
    httplib::Client client = server.client();
    client.set_keep_alive(true);
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    for (int i = 0; !served && std::chrono::steady_clock::now() < give_up; ++i) {
      const auto answer = client.Get("/path");
      if (!answer || answer->status != 200) ++refused;
      if (i == 0) busy.set_value();
    }
    waited_in_vain = !served;
  });
  busy.get_future().wait();
  const auto answer = server.client().Get("/path?late");
  served = true;
  busy_one.join();
  CHECK_FALSE(waited_in_vain);
  REQUIRE(answer);
  CHECK(answer->body == "GET|late|0|");
  CHECK(refused == 0);
}

TEST_CASE("http: as many are served at once as there are threads, though none may wait for one") {
  Door door;
  Server server({.threads = 2, .waiting = 0}, [&](const HttpCall&) {
    door.pass();
    return std::string("served");
  });
  RawConnection first(server.port), second(server.port);
  for (const RawConnection* connection : {&first, &second})
    REQUIRE(connection->say("GET /path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  door.await(2);
  RawConnection third(server.port);
  REQUIRE(third.say("GET /path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  CHECK(third.hear().ends_with("turned away"));
  door.open();
  CHECK(first.hear().ends_with("served"));
  CHECK(second.hear().ends_with("served"));
}

TEST_CASE("http: an idle connection gives way to one that waits") {
  Server server({.threads = 1, .idle_time = std::chrono::hours(1)});
  httplib::Client idle = server.client();
  idle.set_keep_alive(true);
  CHECK(idle.Get("/path")->status == 200);  // and keeps its connection, and with it the only thread
  httplib::Client other = server.client();
  CHECK(other.Get("/path")->status == 200);
}

TEST_CASE("http: connections that trickle, idle or say nothing take nobody's turn") {
  Server server({.threads = 2, .waiting = 0});
  std::vector<std::unique_ptr<RawConnection>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<RawConnection>(server.port));
    if (i % 3 == 0) REQUIRE(slow.back()->say("POST /path HTTP/1.1\r\nHost: x\r\nX-Slow"));
    if (i % 3 == 1) REQUIRE(slow.back()->say("POST /path HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"));
  }
  httplib::Client client = server.client();
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.Get("/path?x");
    REQUIRE(answer);
    CHECK(answer->body == "GET|x|0|");
  }
  REQUIRE(slow[1]->say(std::string(96, 'x')));  // and those are still served
  CHECK(slow[1]->hear("POST||100|").find(" 200 OK") != std::string::npos);
}

TEST_CASE("http: where there are as many connections as may be, the one that idles longest gives way") {
  Server server({.connections = 20});
  std::vector<std::unique_ptr<RawConnection>> open;
  for (int i = 0; i < 20; ++i) {
    open.push_back(std::make_unique<RawConnection>(server.port));
    REQUIRE(open.back()->say("GET /path HTTP/1.1\r\nHost: x\r\n\r\n"));
    open.back()->hear("GET||0|");
  }
  REQUIRE(open[0]->say("GET /path HTTP/1.1\r\nHost: x\r\n\r\n"));  // not the oldest any more
  open[0]->hear("GET||0|");
  RawConnection one_more(server.port);
  REQUIRE(one_more.say("GET /path?more HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(one_more.hear("GET|more|0|").find(" 200 OK") != std::string::npos);
  CHECK(open[1]->hear().empty());  // it has been closed
  REQUIRE(open[0]->say("GET /path?again HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(open[0]->hear("GET|again|0|").find(" 200 OK") != std::string::npos);
}

TEST_CASE("http: an address has so many connections, and those beyond are turned away") {
  Server server({.connections_of_loopback = 5});
  std::vector<std::unique_ptr<RawConnection>> open;
  for (int i = 0; i < 5; ++i) open.push_back(std::make_unique<RawConnection>(server.port));
  CHECK(RawConnection(server.port).hear().ends_with("turned away"));
  for (const auto& connection : open) {
    REQUIRE(connection->say("GET /path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    CHECK(connection->hear().ends_with("GET||0|"));
  }
}

TEST_CASE("http: what requests and answers hold together is bounded") {
  Server server({.held_bytes = 1'000'000}, [](const HttpCall& call) {
    return call.query == "long" ? std::string(2'000'000, 'x') : std::string("short");
  });
  std::vector<std::unique_ptr<RawConnection>> filling;
  for (int i = 0; i < 4; ++i) {
    filling.push_back(std::make_unique<RawConnection>(server.port));
    static_cast<void>(filling.back()->say("POST /path HTTP/1.1\r\nHost: x\r\nContent-Length: 400001\r\n\r\n" +
                                          std::string(400'000, 'x')));
  }
  // two fit, and none is complete: the others are refused
  const auto refused = [&] {
    return std::ranges::count_if(filling, [](const auto& connection) { return connection->has_answer(); });
  };
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (refused() < 2 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  REQUIRE(refused() >= 2);
  for (const auto& connection : filling) {
    if (connection->has_answer()) CHECK(connection->hear("\r\n\r\n").find(" 503 ") != std::string::npos);
  }
  filling.clear();
  CHECK(server.client().Get("/path")->body == "short");
  CHECK(server.client().Get("/path?long")->body == "turned away");
}

TEST_CASE("http: requests that come in one piece are answered one after the other") {
  Server server;
  RawConnection connection(server.port);
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /path?" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(connection.say(all + "GET /path?end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  const std::string heard = connection.hear();
  std::size_t at = 0;
  for (int i = 0; i < 100 && at != std::string::npos; ++i) at = heard.find("GET|" + std::to_string(i) + "|0|", at);
  CHECK(at != std::string::npos);
  CHECK(heard.ends_with("GET|end|0|"));
}

TEST_CASE("http: stopping answers the requests that are being worked on, and then nobody") {
  Door door;
  auto server = std::make_unique<Server>(HttpLimits{}, [&](const HttpCall&) {
    door.pass();
    return std::string("served");
  });
  const int port = server->port;
  RawConnection on_its_way(port);
  REQUIRE(on_its_way.say("GET /path HTTP/1.1\r\nHost: x\r\n\r\n"));
  door.await(1);
  std::thread stopping([&] { server->http.stop(); });
  door.open();
  CHECK(on_its_way.hear().ends_with("served"));
  stopping.join();
  httplib::Client late("127.0.0.1", port);
  CHECK_FALSE(late.Get("/path"));
}

TEST_CASE("http: with a certificate it speaks TLS, and nothing older than 1.2") {
  support::TemporaryDirectory directory;
  const std::string certificate = directory.file("certificate.pem");
  support::write_certificate(certificate, "localhost");
  HttpServer server("/path", {}, echo, "turned away");
  const int port = server.start({.certificate = certificate, .key = certificate}).value();
  httplib::SSLClient client("localhost", port);
  client.set_ca_cert_path(certificate.c_str());
  client.enable_server_certificate_verification(true);
  client.set_read_timeout(kPatience);
  const auto answer = client.Post("/path", std::string(50'000, 'x'), "text/plain");
  REQUIRE(answer);
  CHECK(answer->body.starts_with("POST||50000|"));
  RawConnection plain(port);
  REQUIRE(plain.say("GET /path HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(plain.hear().find("200") == std::string::npos);
  HttpServer other("/path", {}, echo, "");
  CHECK_FALSE(other.start({.certificate = certificate, .key = directory.file("none.pem")}));
  CHECK_FALSE(other.start({.certificate = directory.file("none.pem"), .key = certificate}));
  CHECK_FALSE(other.start({.host = "192.0.2.1"}));  // no address of this machine
}

TEST_CASE("http: loopback addresses are told from others") {
  for (const char* host : {"127.0.0.1", "127.8.8.8", "::1", "localhost"}) CHECK(gateway::is_loopback(host));
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "example.com", "128.0.0.1"})
    CHECK_FALSE(gateway::is_loopback(host));
}
