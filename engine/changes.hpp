// The result of a decision: everything that is to be written. A store writes all of it or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/account.hpp"
#include "engine/backorder.hpp"
#include "engine/case.hpp"
#include "engine/event.hpp"
#include "engine/external_line.hpp"
#include "engine/health.hpp"
#include "engine/invoice.hpp"
#include "engine/price_list.hpp"
#include "engine/provider_call.hpp"
#include "engine/schedule.hpp"
#include "engine/tax.hpp"
#include "engine/transfer.hpp"

namespace engine {

// A request by a person or a program. It is kept for ever, with its content and its first answer.
struct NewRequest {
  std::string sender{};   // whose ids these are: an operator, a customer, "sweep"
  std::string key{};      // unique per sender
  std::string content{};  // canonical lines `field=value`, compared on repetition
  std::string answer{};   // given again on repetition
  bool is_new = false;    // true: this unit of work knows that it was not answered before; false: apply() looks it up
};
struct StoredRequest : NewRequest {
  RequestId id;
  UtcTime recorded_at;
};

// A user of the gateway, who acts for one account. Several users may share an account.
struct User {
  std::int64_t id = 0;  // given by the store
  std::string login{};  // unique: "north.user", or "north.user!billing" for a role
  CustomerId customer;
  std::string password_hash{};  // Argon2id with its costs and salt; the password itself is nowhere
  bool enabled = true;
  UtcTime created_at, changed_at;
};
// The user has deleted this event from the user's queue. The log keeps it.
struct EventDone {
  std::int64_t user;
  std::int64_t event;
};

// That the book was put back from a copy, and how far it has caught up.
struct Restoration {
  UtcTime at;
  UtcTime copied_at;                 // the last thing that the copy knows was recorded then
  std::optional<UtcTime> read_at{};  // a complete list of the provider's jobs was read and adopted
};

struct Changes {
  // transfers without a (backorder, attempt) of their own belong to the request; several requests only if no money
  // moves
  std::vector<NewRequest> requests{};
  std::vector<Customer> new_customers{};  // ids from next_customer_id; balances must be zero
  // state, tier, policy, void_policy, country, vat_id, credit_limit; balances are never taken from here
  std::vector<Customer> customers{};
  std::vector<Backorder> new_backorders{};  // ids from next_backorder_id
  std::vector<Backorder> backorders{};      // the whole row as it is now to be
  std::vector<NewTransfer> transfers{};
  std::vector<NewEvent> events{};
  // a case that is open already stays as it is; for a new one the store logs case_opened
  std::vector<NewCase> cases{};
  std::vector<CaseClosing> closed_cases{};
  std::vector<CauseGone> causes_gone{};  // the store closes the open case of each and logs case_closed itself
  std::vector<ProviderCall> new_calls{}, calls{};
  std::vector<Evidence> evidence{};
  std::vector<Price> prices{};
  std::vector<ZoneSchedule> schedules{};
  std::vector<TaxRate> tax_rates{};
  std::vector<std::pair<std::string, std::string>> settings{};  // name, value as text
  std::vector<std::string> stopped_zones{}, resumed_zones{};    // submitting; "" is the whole environment
  std::optional<UtcTime> closed_until{};                        // period close or reopen
  // made, or changed, by login; a new one's queue of events begins now
  std::vector<User> users{};
  std::vector<std::string> removed_users{};  // logins
  std::vector<EventDone> events_done{};
  std::vector<AccountReference> references{}, dropped_references{};
  std::vector<Invoice> invoices{};  // issued now; numbers follow those of their series
  std::vector<LineBinding> line_bindings{};
  std::optional<Restoration> restoration{};
  std::vector<Money> provider_balance_warnings{};  // as provider_balance_warnings() has them from now on
  std::vector<NewRun> runs{};
  std::optional<std::vector<HealthAlert>> health_alerts{};  // as health_alerts() has them from now on

  bool empty() const;
  void append(Changes&& other);
};

struct Authorship {
  UtcTime now;          // the command's one `now`; recorded as max(now, last recorded)
  std::string actor{};  // who
};

}  // namespace engine
