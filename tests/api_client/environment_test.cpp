#include "api_client/environment.hpp"

#include <doctest/doctest.h>

using api_client::Environment;
using api_client::resolve_environment;

TEST_CASE("environment: a name stands for an address, its dialect and its entity") {
  const Environment test = resolve_environment("cnr-ote", "").value();
  CHECK(test.url == "https://api-ote.rrpproxy.net/api/call.cgi");
  CHECK(test.entity.empty());
  CHECK_FALSE(test.live);
  CHECK(test.label() == "cnr-ote");
  CHECK(test.dialect->name == "cnr");
  const Environment live = resolve_environment("cnr", "").value();
  CHECK(live.url == "https://api.rrpproxy.net/api/call.cgi");
  CHECK(live.live);
  CHECK_FALSE(live.loopback);
  // the same by its address
  const Environment known = resolve_environment("https://api-ote.rrpproxy.net", "").value();
  CHECK(known.dialect->name == "cnr");
  CHECK_FALSE(known.live);
  CHECK(resolve_environment("http://127.0.0.1:8080", "", "cnr").value().dialect->name == "cnr");
  CHECK(resolve_environment("https://api.example.net", "", "cnr").value().live);
}

TEST_CASE("environment: the systems that were shut down say so, and what to do") {
  for (const char* name : {"1api", "1api-ote", "ote", "live"}) {
    CAPTURE(name);
    const auto refused = resolve_environment(name, "");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == engine::ErrorCode::invalid_argument);
    CHECK(refused.error().detail.find("shut down") != std::string::npos);
    CHECK(refused.error().detail.find("--provider cnr") != std::string::npos);
  }
  // whoever knows better names the address
  CHECK(resolve_environment("https://api-ote.ispapi.net/api/call.cgi", "1234").value().entity == "1234");
}

TEST_CASE("environment: an address of one's own comes with its entity, and is live unless that is the test system's") {
  const Environment own = resolve_environment("http://127.0.0.1:8080", "1234").value();
  CHECK(own.url == "http://127.0.0.1:8080/api/call.cgi");
  CHECK_FALSE(own.live);
  CHECK(own.loopback);
  CHECK(own.label() == "http://127.0.0.1:8080/api/call.cgi 1234");
  CHECK(resolve_environment("https://api.example.net/other/path", "1234").value().url ==
        "https://api.example.net/other/path");
  CHECK(resolve_environment("https://api.example.net", "54cd").value().live);
  // unknown: treated as what can cost money
  CHECK(resolve_environment("https://api.example.net", "house").value().live);
  for (const char* loopback : {"http://localhost:80/", "http://[::1]:8080/x", "http://127.9.9.9/"}) {
    CAPTURE(loopback);
    CHECK(resolve_environment(loopback, "1234").value().loopback);
  }
}

TEST_CASE(
    "environment: mixed pairs, plain http, and addresses with more in them are refused, without repeating a password") {
  struct Row {
    const char* provider;
    const char* entity;
    const char* says;
  };
  for (const Row& row :
       {Row{"1api-ote", "54cd", "not 54cd"}, Row{"cnr", "1234", "no entity"},
        Row{"https://api.rrpproxy.net", "1234", "no system entity"},
        Row{"https://api.ispapi.net/api/call.cgi", "1234", "never mixed"},
        Row{"https://api-ote.ispapi.net", "54cd", "never mixed"}, Row{"https://api.example.net", "", "--entity"},
        Row{"http://api.example.net", "1234", "https"}, Row{"http://127.0.0.1.example.net", "1234", "https"},
        Row{"http://localhost.example.net", "1234", "https"}, Row{"ftp://127.0.0.1", "1234", "https"},
        Row{"https://user:t0psecret@api.example.net", "1234", "--credentials"},
        Row{"https://api.example.net/?s_pw=t0psecret", "1234", "--credentials"},
        Row{"production", "1234", "cnr, cnr-ote"}, Row{"", "", "cnr, cnr-ote"},
        Row{"https://", "1234", "cnr, cnr-ote"}}) {
    CAPTURE(row.provider);
    CAPTURE(row.entity);
    const auto refused = resolve_environment(row.provider, row.entity);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == engine::ErrorCode::invalid_argument);
    CHECK(refused.error().detail.find(row.says) != std::string::npos);
    CHECK(refused.error().detail.find("t0psecret") == std::string::npos);
  }
}
