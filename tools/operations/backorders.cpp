#include "tools/operations/backorders.hpp"

#include <algorithm>
#include <set>

#include "tools/operations/jobs.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::BackorderQuery;
using engine::Changes;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::to_string;

Facts facts_of(const Backorder& backorder, const std::string& account, bool already_open) {
  Facts facts;
  facts.reserve(11);
  facts.emplace_back("backorder", std::to_string(backorder.id.value()));
  facts.emplace_back("account", account);
  facts.emplace_back("domain", backorder.name.ace());
  facts.emplace_back("state", to_word(backorder.state));
  facts.emplace_back("already_open", already_open ? "yes" : "no");
  facts.emplace_back("quoted", to_string_with_code(backorder.quoted));
  facts.emplace_back("max_price", to_string_with_code(backorder.max_price));
  if (backorder.drop) {
    facts.emplace_back("drop_at", to_string(backorder.drop->drop_at));
    facts.emplace_back("deposit_due", to_string(backorder.drop->deposit_due));
    facts.emplace_back("deadline", to_string(backorder.drop->deadline));
  }
  if (holds_deposit(backorder.state)) facts.emplace_back("deposit", to_string_with_code(*backorder.deposit));
  return facts;
}

engine::PlaceOrder as_sold(const Context& context, const engine::PlaceOrder& wanted) {
  engine::PlaceOrder order = wanted;
  order.name = engine::sold_name(wanted.name, context.store.schedules());
  return order;
}

Facts place_content(const std::string& account, const engine::PlaceOrder& order) {
  return {{"request", "place"},
          {"account", account},
          {"domain", order.name.ace()},
          {"another", order.allow_duplicate ? "1" : "0"},
          {"max_price", order.max_price ? to_string_with_code(*order.max_price) : ""},
          {"priority", std::to_string(order.priority)}};
}

// Placements that wait to be written together. Of the facts of the next one they bear on two: which backorders of its
// name are open, and, inside the window, what else is due.
struct Waiting {
  const Context& context;
  Changes changes{};
  std::set<std::string> names{};

  void write() {
    ENSURE(bool(context.store.apply(changes, context.stamp())),
           "what was decided on the book as it stands is not refused");
    changes = {};
    names.clear();
  }
};

Result<Facts> decide_place(const Context& context, const std::string& account, const engine::PlaceOrder& order,
                           Changes& changes, Waiting* waiting = nullptr) {
  engine::LedgerStore& store = context.store;
  if (waiting != nullptr && waiting->names.contains(order.name.ace())) waiting->write();
  Result<Customer> found = customer_named(store, account);
  if (!found) return found.error();
  Customer& customer = found.value();
  BackorderQuery on_name;
  on_name.customer = customer.id;
  on_name.name = order.name.ace();
  on_name.open = true;
  const std::vector<Backorder> open = store.backorders(on_name);
  const std::vector<engine::Listing> listings = store.listings(order.name);
  const std::vector<std::string> listed_zones = store.listed_zones(order.name);
  const engine::FundingDefaults defaults = store.settings().funding;
  Result<engine::Placement> placement = engine::place(order,
                                                      {customer, open, listings, store.price_list(), store.schedules(),
                                                       defaults, store.next_backorder_id(), listed_zones},
                                                      context.now);
  if (!placement) return placement.error();
  Backorder& backorder = placement.value().backorder;
  if (placement.value().already_open) return facts_of(backorder, account, true);
  if (engine::is_inside_window(backorder, context.now)) {
    if (waiting != nullptr) waiting->write();
    BackorderQuery due;
    due.customer = customer.id;
    due.states = {engine::State::requested};
    due.due_by = context.now;
    Result<Changes> funded =
        engine::fund_placement(backorder, store.backorders(due), customer, store.price_list(), defaults, context.now);
    if (!funded) return funded.error();
    changes.append(std::move(funded).value());
  }
  changes.events.insert(changes.events.begin(), {engine::EventKind::placed,
                                                 customer.id,
                                                 backorder.id,
                                                 {},
                                                 {},
                                                 {},
                                                 "quoted " + to_string_with_code(backorder.quoted)});
  if (placement.value().conflict) {
    changes.events.insert(changes.events.begin() + 1,
                          {engine::EventKind::date_conflict,
                           customer.id,
                           backorder.id,
                           {},
                           {},
                           {},
                           "sources disagree; the earliest deadline binds: " + to_string(backorder.drop->deadline)});
  }
  changes.new_backorders.push_back(backorder);
  if (waiting != nullptr) waiting->names.insert(order.name.ace());
  return facts_of(backorder, account, false);
}

// A line of an import as an order; the amounts are read in the account's currency.
Result<engine::PlaceOrder> order_of(engine::LedgerStore& store, const ImportRow& row) {
  Result<engine::DomainName> name = engine::DomainName::parse(row.domain);
  if (!name) return name.error();
  engine::PlaceOrder order{
      .name = engine::sold_name(name.value(), store.schedules()),
      .allow_duplicate = row.allow_duplicate == "1" || row.allow_duplicate == "yes" || row.allow_duplicate == "true"};
  if (!order.allow_duplicate && !row.allow_duplicate.empty() && row.allow_duplicate != "0" &&
      row.allow_duplicate != "no" && row.allow_duplicate != "false") {
    return Error{ErrorCode::invalid_argument, "another '" + row.allow_duplicate + "' is neither yes nor no"};
  }
  if (!row.max_price.empty()) {
    const Result<Customer> customer = customer_named(store, row.account);
    if (!customer) return customer.error();
    const Result<engine::Money> cap = engine::parse_positive_money(row.max_price, customer.value().currency);
    if (!cap) return cap.error();
    order.max_price = cap.value();
  }
  if (!row.priority.empty()) {
    if (row.priority.size() > 3 || !std::ranges::all_of(row.priority, [](char c) { return c >= '0' && c <= '9'; })) {
      return Error{ErrorCode::invalid_argument,
                   "priority '" + row.priority + "' is not a number between 1 (first) and 999"};
    }
    order.priority = std::stoi(row.priority);
  }
  return order;
}

}  // namespace

Result<Reply> place(const Context& context, const RequestKey& request, const std::string& account,
                    const engine::PlaceOrder& wanted) {
  const engine::PlaceOrder order = as_sold(context, wanted);
  return run_request(context, request, place_content(account, order),
                     [&](Changes& changes) { return decide_place(context, account, order, changes); });
}

Result<Reply> place_once(const Context& context, const Customer& customer, const engine::PlaceOrder& wanted,
                         const std::string& id) {
  const engine::PlaceOrder order = as_sold(context, wanted);
  engine::LedgerStore& store = context.store;
  const std::string sender = "customer " + customer.name;
  std::string key = "id/" + id;
  if (id.empty()) {
    BackorderQuery on_name;
    on_name.customer = customer.id;
    on_name.name = order.name.ace();
    const std::vector<Backorder> before = store.backorders(on_name);
    int sequence = 1;
    for (const Backorder& one : before) {
      if (is_final(one.state)) continue;
      if (!order.allow_duplicate) return Reply{"", true, facts_of(one, customer.name, true)};
      sequence = std::max(sequence, one.sequence + 1);
    }
    const auto drop =
        engine::binding_drop(store.listings(order.name), store.schedules().of(order.name.ace()), context.now).drop;
    key = "place/" + order.name.ace() + "/" + std::to_string(sequence) + "/" +
          (drop ? to_string(drop->drop_at) : "undated") + "/" + std::to_string(before.size());
  }
  return answer_request(context, {sender, key, !id.empty()}, place_content(customer.name, order),
                        [&](Changes& changes) { return decide_place(context, customer.name, order, changes); });
}

std::vector<Result<ImportedBackorder>> import_backorders(const Context& context, const std::string& sender,
                                                         const std::string& batch, const std::vector<ImportRow>& rows,
                                                         bool keep_going,
                                                         const std::function<void(std::size_t)>& progress, bool& kept) {
  constexpr std::size_t kRowsInOneStatement = 256;
  UnitOfWork work(context);
  Waiting waiting{.context = context};
  std::vector<Result<ImportedBackorder>> results;
  results.reserve(rows.size());
  bool sound = true;
  const bool is_new = !context.store.has_requests(sender, batch + ":");
  for (const ImportRow& row : rows) {
    const Result<engine::PlaceOrder> order = order_of(context.store, row);
    const Result<Reply> reply =
        order ? answer_request(
                    context, {.sender = sender, .key = batch + ":" + std::to_string(row.line), .is_known_new = is_new},
                    place_content(row.account, order.value()),
                    [&](Changes& changes) {
                      return decide_place(context, row.account, order.value(), changes, &waiting);
                    },
                    &waiting.changes)
              : Result<Reply>(order.error());
    if (waiting.changes.requests.size() >= kRowsInOneStatement) waiting.write();
    sound = sound && bool(reply);
    if (reply) {
      const Reply& placed = reply.value();
      results.emplace_back(ImportedBackorder{placed.replayed || placed.fact("already_open") == "yes",
                                             std::string(placed.fact("backorder")), std::string(placed.fact("state"))});
    } else {
      results.emplace_back(reply.error());
    }
    if (progress) progress(results.size());
  }
  waiting.write();
  kept = sound || keep_going;
  if (kept) work.keep();
  return results;
}

namespace {

Facts cancel_content(std::int64_t id, engine::By by, const std::string& why) {
  return {{"request", "cancel"},
          {"backorder", std::to_string(id)},
          {"by", by == engine::By::customer ? "customer" : "operator"},
          {"why", why}};
}

Result<Facts> decide_cancel(const Context& context, std::int64_t id, engine::By by, const std::string& why,
                            bool& needs_deletion, Changes& changes) {
  Result<Backorder> found = backorder_numbered(context.store, id);
  if (!found) return found.error();
  Backorder& backorder = found.value();
  Customer customer = context.store.customer(backorder.customer).value();
  if (const auto refused = forbidden(customer.state, engine::AccountOperation::cancel)) {
    return Error{*refused, "account " + customer.name + " is closed"};
  }
  const Result<engine::Cancelling> done = engine::cancel(changes, backorder, customer, by, why, context.now);
  if (!done) return done.error();
  needs_deletion = done.value() == engine::Cancelling::needs_deletion;
  const bool refunded = !changes.transfers.empty();
  return Facts{{"backorder", std::to_string(id)},
               {"account", customer.name},
               {"domain", backorder.name.ace()},
               {"state", std::string(to_word(backorder.state))},
               {"deletion", needs_deletion ? "by_next_sweep" : "not_needed"},
               {"refunded", refunded ? to_string_with_code(*backorder.deposit) : ""}};
}

// Deletes the job of a backorder that was cancelled, at once instead of by the next sweep.
Result<Reply> delete_cancelled(const Context& context, std::int64_t id, engine::BackorderProvider& provider,
                               Result<Reply> reply) {
  const Backorder marked = context.store.backorder(engine::BackorderId(id)).value();
  if (marked.open_call || !marked.application) return reply;  // looked up by the next sweep, then deleted
  const SweepOptions options;
  SweepRun run{context, options, {}};
  const Result<engine::Deletion> deletion = delete_job(run, provider, marked.id);
  if (!deletion) return deletion.error();
  const Backorder after = context.store.backorder(marked.id).value();
  for (auto& [field, value] : reply.value().facts) {
    if (field == "state") value = to_word(after.state);
    if (field == "refunded" && deletion.value() == engine::Deletion::confirmed)
      value = to_string_with_code(*after.deposit);
    if (field != "deletion") continue;
    value = deletion.value() == engine::Deletion::confirmed ? "confirmed"
            : deletion.value() == engine::Deletion::refused ? "refused"
                                                            : "unknown";
  }
  if (deletion.value() == engine::Deletion::refused) {
    return Error{ErrorCode::too_late,
                 "backorder " + std::to_string(id) + ": the provider does not delete the job any more; it runs on"};
  }
  return reply;
}

RequestKey key_of(const RequestKey& request, std::size_t place, std::size_t of) {
  RequestKey one = request;
  if (!one.key.empty() && of > 1) one.key += ":" + std::to_string(place + 1);
  return one;
}

// What of a backorder was posted without tax: its capture, or the charge after a late success.
engine::UntaxedSupply untaxed_supply(engine::LedgerStore& store, const Backorder& backorder) {
  engine::TransferQuery query;
  query.customer = backorder.customer;
  query.backorder = backorder.id;
  query.kinds = {engine::TransferKind::capture, engine::TransferKind::late_charge};
  std::optional<engine::UntaxedSupply> found;
  store.each_transfer(query, [&](const engine::Transfer& transfer) {
    found = {transfer.id, transfer.amount, transfer.effective_at};
  });
  ENSURE(found.has_value(), "the case is about a supply");
  return *found;
}

}  // namespace

Result<Reply> cancel(const Context& context, const RequestKey& request, std::int64_t id, engine::By by,
                     const std::string& why, engine::BackorderProvider* provider) {
  bool needs_deletion = false;
  Result<Reply> reply = run_request(context, request, cancel_content(id, by, why), [&](Changes& changes) {
    return decide_cancel(context, id, by, why, needs_deletion, changes);
  });
  if (!reply || !needs_deletion || provider == nullptr || context.dry_run) return reply;
  return delete_cancelled(context, id, *provider, std::move(reply));
}

Answers place_all(const Context& context, const RequestKey& request, const std::string& account,
                  const std::vector<engine::PlaceOrder>& orders) {
  Answers answers;
  if (orders.size() == 1) {
    answers.replies.push_back(place(context, request, account, orders.front()));
    answers.kept = bool(answers.replies.front());
    return answers;
  }
  UnitOfWork work(context);
  answers.kept = true;
  for (const engine::PlaceOrder& order : orders) {
    answers.replies.push_back(
        answer_request(context, key_of(request, answers.replies.size(), orders.size()), place_content(account, order),
                       [&](Changes& changes) { return decide_place(context, account, order, changes); }));
    answers.kept = answers.kept && bool(answers.replies.back());
  }
  if (answers.kept) work.keep();
  return answers;
}

Answers cancel_all(const Context& context, const RequestKey& request, const std::vector<std::int64_t>& backorders,
                   engine::By by, const std::string& why, engine::BackorderProvider* provider) {
  Answers answers;
  if (backorders.size() == 1) {
    answers.replies.push_back(cancel(context, request, backorders.front(), by, why, provider));
    answers.kept = bool(answers.replies.front());
    return answers;
  }
  std::vector<bool> needs_deletion(backorders.size(), false);
  {
    UnitOfWork work(context);
    answers.kept = true;
    for (std::size_t i = 0; i < backorders.size(); ++i) {
      bool deletes = false;
      answers.replies.push_back(answer_request(
          context, key_of(request, i, backorders.size()), cancel_content(backorders[i], by, why),
          [&](Changes& changes) { return decide_cancel(context, backorders[i], by, why, deletes, changes); }));
      needs_deletion[i] = deletes;
      answers.kept = answers.kept && bool(answers.replies.back());
    }
    if (answers.kept) work.keep();
  }
  if (!answers.kept || provider == nullptr || context.dry_run) return answers;
  for (std::size_t i = 0; i < backorders.size(); ++i) {
    if (needs_deletion[i])
      answers.replies[i] = delete_cancelled(context, backorders[i], *provider, std::move(answers.replies[i]));
  }
  return answers;
}

Result<Reply> resolve(const Context& context, const RequestKey& request, std::int64_t case_id,
                      engine::Resolution resolution, const std::string& why, const std::optional<engine::Money>& amount,
                      engine::BackorderProvider* provider) {
  const Facts content{{"request", "resolve"},
                      {"case", std::to_string(case_id)},
                      {"as", std::string(to_word(resolution))},
                      {"why", why},
                      {"amount", amount ? to_string_with_code(*amount) : ""}};
  engine::CaseQuery query;
  query.id = engine::CaseId(case_id);
  query.open_only = false;
  // Proof of absence is asked for before the unit of work: nobody waits for a provider with the book locked.
  bool absent = false;
  const std::vector<engine::Case> before = context.store.cases(query);
  const std::optional<Backorder> concerned =
      before.empty() || !before.front().backorder ? std::nullopt : context.store.backorder(*before.front().backorder);
  const bool releases = resolution == engine::Resolution::failed || resolution == engine::Resolution::give_up ||
                        resolution == engine::Resolution::resubmit;
  if (concerned && releases && !is_final(concerned->state)) {
    if (provider == nullptr) {
      return Error{ErrorCode::job_may_exist,
                   "no provider is configured to prove that the job is gone; no deposit is released without that"};
    }
    const engine::Result<bool> looked = is_job_absent(context.store, *provider, *concerned);
    if (!looked) return looked.error();
    absent = looked.value();
  }
  std::optional<engine::ProviderJob> job;
  std::optional<engine::ProviderCall> open_call;
  if (concerned && resolution == engine::Resolution::adopt) {
    if (provider == nullptr)
      return Error{ErrorCode::provider_unreachable, "no provider is configured that could show the job"};
    const std::string& application = before.front().subject;
    const engine::ProviderAnswer answer = provider->status(application);
    const std::string instead = engine::about_another(answer, application, concerned->name);
    if (answer.delivery != engine::Delivery::answered || !instead.empty()) {
      return Error{ErrorCode::provider_unreachable,
                   provider->environment() + ": " + (instead.empty() ? answer.text : "an answer about " + instead)};
    }
    if (!context.store.backorder_of_application(application)) job = answer.job;
    for (const engine::ProviderCall& call : context.store.calls(concerned->id)) {
      if (concerned->open_call == call.id) open_call = call;
    }
  }
  if (concerned && resolution == engine::Resolution::delete_job && !context.dry_run) {
    if (provider == nullptr)
      return Error{ErrorCode::provider_unreachable, "no provider is configured to delete the job at"};
    const engine::ProviderAnswer answer = order_removal(context, *provider, *concerned, before.front().subject);
    const engine::Meaning meaning = engine::meaning_of_order(answer);
    if (meaning != engine::Meaning::success && meaning != engine::Meaning::gone) {
      return Error{ErrorCode::provider_refused, "the provider did not delete application " + before.front().subject +
                                                    ": " + std::to_string(answer.code) + " " + answer.text};
    }
  }
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    const std::vector<engine::Case> found = context.store.cases(query);
    if (found.empty())
      return Error{ErrorCode::case_not_found, "there is no case " + std::to_string(case_id) + "; see 'cases'"};
    const engine::Case& one = found.front();
    Facts facts{{"case", std::to_string(case_id)},
                {"kind", std::string(to_word(one.kind))},
                {"decision", std::string(to_word(resolution))}};
    if (!one.backorder) {
      if (one.closed_at)
        return Error{ErrorCode::case_not_open, "case " + std::to_string(case_id) + " is closed already"};
      const engine::Status allowed = engine::check_resolution(one.kind, resolution);
      if (!allowed) return allowed.error();
      if (why.empty()) return Error{ErrorCode::invalid_argument, "a decision needs its reason or evidence"};
      changes.closed_cases.push_back({one.id, std::string(to_word(resolution)) + ": " + why});
      return facts;
    }
    Backorder backorder = context.store.backorder(*one.backorder).value();
    Customer customer = context.store.customer(backorder.customer).value();
    engine::ResolutionFacts decided{.resolution = resolution,
                                    .why = why,
                                    .amount = amount,
                                    .job_absent = absent,
                                    .job = job,
                                    .open_call = open_call,
                                    .now = context.now};
    engine::UtcTime tax_point = context.now;
    if (one.kind == engine::CaseKind::untaxed) {
      decided.untaxed = untaxed_supply(context.store, backorder);
      tax_point = decided.untaxed->tax_point;
      if (const auto closed = context.store.book().closed_until; closed && tax_point < *closed)
        decided.untaxed->tax_point = context.now;  // a late fact: it goes into the open period
    }
    decided.tax = engine::decide_tax(context.store.settings(), context.store.tax_rates(), customer, tax_point);
    const engine::Status done = engine::resolve_case(changes, one, backorder, customer, decided);
    if (!done) return done.error();
    facts.emplace_back("backorder", std::to_string(backorder.id.value()));
    facts.emplace_back("state", std::string(to_word(backorder.state)));
    return facts;
  });
}

}  // namespace operations
