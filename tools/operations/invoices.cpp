#include "tools/operations/invoices.hpp"

#include <algorithm>
#include <set>

namespace operations {
namespace {

using engine::Changes;
using engine::Error;
using engine::ErrorCode;
using engine::Invoice;
using engine::InvoicePeriod;
using engine::Result;
using engine::Supply;
using engine::to_string;
using engine::Transfer;

// Of days and months that are over only: the beginning of the one that `at` lies in.
engine::UtcTime end_of_whole(InvoicePeriod period, engine::UtcTime at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  if (period == InvoicePeriod::day) return day;
  if (period == InvoicePeriod::capture) return at;
  const std::chrono::year_month_day date(day);
  return std::chrono::sys_days(date.year() / date.month() / 1);
}

std::vector<Supply> open_supplies(engine::LedgerReader& store, std::span<const Invoice> documents,
                                  const std::optional<engine::CustomerId>& only, engine::UtcTime end) {
  std::set<engine::TransferId> invoiced, taxed;  // taxed: a split of theirs stands on the document already
  for (const Invoice& document : documents) {
    for (const engine::InvoiceLine& line : document.lines) {
      invoiced.insert(line.transfer);
      if (line.tax.is_positive()) taxed.insert(line.transfer);
    }
  }
  std::set<engine::BackorderId> undecided;
  engine::CaseQuery waiting;
  waiting.kind = engine::CaseKind::untaxed;
  for (const engine::Case& one : store.cases(waiting)) undecided.insert(one.backorder.value());
  std::vector<Supply> supplies;
  for (const engine::TaxPoint& point :
       store.tax_points(engine::TransferId(0), store.last_transfer_before(std::nullopt))) {
    if (invoiced.contains(point.transfer)) continue;
    const Transfer transfer = store.transfer(point.transfer).value();
    std::optional<engine::TransferId> corrects;
    std::optional<engine::BackorderId> about = transfer.backorder;
    if (transfer.kind == engine::TransferKind::tax_split) {
      corrects = transfer.reverses;
      if (taxed.contains(corrects.value())) continue;
      about = store.transfer(transfer.reverses.value()).value().backorder;
    }
    const engine::Backorder backorder = store.backorder(about.value()).value();
    if (transfer.effective_at >= end || undecided.contains(backorder.id)) continue;
    if (only && backorder.customer != *only) continue;
    const engine::Currency unit = transfer.amount.currency();
    supplies.push_back({.buyer = {backorder.customer, store.customer(backorder.customer).value().name,
                                  point.decision.country, point.decision.vat_id},
                        .line = {point.transfer, transfer.effective_at, backorder.name.ace(), point.decision.treatment,
                                 point.decision.rate_bp, engine::Money::of_minor(point.net_minor, unit),
                                 engine::Money::of_minor(point.tax_minor, unit)},
                        .corrects = corrects});
  }
  return supplies;
}

}  // namespace

Result<Reply> issue_invoices(const Context& context, const RequestKey& request,
                             const std::optional<std::string>& account, std::optional<engine::UtcTime> to) {
  const Facts content{
      {"request", "issue-invoices"}, {"account", account.value_or("")}, {"to", to ? to_string(*to) : ""}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    const engine::Settings& settings = context.store.settings();
    if (settings.seller_name.empty() || settings.seller_address.empty()) {
      return Error{
          ErrorCode::invalid_argument,
          "an invoice names its seller: 'config set seller.name NAME' and 'config set seller.address ADDRESS'"};
    }
    std::optional<engine::CustomerId> only;
    if (account) {
      const Result<engine::Customer> customer = customer_named(context.store, *account);
      if (!customer) return customer.error();
      only = customer.value().id;
    }
    const engine::UtcTime end = std::min(to.value_or(context.now), end_of_whole(settings.invoice_period, context.now));
    const std::vector<Invoice> documents = context.store.invoices(std::nullopt);
    const engine::Seller seller{settings.seller_name, settings.seller_address, settings.seller_vat_id,
                                settings.seller_country};
    changes.invoices = engine::make_invoices(
        seller, settings.invoice_period, open_supplies(context.store, documents, only, end), documents, context.now);
    const auto notes = std::ranges::count(changes.invoices, engine::InvoiceKind::credit_note, &Invoice::kind);
    const auto made = static_cast<std::int64_t>(changes.invoices.size());
    return Facts{{"invoices", std::to_string(made - notes)},
                 {"credit_notes", std::to_string(notes)},
                 {"first", made == 0 ? "" : changes.invoices.front().title()},
                 {"last", made == 0 ? "" : changes.invoices.back().title()}};
  });
}

Result<Invoice> invoice_numbered(engine::LedgerReader& store, const std::string& title) {
  for (Invoice& one : store.invoices(std::nullopt)) {
    if (one.title() == title) return std::move(one);
  }
  return Error{ErrorCode::invoice_not_found, "there is no document " + title + "; see 'invoice list'"};
}

}  // namespace operations
