// Our own money at the provider.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/money_options.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

struct PurseFund {
  std::string amount, code, source = "bank", effective, memo;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "Amount that we paid")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Currency, e.g. USD")->type_name("CUR")->required();
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

struct PurseCost {
  std::string amount, code, effective, memo;
  void bind(CLI::App& app) {
    app.add_option("amount", amount, "Amount that the provider charged")->type_name("AMOUNT")->required();
    app.add_option("currency", code, "Currency, e.g. USD")->type_name("CUR")->required();
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

void add_provider_balance_commands(CommandLine& line) {
  CLI::App* purse = add_group(line.app, "purse", "Our balance at the provider");
  add_command<PurseFund>(line, *purse, "fund", "Books a payment of ours to the provider",
                         "  dropledger purse fund 5000.00 USD --memo 'wire of 2026-07-01'");
  add_command<PurseCost>(line, *purse, "cost", "Books what the provider charged for a success",
                         "  dropledger purse cost 39.00 USD --memo 'example.com'");
}

}  // namespace cli
