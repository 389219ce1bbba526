// engine/walkthrough.md tells what a book really does: the same steps are played here, and every figure, state and
// transfer on the page is compared.
#include <doctest/doctest.h>

#include <fstream>
#include <regex>
#include <set>

#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/preview.hpp"
#include "tools/operations/reports.hpp"
#include "tools/operations/sweep.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace {

using engine::UtcTime;
using operations::Stage;
using support::at;
using support::eur;

// A row of the page's table: what is written, and the balances after it.
struct Row {
  std::string step, written, available, reserved;
};

std::vector<Row> rows_of_page() {
  std::ifstream file(support::source_folder() / "engine/walkthrough.md");
  REQUIRE(file.is_open());
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| ") || line.starts_with("| step ") || line.starts_with("| ---")) continue;
    std::vector<std::string> cells;
    for (std::size_t from = 2; from < line.size();) {
      const std::size_t end = std::min(line.find(" | ", from), line.rfind(" |"));
      cells.push_back(line.substr(from, end - from));
      from = end + 3;
    }
    REQUIRE_MESSAGE(cells.size() == 5, line);
    rows.push_back({cells[0], cells[2], cells[3], cells[4]});
  }
  return rows;
}

// The facts of one step as the page words them.
using Said = std::vector<std::string>;

class Story {
 public:
  Story() {
    storage::create_book(folder_.file("book.db"), at("2026-08-01T00:00:00Z"), true);
    store_ = storage::open_book(folder_.file("book.db"), {});
    simulated_registry::World world;
    world.seed = 1;  // under which the provider takes the order and its answer is lost
    world.busy_percent = 100;
    world.catch_percent = 100;
    world.competitor_percent = world.withdrawn_percent = world.refused_percent = world.slow_percent = 0;
    REQUIRE(bool(simulated_registry::SimulatedRegistry::create(folder_.file("registry.db"), world)));
    registry_ =
        simulated_registry::SimulatedRegistry::open(folder_.file("registry.db"), [this] { return now_; }).value();
    REQUIRE(bool(operations::set_prices(context(), {}, {{"com", "standard", eur(6'900), now_, {}}})));
    REQUIRE(bool(operations::set_tax_rate(context(), {}, {"DE", 1900, now_})));
    REQUIRE(bool(operations::open_account(context(), {}, "alice", support::currency("EUR"), {.country = "DE"})));
    const UtcTime drop = at("2026-08-05T18:00:00Z");
    const engine::DomainName name = support::domain("dune-market.com");
    REQUIRE(bool(operations::import_list(context(), {.source = "registry", .date_is = engine::DateIs::drop},
                                         {{name, drop}}, {})));
    const simulated_registry::NameDrop drops[] = {{name, drop, {}}};
    REQUIRE(bool(registry_->learn(drops)));
  }

  operations::Context context() { return {*store_, now_, "tester"}; }
  engine::LedgerStore& store() { return *store_; }
  void set_now(const char* text) { now_ = at(text); }
  engine::Backorder backorder() { return store_->backorder(engine::BackorderId(1)).value(); }
  engine::ProviderCall call() { return store_->calls(engine::BackorderId(1)).front(); }
  void sweep(Stage stage, const std::function<void(operations::Milestone)>& reached = {}) {
    operations::SweepOptions options;
    options.stages = {stage};
    options.reached = reached;
    operations::sweep(context(), registry_.get(), options);
  }

  // Compares the next row of the page with what is in the book now and with `said`. Transfers and figures count both
  // ways: what is on the page happened, what happened is on the page.
  void tell(const std::string& step, Said said) {
    REQUIRE(told_ < page_.size());
    const Row& row = page_[told_++];
    CAPTURE(step);
    CAPTURE(row.written);
    CHECK(row.step == step);
    engine::TransferQuery since;
    since.after_id = last_transfer_;
    store_->each_transfer(since, [&](const engine::Transfer& transfer) {
      last_transfer_ = transfer.id.value();
      said.push_back(std::string(to_word(transfer.kind)) + ": " + std::string(to_word(transfer.debit.kind)) + " → " +
                     std::string(to_word(transfer.credit.kind)) + " " + to_string(transfer.amount));
    });
    std::set<std::string> figures;
    const std::regex figure("[0-9]+\\.[0-9]{2}");
    for (const std::string& fact : said) {
      CAPTURE(fact);
      CHECK(row.written.find(fact) != std::string::npos);
      for (auto found = std::sregex_iterator(fact.begin(), fact.end(), figure); found != std::sregex_iterator();
           ++found)
        figures.insert(found->str());
    }
    for (auto found = std::sregex_iterator(row.written.begin(), row.written.end(), figure);
         found != std::sregex_iterator(); ++found) {
      CHECK_MESSAGE(figures.contains(found->str()), "on the page, but it did not happen: ", found->str());
    }
    const engine::Customer alice = store_->customer("alice").value();
    CHECK(row.available == to_string(alice.available));
    CHECK(row.reserved == to_string(alice.reserved));
  }
  bool is_told() const { return told_ == page_.size(); }

 private:
  support::TemporaryDirectory folder_{};
  UtcTime now_ = at("2026-08-01T00:00:00Z");
  std::unique_ptr<engine::LedgerStore> store_{};
  std::unique_ptr<simulated_registry::SimulatedRegistry> registry_{};
  std::vector<Row> page_ = rows_of_page();
  std::size_t told_ = 0;
  std::int64_t last_transfer_ = 0;
};

}  // namespace

TEST_CASE("walkthrough: the page tells what the book does") {
  Story story;
  const auto state = [&story] { return std::string(to_word(story.backorder().state)); };

  REQUIRE(bool(operations::fund(story.context(), {}, "alice", {.amount = eur(10'000)})));
  story.tell("pay-in", {});

  REQUIRE(bool(
      operations::place(story.context(), {}, "alice", {.name = support::domain("dune-market.com"), .max_price = {}})));
  story.tell("placing, free", {state(), "cap " + to_string(story.backorder().max_price)});

  const auto preview =
      operations::preview(story.store(), {.now = at("2026-08-01T00:00:00Z"), .horizon = at("2026-08-08T00:00:00Z")})
          .value();
  const engine::FundingVerdict verdict = preview.accounts.at(0).rows.at(0).verdict;
  story.tell("preview", {std::string(to_word(verdict.verdict)) + " at " + engine::to_string(*verdict.decided_at),
                         to_string(verdict.spendable_after) + " left"});

  story.set_now("2026-08-02T17:59:59Z");
  story.sweep(Stage::reserve);
  CHECK(state() == "REQUESTED");
  story.set_now("2026-08-02T18:00:00Z");
  story.sweep(Stage::reserve);
  story.tell("deposit", {state(), "attempt " + std::to_string(story.backorder().attempt)});

  story.sweep(Stage::submit, [&](operations::Milestone milestone) {
    if (milestone != operations::Milestone::after_intent) return;
    const engine::ProviderCall call = story.call();
    story.tell("intent", {std::string(to_word(call.command)) + " " + std::to_string(call.attempt),
                          std::string(to_word(call.state))});
  });
  story.tell("lost answer", {std::string(to_word(story.call().state))});
  CHECK(state() == "ACTIVE");

  story.set_now("2026-08-02T18:01:00Z");
  story.sweep(Stage::submit);
  REQUIRE(story.backorder().application.has_value());
  story.tell("look-up", {std::string(to_word(story.call().state)), state()});

  story.set_now("2026-08-06T00:00:00Z");
  story.sweep(Stage::sync);
  CHECK(state() == "PROCESSING");
  story.tell("outcome", {"status " + story.backorder().provider_status});

  story.sweep(Stage::settle);
  CHECK(story.store().evidence(engine::BackorderId(1)).back().status == story.backorder().provider_status);
  story.tell("capture", {state()});

  const operations::Statement statement =
      operations::statement(story.store(), story.store().customer("alice").value(), {});
  story.tell("report", {std::to_string(statement.lines.size()) + " lines",
                        "closing " + to_string(statement.closing_available) + " available and " +
                            to_string(statement.closing_reserved) + " reserved"});
  CHECK(story.is_told());
  CHECK(story.store().verify({}).findings.empty());
}
