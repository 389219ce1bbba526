#include "engine/invoice.hpp"

#include <algorithm>
#include <tuple>

#include "engine/ensure.hpp"
#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<InvoicePeriod> kPeriods[] = {
    {InvoicePeriod::capture, "capture"}, {InvoicePeriod::day, "day"}, {InvoicePeriod::month, "month"}};
constexpr Named<InvoiceKind> kKinds[] = {{InvoiceKind::invoice, "invoice"}, {InvoiceKind::credit_note, "credit-note"}};

std::chrono::year_month_day date_of(UtcTime at) { return std::chrono::floor<std::chrono::days>(at); }

// Which supplies share a document: equal keys do.
using GroupKey = std::tuple<Buyer, std::string, std::int64_t>;
GroupKey group_of(InvoicePeriod period, const Supply& supply) {
  std::int64_t part = supply.line.transfer.value();
  if (period == InvoicePeriod::day)
    part = std::chrono::floor<std::chrono::days>(supply.line.supplied_at).time_since_epoch().count();
  if (period == InvoicePeriod::month) {
    const auto date = date_of(supply.line.supplied_at);
    part = static_cast<int>(date.year()) * 12 + static_cast<int>(static_cast<unsigned>(date.month()));
  }
  return {supply.buyer, std::string(supply.line.net.currency().code()), part};
}

// The document on which a transfer stands now: the newest invoice with it.
std::pair<const Invoice*, const InvoiceLine*> line_of(std::span<const Invoice> documents, TransferId transfer) {
  std::pair<const Invoice*, const InvoiceLine*> found{nullptr, nullptr};
  for (const Invoice& document : documents) {
    if (document.kind != InvoiceKind::invoice) continue;
    for (const InvoiceLine& line : document.lines) {
      if (line.transfer == transfer) found = {&document, &line};
    }
  }
  return found;
}

}  // namespace

std::string_view to_word(InvoicePeriod period) { return word_of(kPeriods, period); }
std::optional<InvoicePeriod> parse_invoice_period(std::string_view text) { return value_of(kPeriods, text); }
std::string_view to_word(InvoiceKind kind) { return word_of(kKinds, kind); }
std::optional<InvoiceKind> parse_invoice_kind(std::string_view text) { return value_of(kKinds, text); }

std::string Invoice::title() const {
  const std::string digits = std::to_string(number);
  return series + "-" + (digits.size() < 5 ? std::string(5 - digits.size(), '0') : "") + digits;
}
Money Invoice::net() const {
  Money sum = Money::zero(currency);
  for (const InvoiceLine& line : lines) sum += line.net;
  return sum;
}
Money Invoice::tax() const {
  Money sum = Money::zero(currency);
  for (const InvoiceLine& line : lines) sum += line.tax;
  return sum;
}

std::vector<Invoice> make_invoices(const Seller& seller, InvoicePeriod period, std::span<const Supply> supplies,
                                   std::span<const Invoice> documents, UtcTime now) {
  std::map<std::string, std::int64_t> last;  // number, by series
  for (const Invoice& document : documents) last[document.series] = std::max(last[document.series], document.number);
  std::vector<Invoice> made;
  const std::string year = std::to_string(static_cast<int>(date_of(now).year()));
  const auto start = [&](InvoiceKind kind, const Supply& first) -> Invoice& {
    made.push_back({.kind = kind,
                    .series = (kind == InvoiceKind::invoice ? "I" : "C") + year,
                    .seller = seller,
                    .buyer = first.buyer,
                    .currency = first.line.net.currency(),
                    .issued_at = now});
    return made.back();
  };
  std::map<GroupKey, std::size_t> groups;
  const auto add = [&](const Supply& supply) {
    const auto [place, is_new] = groups.try_emplace(group_of(period, supply), made.size());
    if (is_new) start(InvoiceKind::invoice, supply);
    made[place->second].lines.push_back(supply.line);
  };
  for (const Supply& supply : supplies) {
    if (!supply.corrects) add(supply);
  }
  for (const Supply& supply : supplies) {
    if (!supply.corrects) continue;
    // On the same document as what it corrects, where that one is issued only now.
    InvoiceLine* fresh = nullptr;
    for (Invoice& document : made) {
      for (InvoiceLine& line : document.lines) {
        if (line.transfer == *supply.corrects) fresh = &line;
      }
    }
    if (fresh != nullptr) {
      fresh->net += supply.line.net;
      fresh->tax += supply.line.tax;
      fresh->treatment = supply.line.treatment;
      fresh->rate_bp = supply.line.rate_bp;
      continue;
    }
    const auto [document, old] = line_of(documents, *supply.corrects);
    if (document == nullptr) continue;  // what it corrects stands on no document
    InvoiceLine taken_back = *old, right = *old;
    taken_back.transfer = supply.line.transfer;
    taken_back.net = -old->net;
    taken_back.tax = -old->tax;
    right.net = old->net + supply.line.net;
    right.tax = old->tax + supply.line.tax;
    right.treatment = supply.line.treatment;
    right.rate_bp = supply.line.rate_bp;
    Invoice& note = start(InvoiceKind::credit_note, supply);
    note.corrects = document->title();
    note.lines.push_back(taken_back);
    start(InvoiceKind::invoice, supply).lines.push_back(right);
  }
  for (Invoice& document : made) {
    document.number = ++last[document.series];
    std::ranges::sort(document.lines, {}, &InvoiceLine::transfer);
  }
  return made;
}

std::vector<TaxSum> tax_sums(std::span<const InvoiceLine> lines) {
  std::vector<TaxSum> sums;
  for (const InvoiceLine& line : lines) {
    const auto same = std::ranges::find_if(
        sums, [&](const TaxSum& sum) { return sum.treatment == line.treatment && sum.rate_bp == line.rate_bp; });
    if (same == sums.end()) {
      sums.push_back({line.treatment, line.rate_bp, line.net, line.tax});
      continue;
    }
    same->net += line.net;
    same->tax += line.tax;
  }
  return sums;
}

}  // namespace engine
