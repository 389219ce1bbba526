// What the jobs that are to be created will cost us, and by when our balance at the provider must hold it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.hpp"

namespace operations {

// ACTIVE backorders that no job exists for, nor may exist: job_may_exist() is false.
engine::BackorderQuery held_without_job();

// Jobs that are to be created on one UTC day, and what our balance at the provider must hold for them at the first of
// them.
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

// Costs are the setting cost.ZONE; a zone without one is counted apart, and nothing is guessed.
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

// One currency's first lack of money at the provider, and how much in all is missing until the horizon.
struct ProviderBalanceShortage {
  engine::Money missing;  // zero: covered
  std::optional<engine::UtcTime> by{};
  engine::Money needed;
};
ProviderBalanceShortage shortage_of(const std::vector<JobsDay>& days, engine::Money spendable);

}  // namespace operations
