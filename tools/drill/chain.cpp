#include "tools/drill/chain.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <map>
#include <new>
#include <random>
#include <set>
#include <stdexcept>
#include <system_error>

#include "api_client/provider.hpp"
#include "storage/store.hpp"
#include "tools/gateway/gateway.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/backorders.hpp"
#include "tools/operations/lists.hpp"
#include "tools/operations/reports.hpp"
#include "tools/operations/users.hpp"

namespace drill {
namespace {

using engine::Backorder;
using engine::Money;
using engine::State;
using engine::UtcTime;
using operations::Stage;
using namespace std::chrono_literals;

constexpr const char* kLogin = "reseller";
constexpr const char* kPassword = "chain.passw0rd";
constexpr const char* kEntity = "1234";  // the test system's

struct Zone {
  const char* name;
  std::int64_t cost_minor, price_minor;  // what the provider takes, what the reseller's customers pay
};
constexpr Zone kZones[] = {{"com", 4'000, 5'900}, {"net", 3'525, 5'250}, {"org", 3'010, 4'490}};

template <typename T>
T must(engine::Result<T> result) {
  if (!result) throw std::runtime_error(std::string(to_word(result.error().code)) + ": " + result.error().detail);
  return std::move(result).value();
}

Money eur(std::int64_t minor) { return Money::of_minor(minor, must(engine::Currency::parse("EUR"))); }
std::string customer_name(int i) { return "customer" + std::to_string(i); }
operations::Context context_at(engine::LedgerStore& store, UtcTime now) { return {store, now, "chain"}; }

std::int64_t cost_of(const Backorder& backorder) {
  const Zone* const zone =
      std::ranges::find(kZones, backorder.zone, [](const Zone& each) { return std::string(each.name); });
  ENSURE(zone != std::end(kZones), "every name of the chain is in one of its zones");
  return zone->cost_minor;
}
bool is_won(const Backorder& backorder) {
  return backorder.state == State::successful || backorder.state == State::auction_won;
}
// VOID and CANCELLED: nothing may be left of it at the provider.
bool wants_job(const Backorder& backorder) {
  return backorder.state != State::voided && backorder.state != State::cancelled;
}

}  // namespace

// ---- the provider's process ----

struct Chain::Provider {
  // Seen by both processes.
  struct Shared {
    std::atomic<std::int64_t> now{0};    // the clock, in milliseconds
    std::atomic<std::uint16_t> port{0};  // of the relay
    faults::Tally tally{};               // as of the last 't'
  };

  explicit Provider(const ChainOptions& options) {
    void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    shared = new (memory) Shared;
    options_ = options;
  }
  ~Provider() {
    if (child_ > 0) {
      close(line_);  // which ends it
      int status = 0;
      while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
      }
    }
    munmap(shared, sizeof(Shared));
  }
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  void start() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
      throw std::system_error(errno, std::generic_category(), "socketpair");
    line_ = ends[0];
    child_ = fork();
    if (child_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (child_ == 0) {
      close(line_);
      line_ = ends[1];
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve();
    }
    close(ends[1]);
    wait();
  }

  // One letter to the process, which answers when it is done: s sweep, d dead, l alive, t tell the tally.
  void order(char what) {
    if (send(line_, &what, 1, MSG_NOSIGNAL) != 1) throw std::runtime_error("the provider's process is gone");
    wait();
  }

  Shared* shared = nullptr;

 private:
  void wait() const {
    char answer = 0;
    if (read(line_, &answer, 1) != 1 || answer != '+')
      throw std::runtime_error("the provider's process failed; what it said is on stderr");
  }

  [[noreturn]] void serve() {
    const auto say = [this](char what) { return send(line_, &what, 1, MSG_NOSIGNAL) == 1; };
    try {
      const auto clock = [this] { return UtcTime(engine::Milliseconds(shared->now.load())); };
      const auto registry = must(simulated_registry::SimulatedRegistry::open(options_.folder + "/registry.db", clock));
      // A minute a second for sessions: those that killed clients left behind end before the login has too many, and a
      // password still need not be verified at each sweep, which costs a tenth of a second.
      const auto began = std::chrono::steady_clock::now();
      gateway::Gateway gateway(
          {.book = options_.folder + "/provider.db",
           .entity = kEntity,
           .provider = registry.get(),
           .clock = clock,
           .monotonic = [began] { return began + 60 * (std::chrono::steady_clock::now() - began); }});
      const auto port = static_cast<std::uint16_t>(must(gateway.start()));
      const auto relay =
          must(faults::Relay::open({.to = {"127.0.0.1", port},
                                    .percent = options_.percent,
                                    .seed = options_.seed,
                                    .kinds = options_.kinds,
                                    .late_by = 10 * std::max(options_.order_limit, options_.read_limit)}));
      shared->port = relay->address().port;
      say('+');
      for (char what = 0; read(line_, &what, 1) == 1;) {
        bool done = true;
        switch (what) {
          case 's':
            for (const engine::Error& error : gateway.sweep().errors) {
              std::fprintf(stderr, "the provider's sweep: %s\n", error.detail.c_str());
              done = false;
            }
            break;
          case 'd':
          case 'l':
            relay->set_dead(what == 'd');
            break;
          default:
            shared->tally = relay->tally();
            break;
        }
        say(done ? '+' : '-');
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the provider's process: %s\n", error.what());
      say('-');
    }
    _exit(0);
  }

  ChainOptions options_;
  int line_ = -1;
  pid_t child_ = -1;
};

// ---- the season ----

Chain::Chain(ChainOptions options)
    : options_(std::move(options)), provider_(std::make_unique<Provider>(options_)), paid_in_(eur(0)) {
  for (const std::string& text : options_.drops) drops_.push_back(must(engine::parse_time(text)));
  std::ranges::sort(drops_);
}
Chain::~Chain() = default;

std::unique_ptr<Chain> Chain::make(const ChainOptions& options) {
  std::unique_ptr<Chain> chain(new Chain(options));
  chain->provider_->shared->now = (chain->drops_.front() - 96h).time_since_epoch().count();
  chain->make_books();
  chain->provider_->start();
  return chain;
}

// The i-th name, and when it drops.
std::pair<engine::DomainName, UtcTime> Chain::name(int i) const {
  const std::string text =
      "chain" + std::to_string(i) + "." + kZones[static_cast<std::size_t>(i) % std::size(kZones)].name;
  return {must(engine::DomainName::parse(text)), drops_[static_cast<std::size_t>(i) % drops_.size()]};
}

void Chain::make_books() {
  must(simulated_registry::SimulatedRegistry::create(options_.folder + "/registry.db", options_.world));
  std::vector<engine::ListRow> rows;
  std::vector<simulated_registry::NameDrop> told;
  std::vector<operations::ImportRow> orders;
  std::vector<std::int64_t> needed(static_cast<std::size_t>(options_.customers));
  std::int64_t cost = 0;
  const auto order = [&](int i, const engine::DomainName& name) {
    const std::size_t customer = orders.size() * 7 % needed.size();
    orders.push_back({orders.size() + 1, customer_name(static_cast<int>(customer)), name.ace()});
    needed[customer] += kZones[static_cast<std::size_t>(i) % std::size(kZones)].price_minor;
    cost += kZones[static_cast<std::size_t>(i) % std::size(kZones)].cost_minor;
  };
  for (int i = 0; static_cast<int>(orders.size()) < options_.jobs; ++i) {
    const auto [name, drop] = this->name(i);
    rows.push_back({name, drop});
    told.push_back({name, drop, {}});
    order(i, name);
    // another customer wants it too
    if (i % 25 == 0 && static_cast<int>(orders.size()) < options_.jobs) order(i, name);
  }
  std::ranges::sort(rows, {}, &engine::ListRow::name);
  const auto prices = [&](std::int64_t Zone::*amount) {
    std::vector<engine::Price> list;
    for (const Zone& zone : kZones) list.push_back({zone.name, "standard", eur(zone.*amount), now(), {}});
    return list;
  };
  const operations::ListImport import{.source = "registry", .date_is = engine::DateIs::drop};
  {
    const auto registry =
        must(simulated_registry::SimulatedRegistry::open(options_.folder + "/registry.db", [this] { return now(); }));
    must(registry->learn(told));
    storage::create_book(options_.folder + "/provider.db", now(), true);
    const auto store = providers_book();
    const operations::Context context = context_at(*store, now());
    must(operations::set_prices(context, {}, prices(&Zone::cost_minor)));
    must(operations::import_list(context, import, rows, {}));
    must(operations::set_setting(context, {}, "tax.charged", "no"));
    must(operations::open_account(context, {}, kLogin, eur(0).currency(), {}));
    must(operations::fund(context, {}, kLogin,
                          // what is ordered twice by a fault holds a deposit too, for a while
                          {.amount = paid_in_ = eur(2 * cost)}));
    must(operations::add_user(context, {}, kLogin, kLogin, kPassword));
  }
  storage::create_book(options_.folder + "/reseller.db", now(), true);
  const auto store = resellers_book();
  const operations::Context context = context_at(*store, now());
  must(operations::set_prices(context, {}, prices(&Zone::price_minor)));
  must(operations::set_tax_rate(context, {}, {"DE", 1900, now()}));
  must(operations::set_tax_rate(context, {}, {"US", 0, now()}));
  must(operations::import_list(context, import, rows, {}));
  must(operations::pay_provider(context, {}, {.amount = paid_in_}));
  for (int i = 0; i < options_.customers; ++i) {
    operations::AccountTerms terms;
    terms.country = i % 4 == 1 ? "DE" : "US";
    must(operations::open_account(context, {}, customer_name(i), eur(0).currency(), terms));
    const std::int64_t all = needed[static_cast<std::size_t>(i)];
    must(operations::fund(context, {}, customer_name(i), {.amount = eur(i % 10 == 9 ? all / 2 + 1 : all + 1)}));
  }
  bool kept = false;
  for (const auto& result : operations::import_backorders(context, "chain", "orders", orders, false, {}, kept))
    must(result);
}

UtcTime Chain::now() const { return UtcTime(engine::Milliseconds(provider_->shared->now.load())); }

void Chain::move_to(UtcTime now) {
  ENSURE(now >= this->now(), "the chain's clock does not go back");
  provider_->shared->now = now.time_since_epoch().count();
  provider_->order('s');
}

template <typename Use>
auto Chain::with_client(const Use& use) {
  // Pauses take no time but what the client feels, so that a season does not wait for itself.
  engine::Milliseconds felt{0};
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(options_.seed));
  api_client::SessionOptions options{
      .environment =
          must(api_client::resolve_environment("http://127.0.0.1:" + std::to_string(provider_->shared->port), kEntity)),
      .credentials = {.login = kLogin, .password = kPassword},
      .per_second = 0,
      .order_limit = options_.order_limit,
      .read_limit = options_.read_limit,
      .timing = {.elapsed = [&felt] { return felt; },
                 .pause = [&felt](engine::Milliseconds span) { felt += span; },
                 .jitter = [&random] { return std::uniform_real_distribution<double>(0, 1)(random); }}};
  api_client::HttpProvider client(std::move(options), [this] { return now(); });
  return use(client);
}

operations::SweepReport Chain::sweep(const operations::SweepOptions& options) {
  const auto store = resellers_book();
  return with_client([&](engine::BackorderProvider& client) {
    return operations::sweep(context_at(*store, now()), &client, options);
  });
}

void Chain::set_dead(bool dead) { provider_->order(dead ? 'd' : 'l'); }
faults::Tally Chain::faults() {
  provider_->order('t');
  return provider_->shared->tally;
}

std::unique_ptr<engine::LedgerStore> Chain::resellers_book() const {
  return storage::open_book(options_.folder + "/reseller.db", {});
}
std::unique_ptr<engine::LedgerStore> Chain::providers_book() const {
  return storage::open_book(options_.folder + "/provider.db", {});
}

void Chain::cancel_some(int one_in) {
  const auto store = resellers_book();
  engine::BackorderQuery query;
  query.states = {State::processing};
  for (const Backorder& backorder : store->backorders(query)) {
    if (backorder.id.value() % one_in != 0 || now() > backorder.drop->deadline) continue;
    must(operations::cancel(context_at(*store, now()), {}, backorder.id.value(), engine::By::customer,
                            "changed their mind", nullptr));
  }
}

void Chain::decide_cases() {
  const auto store = resellers_book();
  for (const engine::Case& open : store->cases({})) {
    if (open.kind != engine::CaseKind::surplus_job) continue;
    with_client([&](engine::BackorderProvider& client) {
      // Refused while the provider does not answer: decided again at the next instant.
      if (operations::resolve(context_at(*store, now()), {}, open.id.value(), engine::Resolution::delete_job,
                              "nobody needs it", {}, &client))
        ++decided_;
      return true;
    });
  }
}

void Chain::play(Killer* killer, int kills, const std::function<void(std::size_t, std::size_t)>& progress) {
  std::map<UtcTime, bool> instants;  // true: all stages; false: what is not in a hurry waits
  const UtcTime last = drops_.back();
  for (const UtcTime drop : drops_) {
    const UtcTime due = drop - 72h;
    for (const auto after : {0min, 2min, 5min, 10min, 15min, 20min, 25min, 30min, 40min, 50min, 75min})
      instants.emplace(due + after, false);
    instants[due + 60min] = instants[due + 90min] = true;
    for (const auto after : {30min, 60min, 90min, 120min, 240min, 480min}) instants[drop + after] = true;
  }
  for (UtcTime at = now(); at <= last + 6 * 24h; at += at < last ? 6h : 12h) instants[at] = true;
  instants[drops_.front() - 3h - 1min] = true;

  struct Window {
    UtcTime from, to;
  };
  const UtcTime first_due = drops_.front() - 72h, last_due = last - 72h;
  const Window outages[] = {{first_due, first_due + 12min},
                            {last_due + 4min, last_due + 22min},
                            {drops_.front() + 45min, drops_.front() + 100min}};
  const auto is_out = [&](UtcTime at) {
    return std::ranges::any_of(outages, [at](const Window& window) { return window.from <= at && at < window.to; });
  };
  // an outage that begins in the midst of a sweep, and lasts until the next
  const UtcTime cut_short = drops_[drops_.size() / 2] - 72h;

  std::mt19937_64 random(options_.seed);
  const auto below = [&random](std::uint64_t limit) { return static_cast<int>(random() % limit); };
  std::size_t done = 0;
  for (const auto& [at, all] : instants) {
    if (progress) progress(done++, instants.size());
    if (at < now()) continue;
    move_to(at);
    set_dead(is_out(at));
    operations::SweepOptions options;
    // orders under one commit, so that a kill leaves this many unknown
    options.chunk = options.batch = 25;
    if (!all) options.stages = {Stage::reserve, Stage::voids, Stage::submit};
    // A quarter of the kills is kept for the settling of outcomes.
    const int wanted = at < drops_.front() ? kills * 3 / 4 : kills;
    for (int i = 0; killer != nullptr && i < 10 && killer->total() < wanted; ++i) {
      using operations::Milestone;
      Blow blow;
      if (below(5) == 0) {
        blow.after_microseconds = 1'000 + below(400'000);
      } else if (at >= drops_.front()) {
        blow = {.at = Milestone::in_settlement, .nth = 1 + below(20)};
      } else {
        constexpr Milestone kAt[] = {Milestone::before_commit, Milestone::after_intent, Milestone::after_answer};
        blow.at = kAt[below(3)];
        // answers are many, commits and intents one to 25 of them
        blow.nth = 1 + below(blow.at == Milestone::after_answer ? 12 : 2);
      }
      if (!killer->run([this](const operations::SweepOptions& theirs) { sweep(theirs); }, options, blow)) break;
    }
    int answers = 0;
    if (at == cut_short) {
      options.reached = [&](operations::Milestone milestone) {
        if (milestone == operations::Milestone::after_answer && ++answers == options_.jobs / 50) set_dead(true);
      };
    }
    sweep(options);
    if (all) decide_cases();
    if (at == drops_.front() - 66h || at == drops_.front() - 60h) cancel_some(40);
  }
  book_costs();
}

void Chain::book_costs() {
  const auto store = resellers_book();
  std::int64_t cost = 0;
  for (const Backorder& backorder : store->backorders({})) cost += is_won(backorder) ? cost_of(backorder) : 0;
  must(operations::book_provider_cost(context_at(*store, now()), {}, eur(cost), "the season's jobs", {}));
}

// ---- what it must end in ----

namespace {

struct Deposits {
  std::int64_t reserved = 0, captured = 0, refunded = 0;  // how many
  std::int64_t captured_minor = 0;
  bool each_once = true;
};
Deposits deposits_of(engine::LedgerStore& store) {
  struct One {
    int reserves = 0, refunds = 0;
    std::int64_t reserved = 0, refunded = 0, captured = 0;
  };
  std::map<std::pair<std::int64_t, int>, One> ones;  // by backorder and attempt
  store.each_transfer({}, [&](const engine::Transfer& transfer) {
    if (!transfer.backorder) return;
    One& one = ones[{transfer.backorder->value(), transfer.attempt}];
    const std::int64_t minor = transfer.amount.minor();
    if (transfer.kind == engine::TransferKind::reserve) ++one.reserves, one.reserved += minor;
    if (transfer.kind == engine::TransferKind::refund) ++one.refunds, one.refunded += minor;
    if (transfer.kind == engine::TransferKind::capture || transfer.kind == engine::TransferKind::capture_tax)
      one.captured += minor;
  });
  Deposits all;
  for (const auto& [key, one] : ones) {
    const bool refunded = one.refunds == 1 && one.refunded == one.reserved && one.captured == 0;
    const bool captured = one.refunds == 0 && one.captured == one.reserved;
    all.each_once = all.each_once && one.reserves == 1 && (refunded || captured);
    all.reserved += one.reserves;
    all.refunded += one.refunds;
    all.captured += one.captured > 0 ? 1 : 0;
    all.captured_minor += one.captured;
  }
  return all;
}

bool is_balanced(engine::LedgerStore& store) {
  std::int64_t sum = 0;
  operations::each_trial_balance_row(store, {}, [&](const operations::TrialBalanceRow& row) {
    sum += row.closing_debit.minor() - row.closing_credit.minor();
  });
  return sum == 0;
}

std::string shown(std::int64_t minor) { return to_string_with_code(eur(minor)); }

}  // namespace

std::vector<Chain::Check> Chain::checks(bool whole) {
  const auto ours = resellers_book(), theirs = providers_book();
  const std::vector<Backorder> jobs = ours->backorders({}), applications = theirs->backorders({});
  std::map<std::string, const Backorder*> by_application;
  for (const Backorder& application : applications)
    by_application.emplace(std::to_string(application.id.value()), &application);

  std::set<std::string> needed, living;
  std::map<std::string, int> on_name;
  int open = 0, without = 0, doubled = 0, other_state = 0, missed = 0;
  std::int64_t cost = 0;
  for (const Backorder& job : jobs) {
    open += is_final(job.state) && !job.open_call ? 0 : 1;
    missed += job.reason == engine::Reason::deadline_missed ? 1 : 0;
    const auto found = job.application ? by_application.find(*job.application) : by_application.end();
    if (!wants_job(job)) continue;
    ++on_name[job.name.ace()];
    if (found == by_application.end()) {
      ++without;
      continue;
    }
    doubled += needed.insert(*job.application).second ? 0 : 1;
    // as the wire says it
    const State said = found->second->state == State::voided ? State::failed : found->second->state;
    other_state += said == job.state && found->second->name == job.name ? 0 : 1;
    cost += is_won(job) ? cost_of(job) : 0;
  }
  // A job that the registry behind the provider refuses is VOID there before it can be looked up, and may be ordered
  // again: it never lived. What was lost while the provider could not be asked is no proof of a job any more.
  const auto lives = [&](const Backorder& application) {
    if (application.state == State::cancelled || application.state == State::voided) return false;
    return whole || (application.state != State::failed && application.state != State::auction_lost);
  };
  for (const auto& [application, backorder] : by_application) {
    open += is_final(backorder->state) ? 0 : 1;
    if (lives(*backorder)) living.insert(application);
  }
  std::erase_if(needed, [&](const std::string& application) { return !lives(*by_application.at(application)); });
  const auto twice = std::ranges::count_if(on_name, [](const auto& row) { return row.second == 2; });

  std::vector<Check> checks;
  checks.push_back({"every backorder is in a final state on both sides, and no order is unanswered", open == 0});
  checks.push_back({"exactly one living application per backorder that is not VOID or CANCELLED (" +
                        std::to_string(needed.size()) + "), none for the others",
                    without == 0 && doubled == 0 && needed == living});
  checks.push_back({"both sides say the same of each of them", other_state == 0});
  checks.push_back({std::to_string(missed) + " of " + std::to_string(jobs.size()) + " deadline_missed, at most 1 %",
                    !whole || missed * 100 <= static_cast<int>(jobs.size())});
  checks.push_back(
      {std::to_string(twice) + " names are two customers', each with an application of its own", twice > 0 || !whole});
  for (const auto& [whose, store] : {std::pair{"the reseller's", ours.get()}, {"the provider's", theirs.get()}}) {
    const Deposits deposits = deposits_of(*store);
    checks.push_back({std::string(whose) + " " + std::to_string(deposits.reserved) +
                          " deposits were each settled once: " + std::to_string(deposits.captured) + " captured, " +
                          std::to_string(deposits.refunded) + " refunded",
                      deposits.each_once && deposits.reserved == deposits.captured + deposits.refunded});
    const engine::Verification verified = store->verify({});
    checks.push_back({std::string(whose) + " book verifies (" + std::to_string(verified.transfers) + " transfers)" +
                          (verified.findings.empty() ? "" : ": " + verified.findings.front().what),
                      verified.findings.empty() && is_balanced(*store)});
  }
  const std::int64_t statement = deposits_of(*theirs).captured_minor;
  checks.push_back({"what the won jobs cost by our reckoning (" + shown(cost) +
                        ") is what the provider's statement took (" + shown(statement) + ")",
                    cost == statement && (cost > 0 || !whole)});
  const engine::Customer account = theirs->customer(kLogin).value();
  std::int64_t prepaid = 0;
  operations::each_trial_balance_row(*ours, {}, [&](const operations::TrialBalanceRow& row) {
    if (row.account.kind == engine::AccountKind::provider_prepaid)
      prepaid += row.closing_debit.minor() - row.closing_credit.minor();
  });
  const engine::Result<engine::ProviderBalance> provider_balance = this->balance();
  checks.push_back({"our balance at the provider: " + shown(prepaid) + " in our book, " +
                        (provider_balance ? to_string_with_code(provider_balance.value().amount) : "unknown") +
                        " by StatusAccount, " + to_string_with_code(account.available + account.reserved) +
                        " in theirs",
                    provider_balance && provider_balance.value().amount == eur(prepaid) &&
                        provider_balance.value().deposit.is_zero() && account.available == eur(prepaid) &&
                        account.reserved.is_zero()});
  std::string cases;
  for (const engine::Case& one : ours->cases({})) {
    // failures of ours stay open until a person has acknowledged them
    if (one.kind == engine::CaseKind::deadline_missed || one.kind == engine::CaseKind::operator_float) continue;
    cases += " " + std::string(engine::to_word(one.kind));
  }
  checks.push_back({"no case is left open" + (cases.empty() ? "" : ":" + cases), cases.empty()});
  if (!whole) return checks;
  const faults::Tally tally = faults();
  // three and a half standard deviations of the share, and one
  const auto exchanges = static_cast<double>(tally.exchanges);
  checks.push_back({std::to_string(tally.faults()) + " of " + std::to_string(tally.exchanges) +
                        " exchanges were spoiled, about " + std::to_string(options_.percent) + " %",
                    std::abs(static_cast<double>(tally.faults() * 100) / exchanges - options_.percent) <=
                        1 + 165 / std::sqrt(exchanges)});
  checks.push_back({"every kind of fault came, and a few outages",
                    tally.outages >= 3 &&
                        std::ranges::all_of(options_.kinds, [&](faults::Kind kind) { return tally.of(kind) > 0; })});
  return checks;
}

std::vector<std::string> Chain::figures() {
  std::vector<std::string> lines;
  const auto ours = resellers_book(), theirs = providers_book();
  std::map<std::string, int> states, at_provider, calls;
  for (const Backorder& job : ours->backorders({})) {
    ++states[std::string(engine::to_word(job.state)) +
             (job.reason ? " " + std::string(engine::to_word(*job.reason)) : "")];
    for (const engine::ProviderCall& call : ours->calls(job.id)) {
      ++calls[std::string(engine::to_word(call.command)) + " " + std::string(engine::to_word(call.state)) +
              (call.code == 0 ? "" : " " + std::to_string(call.code))];
    }
  }
  for (const Backorder& one : theirs->backorders({}))
    ++at_provider[std::string(engine::to_word(one.state)) +
                  (one.reason ? " " + std::string(engine::to_word(*one.reason)) : "")];
  const auto list = [&](const std::string& title, const std::map<std::string, int>& counts) {
    lines.push_back(title);
    for (const auto& [what, count] : counts) {
      std::string number = std::to_string(count);
      number.insert(0, number.size() < 8 ? 8 - number.size() : 0, ' ');
      lines.push_back(number + "  " + what);
    }
  };
  list("the reseller's backorders", states);
  list("the provider's applications", at_provider);
  list("orders by what became of them", calls);
  const faults::Tally tally = faults();
  std::map<std::string, int> faults{{"outages", static_cast<int>(tally.outages)},
                                    {"passed", static_cast<int>(tally.passed)}};
  for (const faults::Kind kind : faults::kKinds)
    faults[std::string(faults::to_word(kind))] = static_cast<int>(tally.of(kind));
  list("exchanges (" + std::to_string(tally.exchanges) + " over " + std::to_string(tally.connections) +
           " connections) by what became of them",
       faults);
  lines.push_back("cases of surplus jobs decided by a person: " + std::to_string(decided_));
  return lines;
}

engine::Result<engine::ProviderBalance> Chain::balance() {
  return with_client([](engine::BackorderProvider& client) { return client.balance(); });
}

}  // namespace drill
