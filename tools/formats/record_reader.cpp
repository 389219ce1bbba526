#include "tools/formats/record_reader.hpp"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

namespace formats {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;
using Json = nlohmann::ordered_json;

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// The positions of the cells of one key.
struct Place {
  std::string key;
  std::vector<std::size_t> fields;
  std::vector<std::string> members;  // of JSON objects
};

// "A|B" is either.
std::vector<std::string_view> alternatives(std::string_view word) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t end = std::min(word.find('|'), word.size());
    words.push_back(word.substr(0, end));
    if (end == word.size()) return words;
    word.remove_prefix(end + 1);
  }
}

std::string shown(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return {};
}

// "a.b.c" in an object; nullptr where it is not.
const Json* at_path(const Json& from, std::string_view path) {
  const Json* node = &from;
  while (!path.empty() && node != nullptr) {
    const std::string name(path.substr(0, path.find('.')));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    const auto found = node->is_object() ? node->find(name) : node->end();
    node = node->is_object() && found != node->end() ? &*found : nullptr;
  }
  return node;
}

}  // namespace

struct RecordReader::State {
  std::string_view text, rest;
  const Description& description;
  ErrorCode code;
  char line_end = '\n';
  std::uint64_t line = 0, passed = 0;
  Record record{};
  std::vector<std::string> header{};
  std::vector<Place> places{};
  std::vector<std::pair<std::size_t, const std::vector<std::string>*>> pass_over{};
  std::size_t needed = 0;  // fields that a row must have
  bool all_cells = true;
  std::deque<std::string> owned{};  // unquoted fields, a joined cell
  std::string first_line{}, torn{};
  bool began = false, begins_marked = false, ends_marked = false;
  Json json{};
  std::size_t next_object = 0;
  const Json* objects = nullptr;

  State(std::string_view bytes, const Description& format, ErrorCode refusal)
      : text(bytes), rest(bytes), description(format), code(refusal) {
    // A file from an old system ends its lines with CR alone.
    if (rest.find('\n') == std::string_view::npos && rest.find('\r') != std::string_view::npos) line_end = '\r';
  }

  Error refused(const std::string& why) const { return {code, why}; }

  // The next line without its end; nothing at the end of the text.
  std::optional<std::string_view> take_line(bool& ended) {
    if (rest.empty()) return std::nullopt;
    const std::size_t end = rest.find(line_end);
    ended = end != std::string_view::npos;
    std::string_view raw = rest.substr(0, end);
    rest.remove_prefix(ended ? end + 1 : rest.size());
    ++line;
    if (raw.ends_with('\r')) raw.remove_suffix(1);
    return raw;
  }

  bool is_passed_over(std::string_view raw) {
    const std::string_view content = trimmed(raw);
    if (content.empty()) return true;
    if (content.front() == '#') {
      begins_marked = begins_marked || content == "#BOF";
      ends_marked = ends_marked || content == "#EOF";
      return true;
    }
    return std::ranges::any_of(description.skip_lines,
                               [&](const std::string& glob) { return matches_glob(content, glob); });
  }

  // One row: a line, or several where a quoted field goes on.
  bool take_row() {
    bool ended = true;
    while (true) {
      const std::optional<std::string_view> raw = take_line(ended);
      if (!raw) return false;
      if (line <= description.skip) continue;
      if (is_passed_over(*raw)) {
        if (!trimmed(*raw).empty()) ++passed;
        continue;
      }
      record.line = line;
      record.raw = *raw;
      record.ended = ended;
      record.fault.clear();
      record.fields.clear();
      owned.clear();
      if (raw->size() > kMaxRow) {
        record.fault = "longer than 64 KiB";
      } else {
        split(*raw);
      }
      return true;
    }
  }

  void split(std::string_view raw) {
    switch (description.syntax) {
      case Syntax::names:
        record.fields.push_back(trimmed(raw));
        return;
      case Syntax::blanks:
        split_blanks(raw);
        return;
      case Syntax::delimited:
      case Syntax::json:
        split_delimited(raw);
        return;
    }
  }

  void split_blanks(std::string_view raw) {
    raw = trimmed(raw);
    while (!raw.empty()) {
      std::size_t end = raw.find("  ");
      const std::size_t tab = raw.find('\t');
      end = std::min({end, tab, raw.size()});
      record.fields.push_back(raw.substr(0, end));
      raw = trimmed(raw.substr(end));
    }
  }

  void split_delimited(std::string_view raw) {
    const char separator = description.separator;
    std::string_view left = raw;
    while (true) {
      std::string_view lead = left;
      while (!lead.empty() && lead.front() == ' ' && separator != ' ') lead.remove_prefix(1);
      if (description.quotes && lead.starts_with('"')) {
        left = lead;
        if (!take_quoted(left)) return;
      } else {
        const std::size_t end = std::min(left.find(separator), left.size());
        record.fields.push_back(trimmed(left.substr(0, end)));
        left.remove_prefix(end);
      }
      if (left.empty()) return;
      left.remove_prefix(1);  // the separator
    }
  }

  // A quoted field off the front; `left` then begins with the separator or is empty. False: the row is at fault.
  bool take_quoted(std::string_view& left) {
    std::string_view content = left.substr(1);
    const std::size_t simple = content.find('"');
    if (simple != std::string_view::npos && !content.substr(simple + 1).starts_with('"')) {
      record.fields.push_back(content.substr(0, simple));
      left = content.substr(simple + 1);
    } else {
      std::string& field = owned.emplace_back();
      while (true) {
        const std::size_t quote = content.find('"');
        field += content.substr(0, quote);
        if (quote == std::string_view::npos) {
          // Statements have texts of several lines; in a list an open quote must not swallow the rows behind it.
          bool ended = true;
          const std::optional<std::string_view> more =
              description.kind == FormatKind::statement && field.size() < kMaxRow ? take_line(ended) : std::nullopt;
          if (!more) {
            record.fault = "a quote is opened and never closed";
            if (rest.empty() && !record.ended) torn = "an open quote";
            return false;
          }
          field += '\n';
          record.ended = ended;
          record.raw = text.substr(static_cast<std::size_t>(record.raw.data() - text.data()),
                                   static_cast<std::size_t>(more->data() + more->size() - record.raw.data()));
          content = *more;
        } else if (content.substr(quote + 1).starts_with('"')) {
          field += '"';
          content.remove_prefix(quote + 2);
        } else {
          content.remove_prefix(quote + 1);
          break;
        }
      }
      record.fields.push_back(field);
      left = content;
    }
    const std::size_t end = std::min(left.find(description.separator), left.size());
    if (!trimmed(left.substr(0, end)).empty()) {
      record.fault = "text after a closing quote";
      return false;
    }
    left.remove_prefix(end);
    return true;
  }

  std::optional<Error> bind_header() {
    bool split_whole = take_row();
    if (!split_whole) return refused("there is no header line");
    if (!record.fault.empty()) return refused("line " + std::to_string(record.line) + ": " + record.fault);
    for (const std::string_view field : record.fields) header.emplace_back(field);
    return bind_words();
  }

  std::optional<std::size_t> place_of(const std::string& word) const {
    if (!description.header) return std::stoul(word.substr(1)) - 1;
    for (const std::string_view alternative : alternatives(word)) {
      const std::string folded = folded_word(alternative);
      for (std::size_t i = 0; i < header.size(); ++i) {
        if (folded_word(header[i]) == folded) return i;
      }
    }
    return std::nullopt;
  }

  std::optional<Error> bind_words() {
    for (const bool is_needed : {true, false}) {
      for (const auto& [key, words] : is_needed ? description.columns : description.optional_columns) {
        Place place{key, {}, {}};
        for (const std::string& word : words) {
          const std::optional<std::size_t> found = place_of(word);
          if (found) {
            place.fields.push_back(*found);
            if (is_needed) needed = std::max(needed, *found + 1);
          } else if (is_needed) {
            std::string there;
            for (const std::string& title : header) there += (there.empty() ? "" : ", ") + title;
            return refused("line " + std::to_string(record.line) + ": the header has no column '" + word + "' (" + key +
                           "); it has: " + there);
          }
        }
        if (!place.fields.empty()) places.push_back(std::move(place));
      }
    }
    for (const auto& [word, values] : description.pass_over) {
      if (const std::optional<std::size_t> found = place_of(word)) pass_over.emplace_back(*found, &values);
    }
    return std::nullopt;
  }

  bool is_row_passed_over() const {
    return std::ranges::any_of(pass_over, [&](const auto& rule) {
      return rule.first < record.fields.size() && std::ranges::any_of(*rule.second, [&](const std::string& value) {
               return folded_word(value) == folded_word(record.fields[rule.first]);
             });
    });
  }

  // ---- JSON ----

  std::optional<Error> open_json() {
    if (description.records == "lines") {
      json = Json::array();
      bool ended = true;
      while (const std::optional<std::string_view> raw = take_line(ended)) {
        if (is_passed_over(*raw)) continue;
        Json one = Json::parse(*raw, nullptr, false);
        if (one.is_discarded())
          return refused("line " + std::to_string(line) + ": this is no JSON" +
                         (ended ? "" : "; the file is cut off in the middle of it"));
        json.push_back(std::move(one));
      }
      objects = &json;
    } else {
      try {
        json = Json::parse(text);
      } catch (const Json::parse_error& error) {
        const bool cut = error.byte >= text.find_last_not_of(" \t\r\n") + 1;
        const auto at = static_cast<std::ptrdiff_t>(std::min(error.byte, text.size()));
        return refused("line " + std::to_string(std::count(text.begin(), text.begin() + at, '\n') + 1) +
                       (cut ? ": the file is cut off: its JSON does not end" : ": this is no JSON"));
      }
      objects = at_path(json, description.records);
      rest = {};
    }
    if (objects == nullptr || !objects->is_array())
      return refused("its JSON has no list" + (description.records.empty() ? "" : " '" + description.records + "'"));
    for (const Words* columns : {&description.columns, &description.optional_columns}) {
      for (const auto& [key, words] : *columns) places.push_back({key, {}, words});
    }
    return std::nullopt;
  }

  bool take_object() {
    if (next_object >= objects->size()) return false;
    const Json& object = (*objects)[next_object++];
    record = {};
    record.line = next_object;
    owned.clear();
    record.raw = owned.emplace_back(object.dump().substr(0, 1024));
    if (object.is_string() && places.size() == 1) {
      // an array of bare names
    } else if (!object.is_object()) {
      record.fault = "no JSON object";
    }
    return true;
  }

  std::string json_cell(const Place& place) const {
    const Json& object = (*objects)[next_object - 1];
    if (object.is_string()) return object.get<std::string>();
    std::string joined;
    for (const std::string& word : place.members) {
      for (const std::string_view alternative : alternatives(word)) {
        const Json* value = at_path(object, alternative);
        if (value == nullptr) continue;
        const std::string written = shown(*value);
        if (!written.empty()) joined += (joined.empty() ? "" : " ") + written;
        break;
      }
    }
    return joined;
  }
};

RecordReader::RecordReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordReader::RecordReader(RecordReader&&) noexcept = default;
RecordReader& RecordReader::operator=(RecordReader&&) noexcept = default;
RecordReader::~RecordReader() = default;

Result<RecordReader> RecordReader::open(std::string_view text, const Description& description, ErrorCode code) {
  auto state = std::make_unique<State>(text, description, code);
  const std::string_view first = text.substr(0, text.find(state->line_end));
  state->first_line = trimmed(first);
  std::optional<Error> error;
  if (description.syntax == Syntax::json) {
    error = state->open_json();
  } else if (description.syntax == Syntax::names) {
    state->places.push_back({"name", {0}, {}});
    state->needed = 1;
  } else {
    error = description.header ? state->bind_header() : state->bind_words();
  }
  if (error) return *error;
  return RecordReader(std::move(state));
}

bool RecordReader::next() {
  State& it = *state_;
  if (it.objects != nullptr) return it.take_object();
  while (it.take_row()) {
    it.all_cells = it.record.fields.size() >= it.needed;
    if (it.record.fault.empty() && it.is_row_passed_over()) {
      ++it.passed;
      continue;
    }
    return true;
  }
  if (it.torn.empty() && it.begins_marked && !it.ends_marked) it.torn = "it begins with #BOF and has no #EOF";
  return false;
}

const Record& RecordReader::record() const { return state_->record; }

std::string_view RecordReader::cell(std::string_view key) {
  State& it = *state_;
  const auto place = std::ranges::find(it.places, key, &Place::key);
  if (place == it.places.end()) return {};
  if (it.objects != nullptr) return it.owned.emplace_back(it.json_cell(*place));
  if (place->fields.size() == 1)
    return place->fields.front() < it.record.fields.size() ? it.record.fields[place->fields.front()]
                                                           : std::string_view();
  std::string joined;
  for (const std::size_t field : place->fields) {
    if (field >= it.record.fields.size() || it.record.fields[field].empty()) continue;
    if (!joined.empty()) joined += ' ';
    joined += it.record.fields[field];
  }
  return it.owned.emplace_back(std::move(joined));
}

bool RecordReader::has(std::string_view key) const {
  return std::ranges::find(state_->places, key, &Place::key) != state_->places.end();
}
bool RecordReader::has_all_cells() const { return state_->objects != nullptr || state_->all_cells; }
std::uint64_t RecordReader::passed_over() const { return state_->passed; }
std::uint64_t RecordReader::lines() const { return state_->objects != nullptr ? state_->next_object : state_->line; }
std::size_t RecordReader::done() const { return state_->text.size() - state_->rest.size(); }
const std::vector<std::string>& RecordReader::header() const { return state_->header; }
std::string_view RecordReader::first_line() const { return state_->first_line; }
const std::string& RecordReader::torn() const { return state_->torn; }

}  // namespace formats
