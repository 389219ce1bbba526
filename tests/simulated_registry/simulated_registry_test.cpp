#include "tools/simulated_registry/simulated_registry.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "engine/drop.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/simulated_registry/fate.hpp"

using namespace std::chrono_literals;
using engine::AddJob;
using engine::Delivery;
using engine::DomainName;
using engine::ErrorCode;
using engine::ProviderAnswer;
using engine::ProviderJob;
using engine::UtcTime;
using simulated_registry::NameDrop;
using simulated_registry::SimulatedRegistry;
using simulated_registry::Tally;
using simulated_registry::World;
using support::at;
using support::domain;

namespace {

// Everything happens, nothing by chance: each test changes what it is about.
World plain_world() {
  return {.seed = 7,
          .catch_percent = 100,
          .competitor_percent = 0,
          .no_bids_percent = 0,
          .withdrawn_percent = 0,
          .refused_percent = 0,
          .busy_percent = 0,
          .slow_percent = 0};
}

// A registry in a file of its own, and the clock it is told. The clock may go back: what is read depends on nothing but
// the instant.
class Registry {
 public:
  explicit Registry(const World& world, UtcTime start = at("2026-07-01")) : now_(start) {
    REQUIRE(SimulatedRegistry::create(path(), world));
    reopen();
  }

  void reopen() {
    registry_.reset();
    registry_ = SimulatedRegistry::open(path(), [this] { return now_; }).value();
  }
  SimulatedRegistry* operator->() { return registry_.get(); }
  SimulatedRegistry& operator*() { return *registry_; }
  std::string path() const { return directory_.file("registry.db"); }
  void at_time(UtcTime now) { now_ = now; }

  std::int64_t learn(const DomainName& name, std::optional<UtcTime> drop_at,
                     std::optional<UtcTime> finalization_at = {}) {
    const NameDrop told[] = {{name, drop_at, finalization_at}};
    return registry_->learn(told).value();
  }
  ProviderAnswer add(const DomainName& name, bool allow_duplicate = false) {
    std::optional<ProviderAnswer> got;
    const AddJob order[] = {{name, allow_duplicate, std::nullopt}};
    registry_->add(order, [&](std::size_t index, const ProviderAnswer& answer) {
      CHECK(index == 0);
      CHECK_FALSE(got);
      got = answer;
    });
    return got.value();
  }
  std::string applied(const DomainName& name, bool allow_duplicate = false) {
    const ProviderAnswer answer = add(name, allow_duplicate);
    REQUIRE(answer.code == 200);
    return answer.job.value().application;
  }
  std::string word(const std::string& application) { return registry_->status(application).job.value().status; }
  std::vector<ProviderJob> jobs(const std::vector<DomainName>& names = {}) {
    return registry_->jobs(names).value().jobs;
  }

 private:
  support::TemporaryDirectory directory_;
  UtcTime now_;
  std::unique_ptr<SimulatedRegistry> registry_;
};

const UtcTime kDrop = at("2026-07-20T18:00:00Z");

std::vector<DomainName> names(int count) {
  std::vector<DomainName> made;
  for (int i = 0; i < count; ++i) made.push_back(domain("name" + std::to_string(i) + ".com"));
  return made;
}

// What a careful caller does: after an answer that says nothing, looks for the job and orders again only if there is
// none. Returns the attempts it took.
int add_until_known(Registry& registry, const DomainName& name, bool allow_duplicate) {
  const std::size_t before = registry.jobs({name}).size();
  for (int attempt = 1;; ++attempt) {
    REQUIRE(attempt <= 4);
    const engine::Meaning meaning = engine::meaning_of_order(registry.add(name, allow_duplicate));
    const bool there = registry.jobs({name}).size() == before + 1;
    if (meaning == engine::Meaning::success) {
      CHECK(there);
      return attempt;
    }
    if (there) {
      CHECK(meaning == engine::Meaning::unknown);
      return attempt;
    }
    CHECK((meaning == engine::Meaning::unknown || meaning == engine::Meaning::not_sent));
  }
}

// Per name, the status words in the order of creation.
std::map<std::string, std::vector<std::string>> standings(Registry& registry) {
  std::map<std::string, std::vector<std::string>> words;
  for (const ProviderJob& job : registry.jobs()) words[job.name.ace()].push_back(job.status + " " + job.auction_price);
  return words;
}

}  // namespace

TEST_CASE("simulated registry: the same seed gives the same outcomes, whatever was retried, when, and in which order") {
  World world{.seed = 42, .competitor_percent = 40};
  Registry calm(world);
  world.busy_percent = 70;
  Registry troubled(world);
  const std::vector<DomainName> all = names(120);
  std::vector<NameDrop> drops;
  for (std::size_t i = 0; i < all.size(); ++i) drops.push_back({all[i], kDrop + std::chrono::minutes(i), {}});

  REQUIRE(calm->learn(drops).value() == 120);
  for (const DomainName& name : all) calm.add(name);
  for (std::size_t i = 0; i < all.size(); i += 3) calm.add(all[i], true);

  int attempts = 0, orders = 0;
  for (std::size_t i = all.size(); i-- > 0;) {
    if (calm.jobs({all[i]}).empty()) continue;  // refused in this world
    troubled.at_time(at("2026-07-02") + std::chrono::minutes(i));
    attempts += add_until_known(troubled, all[i], false);
    ++orders;
    if (i % 3 == 0) attempts += add_until_known(troubled, all[i], true), ++orders;
    if (i % 10 == 0) troubled.reopen();
  }
  REQUIRE(troubled->learn(drops).value() == 120);
  REQUIRE(troubled->learn(drops).value() == 0);  // the same list again is no news
  CHECK(attempts > orders);

  std::set<std::string> seen;
  for (UtcTime now = kDrop - 96h; now < kDrop + 144h; now += 3h) {
    calm.at_time(now);
    troubled.at_time(now);
    CAPTURE(engine::to_string(now));
    const auto words = standings(calm);
    REQUIRE(words == standings(troubled));
    for (const auto& [name, of_name] : words) {
      for (const std::string& word : of_name) seen.insert(word.substr(0, word.find(' ')));
    }
  }
  CHECK(seen == std::set<std::string>{"REQUESTED", "ACTIVE", "PROCESSING", "SUCCESSFUL", "FAILED", "AUCTION-PENDING",
                                      "AUCTION-WON", "AUCTION-LOST"});
}

TEST_CASE("simulated registry: another seed is another world") {
  Registry one({.seed = 1}), other({.seed = 2});
  for (Registry* registry : {&one, &other}) {
    for (const DomainName& name : names(100)) {
      registry->learn(name, kDrop);
      registry->add(name);
    }
    registry->at_time(kDrop + 200h);
  }
  CHECK(standings(one) != standings(other));
}

TEST_CASE("simulated registry: what a seed means does not change with the program") {
  const World world{.seed = 20260701, .competitor_percent = 50, .refused_percent = 50};
  const simulated_registry::DropDates dates{kDrop, {}};
  std::string fates;
  for (const DomainName& name : names(12)) {
    const auto end = simulated_registry::standing(world, name.ace(), dates, 2, kDrop + 240h);
    fates += std::string(engine::to_word(end.of(0))) + "/" + std::string(engine::to_word(end.of(1))) + "@" +
             std::to_string((simulated_registry::outcome_at(world, name.ace(), dates) - kDrop) / 1s) + "#" +
             std::to_string(simulated_registry::refusal(world, name.ace()).value_or(0)) + " ";
  }
  CHECK(fates ==
        "AUCTION-LOST/AUCTION-WON@1622#0 SUCCESSFUL/FAILED@3304#541 FAILED/FAILED@1915#0 "
        "AUCTION-LOST/AUCTION-LOST@4572#0 AUCTION-LOST/AUCTION-WON@1214#552 AUCTION-LOST/AUCTION-WON@3078#541 "
        "AUCTION-LOST/AUCTION-WON@2984#0 FAILED/FAILED@3054#0 FAILED/FAILED@3912#541 "
        "FAILED/FAILED@2359#552 AUCTION-LOST/AUCTION-WON@3125#552 AUCTION-WON/AUCTION-LOST@1878#0 ");
}

TEST_CASE("simulated registry: an application's status over time") {
  struct Row {
    const char* name;
    int catch_percent, withdrawn_percent;
    std::optional<UtcTime> finalization_at;
    const char* now;
    const char* status;
  };
  const UtcTime f = at("2026-07-20T12:00:00Z");
  const Row kRows[] = {
      {"F known", 100, 0, f, "2026-07-17T11:59:59Z", "REQUESTED"},
      {"F known", 100, 0, f, "2026-07-17T12:00:00Z", "ACTIVE"},
      {"F known", 100, 0, f, "2026-07-20T12:00:00Z", "ACTIVE"},
      {"F known", 100, 0, f, "2026-07-20T12:00:01Z", "PROCESSING"},
      {"F known", 100, 0, f, "2026-07-20T18:04:59Z", "PROCESSING"},
      {"F known", 100, 0, f, "2026-07-20T19:30:00Z", "SUCCESSFUL"},
      {"F known", 100, 0, f, "2036-07-20T19:30:00Z", "SUCCESSFUL"},
      {"T alone", 100, 0, {}, "2026-07-17T16:59:59Z", "REQUESTED"},
      {"T alone", 100, 0, {}, "2026-07-17T17:00:00Z", "ACTIVE"},
      {"T alone", 100, 0, {}, "2026-07-20T17:00:00Z", "ACTIVE"},
      {"T alone", 100, 0, {}, "2026-07-20T17:00:01Z", "PROCESSING"},
      {"T alone", 100, 0, {}, "2026-07-20T18:04:59Z", "PROCESSING"},
      {"T alone", 100, 0, {}, "2026-07-20T19:30:00Z", "SUCCESSFUL"},
      {"not caught", 0, 0, {}, "2026-07-20T18:04:59Z", "PROCESSING"},
      {"not caught", 0, 0, {}, "2026-07-20T19:30:00Z", "FAILED"},
      {"never dropped", 100, 100, {}, "2026-07-20T18:04:59Z", "PROCESSING"},
      {"never dropped", 100, 100, {}, "2026-07-20T19:30:00Z", "FAILED"},
      {"F after T is not later than T", 100, 0, at("2026-08-20"), "2026-07-20T18:00:00Z", "ACTIVE"},
      {"F after T is not later than T", 100, 0, at("2026-08-20"), "2026-07-20T18:00:01Z", "PROCESSING"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CAPTURE(row.now);
    World world = plain_world();
    world.catch_percent = row.catch_percent;
    world.withdrawn_percent = row.withdrawn_percent;
    Registry registry(world);
    registry.learn(domain("dune-market.com"), kDrop, row.finalization_at);
    const std::string application = registry.applied(domain("dune-market.com"));
    registry.at_time(at(row.now));
    CHECK(registry.word(application) == row.status);
    CHECK(registry.jobs().front().status == row.status);
    CHECK(registry.jobs({domain("dune-market.com")}).front().status == row.status);
  }
}

TEST_CASE("simulated registry: outcomes come within the delay, slow ones within twenty hours") {
  for (const bool slow : {false, true}) {
    CAPTURE(slow);
    World world = plain_world();
    world.slow_percent = slow ? 100 : 0;
    UtcTime first = kDrop + 1000h, last = kDrop;
    for (const DomainName& name : names(500)) {
      const UtcTime outcome = simulated_registry::outcome_at(world, name.ace(), {kDrop, {}});
      first = std::min(first, outcome);
      last = std::max(last, outcome);
    }
    CHECK(first >= kDrop + (slow ? 90min : 5min));
    CHECK(last <= kDrop + (slow ? 20h : 90min));
    CHECK(last - first > (slow ? 15h : 75min));
  }
}

TEST_CASE(
    "simulated registry: an auction starts at the next 20:00 UTC after the catch and runs three days, longer for late "
    "bids") {
  World world = plain_world();
  world.delay_min_minutes = world.delay_max_minutes = 30;
  struct Row {
    const char* drop;
    const char* starts;
  };
  for (const Row& row :
       {Row{"2026-07-20T18:00:00Z", "2026-07-20T20:00:00Z"}, Row{"2026-07-20T19:29:59Z", "2026-07-20T20:00:00Z"},
        Row{"2026-07-20T19:30:00Z", "2026-07-21T20:00:00Z"}, Row{"2026-07-20T23:50:00Z", "2026-07-21T20:00:00Z"}}) {
    const UtcTime drop = at(row.drop), starts = at(row.starts);
    int extended = 0;
    Registry registry(world);
    for (const DomainName& name : names(20)) {
      CAPTURE(row.drop);
      CAPTURE(name.ace());
      registry.at_time(at("2026-07-01"));
      registry.learn(name, drop);
      const std::string application = registry.applied(name);
      const std::string second = registry.applied(name, true);
      registry.at_time(drop + 30min - 1ms);
      CHECK(registry.word(application) == "PROCESSING");
      CHECK_FALSE(registry->status(application).job.value().auction_ends_at);
      registry.at_time(drop + 30min);
      CHECK(registry.word(application) == "AUCTION-PENDING");
      CHECK(registry->status(application).job.value().auction_ends_at == starts + 72h);
      CHECK(registry->status(application).raw.find("AUCTION-STARTDATE][0]=" + engine::to_wire_string(starts) + "\n") !=
            std::string::npos);

      // Follow the end as it is shown until it is reached.
      UtcTime ends = starts + 72h;
      for (;;) {
        registry.at_time(ends - 1ms);
        const ProviderJob job = registry->status(application).job.value();
        CHECK(job.status == "AUCTION-PENDING");
        if (*job.auction_ends_at == ends) break;
        CHECK(*job.auction_ends_at == ends + 2min);
        ends = *job.auction_ends_at;
      }
      if (ends > starts + 72h) ++extended;
      CHECK(ends <= starts + 72h + 8min);
      registry.at_time(ends);
      std::multiset<std::string> words{registry.word(application), registry.word(second)};
      CHECK(words == std::multiset<std::string>{"AUCTION-WON", "AUCTION-LOST"});
      for (const ProviderJob& job : registry.jobs({name})) {
        CHECK(job.auction_ends_at == ends);
        CHECK(job.auction_price.empty() == (job.status != "AUCTION-WON"));
        if (job.auction_price.empty()) continue;
        CHECK(job.auction_price.ends_with(" USD"));
        const auto price =
            engine::parse_money(job.auction_price.substr(0, job.auction_price.size() - 4), support::currency("USD"))
                .value();
        CHECK(price.minor() >= 1000);
        CHECK(price.minor() % 500 == 0);
      }
    }
    CHECK(extended > 0);
  }
}

TEST_CASE("simulated registry: a name is won at most once, by one of ours or by a competitor") {
  World world = plain_world();
  world.competitor_percent = 100;
  world.no_bids_percent = 30;
  Registry registry(world);
  const std::vector<DomainName> all = names(200);
  for (const DomainName& name : all) {
    registry.learn(name, kDrop);
    for (int i = 0; i < 3; ++i) registry.applied(name, i > 0);
  }
  registry.at_time(kDrop + 240h);
  int ours = 0, theirs = 0, first_without_bids = 0;
  for (const auto& [name, words] : standings(registry)) {
    CAPTURE(name);
    REQUIRE(words.size() == 3);
    std::map<std::string, int> count;
    for (const std::string& word : words) ++count[word.substr(0, word.find(' '))];
    const int won = count["AUCTION-WON"] + count["SUCCESSFUL"];
    CHECK(won <= 1);
    ++(won == 1 ? ours : theirs);
    // With bids the others lost the auction; without, the first application gets the name and the others failed.
    CHECK((count["AUCTION-WON"] == 0 || count["AUCTION-LOST"] == 2));
    CHECK((count["SUCCESSFUL"] == 0 || count["FAILED"] == 2));
    CHECK((count["FAILED"] == 0 || count["AUCTION-LOST"] == 0));
    if (count["SUCCESSFUL"] == 1) {
      CHECK(words.front().starts_with("SUCCESSFUL"));
      ++first_without_bids;
    }
    CHECK(registry->charged(domain(name), kDrop).value() == (won == 1));
  }
  CHECK(ours > 20);
  CHECK(theirs > 20);
  CHECK(first_without_bids > 5);
}

TEST_CASE(
    "simulated registry: an auction nobody bids in goes to the application created first, and a removed one does not "
    "count") {
  World world = plain_world();
  world.no_bids_percent = 100;
  Registry registry(world);
  const DomainName name = domain("tern-court.com");
  registry.learn(name, kDrop);
  const std::string removed = registry.applied(name);
  registry.at_time(at("2026-07-02"));
  const std::string first = registry.applied(name, true), second = registry.applied(name, true);
  CHECK(registry->remove(removed).code == 200);
  registry.at_time(kDrop + 2h);
  CHECK(registry.word(first) == "AUCTION-PENDING");
  registry.at_time(kDrop + 240h);
  CHECK(registry.word(first) == "SUCCESSFUL");
  CHECK(registry.word(second) == "FAILED");
  CHECK(registry->status(first).job.value().auction_price.empty());
}

TEST_CASE("simulated registry: an application is removed until the last call, then no more") {
  Registry registry(plain_world());
  const DomainName name = domain("dune-market.com"), dormant = domain("tern-court.com");
  const UtcTime f = kDrop - 6h;
  registry.learn(name, kDrop, f);
  const std::string first = registry.applied(name), second = registry.applied(name, true),
                    undated = registry.applied(dormant);
  registry.at_time(f);
  const ProviderAnswer removed = registry->remove(first);
  CHECK(removed.code == 200);
  CHECK(removed.raw.find("PROPERTY[DOMAIN][0]=dune-market.com\n") != std::string::npos);
  CHECK(registry->remove(first).code == 545);
  CHECK(registry->status(first).code == 545);
  CHECK_FALSE(registry->status(first).job);
  CHECK(registry.jobs({name}).size() == 1);
  registry.at_time(f + 1ms);
  CHECK(registry->remove(second).code == 552);
  CHECK(registry.word(second) == "PROCESSING");
  CHECK(registry->remove(undated).code == 200);  // never dated: no last call
  registry.at_time(kDrop + 240h);
  CHECK(registry.word(second) == "SUCCESSFUL");
  CHECK(registry->remove(second).code == 552);
  for (const char* unknown : {"", "0", "-1", "99999999", "40001x", " 40001", "99999999999999999999999", "eins"}) {
    CAPTURE(unknown);
    CHECK(registry->remove(unknown).code == 545);
    CHECK(registry->status(unknown).code == 545);
  }
}

TEST_CASE("simulated registry: orders are taken until the last call") {
  struct Row {
    std::optional<UtcTime> finalization_at;
    UtcTime now;
    int code;
  };
  for (const Row& row :
       {Row{{}, kDrop - 1h, 200}, Row{{}, kDrop - 1h + 1ms, 552}, Row{{}, kDrop + 47h, 552}, Row{{}, kDrop + 48h, 200},
        Row{kDrop - 6h, kDrop - 6h, 200}, Row{kDrop - 6h, kDrop - 6h + 1ms, 552}}) {
    CAPTURE(engine::to_string(row.now));
    Registry registry(plain_world());
    registry.learn(domain("dune-market.com"), kDrop, row.finalization_at);
    registry.at_time(row.now);
    const ProviderAnswer answer = registry.add(domain("dune-market.com"));
    CHECK(answer.code == row.code);
    CHECK(registry.jobs().size() == (row.code == 200 ? 1 : 0));
    // for its next drop, which nobody knows yet
    if (row.now == kDrop + 48h) CHECK(answer.job.value().status == "REQUESTED");
  }
}

TEST_CASE("simulated registry: a second application for a name is asked for, or refused with 540") {
  Registry registry(plain_world());
  const DomainName name = domain("dune-market.com");
  const std::string first = registry.applied(name);
  const ProviderAnswer doubled = registry.add(name);
  CHECK(doubled.code == 540);
  CHECK(doubled.text.find("dune-market.com") != std::string::npos);
  CHECK_FALSE(doubled.job);
  const std::string second = registry.applied(name, true);
  CHECK(first != second);
  CHECK(registry.jobs().size() == 2);
  CHECK(registry.applied(domain("tern-court.com"), true) != second);  // asked for although it is the first
  CHECK(registry->remove(first).code == 200);
  CHECK(registry.add(name).code == 540);
  CHECK(registry->remove(second).code == 200);
  CHECK(registry.add(name).code == 200);
}

TEST_CASE("simulated registry: refused names stay refused") {
  World world = plain_world();
  world.refused_percent = 50;
  Registry registry(world);
  std::map<int, int> codes;
  for (const DomainName& name : names(200)) {
    const int code = registry.add(name).code;
    ++codes[code];
    if (code != 200) CHECK(registry.add(name, true).code == code);
  }
  CHECK(codes.size() == 3);
  CHECK(codes[200] > 70);
  CHECK(codes[541] > 30);
  CHECK(codes[552] > 30);
  CHECK(registry.jobs().size() == static_cast<std::size_t>(codes[200]));
}

TEST_CASE("simulated registry: what the balance does not cover is answered 546; failures give back, successes pay") {
  World world = plain_world();
  world.balance_minor = 5000;
  world.job_price_minor = 1500;
  world.catch_percent = 50;
  Registry registry(world);
  const std::vector<DomainName> all = names(10);
  std::vector<AddJob> orders;
  for (const DomainName& name : all) {
    registry.learn(name, kDrop);
    orders.push_back({name, false});
  }
  std::map<int, int> codes;
  registry->add(orders, [&](std::size_t, const ProviderAnswer& answer) { ++codes[answer.code]; });
  CHECK(codes[200] == 3);
  CHECK(codes[546] == 7);
  const auto provider_balance = registry->balance().value();
  CHECK(to_string_with_code(provider_balance.amount) == "50.00 USD");
  CHECK(to_string_with_code(provider_balance.deposit) == "45.00 USD");
  CHECK(to_string_with_code(provider_balance.spendable()) == "5.00 USD");

  CHECK(registry->remove(registry.jobs().front().application).code == 200);
  CHECK(registry.add(all[9]).code == 200);
  CHECK(registry.add(all[8]).code == 546);

  registry.at_time(kDrop + 24h);
  int won = 0;
  for (const ProviderJob& job : registry.jobs()) {
    if (job.status == "SUCCESSFUL") ++won;
    CHECK(registry->charged(job.name, kDrop).value() == (job.status == "SUCCESSFUL"));
    CHECK_FALSE(registry->charged(job.name, kDrop + 24h).value());
  }
  const auto afterwards = registry->balance().value();
  CHECK(afterwards.amount.minor() == 5000 - won * 1500);
  CHECK(afterwards.deposit.is_zero());
  CHECK_FALSE(registry->charged(all[8], at("2026-01-01")).value());
}

TEST_CASE("simulated registry: deposits, accounting and provider balance tell one story at every instant") {
  World world = plain_world();
  world.balance_minor = 100'000;
  world.catch_percent = 50;
  world.competitor_percent = 30;
  Registry registry(world);
  for (const DomainName& name : names(20)) {
    registry.learn(name, kDrop);
    registry.applied(name);
  }
  const std::vector<engine::ProviderDeposit> first = registry->deposits().value();
  REQUIRE(first.size() == 20);
  CHECK(first.front().id == "40001");
  CHECK(first.front().account_type == "COM_BACKORDER");
  CHECK(first.front().description == "name0.com");
  CHECK(to_string_with_code(first.front().amount) == "15.00 USD");
  CHECK(first.front().created_at == at("2026-07-01"));
  CHECK(first.front().expires_at == at("2026-07-01T03:00:00Z"));
  REQUIRE(registry->remove("40003").code == 200);
  CHECK(registry->deposits().value().size() == 19);

  for (const UtcTime now : {at("2026-07-10"), kDrop, kDrop + 10min, kDrop + 40min, kDrop + 24h, kDrop + 100h}) {
    CAPTURE(engine::to_string(now));
    registry.at_time(now);
    const engine::ProviderBalance provider_balance = registry->balance().value();
    engine::Money set_aside = engine::Money::zero(provider_balance.amount.currency());
    const std::vector<engine::ProviderDeposit> deposits = registry->deposits().value();
    for (const engine::ProviderDeposit& deposit : deposits) {
      set_aside += deposit.amount;
      CHECK(*deposit.expires_at > now);
    }
    CHECK(set_aside == provider_balance.deposit);
    const engine::ProviderAccounting all = registry->accounting(at("2026-01-01"), at("2027-01-01")).value();
    CHECK(all.sum == provider_balance.amount);
    CHECK(to_string_with_code(all.opening) == "1000.00 USD");
    for (const engine::ProviderEntry& entry : all.entries) {
      CHECK(entry.at <= now);
      CHECK(entry.net.is_negative());
      CHECK(registry->status(entry.reference).job.value().name.ace() == entry.description);
      CHECK(registry->charged(domain(entry.description), entry.at).value());
    }
    // Cut anywhere, the parts join.
    const UtcTime middle = kDrop + 30min;
    const engine::ProviderAccounting early = registry->accounting(at("2026-01-01"), middle).value(),
                                     late = registry->accounting(middle, at("2027-01-01")).value();
    CHECK(early.sum == late.opening);
    CHECK(late.sum == all.sum);
    REQUIRE(early.entries.size() + late.entries.size() == all.entries.size());
    for (std::size_t i = 0; i < all.entries.size(); ++i) {
      CHECK(all.entries[i].id ==
            (i < early.entries.size() ? early.entries[i] : late.entries[i - early.entries.size()]).id);
    }
  }
  CHECK(registry->deposits().value().empty());
  CHECK_FALSE(registry->accounting(kDrop, kDrop + 100h).value().entries.empty());
}

TEST_CASE("simulated registry: an order whose time is over is not sent any more") {
  Registry registry(plain_world());
  registry.at_time(kDrop - 4h);
  const AddJob orders[] = {{domain("dune-market.com"), false, kDrop - 4h},
                           {domain("tern-court.com"), false, kDrop - 4h - 1ms}};
  std::vector<ProviderAnswer> answers(2);
  registry->add(orders, [&](std::size_t index, const ProviderAnswer& answer) { answers.at(index) = answer; });
  CHECK(answers[0].code == 200);
  CHECK(answers[1].delivery == engine::Delivery::not_sent);
  REQUIRE(registry.jobs().size() == 1);
  CHECK(registry.jobs().front().name == domain("dune-market.com"));
}

TEST_CASE("simulated registry: without a balance there is always enough") {
  Registry registry(plain_world());
  std::vector<AddJob> orders;
  for (const DomainName& name : names(300)) orders.push_back({name, false});
  registry->add(orders, [](std::size_t, const ProviderAnswer& answer) { CHECK(answer.code == 200); });
  const auto provider_balance = registry->balance().value();
  CHECK(provider_balance.deposit.minor() == 300 * 1500);
  CHECK(provider_balance.spendable().minor() > 1'000'000'00);
}

TEST_CASE("simulated registry: an application for a name nobody lists sleeps until a list dates it") {
  Registry registry(plain_world());
  const DomainName name = domain("dune-market.com");
  const std::string application = registry.applied(name);
  registry.at_time(at("2027-07-01"));
  CHECK(registry.word(application) == "REQUESTED");
  CHECK(registry.learn(name, at("2027-07-10T18:00:00Z")) == 1);
  CHECK(registry.word(application) == "REQUESTED");
  registry.at_time(at("2027-07-09"));
  CHECK(registry.word(application) == "ACTIVE");
  registry.at_time(at("2027-07-11"));
  CHECK(registry.word(application) == "SUCCESSFUL");
}

TEST_CASE("simulated registry: dates move a drop while it lasts; later dates are another drop") {
  Registry registry(plain_world());
  const DomainName name = domain("dune-market.com");
  registry.learn(name, kDrop);
  const std::string application = registry.applied(name);

  SUBCASE("later, before anything happened") {
    registry.at_time(kDrop - 2h);
    CHECK(registry.word(application) == "ACTIVE");
    CHECK(registry.learn(name, kDrop + 240h) == 1);
    CHECK(registry.word(application) == "REQUESTED");
    registry.at_time(kDrop + 24h);
    CHECK(registry.word(application) == "REQUESTED");
    registry.at_time(kDrop + 242h);
    CHECK(registry.word(application) == "SUCCESSFUL");
  }
  SUBCASE("earlier") {
    registry.at_time(kDrop - 240h);
    CHECK(registry.learn(name, kDrop - 200h) == 1);
    registry.at_time(kDrop - 198h);
    CHECK(registry.word(application) == "SUCCESSFUL");
  }
  SUBCASE("while it is being caught") {
    registry.at_time(kDrop + 1min);
    CHECK(registry.word(application) == "PROCESSING");
    CHECK(registry.learn(name, kDrop + 24h) == 1);
    CHECK(registry.word(application) == "ACTIVE");
  }
  SUBCASE("what is out does not move any more; listed again, the name drops again") {
    registry.at_time(kDrop + 2h);
    CHECK(registry.word(application) == "SUCCESSFUL");
    CHECK(registry.learn(name, kDrop + 240h) == 1);
    CHECK(registry.word(application) == "SUCCESSFUL");
  }
  SUBCASE("another drop leaves the old applications alone and takes new ones") {
    registry.at_time(kDrop + 48h);
    const std::string early = registry.applied(name);  // for the next drop, not yet known
    CHECK(registry.learn(name, kDrop) == 0);           // an old list
    CHECK(registry.learn(name, kDrop + 30 * 24h) == 1);
    CHECK(registry.add(name).code == 540);
    const std::string late = registry.applied(name, true);
    registry.at_time(kDrop + 30 * 24h + 2h);
    CHECK(registry.word(application) == "SUCCESSFUL");
    CHECK(registry.word(early) == "AUCTION-PENDING");
    CHECK(registry.word(late) == "AUCTION-PENDING");
  }
  SUBCASE("F alone is T as well") {
    CHECK(registry.learn(name, {}, kDrop + 24h) == 1);
    registry.at_time(kDrop + 24h);
    CHECK(registry.word(application) == "ACTIVE");
    registry.at_time(kDrop + 24h + 1ms);
    CHECK(registry.word(application) == "PROCESSING");
  }
  SUBCASE("a drop that is over and was never told is passed over") {
    registry.at_time(kDrop + 480h);
    const DomainName other = domain("tern-court.com");
    const std::string sleeping = registry.applied(other);
    CHECK(registry.learn(other, kDrop) == 0);
    CHECK(registry.word(sleeping) == "REQUESTED");
  }
}

TEST_CASE(
    "simulated registry: a lost answer leaves the job, a lost order does not, and a name is answered after three at "
    "most") {
  World world = plain_world();
  world.busy_percent = 100;
  Registry registry(world);
  std::map<std::string, int> seen;
  for (const DomainName& name : names(200)) {
    CAPTURE(name.ace());
    for (int attempt = 0; attempt < 3; ++attempt) {
      const std::size_t before = registry.jobs({name}).size();
      const ProviderAnswer answer = registry.add(name, true);
      const bool left = registry.jobs({name}).size() > before;
      CHECK_FALSE(answer.job);
      const engine::Meaning meaning = engine::meaning_of_order(answer);
      if (meaning == engine::Meaning::not_sent) {
        CHECK_FALSE(left);
        ++seen["not sent"];
      } else {
        CHECK(meaning == engine::Meaning::unknown);
        const bool torn = answer.delivery == Delivery::unknown && !answer.raw.empty();
        CHECK((!torn || answer.raw.find("EOF") == std::string::npos));
        ++seen[(answer.delivery == Delivery::answered ? "421"
                : torn                                ? "torn"
                                                      : "silent") +
               std::string(left ? ", ordered" : "")];
      }
    }
    CHECK(registry.add(name, true).code == 200);
  }
  CHECK(seen.size() == 7);
  for (const auto& [how, count] : seen) {
    CAPTURE(how);
    CHECK(count > 30);
  }
  const Tally tally = registry->tally().value();
  CHECK(tally.busy_before_effect + tally.busy_after_effect == 600);
  CHECK(tally.busy_after_effect > 240);
  CHECK(tally.busy_before_effect > 240);
  CHECK(tally.accepted == 200 + tally.busy_after_effect);
  CHECK(tally.requested == tally.accepted);

  // Deletions are lost in the same way.
  int gone_without_answer = 0, removed = 0;
  for (const ProviderJob& job : registry.jobs()) {
    bool there = true;
    for (int attempt = 0; there && attempt < 4; ++attempt) {
      const ProviderAnswer answer = registry->remove(job.application);
      there = registry->status(job.application).code == 200;
      CHECK((answer.code != 200 || !there));
      if (!there && answer.code != 200) ++gone_without_answer;
    }
    CHECK_FALSE(there);
    ++removed;
  }
  CHECK(gone_without_answer > 0);
  CHECK(gone_without_answer < removed);
  CHECK(registry.jobs().empty());
}

TEST_CASE("simulated registry: a caller killed before it hears the answer leaves its jobs in place") {
  Registry registry(plain_world());
  std::vector<AddJob> orders;
  for (const DomainName& name : names(20)) orders.push_back({name, false});
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto mine = SimulatedRegistry::open(registry.path(), [] { return at("2026-07-01"); });
    int answers = 0;
    mine.value()->add(orders, [&](std::size_t, const ProviderAnswer&) {
      if (++answers == 6) ::_exit(9);  // as a kill: nothing is tidied up
    });
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WEXITSTATUS(status) == 9);
  CHECK(registry.jobs().size() >= 6);  // everything that was answered
  CHECK(registry.jobs().size() <= 20);
  CHECK(registry.add(orders[0].name).code == 540);
  CHECK(registry.add(orders[19].name).code == 200);
}

TEST_CASE("simulated registry: every order is answered once, also where answers overtake each other") {
  Registry registry(plain_world());
  std::vector<AddJob> orders;
  for (const DomainName& name : names(103)) orders.push_back({name, false});
  std::vector<std::size_t> arrival;
  registry->add(orders, [&](std::size_t index, const ProviderAnswer& answer) {
    arrival.push_back(index);
    CHECK(answer.job.value().name == orders[index].name);
  });
  CHECK(arrival.size() == 103);
  CHECK_FALSE(std::ranges::is_sorted(arrival));
  CHECK(std::set<std::size_t>(arrival.begin(), arrival.end()).size() == 103);
  registry->add({}, [](std::size_t, const ProviderAnswer&) { FAIL("nothing was ordered"); });
}

TEST_CASE("simulated registry: the list has every application once, in the order of creation, or those of some names") {
  Registry registry(plain_world());
  const std::vector<DomainName> all = names(30);
  for (std::size_t i = all.size(); i-- > 0;) registry.applied(all[i]);
  registry.applied(all[4], true);
  const std::vector<ProviderJob> listed = registry.jobs();
  REQUIRE(listed.size() == 31);
  for (std::size_t i = 0; i < 30; ++i) CHECK(listed[i].name == all[29 - i]);
  CHECK(listed[30].name == all[4]);
  for (const ProviderJob& job : listed) {
    const ProviderJob alone = registry->status(job.application).job.value();
    CHECK(alone.raw == job.raw);
    CHECK(alone.created_at == at("2026-07-01"));
  }
  CHECK(registry.jobs({all[4], all[7], all[4], domain("stranger.com")}).size() == 3);
  CHECK(registry.jobs({domain("stranger.com")}).empty());
}

TEST_CASE("simulated registry: answers read like the provider's") {
  Registry registry(plain_world());
  const DomainName name = domain("käse-rad.com.pl");
  const ProviderAnswer added = registry.add(name);
  CHECK(added.raw ==
        "[RESPONSE]\n"
        "PROPERTY[APPLICATION][0]=40001\n"
        "PROPERTY[CLASS][0]=PL_BACKORDER\n"
        "PROPERTY[SUBCLASS][0]=PL_BACKORDER\n"
        "PROPERTY[CREATEDBY][0]=SYSTEM\n"
        "PROPERTY[CREATEDDATE][0]=2026-07-01 00:00:00\n"
        "PROPERTY[DOMAIN][0]=xn--kse-rad-5wa.com.pl\n"
        "PROPERTY[DOMAINUMLAUT][0]=käse-rad.com.pl\n"
        "PROPERTY[PERIOD][0]=1\n"
        "PROPERTY[STATUS][0]=REQUESTED\n"
        "PROPERTY[USER][0]=simulated.user\n"
        "DESCRIPTION=Command completed successfully\n"
        "CODE=200\n"
        "\n"
        "QUEUETIME=0\n"
        "RUNTIME=0.004\n"
        "\n"
        "EOF\n");
  CHECK(registry.add(name).raw.find("CODE=540\n") != std::string::npos);
  CHECK(registry->status("1").raw ==
        "[RESPONSE]\nDESCRIPTION=Object not found\nCODE=545\n\nQUEUETIME=0\nRUNTIME=0.004\n\nEOF\n");
  CHECK(registry->environment() == "simulated (seed 7)");
  CHECK_FALSE(registry->is_live());
  CHECK(added.job.value().raw == added.raw);
}

TEST_CASE("simulated registry: creation is seen in whole seconds, as at the provider") {
  Registry registry(plain_world(), at("2026-07-01T10:00:00Z") + 789ms);
  CHECK(registry.add(domain("dune-market.com")).job.value().created_at == at("2026-07-01T10:00:00Z"));
}

TEST_CASE("simulated registry: a reopened file continues, with its world") {
  World world{.seed = 18446744073709551615u,
              .catch_percent = 11,
              .competitor_percent = 12,
              .no_bids_percent = 13,
              .withdrawn_percent = 14,
              .refused_percent = 0,
              .busy_percent = 16,
              .delay_min_minutes = 17,
              .delay_max_minutes = 18,
              .slow_percent = 19,
              .balance_minor = 2000,
              .job_price_minor = 21,
              .currency = "EUR"};
  Registry registry(world);
  registry.learn(domain("dune-market.com"), kDrop);
  add_until_known(registry, domain("dune-market.com"), false);
  const auto before = standings(registry);
  registry.reopen();
  CHECK(standings(registry) == before);
  const World& kept = registry->world();
  CHECK(kept.seed == world.seed);
  CHECK(std::vector{kept.catch_percent, kept.competitor_percent, kept.no_bids_percent, kept.withdrawn_percent,
                    kept.refused_percent, kept.busy_percent, kept.delay_min_minutes, kept.delay_max_minutes,
                    kept.slow_percent} == std::vector{11, 12, 13, 14, 0, 16, 17, 18, 19});
  CHECK(kept.balance_minor == 2000);
  CHECK(kept.job_price_minor == 21);
  CHECK(kept.currency == "EUR");
  CHECK(registry->environment() == "simulated (seed 18446744073709551615)");
  CHECK(registry->tally().value().names_known == 1);
}

TEST_CASE("simulated registry: two who open the same file see each other's orders") {
  World world = plain_world();
  world.balance_minor = 3000;
  Registry registry(world);
  const auto other = SimulatedRegistry::open(registry.path(), [] { return at("2026-07-01"); });
  const std::string application = registry.applied(domain("dune-market.com"));
  CHECK(other.value()->status(application).code == 200);
  const AddJob order[] = {{domain("tern-court.com"), false}};
  other.value()->add(order, [](std::size_t, const ProviderAnswer& answer) { CHECK(answer.code == 200); });
  CHECK(registry.add(domain("tern-court.com")).code == 540);
  CHECK(registry.add(domain("third.com")).code == 546);
}

TEST_CASE("simulated registry: what is not such a file is refused with its code") {
  Registry registry(plain_world());
  const auto clock = [] { return at("2026-07-01"); };
  const auto code_of = [&](const std::string& path) { return SimulatedRegistry::open(path, clock).error().code; };
  CHECK(SimulatedRegistry::create(registry.path(), World{}).error().code == ErrorCode::database_exists);
  CHECK(SimulatedRegistry::create("/nowhere/at/all", World{}).error().code == ErrorCode::database_failed);
  CHECK(code_of(registry.path() + ".missing") == ErrorCode::database_missing);
  CHECK(code_of(std::filesystem::path(registry.path()).parent_path().string()) == ErrorCode::not_a_database);
  const std::string text = registry.path() + "-text";
  for (const char* content :
       {"", "not a database at all, but long enough to be looked at by somebody who wants to know"}) {
    CAPTURE(content);
    std::ofstream(text, std::ios::trunc) << content;
    CHECK(code_of(text) == ErrorCode::not_a_database);
  }
}

TEST_CASE("simulated registry: a world that cannot be is refused before anything is made") {
  struct Row {
    const char* what;
    std::function<void(World&)> change;
    ErrorCode code;
  };
  const Row kRows[] = {
      {"more than all", [](World& world) { world.catch_percent = 101; }, ErrorCode::invalid_argument},
      {"less than nothing", [](World& world) { world.busy_percent = -1; }, ErrorCode::invalid_argument},
      {"delay backwards", [](World& world) { world.delay_min_minutes = 91; }, ErrorCode::invalid_argument},
      {"delay beyond the drop's cycle", [](World& world) { world.delay_max_minutes = 1441; },
       ErrorCode::invalid_argument},
      {"negative balance", [](World& world) { world.balance_minor = -1; }, ErrorCode::amount_out_of_range},
      {"negative price", [](World& world) { world.job_price_minor = -1; }, ErrorCode::amount_out_of_range},
      {"no such currency", [](World& world) { world.currency = "XYZ"; }, ErrorCode::unknown_currency},
  };
  const support::TemporaryDirectory directory;
  const std::string path = directory.file("registry.db");
  for (const Row& row : kRows) {
    CAPTURE(row.what);
    World world;
    row.change(world);
    CHECK(SimulatedRegistry::create(path, world).error().code == row.code);
    CHECK_FALSE(std::filesystem::exists(path));
  }
}

TEST_CASE("simulated registry: shares of outcomes are those of the world") {
  const World world{.seed = 3,
                    .catch_percent = 60,
                    .competitor_percent = 25,
                    .no_bids_percent = 20,
                    .withdrawn_percent = 10,
                    .refused_percent = 5};
  int refused = 0, sole = 0, auctions = 0;
  constexpr int kNames = 20'000;
  for (const DomainName& name : names(kNames)) {
    if (simulated_registry::refusal(world, name.ace())) ++refused;
    const auto end =
        simulated_registry::standing(world, name.ace(), simulated_registry::DropDates{kDrop, {}}, 1, kDrop + 240h);
    if (end.auction)
      ++auctions;
    else if (end.winner)
      ++sole;
  }
  const auto near = [](int count, double share) { return std::abs(count / double(kNames) - share) < 0.015; };
  CHECK(near(refused, 0.05));
  CHECK(near(auctions, 0.9 * 0.6 * 0.25));
  CHECK(near(sole, 0.9 * 0.6 * 0.75));
}
