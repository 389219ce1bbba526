// Lists that are fetched: what is known of each source's address, and standing orders that answer to new names.
#pragma once

#include <string>
#include <vector>

#include "tools/operations/context.hpp"
#include "tools/operations/name_filter.hpp"

namespace operations {

// One unit of work. `looked_at` and, where something new was there, `changed_at` are now.
void keep_feed(const Context& context, engine::ListFeed feed, bool changed);

struct Watch {
  std::string account{};
  NameFilter filter{};
  engine::Money budget;                      // in the account's currency, above zero
  std::optional<engine::Money> max_price{};  // absent: the price at that time
  bool proposes = false;
};
// account_not_found, invalid_argument (a filter that fits everything, one that cannot be read), currency_mismatch.
// Returns the standing order's number.
engine::Result<std::int64_t> add_watch(const Context& context, const Watch& watch);
// invalid_argument where there is none of that number, or it has ended.
engine::Status end_watch(const Context& context, std::int64_t id);

struct WatchAnswer {
  std::int64_t standing_order;
  std::string name;
  std::optional<std::int64_t> backorder{};  // absent: proposed, or refused
  std::string refused{};                    // why nothing was placed
};
// Places, or proposes, what list `list` brought or moved and a standing order looks for: each name once per order,
// within its budget, in the order of names. A name that is not placeable now is tried again with the next list.
std::vector<WatchAnswer> answer_watches(const Context& context, std::int64_t list);

}  // namespace operations
