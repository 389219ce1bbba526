// Suspense: money whose owner is not known.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/money_options.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/entries.hpp"

namespace cli {
namespace {

struct SuspenseAdd {
  std::string amount, code, source = "bank", effective, memo;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "Amount that came in")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Currency, e.g. EUR")->type_name("CUR")->required();
    bind_source(app, source);
    bind_effective(app, effective);
    bind_memo(app, memo, true);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, currency(code));
    return answer_money(
        session, context,
        operations::fund_unidentified(context, session.request(),
                                      {money, source, cli::effective(effective, session, context), memo}),
        to_string_with_code(money) + " went to suspense, and a case asks whose it is");
  }
};

struct SuspenseAssign {
  std::string account, amount, reason, case_id, effective;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the owner")->type_name("NAME")->required();
    app.add_option("amount", amount, "Amount in the currency of the account; at most what is in suspense")
        ->type_name("AMOUNT")
        ->required();
    app.add_option("--case", case_id, "Case that this closes (default: the only open one of that amount)")
        ->type_name("ID");
    bind_reason(app, reason);
    bind_effective(app, effective);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, session.account(account).currency);
    return answer_money(
        session, context,
        operations::assign_unidentified(context, session.request(), account, money, reason,
                                        case_id.empty() ? std::nullopt : std::optional(session.number(case_id, "case")),
                                        cli::effective(effective, session, context)),
        "assigned " + to_string_with_code(money) + " from suspense to " + account);
  }
};

struct SuspenseBook {
  std::string to, amount, code, reason, case_id, effective;
  void bind(CLI::App& app) {
    app.add_option("to", to, "The operator's account that it belongs to: interest, cash:stripe, other-income, ...")
        ->type_name("ACCOUNT")
        ->required();
    app.add_option("amount", amount, "At most what is in suspense")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Its currency, e.g. EUR")->type_name("CUR")->required();
    app.add_option("--case", case_id, "The case this closes (default: the only open one of that amount)")
        ->type_name("ID");
    bind_reason(app, reason);
    bind_effective(app, effective);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, currency(code));
    return answer_money(
        session, context,
        operations::book_unidentified(
            context, session.request(), value_or_throw(operations::operator_account_named(to, money.currency())), money,
            reason, case_id.empty() ? std::nullopt : std::optional(session.number(case_id, "case")),
            cli::effective(effective, session, context)),
        "booked " + to_string_with_code(money) + " from suspense to " + to);
  }
};

}  // namespace

void add_suspense_commands(CommandLine& line) {
  CLI::App* suspense = add_group(line.app, "suspense", "Money whose owner is not known yet");
  add_command<SuspenseAdd>(line, *suspense, "add", "Books money that came in without the name of a customer",
                           "  dropledger suspense add 59.00 EUR --memo 'no reference, from J. Smith'");
  add_command<SuspenseAssign>(line, *suspense, "assign", "Assigns money in suspense to its owner",
                              "  dropledger suspense assign alice 59.00 --reason 'found the invoice'");
  add_command<SuspenseBook>(line, *suspense, "book", "Books suspense money that is no customer's: interest, a payout",
                            "  dropledger suspense book cash:stripe 57.18 EUR --reason 'payout of 2026-08-03'");
}

}  // namespace cli
