// Numbered migrations, embedded in the library at build time from storage/migrations/sqlite/NNNN_name.sql.
// A file is never edited once merged; a schema change is the next number.
#pragma once

#include <span>
#include <string_view>

namespace storage {

struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};

std::span<const Migration> sqlite_migrations();  // ascending, without gaps

}  // namespace storage
