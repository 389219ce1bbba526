// The cost of the jobs that will be created, and when our balance at the provider must cover it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.hpp"

namespace operations {

// ACTIVE backorders without a job: job_may_exist() is false.
engine::BackorderQuery held_without_job();

// The jobs of one UTC day, and the balance at the provider that they need when the first is created.
struct JobsDay {
  engine::Day day;
  engine::Currency currency;
  engine::UtcTime by;
  std::int64_t jobs = 0;
  engine::Money cost;
  engine::Money in_all;  // with everything before
};
struct UncostedJobs {
  std::string zone;
  std::int64_t jobs;
  engine::UtcTime by;  // the first of them
};

// Sums costs by the settings cost.ZONE. Jobs of a zone without that setting are counted separately; nothing is guessed.
class JobCosts {
 public:
  // REQUIRES: the store outlives it, with its schedules and settings as they are.
  JobCosts(engine::LedgerReader& store, engine::UtcTime now, engine::UtcTime horizon);

  bool knows_any() const { return !costs_.empty(); }
  // A job that the submit stage will create, of a deposit that is held from then on, where it does so until the
  // horizon; see engine::may_submit.
  void add(const engine::Backorder& backorder, const engine::Customer& customer, engine::UtcTime held_from);
  // The jobs of what a plan funds. REQUIRES: the rows that it was made of, by id.
  void add(const engine::FundingPlan& plan, std::span<const engine::Backorder> rows, const engine::Customer& customer);
  std::vector<JobsDay> days() const;           // by currency and day
  std::vector<UncostedJobs> uncosted() const;  // by zone

 private:
  const engine::Schedules& schedules_;
  std::map<std::string, engine::Money> costs_;
  engine::UtcTime now_, horizon_;
  std::map<std::pair<engine::Currency, engine::Day>, JobsDay> days_;
  std::map<std::string, UncostedJobs> uncosted_;
};

// The first shortage of one currency at the provider, and how much is missing in total until the horizon.
struct ProviderBalanceShortage {
  engine::Money missing;  // zero: covered
  std::optional<engine::UtcTime> by{};
  engine::Money needed;
};
ProviderBalanceShortage shortage_of(const std::vector<JobsDay>& days, engine::Money spendable);

}  // namespace operations
