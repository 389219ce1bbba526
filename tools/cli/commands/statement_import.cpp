#include "tools/cli/commands/statement_import.hpp"

#include <filesystem>

#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using operations::Posting;

constexpr std::size_t kShown = 20;  // of what is noted line by line
constexpr const char* kPaymentsSchema = "dropledger.payments/1";

}  // namespace

std::uint64_t total_shown(const Session& session, std::size_t total) { return session.globals().quiet ? 0 : total; }

render::Table payments_table(const operations::PostingReport& report, const std::string& source, bool dry_run) {
  render::Table table;
  table.schema = kPaymentsSchema;
  table.title = "Payments of " + source;
  table.columns = {{"booked_on", "", render::Kind::day},
                   {"amount", "", render::Kind::money},
                   {"result"},
                   {"account"},
                   {"counterparty", "", render::Kind::text, true},
                   {"reference", "", render::Kind::text, true},
                   {"detail", "", render::Kind::text, true},
                   {"line_id"}};
  table.when_empty = "Nothing to post.";
  for (const operations::PostedLine& one : report.lines) {
    if (one.posting == Posting::repeated) continue;  // counted above
    const std::string& reference = one.line.reference.empty() ? one.line.end_to_end : one.line.reference;
    table.add(one.line.booked_on, one.line.amount, to_word(one.posting), one.account, one.line.counterparty, reference,
              one.detail, one.line.external_id);
  }
  table.add_fact("source", source);
  table.add_fact("dry_run", dry_run);
  for (const Posting posting : {Posting::posted, Posting::unidentified, Posting::other_currency, Posting::closed,
                                Posting::repeated, Posting::outgoing, Posting::future, Posting::refused}) {
    table.add_fact(std::string(to_word(posting)), report.count(posting));
  }
  return table;
}

void note_what_waits(const Session& session, const operations::PostingReport& report) {
  const std::int64_t suspense =
      report.count(Posting::unidentified) + report.count(Posting::other_currency) + report.count(Posting::closed);
  if (suspense > 0) {
    session.note(
        std::to_string(suspense) +
        " in suspense: 'cases --kind unidentified_payment' lists them, 'suspense assign' gives them to their owner");
  }
  if (const std::int64_t refused = report.count(Posting::refused); refused > 0)
    session.note(std::to_string(refused) + " refused by a rule, see the rows");
}

void StatementImport::bind(CLI::App& app) {
  app.add_option("statement", file, "camt.053 (XML), or CSV with --mapping; - is stdin")->type_name("FILE")->required();
  app.add_option("--source", source, "Whose statement: the cash account, as in 'fund --source'")
      ->type_name("NAME")
      ->required();
  app.add_option("--mapping", mapping, "How the CSV is written: a TOML file, see the README")->type_name("FILE");
  app.add_option("--account", account, "Where a camt.053 holds several accounts: only this IBAN's statements")
      ->type_name("IBAN");
  app.add_flag("--force", force, "Keep what can be read of a statement whose balances do not add up");
  if (!post) app.add_flag("--post", post, "Post the payments as well: the same as 'payments import'");
}

int StatementImport::run(Session& session) const {
  const operations::Context context = session.context();
  const std::vector<formats::BankStatement> statements = read(session);
  check(session, statements);
  Kept all;
  for (const formats::BankStatement& statement : statements) keep(session, context, statement, all);
  render::Table table;
  operations::PostingReport posted;
  if (post) {
    render::Progress progress("payments", total_shown(session, all.to_post.size()));
    posted = operations::post_payments(context, source, std::move(all.to_post),
                                       [&](std::size_t done) { progress.at(done); });
    progress.finish();
    table = payments_table(posted, source, session.globals().dry_run);
  } else {
    table.schema = "dropledger.bank-import/1";
    table.add_fact("source", source);
    table.add_fact("dry_run", session.globals().dry_run);
  }
  const std::pair<const char*, std::int64_t> counts[] = {{"statements", static_cast<std::int64_t>(statements.size())},
                                                         {"new_statements", all.statements},
                                                         {"new_lines", all.lines.added},
                                                         {"known_lines", all.lines.known},
                                                         {"conflicting_lines", all.conflicts},
                                                         {"pending", all.pending},
                                                         {"unreadable", all.unreadable}};
  for (const auto& [key, count] : counts) table.add_fact(key, count);
  session.print(table);
  if (all.lines.added == 0 && all.statements == 0)
    session.note("every line of it is known already: nothing was imported");
  if (post) note_what_waits(session, posted);
  if (session.globals().dry_run) session.note("dry run: nothing was changed");
  return 0;
}

void StatementImport::keep(Session& session, const operations::Context& context,
                           const formats::BankStatement& statement, Kept& all) const {
  const engine::ExternalStatement kept{.source = source,
                                       .name = statement.name.empty() ? file_name() : statement.name,
                                       .account = statement.account,
                                       .opening = statement.opening,
                                       .closing = statement.closing,
                                       .from = statement.from,
                                       .to = statement.to,
                                       .lines = static_cast<std::int64_t>(statement.lines.size()),
                                       .unread = statement.unreadable};
  const operations::StatementReport report = operations::import_statement(context, kept, statement.lines);
  all.lines.added += report.added;
  all.lines.known += report.known;
  all.statements += report.statement != 0 ? 1 : 0;
  all.pending += statement.pending;
  all.unreadable += static_cast<std::int64_t>(statement.unreadable.size());
  std::vector<bool> in_conflict(statement.lines.size(), false);
  for (const operations::LineConflict& conflict : report.conflicts) {
    in_conflict[conflict.line] = true;
    if (++all.conflicts <= static_cast<std::int64_t>(kShown)) {
      session.note(file + ":" + std::to_string(statement.places[conflict.line]) + ": line " +
                   statement.lines[conflict.line].external_id + " is known and differs: " + conflict.why +
                   "; it was not kept");
    }
  }
  for (std::size_t i = 0; post && i < statement.lines.size(); ++i) {
    if (in_conflict[i]) continue;
    all.to_post.push_back(statement.lines[i]);
    all.to_post.back().source = source;
  }
}

std::string StatementImport::file_name() const {
  return file == "-" ? "stdin" : std::filesystem::path(file).filename().string();
}

std::vector<formats::BankStatement> StatementImport::read(Session& session) const {
  const std::string text = session.read_input(file);
  std::vector<formats::BankStatement> statements;
  if (mapping.empty()) {
    if (!formats::looks_like_xml(text)) {
      throw CommandError{
          Error{ErrorCode::invalid_argument,
                "'" + file + "' is no XML: a CSV needs --mapping FILE, which says what its columns are"}};
    }
    statements = value_or_throw(formats::read_camt053(text));
  } else {
    const formats::CsvMapping columns = value_or_throw(formats::parse_csv_mapping(session.read_input(mapping)));
    statements.push_back(value_or_throw(formats::read_bank_csv(text, columns)));
  }
  if (!account.empty())
    std::erase_if(statements, [&](const formats::BankStatement& one) { return one.account != account; });
  std::string accounts;
  for (const formats::BankStatement& one : statements) {
    if (accounts.find(one.account) == std::string::npos) accounts += (accounts.empty() ? "" : ", ") + one.account;
  }
  if (statements.empty())
    throw CommandError{Error{ErrorCode::invalid_statement, "'" + file + "' has no statement of account " + account}};
  if (accounts.find(", ") != std::string::npos) {
    throw CommandError{Error{ErrorCode::invalid_argument,
                             "'" + file + "' holds several accounts, choose one with --account: " + accounts}};
  }
  return statements;
}

void StatementImport::check(const Session& session, const std::vector<formats::BankStatement>& statements) const {
  std::size_t noted = 0, unreadable = 0;
  std::string imbalance;
  for (const formats::BankStatement& one : statements) {
    unreadable += one.unreadable.size();
    for (const engine::UnreadRow& row : one.unreadable) {
      if (++noted <= kShown) session.note(file + ":" + std::to_string(row.place) + ": " + row.why);
    }
    if (imbalance.empty() && !one.imbalance.empty())
      imbalance = (one.name.empty() ? "" : "statement " + one.name + ": ") + one.imbalance;
  }
  if (unreadable > kShown)
    session.note(file + ": and " + std::to_string(unreadable - kShown) + " more that cannot be read");
  if (imbalance.empty()) return;
  const std::string text = "'" + file + "' does not add up: " + imbalance +
                           (unreadable > 0 ? "; " + std::to_string(unreadable) + " of its rows cannot be read"
                                           : "; a row is missing or wrong");
  if (!force) throw CommandError{Error{ErrorCode::statement_not_balanced, text + " (--force keeps what can be read)"}};
  session.note("forced: " + text);
}

}  // namespace cli
