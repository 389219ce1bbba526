#include "tools/operations/feeds.hpp"

#include <algorithm>

#include "tools/operations/backorders.hpp"

namespace operations {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

void keep_feed(const Context& context, engine::ListFeed feed, bool changed) {
  UnitOfWork work(context);
  feed.looked_at = context.now;
  if (changed) feed.changed_at = context.now;
  context.store.put_list_feed(feed);
  work.keep();
}

Result<std::int64_t> add_watch(const Context& context, const Watch& watch) {
  UnitOfWork work(context);
  const Result<engine::Customer> customer = customer_named(context.store, watch.account);
  if (!customer) return customer.error();
  if (watch.filter.empty())
    return Error{ErrorCode::invalid_argument, "a standing order for every name is none; say a pattern"};
  const Result<NameMatcher> matcher = NameMatcher::make(watch.filter);
  if (!matcher) return matcher.error();
  const engine::Currency currency = customer.value().currency;
  if (watch.budget.currency() != currency || (watch.max_price && watch.max_price->currency() != currency))
    return Error{ErrorCode::currency_mismatch, "account " + watch.account + " is in " + std::string(currency.code())};
  const std::int64_t id = context.store.put_standing_order({.id = 0,
                                                            .customer = customer.value().id,
                                                            .filter = to_text(watch.filter),
                                                            .max_price = watch.max_price,
                                                            .budget = watch.budget,
                                                            .used = engine::Money::zero(currency),
                                                            .proposes = watch.proposes,
                                                            .made_at = context.now});
  work.keep();
  return id;
}

engine::Status end_watch(const Context& context, std::int64_t id) {
  UnitOfWork work(context);
  std::vector<engine::StandingOrder> orders = context.store.standing_orders();
  const auto order = std::ranges::find(orders, id, &engine::StandingOrder::id);
  if (order == orders.end() || order->ended_at)
    return Error{ErrorCode::invalid_argument, "there is no standing order " + std::to_string(id) + " that goes on"};
  order->ended_at = context.now;
  context.store.put_standing_order(*order);
  work.keep();
  return engine::Unit{};
}

namespace {

// Answers one order for one name. Each name is a request of its own, so a repeated import places nothing twice.
WatchAnswer answer(const Context& context, engine::StandingOrder& order, const std::string& account,
                   const engine::ListedRow& row) {
  const engine::DomainName& name = row.listed.name;
  WatchAnswer result{order.id, name.ace()};
  engine::LedgerStore& store = context.store;
  const engine::Customer customer = store.customer(order.customer).value();
  const std::optional<std::string> zone = store.price_list().zone_of(name);
  const std::optional<engine::Money> price =
      zone ? store.price_list().price(*zone, customer.tier, customer.currency, context.now) : std::nullopt;
  if (!price) {
    result.refused = "no price";
    return result;
  }
  const engine::Money cap = order.max_price.value_or(*price);
  if (order.used + cap > order.budget) {
    result.refused = "the budget of " + to_string_with_code(order.budget) + " leaves " +
                     to_string_with_code(order.budget - order.used);
    return result;
  }
  std::optional<engine::BackorderId> placed;
  if (!order.proposes) {
    const Result<Reply> reply =
        place(context, {.sender = "watch", .key = std::to_string(order.id) + "/" + name.ace(), .keep_refusals = false},
              account, {.name = name, .max_price = cap});
    if (!reply) {
      result.refused = reply.error().detail;
      return result;
    }
    result.backorder = std::stoll(std::string(reply.value().fact("backorder")));
    if (context.dry_run) return result;
    placed = engine::BackorderId(*result.backorder);
    if (reply.value().fact("already_open") != "yes") order.used += cap;
  }
  UnitOfWork work(context);
  if (order.proposes) {
    engine::Changes changes;
    changes.events.push_back({engine::EventKind::marked,
                              order.customer,
                              {},
                              {},
                              {},
                              {},
                              "standing order " + std::to_string(order.id) + " proposes " + name.ace() + " for " +
                                  to_string_with_code(*price)});
    ENSURE(bool(store.apply(changes, context.stamp())), "an event is not refused");
  }
  store.answer_standing_order(order.id, name, placed);
  store.put_standing_order(order);
  work.keep();
  return result;
}

}  // namespace

std::vector<WatchAnswer> answer_watches(const Context& context, std::int64_t list) {
  std::vector<WatchAnswer> answers;
  for (engine::StandingOrder& order : context.store.standing_orders()) {
    if (order.ended_at) continue;
    const Result<NameFilter> filter = parse_name_filter(order.filter);
    const Result<NameMatcher> matcher =
        filter ? NameMatcher::make(filter.value()) : Result<NameMatcher>(filter.error());
    ENSURE(bool(matcher), "a standing order's filter can be read: it was when it was made");
    const std::string account = context.store.customer(order.customer).value().name;
    engine::ListedQuery query;
    query.from = context.now;
    query.pattern = ace_glob(filter.value().pattern);
    query.zone = filter.value().zone;
    query.accepts = [&](const engine::DomainName& name) { return matcher.value()(name); };
    std::vector<engine::ListedRow> found;
    context.store.each_listed(query, [&](const engine::ListedRow& row) {
      if (row.listed.list == list && !row.listed.missing) found.push_back(row);
    });
    std::ranges::sort(found, {}, [](const engine::ListedRow& row) { return row.listed.name; });
    for (const engine::ListedRow& row : found) {
      if (!context.store.is_answered(order.id, row.listed.name))
        answers.push_back(answer(context, order, account, row));
    }
  }
  return answers;
}

}  // namespace operations
