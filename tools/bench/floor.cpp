#include "tools/bench/floor.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <tuple>
#include <vector>

namespace bench {
namespace {

class Raw {
 public:
  explicit Raw(const std::string& file) {
    if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) throw std::runtime_error(file + ": cannot be made");
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536");
  }
  ~Raw() { sqlite3_close(db_); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  void run(const char* sql) {
    char* message = nullptr;
    if (sqlite3_exec(db_, sql, nullptr, nullptr, &message) != SQLITE_OK) throw std::runtime_error(std::string(sql) + ": " + message);
  }
  sqlite3* handle() const { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

class Query {
 public:
  Query(const Raw& db, const char* sql) {
    if (sqlite3_prepare_v2(db.handle(), sql, -1, &statement_, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db.handle()));
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  bool step() { return sqlite3_step(statement_) == SQLITE_ROW; }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string_view text(int column) const {
    return {reinterpret_cast<const char*>(sqlite3_column_text(statement_, column)), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  template <typename... Numbers>
  void write(Numbers... numbers) {
    int index = 0;
    (sqlite3_bind_int64(statement_, ++index, numbers), ...);
    finish();
  }
  void write_named(std::string_view name, std::int64_t number) {
    sqlite3_bind_text(statement_, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    sqlite3_bind_int64(statement_, 2, number);
    finish();
  }

 private:
  void finish() {
    if (sqlite3_step(statement_) != SQLITE_DONE) throw std::runtime_error("a row was refused");
    sqlite3_reset(statement_);
  }
  sqlite3_stmt* statement_ = nullptr;
};

double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct Due {
  std::int64_t account, drop_at, id, amount;
};

void make_orders(Raw& db, Orders size) {
  db.run("CREATE TABLE account (id INTEGER PRIMARY KEY, available INTEGER NOT NULL, held INTEGER NOT NULL);"
         "CREATE TABLE orders (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, drop_at INTEGER NOT NULL, amount INTEGER NOT NULL, status INTEGER NOT NULL);"
         "CREATE INDEX orders_due ON orders (drop_at) WHERE status = 0;"
         "CREATE TABLE entry (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, at INTEGER NOT NULL, order_id INTEGER NOT NULL);"
         "CREATE TABLE posting (id INTEGER PRIMARY KEY, entry_id INTEGER NOT NULL, account_id INTEGER NOT NULL, amount INTEGER NOT NULL);"
         "CREATE INDEX posting_of ON posting (account_id);"
         "CREATE TABLE hold (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL UNIQUE, amount INTEGER NOT NULL); BEGIN");
  Query account(db, "INSERT INTO account VALUES (?, ?, 0)"), order(db, "INSERT INTO orders VALUES (?, ?, ?, ?, 0)");
  for (int i = 0; i < size.accounts; ++i) account.write(std::int64_t{i + 1}, balance_of(i, size));
  for (int i = 0; i < size.orders; ++i) order.write(std::int64_t{i + 1}, std::int64_t{i % size.accounts + 1}, std::int64_t{1'000'000 + i * 7919LL % 100'000}, kPrice);
  db.run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

std::vector<std::int64_t> balances(const Raw& db, int accounts) {
  std::vector<std::int64_t> result(static_cast<std::size_t>(accounts) + 1);
  Query rows(db, "SELECT id, available FROM account");
  while (rows.step()) result[static_cast<std::size_t>(rows.number(0))] = rows.number(1);
  return result;
}

std::vector<Due> due_in_order(const Raw& db, int orders) {
  std::vector<Due> due;
  due.reserve(static_cast<std::size_t>(orders));
  Query rows(db, "SELECT account_id, drop_at, id, amount FROM orders WHERE status = 0");
  while (rows.step()) due.push_back({rows.number(0), rows.number(1), rows.number(2), rows.number(3)});
  std::ranges::sort(due, [](const Due& a, const Due& b) { return std::tie(a.account, a.drop_at, a.id) < std::tie(b.account, b.drop_at, b.id); });
  return due;
}

struct Row {
  std::string_view name;
  std::int64_t at;
};

// `domain;YYYY-MM-DD HH:MM:SS`, each character looked at; a row that does not fit is an error of the benchmark's own text.
std::vector<Row> read_rows(std::string_view text) {
  std::vector<Row> rows;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at), semicolon = text.find(';', at);
    if (semicolon == std::string_view::npos || end != semicolon + 20) throw std::runtime_error("a row of the floor's list cannot be read");
    const std::string_view name = text.substr(at, semicolon - at), date = text.substr(semicolon + 1, 19);
    for (const char c : name) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.')) throw std::runtime_error("no name");
    }
    const auto number = [&](std::size_t first, std::size_t count) {
      int value = 0;
      for (std::size_t i = 0; i < count; ++i) value = value * 10 + (date[first + i] - '0');
      return value;
    };
    const std::chrono::sys_days day = std::chrono::year(number(0, 4)) / number(5, 2) / number(8, 2);
    rows.push_back({name, day.time_since_epoch().count() * 86'400LL + number(11, 2) * 3'600 + number(14, 2) * 60 + number(17, 2)});
    at = end + 1;
  }
  return rows;
}

}  // namespace

std::int64_t balance_of(int account, Orders size) {
  const std::int64_t all = kPrice * (size.orders / size.accounts);
  return account % 5 < 3 ? all : account % 5 == 3 ? all * 7 / 10 : all * 3 / 10;  // Σ covered: 0.6 + 0.14 + 0.06 of everything
}

double floor_aggregate(const std::string& file, Orders size, std::int64_t& covered) {
  Raw db(file);
  make_orders(db, size);
  covered = 0;
  return seconds_of([&] {
    db.run("BEGIN IMMEDIATE");
    std::vector<std::int64_t> available = balances(db, size.accounts);
    const std::vector<std::int64_t> before = available;
    Query entry(db, "INSERT INTO entry VALUES (?, 1, 1000, ?)"), posting(db, "INSERT INTO posting (entry_id, account_id, amount) VALUES (?, ?, ?)");
    Query hold(db, "INSERT INTO hold (order_id, amount) VALUES (?, ?)"), status(db, "UPDATE orders SET status = ?2 WHERE id = ?1");
    for (const Due& due : due_in_order(db, size.orders)) {
      std::int64_t& money = available[static_cast<std::size_t>(due.account)];
      if (due.amount > money) {
        status.write(due.id, std::int64_t{2});
        continue;
      }
      money -= due.amount;
      entry.write(++covered, due.id);
      posting.write(covered, due.account, -due.amount);
      posting.write(covered, due.account + size.accounts, due.amount);
      hold.write(due.id, due.amount);
      status.write(due.id, std::int64_t{1});
    }
    Query balance(db, "UPDATE account SET available = ?2, held = held + ?3 WHERE id = ?1");
    for (std::size_t i = 1; i < available.size(); ++i) {
      if (available[i] != before[i]) balance.write(static_cast<std::int64_t>(i), available[i], before[i] - available[i]);
    }
    db.run("COMMIT");
  });
}

double floor_merge(const std::string& file, std::string_view yesterday, std::string_view text) {
  Raw db(file);
  db.run("CREATE TABLE listed (name TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID; BEGIN");
  {
    std::vector<Row> rows = read_rows(yesterday);
    std::ranges::sort(rows, {}, &Row::name);
    Query insert(db, "INSERT INTO listed VALUES (?, ?)");
    for (const Row& row : rows) insert.write_named(row.name, row.at);
  }
  db.run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  return seconds_of([&] {
    std::vector<Row> rows = read_rows(text);
    std::ranges::sort(rows, {}, &Row::name);
    db.run("BEGIN IMMEDIATE");
    std::vector<Row> changed;
    std::vector<std::string> gone;
    Query old(db, "SELECT name, at FROM listed ORDER BY name");
    std::size_t next = 0;
    while (old.step()) {
      const std::string_view name = old.text(0);
      for (; next < rows.size() && rows[next].name < name; ++next) changed.push_back(rows[next]);
      if (next < rows.size() && rows[next].name == name) {
        if (rows[next].at != old.number(1)) changed.push_back(rows[next]);
        ++next;
      } else {
        gone.emplace_back(name);
      }
    }
    for (; next < rows.size(); ++next) changed.push_back(rows[next]);
    Query put(db, "INSERT INTO listed VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at");
    for (const Row& row : changed) put.write_named(row.name, row.at);
    Query remove(db, "UPDATE listed SET at = -?2 WHERE name = ?1");
    for (const std::string& name : gone) remove.write_named(name, 1);
    db.run("COMMIT");
  });
}

double floor_scan(const std::string& file, Orders size, std::int64_t& covered) {
  Raw db(file);
  make_orders(db, size);
  covered = 0;
  return seconds_of([&] {
    std::vector<std::int64_t> available = balances(db, size.accounts);
    for (const Due& due : due_in_order(db, size.orders)) {
      std::int64_t& money = available[static_cast<std::size_t>(due.account)];
      if (due.amount > money) continue;
      money -= due.amount;
      ++covered;
    }
  });
}

Reports floor_reports(const std::string& file, int entries, int accounts) {
  Raw db(file);
  make_orders(db, {accounts, accounts});
  db.run("BEGIN");
  {
    Query entry(db, "INSERT INTO entry VALUES (?, 1, ?, ?)"), posting(db, "INSERT INTO posting (entry_id, account_id, amount) VALUES (?, ?, ?)");
    for (int i = 0; i < entries; ++i) {
      entry.write(std::int64_t{i + 1}, std::int64_t{i}, std::int64_t{i});
      posting.write(std::int64_t{i + 1}, std::int64_t{i % accounts + 1}, std::int64_t{5});
      posting.write(std::int64_t{i + 1}, std::int64_t{accounts + 1}, std::int64_t{-5});
    }
  }
  db.run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  Reports reports{};
  std::int64_t sum = 0;
  reports.stored = seconds_of([&] {
    for (const std::int64_t balance : balances(db, accounts)) sum += balance;
  });
  reports.added_up = seconds_of([&] {
    std::vector<std::int64_t> sums(static_cast<std::size_t>(accounts) + 2);
    Query rows(db, "SELECT account_id, amount FROM posting");
    while (rows.step()) sums[static_cast<std::size_t>(rows.number(0))] += rows.number(1);
    for (const std::int64_t one : sums) sum += one;
  });
  std::string text;
  reports.register_text = seconds_of([&] {
    std::vector<std::int64_t> running(static_cast<std::size_t>(accounts) + 2);
    Query rows(db, "SELECT e.id, e.at, p.account_id, p.amount FROM posting AS p JOIN entry AS e ON e.id = p.entry_id ORDER BY p.id");
    while (rows.step()) {
      std::int64_t& balance = running[static_cast<std::size_t>(rows.number(2))];
      balance += rows.number(3);
      text += std::to_string(rows.number(0)) + " " + std::to_string(rows.number(1)) + " " + std::to_string(rows.number(2)) + " " + std::to_string(rows.number(3)) +
              " " + std::to_string(balance) + "\n";
      if (text.size() > 1'000'000) text.clear();
    }
  });
  if (sum == 1) throw std::runtime_error("the sums are used");  // so that nobody optimises them away
  return reports;
}

}  // namespace bench
