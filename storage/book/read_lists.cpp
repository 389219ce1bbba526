#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

Source read_source(const Statement& row, const Connection& db, int first) {
  const Result<DateIs> date_is = parse_date_is(row.text(first + 2));
  if (!date_is) db.fail_corrupt("source '" + row.string(first + 1) + "' has unknown dates");
  return {SourceId(row.integer(first)), row.string(first + 1), date_is.value()};
}

ListedDrop read_listed(const Statement& row) {
  return {DomainName::from_trusted_ace(row.string(0)), row.optional_time(1), row.optional_time(2), row.integer(3),
          row.flag(4)};
}

}  // namespace

std::optional<Source> SqliteBook::source(std::string_view name) {
  Statement row = db_->statement("SELECT id, name, date_is FROM source WHERE name = ?");
  row.bind(name);
  if (!row.step()) return std::nullopt;
  return read_source(row, *db_, 0);
}

std::vector<Source> SqliteBook::sources() {
  std::vector<Source> sources;
  Statement row = db_->statement("SELECT id, name, date_is FROM source ORDER BY id");
  while (row.step()) sources.push_back(read_source(row, *db_, 0));
  return sources;
}

std::vector<Listing> SqliteBook::listings(const DomainName& name) {
  std::vector<Listing> listings;
  Statement row = db_->statement(
      "SELECT source_id, drop_at, finalization_at FROM listed_drop WHERE name = ? AND missing = 0 ORDER BY source_id");
  row.bind(name.ace());
  while (row.step()) listings.push_back({SourceId(row.integer(0)), row.optional_time(1), row.optional_time(2)});
  return listings;
}

std::vector<ImportedList> SqliteBook::lists(SourceId source) {
  std::vector<ImportedList> lists;
  Statement row = db_->statement("SELECT id, imported_at, rows FROM list WHERE source_id = ? ORDER BY id DESC");
  Statement cover = db_->statement("SELECT zone, day, rows FROM list_coverage WHERE list_id = ? ORDER BY zone, day");
  row.bind(source);
  while (row.step()) {
    ImportedList list{row.integer(0), source, row.time(1), row.integer(2), {}};
    cover.bind(list.id);
    while (cover.step()) {
      list.coverage.push_back(
          {cover.string(0), Day(std::chrono::days(static_cast<int>(cover.integer(1)))), cover.integer(2)});
    }
    cover.reset();
    lists.push_back(std::move(list));
  }
  return lists;
}

std::int64_t SqliteBook::last_list() { return db_->integer("SELECT ifnull(max(id), 0) FROM list"); }

void SqliteBook::each_listed(SourceId source, const std::function<void(const ListedDrop&)>& visit) {
  Statement row = db_->statement(
      "SELECT name, drop_at, finalization_at, list_id, missing FROM listed_drop WHERE source_id = ? ORDER BY name");
  row.bind(source);
  while (row.step()) visit(read_listed(row));
}

void SqliteBook::each_listed(const ListedQuery& query, const std::function<void(const ListedRow&)>& visit) {
  std::string sql =
      "SELECT l.name, l.drop_at, l.finalization_at, l.list_id, l.missing, s.id, s.name, s.date_is"
      " FROM listed_drop AS l JOIN source AS s ON s.id = l.source_id WHERE 1 = 1";
  if (query.source) sql += " AND l.source_id = :source";
  if (!query.pattern.empty()) sql += " AND l.name GLOB :pattern";
  if (!query.zone.empty()) sql += " AND substr(l.name, -length(:zone) - 1) = '.' || :zone";
  if (query.from) sql += " AND ifnull(l.drop_at, l.finalization_at) >= :from";
  if (query.to) sql += " AND ifnull(l.drop_at, l.finalization_at) < :to";
  sql += " ORDER BY ifnull(l.drop_at, l.finalization_at), l.name, s.id LIMIT :limit";
  Statement row = db_->statement(sql);
  int index = 0;  // a named parameter takes its number where it is first written
  if (query.source) row.bind_at(++index, *query.source);
  if (!query.pattern.empty()) row.bind_at(++index, query.pattern);
  if (!query.zone.empty()) row.bind_at(++index, query.zone);
  if (query.from) row.bind_at(++index, *query.from);
  if (query.to) row.bind_at(++index, *query.to);
  row.bind_at(++index, query.limit > 0 ? query.limit : std::int64_t{-1});
  while (row.step()) visit({read_source(row, *db_, 5), read_listed(row)});
}

std::int64_t SqliteBook::add_list(std::string_view source_name, DateIs date_is, UtcTime imported_at,
                                  std::span<const Coverage> coverage, std::int64_t rows) {
  require_unit();
  std::optional<Source> known = source(source_name);
  if (!known) {
    db_->statement("INSERT INTO source (name, date_is) VALUES (?, ?)").bind(source_name, to_word(date_is)).run();
    known = source(source_name);
  }
  ENSURE(known->date_is == date_is, "a source keeps what its dates mean: " + known->name);
  const std::int64_t id = db_->integer("SELECT ifnull(max(id), 0) + 1 FROM list");
  db_->statement("INSERT INTO list (id, source_id, imported_at, rows) VALUES (?, ?, ?, ?)")
      .bind(id, known->id, imported_at, rows)
      .run();
  Statement cover = db_->statement("INSERT INTO list_coverage (list_id, zone, day, rows) VALUES (?, ?, ?, ?)");
  for (const Coverage& part : coverage) {
    cover.bind(id, part.zone, static_cast<std::int64_t>(part.day.time_since_epoch().count()), part.rows).run();
  }
  return id;
}

void SqliteBook::put_listed(SourceId source, std::span<const ListedDrop> changed) {
  require_unit();
  RowWriter rows(*db_, "INSERT INTO listed_drop (name, source_id, drop_at, finalization_at, list_id, missing)", 6,
                 changed.size(),
                 " ON CONFLICT (name, source_id) DO UPDATE SET drop_at = excluded.drop_at, finalization_at = "
                 "excluded.finalization_at,"
                 " list_id = excluded.list_id, missing = excluded.missing");
  for (const ListedDrop& listed : changed)
    rows.add(listed.name.ace(), source, listed.drop_at, listed.finalization_at, listed.list, listed.missing);
}

}  // namespace storage
