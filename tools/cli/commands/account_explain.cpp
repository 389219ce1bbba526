// Support's page of one account: balances, what is due next, what is missing, what happened.
#include <algorithm>
#include <map>

#include "engine/explanation.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/story.hpp"

namespace cli {
namespace {

using engine::Backorder;
using engine::Customer;

struct ExplainAccount {
  std::string account;
  std::size_t limit = 50;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    app.add_option("--limit", limit, "Number of lines of what happened, the latest ones; 0 is all")
        ->capture_default_str();
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const Customer customer = session.account(account);
    const engine::FundingPlan plan = plan_of(store, customer, session.now());
    const engine::FundingDefaults defaults = store.settings().funding;

    render::Table page;
    page.schema = "dropledger.account-explanation/1";
    page.add_fact("account", customer.name);
    page.add_fact("state", to_word(customer.state));
    page.add_fact("meaning", sentence(customer.state));
    add_outlook(page, outlook(customer, plan, session.now()));
    page.add_fact("shortfall", plan.shortfall);
    page.add_fact("top_up_by", plan.top_up_by);
    page.add_fact("available", customer.available);
    page.add_fact("reserved", customer.reserved);
    page.add_fact("owed", customer.owed);
    page.add_fact("credit_limit", customer.credit_limit);
    page.add_fact("spendable", customer.spendable());
    page.add_fact("policy", to_word(customer.policy.value_or(defaults.policy)));
    page.add_fact("void", to_word(customer.void_policy.value_or(defaults.void_policy)));
    page.add_fact("tier", customer.tier);
    page.add_fact("country", customer.country);
    page.add_fact("opened_at", customer.opened_at);
    engine::BackorderQuery theirs;
    theirs.customer = customer.id;
    std::map<engine::State, std::int64_t> states;
    for (const Backorder& backorder : store.backorders(theirs)) ++states[backorder.state];
    for (const auto& [state, count] : states) {
      std::string key = "backorders_" + std::string(to_word(state));
      std::ranges::transform(key, key.begin(), [](char c) {
        return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
      page.add_fact(key, count);
    }
    for (const engine::Case& open : store.cases({})) {
      if (open.customer == customer.id)
        page.add_fact("open_case_" + std::to_string(open.id.value()),
                      std::string(to_word(open.kind)) + ": " + open.detail);
    }

    Story story;
    engine::EventQuery events;
    events.customer = customer.id;
    store.each_event(events, [&](const engine::LoggedEvent& event) {
      story.add(event, event.backorder ? " (" + std::to_string(event.backorder->value()) + ")" : "");
    });
    engine::TransferQuery transfers;
    transfers.customer = customer.id;
    store.each_transfer(transfers, [&](const engine::Transfer& one) { story.add(one); });
    story.write(page, limit);
    session.print(page);
    return 0;
  }
};

}  // namespace

void add_account_explain(CommandLine& line, CLI::App& account) {
  add_command<ExplainAccount>(
      line, account, "explain", "Explains an account: balances, what is due next, what is missing, what happened",
      "  dropledger account explain alice\n  dropledger account explain alice --limit 0 --format json");
}

}  // namespace cli
