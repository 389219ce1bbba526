// Books of older programs are brought forward with everything in them.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "storage/book/migrate.hpp"
#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/older_book.hpp"
#include "tests/support/rows_of.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace engine;
using support::make_book_before;
using support::rows_of;

namespace {

const UtcTime kNow = support::at("2026-08-01T06:00:00Z");

constexpr const char* kCustomer =
    "INSERT INTO customer (id, name, currency, tier, state, country, vat_id, opened_at, warned_minor) VALUES (1, "
    "'alice', 'EUR', 'standard', 'open', '', '', 1, 0)";

// As rows were before accounts lay together.
std::string old_backorder(int id, int customer, const std::string& columns = "", const std::string& values = "") {
  const std::string number = std::to_string(id);
  return "INSERT INTO backorder (" + columns +
         "id, customer_id, name, copy, open_copy, zone, currency, state, placed_at, priority, quoted_minor, "
         "max_price_minor, attempt,"
         " underfunded, cancelling, purse_empty, refusals, provider_status, auction_price) VALUES (" +
         values + number + ", " + std::to_string(customer) + ", 'a" + number +
         ".com', 1, 1, 'com', 'EUR', 'REQUESTED', " + number + ", 100, 1000, 1000, 0, 0, 0, 0, 0, '', '')";
}
std::string new_backorder(int id, int customer) {
  return old_backorder(id, customer, "by_customer, ", std::to_string((std::int64_t{customer} << 32) + id) + ", ");
}

}  // namespace

TEST_CASE("migration: the log keeps every event when its kinds become rows, and stays append-only") {
  support::TemporaryDirectory folder;
  const std::string path = folder.file("book.db");
  const int before = make_book_before(path, "notices", kNow);
  SQLite::Database(path, SQLite::OPEN_READWRITE)
      .exec(
          "INSERT INTO event (id, recorded_at, kind, actor, detail) VALUES (1, 5, 'list-imported', 'mary', 'one'), (2, "
          "7, 'setting-changed', 'mary', 'two')");
  {
    const auto store = storage::open_book(path, {});
    std::vector<LoggedEvent> events;
    store->each_event({}, [&](const LoggedEvent& event) { events.push_back(event); });
    REQUIRE(events.size() == 2);
    CHECK(events[0].kind == EventKind::list_imported);
    CHECK(events[1].detail == "two");
    CHECK(events[1].at == UtcTime(Milliseconds(7)));
    Changes changes;
    changes.events.push_back({EventKind::verify_failed, {}, {}, {}, {}, {}, "three"});
    store->begin();
    REQUIRE(bool(store->apply(changes, {kNow, "tester"})));
    store->commit();
    CHECK(store->last_event() == 3);
  }
  CHECK(std::filesystem::exists(path + ".before-" + std::to_string(before)));
  SQLite::Database db(path, SQLite::OPEN_READWRITE);
  db.exec("PRAGMA foreign_keys = ON");
  for (const char* sql :
       {"INSERT INTO event (id, recorded_at, kind, actor, detail) VALUES (4, 9000000000000, 'nonsense', '', '')",
        "INSERT INTO event (id, recorded_at, kind, actor, detail) VALUES (5, 9000000000000, 'placed', '', '')",
        "UPDATE event SET detail = 'x'", "DELETE FROM event"}) {
    CAPTURE(sql);
    CHECK_THROWS_AS(db.exec(sql), SQLite::Exception);
  }
}

TEST_CASE(
    "migration: references hold at the end of a unit of work, a transfer's accounts and customer at once; ids of "
    "backorders ascend") {
  support::TemporaryDirectory folder;
  const std::string path = folder.file("book.db");
  make_book_before(path, "whole_units", kNow);
  {
    SQLite::Database db(path, SQLite::OPEN_READWRITE);
    db.exec(kCustomer);
    db.exec(old_backorder(7, 1));
  }
  {
    const auto store = storage::open_book(path, {});
    CHECK(store->backorders({}).size() == 1);
  }
  SQLite::Database db(path, SQLite::OPEN_READWRITE);
  db.exec("PRAGMA foreign_keys = ON");
  for (const std::string& sql :
       {new_backorder(8, 2), new_backorder(6, 1), new_backorder(7, 1),
        std::string("INSERT INTO event (id, recorded_at, kind, customer_id, backorder_id, actor, detail) VALUES (1, 5, "
                    "'placed', 1, 8, '', '')"),
        std::string("INSERT INTO event (id, recorded_at, kind, actor, detail) VALUES (1, 5, 'nonsense', '', '')"),
        std::string("INSERT INTO transfer (id, kind, debit_id, credit_id, amount_minor, recorded_at, effective_at, "
                    "customer_id, request_id, actor, memo)"
                    " VALUES (1, 'pay-in', 1, 2, 5, 5, 5, 1, 1, '', '')")}) {
    CAPTURE(sql);
    CHECK_THROWS_AS(db.exec("BEGIN; " + sql + "; COMMIT"), SQLite::Exception);
    db.tryExec("ROLLBACK");
  }
  CHECK(db.execAndGet("SELECT count(*) FROM backorder").getInt() == 1);
  CHECK(db.execAndGet("PRAGMA integrity_check").getString() == "ok");
  db.exec(new_backorder(8, 1));
}

TEST_CASE("migration: when backorders come to lie by account, each is what it was, and whoever names one still does") {
  support::TemporaryDirectory folder;
  const std::string path = folder.file("book.db");
  make_book_before(path, "accounts_together", kNow);
  const std::string all =
      "SELECT id, customer_id, name, copy, open_copy, zone, currency, state, reason, placed_at, priority, "
      "quoted_minor, max_price_minor, drop_at, finalization_at,"
      " deadline_at, deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, cancelling, purse_empty, "
      "refusals, open_call_id, application,"
      " provider_status, provider_status_at, gone_since, reserved_at, submitted_at, ended_at, auction_ends_at, "
      "auction_price FROM backorder ORDER BY id";
  std::string before;
  {
    SQLite::Database db(path, SQLite::OPEN_READWRITE);
    db.exec("PRAGMA foreign_keys = ON; BEGIN");
    db.exec(kCustomer);
    db.exec(
        "INSERT INTO customer SELECT 2, 'bob', currency, tier, state, policy, timing, country, vat_id, opened_at, "
        "warned_minor FROM customer");
    db.exec("INSERT INTO source (id, name, date_is) VALUES (9, 'registry', 'drop')");
    for (int id = 1; id <= 6; ++id) db.exec(old_backorder(id, 2 - id % 2));
    // Every column once with a value of its own.
    db.exec(
        "INSERT INTO provider_call (id, backorder_id, command, attempt, state, intent_at, code, text, application) "
        "VALUES (1, 3, 'AddDomainApplication', 1, 'intent', 5, 0, '', '')");
    db.exec(
        "UPDATE backorder SET state = 'ACTIVE', reason = 'rescheduled', priority = 7, quoted_minor = 11, "
        "max_price_minor = 12, drop_at = 13, finalization_at = 14,"
        " deadline_at = 15, deposit_due_at = 16, drop_source_id = 9, deposit_minor = 17, attempt = 18, underfunded = "
        "1, cancelling = 1, purse_empty = 1, refusals = 19,"
        " open_call_id = 1, application = '20', provider_status = '21', provider_status_at = 22, gone_since = 23, "
        "reserved_at = 24, submitted_at = 25, auction_ends_at = 26,"
        " auction_price = '27' WHERE id = 3");
    db.exec("UPDATE backorder SET state = 'VOID', open_copy = NULL, ended_at = 28 WHERE id = 4");
    db.exec("INSERT INTO evidence (id, backorder_id, recorded_at, status, raw) VALUES (1, 4, 5, 'FAILED', 'raw')");
    db.exec(
        "INSERT INTO case_file (id, kind, customer_id, backorder_id, subject, detail, opened_at, closed_by, "
        "resolution) VALUES (1, 'gone', 2, 2, '', '', 5, '', '')");
    db.exec(
        "INSERT INTO event (id, recorded_at, kind, customer_id, backorder_id, actor, detail) VALUES (1, 5, 'placed', "
        "2, 6, '', '')");
    db.exec("COMMIT");
    before = rows_of(db, all);
  }
  {
    std::string note;
    const auto store = storage::open_book(path, {.note = [&](const std::string& line) { note += line; }});
    CHECK(note.find("from schema 15 to ") != std::string::npos);
    CHECK(note.ends_with("stays in " + path + ".before-15"));
    CHECK(store->backorder(BackorderId(3)).value().application == "20");
    BackorderQuery of_bob;
    of_bob.customer = CustomerId(2);
    CHECK(store->count_backorders(of_bob) == 3);
    of_bob.limit = 1;
    of_bob.offset = 1;
    CHECK(store->backorders(of_bob).at(0).id == BackorderId(4));
  }
  SQLite::Database db(path, SQLite::OPEN_READWRITE);
  CHECK(rows_of(db, all) == before);
  CHECK(rows_of(db, "SELECT id FROM backorder NOT INDEXED") == "1\n3\n5\n2\n4\n6\n");
  CHECK(rows_of(db,
                "SELECT backorder_id FROM provider_call UNION ALL SELECT backorder_id FROM evidence UNION ALL SELECT "
                "backorder_id FROM case_file") == "3\n4\n2\n");
  CHECK(rows_of(db, "PRAGMA foreign_key_check").empty());
  CHECK(rows_of(db, "PRAGMA integrity_check") == "ok\n");
  db.exec(new_backorder(7, 1));
  for (const char* table :
       {"provider_call (id, backorder_id, command, attempt, state, intent_at, code, text, application) VALUES (2, 8, "
        "'AddDomainApplication', 1, 'intent', 5, 0, '', '')",
        "evidence (id, backorder_id, recorded_at, status, raw) VALUES (2, 8, 5, 'FAILED', 'raw')"}) {
    CHECK_THROWS_AS(db.exec(std::string("INSERT INTO ") + table), SQLite::Exception);
  }
}

TEST_CASE("migration: when one index finds what is open, the same is found, and nothing is open twice") {
  support::TemporaryDirectory folder;
  const std::string path = folder.file("book.db");
  make_book_before(path, "open_in_one_index", kNow);
  const auto in_state = [](int id, const std::string& values) {
    return "UPDATE backorder SET " + values + " WHERE id = " + std::to_string(id);
  };
  {
    SQLite::Database db(path, SQLite::OPEN_READWRITE);
    db.exec("INSERT INTO source (id, name, date_is) VALUES (9, 'registry', 'drop')");
    db.exec(kCustomer);
    for (int id = 1; id <= 5; ++id) db.exec(new_backorder(id, 1));
    db.exec(in_state(2, "drop_at = 13, deadline_at = 15, deposit_due_at = 16, drop_source_id = 9"));
    db.exec(in_state(3, "state = 'ACTIVE', deposit_minor = 17, attempt = 1"));
    db.exec(in_state(4, "state = 'ACTIVE', deposit_minor = 17, attempt = 1"));
    db.exec(in_state(4, "state = 'PROCESSING'"));
    db.exec(in_state(5, "state = 'VOID', open_copy = NULL, ended_at = 28"));
  }
  const auto store = storage::open_book(path, {});
  const auto found = [&](const BackorderQuery& query) {
    std::string ids;
    for (const Backorder& one : store->backorders(query)) ids += std::to_string(one.id.value()) + " ";
    CHECK(store->count_backorders(query) == std::ranges::count(ids, ' '));
    return ids;
  };
  for (const std::optional<CustomerId> customer : {std::optional<CustomerId>(), std::optional(CustomerId(1))}) {
    CHECK(found({.customer = customer, .states = {State::requested}}) == "1 2 ");
    CHECK(found({.customer = customer, .states = {State::requested}, .due_by = UtcTime(Milliseconds(16))}) == "2 ");
    CHECK(found({.customer = customer, .states = {State::requested}, .due_by = UtcTime(Milliseconds(15))}) == "");
    CHECK(found({.customer = customer, .states = {State::active}}) == "3 ");
    CHECK(found({.customer = customer, .states = {State::processing, State::auction_pending}}) == "4 ");
    CHECK(found({.customer = customer, .open = true}) == "1 2 3 4 ");
    CHECK(found({.customer = customer, .open = false}) == "5 ");
  }
  CHECK(found({.customer = CustomerId(2), .open = true}) == "");
  SQLite::Database db(path, SQLite::OPEN_READWRITE);
  const std::string again = "UPDATE backorder SET open_copy = copy, state = 'REQUESTED', ended_at = NULL WHERE id = 5";
  CHECK_THROWS_AS(db.exec(again), SQLite::Exception);
  const auto of_name = [](int id, const std::string& name) {
    std::string sql = new_backorder(id, 1);
    return sql.replace(sql.find("'a" + std::to_string(id) + ".com'"), 8, name);
  };
  CHECK_THROWS_AS(db.exec(of_name(6, "'a1.com'")), SQLite::Exception);
  CHECK_THROWS_AS(db.exec(of_name(6, "'a4.com'")), SQLite::Exception);
  db.exec(of_name(6, "'a5.com'"));  // the one before has ended
  CHECK(rows_of(db, "PRAGMA integrity_check") == "ok\n");
}

TEST_CASE("notices: what is delivered stays delivered, and a cursor never goes back") {
  support::TemporaryDirectory folder;
  storage::create_book(folder.file("book.db"), kNow, true);
  const auto store = storage::open_book(folder.file("book.db"), {});
  Changes changes;
  for (int i = 0; i < 3; ++i) changes.events.push_back({EventKind::setting_changed, {}, {}, {}, {}, {}, "x"});
  store->begin();
  REQUIRE(bool(store->apply(changes, {kNow, "tester"})));
  store->add_notice_channel({.name = "a", .method = ChannelMethod::file, .target = "/x", .made_at = kNow});
  store->put_notice_delivery({"a", 1, 1, kNow, kNow, kNow + std::chrono::minutes(1), "down"});
  store->put_notice_delivery({"a", 1, 2, kNow, kNow, std::nullopt, ""});
  store->put_notice_delivery({"a", 1, 3, kNow, kNow, kNow, "again"});
  store->put_notice_delivery({"a", 2, 1, kNow, kNow, kNow + std::chrono::minutes(2), "down"});
  store->advance_notice_cursor("a", 2);
  store->advance_notice_cursor("a", 1);
  store->commit();
  CHECK(store->notice_channels().at(0).cursor == 2);
  const auto all = store->notice_deliveries({.channel = "a", .event = {}, .due_by = {}});
  REQUIRE(all.size() == 2);
  CHECK_FALSE(all[0].next_at);
  CHECK(all[0].attempts == 2);
  CHECK(store
            ->notice_deliveries(
                {.channel = "a", .event = {}, .waiting_only = true, .due_by = kNow + std::chrono::minutes(1)})
            .empty());
  CHECK(store
            ->notice_deliveries(
                {.channel = "", .event = {}, .waiting_only = true, .due_by = kNow + std::chrono::minutes(2)})
            .size() == 1);
  store->begin();
  CHECK(store->remove_notice_channel("a"));
  CHECK_FALSE(store->remove_notice_channel("a"));
  store->commit();
  CHECK(store->notice_deliveries({}).empty());
  CHECK(store->last_event() == 3);
}
