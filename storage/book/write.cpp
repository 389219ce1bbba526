// apply(): first everything that may be refused is looked at, then everything is written. After refuse() nothing is
// refused any more; a constraint that breaks then is a defect of the program (engine::InvariantError) and the unit of
// work is rolled back.

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <tuple>

#include "storage/book/book.hpp"
#include "storage/book/seal.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

std::int64_t ms(UtcTime time) { return static_cast<std::int64_t>(time.time_since_epoch().count()); }

std::int64_t added(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  ENSURE(!__builtin_add_overflow(a, b, &sum), "a balance fits 64 bits");
  return sum;
}

}  // namespace

// A ledger account that this apply() touches: looked up once, its balance written once.
struct SqliteBook::MovingAccount {
  LedgerAccountKey key;
  std::optional<std::int64_t> id;       // absent: made in write_transfers
  std::int64_t balance = 0, floor = 0;  // of customers' accounts
  std::int64_t delta = 0;               // credits - debits
  CanonicalBytes sealed_as{};
};

struct SqliteBook::Writing {
  const Changes& changes;
  const Authorship& stamp;
  std::int64_t recorded = 0;
  std::vector<MovingAccount> accounts{};
  std::unordered_map<std::uint64_t, std::size_t> of_customer{};  // customer × kind → accounts[]
  std::map<LedgerAccountKey, std::size_t> of_operator{};
  std::vector<std::pair<std::size_t, std::size_t>> sides{};  // debit and credit of every transfer
  std::vector<NewEvent> opened_cases{};

  bool moves_or_changes_customers() const {
    return !accounts.empty() || !changes.new_customers.empty() || !changes.customers.empty();
  }
};

// ---- units of work ----

SqliteBook::SqliteBook(std::unique_ptr<Connection> connection, const OpenOptions& options)
    : db_(std::move(connection)), access_(options.access), busy_timeout_(options.busy_timeout), turn_(db_->path()) {}

void SqliteBook::require_unit() const {
  ENSURE(in_unit_, "a change is made inside a unit of work");
  if (access_ == Access::read_only)
    throw StorageError({ErrorCode::database_read_only, db_->path() + ": opened for reading only"});
}

void SqliteBook::begin_snapshot() {
  ENSURE(!in_unit_, "snapshots are not nested");
  in_unit_ = true;
  begin_with("BEGIN");
}

void SqliteBook::begin() {
  ENSURE(!in_unit_, "units of work are not nested");
  ENSURE(access_ == Access::read_write, "a book opened to read takes no unit of work");
  if (!turn_.take(busy_timeout_)) {
    throw StorageError(
        {ErrorCode::database_busy, db_->path() + ": another process is writing: try again, or wait longer for it"});
  }
  in_unit_ = true;
  begin_with("BEGIN IMMEDIATE");
}

void SqliteBook::begin_with(const char* sql) {
  try {
    db_->statement(sql).run();
    note_outside_changes();  // its read is the first: with it a reader's snapshot begins
  } catch (...) {
    rollback();
    throw;
  }
}

void SqliteBook::forget_unit() {
  ahead_.reset();
  as_read_.clear();
  unsealed_.reset();
  sealing_.reset();
  named_.clear();
  next_customer_ = next_backorder_ = next_call_ = std::nullopt;
  looked_outside_ = false;
}

void SqliteBook::commit() {
  ENSURE(in_unit_, "a unit of work was begun");
  try {
    start_seal(std::launch::deferred);
    finish_seal();
    db_->statement("COMMIT").run();
  } catch (...) {
    rollback();
    throw;
  }
  end_unit();
  db_->checkpoint_when_due();
}

void SqliteBook::end_unit() {
  in_unit_ = false;
  forget_unit();
  turn_.give_back();
}

void SqliteBook::rollback() {
  if (!in_unit_) return;
  in_unit_ = false;
  ahead_.reset();  // what decides ahead may look at what is forgotten next
  forget_what_changed();
  if (db_->in_transaction()) db_->execute("ROLLBACK");  // SQLite ends it itself when the disk fails
  end_unit();
}

std::int64_t SqliteBook::next_id(std::optional<std::int64_t>& counter, std::string_view last_sql) {
  require_unit();
  counter = (counter ? *counter : db_->integer(last_sql)) + 1;
  return *counter;
}
CustomerId SqliteBook::next_customer_id() {
  return CustomerId(next_id(next_customer_, "SELECT ifnull(max(id), 0) FROM customer"));
}
BackorderId SqliteBook::next_backorder_id() {
  return BackorderId(next_id(next_backorder_, "SELECT ifnull(max(id), 0) FROM backorder"));
}
std::int64_t SqliteBook::next_call_id() { return next_id(next_call_, "SELECT ifnull(max(id), 0) FROM provider_call"); }

Status SqliteBook::apply(const Changes& changes, const Authorship& stamp) {
  require_unit();
  if (changes.empty()) return Unit{};
  Writing writing{.changes = changes, .stamp = stamp};
  if (!last_recorded_) last_recorded_ = last_recorded_ms().value_or(0);
  writing.recorded = std::max(ms(stamp.now), *last_recorded_);
  if (const std::optional<Error> refused = refuse(writing)) return *refused;
  last_recorded_ = writing.recorded;
  write_requests(writing);
  write_customers(writing);
  // Calls before the backorders that name them: while a reference is open SQLite looks through all backorders for each
  // call that is written.
  if (changes.new_backorders.empty()) write_calls(writing);
  write_backorders(writing);
  if (!changes.new_backorders.empty()) write_calls(writing);
  write_transfers(writing);
  write_balances(writing);
  write_cases(writing);
  write_events(writing);
  write_tables(writing);
  write_users(writing);
  if (writing.moves_or_changes_customers()) named_.clear();
  if (unsealed_ && *last_request_ + 1 - unsealed_->first_request + *last_transfer_ + 1 - unsealed_->first_transfer >=
                       kMostUnsealed) {
    start_seal(std::launch::async);
  }
  return Unit{};
}

// ---- what may be refused ----

std::optional<Error> SqliteBook::refuse(Writing& writing) {
  const Changes& changes = writing.changes;
  ENSURE(changes.requests.size() <= 1 || changes.transfers.empty(), "a transfer belongs to one request");
  for (const NewRequest& made : changes.requests) {
    if (!made.is_new && request(made.sender, made.key)) {
      return Error{ErrorCode::request_id_reused,
                   "request '" + made.key + "' of " + made.sender + " was answered before"};
    }
  }
  for (const auto& [setting, value] : changes.settings) {
    if (const Status checked = check_setting(setting, value); !checked) return checked.error();
  }
  for (const Customer& added_customer : changes.new_customers) {
    if (customer(added_customer.name))
      return Error{ErrorCode::account_exists, "account " + added_customer.name + " exists already"};
  }
  if (const std::optional<UtcTime> closed = changes.transfers.empty() ? std::nullopt : own_row().closed_until) {
    for (const NewTransfer& transfer : changes.transfers) {
      const std::int64_t effective = transfer.effective_at ? ms(*transfer.effective_at) : writing.recorded;
      if (effective >= ms(*closed)) continue;
      return Error{ErrorCode::period_closed, "the books are closed before " + to_string(*closed) + ": a transfer of " +
                                                 to_string_with_code(transfer.amount) + " effective " +
                                                 to_string(UtcTime(Milliseconds(effective))) + " is too late"};
    }
  }
  if (!changes.new_backorders.empty()) {
    std::set<std::int64_t> ending;
    for (const Backorder& row : changes.backorders) {
      if (is_final(row.state)) ending.insert(row.id.value());
    }
    std::set<std::tuple<CustomerId, std::string_view, int>> placed;
    Statement open = db_->statement(
        "SELECT id FROM backorder INDEXED BY backorder_on_name WHERE name = ? AND by_customer > ? AND by_customer < ? "
        "AND open_copy = ?");
    for (const Backorder& row : changes.new_backorders) {
      if (is_final(row.state)) continue;
      const auto [before, after] = keys_around(row.customer);
      open.bind(row.name.ace(), before, after, row.copy);
      const bool taken = open.step() && !ending.contains(open.integer(0));
      open.reset();
      if (taken || !placed.emplace(row.customer, row.name.ace(), row.copy).second) {
        return Error{ErrorCode::impossible_step, "account " + std::to_string(row.customer.value()) +
                                                     " has an open backorder for " + row.name.ace() + " (copy " +
                                                     std::to_string(row.copy) + ") already"};
      }
    }
  }
  for (const CaseClosing& closing : changes.closed_cases) {
    Statement open = db_->statement("SELECT 1 FROM case_file WHERE id = ? AND closed_at IS NULL");
    open.bind(closing.id);
    if (!open.step())
      return Error{ErrorCode::case_not_open, "case " + std::to_string(closing.id.value()) + " is not open"};
  }
  for (const NewTransfer& transfer : changes.transfers) {
    if (!transfer.reverses) continue;
    Statement before = db_->statement("SELECT id FROM transfer WHERE reverses_id = ? AND kind = ?");
    const std::string kind(to_word(transfer.kind));
    before.bind(*transfer.reverses, kind);
    if (before.step()) {
      return Error{ErrorCode::already_reversed, "transfer " + std::to_string(transfer.reverses->value()) +
                                                    " was undone by transfer " + std::to_string(before.integer(0))};
    }
  }
  if (std::optional<Error> refused = gather_accounts(writing)) return refused;
  return check_floors(writing);
}

std::size_t SqliteBook::moving_account(Writing& writing, const LedgerAccountKey& key) {
  ENSURE(key.customer.has_value() == belongs_to_customer(key.kind),
         "a customer's account names its customer, another does not");
  if (!key.customer) {
    const auto [place, added_now] = writing.of_operator.try_emplace(key, writing.accounts.size());
    if (!added_now) return place->second;
    MovingAccount account{.key = key, .id = std::nullopt};
    const auto known = operator_accounts_.find(key);
    if (known != operator_accounts_.end()) {
      account.id = known->second;
    } else {
      Statement row = db_->statement(
          "SELECT id FROM ledger_account WHERE kind = ? AND currency = ? AND source = ? AND customer_id IS NULL");
      row.bind(static_cast<std::int64_t>(key.kind), key.currency.code(), key.source);
      if (row.step()) account.id = row.integer(0);
    }
    append_account(account.sealed_as, key);
    writing.accounts.push_back(std::move(account));
    return place->second;
  }
  const std::uint64_t number =
      (static_cast<std::uint64_t>(key.customer->value()) << 16U) | static_cast<std::uint64_t>(key.kind);
  const auto [place, added_now] = writing.of_customer.try_emplace(number, writing.accounts.size());
  if (!added_now) {
    ENSURE(writing.accounts[place->second].key.currency == key.currency, "a customer has one currency");
    return place->second;
  }
  MovingAccount account{.key = key, .id = std::nullopt};
  Statement row = db_->statement(
      "SELECT id, balance_minor, floor_minor, currency FROM ledger_account WHERE customer_id = ? AND kind = ?");
  row.bind(*key.customer, static_cast<std::int64_t>(key.kind));
  if (row.step()) {
    ENSURE(row.text(3) == key.currency.code(), "a customer has one currency");
    account.id = row.integer(0);
    account.balance = row.integer(1);
    account.floor = row.optional_integer(2).value_or(0);
  }
  append_account(account.sealed_as, key);
  writing.accounts.push_back(std::move(account));
  return place->second;
}

std::optional<Error> SqliteBook::gather_accounts(Writing& writing) {
  const Changes& changes = writing.changes;
  for (const Customer& made : changes.new_customers) {
    ENSURE(made.available.is_zero() && made.reserved.is_zero() && made.owed.is_zero(),
           "an account opens with balance zero");
    const std::size_t available = moving_account(writing, {AccountKind::available, made.currency, made.id, {}});
    writing.accounts[available].floor = -made.credit_limit.minor();
    moving_account(writing, {AccountKind::reserved, made.currency, made.id, {}});
  }
  writing.sides.reserve(changes.transfers.size());
  for (const NewTransfer& transfer : changes.transfers) {
    ENSURE(transfer.amount.is_positive() && transfer.amount.minor() <= kMaxAmountMinor,
           "a transfer's amount is above zero and under the cap");
    ENSURE(
        transfer.debit.currency == transfer.amount.currency() && transfer.credit.currency == transfer.amount.currency(),
        "a transfer has one currency");
    const std::size_t debit = moving_account(writing, transfer.debit);
    const std::size_t credit = moving_account(writing, transfer.credit);
    ENSURE(debit != credit, "a transfer has two accounts");
    writing.accounts[debit].delta = added(writing.accounts[debit].delta, -transfer.amount.minor());
    writing.accounts[credit].delta = added(writing.accounts[credit].delta, transfer.amount.minor());
    writing.sides.emplace_back(debit, credit);
  }
  for (const Customer& changed : changes.customers) {
    const std::size_t place = moving_account(writing, {AccountKind::available, changed.currency, changed.id, {}});
    MovingAccount& account = writing.accounts[place];
    const std::int64_t floor = -changed.credit_limit.minor();
    if (floor > account.floor && account.balance < floor) {
      return Error{ErrorCode::limit_below_use,
                   "account " + changed.name + " uses " +
                       to_string_with_code(Money::of_minor(-account.balance, changed.currency)) +
                       " of its credit; the limit cannot be " + to_string_with_code(changed.credit_limit)};
    }
    account.floor = floor;
  }
  return std::nullopt;
}

std::optional<Error> SqliteBook::check_floors(Writing& writing) {
  for (const MovingAccount& account : writing.accounts) {
    if (!account.key.customer) continue;
    const std::int64_t balance = added(account.balance, account.delta);
    const bool owed = account.key.kind == AccountKind::receivable;
    if (owed ? balance <= 0 : balance >= account.floor) continue;
    const Currency unit = account.key.currency;
    const std::int64_t missing = owed ? balance : account.floor - balance;
    std::string who = "account " + std::to_string(account.key.customer->value());
    if (const auto found = customer(*account.key.customer)) who = "account " + found->name;
    return Error{ErrorCode::insufficient_available,
                 who + " (" + std::string(to_word(account.key.kind)) +
                     "): " + to_string_with_code(Money::of_minor(missing, unit)) + " short; it stands at " +
                     to_string_with_code(Money::of_minor(account.balance, unit)) + " with " +
                     to_string_with_code(Money::of_minor(account.delta, unit)) + " asked and the floor " +
                     to_string_with_code(Money::of_minor(account.floor, unit))};
  }
  return std::nullopt;
}

// ---- writing ----

void SqliteBook::write_requests(Writing& writing) {
  if (!last_request_) last_request_ = db_->integer("SELECT ifnull(max(id), 0) FROM request");
  const std::vector<NewRequest>& requests = writing.changes.requests;
  if (requests.empty()) return;
  std::vector<Hash> hashes;
  hashes.reserve(requests.size());
  RowWriter rows(*db_,
                 "INSERT OR ROLLBACK INTO request (id, sender, key, content, content_hash, answer, actor, recorded_at)",
                 8, requests.size());
  for (const NewRequest& request : requests) {
    hashes.push_back(hash_of(request.content));
    rows.add(++*last_request_, request.sender, request.key, request.content,
             std::span<const unsigned char>(hashes.back()), request.answer, writing.stamp.actor, writing.recorded);
  }
}

void SqliteBook::write_customers(Writing& writing) {
  const auto word = [](const auto& value) -> std::optional<std::string_view> {
    if (!value) return std::nullopt;
    return to_word(*value);
  };
  for (const Customer& made : writing.changes.new_customers) {
    db_->statement(
           "INSERT INTO customer (id, name, currency, tier, state, policy, timing, country, vat_id, opened_at, "
           "warned_minor)"
           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(made.id, made.name, made.currency.code(), made.tier, to_word(made.state), word(made.policy),
              word(made.timing), made.country, made.vat_id, made.opened_at, made.warned)
        .run();
  }
  for (const Customer& changed : writing.changes.customers) {
    db_->statement(
           "UPDATE customer SET tier = ?2, state = ?3, policy = ?4, timing = ?5, country = ?6, vat_id = ?7, "
           "warned_minor = ?8 WHERE id = ?1")
        .bind(changed.id, changed.tier, to_word(changed.state), word(changed.policy), word(changed.timing),
              changed.country, changed.vat_id, changed.warned)
        .run();
    ENSURE(db_->changed_rows() == 1, "the customer exists");
  }
  // Accounts that are missing: both of a new customer, a first debt, an operator's account on first use.
  Statement insert = db_->statement(
      "INSERT INTO ledger_account (id, kind, currency, customer_id, source, balance_minor, floor_minor) VALUES (?, ?, "
      "?, ?, ?, ?, ?)");
  std::optional<std::int64_t> last_id;
  for (MovingAccount& account : writing.accounts) {
    if (account.id) continue;
    if (!last_id) last_id = db_->integer("SELECT ifnull(max(id), 0) FROM ledger_account");
    account.id = ++*last_id;
    const LedgerAccountKey& key = account.key;
    std::optional<std::int64_t> balance, floor;
    if (key.customer) balance = 0;
    if (key.kind == AccountKind::available || key.kind == AccountKind::reserved) floor = account.floor;
    insert
        .bind(*account.id, static_cast<std::int64_t>(key.kind), key.currency.code(), key.customer, key.source, balance,
              floor)
        .run();
    if (!key.customer) operator_accounts_.emplace(key, *account.id);
  }
}

namespace {

// The columns that steps change, those in which the provider's news stand, and the rest of those that change; every
// statement below has them in this order, after the key.
constexpr std::array kStepColumns =
    std::to_array<std::string_view>({"state", "reason", "deposit_minor", "attempt", "underfunded", "cancelling",
                                     "purse_empty", "reserved_at", "submitted_at", "ended_at"});
constexpr std::array kNewsColumns = std::to_array<std::string_view>(
    {"provider_status", "provider_status_at", "gone_since", "auction_ends_at", "auction_price"});
constexpr std::array kRestColumns = std::to_array<std::string_view>(
    {"priority", "quoted_minor", "max_price_minor", "drop_at", "finalization_at", "deadline_at", "deposit_due_at",
     "drop_source_id", "refusals", "open_call_id", "application"});

auto step_values(const Backorder& row) {
  return std::make_tuple(to_word(row.state), row.reason ? std::optional(to_word(*row.reason)) : std::nullopt,
                         row.deposit, row.attempt, row.underfunded, row.cancelling, row.purse_empty, row.reserved_at,
                         row.submitted_at, row.ended_at);
}
auto news_values(const Backorder& row) {
  return std::make_tuple(std::cref(row.provider_status), row.provider_status_at, row.gone_since, row.auction_ends_at,
                         std::cref(row.auction_price));
}
auto rest_values(const Backorder& row) {
  std::optional<UtcTime> drop_at, finalization_at, deadline_at, due_at;
  std::optional<SourceId> source;
  if (row.drop) {
    drop_at = row.drop->drop_at;
    finalization_at = row.drop->finalization_at;
    deadline_at = row.drop->deadline;
    due_at = row.drop->deposit_due;
    source = row.drop->source;
  }
  return std::make_tuple(row.priority, row.quoted, row.max_price, drop_at, finalization_at, deadline_at, due_at, source,
                         row.refusals, row.open_call, std::cref(row.application));
}
auto all_values(const Backorder& row) { return std::tuple_cat(step_values(row), news_values(row), rest_values(row)); }

// Each column and what follows it, where `how` ends in '?' numbered from `first` on.
std::string listed(std::span<const std::string_view> columns, std::string_view between, std::string_view how = "",
                   std::size_t first = 0) {
  std::string sql;
  for (const std::string_view column : columns) {
    if (!sql.empty()) sql += between;
    sql.append(column).append(how);
    if (how.ends_with('?')) sql += std::to_string(first++);
  }
  return sql;
}
struct BackorderSql {
  static constexpr std::size_t kFirst = 2;  // ?1 is the key
  static constexpr std::size_t kFirstNews = kFirst + kStepColumns.size(), kFirstRest = kFirstNews + kNewsColumns.size();

  std::string set_step = listed(kStepColumns, ", ", " = ?", kFirst),
              set_news = listed(kNewsColumns, ", ", " = ?", kFirst);
  std::string set_whole = set_step + ", " + listed(kNewsColumns, ", ", " = ?", kFirstNews) + ", " +
                          listed(kRestColumns, ", ", " = ?", kFirstRest);
  std::string others_unchanged = " AND " + listed(kNewsColumns, " AND ", " IS ?", kFirstNews) + " AND " +
                                 listed(kRestColumns, " AND ", " IS ?", kFirstRest);
  std::string insert = "INSERT OR ROLLBACK INTO backorder (by_customer, " + listed(kStepColumns, ", ") + ", " +
                       listed(kNewsColumns, ", ") + ", " + listed(kRestColumns, ", ") +
                       ", id, customer_id, name, copy, open_copy, zone, currency, placed_at)";
  static constexpr std::size_t kInserted = kFirstRest - 1 + kRestColumns.size() + 8;
};

}  // namespace

void SqliteBook::write_backorders(Writing& writing) {
  static const BackorderSql sql;
  const Changes& changes = writing.changes;
  // One statement each for what stays open and for what ends, made when it is needed.
  struct Update {
    std::string_view set, where{};
    std::optional<Statement> open{}, ended{};
  };
  const auto write = [&](Update& update, const Backorder& row, const auto& parts) {
    std::optional<Statement>& one = is_final(row.state) ? update.ended : update.open;
    if (!one) {
      one.emplace(db_->statement("UPDATE OR ROLLBACK backorder SET " + std::string(update.set) +
                                 (is_final(row.state) ? ", open_copy = NULL" : "") + " WHERE by_customer = ?1" +
                                 std::string(update.where)));
    }
    std::apply([&](const auto&... values) { one->bind(by_customer(row.customer, row.id), values...).run(); }, parts);
    return db_->changed_rows() == 1;
  };
  // Most are a step alone or news alone: then nothing else is written, and no index or reference of the rest is looked
  // at. Whether the rest is as it was is known of what was read for this, and asked in passing of the others.
  Update step_alone{sql.set_step}, news_alone{sql.set_news}, step{sql.set_step, sql.others_unchanged},
      whole{sql.set_whole};
  auto as_read = as_read_.begin();
  const auto update = [&](const Backorder& row) {
    if (as_read != as_read_.begin() && lies_before(row, *std::prev(as_read))) as_read = as_read_.begin();
    while (as_read != as_read_.end() && lies_before(*as_read, row)) ++as_read;
    const bool was_read = as_read != as_read_.end() && as_read->id == row.id;
    const bool rest_stays = was_read && rest_values(row) == rest_values(*as_read);
    bool is_written;
    if (rest_stays && news_values(row) == news_values(*as_read))
      is_written = write(step_alone, row, step_values(row));
    else if (rest_stays && step_values(row) == step_values(*as_read))
      is_written = write(news_alone, row, news_values(row));
    else
      is_written = (!was_read && write(step, row, all_values(row))) || write(whole, row, all_values(row));
    if (was_read) *as_read = row;
    ENSURE(is_written, "backorder " + std::to_string(row.id.value()) + " exists");
  };
  std::set<BackorderId> made;
  for (const Backorder& row : changes.new_backorders) made.insert(row.id);
  // Ended ones make room for new ones of the same name; what is new and changed again comes last. Many are written in
  // the order in which they lie.
  std::vector<const Backorder*> old;
  old.reserve(changes.backorders.size());
  for (const Backorder& row : changes.backorders) {
    if (!made.contains(row.id)) old.push_back(&row);
  }
  // of one that is there twice the later one stays
  std::ranges::stable_sort(old, [](const Backorder* a, const Backorder* b) { return lies_before(*a, *b); });
  for (const Backorder* row : old) update(*row);
  if (made.empty()) return;
  RowWriter rows(*db_, sql.insert, BackorderSql::kInserted, changes.new_backorders.size());
  for (const Backorder& row : changes.new_backorders) {
    std::optional<int> open_copy;
    if (!is_final(row.state)) open_copy = row.copy;
    std::apply(
        [&](const auto&... values) {
          rows.add(by_customer(row.customer, row.id), values..., row.id, row.customer, row.name.ace(), row.copy,
                   open_copy, row.zone, row.quoted.currency().code(), row.placed_at);
        },
        all_values(row));
  }
  for (const Backorder& row : changes.backorders) {
    if (made.contains(row.id)) update(row);
  }
}

void SqliteBook::write_calls(Writing& writing) {
  for (const ProviderCall& call : writing.changes.new_calls) {
    db_->statement(
           "INSERT INTO provider_call (id, backorder_id, command, attempt, state, intent_at, answered_at, code, text, "
           "application)"
           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(call.id, call.backorder, to_word(call.command), call.attempt, to_word(call.state), call.intent_at,
              call.answered_at, call.code, call.text, call.application)
        .run();
  }
  for (const ProviderCall& call : writing.changes.calls) {
    db_->statement(
           "UPDATE provider_call SET state = ?2, answered_at = ?3, code = ?4, text = ?5, application = ?6 WHERE id = "
           "?1")
        .bind(call.id, to_word(call.state), call.answered_at, call.code, call.text, call.application)
        .run();
    ENSURE(db_->changed_rows() == 1, "call " + std::to_string(call.id) + " exists");
  }
}

void SqliteBook::write_transfers(Writing& writing) {
  const Changes& changes = writing.changes;
  if (changes.transfers.empty() && changes.requests.empty()) return;
  if (!last_transfer_) last_transfer_ = db_->integer("SELECT ifnull(max(id), 0) FROM transfer");
  const std::int64_t last_transfer = *last_transfer_;

  std::int64_t request_id = *last_request_ - static_cast<std::int64_t>(changes.requests.size());
  if (!unsealed_) unsealed_.emplace(Unsealed{request_id + 1, last_transfer + 1});
  unsealed_->sealed_at = writing.recorded;
  for (const NewRequest& request : changes.requests) {
    append_request(unsealed_->requests, {++request_id, request.sender, request.key, request.content, request.answer,
                                         writing.stamp.actor, writing.recorded});
  }
  std::optional<std::int64_t> request;
  std::string_view sender, key;
  if (!changes.requests.empty()) {
    request = request_id;
    sender = changes.requests.front().sender;
    key = changes.requests.front().key;
  }

  RowWriter rows(*db_,
                 "INSERT OR ROLLBACK INTO transfer (id, kind, debit_id, credit_id, amount_minor, recorded_at, "
                 "effective_at, customer_id, backorder_id, attempt,"
                 " reverses_id, request_id, actor, memo)",
                 14, changes.transfers.size());
  std::int64_t id = last_transfer;
  for (std::size_t i = 0; i < changes.transfers.size(); ++i) {
    const NewTransfer& transfer = changes.transfers[i];
    const MovingAccount& debit = writing.accounts[writing.sides[i].first];
    const MovingAccount& credit = writing.accounts[writing.sides[i].second];
    const auto number = [](const auto& given) -> std::optional<std::int64_t> {
      if (!given) return std::nullopt;
      return given->value();
    };
    std::optional<std::int64_t> attempt;
    if (transfer.attempt > 0) attempt = transfer.attempt;
    const SealedTransfer sealed{.id = ++id,
                                .kind = to_word(transfer.kind),
                                .debit = debit.sealed_as.bytes(),
                                .credit = credit.sealed_as.bytes(),
                                .amount_minor = transfer.amount.minor(),
                                .recorded_at = writing.recorded,
                                .effective_at = transfer.effective_at ? ms(*transfer.effective_at) : writing.recorded,
                                .backorder = number(transfer.backorder),
                                .attempt = attempt,
                                .reverses = number(transfer.reverses),
                                .request = request,
                                .request_sender = sender,
                                .request_key = key,
                                .actor = writing.stamp.actor,
                                .memo = transfer.memo};
    rows.add(sealed.id, sealed.kind, *debit.id, *credit.id, sealed.amount_minor, sealed.recorded_at,
             sealed.effective_at, debit.key.customer ? debit.key.customer : credit.key.customer, sealed.backorder,
             sealed.attempt, sealed.reverses, sealed.request, sealed.actor, sealed.memo);
    append_transfer(unsealed_->transfers, sealed);
  }
  last_transfer_ = id;
}

// One seal over everything since the last; see schema.md. What is hashed beside the writing is written with the next,
// or at the end of the unit of work.
void SqliteBook::start_seal(std::launch how) {
  finish_seal();
  if (!unsealed_) return;
  if (!last_seal_) {
    last_seal_.emplace();
    if (Statement row = db_->statement("SELECT id, hash FROM seal ORDER BY id DESC LIMIT 1"); row.step()) {
      last_seal_->first = row.integer(0);
      std::ranges::copy(row.blob(1), last_seal_->second.begin());
    } else {
      const BookInfo info = own_row();
      last_seal_->second = book_hash(ms(info.made_at), info.rehearsal);
    }
  }
  const Hash previous = last_seal_->second;
  const SealRange range{.id = last_seal_->first + 1,
                        .sealed_at = unsealed_->sealed_at,
                        .first_request = unsealed_->first_request,
                        .last_request = *last_request_,
                        .first_transfer = unsealed_->first_transfer,
                        .last_transfer = *last_transfer_};
  sealing_.emplace(Sealing{range, previous, std::async(how, [range, previous, rows = std::move(*unsealed_)] {
                             SealHasher hasher(previous, range);
                             hasher.add(rows.requests);
                             hasher.add(rows.transfers);
                             return hasher.finish();
                           })});
  unsealed_.reset();
}

void SqliteBook::finish_seal() {
  if (!sealing_) return;
  const SealRange& range = sealing_->range;
  const Hash hash = sealing_->hash.get();
  db_->statement(
         "INSERT OR ROLLBACK INTO seal (id, sealed_at, first_request_id, last_request_id, first_transfer_id, "
         "last_transfer_id, previous_hash, hash)"
         " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(range.id, range.sealed_at, range.first_request, range.last_request, range.first_transfer,
            range.last_transfer, std::span<const unsigned char>(sealing_->previous),
            std::span<const unsigned char>(hash))
      .run();
  last_seal_ = {range.id, hash};
  sealing_.reset();
}

void SqliteBook::write_balances(Writing& writing) {
  // The balance as read stands in the condition: nothing else can have moved it within this unit of work, and if it
  // has, we are wrong.
  Statement update =
      db_->statement("UPDATE ledger_account SET balance_minor = ?2 WHERE id = ?1 AND balance_minor = ?3");
  for (const MovingAccount& account : writing.accounts) {
    if (!account.key.customer || account.delta == 0) continue;
    update.bind(*account.id, added(account.balance, account.delta), account.balance).run();
    ENSURE(db_->changed_rows() == 1, "the balance did not move meanwhile");
  }
  for (const Customer& changed : writing.changes.customers) {
    db_->statement(
           "UPDATE ledger_account SET floor_minor = ?2 WHERE customer_id = ?1 AND kind = 2000 AND floor_minor <> ?2")
        .bind(changed.id, -changed.credit_limit.minor())
        .run();
  }
}

void SqliteBook::write_events(Writing& writing) {
  if (writing.changes.events.empty() && writing.opened_cases.empty()) return;
  if (!last_event_) last_event_ = db_->integer("SELECT ifnull(max(id), 0) FROM event");
  RowWriter rows(*db_,
                 "INSERT OR ROLLBACK INTO event (id, recorded_at, kind, customer_id, backorder_id, from_state, "
                 "to_state, reason, actor, detail)",
                 10, writing.changes.events.size() + writing.opened_cases.size());
  const auto word = [](const auto& value) -> std::optional<std::string_view> {
    if (!value) return std::nullopt;
    return to_word(*value);
  };
  const auto write = [&](const NewEvent& event) {
    std::optional<std::int64_t> customer_id;
    if (event.customer) customer_id = event.customer->value();
    if (!customer_id && event.backorder) {  // the log of a backorder is found through its customer
      Statement row = db_->statement("SELECT customer_id FROM backorder WHERE id = ?");
      row.bind(*event.backorder);
      if (row.step()) customer_id = row.integer(0);
    }
    rows.add(++*last_event_, writing.recorded, to_word(event.kind), customer_id, event.backorder, word(event.from),
             word(event.to), word(event.reason), writing.stamp.actor, event.detail);
  };
  for (const NewEvent& event : writing.changes.events) write(event);
  for (const NewEvent& event : writing.opened_cases) write(event);
}

void SqliteBook::write_cases(Writing& writing) {
  if (!writing.changes.evidence.empty()) {
    std::int64_t last = db_->integer("SELECT ifnull(max(id), 0) FROM evidence");
    RowWriter rows(*db_, "INSERT INTO evidence (id, backorder_id, recorded_at, status, raw)", 5,
                   writing.changes.evidence.size());
    for (const Evidence& evidence : writing.changes.evidence)
      rows.add(++last, evidence.backorder, writing.recorded, evidence.status, evidence.raw);
  }
  for (const CaseClosing& closing : writing.changes.closed_cases) {
    db_->statement(
           "UPDATE case_file SET closed_at = ?2, closed_by = ?3, resolution = ?4 WHERE id = ?1 AND closed_at IS NULL")
        .bind(closing.id, writing.recorded, writing.stamp.actor, closing.resolution)
        .run();
    ENSURE(db_->changed_rows() == 1, "the case is open");
  }
  for (const NewCase& opened : writing.changes.cases) {
    Statement open = db_->statement(
        opened.backorder
            ? "SELECT 1 FROM case_file WHERE kind = ? AND backorder_id = ? AND closed_at IS NULL"
            : "SELECT 1 FROM case_file WHERE kind = ? AND subject = ? AND backorder_id IS NULL AND closed_at IS NULL");
    open.bind_at(1, to_word(opened.kind));
    if (opened.backorder)
      open.bind_at(2, *opened.backorder);
    else
      open.bind_at(2, opened.subject);
    if (open.step()) continue;
    db_->statement(
           "INSERT INTO case_file (id, kind, customer_id, backorder_id, subject, detail, opened_at, closed_by, "
           "resolution)"
           " VALUES ((SELECT ifnull(max(id), 0) + 1 FROM case_file), ?, ?, ?, ?, ?, ?, '', '')")
        .bind(to_word(opened.kind), opened.customer, opened.backorder, opened.subject, opened.detail, writing.recorded)
        .run();
    const std::string subject = opened.subject.empty() ? "" : " " + opened.subject;
    writing.opened_cases.push_back({EventKind::case_opened,
                                    opened.customer,
                                    opened.backorder,
                                    {},
                                    {},
                                    {},
                                    std::string(to_word(opened.kind)) + subject + ": " + opened.detail});
  }
}

void SqliteBook::write_tables(Writing& writing) {
  const Changes& changes = writing.changes;
  for (const Price& price : changes.prices) {
    db_->statement(
           "INSERT INTO price (zone, tier, currency, valid_from, valid_to, amount_minor) VALUES (?, ?, ?, ?, ?, ?)"
           " ON CONFLICT (zone, tier, currency, valid_from) DO UPDATE SET valid_to = excluded.valid_to, amount_minor = "
           "excluded.amount_minor")
        .bind(price.zone, price.tier, price.amount.currency().code(), price.valid_from, price.valid_to, price.amount)
        .run();
  }
  for (const ZoneSchedule& schedule : changes.schedules) {
    std::string times;
    for (const std::chrono::seconds time : schedule.batch_times)
      times += (times.empty() ? "" : ",") + std::to_string(time.count());
    db_->statement(
           "INSERT INTO schedule (zone, kind, time_zone, batch_times, job_lead_ms, deposit_lead_ms, deposit_gap_ms, "
           "finalization_lead_ms,"
           " submit_lead_ms, source, confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
           " ON CONFLICT (zone) DO UPDATE SET kind = excluded.kind, time_zone = excluded.time_zone, batch_times = "
           "excluded.batch_times,"
           " job_lead_ms = excluded.job_lead_ms, deposit_lead_ms = excluded.deposit_lead_ms, deposit_gap_ms = "
           "excluded.deposit_gap_ms,"
           " finalization_lead_ms = excluded.finalization_lead_ms, submit_lead_ms = excluded.submit_lead_ms,"
           " source = excluded.source, confidence = excluded.confidence")
        .bind(schedule.zone, to_word(schedule.kind), schedule.time_zone, times, schedule.job_lead,
              schedule.deposit_lead, schedule.deposit_gap, schedule.finalization_lead, schedule.submit_lead,
              schedule.source, schedule.confidence)
        .run();
  }
  for (const TaxRate& rate : changes.tax_rates) {
    db_->statement(
           "INSERT INTO tax_rate (country, valid_from, rate_bp) VALUES (?, ?, ?)"
           " ON CONFLICT (country, valid_from) DO UPDATE SET rate_bp = excluded.rate_bp")
        .bind(rate.country, rate.valid_from, rate.rate_bp)
        .run();
  }
  for (const auto& [setting, value] : changes.settings) {
    db_->statement(
           "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(setting, value)
        .run();
  }
  for (const std::string& zone : changes.stopped_zones) {
    db_->statement("INSERT INTO stopped_zone (zone, stopped_at, actor) VALUES (?, ?, ?) ON CONFLICT (zone) DO NOTHING")
        .bind(zone, writing.recorded, writing.stamp.actor)
        .run();
  }
  for (const std::string& zone : changes.resumed_zones)
    db_->statement("DELETE FROM stopped_zone WHERE zone = ?").bind(zone).run();
  if (changes.closed_until) {
    std::optional<std::int64_t> until;
    // else everything is open again
    if (*changes.closed_until > UtcTime{}) until = ms(*changes.closed_until);
    db_->statement("UPDATE book SET closed_until = ?").bind(until).run();
  }
  for (const AccountReference& given : changes.references) {
    db_->statement("INSERT INTO account_reference (reference, customer_id) VALUES (?, ?)")
        .bind(given.reference, given.customer)
        .run();
  }
  for (const Money& warned : changes.purse_warnings) {
    db_->statement(
           "INSERT INTO purse_warning (currency, short_minor) VALUES (?1, ?2) ON CONFLICT (currency) DO UPDATE SET "
           "short_minor = ?2")
        .bind(warned.currency().code(), warned)
        .run();
  }
  for (const AccountReference& dropped : changes.dropped_references) {
    db_->statement("DELETE FROM account_reference WHERE reference = ?").bind(dropped.reference).run();
  }
  if (!changes.settings.empty()) settings_.reset();
  if (!changes.prices.empty()) price_list_.reset();
  if (!changes.schedules.empty()) schedules_.reset();
}

void SqliteBook::write_users(Writing& writing) {
  for (const User& user : writing.changes.users) {
    db_->statement(
           "INSERT INTO user (login, customer_id, password_hash, enabled, created_at, changed_at, done_through)"
           " VALUES (?, ?, ?, ?, ?, ?, (SELECT ifnull(max(id), 0) FROM event))"
           " ON CONFLICT (login) DO UPDATE SET password_hash = excluded.password_hash, enabled = excluded.enabled, "
           "changed_at = excluded.changed_at")
        .bind(user.login, user.customer, user.password_hash, user.enabled, user.created_at, user.changed_at)
        .run();
  }
  for (const std::string& login : writing.changes.removed_users)
    db_->statement("DELETE FROM user WHERE login = ?").bind(login).run();
  if (writing.changes.events_done.empty()) return;
  std::string kinds;
  for (const EventKind kind : events_for_customers())
    kinds += (kinds.empty() ? "'" : ", '") + std::string(to_word(kind)) + "'";
  // then those without a gap before them are folded into done_through
  constexpr std::int64_t most_marks = 256;
  for (const EventDone& done : writing.changes.events_done) {
    db_->statement("INSERT INTO event_done (user_id, event_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(done.user, done.event)
        .run();
    Statement marks = db_->statement("SELECT count(*) FROM event_done WHERE user_id = ?");
    marks.bind(done.user);
    if (!marks.step() || marks.integer(0) <= most_marks) continue;
    db_->statement(
           "UPDATE user SET done_through = max(done_through, (SELECT ifnull(min(e.id) - 1, (SELECT max(event_id) FROM "
           "event_done WHERE user_id = ?1))"
           " FROM event AS e INDEXED BY event_of WHERE e.customer_id = user.customer_id AND e.id > user.done_through "
           "AND e.kind IN (" +
           kinds + ") AND NOT EXISTS (SELECT 1 FROM event_done WHERE user_id = ?1 AND event_id = e.id))) WHERE id = ?1")
        .bind(done.user)
        .run();
    db_->statement(
           "DELETE FROM event_done WHERE user_id = ?1 AND event_id <= (SELECT done_through FROM user WHERE id = ?1)")
        .bind(done.user)
        .run();
  }
}

}  // namespace storage
