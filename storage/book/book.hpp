// engine::LedgerStore over one Connection. Reading is in read*.cpp, writing in write.cpp,
// the proof in verify.cpp; opening, making and copying books in storage/sqlite/driver.cpp.
#pragma once

#include <future>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "engine/ports.hpp"
#include "storage/book/seal.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/writer_queue.hpp"
#include "storage/store.hpp"

namespace storage {

// The application_id in the file header, "drpl": tells a book from other SQLite files.
inline constexpr std::int64_t kApplicationId = 0x6472706c;

// The key of a backorder in its table: the backorders of one account are stored together, by id. The ids are below 2^31
// and 2^32, as the table checks.
inline std::int64_t account_backorder_key(engine::CustomerId customer, engine::BackorderId backorder) {
  return (customer.value() << 32) + backorder.value();
}
// The keys of a customer's backorders lie between these two, which are nobody's.
inline std::pair<std::int64_t, std::int64_t> keys_around(engine::CustomerId customer) {
  return {account_backorder_key(customer, engine::BackorderId(0)),
          account_backorder_key(engine::CustomerId(customer.value() + 1), engine::BackorderId(0))};
}
inline bool lies_before(const engine::Backorder& a, const engine::Backorder& b) {
  return account_backorder_key(a.customer, a.id) < account_backorder_key(b.customer, b.id);
}

class Conditions;

class SqliteBook final : public engine::LedgerStore {
 public:
  SqliteBook(std::unique_ptr<Connection> connection, const OpenOptions& options);

  void begin_snapshot() override;
  void end_snapshot() override { rollback(); }
  std::unique_ptr<engine::LedgerReader> open_reader() override { return reader_for_thread(); }

  void begin() override;
  void commit() override;
  void rollback() override;
  bool has_waiting_writer() override { return turn_.has_waiting_writer(); }
  engine::Status apply(const engine::Changes& changes, const engine::Authorship& stamp) override;

  engine::CustomerId next_customer_id() override;
  engine::BackorderId next_backorder_id() override;
  std::int64_t next_call_id() override;

  engine::BookInfo book() override;
  const engine::Settings& settings() override;
  const engine::PriceList& price_list() override;
  const engine::Schedules& schedules() override;
  std::vector<engine::TaxRate> tax_rates() override;
  std::vector<engine::TaxPoint> tax_points(engine::TransferId after, engine::TransferId through) override;
  std::vector<engine::Invoice> invoices(std::optional<engine::CustomerId> customer) override;
  std::vector<std::string> stopped_zones() override;

  std::optional<engine::Customer> customer(engine::CustomerId id) override;
  std::optional<engine::Customer> customer(std::string_view name) override;
  std::vector<engine::Customer> customers() override;
  std::vector<engine::Customer> customers(std::span<const engine::CustomerId> ids) override;
  std::vector<std::string> names_of_customers() override;

  std::optional<engine::Backorder> backorder(engine::BackorderId id) override;
  std::vector<engine::Backorder> backorders(const engine::BackorderQuery& query) override;
  engine::AccountRows next_page(const engine::BackorderQuery& query, std::size_t wanted) override;
  void prefetch(const engine::BackorderQuery& query, std::size_t wanted,
                std::function<void(engine::AccountRows&)> decide) override;
  void each_backorder(const engine::BackorderQuery& query,
                      const std::function<void(const engine::Backorder&)>& visit) override;
  void each_deposit(std::optional<engine::CustomerId> customer,
                    const std::function<void(const engine::BackorderDeposit&)>& visit) override;
  std::int64_t count_backorders(const engine::BackorderQuery& query) override;
  std::optional<engine::Backorder> backorder_of_application(std::string_view application) override;
  void each_ended_application(
      const std::function<void(std::string_view application, std::string_view status)>& visit) override;

  std::optional<engine::User> user(std::string_view login) override;
  std::vector<engine::User> users() override;

  std::optional<engine::StoredRequest> request(std::string_view sender, std::string_view key) override;
  bool has_requests(std::string_view sender, std::string_view key_beginning) override;
  std::optional<engine::StoredRequest> request(engine::RequestId id) override;
  std::optional<engine::Transfer> transfer(engine::TransferId id) override;
  void each_transfer(const engine::TransferQuery& query,
                     const std::function<void(const engine::Transfer&)>& visit) override;
  void each_deposit_transfer(std::optional<engine::CustomerId> customer,
                             const std::function<void(const engine::DepositTransfer&)>& visit) override;
  std::vector<engine::AccountTurnover> turnovers(std::optional<engine::UtcTime> from, std::optional<engine::UtcTime> to,
                                                 bool by_effective) override;
  engine::TransferId last_transfer_before(std::optional<engine::UtcTime> instant) override;
  void each_journal_row(engine::TransferId after, engine::TransferId through,
                        const std::function<void(const engine::JournalRow&)>& visit) override;
  std::vector<engine::JournalAccount> journal_accounts(engine::TransferId after, engine::TransferId through) override;
  void each_event(const engine::EventQuery& query,
                  const std::function<void(const engine::LoggedEvent&)>& visit) override;
  std::int64_t count_events(const engine::EventQuery& query) override;
  std::int64_t last_event() override;
  std::vector<engine::Case> cases(const engine::CaseQuery& query) override;
  std::vector<engine::ProviderCall> calls(engine::BackorderId backorder) override;
  std::vector<engine::ProviderCall> open_calls() override;
  std::vector<engine::Evidence> evidence(engine::BackorderId backorder) override;

  std::optional<engine::Source> source(std::string_view name) override;
  std::vector<engine::Source> sources() override;
  std::vector<engine::Listing> listings(const engine::DomainName& name) override;
  bool is_listed_missing(const engine::DomainName& name, engine::UtcTime after) override;
  std::vector<std::string> listed_zones(const engine::DomainName& name) override;
  std::vector<engine::ListFeed> list_feeds() override;
  std::vector<engine::StandingOrder> standing_orders() override;
  bool is_answered(std::int64_t standing_order, const engine::DomainName& name) override;
  std::vector<engine::ImportedList> lists(engine::SourceId source) override;
  std::vector<engine::UtcTime> list_times(engine::SourceId source, std::int64_t most) override;
  std::vector<engine::Run> runs(const engine::RunQuery& query) override;
  std::vector<engine::HealthAlert> health_alerts() override;
  std::int64_t last_list() override;
  void each_listed(engine::SourceId source, const std::function<void(const engine::ListedDrop&)>& visit) override;
  void each_listed(const engine::ListedQuery& query,
                   const std::function<void(const engine::ListedRow&)>& visit) override;
  std::int64_t add_list(std::string_view source, engine::DateIs date_is, engine::UtcTime imported_at,
                        std::span<const engine::Coverage> coverage, std::int64_t rows,
                        std::optional<engine::UtcTime> published_at) override;
  void put_list_feed(const engine::ListFeed& feed) override;
  std::int64_t put_standing_order(const engine::StandingOrder& order) override;
  void answer_standing_order(std::int64_t order, const engine::DomainName& name,
                             std::optional<engine::BackorderId> backorder) override;
  void put_listed(engine::SourceId source, std::span<const engine::ListedDrop> changed) override;

  std::int64_t add_statement(const engine::ExternalStatement& statement, std::span<engine::ExternalLine> lines,
                             const engine::Authorship& stamp) override;
  void put_bank_source(const engine::BankSource& source) override;
  std::optional<engine::ExternalLine> external_line(std::string_view source, std::string_view external_id) override;
  void each_external_line(std::string_view source,
                          const std::function<void(const engine::ExternalLine&)>& visit) override;
  std::vector<engine::ExternalStatement> external_statements() override;
  std::vector<engine::ExternalLine> lines_of_statement(std::int64_t statement) override;
  std::vector<engine::BankSource> bank_sources() override;
  std::vector<engine::LineBinding> line_bindings() override;
  std::vector<engine::Money> provider_balance_warnings() override;
  std::vector<engine::AccountReference> account_references() override;
  std::vector<engine::NoticeChannel> notice_channels() override;
  std::vector<engine::NoticeDelivery> notice_deliveries(const engine::DeliveryQuery& query) override;
  void add_notice_channel(const engine::NoticeChannel& channel) override;
  bool remove_notice_channel(std::string_view name) override;
  void put_notice_delivery(const engine::NoticeDelivery& delivery) override;
  void advance_notice_cursor(std::string_view channel, std::int64_t event) override;

  engine::Verification verify(const std::function<void(std::int64_t done, std::int64_t total)>& progress) override;

 private:
  // ---- read.cpp
  std::unique_ptr<SqliteBook> reader_for_thread() const;  // for another thread: it only reads
  // the little that the table of the book says; not the last recorded instant and the schema
  engine::BookInfo own_row();
  std::optional<engine::Error> refuse_unread(const engine::Changes& changes);
  std::size_t place_of_currency(std::string_view code);
  engine::Currency currency(std::string_view code) { return currencies_[place_of_currency(code)]; }
  // A ledger account in little memory: books have hundreds of thousands, and whoever reads all transfers looks at all
  // of them.
  struct KeptAccount {
    std::uint32_t of = 0;       // the customer's id; of the operator's, a place in sources_
    std::uint8_t currency = 0;  // one more than its place in currencies_; 0: not read yet
    engine::AccountKind kind{};
  };
  const KeptAccount& kept_account(std::int64_t id);  // until the next one
  engine::LedgerAccountKey account(std::int64_t id);
  engine::Currency currency_of(const KeptAccount& kept) const { return currencies_[kept.currency - std::size_t{1}]; }
  KeptAccount read_account(const Statement& row);
  void keep_accounts();  // all of them
  struct KeptBalances {
    bool known = false;
    std::int64_t available = 0, reserved = 0, minimum = 0, receivable = 0;
    void add(const Statement& row);  // customer_id, kind, balance_minor, floor_minor of ledger_account
  };
  engine::Customer read_customer(const Statement& row);
  engine::Customer read_customer(const Statement& row, const KeptBalances& kept);
  void read_transfer(const Statement& row, engine::Transfer& transfer);  // over what it held before
  engine::Transfer read_transfer(const Statement& row);
  engine::ProviderCall read_call(Statement& row);
  std::optional<std::int64_t> last_recorded_ms();
  Conditions conditions(const engine::EventQuery& query);
  // Ids without gaps and recorded times that never decrease: the first id at or after an instant is found by halving.
  std::int64_t first_id_at(std::string_view time_of_id_sql, std::int64_t last_id, engine::UtcTime at);
  void forget_what_changed();
  void begin_with(const char* sql);
  void forget_unit();
  void end_unit();
  void require_in_place();
  void note_log_base();
  const std::pair<std::int64_t, Hash>& last_seal();
  [[noreturn]] void fail_commit(const StorageError& failed);
  void note_outside_changes();

  // ---- external.cpp
  engine::ExternalLine read_external_line(Statement& row);

  // ---- read_backorders.cpp
  engine::State state(std::string_view word, std::int64_t backorder);
  void read_backorder(const Statement& row, engine::Backorder& backorder);  // over what it held before
  engine::Backorder read_backorder(const Statement& row);
  template <typename Visit>
  void each_row(const engine::BackorderQuery& query, std::string_view from, std::string_view order, const Visit& visit);
  bool is_most(const engine::BackorderQuery& query);
  struct Found {
    engine::AccountRows rows{};
    std::vector<engine::Backorder> as_read{};  // the same backorders
  };
  Found find_accounts(const engine::BackorderQuery& query, std::size_t wanted);

  // ---- read_journal.cpp
  template <typename Sum, typename Add>
  std::vector<Sum> sums_by_account(std::string_view column, std::int64_t through, const Add& add);

  // ---- write.cpp
  struct MovingAccount;
  struct Writing;
  void require_unit() const;
  std::int64_t next_id(std::optional<std::int64_t>& counter, std::string_view last_sql);
  std::optional<engine::Error> refuse(Writing& writing);
  std::optional<engine::Error> gather_accounts(Writing& writing);
  std::optional<engine::Error> check_minimum_balances(Writing& writing);
  std::size_t moving_account(Writing& writing, const engine::LedgerAccountKey& key);
  void write_requests(Writing& writing);
  void write_customers(Writing& writing);
  void write_backorders(Writing& writing);
  void write_transfers(Writing& writing);
  void start_seal(std::launch how);
  void finish_seal();
  void write_balances(Writing& writing);
  void write_events(Writing& writing);
  void write_calls(Writing& writing);
  void write_cases(Writing& writing);
  void close_by_cause(Writing& writing);
  void write_tables(Writing& writing);
  void write_runs(const engine::Changes& changes, std::string_view actor);
  void write_users(Writing& writing);
  static const engine::Changes& changes_of(const Writing& writing);
  // of the transfers of this change, of which the first has this id
  void write_tax_points(Writing& writing, engine::TransferId first);
  void write_invoices(Writing& writing);

  std::unique_ptr<Connection> db_;
  Access access_;
  engine::Milliseconds busy_timeout_;
  WriteTurn turn_;
  bool in_unit_ = false;
  std::optional<std::int64_t> next_customer_, next_backorder_, next_call_;  // within a unit of work
  // The last rows of the tables, looked up once, and again after another connection has committed. Empty: not known.
  std::optional<std::int64_t> last_recorded_, last_request_, last_transfer_, last_event_;
  // id, hash; 0 and the book's own hash before the first
  std::optional<std::pair<std::int64_t, Hash>> last_seal_;
  std::optional<std::pair<std::int64_t, Hash>> seal_before_unit_, log_base_;  // see note_log_base()
  bool log_starts_ = false;                                                   // with what this unit writes
  bool log_failed_ = false;  // could not be written or synced: nothing more is written through this connection
  // Rows of this unit of work that no seal covers yet: the first ones, the last instant, and their bytes.
  struct Unsealed {
    std::int64_t first_request, first_transfer, sealed_at = 0;
    CanonicalBytes requests{}, transfers{};
  };
  std::optional<Unsealed> unsealed_;
  struct Sealing {
    SealRange range;
    Hash previous;
    std::future<Hash> hash;
  };
  std::optional<Sealing> sealing_;
  std::unordered_map<std::string, engine::Customer> named_;  // as long as nothing of customers changes

  // Caches of rows that are read often and change seldom. They are dropped when another connection commits, when such a
  // row is written, and at rollback.
  std::int64_t data_version_ = 0;
  bool looked_outside_ = false;  // in this unit of work, which nothing outside changes
  std::optional<engine::Settings> settings_;
  std::optional<engine::PriceList> price_list_;
  std::optional<engine::Schedules> schedules_;
  // by id, all up to accounts_kept_; rows that never change
  std::vector<KeptAccount> accounts_;
  std::vector<std::string> sources_;  // of the operator's among them
  std::int64_t accounts_kept_ = 0;
  std::unordered_map<std::int64_t, KeptAccount> single_accounts_;  // looked up one by one so far
  std::map<engine::LedgerAccountKey, std::int64_t> operator_accounts_;
  std::vector<engine::Currency> currencies_;  // met so far

  // of the last next_page() in this unit of work, as they are and lie in the book
  std::vector<engine::Backorder> as_read_;
  // A connection that reads on another thread what the unit of work needs next. Nobody else can write meanwhile, so it
  // sees what the unit began with.
  std::unique_ptr<SqliteBook> reader_;
  struct Ahead {
    engine::BackorderQuery query;
    std::size_t wanted;
    std::future<Found> found;
  };
  std::optional<Ahead> ahead_;  // the last member: its end waits for the thread
};

}  // namespace storage
