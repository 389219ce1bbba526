// A description of a file's layout, the same for deletion lists and statements. Built-in ones are the files
// of tools/formats/descriptions; anybody can write one of their own and give its path. TOML; each key with its default:
//
//   kind = "list"             # or "statement"; the only key that must be there
//   title = ""                # one line for people
//   source = ""               # where the layout is from: an address, a program, a file that was seen
//   verified = false          # true: the layout was seen in the source, not only described there
//   note = ""                 # what a user must know, such as "the time is the vendor's, so only the day is taken"
//   encoding = "utf-8"        # see encoding.hpp; a byte order mark counts first
//   syntax = "delimited"      # "names": one name a line; "blanks": columns apart by two blanks or more; "json"
//   separator = ","           # one character, "\t" for tabs
//   quotes = true             # RFC 4180 quoting
//   header = true             # false: columns are given by their place, "#1"
//   skip = 0                  # lines before the header
//   skip_lines = []           # lines like these are passed over: "---*"; blank lines and lines with # always are
//   records = ""              # json: where the array is, dots between names; "" is the top, "lines" one object a line
//   date = ["ISO"]            # masks, see date_mask.hpp; the first that fits counts
//   time_zone = "UTC"         # of times that do not name a zone
//   date_is = ""              # lists: "drop", "finalization", or "eligible" (drops at the zone's next batch)
//   decimal = "."             # or ","
//   [columns]                 # key = header word; a list of words is joined by a blank; "Datum|Date" is either
//   name = "Domain"           #   lists: name, zone, date, certainty
//   [optional]                # columns that may be missing, same keys
//   [recognise]               # all given must fit
//   file = ["*_SUPP_*.txt"]   #   name of the file, in any case
//   header = ["roid"]         #   all of these words are in the header, and `whole` says that there are no others
//   first_line = ""           #   the first line is like this
//   whole = true
//   [first_line]              # a date in the line before everything
//   mask = "YYYY-MM-DD hh:mm:ss Z"
//   is = ["day", "published"] #   of every row: "date" as the mask has it, or its "day"; of the list: "published"
//   [file_name]               # likewise in the file's name
//   [words]                   # what words in a column mean; lists: tentative (of certainty);
//                             #   statements: credit, debit (of sign), booked (of status)
//   [constants]               # statements: currency = "EUR"; lists: zone = "uk", which names without a dot are under
//   [pass_over]               # rows passed over, by header word and what stands there: Type = ["Auction"]
//
// Header words are compared without case, blanks, underscores and hyphens.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/formats/encoding.hpp"

namespace formats {

enum class FormatKind : std::uint8_t { list, statement };
enum class Syntax : std::uint8_t { delimited, names, blanks, json };

// A date that stands outside the rows.
struct Stamp {
  std::string mask{};
  bool is_day = false, is_date = false, is_published = false;
};

using Words = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Description {
  std::string name{};  // of the file without .toml
  FormatKind kind = FormatKind::list;
  std::string title{}, source{}, note{};
  bool verified = false;
  std::optional<Encoding> encoding{};
  Syntax syntax = Syntax::delimited;
  char separator = ',';
  bool quotes = true, header = true;
  std::uint64_t skip = 0;
  std::vector<std::string> skip_lines{};
  std::string records{};
  std::vector<std::string> date_masks{"ISO"};
  std::string time_zone = "UTC";
  std::string date_is{};
  char decimal = '.';
  Words columns{}, optional_columns{};
  std::vector<std::string> file_globs{}, header_words{};
  std::string first_line_glob{};
  bool whole_header = true;
  std::optional<Stamp> first_line{}, file_name{};
  Words words{}, pass_over{};
  std::map<std::string, std::string, std::less<>> constants{};

  bool has_column(std::string_view key) const { return columns.contains(key) || optional_columns.contains(key); }
  // The certainty of a recognition by this description; 0: it is never recognised.
  std::size_t certainty() const { return header_words.size() * 2 + file_globs.size() + !first_line_glob.empty(); }
};

// invalid_argument names the line: unknown keys, wrong types, masks without a day, a kind that lacks a needed column.
engine::Result<Description> parse_description(std::string_view toml, std::string_view name);

// All of tools/formats/descriptions, by name. What is built in is sound: a test parses each.
std::span<const Description> builtin_descriptions();
const Description* find_builtin(FormatKind kind, std::string_view name);

// The built-in one that a file is certainly of, by its name and the beginning of its text (UTF-8); nullptr: none, or
// two that are as sure. Several may fit: the surest counts.
const Description* recognise(FormatKind kind, std::string_view file_name, std::string_view text);

// "Drop Date", "drop_date", "DROP-DATE" are one word.
std::string folded_word(std::string_view word);
// `*` and `?`, in any case of ASCII letters.
bool matches_glob(std::string_view text, std::string_view glob);

}  // namespace formats
