#include "tools/gateway/login_failures.hpp"

#include <sodium.h>

#include <algorithm>
#include <vector>

#include "engine/ensure.hpp"

namespace gateway {
namespace {

constexpr int kFreeOfPair = 5, kFreeOfAddress = 20;
constexpr auto kLongestPause = std::chrono::minutes(15);
constexpr auto kForgetAfter = std::chrono::hours(1);
constexpr std::size_t kMostKept = 50'000;  // of each table; then the older half goes

}  // namespace

LoginFailures::LoginFailures() {
  ENSURE(sodium_init() >= 0, "libsodium works");
  randombytes_buf(secret_.data(), secret_.size());
}

LoginFailures::Key LoginFailures::key_of(std::string_view login, std::string_view address) const {
  Key key{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, secret_.data(), secret_.size(), key.size());
  for (const std::string_view text : {address, std::string_view("\n"), login})
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  crypto_generichash_final(&state, key.data(), key.size());
  return key;
}

bool LoginFailures::allows(std::string_view login, std::string_view address, Instant now) const {
  const Key key = key_of(login, address);
  const std::lock_guard lock(mutex_);
  const auto found = by_pair_.find(key);
  return found == by_pair_.end() || now >= found->second.pause_until;
}

std::uint32_t LoginFailures::rank(std::string_view login, std::string_view address) const {
  const Key pair = key_of(login, address), from = key_of({}, address);
  const std::lock_guard lock(mutex_);
  if (known_.contains(pair)) return 0;
  const auto of_pair = by_pair_.find(pair);
  if (of_pair != by_pair_.end()) return 100 + static_cast<std::uint32_t>(std::min(of_pair->second.count, 1'000));
  const auto of_address = by_address_.find(from);
  if (of_address != by_address_.end()) return 1 + static_cast<std::uint32_t>(std::min(of_address->second.count, 90));
  return 0;
}

bool LoginFailures::is_guessing(std::string_view address, Instant now) const {
  const Key key = key_of({}, address);
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(key);
  return found != by_address_.end() && found->second.count >= kFreeOfAddress && now - found->second.last < kForgetAfter;
}

void LoginFailures::failed(std::string_view login, std::string_view address, Instant now) {
  const Key pair = key_of(login, address), from = key_of({}, address);
  const std::lock_guard lock(mutex_);
  for (auto* table : {&by_pair_, &by_address_}) {
    if (table->size() >= kMostKept) forget_oldest(*table);
    Failures& failures = (*table)[table == &by_pair_ ? pair : from];
    if (now - failures.last > kForgetAfter) failures.count = 0;
    failures.last = now;
    ++failures.count;
  }
  Failures& of_pair = by_pair_[pair];
  if (of_pair.count < kFreeOfPair) return;
  const int doublings = std::min(of_pair.count - kFreeOfPair, 20);
  of_pair.pause_until = now + std::min<std::chrono::seconds>(std::chrono::seconds(1LL << doublings), kLongestPause);
}

void LoginFailures::succeeded(std::string_view login, std::string_view address, Instant now) {
  const Key pair = key_of(login, address);
  const std::lock_guard lock(mutex_);
  by_pair_.erase(pair);
  if (known_.size() >= kMostKept) forget_oldest(known_);
  known_[pair].last = now;
}

// An attacker with more addresses than can be kept apart pushes out the oldest of them, and not everybody.
template <typename Table>
void LoginFailures::forget_oldest(Table& table) {
  std::vector<Instant> instants;
  instants.reserve(table.size());
  for (const auto& entry : table) instants.push_back(entry.second.last);
  const auto middle = instants.begin() + static_cast<std::ptrdiff_t>(instants.size() / 2);
  std::ranges::nth_element(instants, middle);
  std::size_t left = instants.size() / 2;
  std::erase_if(table, [&](const auto& entry) { return entry.second.last <= *middle && left > 0 && left-- > 0; });
}

std::size_t LoginFailures::kept() const {
  const std::lock_guard lock(mutex_);
  return by_pair_.size() + by_address_.size() + known_.size();
}

}  // namespace gateway
