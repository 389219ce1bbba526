// dropledger: the program. Reads the command line, runs one command, prints a refusal once, ends with its status. The
// only place that catches.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "storage/storage_error.hpp"
#include "tools/cli/old_spellings.hpp"
#include "tools/cli/session.hpp"
#include "tools/render/error.hpp"
#include "tools/render/terminal.hpp"

#ifndef DROPLEDGER_VERSION
#define DROPLEDGER_VERSION "0.1.0"
#endif

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitOutput = 74;  // EX_IOERR of sysexits.h: what was to be printed could not be

constexpr const char* kFirstSteps = R"(First steps, in a rehearsal book whose clock you move with --now:
  dropledger --db demo.db init --rehearsal --now 2026-07-01
  dropledger --db demo.db price set com 59.00 EUR
  dropledger --db demo.db account open alice --currency EUR
  dropledger --db demo.db fund alice 100.00
  dropledger --db demo.db backorder place alice example.com
  dropledger --db demo.db preview
Each command explains itself: dropledger fund --help

Results go to stdout, messages to stderr. Exit status: 0 done, 2 usage, 3 bad input, 4 not found, 5 refused by a rule, 6 conflict,
7 provider, 8 database busy, 70 internal error, 74 output not written.
Environment: DROPLEDGER_DB, DROPLEDGER_REGISTRY, DROPLEDGER_PROVIDER, DROPLEDGER_ENTITY, DROPLEDGER_CREDENTIALS, DROPLEDGER_LOG, DROPLEDGER_ACTOR
(the options come first), DROPLEDGER_LOGIN, DROPLEDGER_PASSWORD, DROPLEDGER_OTP, DROPLEDGER_SUBUSER (no options: arguments can be seen by all), NO_COLOR.)";

void take_environment(cli::Globals& globals) {
  const auto take = [](const char* variable, std::string& into) {
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') into = value;
  };
  take("DROPLEDGER_DB", globals.book);
  take("DROPLEDGER_REGISTRY", globals.registry);
  take("DROPLEDGER_PROVIDER", globals.provider);
  take("DROPLEDGER_ENTITY", globals.entity);
  take("DROPLEDGER_CREDENTIALS", globals.credentials);
  take("DROPLEDGER_LOG", globals.log);
  take("DROPLEDGER_ACTOR", globals.actor);
}

void add_provider_options(CLI::App& app, cli::Globals& globals, CLI::Option* registry) {
  const std::string group = "The provider over HTTP";
  // One option replaces the environment's choice of the other.
  registry->each([&globals](const std::string&) { globals.provider.clear(); });
  app.add_option("--provider", globals.provider,
                 "ote (test system), live (orders cost money), or an address with its --entity")
      ->take_last()
      ->type_name("NAME")
      ->group(group)
      ->excludes(registry)
      ->each([&globals](const std::string&) { globals.registry.clear(); });
  app.add_option("--entity", globals.entity, "System entity of a provider given by address; 1234 is a test system")
      ->take_last()
      ->type_name("ID")
      ->group(group);
  app.add_option("--credentials", globals.credentials,
                 "File with lines login = …, password = …, readable by nobody else")
      ->take_last()
      ->type_name("FILE")
      ->group(group);
  app.add_option("--log", globals.log, "Where exchanges with the provider are written, without secrets; - is stderr")
      ->take_last()
      ->type_name("FILE")
      ->group(group);
  app.add_option("--ca", globals.ca,
                 "PEM of the authorities that sign the provider's certificate (default: the system's)")
      ->take_last()
      ->type_name("FILE")
      ->group(group);
  app.add_option("--patience", globals.patience, "How long a call waits for a provider in trouble")
      ->take_last()
      ->type_name("SPAN")
      ->capture_default_str()
      ->group(group);
  app.add_option("--connections", globals.connections, "To the provider at once")
      ->take_last()
      ->check(CLI::Range(1, 64))
      ->capture_default_str()
      ->group(group);
}

void add_globals(CLI::App& app, cli::Globals& globals) {
  const std::string group = "Options of every command";
  app.add_option("--db", globals.book, "The book, one SQLite file")
      ->take_last()
      ->type_name("FILE")
      ->capture_default_str()
      ->group(group);
  CLI::Option* registry =
      app.add_option("--registry", globals.registry, "The provider is a simulated registry, this file")
          ->take_last()
          ->type_name("FILE")
          ->group(group);
  app.add_option("--now", globals.now, "Another clock: for rehearsal books, --dry-run and commands that only read")
      ->type_name("TIME")
      ->group(group);
  app.add_option("--actor", globals.actor, "Who acts; recorded with every change (default: the login name)")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--request", globals.request,
                 "This request's own id: the same id again answers again, and does nothing twice")
      ->type_name("ID")
      ->group(group);
  app.add_option("--sender", globals.sender, "Whose request ids these are")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  app.add_option("--wait", globals.wait, "How long to wait for another program that writes to the book")
      ->type_name("SPAN")
      ->capture_default_str()
      ->group(group);
  CLI::Option* format = app.add_option("--format", globals.format, "How results are printed")
                            ->take_last()
                            ->check(CLI::IsMember({"table", "csv", "json", "jsonl", "html"}))
                            ->capture_default_str()
                            ->group(group);
  app.add_option("--section", globals.section, "Only this section of a report, as a table of its own, e.g. by_cause")
      ->take_last()
      ->type_name("NAME")
      ->group(group);
  app.add_flag_callback(
         "--json", [&globals] { globals.format = "json"; }, "Same as --format json")
      ->group(group)
      ->excludes(format);
  app.add_flag_callback(
         "--csv", [&globals] { globals.format = "csv"; }, "Same as --format csv")
      ->group(group)
      ->excludes(format);
  add_provider_options(app, globals, registry);
  app.add_flag("--dry-run", globals.dry_run, "Do everything but keep nothing")->group(group);
  app.add_flag("-q,--quiet", globals.quiet, "No line about what was done, no notes")->group(group);
  app.add_flag("--ascii", globals.ascii, "Domain names as ACE (xn--…), tables without other characters")->group(group);
  app.add_flag("--no-header", globals.no_header, "No titles above tables and CSV")->group(group);
  app.add_option("--color", globals.color, "Colours")
      ->take_last()
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str()
      ->group(group);
}

// The format an error is printed in when the command line itself could not be read to its end.
std::string format_wanted(const std::vector<std::string>& arguments, std::string format) {
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string_view argument = arguments[at];
    if (argument == "--json") format = "json";
    if (argument == "--csv") format = "csv";
    if (argument == "--format" && at + 1 < arguments.size()) format = arguments[at + 1];
    if (argument.starts_with("--format=")) format = argument.substr(9);
  }
  return format;
}

struct ErrorFormat {
  render::Format format;
  bool color;
};
ErrorFormat error_format(const std::string& format, const std::string& color) {
  const auto known = render::parse_format(format);
  const auto colored = render::use_color(color, 2);
  return {known ? known.value() : render::Format::table, colored && colored.value()};
}

// Letters to insert, delete, replace or swap with their neighbour: Damerau's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const bool same = a[i - 1] == b[j - 1];
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

struct Choice {
  std::string word;   // what the user would have typed here
  std::string shown;  // the whole of it
};
std::string suggestion(std::string_view typed, const std::vector<Choice>& choices) {
  const Choice* best = nullptr;
  std::size_t least = std::max<std::size_t>(2, typed.size() / 3) + 1;
  for (const Choice& choice : choices) {
    const bool begins = typed.size() >= 2 && choice.word.starts_with(typed);
    const std::size_t d = begins ? 1 : distance(typed, choice.word);
    if (d < least) least = d, best = &choice;
  }
  return best == nullptr ? "" : "; did you mean '" + best->shown + "'?";
}

void commands_below(const CLI::App& app, const std::string& path, std::vector<Choice>& choices) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    choices.push_back({command->get_name(), path + command->get_name()});
    commands_below(*command, path + command->get_name() + " ", choices);
  }
}

// CLI11 says what it stumbled over; people need what they can do instead.
std::string usage_text(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App* at = &root;
  std::string path;  // "account open "
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    path += at->get_name() + " ";
  }
  const std::string help = " (see 'dropledger " + path + "--help')";
  const bool is_group = !at->get_subcommands([](const CLI::App*) { return true; }).empty();
  std::vector<std::string> left = root.remaining(true);
  if (!left.empty() && left.front().starts_with("-") && left.front() != "-") {
    const std::string typed = left.front().substr(0, left.front().find('='));
    std::vector<Choice> choices;
    for (const CLI::App* app : {at, &root}) {
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames()) choices.push_back({"--" + name, "--" + name});
      }
    }
    return "unknown option '" + typed + "'" + suggestion(typed, choices) + help;
  }
  if (!left.empty() && is_group) {
    const auto below =
        at->get_subcommands([&](const CLI::App* command) { return command->get_name() == left.front(); });
    if (!below.empty()) return "the words stand in another order: 'dropledger " + path + left.front() + "'" + help;
    std::vector<Choice> choices;
    commands_below(*at, path, choices);
    return "unknown command '" + path + left.front() + "'" + suggestion(left.front(), choices) + help;
  }
  if (!left.empty()) return "unexpected argument '" + left.front() + "'" + help;
  if (is_group) {
    std::string names;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; }))
      names += (names.empty() ? "" : ", ") + command->get_name();
    return (path.empty() ? "no command given" : "'" + path.substr(0, path.size() - 1) + "' needs a command") + ": " +
           names + help;
  }
  std::string text = error.what();
  std::ranges::replace(text, '\n', ' ');
  return text + help;
}

int run(int argc, char** argv) {
  cli::Globals globals;
  take_environment(globals);
  int exit_status = render::kExitOk;

  CLI::App app{
      "dropledger keeps the deposits of domain backorders: money is reserved before the drop, captured when the name "
      "is caught,\n"
      "given back when it is not.",
      "dropledger"};
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", "dropledger " DROPLEDGER_VERSION);
  app.footer(kFirstSteps);
  add_globals(app, globals);
  cli::CommandLine line{app, globals, exit_status};
  cli::add_book_commands(line);
  cli::add_account_commands(line);
  cli::add_terms_commands(line);
  cli::add_money_commands(line);
  cli::add_list_commands(line);
  cli::add_backorder_commands(line);
  cli::add_preview_commands(line);
  cli::add_sweep_commands(line);
  cli::add_refund_commands(line);
  cli::add_report_commands(line);
  cli::add_faults_commands(line);
  cli::add_wire_commands(line);
  cli::add_bank_commands(line);
  cli::add_explain_commands(line);
  cli::add_accounting_commands(line);
  cli::add_journal_commands(line);
  cli::add_notice_commands(line);
  cli::add_registry_commands(line);
  cli::add_user_commands(line);
  cli::add_clock_commands(line);
  cli::add_serve_commands(line);

  const auto [arguments, notes] = cli::respell(std::vector<std::string>(argv + 1, argv + argc), app);
  const bool quiet =
      std::ranges::any_of(arguments, [](std::string_view one) { return one == "-q" || one == "--quiet"; });
  for (const std::string& note : notes) {
    if (!quiet) std::cerr << "note: " << note << "\n";
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::Success& wanted) {  // --help, --version
    app.exit(wanted, std::cout, std::cerr);
  } catch (const CLI::ParseError& error) {
    const auto [format, color] = error_format(format_wanted(arguments, globals.format), globals.color);
    render::write_error(std::cerr, {engine::ErrorCode::invalid_argument, usage_text(app, error)}, format, color);
    return kExitUsage;
  } catch (const cli::CommandError& refused) {
    const auto [format, color] = error_format(globals.format, globals.color);
    std::cout.flush();
    render::write_error(std::cerr, refused.error, format, color);
    return render::exit_status(refused.error.code);
  } catch (const storage::StorageError& failed) {
    const auto [format, color] = error_format(globals.format, globals.color);
    std::cout.flush();
    render::write_error(std::cerr, failed.error(), format, color);
    return render::exit_status(failed.error().code);
    // InvariantError and what nobody foresaw: the unit of work was rolled back on the way here
  } catch (const std::exception& error) {
    const auto [format, color] = error_format(globals.format, globals.color);
    std::cout.flush();
    render::write_internal_error(std::cerr, error.what(), format, color);
    return render::kExitInternal;
  }
  std::cout.flush();
  if (!std::cout) {
    const auto [format, color] = error_format(globals.format, globals.color);
    render::write_internal_error(
        std::cerr, "the result could not be written to stdout; what the command changed is kept", format, color);
    return kExitOutput;
  }
  return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that has seen enough (`| head`) ends us without a word, even where a parent ignores SIGPIPE: nothing is
  // half done when that happens.
  std::signal(SIGPIPE, SIG_DFL);
  std::ios::sync_with_stdio(false);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // while the command line was being described
    render::write_internal_error(std::cerr, error.what(), render::Format::table);
    return render::kExitInternal;
  }
}
