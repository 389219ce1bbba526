#include "tools/gateway/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <optional>

namespace gateway {
namespace {

using engine::UtcTime;

double seconds(engine::Milliseconds span) { return std::chrono::duration<double>(span).count(); }
double timestamp(UtcTime time) { return seconds(time.time_since_epoch()); }

// The gauges of one moment. A series that has nothing to say any more is absent, which a registry that is kept cannot
// do.
class Gauges {
 public:
  void set(const std::string& name, const std::string& help, const prometheus::Labels& labels, double value) {
    prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels).Set(value);
  }
  void set(const std::string& name, const std::string& help, double value) { set(name, help, {}, value); }
  std::vector<prometheus::MetricFamily> collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
};

void add_ages(Gauges& gauges, const engine::HealthFacts& facts) {
  const std::pair<const char*, std::optional<UtcTime>> jobs[] = {{"sweep", facts.last_complete_sweep},
                                                                 {"backup", facts.last_backup},
                                                                 {"verification", facts.last_verification},
                                                                 {"reconciliation", facts.last_reconciliation},
                                                                 {"notices", facts.last_notices}};
  for (const auto& [job, last] : jobs) {
    if (last)
      gauges.set("dropledger_last_success_timestamp_seconds", "When this job last ended well.", {{"job", job}},
                 timestamp(*last));
  }
  if (facts.last_complete_sweep)
    gauges.set("dropledger_last_sweep_timestamp_seconds", "When the last complete sweep ended.",
               timestamp(*facts.last_complete_sweep));
  if (facts.last_backup)
    gauges.set("dropledger_backup_age_seconds", "Age of the last backup.", seconds(facts.now - *facts.last_backup));
  if (facts.last_verification)
    gauges.set("dropledger_ledger_verify_ok", "Whether the last verification proved the books.",
               facts.verification_errors.empty() ? 1 : 0);
  for (const engine::ListAge& list : facts.lists)
    gauges.set("dropledger_list_age_seconds", "Age of the latest list of a source.", {{"source", list.source}},
               seconds(facts.now - list.last));
}

void add_work(Gauges& gauges, const engine::HealthFacts& facts) {
  for (const char* stage : {"reserve", "void", "submit", "settle"}) {
    double count = 0;
    for (const engine::Backlog& backlog : facts.backlog) {
      if (backlog.stage == stage) count = static_cast<double>(backlog.count);
    }
    gauges.set("dropledger_due_not_done", "Backorders that are due in a stage and not done.", {{"stage", stage}},
               count);
  }
  gauges.set("dropledger_deadline_near_without_job",
             "Funded backorders without a job whose deadline is within four hours.",
             static_cast<double>(facts.without_job));
  gauges.set("dropledger_unanswered_calls", "Orders to the provider without a certain answer.",
             static_cast<double>(facts.unanswered_calls));
  gauges.set("dropledger_submitting_stopped", "Zones, or the whole environment, where submitting is stopped.",
             static_cast<double>(facts.stopped_zones.size()));
  for (const engine::Money& missing : facts.provider_short)
    gauges.set("dropledger_provider_balance_short_minor",
               "How much our balance at the provider lacks, in minor units, as the last sweep found.",
               {{"currency", std::string(missing.currency().code())}}, static_cast<double>(missing.minor()));
  gauges.set("dropledger_cases", "Open cases.", static_cast<double>(facts.open_cases));
  for (const auto& [kind, count] : facts.cases_by_kind)
    gauges.set("dropledger_open_cases", "Open cases by kind.", {{"kind", kind}}, static_cast<double>(count));
  for (const engine::ChannelTrouble& channel : facts.channels)
    gauges.set("dropledger_notices_waiting", "Notices that failed and wait for another try.",
               {{"channel", channel.channel}}, static_cast<double>(channel.waiting));
}

void add_machine(Gauges& gauges, const engine::HealthFacts& facts) {
  const std::tuple<const char*, const char*, std::optional<std::int64_t>> sizes[] = {
      {"dropledger_book_bytes", "Size of the book.", facts.book_bytes},
      {"dropledger_wal_bytes", "Size of the write-ahead log.", facts.log_bytes},
      {"dropledger_free_bytes", "Room that is free beside the book.", facts.free_bytes}};
  for (const auto& [name, help, bytes] : sizes) {
    if (bytes) gauges.set(name, help, static_cast<double>(*bytes));
  }
  if (facts.provider_skew)
    gauges.set("dropledger_clock_skew_seconds", "Our clock minus the provider's.", seconds(*facts.provider_skew));
}

}  // namespace

struct Metrics::Series {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter().Name("dropledger_requests_total").Help("Answers by code.").Register(registry);
  prometheus::Family<prometheus::Counter>& sweeps = prometheus::BuildCounter()
                                                        .Name("dropledger_sweeps_total")
                                                        .Help("Sweeps of this gateway by result.")
                                                        .Register(registry);
};

Metrics::Metrics() : series_(std::make_unique<Series>()) {}
Metrics::~Metrics() = default;

void Metrics::count_request(int code) { series_->requests.Add({{"code", std::to_string(code)}}).Increment(); }
void Metrics::count_sweep(bool sound) { series_->sweeps.Add({{"result", sound ? "sound" : "errors"}}).Increment(); }

std::string Metrics::text(const engine::HealthFacts& facts, std::span<const engine::HealthRow> rows) {
  Gauges gauges;
  for (const engine::HealthRow& row : rows)
    gauges.set("dropledger_health", "Level of a health check: 0 ok, 1 warning, 2 failing.",
               {{"check", std::string(to_word(row.check))}}, static_cast<double>(row.level));
  add_ages(gauges, facts);
  add_work(gauges, facts);
  add_machine(gauges, facts);
  const prometheus::TextSerializer serializer;
  return serializer.Serialize(series_->registry.Collect()) + serializer.Serialize(gauges.collect());
}

}  // namespace gateway
