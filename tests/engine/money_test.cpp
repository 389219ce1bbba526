#include "engine/money.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "tests/support/books.hpp"

using namespace engine;
using support::currency;
using support::eur;

TEST_CASE("money: text and minor units convert both ways without loss, by the currency's exponent") {
  struct Row {
    const char* text;
    const char* code;
    std::int64_t minor;
    const char* printed;
  };
  for (const Row& row :
       {Row{"0", "EUR", 0, "0.00"}, Row{"0.00", "EUR", 0, "0.00"}, Row{"10.05", "EUR", 1005, "10.05"},
        Row{"-0.05", "EUR", -5, "-0.05"}, Row{"12.5", "EUR", 1250, "12.50"}, Row{"007", "EUR", 700, "7.00"},
        Row{"500", "JPY", 500, "500"}, Row{"-1", "JPY", -1, "-1"}, Row{"1.234", "KWD", 1234, "1.234"},
        Row{"0.001", "KWD", 1, "0.001"}, Row{"10000000000000.00", "EUR", kMaxAmountMinor, "10000000000000.00"}}) {
    CAPTURE(row.text);
    const Result<Money> money = parse_money(row.text, currency(row.code));
    REQUIRE(bool(money));
    CHECK(money.value().minor() == row.minor);
    CHECK(to_string(money.value()) == row.printed);
  }
}

TEST_CASE("money: what is not an amount is refused, and so are more decimals than the currency has") {
  for (const char* text : {"", " ", "-", ".", "1.", ".5", "1,5", "1e3", "+1", "1.2.3", "0x10", "1 000", "1'000", "NaN",
                           "1.234", "--1", " 1", "1 ", "١"}) {
    CAPTURE(text);
    CHECK(parse_money(text, currency("EUR")).error().code == ErrorCode::invalid_amount);
  }
  CHECK(parse_money("1.5", currency("JPY")).error().code == ErrorCode::invalid_amount);
  for (const char* text : {"10000000000000.01", "99999999999999999999999999", "9223372036854775808"}) {
    CHECK(parse_money(text, currency("EUR")).error().code == ErrorCode::amount_out_of_range);
  }
  for (const char* text : {"0", "0.00", "-0", "-1"})
    CHECK(parse_positive_money(text, currency("EUR")).error().code == ErrorCode::invalid_amount);
}

TEST_CASE("currency: ISO 4217 in circulation, any case; nothing else") {
  CHECK(currency("eur").code() == "EUR");
  CHECK(currency("JPY").exponent() == 0);
  CHECK(currency("KWD").exponent() == 3);
  for (const char* code : {"", "EU", "EURO", "XAU", "XXX", "XTS", "E1R", "DEM", "AAA", " EU"}) {
    CAPTURE(code);
    CHECK(Currency::parse(code).error().code == ErrorCode::unknown_currency);
  }
}

TEST_CASE("money: currencies do not mix and sums do not wrap") {
  const Money most = Money::of_minor(std::numeric_limits<std::int64_t>::max(), currency("EUR"));
  CHECK_THROWS_AS(most + eur(1), InvariantError);
  CHECK_THROWS_AS(-most - eur(2), InvariantError);
  CHECK_THROWS_AS((void)(eur(1) + Money::of_minor(1, currency("USD"))), InvariantError);
  CHECK_THROWS_AS((void)(eur(1) < Money::of_minor(1, currency("USD"))), InvariantError);
  CHECK_THROWS_AS(multiply_bp(most, 10'001, Rounding::down), InvariantError);
  CHECK(eur(3) + eur(4) - eur(5) == eur(2));
}

TEST_CASE("money: products name their rounding") {
  struct Row {
    std::int64_t minor, bp, half_even, half_away, down;
  };
  for (const Row& row : {Row{100, 1900, 19, 19, 19}, Row{5, 5000, 2, 3, 2}, Row{15, 5000, 8, 8, 7},
                         Row{-5, 5000, -2, -3, -2}, Row{-15, 5000, -8, -8, -7}, Row{333, 3333, 111, 111, 110}}) {
    CAPTURE(row.minor);
    CHECK(multiply_bp(eur(row.minor), row.bp, Rounding::half_even) == eur(row.half_even));
    CHECK(multiply_bp(eur(row.minor), row.bp, Rounding::half_away_from_zero) == eur(row.half_away));
    CHECK(multiply_bp(eur(row.minor), row.bp, Rounding::down) == eur(row.down));
  }
}

TEST_CASE("money: net and tax are the gross, always") {
  CHECK(split_gross(eur(6900), 1900).tax == eur(1102));
  CHECK(split_gross(eur(6900), 1900).net == eur(5798));
  CHECK(split_gross(eur(6900), 0).tax.is_zero());
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const Money gross = eur(static_cast<std::int64_t>(random() % 1'000'000));
    const NetAndTax parts = split_gross(gross, static_cast<std::int64_t>(random() % 3'000));
    REQUIRE(parts.net + parts.tax == gross);
    REQUIRE_FALSE(parts.tax.is_negative());
    REQUIRE_FALSE(parts.net.is_negative());
  }
}

TEST_CASE("money: the provider's amounts have more decimals; they are rounded half-even and say so") {
  struct Row {
    const char* text;
    std::int64_t minor;
    bool exact;
  };
  for (const Row& row : {Row{"1000000.0000", 100'000'000, true}, Row{"-60.00", -6000, true}, Row{"1.0050", 100, false},
                         Row{"1.0150", 102, false}, Row{"1.00500001", 101, false}, Row{"0.0049", 0, false},
                         Row{"-1.0150", -102, false}}) {
    CAPTURE(row.text);
    const auto money = parse_provider_money(row.text, currency("EUR"));
    REQUIRE(bool(money));
    CHECK(money.value().amount == eur(row.minor));
    CHECK(money.value().exact == row.exact);
  }
  CHECK_FALSE(bool(parse_provider_money("1,00", currency("EUR"))));
}
