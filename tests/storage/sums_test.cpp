// Transfers added up by ledger account: a long journal in two halves on two threads, to the same sums, and never
// without what the unit of work has just written.
#include <doctest/doctest.h>

#include "engine/payments.hpp"
#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");
constexpr std::int64_t kMany = 30'001;  // well over what is read by one thread

// Three accounts, paid 1, 2, 3, ... by turns; the second half of them a day later.
class Book {
 public:
  Book() {
    storage::create_book(folder_.file("book.db"), kNow, true);
    store = storage::open_book(folder_.file("book.db"), {});
    store->begin();
    for (const char* name : {"one", "two", "three"}) {
      Customer customer = support::customer(0);
      customer.id = store->next_customer_id();
      customer.name = name;
      Changes changes;
      changes.new_customers.push_back(customer);
      REQUIRE(bool(store->apply(changes, {kNow, "tester"})));
      customers_.push_back(customer);
    }
    pay(1, kMany / 2, kNow);
    pay(kMany / 2 + 1, kMany, kNow + std::chrono::hours(24));
    store->commit();
  }
  // In the unit of work at hand.
  void pay(std::int64_t first, std::int64_t last, UtcTime now) {
    Changes changes;
    changes.requests = {{"operator", "pay-" + std::to_string(first), "", "{}"}};
    for (std::int64_t i = first; i <= last; ++i) {
      REQUIRE(bool(pay_in(changes, customers_[static_cast<std::size_t>(i % 3)], {.amount = eur(i)})));
    }
    REQUIRE(bool(store->apply(changes, {now, "tester"})));
  }
  std::unique_ptr<LedgerStore> reader() const {
    return storage::open_book(folder_.file("book.db"), {.access = storage::Access::read_only});
  }

  std::unique_ptr<LedgerStore> store;

 private:
  support::TemporaryDirectory folder_;
  std::vector<Customer> customers_;
};

// Of 1, 2, 3, ... `last`, those that leave `rest` when divided by three.
std::int64_t sum_of(std::int64_t last, std::int64_t rest) {
  std::int64_t sum = 0;
  for (std::int64_t i = 1; i <= last; ++i) sum += i % 3 == rest ? i : 0;
  return sum;
}
std::int64_t sum_of(std::int64_t last) { return last * (last + 1) / 2; }

// What each customer's account, and the bank, held after some payments and holds after more.
void check_balances(LedgerStore& store, std::int64_t before, std::int64_t payments) {
  int customers = 0;
  for (const JournalAccount& account : store.journal_accounts(TransferId(before), TransferId(payments))) {
    if (account.key.customer) {
      ++customers;
      const std::int64_t rest = account.key.customer->value() - 1;
      CHECK(account.key.customer->value() == customers);  // by key
      CHECK(account.opening.minor() == -sum_of(before, rest));
      CHECK(account.closing.minor() == -sum_of(payments, rest));
      CHECK(account.is_new == (before < (rest == 0 ? 3 : rest)));
    } else {
      CHECK(account.key.source == "bank");
      CHECK(account.opening.minor() == sum_of(before));
      CHECK(account.closing.minor() == sum_of(payments));
      CHECK(account.is_new == (before == 0));
    }
  }
  CHECK(customers == 3);
}

}  // namespace

TEST_CASE("sums: balances after a transfer and turnovers of a period are those of every transfer, once") {
  Book book;
  const auto reader = book.reader();
  for (const std::int64_t payments : {std::int64_t{1'000}, kMany - 1, kMany}) {
    for (const std::int64_t before : {std::int64_t{0}, std::int64_t{2}, payments / 2 + 1, payments})
      check_balances(*reader, before, payments);
  }
  for (const bool by_effective : {false, true}) {
    int cash = 0;
    for (const AccountTurnover& turnover : reader->turnovers(kNow + std::chrono::hours(1), {}, by_effective)) {
      if (turnover.account.kind != AccountKind::cash) continue;
      ++cash;
      CHECK(turnover.opening_debit_minor == sum_of(kMany / 2));
      CHECK(turnover.debit_minor == sum_of(kMany) - sum_of(kMany / 2));
    }
    CHECK(cash == 1);
    std::int64_t first_day = 0;
    for (const AccountTurnover& turnover : reader->turnovers({}, kNow + std::chrono::hours(1), by_effective))
      first_day += turnover.credit_minor;
    CHECK(first_day == sum_of(kMany / 2));
  }
}

TEST_CASE("sums: a unit of work sees what it has written and nobody else does") {
  Book book;
  const auto reader = book.reader();
  book.store->begin();
  book.pay(kMany + 1, kMany + 3, kNow + std::chrono::hours(24));
  check_balances(*book.store, 2, kMany + 3);
  check_balances(*reader, 2, kMany);
  CHECK(reader->last_transfer_before({}).value() == kMany);
  book.store->rollback();
  check_balances(*book.store, 2, kMany);
}
