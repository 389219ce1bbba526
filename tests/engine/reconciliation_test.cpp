#include "engine/reconciliation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include "tests/support/books.hpp"

using namespace engine;
using namespace std::chrono_literals;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-10");
constexpr Milliseconds kLag = 12h, kWindow = 5 * 24h;

MoneyItem item(const char* id, std::int64_t minor, const char* when, std::vector<std::string> references = {},
               const char* subject = "", const char* owner = "alice") {
  return {.id = id,
          .references = std::move(references),
          .subject = subject,
          .owner = owner,
          .amount = eur(minor),
          .at = at(when)};
}

std::int64_t count(const std::vector<Difference>& found, DifferenceClass kind) {
  return std::ranges::count(found, kind, &Difference::kind);
}
std::int64_t open_count(const std::vector<Difference>& found) {
  return std::ranges::count_if(found, [](const Difference& one) { return is_open(one.kind); });
}
// The only open one.
Difference lone(const std::vector<Difference>& found) {
  for (const Difference& one : found) {
    if (is_open(one.kind)) CAPTURE(std::string(to_word(one.kind)) + " " + one.detail);
  }
  REQUIRE(open_count(found) == 1);
  return *std::ranges::find_if(found, [](const Difference& one) { return is_open(one.kind); });
}

}  // namespace

TEST_CASE("matching: a shared reference with equal amounts goes first, the nearest in time where several fit") {
  const std::vector<MoneyItem> ours{item("transfer 1", 5000, "2026-08-01", {"RENT"}),
                                    item("transfer 2", 5000, "2026-07-01", {"RENT"}),
                                    item("transfer 3", 700, "2026-08-02", {"x", "E2E-9"})};
  const std::vector<MoneyItem> theirs{item("a", 5000, "2026-07-02", {"a", "RENT"}),
                                      item("b", 700, "2026-08-02", {"b", "E2E-9"}),
                                      item("c", 5000, "2026-08-02", {"c", "RENT"})};
  const Matching found = match_money(ours, theirs, kWindow);
  REQUIRE(found.pairs.size() == 3);
  for (const MatchedPair& pair : found.pairs) {
    CHECK(pair.rule == "reference");
    CHECK(pair.theirs == (pair.ours == 0 ? 2U : pair.ours == 1 ? 0U : 1U));
  }
  CHECK(found.ours_left.empty());
  CHECK(found.theirs_left.empty());
}

TEST_CASE("matching: what names an item best is asked before its other words") {
  // Both could be known as "8841"; the second is meant by its own id.
  const std::vector<MoneyItem> ours{item("transfer 1", 100, "2026-08-01", {"key-1", "8841"}),
                                    item("transfer 2", 100, "2026-08-01", {"8841"})};
  const std::vector<MoneyItem> theirs{item("8841", 100, "2026-08-01", {"8841"})};
  const Matching found = match_money(ours, theirs, kWindow);
  REQUIRE(found.pairs.size() == 1);
  CHECK(found.pairs[0].ours == 1);
}

TEST_CASE("matching: a lone reference joins other amounts, but never opposite directions") {
  const Matching cents = match_money(std::vector{item("transfer 1", 5000, "2026-08-01", {"E2E-1"})},
                                     std::vector{item("a", 5001, "2026-08-01", {"a", "E2E-1"})}, kWindow);
  REQUIRE(cents.pairs.size() == 1);
  CHECK(cents.pairs[0].rule == "reference, other amount");
  const Matching returned = match_money(std::vector{item("transfer 1", 5000, "2026-08-01", {"E2E-1"})},
                                        std::vector{item("a", -5000, "2026-08-01", {"a", "E2E-1"})}, kWindow);
  CHECK(returned.pairs.empty());
  // Two bear it: none is taken.
  const Matching two = match_money(
      std::vector{item("transfer 1", 5000, "2026-08-01", {"E2E-1"})},
      std::vector{item("a", 5001, "2026-08-01", {"a", "E2E-1"}), item("b", 5002, "2026-08-01", {"b", "E2E-1"})},
      kWindow);
  CHECK(two.pairs.empty());
}

TEST_CASE("matching: subjects join within the window; outside of it nothing does") {
  const std::vector<MoneyItem> theirs{item("a", -1500, "2026-08-01", {}, "a.com"),
                                      item("b", -1500, "2026-08-01", {}, "b.com"),
                                      item("c", -1500, "2026-08-01", {}, "c.com")};
  const std::vector<MoneyItem> ours{item("transfer 1", -1500, "2026-08-05", {}, "a.com"),
                                    item("transfer 2", -1499, "2026-08-05", {}, "b.com"),
                                    item("transfer 3", -1500, "2026-08-07", {}, "c.com", "")};
  const Matching found = match_money(ours, theirs, kWindow);
  REQUIRE(found.pairs.size() == 2);
  CHECK(found.pairs[0].rule == "subject and amount");
  CHECK(found.pairs[1].rule == "subject");
  CHECK(found.ours_left == std::vector<std::size_t>{2});
  CHECK(found.theirs_left == std::vector<std::size_t>{2});
}

TEST_CASE("matching: amount and day is taken where it does not matter which is which, and never guessed") {
  const std::vector<MoneyItem> two{item("a", 100, "2026-08-01"), item("b", 100, "2026-08-02")};
  SUBCASE("one owner") {
    const Matching found = match_money(
        std::vector{item("transfer 1", 100, "2026-08-02"), item("transfer 2", 100, "2026-08-03")}, two, kWindow);
    CHECK(found.pairs.size() == 2);
    CHECK(found.pairs.front().rule == "amount and day");
  }
  SUBCASE("two owners") {
    const Matching found = match_money(
        std::vector{item("transfer 1", 100, "2026-08-02"), item("transfer 2", 100, "2026-08-02", {}, "", "bob")}, two,
        kWindow);
    CHECK(found.pairs.empty());
    CHECK(found.ours_left.size() == 2);
  }
  SUBCASE("more of theirs than of ours") {
    CHECK(match_money(std::vector{item("transfer 1", 100, "2026-08-02")}, two, kWindow).pairs.empty());
  }
  SUBCASE("too far apart") {
    CHECK(match_money(std::vector{item("transfer 1", 100, "2026-08-20"), item("transfer 2", 100, "2026-08-20")}, two,
                      kWindow)
              .pairs.empty());
  }
}

TEST_CASE("matching: what we took back ourselves is set aside, and does not stand in the way of the right one") {
  std::vector<MoneyItem> ours{item("transfer 1", 100, "2026-08-01", {}, "", "bob"),
                              item("transfer 2", -100, "2026-08-01", {}, "", "bob"),
                              item("transfer 3", 100, "2026-08-01")};
  ours[1].undoes = "transfer 1";
  const Matching found = match_money(ours, std::vector{item("a", 100, "2026-08-01")}, kWindow);
  REQUIRE(found.pairs.size() == 1);
  CHECK(found.pairs[0].ours == 2);
  CHECK(found.undone == std::vector<std::pair<std::size_t, std::size_t>>{{0, 1}});
  CHECK(found.ours_left.empty());
}

TEST_CASE(
    "matching: fifty thousand lines that all share one reference and one amount are matched in time, not in squares") {
  std::vector<MoneyItem> ours, theirs;
  for (int i = 0; i < 50'000; ++i) {
    MoneyItem one = item("", 100, "2026-01-01", {"RENT"});
    one.at += std::chrono::hours(i);
    one.id = "transfer " + std::to_string(i);
    ours.push_back(one);
    one.id = "line " + std::to_string(i);
    theirs.push_back(one);
  }
  const Matching found = match_money(ours, theirs, kWindow);
  CHECK(found.pairs.size() == 50'000);
  CHECK(std::ranges::all_of(found.pairs, [](const MatchedPair& pair) { return pair.ours == pair.theirs; }));
}

// ---- the bank

namespace {

ExternalLine line(const char* id, std::int64_t minor, const char* day, const char* end_to_end = "") {
  return {.source = "bank",
          .external_id = id,
          .booked_on = parse_day(day).value(),
          .amount = eur(minor),
          .end_to_end = end_to_end,
          .counterparty = "A. Payer"};
}
ExternalStatement statement(const char* from, const char* to, std::int64_t opening = 0, std::int64_t closing = 0) {
  return {.source = "bank",
          .name = from,
          .account = "DE1",
          .opening = eur(opening),
          .closing = eur(closing),
          .from = parse_day(from).value(),
          .to = parse_day(to).value()};
}
const std::vector<ExternalStatement> kOne{statement("2026-07-01", "2026-08-09")};

}  // namespace

TEST_CASE("bank: zero differences are counted matches") {
  const auto found = reconcile_bank("bank", std::vector{item("transfer 1", 100, "2026-08-01", {"a"})},
                                    std::vector{line("a", 100, "2026-08-01")}, kOne, kWindow, kNow);
  CHECK(count(found, DifferenceClass::match) == 1);
  CHECK(open_count(found) == 0);
}

TEST_CASE("bank: an amount off by a cent, another currency, and what one side lacks are each named with a command") {
  const std::vector<MoneyItem> ours{item("transfer 7", 100, "2026-08-01", {"a"})};
  Difference one = lone(reconcile_bank("bank", ours, std::vector{line("a", 101, "2026-08-01")}, kOne, kWindow, kNow));
  CHECK(one.kind == DifferenceClass::amount);
  CHECK(one.gap() == eur(1));
  CHECK(one.command.starts_with("dropledger reverse 7 "));

  ExternalLine dollars = line("a", 100, "2026-08-01");
  dollars.amount = Money::of_minor(100, support::currency("USD"));
  one = lone(reconcile_bank("bank", ours, std::vector{dollars}, kOne, kWindow, kNow));
  CHECK(one.kind == DifferenceClass::currency);
  CHECK_FALSE(one.gap().has_value());

  one = lone(reconcile_bank("bank", {}, std::vector{line("a", 100, "2026-08-01")}, kOne, kWindow, kNow));
  CHECK(one.kind == DifferenceClass::missing_here);
  CHECK(one.command == "dropledger payments post --source bank");

  one = lone(reconcile_bank("bank", ours, {}, kOne, kWindow, kNow));
  CHECK(one.kind == DifferenceClass::missing_there);
  CHECK(one.command.starts_with("dropledger reverse 7 "));
}

TEST_CASE("bank: what is young is timing; what no statement reaches asks for one") {
  CHECK(
      reconcile_bank("bank", std::vector{item("transfer 1", 100, "2026-08-09")}, {}, kOne, kWindow, kNow).at(0).kind ==
      DifferenceClass::timing);
  const std::vector<ExternalStatement> old{statement("2026-06-01", "2026-06-30")};
  const Difference one =
      lone(reconcile_bank("bank", std::vector{item("transfer 1", 100, "2026-07-20")}, {}, old, kWindow, kNow));
  CHECK(one.command == "dropledger bank import FILE --source bank");
}

TEST_CASE("bank: one payment posted twice is a duplicate of the matched one") {
  const std::vector<ExternalLine> lines{line("a", 100, "2026-08-01", "E2E-1")};
  Difference one = lone(reconcile_bank(
      "bank",
      std::vector{item("transfer 1", 100, "2026-08-01", {"a"}), item("transfer 9", 100, "2026-08-09", {"E2E-1"})},
      lines, kOne, kWindow, kNow));
  CHECK(one.kind == DifferenceClass::duplicate);
  CHECK(one.here == "transfer 9");
  CHECK(one.command.starts_with("dropledger reverse 9 "));
  // Without any reference, by account, amount and day, once the second could have appeared.
  one = lone(reconcile_bank("bank",
                            std::vector{item("transfer 1", 100, "2026-08-01"), item("transfer 2", 100, "2026-08-01")},
                            std::vector{line("a", 100, "2026-08-01")}, kOne, kWindow, kNow));
  CHECK(one.kind == DifferenceClass::duplicate);
}

TEST_CASE("bank: a returned payment names the pay-in it takes back") {
  const std::vector<ExternalLine> lines{line("a", 100, "2026-08-01", "E2E-1"), line("b", -100, "2026-08-03", "E2E-1")};
  const Difference one = lone(
      reconcile_bank("bank", std::vector{item("transfer 4", 100, "2026-08-01", {"a"})}, lines, kOne, kWindow, kNow));
  CHECK(one.kind == DifferenceClass::missing_here);
  CHECK(one.command == "dropledger chargeback 4 --reason b");
}

TEST_CASE("bank: a row that could not be read stays open until its words were read, or its statement came without it") {
  std::vector<ExternalStatement> statements(2);
  statements[0] = {.id = 1,
                   .source = "bank",
                   .name = "july.csv",
                   .unread = {{7, "2026-07-01;five", "'five' is no amount"}},
                   .imported_at = kNow};
  statements[1] = {.id = 2, .source = "bank", .name = "august.csv"};
  const Difference one = lone(reconcile_bank("bank", {}, {}, statements, kWindow, kNow));
  CHECK(one.kind == DifferenceClass::unparsed);
  CHECK(one.there == "july.csv:7");
  CHECK(one.detail == "'five' is no amount: 2026-07-01;five");
  CHECK(one.since == kNow);
  statements[1].name = "july.csv";
  CHECK(reconcile_bank("bank", {}, {}, statements, kWindow, kNow).empty());
  statements[1].name = "august.csv";
  ExternalLine read = line("a", 500, "2026-07-01");
  read.raw = "2026-07-01;five";
  CHECK(lone(reconcile_bank("bank", {}, std::vector{read}, statements, kWindow, kNow)).kind ==
        DifferenceClass::missing_here);
}

TEST_CASE("bank: a statement that does not begin where the one before ended shows the gap") {
  const std::vector<ExternalStatement> two{statement("2026-07-01", "2026-07-31", 0, 500),
                                           statement("2026-08-01", "2026-08-09", 700, 700)};
  const Difference one = lone(reconcile_bank("bank", {}, {}, two, kWindow, kNow));
  CHECK(one.rule == "statements in sequence");
  CHECK(one.gap() == eur(200));
  const std::vector<ExternalStatement> overlapping{statement("2026-07-01", "2026-07-31", 0, 500),
                                                   statement("2026-07-15", "2026-08-09", 300, 700)};
  CHECK(reconcile_bank("bank", {}, {}, overlapping, kWindow, kNow).empty());
}

// ---- jobs

namespace {

Backorder with_job(std::int64_t id, State state, const char* application = "40001") {
  Backorder one = support::backorder(id, at("2026-08-05T18:00:00Z"));
  one.state = state;
  one.application = application;
  one.deposit = eur(5900);
  one.attempt = 1;
  one.submitted_at = at("2026-08-02T18:00:00Z");
  if (is_final(state)) one.ended_at = at("2026-08-05T19:00:00Z");
  return one;
}
ProviderJob job(const char* status, std::int64_t id = 1, const char* application = "40001") {
  return {.application = application,
          .name = support::domain("name" + std::to_string(id) + ".com"),
          .status = status,
          .created_at = at("2026-08-02T18:00:00Z")};
}

}  // namespace

TEST_CASE("jobs: our state and the provider's word, side by side") {
  struct Row {
    State ours;
    const char* theirs;
    DifferenceClass kind;
  };
  const UtcTime long_after = at("2026-08-10");
  for (const Row& row :
       {Row{State::processing, "REQUESTED", DifferenceClass::match},
        Row{State::processing, "ACTIVE", DifferenceClass::match},
        Row{State::processing, "processing", DifferenceClass::match},
        Row{State::processing, "SUCCESSFUL", DifferenceClass::state},
        Row{State::processing, "FAILED", DifferenceClass::state},
        Row{State::processing, "CANCELLED", DifferenceClass::state},
        Row{State::processing, "AUCTION-PENDING", DifferenceClass::state},
        Row{State::auction_pending, "AUCTION-PENDING", DifferenceClass::match},
        Row{State::auction_pending, "PROCESSING", DifferenceClass::state},
        Row{State::processing, "PONDERING", DifferenceClass::unparsed},
        Row{State::successful, "SUCCESSFUL", DifferenceClass::match},
        Row{State::auction_won, "SUCCESSFUL", DifferenceClass::match},
        Row{State::successful, "FAILED", DifferenceClass::state},
        Row{State::successful, "ACTIVE", DifferenceClass::state}, Row{State::failed, "FAILED", DifferenceClass::match},
        Row{State::failed, "SUCCESSFUL", DifferenceClass::state},
        Row{State::cancelled, "CANCELLED", DifferenceClass::match},
        Row{State::cancelled, "ACTIVE", DifferenceClass::state},
        Row{State::voided, "AUCTION-PENDING", DifferenceClass::state}}) {
    CAPTURE(to_word(row.ours));
    CAPTURE(row.theirs);
    const auto found =
        reconcile_jobs(std::vector{with_job(1, row.ours)}, std::vector{job(row.theirs)}, kLag, long_after);
    REQUIRE(found.size() == 1);
    CHECK(to_word(found[0].kind) == to_word(row.kind));
    CHECK(found[0].command.empty() == (row.kind == DifferenceClass::match));
  }
  // An outcome of a moment ago is read by the next sweep.
  CHECK(reconcile_jobs(std::vector{with_job(1, State::processing)}, std::vector{job("SUCCESSFUL")}, kLag,
                       at("2026-08-05T20:00:00Z"))
            .at(0)
            .kind == DifferenceClass::timing);
}

TEST_CASE("jobs: missing there, surplus, double, unanswered") {
  CHECK(lone(reconcile_jobs(std::vector{with_job(1, State::processing)}, {}, kLag, kNow)).kind ==
        DifferenceClass::missing_there);
  CHECK(reconcile_jobs(std::vector{with_job(1, State::processing)}, {}, kLag, at("2026-08-02T20:00:00Z")).at(0).kind ==
        DifferenceClass::timing);
  CHECK(reconcile_jobs(std::vector{with_job(1, State::failed)}, {}, kLag, kNow).at(0).kind == DifferenceClass::match);
  CHECK(lone(reconcile_jobs({}, std::vector{job("ACTIVE")}, kLag, kNow)).kind == DifferenceClass::missing_here);
  CHECK(lone(reconcile_jobs(std::vector{with_job(1, State::processing), with_job(1, State::failed)},
                            std::vector{job("ACTIVE")}, kLag, kNow))
            .kind == DifferenceClass::duplicate);
  Backorder unanswered = with_job(1, State::active);
  unanswered.application.reset();
  unanswered.open_call = 3;
  const auto found = reconcile_jobs(std::vector{unanswered}, std::vector{job("ACTIVE")}, kLag, kNow);
  // the order, and the job that may be its answer
  CHECK(count(found, DifferenceClass::unknown_outcome) == 2);
}

TEST_CASE("outcomes: a capture needs a registered outcome and a job; nothing is given back against one") {
  struct Row {
    State state;
    const char* word;
    bool open;
  };
  for (const Row& row : {Row{State::successful, "SUCCESSFUL", false}, Row{State::auction_won, "AUCTION-WON", false},
                         Row{State::failed, "FAILED", false}, Row{State::voided, "", false},
                         Row{State::successful, "FAILED", true}, Row{State::successful, "", true},
                         Row{State::failed, "SUCCESSFUL", true}, Row{State::cancelled, "AUCTION-WON", true}}) {
    CAPTURE(to_word(row.state));
    CAPTURE(row.word);
    Backorder one = with_job(1, row.state);
    one.provider_status = row.word;
    CHECK((open_count(reconcile_outcomes(std::vector{one})) == 1) == row.open);
  }
  Backorder no_job = with_job(1, State::successful);
  no_job.provider_status = "SUCCESSFUL";
  no_job.application.reset();
  CHECK(open_count(reconcile_outcomes(std::vector{no_job})) == 1);
}

// ---- the provider balance

namespace {

// One job caught and charged, one still held.
ProviderBalanceFacts provider_balance_facts() {
  ProviderBalanceFacts facts{.provider_balance = {eur(98'500), eur(1500), eur(0)},
                             .accounting = {eur(0), eur(98'500)},
                             .since = at("2026-08-01")};
  facts.accounting.entries = {
      {"1", at("2026-08-01"), "PAYMENT", "wire 8841", "", eur(100'000), eur(0)},
      {"2", at("2026-08-05T18:30:00Z"), "COM_BACKORDER", "name1.com", "40001", eur(-1261), eur(-239)}};
  facts.deposits = {
      {"7", "COM_BACKORDER", "name2.com", eur(1500), at("2026-08-02T18:00:00Z"), at("2026-08-10T03:00:00Z")}};
  facts.jobs = {job("SUCCESSFUL", 1, "40001"), job("ACTIVE", 2, "40002")};
  facts.ours = {item("transfer 1", 100'000, "2026-08-01", {"fund-1", "wire", "8841", "wire 8841"}),
                item("transfer 2", -1500, "2026-08-05", {"k", "40001"}, "name1.com")};
  facts.backorders = {with_job(1, State::successful, "40001"), with_job(2, State::processing, "40002")};
  return facts;
}
std::vector<Difference> reconciled(const ProviderBalanceFacts& facts, UtcTime now = kNow) {
  return reconcile_provider_balance(facts, kLag, kWindow, now);
}

}  // namespace

TEST_CASE("provider balance: what agrees is counted: sums, deposits, bookings") {
  const auto found = reconciled(provider_balance_facts());
  CHECK(open_count(found) == 0);
  CHECK(count(found, DifferenceClass::match) == 5);  // two sums, one deposit, two bookings
}

TEST_CASE("provider balance: a missing deposit, a strange one, one of a finished job, a lapsed lease") {
  ProviderBalanceFacts facts = provider_balance_facts();
  facts.deposits.clear();
  facts.provider_balance.deposit = eur(0);
  Difference one = lone(reconciled(facts));
  CHECK(one.kind == DifferenceClass::missing_there);
  CHECK(one.subject == "name2.com");
  // Young, or not funded there yet: no difference.
  CHECK(open_count(reconciled(facts, at("2026-08-05T19:00:00Z"))) == 0);
  facts.jobs[1].status = "REQUESTED";
  CHECK(open_count(reconciled(facts)) == 0);

  facts = provider_balance_facts();
  facts.deposits.push_back(
      {"8", "COM_BACKORDER", "name1.com", eur(1500), at("2026-08-02"), at("2026-08-10T03:00:00Z")});
  facts.provider_balance.deposit = eur(3000);
  one = lone(reconciled(facts));
  CHECK(one.kind == DifferenceClass::state);
  CHECK(one.detail.find("SUCCESSFUL here") != std::string::npos);
  CHECK(open_count(reconciled(facts, at("2026-08-05T22:00:00Z"))) == 0);  // the provider takes some hours
  facts.deposits.back().description = "stranger.com";
  CHECK(lone(reconciled(facts)).kind == DifferenceClass::missing_here);
  facts.deposits.back().description = "name2.com";
  CHECK(lone(reconciled(facts)).kind == DifferenceClass::duplicate);

  facts = provider_balance_facts();
  facts.deposits[0].expires_at = at("2026-08-08");
  CHECK(lone(reconciled(facts)).kind == DifferenceClass::state);
  facts.deposits[0].expires_at = kNow - 1h;
  CHECK(open_count(reconciled(facts)) == 0);
  facts.provider_balance.deposit = eur(1501);
  CHECK(lone(reconciled(facts)).kind == DifferenceClass::amount);
}

TEST_CASE(
    "provider balance: a charge we have not booked, one we booked otherwise, one for what we refunded, a capture never "
    "charged") {
  ProviderBalanceFacts facts = provider_balance_facts();
  facts.ours.pop_back();
  Difference one = lone(reconciled(facts));
  CHECK(one.kind == DifferenceClass::missing_here);
  CHECK(
      one.command ==
      "dropledger provider cost 15.00 EUR --effective 2026-08-05T18:30:00Z --memo 'name1.com 40001' --sender provider "
      "--request 2");

  facts = provider_balance_facts();
  facts.ours[1].amount = eur(-1499);
  one = lone(reconciled(facts));
  CHECK(one.kind == DifferenceClass::amount);
  CHECK(one.gap() == eur(-1));
  CHECK(one.command.starts_with("dropledger reverse 2 "));

  facts = provider_balance_facts();
  facts.backorders[0] = with_job(1, State::failed, "40001");
  CHECK(lone(reconciled(facts)).kind == DifferenceClass::state);

  facts = provider_balance_facts();
  facts.accounting.entries.pop_back();
  facts.accounting.sum = facts.provider_balance.amount = eur(100'000);
  facts.ours.pop_back();
  one = lone(reconciled(facts));
  CHECK(one.kind == DifferenceClass::missing_there);
  CHECK(one.rule == "a charge for each capture");
  CHECK(open_count(reconciled(facts, at("2026-08-05T21:00:00Z"))) == 0);
}

TEST_CASE("provider balance: money that was there before our books is one booking, the opening balance") {
  ProviderBalanceFacts facts = provider_balance_facts();
  facts.accounting.opening = eur(500);
  facts.accounting.sum = facts.provider_balance.amount = eur(99'000);
  const Difference one = lone(reconciled(facts));
  CHECK(one.there == "opening");
  CHECK(one.command ==
        "dropledger provider fund 5.00 EUR --effective 2026-08-01T00:00:00Z --memo 'opening balance' --sender provider "
        "--request opening");
  facts.ours.push_back(item("transfer 3", 500, "2026-08-01", {"opening"}));
  CHECK(open_count(reconciled(facts)) == 0);
}

TEST_CASE("words of a command survive a shell") {
  CHECK(shell_word("name1.com") == "name1.com");
  CHECK(shell_word("it's; rm -rf /") == "'it'\\''s; rm -rf /'");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("a\nb") == "'a b'");
}
