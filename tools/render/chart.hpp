// Charts above a Table, as data. HTML draws them as inline SVG. CSV and JSON leave them out, because every figure of a
// chart is also in a row or a fact. Values are integers: minor units if there is a currency, else counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/money.hpp"
#include "engine/time.hpp"

namespace render {

// The meaning of a colour. `first` … `sixth` only tell series apart; a reader who sees no colours has the legend's
// order and the rows.
enum class Tone : std::uint8_t { first, second, third, fourth, fifth, sixth, good, warn, bad, quiet };
Tone tone_of_series(std::size_t index);  // first … sixth, and again

// Upright bars, each of stacked parts, left to right in the order of `labels`: deposits by day, causes over time.
struct Columns {
  struct Series {
    std::string name{};
    Tone tone = Tone::first;
    std::vector<std::int64_t> values{};  // one per label
  };
  std::string title{};
  std::optional<engine::Currency> currency{};  // absent: counts
  std::vector<std::string> labels{};
  std::vector<Series> stacks{};  // values not negative; the first lies at the bottom
  // drawn over the bars as steps: what they are held against; may be negative
  std::optional<Series> line{};
};

// Lying bars, one per category, each with its name and figure: refunds by cause, ages of deposits.
struct Bars {
  struct Bar {
    std::string name{};
    std::int64_t value = 0;  // not negative: its length
    std::string note{};      // after the figure: "12 deposits"
    Tone tone = Tone::first;
  };
  std::string title{};
  std::optional<engine::Currency> currency{};
  std::vector<Bar> bars{};
};

// Lines that keep their value until the next point: balances.
struct Steps {
  struct Point {
    engine::UtcTime at;
    std::int64_t value;
  };
  struct Line {
    std::string name{};
    Tone tone = Tone::first;
    std::vector<Point> points{};  // by time; the first is where the line begins
  };
  std::string title{};
  std::optional<engine::Currency> currency{};
  engine::UtcTime from, to;  // both ends of the axis; every point lies between
  std::vector<Line> lines{};
};

// Figures at a glance, one box each: the classes of a reconciliation.
struct Tiles {
  struct Tile {
    std::string name{};
    std::string figure{};  // large: "12", "59.00 EUR"
    std::string note{};
    Tone tone = Tone::quiet;
  };
  std::string title{};
  std::vector<Tile> tiles{};
};

using Chart = std::variant<Columns, Bars, Steps, Tiles>;

}  // namespace render
