// Every noun of the command line. A command stands in the file of its first word; program.cpp registers them in one
// table.
#pragma once

#include "tools/cli/session.hpp"

namespace cli {

void add_account_commands(CommandLine& line);     // account …
void add_accounting_commands(CommandLine& line);  // outcomes, adjustments, vat
void add_backorder_commands(CommandLine& line);   // backorder …
void add_bank_commands(CommandLine& line);        // bank …
void add_book_commands(CommandLine& line);        // init, backup, verify, seal
void add_case_commands(CommandLine& line);        // cases
void add_clock_commands(CommandLine& line);       // clock …: of a rehearsal book
void add_completion_commands(CommandLine& line);  // completion
void add_config_commands(CommandLine& line);      // config …
void add_doctor_commands(CommandLine& line);      // doctor
void add_droplist_commands(CommandLine& line);    // droplist …
void add_event_commands(CommandLine& line);       // events
void add_faults_commands(CommandLine& line);      // faults: a relay that spoils a share of what passes
void add_format_commands(CommandLine& line);      // formats …: layouts of lists and statements
void add_help_commands(CommandLine& line);        // help
void add_invoice_commands(CommandLine& line);     // invoice …
void add_journal_commands(CommandLine& line);     // journal …
void add_money_commands(CommandLine& line);       // fund, withdraw, adjust, reverse, chargeback
void add_notice_commands(CommandLine& line);      // notices …
void add_payment_commands(CommandLine& line);     // payments …
void add_period_commands(CommandLine& line);      // period …
void add_preview_commands(CommandLine& line);     // preview
void add_price_commands(CommandLine& line);       // price …
void add_provider_commands(CommandLine& line);    // provider …
void add_reconcile_commands(CommandLine& line);   // reconcile
void add_refund_commands(CommandLine& line);      // refunds
void add_registry_commands(CommandLine& line);    // registry …: the simulated world
void add_report_commands(CommandLine& line);      // statement, trial-balance, deposits
void add_restore_commands(CommandLine& line);     // restore
void add_run_commands(CommandLine& line);         // runs
void add_schedule_commands(CommandLine& line);    // schedule …
void add_serve_commands(CommandLine& line);       // serve
void add_suspense_commands(CommandLine& line);    // suspense …
void add_sweep_commands(CommandLine& line);       // sweep
void add_tax_commands(CommandLine& line);         // tax …
void add_user_commands(CommandLine& line);        // user …: who may call the gateway
void add_wire_commands(CommandLine& line);        // wire …: the provider's protocol by hand

// Verbs of a noun that have a file of their own.
void add_account_explain(CommandLine& line, CLI::App& account);
void add_backorder_explain(CommandLine& line, CLI::App& backorder);

}  // namespace cli
