// Statements of banks and payment services, and the words by which payers name an account.

#include <algorithm>

#include "engine/ensure.hpp"
#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

namespace {

constexpr std::string_view kLineColumns =
    "SELECT l.source, l.external_id, l.statement_id, l.booked_on, l.valued_on, l.currency, l.amount_minor, "
    "l.end_to_end, l.reference, l.counterparty, l.raw, l.id, l.bank_reference, l.structured, l.fee_minor "
    "FROM external_line l";

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
  return {.id = row.integer(11),
          .source = row.string(0),
          .external_id = row.string(1),
          .booked_on = day_of_number(row.integer(3)),
          .valued_on = day_of_number(row.optional_integer(4)),
          .amount = Money::of_minor(row.integer(6), currency(row.text(5))),
          .fee = row.integer(14),
          .end_to_end = row.string(7),
          .structured = row.string(13),
          .reference = row.string(8),
          .counterparty = row.string(9),
          .bank_reference = row.string(12),
          .raw = row.string(10),
          .statement = row.integer(2)};
}

std::int64_t SqliteBook::add_statement(const ExternalStatement& statement, std::span<ExternalLine> lines,
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
         " imported_at, actor, sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(id, statement.source, statement.name, statement.account, code, opening, closing, number(statement.from),
            number(statement.to), statement.lines, stamp.now, stamp.actor, statement.sequence)
      .run();
  for (std::int64_t unread = 0; const UnreadRow& row : statement.unread) {
    db_->statement("INSERT INTO external_unread (statement_id, number, place, raw, why) VALUES (?, ?, ?, ?, ?)")
        .bind(id, ++unread, static_cast<std::int64_t>(row.place), row.raw, row.why)
        .run();
  }
  std::int64_t line_id = db_->integer("SELECT ifnull(max(id), 0) FROM external_line");
  for (std::int64_t place = 0; ExternalLine & line : lines) {
    if (line.id == 0) {
      line.id = ++line_id;
      line.statement = id;
      db_->statement(
             "INSERT INTO external_line (id, source, external_id, statement_id, booked_on, valued_on, currency, "
             "amount_minor, end_to_end, reference, counterparty, raw, bank_reference, structured, fee_minor) "
             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(line.id, line.source, line.external_id, id, number(line.booked_on), number(line.valued_on),
                line.amount.currency().code(), line.amount, line.end_to_end, line.reference, line.counterparty,
                line.raw, line.bank_reference, line.structured, line.fee)
          .run();
    }
    db_->statement("INSERT INTO external_statement_line (statement_id, place, line_id) VALUES (?, ?, ?)")
        .bind(id, ++place, line.id)
        .run();
  }
  return id;
}

std::optional<ExternalLine> SqliteBook::external_line(std::string_view source, std::string_view external_id) {
  Statement row = db_->statement(std::string(kLineColumns) + " WHERE l.source = ? AND l.external_id = ?");
  row.bind(source, external_id);
  if (!row.step()) return std::nullopt;
  return read_external_line(row);
}

void SqliteBook::each_external_line(std::string_view source, const std::function<void(const ExternalLine&)>& visit) {
  Statement row = db_->statement(std::string(kLineColumns) + " WHERE ?1 = '' OR l.source = ?1 ORDER BY l.id");
  row.bind(source);
  while (row.step()) visit(read_external_line(row));
}

std::vector<ExternalStatement> SqliteBook::external_statements() {
  std::vector<ExternalStatement> statements;
  Statement row = db_->statement(
      "SELECT id, source, name, account, currency, opening_minor, closing_minor, first_day, last_day, lines, "
      "imported_at, actor, sequence FROM external_statement ORDER BY id");
  while (row.step()) {
    const auto balance = [&](int column) -> std::optional<Money> {
      if (row.is_null(column)) return std::nullopt;
      return Money::of_minor(row.integer(column), currency(row.text(4)));
    };
    statements.push_back({.id = row.integer(0),
                          .source = row.string(1),
                          .name = row.string(2),
                          .account = row.string(3),
                          .sequence = row.optional_integer(12),
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

std::vector<ExternalLine> SqliteBook::lines_of_statement(std::int64_t statement) {
  std::vector<ExternalLine> lines;
  Statement row =
      db_->statement(std::string(kLineColumns) +
                     " JOIN external_statement_line s ON s.line_id = l.id WHERE s.statement_id = ? ORDER BY s.place");
  row.bind(statement);
  while (row.step()) lines.push_back(read_external_line(row));
  return lines;
}

std::vector<BankSource> SqliteBook::bank_sources() {
  std::vector<BankSource> sources;
  Statement row = db_->statement("SELECT source, account, nameless FROM bank_source ORDER BY source");
  while (row.step()) sources.push_back({row.string(0), row.string(1), row.flag(2)});
  return sources;
}

void SqliteBook::put_bank_source(const BankSource& source) {
  require_unit();
  Statement there = db_->statement("SELECT 1 FROM bank_source WHERE source = ?");
  there.bind(source.source);
  const bool known = there.step();
  db_->statement(known ? "UPDATE bank_source SET account = ?2, nameless = ?3 WHERE source = ?1"
                       : "INSERT INTO bank_source (source, account, nameless) VALUES (?1, ?2, ?3)")
      .bind(source.source, source.account, source.nameless ? 1 : 0)
      .run();
}

std::vector<LineBinding> SqliteBook::line_bindings() {
  std::vector<LineBinding> bindings;
  Statement row = db_->statement("SELECT line_id, transfer_id FROM line_binding ORDER BY line_id");
  while (row.step()) bindings.push_back({row.integer(0), TransferId(row.integer(1))});
  return bindings;
}

std::vector<AccountReference> SqliteBook::account_references() {
  std::vector<AccountReference> references;
  Statement row = db_->statement("SELECT customer_id, reference FROM account_reference ORDER BY reference");
  while (row.step()) references.push_back({CustomerId(row.integer(0)), row.string(1)});
  return references;
}

}  // namespace storage
