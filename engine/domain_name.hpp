// One spelling for one name. A capital ẞ (U+1E9E) is ß. A domain name is kept by its ACE form (lower case, no trailing
// dot), which is the key of everything, and by its Unicode form, which is for people. Conversion is UTS-46
// non-transitional through libidn2: `faß.de` and `fass.de` are two names.
#pragma once

#include <string>
#include <string_view>

#include "engine/result.hpp"

namespace engine {

class DomainName {
 public:
  // At least two labels of letters, digits and inner hyphens after conversion (RFC 1123), each at most 63 octets,
  // together at most 253 (RFC 1035). Upper case, one trailing dot and surrounding blanks are accepted and removed.
  // invalid_domain says which rule failed.
  static Result<DomainName> parse(std::string_view text);
  // REQUIRES: `ace` came from ace() (the store, a sorted list); not checked again.
  static DomainName from_trusted_ace(std::string ace);

  const std::string& ace() const { return ace_; }
  std::string unicode() const;  // falls back to ace() where it cannot be shown
  // The name with `ss` for each `ß`, where a registry knows no ß; itself where it has none.
  DomainName with_ss() const;
  friend auto operator<=>(const DomainName&, const DomainName&) = default;

 private:
  explicit DomainName(std::string ace) : ace_(std::move(ace)) {}
  std::string ace_;
};

// A zone is a suffix under which names are sold: "com", "com.pl". Same conversion as a name; one label is enough; a
// leading dot is accepted. Returned in ACE.
Result<std::string> parse_zone(std::string_view text);

// The suffix after the first label: "a.b.c" → "b.c" → "c" → "". Used to find the longest suffix that has a row.
std::string_view parent_zone(std::string_view name);

}  // namespace engine
