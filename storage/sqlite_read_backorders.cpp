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
    " auction_price";

struct Parameters {
  std::vector<std::int64_t> numbers;  // bound first, in this order; the first is the customer's place where the query names several
  std::vector<std::string> texts;     // then these

  int bind(Statement& row) const {
    int index = 0;
    for (const std::int64_t number : numbers) row.bind_at(++index, number);
    for (const std::string& text : texts) row.bind_at(++index, text);
    return index;
  }
};

// The sweeps' queries must not depend on what SQLite guesses about an unanalysed table. Each of these indexes begins with the customer.
enum class Index : std::uint8_t { any, due, held, open };
Index index_for(const BackorderQuery& query) {
  if (query.name || !query.names.empty() || query.limit > 0 || query.after_id > 0) return Index::any;
  if (query.states == std::vector{State::requested}) return Index::due;
  if (!query.states.empty() && std::ranges::all_of(query.states, holds_deposit)) return Index::held;
  if (query.open == true && query.states.empty()) return Index::open;
  return Index::any;
}
std::string_view from_of(Index index) {
  switch (index) {
    case Index::any: return " FROM backorder";
    case Index::due: return " FROM backorder INDEXED BY backorder_due";
    case Index::held: return " FROM backorder INDEXED BY backorder_held";
    case Index::open: return " FROM backorder INDEXED BY backorder_open";
  }
  return "";
}

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
  if (!query.customers.empty()) number("customer_id =", 0);  // one after the other
  if (query.customer) number("customer_id =", query.customer->value());
  if (query.after_id > 0) number("id >", query.after_id);
  instant("deposit_due_at <=", query.due_by);
  instant("deadline_at <", query.deadline_before);
  instant("drop_at <", query.drop_before);
  if (query.with_job) add(*query.with_job ? "application IS NOT NULL" : "application IS NULL");
  if (query.cancelling) add(*query.cancelling ? "cancelling = 1" : "cancelling = 0");
  if (query.with_open_call) add(*query.with_open_call ? "open_call_id IS NOT NULL" : "open_call_id IS NULL");
  if (!query.states.empty()) {
    // Written out and not bound: the partial indexes are only found when the statement names the state.
    std::string words;
    for (const State state : query.states) words += (words.empty() ? "'" : ", '") + std::string(name(state)) + "'";
    add(query.states.size() == 1 ? "state = " + words : "state IN (" + words + ")");
  }
  // As the indexes are defined, or they are not found.
  const Index index = index_for(query);
  if (query.open == true || index == Index::held) add("open_copy IS NOT NULL");
  if (index == Index::held) add("deposit_minor IS NOT NULL");
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
         !query.name && query.name_pattern.empty() && !query.open && !query.cancelling && !query.with_job && !query.with_open_call && !query.due_by && !query.deadline_before &&
         !query.drop_before && query.customers.empty() && query.after_id == 0;
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
  Statement row = db_->statement(std::string(kColumns) + " FROM backorder WHERE id = ?");
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return read_backorder(row);
}

std::optional<Backorder> SqliteBook::backorder_of_application(std::string_view application) {
  if (application.empty()) return std::nullopt;
  Statement row = db_->statement(std::string(kColumns) + " FROM backorder WHERE application = ? ORDER BY id DESC LIMIT 1");
  row.bind(application);
  if (!row.step()) return std::nullopt;
  return read_backorder(row);
}

std::vector<Backorder> SqliteBook::backorders(const BackorderQuery& query) {
  Parameters parameters;
  const bool plain = is_plain_page(query) && query.limit > 0;
  std::string where = where_of(query, parameters);
  // A page is found among narrow rows first, so that what lies before it is stepped over and not read.
  std::string sql = plain ? std::string(kColumns) + " FROM backorder WHERE id IN (SELECT id FROM backorder" + plain_where(query)
                          : std::string(kColumns) + std::string(from_of(index_for(query))) + where + (query.without_cancelled ? (where.empty() ? " WHERE" : " AND") + std::string(" state <> 'CANCELLED'") : "");
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
  int bound = parameters.bind(row);
  for (const std::int64_t number : window) row.bind_at(++bound, number);
  std::vector<Backorder> rows;
  const auto read = [&] {
    while (row.step()) rows.push_back(read_backorder(row));
  };
  if (query.customers.empty()) read();
  ENSURE(query.customers.empty() || !sorted_by_sqlite, "the rows of several customers come by customer");
  for (const CustomerId customer : query.customers) {
    row.reset();
    row.bind_at(1, customer);
    read();
  }
  if (!sorted_by_sqlite) sort_rows(rows, query.order);
  return rows;
}

std::int64_t SqliteBook::count_backorders(const BackorderQuery& query) {
  Parameters parameters;
  std::string where = where_of(query, parameters);
  if (query.without_cancelled) where += (where.empty() ? " WHERE" : " AND") + std::string(" state <> 'CANCELLED'");
  Statement row = db_->statement("SELECT count(*) FROM backorder" + (is_plain_page(query) ? plain_where(query) : where));
  parameters.bind(row);
  row.step();
  return row.integer(0);
}

std::vector<std::pair<CustomerId, std::size_t>> SqliteBook::count_by_customer(const BackorderQuery& query) {
  ENSURE(query.customers.empty() && query.limit == 0, "all customers of the query are counted");
  Parameters parameters;
  const std::string where = where_of(query, parameters);
  Statement row = db_->statement("SELECT customer_id, count(*)" + std::string(from_of(index_for(query))) + where + " GROUP BY customer_id ORDER BY customer_id");
  parameters.bind(row);
  std::vector<std::pair<CustomerId, std::size_t>> counts;
  while (row.step()) counts.emplace_back(CustomerId(row.integer(0)), static_cast<std::size_t>(row.integer(1)));
  return counts;
}

void SqliteBook::each_ended_application(const std::function<void(std::string_view, std::string_view)>& visit) {
  // In the order of the rows: by the index on applications every row would be looked up.
  Statement row = db_->statement("SELECT application, provider_status FROM backorder NOT INDEXED WHERE open_copy IS NULL AND application IS NOT NULL");
  while (row.step()) visit(row.text(0), row.text(1));
}

}  // namespace storage
