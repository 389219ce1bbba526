// A whole season on a book of its own: accounts rich and poor, backorders on every few names of some deletion lists,
// dates that move, a simulated registry, and a clock that the caller moves. What it does depends on its options alone,
// so two runs can be compared. Rehearsals print it, simulation tests kill it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/operations/lists.hpp"
#include "tools/operations/reports.hpp"
#include "tools/operations/sweep.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace drill {

struct SeasonOptions {
  std::string folder;  // for the book, the registry's file and the lists that the season writes
  std::uint64_t seed = 1;
  int accounts = 200;    // a third can pay everything, a third half, a third nothing
  int every = 3;         // a backorder on every n-th name
  int move_rounds = 4;   // later lists with some dates moved, a day apart from the second day on
  int move_one_in = 40;  // names per moved date
  simulated_registry::World world{};
};

class Season {
 public:
  // Makes everything and stands at four days before the first drop. REQUIRES: an empty folder; rows with the instant of
  // the drop, not a day only. Throws std::runtime_error where the lists name nothing.
  static Season make(const SeasonOptions& options, std::vector<std::vector<engine::ListRow>> lists);

  engine::UtcTime start() const { return start_; }
  // moves out when a date does
  engine::UtcTime end() const { return last_drop_ + std::chrono::hours(14 * 24); }

  // The book and the registry are opened anew at each call, as a command would. `now` ascends.
  operations::SweepReport sweep(engine::UtcTime now, const operations::SweepOptions& options = {});
  // Writes a later list and imports it, where one is due at `now`; true when it did.
  bool move_dates(engine::UtcTime now);
  // Some of those who could not pay everything top up.
  void top_up(engine::UtcTime now);

  std::unique_ptr<engine::LedgerStore> book() const;
  std::string book_path() const { return options_.folder + "/book.db"; }
  int moved() const { return moved_; }

 private:
  explicit Season(SeasonOptions options) : options_(std::move(options)) {}
  void make_accounts(engine::LedgerStore& store);
  void place(engine::LedgerStore& store);
  void import(engine::LedgerStore& store, const std::vector<engine::ListRow>& rows, engine::UtcTime now);

  SeasonOptions options_;
  std::vector<std::pair<engine::DomainName, engine::UtcTime>> names_;  // by drop, then name
  engine::UtcTime start_{}, last_drop_{};
  int rounds_done_ = 0, moved_ = 0;
};

// Accounts, states, reasons and transfers by backorder, a sorted line each, without ids, recorded times and attempts:
// what two runs of one season must agree on.
std::vector<std::string> fingerprint(engine::LedgerStore& store);

}  // namespace drill
