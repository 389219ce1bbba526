// verify(): every kept figure is worked out again from what cannot be changed, in one pass over the transfers. Rows are
// streamed; what is held in memory is a few bytes per ledger account and per backorder. The first finding of each check
// is kept, the pass goes on.

#include <algorithm>
#include <array>
#include <future>
#include <map>
#include <set>

#include "storage/book/book.hpp"
#include "storage/book/seal.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

struct AccountProof {
  bool exists = false;
  AccountKind kind = AccountKind::cash;
  std::uint32_t currency = 0, source = 0;  // index into the words below
  std::int64_t customer = 0;
  std::optional<std::int64_t> kept, floor;
  std::int64_t sum = 0;       // credits - debits of its transfers
  std::int64_t deposits = 0;  // reserved accounts: of open backorders
};

struct BackorderProof {
  std::int64_t customer = 0;    // 0: no such backorder
  std::int64_t kept_minor = 0;  // as its row says: deposit, attempt, state
  std::int32_t kept_attempt = 0;
  std::optional<State> state{};
  std::int64_t open_minor = 0;              // reserved and not settled, by transfers
  std::int32_t attempt = 0;                 // of the last reserve
  State replayed = State::requested;        // by the log
  bool captured = false, refunded = false;  // the last attempt
};

// Tables whose references are looked at in passing, row by row; those of the others are left to SQLite, which seeks
// each.
constexpr std::string_view kProvenHere[] = {"transfer", "backorder", "event", "evidence", "provider_call"};

Finding stray(std::string_view table, std::optional<std::int64_t> id, std::string_view parent) {
  return {"references", "row " + (id ? std::to_string(*id) : "?") + " of " + std::string(table) + " names a row of " +
                            std::string(parent) + " that does not exist"};
}

// The file's pages and every row's own constraints.
std::vector<Finding> check_file(Connection& db) {
  std::vector<Finding> findings;
  std::vector<std::string> tables;
  {
    Statement row = db.statement("PRAGMA quick_check(1)");
    if (row.step() && row.text(0) != "ok") findings.push_back({"file", row.string(0)});
  }
  {
    Statement row =
        db.statement("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
    while (row.step()) {
      if (std::ranges::find(kProvenHere, row.text(0)) == std::end(kProvenHere)) tables.push_back(row.string(0));
    }
  }
  for (const std::string& table : tables) {
    Statement row = db.statement("PRAGMA foreign_key_check(" + table + ")");
    if (!row.step()) continue;
    findings.push_back(stray(row.text(0), row.optional_integer(1), row.text(2)));
    break;
  }
  return findings;
}

class Proof {
 public:
  Proof(Connection& db, const std::function<void(std::int64_t, std::int64_t)>& progress)
      : db_(db), progress_(progress) {}

  Verification run(std::future<std::vector<Finding>> file) {
    load_customers();
    load_accounts();
    if (load_backorders()) {
      check_journal();
      check_balances();
      check_deposits();
      check_steps();
      check_open_once();
      check_references();
    }
    std::vector<Finding> findings = file.get();
    for (Finding& finding : findings) found(finding.check, finding.what);
    // What is wrong with the file explains the rest.
    std::stable_partition(result_.findings.begin(), result_.findings.end(),
                          [](const Finding& finding) { return finding.check == "file"; });
    return std::move(result_);
  }

 private:
  void found(std::string_view check, const std::string& what) {
    const auto same = [check](const Finding& finding) { return finding.check == check; };
    if (std::ranges::none_of(result_.findings, same)) result_.findings.push_back({std::string(check), what});
  }

  std::uint32_t number_of(std::string_view word) {
    const auto place = std::ranges::find(words_, word);
    if (place != words_.end()) return static_cast<std::uint32_t>(place - words_.begin());
    words_.emplace_back(word);
    return static_cast<std::uint32_t>(words_.size() - 1);
  }

  std::string amount(std::int64_t minor, std::uint32_t currency) const {
    const Result<Currency> unit = Currency::parse(words_[currency]);
    return unit ? to_string_with_code(Money::of_minor(minor, unit.value()))
                : std::to_string(minor) + " (minor) " + words_[currency];
  }

  std::string account_name(std::int64_t id) {
    const AccountProof& account = accounts_[static_cast<std::size_t>(id)];
    std::string text = "ledger account " + std::to_string(id) + " (" + std::string(to_word(account.kind));
    if (account.customer != 0) {
      Statement row = db_.statement("SELECT name FROM customer WHERE id = ?");
      row.bind(account.customer);
      text += " of " + (row.step() ? row.string(0) : "customer " + std::to_string(account.customer));
    }
    return text + ")";
  }

  void load_customers() {
    const std::int64_t last = db_.integer("SELECT ifnull(max(id), 0) FROM customer");
    if (const std::int64_t count = db_.integer("SELECT count(*) FROM customer"); last > 2 * count + 1'000'000) {
      found("accounts", "customers run up to " + std::to_string(last) + ", but there are " + std::to_string(count));
      return;
    }
    customer_currency_.resize(static_cast<std::size_t>(last) + 1, kNoCustomer);
    Statement row = db_.statement("SELECT id, currency FROM customer");
    while (row.step()) customer_currency_[static_cast<std::size_t>(row.integer(0))] = number_of(row.text(1));
  }
  std::uint32_t currency_of(std::int64_t customer) const {
    return customer >= 1 && static_cast<std::size_t>(customer) < customer_currency_.size()
               ? customer_currency_[static_cast<std::size_t>(customer)]
               : kNoCustomer;
  }

  void must_exist(bool exists, std::string_view table, std::int64_t id, std::string_view parent) {
    if (!exists) found("references", stray(table, id, parent).what);
  }

  void load_accounts() {
    const std::int64_t last = db_.integer("SELECT ifnull(max(id), 0) FROM ledger_account");
    const std::int64_t count = db_.integer("SELECT count(*) FROM ledger_account");
    result_.accounts = count;
    if (last != count) {
      found("accounts",
            "ledger accounts run up to " + std::to_string(last) + ", but there are " + std::to_string(count));
      if (last > 2 * count + 1000) return;  // a wild id: every transfer will be reported as naming no account
    }
    accounts_.resize(static_cast<std::size_t>(last) + 1);
    Statement row =
        db_.statement("SELECT id, kind, currency, customer_id, source, balance_minor, floor_minor FROM ledger_account");
    while (row.step()) {
      const std::int64_t id = row.integer(0);
      if (id < 1) continue;
      AccountProof& account = accounts_[static_cast<std::size_t>(id)];
      const std::optional<AccountKind> kind = account_kind_from_code(row.integer(1));
      if (!kind) found("accounts", "ledger account " + std::to_string(id) + " has an unknown kind");
      account = {.exists = true,
                 .kind = kind.value_or(AccountKind::suspense),
                 .currency = number_of(row.text(2)),
                 .source = number_of(row.text(4)),
                 .customer = row.optional_integer(3).value_or(0),
                 .kept = row.optional_integer(5),
                 .floor = row.optional_integer(6)};
    }
  }

  bool load_backorders() {
    const std::int64_t last = db_.integer("SELECT ifnull(max(id), 0) FROM backorder");
    result_.backorders = db_.integer("SELECT count(*) FROM backorder");
    if (last > 8 * result_.backorders + 1'000'000) {
      found("states", "backorder ids run up to " + std::to_string(last) + ", but there are " +
                          std::to_string(result_.backorders));
      return false;
    }
    backorders_.resize(static_cast<std::size_t>(last) + 1);
    std::set<std::int64_t> sources;
    {
      Statement row = db_.statement("SELECT id FROM source");
      while (row.step()) sources.insert(row.integer(0));
    }
    Statement call = db_.statement("SELECT 1 FROM provider_call WHERE id = ?");
    Statement row = db_.statement(
        "SELECT id, customer_id, currency, state, drop_source_id, deposit_minor, attempt, open_call_id FROM backorder");
    while (row.step()) {
      const std::int64_t id = row.integer(0);
      if (backorder(id) != nullptr) found("states", "backorder " + std::to_string(id) + " is there twice");
      backorders_[static_cast<std::size_t>(id)] = {.customer = row.integer(1),
                                                   .kept_minor = row.optional_integer(5).value_or(0),
                                                   .kept_attempt = static_cast<std::int32_t>(row.integer(6)),
                                                   .state = parse_state(row.text(3))};
      must_exist(currency_of(row.integer(1)) == number_of(row.text(2)), "backorder", id, "customer");
      if (const auto source = row.optional_integer(4)) must_exist(sources.contains(*source), "backorder", id, "source");
      if (const auto open = row.optional_integer(7)) {
        call.bind(*open);
        must_exist(call.step(), "backorder", id, "provider_call");
        call.reset();
      }
    }
    return true;
  }

  AccountProof* account(std::int64_t id) {
    if (id < 1 || static_cast<std::size_t>(id) >= accounts_.size() || !accounts_[static_cast<std::size_t>(id)].exists)
      return nullptr;
    return &accounts_[static_cast<std::size_t>(id)];
  }
  BackorderProof* backorder(std::int64_t id) {
    if (id < 1 || static_cast<std::size_t>(id) >= backorders_.size() ||
        backorders_[static_cast<std::size_t>(id)].customer == 0)
      return nullptr;
    return &backorders_[static_cast<std::size_t>(id)];
  }

  // ---- transfers, requests and seals, side by side in the order of ids

  struct Cursor {
    Statement row;
    bool has_row;
    std::int64_t next = 1;  // the id that must come
    std::int64_t id() const { return row.integer(0); }
    void advance() {
      next = id() + 1;
      has_row = row.step();
    }
  };
  Cursor open(std::string_view sql) {
    Cursor cursor{db_.statement(sql), false};
    cursor.has_row = cursor.row.step();
    return cursor;
  }

  void expect(Cursor& cursor, std::string_view what, const std::string& seal) {
    if (cursor.id() == cursor.next) return;
    found("seals", std::string(what) + " " + std::to_string(cursor.next) + " is missing: " + seal);
  }

  void check_journal() {
    const std::int64_t total = db_.integer("SELECT count(*) FROM transfer");
    Cursor transfers = open(
        "SELECT id, kind, debit_id, credit_id, amount_minor, recorded_at, effective_at, customer_id, backorder_id, "
        "attempt, reverses_id,"
        " request_id, actor, memo FROM transfer ORDER BY id");
    Cursor requests =
        open("SELECT id, sender, key, content, content_hash, answer, actor, recorded_at FROM request ORDER BY id");
    Statement seal = db_.statement(
        "SELECT id, sealed_at, first_request_id, last_request_id, first_transfer_id, last_transfer_id, previous_hash, "
        "hash FROM seal ORDER BY id");
    Hash head{};
    {
      Statement row = db_.statement("SELECT made_at, rehearsal FROM book");
      if (row.step()) head = book_hash(row.integer(0), row.flag(1));
    }
    SealRange last{
        .id = 0, .sealed_at = 0, .first_request = 0, .last_request = 0, .first_transfer = 0, .last_transfer = 0};
    while (seal.step()) {
      const SealRange range{seal.integer(0), seal.integer(1), seal.integer(2),
                            seal.integer(3), seal.integer(4), seal.integer(5)};
      const std::string title = "seal " + std::to_string(range.id) + " (transfers " +
                                std::to_string(range.first_transfer) + " to " + std::to_string(range.last_transfer) +
                                ", requests " + std::to_string(range.first_request) + " to " +
                                std::to_string(range.last_request) + ")";
      if (range.id != last.id + 1)
        found("seals", "seal " + std::to_string(last.id + 1) + " is missing: " + title + " comes instead");
      if (range.first_transfer != last.last_transfer + 1 || range.first_request != last.last_request + 1) {
        found("seals", title + " does not begin where the one before ended");
      }
      Hash previous{}, kept{};
      copy_hash(seal.blob(6), previous);
      copy_hash(seal.blob(7), kept);
      if (previous != head)
        found("seals", title + " names " + hex(previous) + " as the one before, that is " + hex(head));
      SealHasher hasher(previous, range);
      while (requests.has_row && requests.id() <= range.last_request) {
        expect(requests, "request", title + " covers it");
        check_request(requests.row);
        bytes_.clear();
        append_request(bytes_, {requests.id(), requests.row.text(1), requests.row.text(2), requests.row.text(3),
                                requests.row.text(5), requests.row.text(6), requests.row.integer(7)});
        hasher.add(bytes_);
        requests.advance();
      }
      while (transfers.has_row && transfers.id() <= range.last_transfer) {
        expect(transfers, "transfer", title + " covers it");
        hasher.add(check_transfer(transfers.row));
        transfers.advance();
        progress(total);
      }
      if (transfers.next <= range.last_transfer)
        found("seals", "transfer " + std::to_string(transfers.next) + " is missing: " + title + " covers it");
      if (requests.next <= range.last_request)
        found("seals", "request " + std::to_string(requests.next) + " is missing: " + title + " covers it");
      const Hash again = hasher.finish();
      if (again != kept)
        found("seals", title + " does not fit its rows any more: sealed " + hex(kept) + ", now " + hex(again));
      head = kept;
      last = range;
      ++result_.seals;
    }
    if (transfers.has_row) found("seals", "transfer " + std::to_string(transfers.id()) + " is not sealed");
    if (requests.has_row) found("seals", "request " + std::to_string(requests.id()) + " is not sealed");
    for (; transfers.has_row; transfers.advance()) {
      check_transfer(transfers.row);
      progress(total);
    }
    for (; requests.has_row; requests.advance()) check_request(requests.row);
    if (progress_) progress_(result_.transfers, total);
  }

  void progress(std::int64_t total) {
    if (progress_ && result_.transfers % 65'536 == 0) progress_(result_.transfers, total);
  }

  static void copy_hash(std::span<const unsigned char> from, Hash& to) {
    if (from.size() == to.size()) std::ranges::copy(from, to.begin());
  }

  void check_request(const Statement& row) {
    Hash kept{};
    copy_hash(row.blob(4), kept);
    if (hash_of(row.text(3)) == kept) return;
    found("requests", "request " + std::to_string(row.integer(0)) + " ('" + row.string(2) + "' of " + row.string(1) +
                          "): its content is not the one that was hashed");
  }

  void account_bytes(const AccountProof* side, std::int64_t id) {
    if (side == nullptr) {
      bytes_.number(id);
      return;
    }
    bytes_.number(static_cast<std::int64_t>(side->kind));
    bytes_.text(words_[side->currency]);
    if (side->customer != 0)
      bytes_.number(side->customer);
    else
      bytes_.absent();
    bytes_.text(words_[side->source]);
  }

  // Adds the transfer to the sums and gives back its canonical bytes.
  const CanonicalBytes& check_transfer(const Statement& row) {
    ++result_.transfers;
    const std::int64_t id = row.integer(0), debit_id = row.integer(2), credit_id = row.integer(3),
                       minor = row.integer(4);
    const std::int64_t recorded = row.integer(5);
    AccountProof* debit = account(debit_id);
    AccountProof* credit = account(credit_id);
    const std::string_view kind = row.text(1);
    if (recorded < last_recorded_)
      found("seals", "transfer " + std::to_string(id) + " is recorded before the one before it");
    last_recorded_ = recorded;
    if (debit == nullptr || credit == nullptr) {
      found("references", "transfer " + std::to_string(id) + " names ledger account " +
                              std::to_string(debit == nullptr ? debit_id : credit_id) + ", which does not exist");
    } else {
      if (debit->currency != credit->currency) {
        found("currency", "transfer " + std::to_string(id) + " goes from " + words_[debit->currency] + " to " +
                              words_[credit->currency]);
      }
      if (minor <= 0) found("currency", "transfer " + std::to_string(id) + " moves " + amount(minor, debit->currency));
      if (__builtin_sub_overflow(debit->sum, minor, &debit->sum) ||
          __builtin_add_overflow(credit->sum, minor, &credit->sum)) {
        found("balances", "transfer " + std::to_string(id) + " takes a balance beyond 64 bits");
      }
      const std::int64_t owner = debit->customer != 0 ? debit->customer : credit->customer;
      if (row.optional_integer(7).value_or(0) != owner) {
        found("accounts", "transfer " + std::to_string(id) + " is filed under customer " +
                              std::to_string(row.optional_integer(7).value_or(0)) + ", its accounts are customer " +
                              std::to_string(owner) + "'s");
      }
    }
    const std::optional<std::int64_t> backorder_id = row.optional_integer(8), attempt = row.optional_integer(9);
    const std::optional<std::int64_t> reverses = row.optional_integer(10), request_id = row.optional_integer(11);
    if (backorder_id) must_exist(backorder(*backorder_id) != nullptr, "transfer", id, "backorder");
    // ids ascend without gaps, or a seal says so
    if (reverses) must_exist(*reverses >= 1 && *reverses < id, "transfer", id, "transfer");
    if (!attempt && !request_id)
      found("requests", "transfer " + std::to_string(id) + " has neither a request nor a reservation");
    if (backorder_id && attempt) check_deposit_transfer(row, kind, *backorder_id, *attempt, minor, debit);

    bytes_.clear();
    bytes_.number(id);
    bytes_.text(kind);
    account_bytes(debit, debit_id);
    account_bytes(credit, credit_id);
    bytes_.number(minor);
    bytes_.number(recorded);
    bytes_.number(row.integer(6));
    bytes_.optional_number(backorder_id);
    bytes_.optional_number(attempt);
    bytes_.optional_number(reverses);
    bytes_.optional_number(request_id);
    if (request_id) {
      load_request_key(*request_id);
      bytes_.text(request_sender_);
      bytes_.text(request_key_);
    }
    bytes_.text(row.text(12));
    bytes_.text(row.text(13));
    return bytes_;
  }

  void load_request_key(std::int64_t id) {
    if (id == request_loaded_) return;
    request_loaded_ = id;
    request_.bind(id);
    const bool exists = request_.step();
    must_exist(exists, "transfer", result_.transfers, "request");
    if (!exists) found("requests", "request " + std::to_string(id) + " is named by a transfer and does not exist");
    request_sender_ = exists ? request_.text(0) : std::string_view();
    request_key_ = exists ? request_.text(1) : std::string_view();
    request_.reset();
  }

  void check_deposit_transfer(const Statement& row, std::string_view kind, std::int64_t backorder_id,
                              std::int64_t attempt, std::int64_t minor, const AccountProof* debit) {
    const bool reserve = kind == "reserve", refund = kind == "refund";
    const bool capture = kind == "capture" || kind == "capture-tax";
    if (!reserve && !refund && !capture) return;
    const auto title = [&] {
      return "transfer " + std::to_string(row.integer(0)) + " (" + std::string(kind) + " of backorder " +
             std::to_string(backorder_id) + ", attempt " + std::to_string(attempt) + ")";
    };
    BackorderProof* proof = backorder(backorder_id);
    if (proof == nullptr) {
      found("deposits", title() + ": there is no such backorder");
      return;
    }
    if (debit != nullptr && debit->customer != proof->customer)
      found("deposits", title() + " moves another customer's money");
    if (reserve) {
      if (proof->open_minor != 0 || attempt != proof->attempt + 1) {
        found("deposits", title() + ": attempt " + std::to_string(proof->attempt) + " came before and holds " +
                              std::to_string(proof->open_minor) + " (minor)");
      }
      proof->open_minor = minor;
      proof->attempt = static_cast<std::int32_t>(attempt);
      proof->captured = proof->refunded = false;
      return;
    }
    const bool whole =
        refund ? minor == proof->open_minor && !proof->captured : minor <= proof->open_minor && !proof->refunded;
    if (attempt != proof->attempt || !whole) {
      found("deposits", title() + " takes " + std::to_string(minor) + " (minor), reserved and not settled are " +
                            std::to_string(proof->open_minor) + " of attempt " + std::to_string(proof->attempt));
    }
    proof->open_minor -= std::min(minor, proof->open_minor);
    if (refund)
      proof->refunded = true;
    else
      proof->captured = true;
  }

  // ---- what is kept against what was worked out

  void check_balances() {
    std::map<std::uint32_t, std::int64_t> of_currency;
    for (std::size_t id = 1; id < accounts_.size(); ++id) {
      const AccountProof& account = accounts_[id];
      if (!account.exists) continue;
      std::int64_t& total = of_currency[account.currency];
      if (__builtin_add_overflow(total, account.sum, &total))
        found("currency", "the sum of all balances is beyond 64 bits");
      if (!account.kept) continue;
      if (*account.kept != account.sum) {
        found("balances", account_name(static_cast<std::int64_t>(id)) + " keeps " +
                              amount(*account.kept, account.currency) + ", its transfers give " +
                              amount(account.sum, account.currency));
      }
      const bool under =
          account.kind == AccountKind::receivable ? account.sum > 0 : account.floor && account.sum < *account.floor;
      if (under)
        found("floors",
              account_name(static_cast<std::int64_t>(id)) + " stands at " + amount(account.sum, account.currency));
    }
    for (const auto& [unit, total] : of_currency) {
      if (total != 0) found("currency", "debits and credits in " + words_[unit] + " differ by " + amount(total, unit));
    }
  }

  void check_deposits() {
    std::vector<std::size_t> reserved_of(customer_currency_.size());  // 0: none
    for (std::size_t id = 1; id < accounts_.size(); ++id) {
      const AccountProof& account = accounts_[id];
      if (account.exists && account.kind == AccountKind::reserved && currency_of(account.customer) != kNoCustomer)
        reserved_of[static_cast<std::size_t>(account.customer)] = id;
    }
    for (std::size_t place = 1; place < backorders_.size(); ++place) {
      const BackorderProof& proof = backorders_[place];
      if (proof.customer == 0) continue;
      const auto title = [&] { return backorder_title(static_cast<std::int64_t>(place)); };
      if (!proof.state) {
        found("states", title() + " is in an unknown state");
        continue;
      }
      const std::size_t reserved =
          currency_of(proof.customer) == kNoCustomer ? 0 : reserved_of[static_cast<std::size_t>(proof.customer)];
      if (reserved == 0) {
        found("deposits", title() + ": its customer has no reserved account");
        continue;
      }
      AccountProof& account = accounts_[reserved];
      if (proof.attempt != proof.kept_attempt) {
        found("deposits", title() + " says attempt " + std::to_string(proof.kept_attempt) + ", its transfers " +
                              std::to_string(proof.attempt));
      }
      const std::int64_t expected = holds_deposit(*proof.state) ? proof.kept_minor : 0;
      if (__builtin_add_overflow(account.deposits, expected, &account.deposits))
        found("deposits", title() + ": sum beyond 64 bits");
      if (proof.open_minor != expected) {
        found("deposits", title() + " holds " + amount(expected, account.currency) + ", its transfers " +
                              amount(proof.open_minor, account.currency));
      }
      const bool success = *proof.state == State::successful || *proof.state == State::auction_won;
      if (success && !proof.captured) found("deposits", title() + ": its deposit was never captured");
      if (!success && proof.captured) found("deposits", title() + ": its deposit was captured");
      if (is_final(*proof.state) && !success && proof.attempt > 0 && !proof.refunded)
        found("deposits", title() + ": its deposit was never refunded");
    }
    for (std::size_t id = 1; id < accounts_.size(); ++id) {
      const AccountProof& account = accounts_[id];
      if (!account.exists || account.kind != AccountKind::reserved || account.kept == account.deposits) continue;
      found("deposits", account_name(static_cast<std::int64_t>(id)) + " keeps " +
                            amount(account.kept.value_or(0), account.currency) +
                            ", the deposits of its open backorders are " + amount(account.deposits, account.currency));
    }
  }

  std::string backorder_title(std::int64_t id) {
    Statement row = db_.statement("SELECT name, state FROM backorder WHERE id = ?");
    row.bind(id);
    return "backorder " + std::to_string(id) + (row.step() ? " (" + row.string(0) + ", " + row.string(1) + ")" : "");
  }

  // Every backorder walked from REQUESTED to where it stands, one logged step after the other, each of them allowed.
  void check_steps() {
    std::array<std::array<bool, std::size(kStates)>, std::size(kStates)> may_step{};
    std::vector<std::string> kinds;
    {
      Statement row = db_.statement("SELECT from_state, to_state FROM allowed_step");
      while (row.step()) {
        const std::optional<State> from = parse_state(row.text(0)), to = parse_state(row.text(1));
        if (from && to) may_step[static_cast<std::size_t>(*from)][static_cast<std::size_t>(*to)] = true;
      }
    }
    {
      Statement row = db_.statement("SELECT word FROM event_kind");
      while (row.step()) kinds.push_back(row.string(0));
    }
    std::int64_t next = 1;
    Statement row =
        db_.statement("SELECT id, backorder_id, from_state, to_state, kind, customer_id FROM event ORDER BY id");
    while (row.step()) {
      const std::int64_t id = row.integer(0);
      if (id != next) found("events", "event " + std::to_string(next) + " is missing");
      next = id + 1;
      must_exist(std::ranges::find(kinds, row.text(4)) != kinds.end(), "event", id, "event_kind");
      if (const auto customer = row.optional_integer(5))
        must_exist(currency_of(*customer) != kNoCustomer, "event", id, "customer");
      const std::optional<std::int64_t> backorder_id = row.optional_integer(1);
      BackorderProof* proof = backorder_id ? backorder(*backorder_id) : nullptr;
      if (backorder_id) must_exist(proof != nullptr, "event", id, "backorder");
      if (row.is_null(2) || row.is_null(3)) continue;
      const std::optional<State> from = parse_state(row.text(2)), to = parse_state(row.text(3));
      must_exist(from && to && may_step[static_cast<std::size_t>(*from)][static_cast<std::size_t>(*to)], "event", id,
                 "allowed_step");
      if (!backorder_id) continue;
      if (proof == nullptr || !from || !to || *from != proof->replayed) {
        found("states", "event " + std::to_string(id) + " takes backorder " + std::to_string(*backorder_id) + " from " +
                            row.string(2) +
                            (proof == nullptr ? ", which does not exist"
                                              : " while it is " + std::string(to_word(proof->replayed))));
        continue;
      }
      proof->replayed = *to;
    }
    for (std::size_t id = 1; id < backorders_.size(); ++id) {
      const BackorderProof& proof = backorders_[id];
      if (proof.customer == 0 || !proof.state || *proof.state == proof.replayed) continue;
      found("states", backorder_title(static_cast<std::int64_t>(id)) + ": its logged steps lead to " +
                          std::string(to_word(proof.replayed)));
    }
  }

  // In the order of names and then of accounts, so those that might be the same backorder are neighbours.
  void check_open_once() {
    Statement open = db_.statement("SELECT open_copy FROM backorder WHERE by_customer = ?");
    std::string name;
    std::int64_t customer = 0, first = 0;
    std::set<std::int64_t> copies;  // of `name` and `customer`, once there is a second
    const auto note_copy = [&](std::int64_t key) {
      open.bind(key);
      open.step();
      const std::optional<std::int64_t> copy = open.optional_integer(0);
      open.reset();
      if (copy && !copies.insert(*copy).second) {
        found("states",
              name + " is open twice for customer " + std::to_string(customer) + ", copy " + std::to_string(*copy));
      }
    };
    Statement row = db_.statement("SELECT name, by_customer FROM backorder ORDER BY name, by_customer");
    while (row.step()) {
      const std::int64_t key = row.integer(1);
      if (row.text(0) == name && key >> 32 == customer) {
        if (copies.empty()) note_copy(first);
        note_copy(key);
        continue;
      }
      name = row.text(0);
      customer = key >> 32;
      first = key;
      copies.clear();
    }
  }

  void check_references() {
    for (const char* table : {"evidence", "provider_call", "case_file"}) {
      Statement row =
          db_.statement(std::string("SELECT id, backorder_id FROM ") + table + " WHERE backorder_id IS NOT NULL");
      while (row.step()) must_exist(backorder(row.integer(1)) != nullptr, table, row.integer(0), "backorder");
    }
  }

  static constexpr std::uint32_t kNoCustomer = 0xffff'ffff;

  Connection& db_;
  const std::function<void(std::int64_t, std::int64_t)>& progress_;
  Verification result_;
  std::vector<std::string> words_;
  std::vector<std::uint32_t> customer_currency_;  // by id
  std::vector<AccountProof> accounts_;
  std::vector<BackorderProof> backorders_;
  CanonicalBytes bytes_;
  std::int64_t last_recorded_ = 0;
  Statement request_ = db_.statement("SELECT sender, key FROM request WHERE id = ?");
  std::optional<std::int64_t> request_loaded_;
  std::string request_sender_, request_key_;
};

}  // namespace

Verification SqliteBook::verify(const std::function<void(std::int64_t done, std::int64_t total)>& progress) {
  // The file is looked at beside the rest, by a connection of its own; within a unit of work that one would not see
  // what is not committed yet.
  const auto file = [path = db_->path()] {
    Connection other(path, Access::read_only, std::chrono::seconds(10));
    return check_file(other);
  };
  if (in_unit_) return Proof(*db_, progress).run(std::async(std::launch::deferred, [&] { return check_file(*db_); }));
  const Snapshot one_state(*db_);
  return Proof(*db_, progress).run(std::async(std::launch::async, file));
}

}  // namespace storage
