#include "engine/tax.hpp"

#include <algorithm>

#include "engine/enum_names.hpp"
#include "engine/settings.hpp"

namespace engine {
namespace {

constexpr Named<TaxTreatment> kTreatments[] = {{TaxTreatment::standard, "standard"},
                                               {TaxTreatment::reverse_charge, "reverse-charge"},
                                               {TaxTreatment::outside_scope, "outside-scope"},
                                               {TaxTreatment::one_stop_shop, "one-stop-shop"},
                                               {TaxTreatment::untaxed, "untaxed"}};

// The member states' ISO 3166-1 codes since 2020; VAT ids of Greece begin with EL, its country code is GR.
constexpr std::string_view kUnion[] = {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES",
                                       "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
                                       "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"};

}  // namespace

std::string_view to_word(TaxTreatment treatment) { return word_of(kTreatments, treatment); }
std::optional<TaxTreatment> parse_tax_treatment(std::string_view text) { return value_of(kTreatments, text); }

bool in_european_union(std::string_view country) { return std::ranges::find(kUnion, country) != std::end(kUnion); }

std::optional<std::int64_t> rate_in_force(std::span<const TaxRate> rates, std::string_view country, UtcTime at) {
  const TaxRate* found = nullptr;
  for (const TaxRate& rate : rates) {
    if (rate.country == country && rate.valid_from <= at && (found == nullptr || rate.valid_from > found->valid_from))
      found = &rate;
  }
  return found == nullptr ? std::nullopt : std::optional(found->rate_bp);
}

TaxDecision decide_tax(const Settings& settings, std::span<const TaxRate> rates, const Customer& customer, UtcTime at) {
  TaxDecision decision{.country = customer.country, .vat_id = customer.vat_id};
  if (!settings.charges_tax) {
    decision.treatment = TaxTreatment::outside_scope;
    return decision;
  }
  if (customer.country.empty()) return decision;
  TaxTreatment taxed = TaxTreatment::standard;
  if (const std::string& home = settings.seller_country; !home.empty() && home != customer.country) {
    if (!in_european_union(customer.country) || !in_european_union(home)) {
      decision.treatment = TaxTreatment::outside_scope;
      return decision;
    }
    if (!customer.vat_id.empty()) {
      decision.treatment = TaxTreatment::reverse_charge;
      return decision;
    }
    taxed = TaxTreatment::one_stop_shop;
  }
  if (const std::optional<std::int64_t> rate = rate_in_force(rates, customer.country, at)) {
    decision.treatment = taxed;
    decision.rate_bp = *rate;
  }
  return decision;
}

}  // namespace engine
