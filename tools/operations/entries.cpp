#include "tools/operations/entries.hpp"

#include <algorithm>

#include "tools/operations/accounts.hpp"

namespace operations {
namespace {

using engine::AccountKind;
using engine::Changes;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::LedgerAccountKey;
using engine::Money;
using engine::Result;
using engine::to_string;

constexpr AccountKind kNamed[] = {AccountKind::cash,
                                  AccountKind::provider_prepaid,
                                  AccountKind::provider_deposit,
                                  AccountKind::input_tax,
                                  AccountKind::transit,
                                  AccountKind::tax,
                                  AccountKind::auction_clearing,
                                  AccountKind::opening,
                                  AccountKind::revenue,
                                  AccountKind::interest,
                                  AccountKind::other_income,
                                  AccountKind::cost_of_sales,
                                  AccountKind::fees,
                                  AccountKind::bad_debts,
                                  AccountKind::goodwill,
                                  AccountKind::other_expenses,
                                  AccountKind::adjustment};

std::string written(const LedgerAccountKey& account) {
  return std::string(to_word(account.kind)) + (account.source.empty() ? "" : ":" + account.source);
}

std::string text_or(const std::optional<engine::UtcTime>& time) { return time ? to_string(*time) : ""; }

Facts balance_facts(const Customer& customer) {
  return {{"account", customer.name},
          {"available", to_string_with_code(customer.available)},
          {"reserved", to_string_with_code(customer.reserved)},
          {"owed", to_string_with_code(customer.owed)}};
}

Result<Facts> posted_facts(const engine::GeneralEntry& entry, const engine::Status& done) {
  if (!done) return done.error();
  return Facts{{"debit", written(entry.debit)},
               {"credit", written(entry.credit)},
               {"amount", to_string_with_code(entry.amount)}};
}

}  // namespace

Result<LedgerAccountKey> operator_account_named(const std::string& text, engine::Currency currency) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string word = text.substr(0, colon);
  std::optional<AccountKind> kind = engine::parse_account_kind(word);
  const bool is_code =
      !word.empty() && word.size() <= 4 && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
  if (!kind && is_code) kind = engine::account_kind_from_code(std::stoi(word));
  std::string source = colon < text.size() ? text.substr(colon + 1) : "";
  if (kind == AccountKind::cash && colon == text.size()) source = "bank";
  const bool fits = kind && (kind == AccountKind::cash ? !source.empty() : colon == text.size());
  if (fits) return engine::operator_account(*kind, currency, std::move(source));
  std::string known;
  for (const AccountKind one : kNamed) {
    known += (known.empty() ? "" : ", ") + std::string(to_word(one)) + (one == AccountKind::cash ? ":SOURCE" : "");
  }
  return Error{ErrorCode::invalid_argument, "'" + text + "' is no account of the operator's: " + known};
}

Result<Reply> post_general(const Context& context, const RequestKey& request, const engine::GeneralEntry& entry) {
  const Facts content{{"request", "entry"},
                      {"debit", written(entry.debit)},
                      {"credit", written(entry.credit)},
                      {"amount", to_string_with_code(entry.amount)},
                      {"reason", entry.reason},
                      {"effective", text_or(entry.effective_at)}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    return posted_facts(entry, engine::post_general(changes, entry));
  });
}

Result<Reply> book_unidentified(const Context& context, const RequestKey& request, const LedgerAccountKey& credit,
                                Money amount, const std::string& reason, std::optional<std::int64_t> case_id,
                                std::optional<engine::UtcTime> effective_at) {
  const engine::GeneralEntry entry{.debit = engine::operator_account(AccountKind::suspense, amount.currency()),
                                   .credit = credit,
                                   .amount = amount,
                                   .effective_at = effective_at,
                                   .reason = reason,
                                   .answers_case = true};
  const Facts content{{"request", "book-suspense"},
                      {"credit", written(credit)},
                      {"amount", to_string_with_code(amount)},
                      {"reason", reason},
                      {"case", case_id ? std::to_string(*case_id) : ""},
                      {"effective", text_or(effective_at)}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    const Result<std::optional<engine::CaseId>> asking = case_about_payment(context.store, amount, case_id);
    if (!asking) return asking.error();
    if (!asking.value())
      return Error{ErrorCode::case_not_found, "no open case is about a payment of " + to_string_with_code(amount)};
    changes.closed_cases.push_back({*asking.value(), "booked to " + written(credit) + ": " + reason});
    return posted_facts(entry, engine::post_general(changes, entry));
  });
}

Result<Reply> open_balance(const Context& context, const RequestKey& request, const std::string& account,
                           const engine::Payment& balance) {
  const Facts content{{"request", "opening-balance"},
                      {"account", account},
                      {"amount", to_string_with_code(balance.amount)},
                      {"memo", balance.memo},
                      {"effective", text_or(balance.effective_at)}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    Result<Customer> customer = customer_named(context.store, account);
    if (!customer) return customer.error();
    const engine::Status done = engine::open_balance(changes, customer.value(), balance);
    if (!done) return done.error();
    return balance_facts(customer.value());
  });
}

Result<Reply> write_off(const Context& context, const RequestKey& request, const std::string& account, Money amount,
                        const std::string& reason, std::optional<engine::UtcTime> effective_at) {
  const Facts content{{"request", "write-off"},
                      {"account", account},
                      {"amount", to_string_with_code(amount)},
                      {"reason", reason},
                      {"effective", text_or(effective_at)}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    Result<Customer> customer = customer_named(context.store, account);
    if (!customer) return customer.error();
    const engine::Status done = engine::write_off(changes, customer.value(), amount, reason, effective_at);
    if (!done) return done.error();
    return balance_facts(customer.value());
  });
}

}  // namespace operations
