#include "tools/operations/reports.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace operations {
namespace {

using engine::AccountKind;
using engine::Backorder;
using engine::Customer;
using engine::LedgerReader;
using engine::Money;
using engine::to_string;
using engine::Transfer;
using engine::TransferKind;
using engine::UtcTime;

// The change of one kind of the customer's accounts by a transfer: credits up, debits down; debt the other way
// round.
Money change_of(const Transfer& transfer, const Customer& customer, AccountKind kind) {
  Money change = Money::zero(customer.currency);
  if (transfer.credit.customer == customer.id && transfer.credit.kind == kind) change += transfer.amount;
  if (transfer.debit.customer == customer.id && transfer.debit.kind == kind) change -= transfer.amount;
  return kind == AccountKind::receivable ? -change : change;
}

std::unordered_map<std::int64_t, Backorder> backorders_of(LedgerReader& store,
                                                          std::optional<engine::CustomerId> customer) {
  engine::BackorderQuery query;
  query.customer = customer;
  std::unordered_map<std::int64_t, Backorder> by_id;
  for (Backorder& backorder : store.backorders(query)) by_id.emplace(backorder.id.value(), std::move(backorder));
  return by_id;
}

std::string next_step(const Backorder& backorder, bool overdue) {
  if (overdue) return "a person decides: see 'cases'";
  switch (backorder.state) {
    case engine::State::active:
      if (backorder.open_call) return "the provider is asked what became of the last call";
      return "job to be created by " + (backorder.drop ? to_string(backorder.drop->deadline) : "its deadline") +
             ", else refunded";
    case engine::State::processing:
      return backorder.cancelling ? "deletion at the provider to be confirmed, then refunded"
                                  : "the provider's outcome after the drop";
    case engine::State::auction_pending:
      return "the auction's outcome";
    default:
      return "";
  }
}

}  // namespace

Statement statement(LedgerReader& store, const Customer& customer, const Period& period) {
  const Money zero = Money::zero(customer.currency);
  Statement report{customer, zero, zero, zero, {}, zero, zero, zero};
  engine::TransferQuery query;  // from the beginning: what lies before the period makes the opening balance
  query.customer = customer.id;
  query.to = period.to;
  query.by_effective = period.by_effective;
  const auto backorders = backorders_of(store, customer.id);
  std::vector<Transfer> transfers;
  store.each_transfer(query, [&](const Transfer& transfer) { transfers.push_back(transfer); });
  const auto instant = [&](const Transfer& transfer) {
    return period.by_effective ? transfer.effective_at : transfer.recorded_at;
  };
  std::ranges::stable_sort(transfers, {}, instant);
  Money available = zero, reserved = zero, owed = zero;
  for (const Transfer& transfer : transfers) {
    const Money a = change_of(transfer, customer, AccountKind::available),
                r = change_of(transfer, customer, AccountKind::reserved),
                o = change_of(transfer, customer, AccountKind::receivable);
    available += a;
    reserved += r;
    owed += o;
    if (period.from && instant(transfer) < *period.from) {
      report.opening_available = available;
      report.opening_reserved = reserved;
      report.opening_owed = owed;
      continue;
    }
    std::optional<engine::DomainName> domain;
    if (transfer.backorder) domain = backorders.at(transfer.backorder->value()).name;
    report.lines.push_back({transfer, std::move(domain), a, r, o, available, reserved, owed});
  }
  report.closing_available = available;
  report.closing_reserved = reserved;
  report.closing_owed = owed;
  return report;
}

void each_trial_balance_row(LedgerReader& store, const Period& period,
                            const std::function<void(const TrialBalanceRow&)>& visit) {
  // What rows are ordered by is worked out once for each, so that few bytes are moved while they are sorted.
  struct Name {
    std::string name;  // itself, not where it is kept: so sorting reads what it moves
    std::size_t id;
  };
  std::vector<Name> names;  // by name; the first is nobody's, for the operator has none
  for (std::string& name : store.names_of_customers()) names.push_back({std::move(name), names.size()});
  std::ranges::sort(names, {}, &Name::name);
  std::vector<std::size_t> places(names.size());  // an id's place among them
  for (std::size_t place = 0; place < names.size(); ++place) places[names[place].id] = place;
  const std::vector<engine::AccountTurnover> turnovers = store.turnovers(period.from, period.to, period.by_effective);
  struct Place {
    engine::Currency currency;
    AccountKind kind;
    std::size_t customer;
    const engine::AccountTurnover* turnover;
  };
  std::vector<Place> order;
  order.reserve(turnovers.size());
  for (const engine::AccountTurnover& turnover : turnovers) {
    const engine::LedgerAccountKey& account = turnover.account;
    order.push_back({account.currency, account.kind,
                     account.customer ? places.at(static_cast<std::size_t>(account.customer->value())) : 0, &turnover});
  }
  std::ranges::sort(order, [](const Place& a, const Place& b) {
    const auto by = std::tie(a.currency, a.kind, a.customer) <=> std::tie(b.currency, b.kind, b.customer);
    return by != 0 ? by < 0 : a.turnover->account.source < b.turnover->account.source;
  });
  for (const Place& place : order) {
    const engine::AccountTurnover& turnover = *place.turnover;
    const auto money = [&](std::int64_t minor) { return Money::of_minor(minor, place.currency); };
    // debit is positive
    const Money opening = money(turnover.opening_debit_minor) - money(turnover.opening_credit_minor);
    const Money closing = opening + money(turnover.debit_minor) - money(turnover.credit_minor);
    const Money zero = Money::zero(place.currency);
    visit({turnover.account, names[place.customer].name, std::max(opening, zero), std::max(-opening, zero),
           money(turnover.debit_minor), money(turnover.credit_minor), std::max(closing, zero),
           std::max(-closing, zero)});
  }
}

std::vector<OpenDeposit> open_deposits(LedgerReader& store, std::optional<engine::CustomerId> customer, UtcTime now) {
  const std::vector<std::string> names = store.names_of_customers();
  const engine::Settings settings = store.settings();
  engine::BackorderQuery query;
  query.customer = customer;
  query.states = {engine::State::active, engine::State::processing, engine::State::auction_pending};
  std::vector<OpenDeposit> deposits;
  for (Backorder& backorder : store.backorders(query)) {
    std::optional<UtcTime> ends_by;
    if (backorder.state == engine::State::auction_pending && backorder.auction_ends_at) {
      ends_by = *backorder.auction_ends_at + settings.auction_overdue_after;
    } else if (backorder.drop) {
      ends_by = backorder.job_may_exist() ? backorder.drop->drop_at + settings.overdue_after : backorder.drop->deadline;
    }
    const bool overdue = ends_by && now > *ends_by;
    const engine::Milliseconds age = now - backorder.reserved_at.value_or(now);
    std::string next = next_step(backorder, overdue);
    deposits.push_back({std::move(backorder), names.at(static_cast<std::size_t>(backorder.customer.value())), age,
                        ends_by, overdue, std::move(next)});
  }
  std::ranges::sort(deposits, [](const OpenDeposit& a, const OpenDeposit& b) { return a.age > b.age; });
  return deposits;
}

}  // namespace operations
