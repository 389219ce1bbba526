// dropledger-bench: how fast the ledger is beside the least work that leaves the same rows and indexes on the same
// disk, in the same run.
#include <stdlib.h>
#include <sys/statfs.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>

#include "tools/bench/families.hpp"
#include "tools/render/format.hpp"

namespace {

using bench::Ground;
using bench::Measurement;

constexpr std::int64_t kGuideCommits = 3'000;  // a second: wanted rates are judged on disks that do as many
constexpr double kMostGrowth = 1.15;           // of the ledger's time for ten times as much, over the baseline's
constexpr long kTmpfs = 0x01021994, kRamfs = 0x858458f6;

std::string filesystem_of(const std::string& folder, bool quick) {
  struct statfs found {};
  if (::statfs(folder.c_str(), &found) != 0) throw std::runtime_error("cannot look at " + folder);
  const bool in_memory = found.f_type == kTmpfs || found.f_type == kRamfs;
  if (in_memory && !quick) {
    throw std::runtime_error(folder +
                             " is in memory, where a commit costs nothing: name a folder on a disk with --folder");
  }
  constexpr std::pair<long, const char*> kNames[] = {{0xef53, "ext4"},      {0x58465342, "xfs"},
                                                     {0x9123683e, "btrfs"}, {0x794c7630, "overlay"},
                                                     {0x2fc12fc1, "zfs"},   {0xf2f52010, "f2fs"}};
  if (in_memory) return "memory";
  for (const auto& [type, name] : kNames) {
    if (found.f_type == type) return name;
  }
  char text[32];
  std::snprintf(text, sizeof text, "type 0x%lx", static_cast<unsigned long>(found.f_type));
  return text;
}

class Folder {
 public:
  explicit Folder(const std::string& parent) : path_(parent + "/dropledger-bench-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a folder in " + parent);
  }
  ~Folder() {
    std::error_code ignored;  // nothing to be done about it at the end of a benchmark
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string fixed(double value, int decimals) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}
std::int64_t whole(double value) { return static_cast<std::int64_t>(value + 0.5); }
double least(const std::vector<double>& values) { return std::ranges::min(values); }
double most(const std::vector<double>& values) { return std::ranges::max(values); }

struct Options {
  std::string folder = ".";
  std::vector<std::string> only{}, sizes{};
  std::uint64_t seed = 1;
  int pairs = 5;
  bool quick = false, json = false, growth = false;
};

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options), filesystem_(filesystem_of(options.folder, options.quick)), folder_(options.folder) {
    for (const std::string& name : options_.only) (void)named(name);
    for (const std::string& text : options_.sizes) {
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos) throw std::runtime_error("--size '" + text + "' is not NAME=NUMBER");
      named(text.substr(0, equals)).size = std::max(1L, std::stol(text.substr(equals + 1)));
    }
  }

  // Names of the measurements in the table that do not hold.
  const std::string& failing() const { return failing_; }

  render::Table run() {
    render::Table table;
    table.add_fact("filesystem", filesystem_);
    const std::int64_t commits = whole(bench::raw_commit_rate(folder_.path()));
    table.add_fact("raw_commits_a_second", commits);
    table.add_fact("seed", options_.seed);
    if (options_.growth)
      grow(table);
    else
      compare(table, commits);
    return table;
  }

 private:
  Measurement& named(std::string_view name) {
    const auto found = std::ranges::find(all_, name, &Measurement::name);
    if (found != all_.end()) return *found;
    std::string names;
    for (const Measurement& one : all_) names += (names.empty() ? "" : ", ") + one.name;
    throw std::runtime_error("there is no measurement '" + std::string(name) + "'; there are " + names);
  }
  bool is_wanted(const Measurement& one) const {
    return options_.only.empty() || std::ranges::find(options_.only, one.name) != options_.only.end();
  }

  bench::Result measure(const Measurement& one, std::int64_t size, int pairs) {
    std::cerr << one.name << ": " << size << " ...\n";
    return bench::run(one, Ground{folder_.path() + "/" + one.name, size, options_.seed}, pairs);
  }

  // The cell that says so; whatever does not hold is remembered.
  render::Cell judged(const Measurement& one, std::optional<bool> holds) {
    if (!holds) return {};
    if (!*holds) failing_ += (failing_.empty() ? "" : ", ") + one.name;
    return render::cell(*holds ? "yes" : "no");
  }

  // Some machines change within minutes: so the raw commit rate is asked again after each measurement, and the smaller
  // of that before and that after it counts.
  void compare(render::Table& table, std::int64_t commits_before) {
    using render::Kind;
    table.schema = "dropledger.bench/2";
    table.title = "The ledger beside its baseline";
    table.columns = {{"name"},
                     {"units", "", Kind::number},
                     {"unit"},
                     {"rate", "Rate/s", Kind::number},
                     {"rate_min", "Min", Kind::number},
                     {"rate_max", "Max", Kind::number},
                     {"baseline", "Baseline/s", Kind::number},
                     {"baseline_min", "Min", Kind::number},
                     {"baseline_max", "Max", Kind::number},
                     {"ratio", "", Kind::number},
                     {"ratio_min", "Min", Kind::number},
                     {"ratio_max", "Max", Kind::number},
                     {"processor_ratio", "By processor", Kind::number},
                     {"ratio_wanted", "Wanted", Kind::number},
                     {"rate_wanted", "Wanted/s", Kind::number},
                     {"p99_ms", "P99 ms", Kind::number},
                     {"p99_below", "Below", Kind::number},
                     {"peak_mib", "Peak MiB", Kind::number},
                     {"peak_below", "Below", Kind::number},
                     {"baseline_peak_mib", "Baseline's", Kind::number},
                     {"rows", "", Kind::number},
                     {"times", "Times single", Kind::number},
                     {"baseline_times", "Baseline's", Kind::number},
                     {"times_wanted", "Wanted", Kind::number},
                     {"raw_commits", "Raw commits/s", Kind::number},
                     {"holds"}};
    if (options_.json) table.columns.insert(table.columns.end() - 1, {"what"});  // people read it in --help
    std::map<std::string, bench::Result> before;
    for (const Measurement& one : all_) {
      if (!is_wanted(one)) continue;
      const std::int64_t size = options_.quick ? std::max<std::int64_t>(one.size / 100, 20) : one.size;
      const bench::Result done = measure(one, size, options_.quick ? 1 : options_.pairs);
      const std::int64_t commits_after =
          options_.quick ? commits_before : whole(bench::raw_commit_rate(folder_.path()));
      const std::int64_t commits = std::min(commits_before, commits_after);
      commits_before = commits_after;
      const auto other = before.find(one.times_of);
      const std::optional<bench::Times> times =
          other != before.end() ? std::optional(bench::times(done, other->second)) : std::nullopt;
      const auto if_any = [](auto value, int decimals) {
        return value > 0 ? render::cell(fixed(static_cast<double>(value), decimals)) : render::Cell();
      };
      const std::optional<bool> holds =
          options_.quick ? std::nullopt : bench::holds(one, done, commits >= kGuideCommits, times);
      table.add(one.name, done.ledger.units, one.unit, whole(bench::median(done.ledger.rates)),
                whole(least(done.ledger.rates)), whole(most(done.ledger.rates)),
                whole(bench::median(done.baseline.rates)), whole(least(done.baseline.rates)),
                whole(most(done.baseline.rates)), fixed(bench::median(done.ratios), 2), fixed(least(done.ratios), 2),
                fixed(most(done.ratios), 2),
                fixed(bench::median(done.baseline.processor) / bench::median(done.ledger.processor), 2),
                if_any(one.ratio, 2), if_any(one.rate, 0), if_any(bench::median(done.ledger.p99_ms), 1),
                if_any(one.below_ms, 0), done.ledger.peak_kib / 1024, if_any(one.below_mib, 0),
                done.baseline.peak_kib / 1024, done.rows, if_any(times ? times->ledger : 0, 1),
                if_any(times ? times->baseline : 0, 1), if_any(one.times, 0), commits, judged(one, holds));
      if (options_.json) table.rows.back().insert(table.rows.back().end() - 1, render::cell(one.what));
      before.emplace(one.name, done);
    }
  }

  // Each at a tenth, once and ten times: by how much more than the baseline's the ledger's time grows. That is how the
  // ratio falls, which is taken pair by pair: so the machine may change between two sizes.
  void grow(render::Table& table) {
    using render::Kind;
    table.schema = "dropledger.bench-growth/2";
    table.title = "Growth: time of ten times as much, the ledger's over its baseline's (wanted: at most 1.15)";
    table.columns = {{"name"},
                     {"from", "", Kind::number},
                     {"to", "", Kind::number},
                     {"ledger", "Ledger's time x", Kind::number},
                     {"baseline", "Baseline's time x", Kind::number},
                     {"growth", "", Kind::number},
                     {"ratio", "Ratio there", Kind::number},
                     {"peak_mib", "Peak MiB", Kind::number},
                     {"holds"}};
    for (const Measurement& one : all_) {
      if (!is_wanted(one) || !one.grows) continue;
      const std::int64_t base = options_.quick ? std::max<std::int64_t>(one.size / 1000, 20) : one.size / 10;
      std::optional<bench::Result> before;
      for (const int times : {1, 10, 100}) {
        const bench::Result now = measure(one, base * times,
                                          options_.quick ? 1
                                          : times == 100 ? std::min(options_.pairs, 3)
                                                         : options_.pairs);
        if (before) {
          const double ledger = 10 * bench::median(before->ledger.rates) / bench::median(now.ledger.rates);
          const double baseline = 10 * bench::median(before->baseline.rates) / bench::median(now.baseline.rates);
          const double growth = bench::median(before->ratios) / bench::median(now.ratios);
          table.add(one.name, base * times / 10, base * times, fixed(ledger, 1), fixed(baseline, 1), fixed(growth, 2),
                    fixed(bench::median(now.ratios), 2), now.ledger.peak_kib / 1024,
                    judged(one, options_.quick ? std::nullopt : std::optional(growth <= kMostGrowth)));
        }
        before = now;
      }
    }
  }

  Options options_;
  std::string failing_{};  // names of measurements that do not hold
  std::string filesystem_;
  Folder folder_;
  std::vector<Measurement> all_ = bench::all_measurements();
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Measures the ledger's real path and, by turns, the least work with plain SQLite that leaves the same rows and "
      "indexes on the same disk. What counts is the\n"
      "ratio; the wanted rates are for a disk of 3,000 raw commits a second, and are judged where there are as many "
      "before and after the measurement. `grouped` must\n"
      "be five times `command` where its baseline is five times that of `command`. The column `holds` says whether a "
      "row "
      "reaches all that is wanted of it: ratio, rate, p99,\n"
      "memory, times. It is a report: the status is 0 all the same. A full run takes some minutes and 1 GB in the "
      "folder; with --growth, 10 GB.");
  std::string footer = "Measurements:\n";
  for (const Measurement& one : bench::all_measurements())
    footer += "  " + one.name + std::string(16 - one.name.size(), ' ') + one.what + "\n";
  app.footer(footer +
             "\nExamples:\n  dropledger-bench --folder /var/tmp\n  dropledger-bench --only sweep --only settle --pairs "
             "9 --json\n  dropledger-bench --growth --only list");
  app.add_option("--folder", options.folder, "Where the files are made, on the disk to be measured")
      ->type_name("FOLDER")
      ->capture_default_str();
  app.add_option("--only", options.only, "Only these")->type_name("NAME");
  app.add_option("--size", options.sizes, "Another size than the wanted one")->type_name("NAME=NUMBER");
  app.add_option("--seed", options.seed, "Of the data")->capture_default_str();
  app.add_option("--pairs", options.pairs, "Ledger and baseline by turns, so often")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--quick", options.quick,
               "One pair of a hundredth: that both sides leave the same behind, not how fast they are");
  app.add_flag("--growth", options.growth, "A tenth, once and ten times the size");
  app.add_flag("--json", options.json, "For programs");
  CLI11_PARSE(app, argc, argv);
  try {
    Bench bench(options);
    const render::Table table = bench.run();
    render::write(std::cout, table, {.format = options.json ? render::Format::json : render::Format::table});
    std::cout.flush();
    if (!bench.failing().empty()) std::cerr << "not as wanted: " << bench.failing() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 3;
  }
  return 0;
}
