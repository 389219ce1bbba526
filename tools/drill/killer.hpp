// Runs sweeps in processes of their own and kills them with SIGKILL: at a milestone that they reach, or from outside at
// any instant.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string_view>

#include "tools/operations/sweep.hpp"

namespace drill {

// When a sweep dies: at its `nth` milestone, or at the `nth` of one kind; with a time also given, so long after that
// one (0: after its beginning), from outside, wherever it is then. Nothing given: it lives.
struct Blow {
  std::optional<operations::Milestone> at{};
  int nth = 0;
  int after_microseconds = 0;
};

class Killer {
 public:
  // The last milestone that a sweep had reached when it died.
  static constexpr std::array<std::string_view, 4> kStages{"before a commit",
                                                           "between the intent's commit and the provider's answer",
                                                           "between the answer and its commit", "in settlement"};

  Killer();
  ~Killer();
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;

  // `work` sweeps with the options it is given, in a child of this process. True when it was killed; false when it was
  // over before. Throws std::runtime_error where it failed. REQUIRES: this process has one thread.
  bool run(const std::function<void(const operations::SweepOptions&)>& work, operations::SweepOptions options,
           const Blow& blow);

  const std::array<int, kStages.size()>& killed() const { return killed_; }  // by stage
  // killed from outside before the first milestone
  int before_any() const { return before_any_; }
  int total() const;  // all of them

 private:
  struct Trace;
  Trace* trace_;  // shared with the children
  std::array<int, kStages.size()> killed_{};
  int before_any_ = 0;
};

}  // namespace drill
