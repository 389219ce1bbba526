#include <algorithm>
#include <bit>
#include <memory>
#include <numeric>
#include <utility>

#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

constexpr std::string_view kColumns =
    "SELECT id, customer_id, name, copy, zone, currency, state, reason, placed_at, priority, quoted_minor, "
    "max_price_minor, drop_at,"
    " finalization_at, deadline_at, deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, cancelling, "
    "purse_empty, refusals,"
    " open_call_id, application, provider_status, provider_status_at, gone_since, reserved_at, submitted_at, ended_at, "
    "auction_ends_at,"
    " auction_price";

struct Parameters {
  std::vector<std::int64_t> numbers;  // bound first, in this order
  std::vector<std::string> texts;     // then these

  int bind(Statement& row) const {
    int index = 0;
    for (const std::int64_t number : numbers) row.bind_at(++index, number);
    for (const std::string& text : texts) row.bind_at(++index, text);
    return index;
  }
};

// Queries must not depend on what SQLite guesses about an unanalysed table: it takes an account to have as few
// backorders as a name. What is open is found by one index: first what holds a deposit, then what asks for one, each in
// the order of accounts.
enum class Index : std::uint8_t { any, on_name, requested, held, open };
Index index_for(const BackorderQuery& query) {
  if (query.name) return Index::on_name;
  if (!query.names.empty() || query.limit > 0) return Index::any;
  if (query.states == std::vector{State::requested}) return Index::requested;
  if (!query.states.empty() && std::ranges::all_of(query.states, holds_deposit)) return Index::held;
  if (query.open == true && query.states.empty()) return Index::open;
  return Index::any;
}
std::string_view from_of(Index index) {
  switch (index) {
    case Index::any:
      return " FROM backorder";
    case Index::on_name:
      return " FROM backorder INDEXED BY backorder_on_name";
    case Index::requested:
    case Index::held:
    case Index::open:
      return " FROM backorder INDEXED BY backorder_open";
  }
  return "";
}

std::string where_of(const BackorderQuery& query, Parameters& parameters) {
  std::string sql;
  const auto add = [&sql](std::string_view condition) {
    sql += sql.empty() ? " WHERE " : " AND ";
    sql += condition;
  };
  const auto place = [&parameters] {
    return " ?" + std::to_string(parameters.numbers.size() + parameters.texts.size());
  };
  const auto number = [&](std::string_view condition, std::int64_t value) {
    parameters.numbers.push_back(value);
    add(condition);
    sql += place();
  };
  const auto text = [&](std::string_view condition, const std::string& value) {
    parameters.texts.push_back(value);
    add(condition);
    sql += place();
  };
  const auto instant = [&](std::string_view condition, std::optional<UtcTime> time) {
    if (time) number(condition, static_cast<std::int64_t>(time->time_since_epoch().count()));
  };
  const Index index = index_for(query);
  if (query.customer && (index == Index::any || index == Index::on_name)) {
    const auto [before, after] = keys_around(*query.customer);
    number("by_customer >", before);
    number("by_customer <", after);
  } else if (query.customer) {
    number("customer_id =", query.customer->value());
  }
  if (query.after_customer) number("customer_id >", query.after_customer->value());
  instant("deposit_due_at <=", query.due_by);
  instant("deadline_at <", query.deadline_before);
  instant("drop_at <", query.drop_before);
  if (query.with_job) add(*query.with_job ? "application IS NOT NULL" : "application IS NULL");
  if (query.cancelling) add(*query.cancelling ? "cancelling = 1" : "cancelling = 0");
  if (query.with_open_call) add(*query.with_open_call ? "open_call_id IS NOT NULL" : "open_call_id IS NULL");
  // As the index is defined, or it is not found.
  const bool is_by_open = index == Index::requested || index == Index::held || index == Index::open;
  if (index == Index::requested) add("(state = 'REQUESTED') = 1");
  if (index == Index::held) add("(state = 'REQUESTED') = 0");
  if (index == Index::open && query.customer) add("(state = 'REQUESTED') IN (0, 1)");
  if (query.open == true || is_by_open) add("open_copy IS NOT NULL");
  if (query.open == false) add("open_copy IS NULL");
  if (!query.states.empty() && index != Index::requested) {
    std::string words;
    for (const State state : query.states) words += (words.empty() ? "'" : ", '") + std::string(to_word(state)) + "'";
    // +, or SQLite puts a single word into the expression of the index and no longer finds it
    add("+state IN (" + words + ")");
  }
  const auto any_of = [&](const std::string& column, const std::vector<std::string>& values) {
    if (values.empty()) return;
    std::string places;
    // As many places as the next power of two, the last value in those that are left: few different statements, and
    // not one for every number of values that somebody asks for.
    for (std::size_t i = 0; i < std::bit_ceil(values.size()); ++i) {
      parameters.texts.push_back(values[std::min(i, values.size() - 1)]);
      places += (places.empty() ? "" : ",") + place();
    }
    add(column + " IN (" + places + ")");
  };
  any_of("name", query.names);
  any_of("zone", query.zones);
  if (query.name) text("name =", *query.name);
  if (!query.name_pattern.empty()) text("name GLOB", query.name_pattern);
  if (query.without_cancelled) add("state <> 'CANCELLED'");
  return sql;
}

constexpr std::string_view kChangedAt =
    "max(placed_at, ifnull(reserved_at, 0), ifnull(submitted_at, 0), ifnull(ended_at, 0), ifnull(provider_status_at, "
    "0))";

std::string order_of(const BackorderQuery& query) {
  const std::string way = query.descending ? " DESC" : "";
  switch (query.order) {
    case BackorderQuery::Order::id:
      break;
    case BackorderQuery::Order::customer:
      return " ORDER BY by_customer" + way;
    case BackorderQuery::Order::name:
      return " ORDER BY name" + way + ", id" + way;
    case BackorderQuery::Order::zone:
      return " ORDER BY zone" + way + ", id" + way;
    case BackorderQuery::Order::changed:
      return " ORDER BY " + std::string(kChangedAt) + way + ", id" + way;
  }
  return (query.customer ? " ORDER BY by_customer" : " ORDER BY id") + way;
}

// SQLite sorts wide rows five to ten times slower than we sort their numbers; so without a limit they come as they lie.
void sort_rows(std::vector<Backorder>& rows, BackorderQuery::Order order) {
  const auto before = [order](const Backorder& a, const Backorder& b) {
    switch (order) {
      case BackorderQuery::Order::id:
        break;
      case BackorderQuery::Order::customer:
        if (a.customer != b.customer) return a.customer < b.customer;
        break;
      case BackorderQuery::Order::name:
        if (a.name != b.name) return a.name < b.name;
        break;
      case BackorderQuery::Order::zone:
      // sorted by SQLite: only pages are asked for in these orders
      case BackorderQuery::Order::changed:
        break;
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

bool is_sorted_by_sqlite(const BackorderQuery& query) {
  return query.limit > 0 || query.descending || query.order == BackorderQuery::Order::zone ||
         query.order == BackorderQuery::Order::changed;
}

Backorder blank_backorder(Currency unit) {
  return {.id = BackorderId(0),
          .customer = CustomerId(0),
          .name = DomainName::from_trusted_ace({}),
          .placed_at = {},
          .quoted = Money::zero(unit),
          .max_price = Money::zero(unit)};
}

}  // namespace

State SqliteBook::state(std::string_view word, std::int64_t backorder) {
  const std::optional<State> state = parse_state(word);
  if (!state) db_->fail_corrupt("backorder " + std::to_string(backorder) + " is in an unknown state");
  return *state;
}

void SqliteBook::read_backorder(const Statement& row, Backorder& backorder) {
  const Currency unit = currency(row.text(5));
  backorder.id = BackorderId(row.integer(0));
  backorder.customer = CustomerId(row.integer(1));
  backorder.name = DomainName::from_trusted_ace(row.string(2));
  backorder.copy = static_cast<int>(row.integer(3));
  backorder.zone = row.text(4);
  backorder.state = state(row.text(6), row.integer(0));
  backorder.reason.reset();
  if (!row.is_null(7)) {
    backorder.reason = parse_reason(row.text(7));
    if (!backorder.reason) db_->fail_corrupt("backorder " + row.string(0) + " has an unknown reason");
  }
  backorder.placed_at = row.time(8);
  backorder.priority = static_cast<int>(row.integer(9));
  backorder.quoted = Money::of_minor(row.integer(10), unit);
  backorder.max_price = Money::of_minor(row.integer(11), unit);
  backorder.drop.reset();
  if (!row.is_null(12))
    backorder.drop = Drop{row.time(12), row.optional_time(13), row.time(14), row.time(15), SourceId(row.integer(16))};
  backorder.deposit.reset();
  if (const auto deposit = row.optional_integer(17)) backorder.deposit = Money::of_minor(*deposit, unit);
  backorder.attempt = static_cast<int>(row.integer(18));
  backorder.underfunded = row.flag(19);
  backorder.cancelling = row.flag(20);
  backorder.purse_empty = row.flag(21);
  backorder.refusals = static_cast<int>(row.integer(22));
  backorder.open_call = row.optional_integer(23);
  backorder.application = row.optional_string(24);
  backorder.provider_status = row.text(25);
  backorder.provider_status_at = row.optional_time(26);
  backorder.gone_since = row.optional_time(27);
  backorder.reserved_at = row.optional_time(28);
  backorder.submitted_at = row.optional_time(29);
  backorder.ended_at = row.optional_time(30);
  backorder.auction_ends_at = row.optional_time(31);
  backorder.auction_price = row.text(32);
}

Backorder SqliteBook::read_backorder(const Statement& row) {
  Backorder backorder = blank_backorder(currency(row.text(5)));
  read_backorder(row, backorder);
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
  Statement row =
      db_->statement(std::string(kColumns) + " FROM backorder WHERE application = ? ORDER BY id DESC LIMIT 1");
  row.bind(application);
  if (!row.step()) return std::nullopt;
  return read_backorder(row);
}

template <typename Visit>
void SqliteBook::each_row(const BackorderQuery& query, std::string_view from, std::string_view order,
                          const Visit& visit) {
  Parameters parameters;
  const std::string where = where_of(query, parameters);
  std::string sql;
  sql.reserve(800);
  sql += kColumns;
  sql += from;
  sql += where;
  std::vector<std::int64_t> window;
  sql += order;
  if (query.limit > 0) {
    const std::size_t bound = parameters.numbers.size() + parameters.texts.size();
    sql += " LIMIT ?" + std::to_string(bound + 1) + " OFFSET ?" + std::to_string(bound + 2);
    window = {query.limit, query.offset};
  }
  Statement row = db_->statement(sql);
  int bound = parameters.bind(row);
  for (const std::int64_t number : window) row.bind_at(++bound, number);
  while (row.step()) visit(row);
}

std::vector<Backorder> SqliteBook::backorders(const BackorderQuery& query) {
  const bool by_sqlite = is_sorted_by_sqlite(query);
  std::vector<Backorder> rows;
  each_row(query, from_of(index_for(query)), by_sqlite ? order_of(query) : "",
           [&](const Statement& row) { rows.push_back(read_backorder(row)); });
  if (!by_sqlite) sort_rows(rows, query.order);
  return rows;
}

AccountRows SqliteBook::next_accounts(const BackorderQuery& query, std::size_t wanted) {
  const bool is_ahead = ahead_ && ahead_->query == query && ahead_->wanted == wanted;
  Found found = is_ahead ? std::exchange(ahead_, std::nullopt)->found.get() : find_accounts(query, wanted);
  if (in_unit_) as_read_ = std::move(found.as_read);
  return std::move(found.rows);
}

SqliteBook::Found SqliteBook::find_accounts(const BackorderQuery& query, std::size_t wanted) {
  const Index index = index_for(query);
  ENSURE(index == Index::requested || index == Index::held, "an index leads from customer to customer");
  Parameters parameters;
  const std::string where = where_of(query, parameters);
  Statement row = db_->statement(std::string(kColumns) + std::string(from_of(index)) + where + " ORDER BY customer_id");
  parameters.bind(row);
  Found found;
  std::vector<Backorder>& rows = found.rows.backorders;
  std::vector<CustomerId> owners;
  while (row.step()) {
    const CustomerId owner(row.integer(1));
    if (owners.empty() || owners.back() != owner) {
      if (rows.size() >= wanted) break;
      owners.push_back(owner);
    }
    rows.push_back(read_backorder(row));
  }
  sort_rows(rows, BackorderQuery::Order::customer);
  found.as_read = rows;
  found.rows.customers = customers(owners);
  return found;
}

void SqliteBook::read_ahead(const BackorderQuery& query, std::size_t wanted, std::function<void(AccountRows&)> decide) {
  require_unit();
  ahead_.reset();
  if (!reader_) reader_ = another();
  ahead_.emplace(Ahead{query, wanted, std::async(std::launch::async, [this, query, wanted, decide = std::move(decide)] {
                         Found found = [&] {
                           const Snapshot one_state(*reader_->db_);
                           return reader_->find_accounts(query, wanted);
                         }();
                         if (decide) decide(found.rows);
                         return found;
                       })});
}

bool SqliteBook::is_most(const BackorderQuery& query) {
  if (query.customer || query.after_customer) return false;
  return 4 * count_backorders(query) > db_->integer("SELECT ifnull(max(id), 0) FROM backorder");
}

void SqliteBook::each_backorder(const BackorderQuery& query, const std::function<void(const Backorder&)>& visit) {
  std::optional<Backorder> backorder;
  const auto give = [&](const Statement& row) {
    if (!backorder) backorder = blank_backorder(currency(row.text(5)));
    read_backorder(row, *backorder);
    visit(*backorder);
  };
  if (is_most(query)) {
    each_row(query, " FROM backorder NOT INDEXED", " ORDER BY by_customer", give);
    return;
  }
  // Found by an index they come in its order, so their keys are sorted first: SQLite sorts wide rows five to ten times
  // slower than we sort numbers.
  std::vector<std::int64_t> keys;
  {
    Parameters parameters;
    const std::string where = where_of(query, parameters);
    Statement row = db_->statement("SELECT by_customer" + std::string(from_of(index_for(query))) + where);
    parameters.bind(row);
    while (row.step()) keys.push_back(row.integer(0));
  }
  std::ranges::sort(keys);
  Statement row = db_->statement(std::string(kColumns) + " FROM backorder WHERE by_customer = ?");
  for (const std::int64_t key : keys) {
    row.bind(key);
    if (row.step()) give(row);
    row.reset();
  }
}

void SqliteBook::each_deposit(std::optional<CustomerId> customer,
                              const std::function<void(const BackorderDeposit&)>& visit) {
  Parameters parameters;
  Statement row = db_->statement(
      "SELECT id, customer_id, name, zone, currency, state, deposit_minor, attempt, provider_status, "
      "provider_status_at FROM backorder" +
      where_of({.customer = customer}, parameters) + " ORDER BY by_customer");
  parameters.bind(row);
  while (row.step()) {
    const Currency unit = currency(row.text(4));
    const std::optional<std::int64_t> deposit = row.optional_integer(6);
    visit({.id = BackorderId(row.integer(0)),
           .customer = CustomerId(row.integer(1)),
           .name = row.text(2),
           .zone = row.text(3),
           .state = state(row.text(5), row.integer(0)),
           .deposit = deposit ? std::optional(Money::of_minor(*deposit, unit)) : std::nullopt,
           .attempt = static_cast<int>(row.integer(7)),
           .provider_status = row.text(8),
           .provider_status_at = row.optional_time(9)});
  }
}

std::int64_t SqliteBook::count_backorders(const BackorderQuery& query) {
  Parameters parameters;
  const std::string where = where_of(query, parameters);
  Statement row = db_->statement("SELECT count(*)" + std::string(from_of(index_for(query))) + where);
  parameters.bind(row);
  row.step();
  return row.integer(0);
}

void SqliteBook::each_ended_application(const std::function<void(std::string_view, std::string_view)>& visit) {
  // In the order of the rows: by the index on applications every row would be looked up.
  Statement row = db_->statement(
      "SELECT application, provider_status FROM backorder NOT INDEXED WHERE open_copy IS NULL AND application IS NOT "
      "NULL");
  while (row.step()) visit(row.text(0), row.text(1));
}

}  // namespace storage
