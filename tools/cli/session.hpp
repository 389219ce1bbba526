// The shape of every command: CLI11 parses, a Session opens what is needed, an operation does the work, a Table is
// printed. A command's callback returns the exit status; refusals are printed once, by main.
#pragma once

// main.cpp alone includes the rest of CLI11: g++ compiles its virtual functions in every source that includes it.
#include <CLI/App.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/ports.hpp"
#include "tools/operations/context.hpp"
#include "tools/render/table.hpp"

namespace cli {

// Options that every command knows; filled by CLI11 before a callback runs. Flag before environment (DROPLEDGER_DB,
// DROPLEDGER_REGISTRY, DROPLEDGER_PROVIDER, DROPLEDGER_ENTITY, DROPLEDGER_CREDENTIALS, DROPLEDGER_LOG,
// DROPLEDGER_ACTOR) before default.
struct Globals {
  std::string book = "dropledger.db";  // --db
  std::string registry;                // --registry: the simulated registry's file
  std::string provider;                // --provider ote|live|URL; empty, and no --registry: no provider
  std::string entity;                  // --entity: of a provider given by address
  // --credentials: a file; empty: DROPLEDGER_LOGIN and DROPLEDGER_PASSWORD
  std::string credentials;
  // --log: where exchanges with the provider are written, - is stderr; empty: nowhere
  std::string log;
  // --ca: PEM of the authorities trusted besides nobody else; empty: the system's
  std::string ca;
  std::string patience = "30s";     // --patience: how long a call waits for a provider in trouble
  int connections = 8;              // --connections to the provider at once
  std::string now;                  // --now, text; empty: the system's clock, or a rehearsal book's own
  std::string actor;                // --actor; empty: the login name
  std::string request;              // --request: this request's id, for safe repetition
  std::string sender = "operator";  // --sender: whose request ids these are
  std::string wait = "10s";         // --wait: how long for another program that writes to the book
  std::string format = "table";     // --format table|csv|json|jsonl|html
  std::string section;              // --section: only this section of a report
  bool dry_run = false;             // --dry-run
  bool quiet = false;               // --quiet
  bool ascii = false;               // --ascii
  bool no_header = false;           // --no-header
  std::string color = "auto";       // --color auto|always|never
};

engine::UtcTime system_now();  // the machine's clock

// What one command opens: the book and the one instant; the provider is a ProviderConnection.
class Session {
 public:
  explicit Session(const Globals& globals) : globals_(globals) {}

  engine::LedgerStore& book();  // read-write; throws storage::StorageError
  // for commands that change nothing, and dry runs of those that would
  engine::LedgerReader& book_read_only();
  // the same for a report: however often it reads, it sees the book as at its first read; until the command ends
  engine::LedgerReader& book_snapshot();
  // The command's one `now`: --now, else a rehearsal book's own clock (the last instant recorded; it stands still until
  // moved), else the system's clock. --now on a live book is refused with clock_not_movable unless the command is
  // read-only or a dry run; and always where the provider is a live one.
  engine::UtcTime now();
  operations::Context context();  // for a changing command: book(), now(), actor, dry_run
  operations::RequestKey request() const;
  bool has_provider() const { return !globals_.registry.empty() || !globals_.provider.empty(); }
  // The time as it goes on: a live book's is the machine's, or --now, which stands still; a rehearsal's is the book's
  // own, which another program may move.
  std::function<engine::UtcTime()> clock();
  const Globals& globals() const { return globals_; }

  // Output. print() writes the table to stdout in the chosen format; say() one line to stdout in table format only,
  // unless --quiet; note() one line to stderr, whatever the format, unless --quiet.
  void print(const render::Table& table) const;
  // Where the format holds nothing but rows (csv, jsonl, no --section) those so far are written and forgotten, so that
  // a list of any size takes little memory; print() ends it.
  void print_some(render::Table& table) const;
  void print(const operations::Reply& reply, const std::string& schema) const;  // one record
  void say(const std::string& line) const;
  void note(const std::string& line) const;
  // What a changing command ends with: in table format `line` and how it was recorded ("(transfer 17, request 3f…)"),
  // else the reply as a record.
  void answer(const operations::Reply& reply, const std::string& schema, const std::string& line) const;
  // Input arguments; throw CommandError.
  engine::Customer account(const std::string& name);
  engine::Money amount(const std::string& text, engine::Currency currency) const;  // above zero
  engine::UtcTime instant(const std::string& text) const;
  // of a transfer, backorder, case: above zero
  std::int64_t number(const std::string& text, const std::string& what) const;
  std::string read_input(const std::string& path) const;  // a file, or "-" for stdin

 private:
  const Globals& globals_;
  engine::UtcTime instant_of(const engine::BookInfo& info, bool changing) const;

  std::unique_ptr<engine::LedgerStore> book_;        // read-write
  std::unique_ptr<engine::LedgerReader> read_only_;  // unused once book_ is open
  bool in_snapshot_ = false;
  mutable bool printed_some_ = false;  // the header is written
  std::optional<engine::UtcTime> now_;
};

// A refusal on its way to main, which prints it and exits with its class.
struct CommandError {
  engine::Error error;
};
template <typename T>
T value_or_throw(engine::Result<T> result) {
  if (!result) throw CommandError{result.error()};
  return std::move(result).value();
}

// Adds a subcommand whose callback runs with a Session; the exit status is what it returns.
using Action = std::function<int(Session&)>;
CLI::App* add_command(CLI::App& parent, const Globals& globals, const std::string& name, const std::string& help,
                      const std::string& examples, int& exit_status, std::shared_ptr<Action> action);

// Adds a noun whose verbs are commands: `account` of `account open`.
CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& help);

// What the commands are added to.
struct CommandLine {
  CLI::App& app;
  Globals& globals;
  int& exit_status;
};
// The usual form: a struct that holds a command's own options. `void bind(CLI::App&)` gives them to CLI11, `int
// run(Session&) const` does the work.
template <typename Command>
CLI::App* add_command(CommandLine& line, CLI::App& parent, const std::string& name, const std::string& help,
                      const std::string& examples) {
  auto command = std::make_shared<Command>();
  CLI::App* app = add_command(parent, line.globals, name, help, examples, line.exit_status,
                              std::make_shared<Action>([command](Session& session) { return command->run(session); }));
  command->bind(*app);
  return app;
}

}  // namespace cli
