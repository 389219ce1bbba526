// Customers' accounts: opening, showing, terms, freezing, closing.
#include "tools/cli/commands/commands.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

// Zero takes a credit limit away.
engine::Money limit_amount(const std::string& text, engine::Currency currency) {
  const engine::Money limit = value_or_throw(engine::parse_money(text, currency));
  if (limit.is_negative())
    throw CommandError{Error{ErrorCode::invalid_amount, "a credit limit is zero or more, not " + text}};
  return limit;
}

std::string policy_of(const engine::Customer& customer, const engine::Settings& settings) {
  return std::string(to_word(customer.policy.value_or(settings.funding.policy))) +
         (customer.policy ? "" : " (default)");
}
std::string void_policy_of(const engine::Customer& customer, const engine::Settings& settings) {
  return std::string(to_word(customer.void_policy.value_or(settings.funding.void_policy))) +
         (customer.void_policy ? "" : " (default)");
}

// Options that `open` and `set` share; what is not given stays as it is.
struct TermOptions {
  std::optional<std::string> tier{}, credit_limit{}, policy{}, void_policy{}, country{}, vat_id{};
  void bind(CLI::App& app) {
    app.add_option("--tier", tier, "Tier of the price list that applies")->type_name("NAME");
    app.add_option("--credit-limit", credit_limit, "How far deposits may take the available balance below zero")
        ->type_name("AMOUNT");
    app.add_option("--policy", policy,
                   "What happens when the money does not cover everything due: fund each that fits, or void all")
        ->check(CLI::IsMember({"each", "all-or-nothing"}));
    app.add_option("--void", void_policy, "When an underfunded backorder is voided")
        ->check(CLI::IsMember({"at-due", "at-deadline"}));
    app.add_option("--country", country, "Country in two letters, e.g. DE; it decides the tax")->type_name("CC");
    app.add_option("--vat-id", vat_id, "VAT id of the customer")->type_name("ID");
  }
  bool given() const { return tier || credit_limit || policy || void_policy || country || vat_id; }
  operations::AccountTerms terms(engine::Currency currency) const {
    operations::AccountTerms terms;
    terms.tier = tier;
    if (credit_limit) terms.credit_limit = limit_amount(*credit_limit, currency);
    if (policy) terms.policy = engine::parse_funding_policy(*policy);
    if (void_policy) terms.void_policy = engine::parse_void_policy(*void_policy);
    terms.country = country;
    terms.vat_id = vat_id;
    return terms;
  }
};

constexpr const char* kSchema = "dropledger.account-change/1";

struct Open {
  std::string account, code;
  TermOptions options;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Name of the new account: at most 64 letters, digits, '.', '-' and '_'")
        ->type_name("NAME")
        ->required();
    app.add_option("--currency", code, "Currency of the account, e.g. EUR; it never changes")
        ->type_name("CUR")
        ->required();
    options.bind(app);
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Currency currency = value_or_throw(engine::Currency::parse(code));
    const operations::Reply reply = value_or_throw(
        operations::open_account(context, session.request(), account, currency, options.terms(currency)));
    session.answer(reply, kSchema,
                   "opened account " + account + " in " + std::string(reply.fact("currency")) + ", tier " +
                       std::string(reply.fact("tier")));
    return 0;
  }
};

struct List {
  std::string state;
  void bind(CLI::App& app) {
    app.add_option("--state", state, "Only these")->check(CLI::IsMember({"open", "frozen", "closing", "closed"}));
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    render::Table table;
    table.schema = "dropledger.accounts/1";
    table.columns = {{"account"},
                     {"state"},
                     {"tier"},
                     {"available", "", render::Kind::money},
                     {"reserved", "", render::Kind::money},
                     {"owed", "", render::Kind::money},
                     {"credit_limit", "", render::Kind::money},
                     {"opened_at", "", render::Kind::time}};
    table.when_empty = state.empty() ? "No accounts yet; see 'account open --help'." : "No " + state + " accounts.";
    for (const engine::Customer& customer : store.customers()) {
      if (!state.empty() && to_word(customer.state) != state) continue;
      table.add(customer.name, to_word(customer.state), customer.tier, customer.available, customer.reserved,
                customer.owed, customer.credit_limit, customer.opened_at);
    }
    session.print(table);
    return 0;
  }
};

struct Show {
  std::string account;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const engine::Customer customer = session.account(account);
    const engine::Settings settings = store.settings();
    engine::BackorderQuery query;
    query.customer = customer.id;
    query.open = true;
    std::int64_t open = 0, undated = 0;
    std::optional<engine::UtcTime> next_due;
    for (const engine::Backorder& backorder : store.backorders(query)) {
      ++open;
      if (backorder.state != engine::State::requested) continue;
      if (!backorder.drop) {
        ++undated;
      } else if (!next_due || backorder.drop->deposit_due < *next_due) {
        next_due = backorder.drop->deposit_due;
      }
    }
    std::int64_t cases = 0;
    for (const engine::Case& one : store.cases({})) cases += one.customer == customer.id ? 1 : 0;
    render::Table record;
    record.schema = "dropledger.account/1";
    record.add_fact("account", customer.name);
    record.add_fact("state", to_word(customer.state));
    record.add_fact("currency", customer.currency.code());
    record.add_fact("available", customer.available);
    record.add_fact("reserved", customer.reserved);
    record.add_fact("balance", customer.ledger_balance());
    record.add_fact("credit_limit", customer.credit_limit);
    record.add_fact("spendable", customer.spendable());
    record.add_fact("owed", customer.owed);
    record.add_fact("tier", customer.tier);
    record.add_fact("policy", policy_of(customer, settings));
    record.add_fact("void", void_policy_of(customer, settings));
    record.add_fact("country", customer.country.empty() ? render::Cell() : render::cell(customer.country));
    record.add_fact("vat_id", customer.vat_id.empty() ? render::Cell() : render::cell(customer.vat_id));
    record.add_fact("opened_at", customer.opened_at);
    record.add_fact("open_backorders", open);
    record.add_fact("undated_backorders", undated);
    record.add_fact("next_deposit_due", next_due);
    record.add_fact("shortfall_announced", customer.warned.is_zero() ? render::Cell() : render::cell(customer.warned));
    record.add_fact("open_cases", cases);
    session.print(record);
    return 0;
  }
};

struct Close {
  std::string account, reason;
  std::optional<std::string> pay_out_to;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    app.add_option("--reason", reason, "Reason, kept in the log")->type_name("TEXT")->required();
    app.add_option("--pay-out-to", pay_out_to, "Pay out the available balance first, from this cash account")
        ->type_name("SOURCE");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const operations::Reply reply =
        value_or_throw(operations::close_account(context, session.request(), account, reason, pay_out_to));
    std::string line = account + " is " + std::string(reply.fact("state")) + ": cancelled " +
                       std::string(reply.fact("cancelled")) + ", still open " +
                       std::string(reply.fact("open_backorders")) + ", available " +
                       std::string(reply.fact("available")) + ", owed " + std::string(reply.fact("owed"));
    if (reply.fact("state") != "closed") line += "; say it again when nothing is open and nothing is left";
    session.answer(reply, kSchema, line);
    return 0;
  }
};

struct Freeze {
  std::string account, reason;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    app.add_option("--reason", reason, "Reason, kept in the log")->type_name("TEXT")->required();
  }
  int run(Session& session) const {
    session.answer(value_or_throw(operations::freeze_account(session.context(), session.request(), account, reason)),
                   kSchema, account + " is frozen");
    return 0;
  }
};

struct Unfreeze : Freeze {
  int run(Session& session) const {
    session.answer(value_or_throw(operations::unfreeze_account(session.context(), session.request(), account, reason)),
                   kSchema, account + " is open");
    return 0;
  }
};

struct Limit {
  std::string account, amount;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    app.add_option("amount", amount, "New credit limit; 0 removes it")->type_name("AMOUNT")->required();
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    operations::AccountTerms terms;
    terms.credit_limit = limit_amount(amount, session.account(account).currency);
    session.answer(value_or_throw(operations::change_terms(context, session.request(), account, terms)), kSchema,
                   "credit limit of " + account + " is " + to_string_with_code(*terms.credit_limit));
    return 0;
  }
};

struct Set {
  std::string account;
  TermOptions options;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    options.bind(app);
  }
  int run(Session& session) const {
    if (!options.given())
      throw CLI::RequiredError("At least one of --tier, --credit-limit, --policy, --void, --country, --vat-id");
    const operations::Context context = session.context();
    const operations::AccountTerms terms = options.terms(session.account(account).currency);
    session.answer(value_or_throw(operations::change_terms(context, session.request(), account, terms)), kSchema,
                   "changed the terms of " + account);
    return 0;
  }
};

}  // namespace

void add_account_commands(CommandLine& line) {
  CLI::App* group = add_group(line.app, "account", "Accounts of customers");
  add_command<Open>(line, *group, "open", "Opens an account with balance zero",
                    "  dropledger account open alice --currency EUR\n"
                    "  dropledger account open reseller-7 --currency USD --tier gold --credit-limit 500.00 --policy "
                    "all-or-nothing --country DE");
  add_command<List>(line, *group, "list", "Lists accounts with their balances",
                    "  dropledger account list --state frozen --format csv");
  add_command<Show>(line, *group, "show", "Shows balances, terms and open backorders of one account",
                    "  dropledger account show alice");
  add_command<Set>(line, *group, "set", "Changes terms of an account; what is not given stays",
                   "  dropledger account set alice --tier gold --void at-deadline");
  add_command<Limit>(line, *group, "limit", "Sets the credit limit of an account, not below the credit in use",
                     "  dropledger account limit alice 250.00");
  add_command<Freeze>(line, *group, "freeze",
                      "Freezes an account: no placing, reserving, submitting or pay-outs; refunds and captures go on",
                      "  dropledger account freeze alice --reason 'identity check'");
  add_command<Unfreeze>(line, *group, "unfreeze", "Ends a freeze",
                        "  dropledger account unfreeze alice --reason 'identity confirmed'");
  add_command<Close>(
      line, *group, "close",
      "Closes an account: cancels what can be cancelled, and closes once nothing is open and the balance is zero",
      "  dropledger account close alice --reason 'customer left' --pay-out-to bank");
  add_account_explain(line, *group);
}

}  // namespace cli
