// A provider and its registries in one SQLite file, for rehearsals, demonstrations and tests. Like the real one it
// stands apart from the book: it knows nothing of accounts, takes orders, and commits each before it answers, so that
// killing the caller between its intent and our answer leaves the job in place. It never reads a clock and does nothing
// in the background.
//
// What happens to a name is a pure function of the seed, the name, its drop T, the living applications in the order of
// their creation, and now. Neither application ids, nor how often something was asked, nor when, has a say: a run that
// was killed and repeated ends as one that was not. Only temporary answers count attempts, and there are at most three
// in a row per name.
//
// A drop, with its last call at F, or at T − 1 h where no F is known:
//   REQUESTED → (72 h before the last call) ACTIVE → (after the last call) PROCESSING → (T + delay) SUCCESSFUL | FAILED
//   | AUCTION-PENDING an auction starts at the next 20:00 UTC after the catch and runs three days, two minutes longer
//   for each late bid → AUCTION-WON | AUCTION-LOST, or, where nobody bids, SUCCESSFUL for the application created first
//   and FAILED for the others. An application for a name whose drop is not known stays REQUESTED.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/provider.hpp"

namespace simulated_registry {

// Percentages are 0 to 100. Fixed when the file is made.
struct World {
  std::uint64_t seed = 1;
  int catch_percent = 60;  // of the names that drop
  // of the caught names: somebody else applied as well (one to three), so there is an auction
  int competitor_percent = 25;
  int no_bids_percent = 15;  // of the auctions
  // of the names: renewed or restored, they never drop and every application FAILED
  int withdrawn_percent = 3;
  int refused_percent = 2;  // of the names: every order answered 541 or 552, for ever
  // of the attempts: an answer that says nothing, half before the effect and half after it
  int busy_percent = 0;
  int delay_min_minutes = 5;  // from T to the outcome: evenly within these
  int delay_max_minutes = 90;
  int slow_percent = 3;  // of the names: the outcome takes up to 20 h
  // The caller's money at the provider, in minor units of `currency`. Each accepted application sets `job_price_minor`
  // aside until its outcome, and a success pays it; an order that does not fit is answered 546. Nothing: there is
  // always enough.
  std::optional<std::int64_t> balance_minor{};
  std::int64_t job_price_minor = 1500;
  std::string currency = "USD";  // ISO 4217
  // of the answers, for each trick of the adversary in front of it (adversary.hpp); zero: an honest provider
  int adversary_percent = 0;
};

// One row of a deletion list. F alone: T = F. REQUIRES: at least one of the two.
struct NameDrop {
  engine::DomainName name;
  std::optional<engine::UtcTime> drop_at{};          // T
  std::optional<engine::UtcTime> finalization_at{};  // F, the last call
};

// Counts so far. Orders are counted when decided, whether or not the answer arrived; jobs are as they stand now.
struct Tally {
  std::int64_t names_known = 0;
  // add()
  std::int64_t accepted = 0;
  std::int64_t refused_invalid = 0;         // 541, by the name
  std::int64_t refused_status = 0;          // 552, by the name
  std::int64_t too_late = 0;                // 552, after the last call
  std::int64_t duplicate = 0;               // 540
  std::int64_t provider_balance_empty = 0;  // 546
  // remove()
  std::int64_t removed = 0;
  std::int64_t not_removed = 0;  // 552
  std::int64_t not_found = 0;    // 545
  // answers to either that said nothing
  std::int64_t busy_before_effect = 0, busy_after_effect = 0;
  // applications that were not removed
  std::int64_t requested = 0, active = 0, processing = 0, auction_pending = 0, successful = 0, failed = 0,
               auction_won = 0, auction_lost = 0;
};

// Threads: one object, one thread. Several processes may use one file; an order waits up to ten seconds for another's
// commit. A file that cannot be used is a provider that cannot be reached: Delivery::not_sent or unknown,
// provider_unreachable.
class SimulatedRegistry final : public engine::BackorderProvider {
 public:
  using Clock = std::function<engine::UtcTime()>;  // asked once per order or reading

  // Makes the file: database_exists where there is one, invalid_argument for a world that cannot be, unknown_currency.
  static engine::Status create(const std::string& path, const World& world);
  // database_missing, not_a_database (also another program's), database_newer. `path` may not be ":memory:".
  static engine::Result<std::unique_ptr<SimulatedRegistry>> open(const std::string& path, Clock clock);
  ~SimulatedRegistry() override;

  // Tells the registry when names drop, in one commit; how many dates were news. While now < T + 2 d, and the outcome
  // is not out, a date replaces the one before (a moved drop); later, or where the outcome is out and the date lies
  // ahead, it is another drop, and the applications of the old one keep their outcome. Dates of drops that are over and
  // were never told (now >= T + 2 d) are passed over: what is not known cannot have had an outcome.
  engine::Result<std::int64_t> learn(std::span<const NameDrop> drops);

  const World& world() const;
  engine::Result<Tally> tally();

  // engine::BackorderProvider
  std::string environment() const override;  // "simulated (seed 7)"
  bool is_live() const override { return false; }
  void add(std::span<const engine::AddJob> orders,
           const std::function<void(std::size_t, const engine::ProviderAnswer&)>& answered) override;
  engine::ProviderAnswer remove(const std::string& application) override;
  engine::ProviderAnswer status(const std::string& application) override;
  engine::Result<engine::JobList> jobs(std::span<const engine::DomainName> names) override;
  engine::Result<bool> charged(const engine::DomainName& name, engine::UtcTime since) override;
  engine::Result<engine::ProviderBalance> balance() override;
  // A deposit per application without an outcome, under the application's id; renewed at every full hour.
  engine::Result<std::vector<engine::ProviderDeposit>> deposits() override;
  // A charge per success, when it came; what was in the provider balance from the start is before everything. Without
  // tax.
  engine::Result<engine::ProviderAccounting> accounting(engine::UtcTime from, engine::UtcTime to) override;

 private:
  struct File;
  explicit SimulatedRegistry(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

}  // namespace simulated_registry
