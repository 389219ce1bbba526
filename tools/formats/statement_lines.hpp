// Shared by the readers of bank statements; internal to them.
#pragma once

#include <string>
#include <string_view>

#include "tools/formats/bank_statement.hpp"

namespace formats {

std::string_view trimmed(std::string_view text);
// With one blank between.
void append_word(std::string& text, std::string_view word);
// As a field of its own, unless it is there already.
void append_field(std::string& text, std::string_view field);
engine::Error no_statement(std::string why);

// A name for the line, made from its content.
std::string content_id(const engine::ExternalLine& line);
// Adds a line and stretches the statement's days over it.
void add_line(BankStatement& statement, engine::ExternalLine line, std::uint64_t place);
// Adds to the sum of a statement's entries; says in `imbalance` when they are more than a book can hold.
void add_to_sum(BankStatement& statement, std::int64_t& sum, engine::Money amount);
// Says in `imbalance` when opening + booked is not the closing balance.
void check_balances(BankStatement& statement, engine::Money booked);

}  // namespace formats
