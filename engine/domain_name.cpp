#include "engine/domain_name.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

namespace engine {
namespace {

struct FreeText {
  void operator()(char* text) const { idn2_free(text); }
};
using IdnText = std::unique_ptr<char, FreeText>;

std::string shown(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, 80)) safe += static_cast<unsigned char>(c) >= ' ' && c != 127 ? c : '?';
  return "'" + safe + (text.size() > 80 ? "…'" : "'");
}

Error refused(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid_domain, shown(text) + " is not a domain name: " + why};
}

constexpr std::string_view kSharpS = "\xC3\x9F", kCapitalSharpS = "\xE1\xBA\x9E";

bool is_label_byte(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

// Lower-case letters, digits, hyphens and dots only, and no label that claims to be encoded: nothing to convert.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_label_byte(c) || c == '.'; }) &&
         text.find("xn--") == std::string_view::npos;
}

// Which rule of the finished ACE form is broken, or nothing.
const char* broken_rule(std::string_view ace, std::size_t min_labels) {
  if (ace.size() > 253) return "longer than 253 octets";
  std::size_t labels = 0;
  std::string_view last;
  for (std::string_view rest = ace;; rest.remove_prefix(last.size() + 1)) {
    last = rest.substr(0, rest.find('.'));
    ++labels;
    if (last.empty()) return "an empty label";
    if (last.size() > 63) return "a label longer than 63 octets";
    if (last.front() == '-' || last.back() == '-') return "a label that begins or ends with a hyphen";
    if (!std::ranges::all_of(last, is_label_byte)) return "a character other than letters, digits and hyphens";
    if (last.size() == rest.size()) break;
  }
  if (labels < min_labels) return "it has no zone, such as .com";
  if (std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; })) return "the last label is a number";
  return nullptr;
}

Result<std::string> to_ace(std::string_view text, std::size_t min_labels) {
  std::string_view trimmed = text;
  while (!trimmed.empty() && (trimmed.front() == ' ' || trimmed.front() == '\t')) trimmed.remove_prefix(1);
  while (!trimmed.empty() && (trimmed.back() == ' ' || trimmed.back() == '\t')) trimmed.remove_suffix(1);
  if (trimmed.ends_with('.')) trimmed.remove_suffix(1);
  if (trimmed.empty()) return refused(text, "it is empty");
  if (trimmed.size() > 1024) return refused(text, "longer than 253 octets");
  if (trimmed.find('\0') != std::string_view::npos)
    return refused(text, "a character other than letters, digits and hyphens");
  std::string ace(trimmed);
  if (!is_plain(trimmed)) {
    // UTS-46 folds the capital ẞ to "ss" although it keeps ß: the capital of a letter would be another name.
    for (std::size_t at = ace.find(kCapitalSharpS); at != std::string::npos; at = ace.find(kCapitalSharpS, at))
      ace.replace(at, kCapitalSharpS.size(), kSharpS);
    // UTS-46 as lookups do it (RFC 5891), without the transitional mapping that would fold ß to ss; A-labels are
    // decoded and encoded again as proof. Not IDN2_USE_STD3_ASCII_RULES: libidn2 2.3 then drops what it should refuse,
    // and 'a b.com' would be 'ab.com'. broken_rule refuses below.
    char* converted = nullptr;
    const int code = idn2_to_ascii_8z(ace.c_str(), &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    const IdnText owned(converted);
    if (code == IDN2_TOO_BIG_DOMAIN || code == IDN2_TOO_BIG_LABEL)
      return refused(text, code == IDN2_TOO_BIG_LABEL ? "a label longer than 63 octets" : "longer than 253 octets");
    if (code != IDN2_OK) return refused(text, idn2_strerror(code));
    ace = converted;
    std::ranges::transform(ace, ace.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (ace.ends_with('.')) return refused(text, "an empty label");
  }
  if (const char* rule = broken_rule(ace, min_labels)) return refused(text, rule);
  return ace;
}

}  // namespace

Result<DomainName> DomainName::parse(std::string_view text) {
  Result<std::string> ace = to_ace(text, 2);
  if (!ace) return ace.error();
  return DomainName(std::move(ace).value());
}

DomainName DomainName::from_trusted_ace(std::string ace) { return DomainName(std::move(ace)); }

std::string DomainName::unicode() const {
  if (ace_.find("xn--") == std::string::npos) return ace_;
  char* decoded = nullptr;
  const int code = idn2_to_unicode_8z8z(ace_.c_str(), &decoded, 0);
  const IdnText owned(decoded);
  return code == IDN2_OK ? std::string(decoded) : ace_;
}

DomainName DomainName::with_ss() const {
  std::string text = unicode();
  std::size_t at = text.find(kSharpS);
  if (at == std::string::npos) return *this;
  for (; at != std::string::npos; at = text.find(kSharpS, at)) text.replace(at, kSharpS.size(), "ss");
  const Result<DomainName> folded = parse(text);
  return folded ? folded.value() : *this;  // a label that is too long with ss is the registry's to refuse
}

Result<std::string> parse_zone(std::string_view text) {
  std::string_view bare = text;
  if (bare.starts_with('.')) bare.remove_prefix(1);
  return to_ace(bare, 1);
}

std::string_view parent_zone(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

}  // namespace engine
