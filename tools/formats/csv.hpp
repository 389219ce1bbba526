// Rows of a CSV file with a header, as people and spreadsheets write them: RFC 4180 quoting, LF or CRLF, a byte order
// mark, blank lines and lines that begin with `#` are skipped. Columns are found by the header's names, in any order.
// Nothing is guessed: a row with too many or too few fields, an unknown or missing column, an open quote is refused
// with its line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.hpp"

namespace formats {

struct CsvColumn {
  std::string_view name;  // compared without case
  bool required = true;   // else it may be missing from the header, and its fields are empty
};
struct CsvRow {
  std::uint64_t line;  // of the file, from 1
  // one per column asked for, in that order, without surrounding blanks unless quoted
  std::vector<std::string> fields;
};
struct CsvFault {
  std::uint64_t line;
  std::string what;
};
struct CsvRows {
  std::vector<CsvRow> rows;
  std::vector<CsvFault> faults;  // rows that could not be split; the others are all there
};

// invalid_list where there is no header or it lacks a required column.
engine::Result<CsvRows> read_csv(std::string_view text, std::span<const CsvColumn> columns);

}  // namespace formats
