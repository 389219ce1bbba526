#include "tools/formats/deletion_list.hpp"

#include <algorithm>

#include "tools/formats/date_mask.hpp"
#include "tools/formats/list_columns.hpp"
#include "tools/formats/record_reader.hpp"

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

ListDate list_date(const WrittenDate& date) {
  if (const engine::Day* day = std::get_if<engine::Day>(&date)) return *day;
  return std::get<engine::UtcTime>(date);
}

// Days compare with instants by the day's first instant.
engine::UtcTime earliest(const ListDate& date) {
  if (const engine::Day* day = std::get_if<engine::Day>(&date)) return engine::UtcTime(*day);
  if (const auto* eligible = std::get_if<engine::EligibleFrom>(&date)) return eligible->at;
  return std::get<engine::UtcTime>(date);
}

bool is_before(const ListRow& a, const ListRow& b) {
  const auto order = a.name <=> b.name;
  return order == 0 ? earliest(a.date) < earliest(b.date) : order < 0;
}

// By name, date and place. Most names differ within eight letters, which are sorted as numbers that lie side by side;
// then each row moves once.
void sort_rows(std::vector<ListRow>& rows) {
  struct Key {
    std::uint64_t letters;
    std::size_t row;
  };
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

// Dates that stand outside the rows of one file.
struct Outside {
  std::optional<ListDate> date{};
  std::optional<engine::UtcTime> published{};
};

std::optional<Error> take_stamp(const Stamp& stamp, std::string_view text, const std::string& what,
                                const Description& description, Outside& outside) {
  const std::optional<WrittenDate> date = read_masked(text, stamp.mask, description.time_zone);
  if (!date) {
    return no_list("as a " + description.name + " list " + what + " is a date of the form " + stamp.mask + ", not '" +
                   printable(text) + "'; give --date, or say another format (--as)");
  }
  if (stamp.is_date) outside.date = list_date(*date);
  if (stamp.is_day) {
    // The day as written, whatever the time beside it is in UTC.
    const std::string day_mask = stamp.mask.substr(0, stamp.mask.find('h')) + "*";
    const std::optional<WrittenDate> day = read_masked(text, day_mask, description.time_zone);
    if (day) outside.date = list_date(*day);
  }
  if (stamp.is_published) outside.published = earliest(list_date(*date));
  return std::nullopt;
}

// One file of the list.
class PartReader {
 public:
  PartReader(const Description& description, const ListFormat& format, DeletionList& list)
      : description_(description), format_(format), list_(list) {}

  std::optional<Error> read(std::string_view text, const std::string& file, ListPart& part,
                            const std::function<void(std::size_t)>& progress) {
    Result<RecordReader> opened = RecordReader::open(text, description_, ErrorCode::invalid_list);
    if (!opened) return no_list(opened.error().detail);
    RecordReader& reader = opened.value();
    if (auto error = outside(reader, file)) return error;
    const bool has_date = reader.has("date");
    if (!has_date && !date_) {
      return Error{ErrorCode::invalid_argument,
                   "the list has names only and needs its date: --date YYYY-MM-DD, or with a time"};
    }
    eligible_ = description_.date_is == "eligible";
    tentative_ = words("tentative");
    while (reader.next()) {
      const Record& record = reader.record();
      if (progress && record.line % 4096 == 0) progress(reader.done());
      if (!record.fault.empty()) {
        bad(record, !record.ended ? "the file ends in the middle of this row" : record.fault, !record.ended);
      } else {
        row(reader, record, has_date);
      }
    }
    list_.lines += reader.lines();
    if (list_.torn.empty() && !reader.torn().empty()) list_.torn = reader.torn();
    part.rows = read_;
    part.passed_over = reader.passed_over();
    return std::nullopt;
  }

 private:
  std::optional<Error> outside(const RecordReader& reader, const std::string& file) {
    Outside found;
    if (description_.first_line) {
      if (auto error = take_stamp(*description_.first_line, reader.first_line(), "the first line", description_, found))
        return error;
    }
    if (description_.file_name && !format_.date) {
      if (auto error = take_stamp(*description_.file_name, file, "the file's name", description_, found)) return error;
    }
    date_ = format_.date ? format_.date : found.date;
    if (found.published && (!list_.published_at || *found.published < *list_.published_at))
      list_.published_at = found.published;
    return std::nullopt;
  }
  const std::vector<std::string>* words(std::string_view key) const {
    const auto found = description_.words.find(key);
    return found == description_.words.end() ? nullptr : &found->second;
  }

  void row(RecordReader& reader, const Record& record, bool has_date) {
    if (!reader.has_all_cells()) {
      return bad(record,
                 record.ended ? "fewer columns than " + std::string(description_.header ? "the header" : "a row has")
                              : "the file ends in the middle of this row",
                 !record.ended);
    }
    std::optional<ListDate> date = date_;
    std::string_view written;
    if (has_date && !format_.date) {
      written = reader.cell("date");
      date.reset();
      for (const std::string& mask : description_.date_masks) {
        const std::optional<WrittenDate> found = read_masked(written, mask, description_.time_zone);
        if (!found) continue;
        date = list_date(*found);
        break;
      }
    }
    const bool cut = !record.ended && is_cut(record, written);
    if (!date || cut)
      return bad(record, cut || !record.ended ? "the file ends in the middle of this row" : date_fault(written),
                 cut || !record.ended);
    if (const engine::UtcTime* instant = std::get_if<engine::UtcTime>(&*date); instant != nullptr && eligible_)
      date = engine::EligibleFrom{*instant};
    Result<engine::DomainName> name = name_of(reader);
    if (!name)
      return bad(record, record.ended ? name.error().detail : "the file ends in the middle of this row", !record.ended);
    if (!record.ended && is_cut_name(name.value(), record))
      return bad(record, "the file ends in the middle of this row", true);
    ListRow listed{std::move(name).value(), *date,
                   static_cast<std::uint32_t>(std::min<std::uint64_t>(record.line, UINT32_MAX)), false};
    if (tentative_ != nullptr) {
      const std::string certainty = folded_word(reader.cell("certainty"));
      listed.tentative =
          std::ranges::any_of(*tentative_, [&](const std::string& word) { return folded_word(word) == certainty; });
    }
    last_written_ = written.size();
    list_.rows.push_back(std::move(listed));
    ++read_;
  }

  std::string date_fault(std::string_view written) const {
    if (written.empty() || written.starts_with("0000-00-00")) return "no date";
    return read_date(written, description_.date_masks, description_.time_zone).error().detail;
  }

  // "quartzlamp" of zone "io", where names come without theirs.
  Result<engine::DomainName> name_of(RecordReader& reader) const {
    const std::string_view name = reader.cell("name");
    if (name.find('.') != std::string_view::npos) return engine::DomainName::parse(name);
    std::string zone(reader.cell("zone"));
    if (const auto fixed = description_.constants.find("zone"); zone.empty() && fixed != description_.constants.end())
      zone = fixed->second;
    if (zone.empty()) return engine::DomainName::parse(name);
    if (zone.front() == '.') zone.erase(0, 1);
    return engine::DomainName::parse(std::string(name) + "." + zone);
  }

  // The last row of a file that does not end its last line: shorter than the one before it where ISO dates are written.
  bool is_cut(const Record& record, std::string_view written) const {
    const bool iso = description_.date_masks.size() == 1 && description_.date_masks.front() == "ISO";
    return iso && last_written_ > 0 && written.size() < last_written_ && !record.fields.empty() &&
           record.fields.back().ends_with(written);
  }
  // A name at the very end may have lost letters of its zone: one that no other row has.
  bool is_cut_name(const engine::DomainName& name, const Record& record) const {
    if (list_.rows.empty() || record.fields.empty()) return false;
    const Result<engine::DomainName> last = engine::DomainName::parse(record.fields.back());
    if (!last || last.value() != name) return false;
    const std::string_view zone = engine::parent_zone(name.ace());
    return std::ranges::none_of(list_.rows,
                                [&](const ListRow& row) { return engine::parent_zone(row.name.ace()) == zone; });
  }

  void bad(const Record& record, std::string why, bool torn) {
    if (torn && list_.torn.empty()) list_.torn = "it ends in the middle of line " + std::to_string(record.line);
    ++list_.bad_count;
    if (list_.bad.size() < kMaxBadRows) list_.bad.push_back({record.line, printable(record.raw), std::move(why)});
  }

  const Description& description_;
  const ListFormat& format_;
  DeletionList& list_;
  std::optional<ListDate> date_{};
  const std::vector<std::string>* tentative_ = nullptr;
  bool eligible_ = false;
  std::uint64_t read_ = 0;
  std::size_t last_written_ = 0;
};

// The description to read a text by; `made` keeps one that was made for it.
Result<const Description*> description_for(std::string_view text, const std::string& file, const ListFormat& format,
                                           Description& made, ListPart& part) {
  if (format.description != nullptr) return format.description;
  if (format.layout == ListLayout::detect) {
    if (const Description* known = recognise(FormatKind::list, file, text)) {
      part.recognised = true;
      return known;
    }
  }
  Result<Description> found = format.layout == ListLayout::provider ? Result<Description>(provider_layout())
                              : format.layout == ListLayout::names  ? Result<Description>(names_layout())
                              : format.layout == ListLayout::csv    ? csv_layout(text, ',', format.date_is)
                                                                    : describe_list(text, format.date_is);
  if (!found) return found.error();
  made = std::move(found).value();
  return &made;
}

}  // namespace

Result<ListLayout> parse_list_layout(std::string_view text) {
  if (text == "provider") return ListLayout::provider;
  if (text == "csv") return ListLayout::csv;
  if (text == "names") return ListLayout::names;
  return Error{ErrorCode::invalid_argument,
               "a list is of the format provider, csv or names, not '" + printable(text) + "'"};
}

Result<DeletionList> read_deletion_list(std::string bytes, const ListFormat& format,
                                        const std::function<void(std::size_t)>& progress) {
  Result<Unpacked> unpacked = unpack(std::move(bytes), format.file_name, ErrorCode::invalid_list);
  if (!unpacked) return unpacked.error();
  DeletionList list;
  list.passed_over = std::move(unpacked.value().passed_over);
  for (Member& member : unpacked.value().members) {
    std::optional<Encoding> encoding = format.encoding;
    if (!encoding && format.description != nullptr) encoding = format.description->encoding;
    Result<Decoded> decoded = decode(std::move(member.bytes), encoding, ErrorCode::invalid_list);
    if (!decoded) return no_list(decoded.error().detail);
    const std::string_view text = decoded.value().text;
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return no_list("it is empty");
    ListPart& part = list.parts.emplace_back();
    part.file = member.name;
    Description made;
    const Result<const Description*> description = description_for(text, member.name, format, made, part);
    if (!description) return description.error();
    part.format = description.value()->name;
    if (description.value()->date_is == "finalization") list.date_is = engine::DateIs::finalization;
    if (description.value()->date_is == "drop" || description.value()->date_is == "eligible")
      list.date_is = engine::DateIs::drop;
    if (auto error = PartReader(*description.value(), format, list).read(text, member.name, part, progress))
      return *error;
  }
  if (!std::ranges::is_sorted(list.rows, is_before)) sort_rows(list.rows);
  const auto rest = std::ranges::unique(list.rows, {}, &ListRow::name);
  list.duplicates = rest.size();
  list.rows.erase(rest.begin(), rest.end());
  if (list.rows.empty()) {
    return no_list(list.bad.empty() ? "it holds no row"
                                    : "not one of " + std::to_string(list.bad_count) + " rows can be read; line " +
                                          std::to_string(list.bad.front().line) + ": " + list.bad.front().why);
  }
  return list;
}

}  // namespace formats
