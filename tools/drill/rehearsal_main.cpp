// dropledger-rehearsal LIST.csv...: plays a season on the lists given and proves its figures: hour by hour from four
// days before the first drop to fourteen days after the last, with a backorder on every third name. Exits with 1 when
// any figure is off.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "tools/drill/season.hpp"
#include "tools/formats/deletion_list.hpp"
#include "tools/operations/preview.hpp"
#include "tools/operations/refunds.hpp"
#include "tools/render/progress.hpp"

namespace {

using engine::Money;
using engine::to_string;

struct Check {
  std::string what;
  bool holds;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The rows with an instant; a season needs to know when each name drops.
std::vector<engine::ListRow> rows_of(const std::string& path) {
  const auto list = formats::read_deletion_list(read_file(path), {});
  if (!list) throw std::runtime_error(path + ": " + list.error().detail);
  std::vector<engine::ListRow> rows;
  for (const engine::ListRow& row : list.value().rows) {
    if (const auto* instant = std::get_if<engine::UtcTime>(&row.date)) rows.push_back({row.name, *instant});
  }
  const std::size_t left_out = list.value().rows.size() - rows.size();
  if (left_out > 0)
    std::fprintf(stderr, "%s: %zu rows give a day without an hour and are left out\n", path.c_str(), left_out);
  if (list.value().bad_count > 0)
    std::fprintf(stderr, "%s: %lu rows cannot be read and are left out\n", path.c_str(),
                 static_cast<unsigned long>(list.value().bad_count));
  return rows;
}

// The plan of the sweep by the preview, and its result by the log: backorder → "funded 12.00 EUR" or the
// reason of its end.
std::map<std::int64_t, std::string> announced(engine::LedgerStore& store, engine::UtcTime now) {
  std::map<std::int64_t, std::string> fates;
  const operations::FundingPreview preview = operations::preview(store, {.now = now, .horizon = now}).value();
  for (const operations::AccountPreview& account : preview.accounts) {
    for (const operations::PreviewRow& row : account.rows) {
      if (row.verdict.verdict == engine::Verdict::funded)
        fates[row.backorder.id.value()] = "funded " + to_string_with_code(*row.verdict.amount);
      if (row.verdict.voids) fates[row.backorder.id.value()] = to_word(*row.verdict.voids);
    }
  }
  return fates;
}
std::map<std::int64_t, std::string> done_since(engine::LedgerStore& store, std::int64_t& last_event) {
  std::map<std::int64_t, std::string> fates;
  engine::EventQuery query;
  query.after_id = last_event;
  store.each_event(query, [&](const engine::LoggedEvent& event) {
    last_event = event.id;
    if (event.kind != engine::EventKind::stepped || event.from != engine::State::requested) return;
    if (event.to == engine::State::active) {
      fates[event.backorder->value()] = "funded " + to_string_with_code(*store.backorder(*event.backorder)->deposit);
    } else {
      fates[event.backorder->value()] = to_word(event.reason.value());
    }
  });
  return fates;
}

// Amounts per currency, added up.
using Totals = std::map<std::string, std::int64_t>;
void add(Totals& totals, Money amount) { totals[std::string(amount.currency().code())] += amount.minor(); }
std::string shown(const Totals& totals) {
  std::string text;
  for (const auto& [code, minor] : totals) {
    text +=
        (text.empty() ? "" : ", ") + to_string_with_code(Money::of_minor(minor, engine::Currency::parse(code).value()));
  }
  return text.empty() ? "nothing" : text;
}

// The number of deposits, and of those that did not end as they must: exactly one refund of the whole, or captures
// that add up to it.
struct Deposits {
  std::size_t reserved = 0, unsound = 0;
};
Deposits deposits_of(engine::LedgerStore& store) {
  struct Life {
    std::int64_t reserved = 0, refunded = 0, captured = 0;
  };
  std::map<std::pair<std::int64_t, int>, Life> lives;  // backorder and attempt
  store.each_transfer({}, [&](const engine::Transfer& transfer) {
    if (!transfer.backorder || transfer.attempt == 0) return;
    Life& life = lives[{transfer.backorder->value(), transfer.attempt}];
    switch (transfer.kind) {
      case engine::TransferKind::reserve:
        life.reserved += transfer.amount.minor();
        break;
      case engine::TransferKind::refund:
        life.refunded += transfer.amount.minor();
        break;
      case engine::TransferKind::capture:
      case engine::TransferKind::capture_tax:
        life.captured += transfer.amount.minor();
        break;
      default:
        break;
    }
  });
  Deposits deposits{lives.size(), 0};
  for (const auto& [which, life] : lives) {
    const bool refunded = life.refunded == life.reserved && life.captured == 0,
               captured = life.captured == life.reserved && life.refunded == 0;
    deposits.unsound += refunded != captured ? 0 : 1;
  }
  return deposits;
}

int report(const drill::Season& season, std::vector<Check> checks) {
  const auto store = season.book();
  std::map<std::string, int> states;
  std::int64_t open = 0;
  for (const engine::Backorder& backorder : store->backorders({})) {
    ++states[std::string(to_word(backorder.state)) +
             (backorder.reason ? " " + std::string(to_word(*backorder.reason)) : "")];
    open += is_final(backorder.state) ? 0 : 1;
  }
  for (const auto& [state, count] : states) std::printf("  %6d  %s\n", count, state.c_str());
  // throws where it does not tie out
  const operations::RefundReport ended = operations::refund_report(*store, {.now = season.end()}).value();
  const auto &refunds = ended.refunds, &captures = ended.captures;
  Totals refunded, captured, in_statements;
  for (const operations::EndedDeposit& row : refunds) add(refunded, row.amount);
  for (const operations::EndedDeposit& row : captures) add(captured, row.amount);
  for (const engine::Customer& customer : store->customers()) {
    for (const operations::StatementLine& line : operations::statement(*store, customer, {}).lines) {
      if (line.transfer.kind == engine::TransferKind::refund) add(in_statements, line.transfer.amount);
    }
  }
  Totals balance;
  operations::each_trial_balance_row(*store, {}, [&](const operations::TrialBalanceRow& row) {
    add(balance, row.closing_debit);
    add(balance, -row.closing_credit);
  });
  const Deposits deposits = deposits_of(*store);
  const engine::Verification verified = store->verify({});
  std::printf("deposits: %zu reserved, %zu captured (%s), %zu refunded (%s)\n", deposits.reserved, captures.size(),
              shown(captured).c_str(), refunds.size(), shown(refunded).c_str());
  std::printf("books: %ld transfers under %ld seals, %d dates moved on the way\n",
              static_cast<long>(verified.transfers), static_cast<long>(verified.seals), season.moved());
  checks.push_back({"every backorder is in a final state", open == 0});
  checks.push_back({"no case is open", store->cases({}).empty()});
  checks.push_back({"every deposit was captured or refunded exactly once",
                    deposits.unsound == 0 && deposits.reserved == refunds.size() + captures.size()});
  checks.push_back({"verify finds nothing" + (verified.findings.empty() ? "" : ": " + verified.findings.front().what),
                    verified.findings.empty()});
  checks.push_back(
      {"the trial balance is zero", std::ranges::all_of(balance, [](const auto& row) { return row.second == 0; })});
  checks.push_back({"the refund report's total (" + shown(refunded) + ") is the refunds in the statements (" +
                        shown(in_statements) + ")",
                    refunded == in_statements});
  int broken = 0;
  for (const Check& check : checks) {
    std::printf("%s  %s\n", check.holds ? "ok " : "OFF", check.what.c_str());
    broken += check.holds ? 0 : 1;
  }
  return broken == 0 ? 0 : 1;
}

int rehearse(const std::vector<std::string>& paths) {
  std::vector<std::vector<engine::ListRow>> lists;
  std::size_t rows = 0;
  for (const std::string& path : paths) rows += lists.emplace_back(rows_of(path)).size();
  std::string folder = (std::filesystem::temp_directory_path() / "dropledger-rehearsal-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    throw std::runtime_error("cannot make a folder under " + std::filesystem::temp_directory_path().string());
  drill::SeasonOptions options;
  options.folder = folder;
  options.world.busy_percent = 5;
  drill::Season season = drill::Season::make(options, std::move(lists));
  std::int64_t last_event = 0;
  done_since(*season.book(), last_event);
  std::printf("%zu rows in %zu lists, %zu backorders over %d accounts, hour by hour from %s\n", rows, paths.size(),
              season.book()->backorders({}).size(), options.accounts, to_string(season.start()).c_str());
  int all_or_nothing = 0, at_deadline = 0, on_credit = 0;
  for (const engine::Customer& customer : season.book()->customers()) {
    all_or_nothing += customer.policy == engine::FundingPolicy::all_or_nothing ? 1 : 0;
    at_deadline += customer.void_policy == engine::VoidPolicy::at_deadline ? 1 : 0;
    on_credit += customer.credit_limit.is_positive() ? 1 : 0;
  }
  std::printf(
      "accounts: a third can pay everything, a third half, a third nothing; %d all-or-nothing, %d void at the "
      "deadline, %d on credit\n",
      all_or_nothing, at_deadline, on_credit);
  const auto hours_until = [](const drill::Season& all) {
    return static_cast<std::uint64_t>((all.end() - all.start()) / std::chrono::hours(1)) + 1;
  };
  render::Progress progress("hours", hours_until(season));
  std::uint64_t hours = 0, differing = 0, decided = 0;
  for (engine::UtcTime now = season.start(); now <= season.end(); now += std::chrono::hours(1)) {
    season.move_dates(now);
    if (hours == 48) season.top_up(now);
    const auto promised = announced(*season.book(), now);
    season.sweep(now);
    const auto kept = done_since(*season.book(), last_event);
    decided += kept.size();
    differing += promised == kept ? 0 : 1;
    progress.expect(hours_until(season));
    progress.at(++hours);
  }
  progress.finish();
  std::printf("%lu hourly sweeps until %s\n", static_cast<unsigned long>(hours), to_string(season.end()).c_str());
  const int status = report(
      season, {{"the preview before each sweep was what the sweep did (" + std::to_string(decided) + " decisions)",
                differing == 0 && decided > 0}});
  std::printf("the book is %s\n", season.book_path().c_str());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> paths(argv + 1, argv + argc);
  if (paths.empty() || paths.front() == "--help" || paths.front() == "-h") {
    std::puts(
        "usage: tools/rehearsal LIST.csv...\n\n"
        "Plays a season on deletion lists (domain;YYYY-MM-DD HH:MM:SS) in a book of its own: a backorder on every "
        "third name over 200 accounts,\n"
        "of which a third can pay everything, a third half, a third nothing; some dates move on the way; hourly sweeps "
        "from four days before\n"
        "the first drop to fourteen days after the last. Prints the figures and proves them; exit status 1 when one is "
        "off.");
    return paths.empty() ? 2 : 0;
  }
  try {
    return rehearse(paths);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 3;
  }
}
