#include "engine/money.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <limits>
#include <optional>

namespace engine {
namespace {

using Wide = boost::multiprecision::checked_int128_t;

// ISO 4217 list one (2024), currencies in circulation, by exponent of the minor unit. Left out: funds, metals and test
// codes (X..), and the two units of account with four decimals (CLF, UYW).
constexpr std::string_view kNoDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
constexpr std::string_view kThreeDecimals = "BHD IQD JOD KWD LYD OMR TND";
constexpr std::string_view kTwoDecimals =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD "
    "EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT "
    "LAK LBP LKR LRD LSL MAD MDL "
    "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB "
    "SAR SBD SCR SDG SEK SGD SHP "
    "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";

bool lists(std::string_view codes, std::string_view code) {
  for (std::size_t at = 0; at < codes.size(); at += 4) {
    if (codes.substr(at, 3) == code) return true;
  }
  return false;
}

std::int64_t narrow(const Wide& wide) {
  ENSURE(wide >= std::numeric_limits<std::int64_t>::min() && wide <= std::numeric_limits<std::int64_t>::max(),
         "amount overflow");
  return static_cast<std::int64_t>(wide);
}

void require_same(Money a, Money b) {
  ENSURE(a.currency() == b.currency(),
         std::string(a.currency().code()) + " against " + std::string(b.currency().code()));
}

Wide divide(const Wide& numerator, const Wide& denominator, Rounding rounding) {
  const Wide quotient = numerator / denominator;  // towards zero
  const Wide rest = boost::multiprecision::abs(Wide(numerator % denominator)) * 2;
  if (rounding == Rounding::down || rest < denominator) return quotient;
  if (rest == denominator && rounding == Rounding::half_even && quotient % 2 == 0) return quotient;
  return numerator < 0 ? Wide(quotient - 1) : Wide(quotient + 1);
}

// An amount as written: digits with at most one dot between digits, a leading minus.
struct Decimal {
  bool negative;
  std::string_view whole, fraction;
};
std::optional<Decimal> split_decimal(std::string_view text) {
  Decimal decimal{text.starts_with('-'), {}, {}};
  if (decimal.negative) text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  decimal.whole = text.substr(0, dot);
  if (dot != std::string_view::npos) decimal.fraction = text.substr(dot + 1);
  const auto digits = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(decimal.whole) || (dot != std::string_view::npos && !digits(decimal.fraction))) return std::nullopt;
  return decimal;
}

std::string shown(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, 40)) safe += c >= ' ' && c < 127 ? c : '?';
  return "'" + safe + (text.size() > 40 ? "…'" : "'");
}

Error not_an_amount(std::string_view text, Currency currency) {
  return {ErrorCode::invalid_amount, shown(text) + " is not an amount: write digits with a dot and at most " +
                                         std::to_string(currency.exponent()) + " decimals for " +
                                         std::string(currency.code()) + ", such as " +
                                         to_string(Money::of_minor(1250, currency))};
}

// Digits to minor units at the currency's scale; nothing above the cap.
std::optional<std::int64_t> minor_of(std::string_view whole, std::string_view fraction, int exponent) {
  std::int64_t minor = 0;
  const auto push = [&minor](char digit) {
    minor = minor * 10 + (digit - '0');
    return minor <= kMaxAmountMinor;
  };
  for (const char digit : whole) {
    if (!push(digit)) return std::nullopt;
  }
  for (int i = 0; i < exponent; ++i) {
    if (!push(static_cast<std::size_t>(i) < fraction.size() ? fraction[static_cast<std::size_t>(i)] : '0'))
      return std::nullopt;
  }
  return minor;
}

Error out_of_range(std::string_view text, Currency currency) {
  return {ErrorCode::amount_out_of_range, shown(text) + " is more than one amount may be, " +
                                              to_string_with_code(Money::of_minor(kMaxAmountMinor, currency))};
}

}  // namespace

Result<Currency> Currency::parse(std::string_view code) {
  std::array<char, 3> letters{};
  bool sound = code.size() == 3;
  for (std::size_t i = 0; sound && i < 3; ++i) {
    letters[i] = static_cast<char>(code[i] >= 'a' && code[i] <= 'z' ? code[i] - 'a' + 'A' : code[i]);
    sound = letters[i] >= 'A' && letters[i] <= 'Z';
  }
  const std::string_view upper(letters.data(), 3);
  if (sound && lists(kTwoDecimals, upper)) return Currency(letters, 2);
  if (sound && lists(kNoDecimals, upper)) return Currency(letters, 0);
  if (sound && lists(kThreeDecimals, upper)) return Currency(letters, 3);
  return Error{ErrorCode::unknown_currency, shown(code) + " is not a currency of ISO 4217, such as EUR"};
}

Money operator+(Money a, Money b) {
  require_same(a, b);
  return Money::of_minor(narrow(Wide(a.minor_) + b.minor_), a.currency_);
}
Money operator-(Money a, Money b) {
  require_same(a, b);
  return Money::of_minor(narrow(Wide(a.minor_) - b.minor_), a.currency_);
}
Money Money::operator-() const { return Money(narrow(-Wide(minor_)), currency_); }
bool operator==(Money a, Money b) {
  require_same(a, b);
  return a.minor_ == b.minor_;
}
std::strong_ordering operator<=>(Money a, Money b) {
  require_same(a, b);
  return a.minor_ <=> b.minor_;
}

Result<Money> parse_money(std::string_view text, Currency currency) {
  const std::optional<Decimal> decimal = split_decimal(text);
  const auto decimals = static_cast<std::size_t>(currency.exponent());
  if (!decimal || decimal->fraction.size() > decimals) return not_an_amount(text, currency);
  const std::optional<std::int64_t> minor = minor_of(decimal->whole, decimal->fraction, currency.exponent());
  if (!minor) return out_of_range(text, currency);
  return Money::of_minor(decimal->negative ? -*minor : *minor, currency);
}

Result<Money> parse_positive_money(std::string_view text, Currency currency) {
  Result<Money> money = parse_money(text, currency);
  if (money && !money.value().is_positive()) {
    return Error{ErrorCode::invalid_amount,
                 shown(text) + " is not above zero; amounts are positive, the command says which way they go"};
  }
  return money;
}

Result<RoundedMoney> parse_provider_money(std::string_view text, Currency currency) {
  const std::optional<Decimal> decimal = split_decimal(text);
  if (!decimal || decimal->fraction.size() > 12) return not_an_amount(text, currency);
  std::optional<std::int64_t> minor = minor_of(decimal->whole, decimal->fraction, currency.exponent());
  if (!minor) return out_of_range(text, currency);
  const std::string_view rest =
      decimal->fraction.substr(std::min(decimal->fraction.size(), static_cast<std::size_t>(currency.exponent())));
  const bool exact = rest.find_first_not_of('0') == std::string_view::npos;
  if (!exact) {  // half-even on the decimals that the minor unit does not have
    const bool above_half =
        rest[0] > '5' || (rest[0] == '5' && rest.find_first_not_of('0', 1) != std::string_view::npos);
    const bool is_half = rest[0] == '5' && !above_half;
    if (above_half || (is_half && *minor % 2 == 1)) ++*minor;
  }
  return RoundedMoney{Money::of_minor(decimal->negative ? -*minor : *minor, currency), exact};
}

std::string to_string(Money money) {
  const bool negative = money.is_negative();
  std::string digits = std::to_string(money.minor());
  if (negative) digits.erase(0, 1);
  const auto decimals = static_cast<std::size_t>(money.currency().exponent());
  if (decimals > 0) {
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    digits.insert(digits.size() - decimals, ".");
  }
  return negative ? "-" + digits : digits;
}

std::string to_string_with_code(Money money) { return to_string(money) + " " + std::string(money.currency().code()); }

Money multiply_bp(Money amount, std::int64_t basis_points, Rounding rounding) {
  return Money::of_minor(narrow(divide(Wide(amount.minor()) * basis_points, 10'000, rounding)), amount.currency());
}

NetAndTax split_gross(Money gross, std::int64_t rate_bp) {
  ENSURE(rate_bp >= 0 && !gross.is_negative(), "a rate and a gross amount of zero or more");
  const Wide tax = divide(Wide(gross.minor()) * rate_bp, Wide(10'000) + rate_bp, Rounding::half_even);
  const Money tax_amount = Money::of_minor(narrow(tax), gross.currency());
  return {gross - tax_amount, tax_amount};
}

}  // namespace engine
