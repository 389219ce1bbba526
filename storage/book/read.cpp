#include <algorithm>
#include <limits>

#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

// Conditions and the values bound to them, in the same order.
class Conditions {
 public:
  void add(const std::string& condition) { sql_ += (sql_.empty() ? " WHERE " : " AND ") + condition; }
  void add(const std::string& condition, std::int64_t value) {
    add(condition);
    values_.push_back(value);
  }
  void of_backorder(BackorderId id) {
    // the index begins with it
    add("customer_id = (SELECT customer_id FROM backorder WHERE id = ?)", id.value());
    add("backorder_id = ?", id.value());
  }
  const std::string& sql() const { return sql_; }
  int bind(Statement& statement) const {
    int index = 0;
    for (const std::int64_t value : values_) statement.bind_at(++index, value);
    return index;
  }

 private:
  std::string sql_;
  std::vector<std::int64_t> values_;
};

namespace {

constexpr std::size_t kMostSingleAccounts = 500;  // then all are read at once: somebody is reading everything

constexpr std::string_view kCustomerColumns =
    "SELECT id, name, currency, tier, state, policy, timing, country, vat_id, opened_at, warned_minor FROM customer";

constexpr std::string_view kTransferColumns =
    "SELECT id, kind, debit_id, credit_id, amount_minor, recorded_at, effective_at, backorder_id, attempt, "
    "reverses_id, request_id, actor,"
    " memo FROM transfer";

constexpr std::string_view kCallColumns =
    "SELECT id, backorder_id, command, attempt, state, intent_at, answered_at, code, text, application FROM "
    "provider_call";

template <typename T>
T known(std::optional<T> (*parse)(std::string_view), const Connection& db, std::string_view what,
        std::string_view word) {
  const std::optional<T> value = parse(word);
  if (!value) db.fail_corrupt(std::string(what) + " '" + std::string(word) + "' is unknown to this program");
  return *value;
}

template <typename Id>
std::optional<Id> optional_id(std::optional<std::int64_t> value) {
  if (!value) return std::nullopt;
  return Id(*value);
}

// "kind IN ('a', 'b')" from our own words, which need no quoting.
template <typename Enum>
std::string word_list(const std::vector<Enum>& values) {
  std::string text;
  for (const Enum value : values) text += (text.empty() ? "'" : ", '") + std::string(to_word(value)) + "'";
  return text;
}

std::int64_t ms(UtcTime time) { return static_cast<std::int64_t>(time.time_since_epoch().count()); }

}  // namespace

// ---- words and rows ----

std::size_t SqliteBook::place_of_currency(std::string_view code) {
  const auto known = std::ranges::find(currencies_, code, &Currency::code);
  if (known == currencies_.end()) {
    const Result<Currency> parsed = Currency::parse(code);
    if (!parsed || parsed.value().code() != code)
      db_->fail_corrupt("currency '" + std::string(code) + "' is unknown to this program");
    currencies_.push_back(parsed.value());
    return currencies_.size() - 1;
  }
  return static_cast<std::size_t>(known - currencies_.begin());
}

SqliteBook::KeptAccount SqliteBook::read_account(const Statement& row) {
  const std::optional<AccountKind> kind = account_kind_from_code(row.integer(1));
  const std::int64_t id = row.integer(0);
  if (!kind || id < 1) db_->fail_corrupt("ledger account " + std::to_string(id) + " has an unknown kind");
  // ISO 4217 has fewer than 255
  KeptAccount account{.currency = static_cast<std::uint8_t>(place_of_currency(row.text(2)) + 1), .kind = *kind};
  if (belongs_to_customer(*kind)) {
    const std::int64_t customer = row.integer(3);
    if (customer < 1 || customer > std::numeric_limits<std::uint32_t>::max())
      db_->fail_corrupt("ledger account " + std::to_string(id) + " belongs to nobody");
    account.of = static_cast<std::uint32_t>(customer);
  } else {
    account.of = static_cast<std::uint32_t>(sources_.size());
    sources_.push_back(row.string(4));
  }
  return account;
}

void SqliteBook::keep_accounts() {
  Statement row =
      db_->statement("SELECT id, kind, currency, customer_id, source FROM ledger_account WHERE id > ? ORDER BY id");
  row.bind(accounts_kept_);
  while (row.step()) {
    const std::int64_t id = row.integer(0);
    if (id > std::ssize(accounts_) + 100'000'000)
      db_->fail_corrupt("ledger account " + std::to_string(id) + " is numbered far beyond the others");
    accounts_.resize(static_cast<std::size_t>(id) + 1);
    accounts_.back() = read_account(row);
    accounts_kept_ = id;
  }
  single_accounts_.clear();
}

const SqliteBook::KeptAccount& SqliteBook::kept_account(std::int64_t id) {
  if (id > accounts_kept_ && single_accounts_.size() >= kMostSingleAccounts) keep_accounts();
  if (id >= 1 && id <= accounts_kept_ && accounts_[static_cast<std::size_t>(id)].currency != 0)
    return accounts_[static_cast<std::size_t>(id)];
  if (const auto known = single_accounts_.find(id); known != single_accounts_.end()) return known->second;
  Statement row = db_->statement("SELECT id, kind, currency, customer_id, source FROM ledger_account WHERE id = ?");
  row.bind(id);
  if (!row.step()) db_->fail_corrupt("ledger account " + std::to_string(id) + " does not exist");
  return single_accounts_.emplace(id, read_account(row)).first->second;
}

LedgerAccountKey SqliteBook::account(std::int64_t id) {
  const KeptAccount& kept = kept_account(id);
  if (belongs_to_customer(kept.kind)) return {kept.kind, currency_of(kept), CustomerId(kept.of), {}};
  return {kept.kind, currency_of(kept), {}, sources_[static_cast<std::size_t>(kept.of)]};
}

void SqliteBook::KeptBalances::add(const Statement& row) {
  known = true;
  switch (row.integer(1)) {
    case static_cast<std::int64_t>(AccountKind::available):
      available = row.integer(2);
      floor = row.integer(3);
      break;
    case static_cast<std::int64_t>(AccountKind::reserved):
      reserved = row.integer(2);
      break;
    default:
      receivable = row.integer(2);
      break;
  }
}

Customer SqliteBook::read_customer(const Statement& row) {
  KeptBalances kept;
  Statement balances =
      db_->statement("SELECT customer_id, kind, balance_minor, floor_minor FROM ledger_account WHERE customer_id = ?");
  balances.bind(row.integer(0));
  while (balances.step()) kept.add(balances);
  return read_customer(row, kept);
}

Customer SqliteBook::read_customer(const Statement& row, const KeptBalances& kept) {
  if (!kept.known) db_->fail_corrupt("account " + row.string(1) + " has no balances");
  const Currency unit = currency(row.text(2));
  const auto money = [unit](std::int64_t minor) { return Money::of_minor(minor, unit); };
  std::optional<FundingPolicy> policy;
  if (!row.is_null(5)) policy = known(parse_funding_policy, *db_, "policy", row.text(5));
  std::optional<VoidTiming> timing;
  if (!row.is_null(6)) timing = known(parse_void_timing, *db_, "timing", row.text(6));
  return {.id = CustomerId(row.integer(0)),
          .name = row.string(1),
          .currency = unit,
          .tier = row.string(3),
          .state = known(parse_account_state, *db_, "account state", row.text(4)),
          .policy = policy,
          .timing = timing,
          .country = row.string(7),
          .vat_id = row.string(8),
          .opened_at = row.time(9),
          .available = money(kept.available),
          .reserved = money(kept.reserved),
          .credit_limit = money(-kept.floor),
          .owed = money(-kept.receivable),
          .warned = money(row.integer(10))};
}

void SqliteBook::read_transfer(const Statement& row, Transfer& transfer) {
  const std::int64_t debit = row.integer(2), credit = row.integer(3);
  // transfers reach accounts in no order: fetched while the other columns are read
  for (const std::int64_t id : {debit, credit}) {
    if (id >= 1 && id <= accounts_kept_) __builtin_prefetch(&accounts_[static_cast<std::size_t>(id)]);
  }
  transfer.id = TransferId(row.integer(0));
  transfer.kind = known(parse_transfer_kind, *db_, "transfer kind", row.text(1));
  transfer.recorded_at = row.time(5);
  transfer.effective_at = row.time(6);
  transfer.backorder = optional_id<BackorderId>(row.optional_integer(7));
  transfer.attempt = static_cast<int>(row.optional_integer(8).value_or(0));
  transfer.reverses = optional_id<TransferId>(row.optional_integer(9));
  transfer.request = optional_id<RequestId>(row.optional_integer(10));
  transfer.actor = row.text(11);
  transfer.memo = row.text(12);
  transfer.debit = account(debit);
  transfer.credit = account(credit);
  transfer.amount = Money::of_minor(row.integer(4), transfer.debit.currency);
}

Transfer SqliteBook::read_transfer(const Statement& row) {
  const LedgerAccountKey debit = account(row.integer(2));
  Transfer transfer{.id = TransferId(row.integer(0)),
                    .kind = TransferKind::pay_in,
                    .debit = debit,
                    .credit = debit,
                    .amount = Money::zero(debit.currency),
                    .recorded_at = row.time(5),
                    .effective_at = row.time(6),
                    .attempt = 0};
  read_transfer(row, transfer);
  return transfer;
}

ProviderCall SqliteBook::read_call(Statement& row) {
  return {.id = row.integer(0),
          .backorder = BackorderId(row.integer(1)),
          .command = known(parse_call_command, *db_, "command", row.text(2)),
          .attempt = static_cast<int>(row.integer(3)),
          .state = known(parse_call_state, *db_, "call state", row.text(4)),
          .intent_at = row.time(5),
          .answered_at = row.optional_time(6),
          .code = static_cast<int>(row.integer(7)),
          .text = row.string(8),
          .application = row.string(9)};
}

// ---- the book ----

std::unique_ptr<SqliteBook> SqliteBook::another() const {
  const OpenOptions options{.access = Access::read_only, .busy_timeout = busy_timeout_};
  auto connection = std::make_unique<Connection>(db_->path(), options.access, options.busy_timeout);
  connection->execute("PRAGMA cache_size = -8192");  // KiB: what it reads, it reads once
  return std::make_unique<SqliteBook>(std::move(connection), options);
}

void SqliteBook::forget_what_changed() {
  settings_.reset();
  price_list_.reset();
  schedules_.reset();
  accounts_.clear();
  sources_.clear();
  accounts_kept_ = 0;
  single_accounts_.clear();
  operator_accounts_.clear();
  last_recorded_ = last_request_ = last_transfer_ = last_event_ = std::nullopt;
  last_seal_.reset();
}

void SqliteBook::note_outside_changes() {
  if (looked_outside_) return;
  looked_outside_ = in_unit_;
  const std::int64_t version = db_->integer("PRAGMA data_version");
  if (version != data_version_) forget_what_changed();
  data_version_ = version;
}

std::optional<std::int64_t> SqliteBook::last_recorded_ms() {
  Statement row = db_->statement(
      "SELECT max(ifnull((SELECT recorded_at FROM transfer ORDER BY id DESC LIMIT 1), -1),"
      " ifnull((SELECT recorded_at FROM event ORDER BY id DESC LIMIT 1), -1),"
      " ifnull((SELECT recorded_at FROM request ORDER BY id DESC LIMIT 1), -1))");
  row.step();
  const std::int64_t last = row.integer(0);
  if (last < 0) return std::nullopt;
  return last;
}

BookInfo SqliteBook::own_row() {
  Statement row = db_->statement("SELECT made_at, rehearsal, closed_until FROM book");
  if (!row.step()) db_->fail_corrupt("the book's own row is missing");
  BookInfo info;
  info.made_at = row.time(0);
  info.rehearsal = row.flag(1);
  info.closed_until = row.optional_time(2);
  return info;
}

BookInfo SqliteBook::book() {
  BookInfo info = own_row();
  if (const auto last = last_recorded_ms()) info.last_recorded = UtcTime(Milliseconds(*last));
  info.schema = static_cast<int>(db_->integer("PRAGMA user_version"));
  return info;
}

const Settings& SqliteBook::settings() {
  note_outside_changes();
  if (settings_) return *settings_;
  Settings settings;
  Statement row = db_->statement("SELECT name, value FROM setting");
  while (row.step()) {
    const std::optional<Status> read = read_setting(settings, row.text(0), row.text(1));
    if (!read || !*read) db_->fail_corrupt("setting '" + row.string(0) + "' = '" + row.string(1) + "' cannot be read");
  }
  return settings_.emplace(std::move(settings));
}

const PriceList& SqliteBook::price_list() {
  note_outside_changes();
  if (price_list_) return *price_list_;
  std::vector<Price> prices;
  Statement row = db_->statement(
      "SELECT zone, tier, currency, amount_minor, valid_from, valid_to FROM price ORDER BY zone, tier, currency, "
      "valid_from");
  while (row.step()) {
    prices.push_back({row.string(0), row.string(1), Money::of_minor(row.integer(3), currency(row.text(2))), row.time(4),
                      row.optional_time(5)});
  }
  price_list_.emplace(std::move(prices));
  return *price_list_;
}

const Schedules& SqliteBook::schedules() {
  note_outside_changes();
  if (schedules_) return *schedules_;
  std::vector<ZoneSchedule> own;
  Statement row = db_->statement(
      "SELECT zone, kind, time_zone, batch_times, job_lead_ms, deposit_lead_ms, deposit_gap_ms, finalization_lead_ms, "
      "submit_lead_ms, source,"
      " confidence FROM schedule ORDER BY zone");
  while (row.step()) {
    ZoneSchedule schedule;
    schedule.zone = row.string(0);
    const Result<DropKind> kind = parse_drop_kind(row.text(1));
    if (!kind) db_->fail_corrupt("schedule of '" + schedule.zone + "' has an unknown kind");
    schedule.kind = kind.value();
    schedule.time_zone = row.string(2);
    const std::string times = row.string(3);
    for (std::size_t at = 0; at < times.size();) {
      const std::size_t end = std::min(times.find(',', at), times.size());
      schedule.batch_times.emplace_back(std::stoll(times.substr(at, end - at)));
      at = end + 1;
    }
    schedule.job_lead = Milliseconds(row.integer(4));
    schedule.deposit_lead = Milliseconds(row.integer(5));
    schedule.deposit_gap = Milliseconds(row.integer(6));
    schedule.finalization_lead = Milliseconds(row.integer(7));
    if (const auto lead = row.optional_integer(8)) schedule.submit_lead = Milliseconds(*lead);
    schedule.source = row.string(9);
    schedule.confidence = row.string(10);
    own.push_back(std::move(schedule));
  }
  schedules_.emplace(own);
  return *schedules_;
}

std::vector<TaxRate> SqliteBook::tax_rates() {
  std::vector<TaxRate> rates;
  Statement row = db_->statement("SELECT country, rate_bp, valid_from FROM tax_rate ORDER BY country, valid_from");
  while (row.step()) rates.push_back({row.string(0), row.integer(1), row.time(2)});
  return rates;
}

std::vector<std::string> SqliteBook::stopped_zones() {
  std::vector<std::string> zones;
  Statement row = db_->statement("SELECT zone FROM stopped_zone ORDER BY zone");
  while (row.step()) zones.push_back(row.string(0));
  return zones;
}

// ---- customers ----

std::optional<Customer> SqliteBook::customer(CustomerId id) {
  Statement row = db_->statement(std::string(kCustomerColumns) + " WHERE id = ?");
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return read_customer(row);
}

std::optional<Customer> SqliteBook::customer(std::string_view name) {
  if (in_unit_) {
    if (const auto found = named_.find(std::string(name)); found != named_.end()) return found->second;
  }
  Statement row = db_->statement(std::string(kCustomerColumns) + " WHERE name = ?");
  row.bind(name);
  if (!row.step()) return std::nullopt;
  Customer customer = read_customer(row);
  if (in_unit_) named_.emplace(name, customer);
  return customer;
}

std::vector<Customer> SqliteBook::customers() {
  // Two tables side by side, as they lie: joined, each balance would be looked up by two indexes.
  // by customer
  std::vector<KeptBalances> kept(static_cast<std::size_t>(db_->integer("SELECT ifnull(max(id), 0) FROM customer")) + 1);
  {
    Statement row = db_->statement(
        "SELECT customer_id, kind, balance_minor, floor_minor FROM ledger_account WHERE customer_id IS NOT NULL ORDER "
        "BY id");
    while (row.step()) {
      const auto place = static_cast<std::size_t>(row.integer(0));
      if (place < kept.size()) kept[place].add(row);  // else of nobody: verify says so
    }
  }
  std::vector<Customer> customers;
  Statement row = db_->statement(std::string(kCustomerColumns) + " ORDER BY id");
  while (row.step()) customers.push_back(read_customer(row, kept[static_cast<std::size_t>(row.integer(0))]));
  return customers;
}

std::vector<Customer> SqliteBook::customers(std::span<const CustomerId> ids) {
  std::vector<CustomerId> wanted(ids.begin(), ids.end());
  std::ranges::sort(wanted);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::vector<Customer> customers;
  customers.reserve(wanted.size());
  Statement row = db_->statement(std::string(kCustomerColumns) + " WHERE id = ?");
  for (const CustomerId id : wanted) {
    row.bind(id);
    if (row.step()) customers.push_back(read_customer(row));
    row.reset();
  }
  return customers;
}

std::vector<std::string> SqliteBook::names_of_customers() {
  std::vector<std::string> names(static_cast<std::size_t>(db_->integer("SELECT ifnull(max(id), 0) FROM customer")) + 1);
  Statement row = db_->statement("SELECT id, name FROM customer ORDER BY id");
  while (row.step()) names[static_cast<std::size_t>(row.integer(0))] = row.text(1);
  return names;
}

// ---- users ----

namespace {

constexpr std::string_view kUserColumns =
    "SELECT id, login, customer_id, password_hash, enabled, created_at, changed_at FROM user";

User read_user(const Statement& row) {
  return {.id = row.integer(0),
          .login = row.string(1),
          .customer = CustomerId(row.integer(2)),
          .password_hash = row.string(3),
          .enabled = row.flag(4),
          .created_at = row.time(5),
          .changed_at = row.time(6)};
}

}  // namespace

std::optional<User> SqliteBook::user(std::string_view login) {
  Statement row = db_->statement(std::string(kUserColumns) + " WHERE login = ?");
  row.bind(login);
  if (!row.step()) return std::nullopt;
  return read_user(row);
}

std::vector<User> SqliteBook::users() {
  std::vector<User> users;
  Statement row = db_->statement(std::string(kUserColumns) + " ORDER BY login");
  while (row.step()) users.push_back(read_user(row));
  return users;
}

// ---- requests and transfers ----

std::optional<StoredRequest> SqliteBook::request(std::string_view sender, std::string_view key) {
  Statement row =
      db_->statement("SELECT id, sender, key, content, answer, recorded_at FROM request WHERE sender = ? AND key = ?");
  row.bind(sender, key);
  if (!row.step()) return std::nullopt;
  return StoredRequest{
      {row.string(1), row.string(2), row.string(3), row.string(4)}, RequestId(row.integer(0)), row.time(5)};
}

bool SqliteBook::has_requests(std::string_view sender, std::string_view key_beginning) {
  ENSURE(!key_beginning.empty() && static_cast<unsigned char>(key_beginning.back()) < 127,
         "the beginning of a key ends in ASCII");
  std::string after(key_beginning);
  ++after.back();
  Statement row = db_->statement("SELECT 1 FROM request WHERE sender = ? AND key >= ? AND key < ? LIMIT 1");
  row.bind(sender, key_beginning, after);
  return row.step();
}
std::optional<StoredRequest> SqliteBook::request(RequestId id) {
  Statement row = db_->statement("SELECT id, sender, key, content, answer, recorded_at FROM request WHERE id = ?");
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return StoredRequest{
      {row.string(1), row.string(2), row.string(3), row.string(4)}, RequestId(row.integer(0)), row.time(5)};
}

std::optional<Transfer> SqliteBook::transfer(TransferId id) {
  Statement row = db_->statement(std::string(kTransferColumns) + " WHERE id = ?");
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return read_transfer(row);
}

std::int64_t SqliteBook::first_id_at(std::string_view time_of_id_sql, std::int64_t last_id, UtcTime at) {
  Statement row = db_->statement(time_of_id_sql);
  std::int64_t low = 1, high = last_id + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    row.bind(middle);
    if (!row.step())
      db_->fail_corrupt("row " + std::to_string(middle) + " of " + std::to_string(last_id) + " is missing");
    const bool before = row.time(0) < at;
    row.reset();
    if (before)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void SqliteBook::each_transfer(const TransferQuery& query, const std::function<void(const Transfer&)>& visit) {
  constexpr std::string_view time_sql = "SELECT recorded_at FROM transfer WHERE id = ?";
  Conditions where;
  if (query.customer) where.add("customer_id = ?", query.customer->value());
  if (query.backorder) where.of_backorder(*query.backorder);
  if (query.request) where.add("request_id = ?", query.request->value());
  if (query.reverses) where.add("reverses_id = ?", query.reverses->value());
  if (!query.kinds.empty()) where.add("kind IN (" + word_list(query.kinds) + ")");
  if (query.by_effective) {
    if (query.from) where.add("effective_at >= ?", ms(*query.from));
    if (query.to) where.add("effective_at < ?", ms(*query.to));
  } else if (query.from || query.to) {
    const std::int64_t last = db_->integer("SELECT ifnull(max(id), 0) FROM transfer");
    if (query.from) where.add("id >= ?", first_id_at(time_sql, last, *query.from));
    if (query.to) where.add("id < ?", first_id_at(time_sql, last, *query.to));
  }
  if (query.after_id > 0) where.add("id > ?", query.after_id);
  Statement row = db_->statement(std::string(kTransferColumns) + where.sql() + " ORDER BY id LIMIT ?");
  const int bound = where.bind(row);
  row.bind_at(bound + 1, query.limit > 0 ? query.limit : -1);
  if (!row.step()) return;
  Transfer transfer = read_transfer(row);
  visit(transfer);
  while (row.step()) {
    read_transfer(row, transfer);
    visit(transfer);
  }
}

void SqliteBook::each_deposit_transfer(std::optional<CustomerId> customer,
                                       const std::function<void(const DepositTransfer&)>& visit) {
  // The kind is looked at here: a list of words costs SQLite more than the few rows of other kinds.
  Statement row = db_->statement(std::string("SELECT id, kind, debit_id, amount_minor, recorded_at, effective_at, "
                                             "backorder_id, attempt, actor FROM transfer") +
                                 (customer ? " WHERE customer_id = ?" : "") + " ORDER BY id");
  if (customer) row.bind(*customer);
  while (row.step()) {
    const TransferKind kind = known(parse_transfer_kind, *db_, "transfer kind", row.text(1));
    if (!moves_deposit(kind)) continue;
    visit({.id = TransferId(row.integer(0)),
           .kind = kind,
           .backorder = BackorderId(row.integer(6)),
           .attempt = static_cast<int>(row.integer(7)),
           .amount = Money::of_minor(row.integer(3), currency_of(kept_account(row.integer(2)))),
           .recorded_at = row.time(4),
           .effective_at = row.time(5),
           .actor = row.text(8)});
  }
}

// ---- log, cases, calls ----

Conditions SqliteBook::conditions(const EventQuery& query) {
  constexpr std::string_view time_sql = "SELECT recorded_at FROM event WHERE id = ?";
  Conditions where;
  if (query.customer) where.add("customer_id = ?", query.customer->value());
  if (query.backorder) where.of_backorder(*query.backorder);
  if (!query.kinds.empty()) where.add("kind IN (" + word_list(query.kinds) + ")");
  if (query.from || query.to) {
    const std::int64_t last = db_->integer("SELECT ifnull(max(id), 0) FROM event");
    if (query.from) where.add("id >= ?", first_id_at(time_sql, last, *query.from));
    if (query.to) where.add("id < ?", first_id_at(time_sql, last, *query.to));
  }
  if (query.after_id > 0) where.add("id > ?", query.after_id);
  if (query.queue_of) {
    const std::span<const EventKind> kinds = events_for_customers();
    where.add("kind IN (" + word_list(std::vector(kinds.begin(), kinds.end())) + ")");
    where.add("id > (SELECT done_through FROM user WHERE id = ?)", *query.queue_of);
    where.add("NOT EXISTS (SELECT 1 FROM event_done WHERE user_id = ? AND event_id = event.id)", *query.queue_of);
  }
  return where;
}

void SqliteBook::each_event(const EventQuery& query, const std::function<void(const LoggedEvent&)>& visit) {
  const Conditions where = conditions(query);
  Statement row = db_->statement(
      "SELECT id, recorded_at, kind, customer_id, backorder_id, from_state, to_state, reason, actor, detail FROM "
      "event" +
      where.sql() + " ORDER BY id LIMIT ? OFFSET ?");
  const int bound = where.bind(row);
  row.bind_at(bound + 1, query.limit > 0 ? query.limit : -1);
  row.bind_at(bound + 2, query.offset);
  while (row.step()) {
    const auto state_at = [&](int column) -> std::optional<State> {
      if (row.is_null(column)) return std::nullopt;
      return known(parse_state, *db_, "state", row.text(column));
    };
    std::optional<Reason> reason;
    if (!row.is_null(7)) reason = known(parse_reason, *db_, "reason", row.text(7));
    visit(LoggedEvent{
        {known(parse_event_kind, *db_, "event", row.text(2)), optional_id<CustomerId>(row.optional_integer(3)),
         optional_id<BackorderId>(row.optional_integer(4)), state_at(5), state_at(6), reason, row.string(9)},
        row.integer(0),
        row.time(1),
        row.string(8)});
  }
}

std::int64_t SqliteBook::count_events(const EventQuery& query) {
  const Conditions where = conditions(query);
  Statement row = db_->statement("SELECT count(*) FROM event" + where.sql());
  where.bind(row);
  row.step();
  return row.integer(0);
}

std::vector<Case> SqliteBook::cases(const CaseQuery& query) {
  Conditions where;
  if (query.id) where.add("id = ?", query.id->value());
  if (query.open_only) where.add("closed_at IS NULL");
  if (query.backorder) where.add("backorder_id = ?", query.backorder->value());
  if (query.kind) where.add("kind = '" + std::string(to_word(*query.kind)) + "'");
  Statement row = db_->statement(
      "SELECT id, kind, customer_id, backorder_id, subject, detail, opened_at, closed_at, closed_by, resolution FROM "
      "case_file" +
      where.sql() + " ORDER BY id");
  where.bind(row);
  std::vector<Case> cases;
  while (row.step()) {
    cases.push_back(
        {{known(parse_case_kind, *db_, "case", row.text(1)), optional_id<CustomerId>(row.optional_integer(2)),
          optional_id<BackorderId>(row.optional_integer(3)), row.string(4), row.string(5)},
         CaseId(row.integer(0)),
         row.time(6),
         row.optional_time(7),
         row.string(8),
         row.string(9)});
  }
  return cases;
}

std::vector<ProviderCall> SqliteBook::calls(BackorderId backorder) {
  Statement row = db_->statement(std::string(kCallColumns) + " WHERE backorder_id = ? ORDER BY id");
  row.bind(backorder);
  std::vector<ProviderCall> calls;
  while (row.step()) calls.push_back(read_call(row));
  return calls;
}

std::vector<ProviderCall> SqliteBook::open_calls() {
  Statement row =
      db_->statement(std::string(kCallColumns) + " WHERE state = 'intent' OR state = 'unknown' ORDER BY id");
  std::vector<ProviderCall> calls;
  while (row.step()) calls.push_back(read_call(row));
  return calls;
}

std::vector<Evidence> SqliteBook::evidence(BackorderId backorder) {
  Statement row = db_->statement("SELECT status, raw, recorded_at FROM evidence WHERE backorder_id = ? ORDER BY id");
  row.bind(backorder);
  std::vector<Evidence> evidence;
  while (row.step()) evidence.push_back({backorder, row.string(0), row.string(1), row.time(2)});
  return evidence;
}

std::vector<Money> SqliteBook::purse_warnings() {
  std::vector<Money> warnings;
  Statement row = db_->statement("SELECT currency, short_minor FROM purse_warning ORDER BY currency");
  while (row.step()) warnings.push_back(Money::of_minor(row.integer(1), currency(row.text(0))));
  return warnings;
}

}  // namespace storage
