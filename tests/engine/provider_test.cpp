#include "engine/provider.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <map>

using namespace engine;

TEST_CASE("provider: an order's answer means what the table of codes says, and anything else is unknown") {
  const std::map<Meaning, std::vector<int>> kExpected = {
      {Meaning::success, {200, 210, 211, 219, 299}},
      {Meaning::refused, {505, 506, 541, 552}},
      {Meaning::refused_after_tries, {549}},
      {Meaning::stop, {500, 501, 502, 503, 504, 507, 510, 530, 531, 544}},
      {Meaning::look_up, {540}},
      {Meaning::provider_balance, {546}},
      {Meaning::gone, {545}},
  };
  for (int code = -1; code <= 1000; ++code) {
    CAPTURE(code);
    Meaning expected = code >= 200 && code <= 299 ? Meaning::success : Meaning::unknown;
    for (const auto& [meaning, codes] : kExpected) {
      if (std::find(codes.begin(), codes.end(), code) != codes.end()) expected = meaning;
    }
    CHECK(to_word(meaning_of_order({.delivery = Delivery::answered, .code = code})) == to_word(expected));
  }
  CHECK(meaning_of_order({.delivery = Delivery::answered, .code = std::numeric_limits<int>::max()}) ==
        Meaning::unknown);
}

TEST_CASE("provider: temporary answers to an order are unknown, also those that look like refusals") {
  for (const int code : {420, 421, 423, 425, 520, 521}) {
    CAPTURE(code);
    CHECK(meaning_of_order({.delivery = Delivery::answered, .code = code}) == Meaning::unknown);
  }
}

TEST_CASE("provider: what was not read counts for nothing, whatever code it carries") {
  for (const int code : {0, 200, 421, 541, 545}) {
    CAPTURE(code);
    CHECK(meaning_of_order({.delivery = Delivery::not_sent, .code = code}) == Meaning::not_sent);
    CHECK(meaning_of_order({.delivery = Delivery::unknown, .code = code}) == Meaning::unknown);
  }
  CHECK(meaning_of_order({}) == Meaning::unknown);
}

TEST_CASE("provider: every meaning has its own name") {
  std::map<std::string_view, int> seen;
  for (const Meaning meaning :
       {Meaning::success, Meaning::refused, Meaning::refused_after_tries, Meaning::stop, Meaning::look_up,
        Meaning::provider_balance, Meaning::gone, Meaning::not_sent, Meaning::unknown}) {
    CHECK(++seen[to_word(meaning)] == 1);
  }
}

TEST_CASE("provider: status words settle, say nothing, or are unknown; never a guess") {
  struct Row {
    const char* word;
    bool known;
    std::optional<State> outcome;
  };
  const Row kRows[] = {
      {"REQUESTED", true, {}},
      {"ACTIVE", true, {}},
      {"PROCESSING", true, {}},
      {"CANCELLED", true, {}},  // no outcome: absence and accounting decide
      {"CANCELED", true, {}},
      {"DELETED", true, {}},
      {"SUCCESSFUL", true, State::successful},
      {"FAILED", true, State::failed},
      {"AUCTION-PENDING", true, State::auction_pending},
      {"AUCTION-WON", true, State::auction_won},
      {"AUCTION-LOST", true, State::auction_lost},
      {"  successful\t", true, State::successful},
      {"Auction-Lost\r\n", true, State::auction_lost},
      {"", false, {}},
      {" ", false, {}},
      {"SUCCESS", false, {}},
      {"SUCCESSFUL!", false, {}},
      {"SUCCESSFULLY", false, {}},
      {"FAILED SUCCESSFUL", false, {}},
      {"AUCTION PENDING", false, {}},
      {"AUCTION_WON", false, {}},
      {"AUCTION", false, {}},
      {"VOID", false, {}},  // ours, not the provider's
      {"PENDING-PAYMENT", false, {}},
      {"\xc3\x84KTIV", false, {}},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.word);
    const StatusMeaning meaning = meaning_of_status(row.word);
    CHECK(meaning.known == row.known);
    CHECK(meaning.outcome == row.outcome);
  }
}

TEST_CASE("provider: an accounting whose sum is not its parts is refused with both figures") {
  const Currency usd = Currency::parse("USD").value();
  const auto money = [&](std::int64_t minor) { return Money::of_minor(minor, usd); };
  ProviderAccounting accounting{money(0), money(42860)};
  accounting.entries.push_back({"1", UtcTime{}, "ADD_DOMAIN", "tern-court.com", "", money(-6000), money(-1140)});
  accounting.entries.push_back({"2", UtcTime{}, "PAYMENT", "wire 8841", "", money(50000), money(0)});
  CHECK(check_sum(accounting));  // the sample of the provider's documentation
  accounting.sum = money(42859);
  const Status off = check_sum(accounting);
  REQUIRE_FALSE(off);
  CHECK(off.error().code == ErrorCode::books_differ);
  CHECK(off.error().detail.find("428.60 USD") != std::string::npos);
  CHECK(off.error().detail.find("428.59 USD") != std::string::npos);
  accounting.entries[1].tax = Money::zero(Currency::parse("EUR").value());
  CHECK(check_sum(accounting).error().code == ErrorCode::currency_mismatch);
}

TEST_CASE(
    "provider: bookings without an id are known by content and number among their equals, whatever came before them") {
  const Currency usd = Currency::parse("USD").value();
  const auto charge = [&](const char* id, std::int64_t seconds, const char* name) {
    return ProviderEntry{id,
                         UtcTime(std::chrono::seconds(seconds)),
                         "COM_BACKORDER",
                         name,
                         "",
                         Money::of_minor(-1500, usd),
                         Money::zero(usd)};
  };
  std::vector<ProviderEntry> entries{charge("", 1, "a.com"), charge("", 1, "a.com"), charge("90211", 1, "a.com"),
                                     charge("", 2, "a.com")};
  number_entries(entries);
  CHECK(entries[0].id == "1970-01-01T00:00:01Z COM_BACKORDER a.com -15.00 0.00 #1");
  CHECK(entries[1].id == "1970-01-01T00:00:01Z COM_BACKORDER a.com -15.00 0.00 #2");
  CHECK(entries[2].id == "90211");
  std::vector<ProviderEntry> later{charge("", 2, "a.com")};
  number_entries(later);
  CHECK(later[0].id == entries[3].id);
}
