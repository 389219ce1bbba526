// Accounts. A customer has one currency and two ledger accounts, available and reserved. Debt beyond the credit limit
// stands on a third, receivable. The operator's accounts exist per currency. One table says which operations an
// account's state allows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/id.hpp"
#include "engine/money.hpp"
#include "engine/time.hpp"

namespace engine {

// The chart of accounts; the number is the account code in reports.
enum class AccountKind : std::uint16_t {
  cash = 1000,               // asset; one per bank or payment source
  receivable = 1100,         // asset; one per customer who owes
  provider_prepaid = 1200,   // asset; our money at the provider
  provider_deposit = 1210,   // asset; the part of it that the provider has set aside
  input_tax = 1250,          // asset; tax that we paid
  available = 2000,          // liability; customer's spendable money, minimum balance −credit limit
  reserved = 2010,           // liability; customer's deposits, minimum balance 0
  transit = 2020,            // liability; payouts on their way
  suspense = 2030,           // liability; money whose owner is not known
  tax = 2100,                // liability; output tax
  auction_clearing = 2200,   // liability; auction prices taken for the auction house
  opening = 3000,            // equity; opening balances of customers who move in
  retained_earnings = 3090,  // equity; in journal slices only: what income and expenses of before came to
  revenue = 4000,            // income
  interest = 4040,           // income
  other_income = 4090,       // income
  cost_of_sales = 5000,      // expense
  fees = 5100,               // expense; of banks and payment services
  bad_debts = 5120,          // expense; debts written off
  goodwill = 5200,           // expense
  other_expenses = 5800,     // expense
  adjustment = 5910,         // expense
};
std::string_view to_word(AccountKind kind);
std::optional<AccountKind> account_kind_from_code(std::int64_t code);
std::optional<AccountKind> parse_account_kind(std::string_view text);
bool belongs_to_customer(AccountKind kind);  // available, reserved, receivable
bool is_debit_normal(AccountKind kind);      // assets and expenses
// Income and expenses: what a period earned and cost. At its end they become equity, retained earnings.
bool is_of_period(AccountKind kind);

// Names a ledger account without knowing its row; the store makes the row on first use.
struct LedgerAccountKey {
  AccountKind kind;
  Currency currency;
  std::optional<CustomerId> customer{};  // given exactly where belongs_to_customer(kind)
  // cash: the bank or payment source, "bank" by default; empty for the others
  std::string source{};
  friend auto operator<=>(const LedgerAccountKey&, const LedgerAccountKey&) = default;
};

enum class AccountState : std::uint8_t { open, frozen, closing, closed };
std::string_view to_word(AccountState state);
std::optional<AccountState> parse_account_state(std::string_view text);

enum class AccountOperation : std::uint8_t {
  place,    // a new backorder
  reserve,  // a deposit for a REQUESTED one
  submit,   // a job for an ACTIVE one
  cancel,
  pay_in,
  pay_out,
  settle,     // refunds, captures and corrections always post
  configure,  // limit, policy, tier, unfreeze
};
// The table of account states × operations. Empty if the operation is allowed, else account_frozen, account_closing or
// account_closed.
std::optional<ErrorCode> forbidden(AccountState state, AccountOperation operation);

enum class FundingPolicy : std::uint8_t { each, all_or_nothing };
enum class VoidPolicy : std::uint8_t { at_due, at_deadline };
std::string_view to_word(FundingPolicy policy);    // "each", "all-or-nothing"
std::string_view to_word(VoidPolicy void_policy);  // "at-due", "at-deadline"
std::optional<FundingPolicy> parse_funding_policy(std::string_view text);
std::optional<VoidPolicy> parse_void_policy(std::string_view text);

struct Customer {
  CustomerId id;
  std::string name{};  // the account's handle, unique: letters, digits, `.`, `-`, `_`, at most 64
  Currency currency;
  std::string tier = "standard";
  AccountState state = AccountState::open;
  std::optional<FundingPolicy> policy{};    // absent: the book's default
  std::optional<VoidPolicy> void_policy{};  // absent: the book's default
  std::string country{};                    // ISO 3166-1 alpha-2, or empty
  std::string vat_id{};
  UtcTime opened_at;
  Money available;     // may be negative down to −credit_limit
  Money reserved;      // Σ deposits of open backorders
  Money credit_limit;  // zero or more
  Money owed;          // zero or more: receivable
  Money warned;        // the shortfall that was last announced; zero: none, or over

  Money spendable() const { return available + credit_limit; }
  Money ledger_balance() const { return available + reserved; }
};

}  // namespace engine
