// Models of reports for operators and accountants. Renderers print them. Nothing here changes a book.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ports.hpp"
#include "tools/operations/context.hpp"

namespace operations {

struct Period {
  std::optional<engine::UtcTime> from{}, to{};  // [from, to)
  bool by_effective = false;                    // else by recorded time
};

struct StatementLine {
  engine::Transfer transfer;
  std::optional<engine::DomainName> domain;
  engine::Money available_change, reserved_change, owed_change;
  engine::Money available_after, reserved_after, owed_after;
};
struct Statement {
  engine::Customer customer;
  engine::Money opening_available, opening_reserved, opening_owed;
  std::vector<StatementLine> lines;
  engine::Money closing_available, closing_reserved, closing_owed;
};
Statement statement(engine::LedgerReader& store, const engine::Customer& customer, const Period& period);

struct TrialBalanceRow {
  const engine::LedgerAccountKey& account;
  std::string_view customer;  // name, for a customer's accounts
  engine::Money opening_debit, opening_credit, debit, credit, closing_debit, closing_credit;
};
// Ordered by currency, code, customer. Debits equal credits per currency; if not, the book is damaged, and verify finds
// where.
void each_trial_balance_row(engine::LedgerReader& store, const Period& period,
                            const std::function<void(const TrialBalanceRow&)>& visit);

struct OpenDeposit {
  engine::Backorder backorder;
  std::string account;
  engine::Milliseconds age;
  // when it must have ended: deadline, T + 2 d, or ten days after the auction
  std::optional<engine::UtcTime> ends_by;
  bool overdue = false;
  std::string next;  // what happens next, for people
};
std::vector<OpenDeposit> open_deposits(engine::LedgerReader& store, std::optional<engine::CustomerId> customer,
                                       engine::UtcTime now);

}  // namespace operations
