// Writers stand in line: one that commits chunk after chunk lets in, between two of them, whoever waits.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace std::chrono_literals;

namespace {

const engine::UtcTime kNow = support::at("2026-08-01T06:00:00Z");

std::string make_book(const support::TemporaryDirectory& folder) {
  const std::string path = folder.file("book.db");
  storage::create_book(path, kNow, true);
  return path;
}

void write_something(engine::LedgerStore& store) {
  engine::Changes changes;
  changes.provider_balance_warnings.push_back(support::eur(100));
  store.begin();
  REQUIRE(bool(store.apply(changes, {kNow, "tester"})));
  store.commit();
}

}  // namespace

TEST_CASE("write turn: who waits comes before the next chunk of who writes") {
  const support::TemporaryDirectory folder;
  const std::string path = make_book(folder);
  std::atomic<int> chunks{0};
  std::atomic<bool> enough{false};
  std::thread sweep([&] {
    const auto store = storage::open_book(path, {});
    while (!enough) {
      store->begin();
      ++chunks;
      std::this_thread::sleep_for(2ms);  // the work of a chunk
      store->rollback();
    }
  });
  const auto store = storage::open_book(path, {});
  while (chunks == 0) std::this_thread::yield();
  std::vector<int> waited;  // chunks that began meanwhile
  for (int i = 0; i < 31; ++i) {
    const int before = chunks;
    write_something(*store);
    waited.push_back(chunks - before);
  }
  enough = true;
  sweep.join();
  std::ranges::sort(waited);
  CHECK(waited[waited.size() / 2] <= 3);  // a crowded machine may keep either from asking now and then
}

TEST_CASE("write turn: who waits for too long is told that the book is busy, and may try again") {
  const support::TemporaryDirectory folder;
  const std::string path = make_book(folder);
  const auto first = storage::open_book(path, {}), second = storage::open_book(path, {.busy_timeout = 20ms});
  first->begin();
  try {
    second->begin();
    FAIL("two wrote at once");
  } catch (const storage::StorageError& busy) {
    CHECK(busy.error().code == engine::ErrorCode::database_busy);
  }
  first->rollback();
  write_something(*second);
  write_something(*first);
}

TEST_CASE("write turn: what was committed is copied into the book, so that the -wal file stays small") {
  const support::TemporaryDirectory folder;
  const std::string path = make_book(folder);
  const auto store = storage::open_book(path, {});
  constexpr int kCommits = 160;
  const std::string content(500'000, 'x');
  for (int i = 0; i < kCommits; ++i) {
    engine::Changes changes;
    changes.requests.push_back({"tester", std::to_string(i), content, "done"});
    store->begin();
    REQUIRE(bool(store->apply(changes, {kNow, "tester"})));
    store->commit();
  }
  CHECK(std::filesystem::file_size(path) > kCommits * content.size() / 2);
  CHECK(std::filesystem::file_size(path + "-wal") < kCommits * content.size() / 4);
}

TEST_CASE("write turn: where its file cannot be made, SQLite's own lock is all there is") {
  const support::TemporaryDirectory folder;
  const std::string path = make_book(folder);
  std::filesystem::create_directory(path + "-turn");
  const auto first = storage::open_book(path, {}), second = storage::open_book(path, {.busy_timeout = 20ms});
  write_something(*first);
  first->begin();
  CHECK_THROWS_AS(second->begin(), storage::StorageError);
  first->rollback();
  write_something(*second);
}
