// Statements of banks and payment services, payments in, and reconciling ours with everybody else's.
#include "tools/operations/bank.hpp"

#include <filesystem>

#include "tools/cli/session.hpp"
#include "tools/formats/bank_statement.hpp"
#include "tools/operations/reconcile.hpp"
#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::DifferenceClass;
using engine::Error;
using engine::ErrorCode;
using engine::to_string;
using operations::Posting;

constexpr std::size_t kShown = 20;  // of what is noted line by line
constexpr const char* kPaymentsSchema = "dropledger.payments/1";

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

// What was not posted by itself and waits for a person: nothing that went to suspense is lost, and nothing that went
// out is booked.
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

struct Import {
  bool post = false;  // payments import
  std::string file, source, mapping, account;
  bool force = false;

  void bind(CLI::App& app) {
    app.add_option("statement", file, "camt.053 (XML), or CSV with --mapping; - is stdin")
        ->type_name("FILE")
        ->required();
    app.add_option("--source", source, "Whose statement: the cash account, as in 'fund --source'")
        ->type_name("NAME")
        ->required();
    app.add_option("--mapping", mapping, "How the CSV is written: a TOML file, see the README")->type_name("FILE");
    app.add_option("--account", account, "Where a camt.053 holds several accounts: only this IBAN's statements")
        ->type_name("IBAN");
    app.add_flag("--force", force, "Keep what can be read of a statement whose balances do not add up");
    if (!post) app.add_flag("--post", post, "Post the payments as well: the same as 'payments import'");
  }

  int run(Session& session) const {
    const operations::Context context = session.context();
    const std::vector<formats::BankStatement> statements = read(session);
    check(session, statements);
    operations::StatementReport all;
    std::vector<engine::ExternalLine> to_post;
    std::int64_t pending = 0, unreadable = 0, kept_statements = 0, conflicts = 0;
    for (const formats::BankStatement& statement : statements) {
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
      all.added += report.added;
      all.known += report.known;
      kept_statements += report.statement != 0 ? 1 : 0;
      pending += statement.pending;
      unreadable += static_cast<std::int64_t>(statement.unreadable.size());
      std::vector<bool> in_conflict(statement.lines.size(), false);
      for (const operations::LineConflict& conflict : report.conflicts) {
        in_conflict[conflict.line] = true;
        if (++conflicts <= static_cast<std::int64_t>(kShown)) {
          session.note(file + ":" + std::to_string(statement.places[conflict.line]) + ": line " +
                       statement.lines[conflict.line].external_id + " is known and differs: " + conflict.why +
                       "; it was not kept");
        }
      }
      for (std::size_t i = 0; post && i < statement.lines.size(); ++i) {
        if (in_conflict[i]) continue;
        to_post.push_back(statement.lines[i]);
        to_post.back().source = source;
      }
    }
    render::Table table;
    operations::PostingReport posted;
    if (post) {
      render::Progress progress("payments", total_shown(session, to_post.size()));
      posted =
          operations::post_payments(context, source, std::move(to_post), [&](std::size_t done) { progress.at(done); });
      progress.finish();
      table = payments_table(posted, source, session.globals().dry_run);
    } else {
      table.schema = "dropledger.bank-import/1";
      table.add_fact("source", source);
      table.add_fact("dry_run", session.globals().dry_run);
    }
    const std::pair<const char*, std::int64_t> counts[] = {{"statements", static_cast<std::int64_t>(statements.size())},
                                                           {"new_statements", kept_statements},
                                                           {"new_lines", all.added},
                                                           {"known_lines", all.known},
                                                           {"conflicting_lines", conflicts},
                                                           {"pending", pending},
                                                           {"unreadable", unreadable}};
    for (const auto& [key, count] : counts) table.add_fact(key, count);
    session.print(table);
    if (all.added == 0 && kept_statements == 0) session.note("every line of it is known already: nothing was imported");
    if (post) note_what_waits(session, posted);
    if (session.globals().dry_run) session.note("dry run: nothing was changed");
    return 0;
  }

 private:
  std::string file_name() const { return file == "-" ? "stdin" : std::filesystem::path(file).filename().string(); }

  std::vector<formats::BankStatement> read(Session& session) const {
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

  void check(const Session& session, const std::vector<formats::BankStatement>& statements) const {
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
    if (!force)
      throw CommandError{Error{ErrorCode::statement_not_balanced, text + " (--force keeps what can be read)"}};
    session.note("forced: " + text);
  }
};

struct PaymentsImport : Import {
  PaymentsImport() { post = true; }
};

struct Statements {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    render::Table table;
    table.schema = "dropledger.bank-statements/1";
    table.columns = {{"statement", "", render::Kind::number},
                     {"source"},
                     {"name"},
                     {"account"},
                     {"first_day", "", render::Kind::day},
                     {"last_day", "", render::Kind::day},
                     {"opening", "", render::Kind::money},
                     {"closing", "", render::Kind::money},
                     {"lines", "", render::Kind::number},
                     {"imported_at", "", render::Kind::time},
                     {"actor"}};
    table.when_empty = "No statement was imported yet; see 'bank import --help'.";
    for (const engine::ExternalStatement& one : session.book_snapshot().external_statements()) {
      table.add(one.id, one.source, one.name, one.account, one.from, one.to, one.opening, one.closing, one.lines,
                one.imported_at, one.actor);
    }
    session.print(table);
    return 0;
  }
};

struct Post {
  std::string source;
  bool all = false;
  void bind(CLI::App& app) {
    app.add_option("--source", source, "Whose lines")->type_name("NAME")->required();
    app.add_flag("--all", all, "List what went out as well");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    std::vector<engine::ExternalLine> lines;
    context.store.each_external_line(source, [&](const engine::ExternalLine& line) { lines.push_back(line); });
    if (lines.empty())
      throw CommandError{
          Error{ErrorCode::source_not_found, "no line of '" + source + "' was imported; see 'bank statements'"}};
    render::Progress progress("payments", total_shown(session, lines.size()));
    operations::PostingReport report =
        operations::post_payments(context, source, std::move(lines), [&](std::size_t done) { progress.at(done); });
    progress.finish();
    render::Table table = payments_table(report, source, session.globals().dry_run);
    if (!all)
      std::erase_if(table.rows,
                    [](const render::Row& row) { return std::get<std::string>(row[2]) == to_word(Posting::outgoing); });
    session.print(table);
    note_what_waits(session, report);
    if (session.globals().dry_run) session.note("dry run: nothing was changed");
    return 0;
  }
};

struct Reference {
  std::string account, word;
  bool drop = false;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Whose payments")->type_name("NAME")->required();
    app.add_option("reference", word, "A word that payers will write, e.g. DL-alice-7; case does not matter")
        ->type_name("WORD")
        ->required();
    app.add_flag("--drop", drop, "Take it away");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const operations::Reply reply =
        value_or_throw(drop ? operations::drop_reference(context, session.request(), account, word)
                            : operations::give_reference(context, session.request(), account, word));
    session.answer(reply, "dropledger.reference/1",
                   drop ? "payments with '" + word + "' are no longer " + account + "'s"
                        : "payments with '" + word + "' in their text are " + account + "'s");
    return 0;
  }
};

struct References {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    render::Table table;
    table.schema = "dropledger.references/1";
    table.columns = {{"account"}, {"reference"}};
    table.when_empty = "No reference was given; payments are known by the account's name.";
    for (const engine::AccountReference& given : store.account_references()) {
      const auto customer = store.customer(given.customer);
      table.add(customer ? customer->name : "", given.reference);
    }
    session.print(table);
    return 0;
  }
};

// ---- reconcile

render::Tone tone_of(DifferenceClass kind) {
  if (kind == DifferenceClass::match) return render::Tone::good;
  return engine::is_open(kind) ? render::Tone::bad : render::Tone::warn;
}

struct Reconcile {
  std::vector<std::string> only;
  std::string source;
  bool all = false, exit_code = false;
  void bind(CLI::App& app) {
    app.add_option("--only", only, "Only these: self, jobs, provider, bank")
        ->delimiter(',')
        ->check(CLI::IsMember({"self", "jobs", "provider", "bank"}));
    app.add_option("--source", source, "Of the bank: only this cash account's statements")->type_name("NAME");
    app.add_flag("--all", all, "List what agrees as well");
    app.add_flag("--exit-code", exit_code, "Exit 1 when something is open");
  }

  int run(Session& session) const {
    operations::ReconcileOptions options;
    options.source = source;
    if (!only.empty()) options.loops.clear();
    for (const std::string& word : only) options.loops.push_back(*engine::parse_loop(word));
    std::optional<render::Progress> progress;
    options.progress = [&](std::int64_t done, std::int64_t total) {
      if (session.globals().quiet) return;
      if (!progress) progress.emplace("verify", static_cast<std::uint64_t>(total));
      progress->at(static_cast<std::uint64_t>(done));
    };
    engine::LedgerReader& store = session.book_snapshot();
    const engine::UtcTime now = session.now();
    const auto asks = [&](engine::Loop loop) { return std::ranges::find(options.loops, loop) != options.loops.end(); };
    engine::BackorderProvider* provider =
        asks(engine::Loop::jobs) || asks(engine::Loop::provider_balance) ? session.provider() : nullptr;
    const std::vector<engine::LoopReport> reports = operations::reconcile(store, provider, options, now);
    progress.reset();
    session.print(table_of(reports, provider, now));
    bool open = false, left_out = false;
    for (const engine::LoopReport& report : reports) {
      if (!report.not_done.empty())
        session.note(std::string(to_word(report.loop)) + " is not done: " + report.not_done);
      left_out = left_out || !report.not_done.empty();
      open = open || std::ranges::any_of(report.differences,
                                         [](const engine::Difference& one) { return engine::is_open(one.kind); });
    }
    if (exit_code && open) return 1;
    // what was not looked at is never clean
    return left_out ? static_cast<int>(engine::ErrorClass::provider) : 0;
  }

 private:
  render::Table table_of(const std::vector<engine::LoopReport>& reports, const engine::BackorderProvider* provider,
                         engine::UtcTime now) const {
    render::Table table;
    table.schema = "dropledger.reconciliation/2";
    table.title = "Reconciliation";
    table.columns = {{"loop"},
                     {"class"},
                     {"subject"},
                     {"here"},
                     {"there"},
                     {"ours", "", render::Kind::money},
                     {"theirs", "", render::Kind::money},
                     {"difference", "", render::Kind::money},
                     {"age"},
                     {"rule"},
                     {"detail", "", render::Kind::text, true},
                     {"command"}};
    table.add_fact("as_of", now);
    if (provider != nullptr) table.add_fact("provider", provider->environment());
    std::int64_t open = 0;
    render::Table classes;
    classes.name = "classes";
    classes.title = "Classes at a glance";
    classes.columns = {{"loop"},
                       {"done", "", render::Kind::flag},
                       {"class"},
                       {"count", "", render::Kind::number},
                       {"open", "", render::Kind::flag},
                       {"not_done"}};
    for (const engine::LoopReport& report : reports) {
      const std::string loop(to_word(report.loop));
      std::string line = report.not_done.empty() ? "" : "NOT DONE: " + report.not_done;
      render::Tiles tiles{.title = loop};
      if (!report.not_done.empty()) tiles.tiles.push_back({"not done", "?", report.not_done, render::Tone::warn});
      for (const DifferenceClass kind : engine::kDifferenceClasses) {
        const std::int64_t count = report.count(kind);
        if (engine::is_open(kind)) open += count;
        if (count == 0 && (kind != DifferenceClass::match || !report.not_done.empty())) continue;
        const std::string word(to_word(kind));
        line += (line.empty() ? "" : ", ") + std::to_string(count) + " " + word;
        classes.add(loop, report.not_done.empty(), word, count, engine::is_open(kind), report.not_done);
        tiles.tiles.push_back({word, std::to_string(count), "", tone_of(kind)});
      }
      if (report.differences.empty() && !report.not_done.empty())
        classes.add(loop, false, "", 0, false, report.not_done);
      table.add_fact(loop, line);
      table.charts.push_back(std::move(tiles));
      add_rows(table, report, now);
    }
    table.add_fact("open", open);
    table.when_empty = "Nothing differs in what was compared.";
    table.sections.push_back(std::move(classes));
    return table;
  }

  void add_rows(render::Table& table, const engine::LoopReport& report, engine::UtcTime now) const {
    std::vector<const engine::Difference*> rows;
    for (const engine::Difference& one : report.differences) {
      if (all || one.kind != DifferenceClass::match) rows.push_back(&one);
    }
    std::ranges::stable_sort(rows, {}, [](const engine::Difference* one) { return one->kind; });
    for (const engine::Difference* one : rows) {
      table.add(to_word(report.loop), to_word(one->kind), one->subject, one->here, one->there, one->ours, one->theirs,
                one->gap(), one->since && *one->since <= now ? to_string(now - *one->since) : "", one->rule,
                one->detail, one->command);
    }
  }
};

}  // namespace

void add_bank_commands(CommandLine& line) {
  CLI::App* bank = add_group(line.app, "bank", "Statements of banks and payment services");
  add_command<Import>(line, *bank, "import",
                      "Keeps a statement's lines as they came; what is known already changes nothing",
                      "  dropledger bank import camt053-2026-08-01.xml --source bank\n"
                      "  dropledger bank import august.csv --source bank --mapping bank.toml --dry-run");
  add_command<Statements>(line, *bank, "statements", "The statements imported so far, with their balances",
                          "  dropledger bank statements");
  CLI::App* payments = add_group(line.app, "payments", "Customers' payments, from the bank's statements");
  add_command<PaymentsImport>(
      line, *payments, "import",
      "Keeps a statement and posts its payments to the accounts they name; the others go to suspense",
      "  dropledger payments import camt053-2026-08-01.xml --source bank --dry-run\n"
      "  dropledger payments import august.csv --source paypal --mapping paypal.toml");
  add_command<Post>(line, *payments, "post", "Posts the payments of statements that were imported before",
                    "  dropledger payments post --source bank");
  add_command<Reference>(
      line, *payments, "reference", "Gives an account a word by which its payments are known",
      "  dropledger payments reference alice DL-alice-7\n  dropledger payments reference alice DL-alice-7 --drop");
  add_command<References>(line, *payments, "references", "The words given to accounts",
                          "  dropledger payments references");
  add_command<Reconcile>(
      line, line.app, "reconcile",
      "Ours against ourselves, the provider's jobs, our balance there, and the bank; every difference with its class",
      "  dropledger reconcile\n"
      "  dropledger reconcile --only self,bank --exit-code\n"
      "  dropledger reconcile --only provider --all --format html > provider.html\n"
      "  dropledger reconcile --section classes --format csv");
}

}  // namespace cli
