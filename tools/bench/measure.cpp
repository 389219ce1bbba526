#include "tools/bench/measure.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <sstream>

#include "tools/bench/unsynced.hpp"

namespace bench {
namespace {

struct Apart {
  std::string said;
  std::int64_t peak_kib;
};

// Runs `work` in a process of its own, which says what it returns. REQUIRES: no other thread in this one.
Apart run_apart(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(nullptr);  // or the child would print it again
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    std::string said;
    try {
      said = "+" + work();
    } catch (const std::exception& error) {
      said = std::string("-") + error.what();
    }
    for (std::string_view rest = said; !rest.empty();) {
      const ssize_t part = ::write(ends[1], rest.data(), rest.size());
      if (part <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(part));
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char block[4096];
  for (ssize_t part = 0; (part = ::read(ends[0], block, sizeof block)) > 0;)
    said.append(block, static_cast<std::size_t>(part));
  ::close(ends[0]);
  rusage usage{};
  int status = 0;
  ::wait4(child, &status, 0, &usage);
  if (said.empty())
    throw std::runtime_error("a measuring process ended without a word, status " + std::to_string(status));
  if (said.front() == '-') throw std::runtime_error(said.substr(1));
  return {said.substr(1), usage.ru_maxrss};
}

std::string encode(const Took& took) {
  std::ostringstream out;
  out.precision(17);
  out << took.seconds << ' ' << took.units << ' ' << took.p99_ms << ' ' << processor_seconds << '\n';
  for (const auto& [what, count] : took.left) out << what << '\t' << count << '\n';
  return out.str();
}

Took decode(const std::string& text, Side& into) {
  std::istringstream in(text);
  Took took{};
  in >> took.seconds >> took.units >> took.p99_ms >> into.processor.emplace_back();
  in.ignore();
  for (std::string line; std::getline(in, line);) {
    const std::size_t tab = line.find('\t');
    took.left[line.substr(0, tab)] = std::stoll(line.substr(tab + 1));
  }
  return took;
}

void compare(const std::string& name, const Took& ledger, const Took& baseline) {
  if (ledger.units != baseline.units) {
    throw std::runtime_error(name + ": the ledger did " + std::to_string(ledger.units) + ", the baseline " +
                             std::to_string(baseline.units));
  }
  for (const auto* side : {&ledger.left, &baseline.left}) {
    for (const auto& [what, unused] : *side) {
      // what the ledger keeps beside the work: that a sweep ran, and what was decided at a tax point
      if (what == "table run" || what == "table tax_point") continue;
      const auto a = ledger.left.find(what), b = baseline.left.find(what);
      const std::int64_t here = a == ledger.left.end() ? 0 : a->second,
                         there = b == baseline.left.end() ? 0 : b->second;
      if (here != there) {
        throw std::runtime_error(name + ": " + what + ": the ledger left " + std::to_string(here) + ", the baseline " +
                                 std::to_string(there));
      }
    }
  }
}

}  // namespace

std::uint64_t draw(const Ground& ground, std::uint64_t i) {
  std::uint64_t z = ground.seed + (i + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

double processor_now() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Took run_side(const std::function<Took(const Ground&)>& side, const Ground& ground, Side& into) {
  const Apart apart = run_apart([&] { return encode(side(ground)); });
  Took took = decode(apart.said, into);
  into.rates.push_back(static_cast<double>(took.units) / took.seconds);
  into.p99_ms.push_back(took.p99_ms);
  into.peak_kib = std::max(into.peak_kib, apart.peak_kib);
  into.units = took.units;
  return took;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

Times times(const Result& result, const Result& of) {
  return {median(result.ledger.rates) / median(of.ledger.rates),
          median(result.baseline.rates) / median(of.baseline.rates)};
}

std::optional<bool> holds(const Measurement& measurement, const Result& result, bool rates,
                          const std::optional<Times>& of) {
  std::optional<bool> all;
  const auto judge = [&](bool wanted, bool reached) {
    if (wanted) all = all.value_or(true) && reached;
  };
  judge(measurement.ratio > 0, median(result.ratios) >= measurement.ratio);
  judge(measurement.rate > 0 && rates, median(result.ledger.rates) >= static_cast<double>(measurement.rate));
  judge(measurement.below_mib > 0, result.ledger.peak_kib < measurement.below_mib * 1024);
  judge(measurement.below_ms > 0, median(result.ledger.p99_ms) < measurement.below_ms);
  judge(measurement.times > 0 && of && of->baseline >= measurement.times, of && of->ledger >= measurement.times);
  return all;
}

double p99_ms(std::vector<std::chrono::steady_clock::duration> times) {
  if (times.empty()) return 0;
  const auto late = times.begin() + static_cast<std::ptrdiff_t>((times.size() * 99) / 100);
  std::ranges::nth_element(times, late);
  return std::chrono::duration<double, std::milli>(*late).count();
}

Result run(const Measurement& measurement, const Ground& ground, int pairs) {
  std::filesystem::create_directories(ground.folder);
  if (measurement.prepare) {
    run_apart([&] {
      sync_nothing();
      measurement.prepare(ground);
      sync_all(ground.folder);
      return std::string();
    });
  }
  Result result;
  for (int pair = 0; pair < pairs; ++pair) {
    Took ledger{}, baseline{};
    // By turns also in who comes first: what drifts hits both.
    if (pair % 2 == 1) baseline = run_side(measurement.baseline, ground, result.baseline);
    ledger = run_side(measurement.ledger, ground, result.ledger);
    if (pair % 2 == 0) baseline = run_side(measurement.baseline, ground, result.baseline);
    compare(measurement.name, ledger, baseline);
    result.ratios.push_back(result.ledger.rates.back() / result.baseline.rates.back());
    result.rows = 0;
    for (const auto& [what, count] : ledger.left) {
      if (what.starts_with("table ")) result.rows += count;
    }
  }
  std::filesystem::remove_all(ground.folder);
  return result;
}

}  // namespace bench
