// Further applications (NEW=1) over real connections that break: the repetition of one whose answer was lost is the
// same application, a deliberate second is another.
#include <doctest/doctest.h>

#include <future>

#include "tests/gateway/served_book.hpp"
#include "tests/support/raw_connection.hpp"

using namespace support;

namespace {

const std::string kOrder = "command=AddDomainApplication&class=BACKORDER&domain=john.com&new=1";

std::string http_request(const std::string& more_headers = "") {
  const std::string body = "s_login=test.user&s_pw=test.passw0rd&" + kOrder;
  return "POST /api/call.cgi HTTP/1.1\r\nHost: x\r\n" + more_headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// The application that an answer names; empty where it names none.
std::string application_in(const std::string& answer) {
  const std::string name = "PROPERTY[APPLICATION][0]=";
  const std::size_t at = answer.find(name);
  return at == std::string::npos ? ""
                                 : answer.substr(at + name.size(), answer.find_first_of("\r\n", at) - at - name.size());
}

struct Listening : ServedBook {
  Listening() { port = served->start().value(); }
  std::string ask(const RawConnection& connection, const std::string& headers = "") const {
    REQUIRE(connection.say(http_request(headers)));
    return application_in(connection.hear("EOF"));
  }
  std::string ask() const { return ask(RawConnection(port), "Connection: close\r\n"); }
  std::int64_t placed() const { return store()->count_backorders({}); }
  int port = 0;
};

// What the first to come here does, and nobody after it: it is here, and goes on when told.
class Pause {
 public:
  void take() {
    if (taken_.exchange(true)) return;
    here_.set_value();
    go_on_.get_future().wait_for(kPatience);
  }
  void await() { REQUIRE(here_.get_future().wait_for(kPatience) == std::future_status::ready); }
  void end() { go_on_.set_value(); }

 private:
  std::atomic<bool> taken_ = false;
  std::promise<void> here_, go_on_;
};

}  // namespace

TEST_CASE(
    "lost answers: who has gone before the application is placed has placed none, and its repetition places one") {
  Pause pause;
  Listening world;
  world.options.clock = [&] {  // read once the request is known, before anything is done
    pause.take();
    return world.now();
  };
  world.begin();
  world.port = world.served->start().value();
  RawConnection client(world.port);
  REQUIRE(client.say(http_request()));
  pause.await();
  client.close();
  std::future<std::string> repeated = std::async(std::launch::async, [&] { return world.ask(); });
  CHECK(repeated.get() == "1");
  pause.end();
  CHECK(world.ask() == "2");
  world.served->stop();  // the first request is worked on until its end
  CHECK(world.placed() == 2);
}

TEST_CASE(
    "lost answers: who goes between placing and answer gets the same application when it asks again, whether that "
    "answer is lost or not") {
  Pause pause;
  Listening world;
  world.options.log = [&](const std::string&) { pause.take(); };  // the last thing before the answer leaves
  world.begin();
  world.port = world.served->start().value();
  RawConnection client(world.port);
  REQUIRE(client.say(http_request()));
  pause.await();
  CHECK(world.placed() == 1);
  client.close();
  pause.end();
  {
    RawConnection unlucky(world.port);
    REQUIRE(unlucky.say(http_request()));
    unlucky.await_answer();
  }  // closed with the answer unread
  CHECK(world.ask() == "1");
  CHECK(world.ask() == "2");
  CHECK(world.placed() == 2);
}

TEST_CASE("lost answers: a second request after an answer that arrived places again, on whatever connection") {
  Listening world;
  RawConnection kept(world.port), other(world.port);
  CHECK(world.ask(kept) == "1");
  CHECK(world.ask(kept) == "2");
  CHECK(world.ask(other) == "3");  // the first one is open and idle
  CHECK(world.ask() == "4");
  kept.close();
  CHECK(world.ask() == "5");
  CHECK(world.ask(other) == "6");
  world.served->stop();
  CHECK(world.placed() == 6);
}

TEST_CASE("lost answers: an application that has ended meanwhile is not answered to a repetition") {
  Listening world;
  {
    RawConnection unlucky(world.port);
    REQUIRE(unlucky.say(http_request()));
    unlucky.await_answer();
  }
  CHECK(world.call("command=DeleteDomainApplication&application=1").code() == 200);
  CHECK(world.ask() == "2");
}

TEST_CASE(
    "lost answers: a client that looks for its application, instead of repeating, has found it: an equal request is "
    "another one") {
  struct Row {
    const char* looks;
    const char* answered;
  };
  for (const Row& row : {Row{"command=QueryDomainApplicationList&domain=john.com", "2"},
                         Row{"command=StatusDomainApplication&application=1", "2"},
                         // which every client reads now and then, for other reasons
                         Row{"command=QueryDomainApplicationList", "1"}}) {
    CAPTURE(row.looks);
    Listening world;
    {
      RawConnection unlucky(world.port);
      REQUIRE(unlucky.say(http_request()));
      unlucky.await_answer();
    }
    CHECK(world.call(row.looks).code() == 200);
    CHECK(world.ask() == row.answered);
  }
}
