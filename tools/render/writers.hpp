// The five writers behind format.hpp, and what they share. Private to this folder.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tools/render/format.hpp"
#include "tools/render/table.hpp"

namespace render {

// Collects text and hands it to the stream in large pieces: a hundred thousand rows are a few hundred writes.
class Sink {
 public:
  explicit Sink(std::ostream& out) : out_(out) { text.reserve(kPiece + 4096); }
  ~Sink() { out_.write(text.data(), static_cast<std::streamsize>(text.size())); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void end_line() {
    text += '\n';
    if (text.size() < kPiece) return;
    out_.write(text.data(), static_cast<std::streamsize>(text.size()));
    text.clear();
  }

  std::string text;

 private:
  static constexpr std::size_t kPiece = 64 * 1024;
  std::ostream& out_;
};

inline constexpr std::string_view kCurrencySuffix = "_currency";
inline constexpr std::string_view kUnicodeSuffix = "_unicode";

Kind kind_of(const Cell& cell);  // found, for an empty cell
Kind kind_of(const Fact& fact);
std::vector<Kind> kinds_of(const Table& table);     // one per column; never found
std::string title_from_key(std::string_view key);   // "placed_at" is "Placed at"
std::string title_of(const Table& table);           // as given, else from the schema
std::string unicode_of(const engine::DomainName&);  // without asking the converter where nothing is encoded

void write_table(Sink& sink, const Table& table, const Options& options);
void write_csv(Sink& sink, const Table& table, const Options& options);
void write_json(Sink& sink, const Table& table);
void write_jsonl(Sink& sink, const Table& table);
void write_html(Sink& sink, const Table& table, const Options& options);

// One <figure>. Positions across are percent and heights pixels, so that a picture fills any width while its writing
// keeps its size.
void append_chart(std::string& out, const Chart& chart);
// For element content and quoted attributes: made printable first, then & < > " ' as references.
void append_html(std::string& out, std::string_view text);

// quoted; control and direction characters as \uXXXX
void append_json_string(std::string& out, std::string_view text);

}  // namespace render
