// Deletion lists: importing what registries and the provider publish, and looking into what is known.
#include <algorithm>
#include <tuple>

#include "engine/placing.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/list_options.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/cli/range_options.hpp"
#include "tools/delivery/download.hpp"
#include "tools/formats/deletion_list.hpp"
#include "tools/operations/feeds.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/name_filter.hpp"
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

void note_undatable(const Session& session, const std::string& file, const operations::ListReport& report) {
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < std::min(kShown, report.undatable_rows.size()); ++i) {
    const operations::UndatableRow& row = report.undatable_rows[i];
    session.note(file + ":" + std::to_string(row.line) + ": " + row.name + ": only a day, and no batch time for ." +
                 row.zone + "; see 'schedule set'");
  }
  if (report.undatable > static_cast<std::int64_t>(kShown))
    session.note(file + ": and " + std::to_string(report.undatable - static_cast<std::int64_t>(kShown)) +
                 " more rows that cannot be dated");
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
                                                         {"superseded", report.superseded},
                                                         {"backorders_dated", report.dated},
                                                         {"backorders_moved", report.backorders_moved},
                                                         {"rescheduled", report.rescheduled},
                                                         {"date_conflicts", report.conflicts},
                                                         {"unlisted", report.unlisted}};
  for (const auto& [key, count] : counts) record.add_fact(key, count);
  return record;
}

void record_import(Session& session, const std::string& source, const operations::ListReport& report) {
  session.record_run(engine::RunKind::list_import, source,
                     report.repeated ? "the same list again" : std::to_string(report.rows) + " names", "");
}

// Standing orders answer to what a list brought.
void answer_watches(Session& session, std::int64_t list) {
  for (const operations::WatchAnswer& answer : operations::answer_watches(session.context(), list)) {
    const std::string order = "standing order " + std::to_string(answer.standing_order) + ": " + answer.name;
    if (!answer.refused.empty())
      session.note(order + " not placed: " + answer.refused);
    else
      session.note(order +
                   (answer.backorder ? " placed, backorder " + std::to_string(*answer.backorder) : " proposed"));
  }
}

// Reads a list and puts it into the book: what `import` and `fetch --url` share.
struct Reading {
  std::string source, date_is, published;
  ListOptions options;
  std::vector<std::string> covers;
  bool force = false;

  void bind_reading(CLI::App& app) {
    app.add_option("--date-is", date_is, "What its dates mean; needed once for a new source whose format does not say")
        ->check(CLI::IsMember({"drop", "finalization"}));
    options.bind(app);
    app.add_option("--published", published, "When the list was published, where it does not say so itself")
        ->type_name("TIME");
    app.add_option("--covers", covers, "Zones and days the list speaks for besides those in it")->type_name("ZONE:DAY");
    app.add_flag("--force", force, "Accept a list that is cut off, or less than half the size of the last one");
  }

  void read(Session& session, const std::string& file, std::string bytes) const {
    const operations::Context context = session.context();
    operations::ListImport import{.source = source, .date_is = {}, .declared = {}, .force = force};
    if (!date_is.empty()) import.date_is = value_or_throw(engine::parse_date_is(date_is));
    for (const std::string& text : covers) import.declared.push_back(coverage_of(text));
    const std::optional<engine::Source> known = context.store.source(source);
    const formats::ListFormat format =
        options.format(session, file, known && !import.date_is ? std::optional(known->date_is) : import.date_is);
    render::Progress reading("reading", bytes.size());
    const formats::DeletionList list = value_or_throw(formats::read_deletion_list(
        std::move(bytes), format, [&](std::size_t done) { reading.at(done); }));  // names are held once from here on
    reading.finish();
    note_list(session, file, list);
    if (!known && !import.date_is) import.date_is = list.date_is;
    import.published_at = published.empty() ? list.published_at : std::optional(session.instant(published));
    import.torn = list.torn;
    render::Progress merging("names", session.globals().quiet ? 0 : list.rows.size());
    const operations::ListReport report = value_or_throw(
        operations::import_list(context, import, list.rows, [&](std::size_t done) { merging.at(done); }));
    merging.finish();
    note_undatable(session, file, report);
    session.print(import_record(session, source, report, static_cast<std::int64_t>(list.duplicates),
                                static_cast<std::int64_t>(list.bad_count)));
    record_import(session, source, report);
    if (!report.repeated) answer_watches(session, report.list);
  }
};

struct Import : Reading {
  std::string file;
  void bind(CLI::App& app) {
    app.add_option("list", file, "The list, plain or packed; - is stdin")->type_name("FILE")->required();
    app.add_option("--source", source, "Name of the source; the latest list of each source counts")
        ->type_name("NAME")
        ->required();
    bind_reading(app);
  }
  int run(Session& session) const {
    read(session, file, session.read_input(file));
    return 0;
  }
};

// "{YYYY-MM-DD}" in an address is the day of the command's now, so that a rhythm of files needs one address.
std::string dated(std::string url, engine::UtcTime now) {
  const std::string day = engine::to_string(engine::day_of(now));
  for (const auto& [mask, text] : {std::pair<std::string, std::string>{"{YYYY-MM-DD}", day},
                                   {"{YYYYMMDD}", day.substr(0, 4) + day.substr(5, 2) + day.substr(8, 2)}}) {
    for (std::size_t at = url.find(mask); at != std::string::npos; at = url.find(mask))
      url.replace(at, mask.size(), text);
  }
  return url;
}

// A list from an address (--url), kept as the source's feed; without one the provider's own over its API, whose dates
// are finalizations.
struct Fetch : Reading {
  std::string url, checksum, rhythm, from, to;
  std::vector<std::string> zones;
  bool due = false;
  void bind(CLI::App& app) {
    app.add_option("--source", source, "Under which name the list is kept; each source's latest word counts")
        ->type_name("NAME");
    app.add_option("--url", url, "Where the list is: https, http or file; {YYYY-MM-DD} is today. Kept for the source")
        ->type_name("URL");
    app.add_option("--checksum", checksum, "SHA-256 of the file, or the address of a file that begins with it")
        ->type_name("HEX|URL");
    app.add_option("--rhythm", rhythm, "A new list comes at least so often, e.g. 24h; a late one is said")
        ->type_name("SPAN");
    app.add_flag("--due", due, "Every source with an address whose rhythm says that a new list is due");
    app.add_option("--zone", zones, "Only these zones (default: all); of the provider's own list")->type_name("ZONE");
    app.add_option("--from", from, "Finalized at or after (default: now); of the provider's own list")
        ->type_name("TIME");
    app.add_option("--to", to, "Finalized at or before; of the provider's own list")->type_name("TIME");
    bind_reading(app);
  }
  int run(Session& session) const {
    if (due) return fetch_due(session);
    if (source.empty())
      throw CommandError{
          Error{ErrorCode::invalid_argument, "say --source, under which name the list is kept, or --due"}};
    for (const engine::ListFeed& feed : session.context().store.list_feeds()) {
      if (feed.source == source && (!url.empty() || !session.has_provider())) return fetch(session, feed);
    }
    if (!url.empty()) return fetch(session, {.source = source});
    return fetch_from_provider(session);
  }

 private:
  int fetch_due(Session& session) const {
    const operations::Context context = session.context();
    int status = 0;
    for (const engine::ListFeed& feed : context.store.list_feeds()) {
      if (feed.rhythm.count() == 0 || (feed.looked_at && context.now - *feed.looked_at < feed.rhythm)) continue;
      try {
        fetch(session, feed);
      } catch (const CommandError& error) {  // the others are fetched all the same
        session.note(feed.source + ": " + error.error.detail);
        status = static_cast<int>(engine::error_class(error.error.code));
      }
    }
    return status;
  }

  int fetch(Session& session, engine::ListFeed feed) const {
    const operations::Context context = session.context();
    if (!url.empty() && url != feed.url) feed = {.source = feed.source, .url = url, .rhythm = feed.rhythm};
    if (!rhythm.empty()) feed.rhythm = value_or_throw(engine::parse_span(rhythm));
    if (!options.named_format().empty()) feed.format = options.named_format();
    const std::string address = dated(feed.url, context.now);
    delivery::Download file = value_or_throw(delivery::download(
        {.url = address, .etag = feed.etag, .last_modified = feed.last_modified, .ca_file = session.globals().ca}));
    const std::string hash = file.unchanged ? feed.content_hash : delivery::sha256_of(file.bytes);
    if (!file.unchanged && !checksum.empty()) check_sum(session, hash, context.now);
    if (file.unchanged || hash == feed.content_hash) {
      session.note(feed.source + ": nothing new at " + address);
      if (feed.is_late(context.now))
        session.note(feed.source + ": late, a new list comes every " + engine::to_string(feed.rhythm) +
                     " and the last one came at " + engine::to_string(*feed.changed_at));
      feed.etag = file.etag;
      feed.last_modified = file.last_modified;
      operations::keep_feed(context, feed, false);
      return 0;
    }
    Reading reading = *this;
    reading.source = feed.source;
    if (!feed.format.empty()) reading.options.name_format(feed.format);
    reading.read(session, address, std::move(file.bytes));
    feed.etag = file.etag;
    feed.last_modified = file.last_modified;
    feed.content_hash = hash;
    operations::keep_feed(context, feed, true);
    return 0;
  }

  void check_sum(Session& session, const std::string& hash, engine::UtcTime now) const {
    std::string wanted = checksum;
    if (checksum.find("://") != std::string::npos)
      wanted =
          value_or_throw(delivery::download(
                             {.url = dated(checksum, now), .ca_file = session.globals().ca, .max_bytes = 64 * 1024}))
              .bytes;
    wanted = wanted.substr(0, wanted.find_first_not_of("0123456789abcdefABCDEF"));
    for (char& c : wanted) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    if (wanted != hash)
      throw CommandError{Error{ErrorCode::invalid_list, "the file's SHA-256 is " + hash + ", not " +
                                                            (wanted.empty() ? "what is published" : wanted) +
                                                            ": nothing was imported"}};
  }

  int fetch_from_provider(Session& session) const {
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
    record_import(session, source, report);
    answer_watches(session, report.list);
    return 0;
  }
};

struct FilterOptions {
  operations::NameFilter filter;
  std::string zone, digits = "any", hyphens = "any", idn = "any";
  std::size_t min_length = 0, max_length = 0;

  void bind_filter(CLI::App& app) {
    app.add_option("--regex", filter.regex, "Found anywhere in the name (RE2)")->type_name("REGEX");
    app.add_option("--zone", zone, "Only names under this zone")->type_name("ZONE");
    app.add_option("--min-length", min_length, "Characters of the first label, as people read it")->type_name("N");
    app.add_option("--max-length", max_length, "Characters of the first label, as people read it")->type_name("N");
    for (const auto& [option, value, what] : {std::tuple{"--digits", &digits, "Digits in the first label"},
                                              {"--hyphens", &hyphens, "Hyphens in the first label"},
                                              {"--idn", &idn, "Letters beyond ASCII in the first label"}})
      app.add_option(option, *value, what)->check(CLI::IsMember({"any", "none", "only"}))->capture_default_str();
  }
  operations::NameFilter read_filter(const engine::Schedules& schedules) const {
    operations::NameFilter wanted = filter;
    // A whole name is converted as it would be registered, so that its spelling does not matter.
    if (!wanted.pattern.empty() && wanted.pattern.find_first_of("*?[") == std::string::npos)
      wanted.pattern = engine::sold_name(value_or_throw(engine::DomainName::parse(wanted.pattern)), schedules).ace();
    if (!zone.empty()) wanted.zone = value_or_throw(engine::parse_zone(zone));
    if (min_length > 0) wanted.min_length = min_length;
    if (max_length > 0) wanted.max_length = max_length;
    wanted.digits = value_or_throw(operations::parse_allowance(digits));
    wanted.hyphens = value_or_throw(operations::parse_allowance(hyphens));
    wanted.idn = value_or_throw(operations::parse_allowance(idn));
    return wanted;
  }
};

struct Search : FilterOptions {
  std::string source;
  RangeOptions ends;
  std::int64_t limit = 100;
  void bind(CLI::App& app) {
    app.add_option("pattern", filter.pattern, "Name in ACE or Unicode, in any case; * and ? stand for anything")
        ->type_name("PATTERN");
    bind_filter(app);
    ends.bind(app, "Dropping at or after", "Dropping before");
    app.add_option("--source", source, "Only this source's word")->type_name("NAME");
    app.add_option("--limit", limit, "At most so many; 0 is all")->check(CLI::NonNegativeNumber)->capture_default_str();
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    engine::ListedQuery query;
    const operations::NameFilter wanted = read_filter(store.schedules());
    query.pattern = operations::ace_glob(wanted.pattern);
    if (!wanted.empty()) {
      const operations::NameMatcher matches = value_or_throw(operations::NameMatcher::make(wanted));
      query.accepts = [matches](const engine::DomainName& name) { return matches(name); };
    }
    query.zone = wanted.zone;
    std::tie(query.from, query.to) = ends.range(session);
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
                     {"missing", "", render::Kind::flag},         {"tentative", "", render::Kind::flag}};
    table.when_empty = "No listed name matches.";
    store.each_listed(query, [&](const engine::ListedRow& row) {
      if (limit != 0 && table.rows.size() == static_cast<std::size_t>(limit)) {
        table.truncated = true;
        return;
      }
      const engine::Drop drop = engine::drop_of({row.source.id, row.listed.drop_at, row.listed.finalization_at},
                                                store.schedules().of(row.listed.name.ace()));
      table.add(row.listed.name, drop.drop_at, drop.finalization_at, drop.deposit_due, drop.deadline, row.source.name,
                row.listed.missing, row.listed.tentative);
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
                     {"names", "", render::Kind::number},
                     {"published", "", render::Kind::time},
                     {"url"},
                     {"rhythm"},
                     {"looked_at", "", render::Kind::time},
                     {"late", "", render::Kind::flag}};
    table.when_empty = "No list was imported yet; see 'droplist import --help'.";
    const std::vector<engine::ListFeed> feeds = store.list_feeds();
    for (const engine::Source& source : store.sources()) {
      const std::vector<engine::ImportedList> lists = store.lists(source.id);
      const bool any = !lists.empty();
      const auto feed = std::ranges::find(feeds, source.name, &engine::ListFeed::source);
      const bool fetched = feed != feeds.end();
      table.add(source.name, to_word(source.date_is), lists.size(),
                any ? std::optional(lists.front().id) : std::nullopt,
                any ? std::optional(lists.front().imported_at) : std::nullopt,
                any ? std::optional(lists.front().rows) : std::nullopt, any ? lists.front().published_at : std::nullopt,
                fetched ? feed->url : "", fetched && feed->rhythm.count() > 0 ? engine::to_string(feed->rhythm) : "",
                fetched ? feed->looked_at : std::nullopt, fetched && feed->is_late(session.now()));
    }
    session.print(table);
    return 0;
  }
};

struct WatchAdd : FilterOptions {
  std::string account, budget, max_price;
  bool propose = false;
  void bind(CLI::App& app) {
    app.add_option("pattern", filter.pattern, "Name in ACE or Unicode, in any case; * and ? stand for anything")
        ->type_name("PATTERN");
    bind_filter(app);
    app.add_option("--account", account, "Account that the backorders are placed for")->type_name("NAME")->required();
    app.add_option("--budget", budget, "What all its backorders together may cost")->type_name("AMOUNT")->required();
    app.add_option("--max-price", max_price, "Cap of each (default: the price when it is placed)")->type_name("AMOUNT");
    app.add_flag("--propose", propose, "An event instead of a backorder");
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const engine::Customer customer = session.account(account);
    operations::Watch watch{.account = account,
                            .filter = read_filter(context.store.schedules()),
                            .budget = session.amount(budget, customer.currency),
                            .proposes = propose};
    if (!max_price.empty()) watch.max_price = session.amount(max_price, customer.currency);
    const std::int64_t id = value_or_throw(operations::add_watch(context, watch));
    render::Table record;
    record.schema = "dropledger.watch/1";
    record.add_fact("standing_order", id);
    record.add_fact("account", account);
    record.add_fact("dry_run", session.globals().dry_run);
    session.print(record);
    return 0;
  }
};

struct WatchList {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    render::Table table;
    table.schema = "dropledger.watches/1";
    table.columns = {{"standing_order", "", render::Kind::number},
                     {"account"},
                     {"looks_for"},
                     {"budget", "", render::Kind::money},
                     {"used", "", render::Kind::money},
                     {"max_price", "", render::Kind::money},
                     {"proposes", "", render::Kind::flag},
                     {"made_at", "", render::Kind::time},
                     {"ended_at", "", render::Kind::time}};
    table.when_empty = "There is no standing order; see 'watch add --help'.";
    operations::AccountNames names(store);
    for (const engine::StandingOrder& order : store.standing_orders()) {
      std::string wanted = order.filter;
      if (wanted.ends_with('\n')) wanted.pop_back();
      std::ranges::replace(wanted, '\n', ' ');
      table.add(order.id, names.of(order.customer), wanted, order.budget, order.used, order.max_price, order.proposes,
                order.made_at, order.ended_at);
    }
    session.print(table);
    return 0;
  }
};

struct WatchEnd {
  std::string id;
  void bind(CLI::App& app) { app.add_option("order", id, "Its number")->type_name("ID")->required(); }
  int run(Session& session) const {
    const engine::Status ended = operations::end_watch(session.context(), session.number(id, "standing order"));
    if (!ended) throw CommandError{ended.error()};
    session.say("standing order " + id + " has ended");
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
  add_command<Fetch>(line, *group, "fetch", "Reads a list from an address, or the provider's own over its API",
                     "  dropledger droplist fetch --source uk --url https://example.com/drops.csv.gz --rhythm 24h\n"
                     "  dropledger droplist fetch --due\n"
                     "  dropledger droplist fetch --source provider --provider cnr-ote --credentials cnr.credentials\n"
                     "  dropledger droplist fetch --source provider-com --zone com --zone net --to 2026-08-10");
  add_command<Search>(line, *group, "search", "Looks for names that drop",
                      "  dropledger droplist search 'auto*' --zone pl --limit 20");
  add_command<Sources>(line, *group, "sources", "Lists the sources, and when each was imported last",
                       "  dropledger droplist sources");
  CLI::App* watch = add_group(line.app, "watch", "Standing orders for names that are not listed yet");
  add_command<WatchAdd>(line, *watch, "add", "Places, or proposes, what a list brings and a pattern fits",
                        "  dropledger watch add 'auto*' --zone com --max-length 8 --account alice --budget 500.00");
  add_command<WatchList>(line, *watch, "list", "Every standing order and what it has used", "  dropledger watch list");
  add_command<WatchEnd>(line, *watch, "end", "Ends a standing order; its backorders go on", "  dropledger watch end 3");
}

}  // namespace cli
