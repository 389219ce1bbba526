// Plain SQLite, for the baselines: prepared statements over the book's own tables and indexes, without rules, triggers,
// checks or references.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace bench {

class Raw {
 public:
  // The book's durability, checkpoints and page cache. An existing book loses its triggers here: a baseline works on a
  // copy.
  explicit Raw(const std::string& file);
  enum ReadOnly : bool { read_only };
  Raw(const std::string& file, ReadOnly);  // as it is, with its triggers
  ~Raw();
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  void run(const std::string& sql);
  std::int64_t number(const std::string& sql);  // of the first row
  sqlite3* handle() const { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

class Query {
 public:
  Query(const Raw& db, std::string_view sql);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  template <typename... Values>
  Query& bind(const Values&... values) {
    int index = 0;
    (put(++index, values), ...);
    return *this;
  }
  template <typename... Values>
  void write(const Values&... values) {
    bind(values...);
    finish();
  }
  bool step();
  void reset();
  std::int64_t number(int column) const;
  bool is_null(int column) const;
  std::string_view text(int column) const;  // until the next step
  std::int64_t touch(int column) const;     // reads a value of any kind: the number, or a text's length
  int width() const;                        // columns

 private:
  void put(int index, std::int64_t value);
  void put(int index, int value) { put(index, static_cast<std::int64_t>(value)); }
  void put(int index, std::string_view value);
  void put(int index, const std::string& value) { put(index, std::string_view(value)); }
  void put(int index, const char* value) { put(index, std::string_view(value)); }
  void put(int index, std::nullopt_t);
  void put(int index, const std::optional<std::int64_t>& value) {
    if (value)
      put(index, *value);
    else
      put(index, std::nullopt);
  }
  void finish();
  sqlite3_stmt* statement_ = nullptr;
};

// Rows of every table ("table backorder"), backorders by state, and what customers' accounts hold.
std::map<std::string, std::int64_t> left_in(const std::string& file);

// The key of a backorder: what belongs to one account lies together.
constexpr std::int64_t account_backorder_key(std::int64_t customer, std::int64_t backorder) {
  return customer << 32 | backorder;
}

// A seal with empty hashes: id, instant, first and last request, first and last transfer.
inline constexpr std::string_view kInsertSeal =
    "INSERT INTO seal (id, sealed_at, first_request_id, last_request_id, first_transfer_id, last_transfer_id, "
    "previous_hash, hash)"
    " VALUES (?, ?, ?, ?, ?, ?, zeroblob(32), zeroblob(32))";

}  // namespace bench
