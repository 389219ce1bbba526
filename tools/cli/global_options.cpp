#include "tools/cli/global_options.hpp"

#include <cstdlib>

namespace cli {
namespace {

void add_provider_options(CLI::App& app, Globals& globals, CLI::Option* registry) {
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

}  // namespace

void take_environment(Globals& globals) {
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

void add_global_options(CLI::App& app, Globals& globals) {
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

}  // namespace cli
