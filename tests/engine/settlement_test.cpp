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
  TaxDecision tax{.treatment = TaxTreatment::outside_scope};

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
    const Result<bool> settled = settle(changes, backorder, customer, {settings, tax, {}, now});
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
  desk.tax = {TaxTreatment::standard, "DE", "", 1900};
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
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {desk.settings, desk.tax, {}, kDrop}).value());
    CHECK(desk.backorder.state == State::auction_won);
    CHECK(desk.changes.transfers.size() == 1);
    CHECK(desk.backorder.auction_price == "120.00 EUR");
  }
  SUBCASE("on account, covered") {
    desk.settings.auction_on_account = true;
    won.auction_price = "50.00 EUR";
    observe(desk.changes, desk.backorder, won, kDrop);
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {desk.settings, desk.tax, {}, kDrop}).value());
    CHECK(desk.customer.available == eur(9000 - 5000));
  }
  SUBCASE("on account, short: the rest is owed, and a case") {
    desk.settings.auction_on_account = true;
    won.auction_price = "120.00 EUR";
    observe(desk.changes, desk.backorder, won, kDrop);
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {desk.settings, desk.tax, {}, kDrop}).value());
    CHECK(desk.customer.available.is_zero());
    CHECK(desk.customer.owed == eur(3000));
    CHECK(desk.has_case(CaseKind::auction_price_short));
  }
  SUBCASE("on account in another currency: a case, no money") {
    desk.settings.auction_on_account = true;
    won.auction_price = "120.00 USD";
    observe(desk.changes, desk.backorder, won, kDrop);
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {desk.settings, desk.tax, {}, kDrop}).value());
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
                        {.resolution = resolution, .why = "seen", .amount = {}, .job_absent = absent, .now = kDrop});
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

namespace {

constexpr Milliseconds kWait = std::chrono::seconds(60);

Result<LookUp> look(Ordering& desk, const ProviderCall& call, std::span<const ProviderJob> jobs, UtcTime now,
                    std::span<const std::string> bound = {},
                    LookUpFacts facts = {.jobs = {}, .absence_wait = kWait, .now = {}}) {
  facts.jobs = jobs;
  facts.bound = bound;
  facts.now = now;
  return look_up_add(desk.changes, desk.backorder, desk.customer, call, facts);
}

}  // namespace

TEST_CASE("submit: a permanent refusal is looked up, then voids and refunds; 549 only after three") {
  for (const int code : {505, 506, 541, 552}) {
    Ordering desk;
    CAPTURE(code);
    REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(code), false, kNow)));
    CHECK(desk.backorder.state == State::active);
    CHECK(desk.changes.transfers.empty());
    CHECK(look(desk, desk.changes.calls.back(), {}, kNow + kWait).value().settled);
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
  CHECK(look(desk, desk.changes.calls.back(), {}, kNow + kWait).value().settled);
  CHECK(desk.backorder.state == State::voided);
}

TEST_CASE("submit: a refusal that was carried out all the same is adopted, its deposit stays") {
  for (const int code : {505, 506, 540, 541, 549, 552}) {
    Ordering desk;
    CAPTURE(code);
    if (code == 549) desk.backorder.refusals = kRefusedTries - 1;
    REQUIRE(bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(code), false, kNow)));
    const std::vector<ProviderJob> jobs{desk.job("9", kNow)};
    CHECK(look(desk, desk.changes.calls.back(), jobs, kNow + kWait).value().settled);
    CHECK(desk.backorder.state == State::processing);
    CHECK(desk.backorder.application == "9");
    CHECK(desk.customer.reserved == eur(1000));
  }
}

TEST_CASE("submit: an answer about another name, or with another's application, is no evidence") {
  for (const bool of_another : {true, false}) {
    CAPTURE(of_another);
    Ordering desk;
    ProviderJob job = desk.job("777", kNow);
    if (!of_another) job.name = support::domain("other.com");
    REQUIRE(
        bool(answer_add(desk.changes, desk.backorder, desk.customer, desk.call, answered(200, job), of_another, kNow)));
    CHECK(desk.backorder.state == State::active);
    CHECK(desk.backorder.open_call == 5);
    CHECK_FALSE(desk.backorder.application.has_value());
    CHECK(desk.changes.calls.at(0).application.empty());
    REQUIRE(desk.changes.cases.size() == 1);
    CHECK(desk.changes.cases.front().kind == CaseKind::wrong_answer);
    CHECK(desk.changes.evidence.size() == 1);
  }
}

TEST_CASE("age: by the provider's clock where the two can be compared") {
  using std::chrono::seconds;
  struct Row {
    int created_s;  // after the attempt, by our clock
    std::optional<int> ahead_s;
    Age age;
  };
  for (const Row& row : {Row{0, 0, Age::after}, Row{-2, 0, Age::after}, Row{-3, 0, Age::in_doubt},
                         Row{-30, 0, Age::in_doubt}, Row{-31, 0, Age::before}, Row{-3600, -3600, Age::after},
                         Row{0, 3600, Age::before}, Row{3600, 3600, Age::after}, Row{-30, {}, Age::after},
                         Row{-31, {}, Age::in_doubt}, Row{-3600, {}, Age::in_doubt}, Row{-3601, {}, Age::before}}) {
    CAPTURE(row.created_s);
    const std::optional<Milliseconds> ahead =
        row.ahead_s ? std::optional<Milliseconds>(seconds(*row.ahead_s)) : std::nullopt;
    CHECK(age_against(kNow, kNow + seconds(row.created_s), ahead) == row.age);
  }
  CHECK(age_against(kNow, std::nullopt, Milliseconds(0)) == Age::in_doubt);
}

TEST_CASE("look-up: a job that lives is adopted whoever made it and whenever; absence only after the wait") {
  Ordering desk;
  const UtcTime later = kNow + kWait;
  const std::vector<std::string> bound{"1"};
  std::vector<ProviderJob> not_ours{desk.job("1", kNow), desk.job("2", kNow - std::chrono::hours(30), "FAILED"),
                                    desk.job("3", kNow - std::chrono::hours(90), "SUCCESSFUL"), desk.job("4", kNow)};
  not_ours.back().job_class = "COM_LITE_BACKORDER";
  SUBCASE("too early to prove absence") {
    CHECK_FALSE(look(desk, desk.call, not_ours, later - Milliseconds(1), bound).value().settled);
    CHECK(desk.backorder.open_call == 5);
  }
  SUBCASE("absence proven: it may be tried again, the deposit stays") {
    CHECK(look(desk, desk.call, not_ours, later, bound).value().settled);
    CHECK(desk.backorder.state == State::active);
    CHECK_FALSE(desk.backorder.job_may_exist());
    CHECK(desk.changes.transfers.empty());
  }
  SUBCASE("a row that cannot be read may be ours: nothing is proven") {
    CHECK_FALSE(look(desk, desk.call, not_ours, later, bound,
                     {.jobs = {}, .may_be_unread = true, .absence_wait = kWait, .now = {}})
                    .value()
                    .settled);
    CHECK(desk.backorder.open_call == 5);
  }
  SUBCASE("made by hand a week before: adopted") {
    const std::vector<ProviderJob> jobs{desk.job("7", kNow - std::chrono::hours(168))};
    CHECK(look(desk, desk.call, jobs, kNow, bound).value().settled);
    CHECK(desk.backorder.application == "7");
    CHECK(desk.changes.events.at(0).kind == EventKind::adopted);
  }
  SUBCASE("the same where a person is to be asked: a case, the deposit held, and nothing ordered again") {
    const std::vector<ProviderJob> jobs{desk.job("7", kNow - std::chrono::hours(168))};
    CHECK_FALSE(look(desk, desk.call, jobs, later, bound, {.jobs = {}, .absence_wait = kWait, .ask = true, .now = {}})
                    .value()
                    .settled);
    CHECK(desk.backorder.in_doubt == "7");
    CHECK(desk.changes.cases.at(0).kind == CaseKind::doubtful_job);
  }
  SUBCASE("several: the oldest that lives is adopted, the rest is surplus") {
    const std::vector<ProviderJob> jobs{desk.job("5", kNow + std::chrono::seconds(3)),
                                        desk.job("4", kNow + std::chrono::seconds(1)),
                                        desk.job("3", kNow + std::chrono::seconds(1), "FAILED")};
    const auto looked = look(desk, desk.call, jobs, kNow + std::chrono::seconds(5), bound);
    CHECK(desk.backorder.application == "4");
    CHECK(looked.value().surplus == std::vector<std::string>{"5"});
  }
  SUBCASE("one that has ended and was made after the attempt is its answer") {
    for (const char* status : {"SUCCESSFUL", "FAILED"}) {
      Ordering fresh;
      const std::vector<ProviderJob> jobs{fresh.job("6", kNow, status)};
      CHECK(look(fresh, fresh.call, jobs, later, bound).value().settled);
      CHECK(fresh.backorder.application == "6");
    }
  }
  SUBCASE("one that has ended, of a doubtful age: a case, never a second order") {
    const std::vector<ProviderJob> jobs{desk.job("6", kNow - std::chrono::minutes(10), "SUCCESSFUL")};
    CHECK_FALSE(look(desk, desk.call, jobs, later, bound).value().settled);
    CHECK(desk.backorder.open_call == 5);
    CHECK(desk.backorder.in_doubt == "6");
    CHECK(desk.changes.cases.at(0).kind == CaseKind::doubtful_job);
    const std::vector<std::string> disowned{"6"};
    CHECK(
        look(desk, desk.call, jobs, later, bound, {.jobs = {}, .disowned = disowned, .absence_wait = kWait, .now = {}})
            .value()
            .settled);
    CHECK_FALSE(desk.backorder.job_may_exist());
  }
}

TEST_CASE("claims: backorders in order of placing, jobs by age; none while an order is unresolved") {
  std::vector<Backorder> open{support::backorder(2, kDrop), support::backorder(1, kDrop)};
  open[0].placed_at = open[1].placed_at + std::chrono::hours(1);
  open[1].name = open[0].name;
  const auto job = [&](const char* id, UtcTime created, const char* status) {
    return ProviderJob{.application = id, .name = open[0].name, .status = status, .created_at = created};
  };
  const std::vector<ProviderJob> jobs{job("8", kNow + std::chrono::hours(1), "ACTIVE"), job("7", kNow, "REQUESTED"),
                                      job("6", kNow, "FAILED")};
  auto claimed = claims(open, jobs, std::nullopt, Milliseconds(0));
  REQUIRE(claimed.size() == 2);
  CHECK(claimed[0].backorder->id == BackorderId(1));
  CHECK(claimed[0].job->application == "7");
  CHECK(claimed[1].job->application == "8");
  SUBCASE("of a copy from before, what has ended since as well") {
    claimed = claims(open, std::span(jobs).last(1), kNow - std::chrono::hours(1), Milliseconds(0));
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].job->application == "6");
    CHECK(claims(open, std::span(jobs).last(1), kNow + std::chrono::hours(1), Milliseconds(0)).empty());
  }
  SUBCASE("while an order for the name is unresolved only its own backorder may adopt") {
    open[0].open_call = 5;
    CHECK(claims(open, jobs, std::nullopt, Milliseconds(0)).empty());
  }
}

TEST_CASE(
    "cases: every kind, in every state and whatever the cause, ends by itself as it says or by an accepted decision") {
  constexpr CaseKind kKinds[] = {CaseKind::overdue,
                                 CaseKind::gone,
                                 CaseKind::late_success,
                                 CaseKind::late_failure,
                                 CaseKind::surplus_job,
                                 CaseKind::missing_from_list,
                                 CaseKind::unknown_status,
                                 CaseKind::auction_price_other_currency,
                                 CaseKind::auction_price_short,
                                 CaseKind::unidentified_payment,
                                 CaseKind::submitting_stopped,
                                 CaseKind::wrong_answer,
                                 CaseKind::doubtful_job,
                                 CaseKind::deadline_missed,
                                 CaseKind::operator_float};
  constexpr Resolution kEvery[] = {Resolution::acknowledge,    Resolution::failed,  Resolution::successful,
                                   Resolution::resubmit,       Resolution::give_up, Resolution::charge,
                                   Resolution::operator_keeps, Resolution::keep,    Resolution::goodwill,
                                   Resolution::delete_job,     Resolution::adopt};
  int ended = 0;
  for (const CaseKind kind : kKinds) {
    CHECK_FALSE(ends_by(kind).empty());
    for (const State state : kStates) {
      for (const bool answers : {true, false}) {  // whether the provider does, and proves what it is asked
        for (const bool unknown : {true, false}) {
          CAPTURE(to_word(kind));
          CAPTURE(to_word(state));
          CAPTURE(answers);
          CAPTURE(unknown);
          const auto make = [&] {
            Ordering desk;
            desk.backorder.state = state;
            desk.backorder.deposit = eur(1000);
            if (!unknown) desk.backorder.open_call = std::nullopt;
            if (state == State::processing || state == State::auction_pending) desk.backorder.application = "9";
            if (!holds_deposit(state)) {
              desk.customer.available += desk.customer.reserved;
              desk.customer.reserved = eur(0);
            }
            return desk;
          };
          const Case open{{kind, CustomerId(1), BackorderId(1), "9", {}}, CaseId(3), kDrop, {}, {}, {}};
          int accepted = 0;
          for (const Resolution resolution : kEvery) {
            Ordering desk = make();
            const Backorder before = desk.backorder;
            const Status done = resolve_case(
                desk.changes, open, desk.backorder, desk.customer,
                {.resolution = resolution, .why = "seen", .amount = {}, .job_absent = answers, .now = kDrop});
            accepted += done ? 1 : 0;
            if (!done) {
              CHECK(desk.changes.transfers.empty());
              CHECK(desk.backorder.state == before.state);
              continue;
            }
            CHECK(desk.changes.closed_cases.size() == 1);
            // no deposit goes back while its job exists or may exist
            for (const NewTransfer& transfer : desk.changes.transfers)
              CHECK((transfer.kind != TransferKind::refund || answers));
          }
          CHECK(accepted > 0);
          Ordering desk = make();
          ended += what_ended({.one = open,
                               .backorder = &desk.backorder,
                               .is_listed = answers,
                               .has_read = answers,
                               .job_lives = false,
                               .is_stopped = !answers,
                               .owed = eur(0)})
                       ? 1
                       : 0;
        }
      }
    }
  }
  CHECK(ended > 200);
}

TEST_CASE("an auction whose end is not said ends, for what is overdue, three days after the drop") {
  Ordering desk;
  desk.backorder.open_call = std::nullopt;
  desk.backorder.state = State::auction_pending;
  const UtcTime limit = desk.backorder.drop->drop_at + kAuctionAfterDrop + Settings{}.auction_overdue_after;
  CHECK_FALSE(check_overdue(desk.changes, desk.backorder, Settings{}, limit));
  CHECK(check_overdue(desk.changes, desk.backorder, Settings{}, limit + Milliseconds(1)));
}

TEST_CASE("adopted before its deposit is due: funded when due, and a failure of ours that is no job's") {
  Ordering desk;
  desk.backorder.open_call = std::nullopt;
  desk.backorder.state = State::requested;
  desk.customer.available = eur(10'000);
  desk.customer.reserved = eur(0);
  REQUIRE(bool(bind_job(desk.changes, desk.backorder, desk.customer, desk.job("9", kNow), "found", kNow)));
  CHECK(desk.backorder.state == State::requested);
  SUBCASE("success is funded, captured by the way") {
    desk.backorder.provider_status = "SUCCESSFUL";
    REQUIRE(settle(desk.changes, desk.backorder, desk.customer, {Settings{}, {}, eur(1000), kDrop}).value());
    CHECK(desk.backorder.state == State::successful);
    CHECK(desk.customer.available == eur(9'000));
  }
  SUBCASE("success without money is a case") {
    desk.customer.available = eur(999);
    desk.backorder.provider_status = "SUCCESSFUL";
    CHECK_FALSE(settle(desk.changes, desk.backorder, desk.customer, {Settings{}, {}, eur(1000), kDrop}).value());
    CHECK(desk.changes.cases.back().kind == CaseKind::late_success);
  }
  SUBCASE("failure without money takes the job off it") {
    desk.customer.available = eur(999);
    desk.backorder.provider_status = "FAILED";
    CHECK(settle(desk.changes, desk.backorder, desk.customer, {Settings{}, {}, eur(1000), kDrop}).value());
    CHECK_FALSE(desk.backorder.job_may_exist());
    CHECK(desk.backorder.state == State::requested);
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
  CHECK(desk.changes.cases.back().kind == CaseKind::operator_float);
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
  CHECK(desk.changes.cases.back().kind == CaseKind::deadline_missed);
  CHECK(desk.customer.reserved.is_zero());
}
