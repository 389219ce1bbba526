// Backorders as they live in the book: placed, funded, submitted, settled, cancelled, through operations on a real
// store.
#include <atomic>
#include <thread>

#include "tests/support/desk.hpp"
#include "tools/operations/preview.hpp"

using namespace operations;
using engine::ErrorCode;
using engine::State;
using support::at;
using support::eur;
using support::hours;
using support::kNow;
using support::TestLedger;

TEST_CASE("a funded backorder lives to its end: reserved at T - 72 h, submitted, captured; preview says it before") {
  TestLedger desk;
  const engine::UtcTime drop = kNow + hours(100);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.now = drop - hours(72) - engine::Milliseconds(1);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::requested);
  desk.now = drop - hours(72);
  CHECK(
      preview(*desk.store, {.now = desk.now, .horizon = desk.now}).value().accounts.at(0).rows.at(0).verdict.verdict ==
      engine::Verdict::funded);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::processing);
  CHECK(desk.customer("alice").reserved == eur(1000));
  desk.now = drop + hours(3);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::successful);
  CHECK(desk.customer("alice").available == eur(9000));
  CHECK(desk.sweep().counts.empty());  // once more changes nothing
  desk.verify();
}

TEST_CASE("placing: void stays void; placing again inside the window reserves at once") {
  TestLedger desk;
  desk.open("bob", 0);
  const engine::UtcTime drop = kNow + hours(100);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}})));
  REQUIRE(bool(desk.place("bob", "a.com")));
  desk.now = drop - hours(71);
  desk.sweep();
  CHECK(desk.backorder(1).state == State::voided);
  CHECK(desk.place("bob", "a.com").error().code == ErrorCode::insufficient_available);
  REQUIRE(bool(fund(desk.context(), {}, "bob", {.amount = eur(1000)})));
  desk.sweep();
  CHECK(desk.backorder(1).state == State::voided);
  CHECK(desk.place("bob", "a.com").value().fact("state") == "ACTIVE");
}

TEST_CASE("submit: two accounts want one name: each has its own job, and at most one gets it") {
  TestLedger desk;
  desk.open("bob", 5'000);
  const engine::UtcTime drop = kNow + hours(70);
  REQUIRE(bool(desk.list("registry", {{"a.com", drop}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  REQUIRE(bool(desk.place("bob", "a.com")));
  desk.sweep();
  CHECK(desk.backorder(1).application.has_value());
  CHECK(desk.backorder(2).application.has_value());
  CHECK(desk.backorder(1).application != desk.backorder(2).application);
  for (int hour = 1; hour <= 24 * 10; hour += 6) {
    desk.now = drop + hours(hour);
    desk.sweep();
  }
  int won = 0;
  for (const std::int64_t id : {1, 2}) {
    CHECK(is_final(desk.backorder(id).state));
    won += desk.backorder(id).state == State::auction_won || desk.backorder(id).state == State::successful ? 1 : 0;
  }
  CHECK(won <= 1);
  desk.verify();
}

TEST_CASE("cancel: with a job deletes it first, then refunds") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.sweep();
  const auto cancelled = cancel(desk.context(), {}, 1, engine::By::customer, "", desk.registry.get());
  REQUIRE(bool(cancelled));
  CHECK(cancelled.value().fact("deletion") == "confirmed");
  CHECK(desk.backorder(1).state == State::cancelled);
  CHECK(desk.customer("alice").available == eur(10'000));
  CHECK(desk.registry->tally().value().removed == 1);
  desk.verify();
}

TEST_CASE(
    "sweep: a thousand due at once, by chunks in commits of their own, in one, with others writing in between, or all "
    "at once: the same books") {
  struct Way {
    std::size_t chunk, batch;
    bool others_write;
  };
  std::vector<std::vector<std::string>> books;
  for (const Way way :
       {Way{7, 7, false}, Way{7, 100'000, false}, Way{7, 100'000, true}, Way{100'000, 100'000, false}}) {
    CAPTURE(way.chunk);
    CAPTURE(way.batch);
    CAPTURE(way.others_write);
    TestLedger desk([](simulated_registry::World& world) { world.catch_percent = 60, world.competitor_percent = 40; });
    std::vector<std::pair<const char*, engine::UtcTime>> names;
    std::vector<std::string> texts;
    for (int i = 0; i < 1'000; ++i) texts.push_back("n" + std::to_string(i) + ".com");
    for (const std::string& text : texts) names.emplace_back(text.c_str(), kNow + hours(100));
    REQUIRE(bool(desk.list("registry", names)));
    for (int i = 0; i < 100; ++i) desk.open("c" + std::to_string(i), 1000 * (i % 10 + 1));
    std::vector<ImportRow> rows;
    for (std::size_t i = 0; i < texts.size(); ++i) rows.push_back({i + 2, "c" + std::to_string(i % 100), texts[i]});
    bool kept = false;
    import_backorders(desk.context(), "op", "file", rows, false, {}, kept);
    REQUIRE(kept);
    desk.now = kNow + hours(28);
    std::atomic<int> turns = 0;
    const std::jthread other([&](const std::stop_token& over) {
      const auto store = storage::open_book(desk.folder.file("book.db"), {});
      for (; way.others_write && !over.stop_requested(); ++turns) {
        store->begin();
        store->rollback();
      }
    });
    SweepOptions options;
    options.chunk = way.chunk;
    options.batch = way.batch;
    options.stages = {Stage::reserve};
    while (way.others_write && turns == 0) std::this_thread::yield();
    const int turns_before = turns;
    const SweepReport report = sweep(desk.context(), nullptr, options);
    // so what was decided ahead was dropped now and then, and decided again
    if (way.others_write) CHECK(turns > turns_before + 1);
    CHECK(report.count("reserved") == 550);
    CHECK(report.count("voided") == 450);
    desk.verify();
    options.stages = {Stage::submit};
    CHECK(sweep(desk.context(), desk.registry.get(), options).count("submitted") == 550);
    desk.now = kNow + hours(124);  // a day after the drop
    options.stages = {Stage::sync, Stage::settle};
    const SweepReport outcomes = sweep(desk.context(), desk.registry.get(), options);
    CHECK(outcomes.count("news") == 550);
    for (const char* outcome : {"SUCCESSFUL", "FAILED", "AUCTION-PENDING"}) CHECK(outcomes.count(outcome) > 100);
    desk.verify();
    std::vector<std::string>& lines = books.emplace_back();
    for (const engine::Backorder& one : desk.store->backorders({}))
      lines.push_back(one.name.ace() + " " + std::string(to_word(one.state)) + " " +
                      to_string(one.deposit.value_or(eur(0))));
    for (const StageCount& row : outcomes.counts)
      lines.push_back(std::string(to_word(row.stage)) + " " + row.what + " " + std::to_string(row.count));
    CHECK(books.back() == books.front());
  }
}

TEST_CASE(
    "import: one bad line leaves nothing placed and every line is told; --keep-going places the rest; again places "
    "nothing twice") {
  TestLedger desk;
  std::vector<ImportRow> rows;
  for (std::uint64_t i = 0; i < 1'000; ++i) rows.push_back({i + 2, "alice", "n" + std::to_string(i) + ".com"});
  rows[500].domain = "not a name";
  rows[501].account = "nobody";
  rows[502].max_price = "-1";
  rows[503].domain = "x.org";
  bool kept = true;
  auto results = import_backorders(desk.context(), "op", "file", rows, false, {}, kept);
  CHECK_FALSE(kept);
  CHECK(results.size() == 1'000);
  CHECK(results[500].error().code == ErrorCode::invalid_domain);
  CHECK(results[501].error().code == ErrorCode::account_not_found);
  CHECK(results[502].error().code == ErrorCode::invalid_amount);
  CHECK(results[503].error().code == ErrorCode::unknown_zone);
  CHECK(desk.store->backorders({}).empty());
  import_backorders(desk.context(), "op", "file", rows, true, {}, kept);
  CHECK(kept);
  CHECK(desk.store->backorders({}).size() == 996);
  results = import_backorders(desk.context(), "op", "file", rows, true, {}, kept);
  CHECK(results[0].value().already_open);
  CHECK(desk.store->backorders({}).size() == 996);
}

TEST_CASE(
    "import: lines that bear on one another are placed as if each came alone: the same name again, another copy, money "
    "inside the window") {
  const std::vector<ImportRow> rows = {
      {1, "alice", "a.com"},    {2, "bob", "a.com"},      {3, "alice", "a.com"},  {4, "alice", "a.com", "", "", "yes"},
      {5, "alice", "near.com"}, {6, "alice", "b.com"},    {7, "bob", "near.com"}, {8, "alice", "near2.com"},
      {9, "bob", "b.com"},      {10, "alice", "near.com"}};
  const auto make = [] {
    auto desk = std::make_unique<TestLedger>();
    desk->open("bob", 30'00);
    REQUIRE(bool(desk->list(
        "registry", {{"a.com", kNow + hours(100)}, {"near.com", kNow + hours(30)}, {"near2.com", kNow + hours(31)}})));
    return desk;
  };
  const auto left_in = [](TestLedger& desk) {
    std::vector<std::string> lines;
    for (const engine::Backorder& one : desk.store->backorders({})) {
      lines.push_back(one.name.ace() + " " + std::to_string(one.sequence) + " " + std::string(to_word(one.state)) +
                      " " + to_string(one.deposit.value_or(eur(0))));
    }
    desk.store->each_transfer({}, [&](const engine::Transfer& one) {
      lines.push_back(std::string(to_word(one.kind)) + " " + to_string(one.amount));
    });
    return lines;
  };
  const auto batch = make(), alone = make();
  bool kept = false;
  const auto results = import_backorders(batch->context(), "op", "file", rows, true, {}, kept);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto one = import_backorders(alone->context(), "op", "file", {rows[i]}, true, {}, kept);
    CHECK(one[0].value().already_open == results[i].value().already_open);
    CHECK(one[0].value().state == results[i].value().state);
  }
  CHECK(left_in(*batch) == left_in(*alone));
  CHECK(left_in(*batch).size() > rows.size());
  batch->verify();
}

TEST_CASE("surplus: a person asks for its deletion; while the provider refuses, the case stays open") {
  TestLedger desk;
  REQUIRE(bool(desk.list("registry", {{"a.com", kNow + hours(70)}})));
  REQUIRE(bool(desk.place("alice", "a.com")));
  desk.sweep();
  std::string surplus;
  const engine::AddJob again[] = {{support::domain("a.com"), true}};
  desk.registry->add(
      again, [&](std::size_t, const engine::ProviderAnswer& answer) { surplus = answer.job.value().application; });
  desk.now = kNow + hours(68);  // past the deadline, where surplus is not deleted unasked
  desk.sweep();
  REQUIRE(desk.open_cases(engine::CaseKind::surplus_job) == 1);
  desk.now = kNow + hours(71);  // past the provider's last call
  const auto refused =
      resolve(desk.context(), {}, 1, engine::Resolution::delete_job, "not needed", {}, desk.registry.get());
  CHECK(refused.error().code == ErrorCode::provider_refused);
  CHECK(desk.open_cases(engine::CaseKind::surplus_job) == 1);
  CHECK(bool(
      resolve(desk.context(), {}, 1, engine::Resolution::acknowledge, "left to its fate", {}, desk.registry.get())));
  CHECK(desk.open_cases(engine::CaseKind::surplus_job) == 0);
  desk.verify();
}
