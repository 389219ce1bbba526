// Keeps a book inside another program: makes it, opens an account, takes a payment.
#include <chrono>
#include <engine/money.hpp>
#include <iostream>
#include <storage/store.hpp>
#include <tools/operations/accounts.hpp>

int main(int, char** arguments) {
  using namespace std::chrono;
  const std::string path = arguments[1];
  const engine::UtcTime now = sys_days{2026y / July / 1};
  storage::create_book(path, now, true);
  const auto book = storage::open_book(path, {});
  const operations::Context context{*book, now, "host"};
  const engine::Currency euro = engine::Currency::parse("EUR").value();
  if (!operations::open_account(context, {"host", "1"}, "alice", euro, {})) return 1;
  const auto paid =
      operations::fund(context, {"host", "2"}, "alice", {.amount = engine::parse_money("100.00", euro).value()});
  if (!paid) return 1;
  std::cout << "alice: " << paid.value().fact("available") << '\n';
}
