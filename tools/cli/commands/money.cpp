// Money in and out of accounts, and corrections.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/money_options.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

struct Fund {
  std::string account, amount, source = "bank", effective, memo;
  void bind(CLI::App& app) {
    app.add_option("account", account, "The customer's account")->type_name("NAME")->required();
    app.add_option("amount", amount, "In the account's currency, e.g. 100.00")->type_name("AMOUNT")->required();
    bind_source(app, source);
    bind_effective(app, effective);
    bind_memo(app, memo);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, session.account(account).currency);
    auto reply = operations::fund(context, session.request(), account,
                                  {money, source, cli::effective(effective, session, context), memo});
    const bool unclaimed = reply && reply.value().fact("account") == "suspense";
    return answer_money(session, context, std::move(reply),
                        unclaimed ? account + " is closed: " + to_string_with_code(money) +
                                        " went to suspense, and a case asks whose it is"
                                  : "funded " + account + " " + to_string_with_code(money));
  }
};

struct Withdraw {
  std::string account, amount, source = "bank", effective, memo;
  void bind(CLI::App& app) {
    app.add_option("account", account, "The customer's account")->type_name("NAME")->required();
    app.add_option("amount", amount,
                   "In the account's currency; at most what is available, never from the credit limit")
        ->type_name("AMOUNT")
        ->required();
    bind_source(app, source);
    bind_effective(app, effective);
    bind_memo(app, memo);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, session.account(account).currency);
    return answer_money(session, context,
                        operations::withdraw(context, session.request(), account,
                                             {money, source, cli::effective(effective, session, context), memo}),
                        "paid out " + to_string_with_code(money) + " of " + account);
  }
};

struct Adjust {
  std::string account, amount, reason, effective;
  bool credit = false, debit = false, goodwill = false;
  void bind(CLI::App& app) {
    app.add_option("account", account, "The customer's account")->type_name("NAME")->required();
    app.add_option("amount", amount, "Above zero; --credit or --debit gives the direction")
        ->type_name("AMOUNT")
        ->required();
    CLI::Option* to = app.add_flag("--credit", credit, "To the customer");
    CLI::Option* from =
        app.add_flag("--debit", debit, "From the customer, at most down to the account's minimum balance")
            ->excludes(to);
    CLI::Option* gift =
        app.add_flag("--goodwill", goodwill, "A gift: to the customer, from the goodwill account")->excludes(from);
    bind_reason(app, reason);
    app.add_option("--effective", effective, "The day it belongs to (default: now)")->type_name("TIME")->excludes(gift);
  }
  int run(Session& session) const {
    if (!credit && !debit && !goodwill) throw CLI::RequiredError("One of --credit, --debit, --goodwill");
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, session.account(account).currency);
    return answer_money(session, context,
                        operations::adjust(context, session.request(), account, money,
                                           debit ? engine::Direction::debit : engine::Direction::credit, goodwill,
                                           reason, cli::effective(effective, session, context)),
                        std::string(debit      ? "debited "
                                    : goodwill ? "granted "
                                               : "credited ") +
                            account + " " + to_string_with_code(money));
  }
};

struct Reverse {
  std::string transfer, reason;
  void bind(CLI::App& app) {
    app.add_option("transfer", transfer, "A transfer's number; the whole request it belongs to is undone")
        ->type_name("NUMBER")
        ->required();
    bind_reason(app, reason);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    return answer_money(session, context,
                        operations::reverse(context, session.request(),
                                            engine::TransferId(session.number(transfer, "transfer")), reason),
                        "reversed transfer " + transfer);
  }
};

struct Chargeback {
  std::string transfer, reason;
  void bind(CLI::App& app) {
    app.add_option("transfer", transfer, "The pay-in that the bank took back")->type_name("NUMBER")->required();
    bind_reason(app, reason);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    engine::Result<operations::Reply> reply = operations::charge_back(
        context, session.request(), engine::TransferId(session.number(transfer, "transfer")), reason);
    std::string done = "charged back transfer " + transfer;
    if (reply) {
      done += ", " + std::string(reply.value().fact("account")) + " is " + std::string(reply.value().fact("state"));
      if (reply.value().fact("voided") != "0")
        done += ", voided backorders " + std::string(reply.value().fact("voided"));
    }
    return answer_money(session, context, std::move(reply), done);
  }
};

}  // namespace

void add_money_commands(CommandLine& line) {
  add_command<Fund>(line, line.app, "fund",
                    "A customer pays in: what is owed is repaid first, the rest becomes available",
                    "  dropledger fund alice 100.00\n"
                    "  dropledger fund alice 100.00 --source paypal --effective 2026-07-01 --memo 'invoice 4711' "
                    "--request payment-4711");
  add_command<Withdraw>(line, line.app, "withdraw", "Pays out to the customer what is available",
                        "  dropledger withdraw alice 40.00 --memo 'to IBAN …123'");
  add_command<Adjust>(line, line.app, "adjust", "Corrects a balance, with a reason",
                      "  dropledger adjust alice 5.00 --credit --reason 'fee booked twice'\n"
                      "  dropledger adjust alice 59.00 --goodwill --reason 'late sweep on 2026-07-02'");
  add_command<Reverse>(line, line.app, "reverse",
                       "Undoes a pay-in, pay-out, adjustment or provider entry by a new transfer that names it",
                       "  dropledger reverse 17 --reason 'typed for the wrong customer'");
  add_command<Chargeback>(
      line, line.app, "chargeback",
      "The bank took a pay-in back: unsubmitted deposits are voided as needed, the account is frozen",
      "  dropledger chargeback 17 --reason 'bank reference CB-2026-071'");
}

}  // namespace cli
