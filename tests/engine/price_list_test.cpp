#include "engine/price_list.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;

TEST_CASE("prices: the zone is the longest suffix the price list ever knew") {
  const PriceList prices({{"pl", "standard", support::eur(1), at("2020-01-01"), {}},
                          {"com.pl", "gold", support::eur(1), at("2020-01-01"), at("2020-02-01")}});
  CHECK(prices.zone_of(support::domain("x.com.pl")) == "com.pl");
  CHECK(prices.zone_of(support::domain("x.y.net.pl")) == "pl");
  CHECK(prices.zone_of(support::domain("com.pl")) == "pl");
  CHECK_FALSE(prices.zone_of(support::domain("x.org")).has_value());
}

TEST_CASE("prices: the later start wins, an ended one counts no more") {
  const PriceList prices({{"com", "standard", support::eur(200), at("2026-02-01"), at("2026-03-01")},
                          {"com", "standard", support::eur(100), at("2026-01-01"), {}},
                          {"com", "gold", support::eur(50), at("2026-01-01"), {}}});
  const auto price = [&](const char* when) {
    return prices.price("com", "standard", support::currency("EUR"), at(when));
  };
  CHECK_FALSE(price("2025-12-31T23:59:59Z").has_value());
  CHECK(price("2026-01-01") == support::eur(100));
  CHECK(price("2026-02-01") == support::eur(200));
  CHECK(price("2026-03-01") == support::eur(100));
  CHECK_FALSE(prices.price("com", "standard", support::currency("USD"), at("2026-02-01")).has_value());
}
