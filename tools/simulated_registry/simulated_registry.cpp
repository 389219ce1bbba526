#include "tools/simulated_registry/simulated_registry.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <numeric>

#include "tools/simulated_registry/answer.hpp"
#include "tools/simulated_registry/fate.hpp"

namespace simulated_registry {

using engine::Currency;
using engine::Delivery;
using engine::DomainName;
using engine::Error;
using engine::ErrorCode;
using engine::Money;
using engine::ProviderAnswer;
using engine::ProviderJob;
using engine::Result;
using engine::State;
using engine::UtcTime;

namespace {

constexpr int kApplicationId = 0x64726567;  // "dreg" in the file's header
constexpr int kVersion = 1;
constexpr int kBusyTimeoutMs = 10'000;
constexpr std::int64_t kFirstApplication = 40'001;  // looks like the provider's
constexpr std::size_t kInFlight = 4;                // orders that are committed before the first of them is answered
// as in the provider's only sample of a deposit
constexpr engine::Milliseconds kLease = std::chrono::hours(3);
constexpr std::int64_t kEnoughMinor = 1'000'000'000'000;  // the purse that is never empty

// A name's drops are its cycles, from 1; an application belongs to one, also when nobody knows its dates yet. Instants
// in milliseconds UTC.
constexpr const char* kSchema = R"(
CREATE TABLE world (seed INTEGER NOT NULL, catch_percent INTEGER NOT NULL, competitor_percent INTEGER NOT NULL,
  no_bids_percent INTEGER NOT NULL, withdrawn_percent INTEGER NOT NULL, refused_percent INTEGER NOT NULL,
  busy_percent INTEGER NOT NULL, delay_min_minutes INTEGER NOT NULL, delay_max_minutes INTEGER NOT NULL,
  slow_percent INTEGER NOT NULL, purse_minor INTEGER, job_price_minor INTEGER NOT NULL,
  currency TEXT NOT NULL) STRICT;
CREATE TABLE name_drop (name TEXT NOT NULL, cycle INTEGER NOT NULL, drop_at INTEGER NOT NULL, finalization_at INTEGER,
  PRIMARY KEY (name, cycle)) STRICT, WITHOUT ROWID;
CREATE TABLE application (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, cycle INTEGER NOT NULL,
  created_at INTEGER NOT NULL, removed_at INTEGER) STRICT;
CREATE INDEX application_by_name ON application (name, cycle, created_at, id) WHERE removed_at IS NULL;
CREATE TABLE attempt (name TEXT NOT NULL, removal INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (name, removal)) STRICT, WITHOUT ROWID;
CREATE TABLE tally (what TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)";

#define LIVING_APPLICATIONS                                                                         \
  "SELECT a.id, a.name, a.cycle, a.created_at, d.drop_at, d.finalization_at FROM application AS a " \
  "LEFT JOIN name_drop AS d ON d.name = a.name AND d.cycle = a.cycle WHERE a.removed_at IS NULL "
constexpr const char* kAllApplications = LIVING_APPLICATIONS "ORDER BY a.name, a.cycle, a.created_at, a.id";
constexpr const char* kApplicationsOfName = LIVING_APPLICATIONS "AND a.name = ? ORDER BY a.cycle, a.created_at, a.id";
#undef LIVING_APPLICATIONS

// One row of either query.
struct Application {
  std::int64_t id;
  std::string name;
  std::int64_t cycle;
  UtcTime created_at;
  std::optional<DropDates> dates{};
};

std::int64_t stored(UtcTime time) { return time.time_since_epoch().count(); }
UtcTime restored(std::int64_t time) { return UtcTime(engine::Milliseconds(time)); }

// A prepared statement in use; ready for the next use afterwards, also when something is thrown.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() { statement_.tryReset(); }

  // Binds 1, 2, 3 …. Texts are not copied: they must live until the statement has run.
  template <typename... Values>
  Use& bind(const Values&... values) {
    int index = 0;
    (put(++index, values), ...);
    return *this;
  }
  bool step() { return statement_.executeStep(); }
  void run() { statement_.exec(); }
  std::int64_t integer(int column) const { return statement_.getColumn(column).getInt64(); }
  std::string text(int column) const { return statement_.getColumn(column).getString(); }
  bool is_null(int column) const { return statement_.isColumnNull(column); }
  // Of two neighbouring columns, T and F.
  std::optional<DropDates> dates(int column) const {
    if (is_null(column)) return std::nullopt;
    DropDates dates{restored(integer(column)), {}};
    if (!is_null(column + 1)) dates.finalization_at = restored(integer(column + 1));
    return dates;
  }

 private:
  void put(int index, std::int64_t value) { statement_.bind(index, value); }
  void put(int index, int value) { statement_.bind(index, value); }
  void put(int index, UtcTime value) { statement_.bind(index, stored(value)); }
  void put(int index, const std::string& value) { statement_.bindNoCopy(index, value); }
  void put(int index, const char* value) { statement_.bindNoCopy(index, value); }
  template <typename T>
  void put(int index, const std::optional<T>& value) {
    if (value)
      put(index, *value);
    else
      statement_.bind(index);
  }
  SQLite::Statement& statement_;
};

std::optional<Error> impossible(const World& world) {
  const std::pair<const char*, int> percentages[] = {
      {"catch", world.catch_percent},     {"competitor", world.competitor_percent},
      {"no-bids", world.no_bids_percent}, {"withdrawn", world.withdrawn_percent},
      {"refused", world.refused_percent}, {"busy", world.busy_percent},
      {"slow", world.slow_percent}};
  for (const auto& [what, value] : percentages) {
    if (value < 0 || value > 100)
      return Error{ErrorCode::invalid_argument, fmt::format("{} is {} %: between 0 and 100", what, value)};
  }
  // An outcome is out before the drop counts as over, two days after T.
  if (world.delay_min_minutes < 0 || world.delay_max_minutes < world.delay_min_minutes ||
      world.delay_max_minutes > 24 * 60) {
    return Error{ErrorCode::invalid_argument,
                 fmt::format("outcomes from {} to {} minutes after the drop: between 0 and 1440, the lesser first",
                             world.delay_min_minutes, world.delay_max_minutes)};
  }
  for (const std::int64_t minor : {world.job_price_minor, world.purse_minor.value_or(0)}) {
    if (minor < 0 || minor > engine::kMaxAmountMinor) {
      return Error{ErrorCode::amount_out_of_range,
                   fmt::format("{} minor units: between 0 and {}", minor, engine::kMaxAmountMinor)};
    }
  }
  const Result<Currency> currency = Currency::parse(world.currency);
  if (!currency) return currency.error();
  return std::nullopt;
}

std::optional<std::int64_t> application_id(const std::string& text) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

// "COM_BACKORDER"
std::string account_type(const std::string& name) {
  std::string zone = name.substr(name.find('.') + 1);
  for (char& letter : zone) letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  return zone + "_BACKORDER";
}

DomainName name_of(const std::string& ace) { return DomainName::from_trusted_ace(ace); }

Error unreachable(const std::string& path, const SQLite::Exception& error) {
  return {ErrorCode::provider_unreachable, "the simulated registry " + path + " cannot be used: " + error.what()};
}

}  // namespace

struct SimulatedRegistry::File {
  File(std::string where, Clock asks)
      : path(std::move(where)), clock(std::move(asks)), db(path, SQLite::OPEN_READWRITE, kBusyTimeoutMs) {}

  std::string path;
  Clock clock;
  SQLite::Database db;
  World world{};

  // ---- statements; each compiled when the file is opened

  struct Statements {
    explicit Statements(SQLite::Database& db)
        : all(db, kAllApplications),
          of_name(db, kApplicationsOfName),
          one(db,
              "SELECT a.name, a.cycle, d.drop_at, d.finalization_at FROM application AS a "
              "LEFT JOIN name_drop AS d ON d.name = a.name AND d.cycle = a.cycle WHERE a.id = ? AND a.removed_at IS "
              "NULL"),
          last_drop(db,
                    "SELECT drop_at, finalization_at, cycle FROM name_drop WHERE name = ? ORDER BY cycle DESC LIMIT 1"),
          insert_drop(db, "INSERT INTO name_drop (name, cycle, drop_at, finalization_at) VALUES (?, ?, ?, ?)"),
          move_drop(db, "UPDATE name_drop SET drop_at = ?, finalization_at = ? WHERE name = ? AND cycle = ?"),
          insert_application(db, "INSERT INTO application (name, cycle, created_at) VALUES (?, ?, ?)"),
          is_applied(db, "SELECT 1 FROM application WHERE name = ? AND cycle = ? AND removed_at IS NULL LIMIT 1"),
          remove_application(db, "UPDATE application SET removed_at = ? WHERE id = ?"),
          next_attempt(
              db,
              "INSERT INTO attempt (name, removal, count) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1 "
              "RETURNING count - 1"),
          bump(db, "INSERT INTO tally (what, count) VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1"),
          data_version(db, "PRAGMA data_version") {}
    SQLite::Statement all, of_name, one, last_drop, insert_drop, move_drop, insert_application, is_applied,
        remove_application, next_attempt, bump, data_version;
  };
  std::optional<Statements> statements;

  // ---- what is left of the purse, kept over one add() where nothing else changes it

  struct Funds {
    UtcTime at;
    std::int64_t version;
    std::int64_t spendable_minor;
  };
  std::optional<Funds> funds;

  // ---- reading

  std::vector<Application> applications(const DomainName* name) {
    Use row(name != nullptr ? statements->of_name : statements->all);
    if (name != nullptr) row.bind(name->ace());
    std::vector<Application> found;
    while (row.step())
      found.push_back({row.integer(0), row.text(1), row.integer(2), restored(row.integer(3)), row.dates(4)});
    return found;
  }

  // Calls visit(applications of one drop of one name in the order of creation, their standing). REQUIRES: the order of
  // the queries.
  template <typename Visit>
  void each_drop(const std::vector<Application>& found, UtcTime now, const Visit& visit) {
    for (std::size_t at = 0; at < found.size();) {
      std::size_t end = at + 1;
      while (end < found.size() && found[end].name == found[at].name && found[end].cycle == found[at].cycle) ++end;
      const std::span<const Application> group(&found[at], end - at);
      visit(group, standing(world, group.front().name, group.front().dates, group.size(), now));
      at = end;
    }
  }

  static ProviderJob job(std::span<const Application> group, std::size_t which, const Standing& standing) {
    const Application& application = group[which];
    ProviderJob made{.application = std::to_string(application.id),
                     .name = name_of(application.name),
                     .created_at = application.created_at};
    fill_job(made, standing, which);
    return made;
  }

  std::optional<ProviderJob> job_of(const DomainName& name, std::int64_t id, UtcTime now) {
    std::optional<ProviderJob> wanted;
    each_drop(applications(&name), now, [&](std::span<const Application> group, const Standing& standing) {
      for (std::size_t i = 0; i < group.size(); ++i) {
        if (group[i].id == id) wanted = job(group, i, standing);
      }
    });
    return wanted;
  }

  struct Purse {
    std::int64_t amount_minor, deposit_minor;
  };
  Purse purse(UtcTime now) {
    std::int64_t unfinished = 0, won = 0;
    each_drop(applications(nullptr), now, [&](std::span<const Application> group, const Standing& standing) {
      if (!standing.ended_at)
        unfinished += static_cast<std::int64_t>(group.size());
      else if (standing.winner)
        ++won;
    });
    return {world.purse_minor.value_or(kEnoughMinor) - won * world.job_price_minor, unfinished * world.job_price_minor};
  }

  // ---- ordering; all within one commit each

  void count(const char* what) { Use(statements->bump).bind(what).run(); }

  std::optional<BusyAnswer> next_busy(const std::string& name, bool removal, std::int64_t& attempt) {
    if (world.busy_percent == 0) return std::nullopt;
    Use row(statements->next_attempt);
    row.bind(name, removal ? 1 : 0);
    ENSURE(row.step(), "an upsert returns its row");
    attempt = row.integer(0);
    return busy_answer(world, name, removal, attempt);
  }

  // `whole` does the work and says what would be answered by a provider that is never busy.
  template <typename Whole>
  ProviderAnswer maybe_busy(const std::string& name, bool removal, const Whole& whole) {
    std::int64_t attempt = 0;
    const std::optional<BusyAnswer> busy = next_busy(name, removal, attempt);
    if (!busy) return whole();
    count(busy->after_effect ? "busy_after_effect" : "busy_before_effect");
    const std::uint64_t tear_at = draw_below(world, name, static_cast<std::uint64_t>(attempt), 4096);
    return busy_form(busy->how, busy->after_effect ? whole() : plain_answer(421), tear_at);
  }

  bool fits_the_purse(UtcTime now) {
    if (!world.purse_minor) return true;
    std::int64_t version = 0;
    {
      Use row(statements->data_version);
      ENSURE(row.step(), "PRAGMA data_version answers");
      version = row.integer(0);
    }
    if (!funds || funds->at != now || funds->version != version) {
      const Purse purse_now = purse(now);
      funds = {now, version, purse_now.amount_minor - purse_now.deposit_minor};
    }
    if (funds->spendable_minor < world.job_price_minor) return false;
    funds->spendable_minor -= world.job_price_minor;
    return true;
  }

  ProviderAnswer order(const engine::AddJob& wanted, UtcTime now) {
    const std::string& name = wanted.name.ace();
    if (const std::optional<int> code = refusal(world, name)) {
      count(*code == 541 ? "refused_invalid" : "refused_status");
      return plain_answer(*code, *code == 541 ? "DOMAIN is not accepted" : "the registry does not release this name");
    }
    std::int64_t cycle = 1;
    {
      Use row(statements->last_drop);
      row.bind(name);
      if (row.step()) {
        const DropDates dates = *row.dates(0);
        cycle = row.integer(2);
        if (now >= cycle_ends_at(dates)) {
          ++cycle;  // for its next drop, whenever that is
        } else if (now > last_call(dates)) {
          count("too_late");
          return plain_answer(552, "the last call was " + engine::to_wire_string(last_call(dates)));
        }
      }
    }
    if (!wanted.another) {
      Use row(statements->is_applied);
      if (row.bind(name, cycle).step()) {
        count("duplicate");
        return plain_answer(540, "an application for " + name + " exists already; NEW=1 makes another one");
      }
    }
    if (!fits_the_purse(now)) {
      count("purse_empty");
      return plain_answer(546);
    }
    count("accepted");
    // the provider's instants have whole seconds
    const UtcTime created_at = std::chrono::floor<std::chrono::seconds>(now);
    Use(statements->insert_application).bind(name, cycle, created_at).run();
    const std::optional<ProviderJob> made = job_of(wanted.name, db.getLastInsertRowid(), now);
    ENSURE(made.has_value(), "what was inserted is found");
    return job_answer(*made);
  }

  // One order, one commit, before the answer is given. Where the file fails, nothing is known beyond the point of
  // sending.
  template <typename Work>
  ProviderAnswer commit_one(const Work& work) {
    std::optional<SQLite::Transaction> transaction;
    try {
      transaction.emplace(db, SQLite::TransactionBehavior::IMMEDIATE);
    } catch (const SQLite::Exception& error) {
      return {.delivery = Delivery::not_sent, .code = 0, .text = unreachable(path, error).detail, .job = {}, .raw = {}};
    }
    try {
      ProviderAnswer answer = work();
      transaction->commit();
      return answer;
    } catch (const SQLite::Exception& error) {
      funds.reset();
      return {.delivery = Delivery::unknown, .code = 0, .text = unreachable(path, error).detail, .job = {}, .raw = {}};
    }
  }

  // Everything read by `work` is of one moment.
  template <typename Work>
  auto read(const Work& work) -> Result<decltype(work())> {
    try {
      SQLite::Transaction transaction(db, SQLite::TransactionBehavior::DEFERRED);
      auto found = work();
      transaction.commit();
      return found;
    } catch (const SQLite::Exception& error) {
      return unreachable(path, error);
    }
  }

  // ---- learning

  // Whether it was news.
  bool learn(const NameDrop& told, UtcTime now) {
    ENSURE(told.drop_at || told.finalization_at, "a list gives a date with the name");
    const DropDates dates{told.drop_at ? *told.drop_at : *told.finalization_at, told.finalization_at};
    if (now >= cycle_ends_at(dates)) return false;
    const std::string& name = told.name.ace();
    std::optional<DropDates> known;
    std::int64_t cycle = 0;
    {
      Use row(statements->last_drop);
      row.bind(name);
      if (row.step()) {
        known = row.dates(0);
        cycle = row.integer(2);
      }
    }
    if (known && now < cycle_ends_at(*known)) {
      // What has dropped does not move any more.
      if (dates == *known || now >= outcome_at(world, name, *known)) return false;
      Use(statements->move_drop).bind(dates.drop_at, dates.finalization_at, name, cycle).run();
    } else {
      Use(statements->insert_drop).bind(name, cycle + 1, dates.drop_at, dates.finalization_at).run();
    }
    return true;
  }
};

engine::Status SimulatedRegistry::create(const std::string& path, const World& world) {
  if (std::optional<Error> error = impossible(world)) return *error;
  // Exclusively: two who make it at once must not share it.
  std::FILE* file = std::fopen(path.c_str(), "wxe");
  if (file == nullptr) {
    if (errno == EEXIST) return Error{ErrorCode::database_exists, path + " exists already"};
    return Error{ErrorCode::database_failed, path + ": " + std::strerror(errno)};
  }
  std::fclose(file);
  try {
    SQLite::Database db(path, SQLite::OPEN_READWRITE, kBusyTimeoutMs);
    db.exec("PRAGMA journal_mode = WAL");
    SQLite::Transaction transaction(db);
    db.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplicationId, kVersion));
    db.exec(kSchema);
    db.exec(fmt::format("INSERT INTO sqlite_sequence (name, seq) VALUES ('application', {})", kFirstApplication - 1));
    SQLite::Statement insert(db, "INSERT INTO world VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    Use(insert)
        .bind(std::bit_cast<std::int64_t>(world.seed), world.catch_percent, world.competitor_percent,
              world.no_bids_percent, world.withdrawn_percent, world.refused_percent, world.busy_percent,
              world.delay_min_minutes, world.delay_max_minutes, world.slow_percent, world.purse_minor,
              world.job_price_minor, world.currency)
        .run();
    transaction.commit();
  } catch (const SQLite::Exception& error) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;  // the first error is the one to report
      std::filesystem::remove(path + suffix, ignored);
    }
    return Error{ErrorCode::database_failed, path + ": " + error.what()};
  }
  return engine::Unit{};
}

Result<std::unique_ptr<SimulatedRegistry>> SimulatedRegistry::open(const std::string& path, Clock clock) {
  ENSURE(clock != nullptr, "the registry is told the time");
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return Error{ErrorCode::database_missing, path + ": there is no simulated registry here"};
  if (!std::filesystem::is_regular_file(path, error)) return Error{ErrorCode::not_a_database, path + ": is not a file"};
  try {
    auto file = std::make_unique<File>(path, std::move(clock));
    if (file->db.execAndGet("PRAGMA application_id").getInt() != kApplicationId) {
      return Error{ErrorCode::not_a_database, path + ": is a SQLite database, but not a simulated registry"};
    }
    if (const int version = file->db.execAndGet("PRAGMA user_version").getInt(); version > kVersion) {
      return Error{ErrorCode::database_newer,
                   fmt::format("{}: version {}, this program knows {}", path, version, kVersion)};
    }
    // A killed process is the threat to this file, not a lost supply: an order need not wait for the disk.
    file->db.exec("PRAGMA synchronous = NORMAL");
    file->statements.emplace(file->db);
    SQLite::Statement select(file->db, "SELECT * FROM world");
    Use row(select);
    if (!row.step()) return Error{ErrorCode::not_a_database, path + ": is a simulated registry without its world"};
    const auto percent = [&](int column) { return static_cast<int>(row.integer(column)); };
    file->world = {.seed = std::bit_cast<std::uint64_t>(row.integer(0)),
                   .catch_percent = percent(1),
                   .competitor_percent = percent(2),
                   .no_bids_percent = percent(3),
                   .withdrawn_percent = percent(4),
                   .refused_percent = percent(5),
                   .busy_percent = percent(6),
                   .delay_min_minutes = percent(7),
                   .delay_max_minutes = percent(8),
                   .slow_percent = percent(9),
                   .purse_minor = row.is_null(10) ? std::nullopt : std::optional(row.integer(10)),
                   .job_price_minor = row.integer(11),
                   .currency = row.text(12)};
    return std::unique_ptr<SimulatedRegistry>(new SimulatedRegistry(std::move(file)));
  } catch (const SQLite::Exception& failed) {
    const bool foreign = failed.getErrorCode() == SQLITE_NOTADB;
    return Error{foreign ? ErrorCode::not_a_database : ErrorCode::database_failed, path + ": " + failed.what()};
  }
}

SimulatedRegistry::SimulatedRegistry(std::unique_ptr<File> file) : file_(std::move(file)) {}
SimulatedRegistry::~SimulatedRegistry() = default;

const World& SimulatedRegistry::world() const { return file_->world; }

std::string SimulatedRegistry::environment() const { return fmt::format("simulated (seed {})", file_->world.seed); }

Result<std::int64_t> SimulatedRegistry::learn(std::span<const NameDrop> drops) {
  File& file = *file_;
  const UtcTime now = file.clock();
  file.funds.reset();
  // In the order of the table; rows for the same name keep theirs.
  std::vector<const NameDrop*> sorted(drops.size());
  std::ranges::transform(drops, sorted.begin(), [](const NameDrop& drop) { return &drop; });
  std::ranges::stable_sort(sorted, {}, [](const NameDrop* drop) -> const std::string& { return drop->name.ace(); });
  try {
    SQLite::Transaction transaction(file.db, SQLite::TransactionBehavior::IMMEDIATE);
    std::int64_t news = 0;
    for (const NameDrop* drop : sorted) news += file.learn(*drop, now) ? 1 : 0;
    transaction.commit();
    return news;
  } catch (const SQLite::Exception& error) {
    return unreachable(file.path, error);
  }
}

Result<Tally> SimulatedRegistry::tally() {
  File& file = *file_;
  const UtcTime now = file.clock();
  return file.read([&] {
    Tally tally;
    const std::pair<const char*, std::int64_t*> counted[] = {{"accepted", &tally.accepted},
                                                             {"refused_invalid", &tally.refused_invalid},
                                                             {"refused_status", &tally.refused_status},
                                                             {"too_late", &tally.too_late},
                                                             {"duplicate", &tally.duplicate},
                                                             {"purse_empty", &tally.purse_empty},
                                                             {"removed", &tally.removed},
                                                             {"not_removed", &tally.not_removed},
                                                             {"not_found", &tally.not_found},
                                                             {"busy_before_effect", &tally.busy_before_effect},
                                                             {"busy_after_effect", &tally.busy_after_effect}};
    SQLite::Statement select(file.db, "SELECT what, count FROM tally");
    for (Use row(select); row.step();) {
      for (const auto& [what, into] : counted) {
        if (row.text(0) == what) *into = row.integer(1);
      }
    }
    tally.names_known = file.db.execAndGet("SELECT count(DISTINCT name) FROM name_drop").getInt64();
    file.each_drop(file.applications(nullptr), now, [&](std::span<const Application> group, const Standing& standing) {
      for (std::size_t i = 0; i < group.size(); ++i) {
        switch (standing.of(i)) {
          case State::requested:
            ++tally.requested;
            break;
          case State::active:
            ++tally.active;
            break;
          case State::processing:
            ++tally.processing;
            break;
          case State::auction_pending:
            ++tally.auction_pending;
            break;
          case State::successful:
            ++tally.successful;
            break;
          case State::auction_won:
            ++tally.auction_won;
            break;
          case State::failed:
            ++tally.failed;
            break;
          case State::auction_lost:
            ++tally.auction_lost;
            break;
          case State::cancelled:
          case State::voided:
            engine::invariant_failed("a job of the provider has a status of the provider", __FILE__, __LINE__,
                                     group[i].name);
        }
      }
    });
    return tally;
  });
}

void SimulatedRegistry::add(std::span<const engine::AddJob> orders,
                            const std::function<void(std::size_t, const ProviderAnswer&)>& answered) {
  File& file = *file_;
  file.funds.reset();
  // As over a network: a few are on their way at once, and their answers overtake each other.
  for (std::size_t first = 0; first < orders.size(); first += kInFlight) {
    const std::size_t count = std::min(kInFlight, orders.size() - first);
    std::vector<ProviderAnswer> answers;
    for (const engine::AddJob& wanted : orders.subspan(first, count)) {
      const UtcTime now = file.clock();
      if (wanted.not_after && now > *wanted.not_after) {
        answers.push_back({.delivery = Delivery::not_sent,
                           .code = 0,
                           .text = "its time was over before it could be sent",
                           .job = {},
                           .raw = {}});
        continue;
      }
      answers.push_back(file.commit_one(
          [&] { return file.maybe_busy(wanted.name.ace(), false, [&] { return file.order(wanted, now); }); }));
    }
    std::vector<std::size_t> arrival(count);
    std::iota(arrival.begin(), arrival.end(), std::size_t{0});
    std::ranges::stable_sort(
        arrival, {}, [&](std::size_t i) { return draw_below(file.world, orders[first + i].name.ace(), 0, 1024); });
    for (const std::size_t i : arrival) answered(first + i, answers[i]);
  }
}

ProviderAnswer SimulatedRegistry::remove(const std::string& application) {
  File& file = *file_;
  const UtcTime now = file.clock();
  file.funds.reset();
  return file.commit_one([&] {
    const std::optional<std::int64_t> id = application_id(application);
    std::string name;
    std::optional<DropDates> dates;
    if (id) {
      Use row(file.statements->one);
      row.bind(*id);
      if (row.step()) {
        name = row.text(0);
        dates = row.dates(2);
      }
    }
    if (name.empty()) {
      file.count("not_found");
      return plain_answer(545);
    }
    return file.maybe_busy(name, true, [&] {
      if (dates && now > last_call(*dates)) {
        file.count("not_removed");
        return plain_answer(552, "the last call was " + engine::to_wire_string(last_call(*dates)));
      }
      file.count("removed");
      Use(file.statements->remove_application).bind(now, *id).run();
      return removed_answer(name_of(name));
    });
  });
}

ProviderAnswer SimulatedRegistry::status(const std::string& application) {
  File& file = *file_;
  const UtcTime now = file.clock();
  const Result<ProviderAnswer> answer = file.read([&] {
    const std::optional<std::int64_t> id = application_id(application);
    std::optional<std::string> name;
    if (id) {
      Use row(file.statements->one);
      row.bind(*id);
      if (row.step()) name = row.text(0);
    }
    if (!name) return plain_answer(545);
    const std::optional<ProviderJob> job = file.job_of(name_of(*name), *id, now);
    ENSURE(job.has_value(), "a living application is among those of its name");
    return job_answer(*job);
  });
  if (!answer) return {.delivery = Delivery::unknown, .code = 0, .text = answer.error().detail, .job = {}, .raw = {}};
  return answer.value();
}

Result<std::vector<ProviderJob>> SimulatedRegistry::jobs(std::span<const DomainName> names) {
  File& file = *file_;
  const UtcTime now = file.clock();
  return file.read([&] {
    std::vector<std::pair<std::int64_t, ProviderJob>> found;
    const auto take = [&](std::span<const Application> group, const Standing& standing) {
      for (std::size_t i = 0; i < group.size(); ++i) found.emplace_back(group[i].id, File::job(group, i, standing));
    };
    if (names.empty()) file.each_drop(file.applications(nullptr), now, take);
    std::vector<DomainName> wanted(names.begin(), names.end());
    std::ranges::sort(wanted);
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    for (const DomainName& name : wanted) file.each_drop(file.applications(&name), now, take);
    std::ranges::sort(found, {}, [](const auto& numbered) { return numbered.first; });
    std::vector<ProviderJob> listed;
    listed.reserve(found.size());
    for (auto& [id, job] : found) listed.push_back(std::move(job));
    return listed;
  });
}

Result<bool> SimulatedRegistry::charged(const DomainName& name, UtcTime since) {
  File& file = *file_;
  const UtcTime now = file.clock();
  return file.read([&] {
    bool found = false;
    file.each_drop(file.applications(&name), now, [&](std::span<const Application>, const Standing& standing) {
      if (standing.winner && standing.ended_at && *standing.ended_at >= since) found = true;
    });
    return found;
  });
}

Result<engine::ProviderPurse> SimulatedRegistry::purse() {
  File& file = *file_;
  const UtcTime now = file.clock();
  return file.read([&] {
    const Currency currency = Currency::parse(file.world.currency).value();
    const File::Purse purse = file.purse(now);
    return engine::ProviderPurse{Money::of_minor(purse.amount_minor, currency),
                                 Money::of_minor(purse.deposit_minor, currency), Money::zero(currency)};
  });
}

Result<std::vector<engine::ProviderDeposit>> SimulatedRegistry::deposits() {
  File& file = *file_;
  const UtcTime now = file.clock();
  return file.read([&] {
    const Money price = Money::of_minor(file.world.job_price_minor, Currency::parse(file.world.currency).value());
    std::vector<engine::ProviderDeposit> found;
    if (price.is_zero()) return found;
    file.each_drop(file.applications(nullptr), now, [&](std::span<const Application> group, const Standing& standing) {
      if (standing.ended_at) return;
      for (const Application& application : group) {
        found.push_back({std::to_string(application.id), account_type(application.name), application.name, price,
                         application.created_at, std::chrono::floor<std::chrono::hours>(now) + kLease});
      }
    });
    std::ranges::sort(found, {},
                      [](const engine::ProviderDeposit& deposit) { return std::pair(deposit.created_at, deposit.id); });
    return found;
  });
}

Result<engine::ProviderAccounting> SimulatedRegistry::accounting(UtcTime from, UtcTime to) {
  File& file = *file_;
  const UtcTime now = file.clock();
  Result<engine::ProviderAccounting> read = file.read([&] {
    const Currency currency = Currency::parse(file.world.currency).value();
    const Money price = Money::of_minor(file.world.job_price_minor, currency);
    engine::ProviderAccounting found{Money::of_minor(file.world.purse_minor.value_or(kEnoughMinor), currency),
                                     Money::zero(currency)};
    file.each_drop(file.applications(nullptr), now, [&](std::span<const Application> group, const Standing& standing) {
      if (!standing.winner || !standing.ended_at || price.is_zero()) return;
      const Application& winner = group[*standing.winner];
      const UtcTime at = std::chrono::floor<std::chrono::seconds>(*standing.ended_at);
      if (at >= to) return;
      if (at < from)
        found.opening -= price;
      else
        found.entries.push_back(
            {"", at, account_type(winner.name), winner.name, std::to_string(winner.id), -price, Money::zero(currency)});
    });
    std::ranges::sort(found.entries, {},
                      [](const engine::ProviderEntry& entry) { return std::pair(entry.at, entry.reference); });
    engine::number_entries(found.entries);
    found.sum = found.opening;
    for (const engine::ProviderEntry& entry : found.entries) found.sum += entry.gross();
    return found;
  });
  if (!read) return read;
  const engine::Status sound = engine::check_sum(read.value());
  ENSURE(bool(sound), "a sum is its parts");
  return read;
}

}  // namespace simulated_registry
