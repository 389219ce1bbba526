// Finds the account that a payment belongs to. The payer's text is searched for the references of accounts, as people
// type them. An account's name counts only as the whole of a field, and only if the book says so. Nothing is guessed:
// if two accounts fit, none is found.
//
// References are compared by their letters and figures alone, without blanks, slashes, hyphens and leading zeros: the
// RF creditor reference (ISO 11649) and the QR reference in groups, Finnish ones with zeros in front, the Belgian
// +++090/9337/55493+++, Slovenian SI00 1234-5678. A cut text is joined: a reference may go over a blank.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/account.hpp"
#include "engine/external_line.hpp"

namespace engine {

// Lower case ASCII, without blanks and slashes, and without the marks `. - _ + # : , ; *` at either end: "DL-Alice-7."
// is "dl-alice-7". The form in which a reference is kept.
std::string normalised_reference(std::string_view word);
// Checks a reference that an account is to get: after normalisation 4 to 64 letters, digits, `.`, `-`, `_`. One of them
// must be a digit or `-`, so that no ordinary word is a reference. Refuses with invalid_argument.
Result<std::string> parse_reference(std::string_view text);
// The form in which references are compared: letters and digits in lower case, without leading zeros, also after the
// check digits of an RF reference.
std::string compared_reference(std::string_view text);

enum class Identified : std::uint8_t { account, nobody, several };
struct Identification {
  Identified verdict;
  std::size_t customer = 0;  // index into the customers, where one was found
  std::string word{};        // that named it; for `several` the words, separated by ", "
};

// The text of a payment on a statement, field by field (ExternalLine).
struct PayerText {
  std::string_view structured{};  // goes before all others
  std::string_view end_to_end{};
  std::string_view reference{};     // fields separated by kBetweenFields
  std::string_view counterparty{};  // searched for references, never compared with names
};

class PayerIndex {
 public:
  // Account names that are equal without case name nobody. `customers` outlives the index.
  PayerIndex(std::span<const Customer> customers, std::span<const AccountReference> references, bool by_name);
  // A reference given to an account outranks names: "for alice, DL-bob-7" is bob's.
  Identification identify(const PayerText& text) const;

 private:
  static constexpr std::size_t kSeveral = static_cast<std::size_t>(-1);
  struct Found;
  void search(std::string_view field, Found& found) const;

  // by what is compared; those of one customer that are written differently are one
  std::map<std::string, std::size_t, std::less<>> references_{}, names_{};
  std::size_t longest_ = 0;  // of a compared reference, in characters
};

}  // namespace engine
