#include "tools/cli/program.hpp"

#include <CLI/CLI.hpp>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/global_options.hpp"

namespace cli {
namespace {

constexpr const char* kFirstSteps = R"(First steps, in a rehearsal book whose clock you move with --now:
  dropledger --db demo.db init --rehearsal --now 2026-07-01
  dropledger --db demo.db price set com 59.00 EUR
  dropledger --db demo.db account open alice --currency EUR
  dropledger --db demo.db fund alice 100.00
  dropledger --db demo.db backorder place alice example.com
  dropledger --db demo.db preview
Each command explains itself: dropledger fund --help

Results go to stdout, messages to stderr. Exit status: 0 done, 2 usage, 3 bad input, 4 not found, 5 refused by a rule,
6 conflict, 7 provider, 8 database busy, 70 internal error, 74 output not written.
Environment: DROPLEDGER_DB, DROPLEDGER_REGISTRY, DROPLEDGER_PROVIDER, DROPLEDGER_ENTITY, DROPLEDGER_CREDENTIALS,
DROPLEDGER_LOG, DROPLEDGER_ACTOR (the options come first), DROPLEDGER_LOGIN, DROPLEDGER_PASSWORD, DROPLEDGER_OTP,
DROPLEDGER_SUBUSER (no options: arguments can be seen by all), NO_COLOR.)";

// In the order of --help.
struct Noun {
  const char* group;
  void (*add)(CommandLine& line);
};
constexpr Noun kNouns[] = {
    {"Books", add_book_commands},
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
    {"Reports", add_journal_commands},
    {"Provider and gateway", add_provider_commands},
    {"Provider and gateway", add_provider_balance_commands},
    {"Provider and gateway", add_serve_commands},
    {"Provider and gateway", add_user_commands},
    {"Rehearsal", add_registry_commands},
    {"Rehearsal", add_faults_commands},
    {"Rehearsal", add_wire_commands},
};

}  // namespace

std::unique_ptr<CLI::App> make_program(Globals& globals, int& exit_status) {
  auto app = std::make_unique<CLI::App>(
      "dropledger keeps the deposits of domain backorders: money is reserved before the drop, captured when the name "
      "is caught,\n"
      "given back when it is not.",
      "dropledger");
  app->fallthrough();
  app->require_subcommand(1);
  app->set_version_flag("-V,--version", "dropledger " DROPLEDGER_VERSION);
  app->footer(kFirstSteps);
  add_global_options(*app, globals);
  CommandLine line{*app, globals, exit_status};
  for (const Noun& noun : kNouns) {
    const std::size_t before = app->get_subcommands([](const CLI::App*) { return true; }).size();
    noun.add(line);
    const auto commands = app->get_subcommands([](CLI::App*) { return true; });
    for (std::size_t i = before; i < commands.size(); ++i) commands[i]->group(noun.group);
  }
  return app;
}

}  // namespace cli
