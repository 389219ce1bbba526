#include "tools/cli/program.hpp"

#include <CLI/CLI.hpp>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/global_options.hpp"
#include "tools/cli/help/help_text.hpp"

namespace cli {
namespace {

constexpr const char* kFirstSteps = R"(First steps, in a rehearsal book whose clock you move with --now:
  dropledger --db demo.db init --rehearsal --now 2026-07-01
  dropledger --db demo.db price set com 59.00 EUR
  dropledger --db demo.db account open alice --currency EUR
  dropledger --db demo.db fund alice 100.00
  dropledger --db demo.db backorder place alice example.com
  dropledger --db demo.db preview
More: dropledger help COMMAND, dropledger help TOPIC, dropledger help (topics)

Results go to stdout, messages to stderr.
Exit status:
  0 done            4 not found          7 provider
  1 finding         5 refused by a rule  8 database busy
  2 usage           6 conflict           70 internal error
  3 bad input                            74 output not written
Environment: every option of the configuration file, as DROPLEDGER_DB for
  --db; the option comes first. DROPLEDGER_LOGIN, DROPLEDGER_PASSWORD,
  DROPLEDGER_OTP and DROPLEDGER_SUBUSER have no options, because everyone can
  see the arguments of a program. NO_COLOR turns colours off.
Configuration: 'dropledger config show --origin' prints each option with its
  origin; the file is described in dropledger-config(5).)";

// In the order of --help.
struct Noun {
  const char* group;
  void (*add)(CommandLine& line);
};
constexpr Noun kNouns[] = {
    {"Books", add_book_commands},
    {"Books", add_doctor_commands},
    {"Books", add_run_commands},
    {"Books", add_restore_commands},
    {"Books", add_config_commands},
    {"Books", add_period_commands},
    {"Books", add_clock_commands},
    {"Accounts and money", add_account_commands},
    {"Accounts and money", add_money_commands},
    {"Accounts and money", add_suspense_commands},
    {"Accounts and money", add_bank_commands},
    {"Accounts and money", add_payment_commands},
    {"Accounts and money", add_price_commands},
    {"Accounts and money", add_tax_commands},
    {"Backorders", add_droplist_commands},
    {"Backorders", add_format_commands},
    {"Backorders", add_schedule_commands},
    {"Backorders", add_backorder_commands},
    {"Backorders", add_preview_commands},
    {"Backorders", add_sweep_commands},
    {"Backorders", add_case_commands},
    {"Backorders", add_notice_commands},
    {"Reports", add_event_commands},
    {"Reports", add_report_commands},
    {"Reports", add_refund_commands},
    {"Reports", add_accounting_commands},
    {"Reports", add_reconcile_commands},
    {"Reports", add_invoice_commands},
    {"Reports", add_journal_commands},
    {"Provider and gateway", add_provider_commands},
    {"Provider and gateway", add_serve_commands},
    {"Provider and gateway", add_user_commands},
    {"Rehearsal", add_registry_commands},
    {"Rehearsal", add_faults_commands},
    {"Rehearsal", add_wire_commands},
    {"Manual", add_help_commands},
    {"Manual", add_completion_commands},
};

}  // namespace

std::unique_ptr<CLI::App> make_program(Globals& globals, int& exit_status) {
  auto app = std::make_unique<CLI::App>(
      "dropledger keeps the deposits of domain backorders: money is reserved before the drop, captured when the name "
      "is caught,\n"
      "given back when it is not.",
      "dropledger");
  app->formatter_fn([](const CLI::App* command, const std::string&, CLI::AppFormatMode) {
    return help_text(page_of(*command), help_width());
  });
  app->set_help_flag("-h,--help", "Print help");
  app->fallthrough();
  app->require_subcommand(1);
  app->set_version_flag("-V,--version", "dropledger " DROPLEDGER_VERSION, "Print the version");
  app->footer(kFirstSteps);
  add_global_options(*app, globals);
  CommandLine line{*app, globals, exit_status};
  for (const Noun& noun : kNouns) {
    const std::size_t before = app->get_subcommands([](const CLI::App*) { return true; }).size();
    noun.add(line);
    const auto commands = app->get_subcommands([](CLI::App*) { return true; });
    for (std::size_t i = before; i < commands.size(); ++i) {
      if (!commands[i]->get_group().empty()) commands[i]->group(noun.group);
    }
  }
  return app;
}

}  // namespace cli
