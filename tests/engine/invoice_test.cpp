#include "engine/invoice.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

Supply supply(std::int64_t transfer, std::int64_t customer, const char* when, std::int64_t net, std::int64_t tax,
              std::optional<std::int64_t> corrects = {}) {
  Supply one{.buyer = {CustomerId(customer), "customer-" + std::to_string(customer), "DE", ""},
             .line = {TransferId(transfer), at(when), "a.com", TaxTreatment::standard, 1900, eur(net), eur(tax)}};
  if (corrects) one.corrects = TransferId(*corrects);
  return one;
}
const UtcTime kNow = at("2026-09-01T00:00:00Z");

}  // namespace

TEST_CASE("invoice: one document per capture, day or month and account, numbered without gaps") {
  const Supply supplies[] = {supply(1, 1, "2026-08-01T10:00:00Z", 84, 16), supply(2, 1, "2026-08-01T20:00:00Z", 84, 16),
                             supply(3, 2, "2026-08-01T20:00:00Z", 84, 16), supply(4, 1, "2026-08-31T20:00:00Z", 50, 9),
                             supply(5, 1, "2026-07-31T20:00:00Z", 42, 8)};
  struct Row {
    InvoicePeriod period;
    std::size_t documents, lines_of_first;
  };
  for (const Row& row :
       {Row{InvoicePeriod::capture, 5, 1}, Row{InvoicePeriod::day, 4, 2}, Row{InvoicePeriod::month, 3, 3}}) {
    CAPTURE(to_word(row.period));
    const std::vector<Invoice> made = make_invoices({"We"}, row.period, supplies, {}, kNow);
    REQUIRE(made.size() == row.documents);
    CHECK(made.front().lines.size() == row.lines_of_first);
    Money net = eur(0), tax = eur(0);
    for (std::size_t i = 0; i < made.size(); ++i) {
      CHECK(made[i].number == static_cast<std::int64_t>(i) + 1);
      CHECK(made[i].kind == InvoiceKind::invoice);
      net += made[i].net();
      tax += made[i].tax();
    }
    CHECK(made.front().title() == "I2026-00001");
    CHECK(net == eur(344));
    CHECK(tax == eur(65));
    // numbers go on
    const Supply more[] = {supply(9, 1, "2026-08-31T21:00:00Z", 1, 0)};
    CHECK(make_invoices({"We"}, row.period, more, made, kNow).front().number ==
          static_cast<std::int64_t>(made.size()) + 1);
  }
}

TEST_CASE("invoice: tax split off an invoiced supply is a credit note over it and an invoice with the tax") {
  Supply untaxed = supply(1, 1, "2026-08-01T10:00:00Z", 119, 0);
  untaxed.line.treatment = TaxTreatment::untaxed;
  untaxed.line.rate_bp = 0;
  const Supply split = supply(7, 1, "2026-08-01T10:00:00Z", -19, 19, 1);
  SUBCASE("issued before") {
    const std::vector<Invoice> first = make_invoices({"We"}, InvoicePeriod::month, {&untaxed, 1}, {}, kNow);
    const std::vector<Invoice> made = make_invoices({"We"}, InvoicePeriod::month, {&split, 1}, first, kNow);
    REQUIRE(made.size() == 2);
    CHECK(made[0].kind == InvoiceKind::credit_note);
    CHECK(made[0].title() == "C2026-00001");
    CHECK(made[0].corrects == "I2026-00001");
    CHECK(made[0].net() == eur(-119));
    CHECK(made[1].title() == "I2026-00002");
    CHECK(made[1].net() == eur(100));
    CHECK(made[1].tax() == eur(19));
  }
  SUBCASE("issued with it: one line, taxed") {
    const Supply both[] = {untaxed, split};
    const std::vector<Invoice> made = make_invoices({"We"}, InvoicePeriod::month, both, {}, kNow);
    REQUIRE(made.size() == 1);
    REQUIRE(made[0].lines.size() == 1);
    CHECK(made[0].net() == eur(100));
    CHECK(made[0].tax() == eur(19));
    CHECK(made[0].lines[0].rate_bp == 1900);
  }
}
