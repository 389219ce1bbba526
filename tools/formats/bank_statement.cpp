#include "tools/formats/bank_statement.hpp"

#include <sodium.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <pugixml.hpp>
#include <set>
#include <sstream>

namespace formats {
namespace {

using engine::Currency;
using engine::Day;
using engine::Error;
using engine::ErrorCode;
using engine::ExternalLine;
using engine::Money;
using engine::Result;

Error no_statement(std::string why) { return {ErrorCode::invalid_statement, std::move(why)}; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

void append_word(std::string& text, std::string_view word) {
  word = trimmed(word);
  if (word.empty()) return;
  if (!text.empty()) text += ' ';
  text += word;
}

// The number of the line on which a byte stands; asked in any order.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
      ends_.push_back(at);
  }
  std::uint64_t of(std::ptrdiff_t byte) const {
    const auto before = std::ranges::lower_bound(ends_, static_cast<std::size_t>(std::max<std::ptrdiff_t>(byte, 0)));
    return static_cast<std::uint64_t>(before - ends_.begin()) + 1;
  }

 private:
  std::vector<std::size_t> ends_;
};

// ---- ids ----

std::string content_id(const ExternalLine& line) {
  std::string content;
  for (const std::string& field : {engine::to_string(line.booked_on), to_string_with_code(line.amount), line.end_to_end,
                                   line.reference, line.counterparty}) {
    content += std::to_string(field.size()) + ":" + field;  // so that no two contents share their bytes
  }
  std::array<unsigned char, crypto_generichash_BYTES> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(content.data()), content.size(),
                     nullptr, 0);
  std::array<char, 33> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), 16);
  return std::string("content:") + hex.data();
}

// Gives a line without an id its derived one, and an id that is repeated in a file its number.
class Ids {
 public:
  void settle(ExternalLine& line) {
    const bool derived = line.external_id.empty();
    if (derived) line.external_id = content_id(line);
    const int number = ++seen_[line.external_id];
    if (derived || number > 1) line.external_id += "/" + std::to_string(number);
  }

 private:
  std::map<std::string, int> seen_;
};

void add_line(BankStatement& statement, Ids& ids, ExternalLine line, std::uint64_t place) {
  ids.settle(line);
  statement.from = statement.from ? std::min(*statement.from, line.booked_on) : line.booked_on;
  statement.to = statement.to ? std::max(*statement.to, line.booked_on) : line.booked_on;
  statement.lines.push_back(std::move(line));
  statement.places.push_back(place);
}

void check_balances(BankStatement& statement, Money booked) {
  if (!statement.opening || !statement.closing || !statement.imbalance.empty()) return;
  const Money reached = *statement.opening + booked;
  if (reached == *statement.closing) return;
  statement.imbalance = "opening balance " + to_string_with_code(*statement.opening) + " and entries of " +
                        to_string_with_code(booked) + " make " + to_string_with_code(reached) +
                        ", the closing balance is " + to_string_with_code(*statement.closing);
}

// ---- camt.053 ----

// Banks write the same elements with and without a prefix of their namespace.
bool is_named(const pugi::xml_node& node, std::string_view name) {
  std::string_view found = node.name();
  found.remove_prefix(found.find(':') == std::string_view::npos ? 0 : found.find(':') + 1);
  return found == name;
}
template <typename Visit>
void each_child(const pugi::xml_node& node, std::string_view name, const Visit& visit) {
  for (const pugi::xml_node& child : node.children()) {
    if (is_named(child, name)) visit(child);
  }
}
pugi::xml_node child_at(pugi::xml_node node, std::string_view path) {  // "Refs/EndToEndId"
  while (node && !path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    pugi::xml_node found;
    for (const pugi::xml_node& child : node.children()) {
      if (!found && is_named(child, name)) found = child;
    }
    node = found;
  }
  return node;
}
std::string text_at(const pugi::xml_node& node, std::string_view path) {
  return std::string(trimmed(child_at(node, path).child_value()));
}

std::string verbatim(const pugi::xml_node& node) {
  std::ostringstream out;
  node.print(out, "", pugi::format_raw);
  return out.str();
}

// The schema allows five decimals; what is not a whole number of minor units is refused, never rounded.
Result<Money> amount_of(const pugi::xml_node& amount, bool out) {
  if (!amount) return Error{ErrorCode::invalid_amount, "there is no amount"};
  const Result<Currency> currency = Currency::parse(amount.attribute("Ccy").value());
  if (!currency) return currency.error();
  const Result<engine::RoundedMoney> money =
      engine::parse_provider_money(trimmed(amount.child_value()), currency.value());
  if (!money) return money.error();
  if (!money.value().exact)
    return Error{ErrorCode::invalid_amount, std::string("'") + amount.child_value() + "' is finer than the currency"};
  if (money.value().amount.is_negative())
    return Error{ErrorCode::invalid_amount, std::string("'") + amount.child_value() + "': the sign is in CdtDbtInd"};
  return out ? -money.value().amount : money.value().amount;
}

Result<bool> is_out(const pugi::xml_node& node) {
  const std::string word = text_at(node, "CdtDbtInd");
  if (word == "CRDT") return false;
  if (word == "DBIT") return true;
  return Error{ErrorCode::invalid_statement, "CdtDbtInd '" + word + "' is neither CRDT nor DBIT"};
}

std::optional<Day> day_at(const pugi::xml_node& node, std::string_view path) {
  std::string text = text_at(node, std::string(path) + "/Dt");
  if (text.empty()) text = text_at(node, std::string(path) + "/DtTm");
  // the bank's calendar day, whatever its zone
  const Result<Day> day = engine::parse_day(std::string_view(text).substr(0, 10));
  if (!day) return std::nullopt;
  return day.value();
}

void take_details(ExternalLine& line, const pugi::xml_node& details) {
  line.end_to_end = text_at(details, "Refs/EndToEndId");
  // what ISO 20022 writes where the payer gave none
  if (line.end_to_end == "NOTPROVIDED") line.end_to_end.clear();
  const pugi::xml_node remittance = child_at(details, "RmtInf");
  each_child(remittance, "Ustrd", [&](const pugi::xml_node& text) { append_word(line.reference, text.child_value()); });
  each_child(remittance, "Strd",
             [&](const pugi::xml_node& text) { append_word(line.reference, text_at(text, "CdtrRefInf/Ref")); });
  const std::string party = line.amount.is_negative() ? "Cdtr" : "Dbtr";
  line.counterparty = text_at(details, "RltdPties/" + party + "/Nm");
  if (line.counterparty.empty()) line.counterparty = text_at(details, "RltdPties/" + party + "/Pty/Nm");
}

// The amount of one transaction of a batch, where it says one in the entry's currency.
std::optional<Money> part_of(const pugi::xml_node& details, Money whole) {
  const Result<bool> own = is_out(details);
  const bool out = own ? own.value() : whole.is_negative();
  for (const char* path : {"Amt", "AmtDtls/TxAmt/Amt"}) {
    const Result<Money> amount = amount_of(child_at(details, path), out);
    if (amount && amount.value().currency() == whole.currency()) return amount.value();
  }
  return std::nullopt;
}

// Adds the lines of one entry; gives back its amount where it is booked.
Result<std::optional<Money>> take_entry(BankStatement& statement, Ids& ids, const pugi::xml_node& entry,
                                        std::uint64_t place) {
  std::string status = text_at(entry, "Sts/Cd");
  if (status.empty()) status = text_at(entry, "Sts");
  if (status == "PDNG" || status == "INFO" || status == "FUTR") {
    ++statement.pending;
    return std::optional<Money>();
  }
  if (status != "BOOK") return no_statement("entry status '" + status + "' is unknown");
  const Result<bool> out = is_out(entry);
  if (!out) return out.error();
  const Result<Money> amount = amount_of(child_at(entry, "Amt"), out.value());
  if (!amount) return amount.error();
  const std::optional<Day> booked = day_at(entry, "BookgDt");
  if (!booked) return no_statement("entry without a booking date");
  const Money whole = amount.value();
  if (whole.is_zero()) return std::optional(whole);  // banks tell things in such entries
  ExternalLine line{.booked_on = *booked, .valued_on = day_at(entry, "ValDt"), .amount = whole};
  line.external_id = text_at(entry, "AcctSvcrRef");

  std::vector<pugi::xml_node> transactions;
  each_child(entry, "NtryDtls", [&](const pugi::xml_node& details) {
    each_child(details, "TxDtls", [&](const pugi::xml_node& transaction) { transactions.push_back(transaction); });
  });
  std::vector<Money> parts;
  Money sum = Money::zero(whole.currency());
  for (const pugi::xml_node& transaction : transactions) {
    if (const std::optional<Money> part = part_of(transaction, whole); part && !part->is_zero()) {
      parts.push_back(*part);
      sum += *part;
    }
  }
  if (transactions.size() > 1 && parts.size() == transactions.size() && sum == whole) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      ExternalLine part = line;
      part.amount = parts[i];
      take_details(part, transactions[i]);
      const std::string own = text_at(transactions[i], "Refs/AcctSvcrRef");
      if (!own.empty() && own != line.external_id)
        part.external_id = own;
      else if (!line.external_id.empty())
        part.external_id = line.external_id + "/" + std::to_string(i + 1);
      part.raw = verbatim(transactions[i]);
      add_line(statement, ids, std::move(part), place);
    }
    return std::optional(whole);
  }
  // A batch that does not say its parts stays one line, and nobody's words are taken for it.
  if (transactions.size() == 1) {
    take_details(line, transactions.front());
    if (line.external_id.empty()) line.external_id = text_at(transactions.front(), "Refs/AcctSvcrRef");
  }
  line.raw = verbatim(entry);
  add_line(statement, ids, std::move(line), place);
  return std::optional(whole);
}

Result<BankStatement> take_statement(const pugi::xml_node& node, const Lines& lines) {
  BankStatement statement;
  statement.name = text_at(node, "Id");
  statement.account = text_at(node, "Acct/Id/IBAN");
  if (statement.account.empty()) statement.account = text_at(node, "Acct/Id/Othr/Id");
  std::optional<Money> previous;
  std::optional<Error> unusable;
  each_child(node, "Bal", [&](const pugi::xml_node& balance) {
    std::string kind = text_at(balance, "Tp/CdOrPrtry/Cd");
    // interim and available balances are no booked ones
    if (kind != "OPBD" && kind != "PRCD" && kind != "CLBD") return;
    const Result<bool> out = is_out(balance);
    const Result<Money> amount = out ? amount_of(child_at(balance, "Amt"), out.value()) : Result<Money>(out.error());
    if (!amount) {
      unusable = no_statement("line " + std::to_string(lines.of(balance.offset_debug())) + ": balance " + kind + ": " +
                              amount.error().detail);
      return;
    }
    if (kind == "CLBD")
      statement.closing = amount.value();
    else if (kind == "PRCD")
      previous = amount.value();
    else if (!statement.opening)
      statement.opening = amount.value();
  });
  if (unusable) return *unusable;
  if (!statement.opening) statement.opening = previous;
  if (statement.opening && statement.closing && statement.opening->currency() != statement.closing->currency()) {
    return no_statement("the balances of statement '" + statement.name + "' are in two currencies");
  }
  Ids ids;
  std::optional<Money> booked;
  each_child(node, "Ntry", [&](const pugi::xml_node& entry) {
    const std::uint64_t place = lines.of(entry.offset_debug());
    const Result<std::optional<Money>> taken = take_entry(statement, ids, entry, place);
    if (!taken) {
      statement.unreadable.push_back({place, verbatim(entry), taken.error().detail});
    } else if (taken.value()) {
      if (booked && booked->currency() != taken.value()->currency())
        statement.imbalance = "its entries are in several currencies";
      else
        booked = booked ? *booked + *taken.value() : *taken.value();
    }
  });
  if (statement.opening) {
    const Money none = Money::zero(statement.opening->currency());
    if (booked && booked->currency() != none.currency())
      statement.imbalance = "its entries are in another currency than its balances";
    check_balances(statement, booked.value_or(none));
  }
  return statement;
}

}  // namespace

bool looks_like_xml(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return trimmed(text.substr(0, 256)).starts_with('<');
}

Result<std::vector<BankStatement>> read_camt053(std::string_view xml) {
  pugi::xml_document document;
  // pugixml reads no document types and so resolves no entity but XML's own five; a statement that brings one is
  // refused all the same.
  const pugi::xml_parse_result parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_doctype);
  const Lines lines(xml);
  if (!parsed)
    return no_statement("line " + std::to_string(lines.of(parsed.offset)) +
                        ": this is no XML: " + parsed.description());
  for (const pugi::xml_node& node : document.children()) {
    if (node.type() == pugi::node_doctype)
      return no_statement("the file has a document type: a bank statement needs none, and it is not read");
  }
  const pugi::xml_node root = child_at(document, "Document/BkToCstmrStmt");
  if (!root) return no_statement("this XML is no camt.053: it has no Document/BkToCstmrStmt");
  std::vector<BankStatement> statements;
  std::optional<Error> unusable;
  each_child(root, "Stmt", [&](const pugi::xml_node& node) {
    Result<BankStatement> statement = take_statement(node, lines);
    if (!statement)
      unusable = unusable ? *unusable : statement.error();
    else
      statements.push_back(std::move(statement).value());
  });
  if (unusable) return *unusable;
  if (statements.empty()) return no_statement("the camt.053 file has no Stmt");
  return statements;
}

// ---- CSV ----

namespace {

constexpr std::string_view kColumnKeys[] = {"booked", "valued",   "amount",    "credit",     "debit",
                                            "sign",   "currency", "reference", "end_to_end", "counterparty",
                                            "id",     "balance",  "status"};

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80                   ? 1
                               : byte >= 0xC2 && byte < 0xE0 ? 2
                               : byte >= 0xE0 && byte < 0xF0 ? 3
                               : byte >= 0xF0 && byte < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) return false;
    }
    i += length;
  }
  return true;
}

std::string from_latin1(std::string_view text) {
  std::string utf8;
  utf8.reserve(text.size() + text.size() / 16);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0U | (byte >> 6U));
      utf8 += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return utf8;
}

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
      if (text != nullptr && (text->get() == "utf-8" || text->get() == "latin-1"))
        mapping.latin1 = text->get() == "latin-1";
      else
        refuse(node, "encoding is \"utf-8\" or \"latin-1\"");
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

Result<BankStatement> read_bank_csv(std::string_view text, const CsvMapping& mapping) {
  std::string converted;
  if (mapping.latin1) {
    converted = from_latin1(text);
    text = converted;
  } else if (!is_utf8(text)) {
    return no_statement("the file is not UTF-8; say encoding = \"latin-1\" in the mapping if it is");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::uint64_t line = 1;
  for (; line <= mapping.skip && !text.empty(); ++line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  BankStatement statement;
  Ids ids;
  Columns columns;
  std::vector<BalancedRow> balanced;
  bool header_read = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (trimmed(text.substr(0, end)).empty()) {
      text.remove_prefix(std::min(end + 1, text.size()));
      ++line;
      continue;
    }
    const Record record = take_record(text, line, mapping.separator);
    if (!header_read) {
      header_read = true;
      if (!record.fault.empty()) return no_statement("line " + std::to_string(record.line) + ": " + record.fault);
      if (auto error = columns.bind(mapping, record)) return *error;
      continue;
    }
    const auto unreadable = [&](const std::string& why) {
      statement.unreadable.push_back({record.line, std::string(record.raw), why});
    };
    if (!record.fault.empty()) {
      unreadable(record.fault);
      continue;
    }
    if (record.fields.size() != columns.width()) {
      unreadable(std::to_string(record.fields.size()) + " fields where the header has " +
                 std::to_string(columns.width()));
      continue;
    }
    if (columns.has("status") && !is_one_of(mapping.booked_words, columns.text(record, "status"))) {
      ++statement.pending;
      continue;
    }
    const Result<Currency> currency =
        columns.has("currency") ? Currency::parse(columns.text(record, "currency")) : *mapping.currency;
    const Result<Day> booked = parse_masked_day(columns.text(record, "booked"), mapping.date);
    const Result<Money> amount =
        currency ? row_amount(record, columns, mapping, currency.value()) : Result<Money>(currency.error());
    if (!booked || !amount) {
      unreadable(!booked ? booked.error().detail : amount.error().detail);
      continue;
    }
    std::optional<Day> valued;
    if (const std::string written = columns.text(record, "valued"); !written.empty()) {
      const Result<Day> day = parse_masked_day(written, mapping.date);
      if (!day) {
        unreadable(day.error().detail);
        continue;
      }
      valued = day.value();
    }
    if (columns.has("balance")) {
      const Result<Money> balance =
          parse_written_money(columns.text(record, "balance"), mapping.decimal, currency.value());
      if (!balance) {
        unreadable(balance.error().detail);
        continue;
      }
      balanced.push_back({record.line, amount.value(), balance.value()});
    }
    if (amount.value().is_zero()) continue;
    ExternalLine row{.external_id = columns.text(record, "id"),
                     .booked_on = booked.value(),
                     .valued_on = valued,
                     .amount = amount.value(),
                     .end_to_end = columns.text(record, "end_to_end"),
                     .reference = columns.text(record, "reference"),
                     .counterparty = columns.text(record, "counterparty"),
                     .raw = std::string(record.raw)};
    add_line(statement, ids, std::move(row), record.line);
  }
  if (!header_read) return no_statement("there is no header line");
  check_running_balance(statement, balanced);
  return statement;
}

}  // namespace formats
