#include "tools/operations/preview.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace operations {
namespace {

using engine::Backorder;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::Money;
using engine::UtcTime;

std::vector<Backorder> of_states(engine::LedgerStore& store, std::optional<engine::CustomerId> customer, std::vector<engine::State> states) {
  engine::BackorderQuery query;
  query.states = std::move(states);
  query.customer = customer;
  query.order = engine::BackorderQuery::Order::customer;
  return store.backorders(query);
}

// The facts that the plans are made from, with what is imagined.
struct Facts {
  std::vector<Customer> customers;  // by id
  std::vector<Backorder> requested, active;  // by customer
  std::unordered_map<std::int64_t, std::vector<engine::PayIn>> pay_ins;  // by customer, by time
};

engine::Result<Facts> imagine(engine::LedgerStore& store, const PreviewQuery& query) {
  Facts facts;
  if (query.customer) {
    if (auto one = store.customer(*query.customer)) facts.customers.push_back(*std::move(one));
  } else {
    facts.customers = store.customers();
  }
  facts.requested = of_states(store, query.customer, {engine::State::requested});
  facts.active = of_states(store, query.customer, {engine::State::active});
  std::erase_if(facts.active, [](const Backorder& one) { return one.job_may_exist(); });
  for (const engine::BackorderId id : query.what_if.without) {
    const std::optional<Backorder> found = store.backorder(id);
    const std::string which = "backorder " + std::to_string(id.value());
    if (!found) return Error{ErrorCode::backorder_not_found, "there is no " + which + "; see 'backorder list'"};
    if (is_final(found->state)) return Error{ErrorCode::impossible_step, which + " has ended as " + std::string(name(found->state)) + ": nothing is left to drop"};
    if (found->job_may_exist()) {
      return Error{ErrorCode::job_may_exist, which + " has a job at the provider: its deposit returns only once the job's deletion is confirmed"};
    }
    const auto is_it = [id](const Backorder& one) { return one.id == id; };
    const bool was_held = std::erase_if(facts.active, is_it) > 0;
    std::erase_if(facts.requested, is_it);
    const auto owner = std::ranges::find(facts.customers, found->customer, &Customer::id);
    if (!was_held || owner == facts.customers.end()) continue;
    owner->available += *found->deposit;
    owner->reserved -= *found->deposit;
  }
  for (const auto& [id, priority] : query.what_if.priorities) {
    const auto found = std::ranges::find(facts.requested, id, &Backorder::id);
    if (found != facts.requested.end()) {
      found->priority = priority;
      continue;
    }
    const std::optional<Backorder> other = store.backorder(id);
    if (!other) return Error{ErrorCode::backorder_not_found, "there is no backorder " + std::to_string(id.value()) + "; see 'backorder list'"};
    if (other->state != engine::State::requested) {
      return Error{ErrorCode::impossible_step, "backorder " + std::to_string(id.value()) + " is " + std::string(name(other->state)) + ": its priority matters no more"};
    }
  }
  for (const WhatIf::TopUp& one : query.what_if.top_ups) facts.pay_ins[one.customer.value()].push_back(one.pay_in);
  for (auto& [customer, money] : facts.pay_ins) std::ranges::stable_sort(money, {}, &engine::PayIn::at);
  return facts;
}

class Calendar {
 public:
  void add(const AccountPreview& account) {
    const engine::Currency currency = account.customer.currency;
    const Money zero = Money::zero(currency);
    Money left = account.customer.spendable();
    start_.try_emplace(currency, zero).first->second += left;
    for (const PreviewRow& row : account.rows) {
      const engine::FundingVerdict& verdict = row.verdict;
      if (verdict.verdict != engine::Verdict::funded && verdict.verdict != engine::Verdict::underfunded) continue;
      const engine::Day day = engine::day_of(*verdict.decided_at);
      CalendarDay& entry = days_.try_emplace({currency, day}, CalendarDay{day, currency, 0, 0, zero, zero, zero}).first->second;
      const bool funded = verdict.verdict == engine::Verdict::funded;
      (funded ? entry.funded : entry.underfunded) += 1;
      (funded ? entry.funded_amount : entry.underfunded_amount) += *verdict.amount;
      entry.left += verdict.spendable_after - left;  // a change, until all() sums it up
      left = verdict.spendable_after;
    }
  }
  std::vector<CalendarDay> all() const {
    std::vector<CalendarDay> rows;
    std::map<engine::Currency, Money> left = start_;
    for (const auto& [key, day] : days_) {
      rows.push_back(day);
      rows.back().left = left.at(key.first) += day.left;
    }
    return rows;
  }

 private:
  std::map<engine::Currency, Money> start_;
  std::map<std::pair<engine::Currency, engine::Day>, CalendarDay> days_;
};

// The rows of one customer, from the front of rows that lie together by customer.
std::span<const Backorder> take_rows(std::span<const Backorder>& rows, engine::CustomerId id) {
  std::size_t count = 0;
  while (count < rows.size() && rows[count].customer == id) ++count;
  const std::span<const Backorder> theirs = rows.first(count);
  rows = rows.subspan(count);
  return theirs;
}

}  // namespace

const PreviewRow* AccountPreview::first_short() const {
  const auto found = std::ranges::find_if(rows, [&](const PreviewRow& row) {
    return row.verdict.verdict == engine::Verdict::underfunded && row.verdict.decided_at == plan.top_up_by;
  });
  return found == rows.end() ? nullptr : &*found;
}

engine::Result<FundingPreview> preview(engine::LedgerStore& store, const PreviewQuery& query) {
  engine::Result<Facts> imagined = imagine(store, query);
  if (!imagined) return imagined.error();
  const Facts& facts = imagined.value();
  const engine::FundingDefaults defaults = store.settings().funding;
  FundingPreview report;
  Calendar calendar;
  JobCosts jobs(store, query.now, query.horizon);
  std::span<const Backorder> requested = facts.requested, active = facts.active;
  for (const Customer& customer : facts.customers) {
    for (const Backorder& backorder : take_rows(active, customer.id)) jobs.add(backorder, customer, query.now);
    const std::span<const Backorder> theirs = take_rows(requested, customer.id);
    if (theirs.empty()) continue;
    const auto money = facts.pay_ins.find(customer.id.value());
    const std::span<const engine::PayIn> pay_ins = money == facts.pay_ins.end() ? std::span<const engine::PayIn>() : money->second;
    AccountPreview account{customer, engine::plan_funding(customer, theirs, store.price_list(), defaults, query.now, query.horizon, pay_ins), {}};
    std::unordered_map<std::int64_t, const Backorder*> by_id;
    for (const Backorder& backorder : theirs) by_id.emplace(backorder.id.value(), &backorder);
    for (const engine::FundingVerdict& verdict : account.plan.verdicts) {
      const Backorder& backorder = *by_id.at(verdict.backorder.value());
      account.rows.push_back({backorder, verdict});
      if (verdict.verdict == engine::Verdict::funded) jobs.add(backorder, customer, *verdict.decided_at);
    }
    calendar.add(account);
    report.accounts.push_back(std::move(account));
  }
  report.calendar = calendar.all();
  report.jobs = jobs.days();
  report.uncosted = jobs.uncosted();
  return report;
}

}  // namespace operations
