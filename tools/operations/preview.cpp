#include "tools/operations/preview.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace operations {
namespace {

using engine::Backorder;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::Money;
using engine::UtcTime;

// The facts that the plans are made from, with what is imagined.
struct Facts {
  std::vector<Customer> customers;  // by id
  std::set<engine::BackorderId> without;
  std::map<engine::BackorderId, int> priorities;
  std::unordered_map<std::int64_t, std::vector<engine::PayIn>> pay_ins;  // by customer, by time

  const Customer* customer(engine::CustomerId id) const {
    const auto found = std::ranges::lower_bound(customers, id, {}, &Customer::id);
    return found == customers.end() || found->id != id ? nullptr : &*found;
  }
};

engine::Result<Facts> imagine(engine::LedgerReader& store, const PreviewQuery& query) {
  Facts facts;
  if (query.customer) {
    if (auto one = store.customer(*query.customer)) facts.customers.push_back(*std::move(one));
  } else {
    facts.customers = store.customers();
  }
  for (const engine::BackorderId id : query.what_if.without) {
    const std::optional<Backorder> found = store.backorder(id);
    const std::string which = "backorder " + std::to_string(id.value());
    if (!found) return Error{ErrorCode::backorder_not_found, "there is no " + which + "; see 'backorder list'"};
    if (is_final(found->state))
      return Error{ErrorCode::impossible_step,
                   which + " has ended as " + std::string(to_word(found->state)) + ": nothing is left to drop"};
    if (found->job_may_exist()) {
      return Error{ErrorCode::job_may_exist,
                   which + " has a job at the provider: its deposit returns only once the job's deletion is confirmed"};
    }
    const bool is_new = facts.without.insert(id).second;
    const auto owner = std::ranges::find(facts.customers, found->customer, &Customer::id);
    if (!is_new || found->state != engine::State::active || owner == facts.customers.end()) continue;
    owner->available += *found->deposit;
    owner->reserved -= *found->deposit;
  }
  for (const auto& [id, priority] : query.what_if.priorities) {
    const std::optional<Backorder> found = store.backorder(id);
    if (!found)
      return Error{ErrorCode::backorder_not_found,
                   "there is no backorder " + std::to_string(id.value()) + "; see 'backorder list'"};
    if (found->state != engine::State::requested) {
      return Error{ErrorCode::impossible_step, "backorder " + std::to_string(id.value()) + " is " +
                                                   std::string(to_word(found->state)) +
                                                   ": its priority matters no more"};
    }
    facts.priorities.insert_or_assign(id, priority);
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
      CalendarDay& entry =
          days_.try_emplace({currency, day}, CalendarDay{day, currency, 0, 0, zero, zero, zero}).first->second;
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

// The rows of a query, read on a thread of its own while those before are planned. Until the end of this the store
// belongs to that thread.
class Prefetcher {
 public:
  Prefetcher(engine::LedgerReader& store, const engine::BackorderQuery& query)
      : reading_(std::async(std::launch::async, [this, &store, query] { read(store, query); })) {}
  ~Prefetcher() {
    const std::lock_guard lock(mutex_);
    wanted_ = false;
    moved_.notify_all();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // The next rows; none: there are no more. Throws what reading threw.
  std::vector<Backorder> next() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return !read_.empty() || ended_; });
    if (read_.empty()) {
      lock.unlock();
      if (reading_.valid()) reading_.get();
      return {};
    }
    std::vector<Backorder> rows = std::move(read_.front());
    read_.pop_front();
    moved_.notify_all();
    return rows;
  }

 private:
  static constexpr std::size_t kRowsInOneStatement = 1'024, kMostWaiting = 4;
  struct NotWanted {};

  void read(engine::LedgerReader& store, const engine::BackorderQuery& query) {
    std::vector<Backorder> rows;
    const auto give = [&] {
      std::unique_lock lock(mutex_);
      moved_.wait(lock, [&] { return read_.size() < kMostWaiting || !wanted_; });
      if (!wanted_) throw NotWanted{};
      read_.push_back(std::exchange(rows, {}));
      moved_.notify_all();
    };
    const auto end = [&] {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      moved_.notify_all();
    };
    try {
      store.each_backorder(query, [&](const Backorder& row) {
        if (rows.empty()) rows.reserve(kRowsInOneStatement);
        rows.push_back(row);
        if (rows.size() == kRowsInOneStatement) give();
      });
      if (!rows.empty()) give();
    } catch (...) {
      end();
      throw;
    }
    end();
  }

  std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<std::vector<Backorder>> read_{};
  bool ended_ = false, wanted_ = true;
  std::future<void> reading_;  // the last member: its end waits for the thread
};

}  // namespace

const PreviewRow* AccountPreview::first_short() const {
  const auto found = std::ranges::find_if(rows, [&](const PreviewRow& row) {
    return row.verdict.verdict == engine::Verdict::underfunded && row.verdict.decided_at == plan.top_up_by;
  });
  return found == rows.end() ? nullptr : &*found;
}

engine::Result<FundingOutlook> each_preview(engine::LedgerReader& store, const PreviewQuery& query,
                                            const std::function<void(AccountPreview&&)>& visit) {
  const engine::Result<Facts> imagined = imagine(store, query);
  if (!imagined) return imagined.error();
  const Facts& facts = imagined.value();
  const engine::FundingDefaults defaults = store.settings().funding;
  const engine::PriceList& prices = store.price_list();
  Calendar calendar;
  JobCosts jobs(store, query.now, query.horizon);
  engine::BackorderQuery held = held_without_job();
  held.customer = query.customer;
  store.each_backorder(held, [&](const Backorder& backorder) {
    if (facts.without.contains(backorder.id)) return;
    if (const Customer* customer = facts.customer(backorder.customer)) jobs.add(backorder, *customer, query.now);
  });
  std::vector<Backorder> theirs;  // of one customer, by id
  const auto plan = [&] {
    const Customer* customer = theirs.empty() ? nullptr : facts.customer(theirs.front().customer);
    if (customer == nullptr) return;
    const auto money = facts.pay_ins.find(customer->id.value());
    const std::span<const engine::PayIn> pay_ins =
        money == facts.pay_ins.end() ? std::span<const engine::PayIn>() : money->second;
    AccountPreview account{
        *customer, engine::plan_funding(*customer, theirs, prices, defaults, query.now, query.horizon, pay_ins), {}};
    jobs.add(account.plan, theirs, *customer);
    account.rows.reserve(account.plan.verdicts.size());
    for (const engine::FundingVerdict& verdict : account.plan.verdicts) {
      Backorder& backorder = *std::ranges::lower_bound(theirs, verdict.backorder, {}, &Backorder::id);
      account.rows.push_back({std::move(backorder), verdict});  // decided once: nobody else wants it
    }
    calendar.add(account);
    visit(std::move(account));
  };
  engine::BackorderQuery requested;
  requested.states = {engine::State::requested};
  requested.customer = query.customer;
  Prefetcher prefetcher(store, requested);
  for (std::vector<Backorder> rows; !(rows = prefetcher.next()).empty();) {
    for (Backorder& backorder : rows) {
      if (facts.without.contains(backorder.id)) continue;
      if (!theirs.empty() && theirs.front().customer != backorder.customer) {
        plan();
        theirs.clear();
      }
      theirs.push_back(std::move(backorder));
      if (const auto found = facts.priorities.find(theirs.back().id); found != facts.priorities.end())
        theirs.back().priority = found->second;
    }
  }
  plan();
  return FundingOutlook{calendar.all(), jobs.days(), jobs.uncosted()};
}

engine::Result<FundingPreview> preview(engine::LedgerReader& store, const PreviewQuery& query) {
  FundingPreview report;
  engine::Result<FundingOutlook> outlook =
      each_preview(store, query, [&](AccountPreview&& account) { report.accounts.push_back(std::move(account)); });
  if (!outlook) return outlook.error();
  static_cast<FundingOutlook&>(report) = std::move(outlook).value();
  return report;
}

}  // namespace operations
