#include "api_client/response.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "api_client/ascii.hpp"
#include "engine/enum_names.hpp"

namespace api_client {
namespace {

constexpr engine::Named<ResponseClass> kClasses[] = {
    {ResponseClass::success, "success"},
    {ResponseClass::temporary, "temporary"},
    {ResponseClass::permanent, "permanent"},
    {ResponseClass::unknown, "unknown"},
};

struct CodeText {
  int code;
  std::string_view text;
};
constexpr CodeText kTexts[] = {
    // protocol.md, "Codes"
    {200, "Command completed successfully"},
    {210, "Domain name available"},
    {211, "Domain name not available"},
    {212, "Nameserver is available"},
    {213, "Nameserver not available"},
    {218, "Request is available"},
    {219, "Request not available"},
    {420, "Command failed due to server error. Server closing connection"},
    {421, "Command failed due to server error. Client should try again"},
    {423, "Command failed due to server error. Client should try again"},
    {425, "Service temporarily locked; usage exceeded"},
    {500, "Invalid command name"},
    {501, "Invalid command option"},
    {502, "Invalid entity value"},
    {503, "Invalid attribute name"},
    {504, "Missing required attribute"},
    {505, "Invalid attribute value syntax"},
    {506, "Invalid option value"},
    {507, "Invalid command format"},
    {510, "Command not supported for this class"},
    {520, "Server closing connection. Client should open a new connection"},
    {521, "Too many sessions open"},
    {530, "Authentication failed"},
    {531, "Authorization failed"},
    {532, "Domain names linked with name server"},
    {534, "Object not flagged for transfer"},
    {536, "Object already flagged for transfer"},
    {540, "Attribute value is not unique"},
    {541, "Invalid attribute value"},
    {543, "Final or implicit attribute cannot be updated"},
    {544, "Entity on hold"},
    {545, "Object not found"},
    {546, "Credit limit exceeded"},
    {547, "Invalid command sequence"},
    {548, "Object is not up for renewal"},
    {549, "Command failed"},
    {552, "Object status does not allow for operation"},
    {553, "Transfer is pending"},
    {554, "Object is already registered"},
    {555, "Object is already renewed"},
};

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

constexpr std::string_view kProperty = "PROPERTY[";

// True if `key`, as written, is the property `name`. Case and blanks do not count.
bool is_name(std::string_view key, std::string_view name) {
  if (key == name) return true;
  std::size_t at = 0;
  for (const char c : key) {
    if (c == ' ' || c == '\t') continue;
    if (at == name.size() || upper(c) != name[at++]) return false;
  }
  return at == name.size();
}

std::string normalized(std::string_view key) {
  std::string name;
  for (const char c : key) {
    if (c != ' ' && c != '\t') name += upper(c);
  }
  return name;
}

// Properties of a list that are no columns, whatever their length.
bool is_list_figure(std::string_view name) {
  constexpr std::string_view kListFigures[] = {"FIRST",
                                               "LAST",
                                               "COUNT",
                                               "TOTAL",
                                               "LIMIT",
                                               "COLUMN",
                                               "SUM",
                                               "SUMPRICE",
                                               "SUMVATPRICE",
                                               "OPENINGBALANCE",
                                               "OPENINGBALANCEPRICE",
                                               "OPENINGBALANCEVATPRICE"};
  return std::ranges::find(kListFigures, name) != std::end(kListFigures);
}

}  // namespace

std::string_view to_word(ResponseClass response_class) { return engine::word_of(kClasses, response_class); }

ResponseClass class_of_code(int code) {
  switch (code / 100) {
    case 2:
      return ResponseClass::success;
    case 4:
      return ResponseClass::temporary;
    case 5:
      return ResponseClass::permanent;
    default:
      return ResponseClass::unknown;
  }
}

std::string_view text_of_code(int code) {
  const auto found = std::ranges::find(kTexts, code, &CodeText::code);
  return found == std::end(kTexts) ? std::string_view() : found->text;
}

// ---- parsing ----

Response Response::parse(std::string body) {
  Response response;
  response.text_ = std::make_unique<std::string>(std::move(body));
  response.read_lines();
  response.check_columns();
  return response;
}

void Response::tear(std::string reason) {
  if (torn_.empty()) torn_ = std::move(reason);  // the first one found
}

void Response::read_lines() {
  const char* at = text_->data();
  const char* const end = at + text_->size();
  std::optional<std::string_view> code, description, pending;
  bool ended = false;
  if (text_->find_first_not_of(" \t\r\n") == std::string::npos) tear("the body is empty");
  for (std::size_t number = 1; at < end; ++number) {
    const auto* found = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    const std::string_view line = trimmed({at, static_cast<std::size_t>((found == nullptr ? end : found) - at)});
    at = found == nullptr ? end : found + 1;
    if (line.empty()) continue;
    if (ended) {  // some clients would read on
      tear("line " + std::to_string(number) + " stands behind EOF");
      break;
    }
    const std::size_t separator = line.find('=');
    if (separator == std::string_view::npos) {
      ended = same_letters(line, "EOF");
      continue;
    }
    const std::string_view name = trimmed(line.substr(0, separator)), value = trimmed(line.substr(separator + 1));
    if (same_letters(name.substr(0, kProperty.size()), kProperty)) {
      read_property(name.substr(kProperty.size()), value, number);
    } else if (same_letters(name, "CODE")) {
      code = value;
    } else if (same_letters(name, "DESCRIPTION")) {
      description = value;
    } else if (same_letters(name, "PENDING")) {
      pending = value;
    }
  }
  if (!ended)
    tear(code ? "there is no EOF: the end is missing"
              : "there is neither CODE nor EOF: this is no answer of the provider's protocol");
  if (!code) tear("there is no CODE");
  if (code) {
    const std::optional<int> number = whole_number<int>(*code);
    if (!number || *number <= 0) tear("CODE is no number");
    code_ = std::max(number.value_or(0), 0);
  }
  if (description) description_ = *description;
  if (description_.empty()) tear("there is no DESCRIPTION");
  pending_ = pending == "1";
}

// `name` is what follows PROPERTY[.
void Response::read_property(std::string_view name, std::string_view value, std::size_t line) {
  const std::size_t key_end = name.find(']');
  const auto unreadable = [&] { tear("the property in line " + std::to_string(line) + " cannot be read"); };
  if (key_end == std::string_view::npos || trimmed(name.substr(0, key_end)).empty()) return unreadable();
  const std::string_view row = name.substr(key_end + 1);
  std::optional<std::size_t> number;
  if (!row.empty()) {
    if (row.size() > 2 && row.front() == '[' && row.back() == ']')
      number = whole_number<std::size_t>(row.substr(1, row.size() - 2));
    if (!number) return unreadable();
  }
  Property& property = property_of(name.substr(0, key_end));
  if (number && *number != property.values.size())
    tear("line " + std::to_string(line) + " is not the next row of its property: rows are missing or out of order");
  property.values.push_back(value);
}

Response::Property& Response::property_of(std::string_view key) {
  // Columns come one after the other, or row by row: the last one again, the one behind it, or the first one.
  if (!properties_.empty()) {
    for (const std::size_t guess : {last_, last_ + 1, std::size_t{0}}) {
      if (guess < properties_.size() && is_name(key, properties_[guess].name)) return properties_[last_ = guess];
    }
  }
  std::string_view name = key;
  std::string written;
  if (std::ranges::any_of(key, [](char c) { return c == ' ' || c == '\t' || upper(c) != c; })) {
    written = normalized(key);
    name = written;
  }
  if (const auto known = by_name_.find(name); known != by_name_.end()) return properties_[last_ = known->second];
  if (!written.empty()) name = names_.emplace_back(std::move(written));
  last_ = properties_.size();
  by_name_.emplace(name, last_);
  return properties_.emplace_back(Property{name, {}});
}

std::span<const std::string_view> Response::values(std::string_view property) const {
  const auto known = by_name_.find(property);
  if (known == by_name_.end()) return {};
  return properties_[known->second].values;
}

std::string_view Response::value(std::string_view property, std::size_t row) const {
  const std::span<const std::string_view> all = values(property);
  return row < all.size() ? all[row] : std::string_view();
}

void Response::check_columns() {
  const auto number_of = [this](std::string_view property) -> std::optional<std::int64_t> {
    if (values(property).size() != 1) return std::nullopt;
    return whole_number<std::int64_t>(value(property));
  };
  paging_ = {number_of("FIRST"), number_of("LAST"), number_of("COUNT"), number_of("TOTAL"), number_of("LIMIT")};
  if (values("COUNT").size() != 1) return;  // none: no list; more than one: a column of that name
  if (!paging_.count || *paging_.count < 0) return tear("COUNT is no number of rows");
  const auto count = static_cast<std::uint64_t>(*paging_.count);
  std::vector<std::string> columns;  // as properties are named, sorted
  for (const std::string_view column : values("COLUMN")) columns.push_back(normalized(column));
  std::ranges::sort(columns);
  const auto differs = [&](std::string_view name, std::size_t rows) {
    tear("COUNT is " + std::to_string(count) + ", but " + std::string(name) + " has " + std::to_string(rows) +
         (rows == 1 ? " row" : " rows"));
  };
  bool any_column = false;
  for (const Property& property : properties_) {
    if (is_list_figure(property.name)) continue;
    if (!columns.empty() && property.values.size() == 1 && !std::ranges::binary_search(columns, property.name))
      continue;
    if (property.values.size() != count) return differs(property.name, property.values.size());
    any_column = true;
  }
  if (count == 0) return;
  if (!any_column) return tear("COUNT is " + std::to_string(count) + ", but there is no column");
  for (const std::string& column : columns) {
    if (!by_name_.contains(column)) return differs(column, 0);
  }
}

// ---- formatting ----

namespace {

void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\r':
      case '\n':
      case '\0':
        out += ' ';
        break;
      case '{':
        out += '(';
        break;
      case '}':
        out += ')';
        break;
      default:
        out += c;
    }
  }
}

// A property's name must stay within its brackets, left of the `=`, and in its line.
std::string clean_key(std::string_view name) {
  std::string key;
  append_clean(key, normalized(name));
  for (char& c : key) {
    if (c == ' ' || c == ']' || c == '=') c = '_';
  }
  return key;
}

}  // namespace

void Answer::add(std::string property, std::string value) {
  const auto known = std::ranges::find(properties, property, &std::pair<std::string, std::vector<std::string>>::first);
  auto& values = known != properties.end()
                     ? known->second
                     : properties.emplace_back(std::move(property), std::vector<std::string>{}).second;
  values.push_back(std::move(value));
}

std::string format(const Answer& answer) {
  std::string out = "[RESPONSE]\n";
  for (const auto& [name, values] : answer.properties) {
    const std::string key = clean_key(name);
    ENSURE(!key.empty(), "a property has a name");
    for (std::size_t row = 0; row < values.size(); ++row) {
      out += kProperty;
      out += key;
      out += "][";
      out += std::to_string(row);
      out += "]=";
      append_clean(out, values[row]);
      out += '\n';
    }
  }
  std::string_view text = answer.description.empty() ? text_of_code(answer.code) : std::string_view(answer.description);
  if (text.empty()) text = "Code not in the list";  // clients take an answer without a text for none
  out += "DESCRIPTION=";
  append_clean(out, text);
  if (!answer.detail.empty()) {
    out += "; ";
    append_clean(out, answer.detail);
  }
  out += "\nCODE=" + std::to_string(answer.code) + "\n";
  if (answer.pending) out += "PENDING=1\n";
  out += "\nQUEUETIME=0\nRUNTIME=0.000\n\nEOF\n";
  return out;
}

}  // namespace api_client
