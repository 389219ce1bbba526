// VAT invoices and credit notes: the supplies on one document, and its amounts. Pure. A document is numbered
// when it is issued, without gaps in its series, and kept as issued; it is printed from that and from what was posted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tax.hpp"
#include "engine/time.hpp"

namespace engine {

// The supplies of one document: one capture, or those of an account and currency in one day or month (UTC).
enum class InvoicePeriod : std::uint8_t { capture, day, month };
std::string_view to_word(InvoicePeriod period);
std::optional<InvoicePeriod> parse_invoice_period(std::string_view text);

enum class InvoiceKind : std::uint8_t { invoice, credit_note };
std::string_view to_word(InvoiceKind kind);  // "invoice", "credit-note"
std::optional<InvoiceKind> parse_invoice_kind(std::string_view text);

// The seller, from the settings seller.name, seller.address, seller.vat-id, seller.country.
struct Seller {
  std::string name{}, address{}, vat_id{}, country{};
};
// The buyer, as decided at the tax point.
struct Buyer {
  CustomerId customer;
  std::string account{}, country{}, vat_id{};
  friend auto operator<=>(const Buyer&, const Buyer&) = default;
};

struct InvoiceLine {
  TransferId transfer;  // the tax point's
  UtcTime supplied_at;  // the tax point, effective
  std::string domain{};
  TaxTreatment treatment;
  std::int64_t rate_bp;
  Money net, tax;
};

struct Invoice {
  InvoiceKind kind;
  std::string series{};     // a letter and the year of issue: "R2026", "G2026"
  std::int64_t number = 0;  // from 1 in its series
  Seller seller{};
  Buyer buyer;
  Currency currency;
  UtcTime issued_at{};
  std::string corrects{};            // credit note: the invoice it is about, "R2026-17"
  std::vector<InvoiceLine> lines{};  // by transfer

  std::string title() const;  // "R2026-17"
  Money net() const;
  Money tax() const;
};

// One supply that was posted, not on any document yet; a split names the supply it corrects.
struct Supply {
  Buyer buyer;
  InvoiceLine line;
  std::optional<TransferId> corrects{};
};
// The documents that these make, in the order of their first supplies; numbers go on after `last` of each series. A
// split of tax later than its invoice makes a credit note over the untaxed amount and an invoice with the tax.
// `documents` are those issued before, of which the corrected ones are found.
std::vector<Invoice> make_invoices(const Seller& seller, InvoicePeriod period, std::span<const Supply> supplies,
                                   std::span<const Invoice> documents, UtcTime now);

// Sums per treatment and rate, as a document shows them below its lines.
struct TaxSum {
  TaxTreatment treatment;
  std::int64_t rate_bp;
  Money net, tax;
};
std::vector<TaxSum> tax_sums(std::span<const InvoiceLine> lines);

}  // namespace engine
