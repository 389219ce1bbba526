#include "tools/render/format.hpp"

#include <algorithm>
#include <ostream>
#include <set>
#include <variant>

#include "engine/ensure.hpp"
#include "engine/enum_names.hpp"
#include "tools/render/text.hpp"
#include "tools/render/writers.hpp"

namespace render {
namespace {

constexpr engine::Named<Format> kFormats[] = {{Format::table, "table"},
                                              {Format::csv, "csv"},
                                              {Format::json, "json"},
                                              {Format::jsonl, "jsonl"},
                                              {Format::html, "html"}};

// JSON and CSV print keys without quotes or escapes.
constexpr std::string_view kKeyCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

void ensure_new_key(std::set<std::string>& keys, std::string key) {
  const bool is_new = keys.insert(key).second;
  ENSURE(is_new, "twice in one table: " + key);
}

void ensure_new_keys(std::set<std::string>& keys, const std::string& key, Kind kind) {
  ENSURE(!key.empty() && key.find_first_not_of(kKeyCharacters) == std::string::npos, "not a key: " + key);
  ensure_new_key(keys, key);
  if (kind == Kind::money) ensure_new_key(keys, key + std::string(kCurrencySuffix));
  if (kind == Kind::domain) ensure_new_key(keys, key + std::string(kUnicodeSuffix));
}

void ensure_sound(const Table& table) {
  std::set<std::string> facts = {"schema", "rows", "count", "truncated", "totals", "sections"};
  for (const Fact& fact : table.facts) ensure_new_keys(facts, fact.key, kind_of(fact));
  ENSURE(!table.is_record() || (table.rows.empty() && table.totals.empty()), "a record has no rows: " + table.schema);
  std::set<std::string> keys;
  const std::vector<Kind> kinds = kinds_of(table);
  for (std::size_t i = 0; i < kinds.size(); ++i) ensure_new_keys(keys, table.columns[i].key, kinds[i]);
  const auto fits = [&](const Row& row) { return row.size() == table.columns.size(); };
  ENSURE(std::all_of(table.rows.begin(), table.rows.end(), fits), "a row has one cell per column: " + table.schema);
  ENSURE(std::all_of(table.totals.begin(), table.totals.end(), fits),
         "a total has one cell per column: " + table.schema);
  std::set<std::string> sections;
  for (const Table& section : table.sections) {
    ensure_new_keys(sections, section.name, Kind::text);
    ENSURE(section.facts.empty() && section.sections.empty() && !section.is_record(),
           "a section is a list, its facts are the report's: " + section.name);
    ensure_sound(section);
  }
}

struct KindOf {
  Kind operator()(std::monostate) const { return Kind::found; }
  Kind operator()(const std::string&) const { return Kind::text; }
  Kind operator()(std::int64_t) const { return Kind::number; }
  Kind operator()(bool) const { return Kind::flag; }
  Kind operator()(engine::Money) const { return Kind::money; }
  Kind operator()(engine::UtcTime) const { return Kind::time; }
  Kind operator()(engine::Day) const { return Kind::day; }
  Kind operator()(const engine::DomainName&) const { return Kind::domain; }
};

Kind kind_found_in(const std::vector<Row>& rows, std::size_t column, Kind so_far) {
  for (const Row& row : rows) {
    if (column >= row.size()) continue;  // ensure_sound reports it
    const Kind kind = kind_of(row[column]);
    if (kind == Kind::money || kind == Kind::domain) return kind;
    if (so_far == Kind::found) so_far = kind;
  }
  return so_far;
}

}  // namespace

engine::Result<Format> parse_format(std::string_view word) {
  if (const std::optional<Format> format = engine::value_of(kFormats, word)) return *format;
  return engine::Error{engine::ErrorCode::invalid_argument,
                       "format \"" + printable(word) + "\": table, csv, json, jsonl or html"};
}

Kind kind_of(const Fact& fact) { return fact.kind == Kind::found ? kind_of(fact.value) : fact.kind; }

Kind kind_of(const Cell& cell) { return std::visit(KindOf(), cell); }

std::vector<Kind> kinds_of(const Table& table) {
  std::vector<Kind> kinds;
  kinds.reserve(table.columns.size());
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    Kind kind = table.columns[i].kind;
    if (kind == Kind::found) kind = kind_found_in(table.rows, i, kind);
    if (kind == Kind::found) kind = kind_found_in(table.totals, i, kind);
    kinds.push_back(kind == Kind::found ? Kind::text : kind);
  }
  return kinds;
}

std::string title_from_key(std::string_view key) {
  std::string title(key);
  std::replace(title.begin(), title.end(), '_', ' ');
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

std::string title_of(const Table& table) {
  if (!table.title.empty()) return table.title;
  std::string_view name = table.schema;  // "dropledger.trial-balance/1" is "Trial balance"
  name = name.substr(name.find('.') + 1);
  name = name.substr(0, name.find('/'));
  std::string key(name.empty() ? std::string_view(table.name) : name);
  std::replace(key.begin(), key.end(), '-', '_');
  return title_from_key(key);
}

std::optional<Table> Table::section(std::string_view wanted) const {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const Table& one) { return one.name == wanted; });
  if (found == sections.end()) return std::nullopt;
  Table alone = *found;
  const std::size_t version = schema.find('/');
  std::string part = found->name;
  std::replace(part.begin(), part.end(), '_', '-');
  alone.schema = schema.substr(0, version) + "-" + part + (version == std::string::npos ? "" : schema.substr(version));
  alone.title = title_of(*this) + ": " + title_of(*found);
  alone.name.clear();
  alone.facts = facts;
  return alone;
}

std::string unicode_of(const engine::DomainName& name) {
  return name.ace().find("xn--") == std::string::npos ? name.ace() : name.unicode();
}

void write(std::ostream& out, const Table& table, const Options& options) {
  ensure_sound(table);
  Sink sink(out);
  switch (options.format) {
    case Format::table:
      return write_table(sink, table, options);
    case Format::csv:
      return write_csv(sink, table, options);
    case Format::json:
      return write_json(sink, table);
    case Format::jsonl:
      return write_jsonl(sink, table);
    case Format::html:
      return write_html(sink, table, options);
  }
  engine::invariant_failed("the format is one of five", __FILE__, __LINE__,
                           std::to_string(static_cast<int>(options.format)));
}

}  // namespace render
