#include "engine/bank_charges.hpp"

#include <doctest/doctest.h>

using namespace engine;

TEST_CASE("bank charges: the whole text says so, in its direction; a word among others says nothing") {
  struct Row {
    const char* text;
    bool incoming;
    std::optional<AccountKind> account;
  };
  const std::optional<AccountKind> none;
  for (const Row& row : {Row{"account charges", false, AccountKind::fees}, Row{" Bank Fees ", false, AccountKind::fees},
                         Row{"Kontoführung", false, AccountKind::fees}, Row{"INTEREST", true, AccountKind::interest},
                         Row{"account charges", true, none}, Row{"interest", false, none}, Row{"", false, none},
                         Row{"interest of alice", true, none}, Row{"fees for bob", false, none}}) {
    CAPTURE(row.text);
    CHECK(bank_charge_of(row.text, row.incoming) == row.account);
  }
}
