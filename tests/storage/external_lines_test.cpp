// Statements are kept as they came: unique by source and their id, never changed, never deleted, by nobody.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");

ExternalLine line(const char* id, std::int64_t minor) {
  return {.source = "bank",
          .external_id = id,
          .booked_on = parse_day("2026-08-01").value(),
          .valued_on = parse_day("2026-08-02").value(),
          .amount = eur(minor),
          .end_to_end = "E2E",
          .reference = "DL-alice-7",
          .counterparty = "Jane",
          .raw = "<Ntry/>"};
}

struct Book {
  support::TemporaryDirectory folder{};
  std::unique_ptr<LedgerStore> store{};
  Book() {
    storage::create_book(folder.file("book.db"), kNow, true);
    store = storage::open_book(folder.file("book.db"), {});
    store->begin();
    std::vector<ExternalLine> lines{line("1", 500), line("2", -300)};
    CHECK(store->add_statement({.source = "bank",
                                .name = "s1",
                                .account = "DE1",
                                .sequence = 4,
                                .opening = eur(0),
                                .closing = eur(200),
                                .from = parse_day("2026-08-01").value(),
                                .to = parse_day("2026-08-01").value(),
                                .lines = 2,
                                .unread = {{3, "five", "no amount"}, {3, "six", "no day"}}},
                               lines, {kNow, "tester"}) == 1);
    CHECK(store->add_statement({.source = "paypal", .name = "s2", .lines = 0}, {}, {kNow, "tester"}) == 2);
    // A statement that overlaps the first: one line stands in both.
    std::vector<ExternalLine> again{lines[1], line("3", 50)};
    CHECK(again[0].id == 2);
    CHECK(store->add_statement({.source = "bank", .name = "s3", .lines = 2}, again, {kNow, "tester"}) == 3);
    store->put_bank_source({"bank", "DE1", false});
    store->put_bank_source({"paypal", "", true});
    store->put_bank_source({"bank", "DE1", true});
    store->commit();
  }
};

}  // namespace

TEST_CASE("external lines: read back as they came, by source and id") {
  Book book;
  const auto kept = book.store->external_line("bank", "2");
  REQUIRE(kept);
  CHECK(kept->amount == eur(-300));
  CHECK(to_string(kept->booked_on) == "2026-08-01");
  CHECK(to_string(*kept->valued_on) == "2026-08-02");
  CHECK(kept->end_to_end == "E2E");
  CHECK(kept->reference == "DL-alice-7");
  CHECK(kept->counterparty == "Jane");
  CHECK(kept->raw == "<Ntry/>");
  CHECK(kept->statement == 1);
  CHECK_FALSE(book.store->external_line("paypal", "2"));
  int all = 0, of_paypal = 0;
  book.store->each_external_line("", [&](const ExternalLine&) { ++all; });
  book.store->each_external_line("paypal", [&](const ExternalLine&) { ++of_paypal; });
  CHECK(all == 3);
  CHECK(of_paypal == 0);
  const auto statements = book.store->external_statements();
  REQUIRE(statements.size() == 3);
  CHECK(statements[0].sequence == 4);
  CHECK_FALSE(statements[1].sequence);
  const auto overlapping = book.store->lines_of_statement(3);
  REQUIRE(overlapping.size() == 2);
  CHECK(overlapping[0].external_id == "2");
  CHECK(overlapping[0].statement == 1);
  CHECK(overlapping[1].statement == 3);
  const auto sources = book.store->bank_sources();
  REQUIRE(sources.size() == 2);
  CHECK(sources[0].account == "DE1");
  CHECK(sources[0].nameless);
  CHECK(*statements[0].closing == eur(200));
  CHECK(statements[0].actor == "tester");
  REQUIRE(statements[0].unread.size() == 2);
  CHECK(statements[0].unread[1].place == 3);
  CHECK(statements[0].unread[1].raw == "six");
  CHECK(statements[0].unread[1].why == "no day");
  CHECK(statements[1].unread.empty());
  CHECK_FALSE(statements[1].opening);
  CHECK_FALSE(statements[1].from);
}

TEST_CASE("external lines: the database refuses a second one of the same id, changes, deletions and replacements") {
  const Book book;
  SQLite::Database db(book.folder.file("book.db"), SQLite::OPEN_READWRITE);
  db.exec("PRAGMA foreign_keys = ON");  // not recursive_triggers: as a stranger would come
  const char* const kLine =
      "(source, external_id, statement_id, booked_on, currency, amount_minor, end_to_end, reference, counterparty, "
      "raw) VALUES ";
  for (const std::string& forbidden :
       {std::string("UPDATE external_line SET amount_minor = 501 WHERE id = 1"),
        std::string("DELETE FROM external_line"),
        std::string("UPDATE external_statement SET closing_minor = 0"),
        std::string("DELETE FROM external_statement"),
        std::string("INSERT INTO external_line ") + kLine + "('bank', '1', 1, 0, 'EUR', 5, '', '', '', '')",
        std::string("INSERT OR REPLACE INTO external_line ") + kLine + "('bank', '1', 1, 0, 'EUR', 5, '', '', '', '')",
        std::string("INSERT OR REPLACE INTO external_line SELECT id, source, 'other', statement_id, booked_on, "
                    "valued_on, currency, amount_minor, end_to_end, reference,"
                    " counterparty, raw, bank_reference, structured, fee_minor FROM external_line WHERE id = 1"),
        std::string("UPDATE external_statement_line SET line_id = 1"),
        std::string("DELETE FROM external_statement_line"),
        std::string("INSERT OR REPLACE INTO external_statement_line VALUES (1, 1, 2)"),
        std::string("UPDATE bank_source SET account = 'DE2' WHERE source = 'bank'"),
        std::string("UPDATE bank_source SET account = 'DE1' WHERE source = 'paypal'"),
        std::string("INSERT OR REPLACE INTO bank_source VALUES ('other', 'DE1', 0)"),
        std::string("DELETE FROM bank_source"),
        std::string("INSERT INTO external_line ") + kLine + "('bank', '3', 1, 0, 'EUR', 0, '', '', '', '')",
        std::string("INSERT INTO external_line ") + kLine + "('bank', '3', 9, 0, 'EUR', 5, '', '', '', '')",
        std::string("INSERT OR REPLACE INTO external_statement SELECT * FROM external_statement WHERE id = 1"),
        std::string("UPDATE external_unread SET raw = 'seven'"),
        std::string("DELETE FROM external_unread"),
        std::string("INSERT OR REPLACE INTO external_unread VALUES (1, 1, 3, 'seven', 'no day')"),
        std::string("INSERT INTO account_reference VALUES ('dl-1', 99)")}) {
    CAPTURE(forbidden);
    CHECK_THROWS_AS(db.exec(forbidden), SQLite::Exception);
  }
  // Another source may use the same id.
  CHECK(db.exec(std::string("INSERT INTO external_line ") + kLine +
                "('paypal', '1', 2, 0, 'EUR', 5, '', '', '', '')") == 1);
}
