// Shared by the pages for support: the story of a backorder or an account, its outlook, and the account's funding plan.
#pragma once

#include <string>
#include <vector>

#include "engine/explanation.hpp"
#include "engine/funding_plan.hpp"
#include "tools/cli/session.hpp"

namespace cli {

// Everything that happened, in order of time.
class Story {
 public:
  void add(const engine::LoggedEvent& event, const std::string& about = "");
  void add(const engine::Transfer& transfer);
  void add(const engine::ProviderCall& call);
  void add(const engine::Evidence& evidence);
  // The last `limit` lines, oldest first; 0 is all.
  void write(render::Table& page, std::size_t limit = 0);

 private:
  // One line of a story. At the same instant: what happened, what it moved, what was asked of the provider, what the
  // provider said.
  struct Entry {
    engine::UtcTime at;
    int rank;
    std::string what;
    std::optional<engine::Money> amount;
    std::string who, detail;
  };
  std::vector<Entry> entries_;
};

void add_outlook(render::Table& page, const engine::Outlook& outlook);
// Every instant twice: for the books, and as clocks at the registry show it.
void add_instant(render::Table& page, const std::string& key, std::optional<engine::UtcTime> instant,
                 const std::string& zone);
// The plan of the account over everything that is dated: what the sweep will do, if nothing changes.
engine::FundingPlan plan_of(engine::LedgerReader& store, const engine::Customer& customer, engine::UtcTime now);

}  // namespace cli
