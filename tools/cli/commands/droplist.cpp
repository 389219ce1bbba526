// Deletion lists: importing what registries and the provider publish, and looking into what is known.
#include <algorithm>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/formats/deletion_list.hpp"
#include "tools/operations/lists.hpp"
#include "tools/render/progress.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

// "pl:2026-08-01"
engine::Coverage coverage_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos)
    throw CommandError{
        Error{ErrorCode::invalid_argument, "--covers '" + text + "' is not ZONE:DAY, such as pl:2026-08-01"}};
  return {value_or_throw(engine::parse_zone(text.substr(0, colon))),
          value_or_throw(engine::parse_day(text.substr(colon + 1))), 0};
}

// The answer that both ways of importing print.
render::Table import_record(const Session& session, const std::string& source, const operations::ListReport& report,
                            std::int64_t duplicates, std::int64_t unreadable) {
  render::Table record;
  record.schema = "dropledger.droplist-import/1";
  record.add_fact("list", report.list);
  record.add_fact("source", source);
  record.add_fact("repeated", report.repeated);
  record.add_fact("dry_run", session.globals().dry_run);
  const std::pair<const char*, std::int64_t> counts[] = {{"names", report.rows},
                                                         {"new", report.added},
                                                         {"moved", report.moved},
                                                         {"unchanged", report.unchanged},
                                                         {"missing", report.missing},
                                                         {"duplicates", duplicates},
                                                         {"unreadable", unreadable},
                                                         {"undatable", report.undatable},
                                                         {"backorders_dated", report.dated},
                                                         {"backorders_moved", report.backorders_moved},
                                                         {"rescheduled", report.rescheduled},
                                                         {"date_conflicts", report.conflicts}};
  for (const auto& [key, count] : counts) record.add_fact(key, count);
  return record;
}

struct Import {
  std::string file, source, date_is, date, layout = "detect";
  std::vector<std::string> covers;
  bool force = false;
  void bind(CLI::App& app) {
    app.add_option("list", file, "The list, plain or zipped; - is stdin")->type_name("FILE")->required();
    app.add_option("--source", source, "Whose list it is; each source's latest word counts")
        ->type_name("NAME")
        ->required();
    app.add_option("--date-is", date_is, "What its dates mean; needed once for a new source")
        ->check(CLI::IsMember({"drop", "finalization"}));
    app.add_option("--date", date, "The date of every name in a list of names only")->type_name("TIME");
    app.add_option("--layout", layout, "How the list is written")
        ->check(CLI::IsMember({"detect", "provider", "csv", "names"}))
        ->capture_default_str();
    app.add_option("--covers", covers, "Zones and days the list speaks for besides those in it")->type_name("ZONE:DAY");
    app.add_flag("--force", force, "Accept a list less than half the size of the last one");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    std::string bytes = session.read_input(file);
    formats::ListFormat format;
    if (layout != "detect") format.layout = value_or_throw(formats::parse_list_layout(layout));
    if (!date.empty()) {
      if (const auto day = engine::parse_day(date)) {
        format.date = day.value();
      } else {
        format.date = session.instant(date);
      }
    }
    operations::ListImport import{.source = source, .date_is = {}, .declared = {}, .force = force};
    if (!date_is.empty()) import.date_is = value_or_throw(engine::parse_date_is(date_is));
    for (const std::string& text : covers) import.declared.push_back(coverage_of(text));
    render::Progress reading("reading", bytes.size());
    const formats::DeletionList list =
        value_or_throw(formats::read_deletion_list(bytes, format, [&](std::size_t done) { reading.at(done); }));
    reading.finish();
    note_bad_rows(session, list);
    std::string().swap(bytes);  // half a million names are held once from here on
    render::Progress merging("names", session.globals().quiet ? 0 : list.rows.size());
    const operations::ListReport report = value_or_throw(
        operations::import_list(context, import, list.rows, [&](std::size_t done) { merging.at(done); }));
    merging.finish();
    session.print(import_record(session, source, report, static_cast<std::int64_t>(list.duplicates),
                                static_cast<std::int64_t>(list.bad_count)));
    return 0;
  }

 private:
  void note_bad_rows(const Session& session, const formats::DeletionList& list) const {
    constexpr std::size_t kShown = 20;
    for (std::size_t i = 0; i < std::min(kShown, list.bad.size()); ++i) {
      session.note(file + ":" + std::to_string(list.bad[i].line) + ": " + list.bad[i].why + ": " + list.bad[i].text);
    }
    if (list.bad_count > kShown)
      session.note(file + ": and " + std::to_string(list.bad_count - kShown) + " more rows that cannot be read");
  }
};

// The provider's own list over its API; its dates are finalizations.
struct Fetch {
  std::string source, from, to;
  std::vector<std::string> zones;
  bool force = false;
  void bind(CLI::App& app) {
    app.add_option("--source", source, "Under which name the list is kept; each source's latest word counts")
        ->type_name("NAME")
        ->required();
    app.add_option("--zone", zones, "Only these zones (default: all)")->type_name("ZONE");
    app.add_option("--from", from, "Finalized at or after (default: now)")->type_name("TIME");
    app.add_option("--to", to, "Finalized at or before")->type_name("TIME");
    app.add_flag("--force", force, "Accept a list less than half the size of the last one");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    api_client::PendingDeletes wanted;
    for (const std::string& zone : zones) wanted.zones.push_back(value_or_throw(engine::parse_zone(zone)));
    wanted.from = from.empty() ? context.now : session.instant(from);
    if (!to.empty()) wanted.to = session.instant(to);
    ProviderConnection connection(session);
    api_client::HttpProvider& provider = connection.http();
    std::optional<render::Progress> reading;
    std::int64_t unreadable = 0;
    const std::vector<api_client::PendingDelete> names =
        value_or_throw(provider.pending_deletes(wanted, unreadable, [&](std::int64_t done, std::int64_t total) {
          if (!reading) reading.emplace("reading", session.globals().quiet ? 0 : static_cast<std::size_t>(total));
          reading->at(static_cast<std::size_t>(done));
        }));
    reading.reset();
    if (names.empty())
      throw CommandError{
          Error{ErrorCode::invalid_list, provider.environment() + " lists no name that is released then"}};
    std::vector<engine::ListRow> rows;
    rows.reserve(names.size());
    for (const api_client::PendingDelete& row : names) rows.push_back({row.name, row.finalization_at});
    const operations::ListReport report = value_or_throw(operations::import_list(
        context, {.source = source, .date_is = engine::DateIs::finalization, .declared = {}, .force = force}, rows,
        {}));
    session.print(import_record(session, source, report, 0, unreadable));
    return 0;
  }
};

struct Search {
  std::string pattern, zone, from, to, source;
  std::int64_t limit = 100;
  void bind(CLI::App& app) {
    app.add_option("pattern", pattern, "Name in ACE or Unicode, * and ? stand for anything")->type_name("PATTERN");
    app.add_option("--zone", zone, "Only names under this zone")->type_name("ZONE");
    app.add_option("--from", from, "Dropping at or after")->type_name("TIME");
    app.add_option("--to", to, "Dropping before")->type_name("TIME");
    app.add_option("--source", source, "Only this source's word")->type_name("NAME");
    app.add_option("--limit", limit, "At most so many; 0 is all")->check(CLI::NonNegativeNumber)->capture_default_str();
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    engine::ListedQuery query;
    query.pattern = pattern;
    if (pattern.find_first_of("*?[") == std::string::npos && !pattern.empty())
      query.pattern = value_or_throw(engine::DomainName::parse(pattern)).ace();
    if (!zone.empty()) query.zone = value_or_throw(engine::parse_zone(zone));
    if (!from.empty()) query.from = session.instant(from);
    if (!to.empty()) query.to = session.instant(to);
    if (!source.empty()) {
      const auto known = store.source(source);
      if (!known)
        throw CommandError{
            Error{ErrorCode::source_not_found, "there is no source '" + source + "'; see 'droplist sources'"}};
      query.source = known->id;
    }
    query.limit = limit == 0 ? 0 : limit + 1;
    render::Table table;
    table.schema = "dropledger.listed/1";
    table.columns = {{"domain", "", render::Kind::domain},        {"drop_at", "", render::Kind::time},
                     {"finalization_at", "", render::Kind::time}, {"deposit_due", "", render::Kind::time},
                     {"deadline", "", render::Kind::time},        {"source"},
                     {"missing", "", render::Kind::flag}};
    table.when_empty = "No listed name matches.";
    store.each_listed(query, [&](const engine::ListedRow& row) {
      if (limit != 0 && table.rows.size() == static_cast<std::size_t>(limit)) {
        table.truncated = true;
        return;
      }
      const engine::Drop drop = engine::drop_of({row.source.id, row.listed.drop_at, row.listed.finalization_at},
                                                store.schedules().of(row.listed.name.ace()));
      table.add(row.listed.name, drop.drop_at, drop.finalization_at, drop.deposit_due, drop.deadline, row.source.name,
                row.listed.missing);
    });
    session.print(table);
    return 0;
  }
};

struct Sources {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    render::Table table;
    table.schema = "dropledger.sources/1";
    table.columns = {{"source"},
                     {"date_is"},
                     {"lists", "", render::Kind::number},
                     {"last_list", "", render::Kind::number},
                     {"last_import", "", render::Kind::time},
                     {"names", "", render::Kind::number}};
    table.when_empty = "No list was imported yet; see 'droplist import --help'.";
    for (const engine::Source& source : store.sources()) {
      const std::vector<engine::ImportedList> lists = store.lists(source.id);
      const bool any = !lists.empty();
      table.add(source.name, to_word(source.date_is), lists.size(),
                any ? std::optional(lists.front().id) : std::nullopt,
                any ? std::optional(lists.front().imported_at) : std::nullopt,
                any ? std::optional(lists.front().rows) : std::nullopt);
    }
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_droplist_commands(CommandLine& line) {
  CLI::App* group = add_group(line.app, "droplist", "Deletion lists: which names drop, and when");
  add_command<Import>(
      line, *group, "import", "Reads a list; moves the dates of open backorders",
      "  dropledger droplist import pending_delete_domain_list.csv.zip --source provider --date-is finalization\n"
      "  dropledger droplist import names.txt --source pl-registry --date-is drop --date 2026-08-01");
  add_command<Fetch>(line, *group, "fetch", "Reads the provider's own list over its API (--provider)",
                     "  dropledger droplist fetch --source provider --provider ote --credentials ote.credentials\n"
                     "  dropledger droplist fetch --source provider-com --zone com --zone net --to 2026-08-10");
  add_command<Search>(line, *group, "search", "Looks for names that drop",
                      "  dropledger droplist search 'auto*' --zone pl --limit 20");
  add_command<Sources>(line, *group, "sources", "Whose lists were imported, and when", "  dropledger droplist sources");
}

}  // namespace cli
