// Exact amounts: 64-bit counts of a currency's minor unit (ISO 4217: cent, yen, fils), never binary floating point.
// Sums are checked. Products use checked 128-bit integers, and the call names their rounding. Every amount has a
// currency; a missing amount is std::nullopt.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/result.hpp"

namespace engine {

// An ISO 4217 currency in circulation, by its alphabetic code.
class Currency {
 public:
  // Upper or lower case. Refused with unknown_currency when not on the list (metals, funds and test codes are not).
  static Result<Currency> parse(std::string_view code);

  std::string_view code() const { return {letters_.data(), letters_.size()}; }
  int exponent() const { return exponent_; }  // decimals of the minor unit: 0 (JPY), 2 (EUR), 3 (KWD)
  friend constexpr auto operator<=>(const Currency&, const Currency&) = default;

 private:
  constexpr Currency(std::array<char, 3> letters, std::uint8_t exponent) : letters_(letters), exponent_(exponent) {}
  std::array<char, 3> letters_;
  std::uint8_t exponent_;
};

enum class Rounding : std::uint8_t { half_even, half_away_from_zero, down };  // down: towards zero

class Money {
 public:
  static constexpr Money of_minor(std::int64_t minor, Currency currency) { return Money(minor, currency); }
  static constexpr Money zero(Currency currency) { return Money(0, currency); }

  constexpr std::int64_t minor() const { return minor_; }
  constexpr const Currency& currency() const { return currency_; }
  constexpr bool is_zero() const { return minor_ == 0; }
  constexpr bool is_positive() const { return minor_ > 0; }
  constexpr bool is_negative() const { return minor_ < 0; }

  // REQUIRES: the same currency on both sides (InvariantError else). Overflow is an InvariantError: amounts that come
  // in from outside are capped by parse_money at kMaxAmountMinor, far below it.
  friend Money operator+(Money a, Money b);
  friend Money operator-(Money a, Money b);
  Money operator-() const;
  Money& operator+=(Money other) { return *this = *this + other; }
  Money& operator-=(Money other) { return *this = *this - other; }
  friend bool operator==(Money a, Money b);
  friend std::strong_ordering operator<=>(Money a, Money b);

 private:
  constexpr Money(std::int64_t minor, Currency currency) : minor_(minor), currency_(currency) {}
  std::int64_t minor_;
  Currency currency_;
};

// The largest input amount in minor units: 10^15. A thousand of them still fit into 64 bits.
inline constexpr std::int64_t kMaxAmountMinor = 1'000'000'000'000'000;

// "12", "12.5", "12.50", "-3.40": digits with at most the currency's decimals, a dot, an optional leading minus;
// nothing else (no plus, blank, exponent, group mark, comma). invalid_amount or amount_out_of_range.
Result<Money> parse_money(std::string_view text, Currency currency);
// As parse_money, but the amount must be above zero. For payments, prices and deposits.
Result<Money> parse_positive_money(std::string_view text, Currency currency);
// An amount as the provider writes it. More decimals than the minor unit has are rounded half-even; `exact` is false if
// that changed the amount.
struct RoundedMoney {
  Money amount;
  bool exact;
};
Result<RoundedMoney> parse_provider_money(std::string_view text, Currency currency);

std::string to_string(Money money);            // "1234.50": all decimals of the currency, no code
std::string to_string_with_code(Money money);  // "1234.50 EUR"

// amount × basis_points / 10,000, rounded once. Overflow of the result is an InvariantError.
Money multiply_bp(Money amount, std::int64_t basis_points, Rounding rounding);

// Splits a gross amount: tax = gross × rate / (10,000 + rate), rounded half-even; net + tax == gross, always. REQUIRES:
// rate_bp >= 0, gross is not negative.
struct NetAndTax {
  Money net;
  Money tax;
};
NetAndTax split_gross(Money gross, std::int64_t rate_bp);

}  // namespace engine
