#include "engine/payment_reference.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace engine;

namespace {

Customer named(std::int64_t id, const char* name) {
  Customer one = support::customer(0);
  one.id = CustomerId(id);
  one.name = name;
  return one;
}

}  // namespace

TEST_CASE(
    "payer: an account is known by a reference given to it, or by its name as the whole of a field; never guessed") {
  const std::vector<Customer> customers{named(1, "alice"), named(2, "bob-7"), named(3, "Carol"), named(4, "carol")};
  const std::vector<AccountReference> references{
      {CustomerId(1), "dl-alice-7"}, {CustomerId(2), "dl-bob-9"}, {CustomerId(2), "dl-alice-71"}};
  const PayerIndex index(customers, references, true), without_names(customers, references, false);
  struct Row {
    const char *end_to_end, *reference;
    const char* account;  // "": nobody, "*": several
  };
  for (const Row& row :
       {Row{"", "Payment DL-Alice-7, thanks", "alice"}, Row{"DL-ALICE-7", "", "alice"},
        Row{"", "invoice 4711 alice.", ""},  // a word among others
        Row{"", "Payment by Alice Mustermann", ""}, Row{"", " Alice. ", "alice"},
        Row{"", "invoice 4711 | alice", "alice"}, Row{"", "BOB-7", "bob-7"}, Row{"", "malice", ""},
        Row{"", "alice2", ""}, Row{"", "dl-alice-77", ""}, Row{"", "dl alice 7", "alice"}, Row{"", "DL alice", ""},
        Row{"", "", ""}, Row{"", "bob", ""}, Row{"", "alice bob-7", ""}, Row{"alice", "bob-7", "*"},
        Row{"", "dl-alice-7 dl-bob-9", "*"}, Row{"", "for alice, DL-bob-9", "bob-7"},  // given references outrank names
        Row{"alice", "DL-bob-9", "bob-7"},
        // cut at 35 characters, and the longest that begins at a word counts
        Row{"", "Aufladung fuer das Konto DL-ali ce-7", "alice"},
        Row{"", "Aufladung fuer das Konto DL- alice-7", "alice"}, Row{"", "DL-alice-7 1", "bob-7"},
        Row{"", "carol", "*"}, Row{"", "alíce", ""}}) {
    CAPTURE(row.end_to_end);
    CAPTURE(row.reference);
    const Identification found = index.identify({.end_to_end = row.end_to_end, .reference = row.reference});
    const std::string account = found.verdict == Identified::nobody    ? ""
                                : found.verdict == Identified::several ? "*"
                                                                       : customers[found.customer].name;
    CHECK(account == row.account);
  }
  CHECK(index.identify({.end_to_end = "alice", .reference = "bob-7"}).word == "alice, bob-7");
  CHECK(without_names.identify({.reference = "alice"}).verdict == Identified::nobody);
  CHECK(without_names.identify({.reference = "DL-alice-7"}).verdict == Identified::account);
  // The structured reference goes before everything else; a payer's name is searched for references only.
  CHECK(index.identify({.structured = "DL-alice-7", .reference = "DL-bob-9"}).customer == 0);
  CHECK(index.identify({.counterparty = "alice"}).verdict == Identified::nobody);
  CHECK(index.identify({.counterparty = "Alice Ltd DL-alice-7"}).verdict == Identified::account);
}

TEST_CASE("payer: structured references as people type them") {
  const std::vector<Customer> customers{named(1, "kfz")};
  struct Row {
    const char *given, *written;
    bool known;
  };
  for (const Row& row :
       {Row{"RF18539007547034", "RF18 5390 0754 7034", true}, Row{"RF18 5390 0754 7034", "Ref.RF18539007547034", true},
        Row{"RF18539007547034", "ref: rf18539007547034, thanks", true},
        Row{"RF18539007547034", "RF18000539007547034", true},
        Row{"210000000003139471430009017", "21 00000 00003 13947 14300 09017", true},
        Row{"12345678", "00000000000012345678", true}, Row{"00012345678", "12345678", true},
        Row{"12345678", "RF61 1234 5678", true},  // the national reference within an RF one
        Row{"12345678", "112345678", false}, Row{"090933755493", "+++090/9337/55493+++", true},
        Row{"+++090/9337/55493+++", "***090/9337/55493***", true}, Row{"SI00 1234-5678-90", "SI00123456 7890", true},
        Row{"DL-7", "DL 7", false},  // too short to go over a blank
        Row{"DL-7", "DL-7", true}}) {
    CAPTURE(row.given);
    CAPTURE(row.written);
    const std::vector<AccountReference> references{{CustomerId(1), parse_reference(row.given).value()}};
    const Identification found = PayerIndex(customers, references, false).identify({.reference = row.written});
    CHECK((found.verdict == Identified::account) == row.known);
  }
}

TEST_CASE("payer: a reference that could be an ordinary word is refused") {
  for (const char* bad : {"", "rent", "abc", "a-1", "straße-1", "payment"}) {
    CAPTURE(bad);
    CHECK(parse_reference(bad).error().code == ErrorCode::invalid_argument);
  }
  CHECK(parse_reference(" DL-Alice-7. ").value() == "dl-alice-7");
  CHECK(parse_reference("4711").value() == "4711");
}
