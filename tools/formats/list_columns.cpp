#include "tools/formats/list_columns.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/formats/date_mask.hpp"
#include "tools/formats/record_reader.hpp"

namespace formats {
namespace {

using engine::DateIs;
using engine::Error;
using engine::ErrorCode;
using engine::Result;
using Json = nlohmann::ordered_json;

Error no_list(std::string why) { return {ErrorCode::invalid_list, "this is no deletion list: " + std::move(why)}; }

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 80;
  std::string safe;
  for (const char c : text.substr(0, kShown)) safe += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return "'" + safe + (text.size() > kShown ? "…'" : "'");
}

// Folded header words. A word that is nobody's is no date: an auction's end is none, nor is a registration's.
constexpr std::string_view kNames[] = {"domain", "domainname", "dominio", "nomdedomaine", "domän"};
constexpr std::string_view kNeutralNames[] = {"name"};
constexpr std::string_view kDrops[] = {"drop",        "drops",         "dropat",       "dropdate",      "droptime",
                                       "dropped",     "dropson",       "deletiontime", "deletiondate",  "deletionday",
                                       "deletedate",  "deletedon",     "deletetime",   "releasedate",   "releaseat",
                                       "releasetime", "dateavailable", "availableat",  "availabledate", "tbrdate",
                                       "purgedate",   "purgetime",     "dropdatetime"};
constexpr std::string_view kFinalizations[] = {"finalization", "finalizationdate", "finalizationtime",
                                               "finalizationat"};
constexpr std::string_view kEligible[] = {"eligible",          "eligiblefrom",      "eligibletime",
                                          "eligiblepurgetime", "eligiblepurgedate", "eligibledate"};
constexpr std::string_view kNeutralDates[] = {"date", "day", "time", "datetime", "datum", "fecha"};

template <std::size_t N>
bool is_among(const std::string_view (&words)[N], std::string_view word) {
  return std::ranges::find(words, word) != std::end(words);
}

enum class Value : std::uint8_t { none, day, instant, time };
Value value_of(std::string_view text) {
  if (is_time_of_day(text)) return Value::time;
  const std::optional<WrittenDate> date = read_masked(text, "ISO", "UTC");
  if (!date) return Value::none;
  return std::holds_alternative<engine::Day>(*date) ? Value::day : Value::instant;
}

// Of a date column: how well it fits. 0: not at all.
int rank_of(std::string_view word, std::optional<DateIs> date_is) {
  if (is_among(kDrops, word) || is_among(kEligible, word)) return date_is == DateIs::finalization ? 0 : 2;
  if (is_among(kFinalizations, word)) return date_is == DateIs::drop ? 0 : 2;
  return is_among(kNeutralDates, word) ? 1 : 0;
}

// A header and the first rows of what follows, by place.
struct Table {
  std::vector<std::string> titles;
  std::vector<std::vector<std::string>> rows;  // at most kLooks

  Value value(std::size_t column) const {
    for (const auto& row : rows) {
      if (column >= row.size() || row[column].empty()) continue;
      const Value value = value_of(row[column]);
      if (value != Value::none) return value;
    }
    return Value::none;
  }
};
constexpr std::size_t kLooks = 20;

struct Chosen {
  std::size_t name;
  std::vector<std::size_t> date;  // one, or a day and a time
  bool eligible = false;
};

Error two_fit(const std::string& what, const std::string& a, const std::string& b) {
  return no_list("two columns could be the " + what + ", " + in_quotes(a) + " and " + in_quotes(b) +
                 "; say which in a description of your own, --as FILE.toml");
}

Result<std::size_t> choose_name(const Table& table) {
  for (const bool specific : {true, false}) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < table.titles.size(); ++i) {
      const std::string word = folded_word(table.titles[i]);
      if (specific ? !is_among(kNames, word) : !is_among(kNeutralNames, word)) continue;
      if (found) return two_fit("name", table.titles[*found], table.titles[i]);
      found = i;
    }
    if (found) return *found;
  }
  return no_list("the header names no column for the domain (domain, name, …)");
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

Result<Chosen> choose(const Table& table, std::optional<DateIs> date_is) {
  const Result<std::size_t> name = choose_name(table);
  if (!name) return name.error();
  Chosen chosen{name.value(), {}};
  int best = 0;
  std::vector<std::size_t> dates, times;
  for (std::size_t i = 0; i < table.titles.size(); ++i) {
    const std::string word = folded_word(table.titles[i]);
    const int rank = rank_of(word, date_is);
    const Value value = table.value(i);
    if (value == Value::time && (rank > 0 || word.find("time") != std::string::npos)) {
      times.push_back(i);
    } else if (rank > best) {
      best = rank;
      dates = {i};
    } else if (rank > 0 && rank == best) {
      dates.push_back(i);
    }
  }
  if (dates.empty()) {
    for (const std::string& title : table.titles) {
      if (is_among(kFinalizations, folded_word(title)) || is_among(kDrops, folded_word(title)))
        return no_list("its column " + in_quotes(title) + " is not what the dates of this source are (--date-is)");
    }
    return no_list("the header " + in_quotes(joined(table.titles)) +
                   " names no column for the date (drop_date, finalizationdate, …)");
  }
  if (dates.size() > 1) {
    // A day and the whole instant, side by side: the instant says more.
    std::erase_if(dates, [&](std::size_t i) { return table.value(i) == Value::day; });
    if (dates.size() != 1) {
      dates.clear();
      for (std::size_t i = 0; i < table.titles.size(); ++i) {
        if (rank_of(folded_word(table.titles[i]), date_is) == best && table.value(i) != Value::time) dates.push_back(i);
      }
      return two_fit("date", table.titles[dates[0]], table.titles[dates[1]]);
    }
  }
  chosen.date = dates;
  if (table.value(dates.front()) != Value::instant && !times.empty()) {
    if (times.size() > 1) return two_fit("time of day", table.titles[times[0]], table.titles[times[1]]);
    chosen.date.push_back(times.front());
  }
  chosen.eligible = std::ranges::any_of(
      chosen.date, [&](std::size_t i) { return is_among(kEligible, folded_word(table.titles[i])); });
  return chosen;
}

std::string place(std::size_t index) { return "#" + std::to_string(index + 1); }

Description list_named(std::string_view name) {
  Description description;
  description.name = name;
  description.kind = FormatKind::list;
  return description;
}

// The first usable lines, split at the separator. Quotes as in RFC 4180.
std::vector<std::vector<std::string>> first_rows(std::string_view text, char separator, std::size_t wanted) {
  Description plain = list_named("rows");
  plain.header = false;
  plain.separator = separator;
  plain.columns["name"] = {"#1"};
  std::vector<std::vector<std::string>> rows;
  Result<RecordReader> reader = RecordReader::open(text, plain, ErrorCode::invalid_list);
  while (rows.size() < wanted && reader.value().next()) {
    const Record& record = reader.value().record();
    if (record.fault.empty()) rows.emplace_back(record.fields.begin(), record.fields.end());
  }
  return rows;
}

bool is_name(std::string_view cell) { return bool(engine::DomainName::parse(cell)); }

Result<Description> with_header(std::vector<std::vector<std::string>> rows, char separator,
                                std::optional<DateIs> date_is) {
  Table table{rows.front(), {}};
  rows.erase(rows.begin());
  table.rows = std::move(rows);
  const Result<Chosen> chosen = choose(table, date_is);
  if (!chosen) return chosen.error();
  Description description = list_named("csv");
  description.separator = separator;
  description.columns["name"] = {table.titles[chosen.value().name]};
  for (const std::size_t i : chosen.value().date) description.columns["date"].push_back(table.titles[i]);
  if (chosen.value().eligible) description.date_is = "eligible";
  for (const std::string& title : table.titles) {
    const std::string word = folded_word(title);
    if (word == "tld" || word == "zone" || word == "extension") description.optional_columns["zone"] = {title};
  }
  return description;
}

bool is_header(const std::vector<std::string>& cells) {
  return std::ranges::any_of(cells, [](const std::string& cell) {
    const std::string word = folded_word(cell);
    return is_among(kNames, word) || is_among(kNeutralNames, word);
  });
}

// Rows without a header, of which one cell is a name and another a date; told by the first.
std::optional<Description> by_place(const std::vector<std::string>& row, char separator) {
  std::optional<std::size_t> name, date;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Value value = value_of(row[i]);
    if (!date && (value == Value::day || value == Value::instant))
      date = i;
    else if (!name && value == Value::none && is_name(row[i]))
      name = i;
  }
  if (!name || !date) return std::nullopt;
  Description description = list_named("rows");
  description.header = false;
  description.separator = separator;
  description.columns["name"] = {place(*name)};
  description.columns["date"] = {place(*date)};
  return description;
}

// The first array of objects, at the top or below it, breadth first.
Result<Description> describe_json(std::string_view text, std::optional<DateIs> date_is) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return no_list(error.byte >= text.find_last_not_of(" \t\r\n") + 1
                       ? "it is cut off: its JSON does not end"
                       : "it is no JSON at byte " + std::to_string(error.byte));
  }
  std::vector<std::pair<std::string, const Json*>> level{{"", &json}};
  for (int depth = 0; depth < 4 && !level.empty(); ++depth) {
    std::vector<std::pair<std::string, const Json*>> below;
    for (const auto& [path, node] : level) {
      if (node->is_array() && !node->empty() && node->front().is_object()) {
        Table table;
        for (const auto& [key, value] : node->front().items()) table.titles.push_back(key);
        for (std::size_t i = 0; i < std::min(kLooks, node->size()); ++i) {
          std::vector<std::string>& row = table.rows.emplace_back();
          for (const std::string& title : table.titles) {
            const auto cell = (*node)[i].find(title);
            row.push_back(cell != (*node)[i].end() && cell->is_string() ? cell->get<std::string>() : "");
          }
        }
        const Result<Chosen> chosen = choose(table, date_is);
        if (!chosen) return chosen.error();
        Description description = list_named("json");
        description.syntax = Syntax::json;
        description.records = path;
        description.columns["name"] = {table.titles[chosen.value().name]};
        for (const std::size_t i : chosen.value().date) description.columns["date"].push_back(table.titles[i]);
        if (chosen.value().eligible) description.date_is = "eligible";
        return description;
      }
      if (!node->is_object()) continue;
      for (const auto& [key, value] : node->items()) below.emplace_back(path.empty() ? key : path + "." + key, &value);
    }
    level = std::move(below);
  }
  return no_list("its JSON holds no list of objects");
}

}  // namespace

Description provider_layout() {
  Description description = list_named("provider");
  description.header = description.quotes = false;
  description.separator = ';';
  description.columns["name"] = {"#1"};
  description.columns["date"] = {"#2"};
  return description;
}

Description names_layout() {
  Description description = list_named("names");
  description.syntax = Syntax::names;
  return description;
}

Result<Description> csv_layout(std::string_view text, char separator, std::optional<DateIs> date_is) {
  std::vector<std::vector<std::string>> rows = first_rows(text, separator, kLooks + 1);
  if (rows.empty()) return no_list("it holds no row");
  return with_header(std::move(rows), separator, date_is);
}

Result<Description> describe_list(std::string_view text, std::optional<DateIs> date_is) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return no_list("it is empty");
  if (text[first] == '{' || text[first] == '[') return describe_json(text, date_is);
  bool any = false;
  for (const char separator : {';', ',', '\t', '|'}) {
    std::vector<std::vector<std::string>> rows = first_rows(text, separator, kLooks + 1);
    any = any || !rows.empty();
    if (rows.empty() || std::ranges::none_of(rows, [](const auto& row) { return row.size() > 1; })) continue;
    if (is_header(rows.front())) return with_header(std::move(rows), separator, date_is);
    if (separator == ';') return provider_layout();
    if (std::optional<Description> found = by_place(rows.front(), separator)) return *std::move(found);
    if (separator == ',' && rows.front().size() > 1) return with_header(std::move(rows), separator, date_is);
  }
  if (!any) return no_list("no row of it can be read");
  return names_layout();
}

}  // namespace formats
