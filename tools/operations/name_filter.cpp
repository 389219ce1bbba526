#include "tools/operations/name_filter.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace operations {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

Error bad(std::string why) { return {ErrorCode::invalid_argument, std::move(why)}; }

// The pattern as a regular expression of the whole name.
std::string regex_of(std::string_view pattern) {
  std::string regex;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*') {
      regex += ".*";
    } else if (c == '?') {
      regex += '.';
    } else if (c == '[' && pattern.find(']', i + 2) != std::string_view::npos) {
      const std::size_t end = pattern.find(']', i + 2);
      std::string set(pattern.substr(i + 1, end - i - 1));
      if (set.front() == '!') set.front() = '^';
      std::erase(set, '\\');
      regex += "[" + set + "]";
      i = end;
    } else {
      regex += (static_cast<unsigned char>(c) < 128 ? RE2::QuoteMeta(std::string(1, c)) : std::string(1, c));
    }
  }
  return regex;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 128; });
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool allows(Allowance allowance, bool some, bool all) {
  return allowance == Allowance::any || (allowance == Allowance::none ? !some : all);
}

struct NamedAllowance {
  Allowance allowance;
  std::string_view word;
};
constexpr NamedAllowance kAllowances[] = {
    {Allowance::any, "any"}, {Allowance::none, "none"}, {Allowance::only, "only"}};

std::string word_of(Allowance allowance) {
  return std::string(std::ranges::find(kAllowances, allowance, &NamedAllowance::allowance)->word);
}

}  // namespace

struct NameMatcher::Compiled {
  NameFilter filter;
  std::unique_ptr<RE2> pattern{}, regex{};
};

Result<Allowance> parse_allowance(std::string_view text) {
  const auto* found = std::ranges::find(kAllowances, text, &NamedAllowance::word);
  if (found != std::end(kAllowances)) return found->allowance;
  return bad("'" + std::string(text) + "' is none of any, none, only");
}

bool NameFilter::empty() const {
  return pattern.empty() && regex.empty() && zone.empty() && !min_length && !max_length && digits == Allowance::any &&
         hyphens == Allowance::any && idn == Allowance::any;
}

std::string to_text(const NameFilter& filter) {
  std::string text;
  const auto line = [&](const char* key, const std::string& value) {
    if (!value.empty()) text += std::string(key) + "=" + value + "\n";
  };
  line("pattern", filter.pattern);
  line("regex", filter.regex);
  line("zone", filter.zone);
  if (filter.min_length) line("min_length", std::to_string(*filter.min_length));
  if (filter.max_length) line("max_length", std::to_string(*filter.max_length));
  if (filter.digits != Allowance::any) line("digits", word_of(filter.digits));
  if (filter.hyphens != Allowance::any) line("hyphens", word_of(filter.hyphens));
  if (filter.idn != Allowance::any) line("idn", word_of(filter.idn));
  return text;
}

Result<NameFilter> parse_name_filter(std::string_view text) {
  NameFilter filter;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t equals = line.find('=');
    const std::string_view key = line.substr(0, equals);
    if (equals == std::string_view::npos) return bad("a filter's line is key=value, not '" + std::string(line) + "'");
    const std::string value(line.substr(equals + 1));
    if (key == "pattern" || key == "regex" || key == "zone") {
      (key == "pattern" ? filter.pattern : key == "regex" ? filter.regex : filter.zone) = value;
    } else if (key == "min_length" || key == "max_length") {
      std::size_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size()) return bad("'" + value + "' is no length");
      (key == "min_length" ? filter.min_length : filter.max_length) = number;
    } else if (key == "digits" || key == "hyphens" || key == "idn") {
      const Result<Allowance> allowance = parse_allowance(value);
      if (!allowance) return allowance.error();
      (key == "digits" ? filter.digits : key == "hyphens" ? filter.hyphens : filter.idn) = allowance.value();
    } else {
      return bad("a filter has no '" + std::string(key) + "'");
    }
  }
  return filter;
}

Result<NameMatcher> NameMatcher::make(const NameFilter& filter) {
  auto compiled = std::make_shared<Compiled>();
  compiled->filter = filter;
  RE2::Options options(RE2::Quiet);
  options.set_case_sensitive(false);
  options.set_max_mem(8 << 20);
  if (!filter.pattern.empty()) {
    compiled->pattern = std::make_unique<RE2>(regex_of(filter.pattern), options);
    if (!compiled->pattern->ok()) return bad("pattern '" + filter.pattern + "': " + compiled->pattern->error());
  }
  if (!filter.regex.empty()) {
    compiled->regex = std::make_unique<RE2>(filter.regex, options);
    if (!compiled->regex->ok()) return bad("regular expression '" + filter.regex + "': " + compiled->regex->error());
  }
  return NameMatcher(std::move(compiled));
}

bool NameMatcher::operator()(const engine::DomainName& name) const {
  const NameFilter& filter = compiled_->filter;
  const std::string& ace = name.ace();
  if (!filter.zone.empty() && !(ace.size() > filter.zone.size() && ace.ends_with(filter.zone) &&
                                ace[ace.size() - filter.zone.size() - 1] == '.'))
    return false;
  const bool is_idn = ace.find("xn--") != std::string::npos;
  const std::string shown = is_idn ? name.unicode() : std::string();
  const std::string& text = is_idn ? shown : ace;
  if (compiled_->pattern && !RE2::FullMatch(text, *compiled_->pattern) &&
      !(is_idn && RE2::FullMatch(ace, *compiled_->pattern)))
    return false;
  if (compiled_->regex && !RE2::PartialMatch(text, *compiled_->regex) &&
      !(is_idn && RE2::PartialMatch(ace, *compiled_->regex)))
    return false;
  const std::string_view label = std::string_view(text).substr(0, text.find('.'));
  const std::size_t length = characters(label);
  if ((filter.min_length && length < *filter.min_length) || (filter.max_length && length > *filter.max_length))
    return false;
  const bool has_digit = std::ranges::any_of(label, is_digit);
  const bool has_hyphen = label.find('-') != std::string_view::npos;
  return allows(filter.digits, has_digit, std::ranges::all_of(label, is_digit)) &&
         allows(filter.hyphens, has_hyphen, has_hyphen) && allows(filter.idn, !is_ascii(label), !is_ascii(label));
}

std::string ace_glob(const std::string& pattern) {
  if (pattern.empty()) return {};
  if (!is_ascii(pattern)) return "*xn--*";
  std::string glob = pattern;
  for (char& c : glob) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::ranges::replace(glob, '!', '^');
  return glob;
}

}  // namespace operations
