#include "tools/gateway/authentication.hpp"

#include <sodium.h>

#include <algorithm>

#include "tools/operations/users.hpp"

namespace gateway {
namespace {

constexpr std::size_t kIdLength = 64;
constexpr std::size_t kMostSessionsOfUser = 100, kMostSessions = 50'000;
constexpr std::size_t kMostProofs = 100'000;
constexpr std::size_t kLongestLogin = 129;  // as operations::add_user() takes it, with a role

std::string make_id() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string id(kIdLength, ' ');
  for (char& letter : id) letter = letters[randombytes_uniform(static_cast<std::uint32_t>(letters.size()))];
  return id;
}

}  // namespace

Authentication::Authentication(std::function<Instant()> monotonic, const VerifyQueue::Limits& limits)
    : monotonic_(std::move(monotonic)), queue_(limits) {
  ENSURE(sodium_init() >= 0, "libsodium works");
  randombytes_buf(key_.data(), key_.size());
  no_hash_ = operations::hash_password(make_id());
}

Authentication::Hash Authentication::keyed(std::string_view text) const {
  Hash hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     key_.data(), key_.size());
  return hash;
}

std::variant<Caller, Refusal> Authentication::caller(const api_client::Connection& connection,
                                                     const std::string& address, engine::LedgerReader& store) {
  if (!connection.session.empty()) {
    const Instant now = monotonic_();
    const Hash key = keyed(connection.session);
    std::optional<Session> session;
    {
      const std::lock_guard lock(mutex_);
      const auto found = sessions_.find(key);
      if (found != sessions_.end() && now < found->second.idle_until && now < found->second.ends_at) {
        found->second.idle_until = now + found->second.timeout;
        session = found->second;
      }
    }
    if (!session) return Refusal::no_session;
    const std::optional<engine::User> user = store.user(session->login);
    if (!user || user->id != session->user || !user->enabled || keyed(user->password_hash) != session->password ||
        user->changed_at != session->changed_at) {
      end_session(connection.session);
      return Refusal::no_session;
    }
    if (!connection.login.empty() && connection.login != session->login) return Refusal::other_session;
    return Caller{*user, store.customer(user->customer).value().name};
  }
  const std::variant<bool, Refusal> right = check(connection.login, connection.password, address, store);
  if (const Refusal* refused = std::get_if<Refusal>(&right)) return *refused;
  const std::optional<engine::User> user = store.user(connection.login);
  if (!std::get<bool>(right) || !user || !user->enabled) return Refusal::wrong;
  return Caller{*user, store.customer(user->customer).value().name};
}

bool Authentication::is_remembered(const Hash& proof, const std::string& login) {
  const std::lock_guard lock(mutex_);
  const auto found = proofs_.find(login);
  return found != proofs_.end() && sodium_memcmp(found->second.data(), proof.data(), proof.size()) == 0;
}

std::variant<bool, Refusal> Authentication::check(const std::string& login, const std::string& password,
                                                  const std::string& address, engine::LedgerReader& store) {
  if (login.empty() || login.size() > kLongestLogin || password.empty() ||
      password.size() > operations::kLongestPassword)
    return false;
  const Instant now = monotonic_();
  const std::optional<engine::User> user = store.user(login);
  const bool stranger = !user || !user->enabled;
  const std::string& hash = stranger ? no_hash_ : user->password_hash;
  const Hash proof = keyed(hash + '\n' + password);
  if (!stranger && is_remembered(proof, login)) return true;
  if (!failures_.allows(login, address, now)) return Refusal::throttled;
  if (stranger && failures_.is_guessing(address, now)) {
    failures_.failed(login, address, now);
    return Refusal::throttled;
  }
  if (!queue_.enter(stranger, failures_.rank(login, address))) return stranger ? Refusal::throttled : Refusal::busy;
  bool right = false;
  // Where many come with the same password, one has proved it for all.
  if (!stranger && is_remembered(proof, login)) {
    right = true;
  } else {
    try {
      right = operations::is_password(hash, password) && !stranger;
    } catch (...) {
      queue_.leave(stranger);
      throw;
    }
  }
  queue_.leave(stranger);
  if (!right) {
    failures_.failed(login, address, now);
    return false;
  }
  failures_.succeeded(login, address, now);
  const std::lock_guard lock(mutex_);
  if (proofs_.size() >= kMostProofs && !proofs_.contains(login)) proofs_.erase(proofs_.begin());
  proofs_[login] = proof;
  return true;
}

std::string Authentication::begin_session(const Caller& caller, std::chrono::seconds timeout,
                                          std::chrono::seconds max_ttl) {
  const Instant now = monotonic_();
  const std::string id = make_id();
  const Hash key = keyed(id), password = keyed(caller.user.password_hash);
  const std::lock_guard lock(mutex_);
  make_room(caller.user.id, now);
  sessions_.insert_or_assign(key, Session{caller.user.id, caller.user.login, password, caller.user.changed_at, timeout,
                                          now + timeout, now + max_ttl});
  of_user_[caller.user.id].push_back(key);
  return id;
}

bool Authentication::end_session(const std::string& id) {
  const Hash key = keyed(id);
  const std::lock_guard lock(mutex_);
  if (!sessions_.contains(key)) return false;
  end_session_locked(key);
  return true;
}

void Authentication::end_session_locked(const Hash& key) {
  const auto found = sessions_.find(key);
  const auto of = of_user_.find(found->second.user);
  std::erase(of->second, key);
  if (of->second.empty()) of_user_.erase(of);
  sessions_.erase(found);
}

// What has ended goes first, then what was used longest ago: of the user, or of everybody.
void Authentication::make_room(std::int64_t user, Instant now) {
  const auto rank = [now](const Session& session) {
    return std::pair(now < session.idle_until && now < session.ends_at, session.idle_until - session.timeout);
  };
  if (const auto of = of_user_.find(user); of != of_user_.end() && of->second.size() >= kMostSessionsOfUser) {
    const Hash least =
        *std::ranges::min_element(of->second, {}, [&](const Hash& key) { return rank(sessions_.at(key)); });
    end_session_locked(least);
  }
  if (sessions_.size() >= kMostSessions) {
    const Hash least =
        std::ranges::min_element(sessions_, {}, [&](const auto& entry) { return rank(entry.second); })->first;
    end_session_locked(least);
  }
}

}  // namespace gateway
