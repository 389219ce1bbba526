// Books as programs before a migration made them.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "engine/time.hpp"
#include "storage/book/migrate.hpp"

namespace support {

// A rehearsal's, empty, as it was just before the migration of this name. Returns its schema.
inline int make_book_before(const std::string& path, std::string_view migration, engine::UtcTime made_at) {
  SQLite::Database db(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  const auto migrations = storage::sqlite_migrations();
  const auto end = std::ranges::find(migrations, migration, &storage::Migration::name);
  REQUIRE(end != migrations.end());
  for (auto one = migrations.begin(); one != end; ++one) db.exec(std::string(one->sql));
  db.exec("PRAGMA application_id = 0x6472706c; PRAGMA user_version = " + std::to_string(end->number - 1));
  db.exec("INSERT INTO book (id, made_at, rehearsal) VALUES (1, " + std::to_string(made_at.time_since_epoch().count()) +
          ", 1)");
  return end->number - 1;
}

}  // namespace support
