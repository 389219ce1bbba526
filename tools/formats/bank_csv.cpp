// CSV of banks and payment services, by a mapping.
#include <toml++/toml.h>

#include <algorithm>
#include <map>

#include "engine/statement_chain.hpp"
#include "tools/formats/encoding.hpp"
#include "tools/formats/statement_lines.hpp"

namespace formats {
namespace {

using engine::Currency;
using engine::Day;
using engine::Error;
using engine::ErrorCode;
using engine::ExternalLine;
using engine::Money;
using engine::Result;

constexpr std::string_view kColumnKeys[] = {"booked",   "valued",     "amount",     "credit",       "debit", "sign",
                                            "currency", "reference",  "end_to_end", "counterparty", "id",    "balance",
                                            "status",   "structured", "fee",        "net"};

struct Record {
  std::uint64_t line;
  std::string_view raw;
  std::vector<std::string> fields;
  std::string fault;
};

// Takes one record off the front: RFC 4180 with another separator; a quoted field may hold line ends.
Record take_record(std::string_view& text, std::uint64_t& line, char separator) {
  Record record{line, text, {}, {}};
  for (bool more = true; more;) {
    std::string field;
    if (text.starts_with('"')) {
      text.remove_prefix(1);
      bool closed = false;
      while (!text.empty() && !closed) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '\n') ++line;
        if (c != '"')
          field += c;
        else if (text.starts_with('"'))
          field += '"', text.remove_prefix(1);
        else
          closed = true;
      }
      if (!closed) record.fault = "a quote is opened and never closed";
    }
    const std::size_t end = std::min({text.find(separator), text.find('\n'), text.size()});
    append_word(field, text.substr(0, end));
    text.remove_prefix(end);
    record.fields.emplace_back(trimmed(field));
    more = text.starts_with(separator);
    if (!text.empty()) {
      if (text.front() == '\n') ++line;
      text.remove_prefix(1);
    }
  }
  record.raw = trimmed(record.raw.substr(0, record.raw.size() - text.size()));
  return record;
}

Result<Day> parse_masked_day(std::string_view text, std::string_view mask) {
  const Error unfit{ErrorCode::invalid_time, "'" + std::string(text) + "' is no day written as " + std::string(mask)};
  int year = -1, month = -1, day = -1;
  const auto number = [&text](std::size_t digits) {
    int value = 0;
    if (text.size() < digits) return -1;
    for (const char c : text.substr(0, digits)) {
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    text.remove_prefix(digits);
    return value;
  };
  while (!mask.empty()) {
    const std::size_t digits = mask.starts_with("YYYY")                                                     ? 4
                               : mask.starts_with("YY") || mask.starts_with("MM") || mask.starts_with("DD") ? 2
                                                                                                            : 0;
    if (digits == 0) {
      if (text.empty() || text.front() != mask.front()) return unfit;
      text.remove_prefix(1);
      mask.remove_prefix(1);
      continue;
    }
    const int value = number(digits);
    if (value < 0) return unfit;
    (mask.front() == 'Y'   ? year
     : mask.front() == 'M' ? month
                           : day) = digits == 2 && mask.front() == 'Y' ? 2000 + value : value;
    mask.remove_prefix(digits);
  }
  const std::chrono::year_month_day found{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day))};
  if (!text.empty() || !found.ok()) return unfit;
  return Day(found);
}

// "1.234,56", "-12,50", "12,50-", "+100,00" with `decimal` ','. Group marks only in front of exactly three digits.
Result<Money> parse_written_money(std::string_view text, char decimal, Currency currency) {
  const Error unfit{ErrorCode::invalid_amount,
                    "'" + std::string(text) + "' is no amount with decimal '" + decimal + "'"};
  std::string_view rest = trimmed(text);
  bool negative = false;
  if (rest.starts_with('-') || rest.starts_with('+'))
    negative = rest.front() == '-', rest.remove_prefix(1);
  else if (rest.ends_with('-') || rest.ends_with('+'))
    negative = rest.back() == '-', rest.remove_suffix(1);
  std::string plain;
  std::size_t since_mark = 0;
  bool marked = false, fraction = false;
  for (rest = trimmed(rest); !rest.empty(); rest.remove_prefix(1)) {
    const char c = rest.front();
    const bool wide_blank = rest.starts_with("\xC2\xA0");
    const bool mark = wide_blank || c == ' ' || c == '\'' || c == (decimal == ',' ? '.' : ',');
    if (c >= '0' && c <= '9') {
      plain += c;
      if (!fraction) ++since_mark;
    } else if (mark && !fraction && since_mark > 0 && (marked ? since_mark == 3 : since_mark <= 3)) {
      marked = true;
      since_mark = 0;
      if (wide_blank) rest.remove_prefix(1);
    } else if (c == decimal && !fraction && (!marked || since_mark == 3)) {
      fraction = true;
      plain += '.';
    } else {
      return unfit;
    }
  }
  if (marked && !fraction && since_mark != 3) return unfit;
  const Result<Money> money = engine::parse_money(plain, currency);
  if (!money) return unfit;
  return negative ? -money.value() : money.value();
}

bool is_one_of(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// A header's columns by the mapping's keys.
class Columns {
 public:
  std::optional<Error> bind(const CsvMapping& mapping, const Record& header) {
    width_ = header.fields.size();
    for (const auto& [key, names] : mapping.columns) {
      for (const std::string& name : names) {
        const auto place = std::ranges::find(header.fields, name);
        if (place == header.fields.end()) {
          std::string there;
          for (const std::string& field : header.fields) there += (there.empty() ? "" : ", ") + field;
          return no_statement("line " + std::to_string(header.line) + ": the header has no column '" + name + "' (" +
                              key + "); it has: " + there);
        }
        places_[key].push_back(static_cast<std::size_t>(place - header.fields.begin()));
      }
    }
    return std::nullopt;
  }
  bool has(const std::string& key) const { return places_.contains(key); }
  std::string text(const Record& record, const std::string& key) const {
    std::string joined;
    const auto places = places_.find(key);
    if (places == places_.end()) return joined;
    for (const std::size_t place : places->second) append_word(joined, record.fields[place]);
    return joined;
  }
  std::size_t width() const { return width_; }

 private:
  std::map<std::string, std::vector<std::size_t>> places_;
  std::size_t width_ = 0;
};

Result<Money> row_amount(const Record& record, const Columns& columns, const CsvMapping& mapping, Currency currency) {
  const auto parsed = [&](const std::string& key) {
    return parse_written_money(columns.text(record, key), mapping.decimal, currency);
  };
  if (!columns.has("amount")) {
    const bool in = !columns.text(record, "credit").empty(), out = !columns.text(record, "debit").empty();
    const Result<Money> credit = in ? parsed("credit") : Money::zero(currency),
                        debit = out ? parsed("debit") : Money::zero(currency);
    if (!credit) return credit;
    if (!debit) return debit;
    // Some write the debit with its minus, some without.
    const Money taken = debit.value().is_negative() ? debit.value() : -debit.value();
    if (credit.value().is_zero() == taken.is_zero())
      return Error{ErrorCode::invalid_amount, "an amount must be in exactly one of credit and debit"};
    return credit.value() + taken;
  }
  const Result<Money> amount = parsed("amount");
  if (!amount || !columns.has("sign")) return amount;
  if (amount.value().is_negative())
    return Error{ErrorCode::invalid_amount, "a minus beside a column for the direction"};
  const std::string word = columns.text(record, "sign");
  if (is_one_of(mapping.credit_words, word)) return amount;
  if (is_one_of(mapping.debit_words, word)) return -amount.value();
  return Error{ErrorCode::invalid_amount, "direction '" + word + "' is in neither list of [sign]"};
}

// The movement of the account, and the fee that the service kept. `fee` is written with or without a minus; where the
// file says what is left, that decides.
struct Movement {
  Money net;
  std::int64_t fee = 0;
};
Result<Movement> row_movement(const Record& record, const Columns& columns, const CsvMapping& mapping,
                              Currency currency) {
  const Result<Money> gross = row_amount(record, columns, mapping, currency);
  if (!gross) return gross.error();
  Movement movement{gross.value()};
  const std::string written = columns.text(record, "fee");
  if (written.empty()) return movement;
  const Result<Money> fee = parse_written_money(written, mapping.decimal, currency);
  if (!fee) return fee.error();
  const Money cost = fee.value().is_negative() ? -fee.value() : fee.value();
  movement.net = gross.value() - cost;
  if (columns.has("net")) {
    const Result<Money> net = parse_written_money(columns.text(record, "net"), mapping.decimal, currency);
    if (!net) return net.error();
    if (net.value() != gross.value() - cost && net.value() != gross.value() + cost) {
      return Error{ErrorCode::invalid_amount, "gross " + to_string(gross.value()) + " and fee " + written +
                                                  " do not make net " + to_string(net.value())};
    }
    movement.net = net.value();
  }
  const Money kept = gross.value() - movement.net;
  if (gross.value().is_positive() && movement.net.is_positive() && kept.is_positive()) movement.fee = kept.minor();
  return movement;
}

struct BalancedRow {
  std::uint64_t line;
  Money amount, balance;
};
// Rows run forwards or backwards in time: either way each balance is the one before it and its own amount.
void check_running_balance(BankStatement& statement, const std::vector<BalancedRow>& rows) {
  if (rows.empty()) return;
  const auto first_break = [&rows](bool forwards) -> std::optional<std::size_t> {
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const BalancedRow& earlier = rows[forwards ? i - 1 : i];
      const BalancedRow& later = rows[forwards ? i : i - 1];
      if (earlier.balance.currency() != later.balance.currency() || earlier.balance + later.amount != later.balance)
        return i;
    }
    return std::nullopt;
  };
  const std::optional<std::size_t> forwards = first_break(true),
                                   backwards = forwards ? first_break(false) : std::nullopt;
  const bool upside_down = forwards && (!backwards || *backwards > *forwards);
  const BalancedRow& first = upside_down ? rows.back() : rows.front();
  const BalancedRow& last = upside_down ? rows.front() : rows.back();
  if (!forwards || !backwards) {
    statement.opening = first.balance - first.amount;
    statement.closing = last.balance;
    return;
  }
  const BalancedRow& at = rows[std::max(*forwards, *backwards)];
  statement.imbalance = "line " + std::to_string(at.line) + ": its balance " + to_string_with_code(at.balance) +
                        " does not follow from its neighbour's and its amount " + to_string_with_code(at.amount);
}

}  // namespace

Result<CsvMapping> parse_csv_mapping(std::string_view toml) {
  toml::table table;
  const auto bad = [](std::string why) { return Error{ErrorCode::invalid_argument, "mapping: " + std::move(why)}; };
  try {
    table = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    return bad("line " + std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
  }
  CsvMapping mapping;
  std::optional<Error> fault;
  const auto refuse = [&](const toml::node& node, const std::string& why) {
    if (!fault) fault = bad("line " + std::to_string(node.source().begin.line) + ": " + why);
  };
  const auto words_of = [&](const toml::node& node, const std::string& key) {
    std::vector<std::string> words;
    if (const auto* one = node.as_string())
      words.push_back(one->get());
    else if (const auto* list = node.as_array()) {
      for (const toml::node& word : *list) {
        if (const auto* text = word.as_string())
          words.push_back(text->get());
        else
          refuse(word, key + " is a text or a list of texts");
      }
    }
    if (words.empty()) refuse(node, key + " is a text or a list of texts");
    return words;
  };
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    const auto* text = node.as_string();
    const auto* section = node.as_table();
    if (key == "separator" || key == "decimal") {
      const bool fits = text != nullptr && text->get().size() == 1 &&
                        (key == "separator" || text->get() == "." || text->get() == ",");
      if (fits)
        (key == "separator" ? mapping.separator : mapping.decimal) = text->get().front();
      else
        refuse(node, key + (key == "decimal" ? " is \".\" or \",\"" : " is one character"));
    } else if (key == "date") {
      const bool fits = text != nullptr && text->get().find("YY") != std::string::npos &&
                        text->get().find("MM") != std::string::npos && text->get().find("DD") != std::string::npos;
      if (fits)
        mapping.date = text->get();
      else
        refuse(node, "date has YYYY or YY, MM and DD, such as \"DD.MM.YYYY\"");
    } else if (key == "encoding") {
      const Result<Encoding> encoding = parse_encoding(text != nullptr ? text->get() : "");
      if (encoding)
        mapping.encoding = encoding.value();
      else
        refuse(node, encoding.error().detail);
    } else if (key == "skip") {
      const auto* number = node.as_integer();
      if (number != nullptr && number->get() >= 0)
        mapping.skip = static_cast<std::uint64_t>(number->get());
      else
        refuse(node, "skip is a number of lines");
    } else if (key == "currency") {
      const Result<Currency> currency = Currency::parse(text != nullptr ? text->get() : "");
      if (currency)
        mapping.currency = currency.value();
      else
        refuse(node, currency.error().detail);
    } else if (key == "columns" && section != nullptr) {
      for (const auto& [column, names] : *section) {
        const std::string column_key(column.str());
        if (std::ranges::find(kColumnKeys, column_key) == std::end(kColumnKeys))
          refuse(names, "there is no column '" + column_key + "'");
        else
          mapping.columns[column_key] = words_of(names, column_key);
      }
    } else if ((key == "sign" || key == "booked") && section != nullptr) {
      for (const auto& [which, words] : *section) {
        const std::string word(which.str());
        std::vector<std::string>* list = key == "booked"    ? (word == "status" ? &mapping.booked_words : nullptr)
                                         : word == "credit" ? &mapping.credit_words
                                         : word == "debit"  ? &mapping.debit_words
                                                            : nullptr;
        if (list == nullptr)
          refuse(words, "there is no '" + word + "' in [" + key + "]");
        else
          *list = words_of(words, word);
      }
    } else {
      refuse(node, "unknown or misplaced '" + key + "'");
    }
  }
  if (fault) return *fault;
  const auto has = [&](const char* key) { return mapping.columns.contains(key); };
  if (!has("booked")) return bad("[columns] needs booked, the column of the booking day");
  if (has("amount") ? has("credit") || has("debit") : !has("credit") || !has("debit"))
    return bad("[columns] needs either amount, or credit and debit");
  if (!has("currency") && !mapping.currency) return bad("say currency = \"EUR\", or its column");
  if (has("sign") != (!mapping.credit_words.empty() && !mapping.debit_words.empty()))
    return bad("a sign column and [sign] credit, debit belong together");
  if (has("status") == mapping.booked_words.empty()) return bad("a status column and [booked] status belong together");
  // who writes decimal commas separates by semicolons
  if (!table.contains("separator") && mapping.decimal == ',') mapping.separator = ';';
  return mapping;
}

namespace {

// The rows of a file, by currency.
class CsvStatements {
 public:
  explicit CsvStatements(const CsvMapping& mapping) : mapping_(mapping) {}

  std::optional<Error> bind(const Record& header) { return columns_.bind(mapping_, header); }

  // Why the row cannot be read; nothing: it is taken, or passed over.
  std::optional<std::string> take(const Record& record) {
    if (!record.fault.empty()) return record.fault;
    if (record.fields.size() != columns_.width())
      return std::to_string(record.fields.size()) + " fields where the header has " + std::to_string(columns_.width());
    if (columns_.has("status") && !is_one_of(mapping_.booked_words, columns_.text(record, "status"))) {
      ++pending_;
      return std::nullopt;
    }
    const Result<Currency> currency =
        columns_.has("currency") ? Currency::parse(columns_.text(record, "currency")) : *mapping_.currency;
    if (!currency) return currency.error().detail;
    const Result<Day> booked = parse_masked_day(columns_.text(record, "booked"), mapping_.date);
    if (!booked) return booked.error().detail;
    const Result<Movement> movement = row_movement(record, columns_, mapping_, currency.value());
    if (!movement) return movement.error().detail;
    std::optional<Day> valued;
    if (const std::string written = columns_.text(record, "valued"); !written.empty()) {
      const Result<Day> day = parse_masked_day(written, mapping_.date);
      if (!day) return day.error().detail;
      valued = day.value();
    }
    OfCurrency& of = of_currency_[std::string(currency.value().code())];
    if (columns_.has("balance")) {
      const Result<Money> balance =
          parse_written_money(columns_.text(record, "balance"), mapping_.decimal, currency.value());
      if (!balance) return balance.error().detail;
      of.balanced.push_back({record.line, movement.value().net, balance.value()});
    }
    if (movement.value().net.is_zero()) {
      ++of.statement.without_amount;
      return std::nullopt;
    }
    ExternalLine row{.booked_on = booked.value(),
                     .valued_on = valued,
                     .amount = movement.value().net,
                     .fee = movement.value().fee,
                     .end_to_end = columns_.text(record, "end_to_end"),
                     .structured = columns_.text(record, "structured"),
                     .reference = columns_.text(record, "reference"),
                     .counterparty = columns_.text(record, "counterparty"),
                     .bank_reference = columns_.text(record, "id"),
                     .raw = std::string(record.raw)};
    if (engine::is_placeholder(row.end_to_end)) row.end_to_end.clear();
    add_line(of.statement, std::move(row), record.line);
    return std::nullopt;
  }

  void unreadable(const Record& record, std::string why) {
    unread_.push_back({record.line, std::string(record.raw), std::move(why)});
  }

  Result<std::vector<BankStatement>> finish() {
    std::vector<BankStatement> statements;
    for (auto& [code, of] : of_currency_) {
      check_running_balance(of.statement, of.balanced);
      // Newest first: a statement's lines stand in the order of the account.
      if (of.upside_down()) {
        std::ranges::reverse(of.statement.lines);
        std::ranges::reverse(of.statement.places);
      }
      statements.push_back(std::move(of.statement));
    }
    if (statements.empty()) {
      if (unread_.empty() && pending_ == 0) return no_statement("there is no row after the header");
      statements.emplace_back();
    }
    statements.front().unreadable = std::move(unread_);
    statements.front().pending = pending_;
    return statements;
  }

 private:
  struct OfCurrency {
    BankStatement statement{};
    std::vector<BalancedRow> balanced{};
    bool upside_down() const {
      return statement.lines.size() > 1 && statement.lines.front().booked_on > statement.lines.back().booked_on;
    }
  };
  const CsvMapping& mapping_;
  Columns columns_{};
  std::map<std::string, OfCurrency> of_currency_{};
  std::vector<engine::UnreadRow> unread_{};
  std::int64_t pending_ = 0;
};

}  // namespace

Result<std::vector<BankStatement>> read_bank_csv(std::string_view bytes, const CsvMapping& mapping) {
  const Result<Decoded> decoded = decode(std::string(bytes), mapping.encoding, ErrorCode::invalid_statement);
  if (!decoded) return decoded.error();
  std::string_view text = decoded.value().text;
  std::uint64_t line = 1;
  for (; line <= mapping.skip && !text.empty(); ++line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  CsvStatements statements(mapping);
  bool header_read = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (trimmed(text.substr(0, end)).empty()) {
      text.remove_prefix(std::min(end + 1, text.size()));
      ++line;
      continue;
    }
    const Record record = take_record(text, line, mapping.separator);
    if (header_read) {
      if (auto why = statements.take(record)) statements.unreadable(record, std::move(*why));
      continue;
    }
    header_read = true;
    if (!record.fault.empty()) return no_statement("line " + std::to_string(record.line) + ": " + record.fault);
    if (auto error = statements.bind(record)) return *error;
  }
  if (!header_read) return no_statement("there is no header line");
  return statements.finish();
}

}  // namespace formats
