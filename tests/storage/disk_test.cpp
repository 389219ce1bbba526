// What disks and people do to a book: writes that fail, files that are moved or replaced while they are open, an old
// copy beside a newer log, creations that are cut off, bits that turn.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace engine;
using storage::StorageError;
using support::at;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");

struct Book {
  Book() { storage::create_book(path, kNow, true); }
  std::unique_ptr<LedgerStore> open() const { return storage::open_book(path, {}); }
  // One request, which is sealed, with so many bytes of content.
  static void write(LedgerStore& store, const std::string& key, std::size_t bytes = 10) {
    store.begin();
    Changes changes;
    changes.requests = {{"operator", key, std::string(bytes, 'x'), "{}"}};
    const Status applied = store.apply(changes, {kNow, "test"});
    REQUIRE(bool(applied));
    store.commit();
  }
  bool has(const std::string& key) const { return storage::open_reader(path)->request("operator", key).has_value(); }
  support::TemporaryDirectory directory;
  const std::string path = directory.file("book.db");
};

ErrorCode code_of(const std::function<void()>& act, const char* says) {
  try {
    act();
  } catch (const StorageError& failed) {
    CAPTURE(failed.error().detail);
    CHECK(failed.error().detail.find(says) != std::string::npos);
    return failed.error().code;
  }
  FAIL("nothing was refused");
  return ErrorCode::invalid_argument;
}

}  // namespace

TEST_CASE("disk: a book that was deleted, moved or replaced while it was open takes no more writes") {
  struct Row {
    const char* what;
    std::function<void(const Book&)> act;
  };
  for (const Row& row : {Row{"deleted", [](const Book& book) { fs::remove(book.path); }},
                         Row{"moved", [](const Book& book) { fs::rename(book.path, book.path + ".moved"); }},
                         Row{"replaced",
                             [](const Book& book) {
                               fs::copy_file(book.path, book.path + ".other");
                               fs::rename(book.path + ".other", book.path);
                             }},
                         Row{"log deleted", [](const Book& book) { fs::remove(book.path + "-wal"); }},
                         Row{"log replaced",
                             [](const Book& book) {
                               fs::copy_file(book.path + "-wal", book.path + ".other");
                               fs::rename(book.path + ".other", book.path + "-wal");
                             }},
                         Row{"shared memory deleted", [](const Book& book) { fs::remove(book.path + "-shm"); }}}) {
    CAPTURE(row.what);
    const Book book;
    const auto store = book.open();
    const auto reader = storage::open_reader(book.path);
    Book::write(*store, "before");
    reader->begin_snapshot();
    reader->end_snapshot();
    row.act(book);
    CHECK(code_of([&] { Book::write(*store, "after"); }, "deleted, moved or replaced") == ErrorCode::database_failed);
    CHECK(code_of([&] { reader->begin_snapshot(); }, "deleted, moved or replaced") == ErrorCode::database_failed);
  }
}

TEST_CASE("disk: an old copy beside the log of a newer book is refused, and nothing of either is touched") {
  const Book book;
  const std::string old = book.directory.file("old.db"), crashed = book.directory.file("crashed.db");
  {
    const auto store = book.open();
    Book::write(*store, "first");
  }
  storage::back_up_book(book.path, old);
  {
    const auto store = book.open();
    Book::write(*store, "second");
  }
  {
    const auto store = book.open();
    Book::write(*store, "third");
    // as a crash leaves it: the file with the log beside it
    for (const char* parallel : {"", "-wal"}) fs::copy_file(book.path + parallel, crashed + parallel);
  }
  {  // both together are whole
    const auto store = storage::open_reader(crashed);
    for (const char* key : {"first", "second", "third"}) CHECK(store->request("operator", key));
  }
  REQUIRE(fs::file_size(crashed + "-wal") > 0);
  const std::uintmax_t log_size = fs::file_size(crashed + "-wal");
  fs::copy_file(old, crashed, fs::copy_options::overwrite_existing);
  for (int i = 0; i < 2; ++i) {  // and stays refused
    CHECK(code_of([&] { storage::open_book(crashed, {}); }, "an older state of it") == ErrorCode::database_failed);
    CHECK(code_of([&] { storage::open_reader(crashed); }, "an older state of it") == ErrorCode::database_failed);
    CHECK(code_of([&] { storage::back_up_book(crashed, crashed + ".copy"); }, "an older state of it") ==
          ErrorCode::database_failed);
  }
  CHECK(fs::file_size(crashed + "-wal") == log_size);
  fs::rename(crashed + "-wal", crashed + "-wal.away");  // as the message says
  CHECK(storage::open_book(crashed, {})->request("operator", "first"));
}

TEST_CASE("disk: a log that is begun anew while others work is told from an older copy, too") {
  const Book book;
  const std::string old = book.directory.file("old.db"), crashed = book.directory.file("crashed.db");
  const auto store = book.open();
  Book::write(*store, "first");
  storage::back_up_book(book.path, old);
  for (int i = 0; i < 40; ++i) Book::write(*store, "long" + std::to_string(i), 1'000'000);  // several logs
  Book::write(*store, "last");
  Book::write(*store, "very last");
  for (const char* parallel : {"", "-wal"}) fs::copy_file(book.path + parallel, crashed + parallel);
  CHECK(storage::open_reader(crashed)->request("operator", "very last"));
  fs::copy_file(old, crashed, fs::copy_options::overwrite_existing);
  CHECK(code_of([&] { storage::open_reader(crashed); }, "older state") == ErrorCode::database_failed);
}

TEST_CASE("disk: a commit that the disk did not take is not in the book, or it is said that nobody knows") {
  const Book book;
  {
    const auto store = book.open();
    Book::write(*store, "first");
  }
  struct Row {
    std::uint64_t room;  // behind the end of the log
    ErrorCode code;
    const char* says;
  };
  // What a large commit cannot have is enough for the small one that is written over it; or not even that.
  for (const Row& row : {Row{200'000, ErrorCode::database_failed, "is not in the book"},
                         Row{100, ErrorCode::outcome_unknown, "may stand or not"}}) {
    CAPTURE(row.says);
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGXFSZ, SIG_IGN);
      int wrong = 0;
      try {
        const auto store = book.open();
        Book::write(*store, "second" + std::to_string(row.room));
        const rlimit limit{fs::file_size(book.path + "-wal") + row.room, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        try {
          Book::write(*store, "failed", 400'000);
          wrong = 1;
        } catch (const StorageError& failed) {
          wrong = failed.error().code == row.code && failed.error().detail.find(row.says) != std::string::npos ? 0 : 2;
        }
        const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &none);
        try {  // a book whose log could not be written takes no more until it is opened anew
          Book::write(*store, "more");
          wrong = 3;
        } catch (const StorageError&) {
        }
      } catch (...) {
        wrong = 4;
      }
      ::_exit(wrong);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(book.has("second" + std::to_string(row.room)));
    CHECK_FALSE(book.has("failed"));
    CHECK_FALSE(book.has("more"));
  }
  const auto store = book.open();
  Book::write(*store, "more");
  CHECK(book.has("more"));
}

TEST_CASE("disk: making a book that was cut off can be repeated, and is not mixed with what was left of another") {
  support::TemporaryDirectory directory;
  const std::string path = directory.file("book.db");
  std::ofstream(path + ".init-999999999") << "half a book";
  storage::create_book(path, kNow, true);
  CHECK_FALSE(fs::exists(path + ".init-999999999"));
  CHECK(storage::open_reader(path)->book().rehearsal);
  CHECK(code_of([&] { storage::create_book(path, kNow, true); }, "holds something already") ==
        ErrorCode::database_exists);
  const std::string other = directory.file("other.db");
  std::ofstream(other + "-wal") << "of another book";
  CHECK(code_of([&] { storage::create_book(other, kNow, true); }, "of another book") == ErrorCode::database_exists);
  CHECK(code_of([&] { storage::create_book(":memory:", kNow, true); }, "no name of a file") ==
        ErrorCode::database_failed);
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path()))
    CHECK(entry.path().string().find(".init-") == std::string::npos);
}

TEST_CASE("disk: a bit that turns in an index or in a rule is found by the full proof") {
  struct Row {
    const char* what;
    std::function<void(const Book&)> spoil;
  };
  for (const Row& row :
       {Row{"request_by_key",
            [](const Book& book) {
              std::int64_t page = 0, size = 0;
              {
                SQLite::Database db(book.path, SQLite::OPEN_READWRITE);
                page = db.execAndGet("SELECT rootpage FROM sqlite_schema WHERE name = 'request_by_key'").getInt64();
                size = db.execAndGet("PRAGMA page_size").getInt64();
              }
              // the last letters of a key in the index's only page
              std::fstream file(book.path, std::ios::in | std::ios::out | std::ios::binary);
              std::string bytes(static_cast<std::size_t>(size), '\0');
              file.seekg((page - 1) * size);
              file.read(bytes.data(), size);
              const std::size_t at = bytes.rfind("wire-8841");
              REQUIRE(at != std::string::npos);
              bytes[at + 8] = static_cast<char>(bytes[at + 8] ^ 1);
              file.seekp((page - 1) * size);
              file.write(bytes.data(), size);
            }},
        Row{"trigger transfer_never_changes", [](const Book& book) {
              SQLite::Database db(book.path, SQLite::OPEN_READWRITE);
              db.exec("PRAGMA writable_schema = ON");
              db.exec(
                  "UPDATE sqlite_schema SET sql = replace(sql, 'BEFORE UPDATE', 'BEFORE update') WHERE name = "
                  "'transfer_never_changes'");
            }}}) {
    CAPTURE(row.what);
    const Book book;
    {
      const auto store = book.open();
      Book::write(*store, "wire-8841");
    }
    CHECK(storage::prove_file(book.path).empty());
    row.spoil(book);
    CHECK(storage::open_reader(book.path)->verify({}).findings.empty());  // which does not look there
    const std::vector<Finding> findings = storage::prove_file(book.path);
    REQUIRE_FALSE(findings.empty());
    CHECK(findings.front().what.find(std::string(row.what).substr(std::string(row.what).find(' ') + 1)) !=
          std::string::npos);
  }
}

TEST_CASE("disk: a seal that was kept elsewhere tells a book from its older state") {
  const Book book;
  const std::string old = book.directory.file("old.db");
  CHECK_FALSE(storage::last_seal(book.path));
  const auto store = book.open();
  Book::write(*store, "first");
  const auto first = storage::last_seal(book.path);
  REQUIRE(first);
  storage::back_up_book(book.path, old);
  Book::write(*store, "second");
  const auto second = storage::last_seal(book.path);
  REQUIRE(second);
  CHECK(second->id == first->id + 1);
  CHECK(storage::find_seal(book.path, first->hash)->id == first->id);
  CHECK(storage::find_seal(book.path, second->hash));
  CHECK(storage::find_seal(old, first->hash));
  CHECK_FALSE(storage::find_seal(old, second->hash));
}
