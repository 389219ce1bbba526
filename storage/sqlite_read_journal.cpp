// What a journal is exported from: ranges of transfers by id, read in one pass, and balances as they stood after a transfer.
#include <algorithm>

#include "storage/sqlite_book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

TransferId SqliteBook::last_transfer_before(std::optional<UtcTime> instant) {
  const std::int64_t last = db_->integer("SELECT ifnull(max(id), 0) FROM transfer");
  if (!instant) return TransferId(last);
  return TransferId(first_id_at("SELECT recorded_at FROM transfer WHERE id = ?", last, *instant) - 1);
}

void SqliteBook::each_journal_row(TransferId after, TransferId through, const std::function<void(const JournalRow&)>& visit) {
  Statement row = db_->statement(
      "SELECT t.id, t.kind, t.debit_id, t.credit_id, t.amount_minor, t.recorded_at, t.effective_at, t.backorder_id, t.attempt, t.reverses_id,"
      " t.request_id, t.actor, t.memo, b.name, r.sender, r.key"
      " FROM transfer AS t LEFT JOIN backorder AS b ON b.id = t.backorder_id LEFT JOIN request AS r ON r.id = t.request_id"
      " WHERE t.id > ? AND t.id <= ? ORDER BY t.id");
  row.bind(after, through);
  std::optional<JournalRow> journal;
  while (row.step()) {
    if (journal) read_transfer(row, journal->transfer);
    else journal.emplace(JournalRow{.transfer = read_transfer(row)});
    journal->domain.reset();
    if (!row.is_null(13)) journal->domain = DomainName::from_trusted_ace(row.string(13));
    journal->request_sender = row.is_null(14) ? std::string_view() : row.text(14);
    journal->request_key = row.is_null(15) ? std::string_view() : row.text(15);
    visit(*journal);
  }
}

std::vector<AccountBalance> SqliteBook::balances_after(TransferId transfer) {
  // One pass in table order, as turnovers().
  struct Sum { std::int64_t balance = 0, first = 0; };
  const std::int64_t last_account = db_->integer("SELECT ifnull(max(id), 0) FROM ledger_account");
  std::vector<Sum> sums(static_cast<std::size_t>(last_account) + 1);
  {
    Statement row = db_->statement("SELECT id, debit_id, credit_id, amount_minor FROM transfer WHERE id <= ?");
    row.bind(transfer);
    while (row.step()) {
      const std::int64_t amount = row.integer(3);
      for (const auto& [account, change] : {std::pair(row.integer(1), amount), std::pair(row.integer(2), -amount)}) {
        if (account < 1 || account > last_account) db_->fail_corrupt("ledger account " + std::to_string(account) + " does not exist");
        Sum& sum = sums[static_cast<std::size_t>(account)];
        if (__builtin_add_overflow(sum.balance, change, &sum.balance)) db_->fail_corrupt("a balance beyond 64 bits");
        if (sum.first == 0) sum.first = row.integer(0);
      }
    }
  }
  std::vector<AccountBalance> balances;
  for (std::int64_t id = 1; id <= last_account; ++id) {
    const Sum& sum = sums[static_cast<std::size_t>(id)];
    if (sum.first != 0) balances.push_back({account(id), sum.balance, sum.first});
  }
  std::ranges::sort(balances, {}, &AccountBalance::account);
  return balances;
}

}  // namespace storage
