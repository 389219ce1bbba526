#include "tools/formats/description.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "tools/formats/date_mask.hpp"
#include "tools/formats/embedded_descriptions.hpp"

namespace formats {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

constexpr std::string_view kListColumns[] = {"name", "zone", "date", "certainty"};
constexpr std::string_view kStatementColumns[] = {"booked",
                                                  "valued",
                                                  "amount",
                                                  "credit",
                                                  "debit",
                                                  "sign",
                                                  "currency",
                                                  "reference",
                                                  "account",
                                                  "end_to_end",
                                                  "counterparty",
                                                  "id",
                                                  "balance",
                                                  "status",
                                                  "fee",
                                                  "gross",
                                                  "net",
                                                  "type",
                                                  "counterparty_account"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool knows_column(FormatKind kind, std::string_view key) {
  return kind == FormatKind::list ? std::ranges::find(kListColumns, key) != std::end(kListColumns)
                                  : std::ranges::find(kStatementColumns, key) != std::end(kStatementColumns);
}

// Collects the first fault while a TOML table is read.
class Reader {
 public:
  explicit Reader(Description& description) : description_(description) {}

  std::optional<Error> read(const toml::table& table) {
    const std::string kind = text(table, "kind", "");
    if (kind == "list" || kind == "statement") {
      description_.kind = kind == "list" ? FormatKind::list : FormatKind::statement;
    } else {
      return Error{ErrorCode::invalid_argument, where() + "kind is \"list\" or \"statement\""};
    }
    for (const auto& [name, node] : table) key(std::string(name.str()), node);
    if (!fault_) check();
    return fault_;
  }

 private:
  std::string where() const { return "format '" + description_.name + "': "; }
  void refuse(const toml::node& node, const std::string& why) {
    if (!fault_)
      fault_ =
          Error{ErrorCode::invalid_argument, where() + "line " + std::to_string(node.source().begin.line) + ": " + why};
  }
  void refuse(const std::string& why) {
    if (!fault_) fault_ = Error{ErrorCode::invalid_argument, where() + why};
  }

  static std::string text(const toml::table& table, std::string_view key, std::string_view otherwise) {
    return std::string(table[key].value_or(otherwise));
  }
  void take(const toml::node& node, const std::string& key, std::string& to) {
    if (const auto* value = node.as_string())
      to = value->get();
    else
      refuse(node, key + " is a text");
  }
  void take(const toml::node& node, const std::string& key, bool& to) {
    if (const auto* value = node.as_boolean())
      to = value->get();
    else
      refuse(node, key + " is true or false");
  }
  void take(const toml::node& node, const std::string& key, std::vector<std::string>& to) {
    to.clear();
    if (const auto* one = node.as_string()) {
      to.push_back(one->get());
    } else if (const auto* list = node.as_array()) {
      for (const toml::node& word : *list) {
        if (const auto* value = word.as_string())
          to.push_back(value->get());
        else
          refuse(word, key + " is a text or a list of texts");
      }
    } else {
      refuse(node, key + " is a text or a list of texts");
    }
  }
  void take_words(const toml::node& node, const std::string& section, Words& to, bool are_columns) {
    const auto* table = node.as_table();
    if (table == nullptr) return refuse(node, section + " is a section, [" + section + "]");
    for (const auto& [name, words] : *table) {
      const std::string word(name.str());
      if (are_columns && !knows_column(description_.kind, word)) {
        refuse(words, "there is no column '" + word + "' in [" + section + "]");
      } else {
        take(words, word, to[word]);
      }
    }
  }
  void take_stamp(const toml::node& node, const std::string& section, std::optional<Stamp>& to) {
    const auto* table = node.as_table();
    if (table == nullptr) return refuse(node, section + " is a section, [" + section + "]");
    Stamp stamp;
    for (const auto& [name, value] : *table) {
      if (name.str() == "mask") {
        take(value, "mask", stamp.mask);
        check_date_mask(value, stamp.mask);
      } else if (name.str() == "is") {
        std::vector<std::string> meanings;
        take(value, "is", meanings);
        for (const std::string& meaning : meanings) {
          if (meaning == "day")
            stamp.is_day = true;
          else if (meaning == "date")
            stamp.is_date = true;
          else if (meaning == "published")
            stamp.is_published = true;
          else
            refuse(value, "a date of [" + section + "] is \"day\", \"date\" or \"published\"");
        }
      } else {
        refuse(value, "unknown '" + std::string(name.str()) + "' in [" + section + "]");
      }
    }
    if (stamp.mask.empty() || (!stamp.is_day && !stamp.is_date && !stamp.is_published))
      refuse(node, "[" + section + "] needs mask and is");
    to = stamp;
  }
  void check_date_mask(const toml::node& node, const std::string& mask) {
    const engine::Status sound = check_mask(mask);
    if (!sound) refuse(node, sound.error().detail);
  }
  void take_recognise(const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr) return refuse(node, "recognise is a section, [recognise]");
    for (const auto& [name, value] : *table) {
      const std::string key(name.str());
      if (key == "file")
        take(value, key, description_.file_globs);
      else if (key == "header")
        take(value, key, description_.header_words);
      else if (key == "first_line")
        take(value, key, description_.first_line_glob);
      else if (key == "whole")
        take(value, key, description_.whole_header);
      else
        refuse(value, "unknown '" + key + "' in [recognise]");
    }
  }

  void key(const std::string& key, const toml::node& node) {
    Description& it = description_;
    if (key == "kind") return;
    if (key == "title") return take(node, key, it.title);
    if (key == "source") return take(node, key, it.source);
    if (key == "note") return take(node, key, it.note);
    if (key == "verified") return take(node, key, it.verified);
    if (key == "quotes") return take(node, key, it.quotes);
    if (key == "header") return take(node, key, it.header);
    if (key == "skip_lines") return take(node, key, it.skip_lines);
    if (key == "records") return take(node, key, it.records);
    if (key == "columns") return take_words(node, key, it.columns, true);
    if (key == "optional") return take_words(node, key, it.optional_columns, true);
    if (key == "words") return take_words(node, key, it.words, false);
    if (key == "recognise") return take_recognise(node);
    if (key == "first_line") return take_stamp(node, key, it.first_line);
    if (key == "file_name") return take_stamp(node, key, it.file_name);
    if (key == "pass_over") return take_words(node, key, it.pass_over, false);
    if (key == "date") {
      take(node, key, it.date_masks);
      for (const std::string& mask : it.date_masks) check_date_mask(node, mask);
      return;
    }
    if (key == "time_zone") {
      take(node, key, it.time_zone);
      if (!engine::is_time_zone(it.time_zone))
        refuse(node, "'" + it.time_zone + "' is not a time zone of the IANA database, such as Europe/Warsaw");
      return;
    }
    if (key == "date_is") {
      take(node, key, it.date_is);
      if (it.date_is != "drop" && it.date_is != "finalization" && it.date_is != "eligible")
        refuse(node, "date_is is \"drop\", \"finalization\" or \"eligible\"");
      return;
    }
    if (key == "encoding") {
      std::string word;
      take(node, key, word);
      const Result<Encoding> encoding = parse_encoding(word);
      if (encoding)
        it.encoding = encoding.value();
      else
        refuse(node, encoding.error().detail);
      return;
    }
    if (key == "syntax") return take_syntax(node);
    if (key == "separator" || key == "decimal") {
      std::string character;
      take(node, key, character);
      if (character.size() != 1 || (key == "decimal" && character != "." && character != ","))
        refuse(node, key + (key == "decimal" ? " is \".\" or \",\"" : " is one character"));
      else
        (key == "separator" ? it.separator : it.decimal) = character.front();
      return;
    }
    if (key == "skip") {
      const auto* number = node.as_integer();
      if (number != nullptr && number->get() >= 0)
        it.skip = static_cast<std::uint64_t>(number->get());
      else
        refuse(node, "skip is a number of lines");
      return;
    }
    if (key == "constants") {
      const auto* table = node.as_table();
      if (table == nullptr) return refuse(node, "constants is a section, [constants]");
      for (const auto& [name, value] : *table)
        take(value, std::string(name.str()), it.constants[std::string(name.str())]);
      return;
    }
    refuse(node, "unknown or misplaced '" + key + "'");
  }

  void take_syntax(const toml::node& node) {
    std::string word;
    take(node, "syntax", word);
    if (word == "delimited")
      description_.syntax = Syntax::delimited;
    else if (word == "names")
      description_.syntax = Syntax::names;
    else if (word == "blanks")
      description_.syntax = Syntax::blanks;
    else if (word == "json")
      description_.syntax = Syntax::json;
    else
      refuse(node, "syntax is \"delimited\", \"names\", \"blanks\" or \"json\"");
  }

  void check() {
    const Description& it = description_;
    const bool names_only = it.syntax == Syntax::names;
    if (it.kind == FormatKind::list) {
      if (!names_only && !it.columns.contains("name")) refuse("[columns] needs name, the column of the domain");
    } else {
      if (names_only) refuse("a statement is not \"names\"");
      if (!it.has_column("booked")) refuse("[columns] needs booked, the column of the booking day");
    }
    if (!it.header && it.syntax == Syntax::delimited) {
      for (const Words* columns : {&it.columns, &it.optional_columns}) {
        for (const auto& [key, words] : *columns) {
          for (const std::string& word : words) {
            if (word.size() < 2 || word.front() != '#' ||
                word.find_first_not_of("0123456789", 1) != std::string::npos || word == "#0" || word.size() > 4)
              refuse("without a header a column is given by its place, such as " + key + " = \"#1\"");
          }
        }
      }
    }
  }

  Description& description_;
  std::optional<Error> fault_{};
};

std::vector<Description> read_builtin() {
  std::vector<Description> all;
  for (const EmbeddedDescription& embedded : embedded_descriptions()) {
    Result<Description> one = parse_description(embedded.toml, embedded.name);
    ENSURE(bool(one), "a built-in format can be read: " + (one ? std::string() : one.error().detail));
    all.push_back(std::move(one).value());
  }
  std::ranges::sort(all, {}, &Description::name);
  return all;
}

// The header words of a line by the description's separator, folded. Quotes around words are taken off.
std::vector<std::string> words_of(std::string_view line, const Description& description) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t end = std::min(line.find(description.separator), line.size());
    std::string_view word = line.substr(0, end);
    while (!word.empty() && (word.front() == ' ' || word.front() == '"')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == ' ' || word.back() == '"' || word.back() == '\r')) word.remove_suffix(1);
    words.push_back(folded_word(word));
    if (end == line.size()) return words;
    line.remove_prefix(end + 1);
  }
}

bool header_fits(const Description& description, std::string_view text) {
  for (std::uint64_t line = 0, looked = 0; !text.empty() && looked < 1; ++line) {
    const std::string_view raw = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(raw.size() + 1, text.size()));
    if (line < description.skip || raw.find_first_not_of(" \t\r") == std::string_view::npos || raw.starts_with('#'))
      continue;
    ++looked;
    const std::vector<std::string> there = words_of(raw, description);
    const bool all = std::ranges::all_of(description.header_words, [&](const std::string& word) {
      return std::ranges::find(there, folded_word(word)) != there.end();
    });
    if (all && (!description.whole_header || there.size() == description.header_words.size())) return true;
  }
  return false;
}

}  // namespace

Result<Description> parse_description(std::string_view toml, std::string_view name) {
  Description description;
  description.name = name;
  try {
    const toml::table table = toml::parse(toml);
    if (std::optional<Error> fault = Reader(description).read(table)) return *fault;
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::invalid_argument, "format '" + description.name + "': line " +
                                                  std::to_string(error.source().begin.line) + ": " +
                                                  std::string(error.description())};
  }
  return description;
}

std::span<const Description> builtin_descriptions() {
  static const std::vector<Description> all = read_builtin();
  return all;
}

const Description* find_builtin(FormatKind kind, std::string_view name) {
  for (const Description& one : builtin_descriptions()) {
    if (one.kind == kind && one.name == name) return &one;
  }
  return nullptr;
}

const Description* recognise(FormatKind kind, std::string_view file_name, std::string_view text) {
  const Description* surest = nullptr;
  bool alone = false;
  const std::string_view base = file_name.substr(file_name.find_last_of('/') + 1);
  const std::string_view first = text.substr(0, text.find('\n'));
  for (const Description& one : builtin_descriptions()) {
    if (one.kind != kind || one.certainty() == 0) continue;
    if (!one.file_globs.empty() &&
        std::ranges::none_of(one.file_globs, [&](const std::string& glob) { return matches_glob(base, glob); }))
      continue;
    if (!one.first_line_glob.empty() && !matches_glob(first.substr(0, first.find('\r')), one.first_line_glob)) continue;
    if (!one.header_words.empty() && !header_fits(one, text)) continue;
    if (surest != nullptr && one.certainty() == surest->certainty()) {
      alone = false;
    } else if (surest == nullptr || one.certainty() > surest->certainty()) {
      surest = &one;
      alone = true;
    }
  }
  return alone ? surest : nullptr;
}

std::string folded_word(std::string_view word) {
  std::string folded;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word.substr(i).starts_with("\xC2\xA0"))
      ++i;  // a blank that does not break
    else if (word[i] != ' ' && word[i] != '_' && word[i] != '-' && word[i] != '\t')
      folded += lower(word[i]);
  }
  return folded;
}

bool matches_glob(std::string_view text, std::string_view glob) {
  // Goes back to the last star alone, so no text takes longer than text times glob.
  std::size_t at = 0, from = 0;
  std::size_t star = std::string_view::npos, starred = 0;
  while (at < text.size()) {
    if (from < glob.size() && glob[from] == '*') {
      star = from++;
      starred = at;
    } else if (from < glob.size() && (glob[from] == '?' || lower(glob[from]) == lower(text[at]))) {
      ++from;
      ++at;
    } else if (star != std::string_view::npos) {
      from = star + 1;
      at = ++starred;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', from) == std::string_view::npos;
}

}  // namespace formats
