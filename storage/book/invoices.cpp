// Tax points and the documents issued over them.

#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

TaxTreatment treatment_of(const Statement& row, int column) {
  const auto treatment = parse_tax_treatment(row.text(column));
  ENSURE(treatment.has_value(), "the treatment is one of ours");
  return *treatment;
}

}  // namespace

std::vector<TaxPoint> SqliteBook::tax_points(TransferId after, TransferId through) {
  std::vector<TaxPoint> points;
  Statement row = db_->statement(
      "SELECT transfer_id, treatment, country, vat_id, rate_bp, net_minor, tax_minor FROM tax_point WHERE transfer_id "
      "> "
      "? AND transfer_id <= ? ORDER BY transfer_id");
  row.bind(after, through);
  while (row.step()) {
    points.push_back({TransferId(row.integer(0)),
                      {treatment_of(row, 1), row.string(2), row.string(3), row.integer(4)},
                      row.integer(5),
                      row.integer(6)});
  }
  return points;
}

std::vector<Invoice> SqliteBook::invoices(std::optional<CustomerId> customer) {
  std::vector<Invoice> documents;
  Statement row = db_->statement(
      "SELECT id, kind, series, number, customer_id, currency, issued_at, corrects, seller_name, seller_address, "
      "seller_vat_id, seller_country, buyer_account, buyer_country, buyer_vat_id FROM invoice WHERE ?1 IS NULL OR "
      "customer_id = ?1 ORDER BY id");
  row.bind(customer);
  Statement lines = db_->statement(
      "SELECT transfer_id, supplied_at, domain, treatment, rate_bp, net_minor, tax_minor FROM invoice_line WHERE "
      "invoice_id = ? ORDER BY line");
  while (row.step()) {
    const auto kind = parse_invoice_kind(row.text(1));
    ENSURE(kind.has_value(), "the kind is one of ours");
    const Currency unit = currency(row.text(5));
    Invoice one{.kind = *kind,
                .series = row.string(2),
                .number = row.integer(3),
                .seller = {row.string(8), row.string(9), row.string(10), row.string(11)},
                .buyer = {CustomerId(row.integer(4)), row.string(12), row.string(13), row.string(14)},
                .currency = unit,
                .issued_at = row.time(6),
                .corrects = row.string(7)};
    lines.bind(row.integer(0));
    while (lines.step()) {
      one.lines.push_back({TransferId(lines.integer(0)), lines.time(1), lines.string(2), treatment_of(lines, 3),
                           lines.integer(4), Money::of_minor(lines.integer(5), unit),
                           Money::of_minor(lines.integer(6), unit)});
    }
    lines.reset();
    documents.push_back(std::move(one));
  }
  return documents;
}

void SqliteBook::write_tax_points(Writing& writing, TransferId first) {
  std::int64_t id = first.value();
  Statement insert = db_->statement(
      "INSERT OR ROLLBACK INTO tax_point (transfer_id, treatment, country, vat_id, rate_bp, net_minor, tax_minor) "
      "VALUES "
      "(?, ?, ?, ?, ?, ?, ?)");
  for (const NewTransfer& transfer : changes_of(writing).transfers) {
    if (transfer.tax) {
      const TaxDecision& tax = *transfer.tax;
      insert
          .bind(id, to_word(tax.treatment), tax.country, tax.vat_id, tax.rate_bp, transfer.tax_net_minor,
                transfer.tax_minor)
          .run();
    }
    ++id;
  }
}

void SqliteBook::write_invoices(Writing& writing) {
  const std::vector<Invoice>& documents = changes_of(writing).invoices;
  if (documents.empty()) return;
  std::int64_t last = db_->integer("SELECT ifnull(max(id), 0) FROM invoice");
  for (const Invoice& one : documents) {
    db_->statement(
           "INSERT INTO invoice (id, kind, series, number, customer_id, currency, issued_at, corrects, seller_name, "
           "seller_address, seller_vat_id, seller_country, buyer_account, buyer_country, buyer_vat_id) VALUES (?, ?, "
           "?, "
           "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(++last, to_word(one.kind), one.series, one.number, one.buyer.customer, one.currency.code(), one.issued_at,
              one.corrects, one.seller.name, one.seller.address, one.seller.vat_id, one.seller.country,
              one.buyer.account, one.buyer.country, one.buyer.vat_id)
        .run();
    std::int64_t number = 0;
    for (const InvoiceLine& line : one.lines) {
      db_->statement(
             "INSERT INTO invoice_line (invoice_id, line, transfer_id, supplied_at, domain, treatment, rate_bp, "
             "net_minor, tax_minor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(last, ++number, line.transfer, line.supplied_at, line.domain, to_word(line.treatment), line.rate_bp,
                line.net, line.tax)
          .run();
    }
  }
}

}  // namespace storage
