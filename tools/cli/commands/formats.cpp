// The known layouts of lists and statements, and a trial of reading a file with one of them.
#include <algorithm>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/list_options.hpp"
#include "tools/formats/record_reader.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::to_string;

std::string_view word_of(formats::FormatKind kind) { return kind == formats::FormatKind::list ? "list" : "statement"; }

struct FormatList {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    render::Table table;
    table.schema = "dropledger.formats/1";
    table.columns = {{"format"}, {"kind"}, {"verified", "", render::Kind::flag}, {"title"}};
    for (const formats::Description& one : formats::builtin_descriptions())
      table.add(one.name, word_of(one.kind), one.verified, one.title);
    session.print(table);
    return 0;
  }
};

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

struct FormatShow {
  std::string name;
  void bind(CLI::App& app) {
    app.add_option("format", name, "A name of 'formats list', or a TOML file of your own")
        ->type_name("FORMAT")
        ->required();
  }
  int run(Session& session) const {
    const formats::Description* known = formats::find_builtin(formats::FormatKind::list, name);
    if (known == nullptr) known = formats::find_builtin(formats::FormatKind::statement, name);
    if (known == nullptr) known = &description_named(session, formats::FormatKind::list, name);
    const formats::Description& one = *known;
    render::Table record;
    record.schema = "dropledger.format/1";
    record.add_fact("format", one.name);
    record.add_fact("kind", word_of(one.kind));
    record.add_fact("title", one.title);
    record.add_fact("source", one.source);
    record.add_fact("verified", one.verified);
    record.add_fact("note", one.note);
    record.add_fact("encoding", to_word(one.encoding.value_or(formats::Encoding::utf8)));
    record.add_fact("dates", joined(one.date_masks));
    record.add_fact("time_zone", one.time_zone);
    record.add_fact("date_is", one.date_is);
    for (const auto& [key, words] : one.columns) record.add_fact("column_" + key, joined(words));
    for (const auto& [key, words] : one.optional_columns)
      record.add_fact("column_" + key, joined(words) + " (where there is one)");
    record.add_fact("recognised_by_file", joined(one.file_globs));
    record.add_fact("recognised_by_header", joined(one.header_words));
    record.add_fact("recognised_by_first_line", one.first_line_glob);
    session.print(record);
    return 0;
  }
};

std::string shown(const engine::ListDate& date) {
  if (const engine::Day* day = std::get_if<engine::Day>(&date)) return to_string(*day);
  if (const auto* eligible = std::get_if<engine::EligibleFrom>(&date)) return "from " + to_string(eligible->at);
  return to_string(std::get<engine::UtcTime>(date));
}

// Reads a file as `droplist import` would, and writes nothing.
struct FormatTry {
  std::string file, date_is;
  ListOptions options;
  std::size_t limit = 10;
  void bind(CLI::App& app) {
    app.add_option("file", file, "A list, plain or packed; - is stdin")->type_name("FILE")->required();
    app.add_option("--date-is", date_is, "What its dates mean: which column is looked for")
        ->check(CLI::IsMember({"drop", "finalization"}));
    options.bind(app);
    app.add_option("--limit", limit, "At most so many rows; 0 is all")->capture_default_str();
  }
  int run(Session& session) const {
    std::optional<engine::DateIs> meaning;
    if (!date_is.empty()) meaning = value_or_throw(engine::parse_date_is(date_is));
    formats::DeletionList list =
        value_or_throw(formats::read_deletion_list(session.read_input(file), options.format(session, file, meaning)));
    note_list(session, file, list);
    if (list.published_at) session.note(file + ": published " + to_string(*list.published_at));
    if (!list.torn.empty()) session.note(file + ": cut off: " + list.torn);
    session.note(file + ": " + std::to_string(list.rows.size()) + " names, " + std::to_string(list.duplicates) +
                 " listed twice, " + std::to_string(list.bad_count) + " rows that cannot be read");
    std::ranges::stable_sort(list.rows, {}, &engine::ListRow::line);
    render::Table table;
    table.schema = "dropledger.format-try/1";
    table.columns = {{"line", "", render::Kind::number},
                     {"domain", "", render::Kind::domain},
                     {"date"},
                     {"tentative", "", render::Kind::flag}};
    for (const engine::ListRow& row : list.rows) {
      if (limit != 0 && table.rows.size() == limit) {
        table.truncated = true;
        break;
      }
      table.add(static_cast<std::int64_t>(row.line), row.name, shown(row.date), row.tentative);
    }
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_format_commands(CommandLine& line) {
  CLI::App* group = add_group(line.app, "formats", "Layouts of lists and statements that are read");
  add_command<FormatList>(line, *group, "list", "Every built-in format", "  dropledger formats list");
  add_command<FormatShow>(line, *group, "show", "What a format says, and where it is from",
                          "  dropledger formats show nominet");
  add_command<FormatTry>(line, *group, "try", "The first rows of a list as understood; writes nothing",
                         "  dropledger formats try drops.csv.gz\n  dropledger formats try mine.csv --as mine.toml");
}

}  // namespace cli
