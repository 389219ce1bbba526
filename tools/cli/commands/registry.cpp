// The simulated registry's world: making it, telling it when names drop, looking at it. It stands in for the provider
// in rehearsals.
#include <algorithm>
#include <filesystem>

#include "tools/cli/commands/commands.hpp"
#include "tools/formats/deletion_list.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using simulated_registry::SimulatedRegistry;

// The instant at which the registry is looked at: the book's clock where there is a book, for both live in one time.
engine::UtcTime world_now(Session& session) {
  const Globals& globals = session.globals();
  if (!globals.now.empty()) return session.instant(globals.now);
  std::error_code failed;
  return std::filesystem::exists(globals.book, failed) ? session.now() : system_now();
}

std::unique_ptr<SimulatedRegistry> open_registry(Session& session) {
  const std::string& file = session.globals().registry;
  if (file.empty()) throw CLI::RequiredError("--registry FILE (or DROPLEDGER_REGISTRY)");
  const engine::UtcTime now = world_now(session);
  return value_or_throw(SimulatedRegistry::open(file, [now] { return now; }));
}

struct Init {
  std::string file, provider_balance, job_price;
  simulated_registry::World world;
  void bind(CLI::App& app) {
    app.add_option("file", file, "A file that does not exist yet")->type_name("FILE")->required();
    app.add_option("--seed", world.seed, "Seed; with the same seed equal names have equal outcomes")
        ->capture_default_str();
    const auto percent = [&app](const std::string& option, int& value, const std::string& help) {
      app.add_option(option, value, help)->type_name("PERCENT")->check(CLI::Range(0, 100))->capture_default_str();
    };
    percent("--catch", world.catch_percent, "Percentage of dropping names that are caught");
    percent("--competitors", world.competitor_percent, "Percentage of caught names that go to an auction");
    percent("--no-bids", world.no_bids_percent, "Percentage of auctions in which nobody bids");
    percent("--withdrawn", world.withdrawn_percent, "Percentage of names that are renewed or restored and never drop");
    percent("--refused", world.refused_percent, "Percentage of names for which every order is refused");
    percent("--busy", world.busy_percent,
            "Percentage of orders answered by 'server busy', half of them after the job was created");
    percent(
        "--adversary", world.adversary_percent,
        "Percentage of answers for each way of being wrong: of other orders, of other domains, refused but done, …");
    percent("--slow", world.slow_percent, "Percentage of names whose outcome comes up to 20 hours late");
    app.add_option("--delay-min", world.delay_min_minutes, "Least time from drop to outcome")
        ->type_name("MINUTES")
        ->check(CLI::Range(0, 100'000))
        ->capture_default_str();
    app.add_option("--delay-max", world.delay_max_minutes, "Longest time from drop to outcome")
        ->type_name("MINUTES")
        ->check(CLI::Range(0, 100'000))
        ->capture_default_str();
    app.add_option("--balance", provider_balance, "Our balance at the provider (default: always enough)")
        ->type_name("AMOUNT");
    app.add_option("--job-price", job_price,
                   "What the provider sets aside per job and takes for a success (default: 15.00)")
        ->type_name("AMOUNT");
    app.add_option("--currency", world.currency, "Currency of the provider")->type_name("CUR")->capture_default_str();
  }
  int run(Session& session) const {
    simulated_registry::World made = world;
    const engine::Currency currency = value_or_throw(engine::Currency::parse(world.currency));
    made.currency = currency.code();
    if (!provider_balance.empty()) {
      const engine::Money money = value_or_throw(engine::parse_money(provider_balance, currency));
      if (money.is_negative())
        throw CommandError{Error{ErrorCode::invalid_amount, "--balance is zero or more, not " + provider_balance}};
      made.balance_minor = money.minor();
    }
    if (!job_price.empty()) made.job_price_minor = session.amount(job_price, currency).minor();
    const bool dry_run = session.globals().dry_run;
    if (dry_run) {
      std::error_code failed;
      if (std::filesystem::exists(file, failed))
        throw CommandError{Error{ErrorCode::database_exists, "'" + file + "' exists already"}};
    } else {
      value_or_throw(SimulatedRegistry::create(file, made));
    }
    if (session.globals().format == "table") {
      session.say((dry_run ? "would have made" : "made") + (" simulated registry " + file) + " with seed " +
                  std::to_string(made.seed) + "; name it with --registry " + file);
    } else {
      render::Table record;
      record.schema = "dropledger.registry-init/1";
      record.add_fact("registry", file);
      // 64 bits without a sign: text, or a reader rounds it
      record.add_fact("seed", std::to_string(made.seed));
      record.add_fact("dry_run", dry_run);
      session.print(record);
    }
    if (dry_run) session.note("dry run: nothing was changed");
    return 0;
  }
};

// The dates that a row gives the registry. Empty if it has only a day and the zone's batch time is unknown.
std::optional<simulated_registry::NameDrop> drop_of(const engine::ListRow& row, engine::DateIs date_is,
                                                    const engine::Schedules& schedules) {
  const engine::ZoneSchedule& schedule = schedules.of(row.name.ace());
  const std::optional<engine::Listing> listing =
      engine::listing_of(engine::SourceId(1), row.date, engine::DateIs::drop, schedule);
  if (!listing) return std::nullopt;
  const engine::UtcTime at = *listing->drop_at;
  if (date_is == engine::DateIs::drop) return simulated_registry::NameDrop{row.name, at, {}};
  return simulated_registry::NameDrop{row.name, at + schedule.finalization_lead, at};
}

struct Learn {
  std::vector<std::string> files;
  std::string date_is, date, layout = "detect";
  void bind(CLI::App& app) {
    app.add_option("lists", files, "Deletion lists; - is stdin")->type_name("FILE")->required();
    app.add_option("--date-is", date_is, "Meaning of the dates in the lists")
        ->check(CLI::IsMember({"drop", "finalization"}))
        ->required();
    app.add_option("--layout", layout, "Format of the lists")
        ->check(CLI::IsMember({"detect", "provider", "csv", "names"}))
        ->capture_default_str();
    app.add_option("--date", date, "Date of every name in a list of names only")->type_name("TIME");
  }
  int run(Session& session) const {
    const std::unique_ptr<SimulatedRegistry> registry = open_registry(session);
    const engine::DateIs meaning = value_or_throw(engine::parse_date_is(date_is));
    formats::ListFormat format;
    format.date_is = meaning;
    if (layout != "detect") format.layout = value_or_throw(formats::parse_list_layout(layout));
    if (!date.empty()) {
      if (const auto day = engine::parse_day(date)) {
        format.date = day.value();
      } else {
        format.date = session.instant(date);
      }
    }
    // The book's schedules where there is a book, so that both reckon a bare day alike.
    std::error_code failed;
    const bool has_book = std::filesystem::exists(session.globals().book, failed);
    const engine::Schedules schedules = has_book ? session.book_read_only().schedules() : engine::Schedules({});
    render::Table table;
    table.schema = "dropledger.registry-learn/1";
    table.columns = {{"list"}, {"rows"}, {"news"}, {"unreadable"}, {"undatable"}};
    for (const std::string& file : files) {
      format.file_name = file;
      const formats::DeletionList list = value_or_throw(formats::read_deletion_list(session.read_input(file), format));
      constexpr std::size_t kShown = 10;
      for (std::size_t at = 0; at < std::min(kShown, list.bad.size()); ++at) {
        session.note(file + ":" + std::to_string(list.bad[at].line) + ": " + list.bad[at].why + ": " +
                     list.bad[at].text);
      }
      if (list.bad_count > kShown)
        session.note(file + ": and " + std::to_string(list.bad_count - kShown) + " more lines that cannot be read");
      std::vector<simulated_registry::NameDrop> drops;
      drops.reserve(list.rows.size());
      for (const engine::ListRow& row : list.rows) {
        if (auto drop = drop_of(row, meaning, schedules)) drops.push_back(*std::move(drop));
      }
      render::Cell news;
      if (!session.globals().dry_run) news = render::cell(value_or_throw(registry->learn(drops)));
      table.add(file, list.rows.size(), news, list.bad_count, list.rows.size() - drops.size());
    }
    session.print(table);
    if (session.globals().dry_run) session.note("dry run: nothing was changed");
    return 0;
  }
};

struct Show {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    const std::unique_ptr<SimulatedRegistry> registry = open_registry(session);
    const simulated_registry::World& world = registry->world();
    const simulated_registry::Tally tally = value_or_throw(registry->tally());
    const engine::Result<engine::ProviderBalance> provider_balance = registry->balance();
    render::Table record;
    record.schema = "dropledger.registry/2";
    record.add_fact("registry", session.globals().registry);
    record.add_fact("environment", registry->environment());
    record.add_fact("now", world_now(session));
    record.add_fact("seed", std::to_string(world.seed));
    for (const auto& [key, value] : {std::pair{"catch_percent", world.catch_percent},
                                     {"competitor_percent", world.competitor_percent},
                                     {"no_bids_percent", world.no_bids_percent},
                                     {"withdrawn_percent", world.withdrawn_percent},
                                     {"refused_percent", world.refused_percent},
                                     {"busy_percent", world.busy_percent},
                                     {"slow_percent", world.slow_percent},
                                     {"delay_min_minutes", world.delay_min_minutes},
                                     {"delay_max_minutes", world.delay_max_minutes}}) {
      record.add_fact(key, value);
    }
    const bool counted = world.balance_minor && provider_balance;
    record.add_fact("provider_balance", counted ? render::cell(provider_balance.value().amount) : render::Cell());
    record.add_fact("provider_balance_set_aside",
                    counted ? render::cell(provider_balance.value().deposit) : render::Cell());
    for (const auto& [key, value] : {std::pair{"names_known", tally.names_known},
                                     {"orders_accepted", tally.accepted},
                                     {"orders_refused_invalid", tally.refused_invalid},
                                     {"orders_refused_status", tally.refused_status},
                                     {"orders_too_late", tally.too_late},
                                     {"orders_duplicate", tally.duplicate},
                                     {"orders_provider_balance_empty", tally.provider_balance_empty},
                                     {"removals", tally.removed},
                                     {"removals_refused", tally.not_removed},
                                     {"removals_not_found", tally.not_found},
                                     {"busy_before_effect", tally.busy_before_effect},
                                     {"busy_after_effect", tally.busy_after_effect},
                                     {"jobs_requested", tally.requested},
                                     {"jobs_active", tally.active},
                                     {"jobs_processing", tally.processing},
                                     {"jobs_auction_pending", tally.auction_pending},
                                     {"jobs_successful", tally.successful},
                                     {"jobs_failed", tally.failed},
                                     {"jobs_auction_won", tally.auction_won},
                                     {"jobs_auction_lost", tally.auction_lost}}) {
      record.add_fact(key, value);
    }
    session.print(record);
    return 0;
  }
};

}  // namespace

void add_registry_commands(CommandLine& line) {
  CLI::App* registry = add_group(line.app, "registry", "Simulated registry that replaces the provider in rehearsals");
  add_command<Init>(line, *registry, "init",
                    "Creates a simulated registry; the seed alone decides what happens to a name",
                    "  dropledger registry init world.db --seed 7\n"
                    "  dropledger registry init rough.db --seed 7 --busy 20 --balance 500.00 --job-price 15.00");
  add_command<Learn>(line, *registry, "learn",
                     "Tells the simulated registry when names drop; a later date moves a drop that has not happened",
                     "  dropledger --registry world.db registry learn 2026-08-*.csv --date-is finalization\n"
                     "  dropledger --registry world.db registry learn names.txt --date 2026-08-01 --date-is drop");
  add_command<Show>(line, *registry, "show", "Shows the simulated registry and what happened in it",
                    "  dropledger --registry world.db registry show");
}

}  // namespace cli
