// The canonical bytes that a seal hashes, and the hash: BLAKE2b-256. Format with a worked example: schema.md, "Seals".
// Fields are tagged and length-prefixed, so that no two contents share their bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/ports.hpp"

namespace storage {

using Hash = std::array<unsigned char, 32>;

// Appends fields: absent is 0x00; a number is 0x01 and 8 bytes, little endian, two's complement; a text is 0x02, its
// length as 4 bytes, little endian, and its bytes.
class CanonicalBytes {
 public:
  void number(std::int64_t value);
  void text(std::string_view value);
  void absent() { bytes_.push_back('\0'); }
  void optional_number(std::optional<std::int64_t> value);
  void raw(std::string_view bytes) { bytes_.append(bytes); }

  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

// The accounts of a transfer, independent of row numbers.
void append_account(CanonicalBytes& out, const engine::LedgerAccountKey& account);

struct SealedRequest {
  std::int64_t id;
  std::string_view sender, key, content, answer, actor;
  std::int64_t recorded_at;
};
void append_request(CanonicalBytes& out, const SealedRequest& request);

struct SealedTransfer {
  std::int64_t id;
  std::string_view kind;
  std::string_view debit, credit;  // as append_account wrote them
  std::int64_t amount_minor, recorded_at, effective_at;
  std::optional<std::int64_t> backorder, attempt, reverses, request;
  std::string_view request_sender, request_key;  // empty without a request
  std::string_view actor, memo;
};
void append_transfer(CanonicalBytes& out, const SealedTransfer& transfer);

struct SealRange {
  std::int64_t id, sealed_at, first_request, last_request, first_transfer, last_transfer;
};

// The most requests and transfers per seal. A larger unit of work has several seals, so that it does not keep all their
// bytes until its end.
inline constexpr std::int64_t kMostUnsealed = 4'096;

// Hashes one seal's document piece by piece: header, then its requests, then its transfers, each in the order of ids.
class SealHasher {
 public:
  SealHasher(const Hash& previous, const SealRange& range);
  void add(const CanonicalBytes& row);
  Hash finish();

 private:
  // crypto_generichash_state, whose header stays out of this one
  alignas(64) std::array<unsigned char, 384> state_;
};

// The predecessor of the first seal: a hash of how the book was made.
Hash book_hash(std::int64_t made_at_ms, bool rehearsal);
Hash hash_of(std::string_view bytes);
std::string hex(std::span<const unsigned char> bytes);

}  // namespace storage
