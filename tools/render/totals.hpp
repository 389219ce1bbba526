// Sums of printed amounts: per currency, exact, in the order of the currencies' codes. What a report adds up is what it
// prints.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "engine/money.hpp"

namespace render {

class Totals {
 public:
  void add(engine::Money amount, std::int64_t count = 1) {
    const auto [found, inserted] = rows_.try_emplace(amount.currency(), amount, count);
    if (inserted) return;
    found->second.first += amount;
    found->second.second += count;
  }
  std::optional<engine::Money> sum(engine::Currency currency) const {
    const auto found = rows_.find(currency);
    return found == rows_.end() ? std::nullopt : std::optional(found->second.first);
  }
  std::int64_t count(engine::Currency currency) const {
    const auto found = rows_.find(currency);
    return found == rows_.end() ? 0 : found->second.second;
  }
  template <typename Visit>
  void each(const Visit& visit) const {
    for (const auto& [currency, row] : rows_) visit(row.first, row.second);
  }

 private:
  std::map<engine::Currency, std::pair<engine::Money, std::int64_t>> rows_;
};

}  // namespace render
