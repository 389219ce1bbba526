// Reads one HTTP/1.x request from bytes as they arrive, as strictly as RFC 9112 allows. Where two readers could see the
// request's end in different places, it is refused: behind a proxy that sees another end than we do, the rest of a body
// would become a request of somebody else's. Pure: no socket, no clock; what it holds is bounded by its limits.
//
// Refused with 400 (RFC 9112 in brackets): a line that does not end in CRLF (2.2), a blank before a header's colon and
// a folded header (5.1, 5.2), no Host or several (3.2), a Content-Length that is empty, no number or there twice,
// together with Transfer-Encoding (6.3), a coding that is not `chunked` (6.1), a chunk size that is not hexadecimal
// digits alone (7.1). 413, 414 and 431 for a body, a request line and headers that are too large; 417 for an
// expectation that is not 100-continue; 505 for a version that is not 1.0 or 1.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway {

struct RequestLimits {
  std::size_t line_bytes = 8 * 1024;   // of the request line
  std::size_t head_bytes = 32 * 1024;  // of the request line, headers and trailers together
  std::size_t body_bytes = 4 * 1024 * 1024;
};

class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits) : limits_(limits) {}

  enum class State : std::uint8_t { incomplete, complete, refused };

  // Takes bytes off the front of `input`, up to the request's end; what follows it is left. Once refused, nothing is
  // taken any more: what follows has no beginning that everybody agrees on.
  State take(std::string_view& input);

  bool has_begun() const { return begun_; }  // anything of a request has arrived
  // The head is complete, a body is to come, and its sender waits to be asked for it (Expect: 100-continue).
  bool waits_for_permission() const { return expects_continue_ && step_ != Step::head && body_.empty(); }

  // REQUIRES: complete
  const std::string& method() const { return method_; }
  const std::string& target() const { return target_; }  // path and query, without scheme and authority
  std::string& body() { return body_; }
  bool has_body() const { return has_body_; }          // announced, even if empty chunks only; not a length of 0
  bool keeps_connection() const { return keep_; }      // as the client wishes (RFC 9112, 9.3)
  bool is_packed() const { return packed_; }           // Content-Encoding other than identity
  bool is_old() const { return version_minor_ == 0; }  // HTTP/1.0

  // REQUIRES: refused. A status code and what was wrong.
  int status() const { return status_; }
  const char* why() const { return why_; }

  std::size_t held_bytes() const { return line_.capacity() + body_.capacity(); }
  // For the next request of the connection.
  void reset();

 private:
  enum class Step : std::uint8_t { head, body, chunk_size, chunk, chunk_end, trailers };

  bool refuse(int status, const char* why);
  bool take_line(std::string_view& input, std::string_view& line);
  bool request_line(std::string_view line);
  bool field(std::string_view line);
  bool end_of_head();
  bool chunk_size(std::string_view line);
  bool take_body(std::string_view& input);

  RequestLimits limits_;
  Step step_ = Step::head;
  State state_ = State::incomplete;
  bool begun_ = false, expects_continue_ = false, chunked_ = false, has_length_ = false, has_body_ = false,
       packed_ = false, keep_ = true, seen_close_ = false, seen_keep_ = false, line_whole_ = false;
  int version_minor_ = 1, hosts_ = 0, status_ = 0;
  const char* why_ = "";
  std::size_t head_ = 0;  // bytes of lines so far
  std::size_t left_ = 0;  // of the body, or of the chunk
  std::string line_{}, method_{}, target_{}, body_{};
};

}  // namespace gateway
