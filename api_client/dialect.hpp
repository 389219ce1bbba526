// The differences between the providers that speak this protocol, as data: one client, one row per provider. A new
// provider is a new row of dialects(); api_client/adding_a_provider.md shows how.
//
// Names of properties stand here as the client compares them: upper case, without blanks ("application id" is
// APPLICATIONID). Sources are named row by row in dialect.cpp.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "api_client/command.hpp"
#include "engine/time.hpp"

namespace api_client {

using NamedValue = std::pair<std::string_view, std::string_view>;

struct DialectHost {
  std::string_view name;    // of --provider: "cnr-ote"
  std::string_view host;    // "api-ote.rrpproxy.net"
  std::string_view entity;  // s_entity; empty: the provider has none
  bool live;                // orders there cost real money
  std::string_view closed;  // why nobody answers there any more, and what to do; empty: it answers
};

struct Dialect {
  std::string_view name;   // of --dialect: "1api", "cnr"
  std::string_view title;  // for people
  std::vector<DialectHost> hosts{};
  bool has_entity = true;
  char role_separator = '!';  // between account and role in a login

  // Session
  std::vector<NamedValue> start_parameters{};     // of StartSession
  std::string_view session_property = "SESSION";  // of its answer
  std::string Connection::*session_parameter = &Connection::session;
  std::string_view end_command = "EndSession";

  // Orders
  std::string_view order_class = "BACKORDER";
  bool order_takes_new = true;                       // NEW=1 asks for a second application for a name
  bool order_answer_names_domain = true;             // else it is about the domain that was ordered
  bool order_takes_details = false;                  // contacts and period are parameters of an order
  std::vector<std::string_view> required_details{};  // without which an order is refused: OWNERCONTACT0, PERIOD …

  // Lists of applications
  std::vector<NamedValue> list_parameters{};
  bool list_takes_names = true;  // DOMAIN0 … DOMAIN199; else DOMAIN, one name a query

  // Properties of an application
  std::string_view application = "APPLICATION", domain = "DOMAIN", status = "STATUS", job_class = "CLASS",
                   created = "CREATEDDATE";
  // Words of theirs for a status, and the word of ours that means the same (engine/provider.hpp). A word that stands in
  // neither table is kept as it is and becomes a case, never a guess.
  std::vector<NamedValue> statuses{};

  // Money
  std::string_view deposit_property = "DEPOSIT";  // of StatusAccount; empty: the provider shows none
  bool lists_deposits = true;                     // QueryDepositList exists
  // The provider locks our money for a job this long before the finalization date; absent: with the order.
  std::optional<engine::Milliseconds> locks_money_before{};
  std::string_view entry_id = "ACCOUNTINGID", entry_date = "ACCOUNTINGDATE", entry_type = "ACCOUNTINGTYPE",
                   entry_description = "ACCOUNTINGDESCRIPTION", entry_reference = "ACCOUNTINGREFERENCE",
                   entry_currency = "ACCOUNTINGCURRENCY", entry_price = "ACCOUNTINGPRICE",
                   entry_vat = "ACCOUNTINGVATPRICE";

  int most_per_second = 50;  // requests; the client keeps below

  // Our word for theirs: theirs where the table has no other.
  std::string_view our_status(std::string_view theirs) const;
};

// In the order of --help. The first is the protocol that our own gateway answers.
std::span<const Dialect> dialects();
const Dialect& dialect_1api();
// Nothing where there is no such name.
const Dialect* find_dialect(std::string_view name);

}  // namespace api_client
