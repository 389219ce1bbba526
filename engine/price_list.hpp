// Prices of backorders for customers, gross (tax included), by zone, customer tier, currency and instant. The price of
// a zone may change or end. It never falls back to a shorter suffix: `x.com.pl` is not sold at the price of `.pl`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/domain_name.hpp"
#include "engine/money.hpp"
#include "engine/time.hpp"

namespace engine {

// Valid in [valid_from, valid_to). A row without an end is valid until a later row of the same zone, tier and currency
// begins. An ended row still decides which zone a name belongs to.
struct Price {
  std::string zone{};  // ACE suffix without leading dot
  std::string tier{};  // customer tier, "standard" by default
  Money amount;        // above zero
  UtcTime valid_from;
  std::optional<UtcTime> valid_to{};
};

class PriceList {
 public:
  PriceList() = default;
  // REQUIRES: amounts above zero. Rows may come in any order; where two cover an instant, the one with the later
  // valid_from wins.
  explicit PriceList(std::vector<Price> prices);

  // The longest suffix of the name (never the name itself) that any row ever named, whatever tier, currency or
  // validity.
  std::optional<std::string> zone_of(const DomainName& name) const;
  // Nothing where no row covers the instant.
  std::optional<Money> price(std::string_view zone, std::string_view tier, Currency currency, UtcTime at) const;

  bool knows_zone(std::string_view zone) const;
  const std::vector<Price>& rows() const { return prices_; }  // by zone, tier, currency, valid_from

 private:
  std::vector<Price> prices_{};
  std::unordered_map<std::string, std::size_t> first_of_zone_;  // zone → index of its first row
};

}  // namespace engine
