// The measurements, family by family.
#pragma once

#include <vector>

#include "tools/bench/measure.hpp"

namespace bench {

void add_commands(std::vector<Measurement>& all);  // one durable request after another, and many at once
void add_sweeps(std::vector<Measurement>& all);    // deposits reserved, outcomes settled
void add_files(std::vector<Measurement>& all);     // deletion lists, backorders from a file
void add_jobs(std::vector<Measurement>& all);      // jobs submitted and synced over HTTP
void add_gateway(std::vector<Measurement>& all);   // customers' software over HTTP
void add_parsing(std::vector<Measurement>& all);   // the provider's answers
void add_reads(std::vector<Measurement>& all);     // previews, reports, verify, journals: nothing is written

inline std::vector<Measurement> all_measurements() {
  std::vector<Measurement> all;
  for (const auto add : {add_commands, add_sweeps, add_files, add_jobs, add_gateway, add_parsing, add_reads}) add(all);
  return all;
}

// Commits a second of one small row each: what the disk allows, printed beside everything.
double raw_commit_rate(const std::string& folder);

}  // namespace bench
