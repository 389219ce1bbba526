// Sweeps: everything due reserved or voided; every outcome captured or refunded. The baseline reads narrow rows in one
// query, decides in memory, and writes each account's balance once, in the same number of commits.
#include <algorithm>
#include <atomic>
#include <thread>
#include <tuple>

#include "storage/store.hpp"
#include "tools/bench/families.hpp"
#include "tools/bench/raw.hpp"
#include "tools/bench/sample.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/sweep.hpp"

namespace bench {
namespace {

using operations::Stage;

Took sweep(const Ground& ground, Stage stage, std::initializer_list<std::string_view> words) {
  const std::string file = copy_of_prepared(ground, "ledger.db");
  Took took{};
  {
    const auto store = storage::open_book(file, {});
    operations::SweepOptions options;
    options.stages = {stage};
    operations::SweepReport report;
    took.seconds = seconds_of([&] { report = operations::sweep({*store, kNow, "bench"}, nullptr, options); });
    for (const std::string_view word : words) took.units += report.count(word);
  }
  took.left = left_in(file);
  return took;
}

struct Account {
  std::int64_t available_id, reserved_id, available, reserved;
};
// One backorder to be decided. Settling needs no order but the accounts'.
struct Order {
  std::int64_t customer, due, drop, id;
  bool won;
};

class Baseline {
 public:
  explicit Baseline(const std::string& file) : db_(file) {}

  Took run(const std::string& select,
           const std::function<void(std::int64_t customer, Account&, std::span<const Order>)>& decide) {
    Took took{};
    took.seconds = seconds_of([&] {
      read_accounts();
      std::vector<Order> orders;
      {
        Query rows(db_, select);
        while (rows.step())
          orders.push_back({rows.number(0), rows.number(1), rows.number(2), rows.number(3), rows.number(4) != 0});
      }
      std::ranges::sort(orders, [](const Order& a, const Order& b) {
        return std::tie(a.customer, a.due, a.drop, a.id) < std::tie(b.customer, b.due, b.drop, b.id);
      });
      took.units = static_cast<std::int64_t>(orders.size());
      write(orders, decide);
    });
    return took;
  }

  void step(std::int64_t customer, std::int64_t order, const char* from, const char* to,
            std::optional<std::int64_t> reason_place, std::string_view detail) {
    constexpr const char* kReasons[] = {"insufficient_available", "not_registered"};
    if (reason_place) {
      event_.write(++last_event_, kNowMs, customer, order, from, to, kReasons[*reason_place], detail);
    } else {
      event_.write(++last_event_, kNowMs, customer, order, from, to, std::nullopt, detail);
    }
  }
  void transfer(const char* kind, std::int64_t debit, std::int64_t credit, std::int64_t amount, std::int64_t customer,
                std::int64_t order) {
    transfer_.write(++last_transfer_, kind, debit, credit, amount, kNowMs, kNowMs, customer, order);
  }

  static const std::int64_t kNowMs;
  Raw db_;
  Query reserve_{db_,
                 "UPDATE backorder SET state = 'ACTIVE', deposit_minor = ?2, attempt = 1, reserved_at = ?3 WHERE "
                 "by_customer = ?1"};
  Query end_{db_,
             "UPDATE backorder SET state = ?2, reason = ?3, ended_at = ?4, open_copy = NULL WHERE by_customer = ?1"};
  std::int64_t revenue_ = 0, tax_ = 0;

 private:
  void read_accounts() {
    Query rows(db_, "SELECT customer_id, kind, id, balance_minor FROM ledger_account");
    while (rows.step()) {
      const auto place = static_cast<std::size_t>(rows.number(0));
      if (place >= accounts_.size()) accounts_.resize(place + 1);
      Account& account = accounts_[place];
      if (rows.number(1) == 2000)
        std::tie(account.available_id, account.available) = std::pair(rows.number(2), rows.number(3));
      if (rows.number(1) == 2010)
        std::tie(account.reserved_id, account.reserved) = std::pair(rows.number(2), rows.number(3));
      last_account_ = std::max(last_account_, rows.number(2));
    }
    last_transfer_ = db_.number("SELECT max(id) FROM transfer");
    last_event_ = db_.number("SELECT ifnull(max(id), 0) FROM event");
    last_seal_ = db_.number("SELECT max(id) FROM seal");
  }

  void write(const std::vector<Order>& orders,
             const std::function<void(std::int64_t, Account&, std::span<const Order>)>& decide) {
    const std::size_t chunk = operations::SweepOptions{}.batch;
    Query balance(db_, "UPDATE ledger_account SET balance_minor = ?2 WHERE id = ?1"), seal(db_, kInsertSeal);
    std::span<const Order> rest(orders);
    while (!rest.empty()) {
      db_.run("BEGIN IMMEDIATE");
      make_operator_accounts();
      const std::int64_t first = last_transfer_ + 1;
      for (std::size_t size = 0; !rest.empty();) {
        const std::int64_t customer = rest.front().customer;
        const auto count = static_cast<std::size_t>(
            std::ranges::find_if(rest, [&](const Order& row) { return row.customer != customer; }) - rest.begin());
        if (size > 0 && size + count > chunk) break;
        size += count;
        Account& account = accounts_[static_cast<std::size_t>(customer)];
        const Account before = account;
        decide(customer, account, rest.first(count));
        rest = rest.subspan(count);
        if (account.available != before.available) balance.write(account.available_id, account.available);
        if (account.reserved != before.reserved) balance.write(account.reserved_id, account.reserved);
      }
      seal.write(++last_seal_, kNowMs, 1, 0, first, last_transfer_);
      db_.run("COMMIT");
    }
  }

  void make_operator_accounts() {
    if (revenue_ != 0 || !captures_) return;
    Query insert(db_, "INSERT INTO ledger_account (id, kind, currency, source) VALUES (?, ?, 'EUR', '')");
    insert.write(revenue_ = ++last_account_, 4000);
    insert.write(tax_ = ++last_account_, 2100);
  }

  Query event_{db_,
               "INSERT INTO event (id, recorded_at, kind, customer_id, backorder_id, from_state, to_state, reason, "
               "actor, detail)"
               " VALUES (?, ?, 'stepped', ?, ?, ?, ?, ?, 'bench', ?)"};
  Query transfer_{db_,
                  "INSERT INTO transfer (id, kind, debit_id, credit_id, amount_minor, recorded_at, effective_at, "
                  "customer_id, backorder_id, attempt, actor, memo)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 'bench', '')"};
  std::vector<Account> accounts_{};
  std::int64_t last_account_ = 0, last_transfer_ = 0, last_event_ = 0, last_seal_ = 0;

 public:
  bool captures_ = false;
};
const std::int64_t Baseline::kNowMs = kNow.time_since_epoch().count();

Took baseline_reserve(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "baseline.db");
  Took took{};
  {
    Baseline baseline(file);
    took = baseline.run(
        "SELECT customer_id, deposit_due_at, drop_at, id, 0 FROM backorder NOT INDEXED WHERE state = 'REQUESTED' AND "
        "deposit_due_at <= " +
            std::to_string(Baseline::kNowMs),
        [&](std::int64_t customer, Account& account, std::span<const Order> orders) {
          for (const Order& order : orders) {
            if (account.available < kPriceMinor) {
              baseline.end_.write(account_backorder_key(customer, order.id), "VOID", "insufficient_available",
                                  Baseline::kNowMs);
              baseline.step(customer, order.id, "REQUESTED", "VOID", 0, "short by 9.99 EUR");
              continue;
            }
            account.available -= kPriceMinor;
            account.reserved += kPriceMinor;
            baseline.reserve_.write(account_backorder_key(customer, order.id), kPriceMinor, Baseline::kNowMs);
            baseline.transfer("reserve", account.available_id, account.reserved_id, kPriceMinor, customer, order.id);
            baseline.step(customer, order.id, "REQUESTED", "ACTIVE", {}, "");
          }
        });
  }
  took.left = left_in(file);
  return took;
}

Took baseline_settle(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "baseline.db");
  constexpr std::int64_t tax = kPriceMinor * kTaxBp / (10'000 + kTaxBp) + 1;  // 159.66 rounds up
  Took took{};
  {
    Baseline baseline(file);
    baseline.captures_ = true;
    took = baseline.run(
        "SELECT customer_id, 0, 0, id, provider_status = 'SUCCESSFUL' FROM backorder NOT INDEXED WHERE open_copy IS "
        "NOT NULL AND deposit_minor IS NOT NULL",
        [&](std::int64_t customer, Account& account, std::span<const Order> orders) {
          for (const Order& order : orders) {
            account.reserved -= kPriceMinor;
            if (order.won) {
              baseline.end_.write(account_backorder_key(customer, order.id), "SUCCESSFUL", std::nullopt,
                                  Baseline::kNowMs);
              baseline.transfer("capture", account.reserved_id, baseline.revenue_, kPriceMinor - tax, customer,
                                order.id);
              baseline.transfer("capture-tax", account.reserved_id, baseline.tax_, tax, customer, order.id);
              baseline.step(customer, order.id, "PROCESSING", "SUCCESSFUL", {}, "provider says SUCCESSFUL");
              continue;
            }
            account.available += kPriceMinor;
            baseline.end_.write(account_backorder_key(customer, order.id), "FAILED", "not_registered",
                                Baseline::kNowMs);
            baseline.transfer("refund", account.reserved_id, account.available_id, kPriceMinor, customer, order.id);
            baseline.step(customer, order.id, "PROCESSING", "FAILED", 1, "provider says FAILED");
          }
        });
  }
  took.left = left_in(file);
  return took;
}

// Payments now and then, each on the disk before the next, while another connection sweeps all that is due. What is
// measured is how long each waits for its turn; between them the sweep has time to gather what it then has to write
// before the turn is free.
Took pay_beside(const Ground& ground, std::string_view name, bool sweeps_meanwhile) {
  const std::string file = copy_of_prepared(ground, name);
  Took took{.seconds = 0, .units = std::max<std::int64_t>(2, ground.size / 10'000)};
  {
    const auto sweeping = storage::open_book(file, {}), paying = storage::open_book(file, {});
    std::atomic<bool> begun = false;
    std::exception_ptr failure;
    const auto sweep_all = [&] {
      operations::SweepOptions options;
      options.stages = {Stage::reserve};
      options.progress = [&](Stage, std::size_t) { begun = true; };
      try {
        operations::sweep({*sweeping, kNow, "bench"}, nullptr, options);
      } catch (...) {
        failure = std::current_exception();
      }
      begun = true;
    };
    std::thread sweeper;
    if (sweeps_meanwhile) {
      sweeper = std::thread(sweep_all);
      while (!begun) std::this_thread::yield();
    }
    std::vector<std::chrono::steady_clock::duration> times;
    for (std::int64_t i = 0; i < took.units; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(draw(ground, static_cast<std::uint64_t>(i)) % 400));
      const double seconds = seconds_of([&] {  // one cent funds nothing that would not be
        (void)value_of(operations::fund({*paying, kNow, "bench"}, {}, account_name(account_of(ground, i)),
                                        {.amount = engine::Money::of_minor(1, kEuro), .memo = "wire 8841"}));
      });
      times.push_back(
          std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds)));
      took.seconds += seconds;
    }
    if (sweeps_meanwhile)
      sweeper.join();
    else
      sweep_all();
    if (failure) std::rethrow_exception(failure);
    took.p99_ms = p99_ms(std::move(times));
  }
  took.left = left_in(file);
  return took;
}

}  // namespace

void add_sweeps(std::vector<Measurement>& all) {
  all.push_back(
      {"sweep", "deposit sweep, a fifth of the accounts underfunded", "backorders", 100'000, 0.6, 40'000, true,
       [](const Ground& ground) { add_due(ground, *make_accounts(ground, ground.file("prepared.db"), false)); },
       [](const Ground& ground) {
         return sweep(ground, Stage::reserve, {"reserved", "voided"});
       },
       baseline_reserve});
  all.push_back(
      {"settle", "settlement sweep, captured with tax or refunded", "backorders", 100'000, 0.6, 40'000, true,
       [](const Ground& ground) { add_answered(ground, *make_accounts(ground, ground.file("prepared.db"), true)); },
       [](const Ground& ground) {
         return sweep(ground, Stage::settle, {"SUCCESSFUL", "FAILED"});
       },
       baseline_settle});
  all.push_back(
      {.name = "beside",
       .what =
           "payments now and then, one for 10,000 backorders of a sweep that runs meanwhile, against payments alone",
       .unit = "payments",
       .size = 100'000,
       .ratio = 0,
       .rate = 0,
       .grows = false,
       .prepare =
           [](const Ground& ground) { add_due(ground, *make_accounts(ground, ground.file("prepared.db"), false)); },
       .ledger = [](const Ground& ground) { return pay_beside(ground, "ledger.db", true); },
       .baseline = [](const Ground& ground) { return pay_beside(ground, "baseline.db", false); },
       .below_ms = 50});
}

}  // namespace bench
