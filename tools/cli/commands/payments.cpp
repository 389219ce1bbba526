// Customers' payments, from the bank's statements.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/statement_import.hpp"
#include "tools/operations/bank.hpp"
#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using operations::Posting;

struct PaymentsImport : StatementImport {
  PaymentsImport() { post = true; }
};

struct Post {
  std::string source;
  bool all = false;
  void bind(CLI::App& app) {
    app.add_option("--source", source, "Cash account whose lines are posted")->type_name("NAME")->required();
    app.add_flag("--all", all, "List outgoing lines too");
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

struct Bind {
  std::string source, line, transfer;
  void bind(CLI::App& app) {
    app.add_option("line", line, "The bank's line, as 'reconcile' and the case name it")->type_name("LINE")->required();
    app.add_option("transfer", transfer, "The pay-in that was typed by hand")->type_name("NUMBER")->required();
    app.add_option("--source", source, "Source of the line")->type_name("NAME")->required();
  }
  int run(Session& session) const {
    const operations::Reply reply = value_or_throw(operations::bind_line(
        session.context(), session.request(), source, line, engine::TransferId(session.number(transfer, "transfer"))));
    session.answer(reply, "dropledger.payment-bound/1", "line " + line + " is transfer " + transfer);
    return 0;
  }
};

struct Reference {
  std::string account, word;
  bool drop = false;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account that the payments belong to")->type_name("NAME")->required();
    app.add_option("reference", word, "Word that payers will write, e.g. DL-alice-7; case does not matter")
        ->type_name("WORD")
        ->required();
    app.add_flag("--drop", drop, "Remove the reference");
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

}  // namespace

void add_payment_commands(CommandLine& line) {
  CLI::App* payments = add_group(line.app, "payments", "Payments of customers, from bank statements");
  add_command<PaymentsImport>(
      line, *payments, "import",
      "Imports a statement and posts its payments to the accounts they name; the others go to suspense",
      "  dropledger payments import camt053-2026-08-01.xml --source bank --dry-run\n"
      "  dropledger payments import august.csv --source paypal --mapping paypal.toml");
  add_command<Post>(line, *payments, "post", "Posts the payments of statements imported before",
                    "  dropledger payments post --source bank");
  add_command<Bind>(line, *payments, "bind", "Says which pay-in typed by hand a line of the bank is",
                    "  dropledger payments bind A1 17 --source bank");
  add_command<Reference>(
      line, *payments, "reference", "Gives an account a reference by which its payments are recognised",
      "  dropledger payments reference alice DL-alice-7\n  dropledger payments reference alice DL-alice-7 --drop");
  add_command<References>(line, *payments, "references", "Lists the references of accounts",
                          "  dropledger payments references");
}

}  // namespace cli
