// MT940, the customer statement message of SWIFT (category 9 of the user handbook), with or without its blocks {1:} to
// {4:}. Field :86: is free text to SWIFT; what banks agreed on inside it is read too: the German subfields ?20 to ?63
// with SEPA's EREF+, SVWZ+ … (DFÜ-Abkommen of Die Deutsche Kreditwirtschaft, annex 3, chapter 8) and the Dutch
// /TRTP/…/REMI/… words. Anything else is one text.
#include <algorithm>
#include <array>
#include <utility>

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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ":61:2608030803C50,00NTRFNONREF", and the lines that follow it up to the next field.
struct Field {
  std::string_view tag;
  std::uint64_t line;
  std::vector<std::string_view> lines{};  // at least one
};

// A field begins a line with a colon, two figures and perhaps a letter, and a colon.
std::size_t tag_length(std::string_view line) {
  if (line.size() < 4 || line[0] != ':' || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  if (line[3] == ':') return 4;
  return line.size() > 4 && line[4] == ':' && line[3] >= 'A' && line[3] <= 'Z' ? 5 : 0;
}

bool is_end(std::string_view line) { return line == "-" || line.starts_with("-}"); }

std::vector<Field> fields_of(std::string_view text) {
  std::vector<Field> fields;
  std::uint64_t number = 0;
  bool open = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    if (const std::size_t block = line.find("{4:"); block != std::string_view::npos) line.remove_prefix(block + 3);
    if (const std::size_t tag = tag_length(line); tag > 0) {
      fields.push_back({line.substr(1, tag - 2), number, {line.substr(tag)}});
      open = true;
    } else if (is_end(line) || line.starts_with('{')) {
      open = false;
    } else if (open && !trimmed(line).empty()) {
      fields.back().lines.push_back(line);
    }
  }
  return fields;
}

int two(std::string_view text, std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); }

std::optional<Day> day_of(int year, int month, int day) {
  const std::chrono::year_month_day found{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day))};
  if (!found.ok()) return std::nullopt;
  return Day(found);
}
bool are_digits(std::string_view text, std::size_t count) {
  return text.size() >= count && std::ranges::all_of(text.substr(0, count), is_digit);
}
std::optional<Day> take_day(std::string_view& text) {  // YYMMDD
  if (!are_digits(text, 6)) return std::nullopt;
  const auto day = day_of(2000 + two(text, 0), two(text, 2), two(text, 4));
  text.remove_prefix(6);
  return day;
}

// "1234,5", "1234," and "0,01"; a comma is always there.
Result<Money> take_amount(std::string_view& text, Currency currency) {
  std::string plain;
  bool comma = false;
  while (!text.empty() && (is_digit(text.front()) || (!comma && text.front() == ','))) {
    comma = comma || text.front() == ',';
    plain += text.front() == ',' ? '.' : text.front();
    text.remove_prefix(1);
  }
  if (!comma || plain.size() < 2) return Error{ErrorCode::invalid_amount, "there is no amount with a comma"};
  if (plain.back() == '.') plain.pop_back();
  // zeros beyond the currency's own decimals say nothing
  const std::size_t point = plain.find('.');
  while (point != std::string::npos && plain.size() - point - 1 > static_cast<std::size_t>(currency.exponent()) &&
         plain.back() == '0')
    plain.pop_back();
  if (plain.back() == '.') plain.pop_back();
  return engine::parse_money(plain, currency);
}

struct Balance {
  Day day;
  Money amount;
};
Result<Balance> read_balance(std::string_view text) {  // "C260803EUR70,00"
  const Error unfit = no_statement("'" + std::string(text) + "' is no balance such as C260803EUR70,00");
  if (text.empty() || (text.front() != 'C' && text.front() != 'D')) return unfit;
  const bool negative = text.front() == 'D';
  text.remove_prefix(1);
  const std::optional<Day> day = take_day(text);
  if (!day || text.size() < 4) return unfit;
  const Result<Currency> currency = Currency::parse(text.substr(0, 3));
  if (!currency) return currency.error();
  text.remove_prefix(3);
  const Result<Money> amount = take_amount(text, currency.value());
  if (!amount || !trimmed(text).empty()) return unfit;
  return Balance{*day, negative ? -amount.value() : amount.value()};
}

// The day of an entry is MMDD, in the year in which it is nearest to the value day.
std::optional<Day> entry_day(std::string_view text, Day valued) {
  const int month = two(text, 0), day = two(text, 2);
  const int year = static_cast<int>(std::chrono::year_month_day(valued).year());
  std::optional<Day> best;
  for (const int one : {year - 1, year, year + 1}) {
    const auto found = day_of(one, month, day);
    if (!found) continue;
    const auto apart = [&](Day other) { return other < valued ? valued - other : other - valued; };
    if (!best || apart(*found) < apart(*best)) best = found;
  }
  return best;
}

Result<ExternalLine> read_movement(const Field& field, Currency currency) {
  std::string_view text = field.lines.front();
  const auto unfit = [&](const char* what) {
    return no_statement("':61:" + std::string(field.lines.front()) + "': " + what);
  };
  const std::optional<Day> valued = take_day(text);
  if (!valued) return unfit("the value day is not readable");
  std::optional<Day> booked = valued;
  if (are_digits(text, 4)) {
    booked = entry_day(text, *valued);
    text.remove_prefix(4);
    if (!booked) return unfit("the entry day is not readable");
  }
  bool out = false;
  constexpr std::array<std::pair<std::string_view, bool>, 6> kMarks = {
      {{"RC", true}, {"RD", false}, {"EC", false}, {"ED", true}, {"C", false}, {"D", true}}};
  const auto mark = std::ranges::find_if(kMarks, [&](const auto& one) { return text.starts_with(one.first); });
  if (mark == kMarks.end()) return unfit("it is neither a credit nor a debit");
  out = mark->second;
  text.remove_prefix(mark->first.size());
  if (!text.empty() && !is_digit(text.front())) text.remove_prefix(1);  // the third letter of the currency
  const Result<Money> amount = take_amount(text, currency);
  if (!amount) return unfit(amount.error().detail.c_str());
  ExternalLine line{.booked_on = *booked, .valued_on = valued, .amount = out ? -amount.value() : amount.value()};
  if (text.size() >= 4) text.remove_prefix(4);  // NTRF and the like
  const std::size_t slashes = text.find("//");
  line.end_to_end = trimmed(text.substr(0, slashes));
  if (slashes != std::string_view::npos) line.bank_reference = trimmed(text.substr(slashes + 2));
  if (engine::is_placeholder(line.end_to_end)) line.end_to_end.clear();
  for (std::size_t i = 1; i < field.lines.size(); ++i) append_field(line.reference, field.lines[i]);
  return line;
}

// Pieces of a text that was cut: a full one goes on in the next without a blank.
void join_piece(std::string& text, std::string_view piece, std::size_t full) {
  const bool cut = !text.empty() && piece.size() > 0 && full != 0;
  if (!cut)
    append_word(text, piece);
  else
    text += piece;
}

// EREF+…KREF+…SVWZ+…: each word up to the next.
void take_sepa_words(ExternalLine& line, const std::string& text) {
  constexpr std::string_view kWords[] = {"EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "COAM+", "OAMT+",
                                         "SVWZ+", "ABWA+", "ABWE+", "IBAN+", "BIC+",  "PURP+"};
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (const std::string_view word : kWords) {
    if (const std::size_t at = text.find(word); at != std::string::npos) found.emplace_back(at, word);
  }
  std::ranges::sort(found);
  if (found.empty()) {
    append_field(line.reference, text);
    return;
  }
  append_field(line.reference, text.substr(0, found.front().first));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t begin = found[i].first + found[i].second.size();
    const std::size_t end = i + 1 < found.size() ? found[i + 1].first : text.size();
    const std::string value(trimmed(std::string_view(text).substr(begin, end - begin)));
    if (found[i].second == "SVWZ+") append_field(line.reference, value);
    if (found[i].second == "EREF+" && !engine::is_placeholder(value)) line.end_to_end = value;
    if (found[i].second == "ABWA+" || found[i].second == "ABWE+") append_field(line.reference, value);
  }
}

// "166?00GUTSCHRIFT?20SVWZ+DL-ali?21ce-7?32Jane".
bool take_german(ExternalLine& line, const std::string& text) {
  if (text.size() < 6 || !are_digits(text, 3)) return false;
  const char mark = text[3];
  if ((mark != '?' && mark != '<' && mark != '~') || !is_digit(text[4]) || !is_digit(text[5])) return false;
  std::string purpose, name;
  std::size_t last_length = 0;
  for (std::size_t at = 3; at < text.size();) {
    std::size_t end = at + 3;  // the next mark before two figures
    while (end < text.size() &&
           !(text[end] == mark && end + 2 < text.size() && is_digit(text[end + 1]) && is_digit(text[end + 2])))
      ++end;
    const int number = at + 2 < text.size() ? two(text, at + 1) : -1;
    const std::string_view piece = std::string_view(text).substr(std::min(at + 3, text.size()), end - at - 3);
    if ((number >= 20 && number <= 29) || (number >= 60 && number <= 63)) {
      join_piece(purpose, piece, last_length >= 27 ? 27 : 0);
      last_length = piece.size();
    } else if (number == 32 || number == 33) {
      append_word(name, piece);
    }
    at = end;
  }
  take_sepa_words(line, purpose);
  if (!name.empty()) line.counterparty = name;
  return true;
}

// "/TRTP/SEPA OVERBOEKING/IBAN/NL…/NAME/Jane/REMI/DL-alice-7/EREF/X".
bool take_dutch(ExternalLine& line, const std::string& text) {
  constexpr std::string_view kWords[] = {"/TRTP/", "/IBAN/", "/BIC/",  "/NAME/", "/REMI/", "/EREF/",
                                         "/MARF/", "/CSID/", "/ISDT/", "/CNTP/", "/ORDP/", "/BENM/",
                                         "/PREF/", "/RTRN/", "/SVCL/", "/PURP/", "/ULTD/", "/ULTB/"};
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (const std::string_view word : kWords) {
    if (const std::size_t at = text.find(word); at != std::string::npos) found.emplace_back(at, word);
  }
  if (found.empty()) return false;
  std::ranges::sort(found);
  if (found.front().first != 0) append_field(line.reference, text.substr(0, found.front().first));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t begin = found[i].first + found[i].second.size();
    const std::size_t end = std::max(begin, i + 1 < found.size() ? found[i + 1].first : text.size());
    std::string value(trimmed(std::string_view(text).substr(begin, end - begin)));
    const std::string_view word = found[i].second;
    if (word == "/REMI/") {
      // "/REMI/USTD//text" and "/REMI/STRD/CUR/reference"
      const bool structured = value.starts_with("STRD/");
      for (const std::string_view kind : {"USTD//", "USTD/", "STRD/CUR/", "STRD/"}) {
        if (value.starts_with(kind)) value.erase(0, kind.size());
      }
      while (value.ends_with('/')) value.pop_back();
      if (structured) line.structured = value;
      append_field(line.reference, value);
    }
    if (word == "/EREF/" && !engine::is_placeholder(value)) line.end_to_end = value;
    if (word == "/NAME/") line.counterparty = value;
  }
  return true;
}

void take_information(ExternalLine& line, const Field& field) {
  std::string text;
  std::size_t last = 0;
  for (const std::string_view piece : field.lines) {
    join_piece(text, piece, last >= 65 ? 65 : 0);
    last = piece.size();
  }
  // In subfields a line end is nothing: it may stand anywhere.
  std::string whole;
  for (const std::string_view piece : field.lines) whole += piece;
  if (take_german(line, whole)) return;
  if (take_dutch(line, whole)) return;
  take_sepa_words(line, text);
}

class Reader {
 public:
  Result<std::vector<BankStatement>> read(const std::vector<Field>& fields) {
    for (const Field& field : fields) {
      if (auto error = take(field)) return *error;
    }
    if (auto error = finish()) return *error;
    if (statements_.empty()) return no_statement("the MT940 file has no statement in it");
    return std::move(statements_);
  }

 private:
  std::optional<Error> take(const Field& field) {
    const std::string_view text = trimmed(field.lines.front());
    const std::string place = "line " + std::to_string(field.line) + ": ";
    if (field.tag == "20") {
      if (auto error = finish()) return error;
      open_ = true;
    } else if (!open_) {
      return no_statement(place + ":" + std::string(field.tag) + ": stands before any :20:");
    } else if (field.tag == "25" || field.tag == "25P") {
      statement_.account = text;
      // "DE…EUR": some write the currency behind the IBAN
      if (text.size() > 18 &&
          std::ranges::all_of(text.substr(text.size() - 3), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
          is_digit(text[2]))
        statement_.account.resize(text.size() - 3);
    } else if (field.tag == "28C" || field.tag == "28") {
      statement_.name = text;
      const std::string_view number = text.substr(0, text.find('/'));
      if (!number.empty() && number.size() < 9 && std::ranges::all_of(number, is_digit))
        statement_.sequence = std::stoll(std::string(number));
    } else if (field.tag == "60F" || field.tag == "60M") {
      const Result<Balance> balance = read_balance(text);
      if (!balance) return no_statement(place + balance.error().detail);
      statement_.opening = balance.value().amount;
      opened_on_ = balance.value().day;
    } else if (field.tag == "62F" || field.tag == "62M") {
      flush();
      const Result<Balance> balance = read_balance(text);
      if (!balance) return no_statement(place + balance.error().detail);
      statement_.closing = balance.value().amount;
      closed_on_ = balance.value().day;
    } else if (field.tag == "61") {
      flush();
      movement(field);
    } else if (field.tag == "86" && line_) {
      take_information(*line_, field);
      for (const std::string_view one : field.lines)
        raw_ += (one.data() == field.lines.front().data() ? "\n:86:" : "\n") + std::string(one);
    }
    return std::nullopt;
  }

  void movement(const Field& field) {
    if (!statement_.opening) {
      statement_.unreadable.push_back({field.line, std::string(field.lines.front()), ":61: before :60F:"});
      return;
    }
    Result<ExternalLine> line = read_movement(field, statement_.opening->currency());
    if (!line) {
      statement_.unreadable.push_back({field.line, std::string(field.lines.front()), line.error().detail});
      return;
    }
    line_ = std::move(line).value();
    place_ = field.line;
    raw_ = ":61:";
    for (const std::string_view one : field.lines) raw_ += (raw_.size() > 4 ? "\n" : "") + std::string(one);
  }

  void flush() {
    if (!line_) return;
    if (line_->amount.is_zero()) {
      ++statement_.without_amount;
    } else {
      if (statement_.imbalance.empty()) add_to_sum(statement_, booked_, line_->amount);
      line_->raw = std::move(raw_);
      add_line(statement_, std::move(*line_), place_);
    }
    line_.reset();
  }

  std::optional<Error> finish() {
    if (!open_) return std::nullopt;
    flush();
    if (!statement_.opening || !statement_.closing)
      return no_statement("statement '" + statement_.name + "' has no " + (statement_.opening ? ":62F:" : ":60F:"));
    if (statement_.opening->currency() != statement_.closing->currency())
      return no_statement("the balances of statement '" + statement_.name + "' are in two currencies");
    if (closed_on_) {
      statement_.to = statement_.to ? std::max(*statement_.to, *closed_on_) : *closed_on_;
      if (!statement_.from) statement_.from = closed_on_;
      statement_.name += (statement_.name.empty() ? "" : " of ") + engine::to_string(*closed_on_);
    }
    check_balances(statement_, Money::of_minor(booked_, statement_.opening->currency()));
    statements_.push_back(std::move(statement_));
    statement_ = {};
    booked_ = 0;
    opened_on_ = closed_on_ = std::nullopt;
    open_ = false;
    return std::nullopt;
  }

  std::vector<BankStatement> statements_{};
  BankStatement statement_{};
  bool open_ = false;
  std::optional<Day> opened_on_{}, closed_on_{};
  std::optional<ExternalLine> line_{};
  std::uint64_t place_ = 0;
  std::string raw_{};
  std::int64_t booked_ = 0;
};

}  // namespace

bool looks_like_mt940(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::string_view start = trimmed(text.substr(0, 2000));
  if (start.starts_with("{1:") || start.starts_with(":20:")) return true;
  return start.find("\n:20:") != std::string_view::npos && start.find("\n:25") != std::string_view::npos;
}

Result<std::vector<BankStatement>> read_mt940(std::string_view bytes, std::optional<Encoding> declared) {
  const Result<Decoded> decoded = decode(std::string(bytes), declared, ErrorCode::invalid_statement);
  if (!decoded) return decoded.error();
  return Reader().read(fields_of(decoded.value().text));
}

}  // namespace formats
