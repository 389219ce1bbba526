// A season against a provider that errs and deceives (simulated_registry/adversary.hpp), with the book lost and put
// back from a backup now and then: what must be true all the same is checked after every sweep against what the
// registry behind the adversary knows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace drill {

struct AdversityOptions {
  std::string folder;  // empty
  std::uint64_t seed = 1;
  int backorders = 5'000;
  int percent = 10;  // of the answers, for each trick
  int restores = 5;  // the book is lost, and a backup of some sweeps before is put back
};
struct AdversityReport {
  std::vector<std::string> figures;     // for people: tricks, states, cases, restores
  std::vector<std::string> violations;  // of the rules; empty: they held
  bool every_trick_was_played = false;
};
AdversityReport play_adversity(const AdversityOptions& options);

}  // namespace drill
