// The rows of a query as text, to hold against what a test expects.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

namespace support {

// A line each, columns by " | "; nothing is -, an empty text ''.
inline std::string rows_of(SQLite::Database& db, const std::string& sql) {
  std::string text;
  SQLite::Statement rows(db, sql);
  while (rows.executeStep()) {
    for (int i = 0; i < rows.getColumnCount(); ++i) {
      const std::string value = rows.getColumn(i).getString();
      text += std::string(i == 0 ? "" : " | ") + (rows.isColumnNull(i) ? "-" : value.empty() ? "''" : value);
    }
    text += "\n";
  }
  return text;
}

}  // namespace support
