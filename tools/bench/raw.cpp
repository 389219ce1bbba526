#include "tools/bench/raw.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <vector>

#include "storage/sqlite/connection.hpp"

namespace bench {

Raw::Raw(const std::string& file) {
  if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) throw std::runtime_error(file + ": cannot be opened");
  run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; "
      "PRAGMA foreign_keys = OFF;"
      "PRAGMA ignore_check_constraints = ON; PRAGMA wal_autocheckpoint = " +
      std::to_string(storage::Connection::kCheckpointPages));
  std::vector<std::string> triggers;
  {
    Query query(*this, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    while (query.step()) triggers.emplace_back(query.text(0));
  }
  if (triggers.empty()) return;
  run("BEGIN");
  for (const std::string& trigger : triggers) run("DROP TRIGGER " + trigger);
  run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

Raw::Raw(const std::string& file, ReadOnly) {
  if (sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK)
    throw std::runtime_error(file + ": cannot be opened");
  run("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY");
}

Raw::~Raw() { sqlite3_close(db_); }

void Raw::run(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
}

std::int64_t Raw::number(const std::string& sql) {
  Query query(*this, sql);
  if (!query.step()) throw std::runtime_error(sql + ": no row");
  return query.number(0);
}

Query::Query(const Raw& db, std::string_view sql) {
  if (sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement_,
                         nullptr) != SQLITE_OK) {
    throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(db.handle()));
  }
}
Query::~Query() { sqlite3_finalize(statement_); }

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE)
    throw std::runtime_error(std::string(sqlite3_sql(statement_)) + ": " +
                             sqlite3_errmsg(sqlite3_db_handle(statement_)));
  return false;
}
void Query::reset() { sqlite3_reset(statement_); }
void Query::finish() {
  step();
  reset();
}

std::int64_t Query::number(int column) const { return sqlite3_column_int64(statement_, column); }
bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::string_view Query::text(int column) const {
  return {reinterpret_cast<const char*>(sqlite3_column_text(statement_, column)),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
std::int64_t Query::touch(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement_, column);
    case SQLITE_NULL:
      return 0;
    default:
      return reinterpret_cast<std::intptr_t>(sqlite3_column_blob(statement_, column)) != 0
                 ? sqlite3_column_bytes(statement_, column)
                 : 0;
  }
}
int Query::width() const { return sqlite3_column_count(statement_); }

void Query::put(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
void Query::put(int index, std::string_view value) {
  sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}
void Query::put(int index, std::nullopt_t) { sqlite3_bind_null(statement_, index); }

std::map<std::string, std::int64_t> left_in(const std::string& file) {
  Raw db(file);
  std::map<std::string, std::int64_t> left;
  std::vector<std::string> tables;
  {
    Query query(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    while (query.step()) tables.emplace_back(query.text(0));
  }
  std::erase(tables, "seal");  // one a commit, and how many callers share one is chance
  for (const std::string& table : tables) left["table " + table] = db.number("SELECT count(*) FROM " + table);
  const auto groups = [&](const std::string& what, const std::string& sql) {
    Query query(db, sql);
    while (query.step()) left[what + " " + std::string(query.text(0))] = query.number(1);
  };
  groups("state", "SELECT state, count(*) FROM backorder GROUP BY state");
  groups("held in", "SELECT kind, sum(balance_minor) FROM ledger_account WHERE customer_id IS NOT NULL GROUP BY kind");
  groups("transfers of", "SELECT kind, sum(amount_minor) FROM transfer GROUP BY kind");
  groups("dated", "SELECT 'backorders', ifnull(sum(drop_at + deadline_at + deposit_due_at), 0) FROM backorder");
  groups("listed", "SELECT 'missing ' || missing, sum(drop_at) FROM listed_drop GROUP BY missing");
  return left;
}

}  // namespace bench
