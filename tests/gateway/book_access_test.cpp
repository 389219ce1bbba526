// One writer for many: what waits together is committed together, and one that fails harms no other.
#include "tools/gateway/book_access.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "storage/storage_error.hpp"
#include "tests/gateway/served_book.hpp"
#include "tests/support/run_program.hpp"

using namespace support;

namespace {

engine::Changes note(const std::string& text) {
  engine::Changes changes;
  changes.events.push_back({engine::EventKind::setting_changed, {}, {}, {}, {}, {}, text});
  return changes;
}
std::int64_t notes(engine::LedgerReader& store) {
  engine::EventQuery query;
  query.kinds = {engine::EventKind::setting_changed};
  return store.count_events(query);
}

}  // namespace

TEST_CASE("writer: tasks that share a commit are all kept, but for those that fail, which alone are not") {
  TemporaryDirectory directory;
  const std::string book = directory.file("book.db");
  storage::create_book(book, kMade, true);
  gateway::Writer writer(book);
  std::atomic<int> failed{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < 25; ++i) {
        const bool fails = (i + client) % 5 == 0;
        try {
          writer.in_batch([&](engine::LedgerStore& store) {
            REQUIRE(bool(store.apply(note("from " + std::to_string(client)), {kMade, "test"})));
            if (fails) throw engine::InvariantError("planted");
          });
          CHECK_FALSE(fails);
        } catch (const engine::InvariantError&) {
          CHECK(fails);
          ++failed;
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(failed == 40);
  gateway::Readers readers(book);
  const gateway::Readers::Lent reader = readers.lend();
  CHECK(notes(*reader) == 160);
}

TEST_CASE("writer: a task alone makes its own units of work, and what it throws arrives where it was given") {
  TemporaryDirectory directory;
  const std::string book = directory.file("book.db");
  storage::create_book(book, kMade, true);
  gateway::Writer writer(book);
  writer.alone([](engine::LedgerStore& store) {
    const operations::Context context{store, kMade, "test"};
    operations::UnitOfWork work(context);
    REQUIRE(bool(store.apply(note("kept"), context.stamp())));
    work.keep();
  });
  CHECK_THROWS_AS(writer.alone([](engine::LedgerStore& store) {
    store.begin();
    REQUIRE(bool(store.apply(note("lost"), {kMade, "test"})));
    throw storage::StorageError({engine::ErrorCode::database_failed, "planted"});
  }),
                  storage::StorageError);
  writer.in_batch([](engine::LedgerStore& store) { CHECK(notes(store) == 1); });
}

TEST_CASE("readers: no more are lent at once than there may be, and everybody gets one in turn") {
  TemporaryDirectory directory;
  const std::string book = directory.file("book.db");
  storage::create_book(book, kMade, true);
  gateway::Readers readers(book, 2);
  std::atomic<int> lent{0}, most{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        gateway::Reading reading(readers);
        const int now = ++lent;
        for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
        }
        reading.begin();
        CHECK(notes(reading.store()) == 0);
        --lent;
        reading.end();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(most <= 2);
}

TEST_CASE("readers: a book that cannot be opened leaves room for the next") {
  TemporaryDirectory directory;
  const std::string book = directory.file("book.db");
  gateway::Readers readers(book, 1);
  CHECK_THROWS_AS(readers.lend(), storage::StorageError);
  storage::create_book(book, kMade, true);
  CHECK(notes(*readers.lend()) == 0);
}

TEST_CASE("store: a second connection of the same program leaves the first its locks") {
  // Another program that closes the book last empties and deletes the log. It must see that we have the book open, or
  // we go on with a log that is gone.
  ServedBook world;
  const auto first = world.store();
  const auto second = world.store();
  REQUIRE(run_program({"--db", world.book, "clock", "advance", "1h"}).status == 0);
  REQUIRE(run_program({"--db", world.book, "clock", "advance", "1h"}).status == 0);
  CHECK(first->book().last_recorded == kMade + std::chrono::hours(2));
  CHECK(second->book().last_recorded == kMade + std::chrono::hours(2));
}
