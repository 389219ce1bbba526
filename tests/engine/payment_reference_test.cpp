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
    "payer: an account is known by its name or a reference given to it, as a whole word after normalisation, and never "
    "guessed") {
  const std::vector<Customer> customers{named(1, "alice"), named(2, "bob-7"), named(3, "Carol"), named(4, "carol")};
  const std::vector<AccountReference> references{{CustomerId(1), "dl-alice-7"}, {CustomerId(2), "dl-bob-9"}};
  const PayerIndex index(customers, references);
  struct Row {
    const char *end_to_end, *reference;
    const char* account;  // "": nobody, "*": several
  };
  for (const Row& row :
       {Row{"", "Payment DL-Alice-7, thanks", "alice"}, Row{"DL-ALICE-7", "", "alice"},
        Row{"", "invoice 4711 alice.", "alice"}, Row{"", "BOB-7", "bob-7"}, Row{"", "malice", ""},
        Row{"", "alice2", ""}, Row{"", "dl-alice-77", ""}, Row{"", "dl alice 7", "alice"}, Row{"", "", ""},
        Row{"", "bob", ""}, Row{"", "alice bob-7", "*"}, Row{"alice", "bob-7", "*"},
        Row{"", "dl-alice-7 dl-bob-9", "*"}, Row{"", "for alice, DL-bob-9", "bob-7"},  // given references outrank names
        Row{"", "alice ALICE dl-alice-7", "alice"}, Row{"", "carol", "*"}, Row{"", "alíce", ""}}) {
    CAPTURE(row.end_to_end);
    CAPTURE(row.reference);
    const Identification found = index.identify(row.end_to_end, row.reference);
    const std::string account = found.verdict == Identified::nobody    ? ""
                                : found.verdict == Identified::several ? "*"
                                                                       : customers[found.customer].name;
    CHECK(account == row.account);
  }
  CHECK(index.identify("", "alice bob-7").word == "alice, bob-7");
}

TEST_CASE("payer: a reference that could be an ordinary word is refused") {
  for (const char* bad : {"", "rent", "abc", "a-1", "hello world-1", "straße-1", "payment"}) {
    CAPTURE(bad);
    CHECK(parse_reference(bad).error().code == ErrorCode::invalid_argument);
  }
  CHECK(parse_reference(" DL-Alice-7. ").value() == "dl-alice-7");
  CHECK(parse_reference("4711").value() == "4711");
}
