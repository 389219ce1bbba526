#include "tools/operations/accounting.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "engine/lifecycle.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::LedgerReader;
using engine::Milliseconds;
using engine::Money;
using engine::Reason;
using engine::State;
using engine::Transfer;
using engine::TransferKind;

std::optional<Milliseconds> median(std::vector<Milliseconds> spans) {
  if (spans.empty()) return std::nullopt;
  const auto middle = spans.begin() + static_cast<std::ptrdiff_t>(spans.size() / 2);
  std::ranges::nth_element(spans, middle);
  if (spans.size() % 2 == 1) return *middle;
  const Milliseconds below = *std::max_element(spans.begin(), middle);
  return below + (*middle - below) / 2;
}

void count(Outcomes& row, const Backorder& backorder) {
  ++row.placed;
  if (backorder.attempt > 0) ++row.reserved;
  if (backorder.submitted_at) ++row.submitted;
  if (backorder.state == State::auction_pending || backorder.state == State::auction_won ||
      backorder.state == State::auction_lost || backorder.auction_ends_at)
    ++row.auctions;
  switch (backorder.state) {
    case State::requested:
    case State::active:
    case State::processing:
    case State::auction_pending:
      ++row.open;
      break;
    case State::successful:
    case State::auction_won:
      ++row.registered;
      break;
    case State::failed:
    case State::auction_lost:
      ++row.failed;
      break;
    case State::cancelled:
      ++row.cancelled;
      break;
    case State::voided:
      ++row.voided;
      ++row.void_reasons[backorder.reason.value()];
      if (backorder.reason == Reason::deadline_missed) ++row.missed;
      break;
  }
}

engine::TransferQuery query_of(const Period& period, std::vector<TransferKind> kinds) {
  engine::TransferQuery query;
  query.from = period.from;
  query.to = period.to;
  query.by_effective = period.by_effective;
  query.kinds = std::move(kinds);
  return query;
}

}  // namespace

std::vector<Outcomes> outcomes(LedgerReader& store, std::optional<engine::UtcTime> from,
                               std::optional<engine::UtcTime> to, bool by_placed) {
  std::map<std::string, Outcomes> zones;
  std::map<std::string, std::vector<Milliseconds>> leads;
  Outcomes total;
  std::vector<Milliseconds> all_leads;
  for (const Backorder& backorder : store.backorders({})) {
    std::optional<engine::UtcTime> at;
    if (by_placed)
      at = backorder.placed_at;
    else if (backorder.drop)
      at = backorder.drop->drop_at;
    if ((from && (!at || *at < *from)) || (to && (!at || *at >= *to))) continue;
    Outcomes& row = zones[backorder.zone];
    row.zone = backorder.zone;
    count(row, backorder);
    count(total, backorder);
    if (!backorder.submitted_at || !backorder.drop) continue;
    const Milliseconds lead = backorder.drop->drop_at - *backorder.submitted_at;
    leads[backorder.zone].push_back(lead);
    all_leads.push_back(lead);
  }
  std::vector<Outcomes> rows;
  for (auto& [zone, row] : zones) {
    row.median_submit_lead = median(std::move(leads[zone]));
    rows.push_back(std::move(row));
  }
  total.median_submit_lead = median(std::move(all_leads));
  rows.push_back(std::move(total));
  return rows;
}

std::optional<std::string> percentage(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return std::nullopt;
  ENSURE(part >= 0 && whole > 0 && part <= whole && whole < 1'000'000'000'000, "a part of a whole");
  std::int64_t tenths = part * 1000 / whole;
  const std::int64_t twice_rest = part * 1000 % whole * 2;
  if (twice_rest > whole || (twice_rest == whole && tenths % 2 == 1)) ++tenths;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::vector<Adjustment> adjustments(LedgerReader& store, const Period& period) {
  const std::vector<std::string> names = store.names_of_customers();
  std::vector<Adjustment> rows;
  store.each_transfer(
      query_of(period,
               {TransferKind::adjustment, TransferKind::goodwill, TransferKind::reversal, TransferKind::general,
                TransferKind::opening, TransferKind::bad_debt, TransferKind::moved_out, TransferKind::moved_in}),
      [&](const Transfer& transfer) {
        const std::optional<engine::CustomerId> customer = transfer.customer();
        rows.push_back({transfer, customer ? names.at(static_cast<std::size_t>(customer->value())) : ""});
      });
  std::ranges::stable_sort(rows, {}, [](const Adjustment& row) -> const std::string& { return row.transfer.actor; });
  return rows;
}

std::vector<VatRow> vat(LedgerReader& store, const Period& period) {
  const std::vector<std::string> names = store.names_of_customers();
  std::unordered_map<std::int64_t, Backorder> backorders;
  for (Backorder& backorder : store.backorders({})) backorders.emplace(backorder.id.value(), std::move(backorder));
  std::unordered_map<std::int64_t, engine::TaxPoint> points;
  for (engine::TaxPoint& point : store.tax_points(engine::TransferId(0), store.last_transfer_before({})))
    points.emplace(point.transfer.value(), std::move(point));
  std::vector<VatRow> rows;
  store.each_transfer(
      query_of(period, {TransferKind::capture, TransferKind::capture_tax, TransferKind::late_charge,
                        TransferKind::late_charge_tax, TransferKind::tax_split}),
      [&](const Transfer& transfer) {
        const auto point = points.find(transfer.id.value());
        if (point == points.end()) return;  // the tax of a supply whose net part bears it
        std::optional<engine::BackorderId> about = transfer.backorder;
        if (!about && transfer.reverses) about = store.transfer(*transfer.reverses).value().backorder;
        const Backorder& backorder = backorders.at(about.value().value());
        const engine::Currency unit = transfer.amount.currency();
        const Money net = Money::of_minor(point->second.net_minor, unit);
        const Money tax = Money::of_minor(point->second.tax_minor, unit);
        rows.push_back({transfer, point->second, backorder,
                        names.at(static_cast<std::size_t>(backorder.customer.value())), net, tax, net + tax});
      });
  return rows;
}

}  // namespace operations
