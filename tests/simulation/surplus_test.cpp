// A job that exists beside the one that is needed, as a doubled order leaves it: it is deleted while there is time,
// however badly the provider answers.
#include <doctest/doctest.h>

#include <deque>

#include "tests/support/books.hpp"
#include "tests/support/forwarding_provider.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/drill/season.hpp"

namespace {

using engine::ProviderAnswer;
using namespace std::chrono_literals;

// The simulated registry, but for deletions, which are answered as scripted as long as the script lasts, and not done.
class Stubborn final : public support::ForwardingProvider {
 public:
  std::deque<ProviderAnswer> script{};
  int removals = 0;

  ProviderAnswer remove(const std::string& application) override {
    ++removals;
    if (script.empty()) return behind->remove(application);
    const ProviderAnswer answer = script.front();
    script.pop_front();
    return answer;
  }
};

// One backorder with its job, and a second job for the same name that nobody needs.
struct TestLedger {
  support::TemporaryDirectory folder;
  engine::UtcTime drop = support::at("2026-08-10T06:00:00Z"), now = drop - 72h;
  engine::DomainName name = support::domain("dune-market.com");
  std::unique_ptr<engine::LedgerStore> store;
  std::unique_ptr<simulated_registry::SimulatedRegistry> registry;
  std::unique_ptr<Stubborn> provider;

  TestLedger() {
    drill::SeasonOptions options{.folder = folder.path().string(), .accounts = 1, .every = 1, .move_rounds = 0};
    options.world.refused_percent = 0;
    drill::Season season = drill::Season::make(options, {{{name, drop}}});
    season.sweep(now);
    store = season.book();
    registry = simulated_registry::SimulatedRegistry::open(folder.file("registry.db"), [this] { return now; }).value();
    now += 1min;
    const engine::AddJob another{.name = name, .allow_duplicate = true};
    registry->add(std::span(&another, 1),
                  [](std::size_t, const ProviderAnswer& answer) { REQUIRE(answer.code == 200); });
    provider = std::make_unique<Stubborn>();
    provider->behind = registry.get();
    REQUIRE(jobs() == 2);
  }
  std::size_t jobs() { return registry->jobs({}).value().jobs.size(); }
  std::size_t cases() { return store->cases({.kind = engine::CaseKind::surplus_job}).size(); }
  void sweep(engine::Milliseconds later) {
    now += later;
    operations::sweep({*store, now, "test"}, provider.get(), {});
  }
  ProviderAnswer says(int code) const {
    return {.delivery = engine::Delivery::answered, .code = code, .text = "scripted"};
  }
};

}  // namespace

TEST_CASE("surplus: a deletion without a certain answer is ordered again at each sweep, and nobody has to decide") {
  TestLedger desk;
  desk.provider->script = {
      {.delivery = engine::Delivery::unknown}, desk.says(421), {.delivery = engine::Delivery::not_sent}};
  for (int i = 0; i < 4; ++i) desk.sweep(1h);
  CHECK(desk.provider->script.empty());
  CHECK(desk.jobs() == 1);
  CHECK(desk.cases() == 0);
  CHECK(desk.store->open_calls().empty());
  const int removals = desk.provider->removals;
  desk.sweep(1h);
  CHECK(desk.provider->removals == removals);
  CHECK(desk.store->backorders({}).front().state == engine::State::processing);
  CHECK(desk.store->verify({}).findings.empty());
}

TEST_CASE("surplus: one that is gone when it is deleted was deleted before") {
  TestLedger desk;
  desk.provider->script = {desk.says(545)};
  desk.sweep(1h);
  CHECK(desk.cases() == 0);
}

TEST_CASE("surplus: what the provider refuses to delete is a case") {
  TestLedger desk;
  desk.provider->script = {desk.says(552)};
  desk.sweep(1h);
  CHECK(desk.cases() == 1);
}

TEST_CASE("surplus: after the deadline nothing is deleted, and it is a case") {
  TestLedger desk;
  desk.sweep(69h + 30min);
  CHECK(desk.provider->removals == 0);
  CHECK(desk.jobs() == 2);
  CHECK(desk.cases() == 1);
}
