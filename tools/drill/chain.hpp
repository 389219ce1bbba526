// A reseller's book in front of a provider's, over HTTP on the loopback, with a relay of faults between them and one
// simulated clock for both:
//
//   reseller's book ── HTTP client ── faults::Relay ── gateway ── provider's book ── simulated registry
//
// The gateway and the relay run in a process of their own, so that the reseller's sweeps can be forked and killed. Each
// sweep opens everything anew, as a command would. What happens depends on the options alone, but for the order in
// which answers arrive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/drill/killer.hpp"
#include "tools/faults/relay.hpp"
#include "tools/operations/sweep.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace drill {

struct ChainOptions {
  std::string folder;  // for both books and the registry
  std::uint64_t seed = 1;
  int jobs = 5'000;    // backorders of the reseller's customers; on every 25th name two of them
  int customers = 60;  // one in ten can pay for half of what they ordered
  std::vector<std::string> drops{"2026-08-10T18:00:00Z", "2026-08-10T20:00:00Z", "2026-08-11T18:00:00Z",
                                 "2026-08-11T20:00:00Z"};
  int percent = 33;  // of the exchanges that are spoiled
  std::vector<faults::Kind> kinds{std::begin(faults::kKinds), std::end(faults::kKinds)};
  // The time that the client waits, in real time; a late answer comes later. A busy machine makes more answers late
  // than the relay does, which is as good.
  engine::Milliseconds order_limit = std::chrono::milliseconds(400), read_limit = std::chrono::milliseconds(1500);
  simulated_registry::World world{};
};

class Chain {
 public:
  // Makes everything, starts the provider's process, and stands at four days before the first drop. REQUIRES: an empty
  // folder; this process has one thread.
  static std::unique_ptr<Chain> make(const ChainOptions& options);
  ~Chain();  // ends the provider's process
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  engine::UtcTime now() const;
  engine::UtcTime drop(std::size_t i) const { return drops_.at(i); }  // ascending
  std::size_t drops() const { return drops_.size(); }

  // Moves the clock; the provider does what is due then. REQUIRES: not back.
  void move_to(engine::UtcTime now);
  // The reseller's.
  operations::SweepReport sweep(const operations::SweepOptions& options = {});
  void set_dead(bool dead);  // the relay
  faults::Tally faults();

  // The whole season: every instant at which something is due, outages, customers who cancel. With a killer, sweeps are
  // killed until `kills` of them were.
  void play(Killer* killer = nullptr, int kills = 0,
            const std::function<void(std::size_t done, std::size_t of)>& progress = {});
  // Customers cancel some of what has a job.
  void cancel_some(int one_in);
  // What the provider took for the jobs that won, as the reseller reckons it from its own outcomes alone, goes into its
  // book. Once, at the end.
  void book_costs();

  std::unique_ptr<engine::LedgerStore> resellers_book() const;
  std::unique_ptr<engine::LedgerStore> providers_book() const;
  engine::Result<engine::ProviderBalance> balance();  // the reseller's at the provider, asked over HTTP

  // The checks at the end of a season, each with its figures. `whole`: also what only a whole season shows (each kind
  // of fault came, at most 1 % deadline_missed, and nothing was decided at the provider while nobody could ask).
  struct Check {
    std::string what;
    bool holds;
  };
  std::vector<Check> checks(bool whole);
  // States, orders, faults: for people.
  std::vector<std::string> figures();

 private:
  struct Provider;  // its process, and what is shared with it
  explicit Chain(ChainOptions options);
  std::pair<engine::DomainName, engine::UtcTime> name(int i) const;
  void make_books();
  void decide_cases();
  template <typename Use>
  auto with_client(const Use& use);

  ChainOptions options_;
  std::vector<engine::UtcTime> drops_;
  std::unique_ptr<Provider> provider_;
  engine::Money paid_in_;  // to the provider
  int decided_ = 0;
};

}  // namespace drill
