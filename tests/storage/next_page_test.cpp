// What a sweep works on is read account by account, the next ones while the last are written; and of a backorder read
// so, a step writes what steps change and news what news change and no more, unless more has changed.
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

// Four accounts with 100.00; the first has one due backorder, the second two, the third none, the fourth three. Ids go
// round, so that no account's lie together.
class Book {
 public:
  Book() {
    storage::create_book(folder_.file("book.db"), kNow, true);
    store = open();
    store->begin();
    (void)store->add_list("registry", DateIs::drop, kNow, {}, 0);
    for (int i = 1; i <= 4; ++i) {
      Customer customer = support::customer(0);
      customer.id = store->next_customer_id();
      customer.name = "account" + std::to_string(i);
      apply([&](Changes& changes) {
        changes.new_customers.push_back(customer);
        changes.requests = {{"operator", "pay-" + std::to_string(i), "", "{}"}};
        REQUIRE(bool(pay_in(changes, customer, {.amount = eur(10'000)})));
      });
    }
    std::int64_t id = 0;
    for (const int owner : {4, 2, 1, 4, 2, 4}) {
      apply([&](Changes& changes) {
        Backorder one = support::backorder(++id, kNow + std::chrono::hours(60));
        one.customer = CustomerId(owner);
        changes.new_backorders.push_back(one);
      });
    }
    store->commit();
  }
  std::unique_ptr<LedgerStore> open() const { return storage::open_book(folder_.file("book.db"), {}); }
  template <typename Fill>
  void apply(const Fill& fill) {
    Changes changes;
    fill(changes);
    REQUIRE(bool(store->apply(changes, {kNow, "tester"})));
  }
  void write(const Backorder& row) {
    apply([&](Changes& changes) { changes.backorders.push_back(row); });
  }
  void fund(Backorder& row, Customer& customer) {
    apply([&](Changes& changes) {
      REQUIRE(bool(apply_transition(changes, row, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
      changes.backorders.push_back(row);
    });
  }
  std::unique_ptr<LedgerStore> store{};

 private:
  support::TemporaryDirectory folder_;
};

BackorderQuery due_after(std::int64_t customer) {
  BackorderQuery query;
  query.states = {State::requested};
  query.due_by = kNow;
  query.after_customer = CustomerId(customer);
  return query;
}

std::string words(const AccountRows& rows) {
  std::string text;
  for (const Customer& one : rows.customers) text += one.name + " ";
  for (const Backorder& one : rows.backorders)
    text += std::to_string(one.customer.value()) + ":" + std::to_string(one.id.value()) + " ";
  return text;
}

}  // namespace

TEST_CASE("next accounts: whole accounts in their order, until there are as many backorders as are wanted") {
  Book book;
  CHECK(words(book.store->next_page(due_after(0), 1)) == "account1 1:3 ");
  CHECK(words(book.store->next_page(due_after(0), 2)) == "account1 account2 1:3 2:2 2:5 ");
  CHECK(words(book.store->next_page(due_after(2), 1)) == "account4 4:1 4:4 4:6 ");
  CHECK(words(book.store->next_page(due_after(0), 100)) == "account1 account2 account4 1:3 2:2 2:5 4:1 4:4 4:6 ");
  CHECK(words(book.store->next_page(due_after(4), 1)).empty());
}

TEST_CASE("next accounts: what was read ahead answers the question it was read for, and no other") {
  Book book;
  book.store->begin();
  const std::string first = words(book.store->next_page(due_after(0), 1));
  book.store->prefetch(due_after(1), 1, {});
  CHECK(words(book.store->next_page(due_after(0), 1)) == first);
  CHECK(words(book.store->next_page(due_after(1), 1)) == "account2 2:2 2:5 ");
  CHECK(words(book.store->next_page(due_after(1), 1)) == "account2 2:2 2:5 ");
  book.store->rollback();
}

TEST_CASE(
    "next accounts: what is read ahead may be decided as it is read: once, before it is given out, and a step of it is "
    "written as any") {
  Book book;
  book.store->begin();
  Changes changes;
  int decided = 0;
  book.store->prefetch(due_after(0), 1, [&](AccountRows& rows) {
    ++decided;
    if (!apply_transition(changes, rows.backorders[0], rows.customers[0], Trigger::funded,
                          {.now = kNow, .deposit = eur(1000)}))
      return;
    changes.backorders.push_back(rows.backorders[0]);
  });
  const AccountRows rows = book.store->next_page(due_after(0), 1);
  CHECK(decided == 1);
  REQUIRE(rows.backorders.size() == 1);
  CHECK(rows.backorders[0].state == State::active);
  REQUIRE(bool(book.store->apply(changes, {kNow, "tester"})));
  book.store->commit();
  CHECK(book.store->backorder(rows.backorders[0].id).value().state == State::active);
  CHECK(book.store->customer("account1").value().reserved == eur(1000));
  CHECK(book.store->verify({}).findings.empty());
}

TEST_CASE("next accounts: what deciding ahead throws comes with the rows; with the unit of work it is dropped") {
  Book book;
  const auto fails = [](AccountRows&) { throw InvariantError("a rule and the book disagree"); };
  book.store->begin();
  book.store->prefetch(due_after(0), 1, fails);
  CHECK_THROWS_AS(book.store->next_page(due_after(0), 1), InvariantError);
  CHECK(words(book.store->next_page(due_after(0), 1)) == "account1 1:3 ");
  book.store->prefetch(due_after(0), 1, fails);
  book.store->rollback();
  book.store->begin();
  CHECK(words(book.store->next_page(due_after(0), 1)) == "account1 1:3 ");
  book.store->rollback();
}

TEST_CASE("next accounts: what was read ahead is forgotten with the unit of work, since others may write after it") {
  Book book;
  book.store->begin();
  book.store->prefetch(due_after(0), 1, {});
  book.store->commit();
  {
    const auto other = book.open();
    other->begin();
    AccountRows rows = other->next_page(due_after(0), 1);
    Changes changes;
    REQUIRE(bool(apply_transition(changes, rows.backorders[0], rows.customers[0], Trigger::funded,
                                  {.now = kNow, .deposit = eur(1000)})));
    changes.backorders.push_back(rows.backorders[0]);
    REQUIRE(bool(other->apply(changes, {kNow, "tester"})));
    other->commit();
  }
  book.store->begin();
  CHECK(words(book.store->next_page(due_after(0), 1)) == "account2 2:2 2:5 ");
  book.store->rollback();
}

TEST_CASE("next accounts: all that changed of a backorder is written, with a step and without, once and again") {
  Book book;
  book.store->begin();
  AccountRows rows = book.store->next_page(due_after(2), 1);
  Customer& customer = rows.customers[0];
  Backorder &step = rows.backorders[0], &step_and_more = rows.backorders[1], &there_and_back = rows.backorders[2];
  book.fund(step, customer);
  step_and_more.priority = 7;
  book.fund(step_and_more, customer);
  there_and_back.priority = 8;
  book.write(there_and_back);
  there_and_back.priority = 100;
  book.write(there_and_back);
  for (const char* status : {"PENDING", ""}) {
    step.provider_status = there_and_back.provider_status = status;
    book.write(step);
    book.write(there_and_back);
  }
  step.provider_status = "PENDING";
  step.cancelling = true;
  book.write(step);
  step.cancelling = false;
  book.write(step);
  book.store->commit();
  const auto kept = [&](const Backorder& row) { return book.store->backorder(row.id).value(); };
  CHECK(kept(step).state == State::active);
  CHECK(kept(step).deposit == eur(1000));
  CHECK(kept(step).provider_status == "PENDING");
  CHECK_FALSE(kept(step).cancelling);
  CHECK(kept(step_and_more).state == State::active);
  CHECK(kept(step_and_more).priority == 7);
  CHECK(kept(there_and_back).state == State::requested);
  CHECK(kept(there_and_back).priority == 100);
  CHECK(kept(there_and_back).provider_status.empty());
  CHECK(book.store->verify({}).findings.empty());
}

TEST_CASE("next accounts: each thing that may change of a backorder is written, beside a step as well") {
  struct Row {
    const char* what;
    void (*change)(Backorder&);
    bool (*is_kept)(const Backorder&);
  };
  const Row rows[] = {
      {"reason", [](Backorder& row) { row.reason = Reason::rescheduled; },
       [](const Backorder& row) { return row.reason == Reason::rescheduled; }},
      {"priority", [](Backorder& row) { row.priority = 7; }, [](const Backorder& row) { return row.priority == 7; }},
      {"quote", [](Backorder& row) { row.quoted = eur(77); },
       [](const Backorder& row) { return row.quoted == eur(77); }},
      {"cap", [](Backorder& row) { row.max_price = eur(777); },
       [](const Backorder& row) { return row.max_price == eur(777); }},
      {"drop", [](Backorder& row) { row.drop = support::drop_at(kNow); },
       [](const Backorder& row) { return row.drop == support::drop_at(kNow); }},
      {"no drop", [](Backorder& row) { row.drop.reset(); }, [](const Backorder& row) { return !row.drop; }},
      {"finalization", [](Backorder& row) { row.drop->finalization_at = kNow; },
       [](const Backorder& row) { return row.drop->finalization_at == kNow; }},
      {"deadline", [](Backorder& row) { row.drop->deadline = kNow; },
       [](const Backorder& row) { return row.drop->deadline == kNow; }},
      {"due", [](Backorder& row) { row.drop->deposit_due = kNow; },
       [](const Backorder& row) { return row.drop->deposit_due == kNow; }},
      {"underfunded", [](Backorder& row) { row.underfunded = true; },
       [](const Backorder& row) { return row.underfunded; }},
      {"cancelling", [](Backorder& row) { row.cancelling = true; },
       [](const Backorder& row) { return row.cancelling; }},
      {"provider balance empty", [](Backorder& row) { row.provider_balance_empty = true; },
       [](const Backorder& row) { return row.provider_balance_empty; }},
      {"refusals", [](Backorder& row) { row.refusals = 3; }, [](const Backorder& row) { return row.refusals == 3; }},
      {"application", [](Backorder& row) { row.application = "4711"; },
       [](const Backorder& row) { return row.application == "4711"; }},
      {"status", [](Backorder& row) { row.provider_status = "PENDING"; },
       [](const Backorder& row) { return row.provider_status == "PENDING"; }},
      {"status at", [](Backorder& row) { row.provider_status_at = kNow; },
       [](const Backorder& row) { return row.provider_status_at == kNow; }},
      {"gone", [](Backorder& row) { row.gone_since = kNow; },
       [](const Backorder& row) { return row.gone_since == kNow; }},
      {"reserved", [](Backorder& row) { row.reserved_at = kNow; },
       [](const Backorder& row) { return row.reserved_at == kNow; }},
      {"submitted", [](Backorder& row) { row.submitted_at = kNow; },
       [](const Backorder& row) { return row.submitted_at == kNow; }},
      {"ended", [](Backorder& row) { row.ended_at = kNow; }, [](const Backorder& row) { return row.ended_at == kNow; }},
      {"auction end", [](Backorder& row) { row.auction_ends_at = kNow; },
       [](const Backorder& row) { return row.auction_ends_at == kNow; }},
      {"auction price", [](Backorder& row) { row.auction_price = "12.00USD"; },
       [](const Backorder& row) { return row.auction_price == "12.00USD"; }}};
  Book book;
  for (const Row& row : rows) {
    CAPTURE(std::string(row.what));
    book.store->begin();
    Backorder one = book.store->next_page(due_after(0), 1).backorders[0];
    REQUIRE_FALSE(row.is_kept(one));
    row.change(one);
    book.write(one);
    CHECK(row.is_kept(book.store->backorder(one.id).value()));
    book.store->rollback();
  }
}
