// Statements of banks and payment services, and the words by which payers name an account.

#include <algorithm>

#include "engine/ensure.hpp"
#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

constexpr std::string_view kLineColumns =
    "SELECT source, external_id, statement_id, booked_on, valued_on, currency, amount_minor, end_to_end, reference, "
    "counterparty, raw FROM external_line";

std::int64_t number(Day day) { return day.time_since_epoch().count(); }
std::optional<std::int64_t> number(const std::optional<Day>& day) {
  if (!day) return std::nullopt;
  return number(*day);
}
Day day_of_number(std::int64_t number) { return Day(std::chrono::days(static_cast<int>(number))); }
std::optional<Day> day_of_number(std::optional<std::int64_t> number) {
  if (!number) return std::nullopt;
  return day_of_number(*number);
}

}  // namespace

ExternalLine SqliteBook::read_external_line(Statement& row) {
  return {.source = row.string(0),
          .external_id = row.string(1),
          .booked_on = day_of_number(row.integer(3)),
          .valued_on = day_of_number(row.optional_integer(4)),
          .amount = Money::of_minor(row.integer(6), currency(row.text(5))),
          .end_to_end = row.string(7),
          .reference = row.string(8),
          .counterparty = row.string(9),
          .raw = row.string(10),
          .statement = row.integer(2)};
}

std::int64_t SqliteBook::add_statement(const ExternalStatement& statement, std::span<const ExternalLine> new_lines,
                                       const Authorship& stamp) {
  require_unit();
  const std::int64_t id = db_->integer("SELECT ifnull(max(id), 0) FROM external_statement") + 1;
  std::optional<std::int64_t> opening, closing;
  std::optional<std::string> code;
  for (const auto& [balance, kept] :
       {std::pair(&statement.opening, &opening), std::pair(&statement.closing, &closing)}) {
    if (!*balance) continue;
    *kept = (*balance)->minor();
    code = std::string((*balance)->currency().code());
  }
  db_->statement(
         "INSERT INTO external_statement (id, source, name, account, currency, opening_minor, closing_minor, "
         "first_day, last_day, lines,"
         " imported_at, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(id, statement.source, statement.name, statement.account, code, opening, closing, number(statement.from),
            number(statement.to), statement.lines, stamp.now, stamp.actor)
      .run();
  for (std::int64_t unread = 0; const UnreadRow& row : statement.unread) {
    db_->statement("INSERT INTO external_unread (statement_id, number, place, raw, why) VALUES (?, ?, ?, ?, ?)")
        .bind(id, ++unread, static_cast<std::int64_t>(row.place), row.raw, row.why)
        .run();
  }
  std::int64_t line_id = db_->integer("SELECT ifnull(max(id), 0) FROM external_line");
  for (const ExternalLine& line : new_lines) {
    db_->statement(
           "INSERT INTO external_line (id, source, external_id, statement_id, booked_on, valued_on, currency, "
           "amount_minor, end_to_end,"
           " reference, counterparty, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(++line_id, line.source, line.external_id, id, number(line.booked_on), number(line.valued_on),
              line.amount.currency().code(), line.amount, line.end_to_end, line.reference, line.counterparty, line.raw)
        .run();
  }
  return id;
}

std::optional<ExternalLine> SqliteBook::external_line(std::string_view source, std::string_view external_id) {
  Statement row = db_->statement(std::string(kLineColumns) + " WHERE source = ? AND external_id = ?");
  row.bind(source, external_id);
  if (!row.step()) return std::nullopt;
  return read_external_line(row);
}

void SqliteBook::each_external_line(std::string_view source, const std::function<void(const ExternalLine&)>& visit) {
  Statement row = db_->statement(std::string(kLineColumns) + " WHERE ?1 = '' OR source = ?1 ORDER BY id");
  row.bind(source);
  while (row.step()) visit(read_external_line(row));
}

std::vector<ExternalStatement> SqliteBook::external_statements() {
  std::vector<ExternalStatement> statements;
  Statement row = db_->statement(
      "SELECT id, source, name, account, currency, opening_minor, closing_minor, first_day, last_day, lines, "
      "imported_at, actor FROM external_statement ORDER BY id");
  while (row.step()) {
    const auto balance = [&](int column) -> std::optional<Money> {
      if (row.is_null(column)) return std::nullopt;
      return Money::of_minor(row.integer(column), currency(row.text(4)));
    };
    statements.push_back({.id = row.integer(0),
                          .source = row.string(1),
                          .name = row.string(2),
                          .account = row.string(3),
                          .opening = balance(5),
                          .closing = balance(6),
                          .from = day_of_number(row.optional_integer(7)),
                          .to = day_of_number(row.optional_integer(8)),
                          .lines = row.integer(9),
                          .imported_at = row.time(10),
                          .actor = row.string(11)});
  }
  Statement unread =
      db_->statement("SELECT statement_id, place, raw, why FROM external_unread ORDER BY statement_id, number");
  for (auto owner = statements.begin(); unread.step();) {
    owner = std::ranges::find(owner, statements.end(), unread.integer(0), &ExternalStatement::id);
    ENSURE(owner != statements.end(), "a row is kept with its statement");
    owner->unread.push_back({static_cast<std::uint64_t>(unread.integer(1)), unread.string(2), unread.string(3)});
  }
  return statements;
}

std::vector<AccountReference> SqliteBook::account_references() {
  std::vector<AccountReference> references;
  Statement row = db_->statement("SELECT customer_id, reference FROM account_reference ORDER BY reference");
  while (row.step()) references.push_back({CustomerId(row.integer(0)), row.string(1)});
  return references;
}

}  // namespace storage
