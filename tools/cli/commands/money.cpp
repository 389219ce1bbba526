// Money in and out, corrections, the suspense account and the operator's balance at the provider.
#include "tools/cli/session.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

// A bank books in the past; a date to come is a slip of the hand.
std::optional<engine::UtcTime> effective(const std::string& text, const Session& session,
                                         const operations::Context& context) {
  if (text.empty()) return std::nullopt;
  const engine::UtcTime at = session.instant(text);
  if (at > context.now) {
    throw CommandError{Error{ErrorCode::invalid_time, "--effective " + engine::to_string(at) + " is later than now, " +
                                                          engine::to_string(context.now)}};
  }
  return at;
}

engine::Currency currency(const std::string& code) { return value_or_throw(engine::Currency::parse(code)); }

// The reply with the numbers of the transfers that its request posted: what a later reversal names.
operations::Reply with_transfers(const Session& session, operations::Reply reply, const operations::Context& context) {
  if (!reply.fact("transfer").empty()) return reply;
  std::string ids;
  if (const auto request = context.store.request(session.request().sender, reply.key)) {
    engine::TransferQuery query;
    query.request = request->id;
    context.store.each_transfer(query, [&ids](const engine::Transfer& transfer) {
      ids += (ids.empty() ? "" : ", ") + std::to_string(transfer.id.value());
    });
  }
  reply.facts.emplace_back("transfer", ids);
  return reply;
}

std::string balances(const operations::Reply& reply) {
  std::string text =
      "available " + std::string(reply.fact("available")) + ", reserved " + std::string(reply.fact("reserved"));
  const std::string_view owed = reply.fact("owed");
  if (owed.find_first_of("123456789") != std::string_view::npos) text += ", owed " + std::string(owed);
  return text;
}

int answer_money(const Session& session, const operations::Context& context, engine::Result<operations::Reply> result,
                 const std::string& done) {
  const operations::Reply reply = with_transfers(session, value_or_throw(std::move(result)), context);
  const bool customer = !reply.fact("available").empty();
  session.answer(reply, "dropledger.money/1", customer ? done + ": " + balances(reply) : done);
  return 0;
}

void bind_effective(CLI::App& app, std::string& effective) {
  app.add_option("--effective", effective, "When it happened at the bank, e.g. 2026-07-01 (default: now)")
      ->type_name("TIME");
}
void bind_reason(CLI::App& app, std::string& reason) {
  app.add_option("--reason", reason, "Why; kept with the transfer")->type_name("TEXT")->required();
}
void bind_source(CLI::App& app, std::string& source) {
  app.add_option("--source", source, "Which cash account: a bank or payment service")
      ->type_name("NAME")
      ->capture_default_str();
}
void bind_memo(CLI::App& app, std::string& memo, bool required = false) {
  app.add_option("--memo", memo, "A note, such as the bank's reference")->type_name("TEXT")->required(required);
}

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

struct ProviderFund {
  std::string amount, code, source = "bank", effective, memo;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "What we paid the provider")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Its currency, e.g. USD")->type_name("CUR")->required();
    bind_source(app, source);
    bind_effective(app, effective);
    bind_memo(app, memo);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, currency(code));
    return answer_money(session, context,
                        operations::pay_provider(context, session.request(),
                                                 {money, source, cli::effective(effective, session, context), memo}),
                        "paid the provider " + to_string_with_code(money));
  }
};

struct ProviderCost {
  std::string amount, code, effective, memo;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "What the provider charged")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Its currency, e.g. USD")->type_name("CUR")->required();
    bind_effective(app, effective);
    bind_memo(app, memo, true);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, currency(code));
    return answer_money(session, context,
                        operations::book_provider_cost(context, session.request(), money, memo,
                                                       cli::effective(effective, session, context)),
                        "booked " + to_string_with_code(money) + " as the provider's charge");
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
  CLI::App* suspense = add_group(line.app, "suspense", "Money whose owner is not known");
  add_command<SuspenseAdd>(line, *suspense, "add", "Books money that came in without a customer's name",
                           "  dropledger suspense add 59.00 EUR --memo 'no reference, from J. Smith'");
  add_command<SuspenseAssign>(line, *suspense, "assign", "Gives suspense money to its owner",
                              "  dropledger suspense assign alice 59.00 --reason 'found the invoice'");
  CLI::App* provider = add_group(line.app, "provider", "The provider that catches the names, and our balance there");
  add_command<ProviderFund>(line, *provider, "fund", "Records a payment of ours to the provider",
                            "  dropledger provider fund 5000.00 USD --memo 'wire of 2026-07-01'");
  add_command<ProviderCost>(line, *provider, "cost", "Records what the provider charged for a success",
                            "  dropledger provider cost 39.00 USD --memo 'example.com'");
}

}  // namespace cli
