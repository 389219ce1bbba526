// Money that comes back to a customer who owes us repays the debt at once. Domain rule: whenever available is above
// zero while the customer owes, available → receivable, in the same unit of work. So nobody spends or is paid out what
// is owed to us.
#pragma once

#include <optional>
#include <string>

#include "engine/changes.hpp"

namespace engine {

// Called after every entry that raises what is available; nothing where nothing is owed or nothing is there.
// `backorder` and `attempt` are those of a refund, whose set-off has no other cause; else both are left out and the
// request is it.
struct SetOffCause {
  std::optional<UtcTime> effective_at{};
  std::optional<BackorderId> backorder{};
  int attempt = 0;
};
void set_off(Changes& changes, Customer& customer, const SetOffCause& cause = {});

}  // namespace engine
