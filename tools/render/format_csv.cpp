// RFC 4180 with LF: what spreadsheets, databases and accountants' imports read alike.
#include "tools/render/text.hpp"
#include "tools/render/writers.hpp"

namespace render {
namespace {

class CsvLine {
 public:
  CsvLine(std::string& out, bool escape_controls) : out_(out), escape_controls_(escape_controls) {}

  // A field as it is, quoted where RFC 4180 (2.6) demands it; empty text is "" and so differs from an absent value.
  void text(std::string_view value) {
    separate();
    if (!value.empty() && value.find_first_of(",\"\r\n") == std::string_view::npos) {
      append(value);
      return;
    }
    out_ += '"';
    for (std::size_t quote; (quote = value.find('"')) != std::string_view::npos; value.remove_prefix(quote + 1)) {
      append(value.substr(0, quote));
      out_ += "\"\"";
    }
    append(value);
    out_ += '"';
  }
  void bare(std::string_view value) {  // digits, words and signs of our own making
    separate();
    out_ += value;
  }
  void absent() { separate(); }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void append(std::string_view value) {
    if (!escape_controls_) {
      out_ += value;
      return;
    }
    for (std::size_t end; (end = value.find('\n')) != std::string_view::npos; value.remove_prefix(end + 1)) {
      append_printable(out_, value.substr(0, end));
      out_ += '\n';
    }
    append_printable(out_, value);
  }

  std::string& out_;
  bool escape_controls_;
  bool first_ = true;
};

// One cell as one field, or as the two fields of a money or domain column.
struct WriteFields {
  CsvLine& line;
  Kind column;

  void rest_absent() const {
    if (column == Kind::money || column == Kind::domain) line.absent();
  }
  void operator()(std::monostate) const {
    line.absent();
    rest_absent();
  }
  void operator()(const std::string& text) const {
    line.text(text);
    rest_absent();
  }
  void operator()(std::int64_t number) const {
    line.bare(std::to_string(number));
    rest_absent();
  }
  void operator()(bool flag) const {
    line.bare(flag ? "true" : "false");
    rest_absent();
  }
  void operator()(engine::Money money) const {
    if (column == Kind::money) {
      line.bare(engine::to_string(money));
      line.bare(money.currency().code());
    } else {
      line.bare(engine::to_string_with_code(money));
      rest_absent();
    }
  }
  void operator()(engine::UtcTime time) const {
    line.bare(engine::to_string(time));
    rest_absent();
  }
  void operator()(engine::Day day) const {
    line.bare(engine::to_string(day));
    rest_absent();
  }
  void operator()(const engine::DomainName& name) const {
    line.text(name.ace());
    if (column == Kind::domain) {
      line.text(unicode_of(name));
    } else {
      rest_absent();
    }
  }
};

void add_header(CsvLine& line, const std::string& key, Kind kind) {
  line.text(key);
  if (kind == Kind::money) line.text(key + std::string(kCurrencySuffix));
  if (kind == Kind::domain) line.text(key + std::string(kUnicodeSuffix));
}

}  // namespace

void write_csv(Sink& sink, const Table& table, const Options& options) {
  if (table.is_record()) {
    if (table.facts.empty()) return;
    if (options.header) {
      CsvLine line(sink.text, options.terminal);
      for (const Fact& fact : table.facts) add_header(line, fact.key, kind_of(fact));
      sink.end_line();
    }
    CsvLine line(sink.text, options.terminal);
    for (const Fact& fact : table.facts) std::visit(WriteFields{line, kind_of(fact)}, fact.value);
    sink.end_line();
    return;
  }
  const std::vector<Kind> kinds = kinds_of(table);
  if (options.header) {
    CsvLine line(sink.text, options.terminal);
    for (std::size_t i = 0; i < kinds.size(); ++i) add_header(line, table.columns[i].key, kinds[i]);
    sink.end_line();
  }
  for (const Row& row : table.rows) {
    CsvLine line(sink.text, options.terminal);
    for (std::size_t i = 0; i < kinds.size(); ++i) std::visit(WriteFields{line, kinds[i]}, row[i]);
    sink.end_line();
  }
}

}  // namespace render
