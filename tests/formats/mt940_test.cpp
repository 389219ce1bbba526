#include <doctest/doctest.h>

#include "tools/formats/bank_statement.hpp"

using namespace formats;
using engine::ErrorCode;

namespace {

// Two statements of one account, the second in two pages; German subfields, Dutch words, free text.
constexpr const char* kFile =
    "{1:F01DEUTDEFFAXXX0000000000}{2:O9400000}{4:\r\n"
    ":20:STARTUMS\r\n:25:10020030/1234567\r\n:28C:5/1\r\n:60F:C260802EUR100,00\r\n"
    ":61:2608030803CR50,00NTRFNONREF//B-1\r\n"
    ":86:166?00GUTSCHRIFT?109310?20EREF+E2E-1?21SVWZ+Aufladung DL-ali?22ce-7 danke?30BIC?31DE02?32Jane?33 Doe\r\n"
    ":61:260803DR4,9N809NONREF\r\nKONTOENTGELT\r\n:86:805?00ENTGELT?20Kontofuehrung\r\n"
    ":62F:C260803EUR145,10\r\n:64:C260803EUR145,10\r\n-}\r\n"
    ":20:STARTUMS\r\n:25:10020030/1234567\r\n:28C:6/1\r\n:60F:C260803EUR145,10\r\n"
    ":61:2701021231RC1,00NTRFX\r\n"
    ":86:/TRTP/SEPA OVERBOEKING/IBAN/NL00/NAME/Piet/REMI/USTD//DL-bob-9/EREF/NOTPROVIDED\r\n"
    ":62M:C261231EUR144,10\r\n-\r\n";

}  // namespace

TEST_CASE("MT940: statements with their number, balances, movements and the words inside :86:") {
  const auto read = read_mt940(kFile, {});
  if (!read) FAIL(read.error().detail);
  REQUIRE(read.value().size() == 2);
  const BankStatement& first = read.value()[0];
  CHECK(first.account == "10020030/1234567");
  CHECK(first.sequence == 5);
  CHECK(first.name == "5/1 of 2026-08-03");
  CHECK(first.imbalance.empty());
  CHECK(first.unreadable.empty());
  REQUIRE(first.lines.size() == 2);
  CHECK(to_string_with_code(first.lines[0].amount) == "50.00 EUR");
  CHECK(engine::to_string(first.lines[0].booked_on) == "2026-08-03");
  CHECK(first.lines[0].end_to_end == "E2E-1");
  CHECK(first.lines[0].reference == "Aufladung DL-ali ce-7 danke");
  CHECK(first.lines[0].counterparty == "Jane Doe");
  CHECK(first.lines[0].bank_reference == "B-1");
  CHECK(to_string_with_code(first.lines[1].amount) == "-4.90 EUR");
  CHECK(first.lines[1].bank_reference.empty());
  CHECK(first.lines[1].reference == "KONTOENTGELT | Kontofuehrung");
  const BankStatement& second = read.value()[1];
  REQUIRE(second.lines.size() == 1);
  CHECK(to_string_with_code(second.lines[0].amount) == "-1.00 EUR");  // a credit taken back
  CHECK(engine::to_string(second.lines[0].booked_on) == "2026-12-31");
  CHECK(engine::to_string(*second.lines[0].valued_on) == "2027-01-02");
  CHECK(second.lines[0].reference == "DL-bob-9");
  CHECK(second.lines[0].counterparty == "Piet");
  CHECK(second.lines[0].end_to_end == "X");
  CHECK(second.imbalance.empty());
}

TEST_CASE("MT940: what cannot be read is said by line, or the file is refused") {
  std::string off = kFile;
  off.replace(off.find("CR50,00"), 7, "XX50,00");
  const auto unread = read_mt940(off, {});
  REQUIRE(bool(unread));
  REQUIRE(unread.value()[0].unreadable.size() == 1);
  CHECK(unread.value()[0].unreadable[0].place == 6);
  CHECK(unread.value()[0].imbalance.find("make 95.10 EUR") != std::string::npos);
  for (const char* bad : {"", "hello", ":20:X\n:25:1\n:28C:1\n:60F:C260802EUR1,00\n-\n", ":61:2608030803C50,00NTRFX\n",
                          ":20:X\n:60F:C260802EUR1\n:62F:C260802EUR1,00\n", ":20:X\n:60F:C269902EUR1,00\n"}) {
    CAPTURE(bad);
    const auto refused = read_mt940(bad, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_statement);
  }
  std::string latin = kFile;
  latin.replace(latin.find("Jane"), 4, "J\xF6rg");
  CHECK_FALSE(read_mt940(latin, {}));
  CHECK(read_mt940(latin, Encoding::latin1).value()[0].lines[0].counterparty == "Jörg Doe");
  CHECK(looks_like_mt940(kFile));
  CHECK_FALSE(looks_like_mt940("Datum;Betrag\n"));
}
