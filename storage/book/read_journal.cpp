// Reads ranges of transfers by id in one pass, for the export of journals, and sums of transfers by ledger
// account.
#include <algorithm>
#include <array>
#include <future>
#include <iterator>
#include <span>
#include <utility>

#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

constexpr std::int64_t kWorthTwoThreads = 20'000;  // transfers

constexpr const char* kTooLarge = "a balance or turnover beyond 64 bits";

bool plus(std::int64_t& sum, std::int64_t amount) { return !__builtin_add_overflow(sum, amount, &sum); }

}  // namespace

TransferId SqliteBook::last_transfer_before(std::optional<UtcTime> instant) {
  const std::int64_t last = db_->integer("SELECT ifnull(max(id), 0) FROM transfer");
  if (!instant) return TransferId(last);
  return TransferId(first_id_at("SELECT recorded_at FROM transfer WHERE id = ?", last, *instant) - 1);
}

void SqliteBook::each_journal_row(TransferId after, TransferId through,
                                  const std::function<void(const JournalRow&)>& visit) {
  Statement row = db_->statement(
      "SELECT t.id, t.kind, t.debit_id, t.credit_id, t.amount_minor, t.recorded_at, t.effective_at, t.backorder_id, "
      "t.attempt, t.reverses_id,"
      " t.request_id, t.actor, t.memo, b.name, r.sender, r.key"
      " FROM transfer AS t LEFT JOIN backorder AS b ON b.id = t.backorder_id LEFT JOIN request AS r ON r.id = "
      "t.request_id"
      " WHERE t.id > ? AND t.id <= ? ORDER BY t.id");
  row.bind(after, through);
  std::optional<JournalRow> journal;
  while (row.step()) {
    if (journal)
      read_transfer(row, journal->transfer);
    else
      journal.emplace(JournalRow{.transfer = read_transfer(row)});
    journal->domain.reset();
    if (!row.is_null(13)) journal->domain = DomainName::from_trusted_ace(row.string(13));
    journal->request_sender = row.is_null(14) ? std::string_view() : row.text(14);
    journal->request_key = row.is_null(15) ? std::string_view() : row.text(15);
    visit(*journal);
  }
}

// Sums of the transfers up to one by ledger account, from 0. Added up here and not by GROUP BY: one pass in table order
// is several times faster. `add` gets the sum, the row's value of `column`, its amount and whether the account is the
// debited one. A long journal is read by two connections on two threads, the later half beside the earlier one; but not
// where this unit of work may have written what another connection does not see.
template <typename Sum, typename Add>
std::vector<Sum> SqliteBook::sums_by_account(std::string_view column, std::int64_t through, const Add& add) {
  keep_accounts();  // whoever sums them names them
  const std::int64_t last_account = accounts_kept_;
  const auto read = [&](SqliteBook& book, std::int64_t after, std::int64_t last) {
    std::vector<Sum> sums(static_cast<std::size_t>(last_account) + 1);
    Statement row = book.db_->statement("SELECT debit_id, credit_id, amount_minor, " + std::string(column) +
                                        " FROM transfer WHERE id > ? AND id <= ?");
    row.bind(after, last);
    // Transfers reach sums in no order: each is fetched while some more rows are read.
    struct Read {
      Sum *debit, *credit;
      std::int64_t amount, value;
    };
    std::array<Read, 16> some;
    std::size_t count = 0;
    const auto add_some = [&] {
      for (const Read& one : std::span(some).first(std::exchange(count, 0))) {
        if (!add(*one.debit, one.value, one.amount, true) || !add(*one.credit, one.value, one.amount, false))
          book.db_->fail_corrupt(kTooLarge);
      }
    };
    const auto sum_of = [&](std::int64_t account) {
      if (account < 1 || account > last_account)
        book.db_->fail_corrupt("ledger account " + std::to_string(account) + " does not exist");
      Sum* const sum = &sums[static_cast<std::size_t>(account)];
      __builtin_prefetch(sum, 1);
      return sum;
    };
    while (row.step()) {
      some[count++] = {sum_of(row.integer(0)), sum_of(row.integer(1)), row.integer(2), row.integer(3)};
      if (count == some.size()) add_some();
    }
    add_some();
    return sums;
  };
  if (through < kWorthTwoThreads || (in_unit_ && access_ == Access::read_write)) return read(*this, 0, through);
  const std::int64_t middle = through / 2;
  const std::unique_ptr<SqliteBook> parallel = reader_for_thread();
  std::future<std::vector<Sum>> later =
      std::async(std::launch::async, [&] { return read(*parallel, middle, through); });
  std::vector<Sum> sums = read(*this, 0, middle);
  const std::vector<Sum> more = later.get();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (!sums[i].add(more[i])) db_->fail_corrupt(kTooLarge);
  }
  return sums;
}

std::vector<AccountTurnover> SqliteBook::turnovers(std::optional<UtcTime> from, std::optional<UtcTime> to,
                                                   bool by_effective) {
  // A sum for each account, reached in no order: half as large where nothing comes before.
  struct Sides {
    std::int64_t debit = 0, credit = 0;
    bool add(const Sides& other) { return plus(debit, other.debit) && plus(credit, other.credit); }
  };
  struct Later {
    Sides later{};
    bool add(const Later& other) { return later.add(other.later); }
    Sides& part(bool) { return later; }
    Sides opening() const { return {}; }
  };
  struct OpeningAndLater {
    Sides before{}, later{};
    bool add(const OpeningAndLater& other) { return before.add(other.before) && later.add(other.later); }
    Sides& part(bool is_before) { return is_before ? before : later; }
    Sides opening() const { return before; }
  };
  const auto turnovers_by = [&]<typename Sum>(Sum) {
    const std::vector<Sum> sums = sums_by_account<Sum>(
        by_effective ? "effective_at" : "recorded_at", last_transfer_before(by_effective ? std::nullopt : to).value(),
        [&](Sum& sum, std::int64_t time, std::int64_t amount, bool is_debit) {
          const UtcTime at{Milliseconds(time)};
          if (to && at >= *to) return true;
          Sides& sides = sum.part(from && at < *from);
          return plus(is_debit ? sides.debit : sides.credit, amount);
        });
    std::vector<AccountTurnover> turnovers;
    turnovers.reserve(sums.size());
    for (std::int64_t id = 1; id < std::ssize(sums); ++id) {
      const Sum& sum = sums[static_cast<std::size_t>(id)];
      turnovers.push_back({account(id), sum.opening().debit, sum.opening().credit, sum.later.debit, sum.later.credit});
    }
    return turnovers;
  };
  return from ? turnovers_by(OpeningAndLater{}) : turnovers_by(Later{});
}

std::vector<JournalAccount> SqliteBook::journal_accounts(TransferId after, TransferId through) {
  struct Sum {
    std::int64_t before = 0, change = 0;
    bool is_old = false, is_moved = false;
    bool add(const Sum& later) {
      is_old |= later.is_old;
      is_moved |= later.is_moved;
      return plus(before, later.before) && plus(change, later.change);
    }
  };
  const std::vector<Sum> sums =
      sums_by_account<Sum>("id", through.value(), [&](Sum& sum, std::int64_t id, std::int64_t amount, bool is_debit) {
        const bool is_before = id <= after.value();
        (is_before ? sum.is_old : sum.is_moved) = true;
        return plus(is_before ? sum.before : sum.change, is_debit ? amount : -amount);
      });
  // Ids in the order of their keys, which numbers tell for all but the operator's accounts of one kind and currency.
  struct Place {
    std::uint64_t key;
    std::int64_t id;
  };
  std::vector<Place> order;
  for (std::int64_t id = 1; id < std::ssize(sums); ++id) {
    const Sum& sum = sums[static_cast<std::size_t>(id)];
    if (!sum.is_old && !sum.is_moved) continue;
    const KeptAccount kept = kept_account(id);
    std::uint64_t key = static_cast<std::uint64_t>(kept.kind);
    const Currency currency = currency_of(kept);
    for (const char letter : currency.code()) key = key << 5U | (static_cast<unsigned char>(letter) & 31U);
    order.push_back({key << 32U | static_cast<std::uint64_t>(belongs_to_customer(kept.kind) ? kept.of : 0), id});
  }
  std::ranges::sort(order, [&](const Place& a, const Place& b) {
    return a.key != b.key ? a.key < b.key : account(a.id) < account(b.id);
  });
  std::vector<JournalAccount> accounts;
  accounts.reserve(order.size());
  for (const Place& place : order) {
    const Sum& sum = sums[static_cast<std::size_t>(place.id)];
    const Currency currency = currency_of(kept_account(place.id));
    std::int64_t closing = sum.before;
    if (!plus(closing, sum.change)) db_->fail_corrupt(kTooLarge);
    accounts.push_back(
        {account(place.id), Money::of_minor(sum.before, currency), Money::of_minor(closing, currency), !sum.is_old});
  }
  return accounts;
}

}  // namespace storage
