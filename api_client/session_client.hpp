// Sends commands to the provider over a session: logs in once, once again if the session is lost, and ends the session
// when done. Repeats reads after temporary errors, with growing pauses, for the time of `patience`. Repeats an order
// only if it was certainly not sent. Limits the rate, stops asking a provider that does not answer, and logs every
// exchange without secrets.
//
// Threads: one caller, one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api_client/command.hpp"
#include "api_client/credentials.hpp"
#include "api_client/environment.hpp"
#include "api_client/response.hpp"
#include "engine/provider.hpp"
#include "engine/time.hpp"

namespace api_client {

using engine::Milliseconds;

// The durations that the client measures and waits for, never dates. Tests give one that does not sleep.
struct Timing {
  std::function<Milliseconds()> elapsed;    // since a fixed moment; never goes back
  std::function<void(Milliseconds)> pause;  // may end early, when interrupted
  std::function<double()> jitter;           // evenly distributed in [0, 1)
};
// The machine's steady clock. A pause ends within a quarter of a second after `interrupted` returns true (it may be
// empty).
Timing machine_timing(std::function<bool()> interrupted);

// A person is warned if the provider's clock differs from this machine's by more than this. Answers may take seconds;
// deadlines are hours away.
inline constexpr Milliseconds kClockTolerance = std::chrono::seconds(30);

// The log of exchanges. Its texts have no secrets and no line breaks.
struct LoggedExchange {
  std::string environment{}, command{};  // "ote 1234", "AddDomainApplication"
  std::string request{};                 // parameters, "DOMAIN=dune-market.com CLASS=BACKORDER"
  engine::Delivery delivery = engine::Delivery::unknown;
  int code = 0;          // of the answer; 0 where there is none
  std::string text{};    // its description, or what was in the way
  std::string answer{};  // its properties, shortened
  int attempt = 1;
  Milliseconds took{0};
};
class ExchangeLog {
 public:
  virtual ~ExchangeLog() = default;
  virtual void note(const LoggedExchange& exchange) = 0;
};

struct SessionOptions {
  Environment environment;
  Credentials credentials;
  int connections = 8;
  int per_second = 50;  // 0: no limit
  // for one order; must be well under the ledger's absence wait
  Milliseconds order_limit = std::chrono::seconds(30);
  // for one reading: "an answer can take minutes" (vendor's clients wait 250 to 300 s)
  Milliseconds read_limit = std::chrono::seconds(120);
  // how long temporary trouble is waited for, pauses and tries together
  Milliseconds patience = std::chrono::seconds(30);
  std::size_t max_body = 64 * 1024 * 1024;
  std::string ca_file{};  // PEM; empty: the system's
  Timing timing = machine_timing({});
  std::function<bool()> interrupted{};
  ExchangeLog* log = nullptr;  // not owned
  // This machine's clock, compared with the dates of answers; a difference is reported once. Empty: no comparison.
  std::function<engine::UtcTime()> clock{};
  std::function<void(const std::string&)> warn{};
};

// The result of one command.
struct Reply {
  engine::Delivery delivery = engine::Delivery::unknown;  // answered: `response` is complete
  int code = 0;
  std::string text{};                     // description or trouble; without our secrets
  std::optional<engine::UtcTime> date{};  // the answer's Date header: of some instant while the exchange went on
  Milliseconds took{0};
  std::optional<Response> response{};  // present, but torn, where delivery is unknown and something was read

  bool ok() const { return delivery == engine::Delivery::answered && code / 100 == 2; }
};

enum class Kind : std::uint8_t {
  read,  // may be repeated freely
  // changes something: never sent again unless it certainly was not sent, or was refused for a lost session
  order,
};

class SessionClient {
 public:
  explicit SessionClient(SessionOptions options);
  ~SessionClient();  // ends the session, within a few seconds; a failure there is ignored
  SessionClient(const SessionClient&) = delete;
  SessionClient& operator=(const SessionClient&) = delete;

  const Environment& environment() const;

  using CommandOf = std::function<Command(std::size_t)>;
  // called just before sending: a returned reason ends the command as not_sent
  using WhyNot = std::function<std::optional<std::string>(std::size_t)>;
  using Answered = std::function<void(std::size_t, Reply)>;
  // Commands 0 … count − 1, several at once; `answered` is called once for each, in the order in which they end.
  void call_each(std::size_t count, const CommandOf& command, Kind kind, const WhyNot& why_not,
                 const Answered& answered);
  Reply call(const Command& command, Kind kind);

  // The text without our password and session, and without secrets of answers (AUTH, SESSION …). For evidence and logs.
  std::string without_secrets(std::string_view text) const;

 private:
  struct Line;
  std::unique_ptr<Line> line_;
};

// Codes that say "try again": 4xx, 520 and 521 (temporary although 5xx).
bool is_temporary(int code);

}  // namespace api_client
