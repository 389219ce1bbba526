// Two books in a chain over HTTP, with faults between them: whatever is lost, torn, doubled or late, and wherever the
// submitting process is killed, both sides end in the same books. The full size: tools/chain-drill.
#include "tools/drill/chain.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>

#include "tests/support/audit.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/operations/refunds.hpp"

namespace {

using drill::Chain;
using engine::Backorder;
using engine::State;
using faults::Kind;
using namespace std::chrono_literals;

#ifdef DROPLEDGER_LONG_TESTS
constexpr int kJobs = 5'000, kKills = 200;
#elif defined(DROPLEDGER_SANITIZED)
constexpr int kJobs = 300, kKills = 30;
#else
constexpr int kJobs = 1'000, kKills = 60;
#endif

drill::ChainOptions options_in(const support::TemporaryDirectory& folder, int jobs) {
  drill::ChainOptions options{.folder = folder.path().string(), .seed = 7, .jobs = jobs};
#ifdef DROPLEDGER_SANITIZED
  options.order_limit = options.read_limit = 1s;
#endif
#ifndef DROPLEDGER_LONG_TESTS
  // A late answer costs the whole limit in real time, every other fault next to none: a third of their share is as many
  // as it takes.
  for (int i = 0; i < 2; ++i) std::ranges::remove_copy(faults::kKinds, std::back_inserter(options.kinds), Kind::late);
#ifdef DROPLEDGER_SANITIZED
  options.order_limit = 500ms;
#else
  options.order_limit = 200ms, options.read_limit = 700ms;
#endif
#endif
  return options;
}

void check_all(Chain& chain, const support::TemporaryDirectory& folder) {
  for (const char* book : {"reseller.db", "provider.db"}) {
    const support::ProgramResult audit = support::audit(folder.file(book));
    CHECK_MESSAGE(audit.status == 0, book, audit.output, audit.error);
  }
  for (const std::string& line : chain.figures()) MESSAGE(line);
  for (const Chain::Check& check : chain.checks(true)) CHECK_MESSAGE(check.holds, check.what);
}

std::vector<Backorder> in_state(engine::LedgerStore& store, State state) {
  engine::BackorderQuery query;
  query.states = {state};
  return store.backorders(query);
}

}  // namespace

TEST_CASE(
    "chain: with a third of all exchanges spoiled and outages, each job exists once and the books agree to the cent") {
  const support::TemporaryDirectory folder;
  const auto chain = Chain::make(options_in(folder, kJobs));
  chain->play();
  check_all(*chain, folder);
}

TEST_CASE("chain: the same with the submitting process killed in every stage") {
  const support::TemporaryDirectory folder;
  const auto chain = Chain::make(options_in(folder, kJobs));
  drill::Killer killer;
  chain->play(&killer, kKills);
  check_all(*chain, folder);
  CHECK(killer.total() >= kKills);
  for (std::size_t i = 0; i < killer.killed().size(); ++i) {
    MESSAGE(killer.killed()[i], " killed ", std::string(drill::Killer::kStages[i]));
    CHECK(killer.killed()[i] > 0);
  }
}

TEST_CASE("chain: unreachable from before the deadline until after the drop, nothing is guessed") {
  const support::TemporaryDirectory folder;
  drill::ChainOptions options = options_in(folder, 60);
  options.drops = {"2026-08-10T18:00:00Z", "2026-08-10T20:00:00Z"};
  options.customers = 4;
  options.percent = 60;
  options.kinds = {Kind::lost_request, Kind::lost_answer};
  options.world.refused_percent = 0;
  const auto chain = Chain::make(options);
  // The first half is ordered once; then the line is dead before anything is looked up. The second half is reserved
  // while it is dead.
  chain->move_to(chain->drop(0) - 72h);
  chain->sweep();
  const auto book = chain->resellers_book();
  const std::size_t ordered = in_state(*book, State::processing).size(), unknown = book->open_calls().size();
  REQUIRE(ordered > 0);
  REQUIRE(unknown > 5);
  chain->set_dead(true);
  std::size_t untold = 0;  // funded, and certainly not ordered
  for (auto at = chain->drop(1) - 72h; at <= chain->drop(1) + 49h; at += 1h) {
    chain->move_to(at);
    chain->sweep();
    if (at == chain->drop(1) - 72h) untold = in_state(*book, State::active).size() - unknown;
  }
  REQUIRE(untold > 5);
  const auto missed = [&] {
    std::size_t count = 0;
    for (const Backorder& backorder : in_state(*book, State::voided))
      count += backorder.reason == engine::Reason::deadline_missed ? 1 : 0;
    return count;
  };
  // Deposits of what was certainly not submitted went back; the others wait, and a person knows.
  CHECK(missed() == untold);
  CHECK(book->open_calls().size() == unknown);
  CHECK(in_state(*book, State::active).size() == unknown);
  CHECK(in_state(*book, State::processing).size() == ordered);
  for (const State final_state :
       {State::successful, State::failed, State::auction_won, State::auction_lost, State::cancelled}) {
    CHECK(in_state(*book, final_state).empty());
  }
  std::size_t cases = 0;
  for (const engine::Case& open : book->cases({})) cases += open.kind == engine::CaseKind::overdue ? 1 : 0;
  CHECK(cases == unknown + ordered);
  CHECK(operations::refund_report(*book, {.now = chain->now()}).value().refunds.size() == untold);
  // The provider answers again, as badly as before.
  chain->set_dead(false);
  for (int i = 1; i <= 20; ++i) {
    chain->move_to(chain->now() + 12h);
    chain->sweep();
  }
  CHECK(missed() > untold);  // of the unknown ones, those whose request was lost
  CHECK(missed() < untold + unknown);
  chain->book_costs();
  for (const Chain::Check& check : chain->checks(false)) CHECK_MESSAGE(check.holds, check.what);
}
