#include "tools/cli/commands/statement_import.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "tools/operations/statements.hpp"
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
  for (const Posting posting :
       {Posting::posted, Posting::unidentified, Posting::other_currency, Posting::closed, Posting::bound,
        Posting::several, Posting::repeated, Posting::outgoing, Posting::future, Posting::refused}) {
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
  if (const std::int64_t several = report.count(Posting::several); several > 0)
    session.note(std::to_string(several) + " fit several pay-ins typed by hand: 'payments bind' says which it is");
  if (const std::int64_t refused = report.count(Posting::refused); refused > 0)
    session.note(std::to_string(refused) + " refused by a rule, see the rows");
}

void StatementImport::bind(CLI::App& app) {
  app.add_option("statement", file, "camt.052, .053 or .054 (XML), MT940, or CSV with --mapping; - is stdin")
      ->type_name("FILE")
      ->required();
  app.add_option("--source", source, "Cash account that the statement belongs to, as in 'fund --source'")
      ->type_name("NAME")
      ->required();
  app.add_option("--mapping", mapping, "Description of the CSV in TOML; see 'dropledger help payments'")
      ->type_name("FILE");
  app.add_option("--encoding", encoding, "Encoding of an MT940 that is not UTF-8, e.g. latin-1")->type_name("NAME");
  app.add_option("--account", account,
                 "Where a file holds several accounts: only this one's statements. Where it names none: whose it is, "
                 "said once")
      ->type_name("IBAN");
  app.add_flag("--force", force, "Keep what can be read of a statement that cannot be read whole, or does not add up");
  if (!post) app.add_flag("--post", post, "Post the payments as well: the same as 'payments import'");
}

int StatementImport::run(Session& session) const {
  const operations::Context context = session.context();
  const std::vector<formats::BankStatement> statements = read(session);
  check(session, statements);
  std::vector<operations::StatementToKeep> to_keep;
  std::int64_t pending = 0, unreadable = 0, without_amount = 0;
  for (const formats::BankStatement& one : statements) {
    pending += one.pending;
    unreadable += static_cast<std::int64_t>(one.unreadable.size());
    without_amount += one.without_amount;
    to_keep.push_back({{.name = one.name.empty() ? file_name() : one.name,
                        .account = one.account,
                        .sequence = one.sequence,
                        .opening = one.opening,
                        .closing = one.closing,
                        .from = one.from,
                        .to = one.to,
                        .unread = one.unreadable},
                       one.lines});
  }
  operations::StatementReport kept =
      value_or_throw(operations::import_statements(context, source, std::move(to_keep), account));
  for (std::size_t i = 0; i < kept.notes.size() && i < kShown; ++i) session.note(kept.notes[i]);
  render::Table table;
  operations::PostingReport posted;
  if (post) {
    render::Progress progress("payments", total_shown(session, kept.lines.size()));
    posted =
        operations::post_payments(context, source, std::move(kept.lines), [&](std::size_t done) { progress.at(done); });
    progress.finish();
    table = payments_table(posted, source, session.globals().dry_run);
  } else {
    table.schema = "dropledger.bank-import/1";
    table.add_fact("source", source);
    table.add_fact("dry_run", session.globals().dry_run);
  }
  const std::pair<const char*, std::int64_t> counts[] = {{"statements", static_cast<std::int64_t>(statements.size())},
                                                         {"new_statements", kept.statements},
                                                         {"new_lines", kept.added},
                                                         {"known_lines", kept.known},
                                                         {"pending", pending},
                                                         {"without_amount", without_amount},
                                                         {"unreadable", unreadable}};
  for (const auto& [key, count] : counts) table.add_fact(key, count);
  session.print(table);
  if (kept.added == 0 && kept.statements == 0) session.note("every line of it is known already: nothing was imported");
  if (post) note_what_waits(session, posted);
  if (session.globals().dry_run) session.note("dry run: nothing was changed");
  // what was forced is not whole
  return unreadable > 0 ? static_cast<int>(engine::ErrorClass::bad_input) : 0;
}

std::string StatementImport::file_name() const {
  return file == "-" ? "stdin" : std::filesystem::path(file).filename().string();
}

std::vector<formats::BankStatement> StatementImport::read(Session& session) const {
  const std::string text = session.read_input(file);
  if (!mapping.empty()) {
    const formats::CsvMapping columns = value_or_throw(formats::parse_csv_mapping(session.read_input(mapping)));
    return value_or_throw(formats::read_bank_csv(text, columns));
  }
  const bool xml = formats::looks_like_xml(text);
  if (!xml && !formats::looks_like_mt940(text)) {
    throw CommandError{Error{ErrorCode::invalid_argument,
                             "'" + file + "' is neither camt (XML) nor MT940: a CSV needs --mapping FILE, which says " +
                                 "what its columns are"}};
  }
  std::vector<formats::BankStatement> statements =
      xml ? value_or_throw(formats::read_camt(text))
          : value_or_throw(formats::read_mt940(
                text,
                encoding.empty() ? std::nullopt : std::optional(value_or_throw(formats::parse_encoding(encoding)))));
  const auto plain = [](std::string name) {
    std::erase(name, ' ');
    return name;
  };
  if (!account.empty())
    std::erase_if(statements, [&](const formats::BankStatement& one) { return plain(one.account) != plain(account); });
  if (statements.empty())
    throw CommandError{Error{ErrorCode::invalid_statement, "'" + file + "' has no statement of account " + account}};
  std::set<std::string> accounts;
  for (const formats::BankStatement& one : statements) accounts.insert(plain(one.account));
  if (accounts.size() > 1) {
    std::string all;
    for (const std::string& one : accounts) all += (all.empty() ? "" : ", ") + one;
    throw CommandError{
        Error{ErrorCode::invalid_argument, "'" + file + "' holds several accounts, choose one with --account: " + all}};
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
  if (imbalance.empty() && unreadable == 0) return;
  const bool nothing = std::ranges::all_of(
      statements, [](const formats::BankStatement& one) { return one.lines.empty() && !one.closing; });
  if (unreadable > 0 && nothing) {
    throw CommandError{Error{ErrorCode::invalid_statement,
                             "'" + file + "': none of its " + std::to_string(unreadable) + " rows can be read"}};
  }
  const std::string rows = std::to_string(unreadable) + " rows of '" + file + "' cannot be read";
  const std::string text = imbalance.empty() ? rows
                                             : "'" + file + "' does not add up: " + imbalance +
                                                   (unreadable > 0 ? "; " + rows : "; a row is missing or wrong");
  if (!force) {
    throw CommandError{Error{imbalance.empty() ? ErrorCode::invalid_statement : ErrorCode::statement_not_balanced,
                             text + ": nothing was imported (--force keeps what can be read)"}};
  }
  session.note("forced: " + text);
}

}  // namespace cli
