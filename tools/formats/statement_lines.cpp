#include "tools/formats/statement_lines.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "engine/statement_chain.hpp"

namespace formats {

using engine::Error;
using engine::ErrorCode;
using engine::ExternalLine;
using engine::Money;

Error no_statement(std::string why) { return {ErrorCode::invalid_statement, std::move(why)}; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

void append_word(std::string& text, std::string_view word) {
  word = trimmed(word);
  if (word.empty()) return;
  if (!text.empty()) text += ' ';
  text += word;
}

void append_field(std::string& text, std::string_view field) {
  field = trimmed(field);
  if (field.empty() || text.find(field) != std::string::npos) return;
  if (!text.empty()) text += engine::kBetweenFields;
  text += field;
}

std::string content_id(const ExternalLine& line) {
  std::string content;
  for (const std::string& field : {engine::to_string(line.booked_on), to_string_with_code(line.amount), line.end_to_end,
                                   line.reference, line.counterparty}) {
    content += std::to_string(field.size()) + ":" + field;  // so that no two contents share their bytes
  }
  std::array<unsigned char, crypto_generichash_BYTES> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(content.data()), content.size(),
                     nullptr, 0);
  std::array<char, 33> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), 16);
  return std::string("content:") + hex.data();
}

void add_line(BankStatement& statement, ExternalLine line, std::uint64_t place) {
  if (engine::is_placeholder(line.bank_reference)) line.bank_reference.clear();
  line.external_id = content_id(line);
  statement.from = statement.from ? std::min(*statement.from, line.booked_on) : line.booked_on;
  statement.to = statement.to ? std::max(*statement.to, line.booked_on) : line.booked_on;
  statement.lines.push_back(std::move(line));
  statement.places.push_back(place);
}

void add_to_sum(BankStatement& statement, std::int64_t& sum, Money amount) {
  if (amount.minor() > engine::kMaxAmountMinor || amount.minor() < -engine::kMaxAmountMinor) return;
  sum += amount.minor();
  if (sum > engine::kMaxAmountMinor || sum < -engine::kMaxAmountMinor)
    statement.imbalance = "its entries are more than a book can hold";
}

void check_balances(BankStatement& statement, Money booked) {
  if (!statement.opening || !statement.closing || !statement.imbalance.empty()) return;
  const Money reached = *statement.opening + booked;
  if (reached == *statement.closing) return;
  statement.imbalance = "opening balance " + to_string_with_code(*statement.opening) + " and entries of " +
                        to_string_with_code(booked) + " make " + to_string_with_code(reached) +
                        ", the closing balance is " + to_string_with_code(*statement.closing);
}

}  // namespace formats
