#include "engine/tax.hpp"

#include <doctest/doctest.h>

#include "engine/settings.hpp"
#include "tests/support/books.hpp"

using namespace engine;

TEST_CASE("tax: treatment and rate by the seller, the customer's country and VAT id") {
  const TaxRate rates[] = {{"DE", 1900, UtcTime{}}, {"FR", 2000, UtcTime{}}, {"US", 0, UtcTime{}}};
  struct Row {
    const char *seller, *country, *vat_id;
    bool charges;
    TaxTreatment treatment;
    std::int64_t rate_bp;
  };
  const Row rows[] = {
      {"", "DE", "", true, TaxTreatment::standard, 1900},
      {"", "DE", "DE1", true, TaxTreatment::standard, 1900},
      {"", "US", "", true, TaxTreatment::standard, 0},
      {"", "", "", true, TaxTreatment::untaxed, 0},
      {"", "IT", "", true, TaxTreatment::untaxed, 0},
      {"DE", "DE", "DE1", true, TaxTreatment::standard, 1900},
      {"DE", "FR", "FR1", true, TaxTreatment::reverse_charge, 0},
      {"DE", "FR", "", true, TaxTreatment::one_stop_shop, 2000},
      {"DE", "IT", "", true, TaxTreatment::untaxed, 0},
      {"DE", "IT", "IT1", true, TaxTreatment::reverse_charge, 0},
      {"DE", "US", "", true, TaxTreatment::outside_scope, 0},
      {"DE", "", "", true, TaxTreatment::untaxed, 0},
      {"US", "DE", "", true, TaxTreatment::outside_scope, 0},
      {"DE", "DE", "", false, TaxTreatment::outside_scope, 0},
      {"", "", "", false, TaxTreatment::outside_scope, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.seller);
    CAPTURE(row.country);
    CAPTURE(row.vat_id);
    Settings settings;
    settings.seller_country = row.seller;
    settings.charges_tax = row.charges;
    Customer customer = support::customer(0);
    customer.country = row.country;
    customer.vat_id = row.vat_id;
    const TaxDecision decision = decide_tax(settings, rates, customer, support::at("2026-08-01"));
    CHECK(decision.treatment == row.treatment);
    CHECK(decision.rate_bp == row.rate_bp);
    CHECK(decision.country == row.country);
    CHECK(decision.vat_id == row.vat_id);
  }
}
