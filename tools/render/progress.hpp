// Progress of a long command, on stderr. It appears after a second of work: on a terminal as one line that is redrawn
// and finally removed, elsewhere (and with TERM=dumb) as a plain line "what: n/m" every ten seconds. Never on stdout,
// never in colour. It uses the steady clock, not the command's `now`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

namespace render {

enum class ProgressFormat : std::uint8_t { none, lines, bar };

struct ProgressOptions {
  ProgressFormat format = ProgressFormat::none;
  int width = 80;  // columns; the bar leaves the last one free, or some terminals wrap
  std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
};

class Progress {
 public:
  // On stderr, as a bar or as lines. `total` 0: not known; shows a count and a rate, but no bar and no ETA.
  Progress(std::string what, std::uint64_t total);
  // `err` outlives the Progress.
  Progress(std::string what, std::uint64_t total, std::ostream& err, ProgressOptions options);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void at(std::uint64_t done);                          // cheap enough for every row
  void expect(std::uint64_t total) { total_ = total; }  // where the end moves on the way
  // Takes the line away, so that what is printed next stands alone. Before an error message too; the destructor does it
  // else.
  void finish();

 private:
  using Instant = std::chrono::steady_clock::time_point;
  void draw(Instant now);
  std::string rate_and_eta(Instant now) const;

  std::string what_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::ostream& err_;
  ProgressOptions options_;
  Instant started_;
  Instant next_;  // not before this is anything drawn
  bool line_open_ = false;
  bool finished_ = false;
};

}  // namespace render
