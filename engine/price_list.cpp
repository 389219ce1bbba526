#include "engine/price_list.hpp"

#include <algorithm>
#include <tuple>

namespace engine {
namespace {

auto key_of(const Price& price) {
  return std::tuple(std::string_view(price.zone), std::string_view(price.tier), price.amount.currency());
}

}  // namespace

PriceList::PriceList(std::vector<Price> prices) : prices_(std::move(prices)) {
  // Stable: of two rows with the same start the one given later is the newer word.
  std::ranges::stable_sort(prices_, [](const Price& a, const Price& b) {
    return std::tuple_cat(key_of(a), std::tuple(a.valid_from)) < std::tuple_cat(key_of(b), std::tuple(b.valid_from));
  });
  for (std::size_t i = 0; i < prices_.size(); ++i) {
    ENSURE(prices_[i].amount.is_positive(), "a price is above zero");
    first_of_zone_.try_emplace(prices_[i].zone, i);
  }
}

std::optional<std::string> PriceList::zone_of(const DomainName& name) const {
  for (std::string_view zone = parent_zone(name.ace()); !zone.empty(); zone = parent_zone(zone)) {
    if (knows_zone(zone)) return std::string(zone);
  }
  return std::nullopt;
}

std::optional<Money> PriceList::price(std::string_view zone, std::string_view tier, Currency currency,
                                      UtcTime at) const {
  const auto first = first_of_zone_.find(std::string(zone));
  if (first == first_of_zone_.end()) return std::nullopt;
  const Price* found = nullptr;
  for (std::size_t i = first->second; i < prices_.size() && prices_[i].zone == zone; ++i) {
    const Price& row = prices_[i];
    if (row.tier != tier || row.amount.currency() != currency || row.valid_from > at) continue;
    if (!row.valid_to || at < *row.valid_to) found = &row;
  }
  if (found == nullptr) return std::nullopt;
  return found->amount;
}

bool PriceList::knows_zone(std::string_view zone) const { return first_of_zone_.contains(std::string(zone)); }

}  // namespace engine
