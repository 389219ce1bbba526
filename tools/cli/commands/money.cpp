// Money in and out of accounts, and corrections.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/money_options.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/corrections.hpp"
#include "tools/operations/entries.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

struct Fund {
  std::string account, amount, source = "bank", effective, memo;
  bool another = false;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    app.add_option("amount", amount, "Amount in the currency of the account, e.g. 100.00")
        ->type_name("AMOUNT")
        ->required();
    bind_source(app, source);
    bind_effective(app, effective);
    bind_memo(app, memo);
    app.add_flag("--another", another, "A further payment, though the bank's statement has an equal one of these days");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, session.account(account).currency);
    auto reply = operations::fund(context, session.request(), account,
                                  {money, source, cli::effective(effective, session, context), memo}, another);
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
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    app.add_option("amount", amount,
                   "Amount in the currency of the account; at most the available balance, never from the credit limit")
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
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    app.add_option("amount", amount, "Amount above zero; --credit or --debit gives the direction")
        ->type_name("AMOUNT")
        ->required();
    CLI::Option* to = app.add_flag("--credit", credit, "Add to the available balance");
    CLI::Option* from =
        app.add_flag("--debit", debit,
                     "Take from the available balance, at most down to the minimum balance of the account")
            ->excludes(to);
    app.add_flag("--goodwill", goodwill, "Add to the available balance, as goodwill")->excludes(from);
    bind_reason(app, reason);
    bind_effective(app, effective);
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
  std::string transfer, reason, effective;
  void bind(CLI::App& app) {
    app.add_option("transfer", transfer, "Number of a transfer; the whole request it belongs to is reversed")
        ->type_name("NUMBER")
        ->required();
    bind_reason(app, reason);
    bind_effective(app, effective);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    return answer_money(
        session, context,
        operations::reverse(context, session.request(), engine::TransferId(session.number(transfer, "transfer")),
                            {reason, cli::effective(effective, session, context)}),
        "reversed transfer " + transfer);
  }
};

struct Chargeback {
  std::string transfer, amount, reason, effective;
  void bind(CLI::App& app) {
    app.add_option("transfer", transfer, "Number of the transfer that the bank took back")
        ->type_name("NUMBER")
        ->required();
    app.add_option("amount", amount, "The part that was taken back (default: all that is left of the payment)")
        ->type_name("AMOUNT");
    bind_reason(app, reason);
    app.add_option("--effective", effective,
                   "When it happened at the bank (default: the day of the one imported line that shows it, else now)")
        ->type_name("TIME");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    engine::Result<operations::Reply> reply = operations::charge_back(
        context, session.request(), engine::TransferId(session.number(transfer, "transfer")),
        amount.empty() ? std::nullopt : std::optional(amount), {reason, cli::effective(effective, session, context)});
    std::string done = "charged back " + (amount.empty() ? "" : amount + " of ") + "transfer " + transfer;
    if (reply) {
      done += ", " + std::string(reply.value().fact("account")) + " is " + std::string(reply.value().fact("state"));
      if (reply.value().fact("voided") != "0")
        done += ", voided backorders " + std::string(reply.value().fact("voided"));
    }
    return answer_money(session, context, std::move(reply), done);
  }
};

struct MovePayment {
  std::string transfer, account, reason, effective;
  void bind(CLI::App& app) {
    app.add_option("transfer", transfer, "The payment that was posted to the wrong account")
        ->type_name("NUMBER")
        ->required();
    app.add_option("account", account, "Account that the payment belongs to")->type_name("NAME")->required();
    bind_reason(app, reason);
    bind_effective(app, effective);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    engine::Result<operations::Reply> reply =
        operations::move_payment(context, session.request(), engine::TransferId(session.number(transfer, "transfer")),
                                 account, {reason, cli::effective(effective, session, context)});
    const std::string from = reply ? std::string(reply.value().fact("from")) : "";
    return answer_money(session, context, std::move(reply),
                        "moved transfer " + transfer + " from " + from + " to " + account);
  }
};

struct OpeningBalance {
  std::string account, amount, effective, memo;
  void bind(CLI::App& app) {
    app.add_option("account", account, "The account of the customer who moves in")->type_name("NAME")->required();
    app.add_option("amount", amount, "What the books before owed the customer")->type_name("AMOUNT")->required();
    bind_effective(app, effective);
    bind_memo(app, memo);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, session.account(account).currency);
    return answer_money(session, context,
                        operations::open_balance(context, session.request(), account,
                                                 {money, {}, cli::effective(effective, session, context), memo}),
                        account + " moves in with " + to_string_with_code(money));
  }
};

struct WriteOff {
  std::string account, amount, reason, effective;
  void bind(CLI::App& app) {
    app.add_option("account", account, "The account that owes")->type_name("NAME")->required();
    app.add_option("amount", amount, "At most what is owed")->type_name("AMOUNT")->required();
    bind_reason(app, reason);
    bind_effective(app, effective);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, session.account(account).currency);
    return answer_money(session, context,
                        operations::write_off(context, session.request(), account, money, reason,
                                              cli::effective(effective, session, context)),
                        "wrote off " + to_string_with_code(money) + " that " + account + " owed");
  }
};

struct Entry {
  std::string amount, code, debit, credit, reason, effective;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "Above zero")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Its currency, e.g. EUR")->type_name("CUR")->required();
    app.add_option("--debit", debit, "The account that it goes to: fees, cash:bank, transit, ...")
        ->type_name("ACCOUNT")
        ->required();
    app.add_option("--credit", credit, "The account that it comes from: cash:bank, cash:stripe, interest, ...")
        ->type_name("ACCOUNT")
        ->required();
    bind_reason(app, reason);
    bind_effective(app, effective);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, currency(code));
    const auto named = [&](const std::string& text) {
      return value_or_throw(operations::operator_account_named(text, money.currency()));
    };
    return answer_money(session, context,
                        operations::post_general(context, session.request(),
                                                 {.debit = named(debit),
                                                  .credit = named(credit),
                                                  .amount = money,
                                                  .effective_at = cli::effective(effective, session, context),
                                                  .reason = reason}),
                        "booked " + to_string_with_code(money) + " from " + credit + " to " + debit);
  }
};

}  // namespace

void add_money_commands(CommandLine& line) {
  add_command<Fund>(line, line.app, "fund",
                    "Books a payment of a customer: it repays what is owed first, the rest becomes available",
                    "  dropledger fund alice 100.00\n"
                    "  dropledger fund alice 100.00 --source paypal --effective 2026-07-01 --memo 'invoice 4711' "
                    "--request payment-4711");
  add_command<Withdraw>(line, line.app, "withdraw", "Books a pay-out to the customer from the available balance",
                        "  dropledger withdraw alice 40.00 --memo 'to IBAN …123'");
  add_command<Adjust>(line, line.app, "adjust", "Corrects the balance of an account",
                      "  dropledger adjust alice 5.00 --credit --reason 'fee booked twice'\n"
                      "  dropledger adjust alice 59.00 --goodwill --reason 'late sweep on 2026-07-02'");
  add_command<Reverse>(line, line.app, "reverse",
                       "Undoes a pay-in, pay-out, adjustment, entry or reversal by a new transfer that names it",
                       "  dropledger reverse 17 --reason 'typed for the wrong customer'");
  add_command<MovePayment>(line, line.app, "move-payment",
                           "A payment posted to the wrong account goes to the right one; the bank's line stays bound",
                           "  dropledger move-payment 17 bob --reason 'his brother has the same name'");
  add_command<OpeningBalance>(line, line.app, "opening-balance", "A customer moves in from other books with a balance",
                              "  dropledger opening-balance alice 120.00 --effective 2026-01-01 --memo 'old system'");
  add_command<WriteOff>(line, line.app, "write-off", "Gives up what a customer owes and will not pay",
                        "  dropledger write-off alice 40.00 --reason 'insolvent, letter of 2026-07-01'");
  add_command<Entry>(line, line.app, "entry",
                     "Books between two accounts of the operator's: fees, interest, payouts, tax paid",
                     "  dropledger entry 4.90 EUR --debit fees --credit cash:bank --reason 'account charges July'\n"
                     "  dropledger entry 57.18 EUR --debit cash:bank --credit cash:stripe --reason 'payout'");
  add_command<Chargeback>(
      line, line.app, "chargeback",
      "The bank took a pay-in back: unsubmitted deposits are voided as needed, the account is frozen",
      "  dropledger chargeback 17 --reason 'bank reference CB-2026-071'\n"
      "  dropledger chargeback 17 30.00 --reason 'a part was disputed' --effective 2026-07-30");
}

}  // namespace cli
