// Suspense: money whose owner is not known.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/money_options.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

struct SuspenseAdd {
  std::string amount, code, source = "bank", effective, memo;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "What came in")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Its currency, e.g. EUR")->type_name("CUR")->required();
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
  std::string account, amount, reason, case_id;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Whose money it is")->type_name("NAME")->required();
    app.add_option("amount", amount, "In the account's currency; at most what is in suspense")
        ->type_name("AMOUNT")
        ->required();
    app.add_option("--case", case_id, "The case this closes (default: the only open one of that amount)")
        ->type_name("ID");
    bind_reason(app, reason);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, session.account(account).currency);
    return answer_money(session, context,
                        operations::assign_unidentified(
                            context, session.request(), account, money, reason,
                            case_id.empty() ? std::nullopt : std::optional(session.number(case_id, "case"))),
                        "assigned " + to_string_with_code(money) + " from suspense to " + account);
  }
};

}  // namespace

void add_suspense_commands(CommandLine& line) {
  CLI::App* suspense = add_group(line.app, "suspense", "Money whose owner is not known");
  add_command<SuspenseAdd>(line, *suspense, "add", "Books money that came in without a customer's name",
                           "  dropledger suspense add 59.00 EUR --memo 'no reference, from J. Smith'");
  add_command<SuspenseAssign>(line, *suspense, "assign", "Gives suspense money to its owner",
                              "  dropledger suspense assign alice 59.00 --reason 'found the invoice'");
}

}  // namespace cli
