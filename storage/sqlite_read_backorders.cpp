#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <numeric>
#include <tuple>
#include <utility>

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
  std::vector<std::int64_t> numbers;  // bound first, in this order
  std::vector<std::string> texts;     // then these

  int bind(Statement& row) const {
    int index = 0;
    for (const std::int64_t number : numbers) row.bind_at(++index, number);
    for (const std::string& text : texts) row.bind_at(++index, text);
    return index;
  }
};

// Queries must not depend on what SQLite guesses about an unanalysed table: it takes an account to have as few backorders as a name. The sweeps' indexes begin with
// the customer.
enum class Index : std::uint8_t { any, on_name, due, held, open };
Index index_for(const BackorderQuery& query) {
  if (query.name) return Index::on_name;
  if (!query.names.empty() || query.limit > 0 || query.after_id > 0) return Index::any;
  if (query.states == std::vector{State::requested}) return Index::due;
  if (!query.states.empty() && std::ranges::all_of(query.states, holds_deposit)) return Index::held;
  if (query.open == true && query.states.empty()) return Index::open;
  return Index::any;
}
std::string_view from_of(Index index) {
  switch (index) {
    case Index::any: return " FROM backorder";
    case Index::on_name: return " FROM backorder INDEXED BY backorder_on_name";
    case Index::due: return " FROM backorder INDEXED BY backorder_due";
    case Index::held: return " FROM backorder INDEXED BY backorder_held";
    case Index::open: return " FROM backorder INDEXED BY backorder_open";
  }
  return "";
}

std::string where_of(const BackorderQuery& query, Parameters& parameters) {
  std::string sql;
  const auto add = [&sql](std::string_view condition) {
    sql += sql.empty() ? " WHERE " : " AND ";
    sql += condition;
  };
  const auto place = [&parameters] { return " ?" + std::to_string(parameters.numbers.size() + parameters.texts.size()); };
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
  if (query.customer) number("customer_id =", query.customer->value());
  if (query.after_customer) number("customer_id >", query.after_customer->value());
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

bool is_sorted_by_sqlite(const BackorderQuery& query) {
  return query.limit > 0 || query.descending || query.order == BackorderQuery::Order::zone || query.order == BackorderQuery::Order::changed;
}

Backorder blank_backorder(Currency unit) {
  return {.id = BackorderId(0), .customer = CustomerId(0), .name = DomainName::from_trusted_ace({}), .placed_at = {}, .quoted = Money::zero(unit),
          .max_price = Money::zero(unit)};
}

// Rows of kColumns kept to be given in another order: about 110 bytes each, where a Backorder takes five times as much.
class PackedRows {
 public:
  explicit PackedRows(const Connection& db) : unpacked_{db, {}} {}

  void add(const Statement& row) {
    packed_.clear();
    for (int column = 0; column < kWidth; ++column) pack(row, column);
    if (pieces_.empty() || room_ < packed_.size()) {
      room_ = std::max(kPiece, packed_.size());
      pieces_.push_back(std::make_unique_for_overwrite<char[]>(room_));
      free_ = pieces_.back().get();
    }
    rows_.push_back({row.integer(1), row.integer(0), free_});
    free_ = std::ranges::copy(packed_, free_).out;
    room_ -= packed_.size();
  }
  // By customer, then id.
  template <typename Visit>
  void each_by_customer(const Visit& visit) {
    std::ranges::sort(rows_, [](const Place& a, const Place& b) { return std::tie(a.customer, a.id) < std::tie(b.customer, b.id); });
    for (const Place& place : rows_) {
      unpacked_.read(place.begin);
      visit(unpacked_);
    }
  }

 private:
  static constexpr int kWidth = 33;  // columns
  static constexpr std::size_t kPiece = 1 << 20;
  static constexpr bool is_text(int column) { return column == 2 || (column >= 4 && column <= 7) || column == 24 || column == 25 || column == 32; }
  enum class Tag : char { null, byte, half, whole, twice, text };

  struct Place {
    std::int64_t customer, id;
    const char* begin;
  };
  // As a Statement, over what was packed.
  struct Unpacked {
    struct Value {
      Tag tag;
      std::int64_t number;  // of a text: its length
      const char* bytes;
    };
    const Connection& db;
    std::array<Value, kWidth> values;

    void read(const char* at) {
      for (Value& value : values) {
        value.tag = static_cast<Tag>(*at++);
        switch (value.tag) {
          case Tag::null: break;
          case Tag::byte: value.number = take<std::int8_t>(at); break;
          case Tag::half: value.number = take<std::int16_t>(at); break;
          case Tag::whole: value.number = take<std::int32_t>(at); break;
          case Tag::twice: value.number = take<std::int64_t>(at); break;
          case Tag::text:
            value.number = take<std::int32_t>(at);
            value.bytes = std::exchange(at, at + value.number);
            break;
        }
      }
    }
    const Value& given(int column) const {
      const Value& value = values[static_cast<std::size_t>(column)];
      if (value.tag == Tag::null) db.fail_corrupt("backorder " + std::to_string(values[0].number) + " lacks a value that it needs");
      return value;
    }
    std::int64_t integer(int column) const { return given(column).number; }
    bool flag(int column) const { return integer(column) != 0; }
    std::string_view text(int column) const { return {given(column).bytes, static_cast<std::size_t>(given(column).number)}; }
    std::string string(int column) const { return std::string(text(column)); }
    UtcTime time(int column) const { return UtcTime(Milliseconds(integer(column))); }
    bool is_null(int column) const { return values[static_cast<std::size_t>(column)].tag == Tag::null; }
    std::optional<std::int64_t> optional_integer(int column) const { return is_null(column) ? std::nullopt : std::optional(integer(column)); }
    std::optional<UtcTime> optional_time(int column) const { return is_null(column) ? std::nullopt : std::optional(time(column)); }
    std::optional<std::string> optional_string(int column) const { return is_null(column) ? std::nullopt : std::optional(string(column)); }

    template <typename Number>
    static std::int64_t take(const char*& at) {
      Number number;
      std::memcpy(&number, at, sizeof number);
      at += sizeof number;
      return number;
    }
  };

  template <typename Number>
  void put(Tag tag, std::int64_t value) {
    const auto number = static_cast<Number>(value);
    char field[1 + sizeof number] = {static_cast<char>(tag)};
    std::memcpy(field + 1, &number, sizeof number);
    packed_.append(field, sizeof field);
  }
  void pack(const Statement& row, int column) {
    if (row.is_null(column)) {
      packed_ += static_cast<char>(Tag::null);
    } else if (is_text(column)) {
      const std::string_view text = row.text(column);
      put<std::int32_t>(Tag::text, static_cast<std::int64_t>(text.size()));
      packed_ += text;
    } else {
      const std::int64_t value = row.integer(column);
      if (std::in_range<std::int8_t>(value)) put<std::int8_t>(Tag::byte, value);
      else if (std::in_range<std::int16_t>(value)) put<std::int16_t>(Tag::half, value);
      else if (std::in_range<std::int32_t>(value)) put<std::int32_t>(Tag::whole, value);
      else put<std::int64_t>(Tag::twice, value);
    }
  }

  std::vector<std::unique_ptr<char[]>> pieces_;
  char* free_ = nullptr;  // of the last piece
  std::size_t room_ = 0;
  std::string packed_;
  std::vector<Place> rows_;
  Unpacked unpacked_;
};

}  // namespace

State SqliteBook::state(std::string_view word, std::int64_t backorder) {
  const std::optional<State> state = parse_state(word);
  if (!state) db_->fail_corrupt("backorder " + std::to_string(backorder) + " is in an unknown state");
  return *state;
}

template <typename Row>
void SqliteBook::read_backorder(const Row& row, Backorder& backorder) {
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
  if (!row.is_null(12)) backorder.drop = Drop{row.time(12), row.optional_time(13), row.time(14), row.time(15), SourceId(row.integer(16))};
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
  Statement row = db_->statement(std::string(kColumns) + " FROM backorder WHERE application = ? ORDER BY id DESC LIMIT 1");
  row.bind(application);
  if (!row.step()) return std::nullopt;
  return read_backorder(row);
}

template <typename Visit>
void SqliteBook::each_row(const BackorderQuery& query, std::string_view from, std::string_view order, const Visit& visit) {
  Parameters parameters;
  const bool plain = is_plain_page(query) && query.limit > 0;
  const std::string where = where_of(query, parameters);
  std::string sql;
  sql.reserve(800);
  sql += kColumns;
  if (plain) {  // a page is found among narrow rows first, so that what lies before it is stepped over and not read
    sql += " FROM backorder WHERE id IN (SELECT id FROM backorder" + plain_where(query);
  } else {
    sql += from;
    sql += where;
  }
  std::vector<std::int64_t> window;
  sql += order;
  if (query.limit > 0) {
    const std::size_t bound = parameters.numbers.size() + parameters.texts.size();
    sql += " LIMIT ?" + std::to_string(bound + 1) + " OFFSET ?" + std::to_string(bound + 2);
    window = {query.limit, query.offset};
  }
  if (plain) sql += ")" + order_of(query);
  Statement row = db_->statement(sql);
  int bound = parameters.bind(row);
  for (const std::int64_t number : window) row.bind_at(++bound, number);
  while (row.step()) visit(row);
}

std::vector<Backorder> SqliteBook::backorders(const BackorderQuery& query) {
  const bool by_sqlite = is_sorted_by_sqlite(query);
  std::vector<Backorder> rows;
  each_row(query, from_of(index_for(query)), by_sqlite ? order_of(query) : "", [&](const Statement& row) { rows.push_back(read_backorder(row)); });
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
  ENSURE(index == Index::due || index == Index::held, "an index leads from customer to customer");
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
  found.as_read = rows;
  sort_rows(found.as_read, BackorderQuery::Order::id);
  sort_rows(rows, BackorderQuery::Order::customer);
  found.rows.customers = customers(owners);
  return found;
}

void SqliteBook::read_ahead(const BackorderQuery& query, std::size_t wanted) {
  require_unit();
  ahead_.reset();
  if (!reader_) {
    const OpenOptions options{.access = Access::read_only, .busy_timeout = busy_timeout_};
    reader_ = std::make_unique<SqliteBook>(std::make_unique<Connection>(db_->path(), options.access, options.busy_timeout), options);
  }
  ahead_.emplace(query, wanted, std::async(std::launch::async, [this, query, wanted] {
    const Snapshot one_state(*reader_->db_);
    return reader_->find_accounts(query, wanted);
  }));
}

bool SqliteBook::is_most(const BackorderQuery& query) {
  if (query.customer || query.after_customer) return false;
  return 4 * count_backorders(query) > db_->integer("SELECT ifnull(max(id), 0) FROM backorder");
}

void SqliteBook::each_backorder(const BackorderQuery& query, const std::function<void(const Backorder&)>& visit) {
  std::optional<Backorder> backorder;
  const auto give = [&](const auto& row) {
    if (!backorder) backorder = blank_backorder(currency(row.text(5)));
    read_backorder(row, *backorder);
    visit(*backorder);
  };
  if (query.order != BackorderQuery::Order::customer || is_sorted_by_sqlite(query)) {
    each_row(query, from_of(index_for(query)), order_of(query), give);
    return;
  }
  // Where most rows are asked for, the table read as it lies and sorted here is several times faster than each row looked up by an index.
  PackedRows packed(*db_);
  each_row(query, is_most(query) ? " FROM backorder NOT INDEXED" : from_of(index_for(query)), "", [&](const Statement& row) { packed.add(row); });
  packed.each_by_customer(give);
}

void SqliteBook::each_deposit(std::optional<CustomerId> customer, const std::function<void(const BackorderDeposit&)>& visit) {
  Statement row = db_->statement(std::string("SELECT id, customer_id, name, zone, currency, state, deposit_minor, attempt, provider_status, provider_status_at FROM backorder") +
                                 (customer ? " WHERE customer_id = ?" : "") + " ORDER BY id");
  if (customer) row.bind(*customer);
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
  Statement row = db_->statement("SELECT count(*) FROM backorder" + (is_plain_page(query) ? plain_where(query) : where));
  parameters.bind(row);
  row.step();
  return row.integer(0);
}

void SqliteBook::each_ended_application(const std::function<void(std::string_view, std::string_view)>& visit) {
  // In the order of the rows: by the index on applications every row would be looked up.
  Statement row = db_->statement("SELECT application, provider_status FROM backorder NOT INDEXED WHERE open_copy IS NULL AND application IS NOT NULL");
  while (row.step()) visit(row.text(0), row.text(1));
}

}  // namespace storage
