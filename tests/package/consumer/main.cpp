// Adds two amounts and reads a name: the rules alone, without a database.
#include <engine/domain_name.hpp>
#include <engine/money.hpp>
#include <iostream>

int main() {
  const engine::Currency euro = engine::Currency::parse("EUR").value();
  const engine::Money sum = engine::parse_money("59.00", euro).value() + engine::parse_money("0.95", euro).value();
  std::cout << engine::to_string_with_code(sum) << '\n'
            << engine::DomainName::parse("Bücher.example.").value().ace() << '\n';
}
