// Durable requests: one after another, and many callers at once, each answered after its commit. The baseline writes
// the same rows with plain statements; for many callers behind the simplest queue there is: whoever waits is written
// together.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/store.hpp"
#include "tools/bench/families.hpp"
#include "tools/bench/placements.hpp"
#include "tools/bench/raw.hpp"
#include "tools/bench/sample.hpp"
#include "tools/gateway/book_access.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"

namespace bench {
namespace {

constexpr int kCallers = 64;

engine::PlaceOrder order_of(const Ground& ground, std::int64_t i) {
  return {.name = engine::DomainName::from_trusted_ace(domain_of(ground, i))};
}

void prepare(const Ground& ground) { (void)make_accounts(ground, ground.file("prepared.db"), true); }

Took one_after_another(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "ledger.db");
  Took took{.seconds = 0, .units = ground.size};
  {
    const auto store = storage::open_book(file, {});
    const operations::Context context{*store, kNow, "bench"};
    took.seconds = seconds_of([&] {
      for (std::int64_t i = 0; i < ground.size; ++i) {
        const std::string account = account_name(account_of(ground, i));
        if (i % 2 == 0)
          (void)value_of(operations::place(context, {}, account, order_of(ground, i)));
        else
          (void)value_of(operations::fund(
              context, {}, account, {.amount = engine::Money::of_minor(kPriceMinor, kEuro), .memo = "wire 8841"}));
      }
    });
  }
  took.left = left_in(file);
  return took;
}

Took grouped(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "ledger.db");
  Took took{.seconds = 0, .units = ground.size / kCallers * kCallers};
  {
    gateway::Writer writer(file);
    std::vector<engine::Customer> customers = storage::open_reader(file)->customers();
    took.seconds = seconds_of([&] {
      std::vector<std::thread> callers;
      for (int caller = 0; caller < kCallers; ++caller) {
        callers.emplace_back([&, caller] {
          for (std::int64_t i = caller; i < took.units; i += kCallers) {
            const engine::Customer& customer = customers[static_cast<std::size_t>(account_of(ground, i) - 1)];
            writer.in_batch([&](engine::LedgerStore& store) {
              (void)value_of(operations::place_once({store, kNow, "bench"}, customer, order_of(ground, i), ""));
            });
          }
        });
      }
      for (std::thread& caller : callers) caller.join();
    });
  }
  took.left = left_in(file);
  return took;
}

// Writes the rows of a placement and a payment with plain statements.
class Baseline {
 public:
  explicit Baseline(const std::string& file) : db_(file) {
    cash_ = db_.number("SELECT id FROM ledger_account WHERE kind = 1000");
    request_ = db_.number("SELECT max(id) FROM request");
    transfer_ = db_.number("SELECT max(id) FROM transfer");
    seal_ = db_.number("SELECT max(id) FROM seal");
    event_ = db_.number("SELECT ifnull(max(id), 0) FROM event");
  }
  void begin() {
    db_.run("BEGIN IMMEDIATE");
    sealed_request_ = request_;
    sealed_transfer_ = transfer_;
  }
  void commit() {
    insert_seal_.write(++seal_, kNowMs, sealed_request_ + 1, request_, sealed_transfer_ + 1, transfer_);
    db_.run("COMMIT");
  }

  void place(const std::string& account, const std::string& domain) {
    const std::int64_t customer = customer_of(account);
    write_request("request=\"place\"\naccount=\"" + account + "\"\ndomain=\"" + domain +
                      "\"\nanother=\"0\"\nmax_price=\"\"\npriority=\"100\"\n",
                  "{\"facts\":[[\"backorder\",\"1\"],[\"account\",\"" + account + "\"],[\"domain\",\"" + domain +
                      "\"],[\"state\",\"REQUESTED\"],[\"already_open\",\"no\"],[\"quoted\",\"10.00 "
                      "EUR\"],[\"max_price\",\"10.00 EUR\"]]}");
    ++backorder_;
    insert_backorder_.write(account_backorder_key(customer, backorder_), backorder_, customer, domain, kNowMs,
                            kPriceMinor, kPriceMinor);
    insert_event_.write(++event_, kNowMs, customer, backorder_);
  }
  void fund(const std::string& account) {
    const std::int64_t customer = customer_of(account);
    write_request(
        "request=\"fund\"\namount=\"10.00 EUR\"\nsource=\"bank\"\neffective_at=\"\"\nmemo=\"wire 8841\"\naccount=\"" +
            account + "\"\n",
        "{\"facts\":[[\"account\",\"" + account +
            "\"],[\"available\",\"110.00 EUR\"],[\"reserved\",\"0.00 EUR\"],[\"owed\",\"0.00 EUR\"]]}");
    available_.bind(customer).step();
    const std::int64_t id = available_.number(0), balance = available_.number(1);
    available_.reset();
    insert_transfer_.write(++transfer_, cash_, id, kPriceMinor, kNowMs, kNowMs, customer, request_);
    update_balance_.write(id, balance + kPriceMinor);
  }

 private:
  std::int64_t customer_of(const std::string& account) {
    customer_.bind(account).step();
    const std::int64_t id = customer_.number(0);
    customer_.reset();
    return id;
  }
  void write_request(const std::string& content, const std::string& answer) {
    ++request_;
    insert_request_.write(
        request_,
        "c0ffee00" + std::to_string(10'000'000'000'000'000 +
                                    draw({"", 0, 7}, static_cast<std::uint64_t>(request_)) % 10'000'000'000'000'000),
        content, answer, kNowMs);
  }

  const std::int64_t kNowMs = kNow.time_since_epoch().count();
  Raw db_;
  std::int64_t cash_ = 0, request_ = 0, transfer_ = 0, seal_ = 0, event_ = 0, backorder_ = 0, sealed_request_ = 0,
               sealed_transfer_ = 0;
  Query customer_{db_, "SELECT id FROM customer WHERE name = ?"};
  Query available_{db_, "SELECT id, balance_minor FROM ledger_account WHERE customer_id = ? AND kind = 2000"};
  Query insert_request_{db_,
                        "INSERT INTO request (id, sender, key, content, content_hash, answer, actor, recorded_at)"
                        " VALUES (?1, 'operator', ?2, ?3, zeroblob(32), ?4, 'bench', ?5)"};
  Query insert_backorder_{
      db_,
      "INSERT INTO backorder (by_customer, id, customer_id, name, copy, open_copy, zone, currency, state, placed_at, "
      "priority, quoted_minor,"
      " max_price_minor, attempt, underfunded, cancelling, purse_empty, refusals, provider_status, auction_price)"
      " VALUES (?, ?, ?, ?, 1, 1, 'com', 'EUR', 'REQUESTED', ?, 100, ?, ?, 0, 0, 0, 0, 0, '', '')"};
  Query insert_event_{db_,
                      "INSERT INTO event (id, recorded_at, kind, customer_id, backorder_id, actor, detail) VALUES (?, "
                      "?, 'placed', ?, ?, 'bench', 'quoted 10.00 EUR')"};
  Query insert_transfer_{db_,
                         "INSERT INTO transfer (id, kind, debit_id, credit_id, amount_minor, recorded_at, "
                         "effective_at, customer_id, request_id, actor, memo)"
                         " VALUES (?, 'pay-in', ?, ?, ?, ?, ?, ?, ?, 'bench', 'wire 8841')"};
  Query update_balance_{db_, "UPDATE ledger_account SET balance_minor = ?2 WHERE id = ?1"};
  Query insert_seal_{db_, kInsertSeal};
};

Took baseline_one_after_another(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "baseline.db");
  Took took{.seconds = 0, .units = ground.size};
  {
    Baseline baseline(file);
    took.seconds = seconds_of([&] {
      for (std::int64_t i = 0; i < ground.size; ++i) {
        const std::string account = account_name(account_of(ground, i));
        baseline.begin();
        if (i % 2 == 0)
          baseline.place(account, domain_of(ground, i));
        else
          baseline.fund(account);
        baseline.commit();
      }
    });
  }
  took.left = left_in(file);
  return took;
}

Took baseline_grouped(const Ground& ground) {
  const std::string file = copy_of_prepared(ground, "baseline.db");
  Took took{.seconds = 0, .units = ground.size / kCallers * kCallers};
  {
    Baseline baseline(file);
    struct Waiting {
      std::int64_t order;
      bool done;
    };
    std::mutex mutex;
    std::condition_variable arrived, finished;
    std::vector<Waiting*> queue;
    bool ending = false;
    took.seconds = seconds_of([&] {
      std::thread writer([&] {
        std::unique_lock lock(mutex);
        for (;;) {
          arrived.wait(lock, [&] { return ending || !queue.empty(); });
          if (queue.empty()) return;
          std::vector<Waiting*> batch;
          batch.swap(queue);
          lock.unlock();
          baseline.begin();
          for (const Waiting* one : batch)
            baseline.place(account_name(account_of(ground, one->order)), domain_of(ground, one->order));
          baseline.commit();
          lock.lock();
          for (Waiting* one : batch) one->done = true;
          finished.notify_all();
        }
      });
      std::vector<std::thread> callers;
      for (int caller = 0; caller < kCallers; ++caller) {
        callers.emplace_back([&, caller] {
          for (std::int64_t i = caller; i < took.units; i += kCallers) {
            Waiting one{i, false};
            std::unique_lock lock(mutex);
            queue.push_back(&one);
            arrived.notify_one();
            finished.wait(lock, [&] { return one.done; });
          }
        });
      }
      for (std::thread& caller : callers) caller.join();
      {
        const std::lock_guard lock(mutex);
        ending = true;
      }
      arrived.notify_one();
      writer.join();
    });
  }
  took.left = left_in(file);
  return took;
}

}  // namespace

struct PlainPlacements::Plain : Baseline {
  using Baseline::Baseline;
};
PlainPlacements::PlainPlacements(const std::string& file) : plain_(std::make_unique<Plain>(file)) {}
PlainPlacements::~PlainPlacements() = default;
void PlainPlacements::commit(std::span<const std::pair<std::string, std::string>> accounts_and_domains) {
  plain_->begin();
  for (const auto& [account, domain] : accounts_and_domains) plain_->place(account, domain);
  plain_->commit();
}

void add_commands(std::vector<Measurement>& all) {
  all.push_back({"command", "one durable command after another, place and fund by turns", "commands", 5'000, 0.8, 0,
                 false, prepare, one_after_another, baseline_one_after_another});
  all.push_back({"grouped", "durable requests of 64 callers at once, sharing commits", "requests", 40'000, 0.7, 0,
                 false, prepare, grouped, baseline_grouped, 0, 0, "command", 5});
}

double raw_commit_rate(const std::string& folder) {
  const auto commit = [](const Ground& ground) {
    Raw db(ground.file("commits.db"));
    db.run("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, number INTEGER NOT NULL)");
    Query insert(db, "INSERT INTO row (number) VALUES (?)");
    return Took{seconds_of([&] {
                  for (std::int64_t i = 0; i < ground.size; ++i) insert.write(i);
                }),
                ground.size};
  };
  Side side;
  run_side(commit, {folder, 1'000, 0}, side);
  return side.rates.front();
}

}  // namespace bench
