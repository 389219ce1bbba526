#include "engine/set_off.hpp"

#include <algorithm>

#include "engine/lifecycle.hpp"

namespace engine {

void set_off(Changes& changes, Customer& customer, const SetOffCause& cause) {
  const Money repaid = std::min(customer.available, customer.owed);
  if (!repaid.is_positive()) return;
  changes.transfers.push_back({TransferKind::set_off,
                               available_of(customer),
                               receivable_of(customer),
                               repaid,
                               cause.effective_at,
                               cause.backorder,
                               cause.attempt,
                               {},
                               "repays what is owed"});
  customer.available -= repaid;
  customer.owed -= repaid;
}

}  // namespace engine
