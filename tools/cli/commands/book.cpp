// The book itself: making it, copying it, proving it, its state at a glance.
#include <filesystem>

#include "storage/store.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/operations/notices.hpp"
#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

// The answer of a command that makes a file; there is no request behind it.
void answer_file(const Session& session, const std::string& schema, const operations::Facts& facts,
                 const std::string& line) {
  const bool dry_run = session.globals().dry_run;
  if (session.globals().format == "table") {
    session.say(dry_run ? "would have " + line : line);
  } else {
    render::Table record;
    record.schema = schema;
    for (const auto& [field, value] : facts) record.add_fact(field, value);
    if (dry_run) record.add_fact("dry_run", true);
    session.print(record);
  }
  if (dry_run) session.note("dry run: nothing was changed");
}

void refuse_existing(const std::string& path) {
  if (std::error_code failed; std::filesystem::exists(path, failed))
    throw CommandError{Error{ErrorCode::database_exists, "'" + path + "' exists already"}};
}

struct Init {
  bool rehearsal = false;
  void bind(CLI::App& app) {
    app.add_flag("--rehearsal", rehearsal, "A book to try things in: its clock stands still until --now moves it");
  }
  int run(Session& session) const {
    const Globals& globals = session.globals();
    if (!globals.now.empty() && !rehearsal) {
      throw CommandError{
          Error{ErrorCode::clock_not_movable,
                "a live book begins now; --now chooses the start of a rehearsal book only (--rehearsal)"}};
    }
    const engine::UtcTime start = globals.now.empty() ? system_now() : session.instant(globals.now);
    if (globals.dry_run) {
      refuse_existing(globals.book);
    } else {
      storage::create_book(globals.book, start, rehearsal);
    }
    const std::string made = engine::to_string(start);
    answer_file(session, "dropledger.init/1",
                {{"book", globals.book}, {"kind", rehearsal ? "rehearsal" : "live"}, {"made_at", made}},
                "made " + std::string(rehearsal ? "rehearsal" : "live") + " book " + globals.book +
                    (rehearsal ? ", its clock at " : " at ") + made);
    return 0;
  }
};

struct Backup {
  std::string target;
  void bind(CLI::App& app) {
    app.add_option("target", target, "A file that does not exist yet")->type_name("FILE")->required();
  }
  int run(Session& session) const {
    const Globals& globals = session.globals();
    if (globals.dry_run) {
      session.book_read_only();
      refuse_existing(target);
    } else {
      storage::back_up_book(globals.book, target);
    }
    answer_file(session, "dropledger.backup/1", {{"book", globals.book}, {"target", target}},
                "copied " + globals.book + " to " + target);
    return 0;
  }
};

struct Verify {
  bool announced = false;
  void bind(CLI::App& app) {
    app.add_flag("--announce", announced, "Log what is found, once, so that it is sent as a notice");
  }
  int run(Session& session) const {
    std::optional<render::Progress> progress;
    const engine::Verification result = session.book_read_only().verify([&](std::int64_t done, std::int64_t total) {
      if (session.globals().quiet) return;
      if (!progress) progress.emplace("verify", static_cast<std::uint64_t>(total));
      progress->at(static_cast<std::uint64_t>(done));
    });
    progress.reset();
    render::Table table;
    table.schema = "dropledger.verify/2";
    table.columns = {{"check"}, {"finding"}};
    table.add_fact("transfers", result.transfers);
    table.add_fact("accounts", result.accounts);
    table.add_fact("backorders", result.backorders);
    table.add_fact("seals", result.seals);
    table.add_fact("findings", result.findings.size());
    table.when_empty = "Everything agrees.";
    for (const engine::Finding& finding : result.findings) table.add(finding.check, finding.what);
    session.print(table);
    if (result.findings.empty()) return 0;
    if (announced) operations::announce(session.context(), result);
    throw CommandError{Error{
        ErrorCode::books_differ,
        result.findings.front().check + ": " + result.findings.front().what +
            (result.findings.size() > 1 ? " (and " + std::to_string(result.findings.size() - 1) + " more)" : "")}};
  }
};

struct Doctor {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_read_only();
    const engine::BookInfo info = store.book();
    std::string stopped;
    for (const std::string& zone : store.stopped_zones())
      stopped += (stopped.empty() ? "" : ", ") + (zone.empty() ? "the environment" : "." + zone);
    render::Table record;
    record.schema = "dropledger.doctor/1";
    record.add_fact("book", session.globals().book);
    record.add_fact("kind", info.rehearsal ? "rehearsal" : "live");
    record.add_fact("schema_version", info.schema);
    record.add_fact("now", session.now());
    record.add_fact("made_at", info.made_at);
    record.add_fact("last_recorded", info.last_recorded);
    record.add_fact("closed_until", info.closed_until);
    record.add_fact("accounts", store.customers().size());
    record.add_fact("prices", store.price_list().rows().size());
    record.add_fact("open_calls", store.open_calls().size());
    record.add_fact("open_cases", store.cases({}).size());
    record.add_fact("submitting_stopped", stopped.empty() ? render::Cell() : render::cell(stopped));
    // Recorded time never decreases: with a clock behind it everything is stamped with the last recorded instant.
    record.add_fact("clock_behind", !info.rehearsal && info.last_recorded && session.now() < *info.last_recorded);
    session.print(record);
    return 0;
  }
};

}  // namespace

void add_book_commands(CommandLine& line) {
  add_command<Init>(line, line.app, "init", "Makes a new book",
                    "  dropledger --db ledger.db init\n"
                    "  dropledger --db demo.db init --rehearsal --now 2026-07-01");
  add_command<Backup>(line, line.app, "backup",
                      "Copies the book while others work with it, and opens the copy to prove it",
                      "  dropledger backup ledger-2026-07-01.db");
  add_command<Verify>(
      line, line.app, "verify",
      "Proves balances against transfers, deposits against backorders, and the seals (exit 5 if anything is off)",
      "  dropledger verify --format json");
  add_command<Doctor>(line, line.app, "doctor", "The book's state at a glance", "  dropledger doctor");
}

}  // namespace cli
