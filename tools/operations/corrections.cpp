#include "tools/operations/corrections.hpp"

#include <algorithm>
#include <iterator>

namespace operations {
namespace {

using engine::Changes;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::to_string;
using engine::Transfer;

std::vector<Transfer> transfers_where(engine::LedgerStore& store, const engine::TransferQuery& query) {
  std::vector<Transfer> found;
  store.each_transfer(query, [&](const Transfer& transfer) { found.push_back(transfer); });
  return found;
}

// The transfers posted with a transfer, those that answer it, and the customer concerned.
struct Posted {
  std::vector<Transfer> transfers;  // of its request
  std::vector<Transfer> answers;    // those that name these, those that name them, and so on
  std::vector<Customer> customers;  // whose accounts are touched, each once
};
Result<Posted> posted_with(engine::LedgerStore& store, engine::TransferId id) {
  const std::optional<Transfer> named = store.transfer(id);
  if (!named) return Error{ErrorCode::transfer_not_found, "there is no transfer " + std::to_string(id.value())};
  Posted posted;
  if (named->request) {
    engine::TransferQuery query;
    query.request = named->request;
    posted.transfers = transfers_where(store, query);
  } else {
    posted.transfers = {*named};
  }
  for (std::vector<Transfer> asked = posted.transfers; !asked.empty();) {
    std::vector<Transfer> found;
    for (const Transfer& one : asked) {
      engine::TransferQuery query;
      query.reverses = one.id;
      std::ranges::copy(transfers_where(store, query), std::back_inserter(found));
    }
    posted.answers.insert(posted.answers.end(), found.begin(), found.end());
    asked = std::move(found);
  }
  for (const Transfer& transfer : posted.transfers) {
    const auto customer = transfer.customer();
    const auto known = [&](const Customer& one) { return one.id == customer; };
    if (customer && std::ranges::none_of(posted.customers, known))
      posted.customers.push_back(store.customer(*customer).value());
  }
  return posted;
}

void add_balances(Facts& facts, const Customer& customer) {
  facts.emplace_back("available", to_string_with_code(customer.available));
  facts.emplace_back("reserved", to_string_with_code(customer.reserved));
  facts.emplace_back("owed", to_string_with_code(customer.owed));
}

Facts content_of(std::string what, engine::TransferId transfer, const engine::Correction& how) {
  Facts content{{"request", std::move(what)}, {"transfer", std::to_string(transfer.value())}, {"reason", how.reason}};
  if (how.effective_at) content.emplace_back("effective", to_string(*how.effective_at));
  return content;
}

// Where the money of a payment came in; of one that was moved, where the first did.
std::optional<Transfer> as_it_came_in(engine::LedgerStore& store, Transfer payment) {
  while (payment.kind == engine::TransferKind::moved_in && payment.reverses) {
    const std::optional<Transfer> before = store.transfer(*payment.reverses);
    if (!before) return std::nullopt;
    payment = *before;
  }
  if (payment.debit.kind != engine::AccountKind::cash) return std::nullopt;
  return payment;
}

// The day of the one line of the bank that takes this much of the payment back, in a period that is open.
std::optional<engine::UtcTime> day_at_the_bank(engine::LedgerStore& store, const Transfer& payment,
                                               engine::Money amount, const std::string& reason) {
  std::optional<engine::Day> day;
  int lines = 0;
  const auto names = [&](const std::string& word) {
    return !word.empty() && (word == reason || payment.memo.find(word) != std::string::npos);
  };
  store.each_external_line(payment.debit.source, [&](const engine::ExternalLine& line) {
    if (line.amount.currency() != amount.currency() || line.amount != -amount) return;
    if (line.booked_on < engine::day_of(payment.effective_at)) return;
    if (!names(line.external_id) && !names(line.end_to_end) && !names(line.reference)) return;
    ++lines;
    day = line.booked_on;
  });
  if (lines != 1) return std::nullopt;
  const std::optional<engine::UtcTime> closed = store.book().closed_until;
  if (closed && engine::UtcTime(*day) < *closed) return std::nullopt;
  return engine::UtcTime(*day);
}

}  // namespace

Result<Reply> reverse(const Context& context, const RequestKey& request, engine::TransferId transfer,
                      const engine::Correction& how) {
  return run_request(context, request, content_of("reverse", transfer, how), [&](Changes& changes) -> Result<Facts> {
    Result<Posted> found = posted_with(context.store, transfer);
    if (!found) return found.error();
    Posted& posted = found.value();
    const engine::Status done = engine::reverse(changes, posted.customers, posted.transfers, posted.answers, how);
    if (!done) return done.error();
    Facts facts{{"reversed", std::to_string(posted.transfers.size())}};
    for (const Customer& customer : posted.customers) {
      facts.emplace_back("account", customer.name);
      add_balances(facts, customer);
    }
    return facts;
  });
}

Result<Reply> charge_back(const Context& context, const RequestKey& request, engine::TransferId payment,
                          const std::optional<std::string>& amount, engine::Correction how) {
  Facts content = content_of("chargeback", payment, how);
  if (amount) content.emplace_back("amount", *amount);
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    Result<Posted> found = posted_with(context.store, payment);
    if (!found) return found.error();
    Posted& posted = found.value();
    const auto came_in = std::ranges::find_if(posted.transfers, [](const Transfer& one) {
      return one.kind == engine::TransferKind::pay_in || one.kind == engine::TransferKind::pay_in_receivable ||
             one.kind == engine::TransferKind::moved_in;
    });
    const std::optional<Transfer> first =
        came_in == posted.transfers.end() ? std::nullopt : as_it_came_in(context.store, *came_in);
    const auto owner = std::ranges::find_if(posted.customers, [&](const Customer& one) {
      return came_in != posted.transfers.end() && came_in->customer() == one.id;
    });
    if (!first || owner == posted.customers.end())
      return Error{ErrorCode::not_reversible,
                   "transfer " + std::to_string(payment.value()) + " is no customer's payment"};
    Customer& customer = *owner;
    engine::Dispute dispute{.cash = first->debit, .amount = std::nullopt, .now = context.now};
    if (amount) {
      const Result<engine::Money> part = engine::parse_positive_money(*amount, customer.currency);
      if (!part) return part.error();
      dispute.amount = part.value();
    }
    engine::Money whole = engine::Money::zero(customer.currency);
    for (const Transfer& one : posted.transfers) {
      if (one.kind == came_in->kind || one.kind == engine::TransferKind::pay_in) whole += one.amount;
    }
    if (!how.effective_at)
      how.effective_at = day_at_the_bank(context.store, *first, dispute.amount.value_or(whole), how.reason);
    engine::BackorderQuery query;
    query.customer = customer.id;
    query.open = true;
    std::vector<engine::Backorder> backorders = context.store.backorders(query);
    const engine::Status done =
        engine::charge_back(changes, customer, posted.transfers, posted.answers, backorders, dispute, how);
    if (!done) return done.error();
    Facts facts{{"account", customer.name},
                {"state", std::string(to_word(customer.state))},
                {"voided", std::to_string(changes.backorders.size())}};
    if (how.effective_at) facts.emplace_back("effective", to_string(*how.effective_at));
    add_balances(facts, customer);
    return facts;
  });
}

Result<Reply> move_payment(const Context& context, const RequestKey& request, engine::TransferId payment,
                           const std::string& account, const engine::Correction& how) {
  Facts content = content_of("move-payment", payment, how);
  content.emplace_back("account", account);
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    Result<Customer> to = customer_named(context.store, account);
    if (!to) return to.error();
    Result<Posted> found = posted_with(context.store, payment);
    if (!found) return found.error();
    Posted& posted = found.value();
    const std::optional<engine::CustomerId> owner = context.store.transfer(payment)->customer();
    const auto from = std::ranges::find_if(posted.customers, [&](const Customer& one) { return one.id == owner; });
    if (from == posted.customers.end()) {
      return Error{ErrorCode::not_reversible, "transfer " + std::to_string(payment.value()) +
                                                  " is in no customer's account; 'suspense assign' gives away what "
                                                  "is in suspense"};
    }
    const engine::Status done = engine::move_payment(changes, *from, to.value(), posted.transfers, posted.answers, how);
    if (!done) return done.error();
    Facts facts{{"from", from->name}, {"account", to.value().name}};
    add_balances(facts, to.value());
    return facts;
  });
}

}  // namespace operations
