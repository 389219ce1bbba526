// The interfaces that the rules need: a book to read (LedgerReader) and a book to write (LedgerStore). A decision is a
// Changes; the store writes all of it or nothing. storage/store.hpp implements them. The provider's interface is in
// engine/provider.hpp.
// Threads: one store is used by one thread. A failing disk or lock throws storage::StorageError; it is never a Result.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/changes.hpp"
#include "engine/journal_slice.hpp"
#include "engine/notice_channel.hpp"
#include "engine/queries.hpp"
#include "engine/settings.hpp"

namespace engine {

// A book for reading. A function that takes a LedgerReader cannot write.
class LedgerReader {
 public:
  virtual ~LedgerReader() = default;

  // All reads between the two see one state of the book, that of the first read. Not nested.
  virtual void begin_snapshot() = 0;
  virtual void end_snapshot() = 0;

  // Opens a reader of the same book for another thread. It sees what is committed.
  virtual std::unique_ptr<LedgerReader> open_reader() = 0;

  virtual BookInfo book() = 0;
  virtual const Settings& settings() = 0;  // re-read when changed, as the next two
  virtual const PriceList& price_list() = 0;
  virtual const Schedules& schedules() = 0;
  virtual std::vector<TaxRate> tax_rates() = 0;
  // The tax decisions of supplies, by transfer: after < id <= through.
  virtual std::vector<TaxPoint> tax_points(TransferId after, TransferId through) = 0;
  virtual std::vector<Invoice> invoices(std::optional<CustomerId> customer) = 0;  // as issued
  virtual std::vector<std::string> stopped_zones() = 0;

  virtual std::optional<Customer> customer(CustomerId id) = 0;
  virtual std::optional<Customer> customer(std::string_view name) = 0;
  virtual std::vector<Customer> customers() = 0;                                 // by id
  virtual std::vector<Customer> customers(std::span<const CustomerId> ids) = 0;  // by id
  // each in the place of its id; empty where there is none
  virtual std::vector<std::string> names_of_customers() = 0;

  virtual std::optional<Backorder> backorder(BackorderId id) = 0;
  virtual std::vector<Backorder> backorders(const BackorderQuery& query) = 0;
  // Returns whole accounts in customer order: all rows that match, for as many customers as are needed to reach
  // `wanted` rows. Empty at the end. REQUIRES: query.states is {requested}, or the states that hold a deposit: only
  // these have an index by customer.
  virtual AccountRows next_page(const BackorderQuery& query, std::size_t wanted) = 0;
  // Visits the matching rows by customer, then id. The visited row is overwritten by the next one. REQUIRES: no limit.
  virtual void each_backorder(const BackorderQuery& query, const std::function<void(const Backorder&)>& visit) = 0;
  // by customer, then id
  virtual void each_deposit(std::optional<CustomerId> customer,
                            const std::function<void(const BackorderDeposit&)>& visit) = 0;
  virtual std::int64_t count_backorders(const BackorderQuery& query) = 0;  // without limit and offset
  virtual std::optional<Backorder> backorder_of_application(std::string_view application) = 0;
  // Visits every application that an ended backorder was bound to, with the provider's status as last read.
  virtual void each_ended_application(
      const std::function<void(std::string_view application, std::string_view status)>& visit) = 0;

  virtual std::optional<User> user(std::string_view login) = 0;
  virtual std::vector<User> users() = 0;  // by login

  virtual std::optional<StoredRequest> request(std::string_view sender, std::string_view key) = 0;
  // True if the sender has made a request whose key begins with `key_beginning`. REQUIRES: it ends with an ASCII
  // character.
  virtual bool has_requests(std::string_view sender, std::string_view key_beginning) = 0;
  virtual std::optional<StoredRequest> request(RequestId id) = 0;
  virtual std::optional<Transfer> transfer(TransferId id) = 0;
  // by id
  virtual void each_transfer(const TransferQuery& query, const std::function<void(const Transfer&)>& visit) = 0;
  // by id
  virtual void each_deposit_transfer(std::optional<CustomerId> customer,
                                     const std::function<void(const DepositTransfer&)>& visit) = 0;
  virtual std::vector<AccountTurnover> turnovers(std::optional<UtcTime> from, std::optional<UtcTime> to,
                                                 bool by_effective) = 0;
  // The id of the last transfer recorded before the instant, or of the last one at all; 0: none. Every id up to it
  // exists.
  virtual TransferId last_transfer_before(std::optional<UtcTime> instant) = 0;
  // Visits the rows with after < id <= through in ascending order, in one pass. Keeps nothing in memory.
  virtual void each_journal_row(TransferId after, TransferId through,
                                const std::function<void(const JournalRow&)>& visit) = 0;
  // Every ledger account that a transfer up to `through` moved, with its balance after the transfer `after` and after
  // `through`. By key. REQUIRES: after <= through.
  virtual std::vector<JournalAccount> journal_accounts(TransferId after, TransferId through) = 0;
  // by id
  virtual void each_event(const EventQuery& query, const std::function<void(const LoggedEvent&)>& visit) = 0;
  virtual std::int64_t count_events(const EventQuery& query) = 0;  // without limit and offset
  virtual std::int64_t last_event() = 0;                           // its id; 0: there is none
  virtual std::vector<Case> cases(const CaseQuery& query) = 0;
  virtual std::vector<ProviderCall> calls(BackorderId backorder) = 0;
  virtual std::vector<ProviderCall> open_calls() = 0;  // intent or unknown
  virtual std::vector<Evidence> evidence(BackorderId backorder) = 0;

  virtual std::optional<Source> source(std::string_view name) = 0;
  virtual std::vector<Source> sources() = 0;
  // of every source, those missing left out
  virtual std::vector<Listing> listings(const DomainName& name) = 0;
  // Some source's list that covers its day lacks it, and its drop there is after the instant.
  virtual bool is_listed_missing(const DomainName& name, UtcTime after) = 0;
  // The suffixes of the name, of two labels or more, below which lists have names; the longest first.
  virtual std::vector<std::string> listed_zones(const DomainName& name) = 0;
  virtual std::vector<ImportedList> lists(SourceId source) = 0;  // by stands_from() and id, newest first
  // of any source; 0: none yet. What is listed changes with it alone
  virtual std::vector<UtcTime> list_times(SourceId source, std::int64_t most) = 0;  // of imports, newest first
  virtual std::int64_t last_list() = 0;
  virtual std::vector<ListFeed> list_feeds() = 0;            // by source
  virtual std::vector<StandingOrder> standing_orders() = 0;  // by id, ended ones too
  // True if the name was placed or proposed for it before.
  virtual bool is_answered(std::int64_t standing_order, const DomainName& name) = 0;
  // by ACE name
  virtual void each_listed(SourceId source, const std::function<void(const ListedDrop&)>& visit) = 0;
  // by T, name
  virtual void each_listed(const ListedQuery& query, const std::function<void(const ListedRow&)>& visit) = 0;

  virtual std::optional<ExternalLine> external_line(std::string_view source, std::string_view external_id) = 0;
  // as imported; "": any
  virtual void each_external_line(std::string_view source, const std::function<void(const ExternalLine&)>& visit) = 0;
  // as imported
  virtual std::vector<ExternalStatement> external_statements() = 0;
  // the lines that stand in a statement, in its order; those it shares with others too
  virtual std::vector<ExternalLine> lines_of_statement(std::int64_t statement) = 0;
  virtual std::vector<BankSource> bank_sources() = 0;  // by source
  virtual std::vector<LineBinding> line_bindings() = 0;
  virtual std::vector<AccountReference> account_references() = 0;
  // by how much our balance at the provider was too low when the operator was last told, by currency; zero: covered
  // since
  virtual std::vector<Money> provider_balance_warnings() = 0;
  virtual std::vector<Run> runs(const RunQuery& query) = 0;  // newest first
  virtual std::vector<HealthAlert> health_alerts() = 0;      // by name
  virtual std::vector<NoticeChannel> notice_channels() = 0;  // by name
  // by event, channel
  virtual std::vector<NoticeDelivery> notice_deliveries(const DeliveryQuery& query) = 0;

  // Compares kept balances with transfers, deposits with backorders and transfers, and the seals with all rows.
  virtual Verification verify(const std::function<void(std::int64_t done, std::int64_t total)>& progress) = 0;
};

// A book for reading and writing.
class LedgerStore : public LedgerReader {
 public:
  // A unit of work: the facts that are read inside cannot change until it ends. Not nested. commit() seals what was
  // written. rollback() without begin() does nothing.
  virtual void begin() = 0;
  virtual void commit() = 0;
  virtual void rollback() = 0;
  // True if another writer, of this process or another, waits for this unit of work to end. A long unit of work may
  // then end early. REQUIRES: inside a unit of work.
  virtual bool has_waiting_writer() = 0;

  // Writes all changes and moves the kept balances. Refuses them all, and the caller then rolls back:
  // insufficient_available if a balance would fall below its minimum (the detail names account and shortfall),
  // period_closed, impossible_step if an open backorder for the same account, name and sequence exists. REQUIRES:
  // inside a unit of work.
  virtual Status apply(const Changes& changes, const Authorship& stamp) = 0;

  // Ids for rows that this unit of work will make. Each call returns another one.
  virtual CustomerId next_customer_id() = 0;
  virtual BackorderId next_backorder_id() = 0;
  virtual std::int64_t next_call_id() = 0;

  // Prefetches the rows that a later next_page(query, wanted) will return, and calls `decide` (if given) on them,
  // possibly on another thread. The prefetch is dropped when the unit of work ends. REQUIRES: inside a unit of work;
  // the caller does not write these rows before that call; `decide` does not use the store.
  virtual void prefetch(const BackorderQuery& query, std::size_t wanted, std::function<void(AccountRows&)> decide) = 0;

  // REQUIRES: inside a unit of work. Returns the list's id.
  virtual std::int64_t add_list(std::string_view source, DateIs date_is, UtcTime imported_at,
                                std::span<const Coverage> coverage, std::int64_t rows,
                                std::optional<UtcTime> published_at = {}) = 0;
  // REQUIRES: inside a unit of work. Made or changed by source.
  virtual void put_list_feed(const ListFeed& feed) = 0;
  // REQUIRES: inside a unit of work. With id 0 a new one; returns its id. `used` and `ended_at` are what may change.
  virtual std::int64_t put_standing_order(const StandingOrder& order) = 0;
  // `backorder` is empty where the name was proposed.
  virtual void answer_standing_order(std::int64_t order, const DomainName& name,
                                     std::optional<BackorderId> backorder) = 0;
  // inserts or replaces by (source, name)
  virtual void put_listed(SourceId source, std::span<const ListedDrop> changed) = 0;

  // REQUIRES: inside a unit of work. Keeps the statement and its lines: those without an id are new, the others are
  // kept already and stand in it as well. Returns the statement's id; new lines are given theirs.
  virtual std::int64_t add_statement(const ExternalStatement& statement, std::span<ExternalLine> lines,
                                     const Authorship& stamp) = 0;
  // REQUIRES: inside a unit of work. A source keeps the account that it has.
  virtual void put_bank_source(const BankSource& source) = 0;

  // REQUIRES: inside a unit of work; the name is not taken. Removing a channel removes its deliveries, and returns
  // false if there is no such channel.
  virtual void add_notice_channel(const NoticeChannel& channel) = 0;
  virtual bool remove_notice_channel(std::string_view name) = 0;
  // inserts or replaces; a delivered notice stays delivered
  virtual void put_notice_delivery(const NoticeDelivery& delivery) = 0;
  virtual void advance_notice_cursor(std::string_view channel, std::int64_t event) = 0;  // never back
};

}  // namespace engine
