// Lines of a bank's or payment service's statement, stored verbatim and never changed. A line is unique by its source
// and its id there, so the same or an overlapping statement adds nothing twice. Signs are those of our cash account:
// incoming money is positive, outgoing money is negative.
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
  std::string source{};  // whose statement: the name of our cash account, "bank"
  // theirs, or derived from the content where they give none (tools/formats/bank_statement.hpp)
  std::string external_id{};
  Day booked_on;
  std::optional<Day> valued_on{};
  Money amount;
  std::string end_to_end{};  // the payer's own reference, where the bank passes it on
  std::string reference{};   // what the payer wrote
  std::string counterparty{};
  std::string raw{};           // the row or entry, verbatim
  std::int64_t statement = 0;  // the first one it came with
};

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
  std::string name{};     // the bank's id of the statement, or the file's name
  std::string account{};  // IBAN or what the bank calls it
  std::optional<Money> opening{}, closing{};
  std::optional<Day> from{}, to{};  // first and last day, as the statement or its lines say
  std::int64_t lines = 0;           // in the file, read
  std::vector<UnreadRow> unread{};  // in the file as well
  UtcTime imported_at{};
  std::string actor{};
};

// A reference that names an account in the text of a payment. The operator sets it; each belongs to one account.
struct AccountReference {
  CustomerId customer;
  std::string reference{};  // as compared: engine/payment_reference.hpp
};

}  // namespace engine
