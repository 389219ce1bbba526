// Small facts for tests of the rules: one customer, one zone, instants by name.
#pragma once

#include <string>

#include "engine/backorder.hpp"
#include "engine/lifecycle.hpp"
#include "engine/price_list.hpp"

namespace support {

inline engine::UtcTime at(const char* text) { return engine::parse_time(text).value(); }
inline engine::Currency currency(const char* code) { return engine::Currency::parse(code).value(); }
inline engine::Money eur(std::int64_t minor) { return engine::Money::of_minor(minor, currency("EUR")); }
inline engine::DomainName domain(const std::string& text) { return engine::DomainName::parse(text).value(); }

// An open account in EUR with this much available, in minor units.
inline engine::Customer customer(std::int64_t available, std::int64_t limit = 0) {
  return {.id = engine::CustomerId(1),
          .name = "alice",
          .currency = currency("EUR"),
          .opened_at = at("2026-01-01"),
          .available = eur(available),
          .reserved = eur(0),
          .credit_limit = eur(limit),
          .owed = eur(0),
          .warned = eur(0)};
}

// A drop with the default leads: deposit due 72 h and deadline 3 h before T.
inline engine::Drop drop_at(engine::UtcTime drop) {
  return {drop, {}, drop - std::chrono::hours(3), drop - std::chrono::hours(72), engine::SourceId(1)};
}

inline engine::Backorder backorder(std::int64_t id, std::optional<engine::UtcTime> drop, std::int64_t cap = 100'000) {
  return {.id = engine::BackorderId(id),
          .customer = engine::CustomerId(1),
          .name = domain("name" + std::to_string(id) + ".com"),
          .zone = "com",
          .placed_at = at("2026-01-02"),
          .quoted = eur(1000),
          .max_price = eur(cap),
          .drop = drop ? std::optional(drop_at(*drop)) : std::nullopt};
}

inline engine::PriceList price_list(std::int64_t minor) {
  return engine::PriceList({{"com", "standard", eur(minor), at("2020-01-01"), std::nullopt}});
}

}  // namespace support
