#include "tools/formats/csv.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace formats {
namespace {

using engine::Error;
using engine::ErrorCode;

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

struct Record {
  std::uint64_t line;
  std::vector<std::string> fields;
  std::string fault;
};

// Takes one record off the front of `text`; a quoted field may hold line ends.
Record take_record(std::string_view& text, std::uint64_t& line) {
  Record record{line, {}, {}};
  for (bool more = true; more;) {
    more = false;
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    std::string field;
    if (text.starts_with('"')) {
      text.remove_prefix(1);
      bool closed = false;
      while (!text.empty() && !closed) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c != '"') {
          field += c;
          if (c == '\n') ++line;
        } else if (text.starts_with('"')) {
          field += '"';
          text.remove_prefix(1);
        } else {
          closed = true;
        }
      }
      if (!closed) record.fault = "a quote is opened and never closed";
      const std::size_t end = std::min(text.find_first_of(",\n"), text.size());
      if (!trimmed(text.substr(0, end)).empty()) record.fault = "text after a closing quote";
      text.remove_prefix(end);
    } else {
      const std::size_t end = std::min(text.find_first_of(",\n"), text.size());
      field = trimmed(text.substr(0, end));
      if (field.find('"') != std::string::npos) record.fault = "a quote inside a field that does not begin with one";
      text.remove_prefix(end);
    }
    record.fields.push_back(std::move(field));
    if (text.starts_with(',')) more = true;
    if (!text.empty()) {
      if (text.front() == '\n') ++line;
      text.remove_prefix(1);
    }
  }
  return record;
}

}  // namespace

engine::Result<CsvRows> read_csv(std::string_view text, std::span<const CsvColumn> columns) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::uint64_t line = 1;
  std::vector<std::optional<std::size_t>> place(columns.size());  // of each column asked for, in the file
  std::size_t width = 0;
  CsvRows read;
  while (!text.empty()) {
    const std::string_view raw = trimmed(text.substr(0, text.find('\n')));
    if (raw.empty() || raw.starts_with('#')) {
      text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
      ++line;
      continue;
    }
    Record record = take_record(text, line);
    if (width == 0) {  // the header
      width = record.fields.size();
      for (std::size_t at = 0; at < width; ++at) {
        const auto known = std::ranges::find_if(
            columns, [&](const CsvColumn& column) { return same_word(column.name, record.fields[at]); });
        if (known == columns.end())
          return Error{ErrorCode::invalid_list,
                       "line " + std::to_string(record.line) + ": unknown column '" + record.fields[at] + "'"};
        auto& slot = place[static_cast<std::size_t>(known - columns.begin())];
        if (slot)
          return Error{ErrorCode::invalid_list,
                       "line " + std::to_string(record.line) + ": column '" + record.fields[at] + "' twice"};
        slot = at;
      }
      for (std::size_t at = 0; at < columns.size(); ++at) {
        if (columns[at].required && !place[at]) {
          return Error{ErrorCode::invalid_list, "line " + std::to_string(record.line) + ": the header lacks column '" +
                                                    std::string(columns[at].name) + "'"};
        }
      }
      continue;
    }
    if (record.fault.empty() && record.fields.size() != width) {
      record.fault = std::to_string(record.fields.size()) + " fields where the header has " + std::to_string(width);
    }
    if (!record.fault.empty()) {
      read.faults.push_back({record.line, record.fault});
      continue;
    }
    CsvRow row{record.line, std::vector<std::string>(columns.size())};
    for (std::size_t at = 0; at < columns.size(); ++at) {
      if (place[at]) row.fields[at] = std::move(record.fields[*place[at]]);
    }
    read.rows.push_back(std::move(row));
  }
  if (width == 0) return Error{ErrorCode::invalid_list, "there is no header line"};
  return read;
}

}  // namespace formats
