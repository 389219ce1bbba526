#include <functional>
#include <set>

#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

Source read_source(const Statement& row, const Connection& db, int first) {
  const Result<DateIs> date_is = parse_date_is(row.text(first + 2));
  if (!date_is) db.fail_corrupt("source '" + row.string(first + 1) + "' has unknown dates");
  return {SourceId(row.integer(first)), row.string(first + 1), date_is.value()};
}

Day day_numbered(std::int64_t days) { return Day(std::chrono::days(static_cast<int>(days))); }
std::int64_t number_of(Day day) { return day.time_since_epoch().count(); }

ListedDrop read_listed(const Statement& row) {
  ListedDrop listed{DomainName::from_trusted_ace(row.string(0)), row.optional_time(1), row.optional_time(2),
                    row.integer(3), row.flag(4)};
  if (const std::optional<std::int64_t> day = row.optional_integer(5)) listed.day = day_numbered(*day);
  listed.eligible_at = row.optional_time(6);
  listed.tentative = row.flag(7);
  return listed;
}
constexpr std::string_view kListedColumns =
    "l.name, l.drop_at, l.finalization_at, l.list_id, l.missing, l.day, l.eligible_at, l.tentative";

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

bool SqliteBook::is_listed_missing(const DomainName& name, UtcTime after) {
  Statement row = db_->statement(
      "SELECT 1 FROM listed_drop WHERE name = ? AND missing = 1 AND ifnull(drop_at, finalization_at) > ? LIMIT 1");
  row.bind(name.ace(), after);
  return row.step();
}

std::vector<std::string> SqliteBook::listed_zones(const DomainName& name) {
  std::vector<std::string> zones;
  Statement row = db_->statement("SELECT 1 FROM listed_zone WHERE zone = ?");
  for (std::string_view zone = name.ace(); zone.find('.') != std::string_view::npos; zone = parent_zone(zone)) {
    row.bind(zone);
    if (row.step()) zones.emplace_back(zone);
    row.reset();
  }
  return zones;
}

std::vector<ImportedList> SqliteBook::lists(SourceId source) {
  std::vector<ImportedList> lists;
  Statement row = db_->statement(
      "SELECT id, imported_at, rows, published_at FROM list WHERE source_id = ?"
      " ORDER BY ifnull(published_at, imported_at) DESC, id DESC");
  Statement cover =
      db_->statement("SELECT zone, day, rows, covers FROM list_coverage WHERE list_id = ? ORDER BY zone, day");
  row.bind(source);
  while (row.step()) {
    ImportedList list{row.integer(0), source, row.time(1), row.integer(2), {}, row.optional_time(3)};
    cover.bind(list.id);
    while (cover.step()) {
      list.coverage.push_back({cover.string(0), day_numbered(cover.integer(1)), cover.integer(2), cover.flag(3)});
    }
    cover.reset();
    lists.push_back(std::move(list));
  }
  return lists;
}

std::vector<ListFeed> SqliteBook::list_feeds() {
  std::vector<ListFeed> feeds;
  Statement row = db_->statement(
      "SELECT source, url, format, etag, last_modified, content_hash, rhythm_ms, looked_at, changed_at FROM list_feed"
      " ORDER BY source");
  while (row.step()) {
    feeds.push_back({row.string(0), row.string(1), row.string(2), row.string(3), row.string(4), row.string(5),
                     Milliseconds(row.integer(6)), row.optional_time(7), row.optional_time(8)});
  }
  return feeds;
}

void SqliteBook::put_list_feed(const ListFeed& feed) {
  require_unit();
  db_->statement(
         "INSERT INTO list_feed (source, url, format, etag, last_modified, content_hash, rhythm_ms, looked_at, "
         "changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET url = excluded.url,"
         " format = excluded.format, etag = excluded.etag, last_modified = excluded.last_modified,"
         " content_hash = excluded.content_hash, rhythm_ms = excluded.rhythm_ms, looked_at = excluded.looked_at,"
         " changed_at = excluded.changed_at")
      .bind(feed.source, feed.url, feed.format, feed.etag, feed.last_modified, feed.content_hash, feed.rhythm,
            feed.looked_at, feed.changed_at)
      .run();
}

std::vector<StandingOrder> SqliteBook::standing_orders() {
  std::vector<StandingOrder> orders;
  Statement row = db_->statement(
      "SELECT id, customer_id, filter, currency, max_price_minor, budget_minor, used_minor, proposes, made_at, ended_at"
      " FROM standing_order ORDER BY id");
  while (row.step()) {
    const Currency money = currency(row.text(3));
    const std::optional<std::int64_t> cap = row.optional_integer(4);
    orders.push_back({.id = row.integer(0),
                      .customer = CustomerId(row.integer(1)),
                      .filter = row.string(2),
                      .max_price = cap ? std::optional(Money::of_minor(*cap, money)) : std::nullopt,
                      .budget = Money::of_minor(row.integer(5), money),
                      .used = Money::of_minor(row.integer(6), money),
                      .proposes = row.flag(7),
                      .made_at = row.time(8),
                      .ended_at = row.optional_time(9)});
  }
  return orders;
}

bool SqliteBook::is_answered(std::int64_t standing_order, const DomainName& name) {
  Statement row = db_->statement("SELECT 1 FROM standing_order_answer WHERE standing_order_id = ? AND name = ?");
  row.bind(standing_order, name.ace());
  return row.step();
}

std::int64_t SqliteBook::put_standing_order(const StandingOrder& order) {
  require_unit();
  if (order.id == 0) {
    const std::int64_t id = db_->integer("SELECT ifnull(max(id), 0) + 1 FROM standing_order");
    db_->statement(
           "INSERT INTO standing_order (id, customer_id, filter, currency, max_price_minor, budget_minor, used_minor, "
           "proposes, made_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(id, order.customer, order.filter, order.budget.currency().code(), order.max_price, order.budget,
              order.used, order.proposes, order.made_at, order.ended_at)
        .run();
    return id;
  }
  db_->statement("UPDATE standing_order SET used_minor = ?2, ended_at = ?3 WHERE id = ?1")
      .bind(order.id, order.used, order.ended_at)
      .run();
  return order.id;
}

void SqliteBook::answer_standing_order(std::int64_t order, const DomainName& name,
                                       std::optional<BackorderId> backorder) {
  require_unit();
  db_->statement("INSERT INTO standing_order_answer (standing_order_id, name, backorder_id) VALUES (?, ?, ?)")
      .bind(order, name.ace(), backorder)
      .run();
}

std::int64_t SqliteBook::last_list() { return db_->integer("SELECT ifnull(max(id), 0) FROM list"); }

void SqliteBook::each_listed(SourceId source, const std::function<void(const ListedDrop&)>& visit) {
  Statement row = db_->statement("SELECT " + std::string(kListedColumns) +
                                 " FROM listed_drop AS l WHERE l.source_id = ? ORDER BY l.name");
  row.bind(source);
  while (row.step()) visit(read_listed(row));
}

void SqliteBook::each_listed(const ListedQuery& query, const std::function<void(const ListedRow&)>& visit) {
  std::string sql = "SELECT " + std::string(kListedColumns) +
                    ", s.id, s.name, s.date_is"
                    " FROM listed_drop AS l JOIN source AS s ON s.id = l.source_id WHERE 1 = 1";
  if (query.source) sql += " AND l.source_id = :source";
  // What is looked at by name may fit in Unicode, whatever its ACE form looks like.
  if (!query.pattern.empty())
    sql += query.accepts ? " AND (l.name GLOB :pattern OR instr(l.name, 'xn--') > 0)" : " AND l.name GLOB :pattern";
  if (!query.zone.empty()) sql += " AND substr(l.name, -length(:zone) - 1) = '.' || :zone";
  if (query.from) sql += " AND ifnull(l.drop_at, l.finalization_at) >= :from";
  if (query.to) sql += " AND ifnull(l.drop_at, l.finalization_at) < :to";
  sql += " ORDER BY ifnull(l.drop_at, l.finalization_at), l.name, s.id";
  Statement row = db_->statement(sql);
  int index = 0;  // a named parameter takes its number where it is first written
  if (query.source) row.bind_at(++index, *query.source);
  if (!query.pattern.empty()) row.bind_at(++index, query.pattern);
  if (!query.zone.empty()) row.bind_at(++index, query.zone);
  if (query.from) row.bind_at(++index, *query.from);
  if (query.to) row.bind_at(++index, *query.to);
  for (std::int64_t found = 0; (query.limit == 0 || found < query.limit) && row.step();) {
    const ListedRow listed{read_source(row, *db_, 8), read_listed(row)};
    if (query.accepts && !query.accepts(listed.listed.name)) continue;
    visit(listed);
    ++found;
  }
}

std::int64_t SqliteBook::add_list(std::string_view source_name, DateIs date_is, UtcTime imported_at,
                                  std::span<const Coverage> coverage, std::int64_t rows,
                                  std::optional<UtcTime> published_at) {
  require_unit();
  std::optional<Source> known = source(source_name);
  if (!known) {
    db_->statement("INSERT INTO source (name, date_is) VALUES (?, ?)").bind(source_name, to_word(date_is)).run();
    known = source(source_name);
  }
  ENSURE(known->date_is == date_is, "a source keeps what its dates mean: " + known->name);
  const std::int64_t id = db_->integer("SELECT ifnull(max(id), 0) + 1 FROM list");
  db_->statement("INSERT INTO list (id, source_id, imported_at, published_at, rows) VALUES (?, ?, ?, ?, ?)")
      .bind(id, known->id, imported_at, published_at, rows)
      .run();
  Statement cover =
      db_->statement("INSERT INTO list_coverage (list_id, zone, day, rows, covers) VALUES (?, ?, ?, ?, ?)");
  for (const Coverage& part : coverage) {
    cover.bind(id, part.zone, number_of(part.day), part.rows, part.covers).run();
  }
  return id;
}

void SqliteBook::put_listed(SourceId source, std::span<const ListedDrop> changed) {
  require_unit();
  RowWriter rows(*db_,
                 "INSERT INTO listed_drop (name, source_id, drop_at, finalization_at, list_id, missing, day, "
                 "eligible_at, tentative)",
                 9, changed.size(),
                 " ON CONFLICT (name, source_id) DO UPDATE SET drop_at = excluded.drop_at, finalization_at = "
                 "excluded.finalization_at,"
                 " list_id = excluded.list_id, missing = excluded.missing, day = excluded.day,"
                 " eligible_at = excluded.eligible_at, tentative = excluded.tentative");
  std::string_view last_zone;
  std::set<std::string, std::less<>> zones;
  for (const ListedDrop& listed : changed) {
    std::optional<std::int64_t> day;
    if (listed.day) day = number_of(*listed.day);
    rows.add(listed.name.ace(), source, listed.drop_at, listed.finalization_at, listed.list, listed.missing, day,
             listed.eligible_at, listed.tentative);
    const std::string_view zone = parent_zone(listed.name.ace());
    if (zone == last_zone || zone.find('.') == std::string_view::npos) continue;
    last_zone = zone;
    if (!zones.contains(zone)) zones.emplace(zone);
  }
  Statement show = db_->statement("INSERT INTO listed_zone (zone) VALUES (?) ON CONFLICT (zone) DO NOTHING");
  for (const std::string& zone : zones) show.bind(zone).run();
}

}  // namespace storage
