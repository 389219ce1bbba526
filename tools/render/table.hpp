// The result of a command as data: typed cells in columns, facts above them, totals below. format.hpp prints it.
// Nothing here prints, rounds or sorts: rows stay in the order in which they were added.
//
// A Table with columns is a list. A Table without columns is a record: its facts are all it has (`account show`), and
// every format prints those: key and value lines, one JSON object, a CSV of one row.
//
// A report may have sections: further tables under the same facts (subtotals, exceptions, a calendar). CSV and JSON
// Lines hold one table, so they print the main one; section() makes a table of its own of any other.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/domain_name.hpp"
#include "engine/ensure.hpp"
#include "engine/id.hpp"
#include "engine/money.hpp"
#include "engine/time.hpp"
#include "tools/render/chart.hpp"

namespace render {

// std::monostate: there is none. Printed as "-" to people (blank in totals), an empty CSV field, JSON null.
using Cell = std::variant<std::monostate, std::string, std::int64_t, bool, engine::Money, engine::UtcTime, engine::Day,
                          engine::DomainName>;

// The kind of a column. It decides the alignment of its title and how many CSV columns it becomes; cells keep their own
// type, so that a money column may say "unlimited" in one row.
enum class Kind : std::uint8_t {
  // the kind of the first cell that is not empty; money or domain, where the column has one. Text in an empty table
  found,
  text,
  number,  // right-aligned, as is money
  flag,
  money,  // CSV: <key>, <key>_currency
  time,
  day,
  domain,  // CSV and JSON: <key> (ACE), <key>_unicode
};

struct Column {
  // lower snake case; CSV header and JSON member. A change of keys is a new schema version
  std::string key{};
  std::string title{};  // for people; empty: made from the key, "placed_at" is "Placed at"
  // name it for money and domains: only then does an empty list have the same CSV header as a full one
  Kind kind = Kind::found;
  // prose that may end in "…" where the terminal is too narrow. Never for ids, names, amounts, times
  bool may_shorten = false;
  // another program's words as they came: whole for programs, folded up on a page, left out of a table
  bool raw = false;
};

using Row = std::vector<Cell>;

// A cell from what the engine's structs hold: text, whole numbers, ids, absent things. engine types and Cells pass as
// they are.
inline Cell cell(Cell value) { return value; }
inline Cell cell(std::string value) { return Cell(std::move(value)); }
inline Cell cell(std::string_view value) { return Cell(std::string(value)); }
inline Cell cell(const char* value) { return Cell(std::string(value)); }
inline Cell cell(bool value) { return Cell(value); }
template <std::integral Number>
Cell cell(Number value) {
  ENSURE(std::in_range<std::int64_t>(value), "a number in a table fits 64 bits with a sign");
  return Cell(static_cast<std::int64_t>(value));
}
template <typename Tag>
Cell cell(engine::Id<Tag> id) {
  return Cell(id.value());
}
template <typename Value>
Cell cell(const std::optional<Value>& value) {
  return value ? cell(*value) : Cell();
}

struct Fact {
  std::string key{};
  Cell value{};
  // as a column's: a record without a credit limit has the same CSV header as one with it
  Kind kind = Kind::found;
};

// The kind that a C++ type says, value or no value.
template <typename Value>
inline constexpr Kind kKindOf = Kind::found;
template <>
inline constexpr Kind kKindOf<engine::Money> = Kind::money;
template <>
inline constexpr Kind kKindOf<engine::DomainName> = Kind::domain;
template <typename Value>
inline constexpr Kind kKindOf<std::optional<Value>> = kKindOf<Value>;

struct Table {
  std::string schema{};  // "dropledger.accounts/1"
  std::vector<Column> columns{};
  std::vector<Row> rows{};  // each with one cell per column
  // Of the whole table: account, as_of, zone. Lines above a table, members of the JSON object before its rows; not in
  // CSV and jsonl, which hold rows only. Keys are lower snake case and none of schema, rows, count, truncated, totals,
  // sections.
  std::vector<Fact> facts{};
  // as rows; below a second rule, and JSON "totals". Not in CSV and jsonl: there one line is one fact
  std::vector<Row> totals{};
  // what people read in place of rows: "No backorders yet." Empty: "Nothing to show."
  std::string when_empty{};
  bool truncated = false;         // a --limit cut the list: there is more
  std::string title{};            // for people; empty: made from the schema
  std::vector<Chart> charts{};    // HTML only
  std::string name{};             // of a section: its JSON member, and what --section names
  std::vector<Table> sections{};  // without a schema, facts or sections of their own

  // table.add(backorder.id, backorder.domain, price, backorder.drops_at)
  template <typename... Values>
  void add(Values&&... values) {
    rows.push_back(row_of(std::forward<Values>(values)...));
  }
  template <typename... Values>
  void add_total(Values&&... values) {
    totals.push_back(row_of(std::forward<Values>(values)...));
  }
  template <typename Value>
  void add_fact(std::string key, Value&& value) {
    facts.push_back({std::move(key), cell(std::forward<Value>(value)), kKindOf<std::remove_cvref_t<Value>>});
  }
  bool is_record() const { return columns.empty(); }
  // The section of this key as a table of its own, with this table's facts and "<schema>" made from both; nothing where
  // there is none.
  std::optional<Table> section(std::string_view wanted) const;

 private:
  template <typename... Values>
  static Row row_of(Values&&... values) {
    Row row;
    row.reserve(sizeof...(values));
    (row.push_back(cell(std::forward<Values>(values))), ...);
    return row;
  }
};

}  // namespace render
