// Files: a deletion list over yesterday's, and backorders placed from a file.
#include <algorithm>
#include <chrono>
#include <numeric>

#include "storage/book/seal.hpp"
#include "storage/store.hpp"
#include "tools/bench/families.hpp"
#include "tools/bench/raw.hpp"
#include "tools/bench/sample.hpp"
#include "tools/formats/csv.hpp"
#include "tools/formats/deletion_list.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/operations/lists.hpp"

namespace bench {
namespace {

// ---- deletion lists: of twenty names one is new, one gone, one has another date ----

std::string list_text(const Ground& ground, std::int64_t from, bool today) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(ground.size));
  std::iota(order.begin(), order.end(), from);
  std::ranges::sort(order, {},
                    [&](std::int64_t i) { return draw(ground, (2ULL << 40U) + static_cast<std::uint64_t>(i)); });
  std::string text;
  for (const std::int64_t i : order) {
    const std::int64_t day = 5 + i % 3 + (today && i % 20 == 0 ? 1 : 0);
    text += domain_of(ground, i) + ";2026-08-0" + std::to_string(day) + " 1" + std::to_string(i % 10) + ":00:00\n";
  }
  return text;
}

operations::ListReport import_file(engine::LedgerStore& store, const std::string& path) {
  std::string bytes = read_whole(path);
  const formats::DeletionList list = value_of(formats::read_deletion_list(bytes, {}));
  std::string().swap(bytes);
  return value_of(operations::import_list({store, kNow, "bench"},
                                          {.source = "registry", .date_is = engine::DateIs::drop}, list.rows, {}));
}

void prepare_lists(const Ground& ground) {
  write_whole(ground.file("yesterday.csv"), list_text(ground, 0, false));
  write_whole(ground.file("today.csv"), list_text(ground, ground.size / 20, true));
  storage::create_book(ground.file("prepared.db"), kNow, true);
  import_file(*storage::open_book(ground.file("prepared.db"), {}), ground.file("yesterday.csv"));
}

Took import_today(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "ledger.db");
  Took took{.seconds = 0, .units = ground.size};
  {
    const auto store = storage::open_book(file, {});
    took.seconds = seconds_of([&] { import_file(*store, ground.file("today.csv")); });
  }
  took.left = left_in(file);
  return took;
}

struct Row {
  std::string_view name;
  std::int64_t at;  // ms
};

// `domain;YYYY-MM-DD HH:MM:SS`, each character of the name looked at.
std::vector<Row> read_rows(std::string_view text) {
  std::vector<Row> rows;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at), semicolon = text.find(';', at);
    if (semicolon == std::string_view::npos || end != semicolon + 20)
      throw std::runtime_error("a row of the baseline's list cannot be read");
    const std::string_view name = text.substr(at, semicolon - at), date = text.substr(semicolon + 1, 19);
    for (const char c : name) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
        throw std::runtime_error("no name");
    }
    const auto number = [&](std::size_t first, std::size_t count) {
      int value = 0;
      for (std::size_t i = 0; i < count; ++i) value = value * 10 + (date[first + i] - '0');
      return value;
    };
    const std::chrono::sys_days day = std::chrono::year(number(0, 4)) / number(5, 2) / number(8, 2);
    rows.push_back({name, (day.time_since_epoch().count() * 86'400LL + number(11, 2) * 3'600 + number(14, 2) * 60 +
                           number(17, 2)) *
                              1'000});
    at = end + 1;
  }
  return rows;
}

Took baseline_today(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "baseline.db");
  Took took{.seconds = 0, .units = ground.size};
  {
    Raw db(file);
    took.seconds = seconds_of([&] {
      const std::string text = read_whole(ground.file("today.csv"));
      std::vector<Row> rows = read_rows(text);
      std::ranges::sort(rows, {}, &Row::name);
      db.run("BEGIN IMMEDIATE");
      std::vector<Row> changed;
      std::vector<std::pair<std::string, std::int64_t>> gone;
      std::size_t next = 0;
      {
        Query yesterday(db, "SELECT name, drop_at FROM listed_drop WHERE source_id = 1 ORDER BY name");
        while (yesterday.step()) {
          const std::string_view name = yesterday.text(0);
          for (; next < rows.size() && rows[next].name < name; ++next) changed.push_back(rows[next]);
          if (next < rows.size() && rows[next].name == name) {
            if (rows[next].at != yesterday.number(1)) changed.push_back(rows[next]);
            ++next;
          } else {
            gone.emplace_back(name, yesterday.number(1));
          }
        }
      }
      changed.insert(changed.end(), rows.begin() + static_cast<std::ptrdiff_t>(next), rows.end());
      std::map<std::int64_t, std::int64_t> days;
      for (const Row& row : rows) ++days[row.at / 86'400'000];
      db.run("INSERT INTO list (id, source_id, imported_at, rows) VALUES (2, 1, 0, 0)");
      Query cover(db, "INSERT INTO list_coverage (list_id, zone, day, rows) VALUES (2, 'com', ?, ?)");
      for (const auto& [day, count] : days) cover.write(day, count);
      Query put(db,
                "INSERT INTO listed_drop (name, source_id, drop_at, list_id, missing) VALUES (?, 1, ?, 2, 0)"
                " ON CONFLICT (name, source_id) DO UPDATE SET drop_at = excluded.drop_at, list_id = 2");
      for (const Row& row : changed) put.write(row.name, row.at);
      Query miss(db, "UPDATE listed_drop SET missing = 1 WHERE name = ? AND source_id = 1");
      for (const auto& [name, at] : gone) miss.write(name);
      db.run(
          "INSERT INTO event (id, recorded_at, kind, actor, detail) VALUES ((SELECT max(id) + 1 FROM event), 0, "
          "'list-imported', 'bench', '')");
      db.run("COMMIT");
    });
  }
  took.left = left_in(file);
  return took;
}

// ---- backorders from a file; half of the names are on a list ----

void prepare_placing(const Ground& ground) {
  const auto store = make_accounts(ground, ground.file("prepared.db"), true);
  std::string list, orders = "account,domain\n";
  for (std::int64_t i = 0; i < ground.size; ++i) {
    if (i % 2 == 0) list += domain_of(ground, i) + ";2026-08-1" + std::to_string(i % 10) + " 18:00:00\n";
    orders += account_name(account_of(ground, i)) + "," + domain_of(ground, i) + "\n";
  }
  write_whole(ground.file("list.csv"), list);
  import_file(*store, ground.file("list.csv"));
  write_whole(ground.file("orders.csv"), orders);
}

Took place_from_file(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "ledger.db");
  Took took{};
  {
    const auto store = storage::open_book(file, {});
    took.seconds = seconds_of([&] {
      constexpr formats::CsvColumn kColumns[] = {
          {"account", true}, {"domain", true}, {"max_price", false}, {"priority", false}, {"another", false}};
      const formats::CsvRows csv = value_of(formats::read_csv(read_whole(ground.file("orders.csv")), kColumns));
      std::vector<operations::ImportRow> rows;
      for (const formats::CsvRow& row : csv.rows)
        rows.push_back({row.line, row.fields[0], row.fields[1], row.fields[2], row.fields[3], row.fields[4]});
      bool kept = false;
      const auto results = operations::import_backorders(
          {*store, kNow, "bench"}, "operator", "import-0123456789abcdef0123456789abcdef", rows, false, {}, kept);
      took.units = kept ? std::ranges::count_if(results, [](const auto& result) { return bool(result); }) : 0;
    });
  }
  took.left = left_in(file);
  return took;
}

Took baseline_place_from_file(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "baseline.db");
  Took took{};
  {
    Raw db(file);
    const std::int64_t now = kNow.time_since_epoch().count();
    took.seconds = seconds_of([&] {
      const std::string text = read_whole(ground.file("orders.csv"));
      db.run("BEGIN IMMEDIATE");
      Query customer(db, "SELECT id FROM customer WHERE name = ?"),
          listed(db, "SELECT drop_at FROM listed_drop WHERE name = ?");
      Query request(db,
                    "INSERT INTO request (id, sender, key, content, content_hash, answer, actor, recorded_at)"
                    " VALUES (?1, 'operator', ?2, ?3, zeroblob(32), ?4, 'bench', ?5)");
      Query backorder(db,
                      "INSERT INTO backorder (by_customer, id, customer_id, name, copy, open_copy, zone, currency, "
                      "state, placed_at, priority, quoted_minor, max_price_minor,"
                      " drop_at, deadline_at, deposit_due_at, drop_source_id, attempt, underfunded, cancelling, "
                      "purse_empty, refusals, provider_status, auction_price)"
                      " VALUES (?, ?, ?, ?, 1, 1, 'com', 'EUR', 'REQUESTED', ?, 100, 1000, 1000, ?, ?, ?, ?, 0, 0, 0, "
                      "0, 0, '', '')");
      Query event(db,
                  "INSERT INTO event (id, recorded_at, kind, customer_id, backorder_id, actor, detail) VALUES (?, ?, "
                  "'placed', ?, ?, 'bench', 'quoted 10.00 EUR')");
      Query seal(db, kInsertSeal);
      std::int64_t last_request = db.number("SELECT max(id) FROM request"),
                   last_seal = db.number("SELECT max(id) FROM seal");
      std::int64_t last_event = db.number("SELECT max(id) FROM event");
      const std::int64_t transfers = db.number("SELECT max(id) FROM transfer");
      std::int64_t sealed = last_request;
      const auto seal_now = [&] {
        seal.write(++last_seal, now, sealed + 1, last_request, transfers + 1, transfers);
        sealed = last_request;
      };
      for (std::size_t at = text.find('\n') + 1; at < text.size();) {
        const std::size_t comma = text.find(',', at), end = text.find('\n', at);
        const std::string account = text.substr(at, comma - at), domain = text.substr(comma + 1, end - comma - 1);
        at = end + 1;
        ++took.units;
        customer.bind(account).step();
        const std::int64_t id = customer.number(0);
        customer.reset();
        std::optional<std::int64_t> drop, deadline, due, source;
        if (listed.bind(domain).step()) {
          drop = listed.number(0);
          deadline = *drop - 3 * 3'600'000;
          due = *drop - 72 * 3'600'000;
          source = 1;
        }
        listed.reset();
        request.write(++last_request, "import-0123456789abcdef0123456789abcdef:" + std::to_string(took.units + 1),
                      "request=\"place\"\naccount=\"" + account + "\"\ndomain=\"" + domain +
                          "\"\nanother=\"0\"\nmax_price=\"\"\npriority=\"100\"\n",
                      "{\"facts\":[[\"backorder\",\"1\"],[\"account\",\"" + account + "\"],[\"domain\",\"" + domain +
                          "\"],[\"state\",\"REQUESTED\"],[\"already_open\",\"no\"],[\"quoted\",\"10.00 "
                          "EUR\"],[\"max_price\",\"10.00 EUR\"]" +
                          (drop ? ",[\"drop_at\",\"2026-08-10T18:00:00Z\"],[\"deposit_due\",\"2026-08-07T18:00:00Z\"],["
                                  "\"deadline\",\"2026-08-10T15:00:00Z\"]]}"
                                : "]}"),
                      now);
        backorder.write(account_backorder_key(id, took.units), took.units, id, domain, now, drop, deadline, due,
                        source);
        event.write(++last_event, now, id, took.units);
        if (last_request - sealed >= storage::kMostUnsealed) seal_now();
      }
      if (last_request > sealed) seal_now();
      db.run("COMMIT");
    });
  }
  took.left = left_in(file);
  return took;
}

}  // namespace

void add_files(std::vector<Measurement>& all) {
  all.push_back({"list", "deletion list over yesterday's, by difference", "names", 500'000, 0.6, 200'000, true,
                 prepare_lists, import_today, baseline_today, 128});
  all.push_back({"place", "backorders placed from a file", "backorders", 100'000, 0.5, 0, true, prepare_placing,
                 place_from_file, baseline_place_from_file});
}

}  // namespace bench
