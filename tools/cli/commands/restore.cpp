// Putting a book back from a backup, and what the hours since that backup hold.
#include "storage/store.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/operations/reconcile.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::to_string;

struct Restore {
  std::string backup;
  bool report = false;
  void bind(CLI::App& app) {
    app.add_option("backup", backup, "A file that 'backup' made; it stays as it is")->type_name("FILE");
    app.add_flag(
        "--report", report,
        "List what the time since the backup holds: jobs without a backorder, payments without a posting, notices");
  }

  int run(Session& session) const {
    if (report == !backup.empty())
      throw CommandError{Error{ErrorCode::invalid_argument, "name a backup to put back, or ask for --report"}};
    return report ? print_report(session) : put_back(session);
  }

 private:
  int put_back(Session& session) const {
    const Globals& globals = session.globals();
    engine::BookInfo copy = storage::open_reader(backup)->book();
    engine::UtcTime now = copy.rehearsal ? copy.last_recorded.value_or(copy.made_at) : system_now();
    if (!globals.now.empty()) {
      if (!copy.rehearsal)
        throw CommandError{Error{ErrorCode::clock_not_movable, "--now is for books made by 'init --rehearsal'"}};
      now = session.instant(globals.now);
    }
    render::Table record;
    record.schema = "dropledger.restore/1";
    record.add_fact("book", globals.book);
    record.add_fact("backup", backup);
    const auto until = copy.last_recorded.value_or(copy.made_at);
    record.add_fact("knows_until", until);
    std::string kept;
    if (!globals.dry_run) {
      kept = storage::restore_book(backup, globals.book,
                                   {now, globals.actor.empty() ? std::string("restore") : globals.actor})
                 .kept_as;
    }
    record.add_fact("kept_as", kept);
    record.add_fact("dry_run", globals.dry_run);
    if (globals.format == "table")
      session.say((globals.dry_run ? "would put " : "put ") + globals.book + " back from " + backup +
                  ", which knows until " + to_string(until) + (kept.empty() ? "" : "; what was there is " + kept));
    else
      session.print(record);
    session.note(
        "nothing is sent, voided, refunded or paid out until a sweep has read all of the provider's jobs; then see "
        "'restore --report', and import the bank's statements of the time since");
    return 0;
  }

  static int print_report(Session& session) {
    engine::LedgerReader& store = session.book_snapshot();
    const engine::BookInfo info = store.book();
    if (!info.restoration)
      throw CommandError{Error{ErrorCode::invalid_argument, "this book was never put back from a backup"}};
    const engine::UtcTime since = info.restoration->copied_at;
    render::Table table;
    table.schema = "dropledger.restore-report/1";
    table.columns = {{"what"}, {"name"}, {"id"}, {"since"}, {"amount"}, {"detail"}};
    table.when_empty = "The provider, the statements and the log know of nothing that the book lacks.";
    table.add_fact("put_back_at", info.restoration->at);
    table.add_fact("knows_until", since);
    table.add_fact("provider_read_at", info.restoration->read_at ? to_string(*info.restoration->read_at) : "");
    operations::ReconcileOptions options;
    options.loops = {engine::Loop::jobs, engine::Loop::bank};
    ProviderConnection connection(session);
    std::string not_done;
    for (const engine::LoopReport& loop : operations::reconcile(store, connection.get(), options, session.now())) {
      if (!loop.not_done.empty()) not_done += (not_done.empty() ? "" : "; ") + loop.not_done;
      for (const engine::Difference& one : loop.differences) {
        if (one.kind != engine::DifferenceClass::missing_here) continue;
        if (loop.loop == engine::Loop::bank && one.since && *one.since < since - std::chrono::hours(24)) continue;
        table.add(loop.loop == engine::Loop::jobs ? "job without a backorder" : "payment without a posting",
                  one.subject, one.there, one.since ? to_string(*one.since) : "",
                  one.theirs ? to_string_with_code(*one.theirs) : "", one.detail);
      }
    }
    // What was found at the provider and bound, and what was told since: people heard of it, the book learnt it again.
    engine::EventQuery found;
    found.kinds = {engine::EventKind::adopted};
    found.from = info.restoration->at;
    store.each_event(found, [&](const engine::LoggedEvent& event) {
      table.add("job found and bound", "", event.backorder ? std::to_string(event.backorder->value()) : "",
                to_string(event.at), "", event.detail);
    });
    // Events are numbered without gaps: what was lost had the numbers from the restoring on, and notices bear them.
    engine::EventQuery restoring;
    restoring.kinds = {engine::EventKind::restored};
    restoring.from = info.restoration->at;
    restoring.limit = 1;
    std::int64_t first_lost = 0;
    store.each_event(restoring, [&](const engine::LoggedEvent& event) { first_lost = event.id; });
    for (const engine::NoticeChannel& channel : store.notice_channels()) {
      table.add("notices", channel.name, std::to_string(first_lost), "", "",
                "what it was sent under this number or a higher one before the restoring is not in the book, and the "
                "numbers come again");
    }
    session.print(table);
    if (not_done.empty()) return 0;
    session.note("not done: " + not_done);
    return static_cast<int>(engine::ErrorClass::provider);
  }
};

}  // namespace

void add_restore_commands(CommandLine& line) {
  add_command<Restore>(line, line.app, "restore", "Puts the book back from a backup, or lists what was lost since it",
                       "  dropledger restore backup.db\n  dropledger restore --report --registry registry.db");
}

}  // namespace cli
