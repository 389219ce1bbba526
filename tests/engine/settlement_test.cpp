#include "engine/settlement.hpp"

#include <doctest/doctest.h>

#include "engine/placing.hpp"
#include "engine/submission.hpp"
#include "tests/support/books.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-01T06:00:00Z");
const UtcTime kDrop = kNow + std::chrono::hours(60);

// A backorder with a job, its customer, and what happens to them.
struct TestLedger {
  Customer customer = support::customer(10'000);
  Backorder backorder = support::backorder(1, kDrop);
  Changes changes{};
  Settings settings{};
  std::int64_t tax_bp = 0;

  TestLedger() {
    REQUIRE(bool(apply_transition(changes, backorder, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
    REQUIRE(bool(apply_transition(changes, backorder, customer, Trigger::job_created, {.now = kNow})));
    backorder.application = "77";
    changes = {};
  }
  ProviderJob job(const std::string& status) const {
    return {"77", backorder.name, status, kNow, {}, {}, "raw " + status};
  }
  bool hear(const std::string& status, UtcTime now = kDrop) {
    observe(changes, backorder, job(status), now);
    const Result<bool> settled = settle(changes, backorder, customer, {settings, tax_bp, {}, now});
    REQUIRE(bool(settled));
    return settled.value();
  }
  bool has_case(CaseKind kind) const {
    for (const NewCase& one : changes.cases) {
      if (one.kind == kind) return true;
    }
    return false;
  }
};

ProviderAnswer answered(int code, std::optional<ProviderJob> job = {}) {
  return {Delivery::answered, code, "text", std::move(job), "raw"};
}

// An ACTIVE backorder whose job is being ordered.
struct Ordering {
  Customer customer = support::customer(10'000);
  Backorder backorder = support::backorder(1, kDrop);
  Changes changes{};
  ProviderCall call{.id = 0, .backorder = BackorderId(1), .command = CallCommand::add, .attempt = 1, .intent_at = kNow};

  Ordering() {
    REQUIRE(bool(apply_transition(changes, backorder, customer, Trigger::funded, {.now = kNow, .deposit = eur(1000)})));
    call = intend(changes, backorder, CallCommand::add, 5, 1, kNow);
    changes = {};
  }
  ProviderJob job(const std::string& id, UtcTime created, const std::string& status = "REQUESTED") const {
    return {id, backorder.name, status, created, {}, {}, "raw"};
  }
};

}  // namespace

TEST_CASE("settle: SUCCESSFUL captures the deposit once, split into net and tax") {
  TestLedger desk;
  desk.tax_bp = 1900;
  CHECK(desk.hear("SUCCESSFUL"));
  CHECK(desk.backorder.state == State::successful);
  CHECK(desk.customer.reserved.is_zero());
  CHECK(desk.customer.available == eur(9000));
  REQUIRE(desk.changes.transfers.size() == 2);
  CHECK(desk.changes.transfers[0].kind == TransferKind::capture);
  CHECK(desk.changes.transfers[1].kind == TransferKind::capture_tax);
  CHECK(desk.changes.transfers[0].amount + desk.changes.transfers[1].amount == eur(1000));
  CHECK(desk.changes.evidence.at(0).raw == "raw SUCCESSFUL");
  SUBCASE("heard again, nothing happens") {
    desk.changes = {};
    CHECK_FALSE(desk.hear("SUCCESSFUL"));
    CHECK(desk.changes.empty());
  }
  SUBCASE("FAILED afterwards moves no money and is a case") {
    desk.changes = {};
    desk.hear("FAILED");
    CHECK(desk.backorder.state == State::successful);
    CHECK(desk.changes.transfers.empty());
    CHECK(desk.has_case(CaseKind::late_failure));
  }
}

TEST_CASE("without a tax rate the capture is one transfer") {
  TestLedger desk;
  desk.hear("SUCCESSFUL");
  CHECK(desk.changes.transfers.size() == 1);
}

TEST_CASE("settle: FAILED and AUCTION-LOST refund with their reasons; a success afterwards is a case") {
  for (const auto& [status, state, reason] : {std::tuple{"FAILED", State::failed, Reason::not_registered},
                                              std::tuple{"AUCTION-LOST", State::auction_lost, Reason::auction_lost}}) {
    TestLedger desk;
    desk.hear(status);
    CHECK(desk.backorder.state == state);
    CHECK(desk.backorder.reason == reason);
    CHECK(desk.customer.available == eur(10'000));
    REQUIRE(desk.changes.transfers.size() == 1);
    desk.changes = {};
    desk.hear("SUCCESSFUL");
    CHECK(desk.backorder.state == state);
    CHECK(desk.changes.transfers.empty());
    CHECK(desk.has_case(CaseKind::late_success));
  }
}

TEST_CASE("settle: living statuses and a running auction keep the deposit") {
  TestLedger desk;
  for (const char* status : {"REQUESTED", "ACTIVE", "PROCESSING"}) CHECK_FALSE(desk.hear(status));
  CHECK(desk.hear("AUCTION-PENDING"));
  CHECK(desk.backorder.state == State::auction_pending);
  CHECK(desk.customer.reserved == eur(1000));
  CHECK(desk.changes.transfers.empty());
}

TEST_CASE("settle: an unknown status is kept verbatim and becomes a case, never a guess") {
  TestLedger desk;
  CHECK_FALSE(desk.hear("PENDING-REVIEW"));
  CHECK(desk.backorder.provider_status == "PENDING-REVIEW");
  CHECK(desk.backorder.state == State::processing);
  CHECK(desk.has_case(CaseKind::unknown_status));
}

TEST_CASE(
    "settle: an auction's price is outside by default, or charged in the same currency, above the deposit or below "
    "it") {
  TestLedger desk;
  desk.backorder.auction_price = "";
  ProviderJob won = desk.job("AUCTION-WON");
  SUBCASE("external") {
    won.auction_price = "120.00 EUR";
    observe(desk.changes, desk.backorder, won, kDrop);
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {desk.settings, 0, {}, kDrop}).value());
    CHECK(desk.backorder.state == State::auction_won);
    CHECK(desk.changes.transfers.size() == 1);
    CHECK(desk.backorder.auction_price == "120.00 EUR");
  }
  SUBCASE("on account, covered") {
    desk.settings.auction_on_account = true;
    won.auction_price = "50.00 EUR";
    observe(desk.changes, desk.backorder, won, kDrop);
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {desk.settings, 0, {}, kDrop}).value());
    CHECK(desk.customer.available == eur(9000 - 5000));
  }
  SUBCASE("on account, short: the rest is owed, and a case") {
    desk.settings.auction_on_account = true;
    won.auction_price = "120.00 EUR";
    observe(desk.changes, desk.backorder, won, kDrop);
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {desk.settings, 0, {}, kDrop}).value());
    CHECK(desk.customer.available.is_zero());
    CHECK(desk.customer.owed == eur(3000));
    CHECK(desk.has_case(CaseKind::auction_price_short));
  }
  SUBCASE("on account in another currency: a case, no money") {
    desk.settings.auction_on_account = true;
    won.auction_price = "120.00 USD";
    observe(desk.changes, desk.backorder, won, kDrop);
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {desk.settings, 0, {}, kDrop}).value());
    CHECK(desk.has_case(CaseKind::auction_price_other_currency));
    CHECK(desk.customer.available == eur(9000));
  }
}

TEST_CASE("overdue: no outcome two days after the drop is a case, and nothing else") {
  TestLedger desk;
  CHECK_FALSE(check_overdue(desk.changes, desk.backorder, desk.settings, kDrop + std::chrono::hours(48)));
  CHECK(check_overdue(desk.changes, desk.backorder, desk.settings, kDrop + std::chrono::hours(48) + Milliseconds(1)));
  CHECK(desk.has_case(CaseKind::overdue));
  CHECK(desk.backorder.state == State::processing);
}

TEST_CASE("overdue: the deadline passed while nobody knows whether the job exists: a case, and the deposit stays") {
  Ordering order;
  const UtcTime deadline = order.backorder.drop->deadline;
  CHECK_FALSE(check_overdue(order.changes, order.backorder, Settings{}, deadline));
  CHECK(check_overdue(order.changes, order.backorder, Settings{}, deadline + Milliseconds(1)));
  REQUIRE(order.changes.cases.size() == 1);
  CHECK(order.changes.cases.front().kind == CaseKind::overdue);
  CHECK(order.backorder.state == State::active);
  CHECK(order.changes.transfers.empty());
  order.backorder.open_call = std::nullopt;  // certainly not ordered: void_missed() is for those
  CHECK_FALSE(check_overdue(order.changes, order.backorder, Settings{}, deadline + Milliseconds(1)));
}

TEST_CASE("gone: a job that is gone") {
  TestLedger desk;
  const auto look = [&](UtcTime now, bool charged = false) {
    REQUIRE(bool(job_gone(desk.changes, desk.backorder, desk.customer, charged, "545", now)));
  };
  SUBCASE("one look settles nothing") {
    look(kDrop + std::chrono::hours(5));
    CHECK(desk.backorder.state == State::processing);
    CHECK(desk.backorder.gone_since.has_value());
  }
  SUBCASE("twice before the deadline: a case, never resubmitted by itself") {
    look(kNow);
    look(kNow + kSecondLook);
    CHECK(desk.has_case(CaseKind::gone));
    CHECK(desk.backorder.state == State::processing);
  }
  SUBCASE("four hours after the drop and not charged: CANCELLED, refunded") {
    look(kDrop);
    look(kDrop + kGoneAfterDrop - Milliseconds(1));
    CHECK(desk.backorder.state == State::processing);
    look(kDrop + kGoneAfterDrop);
    CHECK(desk.backorder.state == State::cancelled);
    CHECK(desk.backorder.reason == Reason::provider_deleted);
    CHECK(desk.customer.available == eur(10'000));
  }
  SUBCASE("charged: a case instead") {
    look(kDrop);
    look(kDrop + kGoneAfterDrop, true);
    CHECK(desk.has_case(CaseKind::gone));
    CHECK(desk.customer.reserved == eur(1000));
  }
  SUBCASE("in an auction always a case") {
    desk.hear("AUCTION-PENDING");
    look(kDrop);
    look(kDrop + std::chrono::hours(90));
    CHECK(desk.has_case(CaseKind::gone));
    CHECK(desk.backorder.state == State::auction_pending);
  }
  SUBCASE("seen again in between: the count starts anew") {
    look(kDrop);
    desk.hear("PROCESSING");
    CHECK_FALSE(desk.backorder.gone_since.has_value());
  }
}

TEST_CASE("cases: a person's decisions, and only those of the table") {
  TestLedger desk;
  const auto open = [&](CaseKind kind) {
    return Case{{kind, CustomerId(1), BackorderId(1), {}, {}}, CaseId(3), kDrop, {}, {}, {}};
  };
  const auto decide = [&](CaseKind kind, Resolution resolution, bool absent) {
    return resolve_case(desk.changes, open(kind), desk.backorder, desk.customer,
                        {resolution, "seen", {}, absent, 0, kDrop});
  };
  SUBCASE("overdue is not failed while the job may exist") {
    CHECK(decide(CaseKind::overdue, Resolution::failed, false).error().code == ErrorCode::job_may_exist);
    CHECK(desk.customer.reserved == eur(1000));
    CHECK(bool(decide(CaseKind::overdue, Resolution::failed, true)));
    CHECK(desk.backorder.state == State::failed);
  }
  SUBCASE("overdue is successful with evidence") {
    CHECK(bool(decide(CaseKind::overdue, Resolution::successful, false)));
    CHECK(desk.backorder.state == State::successful);
  }
  SUBCASE("gone is submitted again, or given up") {
    CHECK(bool(decide(CaseKind::gone, Resolution::resubmit, true)));
    CHECK(desk.backorder.state == State::active);
    CHECK_FALSE(desk.backorder.job_may_exist());
    CHECK(desk.customer.reserved == eur(1000));
  }
  SUBCASE("late success charged: available first, the rest owed") {
    desk.hear("FAILED");
    desk.customer.available = eur(300);
    CHECK(bool(decide(CaseKind::late_success, Resolution::charge, false)));
    CHECK(desk.customer.available.is_zero());
    CHECK(desk.customer.owed == eur(700));
  }
  SUBCASE("late failure gets nothing, or goodwill") {
    desk.hear("SUCCESSFUL");
    CHECK(bool(decide(CaseKind::late_failure, Resolution::goodwill, false)));
    CHECK(desk.customer.available == eur(10'000));
    CHECK(desk.changes.transfers.back().kind == TransferKind::goodwill);
  }
  SUBCASE("what is not in the table is refused") {
    CHECK(decide(CaseKind::overdue, Resolution::charge, true).error().code == ErrorCode::resolution_not_allowed);
    CHECK(decide(CaseKind::late_success, Resolution::failed, true).error().code == ErrorCode::resolution_not_allowed);
  }
}

// ---- ordering a job ----

TEST_CASE("submit: a confirmed application is PROCESSING, with its id") {
  Ordering desk;
  REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(200, desk.job("9", kNow)),
                          false, kNow)));
  CHECK(desk.backorder.state == State::processing);
  CHECK(desk.backorder.application == "9");
  CHECK_FALSE(desk.backorder.open_call.has_value());
}

TEST_CASE("submit: no certain answer keeps the deposit and the call open") {
  for (const ProviderAnswer& answer : {ProviderAnswer{}, answered(420), answered(421), answered(423), answered(425),
                                       answered(520), answered(521), answered(599), answered(540), answered(200)}) {
    Ordering desk;
    CAPTURE(answer.code);
    REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answer, false, kNow)));
    CHECK(desk.backorder.state == State::active);
    CHECK(desk.backorder.open_call == 5);
    CHECK(desk.changes.transfers.empty());
    CHECK(desk.changes.calls.at(0).state == CallState::unknown);
  }
}

TEST_CASE("submit: permanent refusals void and refund; 549 only after three") {
  for (const int code : {505, 506, 541, 552}) {
    Ordering desk;
    CAPTURE(code);
    REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(code), false, kNow)));
    CHECK(desk.backorder.state == State::voided);
    CHECK(desk.backorder.reason == Reason::provider_refused);
    CHECK(desk.customer.available == eur(10'000));
  }
  Ordering desk;
  for (int round = 1; round <= 3; ++round) {
    CAPTURE(round);
    CHECK(desk.backorder.state == State::active);
    REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(549), false, kNow)));
    if (round < 3) desk.call = intend(desk.changes, desk.backorder, CallCommand::add, 5 + round, round + 1, kNow);
  }
  CHECK(desk.backorder.state == State::voided);
}

TEST_CASE("a refusal that follows an unknown attempt is looked up before anything is voided") {
  Ordering desk;
  REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(541), true, kNow)));
  CHECK(desk.backorder.state == State::active);
  ProviderCall unknown = desk.changes.calls.at(0);
  const UtcTime later = kNow + std::chrono::seconds(60);
  SUBCASE("absent: void") {
    CHECK(look_up_add(desk.changes, desk.backorder, desk.customer, unknown, {}, {}, std::chrono::seconds(60), later)
              .value()
              .settled);
    CHECK(desk.backorder.state == State::voided);
    CHECK(desk.customer.available == eur(10'000));
  }
  SUBCASE("there after all: adopted") {
    const std::vector<ProviderJob> jobs{desk.job("9", kNow)};
    CHECK(look_up_add(desk.changes, desk.backorder, desk.customer, unknown, jobs, {}, std::chrono::seconds(60), later)
              .value()
              .settled);
    CHECK(desk.backorder.state == State::processing);
  }
}

TEST_CASE("look-up: minus bound, older and failed ones; absence only after the wait; surplus is named") {
  Ordering desk;
  const UtcTime later = kNow + std::chrono::seconds(60);
  const Milliseconds wait = std::chrono::seconds(60);
  const std::vector<std::string> bound{"1"};
  const std::vector<ProviderJob> not_ours{
      desk.job("1", kNow), desk.job("2", kNow - kClockSkew - std::chrono::seconds(1)), desk.job("3", kNow, "FAILED")};
  SUBCASE("too early to prove absence") {
    const auto looked = look_up_add(desk.changes, desk.backorder, desk.customer, desk.call, not_ours, bound, wait,
                                    later - Milliseconds(1));
    CHECK_FALSE(looked.value().settled);
    CHECK(desk.backorder.open_call == 5);
  }
  SUBCASE("absence proven: it may be tried again, the deposit stays") {
    CHECK(look_up_add(desk.changes, desk.backorder, desk.customer, desk.call, not_ours, bound, wait, later)
              .value()
              .settled);
    CHECK(desk.backorder.state == State::active);
    CHECK_FALSE(desk.backorder.job_may_exist());
    CHECK(desk.changes.transfers.empty());
  }
  SUBCASE("a provider's clock behind ours does not hide our job") {
    const std::vector<ProviderJob> jobs{desk.job("7", kNow - kClockSkew)};
    CHECK(
        look_up_add(desk.changes, desk.backorder, desk.customer, desk.call, jobs, bound, wait, later).value().settled);
    CHECK(desk.backorder.application == "7");
  }
  SUBCASE("several of ours: the earliest is adopted, the rest is surplus") {
    const std::vector<ProviderJob> jobs{desk.job("5", kNow + std::chrono::seconds(3)),
                                        desk.job("4", kNow + std::chrono::seconds(1))};
    const auto looked = look_up_add(desk.changes, desk.backorder, desk.customer, desk.call, jobs, bound, wait,
                                    kNow + std::chrono::seconds(5));
    CHECK(desk.backorder.application == "4");
    CHECK(looked.value().surplus == std::vector<std::string>{"5"});
  }
  SUBCASE("one that is registered already is ours") {
    const std::vector<ProviderJob> jobs{desk.job("6", kNow, "SUCCESSFUL")};
    CHECK(
        look_up_add(desk.changes, desk.backorder, desk.customer, desk.call, jobs, bound, wait, later).value().settled);
    CHECK(desk.backorder.application == "6");
  }
}

TEST_CASE(
    "submit: an empty provider balance of ours keeps the deposit until the deadline, then it is our fault in the "
    "reason") {
  Ordering desk;
  REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(546), false, kNow)));
  CHECK(desk.backorder.state == State::active);
  CHECK(desk.backorder.provider_balance_empty);
  CHECK(desk.changes.events.at(0).kind == EventKind::provider_balance_empty);
  REQUIRE(bool(void_missed(desk.changes, desk.backorder, desk.customer, kDrop)));
  CHECK(desk.backorder.reason == Reason::operator_float);
  CHECK(desk.customer.available == eur(10'000));
}

TEST_CASE("submit: what concerns us as a whole stops submitting and is a case; 510 only its zone") {
  for (const int code : {500, 501, 502, 503, 504, 507, 510, 530, 531, 544}) {
    Ordering desk;
    CAPTURE(code);
    REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(code), false, kNow)));
    CHECK(desk.backorder.state == State::active);
    CHECK(desk.changes.cases.at(0).kind == CaseKind::submitting_stopped);
    CHECK(desk.changes.stopped_zones.at(0) == (code == 510 ? "com" : ""));
    CHECK_FALSE(may_submit(desk.backorder, AccountState::open, ZoneSchedule{}, desk.changes.stopped_zones, kNow));
    CHECK(may_submit(desk.backorder, AccountState::open, ZoneSchedule{}, {}, kNow));
  }
}

TEST_CASE("submit: submit_lead holds a funded job back; frozen accounts and passed deadlines submit nothing") {
  Ordering desk;
  desk.backorder.open_call = std::nullopt;
  ZoneSchedule schedule;
  const UtcTime deadline = desk.backorder.drop->deadline;
  CHECK(may_submit(desk.backorder, AccountState::open, schedule, {}, kNow));
  CHECK(may_submit(desk.backorder, AccountState::open, schedule, {}, deadline));
  CHECK_FALSE(may_submit(desk.backorder, AccountState::open, schedule, {}, deadline + Milliseconds(1)));
  CHECK_FALSE(may_submit(desk.backorder, AccountState::frozen, schedule, {}, kNow));
  schedule.submit_lead = std::chrono::hours(12);
  CHECK_FALSE(may_submit(desk.backorder, AccountState::open, schedule, {},
                         deadline - std::chrono::hours(12) - Milliseconds(1)));
  CHECK(may_submit(desk.backorder, AccountState::open, schedule, {}, deadline - std::chrono::hours(12)));
}

TEST_CASE("cancel: deleting a job: confirmed refunds, refused runs on, unknown waits, 545 needs the list") {
  const auto deletion = [](TestLedger& desk, const ProviderAnswer& answer, bool absent) {
    desk.backorder.cancelling = true;
    desk.backorder.reason = Reason::by_customer;
    const ProviderCall call = intend(desk.changes, desk.backorder, CallCommand::remove, 6, 1, kNow);
    return answer_remove(desk.changes, desk.backorder, desk.customer, call, answer, absent, kNow).value();
  };
  {
    TestLedger desk;
    CHECK(deletion(desk, answered(200), false) == Deletion::confirmed);
    CHECK(desk.backorder.state == State::cancelled);
    CHECK(desk.backorder.reason == Reason::by_customer);
    CHECK(desk.customer.available == eur(10'000));
  }
  {
    TestLedger desk;
    CHECK(deletion(desk, answered(552), false) == Deletion::refused);
    CHECK(desk.backorder.state == State::processing);
    CHECK_FALSE(desk.backorder.cancelling);
    CHECK(desk.customer.reserved == eur(1000));
  }
  for (const auto& [answer, absent, expected] :
       {std::tuple{answered(545), false, Deletion::unknown}, std::tuple{answered(545), true, Deletion::confirmed},
        std::tuple{answered(421), false, Deletion::unknown}, std::tuple{ProviderAnswer{}, false, Deletion::unknown}}) {
    TestLedger desk;
    CHECK(deletion(desk, answer, absent) == expected);
    CHECK(desk.customer.reserved.is_zero() == (expected == Deletion::confirmed));
  }
}

TEST_CASE("deadline: it passes with certainly no job: deadline_missed, refunded") {
  Ordering desk;
  desk.backorder.open_call = std::nullopt;
  REQUIRE(bool(void_missed(desk.changes, desk.backorder, desk.customer, kDrop)));
  CHECK(desk.backorder.reason == Reason::deadline_missed);
  CHECK(desk.customer.reserved.is_zero());
}
