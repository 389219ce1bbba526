// Draws charts as SVG. Coordinates are floating point: they place ink, and no figure is ever read back from them.
#include "tools/render/chart.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "engine/ensure.hpp"
#include "engine/enum_names.hpp"
#include "tools/render/writers.hpp"

namespace render {
namespace {

constexpr engine::Named<Tone> kTones[] = {{Tone::first, "first"},   {Tone::second, "second"}, {Tone::third, "third"},
                                          {Tone::fourth, "fourth"}, {Tone::fifth, "fifth"},   {Tone::sixth, "sixth"},
                                          {Tone::good, "good"},     {Tone::warn, "warn"},     {Tone::bad, "bad"},
                                          {Tone::quiet, "quiet"}};
constexpr Tone kSeries[] = {Tone::first, Tone::second, Tone::third, Tone::fourth, Tone::fifth, Tone::sixth};

// room for so many columns is left where there are fewer: one day is no wall
constexpr std::size_t kFewestSlots = 8;
// pixels; below the plot the labels of its axis
constexpr int kPlotTop = 12, kPlotHeight = 190, kChartHeight = 224;
constexpr int kGridLines = 4;
constexpr std::size_t kAxisLabels = 3;  // what fits side by side on a telephone

std::string_view to_word(Tone tone) { return engine::word_of(kTones, tone); }

std::string figure(std::int64_t value, const std::optional<engine::Currency>& currency) {
  return currency ? to_string_with_code(engine::Money::of_minor(value, *currency)) : std::to_string(value);
}

void append_number(std::string& out, double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  std::string_view digits = text;
  while (digits.ends_with('0')) digits.remove_suffix(1);
  if (digits.ends_with('.')) digits.remove_suffix(1);
  out += digits;
}

// The values of the upright axis: whole steps of 1, 2 or 5 and zeros, in major units where that is possible, reaching
// over both ends.
struct Scale {
  std::int64_t low, high, step;

  double y(std::int64_t value) const {  // pixels from the top of the picture
    const double share = (static_cast<double>(value) - static_cast<double>(low)) /
                         (static_cast<double>(high) - static_cast<double>(low));
    return kPlotTop + kPlotHeight * (1.0 - share);
  }
};
// beyond it steps would overflow; sums of amounts stay far below
constexpr std::int64_t kWidestScale = 4'000'000'000'000'000'000;
Scale scale_over(std::int64_t lowest, std::int64_t highest) {
  lowest = std::max(std::min<std::int64_t>(lowest, 0), -kWidestScale);
  highest = std::min(std::max<std::int64_t>(highest, 0), kWidestScale);
  if (lowest == highest) highest = 1;
  const double wanted = (static_cast<double>(highest) - static_cast<double>(lowest)) / kGridLines;
  std::int64_t step = 1;
  for (std::int64_t power = 1;; power *= 10) {
    const auto enough = [&](std::int64_t times) {
      return static_cast<double>(power) * static_cast<double>(times) >= wanted;
    };
    if (enough(1) || enough(2) || enough(5) || power >= 1'000'000'000'000'000'000) {
      step = power * (enough(1) ? 1 : enough(2) ? 2 : 5);
      break;
    }
  }
  const auto up = [&](std::int64_t value) {
    return value <= 0 ? value / step * step : (value + step - 1) / step * step;
  };
  return {-up(-lowest), up(highest), step};
}

void open_figure(std::string& out, const std::string& title) {
  out += "<figure><figcaption>";
  append_html(out, title);
  out += "</figcaption>";
}

void open_chart(std::string& out, const std::string& label) {
  out += "<svg role=\"img\" height=\"" + std::to_string(kChartHeight) + "\" aria-label=\"";
  append_html(out, label);
  out += "\">";
}

void append_grid(std::string& out, const Scale& scale) {
  for (std::int64_t value = scale.low; value <= scale.high; value += scale.step) {
    out += value == 0 ? "<line class=\"zero\" x1=\"0\" x2=\"100%\" y1=\""
                      : "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"";
    append_number(out, scale.y(value));
    out += "\" y2=\"";
    append_number(out, scale.y(value));
    out += "\"/>";
  }
}
// After the bars, so that they stay readable where a bar stands behind them.
void append_grid_figures(std::string& out, const Scale& scale, const std::optional<engine::Currency>& currency) {
  for (std::int64_t value = scale.low; value <= scale.high; value += scale.step) {
    out += "<text class=\"halo\" x=\"2\" y=\"";
    append_number(out, scale.y(value) - 3);
    out += "\">";
    append_html(out, figure(value, currency));
    out += "</text>";
  }
}

void append_axis_label(std::string& out, double percent, std::string_view anchor, std::string_view text) {
  out += "<text x=\"";
  append_number(out, percent);
  out += "%\" y=\"" + std::to_string(kPlotTop + kPlotHeight + 16) + "\" text-anchor=\"";
  out += anchor;
  out += "\">";
  append_html(out, text);
  out += "</text>";
}

// The plot stretched to any width: `units` across, pixels upright.
void open_plot(std::string& out, double units) {
  out += "<svg x=\"0\" y=\"0\" width=\"100%\" height=\"" + std::to_string(kChartHeight) + "\" viewBox=\"0 0 ";
  append_number(out, units);
  out += " " + std::to_string(kChartHeight) + "\" preserveAspectRatio=\"none\">";
}

void append_legend(std::string& out, const std::vector<std::pair<std::string, Tone>>& entries) {
  if (entries.empty()) return;
  out += "<ul class=\"legend\">";
  for (const auto& [text, tone] : entries) {
    out += "<li><svg aria-hidden=\"true\"><rect width=\"12\" height=\"12\" rx=\"2\" class=\"";
    out += to_word(tone);
    out += "\"/></svg>";
    append_html(out, text);
    out += "</li>";
  }
  out += "</ul>";
}

struct Draw {
  std::string& out;

  void operator()(const Columns& chart) const {
    const std::size_t count = chart.labels.size();
    const auto one_per_label = [&](const Columns::Series& series) { return series.values.size() == count; };
    ENSURE(std::ranges::all_of(chart.stacks, one_per_label) && (!chart.line || one_per_label(*chart.line)),
           "one value per label: " + chart.title);
    if (count == 0) return;
    std::int64_t lowest = 0, highest = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::int64_t sum = 0;
      for (const Columns::Series& series : chart.stacks) {
        ENSURE(series.values[i] >= 0, "stacked parts are not negative: " + chart.title);
        sum += series.values[i];
      }
      highest = std::max(highest, sum);
      if (!chart.line) continue;
      lowest = std::min(lowest, chart.line->values[i]);
      highest = std::max(highest, chart.line->values[i]);
    }
    const Scale scale = scale_over(lowest, highest);
    open_figure(out, chart.title);
    open_chart(out, chart.title + ", " + chart.labels.front() + " to " + chart.labels.back() + ", highest " +
                        figure(highest, chart.currency));
    append_grid(out, scale);
    const double slots = static_cast<double>(std::max(count, kFewestSlots));
    open_plot(out, 10.0 * slots);
    for (std::size_t i = 0; i < count; ++i) append_column(chart, scale, i);
    if (chart.line) append_steps(chart, scale);
    out += "</svg>";
    append_grid_figures(out, scale, chart.currency);
    const std::size_t every = std::max<std::size_t>(1, (count + kAxisLabels - 1) / kAxisLabels);
    for (std::size_t i = 0; i < count; i += every) {
      const double middle = (static_cast<double>(i) + 0.5) * 100.0 / slots;
      append_axis_label(out,
                        middle < 10   ? 0
                        : middle > 90 ? 100
                                      : middle,
                        middle < 10   ? "start"
                        : middle > 90 ? "end"
                                      : "middle",
                        chart.labels[i]);
    }
    out += "</svg>";
    std::vector<std::pair<std::string, Tone>> legend;
    for (const Columns::Series& series : chart.stacks) legend.emplace_back(series.name, series.tone);
    if (chart.line) legend.emplace_back(chart.line->name, chart.line->tone);
    append_legend(out, legend);
    out += "</figure>";
  }

  void append_column(const Columns& chart, const Scale& scale, std::size_t i) const {
    std::int64_t below = 0;
    for (const Columns::Series& series : chart.stacks) {
      if (series.values[i] == 0) continue;
      const double top = scale.y(below + series.values[i]);
      out += "<rect class=\"";
      out += to_word(series.tone);
      out += "\" x=\"" + std::to_string(10 * i + 1) + "\" width=\"8\" y=\"";
      append_number(out, top);
      out += "\" height=\"";
      append_number(out, std::max(scale.y(below) - top, 0.75));
      out += "\"><title>";
      append_html(out, chart.labels[i] + " · " + series.name + " · " + figure(series.values[i], chart.currency));
      out += "</title></rect>";
      below += series.values[i];
    }
  }

  void append_steps(const Columns& chart, const Scale& scale) const {
    out += "<path class=\"line ";
    out += to_word(chart.line->tone);
    out += "\" d=\"";
    for (std::size_t i = 0; i < chart.labels.size(); ++i) {
      out += i == 0 ? "M0 " : "V";
      append_number(out, scale.y(chart.line->values[i]));
      out += "H" + std::to_string(10 * (i + 1));
    }
    out += "\"/>";
  }

  void operator()(const Bars& chart) const {
    if (chart.bars.empty()) return;
    std::int64_t highest = 1;
    for (const Bars::Bar& bar : chart.bars) {
      ENSURE(bar.value >= 0, "a bar's length is not negative: " + bar.name);
      highest = std::max(highest, bar.value);
    }
    open_figure(out, chart.title);
    out += "<dl class=\"bars\">";
    for (const Bars::Bar& bar : chart.bars) {
      out += "<dt>";
      append_html(out, bar.name);
      out += "</dt><dd>";
      append_html(out, figure(bar.value, chart.currency));
      if (!bar.note.empty()) {
        out += " <small>";
        append_html(out, bar.note);
        out += "</small>";
      }
      out += "</dd><dd class=\"bar\" aria-hidden=\"true\"><svg height=\"14\"><rect height=\"14\" rx=\"2\" class=\"";
      out += to_word(bar.tone);
      out += "\" width=\"";
      append_number(out, 100.0 * static_cast<double>(bar.value) / static_cast<double>(highest));
      out += "%\"/></svg></dd>";
    }
    out += "</dl></figure>";
  }

  void operator()(const Steps& chart) const {
    std::int64_t lowest = 0, highest = 0;
    bool any = false;
    for (const Steps::Line& line : chart.lines) {
      for (const Steps::Point& point : line.points) {
        lowest = std::min(lowest, point.value);
        highest = std::max(highest, point.value);
        any = true;
      }
    }
    if (!any || chart.from >= chart.to) return;
    const Scale scale = scale_over(lowest, highest);
    constexpr double kUnits = 1000;
    const auto x = [&](engine::UtcTime at) {
      return kUnits * static_cast<double>((at - chart.from).count()) /
             static_cast<double>((chart.to - chart.from).count());
    };
    open_figure(out, chart.title);
    open_chart(out, chart.title + ", " + engine::to_string(chart.from) + " to " + engine::to_string(chart.to) +
                        ", between " + figure(lowest, chart.currency) + " and " + figure(highest, chart.currency));
    append_grid(out, scale);
    open_plot(out, kUnits);
    for (const Steps::Line& line : chart.lines) {
      if (line.points.empty()) continue;
      out += "<path class=\"line ";
      out += to_word(line.tone);
      out += "\" d=\"M";
      append_number(out, x(line.points.front().at));
      out += " ";
      append_number(out, scale.y(line.points.front().value));
      double drawn_x = -1;
      for (const Steps::Point& point : line.points) {
        const double at = x(point.at);
        if (at - drawn_x >= 0.01) {
          out += "H";
          append_number(out, at);
          drawn_x = at;
        }
        out += "V";
        append_number(out, scale.y(point.value));
      }
      out += "H1000\"/>";
    }
    out += "</svg>";
    append_grid_figures(out, scale, chart.currency);
    append_axis_label(out, 0, "start", engine::to_string(engine::day_of(chart.from)));
    append_axis_label(out, 50, "middle", engine::to_string(engine::day_of(chart.from + (chart.to - chart.from) / 2)));
    append_axis_label(out, 100, "end", engine::to_string(engine::day_of(chart.to)));
    out += "</svg>";
    std::vector<std::pair<std::string, Tone>> legend;
    for (const Steps::Line& line : chart.lines) legend.emplace_back(line.name, line.tone);
    append_legend(out, legend);
    out += "</figure>";
  }

  void operator()(const Tiles& chart) const {
    if (chart.tiles.empty()) return;
    open_figure(out, chart.title);
    out += "<ul class=\"tiles\">";
    for (const Tiles::Tile& tile : chart.tiles) {
      out += "<li class=\"";
      out += to_word(tile.tone);
      out += "\">";
      append_html(out, tile.name);
      out += "<b>";
      append_html(out, tile.figure);
      out += "</b>";
      if (!tile.note.empty()) {
        out += "<small>";
        append_html(out, tile.note);
        out += "</small>";
      }
      out += "</li>";
    }
    out += "</ul></figure>";
  }
};

}  // namespace

Tone tone_of_series(std::size_t index) { return kSeries[index % std::size(kSeries)]; }

void append_chart(std::string& out, const Chart& chart) { std::visit(Draw{out}, chart); }

}  // namespace render
