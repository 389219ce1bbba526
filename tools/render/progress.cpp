#include "tools/render/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string_view>

#include "engine/time.hpp"
#include "tools/render/terminal.hpp"
#include "tools/render/text.hpp"

namespace render {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPatience = seconds(1);  // before it nobody wonders
constexpr milliseconds kRedraw = milliseconds(100);
constexpr milliseconds kLineEvery = seconds(10);
constexpr std::size_t kWidestBar = 40;
constexpr std::size_t kNarrowestBar = 10;

ProgressOptions suiting_stderr() {
  ProgressOptions options;
  options.format = is_terminal(STDERR_FILENO) && !is_dumb_terminal() ? ProgressFormat::bar : ProgressFormat::lines;
  if (const int width = terminal_width(STDERR_FILENO); width > 0) options.width = width;
  return options;
}

}  // namespace

Progress::Progress(std::string what, std::uint64_t total)
    : Progress(std::move(what), total, std::cerr, suiting_stderr()) {}

Progress::Progress(std::string what, std::uint64_t total, std::ostream& err, ProgressOptions options)
    : what_(printable(what)),
      total_(total),
      err_(err),
      options_(std::move(options)),
      started_(options_.clock()),
      next_(started_ + (options_.format == ProgressFormat::lines ? kLineEvery : kPatience)) {}

void Progress::at(std::uint64_t done) {
  if (options_.format == ProgressFormat::none || finished_) return;
  done_ = done;
  const Instant now = options_.clock();
  if (now < next_) return;
  next_ = now + (options_.format == ProgressFormat::lines ? kLineEvery : kRedraw);
  draw(now);
}

std::string Progress::rate_and_eta(Instant now) const {
  const double spent_s = std::chrono::duration<double>(now - started_).count();
  if (done_ == 0 || spent_s <= 0) return {};
  const double rate = static_cast<double>(done_) / spent_s;
  char text[48];
  std::snprintf(text, sizeof text, rate < 10 ? ", %.1f/s" : ", %.0f/s", rate);
  std::string out = text;
  if (total_ > done_) {
    const double left_s = static_cast<double>(total_ - done_) / rate;
    if (left_s < 1e9)
      out += ", " + engine::to_string(engine::Milliseconds(seconds(static_cast<std::int64_t>(left_s + 0.5)))) + " left";
  }
  return out;
}

void Progress::draw(Instant now) {
  std::string counts = std::to_string(done_);
  if (total_ > 0) counts += "/" + std::to_string(total_);
  counts += rate_and_eta(now);
  std::string line;
  if (options_.format == ProgressFormat::lines) {
    line = what_ + ": " + counts + "\n";
  } else {
    const std::size_t width = static_cast<std::size_t>(std::max(2, options_.width)) - 1;
    std::string text = what_ + " ";
    const std::size_t taken = display_width(text) + counts.size() + 3;  // two brackets, one blank
    if (total_ > 0 && taken + kNarrowestBar <= width) {
      const std::size_t bar = std::min(kWidestBar, width - taken);
      const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
      const std::size_t filled = static_cast<std::size_t>(share * static_cast<double>(bar));
      text += "[" + std::string(filled, '#') + std::string(bar - filled, '.') + "] ";
    }
    text += counts;
    line = "\r";
    line += prefix_of_width(text, width);
    line += "\x1b[K";
    line_open_ = true;
  }
  err_.write(line.data(), static_cast<std::streamsize>(line.size()));
  err_.flush();
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  if (!line_open_) return;
  err_ << "\r\x1b[K" << std::flush;
}

}  // namespace render
