// What the rules need from outside: a store. Decisions come back as Changes, and the store writes all of them or
// nothing. Implementations: storage/sqlite_store.hpp; the provider's interface is in engine/provider.hpp.
//
// Threads: one store, one thread. Failing disks and locks travel as storage::StorageError, never as a Result.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/account.hpp"
#include "engine/backorder.hpp"
#include "engine/drop.hpp"
#include "engine/external_line.hpp"
#include "engine/funding_plan.hpp"
#include "engine/journal.hpp"
#include "engine/price_list.hpp"
#include "engine/schedule.hpp"
#include "engine/transfer.hpp"

namespace engine {

// ---- what is kept besides money and backorders ----

// The log of everything that happened: every step of every backorder, and every thing an operator or customer must hear
// of.
enum class EventKind : std::uint8_t {
  placed,
  stepped,
  moved,
  date_conflict,
  missing,
  late,
  cancel_requested,
  marked,
  price_notice,
  shortfall,
  shortfall_over,
  account_opened,
  account_changed,
  case_opened,
  case_closed,
  list_imported,
  job_refused,
  job_unknown,
  submitting_stopped,
  submitting_resumed,
  purse_empty,
  purse_short,
  purse_covered,
  status_unknown,
  period_closed,
  period_reopened,
  setting_changed,
  money_moved,
  verify_failed,
};
std::string_view name(EventKind kind);
std::optional<EventKind> parse_event_kind(std::string_view text);
// Those that customers hear of through their queue of events; the others are between the operator and the provider.
std::span<const EventKind> events_for_customers();

struct NewEvent {
  EventKind kind;
  std::optional<CustomerId> customer{};
  std::optional<BackorderId> backorder{};
  std::optional<State> from{}, to{};  // of a step
  std::optional<Reason> reason{};
  std::string detail{};  // one line for people
};
struct LoggedEvent : NewEvent {
  std::int64_t id;
  UtcTime at;  // recorded
  std::string actor{};
};

// Something a person has to look at. At most one open case per kind and backorder (or per kind and subject without
// one).
enum class CaseKind : std::uint8_t {
  overdue,
  gone,
  late_success,
  late_failure,
  surplus_job,
  missing_from_list,
  unknown_status,
  auction_price_other_currency,
  auction_price_short,
  unidentified_payment,
  submitting_stopped,
};
std::string_view name(CaseKind kind);
std::optional<CaseKind> parse_case_kind(std::string_view text);

struct NewCase {
  CaseKind kind;
  std::optional<CustomerId> customer{};
  std::optional<BackorderId> backorder{};
  // what it is about where no backorder says it: application id, zone, payment reference
  std::string subject{};
  std::string detail{};  // what was seen, with the evidence
};
struct Case : NewCase {
  CaseId id;
  UtcTime opened_at;
  std::optional<UtcTime> closed_at{};
  std::string closed_by{};
  std::string resolution{};
};
struct CaseClosing {
  CaseId id;
  std::string resolution;
};

// A call that changes something at the provider: written before it is sent, completed after.
enum class CallState : std::uint8_t { intent, not_sent, answered, unknown, resolved };
std::string_view name(CallState state);
std::optional<CallState> parse_call_state(std::string_view text);
enum class CallCommand : std::uint8_t { add, remove };
std::string_view name(CallCommand command);
std::optional<CallCommand> parse_call_command(std::string_view text);

struct ProviderCall {
  std::int64_t id;  // from LedgerStore::next_call_id
  BackorderId backorder;
  CallCommand command;
  int attempt;  // per backorder and command, from 1
  CallState state = CallState::intent;
  UtcTime intent_at;
  std::optional<UtcTime> answered_at{};
  int code = 0;
  std::string text{};
  std::string application{};  // of the answer, or the one to remove
};

// A provider's raw answer that led to an outcome or a case.
struct Evidence {
  BackorderId backorder;
  std::string status{};
  std::string raw{};
  UtcTime recorded_at{};  // given by the store
};

// A request by a person or a program, remembered for ever with its content and its first answer.
struct NewRequest {
  std::string sender{};   // whose ids these are: an operator, a customer, "sweep"
  std::string key{};      // unique per sender
  std::string content{};  // canonical lines `field=value`, compared on repetition
  std::string answer{};   // given again on repetition
  bool is_new = false;    // known in this unit of work to be none that was answered; false: apply() looks
};
struct StoredRequest : NewRequest {
  RequestId id;
  UtcTime recorded_at;
};

struct Source {
  SourceId id;
  std::string name;
  DateIs date_is;
};

// Zones and days that a list speaks for: what is not in it there is missing.
struct Coverage {
  std::string zone{};  // schedule zone or suffix
  Day day;             // UTC day of T
  std::int64_t rows;
  friend auto operator<=>(const Coverage&, const Coverage&) = default;
};
struct ImportedList {
  std::int64_t id;
  SourceId source;
  UtcTime imported_at;
  std::int64_t rows;
  std::vector<Coverage> coverage{};
};
// A source's word on a name as kept. `missing` since a later list that covers its day lacks it.
struct ListedDrop {
  DomainName name;
  std::optional<UtcTime> drop_at{}, finalization_at{};
  std::int64_t list;
  bool missing = false;
};

// Who may call the gateway, and for which account. Several users may share one account.
struct User {
  std::int64_t id = 0;  // given by the store
  std::string login{};  // unique: "north.user", or "north.user!billing" for a role
  CustomerId customer;
  std::string password_hash{};  // Argon2id with its costs and salt; the password itself is nowhere
  bool enabled = true;
  UtcTime created_at, changed_at;
};
// This user has dealt with this event: it leaves the user's queue. The log itself stays as it is.
struct EventDone {
  std::int64_t user;
  std::int64_t event;
};

struct TaxRate {
  std::string country;
  std::int64_t rate_bp;
  UtcTime valid_from;
};

// Where notices go. The log of events is the outbox: what is to be told is written with its cause, and a channel is a
// cursor in it.
enum class ChannelMethod : std::uint8_t { webhook, command, file };
std::string_view name(ChannelMethod method);
std::optional<ChannelMethod> parse_channel_method(std::string_view text);

struct NoticeChannel {
  std::string name{};
  ChannelMethod method;
  std::string target{};       // URL; a command's words, one a line; path
  std::string secret_file{};  // webhook: signs with what this file holds
  std::string audience{};     // "customer", "operator", or empty: both
  std::string kinds{};        // of notices, comma separated; empty: all
  std::string account{};      // only this account's; empty: all
  std::string templates{};    // a folder that overrides the built-in ones; empty: none
  // every event up to this one was delivered, waits for another try, or is none for this channel
  std::int64_t cursor = 0;
  UtcTime made_at;
  std::string made_by{};
};
// What became of one notice on one channel. Operational: it changes, the log does not.
struct NoticeDelivery {
  std::string channel{};
  std::int64_t event;
  int attempts;
  UtcTime first_at, last_at;
  std::optional<UtcTime> next_at{};  // of the next try; absent: delivered
  std::string trouble{};             // of the last try
};
struct DeliveryQuery {
  std::string channel{};  // empty: any
  std::optional<std::int64_t> event{};
  bool waiting_only = false;
  std::optional<UtcTime> due_by{};  // waiting, next_at <= this
  std::int64_t limit = 0;
};

// Policies kept in the book, so that every program that opens it decides alike. Defaults are domain rules.
struct Settings {
  FundingDefaults funding;  // funding.policy, funding.void
  // reschedule.keep: a held deposit stays while T is this near
  Milliseconds reschedule_keep = std::chrono::hours(7 * 24);
  // warn.ahead: shortfalls within this are announced
  Milliseconds warn_ahead = std::chrono::hours(7 * 24);
  // provider.absence-wait: a list proves absence this long after the call
  Milliseconds absence_wait = std::chrono::seconds(60);
  Milliseconds overdue_after = std::chrono::hours(48);           // overdue.after the drop
  Milliseconds auction_overdue_after = std::chrono::hours(240);  // overdue.auction-after its end
  bool auction_on_account = false;                               // auction.price = external | on-account
  // reconcile.provider-lag: grace for what the provider sets aside, frees, charges
  Milliseconds provider_lag = std::chrono::hours(12);
  // reconcile.bank-lag: how far a payment's days may lie apart, and grace for it
  Milliseconds bank_lag = std::chrono::hours(5 * 24);
  // cost.ZONE: what a job there will cost us; absent: not known
  std::map<std::string, Money> expected_cost{};
};

// ---- what a decision changes ----

struct Changes {
  // every transfer without a (backorder, attempt) of its own belongs to it; several only where nothing moves money
  std::vector<NewRequest> requests{};
  std::vector<Customer> new_customers{};  // ids from next_customer_id; balances must be zero
  // state, tier, policy, timing, country, vat_id, credit_limit; balances are never taken from here
  std::vector<Customer> customers{};
  std::vector<Backorder> new_backorders{};  // ids from next_backorder_id
  std::vector<Backorder> backorders{};      // the whole row as it is now to be
  std::vector<NewTransfer> transfers{};
  std::vector<NewEvent> events{};
  // one that is open already is left as it is; for a new one the store logs case_opened itself
  std::vector<NewCase> cases{};
  std::vector<CaseClosing> closed_cases{};
  std::vector<ProviderCall> new_calls{}, calls{};
  std::vector<Evidence> evidence{};
  std::vector<Price> prices{};
  std::vector<ZoneSchedule> schedules{};
  std::vector<TaxRate> tax_rates{};
  std::vector<std::pair<std::string, std::string>> settings{};  // name, value as text
  std::vector<std::string> stopped_zones{}, resumed_zones{};    // submitting; "" is the whole environment
  std::optional<UtcTime> closed_until{};                        // period close or reopen
  // made, or changed, by login; a new one's queue of events begins now
  std::vector<User> users{};
  std::vector<std::string> removed_users{};  // logins
  std::vector<EventDone> events_done{};
  std::vector<AccountReference> references{}, dropped_references{};
  std::vector<Money> purse_warnings{};  // as purse_warnings() has them from now on

  bool empty() const;
  void append(Changes&& other);
};

struct Stamp {
  UtcTime now;          // the command's one `now`; recorded as max(now, last recorded)
  std::string actor{};  // who
};

// ---- reading ----

struct BookInfo {
  UtcTime made_at;
  bool rehearsal = false;  // its clock may be moved by --now
  std::optional<UtcTime> last_recorded{};
  std::optional<UtcTime> closed_until{};  // effective dates before it are refused
  int schema = 0;
};

// All given conditions must hold. Ordered by `order`; limit 0 is no limit.
struct BackorderQuery {
  std::optional<CustomerId> customer{};
  std::optional<CustomerId> after_customer{};  // above this one
  std::vector<State> states{};                 // empty: any
  std::optional<std::string> name{};           // ACE
  std::optional<UtcTime> due_by{};             // dated, deposit_due <= this
  std::optional<UtcTime> deadline_before{};    // dated, deadline < this
  std::optional<UtcTime> drop_before{};        // dated, T < this
  std::optional<bool> with_job{};              // application known
  std::optional<bool> with_open_call{};
  std::optional<bool> cancelling{};
  std::optional<bool> open{};                 // not final
  std::string name_pattern{};                 // glob on ACE, empty: any
  std::vector<std::string> names{}, zones{};  // any of these; empty: any
  bool without_cancelled = false;
  // then by id; changed: the last step
  enum class Order : std::uint8_t { id, customer, name, zone, changed } order = Order::id;
  bool descending = false;
  std::int64_t limit = 0;
  std::int64_t offset = 0;  // with a limit

  bool operator==(const BackorderQuery&) const = default;
};
// Some accounts and what a query finds of them: both by customer, backorders then by id.
struct AccountRows {
  std::vector<Customer> customers{};
  std::vector<Backorder> backorders{};
};
struct TransferQuery {
  std::optional<CustomerId> customer{};
  std::optional<BackorderId> backorder{};
  std::optional<RequestId> request{};
  std::vector<TransferKind> kinds{};
  std::optional<UtcTime> from{}, to{};  // [from, to)
  bool by_effective = false;            // else by recorded time
  std::int64_t after_id = 0;
  std::int64_t limit = 0;
  std::optional<TransferId> reverses{};  // those that answer this one: its reversal, its chargeback
};
struct EventQuery {
  std::optional<CustomerId> customer{};
  std::optional<BackorderId> backorder{};
  std::vector<EventKind> kinds{};
  std::optional<UtcTime> from{}, to{};
  std::int64_t after_id = 0;
  std::int64_t limit = 0;
  std::int64_t offset = 0;  // with a limit
  // what is left in this user's queue of events_for_customers(). REQUIRES: customer is the user's
  std::optional<std::int64_t> queue_of{};
};
struct CaseQuery {
  std::optional<CaseId> id{};
  std::optional<CaseKind> kind{};
  std::optional<BackorderId> backorder{};
  bool open_only = true;
};
struct ListedQuery {
  std::optional<SourceId> source{};
  std::string pattern{};                // glob on ACE, empty: any
  std::string zone{};                   // suffix, empty: any
  std::optional<UtcTime> from{}, to{};  // T or F in [from, to)
  std::int64_t limit = 0;
};
struct ListedRow {
  Source source;
  ListedDrop listed;
};

// What a backorder says about its deposits: the little that is needed where every backorder is looked at. Texts until
// the next one.
struct BackorderDeposit {
  BackorderId id;
  CustomerId customer;
  std::string_view name, zone;  // name: ACE
  State state;
  std::optional<Money> deposit{};
  int attempt;
  std::string_view provider_status;
  std::optional<UtcTime> provider_status_at{};
};

// And a transfer that reserved, refunded or captured a deposit, where all are looked at.
struct DepositTransfer {
  TransferId id;
  TransferKind kind;  // moves_deposit()
  BackorderId backorder;
  int attempt;
  Money amount;
  UtcTime recorded_at, effective_at;
  std::string_view actor;
};

// Debit and credit turnover of one ledger account, before `from` and in [from, to).
struct AccountTurnover {
  LedgerAccountKey account;
  std::int64_t opening_debit_minor, opening_credit_minor, debit_minor, credit_minor;
};

struct Finding {
  std::string check{};  // "balances", "deposits", "seals", "currency", "states"
  std::string what{};   // the first thing off, with ids and both figures
};
struct Verification {
  std::int64_t transfers = 0, accounts = 0, backorders = 0, seals = 0;
  std::vector<Finding> findings{};  // empty: clean; else the first of each check
};

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // A store of the same book for another thread: it only reads, and sees what is committed.
  virtual std::unique_ptr<LedgerStore> open_reader() = 0;

  // A unit of work: facts read inside cannot move until it ends. Not nested. commit seals what was written. rollback is
  // harmless without begin.
  virtual void begin() = 0;
  virtual void commit() = 0;
  virtual void rollback() = 0;
  // Inside a unit of work: whether another writer, of this process or another, waits for its end. A long one may end
  // there early.
  virtual bool is_awaited() = 0;

  // REQUIRES: inside a unit of work. Writes everything, moves kept balances. Refused, with nothing of it written:
  // insufficient_available where a balance would fall under its floor (the detail names account and shortfall),
  // period_closed, impossible_step where an open backorder for the same account, name and copy exists. The caller then
  // rolls back.
  virtual Outcome apply(const Changes& changes, const Stamp& stamp) = 0;

  // Ids for rows to be made in this unit of work; consecutive calls differ.
  virtual CustomerId next_customer_id() = 0;
  virtual BackorderId next_backorder_id() = 0;
  virtual std::int64_t next_call_id() = 0;

  virtual BookInfo book() = 0;
  virtual const Settings& settings() = 0;  // re-read when changed, as the next two
  virtual const PriceList& price_list() = 0;
  virtual const Schedules& schedules() = 0;
  virtual std::vector<TaxRate> tax_rates() = 0;
  virtual std::vector<std::string> stopped_zones() = 0;

  virtual std::optional<Customer> customer(CustomerId id) = 0;
  virtual std::optional<Customer> customer(std::string_view name) = 0;
  virtual std::vector<Customer> customers() = 0;                                 // by id
  virtual std::vector<Customer> customers(std::span<const CustomerId> ids) = 0;  // by id
  // each in the place of its id; empty where there is none
  virtual std::vector<std::string> names_of_customers() = 0;

  virtual std::optional<Backorder> backorder(BackorderId id) = 0;
  virtual std::vector<Backorder> backorders(const BackorderQuery& query) = 0;
  // What a sweep works on: of the next customers that have rows of the query all of these, until as many as are
  // `wanted` are found; empty where none is left. REQUIRES: the query's states have an index by customer, or every call
  // would walk all backorders: requested alone, or those that hold a deposit.
  virtual AccountRows next_accounts(const BackorderQuery& query, std::size_t wanted) = 0;
  // Inside a unit of work: next_accounts() will be asked for this later in it, and what it reads is not written before.
  // So it may be read meanwhile, on another thread, which then calls `decide`, if there is one, with what it read:
  // before next_accounts() returns that, and never after the unit of work. REQUIRES: `decide` uses no store.
  virtual void read_ahead(const BackorderQuery& query, std::size_t wanted,
                          std::function<void(AccountRows&)> decide) = 0;
  // The same rows by customer, then id, one after the other; what is visited is overwritten by the next. REQUIRES: no
  // limit.
  virtual void each_backorder(const BackorderQuery& query, const std::function<void(const Backorder&)>& visit) = 0;
  // by customer, then id
  virtual void each_deposit(std::optional<CustomerId> customer,
                            const std::function<void(const BackorderDeposit&)>& visit) = 0;
  virtual std::int64_t count_backorders(const BackorderQuery& query) = 0;  // without limit and offset
  virtual std::optional<Backorder> backorder_of_application(std::string_view application) = 0;
  // Every application that an ended backorder was bound to, with the provider's status as last read.
  virtual void each_ended_application(
      const std::function<void(std::string_view application, std::string_view status)>& visit) = 0;

  virtual std::optional<User> user(std::string_view login) = 0;
  virtual std::vector<User> users() = 0;  // by login

  virtual std::optional<StoredRequest> request(std::string_view sender, std::string_view key) = 0;
  // Whether the sender has made any request whose key begins so. REQUIRES: the beginning ends in ASCII.
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
  // Of the last transfer recorded before the instant, or of the last of all; 0: there is none. Every id up to it
  // exists.
  virtual TransferId last_transfer_before(std::optional<UtcTime> instant) = 0;
  // Ids above `after`, up to `through`, ascending; one pass, nothing is kept.
  virtual void each_journal_row(TransferId after, TransferId through,
                                const std::function<void(const JournalRow&)>& visit) = 0;
  // Every ledger account that was moved up to `through`, as it stood after the transfer `after` and after `through`. By
  // key. REQUIRES: after <= through.
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
  virtual std::vector<ImportedList> lists(SourceId source) = 0;  // newest first
  // of any source; 0: none yet. What is listed changes with it alone
  virtual std::int64_t last_list() = 0;
  // by ACE name
  virtual void each_listed(SourceId source, const std::function<void(const ListedDrop&)>& visit) = 0;
  // by T, name
  virtual void each_listed(const ListedQuery& query, const std::function<void(const ListedRow&)>& visit) = 0;
  // REQUIRES: inside a unit of work. Returns the list's id.
  virtual std::int64_t add_list(std::string_view source, DateIs date_is, UtcTime imported_at,
                                std::span<const Coverage> coverage, std::int64_t rows) = 0;
  // inserts or replaces by (source, name)
  virtual void put_listed(SourceId source, std::span<const ListedDrop> changed) = 0;

  // REQUIRES: inside a unit of work. Keeps the statement and of its lines those whose (source, external_id) is new; the
  // others must be found equal by the caller. Returns the statement's id.
  virtual std::int64_t add_statement(const ExternalStatement& statement, std::span<const ExternalLine> new_lines,
                                     const Stamp& stamp) = 0;
  virtual std::optional<ExternalLine> external_line(std::string_view source, std::string_view external_id) = 0;
  // as imported; "": any
  virtual void each_external_line(std::string_view source, const std::function<void(const ExternalLine&)>& visit) = 0;
  // as imported
  virtual std::vector<ExternalStatement> external_statements() = 0;
  virtual std::vector<AccountReference> account_references() = 0;
  // how short our money at the provider was when the operator was told last, by currency; zero: covered since
  virtual std::vector<Money> purse_warnings() = 0;
  virtual std::vector<NoticeChannel> notice_channels() = 0;  // by name
  // by event, channel
  virtual std::vector<NoticeDelivery> notice_deliveries(const DeliveryQuery& query) = 0;
  // REQUIRES: inside a unit of work. A channel of that name is not there yet; removing one forgets its deliveries, and
  // tells whether there was one.
  virtual void add_notice_channel(const NoticeChannel& channel) = 0;
  virtual bool remove_notice_channel(std::string_view name) = 0;
  // made, or changed; what is delivered stays delivered
  virtual void put_notice_delivery(const NoticeDelivery& delivery) = 0;
  virtual void advance_notice_cursor(std::string_view channel, std::int64_t event) = 0;  // never back

  // Proves kept balances against transfers, deposits against backorders and transfers, seals against everything.
  virtual Verification verify(const std::function<void(std::int64_t done, std::int64_t total)>& progress) = 0;
};

}  // namespace engine
