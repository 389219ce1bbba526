#include "tools/operations/health.hpp"

#include <algorithm>
#include <set>

#include "engine/submission.hpp"
#include "tools/operations/job_costs.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::BackorderQuery;
using engine::HealthCheck;
using engine::HealthFacts;
using engine::Milliseconds;
using engine::State;
using engine::UtcTime;

void note_oldest(std::optional<UtcTime>& oldest, UtcTime at) {
  if (!oldest || at < *oldest) oldest = at;
}

class Gathering {
 public:
  Gathering(engine::LedgerReader& store, UtcTime now) : store_(store), now_(now) {}

  HealthFacts all() {
    const engine::BookInfo info = store_.book();
    facts_.now = now_;
    facts_.made_at = info.made_at;
    facts_.rehearsal = info.rehearsal;
    facts_.last_recorded = info.last_recorded;
    look_at_backorders();
    look_at_runs();
    look_at_provider();
    look_at_lists();
    look_at_cases();
    look_at_channels();
    look_at_terms();
    for (const engine::User& user : store_.users()) facts_.users_disabled += user.enabled ? 0 : 1;
    return std::move(facts_);
  }

 private:
  // A frozen account's money waits, and so does what was attempted and found no money: neither is late.
  void look_at_backorders() {
    engine::Backlog reserve{.stage = "reserve"}, voids{.stage = "void"}, submit{.stage = "submit"},
        settle{.stage = "settle"};
    BackorderQuery due;
    due.states = {State::requested};
    due.due_by = now_;
    store_.each_backorder(due, [&](const Backorder& one) {
      if (one.underfunded || is_frozen(one.customer)) return;
      ++reserve.count;
      note_oldest(reserve.oldest, one.drop.value().deposit_due);
    });
    store_.each_backorder(held_without_job(), [&](const Backorder& one) {
      if (!one.drop) return;
      const UtcTime deadline = one.drop->deadline;
      if (deadline < now_) {
        ++voids.count;
        note_oldest(voids.oldest, deadline);
        return;
      }
      if (deadline <= now_ + engine::kDeadlineNear) {
        ++facts_.without_job;
        note_oldest(facts_.next_deadline, deadline);
      }
      const engine::ZoneSchedule& schedule = store_.schedules().of(one.name.ace());
      if (is_frozen(one.customer) || (schedule.submit_lead && now_ < deadline - *schedule.submit_lead)) return;
      ++submit.count;
      UtcTime since = one.reserved_at.value_or(one.placed_at);
      if (schedule.submit_lead) since = std::max(since, deadline - *schedule.submit_lead);
      note_oldest(submit.oldest, since);
    });
    BackorderQuery overdue;
    overdue.states = {State::processing};
    const Milliseconds overdue_after = store_.settings().overdue_after;
    overdue.drop_before = now_ - overdue_after;
    store_.each_backorder(overdue, [&](const Backorder& one) {
      ++settle.count;
      note_oldest(settle.oldest, one.drop.value().drop_at + overdue_after);
    });
    for (engine::Backlog* backlog : {&reserve, &voids, &submit, &settle}) {
      if (backlog->count > 0) facts_.backlog.push_back(std::move(*backlog));
    }
  }

  bool is_frozen(engine::CustomerId id) {
    if (last_seen_ != id) {
      last_seen_ = id;
      last_is_frozen_ = store_.customer(id).value().state == engine::AccountState::frozen;
    }
    return last_is_frozen_;
  }

  std::optional<engine::Run> last_run(engine::RunKind kind, std::optional<bool> complete = {}) {
    std::vector<engine::Run> runs = store_.runs({.kind = kind, .complete = complete, .limit = 1, .subject = {}});
    return runs.empty() ? std::nullopt : std::optional(std::move(runs.front()));
  }
  void look_at_runs() {
    if (const auto sweep = last_run(engine::RunKind::sweep, true)) facts_.last_complete_sweep = sweep->ended_at;
    if (const auto backup = last_run(engine::RunKind::backup, true)) facts_.last_backup = backup->ended_at;
    if (const auto notices = last_run(engine::RunKind::notices)) facts_.last_notices = notices->ended_at;
    if (const auto reconciled = last_run(engine::RunKind::reconciliation))
      facts_.last_reconciliation = reconciled->ended_at;
    if (const auto verification = last_run(engine::RunKind::verification)) {
      facts_.last_verification = verification->ended_at;
      facts_.verification_errors = verification->errors;
    }
  }

  void look_at_provider() {
    for (const engine::Money& missing : store_.provider_balance_warnings()) {
      if (missing.is_positive()) facts_.provider_short.push_back(missing);
    }
    facts_.stopped_zones = store_.stopped_zones();
    for (const engine::ProviderCall& call : store_.open_calls()) {
      ++facts_.unanswered_calls;
      note_oldest(facts_.oldest_call, call.intent_at);
    }
  }

  // The rhythm of a source is the median distance of its last lists.
  void look_at_lists() {
    constexpr std::int64_t kLists = 8;
    for (const engine::Source& source : store_.sources()) {
      const std::vector<UtcTime> times = store_.list_times(source.id, kLists);
      if (times.empty()) continue;
      engine::ListAge age{.source = source.name, .last = times.front(), .rhythm = engine::kListRhythm};
      // the same list again is no new one, and yet the source spoke
      const std::vector<engine::Run> imports =
          store_.runs({.kind = engine::RunKind::list_import, .complete = {}, .limit = 1, .subject = source.name});
      if (!imports.empty()) age.last = std::max(age.last, imports.front().ended_at);
      if (times.size() >= 3) {
        std::vector<Milliseconds> distances;
        for (std::size_t i = 1; i < times.size(); ++i) distances.push_back(times[i - 1] - times[i]);
        std::ranges::sort(distances);
        age.rhythm = std::max<Milliseconds>(distances[distances.size() / 2], std::chrono::hours(1));
      }
      facts_.lists.push_back(std::move(age));
    }
  }

  void look_at_cases() {
    for (const engine::Case& open : store_.cases({})) {
      ++facts_.open_cases;
      ++facts_.cases_by_kind[std::string(to_word(open.kind))];
      note_oldest(facts_.oldest_case, open.opened_at);
    }
  }

  void look_at_channels() {
    engine::DeliveryQuery waiting;
    waiting.waiting_only = true;
    for (const engine::NoticeDelivery& delivery : store_.notice_deliveries(waiting)) {
      auto channel = std::ranges::find(facts_.channels, delivery.channel, &engine::ChannelTrouble::channel);
      if (channel == facts_.channels.end()) {
        facts_.channels.push_back({delivery.channel, 0, delivery.first_at, {}});
        channel = std::prev(facts_.channels.end());
      }
      ++channel->waiting;
      channel->since = std::min(channel->since, delivery.first_at);
      channel->error = delivery.trouble;
    }
  }

  void look_at_terms() {
    if (!store_.tax_rates().empty()) {
      for (const engine::Customer& customer : store_.customers()) {
        if (customer.country.empty() && customer.state != engine::AccountState::closed)
          ++facts_.accounts_without_country;
      }
    }
    std::set<std::string> zones;
    const engine::PriceList& prices = store_.price_list();
    std::set<std::string> priced;
    for (const engine::Price& price : prices.rows()) {
      zones.insert(price.zone);
      if (price.valid_from <= now_ && (!price.valid_to || now_ < *price.valid_to)) priced.insert(price.zone);
    }
    const engine::Settings& settings = store_.settings();
    for (const std::string& zone : zones) {
      if (!priced.contains(zone)) facts_.zones_without_price.push_back(zone);
      if (!settings.expected_cost.empty() && !settings.expected_cost.contains(zone))
        facts_.zones_without_cost.push_back(zone);
      if (store_.schedules().of("x." + zone).zone.empty()) facts_.zones_without_schedule.push_back(zone);
    }
  }

  engine::LedgerReader& store_;
  UtcTime now_;
  HealthFacts facts_{};
  std::optional<engine::CustomerId> last_seen_{};  // rows come by customer
  bool last_is_frozen_ = false;
};

bool tells_by_itself(HealthCheck check) {
  return check == HealthCheck::provider_balance || check == HealthCheck::provider || check == HealthCheck::cases ||
         check == HealthCheck::verification;
}

std::string told_as(HealthCheck check, const std::string& figure) {
  return std::string(to_word(check)) + ": " + figure;
}

}  // namespace

HealthFacts health_facts(engine::LedgerReader& store, UtcTime now, const MachineFacts& machine) {
  HealthFacts facts = Gathering(store, now).all();
  facts.book_bytes = machine.book_bytes;
  facts.log_bytes = machine.log_bytes;
  facts.free_bytes = machine.free_bytes;
  facts.provider_skew = machine.provider_skew;
  return facts;
}

void record_run(const Context& context, const engine::NewRun& run) {
  engine::Changes changes;
  changes.runs.push_back(run);
  UnitOfWork work(context);
  const engine::Status applied = context.store.apply(changes, context.stamp());
  ENSURE(bool(applied), applied ? "" : applied.error().detail);  // a run moves nothing that could be refused
  work.keep();
}

std::vector<engine::HealthRow> watch_health(const Context& context, const MachineFacts& machine) {
  UnitOfWork work(context);
  std::vector<engine::HealthRow> rows = engine::assess_health(health_facts(context.store, context.now, machine));
  std::vector<engine::HealthRow> watched = rows;
  std::erase_if(watched, [](const engine::HealthRow& row) { return tells_by_itself(row.check); });
  engine::HealthNews news = engine::health_news(watched, context.store.health_alerts(), context.now);
  if (news.failed.empty() && news.recovered.empty()) return rows;
  engine::Changes changes;
  const auto tell = [&](engine::EventKind kind, std::string detail) {
    changes.events.push_back({kind, {}, {}, {}, {}, {}, std::move(detail)});
  };
  for (const engine::HealthRow& row : news.failed)
    tell(engine::EventKind::health_failed, told_as(row.check, row.figure) + (row.help.empty() ? "" : "; " + row.help));
  for (const engine::HealthAlert& alert : news.recovered)
    tell(engine::EventKind::health_recovered, told_as(alert.check, "it was: " + alert.figure));
  changes.health_alerts = std::move(news.alerts);
  const engine::Status applied = context.store.apply(changes, context.stamp());
  ENSURE(bool(applied), applied ? "" : applied.error().detail);  // events move nothing that could be refused
  work.keep();
  return rows;
}

}  // namespace operations
