#include "tools/operations/refunds.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/provider.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::Money;
using engine::to_string_with_code;
using engine::Transfer;
using engine::TransferKind;
using engine::UtcTime;

// One deposit from its reservation to its end: a backorder and an attempt.
struct Deposit {
  std::optional<Transfer> reserve{}, end{};  // end: the refund, or the capture of the net part
  std::optional<Money> ended{};              // sum of what ended it: a capture is net and tax
};

struct Books {
  std::unordered_map<std::int64_t, Customer> customers;
  std::unordered_map<std::int64_t, Backorder> backorders;
  std::map<std::pair<std::int64_t, int>, Deposit> deposits;  // by backorder and attempt
};

Error off(std::string detail) { return {ErrorCode::report_not_balanced, std::move(detail) + "; nothing is printed: 'verify' looks at everything"}; }

std::string transfer_text(const Transfer& transfer) { return "transfer " + std::to_string(transfer.id.value()) + " (" + std::string(name(transfer.kind)) + ")"; }

std::optional<Error> add(Books& books, const Transfer& transfer) {
  if (!transfer.backorder || !books.backorders.contains(transfer.backorder->value())) return off(transfer_text(transfer) + " names no backorder of this account");
  Deposit& deposit = books.deposits[{transfer.backorder->value(), transfer.attempt}];
  const std::string of = " of backorder " + std::to_string(transfer.backorder->value()) + ", attempt " + std::to_string(transfer.attempt);
  if (transfer.kind == TransferKind::reserve) {
    if (deposit.reserve) return off(transfer_text(transfer) + of + " reserves what " + transfer_text(*deposit.reserve) + " has reserved already");
    deposit.reserve = transfer;
    return std::nullopt;
  }
  const bool captures = transfer.kind != TransferKind::refund;
  if (!deposit.reserve) return off(transfer_text(transfer) + of + " ends a deposit of " + to_string_with_code(transfer.amount) + " that was not reserved before");
  if (deposit.end && (!captures || deposit.end->kind == TransferKind::refund || deposit.end->kind == transfer.kind)) {
    return off(transfer_text(transfer) + of + " ends again what " + transfer_text(*deposit.end) + " has ended");
  }
  if (transfer.amount.currency() != deposit.reserve->amount.currency()) return off(transfer_text(transfer) + of + " is in another currency than its deposit");
  if (!deposit.end) deposit.end = transfer;
  deposit.ended = deposit.ended ? *deposit.ended + transfer.amount : transfer.amount;
  return std::nullopt;
}

// Every deposit ended whole or is held whole, and what is held is what backorders and accounts say.
std::optional<Error> find_off(const Books& books) {
  std::unordered_map<std::int64_t, Money> held;  // by customer
  for (const auto& [key, deposit] : books.deposits) {
    const Backorder& backorder = books.backorders.at(key.first);
    const Customer& customer = books.customers.at(backorder.customer.value());
    const std::string row = "backorder " + std::to_string(key.first) + " (" + backorder.name.ace() + " of " + customer.name + ", attempt " + std::to_string(key.second) + ")";
    const Money reserved = deposit.reserve->amount;
    if (deposit.end) {
      if (*deposit.ended != reserved) {
        return off(row + ": " + to_string_with_code(reserved) + " reserved by transfer " + std::to_string(deposit.reserve->id.value()) + ", but " +
                   to_string_with_code(*deposit.ended) + (deposit.end->kind == TransferKind::refund ? " refunded" : " captured") + " by transfer " +
                   std::to_string(deposit.end->id.value()));
      }
      if (key.second == backorder.attempt && holds_deposit(backorder.state)) {
        return off(row + ": " + std::string(name(backorder.state)) + ", but its deposit ended with transfer " + std::to_string(deposit.end->id.value()));
      }
      continue;
    }
    if (key.second != backorder.attempt || !holds_deposit(backorder.state)) {
      return off(row + ": " + to_string_with_code(reserved) + " reserved by transfer " + std::to_string(deposit.reserve->id.value()) + " never ended, yet it is " +
                 std::string(name(backorder.state)));
    }
    if (backorder.deposit != reserved) {
      return off(row + ": holds " + (backorder.deposit ? to_string_with_code(*backorder.deposit) : "nothing") + ", but transfer " +
                 std::to_string(deposit.reserve->id.value()) + " reserved " + to_string_with_code(reserved));
    }
    held.try_emplace(backorder.customer.value(), Money::zero(customer.currency)).first->second += reserved;
  }
  for (const auto& [id, backorder] : books.backorders) {
    if (holds_deposit(backorder.state) && !books.deposits.contains({id, backorder.attempt})) {
      return off("backorder " + std::to_string(id) + " is " + std::string(name(backorder.state)) + ", but no transfer reserved its deposit");
    }
  }
  for (const auto& [id, customer] : books.customers) {
    const auto found = held.find(id);
    const Money sum = found == held.end() ? Money::zero(customer.currency) : found->second;
    if (sum != customer.reserved) {
      return off("account " + customer.name + ": its balance has " + to_string_with_code(customer.reserved) + " reserved, its open deposits make " + to_string_with_code(sum));
    }
  }
  return std::nullopt;
}

engine::Result<Books> read(engine::LedgerStore& store, std::optional<engine::CustomerId> only) {
  Books books;
  for (Customer& customer : store.customers()) {
    if (!only || customer.id == *only) books.customers.emplace(customer.id.value(), std::move(customer));
  }
  engine::BackorderQuery all;
  all.customer = only;
  for (Backorder& backorder : store.backorders(all)) books.backorders.emplace(backorder.id.value(), std::move(backorder));
  engine::TransferQuery query;
  query.customer = only;
  query.kinds = {TransferKind::reserve, TransferKind::refund, TransferKind::capture, TransferKind::capture_tax};
  std::optional<Error> problem;
  store.each_transfer(query, [&](const Transfer& transfer) {
    if (!problem) problem = add(books, transfer);
  });
  if (!problem) problem = find_off(books);
  if (problem) return *problem;
  return books;
}

class Reporter {
 public:
  Reporter(const Books& books, const RefundQuery& query) : books_(books), query_(query) {}

  void run() {
    for (const auto& [key, deposit] : books_.deposits) {
      const Backorder& backorder = books_.backorders.at(key.first);
      count(deposit, backorder);
      note_exception(deposit, backorder, key.second);
      if (deposit.end && in_period(*deposit.end)) add_row(deposit, backorder, key.second);
    }
    std::ranges::sort(report_.refunds, {}, &EndedDeposit::transfer);
    std::ranges::sort(report_.captures, {}, &EndedDeposit::transfer);
  }
  std::optional<Error> tie_out() {
    for (auto& [key, flow] : flows_) {
      const Money in = flow.opening + flow.reserved, out = flow.captured + flow.refunded + flow.closing;
      if (in != out) {
        return off("account " + flow.account + ", ." + flow.zone + ": opening and reserved make " + to_string_with_code(in) + ", captured, refunded and closing " +
                   to_string_with_code(out));
      }
      const bool any = !flow.opening.is_zero() || !flow.reserved.is_zero();
      if (any) report_.flows.push_back(std::move(flow));
    }
    return std::nullopt;
  }
  RefundReport& report() { return report_; }

 private:
  UtcTime instant(const Transfer& transfer) const { return query_.period.by_effective ? transfer.effective_at : transfer.recorded_at; }
  bool is_before(const Transfer& transfer, const std::optional<UtcTime>& at) const { return at && instant(transfer) < *at; }
  bool in_period(const Transfer& transfer) const {
    return !is_before(transfer, query_.period.from) && (!query_.period.to || instant(transfer) < *query_.period.to);
  }

  void count(const Deposit& deposit, const Backorder& backorder) {
    const Customer& customer = books_.customers.at(backorder.customer.value());
    const Money zero = Money::zero(customer.currency), amount = deposit.reserve->amount;
    DepositFlow& flow = flows_.try_emplace({customer.name, backorder.zone}, DepositFlow{customer.name, backorder.zone, zero, zero, zero, zero, zero}).first->second;
    const bool reserved_before_end = !query_.period.to || instant(*deposit.reserve) < *query_.period.to;
    const bool reserved_before = is_before(*deposit.reserve, query_.period.from);
    const bool ended_before = deposit.end && is_before(*deposit.end, query_.period.from);
    const bool ended_before_end = deposit.end && (!query_.period.to || instant(*deposit.end) < *query_.period.to);
    if (reserved_before && !ended_before) flow.opening += amount;
    if (!reserved_before && reserved_before_end) flow.reserved += amount;
    if (reserved_before_end && !ended_before_end) flow.closing += amount;
    if (deposit.end && in_period(*deposit.end)) (deposit.end->kind == TransferKind::refund ? flow.refunded : flow.captured) += *deposit.ended;
  }

  // When the provider's word was read that settles this deposit; only the last attempt has one.
  static std::optional<UtcTime> outcome_of(const Backorder& backorder, int attempt) {
    const std::optional<engine::State> outcome = engine::meaning_of_status(backorder.provider_status).outcome;
    if (attempt != backorder.attempt || !outcome || !is_final(*outcome)) return std::nullopt;
    return backorder.provider_status_at;
  }

  void add_row(const Deposit& deposit, const Backorder& backorder, int attempt) {
    const Transfer& end = *deposit.end;
    const bool refunded = end.kind == TransferKind::refund;
    // An earlier attempt of the same backorder can only have been rescheduled.
    const bool earlier = attempt < backorder.attempt || !is_final(backorder.state);
    EndedDeposit row{end.id, instant(end), books_.customers.at(backorder.customer.value()).name, backorder, *deposit.ended,
                     refunded ? std::string(name(earlier ? engine::Reason::rescheduled : backorder.reason.value_or(engine::Reason::not_registered))) : "captured", end.actor,
                     instant(*deposit.reserve), outcome_of(backorder, attempt), instant(end) - instant(*deposit.reserve), {}, {}};
    if (row.outcome_at) row.latency = std::max(engine::Milliseconds(0), end.recorded_at - *row.outcome_at);
    (refunded ? report_.refunds : report_.captures).push_back(std::move(row));
  }

  void note_exception(const Deposit& deposit, const Backorder& backorder, int attempt) {
    const std::optional<UtcTime> outcome_at = outcome_of(backorder, attempt);
    if (!outcome_at) return;
    const engine::State outcome = *engine::meaning_of_status(backorder.provider_status).outcome;
    const bool won = outcome == engine::State::successful || outcome == engine::State::auction_won;
    const auto add = [&](const char* what, std::optional<UtcTime> ended_at, engine::Milliseconds late_by) {
      report_.exceptions.push_back({books_.customers.at(backorder.customer.value()).name, backorder, deposit.reserve->amount, what, outcome_at, ended_at, late_by});
    };
    if (!deposit.end) {
      const engine::Milliseconds late_by = query_.now - *outcome_at;
      if (late_by > query_.tolerance) add(won ? "outcome without capture" : "outcome without refund", std::nullopt, late_by);
      return;
    }
    if (!in_period(*deposit.end)) return;
    const bool refunded = deposit.end->kind == TransferKind::refund;
    const engine::Milliseconds late_by = deposit.end->recorded_at - *outcome_at;
    if (refunded && won) add("refunded but registered", deposit.end->recorded_at, late_by);
    else if (!refunded && !won) add("captured but not registered", deposit.end->recorded_at, late_by);
    else if (late_by > query_.tolerance) add(refunded ? "refund later than outcome" : "capture later than outcome", deposit.end->recorded_at, late_by);
  }

  const Books& books_;
  const RefundQuery& query_;
  std::map<std::pair<std::string, std::string>, DepositFlow> flows_;
  RefundReport report_;
};

void add_evidence(engine::LedgerStore& store, RefundReport& report) {
  std::unordered_map<std::int64_t, std::vector<EndedDeposit*>> wanted;
  for (auto* rows : {&report.refunds, &report.captures}) {
    for (EndedDeposit& row : *rows) {
      if (row.outcome_at) wanted[row.backorder.id.value()].push_back(&row);
    }
  }
  if (wanted.empty()) return;
  store.each_evidence([&](const engine::Evidence& evidence) {
    const auto found = wanted.find(evidence.backorder.value());
    if (found == wanted.end()) return;
    for (EndedDeposit* row : found->second) row->evidence = evidence.raw;
  });
}

}  // namespace

engine::Result<RefundReport> refund_report(engine::LedgerStore& store, const RefundQuery& query) {
  const engine::Result<Books> books = read(store, query.customer);
  if (!books) return books.error();
  Reporter reporter(books.value(), query);
  reporter.run();
  if (const std::optional<Error> problem = reporter.tie_out()) return *problem;
  add_evidence(store, reporter.report());
  return std::move(reporter.report());
}

}  // namespace operations
