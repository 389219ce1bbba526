// Who calls: sessions, passwords, and what guessing costs.
//
// * A session id is 64 random letters and digits; only its hash is kept, in memory: sessions end with the program, and
// clients log in again.
// * A password is verified by Argon2id, two at a time, so that a flood of logins takes neither all memory nor all
// threads. An unknown login costs the same. A
//   password that was right is remembered for a while by a keyed hash, so that software that sends it with every call
//   does not pay each time.
// * Failures make the next attempts wait: of a login from one address after five, each pause twice the one before, up
// to 15 minutes; of an address after 20,
//   whatever logins it tries; of a login from strange addresses after 50, at most 30 s, so that nobody can lock another
//   out: addresses from which the login succeeded before are not concerned.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <semaphore>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "api_client/command.hpp"
#include "engine/ports.hpp"

namespace gateway {

using Instant = std::chrono::steady_clock::time_point;

struct Caller {
  engine::User user;
  std::string account;  // the customer's name
};

enum class Refusal : std::uint8_t { wrong, no_session, throttled, too_many_sessions };

class Throttle {
 public:
  // Whether an attempt may be made now.
  bool allows(const std::string& login, const std::string& address, Instant now);
  void failed(const std::string& login, const std::string& address, Instant now);
  void succeeded(const std::string& login, const std::string& address, Instant now);

 private:
  struct Failures {
    int count = 0;
    Instant pause_until{}, last{};
  };
  static bool waits(const std::map<std::string, Failures>& table, const std::string& key, Instant now);
  static void count(std::map<std::string, Failures>& table, const std::string& key, int free, std::chrono::seconds most,
                    Instant now);
  void forget_old(Instant now);

  std::mutex mutex_;
  std::map<std::string, Failures> by_pair_, by_address_, by_login_;
  std::map<std::string, Instant> known_;  // login and address of successes
};

class Authentication {
 public:
  // `monotonic` tells how time passes for sessions and pauses: not the book's clock, which stands still in a rehearsal.
  explicit Authentication(std::function<Instant()> monotonic);

  // By session, or by login and password. Blocks for a tenth of a second where a password has to be verified.
  std::variant<Caller, Refusal> caller(const api_client::Connection& connection, const std::string& address,
                                       engine::LedgerReader& store);
  // Whether this is the user's password; counts as an attempt.
  std::variant<bool, Refusal> check(const std::string& login, const std::string& password, const std::string& address,
                                    engine::LedgerReader& store);

  // The id of a new session of the caller's, idle for at most `timeout` and ending after `max_ttl`.
  std::variant<std::string, Refusal> begin_session(const Caller& caller, std::chrono::seconds timeout,
                                                   std::chrono::seconds max_ttl);
  bool end_session(const std::string& id);

 private:
  using Hash = std::array<unsigned char, 32>;
  struct Session {
    std::string login, password_hash;  // a changed password ends it
    std::chrono::seconds timeout;
    Instant idle_until, ends_at;
  };
  Hash keyed(std::string_view text) const;
  std::optional<bool> verify(const std::string& hash, const std::string& password);
  void drop_ended(Instant now);

  std::function<Instant()> monotonic_;
  Hash key_{};           // of this run, for keyed()
  std::string no_hash_;  // of a password nobody has, for unknown logins
  Throttle throttle_;
  std::counting_semaphore<16> verifying_{2};
  std::atomic<int> in_line_{0};  // threads that verify or wait to
  std::mutex mutex_;
  std::map<Hash, Session> sessions_;
  std::map<Hash, Instant> verified_;  // keyed hash of login, stored hash and password → until when
};

}  // namespace gateway
