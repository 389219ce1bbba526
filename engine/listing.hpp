// Deletion lists as they are stored: sources, the coverage of a list, and the listing of a name.
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

// A zone and day that a list covers. A name of that day that the list lacks is missing.
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
// The listing of a name by a source. `missing`: a later list that covers its day lacks the name.
struct ListedDrop {
  DomainName name;
  std::optional<UtcTime> drop_at{}, finalization_at{};
  std::int64_t list;
  bool missing = false;
};

}  // namespace engine
