#include "storage/book/seal.hpp"

#include <sodium.h>

namespace storage {
namespace {

constexpr std::string_view kSealVersion = "dropledger seal 1";
constexpr std::string_view kBookVersion = "dropledger book 1";

static_assert(sizeof(crypto_generichash_state) <= 384);

crypto_generichash_state* state_of(std::array<unsigned char, 384>& bytes) {
  return reinterpret_cast<crypto_generichash_state*>(bytes.data());
}

void update(std::array<unsigned char, 384>& state, std::string_view bytes) {
  crypto_generichash_update(state_of(state), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

}  // namespace

void CanonicalBytes::number(std::int64_t value) {
  char field[9] = {0x01};
  auto rest = static_cast<std::uint64_t>(value);
  for (int i = 1; i < 9; ++i, rest >>= 8) field[i] = static_cast<char>(rest & 0xff);
  bytes_.append(field, sizeof field);
}

void CanonicalBytes::text(std::string_view value) {
  char field[5] = {0x02};
  auto rest = static_cast<std::uint32_t>(value.size());
  for (int i = 1; i < 5; ++i, rest >>= 8) field[i] = static_cast<char>(rest & 0xff);
  bytes_.append(field, sizeof field);
  bytes_.append(value);
}

void CanonicalBytes::optional_number(std::optional<std::int64_t> value) {
  if (value)
    number(*value);
  else
    absent();
}

void append_account(CanonicalBytes& out, const engine::LedgerAccountKey& account) {
  out.number(static_cast<std::int64_t>(account.kind));
  out.text(account.currency.code());
  if (account.customer)
    out.number(account.customer->value());
  else
    out.absent();
  out.text(account.source);
}

void append_request(CanonicalBytes& out, const SealedRequest& request) {
  out.number(request.id);
  out.text(request.sender);
  out.text(request.key);
  out.text(request.content);
  out.text(request.answer);
  out.text(request.actor);
  out.number(request.recorded_at);
}

void append_transfer(CanonicalBytes& out, const SealedTransfer& transfer) {
  out.number(transfer.id);
  out.text(transfer.kind);
  out.raw(transfer.debit);
  out.raw(transfer.credit);
  out.number(transfer.amount_minor);
  out.number(transfer.recorded_at);
  out.number(transfer.effective_at);
  out.optional_number(transfer.backorder);
  out.optional_number(transfer.attempt);
  out.optional_number(transfer.reverses);
  out.optional_number(transfer.request);
  if (transfer.request) {
    out.text(transfer.request_sender);
    out.text(transfer.request_key);
  }
  out.text(transfer.actor);
  out.text(transfer.memo);
}

SealHasher::SealHasher(const Hash& previous, const SealRange& range) : state_{} {
  crypto_generichash_init(state_of(state_), nullptr, 0, std::tuple_size_v<Hash>);
  CanonicalBytes header;
  header.text(kSealVersion);
  header.text({reinterpret_cast<const char*>(previous.data()), previous.size()});
  for (const std::int64_t value : {range.id, range.sealed_at, range.first_request, range.last_request,
                                   range.first_transfer, range.last_transfer}) {
    header.number(value);
  }
  add(header);
}

void SealHasher::add(const CanonicalBytes& row) { update(state_, row.bytes()); }

Hash SealHasher::finish() {
  Hash hash;
  crypto_generichash_final(state_of(state_), hash.data(), hash.size());
  return hash;
}

Hash book_hash(std::int64_t made_at_ms, bool rehearsal) {
  CanonicalBytes bytes;
  bytes.text(kBookVersion);
  bytes.number(made_at_ms);
  bytes.number(rehearsal ? 1 : 0);
  return hash_of(bytes.bytes());
}

Hash hash_of(std::string_view bytes) {
  Hash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                     nullptr, 0);
  return hash;
}

std::string hex(std::span<const unsigned char> bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

}  // namespace storage
