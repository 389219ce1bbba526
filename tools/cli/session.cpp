#include "tools/cli/session.hpp"

#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include "storage/storage_error.hpp"
#include "storage/store.hpp"
#include "tools/render/format.hpp"
#include "tools/render/terminal.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

std::string login_name() {
  if (const passwd* entry = getpwuid(getuid())) return entry->pw_name;
  return "uid " + std::to_string(getuid());
}

// A reply's facts are text, as they are stored for repetition; here they become typed again. Only what reads back to
// the very same text is anything but text, and account names cannot hold a blank or a colon, so none is taken for money
// or a time.
render::Cell cell_of(const std::string& field, const std::string& value) {
  static const std::set<std::string_view> numbers{"id",       "backorder", "case",   "cancelled", "open_backorders",
                                                  "reversed", "voided",    "prices", "notices",   "rate_bp"};
  if (value.empty()) return {};
  if (field == "domain") {
    if (const auto name = engine::DomainName::parse(value)) return name.value();
  }
  if (numbers.contains(field)) {
    std::int64_t number = 0;
    const char* end = value.data() + value.size();
    if (const auto [stop, error] = std::from_chars(value.data(), end, number); error == std::errc{} && stop == end)
      return number;
  }
  if (value.size() > 4 && value[value.size() - 4] == ' ') {
    const auto currency = engine::Currency::parse(value.substr(value.size() - 3));
    if (currency) {
      const auto money = engine::parse_money(value.substr(0, value.size() - 4), currency.value());
      if (money && to_string_with_code(money.value()) == value) return money.value();
    }
  }
  if (value.back() == 'Z') {
    if (const auto time = engine::parse_time(value); time && engine::to_string(time.value()) == value)
      return time.value();
  }
  return value;
}

[[noreturn]] void refuse_clock(std::string detail) {
  throw CommandError{Error{ErrorCode::clock_not_movable, std::move(detail)}};
}

engine::UtcTime own_time(const engine::BookInfo& info) { return info.last_recorded.value_or(info.made_at); }

engine::Milliseconds wait_of(const Globals& globals) {
  return std::min<engine::Milliseconds>(value_or_throw(engine::parse_span(globals.wait)), std::chrono::hours(24));
}

}  // namespace

engine::UtcTime system_now() { return std::chrono::floor<engine::Milliseconds>(std::chrono::system_clock::now()); }

engine::LedgerStore& Session::book() {
  if (!book_) {
    // A dry run changes nothing, so an older schema is not migrated for it either: opening read-only first refuses
    // that.
    if (globals_.dry_run) book_read_only();
    book_ = storage::open_book(globals_.book, {storage::Access::read_write, wait_of(globals_),
                                               [this](const std::string& line) { note(line); }});
  }
  return *book_;
}

engine::LedgerReader& Session::book_read_only() {
  if (book_) return *book_;
  if (!read_only_) read_only_ = storage::open_reader(globals_.book, wait_of(globals_));
  return *read_only_;
}

engine::LedgerReader& Session::book_snapshot() {
  engine::LedgerReader& store = book_read_only();
  if (!in_snapshot_) store.begin_snapshot();
  in_snapshot_ = true;
  return store;
}

engine::UtcTime Session::instant_of(const engine::BookInfo& info, bool changing) const {
  const engine::UtcTime last = own_time(info);
  if (globals_.now.empty()) return info.rehearsal ? last : system_now();
  const engine::UtcTime asked = instant(globals_.now);
  if (!changing) return asked;
  if (!info.rehearsal && !globals_.dry_run) {
    refuse_clock(
        "--now moves the clock of a rehearsal book only ('init --rehearsal'); this book is live: add --dry-run to see "
        "what would happen at " +
        engine::to_string(asked));
  }
  if (asked < last) {
    refuse_clock("--now " + engine::to_string(asked) + " is earlier than the last instant recorded in this book, " +
                 engine::to_string(last) + ": time in a book never goes back");
  }
  return asked;
}

engine::UtcTime Session::now() {
  if (!now_) {
    const bool changing = book_ != nullptr;
    now_ = instant_of(book_read_only().book(), changing);
  }
  return *now_;
}

operations::Context Session::context() {
  engine::LedgerStore& store = book();
  // refused here even where now() was asked before the book was opened to change it
  const engine::UtcTime changing_now = instant_of(store.book(), true);
  if (!now_) now_ = changing_now;
  return {store, *now_, globals_.actor.empty() ? login_name() : globals_.actor, globals_.dry_run};
}

operations::MachineFacts Session::machine_facts() const {
  const storage::FileSizes sizes = storage::file_sizes(globals_.book);
  return {.book_bytes = sizes.book, .log_bytes = sizes.log, .free_bytes = sizes.free, .provider_skew = {}};
}

void Session::record_run(engine::RunKind kind, const std::string& subject, const std::string& counts,
                         const std::string& errors) {
  const bool other_clock = !globals_.now.empty() && !book_read_only().book().rehearsal;
  if (globals_.dry_run || other_clock) return;
  try {
    if (in_snapshot_) read_only_->end_snapshot();
    in_snapshot_ = false;
    const engine::UtcTime started = now();
    const operations::Context recording = context();
    const engine::UtcTime ended = std::max(started, clock()());
    operations::record_run(recording, {.kind = kind,
                                       .started_at = started,
                                       .ended_at = ended,
                                       .complete = errors.empty(),
                                       .subject = subject,
                                       .counts = counts,
                                       .errors = errors});
  } catch (const storage::StorageError& failed) {
    note("this run is not on record: " + failed.error().detail);
  }
}

operations::RequestKey Session::request() const { return {globals_.sender, globals_.request}; }

std::function<engine::UtcTime()> Session::clock() {
  const engine::UtcTime begun = now();
  if (!book_read_only().book().rehearsal)
    return [begun, given = !globals_.now.empty()] { return given ? begun : system_now(); };
  return [this, begun] { return std::max(begun, own_time(book_read_only().book())); };
}

void Session::print_some(render::Table& table) const {
  constexpr std::size_t rows_at_once = 1000;
  if (table.rows.size() < rows_at_once || !globals_.section.empty() ||
      (globals_.format != "csv" && globals_.format != "jsonl"))
    return;
  print(table);
  table.rows.clear();
  printed_some_ = true;
}

void Session::print(const render::Table& table) const {
  render::Options options;
  options.format = value_or_throw(render::parse_format(globals_.format));
  options.ascii = globals_.ascii;
  options.header = !globals_.no_header && !printed_some_;
  options.color = value_or_throw(render::use_color(globals_.color, STDOUT_FILENO));
  options.width = render::terminal_width(STDOUT_FILENO);
  options.terminal = render::is_terminal(STDOUT_FILENO);
  if (globals_.section.empty()) {
    render::write(std::cout, table, options);
    return;
  }
  const std::optional<render::Table> section = table.section(globals_.section);
  if (!section) {
    std::string known;
    for (const render::Table& one : table.sections) known += (known.empty() ? "" : ", ") + one.name;
    throw CommandError{Error{ErrorCode::invalid_argument, "there is no section '" + globals_.section +
                                                              "' here: " + (known.empty() ? "this has none" : known)}};
  }
  render::write(std::cout, *section, options);
}

void Session::print_further(const render::Table& table) const {
  printed_some_ = true;
  print(table);
}

void Session::print(const operations::Reply& reply, const std::string& schema) const {
  render::Table record;
  record.schema = schema;
  for (const auto& [field, value] : reply.facts) record.add_fact(field, cell_of(field, value));
  record.add_fact("request", reply.key);
  record.add_fact("replayed", reply.replayed);
  if (globals_.dry_run) record.add_fact("dry_run", true);
  print(record);
}

void Session::say(const std::string& line) const {
  if (globals_.format == "table" && !globals_.quiet) std::cout << line << '\n';
}

void Session::note(const std::string& line) const {
  if (!globals_.quiet) std::cerr << line << '\n';
}

void Session::answer(const operations::Reply& reply, const std::string& schema, const std::string& line) const {
  if (globals_.format == "table") {
    std::string recorded;
    if (const std::string_view transfers = reply.fact("transfer"); !transfers.empty()) {
      recorded += std::string(transfers.find(',') == std::string_view::npos ? "transfer " : "transfers ") +
                  std::string(transfers) + ", ";
    }
    say(line + " (" + recorded + "request " + reply.key + ")");
  } else {
    print(reply, schema);
  }
  if (reply.replayed)
    note("request " + reply.key + " was made before: this is its first answer, nothing was done again");
  if (globals_.dry_run) note("dry run: nothing was changed");
}

engine::Customer Session::account(const std::string& name) {
  return value_or_throw(operations::customer_named(book_read_only(), name));
}

engine::Money Session::amount(const std::string& text, engine::Currency currency) const {
  return value_or_throw(engine::parse_positive_money(text, currency));
}

engine::UtcTime Session::instant(const std::string& text) const { return value_or_throw(engine::parse_time(text)); }

std::int64_t Session::number(const std::string& text, const std::string& what) const {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number <= 0) {
    throw CommandError{Error{ErrorCode::invalid_argument,
                             "'" + text + "' is no number of a " + what + ": write its digits, such as 17"}};
  }
  return number;
}

std::string Session::read_input(const std::string& path) const {
  const auto all_of = [](std::istream& in) {
    std::string all;
    for (char block[65'536]; in.read(block, sizeof block), in.gcount() > 0;)
      all.append(block, static_cast<std::size_t>(in.gcount()));
    if (in.eof() && !in.bad()) in.clear();  // the end is what was read for
    return all;
  };
  if (path == "-") return all_of(std::cin);
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) text = all_of(file);  // a directory opens, and fails when read
  if (!file) throw CommandError{Error{ErrorCode::file_not_found, "cannot read '" + path + "'"}};
  return text;
}

// They help where the configuration is wrong.
static bool needs_no_config(std::string_view command) {
  return command == "help" || command == "completion" || command == "complete";
}

CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& help) {
  CLI::App* group = parent.add_subcommand(name, help);
  group->require_subcommand(1);  // and, with it, a positional that spells a command's name stays a positional
  return group;
}

CLI::App* add_command(CLI::App& parent, const Globals& globals, const std::string& name, const std::string& help,
                      const std::string& examples, int& exit_status, std::shared_ptr<Action> action) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->footer(examples);
  command->callback([&globals, &exit_status, action = std::move(action), needs_config = !needs_no_config(name)] {
    if (needs_config && globals.config_error) throw CommandError{*globals.config_error};
    Session session(globals);
    exit_status = (*action)(session);
  });
  return command;
}

}  // namespace cli
