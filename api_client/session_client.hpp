// Commands to the provider and its replies back, over sessions: logs in once, logs in again once where the session was
// lost, ends it when done. Reads are repeated while trouble is temporary, with growing pauses and for as long as
// patience lasts; an order is repeated only where it certainly was not sent. Keeps to a rate, stops asking a provider
// that does not answer, and tells the log of every exchange, secrets removed.
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

// How far the provider's clock may be from this machine's before a person is told: deadlines are hours away, and
// answers may take seconds.
inline constexpr Milliseconds kClockTolerance = std::chrono::seconds(30);

// Where exchanges are written to. Texts hold no secret and no line break.
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
  // This machine's clock, to be compared with the dates of answers; empty: it is not. What is found is told once.
  std::function<engine::UtcTime()> clock{};
  std::function<void(const std::string&)> warn{};
};

// What came of one command.
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
  ~SessionClient();  // ends the session, within a few seconds; what goes wrong there is nobody's loss
  SessionClient(const SessionClient&) = delete;
  SessionClient& operator=(const SessionClient&) = delete;

  const Environment& environment() const;

  using CommandOf = std::function<Command(std::size_t)>;
  // asked at the last moment: a reason ends it as not_sent
  using WhyNot = std::function<std::optional<std::string>(std::size_t)>;
  using Answered = std::function<void(std::size_t, Reply)>;
  // Commands 0 … count − 1, several at once; `answered` is called once for each, in the order in which they end.
  void call_each(std::size_t count, const CommandOf& command, Kind kind, const WhyNot& why_not,
                 const Answered& answered);
  Reply call(const Command& command, Kind kind);

  // The text with our password and session taken out, and what answers hold of secrets (AUTH, SESSION …): fit for
  // evidence and logs.
  std::string without_secrets(std::string_view text) const;

 private:
  struct Line;
  std::unique_ptr<Line> line_;
};

// Codes that say "try again": 4xx, 520 and 521 (temporary although 5xx).
bool is_temporary(int code);

}  // namespace api_client
