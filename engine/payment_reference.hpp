// Finds the account that a payment belongs to. The words of the payer's text are compared, whole and normalised, with
// the references and names of accounts. Nothing is guessed: if two accounts fit, none is found.
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

// The form in which words are compared: lower case ASCII, without the marks `. - _ / + # : , ;` at either end.
// "DL-Alice-7." becomes "dl-alice-7".
std::string normalised_reference(std::string_view word);
// Checks a reference that an account is to get: after normalisation 4 to 64 letters, digits, `.`, `-`, `_`. One of them
// must be a digit or `-`, so that no ordinary word is a reference. Refuses with invalid_argument.
Result<std::string> parse_reference(std::string_view text);

// The words of a payer's text, normalised, each once. Anything but ASCII letters, digits, `.`, `-`, `_` separates them.
std::vector<std::string> reference_words(std::string_view text);

enum class Identified : std::uint8_t { account, nobody, several };
struct Identification {
  Identified verdict;
  std::size_t customer = 0;  // index into the customers, where one was found
  std::string word{};        // that named it; for `several` the words, separated by ", "
};

class PayerIndex {
 public:
  // Account names that are equal after normalisation name nobody. `customers` outlives the index.
  PayerIndex(std::span<const Customer> customers, std::span<const AccountReference> references);
  // A reference given to an account outranks names: "for alice, DL-bob-7" is bob's.
  Identification identify(std::string_view end_to_end, std::string_view reference) const;

 private:
  static constexpr std::size_t kSeveral = static_cast<std::size_t>(-1);
  std::map<std::string, std::size_t, std::less<>> references_, names_;
};

}  // namespace engine
