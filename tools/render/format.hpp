// The output formats of a Table. All are UTF-8 with LF line ends and without byte order mark. Numbers and times are the
// same in every locale.
//
// table  For people: aligned by display width (Arabic, Chinese, combining marks), amounts to the right with their
// currency. Control and
//        direction-changing characters are shown as escapes (\x1b, \n, \u202e), never sent to the terminal.
// csv    RFC 4180 but for LF. A header line, then one line per row; no facts, no totals. Money is two columns, <key>
// ("-3.40") and
//        <key>_currency; times are RFC 3339 with Z; a domain is two columns, <key> (ACE) and <key>_unicode; flags are
//        true and false; absent is empty, and empty text is "". Text is never altered: a field that starts with = + - @
//        stays what it is, so import it as text.
// json   {"schema":"dropledger.accounts/1", facts…, "rows":[{…}],"count":1,"truncated":false,"totals":[]}; a record has
// its facts only.
//        Sections follow as "sections":{"by_cause":{"rows":[…],"count":1,"truncated":false,"totals":[]}}, where there
//        are any. Money is {"amount":"59.00","minor":5900,"currency":"EUR"}, never a float; a domain is "<key>" (ACE)
//        and "<key>_unicode". Keys stay in order, absent is null.
// jsonl  The rows of json, one object per line; a record is one line.
// html   One page that needs nothing else: style and pictures inside, no script, nothing loaded. Times without "T" and
// "Z": the page says UTC.
//        Prints on A4, follows the reader's light or dark, and becomes one card per row where it is narrow.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "engine/result.hpp"
#include "tools/render/table.hpp"

namespace render {

enum class Format : std::uint8_t { table, csv, json, jsonl, html };

engine::Result<Format> parse_format(std::string_view word);  // invalid_argument
constexpr bool is_json(Format format) { return format == Format::json || format == Format::jsonl; }

struct Options {
  Format format = Format::table;
  bool ascii = false;     // table, html: domain names as ACE; table: rules and "…" in ASCII
  bool color = false;     // table: bold titles, red negative amounts. terminal.hpp knows when
  int width = 0;          // table: columns of the terminal; may_shorten columns give way to it. 0: no limit
  bool header = true;     // table: facts, titles and the remark on an empty table; csv: the header line
  bool terminal = false;  // csv: it goes to a terminal, so control characters but LF are shown as escapes
};

// Writes the whole table in pieces of about 64 KiB. The caller checks out.good() afterwards. REQUIRES: every row and
// total has a cell per column; no key twice (expanded ones included); a record has no rows. This is checked before the
// first byte is written.
void write(std::ostream& out, const Table& table, const Options& options);

}  // namespace render
