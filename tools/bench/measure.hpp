// Runs a measurement: the ledger's real path and its baseline in turns, each in a process of its own, so that memory is
// counted separately and no side profits from the other's warm caches. Figures are ratios within one run;
// absolute ones say more about the machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// The folder and the amount of data of a measurement.
struct Ground {
  std::string folder;  // its own, on the disk that is measured
  std::int64_t size;   // how many of what it counts
  std::uint64_t seed;  // the same seed and size, the same data
  std::string file(std::string_view name) const { return folder + "/" + std::string(name); }
  std::int64_t accounts() const { return size < 10 ? 1 : size / 10; }
};

// The i-th number of the seed's stream, each on its own (SplitMix64).
std::uint64_t draw(const Ground& ground, std::uint64_t i);

// The work of one side.
struct Took {
  double seconds;
  std::int64_t units;  // done in that time
  // what stays on the disk, counted: equal on both sides, or the comparison is none
  std::map<std::string, std::int64_t> left{};
  // of the time from a request to its answer, of the client that waited longest; 0: not measured
  double p99_ms = 0;
};

struct Measurement {
  std::string name;  // what --only says
  std::string what;  // for people
  std::string unit;
  std::int64_t size;  // of a full run; --quick takes 1 %, at least 20
  double ratio;       // the ledger's rate over the baseline's must reach this
  // and this many units a second on a disk of 3,000 commits a second; 0: no such wish
  std::int64_t rate;
  bool grows;                                  // part of --growth
  std::function<void(const Ground&)> prepare;  // makes the files that both sides begin with
  std::function<Took(const Ground&)> ledger, baseline;
  std::int64_t below_mib = 0;  // what the ledger's process may take at its peak; 0: no such wish
  double below_ms = 0;         // what p99_ms must stay under; 0: no such wish
  // another measurement, whose rate in the same run this one's must be so many times ...
  std::string times_of{};
  double times = 0;  // ... where the baselines are that: 0: no such wish
};

struct Side {
  std::vector<double> rates{};  // units a second, one per pair
  // seconds of processor time, one per pair: what a busy machine disturbs less
  std::vector<double> processor{};
  std::vector<double> p99_ms{};  // one per pair
  std::int64_t peak_kib = 0;     // of the process that did it, the whole of it
  std::int64_t units = 0;
};
struct Result {
  Side ledger{}, baseline{};
  std::vector<double> ratios{};  // ledger over baseline, pair by pair
  std::int64_t rows = 0;         // on the disk afterwards, of all tables
};

// Once, in a process of its own.
Took run_side(const std::function<Took(const Ground&)>& side, const Ground& ground, Side& into);
// Throws std::runtime_error where a side fails, or where the two left something different behind.
Result run(const Measurement& measurement, const Ground& ground, int pairs);

double median(std::vector<double> values);
// 99 of 100 are not above it. 0 where there are none.
double p99_ms(std::vector<std::chrono::steady_clock::duration> times);
// The rate of this measurement divided by that of the other one, by medians.
struct Times {
  double ledger, baseline;
};
Times times(const Result& result, const Result& of);
// True if everything wanted is reached: ratio, rate and latency by their medians, memory by its peak. Nothing where
// nothing is wanted. `rates` says whether absolute rates are judged here. `of`, where it was measured, is what `times`
// are compared with: wanted where the baseline reaches as many, for beyond it the disk and SQLite decide.
std::optional<bool> holds(const Measurement& measurement, const Result& result, bool rates,
                          const std::optional<Times>& of);

inline double processor_seconds = 0;  // of what seconds_of() has timed in this process, all its threads
double processor_now();

template <typename UnitOfWork>
double seconds_of(const UnitOfWork& work) {
  const double before = processor_now();
  const auto begin = std::chrono::steady_clock::now();
  work();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  processor_seconds += processor_now() - before;
  return seconds;
}

// Thrown by a broken benchmark, also after a refusal by the ledger.
template <typename R>
auto value_of(R&& result) {
  if (!result) throw std::runtime_error(result.error().detail);
  return std::forward<R>(result).value();
}

}  // namespace bench
