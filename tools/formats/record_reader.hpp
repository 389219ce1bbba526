// The rows of a file, by its description, one after the other: cells by the description's keys. Text in, cells out; no
// meaning is given to any of them. Streams: one row is held at a time, except of JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/formats/description.hpp"

namespace formats {

// longer rows are bad rows, whatever is in them
inline constexpr std::size_t kMaxRow = 64 * 1024;

struct Record {
  std::uint64_t line = 0;                  // of the file, from 1; of JSON the place in its array, from 1
  std::string_view raw{};                  // the row as written, without its line end
  bool ended = true;                       // by a line end, not by the end of the file
  std::string fault{};                     // why it cannot be split; empty: it can
  std::vector<std::string_view> fields{};  // all of them, unquoted; valid until the next record
};

class RecordReader {
 public:
  // Reads up to and including the header. REQUIRES: text (UTF-8) and description outlive it. Refused with `code`: no
  // header, a column of the description that the header lacks (with what it has), JSON that cannot be parsed, no array
  // where the description says.
  static engine::Result<RecordReader> open(std::string_view text, const Description& description,
                                           engine::ErrorCode code);
  RecordReader(RecordReader&&) noexcept;
  RecordReader& operator=(RecordReader&&) noexcept;
  ~RecordReader();

  // False at the end. Rows of [pass_over] and lines of skip_lines are passed over and counted.
  bool next();
  const Record& record() const;
  // The cells of a key joined by a blank, trimmed; empty where there is no such column or the row is too short. Valid
  // until the next record or the next joined cell.
  std::string_view cell(std::string_view key);
  bool has(std::string_view key) const;  // the header has it
  bool has_all_cells() const;            // the row is as long as every column that is needed, see Record::fault
  std::uint64_t passed_over() const;     // lines and rows
  std::uint64_t lines() const;           // read so far
  std::size_t done() const;              // bytes read so far
  const std::vector<std::string>& header() const;  // as written
  std::string_view first_line() const;             // of the file, for [first_line]
  // Why the end of the file shows that something was cut off: an open quote, JSON that stops, a marker `#BOF` without
  // `#EOF`. Valid at the end.
  const std::string& torn() const;

 private:
  struct State;
  explicit RecordReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace formats
