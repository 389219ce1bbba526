#include "tools/formats/deletion_list.hpp"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace formats {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::ListDate;
using engine::ListRow;
using engine::Result;

Error no_list(std::string why) { return {ErrorCode::invalid_list, "this is no deletion list: " + std::move(why)}; }

std::string printable(std::string_view text) {
  constexpr std::size_t kShown = 80;
  std::string safe;
  for (const char c : text.substr(0, kShown)) safe += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return text.size() > kShown ? safe + "…" : safe;
}

// ---- unpacking ----

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

Result<std::string> unzip(std::string_view bytes) {
  zip_error_t trouble;
  zip_error_init(&trouble);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &trouble);
  const std::unique_ptr<zip_t, CloseArchive> archive(
      source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &trouble));
  if (!archive) {
    const std::string why = zip_error_strerror(&trouble);
    if (source != nullptr) zip_source_free(source);
    return no_list("the zip archive cannot be read: " + why);
  }
  std::optional<zip_uint64_t> list;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive.get(), 0); ++i) {
    const std::string_view name = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), 0);
    if (name.ends_with('/')) continue;
    if (list) return no_list("the zip archive holds more than one file");
    list = static_cast<zip_uint64_t>(i);
  }
  if (!list) return no_list("the zip archive holds no file");
  const std::unique_ptr<zip_file_t, CloseMember> member(zip_fopen_index(archive.get(), *list, 0));
  if (!member)
    return no_list(std::string("the file in the zip archive cannot be read: ") + zip_strerror(archive.get()));
  std::string text;  // grows as it unpacks: the size that the archive claims is not to be believed
  for (char block[256 * 1024];;) {
    const zip_int64_t count = zip_fread(member.get(), block, sizeof block);
    if (count < 0) return no_list("the file in the zip archive is damaged");
    if (count == 0) return text;
    text.append(block, static_cast<std::size_t>(count));
    if (text.size() > kMaxUnpacked) return no_list("the zip archive unpacks to more than 512 MiB");
  }
}

// ---- lines and cells ----

struct Line {
  std::string_view text;
  std::uint64_t number;
  bool ended;  // by a line end, not by the end of the file
};

class Lines {
 public:
  explicit Lines(std::string_view bytes) : rest_(bytes), size_(bytes.size()) {
    // A file from an old system ends its lines with CR alone.
    end_ = rest_.find('\n') == std::string_view::npos && rest_.find('\r') != std::string_view::npos ? '\r' : '\n';
  }
  std::optional<Line> next() {
    if (rest_.empty()) return std::nullopt;
    const std::size_t end = rest_.find(end_);
    Line line{rest_.substr(0, end), ++number_, end != std::string_view::npos};
    rest_.remove_prefix(line.ended ? end + 1 : rest_.size());
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    return line;
  }
  std::uint64_t number() const { return number_; }
  std::size_t done() const { return size_ - rest_.size(); }

 private:
  std::string_view rest_;
  std::size_t size_;
  std::uint64_t number_ = 0;
  char end_;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_passed_over(std::string_view line) {
  const std::string_view text = trimmed(line);
  return text.empty() || text.front() == '#';
}

// Cell `wanted` (from 0) of a comma separated line; nothing where the line is too short. Quoted cells per RFC 4180,
// within one line.
std::optional<std::string> csv_cell(std::string_view line, std::size_t wanted) {
  for (std::size_t column = 0;; ++column) {
    std::string cell;
    if (line.starts_with('"')) {
      std::size_t at = 1;
      for (; at < line.size(); ++at) {
        if (line[at] == '"' && at + 1 < line.size() && line[at + 1] == '"') {
          ++at;
        } else if (line[at] == '"') {
          break;
        }
        if (column == wanted) cell += line[at];
      }
      line.remove_prefix(std::min(at + 1, line.size()));
    } else {
      const std::size_t end = std::min(line.find(','), line.size());
      if (column == wanted) cell = trimmed(line.substr(0, end));
      line.remove_prefix(end);
    }
    if (column == wanted) return cell;
    const std::size_t comma = line.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    line.remove_prefix(comma + 1);
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// Where a CSV's header has the name and the date.
struct Columns {
  std::size_t name, date;
};
Result<Columns> find_columns(std::string_view header) {
  constexpr std::string_view kNames[] = {"domain", "name", "domain_name", "domainname"};
  constexpr std::string_view kDates[] = {
      "drop_at",      "drop_date",     "drop_time",   "droptime",         "drop",
      "date",         "release_date",  "release_at",  "finalizationdate", "finalization_date",
      "finalization", "deletion_date", "deletionday", "delete_date"};
  std::optional<std::size_t> name, date;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::optional<std::string> cell = csv_cell(header, i);
    if (!cell) break;
    const std::string title = lower(trimmed(*cell));
    if (!name && std::ranges::find(kNames, title) != std::end(kNames)) name = i;
    if (!date && std::ranges::find(kDates, title) != std::end(kDates)) date = i;
  }
  if (!name || !date) {
    return no_list("the header '" + printable(header) + "' names no column for the " +
                   (name ? "date (drop_date, finalizationdate, …)" : "domain (domain, name, …)"));
  }
  return Columns{*name, *date};
}

Result<ListDate> parse_date(std::string_view text) {
  if (text.starts_with("0000-00-00") || text.empty()) return Error{ErrorCode::invalid_time, "no date"};
  if (text.size() == 10) {
    const Result<engine::Day> day = engine::parse_day(text);
    if (!day) return day.error();
    return ListDate(day.value());
  }
  const Result<engine::UtcTime> time = engine::parse_time(text);
  if (!time) return time.error();
  return ListDate(time.value());
}

// By the first usable line; where that shows nothing, one of the next may, for a list may begin with a row that cannot
// be read.
ListLayout detect(std::string_view bytes) {
  constexpr int kLooks = 20;
  Lines lines(bytes);
  for (int looks = 0; looks < kLooks;) {
    const std::optional<Line> line = lines.next();
    if (!line) break;
    if (is_passed_over(line->text)) continue;
    if (line->text.find(';') != std::string_view::npos) return ListLayout::provider;
    if (looks++ == 0 && line->text.find(',') != std::string_view::npos) return ListLayout::csv;
  }
  return ListLayout::names;
}

// Instants compare with days by the day's first instant.
engine::UtcTime earliest(const ListDate& date) {
  const engine::Day* day = std::get_if<engine::Day>(&date);
  return day != nullptr ? engine::UtcTime(*day) : std::get<engine::UtcTime>(date);
}

// ---- the list ----

class Reader {
 public:
  Reader(ListLayout layout, const ListFormat& format) : layout_(layout), format_(format) {}

  std::optional<Error> read(std::string_view bytes, const std::function<void(std::size_t)>& progress) {
    Lines lines(bytes);
    while (const std::optional<Line> line = lines.next()) {
      if (progress && line->number % 4096 == 0) progress(lines.done());
      if (is_passed_over(line->text)) continue;
      if (line->text.size() > kMaxLine) {
        bad(*line, "longer than 64 KiB");
      } else if (layout_ == ListLayout::csv && !columns_) {
        const Result<Columns> found = find_columns(line->text);
        if (!found) return found.error();
        columns_ = found.value();
      } else {
        read_row(*line);
      }
    }
    list_.lines = lines.number();
    return std::nullopt;
  }

  DeletionList finish() {
    if (!std::ranges::is_sorted(list_.rows, is_before)) sort_rows();
    const auto rest = std::unique(list_.rows.begin(), list_.rows.end(),
                                  [](const ListRow& a, const ListRow& b) { return a.name == b.name; });
    list_.duplicates = static_cast<std::size_t>(list_.rows.end() - rest);
    list_.rows.erase(rest, list_.rows.end());
    return std::move(list_);
  }

 private:
  static bool is_before(const ListRow& a, const ListRow& b) {
    const auto order = a.name <=> b.name;
    return order == 0 ? earliest(a.date) < earliest(b.date) : order < 0;
  }

  // By name, date and place. Most names differ within eight letters, which are sorted as numbers that lie side by side;
  // then each row moves once.
  void sort_rows() {
    struct Key {
      std::uint64_t letters;
      std::size_t row;
    };
    std::vector<ListRow>& rows = list_.rows;
    std::vector<Key> keys;
    keys.reserve(rows.size());
    for (const ListRow& row : rows) {
      std::uint64_t letters = 0;
      for (std::size_t i = 0; i < 8; ++i)
        letters = letters << 8U | (i < row.name.ace().size() ? static_cast<unsigned char>(row.name.ace()[i]) : 0U);
      keys.push_back({letters, keys.size()});
    }
    std::ranges::sort(keys, [&rows](const Key& a, const Key& b) {
      if (a.letters != b.letters) return a.letters < b.letters;
      if (is_before(rows[a.row], rows[b.row])) return true;
      return !is_before(rows[b.row], rows[a.row]) && a.row < b.row;
    });
    for (std::size_t first = 0; first < rows.size(); ++first) {
      if (keys[first].row == first) continue;
      ListRow held = std::move(rows[first]);
      std::size_t to = first;
      for (std::size_t from = keys[to].row; from != first; from = keys[to].row) {
        rows[to] = std::move(rows[from]);
        keys[to].row = to;
        to = from;
      }
      rows[to] = std::move(held);
      keys[to].row = to;
    }
  }

  void read_row(const Line& line) {
    switch (layout_) {
      case ListLayout::provider: {
        const std::size_t first = line.text.find(';');
        if (first == std::string_view::npos)
          return bad(line, line.ended ? "no date: a row is domain;YYYY-MM-DD HH:MM:SS"
                                      : "the file ends in the middle of this row");
        const std::string_view rest = line.text.substr(first + 1);
        return add(line, line.text.substr(0, first), trimmed(rest.substr(0, rest.find(';'))));
      }
      case ListLayout::csv: {
        const std::optional<std::string> name = csv_cell(line.text, columns_->name),
                                         date = csv_cell(line.text, columns_->date);
        if (!name || !date)
          return bad(line, line.ended ? "fewer columns than the header" : "the file ends in the middle of this row");
        return add(line, *name, trimmed(*date));
      }
      case ListLayout::names:
      case ListLayout::detect:
        return add(line, line.text, *format_.date);
    }
  }

  void add(const Line& line, std::string_view name, std::string_view date_text) {
    const Result<ListDate> date = parse_date(date_text);
    if (!date) return bad(line, line.ended ? date.error().detail : "the file ends in the middle of this row");
    add(line, name, date.value());
  }
  void add(const Line& line, std::string_view name_text, const ListDate& date) {
    Result<engine::DomainName> name = engine::DomainName::parse(name_text);
    if (!name) return bad(line, name.error().detail);
    list_.rows.push_back({std::move(name).value(), date});
  }
  void bad(const Line& line, std::string why) {
    ++list_.bad_count;
    if (list_.bad.size() < kMaxBadRows) list_.bad.push_back({line.number, printable(line.text), std::move(why)});
  }

  ListLayout layout_;
  const ListFormat& format_;
  std::optional<Columns> columns_{};
  DeletionList list_{};
};

}  // namespace

Result<ListLayout> parse_list_layout(std::string_view text) {
  if (text == "provider") return ListLayout::provider;
  if (text == "csv") return ListLayout::csv;
  if (text == "names") return ListLayout::names;
  return Error{ErrorCode::invalid_argument,
               "a list is of the format provider, csv or names, not '" + printable(text) + "'"};
}

Result<DeletionList> read_deletion_list(std::string_view bytes, const ListFormat& format,
                                        const std::function<void(std::size_t)>& progress) {
  std::string unpacked;
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) {
    Result<std::string> text = unzip(bytes);
    if (!text) return text.error();
    unpacked = std::move(text).value();
    bytes = unpacked;
  }
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return no_list("it is UTF-16; save it as UTF-8");
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (bytes.find_first_not_of(" \t\r\n") == std::string_view::npos) return no_list("it is empty");
  if (std::memchr(bytes.data(), '\0', bytes.size()) != nullptr) return no_list("it holds binary data");
  const ListLayout layout = format.layout == ListLayout::detect ? detect(bytes) : format.layout;
  if (layout == ListLayout::names && !format.date) {
    return Error{ErrorCode::invalid_argument, "a list of names only needs its date: --date YYYY-MM-DD, or with a time"};
  }
  Reader reader(layout, format);
  if (std::optional<Error> error = reader.read(bytes, progress)) return *error;
  DeletionList list = reader.finish();
  if (list.rows.empty()) {
    return no_list(list.bad.empty() ? "it holds no row"
                                    : "not one of " + std::to_string(list.bad_count) + " rows can be read; line " +
                                          std::to_string(list.bad.front().line) + ": " + list.bad.front().why);
  }
  return list;
}

}  // namespace formats
