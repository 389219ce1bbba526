#include "api_client/dialect.hpp"

#include <algorithm>

#include "api_client/ascii.hpp"

namespace api_client {
namespace {

constexpr std::string_view kShutDown =
    "this system was shut down in 2026; its successor is CentralNic Reseller: --provider cnr, or cnr-ote to test. "
    "Another server of the same protocol is given by its address and --entity";

// HEXONET/1API API documentation and the 2011 backorder quick start. The vendor's repositories record the shutdown
// (centralnicgroup-opensource/rtldev-middleware-php-sdk, MIGRATION.md, v12.0.0).
Dialect the_1api() {
  Dialect dialect;
  dialect.name = "1api";
  dialect.title = "1API (HEXONET, ISPAPI), and dropledger's own gateway";
  dialect.hosts = {{"1api-ote", "api-ote.ispapi.net", "1234", false, kShutDown},
                   {"1api", "api.ispapi.net", "54cd", true, kShutDown},
                   {"ote", "api-ote.ispapi.net", "1234", false, kShutDown},
                   {"live", "api.ispapi.net", "54cd", true, kShutDown}};
  dialect.start_parameters = {{"TIMEOUT", "600"}};  // idle seconds; the provider's default, said aloud
  // Sub-users' own applications are not ours to read, nor to delete as surplus.
  dialect.list_parameters = {
      {"CLASS", "*_BACKORDER"}, {"USERDEPTH", "SELF"}, {"ORDERBY", "CREATEDDATE"}, {"WIDE", "1"}};
  return dialect;
}

// CentralNic Reseller (once RRPproxy). Addresses: every client library of the vendor since 2024 (for example
// php-sdk src/CNR/SocketConfig.php). Session: kb.centralnicreseller.com/api/api-security/https-session-handling.
// Applications: kb.centralnicreseller.com, AddDomainApplication, StatusDomainApplication, QueryDomainApplicationList;
// money is locked six hours before the finalization date: wiki.rrpproxy.net/domains/backorders. Unknown parameters are
// refused there with 503, so nothing is sent that is not documented.
Dialect cnr() {
  Dialect dialect;
  dialect.name = "cnr";
  dialect.title = "CentralNic Reseller";
  dialect.hosts = {{"cnr", "api.rrpproxy.net", "", true, ""}, {"cnr-ote", "api-ote.rrpproxy.net", "", false, ""}};
  dialect.has_entity = false;
  dialect.role_separator = ':';
  dialect.start_parameters = {{"PERSISTENT", "1"}};
  dialect.session_property = "SESSIONID";
  dialect.session_parameter = &Connection::session_id;
  dialect.end_command = "StopSession";
  dialect.order_takes_new = false;
  dialect.order_answer_names_domain = false;
  dialect.order_takes_details = true;
  dialect.required_details = {"OWNERCONTACT0", "ADMINCONTACT0", "TECHCONTACT0", "BILLINGCONTACT0", "PERIOD"};
  dialect.list_parameters = {{"CLASS", "BACKORDER"}, {"ORDERBY", "APPLICATION"}, {"WIDE", "1"}};
  dialect.list_takes_names = false;
  dialect.application = "APPLICATIONID";
  dialect.statuses = {
      {"UNPAID", "REQUESTED"},             // waits for our money, which is locked later
      {"PAID", "ACTIVE"},                  // our money is locked
      {"HOLD", "REQUESTED"},               // held back there; it may go on
      {"UNPAIDREQUESTED", "REQUESTED"},    // handed on without money
      {"UNPAIDPROCESSING", "PROCESSING"},  // the same, while the registry deletes
  };  // INVALID is left out: what was wrong with the order is a person's to decide, so it becomes a case
  dialect.deposit_property = "";
  dialect.lists_deposits = false;
  dialect.locks_money_before = std::chrono::hours(6);
  dialect.entry_id = "ACCOUNTING_ID";
  dialect.entry_date = "ACCOUNTING_DATE";
  dialect.entry_type = "ACCOUNTING_TYPE";
  dialect.entry_description = "ACCOUNTING_DESCRIPTION";
  dialect.entry_reference = "ACCOUNTING_REFERENCE";
  dialect.entry_currency = "ACCOUNTING_CURRENCY";
  dialect.entry_price = "ACCOUNTING_PRICE";
  dialect.entry_vat = "ACCOUNTING_VAT";
  dialect.most_per_second = 10;
  return dialect;
}

}  // namespace

std::string_view Dialect::our_status(std::string_view theirs) const {
  const std::string_view word = trimmed(theirs);
  const auto row =
      std::ranges::find_if(statuses, [&](const NamedValue& each) { return same_letters(each.first, word); });
  return row == statuses.end() ? theirs : row->second;
}

std::span<const Dialect> dialects() {
  static const Dialect kDialects[] = {the_1api(), cnr()};
  return kDialects;
}

const Dialect& dialect_1api() { return dialects().front(); }

const Dialect* find_dialect(std::string_view name) {
  const auto found = std::ranges::find(dialects(), name, &Dialect::name);
  return found == dialects().end() ? nullptr : &*found;
}

}  // namespace api_client
