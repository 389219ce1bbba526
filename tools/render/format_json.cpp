// Written by hand rather than through a document: keys keep their order, and a hundred thousand rows need no second
// copy in memory.
#include "tools/render/text.hpp"
#include "tools/render/writers.hpp"

namespace render {
namespace {

// The members of one object, in the order they come.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  void key(std::string_view key, std::string_view suffix = {}) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += key;
    out_ += suffix;
    out_ += "\":";
  }
  void end() { out_ += '}'; }
  std::string& out() { return out_; }

 private:
  std::string& out_;
  bool first_ = true;
};

struct WriteValue {
  std::string& out;

  void quoted(std::string_view plain) const {  // digits, words and signs of our own making
    out += '"';
    out += plain;
    out += '"';
  }
  void operator()(std::monostate) const { out += "null"; }
  void operator()(const std::string& text) const { append_json_string(out, text); }
  void operator()(std::int64_t number) const { out += std::to_string(number); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
  void operator()(engine::Money money) const {
    out += "{\"amount\":";
    quoted(engine::to_string(money));
    out += ",\"minor\":" + std::to_string(money.minor()) + ",\"currency\":";
    quoted(money.currency().code());
    out += '}';
  }
  void operator()(engine::UtcTime time) const { quoted(engine::to_string(time)); }
  void operator()(engine::Day day) const { quoted(engine::to_string(day)); }
  void operator()(const engine::DomainName& name) const { append_json_string(out, name.ace()); }
};

void add_member(JsonObject& object, std::string_view key, const Cell& cell, Kind kind) {
  object.key(key);
  std::visit(WriteValue{object.out()}, cell);
  if (kind != Kind::domain) return;
  object.key(key, kUnicodeSuffix);
  if (const auto* name = std::get_if<engine::DomainName>(&cell)) {
    append_json_string(object.out(), unicode_of(*name));
  } else {
    object.out() += "null";
  }
}

void add_row(std::string& out, const Table& table, const std::vector<Kind>& kinds, const Row& row) {
  JsonObject object(out);
  for (std::size_t i = 0; i < kinds.size(); ++i) add_member(object, table.columns[i].key, row[i], kinds[i]);
  object.end();
}

// One row per line, so that long lists can be read and searched.
void add_rows(Sink& sink, const Table& table, const std::vector<Kind>& kinds, const std::vector<Row>& rows) {
  sink.text += '[';
  bool first = true;
  for (const Row& row : rows) {
    if (!first) sink.text += ',';
    first = false;
    sink.end_line();
    add_row(sink.text, table, kinds, row);
  }
  if (!rows.empty()) sink.end_line();
  sink.text += ']';
}

void add_list(Sink& sink, JsonObject& object, const Table& table) {
  const std::vector<Kind> kinds = kinds_of(table);
  object.key("rows");
  add_rows(sink, table, kinds, table.rows);
  object.key("count");
  sink.text += std::to_string(table.rows.size());
  object.key("truncated");
  sink.text += table.truncated ? "true" : "false";
  object.key("totals");
  add_rows(sink, table, kinds, table.totals);
}

void add_facts(JsonObject& object, const Table& table) {
  for (const Fact& fact : table.facts) add_member(object, fact.key, fact.value, kind_of(fact));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7f && text[plain] != '"' &&
           text[plain] != '\\')
      ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Decoded next = decode(text);
    if (next.point == '"' || next.point == '\\') {
      out += '\\';
      out += text.front();
    } else if (next.point == '\n') {
      out += "\\n";
    } else if (next.point == '\r') {
      out += "\\r";
    } else if (next.point == '\t') {
      out += "\\t";
    } else if (is_unprintable(next.point)) {
      out += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(next.point >> shift) & 0xf];
    } else if (next.point == 0xfffd) {  // also what was not UTF-8: JSON must be
      out += "\xEF\xBF\xBD";
    } else {
      out.append(text.substr(0, next.length));
    }
    text.remove_prefix(next.length);
  }
  out += '"';
}

void write_json(Sink& sink, const Table& table) {
  JsonObject object(sink.text);
  object.key("schema");
  append_json_string(sink.text, table.schema);
  add_facts(object, table);
  if (!table.is_record()) add_list(sink, object, table);
  if (!table.sections.empty()) {
    object.key("sections");
    JsonObject sections(sink.text);
    for (const Table& section : table.sections) {
      sections.key(section.name);
      JsonObject part(sink.text);
      add_list(sink, part, section);
      part.end();
    }
    sections.end();
  }
  object.end();
  sink.end_line();
}

void write_jsonl(Sink& sink, const Table& table) {
  if (table.is_record()) {
    write_json(sink, table);
    return;
  }
  const std::vector<Kind> kinds = kinds_of(table);
  for (const Row& row : table.rows) {
    add_row(sink.text, table, kinds, row);
    sink.end_line();
  }
}

}  // namespace render
