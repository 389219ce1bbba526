// Deletion lists as they are kept: sources, what a list covers, what a source says of a name.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/drop.hpp"

namespace engine {

struct Source {
  SourceId id;
  std::string name;
  DateIs date_is;
};

// Zones and days that a list speaks for: what is not in it there is missing.
struct Coverage {
  std::string zone{};  // schedule zone or suffix
  Day day;             // UTC day of T
  std::int64_t rows;
  friend auto operator<=>(const Coverage&, const Coverage&) = default;
};
struct ImportedList {
  std::int64_t id;
  SourceId source;
  UtcTime imported_at;
  std::int64_t rows;
  std::vector<Coverage> coverage{};
};
// A source's word on a name as kept. `missing` since a later list that covers its day lacks it.
struct ListedDrop {
  DomainName name;
  std::optional<UtcTime> drop_at{}, finalization_at{};
  std::int64_t list;
  bool missing = false;
};

}  // namespace engine
