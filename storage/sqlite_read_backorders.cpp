#include <algorithm>
#include <numeric>

#include "storage/sqlite_book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

constexpr std::string_view kColumns =
    "SELECT id, customer_id, name, copy, zone, currency, state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at,"
    " finalization_at, deadline_at, deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, cancelling, purse_empty, refusals,"
    " open_call_id, application, provider_status, provider_status_at, gone_since, reserved_at, submitted_at, ended_at, auction_ends_at,"
    " auction_price FROM backorder";

struct Parameters {
  std::vector<std::int64_t> numbers;  // bound first, in this order
  std::vector<std::string> texts;     // then these
};

std::string where_of(const BackorderQuery& query, Parameters& parameters) {
  std::string sql;
  const auto add = [&sql](const std::string& condition) { sql += (sql.empty() ? " WHERE " : " AND ") + condition; };
  const auto number = [&](const std::string& condition, std::int64_t value) {
    parameters.numbers.push_back(value);
    add(condition + " ?" + std::to_string(parameters.numbers.size()));
  };
  const auto instant = [&](const std::string& condition, std::optional<UtcTime> time) {
    if (time) number(condition, static_cast<std::int64_t>(time->time_since_epoch().count()));
  };
  if (query.customer) number("customer_id =", query.customer->value());
  if (query.after_customer) number("customer_id >", query.after_customer->value());
  if (query.after_id > 0) number("id >", query.after_id);
  instant("deposit_due_at <=", query.due_by);
  instant("deadline_at <", query.deadline_before);
  instant("drop_at <", query.drop_before);
  if (query.with_job) add(*query.with_job ? "application IS NOT NULL" : "application IS NULL");
  if (query.with_open_call) add(*query.with_open_call ? "open_call_id IS NOT NULL" : "open_call_id IS NULL");
  if (!query.states.empty()) {
    // Written out and not bound: the partial indexes are only found when the statement names the state.
    std::string words;
    for (const State state : query.states) words += (words.empty() ? "'" : ", '") + std::string(name(state)) + "'";
    add(query.states.size() == 1 ? "state = " + words : "state IN (" + words + ")");
  }
  const bool only_open_states = !query.states.empty() && std::ranges::none_of(query.states, is_final);
  if (query.open == true || only_open_states) add("open_copy IS NOT NULL");
  if (query.open == false) add("open_copy IS NULL");
  const auto any_of = [&](const std::string& column, const std::vector<std::string>& values) {
    if (values.empty()) return;
    std::string places;
    for (const std::string& value : values) {
      parameters.texts.push_back(value);
      places += (places.empty() ? "?" : ", ?") + std::to_string(parameters.numbers.size() + parameters.texts.size());
    }
    add(column + " IN (" + places + ")");
  };
  any_of("name", query.names);
  any_of("zone", query.zones);
  if (query.name) {
    parameters.texts.push_back(*query.name);
    add("name = ?" + std::to_string(parameters.numbers.size() + parameters.texts.size()));
  }
  if (!query.name_pattern.empty()) {
    parameters.texts.push_back(query.name_pattern);
    add("name GLOB ?" + std::to_string(parameters.numbers.size() + parameters.texts.size()));
  }
  return sql;
}

// The sweep's query must not depend on what SQLite guesses about an unanalysed table.
std::string_view index_for(const BackorderQuery& query) {
  const bool due = query.due_by && query.states == std::vector{State::requested} && !query.customer && !query.name;
  return due ? " INDEXED BY backorder_due" : "";
}

constexpr std::string_view kChangedAt =
    "max(placed_at, ifnull(reserved_at, 0), ifnull(submitted_at, 0), ifnull(ended_at, 0), ifnull(provider_status_at, 0))";

std::string order_of(const BackorderQuery& query) {
  const std::string way = query.descending ? " DESC" : "";
  switch (query.order) {
    case BackorderQuery::Order::id: break;
    case BackorderQuery::Order::customer: return " ORDER BY customer_id" + way + ", id" + way;
    case BackorderQuery::Order::name: return " ORDER BY name" + way + ", id" + way;
    case BackorderQuery::Order::zone: return " ORDER BY zone" + way + ", id" + way;
    case BackorderQuery::Order::changed: return " ORDER BY " + std::string(kChangedAt) + way + ", id" + way;
  }
  return " ORDER BY id" + way;
}

// Whether a query asks for nothing but one account's rows, perhaps without cancelled ones, by id: then the index of the account's backorders alone tells which
// rows those are, and how many.
bool is_plain_page(const BackorderQuery& query) {
  return query.customer && query.order == BackorderQuery::Order::id && query.states.empty() && query.names.empty() && query.zones.empty() &&
         !query.name && query.name_pattern.empty() && !query.open && !query.with_job && !query.with_open_call && !query.due_by && !query.deadline_before &&
         !query.drop_before && !query.after_customer && query.after_id == 0;
}
std::string plain_where(const BackorderQuery& query) {
  return std::string(" INDEXED BY backorder_of_customer WHERE customer_id = ?1") +
         (query.without_cancelled ? " AND id NOT IN (SELECT id FROM backorder INDEXED BY backorder_cancelled WHERE customer_id = ?1 AND state = 'CANCELLED')" : "");
}

// SQLite sorts wide rows five to ten times slower than we sort their numbers; so without a limit they come as they lie.
void sort_rows(std::vector<Backorder>& rows, BackorderQuery::Order order) {
  const auto before = [order](const Backorder& a, const Backorder& b) {
    switch (order) {
      case BackorderQuery::Order::id: break;
      case BackorderQuery::Order::customer:
        if (a.customer != b.customer) return a.customer < b.customer;
        break;
      case BackorderQuery::Order::name:
        if (a.name != b.name) return a.name < b.name;
        break;
      case BackorderQuery::Order::zone:
      case BackorderQuery::Order::changed: break;  // sorted by SQLite: only pages are asked for in these orders
    }
    return a.id < b.id;
  };
  if (std::ranges::is_sorted(rows, before)) return;
  std::vector<std::size_t> places(rows.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::ranges::sort(places, [&](std::size_t a, std::size_t b) { return before(rows[a], rows[b]); });
  std::vector<Backorder> sorted;
  sorted.reserve(rows.size());
  for (const std::size_t place : places) sorted.push_back(std::move(rows[place]));
  rows = std::move(sorted);
}

}  // namespace

Backorder SqliteBook::read_backorder(Statement& row) {
  const Currency unit = currency(row.text(5));
  const std::optional<State> state = parse_state(row.text(6));
  if (!state) db_->fail_corrupt("backorder " + row.string(0) + " is in an unknown state");
  Backorder backorder{.id = BackorderId(row.integer(0)),
                      .customer = CustomerId(row.integer(1)),
                      .name = DomainName::from_trusted_ace(row.string(2)),
                      .copy = static_cast<int>(row.integer(3)),
                      .zone = row.string(4),
                      .state = *state,
                      .reason = std::nullopt,
                      .placed_at = row.time(8),
                      .priority = static_cast<int>(row.integer(9)),
                      .quoted = Money::of_minor(row.integer(10), unit),
                      .max_price = Money::of_minor(row.integer(11), unit),
                      .drop = std::nullopt,
                      .deposit = std::nullopt,
                      .attempt = static_cast<int>(row.integer(18)),
                      .underfunded = row.flag(19),
                      .cancelling = row.flag(20),
                      .purse_empty = row.flag(21),
                      .refusals = static_cast<int>(row.integer(22)),
                      .open_call = row.optional_integer(23),
                      .application = row.optional_string(24),
                      .provider_status = row.string(25),
                      .provider_status_at = row.optional_time(26),
                      .gone_since = row.optional_time(27),
                      .reserved_at = row.optional_time(28),
                      .submitted_at = row.optional_time(29),
                      .ended_at = row.optional_time(30),
                      .auction_ends_at = row.optional_time(31),
                      .auction_price = row.string(32)};
  if (!row.is_null(7)) {
    backorder.reason = parse_reason(row.text(7));
    if (!backorder.reason) db_->fail_corrupt("backorder " + row.string(0) + " has an unknown reason");
  }
  if (!row.is_null(12)) {
    backorder.drop = Drop{row.time(12), row.optional_time(13), row.time(14), row.time(15), SourceId(row.integer(16))};
  }
  if (const auto deposit = row.optional_integer(17)) backorder.deposit = Money::of_minor(*deposit, unit);
  return backorder;
}

std::optional<Backorder> SqliteBook::backorder(BackorderId id) {
  Statement row = db_->statement(std::string(kColumns) + " WHERE id = ?");
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return read_backorder(row);
}

std::optional<Backorder> SqliteBook::backorder_of_application(std::string_view application) {
  if (application.empty()) return std::nullopt;
  Statement row = db_->statement(std::string(kColumns) + " WHERE application = ? ORDER BY id DESC LIMIT 1");
  row.bind(application);
  if (!row.step()) return std::nullopt;
  return read_backorder(row);
}

std::vector<Backorder> SqliteBook::backorders(const BackorderQuery& query) {
  Parameters parameters;
  const bool plain = is_plain_page(query) && query.limit > 0;
  std::string where = where_of(query, parameters);
  // A page is found among narrow rows first, so that what lies before it is stepped over and not read.
  std::string sql = plain ? std::string(kColumns) + " WHERE id IN (SELECT id FROM backorder" + plain_where(query)
                          : std::string(kColumns) + std::string(index_for(query)) + where + (query.without_cancelled ? (where.empty() ? " WHERE" : " AND") + std::string(" state <> 'CANCELLED'") : "");
  const bool sorted_by_sqlite = query.limit > 0 || query.descending || query.order == BackorderQuery::Order::zone || query.order == BackorderQuery::Order::changed;
  std::vector<std::int64_t> window;
  if (sorted_by_sqlite) sql += order_of(query);
  if (query.limit > 0) {
    const std::size_t bound = parameters.numbers.size() + parameters.texts.size();
    sql += " LIMIT ?" + std::to_string(bound + 1) + " OFFSET ?" + std::to_string(bound + 2);
    window = {query.limit, query.offset};
  }
  if (plain) sql += ")" + order_of(query);
  Statement row = db_->statement(sql);
  int index = 0;
  for (const std::int64_t number : parameters.numbers) row.bind_at(++index, number);
  for (const std::string& text : parameters.texts) row.bind_at(++index, text);
  for (const std::int64_t number : window) row.bind_at(++index, number);
  std::vector<Backorder> rows;
  while (row.step()) rows.push_back(read_backorder(row));
  if (!sorted_by_sqlite) sort_rows(rows, query.order);
  return rows;
}

std::int64_t SqliteBook::count_backorders(const BackorderQuery& query) {
  Parameters parameters;
  std::string where = where_of(query, parameters);
  if (query.without_cancelled) where += (where.empty() ? " WHERE" : " AND") + std::string(" state <> 'CANCELLED'");
  Statement row = db_->statement("SELECT count(*) FROM backorder" + (is_plain_page(query) ? plain_where(query) : where));
  int index = 0;
  for (const std::int64_t number : parameters.numbers) row.bind_at(++index, number);
  for (const std::string& text : parameters.texts) row.bind_at(++index, text);
  row.step();
  return row.integer(0);
}

}  // namespace storage
