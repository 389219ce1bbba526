#include "tools/gateway/authentication.hpp"

#include <sodium.h>

#include <algorithm>

#include "tools/operations/users.hpp"

namespace gateway {
namespace {

constexpr std::size_t kIdLength = 64;
constexpr std::size_t kMostSessionsOfLogin = 100, kMostSessions = 50'000;
constexpr std::size_t kMostVerified = 10'000;
constexpr auto kVerifiedFor = std::chrono::minutes(10);
constexpr auto kLongestWait = std::chrono::seconds(5);  // for one's turn to be verified
constexpr int kMostInLine = 8;

constexpr int kFreeOfPair = 5, kFreeOfAddress = 20, kFreeOfLogin = 50;
constexpr auto kForgetAfter = std::chrono::hours(1);
constexpr std::size_t kMostKept = 50'000;  // failures and known addresses; then the old ones go

std::string make_id() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string id(kIdLength, ' ');
  for (char& letter : id) letter = letters[randombytes_uniform(static_cast<std::uint32_t>(letters.size()))];
  return id;
}

std::string pair_of(const std::string& login, const std::string& address) { return login + '\n' + address; }

}  // namespace

// ---- throttle ----

bool Throttle::waits(const std::map<std::string, Failures>& table, const std::string& key, Instant now) {
  const auto found = table.find(key);
  return found != table.end() && now < found->second.pause_until;
}

void Throttle::count(std::map<std::string, Failures>& table, const std::string& key, int free,
                     std::chrono::seconds most, Instant now) {
  Failures& failures = table[key];
  if (now - failures.last > kForgetAfter) failures.count = 0;
  failures.last = now;
  if (++failures.count < free) return;
  const int doublings = std::min(failures.count - free, 20);
  failures.pause_until = now + std::min(std::chrono::seconds(1LL << doublings), most);
}

bool Throttle::allows(const std::string& login, const std::string& address, Instant now) {
  const std::lock_guard lock(mutex_);
  if (waits(by_pair_, pair_of(login, address), now) || waits(by_address_, address, now)) return false;
  return known_.contains(pair_of(login, address)) || !waits(by_login_, login, now);
}

void Throttle::failed(const std::string& login, const std::string& address, Instant now) {
  const std::lock_guard lock(mutex_);
  forget_old(now);
  count(by_pair_, pair_of(login, address), kFreeOfPair, std::chrono::minutes(15), now);
  count(by_address_, address, kFreeOfAddress, std::chrono::minutes(15), now);
  count(by_login_, login, kFreeOfLogin, std::chrono::seconds(30), now);
}

void Throttle::succeeded(const std::string& login, const std::string& address, Instant now) {
  const std::lock_guard lock(mutex_);
  forget_old(now);
  by_pair_.erase(pair_of(login, address));
  known_[pair_of(login, address)] = now;
}

void Throttle::forget_old(Instant now) {
  for (std::map<std::string, Failures>* table : {&by_pair_, &by_address_, &by_login_}) {
    if (table->size() < kMostKept) continue;
    std::erase_if(*table, [now](const auto& entry) { return now - entry.second.last > std::chrono::minutes(15); });
    if (table->size() >= kMostKept) table->clear();  // more addresses than can be kept apart: start again
  }
  if (known_.size() >= kMostKept) {
    std::erase_if(known_, [now](const auto& entry) { return now - entry.second > std::chrono::hours(24); });
    if (known_.size() >= kMostKept) known_.clear();
  }
}

// ---- authentication ----

Authentication::Authentication(std::function<Instant()> monotonic) : monotonic_(std::move(monotonic)) {
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
  std::string login = connection.login;
  if (!connection.session.empty()) {
    const Instant now = monotonic_();
    std::optional<Session> session;
    {
      const std::lock_guard lock(mutex_);
      const auto found = sessions_.find(keyed(connection.session));
      if (found != sessions_.end() && now < found->second.idle_until && now < found->second.ends_at) {
        found->second.idle_until = now + found->second.timeout;
        session = found->second;
      }
    }
    if (!session) return Refusal::no_session;
    const std::optional<engine::User> user = store.user(session->login);
    if (!user || !user->enabled || user->password_hash != session->password_hash) return Refusal::no_session;
    return Caller{*user, store.customer(user->customer).value().name};
  }
  const std::variant<bool, Refusal> right = check(login, connection.password, address, store);
  if (const Refusal* refused = std::get_if<Refusal>(&right)) return *refused;
  const std::optional<engine::User> user = store.user(login);
  if (!std::get<bool>(right) || !user) return Refusal::wrong;
  return Caller{*user, store.customer(user->customer).value().name};
}

std::variant<bool, Refusal> Authentication::check(const std::string& login, const std::string& password,
                                                  const std::string& address, engine::LedgerReader& store) {
  if (login.empty() || password.empty() || password.size() > operations::kLongestPassword) return false;
  const Instant now = monotonic_();
  const std::optional<engine::User> user = store.user(login);
  const std::string& hash = user ? user->password_hash : no_hash_;
  const Hash remembered = keyed(login + '\n' + hash + '\n' + password);
  {
    const std::lock_guard lock(mutex_);
    const auto found = verified_.find(remembered);
    // only what was right is remembered, so the user exists
    if (found != verified_.end() && now < found->second) return user->enabled;
  }
  if (!throttle_.allows(login, address, now)) return Refusal::throttled;
  std::optional<bool> right = verify(hash, password);
  if (!right) return Refusal::throttled;
  right = *right && user && user->enabled;
  if (!*right) {
    throttle_.failed(login, address, now);
    return false;
  }
  throttle_.succeeded(login, address, now);
  const std::lock_guard lock(mutex_);
  if (verified_.size() >= kMostVerified) verified_.clear();
  verified_[remembered] = now + kVerifiedFor;
  return true;
}

// Nothing where too many wait already: the gateway's threads are not for them alone.
std::optional<bool> Authentication::verify(const std::string& hash, const std::string& password) {
  std::optional<bool> right;
  if (in_line_.fetch_add(1) < kMostInLine && verifying_.try_acquire_for(kLongestWait)) {
    right = operations::is_password(hash, password);
    verifying_.release();
  }
  --in_line_;
  return right;
}

std::variant<std::string, Refusal> Authentication::begin_session(const Caller& caller, std::chrono::seconds timeout,
                                                                 std::chrono::seconds max_ttl) {
  const Instant now = monotonic_();
  const std::string id = make_id();
  const std::lock_guard lock(mutex_);
  const auto of_login = [&] {
    return static_cast<std::size_t>(
        std::ranges::count(sessions_, caller.user.login, [](const auto& entry) { return entry.second.login; }));
  };
  if (sessions_.size() >= kMostSessions || of_login() >= kMostSessionsOfLogin) drop_ended(now);
  if (sessions_.size() >= kMostSessions || of_login() >= kMostSessionsOfLogin) return Refusal::too_many_sessions;
  sessions_[keyed(id)] = {caller.user.login, caller.user.password_hash, timeout, now + timeout, now + max_ttl};
  return id;
}

bool Authentication::end_session(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return sessions_.erase(keyed(id)) > 0;
}

void Authentication::drop_ended(Instant now) {
  std::erase_if(sessions_,
                [now](const auto& entry) { return now >= entry.second.idle_until || now >= entry.second.ends_at; });
}

}  // namespace gateway
