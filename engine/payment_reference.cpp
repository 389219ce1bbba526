#include "engine/payment_reference.hpp"

#include <algorithm>

namespace engine {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_word_part(char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A run of letters and figures in a text, in small letters.
struct Token {
  std::string word;
  bool after_blank;  // a blank stands before it, not marks alone
};
std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  bool blank = true, open = false;
  for (const char c : text) {
    if (!is_alphanumeric(c)) {
      blank = blank || c == ' ' || c == '\t' || c == '\n' || c == '\r';
      open = false;
      continue;
    }
    if (!open) tokens.push_back({{}, blank});
    open = true;
    blank = false;
    tokens.back().word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return tokens;
}

template <typename Visit>
void each_field(std::string_view text, const Visit& visit) {
  constexpr std::string_view kBetween = kBetweenFields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(kBetween), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + kBetween.size(), text.size()));
  }
}

constexpr std::size_t kShortest = 6;  // what may go over a blank; shorter ones stand in one piece

}  // namespace

std::string normalised_reference(std::string_view word) {
  constexpr std::string_view kMarks = ".-_/+#:,;* \t\r\n";
  const std::size_t first = word.find_first_not_of(kMarks);
  if (first == std::string_view::npos) return {};
  std::string text;
  for (const char c : word.substr(first, word.find_last_not_of(kMarks) - first + 1)) {
    if (c == ' ' || c == '\t' || c == '/') continue;
    text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

std::string compared_reference(std::string_view text) {
  std::string plain;
  for (const Token& token : tokens_of(text)) plain += token.word;
  const auto without_zeros = [](std::string number) {
    number.erase(0, std::min(number.find_first_not_of('0'), number.size()));
    return number;
  };
  if (std::ranges::all_of(plain, is_digit)) return without_zeros(std::move(plain));
  // ISO 11649: "RF", two check digits, and up to 21 characters that may be filled up with zeros.
  if (plain.size() > 4 && plain.starts_with("rf") && is_digit(plain[2]) && is_digit(plain[3]))
    return plain.substr(0, 4) + without_zeros(plain.substr(4));
  return plain;
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

PayerIndex::PayerIndex(std::span<const Customer> customers, std::span<const AccountReference> references,
                       bool by_name) {
  std::map<CustomerId, std::size_t> place;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    place.emplace(customers[i].id, i);
    if (!by_name) continue;
    const auto [found, inserted] = names_.try_emplace(normalised_reference(customers[i].name), i);
    if (!inserted) found->second = kSeveral;
  }
  for (const AccountReference& given : references) {
    const auto owner = place.find(given.customer);
    if (owner == place.end()) continue;
    std::string compared = compared_reference(given.reference);
    longest_ = std::max(longest_, compared.size());
    const auto [found, inserted] = references_.try_emplace(std::move(compared), owner->second);
    if (!inserted && found->second != owner->second) found->second = kSeveral;
  }
}

struct PayerIndex::Found {
  std::map<std::string, std::size_t> words{};  // what was found, as written in small letters, and whose it is
};

// The longest reference that begins at a word counts, so that DL-a-1 is not found in DL-a-123 cut in two.
void PayerIndex::search(std::string_view field, Found& found) const {
  const std::vector<Token> tokens = tokens_of(field);
  for (std::size_t first = 0; first < tokens.size();) {
    std::string joined, written;
    std::size_t end = first;
    bool blank = false;
    std::optional<std::pair<std::size_t, std::map<std::string, std::size_t, std::less<>>::const_iterator>> best;
    std::string best_written;
    const std::size_t limit = longest_ + 40;  // leading zeros
    while (end < tokens.size() && joined.size() + tokens[end].word.size() <= limit) {
      if (end > first) {
        blank = blank || tokens[end].after_blank;
        written += tokens[end].after_blank ? " " : "-";
      }
      joined += tokens[end].word;
      written += tokens[end].word;
      ++end;
      std::string compared = compared_reference(joined);
      if (blank && compared.size() < kShortest) continue;
      auto at = references_.find(compared);
      // The national reference within an RF one is the same reference.
      if (at == references_.end() && compared.size() > 4 && compared.starts_with("rf")) {
        if (std::string national = compared_reference(compared.substr(4)); national.size() >= kShortest)
          at = references_.find(national);
      }
      if (at == references_.end()) continue;
      best = {end, at};
      best_written = written;
    }
    if (best) found.words.emplace(best_written, best->second->second);
    first = best ? best->first : first + 1;
  }
}

Identification PayerIndex::identify(const PayerText& text) const {
  const auto verdict = [](const Found& found) {
    Identification one{Identified::nobody};
    for (const auto& [word, customer] : found.words) {
      const bool agrees = customer != kSeveral && (one.verdict == Identified::nobody || one.customer == customer);
      one = {agrees && one.verdict != Identified::several ? Identified::account : Identified::several, customer,
             one.word.empty() ? word : one.word + ", " + word};
    }
    return one;
  };
  Found structured;
  search(text.structured, structured);
  if (!structured.words.empty()) return verdict(structured);
  Found anywhere;
  for (const std::string_view field : {text.end_to_end, text.counterparty}) search(field, anywhere);
  each_field(text.reference, [&](std::string_view field) { search(field, anywhere); });
  if (!anywhere.words.empty()) return verdict(anywhere);
  Found names;
  const auto compare = [&](std::string_view field) {
    const auto named = names_.find(normalised_reference(field));
    if (named != names_.end()) names.words.emplace(named->first, named->second);
  };
  if (!names_.empty()) {
    compare(text.end_to_end);
    each_field(text.reference, compare);
  }
  return verdict(names);
}

}  // namespace engine
