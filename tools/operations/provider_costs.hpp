// Books all charges of the provider for our successes at once.
#pragma once

#include <vector>

#include "engine/provider.hpp"
#include "tools/operations/context.hpp"

namespace operations {

struct BookedCosts {
  std::int64_t booked = 0;
  std::int64_t left = 0;                // charges that are not booked, and are for no capture of ours: a person looks
  std::vector<engine::Money> totals{};  // of what was booked, by currency
};
// Every charge in the provider's accounting that we have not booked and that is for a name that a backorder of ours
// captured: as 'provider cost' would book it, under the provider's own id, so that none is booked twice. Each has the
// date of the provider. provider_unreachable where its accounting cannot be read.
engine::Result<BookedCosts> book_matched_costs(const Context& context, engine::BackorderProvider* provider);

}  // namespace operations
