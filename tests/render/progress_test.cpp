// The clock is the test's: nothing here waits.
#include "tools/render/progress.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "tools/render/text.hpp"

namespace {

using namespace std::chrono_literals;
using render::Progress;
using render::ProgressFormat;

struct Watch {
  std::chrono::steady_clock::time_point now{};
  std::ostringstream err;
  render::ProgressOptions options(ProgressFormat format, int width = 80) {
    return {.format = format, .width = width, .clock = [this] { return now; }};
  }
};

}  // namespace

TEST_CASE("progress: nothing in the first second, then a bar that takes itself away") {
  Watch watch;
  {
    Progress progress("reading", 400, watch.err, watch.options(ProgressFormat::bar));
    watch.now += 999ms;
    progress.at(50);
    CHECK(watch.err.str().empty());
    watch.now += 1001ms;
    progress.at(100);
    CHECK(watch.err.str() == "\rreading [##########..............................] 100/400, 50/s, 6s left\x1b[K");
    watch.now += 50ms;
    progress.at(102);  // redrawn ten times a second at most
    CHECK(watch.err.str().find("102") == std::string::npos);
    watch.err.str("");
  }
  CHECK(watch.err.str() == "\r\x1b[K");
}

TEST_CASE("progress: work of less than a second leaves no trace") {
  Watch watch;
  {
    Progress progress("reading", 10, watch.err, watch.options(ProgressFormat::bar));
    for (std::uint64_t i = 0; i <= 10; ++i) progress.at(i);
    progress.finish();
  }
  CHECK(watch.err.str().empty());
}

TEST_CASE("progress: without a terminal a plain line every ten seconds") {
  Watch watch;
  Progress progress("reading", 100, watch.err, watch.options(ProgressFormat::lines));
  for (std::uint64_t i = 1; i <= 25; ++i) {
    watch.now += 1s;
    progress.at(i);
  }
  progress.finish();
  CHECK(watch.err.str() == "reading: 10/100, 1.0/s, 1m 30s left\nreading: 20/100, 1.0/s, 1m 20s left\n");
}

TEST_CASE("progress: told to be silent it is") {
  Watch watch;
  Progress progress("reading", 100, watch.err, watch.options(ProgressFormat::none));
  watch.now += 1h;
  progress.at(50);
  progress.finish();
  CHECK(watch.err.str().empty());
}

TEST_CASE("progress: an unknown total has a count and a rate; more than the total is no reason to fail") {
  Watch watch;
  Progress unknown("reading", 0, watch.err, watch.options(ProgressFormat::bar));
  watch.now += 2s;
  unknown.at(1000);
  CHECK(watch.err.str() == "\rreading 1000, 500/s\x1b[K");
  watch.err.str("");
  Progress more("reading", 10, watch.err, watch.options(ProgressFormat::bar, 50));
  watch.now += 2s;
  more.at(20);
  CHECK(watch.err.str() == "\rreading [###########################] 20/10, 10/s\x1b[K");
}

TEST_CASE("progress: never wider than the terminal") {
  for (const int width : {0, 1, 5, 20, 30, 40, 60, 200}) {
    CAPTURE(width);
    Watch watch;
    Progress progress("例子 list", 400, watch.err, watch.options(ProgressFormat::bar, width));
    watch.now += 2s;
    progress.at(100);
    const std::string line = watch.err.str();
    REQUIRE(line.size() >= 4);
    CHECK(render::display_width(std::string_view(line).substr(1, line.size() - 4)) <
          static_cast<std::size_t>(std::max(2, width)));
  }
}
