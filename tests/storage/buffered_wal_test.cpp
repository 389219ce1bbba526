// What a transaction appends to the -wal file is written in pieces, just before it is synced: nobody else sees it
// earlier, its own transaction sees all of it, and a write that fails is a transaction that was not.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "storage/sqlite/connection.hpp"
#include "storage/storage_error.hpp"
#include "storage/store.hpp"
#include "tests/support/temporary_directory.hpp"

using storage::Access;

namespace {

// A table in a file with a log, and one connection with a cache so small that most pages go to the log before the
// commit.
class Written {
 public:
  Written() {
    plain().exec("PRAGMA journal_mode = WAL; CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
    ours.emplace(folder_.file("rows.db"), Access::read_write, std::chrono::seconds(1));
    ours->execute("PRAGMA cache_size = 20");
  }
  void insert(int from, int to, char letter) {
    auto row = ours->statement("INSERT INTO row (id, text) VALUES (?, ?)");
    for (int id = from; id < to; ++id) row.bind(id, std::string(900, letter)).run();
  }
  std::int64_t seen_by_us(char letter) {
    return ours->integer("SELECT count(*) FROM row WHERE text = '" + std::string(900, letter) + "'");
  }
  std::int64_t seen_by_others() { return plain().execAndGet("SELECT count(*) FROM row").getInt64(); }
  std::string check() { return plain().execAndGet("PRAGMA integrity_check").getString(); }
  std::uintmax_t log_size() const { return std::filesystem::file_size(folder_.file("rows.db-wal")); }
  std::optional<storage::Connection> ours{};

 private:
  SQLite::Database plain() { return {folder_.file("rows.db"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}; }
  support::TemporaryDirectory folder_;
};

// Files of this process may not become larger meanwhile.
class SmallFiles {
 public:
  explicit SmallFiles(std::uintmax_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before_{};
};

}  // namespace

TEST_CASE(
    "joined log: a transaction larger than the cache reads back what it wrote, and nobody else does before its "
    "commit") {
  Written rows;
  rows.ours->execute("BEGIN IMMEDIATE");
  rows.insert(0, 2'000, 'a');
  CHECK(rows.seen_by_us('a') == 2'000);
  // pages that went to the log are written there again
  rows.ours->execute("UPDATE row SET text = '" + std::string(900, 'b') + "' WHERE id % 2 = 0");
  CHECK(rows.seen_by_us('a') == 1'000);
  CHECK(rows.seen_by_us('b') == 1'000);
  CHECK(rows.seen_by_others() == 0);
  rows.ours->execute("COMMIT");
  CHECK(rows.seen_by_others() == 2'000);
  CHECK(rows.seen_by_us('b') == 1'000);
  CHECK(rows.check() == "ok");
}

TEST_CASE("joined log: what was rolled back leaves no trace in what is written to the same place after it") {
  Written rows;
  for (int round = 0; round < 3; ++round) {
    rows.ours->execute("BEGIN IMMEDIATE");
    rows.insert(10'000, 10'700, 'a');
    rows.ours->execute("ROLLBACK");
    rows.ours->execute("BEGIN IMMEDIATE");
    rows.insert(1'000 * round, 1'000 * round + 300 + round, 'b');
    rows.ours->execute("COMMIT");
  }
  CHECK(rows.seen_by_us('a') == 0);
  CHECK(rows.seen_by_others() == 903);
  CHECK(rows.check() == "ok");
}

TEST_CASE("joined log: after a commit returned, everything it wrote stands in the file") {
  Written rows;
  rows.ours->execute("PRAGMA wal_checkpoint(TRUNCATE)");
  rows.insert(0, 1, 'a');
  const std::uintmax_t one = rows.log_size();
  CHECK(one > 4'096);
  rows.insert(1, 2, 'a');
  CHECK(rows.log_size() > one);
  CHECK(rows.seen_by_others() == 2);
}

TEST_CASE("joined log: a log that cannot grow is a transaction that was not, and the next one is written") {
  Written rows;
  rows.insert(0, 1, 'a');
  for (const int many : {50, 2'000}) {  // in one piece, and in several
    CAPTURE(many);
    {
      const SmallFiles limit(rows.log_size());
      const auto write = [&] {
        rows.ours->execute("BEGIN IMMEDIATE");
        rows.insert(1, 1 + many, 'b');
        rows.ours->execute("COMMIT");
      };
      CHECK_THROWS_AS(write(), storage::StorageError);
      if (rows.ours->in_transaction()) rows.ours->execute("ROLLBACK");
    }
    CHECK(rows.seen_by_us('b') == 0);
    CHECK(rows.seen_by_others() == 1);
  }
  rows.insert(1, 51, 'c');
  CHECK(rows.seen_by_others() == 51);
  CHECK(rows.check() == "ok");
}
