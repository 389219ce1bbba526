// Any bytes as an amount: what is read is printed and read as the same, exactly.
#include "engine/money.hpp"

#include <cstdint>
#include <string_view>

#include "tests/fuzz/check.hpp"

using namespace engine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* code : {"JPY", "EUR", "KWD"}) {
    const Currency currency = Currency::parse(code).value();
    const auto amount = parse_money(text, currency);
    const auto rounded = parse_provider_money(text, currency);
    if (!amount) continue;
    MUST(amount.value().minor() <= kMaxAmountMinor && amount.value().minor() >= -kMaxAmountMinor);
    MUST(parse_money(to_string(amount.value()), currency).value() == amount.value());
    MUST(rounded);
    MUST(rounded.value().exact);
    MUST(rounded.value().amount == amount.value());
    MUST(bool(parse_positive_money(text, currency)) == amount.value().is_positive());
#ifdef DROPLEDGER_PLANTED_BUG
    // The whole amount in 32 bits: only what was parsed whole and is large shows it.
    MUST(static_cast<std::int32_t>(amount.value().minor()) == amount.value().minor());
#endif
  }
  return 0;
}
