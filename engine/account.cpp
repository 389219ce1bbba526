#include "engine/account.hpp"

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<AccountKind> kKinds[] = {
    {AccountKind::cash, "cash"},
    {AccountKind::receivable, "receivable"},
    {AccountKind::provider_prepaid, "provider-prepaid"},
    {AccountKind::provider_deposit, "provider-deposit"},
    {AccountKind::available, "available"},
    {AccountKind::reserved, "reserved"},
    {AccountKind::suspense, "suspense"},
    {AccountKind::tax, "tax"},
    {AccountKind::auction_clearing, "auction-clearing"},
    {AccountKind::revenue, "revenue"},
    {AccountKind::cost_of_sales, "cost-of-sales"},
    {AccountKind::fees, "fees"},
    {AccountKind::goodwill, "goodwill"},
    {AccountKind::adjustment, "adjustment"},
};
constexpr Named<AccountState> kStateWords[] = {{AccountState::open, "open"},
                                               {AccountState::frozen, "frozen"},
                                               {AccountState::closing, "closing"},
                                               {AccountState::closed, "closed"}};
constexpr Named<FundingPolicy> kPolicies[] = {{FundingPolicy::each, "each"},
                                              {FundingPolicy::all_or_nothing, "all-or-nothing"}};
constexpr Named<VoidPolicy> kVoidPolicies[] = {{VoidPolicy::at_due, "at-due"},
                                               {VoidPolicy::at_deadline, "at-deadline"}};

}  // namespace

std::string_view to_word(AccountKind kind) { return word_of(kKinds, kind); }
std::optional<AccountKind> account_kind_from_code(std::int64_t code) {
  for (const Named<AccountKind>& row : kKinds) {
    if (static_cast<std::int64_t>(row.value) == code) return row.value;
  }
  return std::nullopt;
}
bool belongs_to_customer(AccountKind kind) {
  return kind == AccountKind::available || kind == AccountKind::reserved || kind == AccountKind::receivable;
}
bool is_debit_normal(AccountKind kind) {
  const int code = static_cast<int>(kind);
  return code < 2000 || code >= 5000;  // the chart: 1xxx assets, 5xxx expenses
}

std::string_view to_word(AccountState state) { return word_of(kStateWords, state); }
std::optional<AccountState> parse_account_state(std::string_view text) { return value_of(kStateWords, text); }
std::string_view to_word(FundingPolicy policy) { return word_of(kPolicies, policy); }
std::string_view to_word(VoidPolicy void_policy) { return word_of(kVoidPolicies, void_policy); }
std::optional<FundingPolicy> parse_funding_policy(std::string_view text) { return value_of(kPolicies, text); }
std::optional<VoidPolicy> parse_void_policy(std::string_view text) { return value_of(kVoidPolicies, text); }

std::optional<ErrorCode> forbidden(AccountState state, AccountOperation operation) {
  constexpr std::optional<ErrorCode> yes;
  constexpr ErrorCode frozen = ErrorCode::account_frozen, closing = ErrorCode::account_closing,
                      closed = ErrorCode::account_closed;
  struct Row {
    AccountOperation operation;
    std::optional<ErrorCode> open, frozen, closing, closed;
  };
  // Columns: open, frozen, closing, closed. A pay-in to a closed account goes to suspense: refused here, caught by the
  // caller.
  static constexpr Row kTable[] = {
      {AccountOperation::place, yes, frozen, closing, closed},
      {AccountOperation::reserve, yes, frozen, closing, closed},
      {AccountOperation::submit, yes, frozen, closing, closed},
      {AccountOperation::cancel, yes, yes, yes, closed},
      {AccountOperation::pay_in, yes, yes, yes, closed},
      {AccountOperation::pay_out, yes, frozen, yes, closed},
      {AccountOperation::settle, yes, yes, yes, yes},
      {AccountOperation::configure, yes, yes, yes, closed},
  };
  for (const Row& row : kTable) {
    if (row.operation != operation) continue;
    switch (state) {
      case AccountState::open:
        return row.open;
      case AccountState::frozen:
        return row.frozen;
      case AccountState::closing:
        return row.closing;
      case AccountState::closed:
        return row.closed;
    }
  }
  invariant_failed("the operation is in the table", __FILE__, __LINE__, "account operation");
}

}  // namespace engine
