// Backorders: placing, importing, cancelling, looking at one, and closing cases by a person's decision.
#include <sodium.h>

#include <algorithm>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/named.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/formats/csv.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::Backorder;
using engine::Error;
using engine::ErrorCode;
using engine::to_string;

std::optional<engine::UtcTime> instant_of(const Backorder& backorder, engine::UtcTime engine::Drop::*which) {
  return backorder.drop ? std::optional((*backorder.drop).*which) : std::nullopt;
}
std::string reason_of(const Backorder& backorder) {
  return backorder.reason ? std::string(to_word(*backorder.reason)) : "";
}

// The results of several arguments: one row each, and whether anything is kept.
int print_answers(Session& session, render::Table table, const operations::Answers& answers,
                  const std::string& undone) {
  const bool stays = answers.kept && !session.globals().dry_run;
  table.add_fact("kept", stays);
  if (session.globals().dry_run) table.add_fact("dry_run", true);
  session.print(table);
  if (!answers.kept) session.note(undone + ": some were refused, so none is kept");
  if (session.globals().dry_run) session.note("dry run: nothing was changed");
  for (const auto& reply : answers.replies) {
    if (!reply) return static_cast<int>(engine::error_class(reply.error().code));
  }
  return 0;
}

struct Place {
  std::string account, max_price;
  std::vector<std::string> domains;
  int priority = 100;
  bool allow_duplicate = false;
  void bind(CLI::App& app) {
    app.add_option("account", account, "Account of the customer")->type_name("NAME")->required();
    app.add_option("domains", domains, "Names, Unicode or ACE")->type_name("DOMAIN")->required();
    app.add_option("--max-price", max_price, "Highest deposit to reserve (default: the price today)")
        ->type_name("AMOUNT");
    app.add_option("--priority", priority, "Priority: 1 is funded first, 999 last")->capture_default_str();
    app.add_flag("--another", allow_duplicate, "Place a further backorder although one is open for the same name");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Customer customer = session.account(account);
    std::vector<engine::PlaceOrder> orders;
    for (const std::string& domain : domains) {
      engine::PlaceOrder order{.name = value_or_throw(engine::DomainName::parse(domain)),
                               .allow_duplicate = allow_duplicate,
                               .max_price = {},
                               .priority = priority};
      if (!max_price.empty()) order.max_price = session.amount(max_price, customer.currency);
      orders.push_back(std::move(order));
    }
    const operations::Answers answers = operations::place_all(context, session.request(), account, orders);
    if (domains.size() > 1) return print_answers(session, table_of(orders, answers), answers, "nothing was placed");
    const operations::Reply reply = value_or_throw(answers.replies.front());
    const bool open = reply.fact("already_open") == "yes";
    std::string line = std::string(open ? "already open: " : "placed ") + "backorder " +
                       std::string(reply.fact("backorder")) + " of " + account + " for " +
                       std::string(reply.fact("domain")) + ", " + std::string(reply.fact("state")) + ", cap " +
                       std::string(reply.fact("max_price"));
    if (!reply.fact("deposit_due").empty()) {
      line += ", deposit due " + std::string(reply.fact("deposit_due"));
    } else {
      line += ", undated: no list names it yet";
    }
    session.answer(reply, "dropledger.placed/1", line);
    return 0;
  }

 private:
  static render::Table table_of(const std::vector<engine::PlaceOrder>& orders, const operations::Answers& answers) {
    render::Table table;
    table.schema = "dropledger.placements/1";
    table.columns = {{"domain", "", render::Kind::domain},
                     {"result"},
                     {"backorder"},
                     {"state"},
                     {"max_price"},
                     {"deposit_due"},
                     {"request"},
                     {"detail", "", render::Kind::text, true}};
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const auto& reply = answers.replies[i];
      if (!reply) {
        table.add(orders[i].name, to_word(reply.error().code), "", "", "", "", "", reply.error().detail);
        continue;
      }
      const operations::Reply& one = reply.value();
      const char* result = one.replayed ? "replayed" : one.fact("already_open") == "yes" ? "already_open" : "placed";
      table.add(orders[i].name, result, answers.kept ? one.fact("backorder") : "", one.fact("state"),
                one.fact("max_price"), one.fact("deposit_due"), answers.kept ? one.key : "", "");
    }
    return table;
  }
};

struct Import {
  std::string file;
  bool keep_going = false;
  void bind(CLI::App& app) {
    app.add_option("rows", file, "CSV file with the header account,domain[,max_price][,priority][,another]; - is stdin")
        ->type_name("FILE")
        ->required();
    app.add_flag("--keep-going", keep_going, "Place the accepted lines even where others are refused");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const std::string bytes = session.read_input(file);
    constexpr formats::CsvColumn kColumns[] = {
        {"account", true}, {"domain", true}, {"max_price", false}, {"priority", false}, {"another", false}};
    const formats::CsvRows csv = value_or_throw(formats::read_csv(bytes, kColumns));
    std::vector<operations::ImportRow> rows;
    for (const formats::CsvRow& row : csv.rows)
      rows.push_back({row.line, row.fields[0], row.fields[1], row.fields[2], row.fields[3], row.fields[4]});
    render::Table table;
    table.schema = "dropledger.backorder-import/1";
    table.columns = {{"line", "", render::Kind::number},      {"account"}, {"domain"}, {"result"}, {"backorder"},
                     {"detail", "", render::Kind::text, true}};
    bool sound = csv.faults.empty();
    for (const formats::CsvFault& fault : csv.faults)
      table.add(fault.line, "", "", to_word(ErrorCode::invalid_list), "", fault.what);
    bool kept = false;
    std::int64_t placed = 0;
    if (sound || keep_going) {
      render::Progress progress("backorders", rows.size());
      const auto results = operations::import_backorders(
          context, session.globals().sender, "import-" + hash_of(bytes), rows, keep_going,
          [&](std::size_t done) { progress.at(done); }, kept);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& [line, account, domain, max_price, priority, allow_duplicate] = rows[i];
        if (results[i]) {
          const operations::ImportedBackorder& one = results[i].value();
          placed += one.already_open ? 0 : 1;
          table.add(line, account, domain, one.already_open ? "already_open" : "placed", kept ? one.id : "", one.state);
        } else {
          sound = false;
          table.add(line, account, domain, to_word(results[i].error().code), "", results[i].error().detail);
        }
      }
    }
    const bool stays = kept && !session.globals().dry_run;
    table.add_fact("placed", stays ? placed : 0);
    table.add_fact("kept", stays);
    session.print(table);
    if (sound) return 0;
    if (kept) {
      session.note("some lines were refused; the others are placed");
    } else {
      session.note("nothing was placed: some lines were refused (--keep-going places the others)");
    }
    return static_cast<int>(engine::ErrorClass::bad_input);
  }

 private:
  // Names the file's content, so that importing it again repeats its requests instead of making new ones.
  static std::string hash_of(const std::string& bytes) {
    unsigned char hash[16];
    crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr,
                       0);
    char text[2 * sizeof hash + 1];
    sodium_bin2hex(text, sizeof text, hash, sizeof hash);
    return text;
  }
};

struct Cancel {
  std::vector<std::string> ids;
  std::string by = "customer", reason;
  void bind(CLI::App& app) {
    app.add_option("backorders", ids, "Number or domain name of a backorder")->type_name("ID")->required();
    app.add_option("--by", by, "Who cancels; a customer may until the deadline")
        ->check(CLI::IsMember({"customer", "operator"}))
        ->capture_default_str();
    app.add_option("--reason", reason, "Reason, kept with the backorder")->type_name("TEXT");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    std::vector<std::int64_t> numbers;
    for (const std::string& id : ids) numbers.push_back(backorder_named(context.store, id).id.value());
    ProviderConnection connection(session);
    const operations::Answers answers = operations::cancel_all(
        context, session.request(), numbers, by == "customer" ? engine::By::customer : engine::By::operator_, reason,
        connection.get());
    if (ids.size() > 1) return print_answers(session, table_of(numbers, answers), answers, "nothing was cancelled");
    const operations::Reply reply = value_or_throw(answers.replies.front());
    std::string line = "backorder " + std::string(reply.fact("backorder")) + " (" + std::string(reply.fact("domain")) +
                       ") is " + std::string(reply.fact("state"));
    if (!reply.fact("refunded").empty()) line += ", refunded " + std::string(reply.fact("refunded"));
    if (reply.fact("state") != "CANCELLED")
      line += ": the deposit follows the confirmed deletion of its job (" + std::string(reply.fact("deletion")) + ")";
    session.answer(reply, "dropledger.cancelled/1", line);
    return 0;
  }

 private:
  static render::Table table_of(const std::vector<std::int64_t>& numbers, const operations::Answers& answers) {
    render::Table table;
    table.schema = "dropledger.cancellations/1";
    table.columns = {{"backorder", "", render::Kind::number},
                     {"domain"},
                     {"result"},
                     {"state"},
                     {"refunded"},
                     {"deletion"},
                     {"request"},
                     {"detail", "", render::Kind::text, true}};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto& reply = answers.replies[i];
      if (!reply) {
        table.add(numbers[i], "", to_word(reply.error().code), "", "", "", "", reply.error().detail);
        continue;
      }
      const operations::Reply& one = reply.value();
      table.add(numbers[i], one.fact("domain"), one.replayed ? "replayed" : "cancelled", one.fact("state"),
                one.fact("refunded"), one.fact("deletion"), answers.kept ? one.key : "", "");
    }
    return table;
  }
};

struct List {
  std::string account, state, pattern;
  bool open = false, oldest_first = false;
  std::int64_t limit = 100;
  void bind(CLI::App& app) {
    app.add_option("--account", account, "Only this account")->type_name("NAME");
    app.add_option("--state", state, "Only this state, e.g. ACTIVE")->type_name("STATE");
    app.add_option("--name", pattern, "Only names of this pattern; * and ? stand for anything")->type_name("PATTERN");
    app.add_flag("--open", open, "Only backorders that have not ended");
    app.add_option("--limit,--last", limit, "Largest number of rows; 0 is all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_flag("--oldest-first", oldest_first, "List the oldest backorders first instead of the newest");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    engine::BackorderQuery query;
    if (!account.empty()) query.customer = session.account(account).id;
    if (!state.empty()) {
      const auto wanted = engine::parse_state(state);
      if (!wanted)
        throw CommandError{Error{ErrorCode::invalid_argument,
                                 "'" + state + "' is no state, such as REQUESTED, ACTIVE, PROCESSING or VOID"}};
      query.states = {*wanted};
    }
    if (open) query.open = true;
    query.name_pattern = pattern;
    query.descending = !oldest_first;
    query.limit = limit == 0 ? 0 : limit + 1;
    std::vector<Backorder> rows = store.backorders(query);
    render::Table table;
    table.schema = "dropledger.backorders/1";
    table.columns = {{"backorder", "", render::Kind::number},
                     {"account"},
                     {"domain", "", render::Kind::domain},
                     {"state"},
                     {"reason"},
                     {"deposit", "", render::Kind::money},
                     {"max_price", "", render::Kind::money},
                     {"deposit_due", "", render::Kind::time},
                     {"deadline", "", render::Kind::time},
                     {"drop_at", "", render::Kind::time}};
    table.when_empty = "No backorder matches.";
    if (limit != 0 && rows.size() > static_cast<std::size_t>(limit)) {
      rows.pop_back();
      table.truncated = true;
    }
    operations::AccountNames accounts(store);
    for (const Backorder& row : rows) {
      table.add(row.id, accounts.of(row.customer), row.name, to_word(row.state), reason_of(row), row.deposit,
                row.max_price, instant_of(row, &engine::Drop::deposit_due), instant_of(row, &engine::Drop::deadline),
                instant_of(row, &engine::Drop::drop_at));
    }
    session.print(table);
    return 0;
  }
};

render::Table record_of(engine::LedgerReader& store, const Backorder& row) {
  render::Table record;
  record.schema = "dropledger.backorder/2";
  record.add_fact("backorder", row.id);
  record.add_fact("account", store.customer(row.customer).value().name);
  record.add_fact("domain", row.name);
  record.add_fact("sequence", row.sequence);
  record.add_fact("zone", row.zone);
  record.add_fact("state", to_word(row.state));
  record.add_fact("reason", reason_of(row));
  record.add_fact("placed_at", row.placed_at);
  record.add_fact("priority", row.priority);
  record.add_fact("quoted", row.quoted);
  record.add_fact("max_price", row.max_price);
  record.add_fact("drop_at", instant_of(row, &engine::Drop::drop_at));
  record.add_fact("finalization_at", row.drop ? row.drop->finalization_at : std::nullopt);
  record.add_fact("deposit_due", instant_of(row, &engine::Drop::deposit_due));
  record.add_fact("deadline", instant_of(row, &engine::Drop::deadline));
  record.add_fact("deposit", row.deposit);
  record.add_fact("reserved_at", row.reserved_at);
  record.add_fact("application", row.application);
  record.add_fact("submitted_at", row.submitted_at);
  record.add_fact("provider_status", row.provider_status);
  record.add_fact("provider_status_at", row.provider_status_at);
  record.add_fact("auction_ends_at", row.auction_ends_at);
  record.add_fact("auction_price", row.auction_price);
  record.add_fact("ended_at", row.ended_at);
  record.add_fact("underfunded", row.underfunded);
  record.add_fact("cancelling", row.cancelling);
  record.add_fact("provider_balance_empty", row.provider_balance_empty);
  return record;
}

Backorder backorder_of(Session& session, const std::string& id) {
  return backorder_named(session.book_read_only(), id);
}

struct Show {
  std::string id;
  void bind(CLI::App& app) {
    app.add_option("backorder", id, "Number or domain name of a backorder")->type_name("ID")->required();
  }
  int run(Session& session) const {
    const Backorder row = backorder_of(session, id);
    session.print(record_of(session.book_read_only(), row));
    return 0;
  }
};

struct Resolve {
  std::string id, kind, decision, why, amount;
  bool all = false;
  void bind(CLI::App& app) {
    app.add_option("case", id, "Number of a case, from 'cases', or the domain name it is about")->type_name("ID");
    app.add_option("--kind", kind, "With --all: kind of the cases to decide")->type_name("KIND");
    app.add_flag("--all", all, "Decide all open cases of --kind alike; with --dry-run: list them, and decide none");
    app.add_option("--as", decision,
                   "The decision: failed, successful, resubmit, give-up, charge, operator-keeps, keep, goodwill, "
                   "delete, adopt, tax, acknowledge")
        ->type_name("DECISION")
        ->required();
    app.add_option("--why", why, "Reason, or the evidence seen")->type_name("TEXT")->required();
    app.add_option("--amount", amount, "Amount to credit as goodwill (default: the deposit)")->type_name("AMOUNT");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const auto resolution = engine::parse_resolution(decision);
    if (!resolution)
      throw CommandError{
          Error{ErrorCode::invalid_argument, "'" + decision + "' is no decision; see 'backorder resolve --help'"}};
    if (all || !kind.empty()) return resolve_all(session, context, *resolution);
    if (id.empty())
      throw CommandError{Error{ErrorCode::invalid_argument, "name a case, or --kind KIND --all; see 'cases'"}};
    const std::int64_t number = open_case_named(context.store, id);
    std::optional<engine::Money> money;
    if (!amount.empty()) {
      engine::CaseQuery query;
      query.id = engine::CaseId(number);
      const std::vector<engine::Case> found = context.store.cases(query);
      if (found.empty() || !found.front().customer)
        throw CommandError{Error{ErrorCode::case_not_found, "there is no open case " + id + " of an account"}};
      money = session.amount(amount, context.store.customer(*found.front().customer).value().currency);
    }
    ProviderConnection connection(session);
    const operations::Reply reply = value_or_throw(
        operations::resolve(context, session.request(), number, *resolution, why, money, connection.get()));
    session.answer(
        reply, "dropledger.resolved/1",
        "case " + std::to_string(number) + " (" + std::string(reply.fact("kind")) + ") closed as " + decision +
            (reply.fact("state").empty()
                 ? ""
                 : ": backorder " + std::string(reply.fact("backorder")) + " is " + std::string(reply.fact("state"))));
    return 0;
  }

 private:
  // Each case is a decision of its own: what is refused for one keeps the others from nothing, and is said.
  int resolve_all(Session& session, const operations::Context& context, engine::Resolution resolution) const {
    engine::CaseQuery query;
    query.kind = engine::parse_case_kind(kind);
    if (!id.empty() || !all || !query.kind || !amount.empty())
      throw CommandError{Error{ErrorCode::invalid_argument,
                               "many cases are decided with --kind KIND and --all, without a number or an amount"}};
    render::Table table;
    table.schema = "dropledger.resolved-all/1";
    table.columns = {{"case", "", render::Kind::number},
                     {"backorder", "", render::Kind::number},
                     {"domain"},
                     {"state"},
                     {"result", "", render::Kind::text, true}};
    table.when_empty = "No case of this kind is open.";
    ProviderConnection connection(session);
    int status = 0;
    std::int64_t done = 0;
    for (const engine::Case& one : context.store.cases(query)) {
      const engine::Result<operations::Reply> reply =
          operations::resolve(context, {.sender = session.globals().sender, .key = {}, .keep_refusals = false},
                              one.id.value(), resolution, why, {}, connection.get());
      const auto backorder = one.backorder ? context.store.backorder(*one.backorder) : std::nullopt;
      std::string result = context.dry_run ? "would be closed" : "closed";
      if (!reply) {
        result = std::string(to_word(reply.error().code)) + ": " + reply.error().detail;
        status = static_cast<int>(engine::error_class(reply.error().code));
      } else {
        ++done;
      }
      table.add(one.id, one.backorder, backorder ? backorder->name.unicode() : "",
                reply && backorder ? std::string(reply.value().fact("state"))
                : backorder        ? std::string(to_word(backorder->state))
                                   : "",
                result);
    }
    table.add_fact("kind", kind);
    table.add_fact("decision", decision);
    table.add_fact("closed", done);
    table.add_fact("dry_run", context.dry_run);
    session.print(table);
    if (context.dry_run) session.note("dry run: nothing was changed, and the provider was not asked");
    return status;
  }
};

}  // namespace

void add_backorder_commands(CommandLine& line) {
  CLI::App* group = add_group(line.app, "backorder",
                              "Backorders: placing is free, the deposit is reserved three days before the drop");
  add_command<Place>(line, *group, "place", "Places backorders, free of charge",
                     "  dropledger backorder place alice example.com käse.com\n  dropledger backorder place alice "
                     "example.com --max-price 80.00 --priority 1");
  add_command<Import>(line, *group, "import", "Places the backorders of a file, all or nothing",
                      "  dropledger backorder import orders.csv\n  printf 'account,domain\\nalice,example.com\\n' | "
                      "dropledger backorder import -");
  add_command<Cancel>(
      line, *group, "cancel", "Cancels backorders; held deposits return",
      "  dropledger backorder cancel 17\n  dropledger backorder cancel 17 --by operator --reason 'letter of 3 May'");
  add_command<List>(
      line, *group, "list", "Lists backorders, newest first",
      "  dropledger backorder list --account alice --open\n  dropledger backorder list --state VOID --format csv");
  add_command<Show>(line, *group, "show", "Shows everything kept about one backorder",
                    "  dropledger backorder show 17");
  add_command<Resolve>(
      line, *group, "resolve", "Closes a case by the decision of a person",
      "  dropledger backorder resolve 3 --as failed --why 'provider confirmed by mail'\n  dropledger "
      "backorder resolve 4 --as charge --why 'registered after all'\n  dropledger backorder resolve --kind "
      "missing_from_list --all --as acknowledge --why 'short list of 3 May' --dry-run");
  add_backorder_explain(line, *group);
}

}  // namespace cli
