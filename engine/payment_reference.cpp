#include "engine/payment_reference.hpp"

#include <algorithm>

namespace engine {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_word_part(char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; }

}  // namespace

std::string normalised_reference(std::string_view word) {
  constexpr std::string_view kMarks = ".-_/+#:,; \t\r\n";
  const std::size_t first = word.find_first_not_of(kMarks);
  if (first == std::string_view::npos) return {};
  std::string text(word.substr(first, word.find_last_not_of(kMarks) - first + 1));
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Result<std::string> parse_reference(std::string_view text) {
  std::string reference = normalised_reference(text);
  const bool sound = reference.size() >= 4 && reference.size() <= 64 && std::ranges::all_of(reference, is_word_part) &&
                     std::ranges::any_of(reference, [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
  if (sound) return reference;
  return Error{ErrorCode::invalid_argument,
               "reference '" + std::string(text) +
                   "': 4 to 64 letters, digits, '.', '-', '_', with a digit or a '-' in it, such as DL-alice-7"};
}

std::vector<std::string> reference_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_word_part) - text.begin());
    if (end > 0) {
      std::string word = normalised_reference(text.substr(0, end));
      if (!word.empty()) words.push_back(std::move(word));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

PayerIndex::PayerIndex(std::span<const Customer> customers, std::span<const AccountReference> references) {
  std::map<CustomerId, std::size_t> place;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    place.emplace(customers[i].id, i);
    const auto [found, inserted] = names_.try_emplace(normalised_reference(customers[i].name), i);
    if (!inserted) found->second = kSeveral;
  }
  for (const AccountReference& given : references) {
    if (const auto found = place.find(given.customer); found != place.end())
      references_.emplace(given.reference, found->second);
  }
}

Identification PayerIndex::identify(std::string_view end_to_end, std::string_view reference) const {
  std::vector<std::string> words = reference_words(end_to_end);
  for (std::string& word : reference_words(reference)) words.push_back(std::move(word));
  for (const auto* index : {&references_, &names_}) {
    Identification found{Identified::nobody};
    for (const std::string& word : words) {
      const auto named = index->find(word);
      if (named == index->end()) continue;
      const bool agrees =
          named->second != kSeveral && (found.verdict == Identified::nobody || found.customer == named->second);
      found = {agrees && found.verdict != Identified::several ? Identified::account : Identified::several,
               named->second, found.word.empty() || found.word == word ? word : found.word + ", " + word};
    }
    if (found.verdict != Identified::nobody) return found;
  }
  return {Identified::nobody};
}

}  // namespace engine
