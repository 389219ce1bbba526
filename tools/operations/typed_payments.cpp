#include "tools/operations/typed_payments.hpp"

#include <algorithm>

#include "engine/payment_reference.hpp"

namespace operations {
namespace {

using engine::AccountKind;
using engine::ExternalLine;
using engine::Milliseconds;
using engine::Transfer;
using engine::TransferId;
using engine::TransferKind;

Milliseconds apart(engine::UtcTime a, engine::UtcTime b) { return a < b ? b - a : a - b; }

bool is_undone(engine::LedgerReader& store, TransferId transfer) {
  engine::TransferQuery query;
  query.reverses = transfer;
  query.limit = 1;
  bool found = false;
  store.each_transfer(query, [&](const Transfer&) { found = true; });
  return found;
}

// Pay-ins into a cash account, one per request.
struct PayIn : TypedPayment {
  std::optional<engine::RequestId> request{};
};
std::vector<PayIn> pay_ins(engine::LedgerReader& store, const std::string& source, engine::UtcTime from,
                           const std::optional<engine::CustomerId>& customer) {
  engine::TransferQuery query;
  query.customer = customer;
  query.kinds = {TransferKind::pay_in, TransferKind::pay_in_receivable};
  query.from = from;
  query.by_effective = true;
  std::vector<PayIn> found;
  std::map<std::int64_t, std::size_t> place;  // by request
  store.each_transfer(query, [&](const Transfer& transfer) {
    if (transfer.debit.kind != AccountKind::cash || transfer.debit.source != source || !transfer.customer()) return;
    if (transfer.request) {
      const auto [at, first] = place.emplace(transfer.request->value(), found.size());
      if (!first) {
        found[at->second].amount += transfer.amount;
        return;
      }
    }
    found.push_back(
        {{transfer.id, *transfer.customer(), transfer.amount, transfer.effective_at, transfer.memo}, transfer.request});
  });
  return found;
}

bool is_of_bank(engine::LedgerReader& store, const PayIn& one, const std::string& source) {
  if (!one.request) return false;
  const auto request = store.request(*one.request);
  return request && request->sender == bank_sender(source);
}

}  // namespace

std::string bank_sender(std::string_view source) { return "bank:" + std::string(source); }

TypedPayments::TypedPayments(engine::LedgerReader& store, const std::string& source, engine::Day first)
    : lag_(store.settings().bank_lag) {
  for (const engine::LineBinding& bound : store.line_bindings()) taken_.insert(bound.transfer);
  for (const PayIn& one : pay_ins(store, source, engine::UtcTime(first) - lag_, {})) {
    if (taken_.contains(one.first) || is_of_bank(store, one, source) || is_undone(store, one.first)) continue;
    payments_.push_back(one);
  }
}

std::vector<const TypedPayment*> TypedPayments::fitting(const ExternalLine& line,
                                                        const std::optional<engine::CustomerId>& customer) const {
  std::vector<const TypedPayment*> found;
  // A typed day may lie anywhere in it.
  const engine::UtcTime begin(line.booked_on), end(line.booked_on + std::chrono::days(1));
  for (const TypedPayment& one : payments_) {
    if (taken_.contains(one.first) || one.amount.currency() != line.amount.currency() || one.amount != line.amount ||
        line.fee != 0 || (customer && one.customer != *customer))
      continue;
    if (one.at >= begin - lag_ && one.at < end + lag_) found.push_back(&one);
  }
  return found;
}

bool TypedPayments::is_told(const TypedPayment& payment, const ExternalLine& line) {
  const std::string memo = engine::compared_reference(payment.memo);
  if (memo.size() < 5 || std::ranges::none_of(memo, [](char c) { return c >= '0' && c <= '9'; })) return false;
  const auto tells = [&](const std::string& field) {
    return engine::compared_reference(field).find(memo) != std::string::npos;
  };
  return tells(line.reference) || tells(line.end_to_end) || tells(line.structured) || tells(line.bank_reference);
}

std::optional<engine::Error> repeats_a_line(const Context& context, const engine::Customer& customer,
                                            const engine::Payment& payment) {
  engine::LedgerReader& store = context.store;
  const Milliseconds lag = store.settings().bank_lag;
  const engine::UtcTime at = payment.effective_at.value_or(context.now);
  std::set<TransferId> bound;
  for (const engine::LineBinding& one : store.line_bindings()) bound.insert(one.transfer);
  for (const PayIn& one : pay_ins(store, payment.source, at - lag, customer.id)) {
    if (one.amount.currency() != payment.amount.currency() || one.amount != payment.amount || apart(one.at, at) > lag)
      continue;
    if ((!bound.contains(one.first) && !is_of_bank(store, one, payment.source)) || is_undone(store, one.first))
      continue;
    return engine::Error{engine::ErrorCode::payment_repeated,
                         "the bank's statement brought " + to_string_with_code(one.amount) + " of " +
                             engine::to_string(engine::day_of(one.at)) + " to account " + customer.name +
                             " already: transfer " + std::to_string(one.first.value()) +
                             "; say --another if this is a further payment"};
  }
  return std::nullopt;
}

}  // namespace operations
