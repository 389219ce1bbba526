// Our own money at the provider.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/money_options.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/provider_costs.hpp"

namespace cli {
namespace {

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
  bool matched = false;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "What the provider charged")->type_name("AMOUNT");
    app.add_option("currency", code, "Its currency, e.g. USD")->type_name("CUR");
    bind_effective(app, effective);
    bind_memo(app, memo);
    app.add_flag("--matched", matched,
                 "Instead of one amount: every charge in the provider's accounting that is for a capture of ours and "
                 "is not booked yet");
  }
  int run(Session& session) const {
    if (matched) return book_matched(session);
    if (amount.empty() || code.empty() || memo.empty())
      throw CLI::RequiredError("AMOUNT, CUR and --memo, or --matched");
    const operations::Context context = session.context();
    const engine::Money money = session.amount(amount, currency(code));
    return answer_money(session, context,
                        operations::book_provider_cost(context, session.request(), money, memo,
                                                       cli::effective(effective, session, context)),
                        "booked " + to_string_with_code(money) + " as the provider's charge");
  }

 private:
  static int book_matched(Session& session) {
    const operations::Context context = session.context();
    ProviderConnection connection(session);
    const operations::BookedCosts done = value_or_throw(operations::book_matched_costs(context, connection.get()));
    std::string sum;
    for (const engine::Money& total : done.totals) sum += (sum.empty() ? " of " : ", ") + to_string_with_code(total);
    operations::Reply reply;
    reply.facts = {{"booked", std::to_string(done.booked)}, {"left", std::to_string(done.left)}};
    session.answer(reply, "dropledger.costs-booked/1",
                   "booked " + std::to_string(done.booked) + " charges" + sum + ", left " + std::to_string(done.left) +
                       " that are for no capture of ours");
    return 0;
  }
};

}  // namespace

void add_provider_balance_commands(CommandLine& line) {
  CLI::App* provider_balance = add_group(line.app, "purse", "Our own money at the provider");
  add_command<ProviderFund>(line, *provider_balance, "fund", "We paid the provider",
                            "  dropledger provider fund 5000.00 USD --memo 'wire of 2026-07-01'");
  add_command<ProviderCost>(
      line, *provider_balance, "cost", "The provider charged a success",
      "  dropledger provider cost 39.00 USD --memo 'example.com'\n  dropledger provider cost --matched");
}

}  // namespace cli
