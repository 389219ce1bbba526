// A provider that errs, deceives and forgets, in front of the simulated registry: everything that its answers may get
// wrong while it goes on working underneath. What it does is drawn from the seed and what is asked, so a run can be
// repeated. It never lies in a complete list about a job of which it gave no proper answer: what such a list lacks is
// absent, that is what a ledger may rely on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/provider.hpp"

namespace simulated_registry {

enum class Trick : std::uint8_t {
  other_order,          // an answer of another order: its application and its name
  other_domain,         // an answer about another domain, under the application that was asked for
  stranger_rows,        // rows of strangers whose domain, date or application cannot be read
  clock_apart,          // its clock is up to an hour off, and its dates with it
  list_with_hole,       // a list that lacks rows, and says so by its TOTAL: it cannot be believed
  job_by_hand,          // somebody placed an application in our account before we did
  job_vanishes,         // an application is neither listed nor known for two hours, then it is back
  always_540,           // "exists already", and nothing does
  refusal_carried_out,  // a refusal of an order that was carried out
};
inline constexpr Trick kTricks[] = {Trick::other_order,  Trick::other_domain,   Trick::stranger_rows,
                                    Trick::clock_apart,  Trick::list_with_hole, Trick::job_by_hand,
                                    Trick::job_vanishes, Trick::always_540,     Trick::refusal_carried_out};
std::string_view to_word(Trick trick);

class Adversary final : public engine::BackorderProvider {
 public:
  using Clock = std::function<engine::UtcTime()>;

  // `percent`: of the answers, for each trick alike. REQUIRES: both outlive it; the clock is the one of `behind`.
  Adversary(engine::BackorderProvider& behind, std::uint64_t seed, int percent, Clock clock);

  // The simulated registry of this file, behind an adversary where its world has one. Errors as
  // SimulatedRegistry::open.
  static engine::Result<std::unique_ptr<engine::BackorderProvider>> open(const std::string& path, Clock clock);

  std::int64_t count(Trick trick) const;  // how often it was played since this was made

  std::string environment() const override { return behind_.environment() + ", adversarial"; }
  bool is_live() const override { return false; }
  void add(std::span<const engine::AddJob> orders,
           const std::function<void(std::size_t, const engine::ProviderAnswer&)>& answered) override;
  engine::ProviderAnswer remove(const std::string& application) override;
  engine::ProviderAnswer status(const std::string& application) override;
  engine::Result<engine::JobList> jobs(std::span<const engine::DomainName> names) override;
  engine::Result<bool> charged(const engine::DomainName& name, engine::UtcTime since) override {
    return behind_.charged(name, since);
  }
  engine::Result<engine::ProviderBalance> balance() override { return behind_.balance(); }
  engine::Result<std::vector<engine::ProviderDeposit>> deposits() override { return behind_.deposits(); }
  engine::Result<engine::ProviderAccounting> accounting(engine::UtcTime from, engine::UtcTime to) override {
    return behind_.accounting(from, to);
  }

 private:
  bool plays(Trick trick, std::string_view about);  // and counts it
  std::uint64_t draw(Trick trick, std::string_view about) const;
  engine::ProviderAnswer order(const engine::AddJob& wanted);
  bool is_hidden(const engine::ProviderJob& job);
  void shift(engine::ProviderJob& job) const;

  std::unique_ptr<engine::BackorderProvider> owned_{};  // behind_, where open() made it
  engine::BackorderProvider& behind_;
  std::uint64_t seed_;
  int percent_;
  Clock clock_;
  engine::Milliseconds ahead_;  // its clock minus ours
  std::array<std::int64_t, std::size(kTricks)> counts_{};
  std::map<std::string, int> asked_{};            // how often, by name: the same question has another answer next time
  std::set<std::string> answered_{};              // applications that were answered properly
  std::optional<engine::ProviderAnswer> last_{};  // the answer to another order
};

}  // namespace simulated_registry
