// Who calls: sessions, passwords, and what guessing costs.
//
// * A session id is 64 random letters and digits; only its hash is kept, in memory: sessions end with the program, and
//   clients log in again. A user has at most 100: then the one idle longest gives way. They end when the user is
//   disabled, removed, or has another password.
// * A password is verified by Argon2id, see VerifyQueue. One that was right is remembered by a keyed hash, so that
//   software that sends it with every call does not pay each time, and is not concerned by what others guess: who has
//   logged in since the gateway began is always let in with the right password.
// * What guessing costs: see LoginFailures.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "api_client/command.hpp"
#include "engine/ports.hpp"
#include "tools/gateway/login_failures.hpp"
#include "tools/gateway/verify_queue.hpp"

namespace gateway {

struct Caller {
  engine::User user;
  std::string account;  // the customer's name
};

// `other_session`: the session is somebody else's than the login beside it. `busy`: too many log in at once.
enum class Refusal : std::uint8_t { wrong, no_session, throttled, busy, other_session };

class Authentication {
 public:
  // `monotonic` tells how time passes for sessions and pauses: not the book's clock, which stands still in a rehearsal.
  explicit Authentication(std::function<Instant()> monotonic, const VerifyQueue::Limits& limits = {});

  // By session, or by login and password. Blocks for a tenth of a second where a password has to be verified, longer
  // where others wait for it too.
  std::variant<Caller, Refusal> caller(const api_client::Connection& connection, const std::string& address,
                                       engine::LedgerReader& store);
  // Whether this is the user's password; counts as an attempt.
  std::variant<bool, Refusal> check(const std::string& login, const std::string& password, const std::string& address,
                                    engine::LedgerReader& store);

  // The id of a new session of the caller's, idle for at most `timeout` and ending after `max_ttl`.
  std::string begin_session(const Caller& caller, std::chrono::seconds timeout, std::chrono::seconds max_ttl);
  bool end_session(const std::string& id);

 private:
  using Hash = std::array<unsigned char, 32>;
  struct Session {
    std::int64_t user;
    std::string login;
    Hash password;               // a changed password ends it
    engine::UtcTime changed_at;  // and so does whatever else was changed of the user
    std::chrono::seconds timeout;
    Instant idle_until, ends_at;
  };
  Hash keyed(std::string_view text) const;
  bool is_remembered(const Hash& proof, const std::string& login);
  void end_session_locked(const Hash& key);
  void make_room(std::int64_t user, Instant now);

  std::function<Instant()> monotonic_;
  Hash key_{};           // of this run, for keyed()
  std::string no_hash_;  // of a password nobody has, for unknown logins
  LoginFailures failures_;
  VerifyQueue queue_;
  std::mutex mutex_;
  std::map<Hash, Session> sessions_;
  std::map<std::int64_t, std::deque<Hash>> of_user_;  // the sessions of each, the oldest first
  std::unordered_map<std::string, Hash> proofs_;      // by login: keyed hash of its stored hash and right password
};

}  // namespace gateway
