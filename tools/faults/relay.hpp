// A relay that stands between a client of the provider's protocol and its server, and spoils a share of what passes:
// the outages, lost answers and half answers of a real network, drawn by seed so that a run can be repeated. It reads
// HTTP/1.1 and nothing of what is inside; it writes no log.
//
// Each exchange (one request and its answer) is spoiled or passed on as its number and the seed decide. Bodies are
// passed on uncompressed, so that they can be cut at a line. Connections are kept alive on both sides.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.hpp"
#include "engine/time.hpp"

namespace faults {

enum class Kind : std::uint8_t {
  lost_request,  // the connection is closed; the server never saw it
  lost_answer,   // the server did it; the connection is closed
  // the server did it; the answer breaks off in the middle of its body, and the connection with it
  torn,
  // the server did it; a well-formed HTTP answer whose body ends at the end of a line, but before its EOF
  cut_at_line,
  busy_before,  // 420, 421 or 423 in place of doing it
  busy_after,   // 420, 421 or 423 in place of the answer; the server did it
  html_page,    // HTTP 502 with an HTML page, every other one of them after the server did it
  duplicate,    // delivered twice; the second answer is given
  late,         // the server did it; the answer is held back until the client gives up, or for `late_by`
};
inline constexpr Kind kKinds[] = {Kind::lost_request, Kind::lost_answer, Kind::torn,
                                  Kind::cut_at_line,  Kind::busy_before, Kind::busy_after,
                                  Kind::html_page,    Kind::duplicate,   Kind::late};
std::string_view to_word(Kind kind);  // "lost-request" …
std::optional<Kind> parse_kind(std::string_view text);

// "127.0.0.1:8080", "[::1]:8080"; a numeric address. invalid_argument else.
struct Address {
  std::string host;
  std::uint16_t port;
};
engine::Result<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);

struct Options {
  Address listen{"127.0.0.1", 0};  // port 0: any that is free
  Address to;
  int percent = 33;  // of all exchanges, 0 to 100
  std::uint64_t seed = 1;
  std::vector<Kind> kinds{std::begin(kKinds), std::end(kKinds)};  // each as likely as another
  // of real time; meant to be longer than the client waits
  engine::Milliseconds late_by = std::chrono::seconds(60);
};

// Counts so far. Faults are counted when they were done: one whose server could not be reached is `unreachable`
// instead.
struct Tally {
  std::int64_t connections = 0, exchanges = 0, passed = 0;
  std::int64_t unreachable = 0;                            // the server did not answer us: HTTP 502 to the client
  std::int64_t outages = 0;                                // times that we were dead
  std::array<std::int64_t, std::size(kKinds)> injected{};  // by kind
  std::int64_t of(Kind kind) const { return injected[static_cast<std::size_t>(kind)]; }
  std::int64_t faults() const;
};

// Serves from a thread of its own from open() until it is destroyed. All members may be called from any thread.
class Relay {
 public:
  // invalid_argument where it cannot listen there, or for a percentage or kinds that cannot be.
  static engine::Result<std::unique_ptr<Relay>> open(const Options& options);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  Address address() const;  // where it listens
  // Dead: nobody listens, so that connections are refused; those that were open are closed, whatever they carry.
  // Returns when it is so.
  void set_dead(bool dead);
  Tally tally() const;

 private:
  struct Traffic;
  explicit Relay(std::unique_ptr<Traffic> traffic);
  std::unique_ptr<Traffic> traffic_;
};

}  // namespace faults
