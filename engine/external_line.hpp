// What somebody else keeps about our money: the lines of a bank's or payment service's statement, stored as they came
// and never changed. Signs are those of our cash account: money that came in is positive, money that went out negative.
//
// A line is known again by the statements in which it stands, their days and balances, and by what it says
// (engine/statement_chain.hpp). A bank's reference is evidence and never the identity: banks repeat them, and write
// NONREF.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/id.hpp"
#include "engine/money.hpp"
#include "engine/time.hpp"

namespace engine {

struct ExternalLine {
  std::int64_t id = 0;   // the store's; 0: not kept yet
  std::string source{};  // whose statement: the name of our cash account, "bank"
  // Its name within the source, unique: the bank's reference where that is free, else made from the content.
  std::string external_id{};
  Day booked_on;
  std::optional<Day> valued_on{};
  Money amount;              // what the account moved: after the fee
  std::int64_t fee = 0;      // what a payment service kept of it, in minor units of the amount; gross is amount + fee
  std::string end_to_end{};  // the payer's own reference, where the bank passes it on
  std::string structured{};  // a reference the payer gave as such: RF, QR, …
  std::string reference{};   // what the payer wrote; several fields of the bank's are separated by kBetweenFields
  std::string counterparty{};
  std::string bank_reference{};  // the bank's, empty for placeholders such as NONREF
  std::string raw{};             // the row or entry, verbatim
  std::int64_t statement = 0;    // the first one it came with

  Money gross() const { return amount + Money::of_minor(fee, amount.currency()); }
};
inline constexpr const char* kBetweenFields = " | ";

// A row of a statement that could not be read, kept verbatim. It stays open until a line with the same text is read, or
// a later statement of the same name comes without it.
struct UnreadRow {
  std::uint64_t place;  // line of the file, from 1
  std::string raw{};    // verbatim
  std::string why{};
};

// One imported statement. It has balances only if the file states them.
struct ExternalStatement {
  std::int64_t id = 0;
  std::string source{};
  std::string name{};                      // the bank's id of the statement, or the file's name
  std::string account{};                   // IBAN or what the bank calls it, without blanks, in capitals
  std::optional<std::int64_t> sequence{};  // its number at the bank, where it gives one
  std::optional<Money> opening{}, closing{};
  std::optional<Day> from{}, to{};  // first and last day, as the statement or its lines say
  std::int64_t lines = 0;           // in the file, read
  std::vector<UnreadRow> unread{};  // in the file as well
  UtcTime imported_at{};
  std::string actor{};
};

// A source is one account at one bank or service. The account is learnt from the first statement that names one; files
// that name none are bound once by a person.
struct BankSource {
  std::string source{};
  std::string account{};  // empty: none was named yet
  bool nameless = false;  // files that name no account are of this source
};

// A pay-in that a person typed, and the line of the bank that it turned out to be.
struct LineBinding {
  std::int64_t line;  // ExternalLine::id
  TransferId transfer;
};

// A reference that names an account in the text of a payment. The operator sets it; each belongs to one account.
struct AccountReference {
  CustomerId customer;
  std::string reference{};  // as compared: engine/payment_reference.hpp
};

}  // namespace engine
