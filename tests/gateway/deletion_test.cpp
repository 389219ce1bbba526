// DeleteDomainApplication where a job stands at the provider: the customer hears what is certain, and what is not is
// looked up, never guessed.
#include <doctest/doctest.h>

#include "tests/gateway/served_book.hpp"
#include "tests/support/forwarding_provider.hpp"

using namespace support;

namespace {

using engine::Delivery;
using engine::ProviderAnswer;

// The simulated registry, but for what it says to one deletion, and whether it does it.
class Stubborn final : public ForwardingProvider {
 public:
  std::optional<ProviderAnswer> says{};
  bool does = false;
  int removals = 0;

  ProviderAnswer remove(const std::string& application) override {
    ++removals;
    if (!says) return behind->remove(application);
    if (does) CHECK(behind->remove(application).code == 200);
    return *std::exchange(says, std::nullopt);
  }
};

ProviderAnswer code(int number) { return {.delivery = Delivery::answered, .code = number, .text = "as the test says"}; }
ProviderAnswer silence() { return {.delivery = Delivery::unknown, .text = "no answer in time"}; }
ProviderAnswer nobody() { return {.delivery = Delivery::not_sent, .text = "nobody listens"}; }

}  // namespace

TEST_CASE("gateway: a deletion is answered by what is certain of the job, and ends the same way once that is known") {
  struct Row {
    const char* what;
    ProviderAnswer says;
    bool does;
    int first;         // what the customer hears
    const char* ends;  // and what becomes of the application
  };
  for (const Row& row :
       {Row{"confirmed", code(200), true, 200, "CANCELLED"},
        Row{"gone, and absent from the list", code(545), true, 200, "CANCELLED"},
        Row{"gone, but listed", code(545), false, 421, "CANCELLED"},
        Row{"temporary trouble, not done", code(421), false, 421, "CANCELLED"},
        Row{"temporary trouble, done", code(421), true, 421, "CANCELLED"},
        Row{"no answer, not done", silence(), false, 421, "CANCELLED"},
        Row{"no answer, done", silence(), true, 421, "CANCELLED"}, Row{"not sent", nobody(), false, 421, "CANCELLED"},
        Row{"a code nobody knows", code(599), true, 421, "CANCELLED"},
        Row{"refused", code(552), false, 552, "PROCESSING"}}) {
    CAPTURE(row.what);
    Stubborn provider;
    ServedBook world(&provider);
    provider.behind = world.registry.get();
    world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
    world.advance_to(kJohnDrops - std::chrono::hours(26));
    REQUIRE(world.call("command=StatusDomainApplication&application=1").value("STATUS") == "PROCESSING");
    provider.says = row.says;
    provider.does = row.does;
    const auto deposit = [&] { return std::string(world.call("command=StatusAccount").value("DEPOSIT")); };
    const std::string order = "command=DeleteDomainApplication&application=1";
    CHECK(world.call(order).code() == row.first);
    CHECK(provider.removals == 1);
    CHECK(deposit() == (row.first == 200 ? "0.00" : "59.00"));  // never back before it is certain
    if (row.first == 421) {
      CHECK(world.call("command=StatusDomainApplication&application=1").value("STATUS") == "PROCESSING");
      world.set_now(world.now() + std::chrono::minutes(5));
      for (int i = 0; i < 2; ++i) world.served->sweep();  // looked up; where it was not done, ordered again
    }
    CHECK(world.call("command=StatusDomainApplication&application=1").value("STATUS") == row.ends);
    CHECK(deposit() == (std::string(row.ends) == "CANCELLED" ? "0.00" : "59.00"));
    // asked again: done by now; a refusal of the provider's is its word of then
    CHECK(world.call(order).code() == 200);
    CHECK(world.store()->verify({}).findings.empty());
  }
}

TEST_CASE("gateway: while a deletion is unknown, asking again is answered 421 and orders nothing twice") {
  Stubborn provider;
  ServedBook world(&provider);
  provider.behind = world.registry.get();
  world.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  world.advance_to(kJohnDrops - std::chrono::hours(26));
  provider.says = silence();
  for (int i = 0; i < 3; ++i) CHECK(world.call("command=DeleteDomainApplication&application=1").code() == 421);
  CHECK(provider.removals == 1);
}
