// One page that stands alone: it can be mailed, archived and printed. It holds text from strangers (names, memos,
// provider messages), so nothing in it can run: the policy allows no script, no address and no style but the one whose
// hash it names.
#include <sodium.h>

#include <algorithm>
#include <array>

#include "engine/ensure.hpp"
#include "tools/render/text.hpp"
#include "tools/render/writers.hpp"

namespace render {
namespace {

constexpr std::size_t kColumnsOnPortrait = 7;  // more do not fit across 186 mm of A4

// Colours by meaning. Series colours: Okabe and Ito's, told apart by the colour-blind, darkened for white paper or
// lightened for a dark screen.
constexpr std::string_view kStyle = R"(
:root{--ink:#1c2128;--soft:#59636e;--paper:#fff;--band:#f4f6f8;--rule:#d5dae0;--bad:#b3261e;--good:#1a7f4b;
--warn:#9a6700;--quiet:#8b949e;
--first:#0072b2;--second:#e69f00;--third:#009e73;--fourth:#cc79a7;--fifth:#56b4e9;--sixth:#d55e00}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem;max-width:110rem;color:var(--ink);background:var(--paper);
font:15px/1.45 system-ui,"Segoe UI","Helvetica Neue",Arial,"Noto Sans",sans-serif}
h1{font-size:1.5rem;margin:0 0 .75rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0 0 1.25rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
table{border-collapse:separate;border-spacing:0;font-size:13.5px;max-width:100%}
th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);
overflow-wrap:break-word;font-variant-numeric:tabular-nums}
th{position:sticky;top:0;background:var(--paper);border-bottom:2px solid var(--ink);vertical-align:bottom;
font-weight:600}
tbody tr:nth-child(even) td{background:var(--band)}
tfoot td{font-weight:600;border-top:0}tfoot tr:first-child td{border-top:2px solid var(--ink)}
td:empty::after{content:"\2013";color:var(--quiet)}tfoot td:empty::after{content:""}
.n{color:var(--bad)}.none{color:var(--soft);font-style:italic}
footer{margin-top:2rem;padding-top:.5rem;border-top:1px solid var(--rule);color:var(--soft);font-size:.8rem}
figure{margin:0 0 1.5rem}figcaption{font-weight:600;margin-bottom:.35rem}
svg{display:block;width:100%;overflow:visible}
svg text{fill:var(--soft);font-size:11px;font-variant-numeric:tabular-nums}.halo{stroke:var(--paper);stroke-width:4px;
paint-order:stroke;stroke-linejoin:round}
.grid{stroke:var(--rule);stroke-width:1}.zero{stroke:var(--soft);stroke-width:1}
.first{fill:var(--first)}.second{fill:var(--second)}.third{fill:var(--third)}.fourth{fill:var(--fourth)}
.fifth{fill:var(--fifth)}.sixth{fill:var(--sixth)}
.good{fill:var(--good)}.warn{fill:var(--warn)}.bad{fill:var(--bad)}.quiet{fill:var(--quiet)}
.first.line{stroke:var(--first)}.second.line{stroke:var(--second)}.third.line{stroke:var(--third)}
.fourth.line{stroke:var(--fourth)}.fifth.line{stroke:var(--fifth)}
.sixth.line{stroke:var(--sixth)}.good.line{stroke:var(--good)}.warn.line{stroke:var(--warn)}
.bad.line{stroke:var(--bad)}.quiet.line{stroke:var(--quiet)}
path.line{fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.4rem 0 0;padding:0;list-style:none;font-size:12.5px;
color:var(--soft)}
.legend svg{display:inline-block;width:12px;height:12px;margin-right:.4em;vertical-align:-1px}
.bars{display:grid;grid-auto-flow:row dense;grid-template-columns:max-content minmax(4rem,1fr) max-content;
gap:.25rem .8rem;align-items:center;font-size:13.5px;margin:0}
.bars dt{color:var(--ink);grid-column:1}.bars dd{grid-column:3;text-align:right}.bars dd.bar{grid-column:2}
.bars small{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.6rem;margin:0;padding:0;
list-style:none}
.tiles li{border:1px solid var(--rule);border-left:5px solid var(--quiet);border-radius:4px;padding:.45rem .7rem}
.tiles li.good{border-left-color:var(--good)}.tiles li.warn{border-left-color:var(--warn)}
.tiles li.bad{border-left-color:var(--bad)}.tiles li.first{border-left-color:var(--first)}
.tiles b{display:block;font-size:1.35rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles small{color:var(--soft)}
pre{margin:.3rem 0;white-space:pre-wrap;overflow-wrap:anywhere;text-align:left;font-size:12px}summary{cursor:pointer}
@media screen{:root{color-scheme:light dark}}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e2e6ea;--soft:#9aa5b1;--paper:#14181d;--band:#1b2027;
--rule:#323a44;--bad:#ff8a80;--good:#5ec98f;--warn:#e3b341;
--quiet:#6e7781;--first:#58a6e0;--second:#f0b840;--third:#3fc8a0;--fourth:#dd9cc1;--fifth:#8ccdf2;--sixth:#f08a4b}}
@media screen and (max-width:640px){body{padding:1rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}
table,tbody,tfoot,tr,td{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;
clip-path:inset(50%)}
tr{border:1px solid var(--rule);border-radius:6px;margin-bottom:.7rem;padding:.35rem .7rem}
tbody tr:nth-child(even) td{background:none}tfoot tr:first-child td{border-top:0}
tfoot tr{border:2px solid var(--soft)}
td{display:flex;justify-content:space-between;gap:1.2em;border:0;padding:.12rem 0;text-align:right;
overflow-wrap:anywhere}td:empty{display:none}
td::before{color:var(--soft);text-align:left;flex:none;font-weight:400}
.bars{grid-template-columns:1fr max-content}.bars dd{grid-column:2}.bars dd.bar{grid-column:1/3}}
@media print{body{padding:0;max-width:none;font-size:9.5pt}table{font-size:8pt}th,td{padding:.12rem .35rem}
th{position:static}h1{font-size:14pt}
thead{display:table-header-group}tfoot{display:table-row-group}tr,figure{break-inside:avoid}h2{break-after:avoid}
tbody tr:nth-child(even) td{background:none}
*{print-color-adjust:exact}}
)";

std::string hash_of(std::string_view style) {
  ENSURE(sodium_init() >= 0, "libsodium works");
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(style.data()), style.size());
  std::array<char, sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)> text{};
  sodium_bin2base64(text.data(), text.size(), hash.data(), hash.size(), sodium_base64_VARIANT_ORIGINAL);
  return text.data();
}

// For a string in a style sheet: what is not a letter, digit or blank as an escape, so that no title of ours can end
// the style.
void append_css_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const Decoded next = decode(text);
    const bool plain = next.point < 0x80 && (next.point == ' ' || (next.point >= '0' && next.point <= '9') ||
                                             ((next.point | 0x20) >= 'a' && (next.point | 0x20) <= 'z'));
    if (plain) {
      out += text.front();
    } else {
      out += '\\';
      // six digits need no blank after them
      for (int shift = 20; shift >= 0; shift -= 4) out += kHex[(next.point >> shift) & 0xf];
    }
    text.remove_prefix(next.length);
  }
  out += '"';
}

// "2026-08-02 18:00": the page says that its times are UTC. Seconds only where there are any.
std::string short_time(engine::UtcTime time) {
  std::string text = engine::to_string(time);
  text[text.find('T')] = ' ';
  text.pop_back();
  if (text.ends_with(":00")) text.resize(text.size() - 3);
  return text;
}

struct AppendCell {
  std::string& out;
  bool ascii;

  void operator()(std::monostate) const {}
  void operator()(const std::string& text) const {
    // a word of ours, insufficient_available, may be broken at its underscore
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('_'), rest.size() - 1) + 1;
      append_html(out, rest.substr(0, end));
      rest.remove_prefix(end);
      if (!rest.empty()) out += "<wbr>";
    }
  }
  void operator()(std::int64_t number) const { out += std::to_string(number); }
  void operator()(bool flag) const { out += flag ? "yes" : "no"; }
  void operator()(engine::Money money) const {
    if (money.is_negative()) out += "<span class=n>";
    out += engine::to_string(money);
    out += "&nbsp;";
    out += money.currency().code();
    if (money.is_negative()) out += "</span>";
  }
  void operator()(engine::UtcTime time) const { out += short_time(time); }
  void operator()(engine::Day day) const { out += engine::to_string(day); }
  void operator()(const engine::DomainName& name) const {
    const std::string unicode = ascii ? name.ace() : unicode_of(name);
    if (unicode == name.ace()) {
      append_html(out, unicode);
      return;
    }
    // labels from left to right, as browsers show addresses; an Arabic one moves nothing around it
    out += "<bdi dir=ltr title=\"";
    append_html(out, name.ace());
    out += "\">";
    append_html(out, unicode);
    out += "</bdi>";
  }
};

bool to_the_right(Kind kind) { return kind == Kind::number || kind == Kind::money; }

std::string title_of_column(const Column& column) {
  return column.title.empty() ? title_from_key(column.key) : column.title;
}

class Page {
 public:
  Page(Sink& sink, const Table& table, const Options& options)
      : sink_(sink), out_(sink.text), table_(table), options_(options) {}

  void write() {
    const std::string style = make_style();
    out_ +=
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-";
    out_ += hash_of(style);
    out_ +=
        "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">\n<title>";
    append_html(out_, title_of(table_));
    out_ += "</title>\n<style>";
    out_ += style;
    out_ += "</style></head>\n<body><header><h1>";
    append_html(out_, title_of(table_));
    out_ += "</h1>";
    write_facts();
    out_ += "</header><main>";
    sink_.end_line();
    write_charts(table_);
    if (!table_.is_record()) write_list(table_, 0);
    for (std::size_t i = 0; i < table_.sections.size(); ++i) {
      const Table& section = table_.sections[i];
      out_ += "<section><h2>";
      append_html(out_, title_of(section));
      out_ += "</h2>";
      write_charts(section);
      write_list(section, i + 1);
      out_ += "</section>";
      sink_.end_line();
    }
    out_ += "</main><footer>";
    append_html(out_, table_.schema);
    if (!table_.is_record())
      out_ += " · " + std::to_string(table_.rows.size()) + (table_.rows.size() == 1 ? " row" : " rows");
    out_ += " · all times are UTC</footer></body></html>";
    sink_.end_line();
  }

 private:
  // The style, and what differs from table to table: which columns stand to the right, and their titles where rows
  // become cards.
  std::string make_style() const {
    std::string style(kStyle);
    std::size_t most = table_.columns.size();
    add_columns(style, table_, 0);
    for (std::size_t i = 0; i < table_.sections.size(); ++i) {
      add_columns(style, table_.sections[i], i + 1);
      most = std::max(most, table_.sections[i].columns.size());
    }
    style += most > kColumnsOnPortrait ? "@page{size:A4 landscape;margin:12mm}" : "@page{size:A4;margin:12mm}";
    return style;
  }
  static void add_columns(std::string& style, const Table& table, std::size_t number) {
    const std::vector<Kind> kinds = kinds_of(table);
    std::string right, single, titles, widths;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const std::string child = ":nth-child(" + std::to_string(i + 1) + ")";
      const std::string cells = "#t" + std::to_string(number) + " td" + child;
      if (to_the_right(kinds[i])) {
        right += (right.empty() ? "" : ",") + cells + ",#t" + std::to_string(number) + " th" + child;
      }
      if (to_the_right(kinds[i])) single += (single.empty() ? "" : ",") + cells;
      // Wide enough that a date is not broken at its hyphens, a name seldom, and prose is not a ladder of words.
      const bool is_date = kinds[i] == Kind::time || kinds[i] == Kind::day;
      if (is_date || kinds[i] == Kind::domain || table.columns[i].may_shorten) {
        widths += cells + (is_date                    ? "{min-width:7.4em}"
                           : kinds[i] == Kind::domain ? "{min-width:10.5em}"
                                                      : "{min-width:14em}");
      }
      titles += cells + "::before{content:";
      append_css_string(titles, title_of_column(table.columns[i]));
      titles += '}';
    }
    if (!right.empty()) style += right + "{text-align:right}";
    if (!single.empty()) style += single + "{white-space:nowrap}";
    if (!widths.empty()) style += "@media print,(min-width:641px){" + widths + "}\n";
    if (!titles.empty()) style += "@media screen and (max-width:640px){" + titles + "}\n";
  }

  void write_facts() {
    if (table_.facts.empty()) return;
    out_ += "<dl>";
    for (const Fact& fact : table_.facts) {
      out_ += "<dt>";
      append_html(out_, title_from_key(fact.key));
      out_ += "</dt><dd>";
      if (fact.value.index() == 0) {
        out_ += "–";
      } else {
        std::visit(AppendCell{out_, options_.ascii}, fact.value);
      }
      out_ += "</dd>";
    }
    out_ += "</dl>";
  }

  void write_charts(const Table& table) {
    for (const Chart& chart : table.charts) {
      append_chart(out_, chart);
      sink_.end_line();
    }
  }

  // Cells without closing tags, as HTML allows: a third less to load for long lists.
  void write_rows(const Table& table, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      out_ += "<tr>";
      for (std::size_t i = 0; i < row.size(); ++i) {
        out_ += "<td>";
        if (table.columns[i].raw) {
          write_folded(row[i]);
        } else {
          std::visit(AppendCell{out_, options_.ascii}, row[i]);
        }
      }
      out_ += "</tr>";
      sink_.end_line();
    }
  }

  void write_folded(const Cell& cell) {
    const auto* text = std::get_if<std::string>(&cell);
    if (text == nullptr || text->empty()) return;
    out_ += "<details><summary>show</summary><pre>";
    for (std::string_view rest = *text; !rest.empty();) {  // each line made printable, the line ends kept
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      append_html(out_, rest.substr(0, end).ends_with('\r') ? rest.substr(0, end - 1) : rest.substr(0, end));
      if (end < rest.size()) sink_.end_line();
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    out_ += "</pre></details>";
  }

  void write_list(const Table& table, std::size_t number) {
    if (table.rows.empty()) {
      out_ += "<p class=none>";
      append_html(out_, table.when_empty.empty() ? "Nothing to show." : table.when_empty);
      out_ += "</p>";
      sink_.end_line();
      if (table.totals.empty()) return;
    }
    out_ += "<table id=t" + std::to_string(number) + "><thead><tr>";
    for (const Column& column : table.columns) {
      out_ += "<th scope=col>";
      append_html(out_, title_of_column(column));
    }
    out_ += "</thead><tbody>";
    sink_.end_line();
    write_rows(table, table.rows);
    out_ += "</tbody>";
    if (!table.totals.empty()) {
      out_ += "<tfoot>";
      sink_.end_line();
      write_rows(table, table.totals);
      out_ += "</tfoot>";
    }
    out_ += "</table>";
    if (table.truncated) out_ += "<p class=none>… and more: the list was cut by its limit.</p>";
    sink_.end_line();
  }

  Sink& sink_;
  std::string& out_;
  const Table& table_;
  const Options& options_;
};

}  // namespace

void append_html(std::string& out, std::string_view text) {
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

void write_html(Sink& sink, const Table& table, const Options& options) { Page(sink, table, options).write(); }

}  // namespace render
