// Which names somebody looks for: a pattern, a regular expression, lengths, digits, hyphens. Names are compared in
// Unicode and in ACE, in any case. Regular expressions are strangers' text: RE2 runs them without backtracking.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "engine/domain_name.hpp"

namespace operations {

enum class Allowance : std::uint8_t { any, none, only };
// "any", "none", "only"; invalid_argument else.
engine::Result<Allowance> parse_allowance(std::string_view text);

// All given conditions must hold. Lengths are characters of the first label as people read it.
struct NameFilter {
  std::string pattern{};  // the whole name; * and ? stand for anything, [a-z] for one of these; empty: any
  std::string regex{};    // found anywhere in the name (RE2); empty: any
  std::string zone{};     // suffix in ACE; empty: any
  std::optional<std::size_t> min_length{}, max_length{};
  Allowance digits = Allowance::any, hyphens = Allowance::any, idn = Allowance::any;  // of the first label
  bool empty() const;
};

// `key=value` lines of what is given, and back; invalid_argument.
std::string to_text(const NameFilter& filter);
engine::Result<NameFilter> parse_name_filter(std::string_view text);

class NameMatcher {
 public:
  // invalid_argument where the regular expression or the pattern cannot be read.
  static engine::Result<NameMatcher> make(const NameFilter& filter);
  bool operator()(const engine::DomainName& name) const;

 private:
  struct Compiled;
  explicit NameMatcher(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

// A pattern of SQLite's GLOB that lets through whatever `pattern` fits, for names without `xn--`; empty: it says
// nothing.
std::string ace_glob(const std::string& pattern);

}  // namespace operations
