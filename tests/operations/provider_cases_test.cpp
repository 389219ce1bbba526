// Submitting and syncing against a provider whose every answer the test writes, as they meet the book.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "engine/settlement.hpp"
#include "engine/submission.hpp"
#include "tests/support/desk.hpp"

using namespace operations;
using namespace std::chrono_literals;
using engine::AddJob;
using engine::Delivery;
using engine::ProviderAnswer;
using engine::ProviderJob;
using engine::Reason;
using engine::State;
using support::domain;
using support::eur;
using support::kNow;

namespace {

const engine::UtcTime kDrop = kNow + 100h, kDue = kDrop - 72h, kDeadline = kDrop - 3h;

ProviderAnswer code(int number, std::string text = "as the script says") {
  return {.delivery = Delivery::answered,
          .code = number,
          .text = text,
          .raw = "CODE=" + std::to_string(number) + "\nEOF\n"};
}
ProviderAnswer silence() { return {.delivery = Delivery::unknown, .text = "no answer"}; }
ProviderAnswer nobody() { return {.delivery = Delivery::not_sent, .text = "nobody listens"}; }

class ScriptedProvider final : public engine::BackorderProvider {
 public:
  std::function<ProviderAnswer(const AddJob&)> on_add{};  // default: accepts
  std::function<ProviderAnswer(const std::string&)> on_remove{}, on_status{};
  std::map<std::string, ProviderJob> living{};  // by application
  bool lists = true;                            // whether a list is answered
  bool charges = false;
  std::vector<engine::UnreadJob> unread{};  // rows of the list that cannot be read
  std::vector<AddJob> added{};
  std::vector<std::string> removed{}, asked{};
  int readings = 0;
  const engine::UtcTime* now = nullptr;

  ProviderJob& make(const engine::DomainName& name, std::string status = "REQUESTED") {
    const std::string application = std::to_string(40'001 + made_++);
    return living
        .insert_or_assign(application, ProviderJob{.application = application,
                                                   .name = name,
                                                   .status = std::move(status),
                                                   .created_at = *now,
                                                   .raw = "raw of " + application})
        .first->second;
  }
  ProviderAnswer accepted(const engine::DomainName& name) {
    ProviderAnswer answer = code(200);
    answer.job = make(name);
    return answer;
  }

  std::string environment() const override { return "scripted 1234"; }
  bool is_live() const override { return false; }
  void add(std::span<const AddJob> orders,
           const std::function<void(std::size_t, const ProviderAnswer&)>& answered) override {
    for (std::size_t i = 0; i < orders.size(); ++i) {
      added.push_back(orders[i]);
      answered(i, on_add ? on_add(orders[i]) : accepted(orders[i].name));
    }
  }
  ProviderAnswer remove(const std::string& application) override {
    removed.push_back(application);
    if (on_remove) return on_remove(application);
    return living.erase(application) > 0 ? code(200) : code(545);
  }
  ProviderAnswer status(const std::string& application) override {
    asked.push_back(application);
    if (on_status) return on_status(application);
    const auto found = living.find(application);
    if (found == living.end()) return code(545);
    ProviderAnswer answer = code(200);
    answer.job = found->second;
    return answer;
  }
  engine::Result<engine::JobList> jobs(std::span<const engine::DomainName> names) override {
    ++readings;
    if (!lists) return engine::Error{engine::ErrorCode::provider_unreachable, "scripted 1234: no list"};
    engine::JobList found{.jobs = {}, .unread = unread, .clock_ahead = {}};
    for (const auto& [application, job] : living) {
      if (names.empty() || std::ranges::find(names, job.name) != names.end()) found.jobs.push_back(job);
    }
    return found;
  }
  engine::Result<bool> charged(const engine::DomainName&, engine::UtcTime) override { return charges; }
  engine::Result<engine::ProviderBalance> balance() override { return engine::ProviderBalance{eur(0), eur(0), eur(0)}; }
  engine::Result<std::vector<engine::ProviderDeposit>> deposits() override {
    return std::vector<engine::ProviderDeposit>{};
  }
  engine::Result<engine::ProviderAccounting> accounting(engine::UtcTime, engine::UtcTime) override {
    return engine::ProviderAccounting{eur(0), eur(0), {}};
  }

 private:
  int made_ = 0;
};

// Names drop at kDrop; some of them are alice's, and the first deposits are due.
struct TestLedger : support::BookDesk {
  ScriptedProvider provider{};
  SweepOptions options{};

  explicit TestLedger(int names = 1) {
    provider.now = &now;
    std::vector<engine::ListRow> rows;
    for (int i = 0; i < 9; ++i) rows.push_back({domain(name(i)), kDrop});
    REQUIRE(bool(import_list("registry", rows)));
    for (int i = 0; i < names; ++i) REQUIRE(bool(place("alice", name(i))));
    now = kDue;
  }
  ~TestLedger() { verify(); }
  static std::string name(int i) { return "name" + std::to_string(i) + ".com"; }
  SweepReport sweep() { return operations::sweep(context(), &provider, options); }
  SweepReport sweep_at(engine::UtcTime then) {
    now = then;
    return sweep();
  }
  engine::Money reserved() { return customer("alice").reserved; }
};

}  // namespace

// ---- submitting ----

TEST_CASE("submitting: an order carries its last moment: half of the absence wait, never beyond the deadline") {
  TestLedger desk(2);
  desk.sweep();
  REQUIRE(desk.provider.added.size() == 2);
  for (const AddJob& order : desk.provider.added) CHECK(order.not_after == desk.now + 30s);
  CHECK(desk.backorder().state == State::processing);
  CHECK(desk.backorder().application == "40001");

  TestLedger late(1);
  late.sweep_at(kDeadline - 10s);
  CHECK(late.provider.added.at(0).not_after == kDeadline);
}

TEST_CASE("the deadline holds within one long run: what it overtakes is not sent, and voided with its deposit back") {
  TestLedger desk(5);
  desk.options.orders = 1;
  engine::UtcTime clock = kDeadline - 150s;
  desk.options.clock = [&] { return clock; };
  desk.provider.on_add = [&](const AddJob& order) {
    clock += 60s;  // as long as each takes
    return desk.provider.accepted(order.name);
  };
  desk.sweep_at(clock);
  CHECK(desk.provider.added.size() == 3);
  CHECK(desk.reserved() == eur(5000));
  desk.sweep_at(kDeadline + 1s);
  CHECK(desk.reserved() == eur(3000));
  for (const std::int64_t id : {4, 5}) {
    CHECK(desk.backorder(id).state == State::voided);
    CHECK(desk.backorder(id).reason == Reason::deadline_missed);
  }
}

TEST_CASE("submitting: a lost answer is looked up, never sent again; the absence of the job must outlive the wait") {
  for (const bool happened : {true, false}) {
    CAPTURE(happened);
    TestLedger desk;
    desk.provider.on_add = [&](const AddJob& order) {
      if (happened) desk.provider.make(order.name);
      return silence();
    };
    desk.sweep();
    CHECK(desk.backorder().open_call);
    desk.sweep_at(kDue + 59s);
    CHECK(desk.provider.added.size() == 1);
    CHECK(desk.backorder().state == (happened ? State::processing : State::active));
    if (happened) continue;
    desk.provider.on_add = {};
    desk.sweep_at(kDue + 60s);  // absence proven: only now another attempt
    CHECK(desk.provider.added.size() == 2);
    CHECK(desk.backorder().state == State::processing);
  }
}

TEST_CASE(
    "submitting: without a list nothing is proven, however long it takes; the deposit stays past deadline and drop") {
  TestLedger desk(2);
  bool first = true;
  desk.provider.on_add = [&](const AddJob&) { return std::exchange(first, false) ? silence() : nobody(); };
  desk.provider.lists = false;
  desk.sweep();
  for (const engine::UtcTime then : {kDue + 1h, kDeadline, kDeadline + 1s, kDrop, kDrop + 24h}) {
    desk.provider.on_add = [](const AddJob&) { return nobody(); };
    CHECK_FALSE(desk.sweep_at(then).errors.empty());
  }
  CHECK(desk.backorder(1).state == State::active);  // unknown: waits for the provider
  CHECK(desk.backorder(1).open_call);
  CHECK(desk.backorder(2).state == State::voided);  // certainly never sent
  CHECK(desk.backorder(2).reason == Reason::deadline_missed);
  CHECK(desk.reserved() == eur(1000));
  desk.provider.lists = true;  // it answers again: no job
  desk.sweep_at(kDrop + 25h);
  desk.sweep_at(kDrop + 26h);
  CHECK(desk.backorder(1).reason == Reason::deadline_missed);
  CHECK(desk.reserved() == eur(0));
}

TEST_CASE("where nobody is there the rest is not even tried, and comes with the next sweep") {
  TestLedger desk(5);
  desk.options.orders = 2;
  desk.provider.on_add = [](const AddJob&) { return nobody(); };
  const SweepReport report = desk.sweep();
  CHECK(desk.provider.added.size() == 2);
  CHECK(report.errors.size() == 1);
  CHECK(report.errors.front().code == engine::ErrorCode::provider_unreachable);
  CHECK(desk.store->open_calls().empty());
  desk.provider.on_add = {};
  CHECK(desk.sweep_at(kDue + 1min).count("submitted") == 5);
}

TEST_CASE("submitting: 549 is tried three times with pauses, then ends as refused; permanent codes end at once") {
  TestLedger desk;
  desk.provider.on_add = [](const AddJob&) { return code(549); };
  for (const engine::Milliseconds after : {0min, 1min, 5min, 6min}) desk.sweep_at(kDue + after);
  CHECK(desk.provider.added.size() == 2);
  CHECK(desk.backorder().state == State::active);
  desk.sweep_at(kDue + 10min);
  CHECK(desk.provider.added.size() == 3);
  desk.sweep_at(kDue + 11min);  // the list proves that no try was carried out
  CHECK(desk.provider.added.size() == 3);
  CHECK(desk.backorder().reason == Reason::provider_refused);
  CHECK(desk.reserved() == eur(0));
  for (const int permanent : {505, 506, 541, 552}) {
    CAPTURE(permanent);
    TestLedger other;
    other.provider.on_add = [&](const AddJob&) { return code(permanent); };
    other.sweep();
    CHECK(other.reserved() == eur(1000));
    other.sweep_at(kDue + 1min);
    CHECK(other.backorder().reason == Reason::provider_refused);
    CHECK(other.reserved() == eur(0));
    CHECK(other.store->evidence(engine::BackorderId(1)).at(0).raw.find("CODE=" + std::to_string(permanent)) !=
          std::string::npos);
  }
}

TEST_CASE("submitting: 540 is looked up: ours is adopted, otherwise it is a refusal after three tries") {
  TestLedger desk;
  desk.provider.on_add = [&](const AddJob& order) {
    if (desk.provider.living.empty()) desk.provider.make(order.name);
    return code(540);
  };
  desk.sweep();
  desk.sweep_at(kDue + 1s);
  CHECK(desk.backorder().state == State::processing);
  CHECK(desk.provider.added.size() == 1);

  TestLedger other;
  other.provider.make(domain(TestLedger::name(0))).job_class = "COM_LITE_BACKORDER";  // another product
  other.provider.on_add = [](const AddJob&) { return code(540); };
  engine::UtcTime then = kDue;
  for (int i = 0; i < 60 && other.backorder().state != State::voided; ++i, then += 1min) other.sweep_at(then);
  CHECK(other.backorder().reason == Reason::provider_refused);
  CHECK(other.provider.added.size() == engine::kRefusedTries);
  CHECK(other.reserved() == eur(0));
  CHECK(other.provider.removed.empty());
}

TEST_CASE(
    "submitting: our empty provider balance keeps the deposit, is told once and tried at each sweep; at the deadline "
    "it is our "
    "fault") {
  TestLedger desk;
  desk.provider.on_add = [](const AddJob&) { return code(546); };
  for (int i = 0; i < 3; ++i) desk.sweep_at(kDue + i * 1min);
  CHECK(desk.provider.added.size() == 3);
  CHECK(desk.events(engine::EventKind::provider_balance_empty) == 1);
  CHECK(desk.reserved() == eur(1000));
  desk.sweep_at(kDeadline + 1s);
  CHECK(desk.backorder().reason == Reason::operator_float);
  CHECK(desk.reserved() == eur(0));
}

TEST_CASE(
    "submitting: credentials refused: one case, nothing more is submitted, no state changes, until a person resumes") {
  for (const int stopping : {530, 531, 500, 504, 544}) {
    CAPTURE(stopping);
    TestLedger desk(3);
    desk.provider.on_add = [&](const AddJob&) { return code(stopping); };
    desk.sweep();
    CHECK(desk.open_cases(engine::CaseKind::submitting_stopped) == 1);
    CHECK(desk.events(engine::EventKind::submitting_stopped) == 1);
    const std::size_t sent = desk.provider.added.size();
    desk.sweep_at(kDue + 1h);
    CHECK(desk.provider.added.size() == sent);
    for (const std::int64_t id : {1, 2, 3}) CHECK(desk.backorder(id).state == State::active);
    CHECK(desk.reserved() == eur(3000));
    desk.provider.on_add = {};
    REQUIRE(bool(resume_submitting(desk.context(), {}, "")));
    CHECK(desk.sweep_at(kDue + 2h).count("submitted") == 3);
  }
}

TEST_CASE("submitting: two accounts want one name: one order after the other, NEW=1 only with the second") {
  TestLedger desk;
  desk.now = kNow;
  desk.open("bob");
  REQUIRE(bool(desk.place("bob", TestLedger::name(0))));
  std::vector<std::size_t> batch;
  desk.sweep_at(kDue);
  REQUIRE(desk.provider.added.size() == 2);
  CHECK_FALSE(desk.provider.added[0].allow_duplicate);
  CHECK(desk.provider.added[1].allow_duplicate);
  CHECK(desk.backorder(1).application == "40001");
  CHECK(desk.backorder(2).application == "40002");

  TestLedger lost;  // while the first one's outcome is unknown the second waits: NEW=1 would make a third
  lost.now = kNow;
  lost.open("bob");
  REQUIRE(bool(lost.place("bob", TestLedger::name(0))));
  lost.provider.on_add = [](const AddJob&) { return silence(); };
  lost.sweep_at(kDue);
  CHECK(lost.provider.added.size() == 1);
}

TEST_CASE("an answer that comes after another sweep looked the order up changes nothing") {
  TestLedger desk;
  bool inside = false;
  desk.provider.on_add = [&](const AddJob& order) {
    ProviderAnswer answer = desk.provider.accepted(order.name);
    if (!std::exchange(inside, true)) {  // another sweep, of another program, while our answer is on its way
      const Context later{*desk.store, desk.now + 1s, "another"};
      operations::sweep(later, &desk.provider, desk.options);
      CHECK(desk.backorder().state == State::processing);
    }
    return answer;
  };
  desk.sweep();
  CHECK(desk.provider.added.size() == 1);
  CHECK(desk.backorder().application == "40001");
  CHECK(desk.provider.removed.empty());
  CHECK(desk.reserved() == eur(1000));
}

TEST_CASE("a provider's clock behind ours does not hide our job from us") {
  TestLedger desk;
  desk.provider.on_add = [&](const AddJob& order) {
    *desk.provider.make(order.name).created_at -= 29s;
    return silence();
  };
  desk.sweep();
  desk.sweep_at(kDue + 2min);
  CHECK(desk.backorder().state == State::processing);
  CHECK(desk.provider.added.size() == 1);
}

TEST_CASE("interrupted, a sweep stops between two batches with nothing half done") {
  TestLedger desk(5);
  desk.options.orders = 2;
  bool stop = false;
  desk.options.interrupted = [&] { return stop; };
  desk.provider.on_add = [&](const AddJob& order) {
    stop = true;
    return desk.provider.accepted(order.name);
  };
  desk.sweep();
  CHECK(desk.provider.added.size() == 2);
  CHECK(desk.store->open_calls().empty());
  stop = false;
  desk.options.interrupted = {};
  CHECK(desk.sweep().count("submitted") == 3);
}

TEST_CASE("a job beyond the one that is needed is deleted before the deadline, and a case after it") {
  TestLedger desk;
  desk.provider.on_add = [&](const AddJob& order) {
    desk.provider.make(order.name);
    desk.provider.make(order.name);
    return silence();
  };
  desk.sweep();
  desk.sweep_at(kDue + 1min);
  CHECK(desk.backorder().application == "40001");
  CHECK(desk.provider.removed == std::vector<std::string>{"40002"});
  CHECK(desk.open_cases(engine::CaseKind::surplus_job) == 0);
  desk.provider.make(domain(TestLedger::name(0)));
  desk.sweep_at(kDeadline + 1h);
  CHECK(desk.open_cases(engine::CaseKind::surplus_job) == 1);
  CHECK(desk.provider.removed.size() == 1);
}

// ---- what is about somebody else, and what is ours whoever made it ----

TEST_CASE(
    "an answer about another application, or another name, settles nothing and is a case that ends with its cause") {
  for (const bool other_name : {true, false}) {
    CAPTURE(other_name);
    TestLedger desk(2);
    desk.sweep();
    ProviderJob& job = desk.provider.living.at("40001");
    job.status = "AUCTION-WON";  // its price is asked for singly
    desk.provider.on_status = [&](const std::string&) {
      ProviderAnswer answer = code(200);
      answer.job = desk.provider.living.at(other_name ? "40001" : "40002");
      answer.job->status = "SUCCESSFUL";
      if (other_name) answer.job->name = domain("another.com");
      return answer;
    };
    desk.sweep_at(kDrop + 1h);
    CHECK(desk.backorder().state == State::processing);
    CHECK(desk.reserved() == eur(2000));
    CHECK(desk.open_cases(engine::CaseKind::wrong_answer) == 1);
    desk.provider.on_status = [&](const std::string& application) {
      ProviderAnswer answer = code(200);
      answer.job = desk.provider.living.at(application);
      answer.job->auction_price = "12.00 USD";
      return answer;
    };
    desk.sweep_at(kDrop + 2h);
    CHECK(desk.backorder().state == State::auction_won);
    CHECK(desk.open_cases(engine::CaseKind::wrong_answer) == 0);
  }
}

TEST_CASE("three orders answered with one application: none of them is bound twice") {
  TestLedger desk(3);
  ProviderAnswer one = code(200);
  desk.provider.on_add = [&](const AddJob& order) {
    if (!one.job)
      one = desk.provider.accepted(order.name);
    else
      desk.provider.make(order.name);
    return one;
  };
  desk.sweep();
  CHECK(desk.store->backorder_of_application("40001").value().id == engine::BackorderId(1));
  for (const std::int64_t id : {2, 3}) {
    CHECK(desk.backorder(id).state == State::active);
    CHECK_FALSE(desk.backorder(id).application);
  }
  CHECK(desk.open_cases(engine::CaseKind::wrong_answer) == 2);
  desk.sweep_at(kDue + 1min);  // looked up: each has its own
  for (const std::int64_t id : {2, 3}) CHECK(desk.backorder(id).state == State::processing);
  CHECK(desk.provider.added.size() == 3);
  CHECK(desk.open_cases(engine::CaseKind::wrong_answer) == 0);
}

TEST_CASE("rows of strangers that cannot be read stop nothing; where one might be ours, absence is not proven") {
  TestLedger desk(2);
  bool first = true;
  desk.provider.on_add = [&](const AddJob& order) {
    return std::exchange(first, false) ? silence() : desk.provider.accepted(order.name);
  };
  desk.sweep();
  desk.provider.living.begin()->second.status = "FAILED";
  desk.provider.unread.push_back({"70099", std::nullopt, "application '70099', DOMAIN '-.com'"});
  const SweepReport report = desk.sweep_at(kDrop + 1h);
  CHECK(report.errors.empty());
  CHECK(report.notes.size() == 1);
  CHECK(desk.backorder(2).state == State::failed);
  CHECK(desk.backorder(1).open_call);
  CHECK(desk.reserved() == eur(1000));
  desk.provider.unread.front().name = domain("foreign.com");
  desk.sweep_at(kDrop + 2h);
  CHECK(desk.backorder(1).reason == Reason::deadline_missed);
  CHECK(desk.open_cases(engine::CaseKind::deadline_missed) == 1);
}

TEST_CASE("a living job of our account is adopted whoever made it, before its deposit is due as well") {
  TestLedger desk(2);
  desk.now = kNow + 1h;
  desk.provider.make(domain(TestLedger::name(0)));
  desk.sweep_at(kNow + 2h);
  CHECK(desk.backorder().state == State::requested);
  CHECK(desk.backorder().application == "40001");
  CHECK(desk.events(engine::EventKind::adopted) == 1);
  desk.sweep_at(kDue);
  CHECK(desk.backorder().state == State::processing);
  CHECK(desk.reserved() == eur(2000));
  CHECK(desk.provider.added.size() == 1);  // the other one's

  TestLedger poor(1);  // what the plan does not fund is a case, and nobody deletes what we did not order
  poor.now = kNow + 1h;
  REQUIRE(bool(operations::withdraw(poor.context(), {}, "alice", {.amount = eur(9'500)})));
  poor.provider.make(domain(TestLedger::name(0)));
  poor.sweep_at(kNow + 2h);
  poor.sweep_at(kDue);
  CHECK(poor.backorder().state == State::voided);
  CHECK(poor.open_cases(engine::CaseKind::surplus_job) == 1);
  CHECK(poor.provider.removed.empty());
  poor.provider.living.clear();
  poor.sweep_at(kDue + 1h);
  CHECK(poor.open_cases(engine::CaseKind::surplus_job) == 0);
}

TEST_CASE("provider.adopt = ask: a job that this book did not order is a person's to adopt, the deposit held") {
  for (const bool ours : {true, false}) {
    CAPTURE(ours);
    TestLedger desk;
    REQUIRE(bool(set_setting(desk.context(), {}, "provider.adopt", "ask")));
    desk.now = kDue - 1h;
    desk.provider.make(domain(TestLedger::name(0)));
    desk.sweep_at(kDue);
    CHECK(desk.backorder().in_doubt == "40001");
    CHECK(desk.provider.added.empty());
    CHECK(desk.open_cases(engine::CaseKind::doubtful_job) == 1);
    desk.sweep_at(kDeadline - 1h);
    CHECK(desk.backorder().state == State::active);
    engine::CaseQuery query;
    query.kind = engine::CaseKind::doubtful_job;
    REQUIRE(bool(resolve(desk.context(), {}, desk.store->cases(query).front().id.value(),
                         ours ? engine::Resolution::adopt : engine::Resolution::acknowledge, "asked around", {},
                         &desk.provider)));
    CHECK(desk.backorder().state == (ours ? State::processing : State::active));
    desk.sweep_at(kDeadline - 30min);
    CHECK(desk.provider.added.size() == (ours ? 0u : 1u));
    CHECK(desk.open_cases(engine::CaseKind::doubtful_job) == 0);
  }
}

TEST_CASE("gone: the case ends when the job is seen again, or its backorder has ended; a person may close it, too") {
  TestLedger desk;
  desk.sweep();
  const auto kept = desk.provider.living;
  desk.provider.living.clear();
  desk.sweep_at(kDue + 6h);
  desk.sweep_at(kDue + 7h);
  CHECK(desk.open_cases(engine::CaseKind::gone) == 1);
  SUBCASE("seen again") { desk.provider.living = kept; }
  SUBCASE("ended") {}
  desk.sweep_at(kDrop + 5h);
  CHECK(desk.open_cases(engine::CaseKind::gone) == 0);
}

TEST_CASE("what settle gives back funds in the same sweep what waits; swept again at once, nothing is done") {
  TestLedger desk(0);
  desk.now = kNow;
  REQUIRE(bool(operations::open_account(desk.context(), {}, "eve", support::currency("EUR"),
                                        {.void_policy = engine::VoidPolicy::at_deadline})));
  desk.pay_in("eve", 1'000);
  REQUIRE(bool(desk.place("eve", TestLedger::name(0))));
  REQUIRE(bool(desk.place("eve", TestLedger::name(1))));
  desk.sweep_at(kDue);
  CHECK(desk.backorder(1).state == State::processing);
  CHECK(desk.backorder(2).underfunded);
  desk.provider.living.at("40001").status = "FAILED";
  desk.sweep_at(kDeadline - 1h);
  CHECK(desk.backorder(1).state == State::failed);
  CHECK(desk.backorder(2).state == State::processing);
  const std::int64_t events = desk.store->last_event();
  const SweepReport again = desk.sweep();
  CHECK(again.counts.empty());
  CHECK(desk.store->last_event() == events);
}

TEST_CASE("a fixpoint: over random books, policies and answers a second sweep at one instant writes nothing") {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    unsigned state = seed * 2'654'435'761u;
    const auto draw = [&](unsigned below) { return (state = state * 1'664'525u + 1'013'904'223u) / 65'536u % below; };
    TestLedger desk(0);
    desk.now = kNow;
    for (int account = 0; account < 4; ++account) {
      const std::string name = "account" + std::to_string(account);
      AccountTerms terms;
      terms.void_policy = draw(2) == 0 ? engine::VoidPolicy::at_due : engine::VoidPolicy::at_deadline;
      terms.policy = draw(2) == 0 ? engine::FundingPolicy::each : engine::FundingPolicy::all_or_nothing;
      REQUIRE(bool(operations::open_account(desk.context(), {}, name, support::currency("EUR"), terms)));
      desk.pay_in(name, 1'000 * static_cast<std::int64_t>(1 + draw(4)));
      for (int i = 0; i < 9; ++i) {
        if (draw(2) == 0) REQUIRE(bool(desk.place(name, TestLedger::name(i))));
      }
      if (draw(4) == 0) REQUIRE(bool(operations::freeze_account(desk.context(), {}, name, "for the test")));
    }
    desk.provider.on_add = [&](const AddJob& order) {
      switch (draw(8)) {
        case 0:
          return silence();
        case 1:
          desk.provider.make(order.name);
          return code(541);
        case 2:
          return code(546);
        case 3:
          return code(549);
        case 4:
          return code(540);
        default:
          return desk.provider.accepted(order.name);
      }
    };
    for (engine::UtcTime then = kDue - 1h; then < kDrop + 80h; then += 5h) {
      CAPTURE(engine::to_string(then));
      desk.sweep_at(then);
      for (auto& [application, job] : desk.provider.living) {
        if (then > kDrop && draw(2) == 0) job.status = draw(2) == 0 ? "FAILED" : "SUCCESSFUL";
      }
      desk.sweep();
      const std::int64_t events = desk.store->last_event();
      const std::size_t orders = desk.provider.added.size();
      const SweepReport again = desk.sweep();
      CHECK(desk.store->last_event() == events);
      CHECK(desk.provider.added.size() == orders);
      for (const StageCount& row : again.counts)
        CHECK_MESSAGE((row.what == "waiting" || row.what == "unknown" || row.what == "gone"), row.what);
    }
  }
}

// ---- syncing ----

TEST_CASE(
    "syncing: living words change no money; a word nobody knows is kept as it is, told once, and an outcome settles it "
    "later") {
  TestLedger desk;
  desk.sweep();
  ProviderJob& job = desk.provider.living.at("40001");
  for (const char* word : {"REQUESTED", "ACTIVE", "PROCESSING", "PENDING-PAYMENT"}) {
    job.status = word;
    desk.sweep_at(desk.now + 1h);
    CHECK(desk.backorder().provider_status == word);
    CHECK(desk.reserved() == eur(1000));
  }
  desk.sweep_at(desk.now + 1h);
  CHECK(desk.open_cases(engine::CaseKind::unknown_status) == 1);
  job.status = "FAILED";
  desk.sweep_at(kDrop + 1h);
  CHECK(desk.backorder().state == State::failed);
  CHECK(desk.reserved() == eur(0));
}

TEST_CASE("syncing: an outcome keeps the answer it came from, and settles once") {
  for (const auto& [word, state] : {std::pair{"SUCCESSFUL", State::successful}, std::pair{"FAILED", State::failed}}) {
    CAPTURE(word);
    TestLedger desk;
    desk.sweep();
    ProviderJob& job = desk.provider.living.at("40001");
    job.status = word;
    job.raw = std::string("PROPERTY[STATUS][0]=") + word;
    for (int i = 0; i < 3; ++i) desk.sweep_at(kDrop + i * 1h);
    CHECK(desk.backorder().state == state);
    CHECK(desk.reserved() == eur(0));
    const auto evidence = desk.store->evidence(engine::BackorderId(1));
    REQUIRE(evidence.size() == 1);
    CHECK(evidence[0].raw == job.raw);
    CHECK(desk.store->customer("alice").value().available == eur(state == State::successful ? 9000 : 10'000));
  }
}

TEST_CASE("syncing: what contradicts a settled outcome is a case with both, and moves no money") {
  for (const auto& [first, then, kind] : {std::tuple{"FAILED", "SUCCESSFUL", engine::CaseKind::late_success},
                                          std::tuple{"SUCCESSFUL", "FAILED", engine::CaseKind::late_failure}}) {
    CAPTURE(first);
    TestLedger desk;
    desk.sweep();
    desk.provider.living.at("40001").status = first;
    desk.sweep_at(kDrop + 1h);
    const engine::Money available = desk.store->customer("alice").value().available;
    desk.provider.living.at("40001").status = then;
    desk.sweep_at(kDrop + 2h);
    CHECK(desk.open_cases(kind) == 1);
    CHECK(desk.store->customer("alice").value().available == available);
  }
}

TEST_CASE("syncing: a list does not say when an auction ends or what it cost: those are asked for singly, and kept") {
  TestLedger desk;
  desk.sweep();
  CHECK(desk.provider.asked.empty());
  ProviderJob& listed = desk.provider.living.at("40001");
  listed.status = "AUCTION-PENDING";
  const engine::UtcTime ends = support::at("2026-08-08T20:00:00Z");
  desk.provider.on_status = [&](const std::string& application) {
    ProviderAnswer answer = code(200);
    answer.job = desk.provider.living.at(application);
    answer.job->auction_ends_at = ends;
    if (listed.status == "AUCTION-WON") answer.job->auction_price = "120.00 USD";
    return answer;
  };
  desk.sweep_at(kDrop + 1h);
  CHECK(desk.backorder().state == State::auction_pending);
  CHECK(desk.backorder().auction_ends_at == ends);
  CHECK(desk.provider.asked.size() == 1);
  desk.provider.on_status = [](const std::string&) { return code(421); };  // not read: what was known stays
  CHECK(desk.sweep_at(kDrop + 2h).count("not read") == 1);
  CHECK(desk.backorder().auction_ends_at == ends);
  CHECK(desk.reserved() == eur(1000));
  listed.status = "AUCTION-WON";
  desk.sweep_at(kDrop + 100h);
  CHECK(desk.backorder().state == State::auction_pending);  // won, but the price is not known yet
  desk.provider.on_status = [&](const std::string& application) {
    ProviderAnswer answer = code(200);
    answer.job = desk.provider.living.at(application);
    answer.job->auction_price = "120.00 USD";
    return answer;
  };
  desk.sweep_at(kDrop + 101h);
  CHECK(desk.backorder().state == State::auction_won);
  CHECK(desk.backorder().auction_price == "120.00 USD");
  CHECK(desk.reserved() == eur(0));
}

TEST_CASE("syncing: AUCTION-LOST gives the deposit back at once") {
  TestLedger desk;
  desk.sweep();
  desk.provider.living.at("40001").status = "AUCTION-LOST";
  desk.sweep_at(kDrop + 1h);
  CHECK(desk.backorder().state == State::auction_lost);
  CHECK(desk.reserved() == eur(0));
}

TEST_CASE(
    "syncing: a job that is gone is looked at twice; refunded only four hours after the drop and without a charge") {
  TestLedger desk;
  desk.sweep();
  desk.provider.living.clear();
  desk.sweep_at(kDrop + 5h);
  CHECK(desk.backorder().state == State::processing);
  CHECK(desk.backorder().gone_since == kDrop + 5h);
  desk.sweep_at(kDrop + 5h + 9min);
  CHECK(desk.backorder().state == State::processing);
  desk.sweep_at(kDrop + 5h + 10min);
  CHECK(desk.backorder().state == State::cancelled);
  CHECK(desk.backorder().reason == Reason::provider_deleted);
  CHECK(desk.reserved() == eur(0));
  CHECK(desk.store->evidence(engine::BackorderId(1)).at(0).raw.find("CODE=545") != std::string::npos);
  CHECK(desk.provider.added.size() == 1);  // never submitted again by itself

  TestLedger charged;
  charged.sweep();
  charged.provider.living.clear();
  charged.provider.charges = true;
  charged.sweep_at(kDrop + 5h);
  charged.sweep_at(kDrop + 6h);
  CHECK(charged.open_cases(engine::CaseKind::gone) == 1);
  CHECK(charged.reserved() == eur(1000));

  TestLedger early;  // before the deadline: a case, and the deposit stays
  early.sweep();
  early.provider.living.clear();
  early.sweep_at(kDue + 1h);
  early.sweep_at(kDue + 2h);
  CHECK(early.open_cases(engine::CaseKind::gone) == 1);
  CHECK(early.reserved() == eur(1000));
  CHECK(early.provider.added.size() == 1);
}

TEST_CASE("syncing: seen again, a job was never gone; a list that is not answered says nothing about anybody") {
  TestLedger desk;
  desk.sweep();
  const ProviderJob job = desk.provider.living.at("40001");
  desk.provider.living.clear();
  desk.sweep_at(kDrop + 5h);
  CHECK(desk.backorder().gone_since);
  desk.provider.living.emplace(job.application, job);
  desk.sweep_at(kDrop + 6h);
  CHECK_FALSE(desk.backorder().gone_since);
  desk.provider.living.clear();
  desk.provider.lists = false;
  for (int i = 7; i < 10; ++i) CHECK(desk.sweep_at(kDrop + i * 1h).errors.size() == 1);
  CHECK_FALSE(desk.backorder().gone_since);
  CHECK(desk.reserved() == eur(1000));
}

TEST_CASE(
    "deleting: the provider's no to a deletion lets the job run on; no answer keeps the deposit until the list tells") {
  const auto cancel = [](TestLedger& desk) {
    (void)operations::cancel(desk.context(), {}, 1, engine::By::customer, "changed my mind", &desk.provider);
  };
  TestLedger desk;
  desk.sweep();
  desk.provider.on_remove = [](const std::string&) { return code(552); };
  cancel(desk);
  CHECK(desk.backorder().state == State::processing);
  CHECK_FALSE(desk.backorder().cancelling);
  CHECK(desk.reserved() == eur(1000));

  TestLedger silent;
  silent.sweep();
  silent.provider.on_remove = [&](const std::string& application) {
    silent.provider.living.erase(application);
    return silence();
  };
  cancel(silent);
  CHECK(silent.backorder().cancelling);
  CHECK(silent.reserved() == eur(1000));
  silent.sweep_at(kDue + 59s);
  CHECK(silent.reserved() == eur(1000));
  silent.sweep_at(kDue + 60s);
  CHECK(silent.backorder().state == State::cancelled);
  CHECK(silent.backorder().reason == Reason::by_customer);
  CHECK(silent.reserved() == eur(0));
}
