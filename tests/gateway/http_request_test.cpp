// Where a request ends (RFC 9112): what two readers could see differently is refused, whatever pieces it comes in.
#include "tools/gateway/http_request.hpp"

#include <doctest/doctest.h>

using gateway::RequestLimits;
using gateway::RequestParser;

namespace {

constexpr RequestLimits kSmall{.line_bytes = 100, .head_bytes = 300, .body_bytes = 50};

// "METHOD target|body", or "status why".
std::string read(std::string_view text, std::size_t piece = std::string_view::npos) {
  RequestParser parser(kSmall);
  RequestParser::State state = RequestParser::State::incomplete;
  while (!text.empty() && state == RequestParser::State::incomplete) {
    std::string_view part = text.substr(0, piece);
    const std::size_t given = part.size();
    state = parser.take(part);
    text.remove_prefix(given - part.size());
  }
  switch (state) {
    case RequestParser::State::incomplete:
      return "incomplete";
    case RequestParser::State::refused:
      return std::to_string(parser.status());
    case RequestParser::State::complete:
      break;
  }
  return parser.method() + " " + parser.target() + "|" + parser.body() + "|" + std::string(text);
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: x\r\n", kPost = "POST / HTTP/1.1\r\nHost: x\r\n";

}  // namespace

TEST_CASE("request: one is read the same in whatever pieces it comes") {
  struct Row {
    std::string text, read;
  };
  const std::string chunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";
  for (const Row& row : {
           Row{kGet + "\r\n", "GET /||"},
           {"\r\n" + kGet + "\r\n", "GET /||"},
           {"\r\n\r\n" + kGet + "\r\n", "400"},
           {"GET /a?b=%41 HTTP/1.0\r\n\r\nrest", "GET /a?b=%41||rest"},
           {"GET http://host/a?b HTTP/1.1\r\nHost: host\r\n\r\n", "GET /a?b||"},
           {kPost + "Content-Length: 3\r\n\r\na=bGET", "POST /|a=b|GET"},
           {kPost + "content-LENGTH:\t003 \r\n\r\na=bGET", "POST /|a=b|GET"},
           {kPost + "Content-Length: 0\r\n\r\nGET", "POST /||GET"},
           {kPost + "\r\nGET", "POST /||GET"},
           {kPost + "Content-Length: 50\r\n\r\n" + std::string(50, 'x'), "POST /|" + std::string(50, 'x') + "|"},
           {chunked + "3\r\na=b\r\n04;name=\"x\"\r\n&c=d\r\n0\r\nTrailer: x\r\n\r\nGET", "POST /|a=b&c=d|GET"},
           {chunked + "a ; x\r\n0123456789\r\n000\r\n\r\nGET", "POST /|0123456789|GET"},
           {chunked + "3\r\na=b\r\n", "incomplete"},
           {kPost + "X-Odd: \xc3\xa9\r\n\r\n", "POST /||"},
           // the lines of RFC 9112 that part one reader from another
           {kPost + "Content-Length : 3\r\n\r\na=b", "400"},
           {kPost + "Content-Length\t: 3\r\n\r\na=b", "400"},
           {kPost + " Content-Length: 3\r\n\r\na=b", "400"},
           {kPost + "X: 1\r\n folded\r\n\r\n", "400"},
           {kPost + "Content-Length: 3\n\r\na=b", "400"},
           {kPost + "Content-Length: 3\r\n\na=b", "400"},
           {kPost + "Content-Length:\r\n\r\na=b", "400"},
           {kGet + "Content-Length:\r\n\r\n", "400"},
           {kPost + "Content-Length: \r\n\r\na=b", "400"},
           {kPost + "Content-Length: +3\r\n\r\na=b", "400"},
           {kPost + "Content-Length: -3\r\n\r\na=b", "400"},
           {kPost + "Content-Length: 0x3\r\n\r\na=b", "400"},
           {kPost + "Content-Length: 3, 3\r\n\r\na=b", "400"},
           {kPost + "Content-Length: 3 3\r\n\r\na=b", "400"},
           {kPost + "Content-Length: 3\r\nContent-Length: 3\r\n\r\na=b", "400"},
           {kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\na=b", "400"},
           {kPost + "Content-Length: 51\r\n\r\n", "413"},
           {kPost + "Content-Length: 18446744073709551619\r\n\r\n", "413"},
           {kPost + "Transfer-Encoding: chunked, chunked\r\n\r\n", "400"},
           {kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
           {kPost + "Transfer-Encoding: identity\r\n\r\n", "400"},
           {kPost + "Transfer-Encoding:\r\n\r\n", "400"},
           {kPost + "Transfer-Encoding: xchunked\r\n\r\n", "400"},
           {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
           {chunked + "0x3\r\na=b\r\n", "400"},
           {chunked + "+3\r\na=b\r\n", "400"},
           {chunked + "-3\r\na=b\r\n", "400"},
           {chunked + "3zz\r\na=b\r\n", "400"},
           {chunked + "3 3\r\na=b\r\n", "400"},
           {chunked + " 3\r\na=b\r\n", "400"},
           {chunked + "\r\na=b\r\n", "400"},
           {chunked + "3\na=b\r\n", "400"},
           {chunked + "3\r\na=bc\r\n", "400"},
           {chunked + "3\r\na=b\n", "400"},
           {chunked + "33\r\n", "413"},
           {chunked + "ffffffffffffffff\r\n", "413"},
           {chunked + "00000000000000003\r\n", "413"},
           {chunked + "0\r\nno trailer\r\n\r\n", "400"},
           {chunked + "0\r\n folded\r\n\r\n", "400"},
           // and the others
           {"GET / HTTP/1.1\r\n\r\n", "400"},
           {kGet + "Host: y\r\n\r\n", "400"},
           {"GET / HTTP/1.1\nHost: x\n\n", "400"},
           {"GET /\r\n\r\n", "400"},
           {"GET  / HTTP/1.1\r\n", "400"},
           {"GET / x HTTP/1.1\r\n", "400"},
           {"GET /\t HTTP/1.1\r\n", "400"},
           {"GET /#x HTTP/1.1\r\n", "400"},
           {"GET path HTTP/1.1\r\n", "400"},
           {"G(T / HTTP/1.1\r\n", "400"},
           {" GET / HTTP/1.1\r\n", "400"},
           {"PRI * HTTP/2.0\r\n", "505"},
           {"GET / HTTP/1.10\r\n", "400"},
           {"GET / http/1.1\r\n", "400"},
           {kGet + "no colon\r\n", "400"},
           {kGet + ": no name\r\n", "400"},
           {kGet + "X: a\rb\r\n", "400"},
           {kGet + std::string("X: a\0b\r\n", 8), "400"},
           {kGet + "X: \x01\r\n", "400"},
           {kPost + "Expect: a miracle\r\n\r\n", "417"},
           {"GET /" + std::string(100, 'x'), "414"},
           {kGet + "X: " + std::string(290, 'x'), "431"},
       }) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.read);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
      CAPTURE(piece);
      CHECK(read(row.text, piece) == row.read);
    }
  }
}

TEST_CASE("request: a thousand headers, chunks without end and chunks of one byte are bounded") {
  std::string chunks = kPost + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 50; ++i) chunks += "1\r\nx\r\n";
  CHECK(read(chunks + "0\r\n\r\n") == "POST /|" + std::string(50, 'x') + "|");
  CHECK(read(chunks + "1\r\nx\r\n") == "413");
  std::string extensions = kPost + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 50; ++i) extensions += "1;" + std::string(200, 'e') + "\r\nx\r\n";
  CHECK(read(extensions) == "431");
  std::string trailers = kPost + "Transfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 1'000; ++i) trailers += "T: t\r\n";
  CHECK(read(trailers) == "431");
}

TEST_CASE("request: whether the connection goes on is as the client says") {
  struct Row {
    const char* head;
    bool goes_on;
  };
  for (const Row& row :
       {Row{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
        Row{"GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n", false},
        Row{"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\n\r\n", false},
        Row{"GET / HTTP/1.0\r\n\r\n", false}, Row{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
        Row{"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, close\r\n\r\n", false}}) {
    CAPTURE(row.head);
    RequestParser parser({});
    std::string_view text = row.head;
    REQUIRE(parser.take(text) == RequestParser::State::complete);
    CHECK(parser.keeps_connection() == row.goes_on);
  }
}
