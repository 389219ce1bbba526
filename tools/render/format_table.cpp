// For people. Every cell is made printable first and measured once; widths are columns of the terminal.
#include <algorithm>

#include "tools/render/text.hpp"
#include "tools/render/writers.hpp"

namespace render {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::size_t kNarrowest = 8;  // a shortened column keeps this much, or nothing of it could be read

constexpr std::string_view kBold = "\x1b[1m", kDim = "\x1b[2m", kNormalWeight = "\x1b[22m";
constexpr std::string_view kRed = "\x1b[31m", kNormalColor = "\x1b[39m";

struct AppendForPeople {
  std::string& out;
  bool ascii;
  std::string_view if_absent;

  void operator()(std::monostate) const { out += if_absent; }
  void operator()(const std::string& text) const { append_printable(out, text); }
  void operator()(std::int64_t number) const { out += std::to_string(number); }
  void operator()(bool flag) const { out += flag ? "yes" : "no"; }
  void operator()(engine::Money money) const { out += engine::to_string_with_code(money); }
  void operator()(engine::UtcTime time) const { out += engine::to_string(time); }
  void operator()(engine::Day day) const { out += engine::to_string(day); }
  void operator()(const engine::DomainName& name) const {
    append_printable(out, ascii ? name.ace() : unicode_of(name));
  }
};

bool is_negative(const Cell& cell) {
  const auto* money = std::get_if<engine::Money>(&cell);
  return money != nullptr && money->is_negative();
}

// All cells of some rows as printable text, in one string.
class Texts {
 public:
  Texts(const std::vector<Row>& rows, std::size_t columns, bool ascii, std::string_view if_absent) : columns_(columns) {
    places_.reserve(rows.size() * columns);
    for (const Row& row : rows) {
      for (const Cell& cell : row) {
        const std::size_t begin = text_.size();
        std::visit(AppendForPeople{text_, ascii, if_absent}, cell);
        places_.push_back({begin, text_.size(), display_width(std::string_view(text_).substr(begin))});
      }
    }
  }
  std::string_view text(std::size_t row, std::size_t column) const {
    const Place& place = places_[row * columns_ + column];
    return std::string_view(text_).substr(place.begin, place.end - place.begin);
  }
  std::size_t width(std::size_t row, std::size_t column) const { return places_[row * columns_ + column].width; }
  void widen(std::vector<std::size_t>& widths) const {
    for (std::size_t i = 0; i < places_.size(); ++i)
      widths[i % columns_] = std::max(widths[i % columns_], places_[i].width);
  }

 private:
  struct Place {
    std::size_t begin, end, width;
  };
  std::size_t columns_;
  std::string text_;
  std::vector<Place> places_;
};

void append_times(std::string& out, std::string_view piece, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out += piece;
}

class TableWriter {
 public:
  TableWriter(Sink& sink, const Table& table, const Options& options)
      : sink_(sink),
        table_(table),
        options_(options),
        ellipsis_(options.ascii ? "..." : "…"),
        ellipsis_width_(options.ascii ? 3 : 1) {}

  void write_facts() {
    std::size_t widest = 0;
    for (const Fact& fact : table_.facts) widest = std::max(widest, fact.key.size());
    for (const auto& [key, value, kind] : table_.facts) {
      paint(kBold, title_from_key(key), kNormalWeight);
      sink_.text.append(widest - key.size(), ' ');
      sink_.text += kGap;
      if (options_.color && is_negative(value)) sink_.text += kRed;
      std::visit(AppendForPeople{sink_.text, options_.ascii, "-"}, value);
      if (options_.color && is_negative(value)) sink_.text += kNormalColor;
      sink_.end_line();
    }
  }

  void write_name() {
    sink_.end_line();
    if (!options_.header) return;
    paint(kBold, title_of(table_), kNormalWeight);
    sink_.end_line();
  }

  void write_list() {
    if (options_.header && !table_.facts.empty()) {
      write_facts();
      sink_.end_line();
    }
    if (table_.rows.empty() && table_.totals.empty()) {
      write_remark_on_empty();
      return;
    }
    const Texts rows(table_.rows, table_.columns.size(), options_.ascii, "-");
    const Texts totals(table_.totals, table_.columns.size(), options_.ascii, "");
    lay_out(rows, totals);
    if (options_.header) {
      write_titles();
      write_rule();
    }
    if (table_.rows.empty()) write_remark_on_empty();
    for (std::size_t row = 0; row < table_.rows.size(); ++row) write_row(rows, row, table_.rows[row], false);
    if (!table_.totals.empty() && !(table_.rows.empty() && !options_.header)) write_rule();
    for (std::size_t row = 0; row < table_.totals.size(); ++row) write_row(totals, row, table_.totals[row], true);
    if (table_.truncated && options_.header) {
      sink_.text += ellipsis_;
      sink_.text += " and more: the list was cut by its limit.";
      sink_.end_line();
    }
  }

 private:
  void write_remark_on_empty() {
    if (!options_.header) return;
    append_printable(sink_.text, table_.when_empty.empty() ? "Nothing to show." : table_.when_empty);
    sink_.end_line();
  }

  void lay_out(const Texts& rows, const Texts& totals) {
    kinds_ = kinds_of(table_);
    for (const Column& column : table_.columns) {
      titles_.push_back(column.title.empty() ? title_from_key(column.key) : printable(column.title));
      widths_.push_back(options_.header ? display_width(titles_.back()) : 0);
    }
    rows.widen(widths_);
    totals.widen(widths_);
    if (options_.width <= 0) return;
    const std::size_t limit = static_cast<std::size_t>(options_.width);
    std::size_t line = kGap.size() * (widths_.size() - 1);
    for (const std::size_t width : widths_) line += width;
    // column by column from the widest, so that several columns of prose end equally wide
    while (line > limit) {
      std::size_t* widest = nullptr;
      for (std::size_t i = 0; i < widths_.size(); ++i) {
        if (table_.columns[i].may_shorten && widths_[i] > kNarrowest && (widest == nullptr || widths_[i] > *widest))
          widest = &widths_[i];
      }
      if (widest == nullptr) return;  // the rest is ids and amounts: rather a long line than a wrong number
      --*widest;
      --line;
    }
  }

  bool to_the_right(std::size_t column) const {
    return kinds_[column] == Kind::number || kinds_[column] == Kind::money;
  }

  // One cell, padded. Nothing after the last text of a line: blanks there would be copied along.
  void append_cell(std::size_t column, std::string_view text, std::size_t width, bool red, std::size_t& owed_blanks) {
    std::string& out = sink_.text;
    const bool cut = width > widths_[column];
    std::string_view shown = text;
    if (cut) {
      shown = prefix_of_width(text, widths_[column] - ellipsis_width_);
      width = display_width(shown) + ellipsis_width_;
    }
    const std::size_t blanks = widths_[column] - width;
    if (column > 0) owed_blanks += kGap.size();
    if (shown.empty()) {
      owed_blanks += blanks;
      return;
    }
    if (to_the_right(column)) owed_blanks += blanks;
    out.append(owed_blanks, ' ');
    owed_blanks = to_the_right(column) ? 0 : blanks;
    if (red) out += kRed;
    out += shown;
    if (cut) out += ellipsis_;
    if (red) out += kNormalColor;
  }

  void write_titles() {
    if (options_.color) sink_.text += kBold;
    std::size_t owed_blanks = 0;
    for (std::size_t i = 0; i < titles_.size(); ++i)
      append_cell(i, titles_[i], display_width(titles_[i]), false, owed_blanks);
    if (options_.color) sink_.text += kNormalWeight;
    sink_.end_line();
  }

  void write_rule() {
    if (options_.color) sink_.text += kDim;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      if (i > 0) sink_.text += kGap;
      append_times(sink_.text, options_.ascii ? "-" : "─", widths_[i]);
    }
    if (options_.color) sink_.text += kNormalWeight;
    sink_.end_line();
  }

  void write_row(const Texts& texts, std::size_t row, const Row& cells, bool bold) {
    if (bold && options_.color) sink_.text += kBold;
    std::size_t owed_blanks = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      append_cell(i, texts.text(row, i), texts.width(row, i), options_.color && is_negative(cells[i]), owed_blanks);
    }
    if (bold && options_.color) sink_.text += kNormalWeight;
    sink_.end_line();
  }

  void paint(std::string_view on, std::string_view text, std::string_view off) {
    if (options_.color) sink_.text += on;
    append_printable(sink_.text, text);
    if (options_.color) sink_.text += off;
  }

  Sink& sink_;
  const Table& table_;
  const Options& options_;
  std::string_view ellipsis_;
  std::size_t ellipsis_width_;
  std::vector<Kind> kinds_;
  std::vector<std::string> titles_;
  std::vector<std::size_t> widths_;
};

// Without the columns that are not for a terminal.
Table for_people(const Table& table) {
  Table shown = table;
  for (std::size_t i = table.columns.size(); i-- > 0;) {
    if (!table.columns[i].raw) continue;
    const auto drop = [i](auto& from) { from.erase(from.begin() + static_cast<std::ptrdiff_t>(i)); };
    drop(shown.columns);
    std::ranges::for_each(shown.rows, drop);
    std::ranges::for_each(shown.totals, drop);
  }
  return shown;
}

void write_one(Sink& sink, const Table& table, const Options& options, bool is_section) {
  if (std::ranges::any_of(table.columns, &Column::raw)) return write_one(sink, for_people(table), options, is_section);
  TableWriter writer(sink, table, options);
  if (is_section) writer.write_name();
  if (table.is_record()) {
    writer.write_facts();
  } else {
    writer.write_list();
  }
}

}  // namespace

void write_table(Sink& sink, const Table& table, const Options& options) {
  write_one(sink, table, options, false);
  for (const Table& section : table.sections) write_one(sink, section, options, true);
}

}  // namespace render
