// Tax at the tax point, which is the capture (or the charge after a late success). What is decided there stays with the
// capture for ever: reports print what was posted, never what today's table or the account's address of today would
// say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/account.hpp"

namespace engine {

struct Settings;

struct TaxRate {
  std::string country;
  std::int64_t rate_bp;
  UtcTime valid_from;
};

enum class TaxTreatment : std::uint8_t {
  standard,        // at the rate of the customer's country
  reverse_charge,  // the customer, with a VAT id in another country of the EU, owes the tax
  outside_scope,   // no tax here: a customer outside the EU, or a seller who charges none
  one_stop_shop,   // a consumer in another country of the EU: that country's rate, declared at home
  untaxed,         // not decided: the country is not known, or has no rate in force; a case asks for it
};
std::string_view to_word(TaxTreatment treatment);
std::optional<TaxTreatment> parse_tax_treatment(std::string_view text);

struct TaxDecision {
  TaxTreatment treatment = TaxTreatment::untaxed;
  std::string country{};     // of the customer, as it was then
  std::string vat_id{};      // likewise
  std::int64_t rate_bp = 0;  // contained in the gross amount
};
// As kept with the transfer that it is about: the net part of a capture (the tax, where there is no net), a late
// charge, the tax that was split off later. Amounts in minor units; what a split takes from the net is below zero.
struct TaxPoint {
  TransferId transfer;
  TaxDecision decision;
  std::int64_t net_minor = 0, tax_minor = 0;
};

// The rate in force at an instant for a country; nothing without one.
std::optional<std::int64_t> rate_in_force(std::span<const TaxRate> rates, std::string_view country, UtcTime at);

// Without a seller's country (setting seller.country) every customer is taxed at the rate of the own country. With one:
// at home standard; elsewhere in the EU reverse charge with a VAT id, else one-stop shop; outside the EU, or where
// tax.charged is no, outside scope. Untaxed where a rate is needed and none is there.
TaxDecision decide_tax(const Settings& settings, std::span<const TaxRate> rates, const Customer& customer, UtcTime at);

bool in_european_union(std::string_view country);

}  // namespace engine
