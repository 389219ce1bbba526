// `dropledger wire`: raw text in, JSON out. Each case runs the program.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"

namespace {

using nlohmann::json;

support::ProgramResult wire(std::vector<std::string> words, const std::string& input) {
  words.insert(words.begin(), "wire");
  return support::run_program(words, {.input = input});
}
json printed(const std::vector<std::string>& words, const std::string& input) {
  const support::ProgramResult result = wire(words, input);
  CAPTURE(input);
  CAPTURE(result.error);
  REQUIRE(result.status == 0);
  json parsed = json::parse(result.output, nullptr, false);
  REQUIRE(parsed.is_object());
  return parsed;
}

}  // namespace

TEST_CASE("wire response: a list as the codec understands it") {
  const json answer =
      printed({"response"},
              "[RESPONSE]\r\nproperty[first][0] = "
              "0\r\nPROPERTY[LAST][0]=1\nPROPERTY[COUNT][0]=2\nPROPERTY[TOTAL][0]=5\nPROPERTY[LIMIT][0]=2\n"
              "PROPERTY[DOMAIN][0]=tern-court.org\nPROPERTY[DOMAIN][1]=tern-court.com\nPROPERTY[PEERUSER][0]="
              "\nPROPERTY[PEERUSER][1]=a=b\n"
              "DESCRIPTION=Command completed successfully\nCODE=200\n\nQUEUETIME=0\nRUNTIME=0.004\n\nEOF\n");
  CHECK(answer["schema"] == "dropledger.wire-response/1");
  CHECK(answer["code"] == 200);
  CHECK(answer["description"] == "Command completed successfully");
  CHECK(answer["class"] == "success");
  CHECK(answer["complete"] == true);
  CHECK(answer["torn"].is_null());
  CHECK(answer["pending"] == false);
  CHECK(answer["properties"]["DOMAIN"] == json{"tern-court.org", "tern-court.com"});
  CHECK(answer["properties"]["PEERUSER"] == json{"", "a=b"});
  CHECK(answer["paging"] == json{{"first", 0}, {"last", 1}, {"count", 2}, {"total", 5}, {"limit", 2}});
}

TEST_CASE("wire response: classes, and torn answers with their reason") {
  struct Row {
    const char* input;
    const char* expected_class;
    bool complete;
  };
  for (const Row& row : {
           Row{"CODE=421\nDESCRIPTION=again\nEOF\n", "temporary", true},
           Row{"CODE=546\nDESCRIPTION=no money\nEOF\n", "permanent", true},
           Row{"CODE=302\nDESCRIPTION=moved\nEOF\n", "unknown", true},
           Row{"CODE=200\nDESCRIPTION=ok\n", "unknown", false},
           Row{"", "unknown", false},
           Row{"<html>", "unknown", false},
       }) {
    const json answer = printed({"response", "--format", "json"}, row.input);
    CHECK(answer["class"] == row.expected_class);
    CHECK(answer["complete"] == row.complete);
    CHECK(answer["torn"].is_string() == !row.complete);
    CHECK(wire({"response", "--exit-code"}, row.input).status == (row.complete ? 0 : 1));
  }
  CHECK(printed({"response"}, "<html>")["code"].is_null());
  CHECK(wire({"response"}, "<html>").error.find("torn: ") != std::string::npos);
  CHECK(wire({"response", "--csv"}, "<html>").status == 2);
}

TEST_CASE("wire response: bytes that are no UTF-8 leave the JSON whole") {
  const json answer =
      printed({"response"}, std::string("PROPERTY[\xFF\xFE][0]=\xC3\x28\nDESCRIPTION=k\xE4se\nCODE=200\nEOF\n"));
  CHECK(answer["description"] == "k\xEF\xBF\xBDse");
  CHECK(answer["complete"] == true);
}

TEST_CASE("wire command: every form a request comes in") {
  const json connection{{"s_entity", "1234"}, {"s_login", "test.user"}, {"s_pw", "***"}};
  const json parameters{{"CLASS", "BACKORDER"}, {"DOMAIN", "john.com"}};
  for (const char* input : {
           "s_entity=1234&s_login=test.user&s_pw=hush&command=AddDomainApplication&class=BACKORDER&domain=john.com",
           "?s_entity=1234&s_login=test.user&s_pw=hush&command=AddDomainApplication&class=BACKORDER&domain=john.com\n",
           "s_entity=1234&s_login=test.user&s_pw=hush&s_command=COMMAND%3DAddDomainApplication%0ACLASS%3DBACKORDER%"
           "0ADOMAIN%3Djohn.com\n",
           "s_entity=1234&s_login=test.user&s_pw=hush\n\ncommand=AddDomainApplication&class=BACKORDER&domain=john."
           "com\n",
           "http://127.0.0.1:8080/api/"
           "call.cgi?s_entity=1234&s_login=test.user&s_pw=hush&command=AddDomainApplication&class=BACKORDER&domain="
           "john.com#top\n",
           "/api/"
           "call.cgi?s_entity=1234&s_login=test.user&s_pw=hush\ncommand=AddDomainApplication&class=BACKORDER&domain="
           "john.com\n",
           "POST /api/call.cgi?s_entity=1234&s_login=test.user&s_pw=hush HTTP/1.1\r\nHost: h\r\nContent-Type: "
           "text/plain\r\n\r\n"
           "command=AddDomainApplication&class=BACKORDER&domain=john.com",
           "POST "
           "/api/"
           "call.cgi?s_entity=1234&s_login=test.user&s_pw=hush\ncommand=AddDomainApplication&class=BACKORDER&domain="
           "john.com\n",
           "GET "
           "/api/"
           "call.cgi?s_entity=1234&s_login=test.user&s_pw=hush&command=AddDomainApplication&class=BACKORDER&domain="
           "john.com HTTP/1.1\r\nHost: h\r\n\r\n",
       }) {
    const json request = printed({"command"}, input);
    CHECK(request["schema"] == "dropledger.wire-command/1");
    CHECK(request["command"] == "AddDomainApplication");
    CHECK(request["parameters"] == parameters);
    CHECK(request["connection"] == connection);
  }
  for (const char* block :
       {"COMMAND=AddDomainApplication\nCLASS=BACKORDER\nDOMAIN=john.com\n",
        "[COMMAND]\r\ncommand = AddDomainApplication\r\nclass = BACKORDER\r\ndomain = john.com\r\nEOF\r\n"}) {
    const json request = printed({"command"}, block);
    CHECK(request["command"] == "AddDomainApplication");
    CHECK(request["parameters"] == parameters);
    CHECK(request["connection"] == json::object());
  }
}

TEST_CASE("wire command: parameters keep their order, a repeated name shows all it was given, secrets none") {
  const support::ProgramResult result =
      wire({"command", "--format", "jsonl"},
           "COMMAND=X\nZONE=a\nauth=hush\nALPHA=b\nZONE=c\nPASSWORD=hush&x=hush\nEMPTY=\n");
  REQUIRE(result.status == 0);
  CHECK(result.output ==
        "{\"schema\":\"dropledger.wire-command/"
        "1\",\"command\":\"X\",\"parameters\":{\"ZONE\":\"c\",\"AUTH\":\"***\",\"ALPHA\":\"b\",\"PASSWORD\":\"***\","
        "\"EMPTY\":\"\"},"
        "\"connection\":{},\"repeated\":{\"ZONE\":[\"a\",\"c\"]}}\n");
}

TEST_CASE("wire command: what is no request is one clear error, and shows no secret") {
  for (const char* input :
       {"", "\n\n", "hush", "s_pw=hush", "s_pw=hush&command=X&d=%zz", "s_pw=hush&command=X&d=%FF", "COMMAND=X\nhush\n",
        "COMMAND=X\ns_pw=hush\n", "POST / HTTP/1.1\r\n\r\n", "command=X&command=hush"}) {
    CAPTURE(input);
    const support::ProgramResult result = wire({"command"}, input);
    CHECK(result.status == 3);
    CHECK(result.output.empty());
    CHECK(result.error.find("invalid_command (113)") != std::string::npos);
    CHECK(result.error.find("hush") == std::string::npos);
  }
}
