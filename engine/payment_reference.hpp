// Whose payment is it? The words of what a payer wrote are compared with the references given to accounts and with the
// accounts' names, whole and after one normalisation; nothing is guessed. Words that name two accounts name none.
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

// Lower case ASCII, without the marks `. - _ / + # : , ;` at either end: "DL-Alice-7." is "dl-alice-7". What is
// compared.
std::string normalised_reference(std::string_view word);
// A reference that can be given to an account: after normalisation 4 to 64 letters, digits, `.`, `-`, `_`, at least one
// of them a digit or `-`, so that no word of a sentence is one. invalid_argument.
Result<std::string> parse_reference(std::string_view text);

// Words of a payer's text: separated by anything but ASCII letters, digits, `.`, `-`, `_`; normalised, each once.
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
