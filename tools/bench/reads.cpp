// Measurements that only read: the preview of everything, reports over a year of transfers, balances of a past day, the
// proof of the whole book, journals. The baselines ask plain SQLite the same question, or step through the rows that it
// cannot be answered without.
#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>

#include "engine/lifecycle.hpp"
#include "storage/store.hpp"
#include "tools/bench/families.hpp"
#include "tools/bench/raw.hpp"
#include "tools/bench/sample.hpp"
#include "tools/operations/journal.hpp"
#include "tools/operations/preview.hpp"
#include "tools/operations/refunds.hpp"
#include "tools/operations/reports.hpp"
#include "tools/render/plain_text_accounting.hpp"

namespace bench {
namespace {

using engine::Backorder;
using engine::Changes;
using engine::Customer;
using engine::Money;
using engine::UtcTime;

using Left = std::map<std::string, std::int64_t>;

std::int64_t ms(UtcTime time) { return static_cast<std::int64_t>(time.time_since_epoch().count()); }

// ---- the preview ----

// Drops from the fourth to the thirtieth day; a fifth of the accounts cannot pay for half of theirs.
void prepare_preview(const Ground& ground) {
  const auto store = make_accounts(ground, ground.file("prepared.db"), false);
  add_orders(ground, *store, [&](Changes&, Backorder& order) {
    const UtcTime drop =
        kNow + std::chrono::hours(96) +
        std::chrono::minutes(draw(ground, static_cast<std::uint64_t>(order.id.value())) % (26 * 24 * 60));
    order.drop =
        engine::Drop{drop, {}, drop - std::chrono::hours(3), drop - std::chrono::hours(72), engine::SourceId(1)};
  });
}

Took preview_all(const Ground& ground) {
  const auto store = storage::open_reader(ground.file("prepared.db"));
  store->begin_snapshot();  // one snapshot, as the command
  Took took{};
  std::int64_t ids = 0, undecided = 0;
  took.seconds = seconds_of([&] {
    (void)value_of(operations::each_preview(*store, {.now = kNow, .horizon = kNow + std::chrono::hours(24 * 40)},
                                            [&](const operations::AccountPreview& account) {
                                              took.units += static_cast<std::int64_t>(account.rows.size());
                                              for (const operations::PreviewRow& row : account.rows) {
                                                ids += row.backorder.id.value();
                                                if (row.verdict.verdict != engine::Verdict::funded &&
                                                    row.verdict.verdict != engine::Verdict::underfunded)
                                                  ++undecided;
                                              }
                                            }));
  });
  took.left = {{"sum of numbers", ids}, {"undecided", undecided}};
  return took;
}

Took baseline_preview(const Ground& ground) {
  Raw db(ground.file("prepared.db"), Raw::read_only);
  Took took{};
  std::int64_t ids = 0, read = 0;
  took.seconds = seconds_of([&] {
    Query rows(db,
               "SELECT id, customer_id, name, zone, placed_at, priority, quoted_minor, max_price_minor, drop_at, "
               "deadline_at, deposit_due_at, underfunded FROM backorder"
               " WHERE state = 'REQUESTED' ORDER BY customer_id, deposit_due_at, drop_at, priority, placed_at, id");
    while (rows.step()) {
      ++took.units;
      ids += rows.number(0);
      for (const int column : {1, 4, 5, 6, 7, 8, 9, 10, 11}) read += rows.number(column);
      read += static_cast<std::int64_t>(rows.text(2).size() + rows.text(3).size());
    }
  });
  took.left = {{"sum of numbers", ids}};
  if (read == 0) took.left["read"] = 1;
  return took;
}

// ---- a year of transfers ----

// Of 1,000 transfers 400 orders, ten an account: a deposit each, and in the end a refund or a capture in two parts.
// Shared by all measurements of one size.
Ground orders_of(const Ground& ground) {
  return {ground.folder, std::max<std::int64_t>(ground.size * 2 / 5, 20), ground.seed};
}
std::string year_of(const Ground& ground) {
  return (std::filesystem::path(ground.folder).parent_path() / ("year-" + std::to_string(ground.size) + ".db"))
      .string();
}
constexpr std::chrono::hours kYear{365 * 24};
constexpr std::int64_t kOrdersAtOnce = 500, kWait = 7;  // outcomes come so many batches later

void prepare_year(const Ground& year) {
  if (std::filesystem::exists(year_of(year))) return;
  const Ground ground = orders_of(year);
  const auto store = make_accounts(ground, year_of(year), true);
  std::vector<Customer> customers = store->customers();
  std::deque<std::vector<Backorder>> waiting;
  const std::int64_t batch = std::clamp<std::int64_t>(ground.size / (2 * kWait), 1, kOrdersAtOnce),
                     batches = (ground.size + batch - 1) / batch;
  for (std::int64_t at = 0, number = 0; at < ground.size; ++number) {
    const UtcTime now = kNow + std::chrono::seconds(number * (kYear / std::chrono::seconds(1)) / batches);
    const auto customer = [&](const Backorder& order) -> Customer& {
      return customers[static_cast<std::size_t>(order.customer.value() - 1)];
    };
    apply(
        *store, "orders " + std::to_string(number),
        [&](Changes& changes) {
          std::vector<Backorder>& placed = waiting.emplace_back();
          for (const std::int64_t end = std::min(at + batch, ground.size); at < end; ++at) {
            Backorder order = backorder_of(ground, at);
            order.placed_at = now;
            (void)value_of(apply_transition(changes, order, customer(order), engine::Trigger::funded,
                                            {.now = now, .deposit = order.quoted}));
            (void)value_of(
                apply_transition(changes, order, customer(order), engine::Trigger::job_created, {.now = now}));
            order.application = std::to_string(1'000'000 + order.id.value());
            changes.new_backorders.push_back(order);
            placed.push_back(std::move(order));
          }
        },
        now);
    if (static_cast<std::int64_t>(waiting.size()) <= kWait) continue;
    apply(
        *store, "outcomes " + std::to_string(number),
        [&](Changes& changes) {
          for (Backorder& order : waiting.front()) {
            const bool won = order.id.value() % 2 == 0;
            order.provider_status = won ? "SUCCESSFUL" : "FAILED";
            order.provider_status_at = now;
            changes.evidence.push_back({order.id, order.provider_status,
                                        "[RESPONSE]\nPROPERTY[STATUS][0] = " + order.provider_status + "\nEOF\n"});
            (void)value_of(
                apply_transition(changes, order, customer(order), won ? engine::Trigger::won : engine::Trigger::lost,
                                 {.now = now,
                                  .reason = won ? std::nullopt : std::optional(engine::Reason::not_registered),
                                  .tax = {engine::TaxTreatment::standard, "DE", "", kTaxBp}}));
            changes.backorders.push_back(order);
          }
        },
        now);
    waiting.pop_front();
  }
}

struct Month {
  UtcTime from, to;
};
Month month() { return {kNow + std::chrono::hours(180 * 24), kNow + std::chrono::hours(210 * 24)}; }

// `snapshot`: of one state of the book, as commands make their reports.
Took over_year(const Ground& ground, const std::function<Left(engine::LedgerReader&)>& work, bool snapshot = true) {
  const auto store = storage::open_reader(year_of(ground));
  Took took{};
  if (snapshot) store->begin_snapshot();
  took.units = store->last_transfer_before({}).value();
  took.seconds = seconds_of([&] { took.left = work(*store); });
  return took;
}
Took baseline_over_year(const Ground& ground, const std::function<Left(const Raw&)>& work) {
  Raw db(year_of(ground), Raw::read_only);
  Took took{};
  took.units = db.number("SELECT max(id) FROM transfer");
  took.seconds = seconds_of([&] { took.left = work(db); });
  return took;
}

Took refunds(const Ground& ground) {
  return over_year(ground, [](engine::LedgerReader& store) {
    const operations::RefundReport report = value_of(
        operations::refund_report(store, {.period = {.from = month().from, .to = month().to}, .now = kNow + kYear}));
    Left left;
    for (const operations::DepositFlow& flow : report.flows) {
      left["opening"] += flow.opening.minor();
      left["reserved"] += flow.reserved.minor();
      left["captured"] += flow.captured.minor();
      left["refunded"] += flow.refunded.minor();
    }
    return left;
  });
}
Took baseline_refunds(const Ground& ground) {
  return baseline_over_year(ground, [](const Raw& db) {
    Query rows(
        db,
        "SELECT b.customer_id, b.zone, sum(CASE WHEN t.recorded_at >= ?1 THEN 0 WHEN t.kind = 'reserve' THEN "
        "t.amount_minor ELSE -t.amount_minor END),"
        " sum(CASE WHEN t.recorded_at >= ?1 AND t.kind = 'reserve' THEN t.amount_minor ELSE 0 END),"
        " sum(CASE WHEN t.recorded_at >= ?1 AND t.kind IN ('capture', 'capture-tax') THEN t.amount_minor ELSE 0 END),"
        " sum(CASE WHEN t.recorded_at >= ?1 AND t.kind = 'refund' THEN t.amount_minor ELSE 0 END)"
        " FROM transfer AS t JOIN backorder AS b ON b.by_customer = (t.customer_id << 32) + t.backorder_id"
        " WHERE t.kind IN ('reserve', 'refund', 'capture', 'capture-tax') AND t.recorded_at < ?2 GROUP BY 1, 2");
    rows.bind(ms(month().from), ms(month().to));
    Left left;
    std::int64_t* const sums[] = {&left["opening"], &left["reserved"], &left["captured"], &left["refunded"]};
    while (rows.step()) {
      for (int column = 0; column < 4; ++column) *sums[column] += rows.number(column + 2);
    }
    return left;
  });
}

Left balances(engine::LedgerReader& store, std::optional<UtcTime> to) {
  Left left;
  std::int64_t& sum = left["on the debit side"];
  operations::each_trial_balance_row(store, {.to = to},
                                     [&](const operations::TrialBalanceRow& row) { sum += row.closing_debit.minor(); });
  return left;
}
Took trial_balance(const Ground& ground) {
  return over_year(ground, [](engine::LedgerReader& store) { return balances(store, {}); });
}
Took baseline_trial_balance(const Ground& ground) {
  return baseline_over_year(ground, [](const Raw& db) {
    Query rows(db,
               "SELECT account, sum(debit), sum(credit) FROM (SELECT debit_id AS account, amount_minor AS debit, 0 AS "
               "credit FROM transfer"
               " UNION ALL SELECT credit_id, 0, amount_minor FROM transfer) GROUP BY account");
    Left left;
    std::int64_t& sum = left["on the debit side"];
    while (rows.step()) sum += std::max<std::int64_t>(rows.number(1) - rows.number(2), 0);
    return left;
  });
}

UtcTime past() { return kNow + std::chrono::hours(330 * 24); }
Took past_balances(const Ground& ground) {
  return over_year(ground, [](engine::LedgerReader& store) { return balances(store, past()); });
}
Took baseline_past_balances(const Ground& ground) {
  return baseline_over_year(ground, [](const Raw& db) {
    std::vector<std::int64_t> sums;
    const auto add = [&](std::int64_t account, std::int64_t change) {
      const auto place = static_cast<std::size_t>(account);
      if (place >= sums.size()) sums.resize(2 * place + 1);
      sums[place] += change;
    };
    Query rows(db, "SELECT debit_id, credit_id, amount_minor, recorded_at FROM transfer");
    while (rows.step() && rows.number(3) < ms(past())) {
      add(rows.number(0), rows.number(2));
      add(rows.number(1), -rows.number(2));
    }
    Left left;
    for (const std::int64_t sum : sums) left["on the debit side"] += std::max<std::int64_t>(sum, 0);
    return left;
  });
}

// A hundred accounts, one after the other.
constexpr std::int64_t kStatements = 100;
Took statements(const Ground& ground) {
  const auto store = storage::open_reader(year_of(ground));
  const std::int64_t accounts = orders_of(ground).accounts();
  Took took{};
  std::int64_t lines = 0;
  took.seconds = seconds_of([&] {
    for (; took.units < kStatements; ++took.units) {
      const Customer customer =
          store
              ->customer(account_name(
                  draw(ground, static_cast<std::uint64_t>(took.units)) % static_cast<std::uint64_t>(accounts) + 1))
              .value();
      lines += static_cast<std::int64_t>(operations::statement(*store, customer, {}).lines.size());
    }
  });
  took.left = {{"lines", lines}};
  return took;
}
Took baseline_statements(const Ground& ground) {
  Raw db(year_of(ground), Raw::read_only);
  const std::int64_t accounts = orders_of(ground).accounts();
  Took took{};
  std::int64_t lines = 0;
  took.seconds = seconds_of([&] {
    Query rows(
        db,
        "SELECT t.id, t.kind, t.debit_id, t.credit_id, t.amount_minor, t.recorded_at, t.effective_at, t.memo, b.name"
        " FROM transfer AS t LEFT JOIN backorder AS b ON b.id = t.backorder_id WHERE t.customer_id = (SELECT id FROM "
        "customer WHERE name = ?) ORDER BY t.id");
    for (; took.units < kStatements; ++took.units) {
      const std::string name =
          account_name(draw(ground, static_cast<std::uint64_t>(took.units)) % static_cast<std::uint64_t>(accounts) + 1);
      rows.bind(name);
      while (rows.step()) ++lines;
      rows.reset();
    }
  });
  took.left = {{"lines", lines}};
  return took;
}

Took verify(const Ground& ground) {
  return over_year(
      ground,
      [](engine::LedgerReader& store) {
        const engine::Verification done = store.verify([](std::int64_t, std::int64_t) {});
        if (!done.findings.empty()) throw std::runtime_error(done.findings.front().what);
        return Left{{"transfers", done.transfers}, {"backorders", done.backorders}};
      },
      false);
}
// Every column of every row that the proof looks at, once.
Took baseline_verify(const Ground& ground) {
  return baseline_over_year(ground, [](const Raw& db) {
    std::map<std::string, std::int64_t> counts;
    std::int64_t read = 0;
    for (const char* table : {"customer", "ledger_account", "backorder", "transfer", "request", "seal", "event"}) {
      Query rows(db, std::string("SELECT * FROM ") + table);
      while (rows.step()) {
        ++counts[table];
        for (int column = 0; column < rows.width(); ++column) read += rows.touch(column);
      }
    }
    if (read == 0) throw std::runtime_error("nothing was read");
    return Left{{"transfers", counts["transfer"]}, {"backorders", counts["backorder"]}};
  });
}

Took journal(const Ground& ground, render::JournalSyntax syntax) {
  return over_year(ground, [&](engine::LedgerReader& store) {
    // As to another program: in a file 4 GB of ten times the transfers would measure when the system begins to write
    // back.
    std::ofstream out("/dev/null", std::ios::binary);
    const engine::JournalSlice slice = value_of(operations::journal_slice(store, engine::TransferId(0), {}, {}));
    render::write_journal(syntax, slice, false, operations::journal_rows(store), out);
    if (!out.flush()) throw std::runtime_error("the journal cannot be written");
    return Left{};
  });
}
Took baseline_journal(const Ground& ground) {
  return baseline_over_year(ground, [](const Raw& db) {
    Query rows(db,
               "SELECT t.id, t.kind, t.debit_id, t.credit_id, t.amount_minor, t.recorded_at, t.effective_at, "
               "t.attempt, t.actor, t.memo, b.name, r.sender, r.key"
               " FROM transfer AS t LEFT JOIN backorder AS b ON b.id = t.backorder_id LEFT JOIN request AS r ON r.id = "
               "t.request_id ORDER BY t.id");
    std::int64_t read = 0;
    while (rows.step()) {
      for (int column = 0; column < rows.width(); ++column) read += rows.touch(column);
    }
    if (read == 0) throw std::runtime_error("nothing was read");
    return Left{};
  });
}

}  // namespace

void add_reads(std::vector<Measurement>& all) {
  all.push_back({"preview", "funding preview of every account, against reading the same rows in funding order",
                 "backorders", 1'000'000, 0.5, 0, true, prepare_preview, preview_all, baseline_preview, 512});
  const auto over_a_year = [&](const char* name, const char* what, const char* unit, double ratio, std::int64_t rate,
                               auto ledger, auto baseline, std::int64_t below_mib = 0) {
    all.push_back({name, what, unit, 1'000'000, ratio, rate, true, prepare_year, ledger, baseline, below_mib});
  };
  over_a_year("refunds", "refund report of a month, against its sums by account and zone", "transfers", 1 / 1.5, 0,
              refunds, baseline_refunds);
  over_a_year("trial", "trial balance, against the sums by account", "transfers", 1 / 1.5, 0, trial_balance,
              baseline_trial_balance);
  over_a_year("statement", "statements of one account", "statements", 0, 200, statements, baseline_statements);
  over_a_year("past", "balances of all accounts as of a past instant, against one scan", "transfers", 0.5, 0,
              past_balances, baseline_past_balances);
  over_a_year("verify", "verify in full, against one scan of all rows", "transfers", 1 / 3.0, 0, verify,
              baseline_verify);
  const auto journal_in = [&](const char* name, const char* what, render::JournalSyntax syntax) {
    over_a_year(
        name, what, "transfers", 0, 300'000, [syntax](const Ground& ground) { return journal(ground, syntax); },
        baseline_journal, 128);
  };
  journal_in("hledger", "journal export to another program, against reading its rows", render::JournalSyntax::hledger);
  journal_in("ledger", "the same for ledger", render::JournalSyntax::ledger);
  journal_in("beancount", "the same for beancount", render::JournalSyntax::beancount);
}

}  // namespace bench
