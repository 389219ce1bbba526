// dropledger-bench: how fast the ledger is beside what raw SQLite needs for the same work (floor.hpp), in the same run on the same disk.
// Each line is one ratio, floor seconds / ledger seconds, of the median of three rounds: 1 is as fast as bare tables without rules.
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api_client/deletion_list.hpp"
#include "storage/sqlite_store.hpp"
#include "tools/bench/floor.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/reports.hpp"
#include "tools/operations/sweep.hpp"

namespace {

using engine::Money;
using engine::UtcTime;
using operations::Context;

const UtcTime kNow = engine::parse_time("2026-08-01T12:00:00Z").value();
const engine::Currency kEuro = engine::Currency::parse("EUR").value();
constexpr std::size_t kBatch = 20'000;  // rows of one commit while a book is filled

double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "dropledger-bench-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a folder under " + std::filesystem::temp_directory_path().string());
  }
  ~Folder() {
    std::error_code ignored;  // nothing to be done about it at the end of a benchmark
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void apply(engine::LedgerStore& store, const std::function<void(engine::Changes&)>& fill, const std::string& key) {
  const Context context{store, kNow, "bench"};
  operations::Work work(context);
  engine::Changes changes;
  changes.request = engine::NewRequest{"bench", key, "", "{}"};
  fill(changes);
  const engine::Outcome applied = store.apply(changes, context.stamp());
  if (!applied) throw std::runtime_error(applied.error().detail);
  work.keep();
}

// Accounts with money, a price, and REQUESTED backorders as the floor has orders; none of them through the rules of placing, which are not measured here.
std::unique_ptr<engine::LedgerStore> filled_book(const std::string& file, bench::Orders size) {
  storage::create_book(file, kNow, true);
  auto store = storage::open_book(file, {});
  (void)operations::set_prices({*store, kNow, "bench"}, {}, {{"com", "standard", Money::of_minor(bench::kPrice, kEuro), kNow, {}}});
  std::vector<engine::Customer> customers;
  const Money zero = Money::zero(kEuro);
  for (int i = 0; i < size.accounts; ++i) {
    customers.push_back({.id = engine::CustomerId(i + 1), .name = "account" + std::to_string(i), .currency = kEuro, .opened_at = kNow, .available = zero,
                         .reserved = zero, .credit_limit = zero, .owed = zero, .warned = zero});
  }
  apply(*store, [&](engine::Changes& changes) {
    changes.new_customers = customers;
    for (int i = 0; i < size.accounts; ++i) {
      (void)engine::pay_in(changes, customers[static_cast<std::size_t>(i)], {.amount = Money::of_minor(bench::balance_of(i, size), kEuro)});
    }
  }, "accounts");
  {
    const Context context{*store, kNow, "bench"};
    operations::Work work(context);
    (void)store->add_list("registry", engine::DateIs::drop, kNow, {}, 0);
    work.keep();
  }
  for (int at = 0; at < size.orders;) {
    const int end = std::min(at + static_cast<int>(kBatch), size.orders);
    apply(*store, [&](engine::Changes& changes) {
      for (; at < end; ++at) {
        const UtcTime drop = kNow + std::chrono::seconds(100'000 + at * 7919LL % 100'000);  // between the due instant and the deadline
        changes.new_backorders.push_back(
            {.id = engine::BackorderId(at + 1), .customer = engine::CustomerId(at % size.accounts + 1),
             .name = engine::DomainName::from_trusted_ace("name" + std::to_string(at) + ".com"), .zone = "com", .placed_at = kNow,
             .quoted = Money::of_minor(bench::kPrice, kEuro), .max_price = Money::of_minor(bench::kPrice, kEuro),
             .drop = engine::Drop{drop, {}, drop - std::chrono::hours(3), drop - std::chrono::hours(72), engine::SourceId(1)}});
      }
    }, "orders" + std::to_string(at));
  }
  return store;
}

// A day's list in no order: `from` up to `to`, with one name in ten a day later where `moved`.
std::string list_text(int from, int to, bool moved) {
  std::vector<int> numbers;
  for (int i = from; i < to; ++i) numbers.push_back(i);
  std::ranges::sort(numbers, {}, [](int i) { return static_cast<std::uint32_t>(i) * 2654435761U; });  // Knuth's multiplicative hash: a fixed shuffle
  std::string text;
  for (const int i : numbers) {
    const int day = 5 + i % 3 + (moved && i % 10 == 0 ? 1 : 0);
    text += "name-" + std::to_string(i) + ".com;2026-08-0" + std::to_string(day) + " 1" + std::to_string(i % 10) + ":00:00\n";
  }
  return text;
}

operations::ListReport import_text(engine::LedgerStore& store, const std::string& text) {
  const auto list = api_client::read_deletion_list(text, {});
  if (!list) throw std::runtime_error(list.error().detail);
  std::vector<operations::ListRow> rows;
  rows.reserve(list.value().rows.size());
  for (const api_client::ListedName& row : list.value().rows) rows.push_back({row.name, row.date});
  const auto report = operations::import_list({store, kNow, "bench"}, {.source = "registry", .date_is = engine::DateIs::drop}, rows, {});
  if (!report) throw std::runtime_error(report.error().detail);
  return report.value();
}

struct Ratio {
  const char* id;
  const char* what;
  double must;  // what the project asks of itself
};

void show(const Ratio& ratio, std::int64_t rows, const std::vector<double>& floor, const std::vector<double>& ledger) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < floor.size(); ++i) ratios.push_back(floor[i] / ledger[i]);
  const double ours = median(ledger), theirs = median(floor);
  std::printf("%-3s %-46s %10.0f/s  floor %10.0f/s  ratio %5.2f  (must %.2f)\n", ratio.id, ratio.what, static_cast<double>(rows) / ours,
              static_cast<double>(rows) / theirs, median(ratios), ratio.must);
  std::fflush(stdout);
}

void sweep_of_the_due(int rounds, bench::Orders size) {
  std::vector<double> floor, ledger;
  for (int round = 0; round < rounds; ++round) {
    const Folder folder;
    std::int64_t covered = 0;
    floor.push_back(bench::floor_aggregate(folder.file("floor.db"), size, covered));
    auto store = filled_book(folder.file("book.db"), size);
    store = storage::open_book(folder.file("book.db"), {});
    operations::SweepOptions options;
    options.stages = {operations::Stage::reserve};
    operations::SweepReport report;
    ledger.push_back(seconds_of([&] { report = operations::sweep({*store, kNow, "bench"}, nullptr, options); }));
    if (report.count("reserved") != covered) throw std::runtime_error("the sweep covered " + std::to_string(report.count("reserved")) + ", the floor " + std::to_string(covered));
  }
  show({"b1", "sweep of everything due", 0.6}, size.orders, floor, ledger);
}

void list_over_yesterdays(int rounds, int rows) {
  std::vector<double> floor, ledger;
  const std::string yesterday = list_text(0, rows, false), today = list_text(rows / 5, rows + rows / 5, true);
  for (int round = 0; round < rounds; ++round) {
    const Folder folder;
    floor.push_back(bench::floor_merge(folder.file("floor.db"), yesterday, today));
    storage::create_book(folder.file("book.db"), kNow, true);
    import_text(*storage::open_book(folder.file("book.db"), {}), yesterday);
    const auto store = storage::open_book(folder.file("book.db"), {});
    ledger.push_back(seconds_of([&] { import_text(*store, today); }));
  }
  show({"c1", "deletion list over yesterday's", 0.7}, rows, floor, ledger);
}

void preview_of_everything(int rounds, bench::Orders size) {
  std::vector<double> floor, ledger;
  const Folder folder;
  filled_book(folder.file("book.db"), size);
  for (int round = 0; round < rounds; ++round) {
    std::int64_t covered = 0, funded = 0;
    const std::string file = folder.file("floor" + std::to_string(round) + ".db");
    floor.push_back(bench::floor_scan(file, size, covered));
    std::filesystem::remove(file);
    const auto store = storage::open_book(folder.file("book.db"), {.access = storage::Access::read_only});
    ledger.push_back(seconds_of([&] {
      for (const operations::AccountPreview& account : operations::preview(*store, {}, kNow, kNow)) {
        funded += std::ranges::count_if(account.rows, [](const operations::PreviewRow& row) { return row.verdict.verdict == engine::Verdict::funded; });
      }
    }));
    if (funded != covered) throw std::runtime_error("the preview funds " + std::to_string(funded) + ", the floor " + std::to_string(covered));
  }
  show({"e1", "funding preview of everything open", 0.7}, size.orders, floor, ledger);
}

void reports_of(int rounds, int transfers, int accounts) {
  const Folder folder;
  {
    auto store = filled_book(folder.file("book.db"), {accounts, accounts});
    const std::vector<engine::Customer> customers = store->customers();
    for (int at = 0; at < transfers;) {
      const int end = std::min(at + static_cast<int>(kBatch), transfers);
      apply(*store, [&](engine::Changes& changes) {
        for (; at < end; ++at) {
          engine::Customer customer = customers[static_cast<std::size_t>(at % accounts)];
          (void)engine::pay_in(changes, customer, {.amount = Money::of_minor(5, kEuro)});
        }
      }, "transfers" + std::to_string(at));
    }
  }
  std::vector<double> floors[3], ledgers[3];
  for (int round = 0; round < rounds; ++round) {
    const std::string file = folder.file("floor" + std::to_string(round) + ".db");
    const bench::Reports floor = bench::floor_reports(file, transfers, accounts);
    std::filesystem::remove(file);
    const auto store = storage::open_book(folder.file("book.db"), {.access = storage::Access::read_only});
    floors[0].push_back(floor.stored);
    floors[1].push_back(floor.added_up);
    floors[2].push_back(floor.register_text);
    ledgers[0].push_back(seconds_of([&] { (void)store->customers(); }));
    ledgers[1].push_back(seconds_of([&] { (void)operations::trial_balance(*store, {}); }));
    ledgers[2].push_back(seconds_of([&] {
      std::string text;
      store->each_transfer({}, [&](const engine::Transfer& transfer) {
        text += engine::to_string(transfer.recorded_at) + " " + std::string(name(transfer.kind)) + " " + to_string_with_code(transfer.amount) + "\n";
        if (text.size() > 1'000'000) text.clear();
      });
    }));
  }
  show({"d1", "balances as kept", 0.7}, accounts, floors[0], ledgers[0]);
  show({"d1", "balances added up (trial balance)", 0.7}, transfers, floors[1], ledgers[1]);
  show({"d1", "register of every transfer, as text", 0.7}, transfers, floors[2], ledgers[2]);
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 3, divisor = 1;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--quick") {
      rounds = 1;
      divisor = 10;
    } else if (word == "b1" || word == "c1" || word == "d1" || word == "e1") {
      only = word;
    } else {
      std::puts("usage: dropledger-bench [--quick] [b1|c1|d1|e1]\n\n"
                "Prints how fast the ledger is beside raw SQLite without rules, in the same run: b1 a sweep of 100,000 due backorders over 10,000 accounts,\n"
                "c1 a deletion list of 500,000 names over yesterday's, d1 reports over 1,000,000 transfers, e1 a preview of 1,000,000 backorders over 100,000\n"
                "accounts. Three rounds, the median. --quick: one round of a tenth. Takes some minutes, and 1 GB under $TMPDIR.");
      return word == "--help" || word == "-h" ? 0 : 2;
    }
  }
  try {
    if (only.empty() || only == "b1") sweep_of_the_due(rounds, {100'000 / divisor, 10'000 / divisor});
    if (only.empty() || only == "c1") list_over_yesterdays(rounds, 500'000 / divisor);
    if (only.empty() || only == "d1") reports_of(rounds, 1'000'000 / divisor, 10'000 / divisor);
    if (only.empty() || only == "e1") preview_of_everything(rounds, {1'000'000 / divisor, 100'000 / divisor});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 3;
  }
  return 0;
}
