#include "engine/backorder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/support/books.hpp"

using namespace engine;

TEST_CASE("states: every state × event is either in the table or impossible") {
  // The whole table once more, as the rules tell it: from, event → to, money. What is not here must be impossible.
  struct Row {
    State from;
    Trigger event;
    State to;
    MoneyEffect money;
  };
  const Row allowed[] = {
      {State::requested, Trigger::funded, State::active, MoneyEffect::reserve_deposit},
      {State::requested, Trigger::voided, State::voided, MoneyEffect::none},
      {State::requested, Trigger::cancelled, State::cancelled, MoneyEffect::none},
      {State::active, Trigger::job_created, State::processing, MoneyEffect::none},
      {State::active, Trigger::voided, State::voided, MoneyEffect::refund_deposit},
      {State::active, Trigger::rescheduled, State::requested, MoneyEffect::refund_deposit},
      {State::active, Trigger::cancelled, State::cancelled, MoneyEffect::refund_deposit},
      {State::processing, Trigger::won, State::successful, MoneyEffect::capture_deposit},
      {State::processing, Trigger::lost, State::failed, MoneyEffect::refund_deposit},
      {State::processing, Trigger::auction_started, State::auction_pending, MoneyEffect::none},
      {State::processing, Trigger::job_dropped, State::active, MoneyEffect::none},
      {State::processing, Trigger::cancelled, State::cancelled, MoneyEffect::refund_deposit},
      {State::auction_pending, Trigger::won, State::successful, MoneyEffect::capture_deposit},
      {State::auction_pending, Trigger::lost, State::failed, MoneyEffect::refund_deposit},
      {State::auction_pending, Trigger::auction_won, State::auction_won, MoneyEffect::capture_deposit},
      {State::auction_pending, Trigger::auction_lost, State::auction_lost, MoneyEffect::refund_deposit},
      {State::auction_pending, Trigger::cancelled, State::cancelled, MoneyEffect::refund_deposit},
  };
  int possible = 0;
  for (const State from : kStates) {
    for (const Trigger event : kEvents) {
      CAPTURE(to_word(from));
      CAPTURE(to_word(event));
      const std::optional<Transition> found = step(from, event);
      const auto expected =
          std::ranges::find_if(allowed, [&](const Row& row) { return row.from == from && row.event == event; });
      REQUIRE(found.has_value() == (expected != std::end(allowed)));
      if (!found) continue;
      ++possible;
      CHECK(found->to == expected->to);
      CHECK(found->money == expected->money);
    }
  }
  CHECK(possible == static_cast<int>(std::size(allowed)));
  CHECK(transitions().size() == std::size(allowed));
}

TEST_CASE("states: money held by a state is reserved on the way in and settled on the way out") {
  for (const Transition& row : transitions()) {
    CAPTURE(to_word(row.from));
    CAPTURE(to_word(row.event));
    const bool settles = row.money == MoneyEffect::refund_deposit || row.money == MoneyEffect::capture_deposit;
    CHECK((row.money == MoneyEffect::reserve_deposit) == (!holds_deposit(row.from) && holds_deposit(row.to)));
    CHECK(settles == (holds_deposit(row.from) && !holds_deposit(row.to)));
  }
}

TEST_CASE("states: the last six are final, the others are not") {
  std::set<State> open;
  for (const State state : kStates) {
    if (!is_final(state)) open.insert(state);
  }
  CHECK(open == std::set{State::requested, State::active, State::processing, State::auction_pending});
}

TEST_CASE("states: an outcome that skips states walks the states between") {
  using Path = std::vector<Trigger>;
  struct Row {
    State from, to;
    Path path;
  };
  for (const Row& row :
       {Row{State::requested, State::successful, {Trigger::funded, Trigger::job_created, Trigger::won}},
        Row{State::active, State::failed, {Trigger::job_created, Trigger::lost}},
        Row{State::processing, State::auction_won, {Trigger::auction_started, Trigger::auction_won}},
        Row{State::auction_pending, State::successful, {Trigger::won}},
        Row{State::auction_pending, State::failed, {Trigger::lost}}, Row{State::processing, State::processing, {}}}) {
    CAPTURE(to_word(row.from));
    CAPTURE(to_word(row.to));
    const auto found = path_to(row.from, row.to);
    REQUIRE(found.has_value());
    Path events;
    for (const Transition& one : *found) events.push_back(one.event);
    CHECK(events == row.path);
  }
  CHECK_FALSE(path_to(State::failed, State::successful).has_value());
  CHECK_FALSE(path_to(State::processing, State::voided).has_value());
}

TEST_CASE("words: every state, reason and event has one word, read back as itself") {
  std::set<std::string_view> words;
  for (const State state : kStates) {
    CHECK(parse_state(to_word(state)) == state);
    CHECK(words.insert(to_word(state)).second);
  }
  CHECK(to_word(State::voided) == "VOID");
  CHECK(to_word(State::auction_pending) == "AUCTION-PENDING");
  for (int i = 0; i <= static_cast<int>(Reason::auction_lost); ++i) {
    const Reason reason = static_cast<Reason>(i);
    CHECK(parse_reason(to_word(reason)) == reason);
  }
  CHECK_FALSE(parse_state("ACTIVATED").has_value());
}

TEST_CASE("order: due instant, drop, priority, time of placing, id; undated last") {
  using support::at;
  std::vector<Backorder> expected;
  Backorder early_drop_placed_late = support::backorder(9, at("2026-08-01T00:00:00Z"));
  early_drop_placed_late.placed_at = at("2026-07-20");
  Backorder same_due_later_drop = support::backorder(8, at("2026-08-01T01:00:00Z"));
  same_due_later_drop.drop->deposit_due = early_drop_placed_late.drop->deposit_due;
  Backorder preferred = support::backorder(7, at("2026-08-02T00:00:00Z"));
  preferred.priority = 1;
  Backorder placed_first = support::backorder(6, at("2026-08-02T00:00:00Z"));
  placed_first.placed_at = at("2026-01-01");
  Backorder lower_id = support::backorder(2, at("2026-08-02T00:00:00Z")),
            higher_id = support::backorder(3, at("2026-08-02T00:00:00Z"));
  Backorder undated = support::backorder(1, std::nullopt);
  expected = {early_drop_placed_late, same_due_later_drop, preferred, placed_first, lower_id, higher_id, undated};
  std::vector<Backorder> shuffled(expected.rbegin(), expected.rend());
  std::ranges::sort(shuffled, funded_before);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(shuffled[i].id == expected[i].id);
}
