// What is kept of failed logins, in bounded memory: keys are hashes, whatever their sender wrote.
//
// A login from one address that failed five times waits before its next attempt, each pause twice the one before, up to
// 15 minutes. That is all that is refused outright: other logins of the same address (everybody may be behind one
// proxy) and the same login from other addresses are not. They are only ranked: whoever has failed less is verified
// first, so that a flood of guesses waits behind those who have not guessed.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>

namespace gateway {

using Instant = std::chrono::steady_clock::time_point;

class LoginFailures {
 public:
  LoginFailures();

  // Whether this login may be tried from this address now.
  bool allows(std::string_view login, std::string_view address, Instant now) const;
  // How much has failed that bears on an attempt: 0 where nothing has, or where the login succeeded from this address
  // before; less is better.
  std::uint32_t rank(std::string_view login, std::string_view address) const;
  // 20 failures or more of whatever logins within an hour.
  bool is_guessing(std::string_view address, Instant now) const;
  void failed(std::string_view login, std::string_view address, Instant now);
  void succeeded(std::string_view login, std::string_view address, Instant now);

  std::size_t kept() const;

 private:
  using Key = std::array<unsigned char, 16>;
  struct Failures {
    int count = 0;
    Instant pause_until{}, last{};
  };
  Key key_of(std::string_view login, std::string_view address) const;
  template <typename Table>
  static void forget_oldest(Table& table);

  Key secret_{};
  mutable std::mutex mutex_;
  std::map<Key, Failures> by_pair_, by_address_;
  std::map<Key, Failures> known_;  // pairs that succeeded; only `last` is used
};

}  // namespace gateway
