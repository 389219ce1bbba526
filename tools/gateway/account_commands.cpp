// The account as the protocol shows it: balance, deposits, bookings, prices.
#include <algorithm>

#include "tools/gateway/commands.hpp"

namespace gateway {
namespace {

using engine::Backorder;
using engine::BackorderQuery;
using engine::Customer;
using engine::Money;
using engine::to_string;
using engine::to_wire_string;
using engine::Transfer;
using engine::TransferKind;

Customer customer_of(const Call& call) { return call.store.customer(call.caller.user.customer).value(); }

// The balance of the account, not reduced by deposits. It is negative if the customer owes more than is there.
Money balance_of(const Customer& customer) { return customer.ledger_balance() - customer.owed; }

std::string vat_of(const Call& call, const Customer& customer) {
  const std::int64_t bp = engine::rate_in_force(call.store.tax_rates(), customer.country, call.now).value_or(0);
  std::string cents = std::to_string(bp % 100);
  return std::to_string(bp / 100) + "." + (cents.size() < 2 ? "0" : "") + cents;
}

// SUBUSER or s_user of somebody else: there are no sub-users here.
bool is_of_another(const Call& call) {
  const auto sub_user = call.command.find("SUBUSER");
  return sub_user && !sub_user->empty() && *sub_user != call.caller.account && *sub_user != call.caller.user.login;
}

// One line of the account's bookings: everything that changes its balance. Deposits do not: they are shown by
// QueryDepositList.
struct Booking {
  Transfer transfer;
  Money net, vat;  // payments positive, charges negative
};

// The change of the balance by a transfer, with the customer's sign.
Money effect_of(const Transfer& transfer) {
  const auto counts = [](const engine::LedgerAccountKey& account) { return belongs_to_customer(account.kind); };
  const Money zero = Money::zero(transfer.amount.currency());
  return (counts(transfer.credit) ? transfer.amount : zero) - (counts(transfer.debit) ? transfer.amount : zero);
}

std::string type_of(const Transfer& transfer, const std::optional<Backorder>& backorder) {
  switch (transfer.kind) {
    case TransferKind::pay_in:
    case TransferKind::pay_in_receivable:
    case TransferKind::suspense_out:
    case TransferKind::opening:
    case TransferKind::moved_in:
      return "PAYMENT";
    case TransferKind::capture:
    case TransferKind::capture_tax:
    case TransferKind::late_charge:
    case TransferKind::late_charge_tax:
      return backorder ? class_of_zone(backorder->zone) : "BACKORDER";
    case TransferKind::pay_out:
      return "PAYOUT";
    case TransferKind::goodwill:
      return "GOODWILL";
    case TransferKind::chargeback:
    case TransferKind::chargeback_receivable:
      return "CHARGEBACK";
    case TransferKind::auction_price:
    case TransferKind::auction_receivable:
      return "AUCTION";
    case TransferKind::reversal:
      return "REVERSAL";
    default:
      return "ADJUSTMENT";
  }
}

// All that was ever paid in, and all that was charged for names, with tax; both zero or above.
std::pair<Money, Money> lifetime_of(const Call& call, const Customer& customer) {
  Money paid = Money::zero(customer.currency), charged = paid;
  engine::TransferQuery query;
  query.customer = customer.id;
  call.store.each_transfer(query, [&](const Transfer& transfer) {
    switch (transfer.kind) {
      case TransferKind::pay_in:
      case TransferKind::pay_in_receivable:
      case TransferKind::suspense_out:
        paid += transfer.amount;
        break;
      case TransferKind::capture:
      case TransferKind::capture_tax:
      case TransferKind::late_charge:
      case TransferKind::late_charge_tax:
        charged += transfer.amount;
        break;
      default:
        break;
    }
  });
  return {paid, charged};
}

// MINDATE and MAXDATE, whole days where no time is given. Nothing where one cannot be read.
struct Period {
  std::optional<engine::UtcTime> from{}, to{};
};  // [from, to)
std::optional<Period> period_of(const Command& command) {
  Period period;
  const auto given = [&](std::initializer_list<const char*> names) -> std::string_view {
    for (const char* name : names) {
      if (const auto value = command.find(name); value && !value->empty()) return *value;
    }
    return {};
  };
  // one of the manual's samples writes it like that
  if (const std::string_view from = given({"MINDATE", "MIN_DATE"}); !from.empty()) {
    const engine::Result<engine::UtcTime> time = engine::parse_time(from);
    if (!time) return std::nullopt;
    period.from = time.value();
  }
  if (const std::string_view to = given({"MAXDATE", "MAX_DATE"}); !to.empty()) {
    const engine::Result<engine::UtcTime> time = engine::parse_time(to);
    if (!time) return std::nullopt;
    period.to = time.value() + (engine::parse_day(to) ? engine::Milliseconds(std::chrono::hours(24))
                                                      : engine::Milliseconds(std::chrono::seconds(1)));
  }
  return period;
}

}  // namespace

Answer status_account(Services&, const Call& call) {
  const Customer customer = customer_of(call);
  Answer answer;
  answer.add("AMOUNT", to_string(balance_of(customer)));
  answer.add("CREDIT", to_string(customer.credit_limit));
  answer.add("CURRENCY", std::string(customer.currency.code()));
  answer.add("DEPOSIT", to_string(customer.reserved));
  answer.add("VAT", vat_of(call, customer));
  return answer;
}

Answer query_deposits(Services&, const Call& call) {
  if (is_of_another(call)) return refuse(531, "SUBUSER");
  const std::optional<Window> window = window_of(call.command, 1'000);
  if (!window) return refuse(505, "FIRST, LIMIT");
  const std::string_view type = call.command.find("ACCOUNTINGTYPE").value_or("");
  BackorderQuery query;
  query.customer = call.caller.user.customer;
  query.states = {engine::State::active, engine::State::processing, engine::State::auction_pending};
  std::vector<Backorder> rows = call.store.backorders(query);
  if (!type.empty()) std::erase_if(rows, [&](const Backorder& row) { return !matches(type, class_of_zone(row.zone)); });
  const auto total = static_cast<std::int64_t>(rows.size());
  const std::int64_t first = std::min(window->first, total);
  const std::int64_t count = std::min(window->limit, total - first);
  Answer answer;
  add_window(answer, *window, count, total);
  for (const Backorder& row :
       std::span(rows).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count))) {
    const std::string since = to_wire_string(row.reserved_at.value_or(row.placed_at));
    answer.add("ACCOUNTINGTYPE", class_of_zone(row.zone));
    answer.add("CREATEDDATE", since);
    answer.add("CURRENCY", std::string(row.deposit->currency().code()));
    answer.add("DEPOSIT", to_string(*row.deposit));  // positive: reserved
    answer.add("DEPOSITID", std::to_string(row.id.value()));
    answer.add("DESCRIPTION", row.name.ace());
    // Ours never expire by a timer; what is told is when the outcome is to be expected at the latest.
    const std::optional<engine::UtcTime> until = row.auction_ends_at ? row.auction_ends_at
                                                 : row.drop ? std::optional(row.drop->drop_at + engine::kDropCycle)
                                                            : std::nullopt;
    answer.add("EXPIRATIONDATE", until ? to_wire_string(*until) : "");
    answer.add("UPDATEDDATE", since);
    answer.add("USER", call.caller.account);
  }
  return answer;
}

Answer query_accounting(Services&, const Call& call) {
  if (is_of_another(call)) return refuse(531, "SUBUSER");
  const std::optional<Window> window = window_of(call.command, 1'000);
  if (!window) return refuse(505, "FIRST, LIMIT");
  const std::optional<Period> period = period_of(call.command);
  if (!period) return refuse(505, "MINDATE, MAXDATE");
  for (const char* parameter : {"TYPEREGEX", "TYPEREGEXNOT"}) {
    if (call.command.find(parameter)) return refuse(541, std::string(parameter) + " is not offered: use TYPE with *");
  }
  const auto [order, descending] = order_of(call.command);
  if (!order.empty() && order != "ACCOUNTINGID" && order != "ACCOUNTINGDATE" && order != "ACCOUNTINGDATEONLY")
    return refuse(541, "ORDERBY");
  const auto wanted = [&](const char* parameter, std::string_view text) {
    const auto pattern = call.command.find(parameter);
    return !pattern || pattern->empty() || matches(*pattern, text);
  };

  const Customer customer = customer_of(call);
  const Money zero = Money::zero(customer.currency);
  Money opening = zero, prices = zero, vats = zero;
  std::vector<Booking> rows;
  engine::TransferQuery query;
  query.customer = customer.id;
  call.store.each_transfer(query, [&](const Transfer& transfer) {
    const Money effect = effect_of(transfer);
    if (effect.is_zero() || (period->to && transfer.recorded_at >= *period->to)) return;
    if (period->from && transfer.recorded_at < *period->from) {
      opening += effect;
      return;
    }
    const bool is_tax = transfer.kind == TransferKind::capture_tax || transfer.kind == TransferKind::late_charge_tax;
    (is_tax ? vats : prices) += effect;
    if (is_tax && !rows.empty() && rows.back().transfer.backorder == transfer.backorder && rows.back().vat.is_zero()) {
      rows.back().vat += effect;  // the tax of the booking before it: one line
    } else {
      rows.push_back({transfer, is_tax ? zero : effect, is_tax ? effect : zero});
    }
  });
  const Money sum = opening + prices + vats;
  // Filters narrow the lines, never the sums: the account stands where it stands.
  const auto backorder_of = [&](const Booking& row) {
    return row.transfer.backorder ? call.store.backorder(*row.transfer.backorder) : std::nullopt;
  };
  const auto text_of = [](const Booking& row, const std::optional<Backorder>& backorder) {
    return backorder ? backorder->name.ace() : row.transfer.memo;
  };
  if (call.command.find("TYPE") || call.command.find("DESCRIPTION") || call.command.find("REFERENCE")) {
    std::erase_if(rows, [&](const Booking& row) {
      const auto backorder = backorder_of(row);
      return !wanted("TYPE", type_of(row.transfer, backorder)) || !wanted("DESCRIPTION", text_of(row, backorder)) ||
             !wanted("REFERENCE", row.transfer.memo);
    });
  }
  if (descending) std::ranges::reverse(rows);
  const auto total = static_cast<std::int64_t>(rows.size());
  const std::int64_t first = std::min(window->first, total);
  const std::int64_t count = std::min(window->limit, total - first);
  Answer answer;
  add_window(answer, *window, count, total);
  for (const Booking& row : std::span(rows).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count))) {
    const auto backorder = backorder_of(row);
    // basis points, for people: net and tax are exact
    const std::int64_t rate = row.net.is_zero() ? 0 : (row.vat.minor() * 20'000 / row.net.minor() + 1) / 2;
    answer.add("ACCOUNTINGID", std::to_string(row.transfer.id.value()));
    answer.add("ACCOUNTINGDATE", to_wire_string(row.transfer.recorded_at));
    answer.add("ACCOUNTINGTYPE", type_of(row.transfer, backorder));
    answer.add("ACCOUNTINGAMOUNT", "1");
    answer.add("ACCOUNTINGPRICE", to_string(row.net));
    answer.add("ACCOUNTINGVAT",
               std::to_string(rate / 100) + "." + (rate % 100 < 10 ? "0" : "") + std::to_string(rate % 100));
    answer.add("ACCOUNTINGVATPRICE", to_string(row.vat));
    answer.add("ACCOUNTINGCURRENCY", std::string(customer.currency.code()));
    answer.add("ACCOUNTINGDESCRIPTION", text_of(row, backorder));
    answer.add("ACCOUNTINGREFERENCE", row.transfer.memo);
    answer.add("ACCOUNTINGINVOICEID", row.net.is_positive() ? "+" : "-");
  }
  if (!is_set(call.command, "NOSUM")) {
    answer.add("OPENINGBALANCE", to_string(opening));
    answer.add("SUM", to_string(sum));
    answer.add("SUMPRICE", to_string(prices));
    answer.add("SUMVATPRICE", to_string(vats));
  }
  return answer;
}

Answer status_user(Services&, const Call& call) {
  if (is_of_another(call)) return refuse(531, "SUBUSER");
  const Customer customer = customer_of(call);
  Answer answer;
  answer.add("USER", call.caller.account);
  answer.add("PARENTUSER", "");
  answer.add("ACTIVE", customer.state == engine::AccountState::open ? "1" : "0");
  answer.add("ACCOUNTCURRENT", to_string(balance_of(customer)));
  answer.add("ACCOUNTDEPOSIT", to_string(customer.reserved));
  answer.add("ACCOUNTCREDIT", to_string(customer.credit_limit));
  answer.add("ACCOUNTTEMPCREDIT", to_string(Money::zero(customer.currency)));
  answer.add("ACCOUNTCURRENCY", std::string(customer.currency.code()));
  const auto [paid, charged] = lifetime_of(call, customer);
  answer.add("ACCOUNTPAYMENT", to_string(paid));
  answer.add("ACCOUNTVOLUME", to_string(charged));
  answer.add("ACCOUNTTAXRATES", "VAT:" + vat_of(call, customer));
  answer.add("ACCOUNTVAT", vat_of(call, customer));
  answer.add("CREATEDDATE", to_wire_string(customer.opened_at));
  answer.add("UPDATEDDATE", to_wire_string(customer.opened_at));
  answer.add("OTPSTATUS", "0");
  answer.add("USERCLASS", customer.tier);
  if (is_set(call.command, "STATS")) {
    // there are none here
    for (const char* count : {"SUBUSERSDIRECT", "SUBUSERSTOTAL"}) answer.add(count, "0");
  }
  if (const auto relations = call.command.find("RELATIONS"); relations && *relations == "0") return answer;
  const engine::PriceList& prices = call.store.price_list();
  std::string last;
  for (const engine::Price& row : prices.rows()) {  // by zone
    if (row.zone == last) continue;
    last = row.zone;
    const std::optional<Money> price = prices.price(row.zone, customer.tier, customer.currency, call.now);
    if (!price) continue;
    const std::string prefix = "PRICE_CLASS_DOMAIN_" + class_of_zone(row.zone) + "_";
    for (const auto& [what, value] : {std::pair{"SETUP", to_string(*price)},
                                      {"ANNUAL", to_string(Money::zero(customer.currency))},
                                      {"CURRENCY", std::string(customer.currency.code())}}) {
      answer.add("RELATIONTYPE", prefix + what);
      answer.add("RELATIONVALUE", value);
    }
  }
  return answer;
}

}  // namespace gateway
