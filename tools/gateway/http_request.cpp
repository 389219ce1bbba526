#include "tools/gateway/http_request.hpp"

#include <algorithm>
#include <array>

namespace gateway {
namespace {

constexpr std::size_t kMostDigits = 16;  // of a chunk's size, leading zeros included

constexpr std::array<bool, 256> kIsToken = [] {  // RFC 9110, 5.6.2
  std::array<bool, 256> token{};
  for (const unsigned char c : std::string_view("!#$%&'*+-.^_`|~")) token[c] = true;
  for (int c = '0'; c <= '9'; ++c) token[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) token[static_cast<std::size_t>(c)] = token[static_cast<std::size_t>(c - 32)] = true;
  return token;
}();

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return kIsToken[c]; });
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool same(std::string_view text, std::string_view in_lower_case) {
  return std::ranges::equal(text, in_lower_case, {}, lower);
}
std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}
// Controls but the tab; what is not ASCII is let pass in a header's value (RFC 9110, 5.5).
bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

void RequestParser::reset() {
  const RequestLimits limits = limits_;
  std::string body = std::move(body_);
  *this = RequestParser(limits);
  body.clear();
  if (body.capacity() <= 4096) body_ = std::move(body);
}

bool RequestParser::refuse(int status, const char* why) {
  state_ = State::refused;
  status_ = status;
  why_ = why;
  return false;
}

// A whole line without its CRLF; false: not yet there, or refused. What it looks at lives until the next call.
bool RequestParser::take_line(std::string_view& input, std::string_view& line) {
  if (line_whole_) line_.clear();
  line_whole_ = false;
  const std::size_t end = input.find('\n');
  const std::size_t taken = end == std::string_view::npos ? input.size() : end + 1;
  head_ += taken;
  const bool first = step_ == Step::head && method_.empty();
  if (first && line_.size() + taken > limits_.line_bytes) return refuse(414, "the request line is too long");
  // chunks have marks of their own
  const std::size_t most = limits_.head_bytes + (step_ == Step::head ? 0 : limits_.body_bytes / 4);
  if (head_ > most || line_.size() + taken > limits_.head_bytes) return refuse(431, "the headers are too long");
  line_.append(input.substr(0, taken));
  input.remove_prefix(taken);
  if (end == std::string_view::npos) return false;
  line_whole_ = true;
  line = line_;
  line.remove_suffix(1);
  if (!line.ends_with('\r')) return refuse(400, "a line ends in LF without CR");
  line.remove_suffix(1);
  if (line.find('\r') != std::string_view::npos || line.find('\0') != std::string_view::npos)
    return refuse(400, "a line holds CR or NUL");
  return true;
}

RequestParser::State RequestParser::take(std::string_view& input) {
  while (state_ == State::incomplete && !input.empty()) {
    begun_ = true;
    if (step_ == Step::body || step_ == Step::chunk) {
      take_body(input);
      continue;
    }
    std::string_view line;
    if (!take_line(input, line)) continue;
    switch (step_) {
      case Step::head:
        if (method_.empty()) {
          // one blank line before a request is passed over (RFC 9112, 2.2)
          if (line.empty() && head_ == 2) break;
          request_line(line);
        } else if (line.empty()) {
          end_of_head();
        } else {
          field(line);
        }
        break;
      case Step::chunk_size:
        chunk_size(line);
        break;
      case Step::chunk_end:
        if (!line.empty()) refuse(400, "a chunk is longer than it says");
        step_ = Step::chunk_size;
        break;
      case Step::trailers:  // read as headers are, and left out
        if (line.empty()) {
          state_ = State::complete;
        } else if (const std::size_t colon = line.find(':'); colon == std::string_view::npos ||
                                                             !is_token(line.substr(0, colon)) ||
                                                             has_control(line.substr(colon))) {
          refuse(400, "a trailer is no header");
        }
        break;
      case Step::body:
      case Step::chunk:
        break;
    }
  }
  return state_;
}

bool RequestParser::request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) return refuse(400, "the request line has not three parts");
  const std::string_view method = line.substr(0, first), version = line.substr(last + 1);
  std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(method)) return refuse(400, "the method is no token");
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7]))
    return refuse(400, "the request line does not end in HTTP/1.1");
  if (version[5] != '1') return refuse(505, "HTTP/1.0 and HTTP/1.1 are spoken here");
  version_minor_ = version[7] == '0' ? 0 : 1;
  keep_ = version_minor_ == 1;
  if (target.empty() || std::ranges::any_of(target, [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '#'; }))
    return refuse(400, "the target holds what no URL holds");
  if (!target.starts_with('/')) {  // the absolute form, as sent to proxies (RFC 9112, 3.2.2)
    const std::size_t scheme = target.find("://");
    if (scheme != std::string_view::npos &&
        (same(target.substr(0, scheme), "http") || same(target.substr(0, scheme), "https"))) {
      target.remove_prefix(scheme + 3);
      target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    } else if (target != "*") {
      return refuse(400, "the target is no path");
    }
  }
  method_ = method;
  target_ = target;
  return true;
}

bool RequestParser::field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "a header is folded");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a header has no colon");
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (!is_token(name)) return refuse(400, "a header's name is no token");
  if (has_control(value)) return refuse(400, "a header holds control characters");
  if (same(name, "content-length")) {
    if (has_length_) return refuse(400, "Content-Length is there twice");
    has_length_ = true;
    if (value.empty() || !std::ranges::all_of(value, is_digit)) return refuse(400, "Content-Length is no number");
    const std::string_view digits = value.substr(std::min(value.find_first_not_of('0'), value.size()));
    if (digits.size() > 15) return refuse(413, "the body is too long");
    for (const char digit : digits) left_ = left_ * 10 + static_cast<std::size_t>(digit - '0');
    if (left_ > limits_.body_bytes) return refuse(413, "the body is too long");
  } else if (same(name, "transfer-encoding")) {
    if (chunked_) return refuse(400, "Transfer-Encoding is there twice");
    if (!same(value, "chunked")) return refuse(400, "Transfer-Encoding is not chunked");
    chunked_ = true;
  } else if (same(name, "host")) {
    ++hosts_;
  } else if (same(name, "expect")) {
    if (!same(value, "100-continue")) return refuse(417, "an expectation that is not 100-continue");
    expects_continue_ = true;
  } else if (same(name, "content-encoding")) {
    packed_ = packed_ || !(value.empty() || same(value, "identity"));
  } else if (same(name, "connection")) {
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view option = trimmed(rest.substr(0, comma));
      seen_close_ = seen_close_ || same(option, "close");
      seen_keep_ = seen_keep_ || same(option, "keep-alive");
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return true;
}

bool RequestParser::end_of_head() {
  if (version_minor_ == 1 && hosts_ == 0) return refuse(400, "there is no Host");
  if (hosts_ > 1) return refuse(400, "Host is there twice");
  if (chunked_ && has_length_) return refuse(400, "Content-Length and Transfer-Encoding are both there");
  if (chunked_ && version_minor_ == 0) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
  keep_ = !seen_close_ && (version_minor_ == 1 || seen_keep_);
  head_ = 0;
  has_body_ = chunked_ || left_ > 0;
  expects_continue_ = expects_continue_ && has_body_ && version_minor_ == 1;
  step_ = chunked_ ? Step::chunk_size : Step::body;
  if (!has_body_) state_ = State::complete;
  return true;
}

// Hexadecimal digits; behind them extensions, that begin with `;` and mean nothing to us.
bool RequestParser::chunk_size(std::string_view line) {
  std::size_t digits = 0, size = 0;
  while (digits < line.size() && hex_digit(line[digits]) >= 0) {
    if (digits >= kMostDigits || (size >> 48U) != 0) return refuse(413, "a chunk is too long");
    size = size * 16 + static_cast<std::size_t>(hex_digit(line[digits]));
    ++digits;
  }
  if (digits == 0) return refuse(400, "a chunk's size is no hexadecimal number");
  const std::string_view rest = line.substr(digits);
  if (!rest.empty() && (!trimmed(rest).starts_with(';') || has_control(rest)))
    return refuse(400, "a chunk's size is no hexadecimal number");
  if (size > limits_.body_bytes - body_.size()) return refuse(413, "the body is too long");
  left_ = size;
  step_ = size == 0 ? Step::trailers : Step::chunk;
  return true;
}

bool RequestParser::take_body(std::string_view& input) {
  const std::size_t part = std::min(left_, input.size());
  body_.append(input.substr(0, part));
  input.remove_prefix(part);
  left_ -= part;
  if (left_ > 0) return false;
  if (step_ == Step::body)
    state_ = State::complete;
  else
    step_ = Step::chunk_end;
  return true;
}

}  // namespace gateway
