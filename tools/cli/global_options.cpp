#include "tools/cli/global_options.hpp"

namespace cli {
namespace {

void add_provider_options(CLI::App& app, Globals& globals, CLI::Option* registry) {
  const std::string group = "The provider over HTTP";
  // One option replaces the environment's choice of the other.
  registry->each([&globals](const std::string&) { globals.provider.clear(); });
  app.add_option("--provider", globals.provider,
                 "Provider: cnr (CentralNic Reseller; orders cost money), cnr-ote (its test system), or an address")
      ->take_last()
      ->type_name("NAME")
      ->group(group)
      ->excludes(registry)
      ->each([&globals](const std::string&) { globals.registry.clear(); });
  app.add_option("--entity", globals.entity, "System entity of a provider given by address; 1234 is a test system")
      ->take_last()
      ->type_name("ID")
      ->group(group);
  app.add_option("--dialect", globals.dialect, "What a provider given by address speaks: 1api (default) or cnr")
      ->take_last()
      ->type_name("NAME")
      ->group(group);
  app.add_option("--credentials", globals.credentials,
                 "File with lines login = …, password = …, readable by nobody else")
      ->take_last()
      ->type_name("FILE")
      ->group(group);
  app.add_option("--log", globals.log, "File for a log of exchanges with the provider, without secrets; - is stderr")
      ->take_last()
      ->type_name("FILE")
      ->group(group);
  app.add_option("--ca", globals.ca,
                 "PEM file of the authorities that sign the provider's certificate (default: those of the system)")
      ->take_last()
      ->type_name("FILE")
      ->group(group);
  app.add_option("--patience", globals.patience, "Time that a call waits for a provider in trouble")
      ->take_last()
      ->type_name("SPAN")
      ->capture_default_str()
      ->group(group);
  app.add_option("--connections", globals.connections, "Largest number of connections to the provider")
      ->take_last()
      ->check(CLI::Range(1, 64))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void add_global_options(CLI::App& app, Globals& globals) {
  const std::string group = "Options of every command";
  app.add_option("--db", globals.book, "File of the book")
      ->take_last()
      ->type_name("FILE")
      ->capture_default_str()
      ->group(group);
  CLI::Option* registry =
      app.add_option("--registry", globals.registry, "File of a simulated registry that replaces the provider")
          ->take_last()
          ->type_name("FILE")
          ->group(group);
  app.add_option("--now", globals.now,
                 "Use this time instead of the system clock (rehearsal books, --dry-run and read-only commands only)")
      ->type_name("TIME")
      ->group(group);
  app.add_option("--actor", globals.actor, "Name recorded with every change (default: the login name)")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--request", globals.request,
                 "Idempotency key: repeating a command with the same id returns the first result and changes nothing")
      ->type_name("ID")
      ->group(group);
  app.add_option("--sender", globals.sender, "Sender that the request ids belong to")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  app.add_option("--wait", globals.wait, "Time to wait for another program that writes to the book")
      ->type_name("SPAN")
      ->capture_default_str()
      ->group(group);
  CLI::Option* format = app.add_option("--format", globals.format, "Format of the results")
                            ->take_last()
                            ->check(CLI::IsMember({"table", "csv", "json", "jsonl", "html"}))
                            ->capture_default_str()
                            ->group(group);
  app.add_option("--section", globals.section,
                 "Print only this section of a report, as a table of its own, e.g. by_cause")
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
  app.add_option("--config", globals.config,
                 "Read this configuration file instead of the user's and the machine's; none reads no file")
      ->take_last()
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--no-pager", globals.no_pager, "Never send long output on a terminal through a pager")->group(group);
  app.add_flag("--dry-run", globals.dry_run, "Do everything but keep no change")->group(group);
  app.add_flag("-q,--quiet", globals.quiet, "Suppress confirmations and notes; print only results and errors")
      ->group(group);
  app.add_flag("--ascii", globals.ascii, "Print domain names as ACE (xn--…), and tables in ASCII")->group(group);
  app.add_flag("--no-header", globals.no_header, "Print no titles above tables and CSV")->group(group);
  app.add_option("--color", globals.color, "Use of colours")
      ->take_last()
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str()
      ->group(group);
}

}  // namespace cli
