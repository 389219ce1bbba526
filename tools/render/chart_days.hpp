// The days along the axis of a chart.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/time.hpp"

namespace render {

// Every day from the first to the last, so that gaps show. If that would be too many bars, only the days with values.
// REQUIRES: ascending.
inline std::vector<engine::Day> chart_days(const std::vector<engine::Day>& with_something) {
  constexpr int kMost = 120;
  if (with_something.empty() || (with_something.back() - with_something.front()).count() >= kMost)
    return with_something;
  std::vector<engine::Day> days;
  for (engine::Day day = with_something.front(); day <= with_something.back(); day += std::chrono::days(1))
    days.push_back(day);
  return days;
}

}  // namespace render
