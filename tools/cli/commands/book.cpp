// The book itself: making it, copying it, proving it, its state at a glance.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

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
    app.add_flag("--rehearsal", rehearsal,
                 "Create a book for rehearsals, whose clock stands still until --now or 'clock' moves it");
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

// A seal's mark in a file of one line, to be kept elsewhere: "dropledger seal 12 HASH 2026-08-01T12:00:00Z".
std::string line_of(const storage::SealMark& mark) {
  return "dropledger seal " + std::to_string(mark.id) + " " + mark.hash + " " + engine::to_string(mark.sealed_at);
}

// Written whole or not at all, and on the disk.
void write_mark(const std::string& path, const storage::SealMark& mark) {
  const std::string part = path + ".part", text = line_of(mark) + "\n";
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  const bool written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!written || ::rename(part.c_str(), path.c_str()) != 0) {
    ::unlink(part.c_str());
    throw CommandError{Error{ErrorCode::database_failed, "'" + path + "' cannot be written: " + std::strerror(errno)}};
  }
}

// The hash that stands in a file of a mark, or that is given itself.
std::string hash_of_mark(const std::string& given) {
  const auto is_hash = [](std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  };
  std::string lower = given;
  for (char& c : lower) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  if (is_hash(lower)) return lower;
  std::ifstream file(given);
  if (!file)
    throw CommandError{Error{ErrorCode::file_not_found,
                             "'" + given + "' is neither a file nor the hash of a seal (64 hexadecimal digits)"}};
  std::string hash;
  for (std::string word; file >> word;) {
    if (is_hash(word)) hash = word;
  }
  if (hash.empty()) throw CommandError{Error{ErrorCode::invalid_argument, "'" + given + "' holds no hash of a seal"}};
  return hash;
}

struct SealShow {
  std::string output;
  void bind(CLI::App& app) {
    app.add_option("--output", output, "Write it to this file as well, to be kept elsewhere")->type_name("FILE");
  }
  int run(Session& session) const {
    const std::optional<storage::SealMark> last = storage::last_seal(session.globals().book);
    render::Table record;
    record.schema = "dropledger.seal/1";
    record.add_fact("book", session.globals().book);
    record.add_fact("seal", last ? last->id : 0);
    record.add_fact("hash", last ? render::cell(last->hash) : render::Cell());
    record.add_fact("sealed_at", last ? std::optional(last->sealed_at) : std::nullopt);
    session.print(record);
    if (last && !output.empty() && !session.globals().dry_run) write_mark(output, *last);
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
      // beside the copy: what the book it was made of must still have
      if (const auto last = storage::last_seal(target)) write_mark(target + ".seal", *last);
      session.record_run(engine::RunKind::backup, target, "copied", "");
    }
    answer_file(session, "dropledger.backup/1", {{"book", globals.book}, {"target", target}},
                "copied " + globals.book + " to " + target);
    return 0;
  }
};

struct Verify {
  bool announced = false, full = false;
  std::string since;
  void bind(CLI::App& app) {
    app.add_flag("--full", full, "Reads every page, every index against its table, and the schema's text as well");
    app.add_option("--since", since,
                   "A seal that was kept elsewhere ('seal show', 'backup'): the book must still have it")
        ->type_name("FILE|HASH");
    app.add_flag("--announce", announced, "Log each finding once, so that it is sent as a notice");
  }
  int run(Session& session) const {
    std::optional<render::Progress> progress;
    engine::Verification result = session.book_read_only().verify([&](std::int64_t done, std::int64_t total) {
      if (session.globals().quiet) return;
      if (!progress) progress.emplace("verify", static_cast<std::uint64_t>(total));
      progress->at(static_cast<std::uint64_t>(done));
    });
    progress.reset();
    if (full) {
      for (engine::Finding& finding : storage::prove_file(session.globals().book))
        result.findings.push_back(std::move(finding));
    } else if (session.globals().format == "table") {
      session.note("not looked at: indexes against their tables, and the schema's text ('verify --full')");
    }
    if (!since.empty()) {
      const std::string hash = hash_of_mark(since);
      if (!storage::find_seal(session.globals().book, hash)) {
        result.findings.push_back({"witness", "the book has no seal " + hash.substr(0, 16) +
                                                  "…: it is another book, or an older state of this one"});
      }
    }
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
    session.record_run(
        engine::RunKind::verification, "", std::to_string(result.transfers) + " transfers proven",
        result.findings.empty() ? "" : result.findings.front().check + ": " + result.findings.front().what);
    if (result.findings.empty()) return 0;
    if (announced) operations::announce(session.context(), result);
    throw CommandError{Error{
        ErrorCode::books_differ,
        result.findings.front().check + ": " + result.findings.front().what +
            (result.findings.size() > 1 ? " (and " + std::to_string(result.findings.size() - 1) + " more)" : "")}};
  }
};

}  // namespace

void add_book_commands(CommandLine& line) {
  add_command<Init>(line, line.app, "init", "Creates a new book",
                    "  dropledger --db ledger.db init\n"
                    "  dropledger --db demo.db init --rehearsal --now 2026-07-01");
  add_command<Backup>(line, line.app, "backup",
                      "Copies the book while other programs use it, and opens the copy to check it",
                      "  dropledger backup ledger-2026-07-01.db");
  CLI::App* seals = add_group(line.app, "seal", "What can be kept elsewhere to prove later that nothing was lost");
  add_command<SealShow>(line, *seals, "show", "The last seal: its hash covers everything before it",
                        "  dropledger seal show --output /mnt/elsewhere/ledger.seal\n"
                        "  dropledger verify --since /mnt/elsewhere/ledger.seal");
  add_command<Verify>(line, line.app, "verify",
                      "Checks balances against transfers, deposits against backorders, and the seals (exit status 5 "
                      "where anything differs)",
                      "  dropledger verify --format json");
}

}  // namespace cli
