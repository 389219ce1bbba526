// The policies of a book: names, defaults and allowed values.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/funding_plan.hpp"
#include "engine/invoice.hpp"
#include "engine/money.hpp"
#include "engine/result.hpp"
#include "engine/time.hpp"

namespace engine {

// Policies are kept in the book, so that every program that opens it decides alike. The defaults are domain rules.
struct Settings {
  FundingDefaults funding;  // funding.policy, funding.void
  // reschedule.keep: a held deposit stays while T is this near
  Milliseconds reschedule_keep = std::chrono::hours(7 * 24);
  // warn.ahead: shortfalls within this are announced
  Milliseconds warn_ahead = std::chrono::hours(7 * 24);
  // provider.absence-wait: a list proves absence this long after the call
  Milliseconds absence_wait = std::chrono::seconds(60);
  // provider.adopt = act | ask: a job at the provider that this book did not order is bound, or a case
  bool ask_to_adopt = false;
  Milliseconds overdue_after = std::chrono::hours(48);           // overdue.after the drop
  Milliseconds auction_overdue_after = std::chrono::hours(240);  // overdue.auction-after its end
  bool auction_on_account = false;                               // auction.price = external | on-account
  // reconcile.provider-lag: grace for what the provider sets aside, frees, charges
  Milliseconds provider_lag = std::chrono::hours(12);
  // reconcile.bank-lag: how far a payment's days may lie apart, and grace for it
  Milliseconds bank_lag = std::chrono::hours(5 * 24);
  // tax.charged = yes | no: whether the seller charges tax at all
  bool charges_tax = true;
  // seller.country, seller.name, seller.address, seller.vat-id: who sells
  std::string seller_country{}, seller_name{}, seller_address{}, seller_vat_id{};
  // invoice.period = capture | day | month: what stands on one invoice
  InvoicePeriod invoice_period = InvoicePeriod::month;
  // payments.match = name | reference: whether an account's name, as the whole of a field, names the payer
  bool payments_by_name = true;
  // cost.ZONE: what a job there will cost us; absent: not known
  std::map<std::string, Money> expected_cost{};
  // order.owner-contact, order.admin-contact, order.tech-contact, order.billing-contact (handles at the provider) and
  // order.period (years): what every order carries where the provider takes it; by name, absent where not set
  std::map<std::string, std::string, std::less<>> order_details{};
};

// Reads one setting from its text. Empty if no setting has this name; invalid_argument if the value is not allowed.
std::optional<Status> read_setting(Settings& settings, std::string_view name, std::string_view value);
// Refuses a name or a value that read_setting() does not accept.
Status check_setting(std::string_view name, std::string_view value);

}  // namespace engine
