#include "tools/render/plain_text_accounting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <ostream>
#include <sstream>
#include <utility>
#include <vector>

#include "engine/enum_names.hpp"
#include "tools/render/format.hpp"
#include "tools/render/writers.hpp"

namespace render {
namespace {

using engine::AccountKind;
using engine::day_of;
using engine::JournalAccount;
using engine::JournalRow;
using engine::JournalSlice;
using engine::Money;
using engine::to_string;
using engine::Transfer;

constexpr engine::Named<JournalSyntax> kSyntaxes[] = {{JournalSyntax::hledger, "hledger"},
                                                      {JournalSyntax::ledger, "ledger"},
                                                      {JournalSyntax::beancount, "beancount"},
                                                      {JournalSyntax::csv, "csv"},
                                                      {JournalSyntax::jsonl, "jsonl"}};

constexpr std::string_view kOperator = "operator";  // the payee where no customer is concerned

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// A component of an hledger or ledger account: blanks end a name there, ':' divides it, others open comments and
// virtual postings.
std::string plain_component(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (is_letter_or_digit(c) || c == '.' || c == '-' || c == '_') {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

// The length of the UTF-8 sequence that text begins with, or 0: such a byte belongs to no character.
std::size_t sequence_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = byte(0) < 0x80                      ? 1
                             : byte(0) >= 0xC2 && byte(0) < 0xE0 ? 2
                             : byte(0) >= 0xE0 && byte(0) < 0xF0 ? 3
                             : byte(0) >= 0xF0 && byte(0) < 0xF5 ? 4
                                                                 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xED && byte(1) > 0x9F;
  const bool beyond = byte(0) == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

// Free text on one line. '%', control characters, what is no UTF-8, and the syntax's own marks become %XX; what it
// quotes is put behind a backslash.
class OneLine {
 public:
  explicit OneLine(std::string_view marks, std::string_view quoted = {}) : marks_(marks), quoted_(quoted) {
    for (unsigned char c = 0x20; c < 0x7F; ++c) {
      const char mark = static_cast<char>(c);
      plain_[c] = c != '%' && marks.find(mark) == std::string_view::npos && quoted.find(mark) == std::string_view::npos;
    }
  }
  void append(std::string& line, std::string_view text) const {
    for (;;) {
      const auto special = std::ranges::find_if(text, [&](char c) { return !plain_[static_cast<unsigned char>(c)]; });
      line.append(text.begin(), special);
      if (special == text.end()) return;
      text.remove_prefix(static_cast<std::size_t>(special - text.begin()));
      text.remove_prefix(append_special(line, text));
    }
  }

 private:
  std::size_t append_special(std::string& line, std::string_view text) const {
    const unsigned char c = static_cast<unsigned char>(text.front());
    const std::size_t length = sequence_at(text);
    // U+0085, U+2028 and U+2029 end a line for some readers.
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    const bool ends_line = sequence == "\xC2\x85" || sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9";
    if (length == 0 || c < 0x20 || c == 0x7F || c == '%' || ends_line ||
        marks_.find(text.front()) != std::string_view::npos) {
      for (const char byte : sequence) line += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    } else {
      if (quoted_.find(text.front()) != std::string_view::npos) line += '\\';
      line += sequence;
    }
    return sequence.size();
  }

  std::string_view marks_, quoted_;
  std::array<bool, 256> plain_{};
};

struct AccountWords {
  std::string_view before;  // the customer's name, or the source, comes between
  std::string_view after;
};
AccountWords words_of(AccountKind kind) {
  switch (kind) {
    case AccountKind::cash:
      return {"assets:cash", ""};
    case AccountKind::receivable:
      return {"assets:receivables", ""};
    case AccountKind::provider_prepaid:
      return {"assets:provider:prepaid", ""};
    case AccountKind::provider_deposit:
      return {"assets:provider:deposits", ""};
    case AccountKind::available:
      return {"liabilities:customers", "available"};
    case AccountKind::reserved:
      return {"liabilities:customers", "reserved"};
    case AccountKind::suspense:
      return {"liabilities:suspense", ""};
    case AccountKind::tax:
      return {"liabilities:tax", ""};
    case AccountKind::auction_clearing:
      return {"liabilities:auction-clearing", ""};
    case AccountKind::revenue:
      return {"income:backorders", ""};
    case AccountKind::cost_of_sales:
      return {"expenses:cost-of-sales", ""};
    case AccountKind::fees:
      return {"expenses:fees", ""};
    case AccountKind::goodwill:
      return {"expenses:goodwill", ""};
    case AccountKind::adjustment:
      return {"expenses:adjustment", ""};
  }
  engine::invariant_failed("the kind is known", __FILE__, __LINE__, "account kind");
}

// "assets:cash" → "Assets:Cash"
std::string capitalised(std::string_view path) {
  std::string text(path);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((i == 0 || text[i - 1] == ':') && text[i] >= 'a' && text[i] <= 'z')
      text[i] = static_cast<char>(text[i] - 'a' + 'A');
  }
  return text;
}

// What stands around the component that says whose a customer's account is.
struct AccountPath {
  std::string before, after;
};
AccountPath path(JournalSyntax syntax, AccountKind kind) {
  const AccountWords words = words_of(kind);
  const auto written = [&](std::string_view text) {
    return syntax == JournalSyntax::beancount ? capitalised(text) : std::string(text);
  };
  return {written(words.before) + ":", words.after.empty() ? "" : ":" + written(words.after)};
}
std::string component(JournalSyntax syntax, std::string_view name) {
  return syntax == JournalSyntax::beancount ? beancount_component(name) : plain_component(name);
}

constexpr std::string_view kTags[] = {"kind",  "order",    "domain",    "attempt",  "request",
                                      "actor", "recorded", "effective", "reverses", "memo"};

// As text, kept for the next: a sweep's transfers share their instant, a day's their day.
template <typename Value>
class Text {
 public:
  const std::string& of(Value value) {
    if (!value_ || *value_ != value) {
      value_ = value;
      text_ = to_string(value);
    }
    return text_;
  }

 private:
  std::optional<Value> value_;
  std::string text_;
};

// Writes a part of a journal: what comes first, some of the transfers in the order of their ids, or what comes last.
class JournalWriter {
 public:
  virtual ~JournalWriter() = default;
  virtual void open() = 0;
  virtual void add(const JournalRow& row) = 0;
  virtual void close() = 0;
};

// Names as the plain-text syntaxes write them, made once for all parts of a journal.
struct PlainTextNames {
  struct Customer {
    std::string name;
    std::string other;  // what stands for it in its accounts' names, where that is not the name itself
    std::string_view component() const { return other.empty() ? name : other; }
  };

  PlainTextNames(JournalSyntax of_syntax, const JournalSlice& slice)
      : syntax(of_syntax), customers(slice.customers.size()) {
    for (const JournalAccount& account : slice.accounts) {
      if (!account.key.customer) {
        operators.emplace(account.key, journal_account(syntax, account.key, slice.of(account.key)));
        continue;
      }
      Customer& customer = customers.at(static_cast<std::size_t>(account.key.customer->value()));
      if (!customer.name.empty()) continue;
      customer.name = slice.of(account.key);
      if (std::string written = component(syntax, customer.name); written != customer.name)
        customer.other = std::move(written);
    }
  }

  // A name in parts; of the operator's accounts the first is all of it.
  struct Parts {
    std::string_view before, component, after;
  };

  const Customer& of(engine::CustomerId id) const { return customers.at(static_cast<std::size_t>(id.value())); }
  Parts parts(const engine::LedgerAccountKey& account) const {
    if (!account.customer) return {operators.at(account), {}, {}};
    const AccountPath& around = account.kind == AccountKind::available  ? available
                                : account.kind == AccountKind::reserved ? reserved
                                                                        : receivable;
    return {around.before, of(*account.customer).component(), around.after};
  }

  JournalSyntax syntax;
  AccountPath available = path(syntax, AccountKind::available), reserved = path(syntax, AccountKind::reserved),
              receivable = path(syntax, AccountKind::receivable);
  std::map<engine::LedgerAccountKey, std::string> operators{};  // the names of the operator's few accounts
  std::vector<Customer> customers;                              // by id; empty where none is concerned
};

// What the three plain-text syntaxes share; each says how its lines look.
class PlainTextJournal : public JournalWriter {
 public:
  PlainTextJournal(const PlainTextNames& names, const JournalSlice& slice, bool append, std::ostream& out)
      : names_(names), slice_(slice), append_(append), sink_(out) {}

  void open() override {
    const std::int64_t after = slice_.after.value(), through = slice_.through.value();
    line("; dropledger.journal/1: {}, next cursor {}",
         after < through ? fmt::format("transfers {} to {}", after + 1, through) : "no transfer", through);
    if (slice_.from) line("; recorded at or after {}", to_string(*slice_.from));
    if (slice_.to) line("; recorded before {}", to_string(*slice_.to));
    line("");
    declare();
    if (append_) return;
    for_each_currency([&](engine::Currency currency, const std::vector<const JournalAccount*>& accounts) {
      if (std::ranges::all_of(accounts, [](const JournalAccount* account) { return account->opening.is_zero(); }))
        return;
      head(slice_.first_day, slice_.first_day, 0, "dropledger", fmt::format("opening balances, {}", currency.code()));
      for (const JournalAccount* account : accounts) {  // debits equal credits, so they balance by themselves
        if (!account->opening.is_zero()) posting(account->key, to_string_with_code(account->opening));
      }
      line("");
    });
  }

  void add(const JournalRow& row) override {
    const Transfer& transfer = row.transfer;
    const std::optional<engine::CustomerId> customer = transfer.customer();
    what_ = to_word(transfer.kind);
    if (row.domain) (what_ += ' ') += unicode_of(*row.domain);
    head(day_of(transfer.recorded_at), day_of(transfer.effective_at), transfer.id.value(),
         customer ? std::string_view(names_.of(*customer).name) : kOperator, what_);
    tags(row);
    amount_ = to_string_with_code(transfer.amount);
    posting(transfer.debit, amount_);
    amount_.insert(0, 1, '-');  // amounts of transfers are above zero
    posting(transfer.credit, amount_);
    sink_.end_line();
  }

 protected:
  virtual void declare() = 0;
  virtual void head(engine::Day day, engine::Day effective, std::int64_t transfer, std::string_view payee,
                    std::string_view what) = 0;
  virtual void tag(std::string_view key, std::string_view value) = 0;

  template <typename... Values>
  void line(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(sink_.text), format, std::forward<Values>(values)...);
    sink_.end_line();
  }
  void number(std::int64_t value) {
    const fmt::format_int digits(value);
    sink_.text.append(digits.data(), digits.size());
  }
  void tags(const JournalRow& row) {
    const Transfer& transfer = row.transfer;
    const auto numbered = [&](std::string_view key, std::int64_t value) {
      const fmt::format_int digits(value);
      tag(key, {digits.data(), digits.size()});
    };
    tag("kind", to_word(transfer.kind));
    if (transfer.backorder) numbered("order", transfer.backorder->value());
    if (row.domain) tag("domain", row.domain->ace());
    if (transfer.attempt > 0) numbered("attempt", transfer.attempt);
    if (!row.request_key.empty()) {
      ((what_ = row.request_sender) += ':') += row.request_key;
      tag("request", what_);
    }
    tag("actor", transfer.actor);
    tag("recorded", recorded_.of(transfer.recorded_at));
    if (transfer.effective_at != transfer.recorded_at) tag("effective", to_string(transfer.effective_at));
    if (transfer.reverses) numbered("reverses", transfer.reverses->value());
    if (!transfer.memo.empty()) tag("memo", transfer.memo);
  }
  void posting(const engine::LedgerAccountKey& key, std::string_view amount, std::string_view assertion = {}) {
    sink_.text += "  ";
    columns(key, amount, 16);
    sink_.text += assertion;
    sink_.end_line();
  }
  // An account and, at the right of its column, an amount: both are ASCII.
  void columns(const engine::LedgerAccountKey& key, std::string_view amount, std::size_t amount_width) {
    constexpr std::size_t name_width = 62;
    const std::size_t begin = sink_.text.size();
    const PlainTextNames::Parts name = names_.parts(key);
    ((sink_.text += name.before) += name.component) += name.after;
    const std::size_t size = sink_.text.size() - begin;
    sink_.text.append(
        name_width - std::min(name_width, size) + 2 + amount_width - std::min(amount_width, amount.size()), ' ');
    sink_.text += amount;
  }
  void for_each_currency(
      const std::function<void(engine::Currency, const std::vector<const JournalAccount*>&)>& visit) const {
    std::map<engine::Currency, std::vector<const JournalAccount*>> by_currency;
    for (const JournalAccount& account : slice_.accounts) by_currency[account.key.currency].push_back(&account);
    for (const auto& [currency, accounts] : by_currency) visit(currency, accounts);
  }
  // By name. One may hold several currencies, each an account of ours.
  void for_each_undeclared(const std::function<void(std::string_view name, engine::Currency)>& visit) const {
    struct Name {
      std::string_view before;
      std::string component;  // itself, not where it is kept: so sorting reads what it moves
      std::string_view after;
      engine::Currency currency;
      bool is_declared;  // by a slice before
      // As whole names: nothing that stands before or after a component occurs in one, or begins another name.
      std::strong_ordering operator<=>(const Name& other) const {
        if (const auto order = before <=> other.before; order != 0) return order;
        const auto same =
            static_cast<std::size_t>(std::ranges::mismatch(component, other.component).in1 - component.begin());
        const auto rest = [same](const Name& name) {
          return same < name.component.size() ? std::string_view(name.component).substr(same) : name.after;
        };
        return rest(*this) <=> rest(other);
      }
      bool operator==(const Name& other) const { return (*this <=> other) == 0; }
    };
    std::vector<Name> names;
    names.reserve(slice_.accounts.size());
    for (const JournalAccount& account : slice_.accounts) {
      const PlainTextNames::Parts parts = names_.parts(account.key);
      names.push_back(
          {parts.before, std::string(parts.component), parts.after, account.key.currency, append_ && !account.is_new});
    }
    std::ranges::sort(names);
    std::string text;
    for (auto name = names.begin(); name != names.end();) {
      const auto next = std::find_if(name, names.end(), [&](const Name& other) { return other != *name; });
      ((text = name->before) += name->component) += name->after;
      if (std::none_of(name, next, [](const Name& one) { return one.is_declared; })) visit(text, name->currency);
      name = next;
    }
  }

  const PlainTextNames& names_;
  const JournalSlice& slice_;
  const bool append_;
  Sink sink_;
  Text<engine::Day> day_;
  Text<engine::UtcTime> recorded_;
  std::string what_, amount_;  // of the transfer at hand
};

class LedgerJournal : public PlainTextJournal {
 public:
  using PlainTextJournal::PlainTextJournal;

  void close() override {
    for_each_currency([&](engine::Currency currency, const std::vector<const JournalAccount*>& accounts) {
      head(slice_.last_day, slice_.last_day, 0, "dropledger", fmt::format("closing balances, {}", currency.code()));
      const std::string nothing = to_string_with_code(Money::zero(currency));
      for (const JournalAccount* account : accounts)
        posting(account->key, nothing, " = " + to_string_with_code(account->closing));
      line("");
    });
  }

 private:
  bool is_hledger() const { return names_.syntax == JournalSyntax::hledger; }

  void declare() override {
    for_each_currency([&](engine::Currency currency, const std::vector<const JournalAccount*>&) {
      // hledger wants a decimal mark even where no decimals follow it.
      const std::string sample =
          to_string(Money::of_minor(1'000'000, currency)) + (is_hledger() && currency.exponent() == 0 ? "." : "");
      line("commodity {}", currency.code());
      line("  format {} {}", sample, currency.code());
    });
    std::vector<std::string_view> payees{"dropledger", kOperator};
    for (const PlainTextNames::Customer& customer : names_.customers) {
      if (!customer.name.empty()) payees.push_back(customer.name);
    }
    std::ranges::sort(payees);
    payees.erase(std::unique(payees.begin(), payees.end()), payees.end());
    for (const std::string_view payee : payees) line("payee {}", payee);
    for (const std::string_view key : kTags) line("tag {}", key);
    for_each_undeclared([&](std::string_view name, engine::Currency) { line("account {}", name); });
    line("");
  }

  void head(engine::Day day, engine::Day effective, std::int64_t transfer, std::string_view payee,
            std::string_view what) override {
    sink_.text += day_.of(day);
    if (effective != day) (sink_.text += '=') += to_string(effective);
    sink_.text += " * ";
    if (transfer != 0) {
      sink_.text += '(';
      number(transfer);
      sink_.text += ") ";
    }
    sink_.text += payee;
    if (is_hledger()) {  // ledger takes all of it for the payee
      sink_.text += " | ";
      what_line_.append(sink_.text, what);
    }
    sink_.end_line();
  }

  void tag(std::string_view key, std::string_view value) override {
    ((sink_.text += "  ; ") += key) += ": ";
    value_line_.append(sink_.text, value);
    sink_.end_line();
  }

  const OneLine what_line_{";"};
  // In hledger a comma ends a tag's value and begins the next tag; in ledger '[' begins a date.
  const OneLine value_line_{is_hledger() ? "," : "["};
};

class BeancountJournal : public PlainTextJournal {
 public:
  using PlainTextJournal::PlainTextJournal;

  void close() override {
    // a balance is that of a day's beginning
    const std::string day = to_string(slice_.last_day + std::chrono::days(1));
    for (const JournalAccount& account : slice_.accounts) {
      (sink_.text += day) += " balance ";
      columns(account.key, to_string(account.closing), 13);
      (sink_.text += " ~ ") += to_string_with_code(Money::zero(account.key.currency));
      sink_.end_line();
    }
    line("");
  }

 private:
  void declare() override {
    const std::string day = to_string(slice_.first_day);
    for_each_undeclared(
        [&](std::string_view name, engine::Currency currency) { line("{} open {} {}", day, name, currency.code()); });
    line("");
  }

  void head(engine::Day day, engine::Day effective, std::int64_t transfer, std::string_view payee,
            std::string_view what) override {
    (sink_.text += day_.of(day)) += " * ";
    quote(payee);
    sink_.text += ' ';
    quote(what);
    sink_.end_line();
    if (transfer != 0) {
      sink_.text += "  transfer: ";
      number(transfer);
      sink_.end_line();
    }
    if (effective != day) line("  effective-day: {}", to_string(effective));
  }

  void tag(std::string_view key, std::string_view value) override {
    ((sink_.text += "  ") += key) += ": ";
    quote(value);
    sink_.end_line();
  }

  void quote(std::string_view text) {
    sink_.text += '"';
    quoted_.append(sink_.text, text);
    sink_.text += '"';
  }

  const OneLine quoted_{"", "\"\\"};
};

struct TabularNames {
  TabularNames(JournalSyntax of_syntax, const JournalSlice& slice) : syntax(of_syntax) {
    for (const JournalAccount& account : slice.accounts) {
      accounts.emplace(account.key, journal_account(syntax, account.key, slice.of(account.key)));
    }
  }

  JournalSyntax syntax;
  std::map<engine::LedgerAccountKey, std::string> accounts{};
};

// CSV and JSON Lines by the same writers as every table, some rows at a time.
class TabularJournal : public JournalWriter {
 public:
  TabularJournal(const TabularNames& names, const JournalSlice& slice, bool append, std::ostream& out)
      : names_(names), slice_(slice), append_(append), out_(out) {
    options_.format = names.syntax == JournalSyntax::csv ? Format::csv : Format::jsonl;
    table_.schema = "dropledger.journal/1";
    table_.columns = {{"record"},
                      {"transfer", "", Kind::number},
                      {"recorded_at", "", Kind::time},
                      {"effective_at", "", Kind::time},
                      {"kind"},
                      {"debit"},
                      {"credit"},
                      {"amount", "", Kind::money},
                      {"account"},
                      {"backorder", "", Kind::number},
                      {"domain", "", Kind::domain},
                      {"attempt", "", Kind::number},
                      {"reverses", "", Kind::number},
                      {"sender"},
                      {"request"},
                      {"actor"},
                      {"memo"}};
  }
  ~TabularJournal() override { write_some(); }

  void open() override {
    if (!append_) balances("opening", &JournalAccount::opening);
    write_some(true);  // the header, whatever follows
  }
  void add(const JournalRow& row) override {
    const Transfer& transfer = row.transfer;
    const std::optional<engine::CustomerId> customer = transfer.customer();
    const std::optional<int> attempt = transfer.attempt > 0 ? std::optional(transfer.attempt) : std::nullopt;
    table_.add("transfer", transfer.id, transfer.recorded_at, transfer.effective_at, to_word(transfer.kind),
               names_.accounts.at(transfer.debit), names_.accounts.at(transfer.credit), transfer.amount,
               customer ? slice_.customers.at(static_cast<std::size_t>(customer->value())) : "", transfer.backorder,
               row.domain, attempt, transfer.reverses, row.request_sender, row.request_key, transfer.actor,
               transfer.memo);
    if (table_.rows.size() >= kRowsAtOnce) write_some();
  }
  void close() override { balances("closing", &JournalAccount::closing); }

 private:
  static constexpr std::size_t kRowsAtOnce = 1000;

  void balances(std::string_view record, Money JournalAccount::*which) {
    for (const JournalAccount& account : slice_.accounts) {
      const Money balance = account.*which;
      if (balance.is_zero() && record == "opening") continue;
      const bool debit = balance.is_zero() ? is_debit_normal(account.key.kind) : balance.is_positive();
      const std::string& name = names_.accounts.at(account.key);
      const std::monostate none;
      table_.add(record, none, none, none, "", debit ? name : "", debit ? "" : name,
                 balance.is_negative() ? -balance : balance, account.key.customer ? slice_.of(account.key) : "", none,
                 none, none, none, "", "", "", "");
    }
  }
  void write_some(bool with_header = false) {
    options_.header = with_header;
    write(out_, table_, options_);
    table_.rows.clear();
  }

  const TabularNames& names_;
  const JournalSlice& slice_;
  const bool append_;
  std::ostream& out_;
  Options options_;
  Table table_;
};

// called from two threads at once
using WriterOf = std::function<std::unique_ptr<JournalWriter>(std::ostream&)>;

// `slice` must outlive it.
template <typename Journal, typename Names>
WriterOf writer_with(JournalSyntax syntax, const JournalSlice& slice, bool append) {
  return [names = std::make_shared<const Names>(syntax, slice), &slice, append](std::ostream& out) {
    return std::make_unique<Journal>(*names, slice, append, out);
  };
}
WriterOf writer_of(JournalSyntax syntax, const JournalSlice& slice, bool append) {
  switch (syntax) {
    case JournalSyntax::hledger:
    case JournalSyntax::ledger:
      return writer_with<LedgerJournal, PlainTextNames>(syntax, slice, append);
    case JournalSyntax::beancount:
      return writer_with<BeancountJournal, PlainTextNames>(syntax, slice, append);
    case JournalSyntax::csv:
    case JournalSyntax::jsonl:
      return writer_with<TabularJournal, TabularNames>(syntax, slice, append);
  }
  engine::invariant_failed("the syntax is known", __FILE__, __LINE__, "journal syntax");
}

// So many transfers are a part, held as text. With 3,072 a million took four in a hundred less time than with 8,192,
// and with 1,024 eight more.
constexpr std::int64_t kPart = 4'096;

}  // namespace

std::optional<JournalSyntax> parse_journal_syntax(std::string_view word) { return engine::value_of(kSyntaxes, word); }

std::string beancount_component(std::string_view name) {
  std::string text;
  const bool raised = !name.empty() && name.front() >= 'a' && name.front() <= 'z';
  if (raised) {
    text = static_cast<char>(name.front() - 'a' + 'A');
    name.remove_prefix(1);
  } else {
    text = "X-c";
  }
  for (const char c : name) {
    if (is_letter_or_digit(c)) {
      text += c;
    } else if (c == '-') {
      text += "--";
    } else if (c == '.') {
      text += "-d";
    } else if (c == '_') {
      text += "-u";
    } else {
      text += fmt::format("-x{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string journal_account(JournalSyntax syntax, const engine::LedgerAccountKey& key, std::string_view of) {
  if (belongs_to_customer(key.kind)) {
    const AccountPath around = path(syntax, key.kind);
    return around.before + component(syntax, of) + around.after;
  }
  const AccountWords words = words_of(key.kind);
  const bool beancount = syntax == JournalSyntax::beancount;
  std::string text = beancount ? capitalised(words.before) : std::string(words.before);
  if (key.kind == AccountKind::cash) text += ":" + component(syntax, of);
  if (beancount) text += ":" + std::string(key.currency.code());  // opened with one currency, for ever
  return text;
}

void write_journal(JournalSyntax syntax, const JournalSlice& slice, bool append, const engine::JournalRows& rows,
                   std::ostream& out) {
  const WriterOf writer_to = writer_of(syntax, slice, append);
  const auto write_part = [&](const engine::JournalRows& from, std::int64_t after, std::int64_t through,
                              std::ostream& to) {
    const auto writer = writer_to(to);
    from.each(engine::TransferId(after), engine::TransferId(through), [&](const JournalRow& row) { writer->add(row); });
  };
  writer_to(out)->open();
  // Every other part is read and written into memory by a second thread meanwhile: transfers up to the cursor never
  // change, so two readers see the same.
  std::optional<engine::JournalRows> beside;
  for (std::int64_t after = slice.after.value(), last = slice.through.value(); after < last;) {
    const std::int64_t middle = std::min(after + kPart, last), end = std::min(middle + kPart, last);
    std::future<std::string> second;
    if (middle < end) {
      if (!beside) beside = rows.beside();
      second = std::async(std::launch::async, [&write_part, &beside, middle, end] {
        std::ostringstream text;
        write_part(*beside, middle, end, text);
        return std::move(text).str();
      });
    }
    write_part(rows, after, middle, out);
    if (second.valid()) out << second.get();
    after = end;
  }
  writer_to(out)->close();
}

}  // namespace render
